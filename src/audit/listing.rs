//! Lists what a window holds, and no more of the bucket than that.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{Days, TimeDelta};
use futures_util::stream::{self, StreamExt};

use super::Plan;
use super::discover::{Home, Site};
use super::slots::Slots;
use crate::digest::{Certainty, claimed_bucket};
use crate::report::Window;
use crate::store::{Admission, Listed, Listing, ObjectStore, Page, Reach, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, LOG_FOLDER, LogKey, RegionFolder};
use crate::trail::{AccountRegion, ObjectName, Time};

/// Digests next to the window are read too: the one after it vouches for the last one inside, and log files
/// delivered near an edge may be named across it.
const MARGIN: TimeDelta = TimeDelta::hours(2);

/// Whether a listing goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    On,
    Stop,
}

/// Hands every page of a listing to `take`, until that has seen enough.
pub(super) async fn pages<S: ObjectStore>(
    store: &S,
    listing: &mut Listing,
    mut take: impl FnMut(Page) -> Walk,
) -> Result<(), StoreError> {
    loop {
        let mut page = store.list(listing).await?;
        let next = page.next.take();
        match (take(page), next) {
            (Walk::On, Some(token)) => listing.token = Some(token),
            _ => return Ok(()),
        }
    }
}

/// A region's folder of one kind in one of its homes.
pub(super) fn folder(home: &Home, place: &AccountRegion, kind: &str) -> RegionFolder {
    RegionFolder { prefix: home.prefix.clone(), place: place.clone(), kind: kind.into() }
}

/// A digest that a listing shows.
pub(super) struct FoundDigest {
    pub(super) object: ObjectName,
    pub(super) key: DigestKey,
    /// Stored bytes, where the listing tells them.
    pub(super) size: Option<u64>,
}

impl FoundDigest {
    /// Newest first, so that every digest's successor is known when its turn comes.
    pub(super) fn newest_first(one: &Self, other: &Self) -> Ordering {
        (other.key.end, &other.object).cmp(&(one.key.end, &one.object))
    }

    /// About how much memory it takes while its turn has not come: the log files it names, unfolded.
    pub(super) fn unfolded(&self) -> u64 {
        self.size.unwrap_or(0).saturating_mul(8)
    }
}

/// The digests of one home that matter for the window, in the order of keys. Other objects there are passed over:
/// CloudTrail did not write them.
pub(super) async fn digests<S: ObjectStore>(
    store: &S,
    home: &Home,
    place: &AccountRegion,
    window: &Window,
) -> Result<Vec<FoundDigest>, StoreError> {
    let from = window.start.map(|start| start - MARGIN);
    let to = window.end.checked_add_signed(MARGIN).unwrap_or(window.end);
    let folder = folder(home, place, DIGEST_FOLDER);
    let beyond = to.date_naive().checked_add_days(Days::new(1)).map(|day| folder.day(day));
    let mut listing = Listing {
        bucket: Arc::clone(&home.bucket),
        prefix: folder.to_string(),
        after: from.map(|from| folder.day(from.date_naive())),
        reach: Reach::Whole,
        token: None,
    };
    let mut found = Vec::new();
    pages(store, &mut listing, |page| {
        for Listed { key, size, .. } in page.objects {
            if beyond.as_ref().is_some_and(|beyond| *key > **beyond) {
                return Walk::Stop;
            }
            if let Some(parsed) = DigestKey::parse(&key)
                && parsed.chain.place == *place
                && parsed.prefix == home.prefix
                && from.is_none_or(|from| from <= parsed.end)
                && parsed.end <= to
            {
                let object = ObjectName::new(Arc::clone(&home.bucket), key);
                found.push(FoundDigest { object, key: parsed, size });
            }
        }
        Walk::On
    })
    .await?;
    Ok(found)
}

/// The most days that are reckoned, not looked for: beyond that, most of them do not exist.
const RECKONED: i64 = 400;

/// Folders of years, months and days listed at once.
const FOLDERS_AT_ONCE: usize = 16;

