//! Lists what a window holds, and no more of the bucket than that.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, TimeDelta};

use super::discover::{self, Found};
use super::pages::{Walk, Walked, fold};
use super::{Plan, Stop};
use crate::digest::{NamedBy, claimed_object};
use crate::inspection::Site;
use crate::inspection::{MARGIN, Strays};
use crate::ledger::{SiteListing, Stamp};
use crate::store::{Admission, Listed, Listing, ObjectStore, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, LOG_FOLDER, LogKey, ObjectKey, RegionFolder};
use crate::trail::{AccountRegion, ChainId, Location, ObjectName, Span, Time, Window};

/// A digest that a listing shows.
#[derive(Debug, Clone)]
pub(super) struct FoundDigest {
    pub(super) object: ObjectName,
    pub(super) key: DigestKey,
    /// What the listing shows of it.
    pub(super) shown: Arc<Shown>,
}

/// What a listing shows of an object beside its key.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Stored bytes.
    pub(super) size: Option<u64>,
    /// When it was written.
    pub(super) modified: Option<Time>,
    etag: Option<Box<str>>,
    storage_class: Option<Box<str>>,
}

impl Shown {
    /// The key, and what is shown of it.
    pub(super) fn apart(listed: Listed) -> (Box<str>, Self) {
        let Listed { key, size, modified, etag, storage_class } = listed;
        (key, Self { size, modified, etag, storage_class })
    }

    /// What a day's listing keeps of it.
    pub(super) fn stamp(&self) -> Stamp<'_> {
        Stamp::new(self.size, self.modified, self.etag.as_deref()).in_class(self.storage_class.as_deref())
    }
}

impl FoundDigest {
    /// Newest first, so that every digest's successor is known when its turn comes.
    pub(super) fn newest_first(one: &Self, other: &Self) -> Ordering {
        (other.key.end, &other.object).cmp(&(one.key.end, &one.object))
    }

    /// About how much memory it takes while its turn has not come: the log files it names, unfolded.
    pub(super) fn unfolded(&self) -> u64 {
        self.shown.size.unwrap_or(0).saturating_mul(8)
    }
}

/// The time in which digests are looked for, by their ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep {
    /// Those that end from here on are listed; without it, all of them.
    from: Option<Time>,
    /// Those that end from here on are read.
    read_from: Option<Time>,
    /// Those that end after this are not read.
    read_to: Time,
    /// Those that end after this are not listed; without it, all of them.
    to: Option<Time>,
}

impl Sweep {
    /// What the window needs, with a look on both sides for chains that have no digest in it. With an open end nothing
    /// follows the window.
    pub(super) fn around(window: &Window, plan: &Plan) -> Self {
        let back =
            |start: Time| start.checked_sub_signed(plan.look_back.max(MARGIN)).unwrap_or(Time::UNIX_EPOCH);
        Self {
            from: window.start().map(back),
            read_from: window.start().map(|start| start - MARGIN),
            read_to: read_to(window),
            to: plan.end.map(|_| later(window.end(), plan.look_back.max(MARGIN))),
        }
    }

    /// Those that end after the ones that the window needs, up to `until`.
    pub(super) fn beyond(window: &Window, until: Time) -> Self {
        let from = read_to(window) + TimeDelta::seconds(1);
        Self { from: Some(from), read_from: Some(from), read_to: until, to: Some(until) }
    }

    /// Those that end in this time.
    pub(super) fn only(span: Span) -> Self {
        Self { from: Some(span.start), read_from: Some(span.start), read_to: span.end, to: Some(span.end) }
    }

    /// The time in which those that are read were signed, or a little more.
    pub(super) fn signed(&self) -> Span {
        Span { start: self.read_from.unwrap_or(Time::UNIX_EPOCH), end: self.read_to }
    }

    /// Everything that is there, to be read.
    fn everything() -> Self {
        Self { from: None, read_from: None, read_to: latest(), to: None }
    }
}

/// The end of the last digest that is read for the window.
pub(super) fn read_to(window: &Window) -> Time {
    later(window.end(), MARGIN)
}

fn later(time: Time, delta: TimeDelta) -> Time {
    time.checked_add_signed(delta).unwrap_or(time)
}

