//! What a run was asked for, beside its window and depth: without it a report cannot be held to its claim.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::trail::{AccountId, Prefix, Region, Span, Time, TrailName};
use crate::verdict::Scope;

/// Which part of the record the caller asked for, and what had to be in it. Empty sets put everything in scope, and
/// expect nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Only these accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Only these regions.
    pub regions: BTreeSet<Region>,
    /// Only chains of trails with these names.
    pub trails: BTreeSet<TrailName>,
    /// What stands before `AWSLogs/` in the source.
    pub prefix: Prefix,
    /// Accounts that had to have digests.
    pub expected_accounts: BTreeSet<AccountId>,
    /// Regions that had to have digests in every account.
    pub expected_regions: BTreeSet<Region>,
    /// How long digests and log files may take to arrive.
    pub grace: TimeDelta,
}

impl Default for Request {
    /// Everything, with the usual grace period of three hours.
    fn default() -> Self {
        Self {
            accounts: BTreeSet::new(),
            regions: BTreeSet::new(),
            trails: BTreeSet::new(),
            prefix: Prefix::default(),
            expected_accounts: BTreeSet::new(),
            expected_regions: BTreeSet::new(),
            grace: TimeDelta::hours(3),
        }
    }
}

impl Request {
    /// Whether a part of the record was left out.
    pub fn is_narrowed(&self) -> bool {
        !(self.accounts.is_empty() && self.regions.is_empty() && self.trails.is_empty())
    }

    /// Whether anything had to be there.
    pub fn expects(&self) -> bool {
        !(self.expected_accounts.is_empty() && self.expected_regions.is_empty())
    }
}

/// A part of the record that should be there, or left a trace, and has no chain of digests in the report: none of its time
/// is proven.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uncovered {
    /// Whose part, as far as it is known.
    pub scope: Scope,
    /// Why there is no chain.
    pub why: NoChain,
    /// The time that a chain would have to cover; none, where no beginning is known.
    pub time: Option<Span>,
}

/// Why a part of the record has no chain of digests in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoChain {
    /// There is no standard digest.
    Absent,
    /// Its folder could not be listed.
    Unlisted,
    /// The run ended before it was looked at.
    NotReached,
}

impl NoChain {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Absent, Self::Unlisted, Self::NotReached];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unlisted => "unlisted",
            Self::NotReached => "not-reached",
        }
    }
}

impl Uncovered {
    /// How long that time is, in seconds.
    pub fn seconds(&self) -> i64 {
        self.time.map_or(0, |time: Span| time.length().num_seconds())
    }

    /// The time between two moments, if there is any.
    pub fn between(start: Option<Time>, end: Time) -> Option<Span> {
        start.filter(|start| *start < end).map(|start| Span { start, end })
    }
}

/// Whether an object belongs to what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It does, and the totals count it.
    Asked,
    /// It was read for what it says of others, and no total counts it.
    Beside,
}

impl Part {
    /// The word used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "in",
            Self::Beside => "out",
        }
    }
}
