//! Who is in a record, and some of what lies there: lists, and reads nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::listing::{self, FoundDigest};
use super::stoppable::Stoppable;
use super::{AuditError, Event, Phase, Ports, discovered};
use crate::crypto::{self, Hash};
use crate::inspection::{Plan, Site};
use crate::store::{Listing, ObjectStore as _, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, RegionFolder};
use crate::trail::{AccountId, ChainId, DigestKind, Location, ObjectName, Time};

/// Accounts and regions listed at once.
const AT_ONCE: usize = 32;
/// Accounts and regions of which objects are drawn.
const DRAWN: usize = 8;

/// Who is in a record, and some of what lies there.
#[derive(Debug, Clone, Default)]
pub struct Census {
    /// The accounts that have digests or log files.
    pub accounts: BTreeSet<AccountId>,
    /// The standard chains that have digests on the newest day of their account and region, or among its oldest.
    pub chains: BTreeMap<ChainId, Extent>,
    /// Where the record lies.
    pub homes: BTreeSet<Location>,
    /// Digests of those newest days that have to be restored before they can be read.
    pub archived: u64,
    /// Of some accounts and regions, drawn so that nobody can foresee them, the oldest digest, the newest, and one between; with
    /// what the listing says of when they were written.
    pub objects: Vec<(ObjectName, Option<Time>)>,
    /// What could not be listed.
    pub unlisted: Vec<StoreError>,
}

/// How far the digests of a chain reach that are listed first and last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// The end of the oldest; none, where the chain began after the first page of its folder.
    pub oldest: Option<Time>,
    /// The end of the newest; none, where it ended before the newest day of its account and region.
    pub newest: Option<Time>,
}

/// Takes the census of what `plan` asks for.
///
/// # Errors
///
/// As for [`run`](super::run).
pub async fn census(plan: Plan, ports: Ports) -> Result<Census, AuditError> {
    ports.observer.on(Event::Phase(Phase::Discovering));
    let found = discovered(&plan, &ports).await?;
    let seed = Hash::from(crypto::random().unwrap_or_default());
    let order = |text: &str| Hash::of(&[seed.bytes(), text.as_bytes()].concat());
    let mut drawn: BTreeMap<Hash, usize> = BTreeMap::new();
    for (at, site) in found.sites.iter().enumerate() {
        drawn.insert(order(&format!("{:?}", site.place)), at);
    }
    let drawn: BTreeSet<usize> = drawn.into_values().take(DRAWN).collect();
    let mut census = Census {
        accounts: found.sites.iter().map(|site| site.place.account).collect(),
        homes: found.sites.iter().flat_map(homes).cloned().collect(),
        unlisted: found.failures.first,
        ..Census::default()
    };
    ports.observer.on(Event::Phase(Phase::Verifying { sites: found.sites.len() }));
    let store = Arc::new(ports.stoppable());
    let mut looked = stream::iter(found.sites.iter().enumerate())
        .map(|(at, site)| {
            let (store, is_drawn) = (Arc::clone(&store), drawn.contains(&at));
            async move {
                let (newest, oldest) = tokio::join!(newest(&store, site, plan.now), oldest(&store, site));
                (newest, oldest, is_drawn)
            }
        })
        .buffered(AT_ONCE);
    while let Some((newest, oldest, is_drawn)) = looked.next().await {
        match (newest, oldest) {
            (Ok((newest, failures)), Ok((oldest, more))) => {
                census.unlisted.extend(failures.into_iter().chain(more));
                census.note(&newest, &oldest);
                if is_drawn {
                    census.objects.extend(sample(&newest, &oldest, order));
                }
            }
            (Err(error), _) | (_, Err(error)) => census.unlisted.push(error),
        }
    }
    drop(looked);
    if ports.stop.is_set() {
        return Err(AuditError::Interrupted);
    }
    census.objects.sort();
    census.objects.dedup();
    Ok(census)
}

/// A digest on the first page of a folder.
struct Early {
    key: DigestKey,
    object: ObjectName,
    modified: Option<Time>,
}

impl Census {
    fn note(&mut self, newest: &[FoundDigest], oldest: &[Early]) {
        let is_standard = |key: &&DigestKey| key.chain.kind == DigestKind::Standard;
        for key in newest.iter().map(|digest| &digest.key).filter(is_standard) {
            let extent = self.chains.entry(key.chain.clone()).or_default();
            extent.newest = extent.newest.max(Some(key.end));
        }
        for key in oldest.iter().map(|digest| &digest.key).filter(is_standard) {
            let extent = self.chains.entry(key.chain.clone()).or_default();
            extent.oldest = extent.oldest.into_iter().chain([key.end]).min();
        }
        self.archived += newest.iter().filter(|digest| digest.shown.stamp().is_archived()).count() as u64;
    }
}

/// An object, and when it was written by the listing's word.
type Listed = (ObjectName, Option<Time>);

/// The digests of the newest day of a site, in all its homes.
async fn newest(
    store: &Stoppable,
    site: &Site,
    now: Time,
) -> Result<(Vec<FoundDigest>, Vec<StoreError>), StoreError> {
    let (mut digests, mut failures) = (Vec::new(), Vec::new());
    for home in homes(site) {
        let found = listing::newest_day(store, home, &site.place, now).await?;
        digests.extend(found.found.into_iter().chain(found.earlier.into_values().flatten()));
        failures.extend(found.failures);
    }
    Ok((digests, failures))
}

fn homes(site: &Site) -> impl Iterator<Item = &Location> {
    let with_digests =
        site.homes.iter().filter(|home| home.kinds.iter().any(|kind| **kind == *DIGEST_FOLDER));
    with_digests.map(|home| &home.location)
}

/// The digests on the first page of each of a site's folders.
async fn oldest(store: &Stoppable, site: &Site) -> Result<(Vec<Early>, Vec<StoreError>), StoreError> {
    let (mut digests, mut failures) = (Vec::new(), Vec::new());
    for home in homes(site) {
        let folder = RegionFolder::of(home, &site.place, DIGEST_FOLDER);
        let page = store.list(&Listing::whole(Arc::clone(&home.bucket), folder.to_string())).await?;
        failures.extend(page.unlisted);
        digests.extend(page.objects.into_iter().filter_map(|listed| {
            let key = DigestKey::parse(&listed.key)?;
            let object = ObjectName::new(Arc::clone(&home.bucket), listed.key);
            Some(Early { key, object, modified: listed.modified })
        }));
    }
    digests.sort_by(|one: &Early, other| (one.key.end, &one.object).cmp(&(other.key.end, &other.object)));
    Ok((digests, failures))
}

/// The oldest, the newest, and one between.
fn sample(newest: &[FoundDigest], oldest: &[Early], order: impl Fn(&str) -> Hash) -> Vec<Listed> {
    let last = newest.iter().max_by_key(|digest| digest.key.end);
    let last = last.map(|digest| (digest.object.clone(), digest.shown.modified));
    let early = |digest: &Early| (digest.object.clone(), digest.modified);
    let between = oldest.iter().min_by_key(|digest| order(&digest.object.key));
    [oldest.first().map(early), last, between.map(early)].into_iter().flatten().collect()
}