/// The day folders of log files that the window touches: reckoned from its bounds, or, with an open or distant start,
/// listed.
pub(super) async fn days<S: ObjectStore>(
    store: &S,
    slots: &Arc<Slots>,
    home: &Home,
    folder: &RegionFolder,
    window: &Window,
) -> Result<Vec<String>, StoreError> {
    let last = window.end.date_naive();
    let first = window.start.map(|start| start.date_naive());
    if let Some(mut day) = first.filter(|first| last.signed_duration_since(*first).num_days() <= RECKONED) {
        let mut days = Vec::new();
        while day <= last {
            days.push(folder.day(day));
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        return Ok(days);
    }
    let mut level = vec![folder.to_string()];
    for _year_month_day in 0..3 {
        let listed: Vec<Result<Vec<String>, StoreError>> = stream::iter(level)
            .map(|prefix| async move {
                let _slot = slots.take().await;
                let mut below = Vec::new();
                let mut listing = Listing {
                    bucket: Arc::clone(&home.bucket),
                    prefix,
                    after: None,
                    reach: Reach::Folder,
                    token: None,
                };
                pages(store, &mut listing, |page| {
                    below.extend(page.folders);
                    Walk::On
                })
                .await?;
                Ok(below)
            })
            .buffered(FOLDERS_AT_ONCE)
            .collect()
            .await;
        level = listed.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    }
    let bounds = first.map(|first| folder.day(first))..=Some(folder.day(last));
    level.retain(|day| bounds.contains(&Some(day.clone())));
    Ok(level)
}

/// The window as far as it is known before anything is read, and the moment the record is judged at. A bucket is
/// judged now. A folder, unless an end was asked for, as of its own newest object: what came later was not copied.
pub(super) async fn window<S: ObjectStore>(store: &S, plan: &Plan, sites: &[Site]) -> (Window, Time) {
    let start = plan.start.map(sane);
    match (plan.end.map(sane), plan.certainty) {
        (Some(end), _) => (Window { start, end }, plan.now),
        (None, Certainty::BucketAndKey) => (Window { start, end: plan.now }, plan.now),
        (None, Certainty::KeyOnly) => {
            let mut newest = None;
            for site in sites {
                for home in &site.homes {
                    newest = newest.max(newest_moment(store, home, &site.place).await);
                }
            }
            let end = newest.map_or(plan.now, |newest| newest.min(plan.now));
            // Asked for what is newer than anything here: an empty window, not one that runs backwards.
            let end = start.map_or(end, |start| start.max(end));
            (Window { start, end }, end)
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
pub(super) async fn name_bucket<S: ObjectStore>(store: &S, plan: &Plan, sites: &mut [Site]) {
    let everything = Window { start: None, end: latest() };
    let admission = Admission::new(plan.load.bytes);
    let mut named = None;
    'search: for site in sites.iter() {
        for home in &site.homes {
            let listed = digests(store, home, &site.place, &everything).await.unwrap_or_default();
            if let Some(FoundDigest { object, .. }) = listed.last()
                && let Ok(stored) = store.get(object, &admission).await
                && let Some(bucket) = claimed_bucket(&stored.body)
            {
                named = Some(bucket);
                break 'search;
            }
        }
    }
    if let Some(bucket) = named {
        for home in sites.iter_mut().flat_map(|site| &mut site.homes) {
            home.bucket = Arc::clone(&bucket);
        }
    }
}

/// The newest moment that any key of the site names: digests first, because they are few, and then only log files that
/// are newer. A folder that can't be listed is told of when it is verified.
async fn newest_moment<S: ObjectStore>(store: &S, home: &Home, place: &AccountRegion) -> Option<Time> {
    let everything = Window { start: None, end: latest() };
    let slots = Slots::new(FOLDERS_AT_ONCE);
    let mut newest: Option<Time> = None;
    for kind in [DIGEST_FOLDER, LOG_FOLDER] {
        let folder = folder(home, place, kind);
        let Some(last_day) = days(store, &slots, home, &folder, &everything)
            .await
            .ok()
            .and_then(|days| days.into_iter().max())
        else {
            continue;
        };
        let mut listing = Listing {
            bucket: Arc::clone(&home.bucket),
            prefix: last_day,
            after: newest.filter(|_| kind == LOG_FOLDER).map(|newest| first_log_at(home, place, newest)),
            reach: Reach::Whole,
            token: None,
        };
        // A listing that fails here fails again, and is told of, when the site is verified.
        let _ = pages(store, &mut listing, |page| {
            for Listed { key, .. } in page.objects {
                let digest = DigestKey::parse(&key).map(|digest| digest.end);
                newest = newest.max(digest.or_else(|| LogKey::parse(&key).map(|log| log.delivered)));
            }
            Walk::On
        })
        .await;
    }
    newest
}

/// The key that the first of a minute's log files would have.
fn first_log_at(home: &Home, place: &AccountRegion, delivered: Time) -> String {
    let (prefix, place) = (home.prefix.clone(), place.clone());
    LogKey { prefix, place, kind: LOG_FOLDER.into(), delivered, unique: "".into() }.to_string()
}
