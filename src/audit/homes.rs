//! Finds every place that the digests of an account and region lie in, before any of them is judged: those of its own
//! folders, and those that links lead to where a trail has moved. Whatever days are looked at, it finds the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::fetch::{self, Try};
use super::folders::Folders;
use super::listing::{self, Digests, FoundDigest, Sweep};
use super::pages::{Walk, fold};
use super::unseen::failure;
use super::{Context, edges};
use crate::chain::Root;
use crate::crypto::KeyRing;
use crate::digest::NamedBy;
use crate::inspection::{Days, Entry, EntryState, HomeRecord, Horizon, Reading, home_of};
use crate::inspection::{Home, Site};
use crate::store::{Listing, StoreError};
use crate::trail::key::{DIGEST_FOLDER, LOG_FOLDER};
use crate::trail::source::Within;
use crate::trail::{AccountRegion, ChainId, DIGEST_HOUR, Depth, Location, ObjectName, Span, Time};

/// Places that one account and region may have moved between.
const MOST_HOMES: usize = 16;
/// Digests that are read for where they lead, because the one before them is not listed.
const MOST_PROBES: usize = 64;
/// As many of them at once.
const PROBES_AT_ONCE: usize = 8;
/// Kinds of log files that are looked for beside the usual one; CloudTrail knows three, and anybody can make a folder.
const MOST_KINDS: usize = 8;

/// What may pass keeps a site from beginning.
pub(super) struct NotNow;

/// All places of a site.
pub(super) struct Closed {
    pub(super) homes: BTreeMap<Location, HomeRecord>,
    pub(super) folders: Folders,
    /// The keys for those digests; none, where there are none or the run is to end.
    pub(super) keys: Option<Keys>,
}

/// The keys of a region.
pub(super) struct Keys {
    pub(super) ring: Arc<KeyRing>,
    /// The time they were asked for.
    pub(super) signed: Span,
}

/// What to do where something fails that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    /// Begin the site once more after the others.
    Postpone,
    /// Ask once more at once: what was read is not read again.
    AskAgain,
    /// Take it as it is.
    TakeIt,
}

/// Lists the digests of all homes of `site`, and of those that links lead to.
pub(super) async fn close(
    context: &Arc<Context>,
    site: &Site,
    round: Try,
) -> Result<(Closed, Digests), NotNow> {
    let place = &site.place;
    let mut closed = Closed { homes: BTreeMap::new(), folders: Folders::default(), keys: None };
    let mut digests = Digests::default();
    let mut otherwise = match round {
        Try::First => Otherwise::Postpone,
        Try::Last => Otherwise::TakeIt,
    };
    if round == Try::Last {
        context.keys.ask_again(&place.region).await;
    }
    let mut fresh = site.homes.clone();
    let mut probed = HashSet::new();
    while !fresh.is_empty() && !context.stop.is_set() {
        for home in fresh.drain(..) {
            digests.merge(list(context, place, home, &mut closed, otherwise).await?);
        }
        if let Some(signed) = edges::signed(edges::with_edges(&digests)) {
            let Some(ring) = context.ring(&place.region, signed).await else { break };
            if otherwise == Otherwise::Postpone && context.keys.may_be_had_later(&place.region).await {
                return Err(NotNow);
            }
            closed.keys = Some(Keys { ring, signed });
        }
        otherwise = Otherwise::AskAgain;
        if closed.homes.len() < MOST_HOMES {
            fresh = beyond_links(context, place, (&closed, &digests.found), &mut probed).await;
        }
    }
    Ok((closed, digests))
}

/// Lists the digests of one home, and has its log folders looked through meanwhile.
async fn list(
    context: &Arc<Context>,
    place: &AccountRegion,
    home: Home,
    closed: &mut Closed,
    otherwise: Otherwise,
) -> Result<Digests, NotNow> {
    let Home { location, kinds } = home;
    let named_by = context.brief.plan.named_by;
    let mut record = HomeRecord { kinds, ..HomeRecord::default() };
    if context.brief.plan.depth != Depth::Chain {
        for kind in log_kinds(&record.kinds) {
            closed.folders.begin(context, &location, place, kind);
        }
    }
    let slot = context.slots.take().await;
    let mut listed = list_home(context, &location, place).await;
    if listed.as_ref().is_err_and(|error| error.kind.may_pass()) {
        match otherwise {
            Otherwise::Postpone => return Err(NotNow),
            Otherwise::AskAgain => listed = list_home(context, &location, place).await,
            Otherwise::TakeIt => {}
        }
    }
    let listed = match listed {
        Ok(mut listed) => {
            slot.answered(0);
            record.strays = std::mem::take(&mut listed.strays);
            for error in listed.failures.drain(..) {
                let part = Root::of(named_by, &location.bucket, error.target.clone());
                record.unlisted.push((part, failure(&error)));
            }
            listed
        }
        Err(error) => {
            record.unlisted.push((Root::of_digests(named_by, &location, place), failure(&error)));
            Digests::default()
        }
    };
    closed.homes.insert(location, record);
    Ok(listed)
}

/// The kinds of log files that are looked for: the usual one, and the first of those that are there besides.
pub(super) fn log_kinds(there: &BTreeSet<Box<str>>) -> impl Iterator<Item = &str> {
    let others = there.iter().map(|kind| &**kind).filter(|kind| ![LOG_FOLDER, DIGEST_FOLDER].contains(kind));
    [LOG_FOLDER].into_iter().chain(others.take(MOST_KINDS))
}

/// Lists the digests of a home that the window needs, or the newest that it has.
async fn list_home(context: &Context, home: &Location, place: &AccountRegion) -> Result<Digests, StoreError> {
    let sweep = Sweep::around(&context.brief.window, &context.brief.plan);
    match listing::digests(&context.store, home, place, &sweep).await {
        Ok(mut listed) if listed.is_empty() => edges::newest_day(context, home, place).await.map(|newest| {
            listed.merge(Digests { strays: Default::default(), ..newest });
            listed
        }),
        other => other,
    }
}

