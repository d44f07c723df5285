//! Chooses the days that are carried: those whose objects are listed as they were when they were read, by what the run is held to,
//! and not due to be read again. One object of them is read all the same, and none can tell which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::files::Files;
use super::{CarriedDays, Carries, Reread, SiteLedger};
use crate::audit::Context;
use crate::audit::answers::{kms_key, mark};
use crate::audit::fetch::{self, get};
use crate::audit::homes::{Closed, log_kinds};
use crate::audit::listing::{Digests, Shown};
use crate::audit::pages::{Walk, each, fold};
use crate::chain::Item;
use crate::crypto::{Hash, KeyRing};
use crate::inspection::LogFolder;
use crate::ledger::{self, DayListing, FolderListing, LogRegion, Mark, Row, SiteListing};
use crate::store::{Listing, Object, StoreError};
use crate::trail::key::{LogKey, RegionFolder};
use crate::trail::{AccountRegion, ChainId, Day, Depth, ObjectName, Time};

/// Folders of one site listed at once.
const AT_ONCE: usize = 16;

/// The days of a site that need not be read. `digests` gives those that are listed, and what their days show of them.
pub(super) async fn choose(
    ledger: SiteLedger<'_>,
    closed: &Closed,
    (digests, by_day): (&Digests, &SiteListing),
    files: &Files,
) -> CarriedDays {
    let SiteLedger { context, opened, place } = ledger;
    let none = BTreeMap::new();
    let Some(keys) = &closed.keys else { return none };
    let unlisted = closed.homes.values().any(|home| !home.unlisted.is_empty());
    if opened.ledger.carries == Carries::Nothing || opened.ledger.reread == Reread::Always || unlisted {
        return none;
    }
    let at_a_cut = at_a_cut(context, digests);
    let mut chosen: CarriedDays = files
        .rows()
        .filter(|row| is_asked_for(context, row) && !at_a_cut.contains(&row.day))
        .filter(|row| row.terms.hold(&context.brief, place, &keys.ring))
        .map(|row| (row.day, Arc::clone(row)))
        .collect();
    let Some((first, last)) = chosen.keys().next().copied().zip(chosen.keys().next_back().copied()) else {
        return none;
    };
    let drawn = draw(ledger, &chosen);
    let Ok((logs, sample)) = logs_around(context, place, closed, (first, last), drawn.as_ref()).await else {
        return none;
    };
    let mut listing = by_day.clone();
    listing.merge(logs);
    let now = ledger.now();
    chosen.retain(|day, row| {
        let listed = listing.of_day(place, *day, ledger::extent(&context.brief, *day));
        row.fits(&listed) && !is_due(ledger, row, &listed, now)
    });
    match is_as_before(context, &keys.ring, &chosen, sample).await {
        true => chosen,
        false => none,
    }
}

/// The days whose digests link to what another shard reads, or are linked to by it: of each chain the first day, unless nothing
/// is before those that are looked at, and the last, unless nothing is after them. Both sides of such a link are read.
fn at_a_cut(context: &Context, digests: &Digests) -> BTreeSet<Day> {
    let asked_for = &context.days;
    let mut ends: BTreeMap<&ChainId, (Day, Day)> = BTreeMap::new();
    for digest in &digests.found {
        let day = Day::of_digest(digest.key.end);
        if asked_for.hold(day) {
            let (first, last) = ends.entry(&digest.key.chain).or_insert((day, day));
            (*first, *last) = ((*first).min(day), (*last).max(day));
        }
    }
    let cut = |(first, last): (Day, Day)| {
        asked_for.from.map(|_| first).into_iter().chain(asked_for.to.map(|_| last))
    };
    ends.into_values().flat_map(cut).collect()
}

/// Whether a row is of a day that is looked at and of what the window asks of it, and all that it counts is in scope.
fn is_asked_for(context: &Context, row: &Row) -> bool {
    context.days.hold(row.day)
        && ledger::part(&context.brief, row.day) == Some((row.day, row.part))
        && row.record.chains.keys().all(|chain| context.brief.plan.scope.holds_chain(chain))
}

/// Whether a day is to be read again. What lies in an archive is not asked for.
fn is_due(ledger: SiteLedger<'_>, row: &Row, listed: &DayListing, now: Time) -> bool {
    let Reread::After(most) = ledger.opened.ledger.reread else { return false };
    let half = most.num_seconds() / 2;
    let later = ledger.draw(&format!("reread\n{}\n{}", row.day, row.read_at.timestamp()));
    let later = i64::try_from(later % u64::try_from(half).unwrap_or(0).max(1)).unwrap_or(0);
    let age = (now - row.read_at).num_seconds();
    // What was read in the future was not read by a clock that is right.
    !listed.archived && !(0..half + later).contains(&age)
}

/// An object of the days that are to be carried, drawn so that nobody can foresee it.
struct Drawn {
    day: Day,
    /// Its name; none, if it is to be one of the day's log files.
    digest: Option<Item>,
    seed: Hash,
}

/// What is read of what is carried. Whoever encrypts the record with another key, or withdraws the right to read it, leaves the
/// listing as it was.
enum Sample {
    Digest(Item),
    Log(ObjectName, Option<Mark>),
}