/// What a sweep found in the folder of one account and region.
#[derive(Debug, Default)]
pub(super) struct Digests {
    /// Those to be read, in the order of keys.
    pub(super) found: Vec<FoundDigest>,
    /// Of each chain, the newest that end before those: the last one and the one before it.
    pub(super) earlier: BTreeMap<ChainId, Vec<FoundDigest>>,
    /// Of each chain, the oldest that end after those: the first one and the one after it.
    pub(super) later: BTreeMap<ChainId, Vec<FoundDigest>>,
    /// What else lies there.
    pub(super) strays: Strays,
    /// Parts of the folder that could not be listed.
    pub(super) failures: Vec<StoreError>,
}

impl Digests {
    /// What a walk through a folder found; a digest that is listed twice is there once.
    fn of(walked: Walked<Self>) -> Self {
        let Walked { found: mut digests, unlisted } = walked;
        digests.found.sort_by(|one, other| one.object.key.cmp(&other.object.key));
        digests.found.dedup_by(|one, other| one.object.key == other.object.key);
        digests.failures = unlisted;
        digests
    }

    /// Takes in one object of the folder.
    fn sort_in(&mut self, listed: Listed, home: &Location, place: &AccountRegion, sweep: &Sweep) {
        let (key, shown) = Shown::apart(listed);
        let last = self.found.last().map(|last| (&*last.object.key, &last.key));
        let parsed = last
            .and_then(|(last, parsed)| parsed.of_sibling(last, &key))
            .or_else(|| DigestKey::parse(&key))
            .filter(|parsed| parsed.chain.place == *place && parsed.prefix == home.prefix);
        let object = ObjectName::new(Arc::clone(&home.bucket), key);
        match parsed {
            Some(parsed) if sweep.from.is_some_and(|from| parsed.end < from) => {}
            Some(parsed) if sweep.to.is_some_and(|to| to < parsed.end) => {}
            Some(key) => {
                self.take(FoundDigest { object, key, shown: Arc::new(shown) }, sweep);
            }
            None if object.key.ends_with('/') && shown.size.unwrap_or(0) == 0 => {}
            None => self.strays.add(object),
        }
    }

    fn take(&mut self, digest: FoundDigest, sweep: &Sweep) {
        let end = digest.key.end;
        if sweep.read_from.is_some_and(|from| end < from) {
            keep(&mut self.earlier, digest, newest_alone);
        } else if end <= sweep.read_to {
            self.found.push(digest);
        } else if sweep.to.is_some() {
            keep(&mut self.later, digest, oldest_alone);
        } else {
            // Nothing has ended yet that ends after an open window.
            self.strays.add(digest.object);
        }
    }

    /// Takes over what another home has.
    pub(super) fn merge(&mut self, other: Self) {
        self.found.extend(other.found);
        for digest in other.earlier.into_values().flatten() {
            keep(&mut self.earlier, digest, newest_alone);
        }
        for digest in other.later.into_values().flatten() {
            keep(&mut self.later, digest, oldest_alone);
        }
        self.strays.merge(other.strays);
        self.failures.extend(other.failures);
    }

    /// What those to be read show of each day.
    pub(super) fn by_day(&self) -> SiteListing {
        let mut listing = SiteListing::default();
        let same_home = |one: &FoundDigest, other: &FoundDigest| {
            one.object.bucket == other.object.bucket && one.key.prefix == other.key.prefix
        };
        for found in self.found.chunk_by(same_home) {
            let [FoundDigest { object, key, .. }, ..] = found else { continue };
            let home = Location { bucket: Arc::clone(&object.bucket), prefix: key.prefix.clone() };
            let folder = listing.digests(home);
            for FoundDigest { object, key, shown } in found {
                folder.digest(key.end, &object.key, &shown.stamp());
            }
        }
        listing
    }

    /// Whether there is no digest at all.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty() && self.earlier.is_empty() && self.later.is_empty()
    }
}

/// Digests that are kept of each chain on either side of those to be read: one, and another that may vouch for it.
const EDGE: usize = 2;

fn newest_alone(digests: &mut Vec<FoundDigest>) {
    digests.drain(..digests.len().saturating_sub(EDGE)).for_each(drop);
}

fn oldest_alone(digests: &mut Vec<FoundDigest>) {
    digests.truncate(EDGE);
}

/// Adds a digest to those of its chain, in the order of their ends, and keeps as many as `cut` leaves.
fn keep(
    edge: &mut BTreeMap<ChainId, Vec<FoundDigest>>,
    digest: FoundDigest,
    cut: impl Fn(&mut Vec<FoundDigest>),
) {
    let digests = edge.entry(digest.key.chain.clone()).or_default();
    let at =
        digests.partition_point(|other| (other.key.end, &other.object) < (digest.key.end, &digest.object));
    if digests.get(at).is_none_or(|other| other.object != digest.object) {
        digests.insert(at, digest);
    }
    cut(digests);
}

