//! Which days may be remembered: those of which everything was read, and is as AWS delivered it. What else there is to tell of a
//! day rests on what is absent; it travels in the record, and is judged anew.

use chrono::TimeDelta;

use super::listing::{Comparable, DayListing};
use crate::chain::{Found, Item};
use crate::inspection::{Brief, DayRecord, FolderDay};
use crate::trail::{Day, Depth, Time};
use crate::verdict::{Class, LogTally};

/// So long after its end, and after its newest object was written, a day is as it will stay.
const SETTLED: TimeDelta = TimeDelta::hours(48);
/// Names in one folder that no digest names and that a day carries along. A window of any length has room for as many.
const MOST_LOOSE: usize = 40;

/// A day that was read, with what has to be known of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Which one.
    pub day: Day,
    /// What it came to.
    pub record: &'a DayRecord,
    /// What the listing shows of all that it was read from.
    pub listing: &'a DayListing,
    /// The earlier of this machine's time and the store's.
    pub now: Time,
}

/// Whether a day may be remembered, by itself. That each answer was what the listing shows, and that its links hold, is for
/// whoever read it to know.
pub fn may_be_kept(brief: &Brief, seen: &Seen<'_>) -> bool {
    let Seen { day, record, listing, now } = *seen;
    let is_settled = |since: Time| since.checked_add_signed(SETTLED).is_some_and(|settled| settled <= now);
    listing.comparable == Comparable::Wholly
        && listing.count > 0
        && is_settled(day.end())
        && listing.newest.is_none_or(is_settled)
        && record.chains.values().flat_map(|chain| &chain.items).all(is_plain)
        && record.chains.values().all(|chain| is_clean(&chain.logs, brief.plan.depth))
        && record.findings.iter().all(|finding| finding.judged() == Class::Notice)
        && record.omitted.keys().all(|(class, _)| *class == Class::Notice)
        && record.folders.values().all(is_small)
}

fn is_plain(item: &Item) -> bool {
    matches!(&item.found, Found::Authentic(proven) if proven.anomaly.is_none())
}

fn is_clean(logs: &LogTally, depth: Depth) -> bool {
    match depth {
        Depth::Full => logs.total() == logs.intact,
        Depth::Presence => logs.total() == logs.present,
        // Its log files were counted and not looked for.
        Depth::Chain => true,
    }
}

fn is_small(folder: &FolderDay) -> bool {
    let FolderDay { loose, beside } = folder;
    loose.more.is_empty()
        && loose.kept.len() <= MOST_LOOSE
        && beside.more_odd == 0
        && beside.odd.len() <= MOST_LOOSE
        && beside.unlisted.is_empty()
}
