//! What one day may know. Everything that is said of a day rests on that day and a fixed margin around it, and on nothing
//! else of the run: so days that were read apart say the same as days that were read together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use super::{Brief, Plan};
use crate::trail::{ChainId, Day, Span, Time};

/// Digests so close to a day, or to the window, are read for what they say of it: the one after it vouches for the last
/// one inside, and log files delivered near an edge may be named across it.
pub const MARGIN: TimeDelta = TimeDelta::hours(2);
/// Of each chain, so many digests that follow a day may vouch for one of it, however far they are: in a folder without
/// metadata a sparse chain has nothing nearer.
const VOUCHERS: usize = 2;

/// The days that a run looks at: all of the window, or those of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Days {
    /// The first of them; none, if nothing is before them.
    pub from: Option<Day>,
    /// The last of them; none, if nothing is after them.
    pub to: Option<Day>,
    /// Those between of which it is known what they come to: they are looked at, and not read.
    pub known: Arc<BTreeSet<Day>>,
}

impl Days {
    /// Whether `day` is one of them that is read.
    pub fn hold(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to)
            && !self.known.contains(&day)
    }

    /// Whether any of them is read that hears what a digest of `chain` says which ends then.
    pub fn hear(&self, horizon: &Horizon, chain: &ChainId, end: Time) -> bool {
        let own = Day::of_digest(end);
        let mut near = own.neighbours().chain([own]);
        if near.any(|day| self.hold(day) && is_near(day, end)) {
            return true;
        }
        let far =
            horizon.earliest_that_hears(chain, end).max(self.from.unwrap_or(Day::holding(Time::MIN_UTC)));
        far.until(own).any(|day| self.hold(day) && horizon.hears(day, chain, end))
    }

    /// The time they take, without what is not reached anyway.
    pub fn span(&self, reach: Span) -> Span {
        let start = self.from.map_or(reach.start, |from| from.start().max(reach.start));
        let end = self.to.map_or(reach.end, |to| to.end().min(reach.end));
        Span { start, end: end.max(start) }
    }
}

impl Plan {
    /// From here on digests are looked for, so that chains which ended before the window's `start` are noticed.
    pub fn looks_back_to(&self, start: Time) -> Time {
        start.checked_sub_signed(self.look_back.max(MARGIN)).unwrap_or(Time::UNIX_EPOCH)
    }
}

impl Brief {
    /// Whether a digest that ends then is read for the window: one in it, or next to it.
    pub fn reaches(&self, end: Time) -> bool {
        let reach = self.reach();
        reach.start <= end && end <= reach.end
    }

    /// The time in which digests that are read for the window end.
    pub fn reach(&self) -> Span {
        let start = self.window.start().and_then(|start| start.checked_sub_signed(MARGIN));
        Span { start: start.unwrap_or(Time::UNIX_EPOCH), end: later(self.window.end()) }
    }
}

fn later(time: Time) -> Time {
    time.checked_add_signed(MARGIN).unwrap_or(time)
}

/// Whether a digest with this end lies in the day or next to it.
pub fn is_near(day: Day, end: Time) -> bool {
    begins(day) <= end && end <= later(day.end())
}

/// From then on digests lie in the day, or next to it.
pub fn begins(day: Day) -> Time {
    day.start().checked_sub_signed(MARGIN).unwrap_or(Time::MIN_UTC)
}

/// How far a day hears digests that follow it: their signatures are recorded there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Horizon {
    /// The ends of the digests of each chain that are listed, sorted.
    ends: BTreeMap<ChainId, Vec<Time>>,
}

impl Horizon {
    /// That of digests with these ends.
    pub fn of<'a>(listed: impl IntoIterator<Item = (&'a ChainId, Time)>) -> Self {
        let mut ends: BTreeMap<ChainId, Vec<Time>> = BTreeMap::new();
        for (chain, end) in listed {
            match ends.get_mut(chain) {
                Some(ends) => ends.push(end),
                None => drop(ends.insert(chain.clone(), vec![end])),
            }
        }
        for ends in ends.values_mut() {
            ends.sort_unstable();
            ends.dedup();
        }
        Self { ends }
    }

    /// Whether what a digest of `chain` says that ends then is heard from `day`.
    pub fn hears(&self, day: Day, chain: &ChainId, end: Time) -> bool {
        begins(day) <= end && end <= self.from(day, chain)
    }

    /// The first day that may hear what a digest of `chain` says which ends then, beside the days next to it: the one that the
    /// digest before its vouchers lies in.
    fn earliest_that_hears(&self, chain: &ChainId, end: Time) -> Day {
        let before = self.ends.get(chain).and_then(|ends| {
            let at = ends.partition_point(|other| *other < end);
            ends.get(at.saturating_sub(VOUCHERS))
        });
        Day::of_digest(*before.unwrap_or(&end))
    }

    /// The end of the newest listed digest of a chain.
    pub fn newest(&self, chain: &ChainId) -> Option<Time> {
        self.ends.get(chain)?.last().copied()
    }

    fn from(&self, day: Day, chain: &ChainId) -> Time {
        let margin = later(day.end());
        let Some(ends) = self.ends.get(chain) else { return margin };
        let following = &ends[ends.partition_point(|end| *end <= day.end())..];
        let last = following.get(VOUCHERS - 1).or(following.last());
        last.map_or(margin, |last| margin.max(*last))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::{AccountRegion, DigestKind, parse_time};

    fn at(text: &str) -> Time {
        parse_time(&format!("2026-03-{text}:00Z")).unwrap()
    }

    fn chain() -> ChainId {
        let region: crate::trail::Region = "us-east-1".parse().unwrap();
        let place = AccountRegion {
            account: "111122223333".parse().unwrap(),
            region: region.clone(),
            organization: None,
        };
        ChainId { place, trail: "one".parse().unwrap(), home_region: region, kind: DigestKind::Standard }
    }

    #[test]
    fn a_day_hears_its_margin_and_the_next_two_digests_however_far_they_are() {
        let (day, chain) = (Day::holding(at("01T12:00")), chain());
        let ends = ["01T23:17", "05T00:17", "07T00:17", "09T00:17"].map(at);
        let horizon = Horizon::of(ends.iter().map(|end| (&chain, *end)));
        assert_eq!(ends.map(|end| horizon.hears(day, &chain, end)), [true, true, true, false]);
        let bare = Horizon::default();
        let near = ["02T02:00", "02T02:01"].map(at);
        assert_eq!(near.map(|end| bare.hears(day, &chain, end)), [true, false]);
        assert!(!horizon.hears(day, &chain, at("01T12:00") - TimeDelta::hours(15)));
    }
}