/// Lists the digests of one home. Other objects there are counted: CloudTrail did not write them.
pub(super) async fn digests(
    store: &dyn ObjectStore,
    home: &Location,
    place: &AccountRegion,
    sweep: &Sweep,
) -> Result<Digests, StoreError> {
    let folder = RegionFolder::of(home, place, DIGEST_FOLDER);
    let beyond =
        sweep.to.and_then(|to| to.date_naive().checked_add_days(Days::new(1))).map(|day| folder.day(day));
    let listing = Listing::whole(Arc::clone(&home.bucket), folder.to_string())
        .after(sweep.from.map(|from| folder.day(from.date_naive())));
    let walked = fold(store, listing, Digests::default, |digests, page| {
        let mut walk = Walk::On;
        for object in page.objects {
            match &beyond {
                Some(beyond) if *object.key > **beyond => walk = Walk::Past,
                _ => digests.sort_in(object, home, place, sweep),
            }
        }
        walk
    });
    Ok(Digests::of(walked.await?))
}

/// The digests of the newest day before `before` that has any, in a home that has none for long before it.
pub(super) async fn newest_day(
    store: &dyn ObjectStore,
    home: &Location,
    place: &AccountRegion,
    before: Time,
) -> Result<Digests, StoreError> {
    let folder = RegionFolder::of(home, place, DIGEST_FOLDER);
    let Some(day) = newest_day_folder(store, home, &folder, before).await? else {
        return Ok(Digests::default());
    };
    let listing = Listing::whole(Arc::clone(&home.bucket), day);
    let sweep = Sweep { from: None, read_from: Some(before), read_to: before, to: Some(before) };
    let walked = fold(store, listing, Digests::default, |digests, page| {
        page.objects.into_iter().for_each(|object| digests.sort_in(object, home, place, &sweep));
        Walk::On
    });
    Ok(Digests::of(walked.await?))
}

/// Folders opened in search of the newest day; a bucket may hold thousands of years without a day in them.
const MOST_OPENED: usize = 100;

/// The newest day folder that begins no later than `before`, found by its year, month and day.
async fn newest_day_folder(
    store: &dyn ObjectStore,
    home: &Location,
    folder: &RegionFolder,
    before: Time,
) -> Result<Option<String>, StoreError> {
    let latest = folder.day(before.date_naive());
    let whole = latest.matches('/').count();
    // The newest stands last, and a folder's own folders follow it.
    let mut open = vec![folder.to_string()];
    for _opened in 0..MOST_OPENED {
        let Some(prefix) = open.pop() else { return Ok(None) };
        if prefix.matches('/').count() == whole {
            return Ok(Some(prefix));
        }
        let mut below = folders(store, home, &prefix).await?;
        below.retain(|name| {
            is_number(&name[prefix.len()..]) && **name <= latest[..latest.len().min(name.len())]
        });
        below.sort_unstable();
        open.extend(below);
    }
    Ok(None)
}