/// The homes that links lead to which are not known yet. A link is looked at where the digest before it is not listed.
async fn beyond_links(
    context: &Arc<Context>,
    place: &AccountRegion,
    (closed, found): (&Closed, &[FoundDigest]),
    probed: &mut HashSet<(ChainId, Time)>,
) -> Vec<Home> {
    let Some(Keys { ring, .. }) = &closed.keys else { return Vec::new() };
    let room = MOST_PROBES.saturating_sub(probed.len());
    let mut probes: Vec<FoundDigest> = after_holes(context, found);
    probes.retain(|digest| !probed.contains(&(digest.key.chain.clone(), digest.key.end)));
    probes.truncate(room);
    probed.extend(probes.iter().map(|digest| (digest.key.chain.clone(), digest.key.end)));
    let links: Vec<Option<ObjectName>> = stream::iter(probes)
        .map(|digest| async move { leads_to(context, ring, &digest, found).await })
        .buffered(PROBES_AT_ONCE)
        .collect()
        .await;
    let mut fresh: Vec<Home> = Vec::new();
    for link in links.into_iter().flatten() {
        let mut known = closed.homes.keys().chain(fresh.iter().map(|home| &home.location));
        let holds = |home: &Location| Root::of_digests(context.brief.plan.named_by, home, place).holds(&link);
        if !known.any(holds)
            && let Some(home) = home_of(&link, place)
        {
            fresh.push(kinds_of(context, place, home).await);
        }
    }
    fresh
}

/// The digests in the window whose hour follows one in the window without a digest that is listed, newest first.
fn after_holes(context: &Context, found: &[FoundDigest]) -> Vec<FoundDigest> {
    let window = &context.brief.window;
    let is_before = |digest: &FoundDigest, after: &FoundDigest| {
        digest.key.end == after.key.end - DIGEST_HOUR && digest.key.chain == after.key.chain
    };
    // In the order of keys most come right after the one of the hour before.
    let at_a_break = found.iter().enumerate().filter(|(at, digest)| {
        let last = at.checked_sub(1).and_then(|last| found.get(last));
        !last.is_some_and(|last| is_before(last, digest))
    });
    let mut after: Vec<&FoundDigest> = at_a_break
        .map(|(_, digest)| digest)
        .filter(|digest| {
            let before = digest.key.end - DIGEST_HOUR;
            window.overlaps(&Span::of_digest(digest.key.end)) && window.overlaps(&Span::of_digest(before))
        })
        .collect();
    if !after.is_empty() {
        let listed: HashSet<(&ChainId, Time)> =
            found.iter().map(|digest| (&digest.key.chain, digest.key.end)).collect();
        after.retain(|digest| !listed.contains(&(&digest.key.chain, digest.key.end - DIGEST_HOUR)));
    }
    let mut after: Vec<FoundDigest> = after.into_iter().cloned().collect();
    after.sort_by(FoundDigest::newest_first);
    after
}

/// What an authentic digest links to.
async fn leads_to(
    context: &Arc<Context>,
    ring: &KeyRing,
    digest: &FoundDigest,
    found: &[FoundDigest],
) -> Option<ObjectName> {
    let entry = read(context, ring, digest).await;
    let named_by = context.brief.plan.named_by;
    let link = match &entry.state {
        EntryState::Authentic(authentic) => authentic.previous().cloned(),
        EntryState::Rejected(_) => {
            // In a folder without metadata those after it vouch for it.
            let same_chain = || found.iter().filter(|other| other.key.chain == digest.key.chain);
            let mut later: Vec<&FoundDigest> =
                same_chain().filter(|other| other.key.end > digest.key.end).collect();
            later.sort_by(|one, other| FoundDigest::newest_first(other, one));
            let horizon = Arc::new(Horizon::of(same_chain().map(|other| (&other.key.chain, other.key.end))));
            let mut reading = Reading::new(named_by, Days::default(), horizon);
            for voucher in later.into_iter().take(2).rev() {
                let (mut item, said) = reading.vouched(ring, read(context, ring, voucher).await);
                reading.hear(&mut item, &said);
            }
            reading.vouched(ring, entry.clone()).0.previous().cloned()
        }
        EntryState::Unseen(_) | EntryState::Gone => None,
    }?;
    // Out of a folder nothing leads into another bucket, which may never have been copied.
    let left_behind = named_by == NamedBy::KeyOnly && link.object.bucket != entry.object.bucket;
    (!left_behind).then_some(link.object)
}

async fn read(context: &Context, ring: &KeyRing, digest: &FoundDigest) -> Entry {
    fetch::digest(context, ring, digest.object.clone(), digest.key.clone()).await.taken_as_it_is()
}

/// A home that nobody has searched, with the folders of the account that are there.
async fn kinds_of(context: &Context, place: &AccountRegion, location: Location) -> Home {
    let AccountRegion { organization, account, .. } = place.clone();
    let account: String = Within::Account { organization, account }.folders(&location.prefix).concat();
    let mut home = Home::unseen(location);
    let listing = Listing::folder(Arc::clone(&home.location.bucket), account.clone());
    let walked = fold(&context.store, listing, Vec::new, |below: &mut Vec<String>, page| {
        below.extend(page.folders);
        Walk::On
    });
    if let Ok(walked) = walked.await {
        let names = walked.found.iter().filter_map(|name| name.strip_prefix(&*account)?.strip_suffix('/'));
        home.kinds.extend(names.filter(|name| name.starts_with("CloudTrail")).map(Into::into));
    }
    home
}