/// Draws a day, and then one of its objects, each as likely as any other.
fn draw(ledger: SiteLedger<'_>, chosen: &CarriedDays) -> Option<Drawn> {
    let now = ledger.context.brief.plan.now.timestamp_micros();
    let number = |what: &str, of: u64| ledger.draw(&format!("{what}\n{now}")) % of.max(1);
    let nth = |what: &str, of: usize| usize::try_from(number(what, of as u64)).unwrap_or(0);
    let rows: Vec<&Arc<Row>> = chosen.values().filter(|row| items(row).next().is_some()).collect();
    let row = rows.get(nth("day", rows.len()))?;
    let (digests, logs) =
        (items(row).count(), row.record.chains.values().map(|chain| chain.logs.intact).sum::<u64>());
    let drawn = number("object", digests as u64 + logs);
    let digest = usize::try_from(drawn).ok().and_then(|drawn| items(row).nth(drawn)).cloned();
    Some(Drawn { day: row.day, digest, seed: Hash::of(&number("log", u64::MAX).to_be_bytes()) })
}

/// What the folders of log files show from the day before the first to the day after the last, in full pages; and what was drawn.
async fn logs_around(
    context: &Context,
    place: &AccountRegion,
    closed: &Closed,
    (first, last): (Day, Day),
    drawn: Option<&Drawn>,
) -> Result<(SiteListing, Option<Sample>), StoreError> {
    let mut folders = Vec::new();
    if context.brief.plan.depth != Depth::Chain {
        for (home, record) in &closed.homes {
            let folder = |kind: &str| LogFolder { home: home.clone(), kind: kind.into() };
            folders.extend(log_kinds(&record.kinds).map(folder));
        }
    }
    let range = (first.neighbours().next().unwrap_or(first), last.neighbours().last().unwrap_or(last));
    let listed =
        each(folders.clone(), AT_ONCE, |folder| one_folder(context, place, folder, range, drawn)).await;
    let (mut all, mut least) = (SiteListing::default(), None);
    for (folder, listed) in folders.into_iter().zip(listed) {
        let Walked { listing, drawn } = listed?;
        all.take(folder, listing);
        least = [least, drawn].into_iter().flatten().min_by_key(|(order, ..)| *order);
    }
    let digest = drawn.and_then(|drawn| drawn.digest.clone()).map(Sample::Digest);
    Ok((all, digest.or(least.map(|(_, object, mark)| Sample::Log(object, mark)))))
}

/// What a folder of log files shows, and which of those of the drawn day comes first by a hash that nobody can foresee.
#[derive(Default)]
struct Walked {
    listing: FolderListing,
    drawn: Option<(Hash, ObjectName, Option<Mark>)>,
}

async fn one_folder(
    context: &Context,
    place: &AccountRegion,
    folder: LogFolder,
    (first, last): (Day, Day),
    drawn: Option<&Drawn>,
) -> Result<Walked, StoreError> {
    let _slot = context.slots.take().await;
    let region = RegionFolder::of(&folder.home, place, &folder.kind);
    let end = last.neighbours().last().unwrap_or(last);
    let (from, beyond) = (region.day(first.date()), region.day(end.date()));
    let drawn = drawn.filter(|drawn| drawn.digest.is_none());
    let drawn = drawn.map(|drawn| (region.day(drawn.day.date()), drawn.seed));
    let listing = Listing::whole(Arc::clone(&folder.home.bucket), region.to_string()).after(Some(from));
    let log_region = LogRegion::from(region.clone());
    let walked = fold(&context.store, listing, Walked::default, |shown, page| {
        let mut walk = Walk::On;
        for listed in page.objects {
            let (key, listed) = Shown::apart(listed);
            if *key >= *beyond {
                walk = Walk::Past;
                continue;
            }
            shown.listing.log(&log_region, &key, &listed.stamp());
            if let Some((day, seed)) = &drawn
                && key.starts_with(day.as_str())
                && LogKey::parse(&key).is_some_and(|log| log.lies_in(&region))
            {
                let order = Hash::of(&[seed.bytes(), key.as_bytes()].concat());
                if shown.drawn.as_ref().is_none_or(|(least, ..)| order < *least) {
                    let object = ObjectName::new(Arc::clone(&folder.home.bucket), key);
                    shown.drawn = Some((order, object, listed.stamp().mark()));
                }
            }
        }
        if context.stop.is_set() { Walk::Stop } else { walk }
    });
    let walked = walked.await?;
    match walked.unlisted.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(walked.found),
    }
}

/// Whether what was drawn can be read, and is what it was: a digest authentic, a log file as it is listed, and neither encrypted
/// with a key that its day did not know.
async fn is_as_before(
    context: &Arc<Context>,
    ring: &Arc<KeyRing>,
    chosen: &CarriedDays,
    sample: Option<Sample>,
) -> bool {
    let known_key =
        |given: &Object| kms_key(given).is_none_or(|key| chosen.values().any(|row| row.kms.contains(&key)));
    match sample {
        None => true,
        Some(Sample::Log(object, listed)) => match get(context, &object, context.slots.take().await).await {
            Err(_) => false,
            Ok(given) => listed.is_some() && mark(&given) == listed && known_key(&given),
        },
        Some(Sample::Digest(item)) => {
            let mut is_known = false;
            let seen = |given: &Object| is_known = known_key(given);
            let tried = fetch::begin_digest(context, ring, item.object, item.key, seen).await;
            let (entry, _alone) = tried.taken_as_it_is().finish(context, ring).await;
            // One for which its successor vouches alone is read with the others.
            is_known && entry.authentic().is_some()
        }
    }
}

fn items(row: &Row) -> impl Iterator<Item = &Item> {
    row.record.chains.values().flat_map(|chain| &chain.items)
}
