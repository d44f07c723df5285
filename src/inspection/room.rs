//! How much is kept of what a day holds and no digest names. Anybody may put as much of it into a bucket as they like, so
//! what is kept is bounded: by the window alone, so that days which are read apart keep what they would keep together.

use super::Brief;

/// Bytes that log files no digest names may take in one kind's folder over the whole window.
const LOOSE: usize = 24 << 20;
/// The same for objects that only look like log files.
const ODD: usize = 36 << 20;
/// Of one day as much as makes some thousands of usual names, and no less than hundreds.
const DAY: std::ops::RangeInclusive<usize> = 64 << 10..=400 << 10;
/// The same for full names.
const DAY_OF_ODD: std::ops::RangeInclusive<usize> = 96 << 10..=800 << 10;
/// Of a kind that the day's digests name nothing of.
const UNHEARD: usize = 8 << 10;

/// Bytes of what is kept of one day and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Log files that no digest names.
    pub loose: usize,
    /// Those of kinds that no digest of the day names.
    pub unheard: usize,
    /// Objects that only look like log files.
    pub odd: usize,
}

impl Brief {
    /// What is kept of each day.
    pub fn room(&self) -> Room {
        let days = self.window.start().map(|start| (self.window.end() - start).num_days().max(0) + 2);
        let share = |all: usize, of_a_day: std::ops::RangeInclusive<usize>| match days {
            Some(days) => {
                (all / usize::try_from(days).unwrap_or(usize::MAX)).clamp(*of_a_day.start(), *of_a_day.end())
            }
            // As long as it may be.
            None => *of_a_day.start(),
        };
        Room { loose: share(LOOSE, DAY), unheard: UNHEARD, odd: share(ODD, DAY_OF_ODD) }
    }
}
