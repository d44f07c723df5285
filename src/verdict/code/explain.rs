//! What each code means, how it comes about and what to do next, in words for somebody who has never read
//! CloudTrail's format. `trailseal explain`, the HTML report and the README say the same, because they all read here.

use super::Code;

pub(super) mod coverage;
pub(super) mod digests;
pub(super) mod logs;
pub(super) mod memory;

/// What there is to say about one code.
pub(super) struct Page {
    /// What one of them and several of them are called after their number.
    counted: (&'static str, &'static str),
    title: &'static str,
    meaning: &'static str,
    causes: &'static [&'static str],
    next_steps: &'static [&'static str],
}

impl Code {
    /// A heading of a few words.
    pub fn title(self) -> &'static str {
        self.page().title
    }

    /// What is so when this is found, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        self.page().meaning
    }

    /// How an attacker or an accident makes it, one sentence each, the likeliest first.
    pub fn causes(self) -> &'static [&'static str] {
        self.page().causes
    }

    /// What to do about it, in order.
    pub fn next_steps(self) -> &'static [&'static str] {
        self.page().next_steps
    }

    /// What so many of them are called after their number: `log files modified`.
    pub fn noun(self, count: u64) -> &'static str {
        let (one, several) = self.page().counted;
        if count == 1 { one } else { several }
    }
}
