//! What an earlier run saw, and whether it is still there.

use super::{ChainReport, Newest, Report};
use crate::crypto::Hash;
use crate::trail::{ChainId, ObjectName, Span, Time};

/// The newest authentic digest of a chain, as an earlier run saw it. AWS's signature makes it a fact, whatever became of
/// that run: it commits to all that the chain was up to there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The chain.
    pub chain: ChainId,
    /// The digest.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    /// Its end.
    pub end: Time,
}

/// The heads that one earlier run saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Where it was read.
    pub place: String,
    /// SHA-256 of what was read.
    pub hash: Hash,
    /// The seal it is, and who signed it; of a report nobody did.
    pub sealed: Option<SealedBy>,
    /// The heads.
    pub heads: Vec<Head>,
}

/// The seal that heads were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBy {
    /// Its number.
    pub number: u64,
    /// The keys that signed it and are trusted, by their names.
    pub keys: Vec<String>,
}

impl Baseline {
    /// What a run saw, by its report; `place` is where that was read, and `hash` what it hashes to.
    pub fn of(report: &Report, place: impl Into<String>, hash: Hash) -> Self {
        let heads = report.chains.iter().filter_map(ChainReport::head).collect();
        Self { place: place.into(), hash, sealed: None, heads }
    }
}

impl ChainReport {
    /// What a later run can be held to.
    pub fn head(&self) -> Option<Head> {
        let Newest { object, hash, end } = self.newest.clone()?;
        Some(Head { chain: self.id.clone(), object, hash, end })
    }
}

/// A baseline, as it was held against the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTo {
    /// Where it was read.
    pub place: String,
    /// SHA-256 of what was read.
    pub hash: Hash,
    /// The seal it is, and who signed it.
    pub sealed: Option<SealedBy>,
    /// Heads that were looked at.
    pub heads: u64,
    /// Heads that lie outside of what was asked for, or elsewhere.
    pub not_checked: u64,
    /// Those that were there as they were seen: for who seals this run, and not in its report.
    pub unchanged: Vec<Head>,
    /// The time between the oldest of those heads and the window: nobody has looked at it.
    pub before_the_window: Option<Span>,
}