/// Whether a folder's own name, `2026/`, is that of a year, a month or a day.
fn is_number(name: &str) -> bool {
    let digits = name.strip_suffix('/').unwrap_or_default();
    matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The folders right below a prefix, those that can be listed.
async fn folders(store: &dyn ObjectStore, home: &Location, prefix: &str) -> Result<Vec<String>, StoreError> {
    let listing = Listing::folder(Arc::clone(&home.bucket), prefix);
    let walked = fold(store, listing, Vec::new, |below, page| {
        below.extend(page.folders);
        Walk::On
    });
    Ok(walked.await?.found)
}

/// One object as a listing shows it; none, if a complete one does not.
pub(super) async fn alone(
    store: &dyn ObjectStore,
    object: &ObjectName,
) -> Result<Option<Listed>, StoreError> {
    let folder = object.key.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    // Its own beginning: hardly anything sorts between the two.
    let before = object.key.char_indices().next_back().map(|(last, _)| object.key[..last].to_owned());
    let listing = Listing::whole(Arc::clone(&object.bucket), folder).after(before);
    let walked = fold(
        store,
        listing,
        || None,
        |found: &mut Option<Listed>, page| {
            let mut walk = Walk::On;
            for listed in page.objects {
                match listed.key.cmp(&object.key) {
                    Ordering::Less => {}
                    Ordering::Equal => *found = Some(listed),
                    Ordering::Greater => walk = Walk::Past,
                }
            }
            walk
        },
    );
    let Walked { found, unlisted } = walked.await?;
    match (found, unlisted.into_iter().next()) {
        (None, Some(error)) => Err(error),
        (found, _) => Ok(found),
    }
}

/// The window as far as it is known before anything is read, and the moment the record is judged at. A bucket is
/// judged now. A folder, unless an end was asked for, as of its own newest object, whatever part of it is in scope: what
/// came later was not copied.
pub(super) async fn window(
    store: &dyn ObjectStore,
    plan: &Plan,
    found: &Found,
    stop: &Stop,
) -> (Window, Time) {
    let start = plan.start.map(sane);
    match (plan.end.map(sane), plan.named_by) {
        (Some(end), _) => (Window::reaching(start, end), plan.now),
        (None, NamedBy::BucketAndKey) => (Window::reaching(start, plan.now), plan.now),
        (None, NamedBy::KeyOnly) => {
            let mut newest = None;
            for site in discover::of_every_scope(store, plan, found, stop).await.iter() {
                for home in site.locations() {
                    newest = newest.max(newest_moment(store, home, &site.place, plan.now).await);
                }
            }
            let end = newest.map_or(plan.now, |newest| newest.min(plan.now));
            // Empty, where what was asked for is newer than anything here.
            (Window::reaching(start, end), end)
        }
    }
}

/// Nobody's record reaches before 1970 or beyond this, and time arithmetic near the edges of the calendar fails.
fn latest() -> Time {
    // In the year 9997.
    Time::UNIX_EPOCH + TimeDelta::days(2_932_000)
}

fn sane(time: Time) -> Time {
    time.clamp(Time::UNIX_EPOCH, latest())
}

/// Gives the homes of a folder, which does not know where it was copied from, the bucket that its own digests name.
/// For display alone: nothing is compared with it.
pub(super) async fn name_bucket(store: &dyn ObjectStore, plan: &Plan, sites: &mut [Site]) {
    let admission = Admission::new(plan.load.bytes);
    let mut named = None;
    'search: for site in sites.iter() {
        for home in site.locations() {
            let listed = digests(store, home, &site.place, &Sweep::everything()).await.unwrap_or_default();
            if let Some(FoundDigest { object, .. }) = listed.found.last()
                && let Ok(stored) = store.get(object, &admission).await
                && let Some(ObjectName { bucket, .. }) = claimed_object(&stored.body)
            {
                named = Some(bucket);
                break 'search;
            }
        }
    }
    if let Some(bucket) = named {
        for home in sites.iter_mut().flat_map(|site| &mut site.homes) {
            home.location.bucket = Arc::clone(&bucket);
        }
    }
}

/// The newest moment up to `now` that any key of the site names: of its digests, and then of log files that are newer. A
/// folder that can't be listed is told of when it is verified.
async fn newest_moment(
    store: &dyn ObjectStore,
    home: &Location,
    place: &AccountRegion,
    now: Time,
) -> Option<Time> {
    let mut newest: Option<Time> = None;
    for kind in [DIGEST_FOLDER, LOG_FOLDER] {
        let folder = RegionFolder::of(home, place, kind);
        let Ok(Some(last_day)) = newest_day_folder(store, home, &folder, now).await else { continue };
        let listing = Listing::whole(Arc::clone(&home.bucket), last_day).after(
            newest.filter(|_| kind == LOG_FOLDER).map(|newest| first_log_at(home, place, LOG_FOLDER, newest)),
        );
        let latest = fold(
            store,
            listing,
            || None,
            |latest: &mut Option<Time>, page| {
                for Listed { key, .. } in page.objects {
                    let moment = match ObjectKey::parse(&key) {
                        Some(ObjectKey::Digest(digest)) => digest.end,
                        Some(ObjectKey::Log(log)) => log.delivered,
                        None => continue,
                    };
                    *latest = (*latest).max(Some(moment).filter(|moment| *moment <= now));
                }
                Walk::On
            },
        );
        // A listing that fails here fails again, and is told of, when the site is verified.
        newest = newest.max(latest.await.ok().and_then(|walked| walked.found));
    }
    newest
}

/// The key that the first of a minute's log files would have.
pub(super) fn first_log_at(home: &Location, place: &AccountRegion, kind: &str, delivered: Time) -> String {
    let (prefix, place) = (home.prefix.clone(), place.clone());
    LogKey { prefix, place, kind: kind.into(), delivered, unique: "".into() }.to_string()
}
