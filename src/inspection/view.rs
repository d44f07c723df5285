//! What a record amounts to, once it is judged.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{KeyCount, KeyFacts, SiteRecord, Strays};
use crate::chain::{Copied, Linked};
use crate::crypto::Fingerprint;
use crate::report::{Completion, Reached, Readings};
use crate::trail::{AccountRegion, ChainId, Location, ObjectName, Time};
use crate::verdict::{Class, Code, DigestVerdict, Finding, LogTally, LogVerdict, RecordedCall};

/// What one account and region amounts to.
#[derive(Debug)]
pub struct SiteView {
    /// Which one.
    pub place: AccountRegion,
    /// Where its folders lie.
    pub homes: Vec<Location>,
    /// Its chains.
    pub linked: Vec<Linked>,
    /// Chains that lie here and were delivered elsewhere.
    pub copies: Vec<Copied>,
    /// Whether the run came to its end.
    pub completion: Completion,
    /// Whether all of it was asked for before a store was gone, or the run was stopped.
    pub reached: Reached,
    /// Whether it is told to have log files and not one standard digest.
    pub absent: bool,
    /// Whether some of it could not be listed.
    pub unlisted: bool,
    /// The log files that digests name, by chain.
    pub logs_by_chain: BTreeMap<ChainId, LogTally>,
    /// What rests on earlier readings, by chain.
    pub carried_by_chain: BTreeMap<ChainId, Readings>,
    /// Days that were read earlier, the bytes of their log files, and when the oldest was read.
    pub carried: Readings,
    /// Log files that belong to no chain: unlisted, pending, unproven.
    pub loose_logs: LogTally,
    /// Bytes of log files as stored.
    pub compressed: u64,
    /// Bytes of log files after inflation.
    pub inflated: u64,
    /// The keys that proved digests in the window.
    pub keys: BTreeMap<Fingerprint, (KeyFacts, KeyCount)>,
    /// The newest end of any digest found.
    pub newest: Option<Time>,
    /// Telling calls that intact log files record.
    pub recorded_calls: Vec<RecordedCall>,
    /// What lies beside the record.
    pub strays: Strays,
    /// Kinds of log files that are there and that no digest names any of.
    pub unread_kinds: BTreeSet<Box<str>>,
}

/// What there is to tell, one at a time: there may be as much of it as the bucket's owner likes.
#[derive(Debug)]
pub enum Told {
    /// A finding.
    Finding(Finding),
    /// A finding that was told when its file was read.
    Again(Finding),
    /// Findings that are only counted.
    Counted(Class, Code, u64),
    /// A digest that should be there, and is not or not yet.
    AbsentDigest(ObjectName, DigestVerdict),
    /// A log file that no digest names.
    LooseLog(ObjectName, LogVerdict),
}

impl SiteView {
    /// What is known of it before anything is judged.
    pub(super) fn begun(record: &SiteRecord) -> Self {
        let unlisted = record.homes.values().any(|home| !home.unlisted.is_empty());
        let mut strays = Strays::default();
        record.homes.values().for_each(|home| strays.merge(home.strays.clone()));
        Self {
            place: record.place.clone(),
            homes: record.homes.keys().cloned().collect(),
            linked: Vec::new(),
            copies: Vec::new(),
            completion: record.completion,
            reached: record.reached,
            absent: false,
            unlisted,
            logs_by_chain: BTreeMap::new(),
            carried_by_chain: BTreeMap::new(),
            carried: Readings::default(),
            loose_logs: LogTally::default(),
            compressed: 0,
            inflated: 0,
            keys: BTreeMap::new(),
            newest: None,
            recorded_calls: Vec::new(),
            strays,
            unread_kinds: BTreeSet::new(),
        }
    }
}
