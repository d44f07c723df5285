//! How much is kept of what a day holds and no digest names. Anybody may put as much of it into a bucket as they like, so
//! what is kept is bounded: by the window alone, so that days which are read apart keep what they would keep together.

use std::ops::RangeInclusive;

use super::Brief;

/// Bytes that log files no digest names may take in one kind's folder over the whole window.
const FULL: usize = 24 << 20;
/// Of one day as much as makes some thousands of usual names, and no less than hundreds.
const FULL_OF_A_DAY: RangeInclusive<usize> = 64 << 10..=400 << 10;
/// Of a kind that the day's digests name nothing of.
const FULL_UNHEARD: usize = 8 << 10;
/// The same for the short names of others, of which twelve bytes are kept: digests of other days may name them.
const SHORT: usize = 24 << 20;
const SHORT_OF_A_DAY: RangeInclusive<usize> = 64 << 10..=1 << 20;
const SHORT_UNHEARD: usize = 24 << 10;
/// The same for objects that only look like log files.
const ODD: usize = 36 << 20;
const ODD_OF_A_DAY: RangeInclusive<usize> = 96 << 10..=800 << 10;

/// Bytes of what is kept of the log files in one day and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of those that are kept in full.
    pub full: usize,
    /// Of the names of others.
    pub short: usize,
}

/// Whether the digests of a day name any file of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// They do.
    OfTheKind,
    /// They don't: nothing that lies there can be accused, unless other days know of it.
    OfOthers,
}

impl Brief {
    /// What is kept of the log files of each day that no digest names.
    pub fn room(&self, heard: Heard) -> Room {
        match heard {
            Heard::OfTheKind => {
                Room { full: self.share(FULL, FULL_OF_A_DAY), short: self.share(SHORT, SHORT_OF_A_DAY) }
            }
            Heard::OfOthers => Room { full: FULL_UNHEARD, short: SHORT_UNHEARD },
        }
    }

    /// What is kept of objects that only look like log files, in bytes.
    pub fn room_for_odd(&self) -> usize {
        self.share(ODD, ODD_OF_A_DAY)
    }

    fn share(&self, all: usize, of_a_day: RangeInclusive<usize>) -> usize {
        let days = self.window.start().map(|start| (self.window.end() - start).num_days().max(0) + 2);
        // An open window may be as long as it likes.
        let days = days.map_or(usize::MAX, |days| usize::try_from(days).unwrap_or(usize::MAX));
        (all / days).clamp(*of_a_day.start(), *of_a_day.end())
    }
}
