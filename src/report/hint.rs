//! What stands beside the findings: what a reader should do or know, and what a run did not establish.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::trail::{Ended, ObjectName, Span, Time, Window};
use crate::verdict::{Code, Retries};

/// What a reader should do or know beside the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// In the words of the caller, or of a report that was written before.
    Said(String),
    /// No account and region is in scope.
    NothingInScope,
    /// So many accounts and regions are in scope, and nothing of the window is in them.
    NothingInWindow(usize),
    /// The window lies in the future.
    WindowInTheFuture,
    /// A folder without a given end was judged as of its newest object, which is so old.
    AsOfNewestObject {
        /// When that was written.
        newest: Time,
        /// How long ago that is.
        age: TimeDelta,
    },
    /// The newest object of a folder is older than the window, which begins then.
    FolderIsOlder(Time),
    /// The window ends after the moment of asking.
    EndsInTheFuture {
        /// Where it ends.
        end: Time,
        /// The moment of asking.
        now: Time,
    },
    /// Findings of these codes count as notices.
    Accepted(BTreeSet<Code>),
    /// So often somebody had to be asked again.
    Retried(Retries),
    /// A listing was refused.
    ListingRefused,
    /// Objects were refused.
    ObjectsRefused,
    /// Some digests have no signature at hand.
    NoSignatures,
    /// Some keys are not at hand.
    UnknownKeys,
    /// So many findings were counted and are not in the report.
    NotHeld(u64),
    /// Log files that are missing in their place lie in another.
    Moved {
        /// How many.
        count: usize,
        /// Where the first lies.
        lies_at: ObjectName,
        /// Where it belongs.
        belongs_at: ObjectName,
    },
    /// Findings of these codes look like those of a copy that was broken off; those of the others don't.
    UnfinishedCopy {
        /// Codes of findings that do.
        like: BTreeSet<Code>,
        /// Codes of findings that say tampering and don't.
        unlike: BTreeSet<Code>,
    },
    /// Chains ended before the window.
    AcknowledgeEnded {
        /// Lines that acknowledge them: the first.
        lines: Vec<Ended>,
        /// How many more such lines there are.
        more: usize,
    },
    /// These words speak of chains that go on.
    NeedlessEnded(Vec<Ended>),
    /// Folders that are laid out as other AWS services' were not looked into.
    PassedOver {
        /// How many.
        count: u64,
        /// Some of them.
        folders: Vec<String>,
    },
}

/// What a run did not establish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotProven {
    /// In the words of a report that was written before.
    Said(String),
    /// That CloudTrail recorded every event. No check of a record can establish it.
    EveryEvent,
    /// Who deleted or changed what is missing or modified. No check of a record can establish it.
    WhoDidIt,
    /// That no newer digest existed which nothing links to. No check of a record can establish it.
    NothingNewer,
    /// Anything about files outside the window.
    OutsideTheWindow(Window),
    /// That no trail which ended before this moment should have gone on; with an open start, no trail at all.
    EndedBefore(Option<Time>),
    /// That regions and accounts without any trace never recorded anything.
    WithoutTrace,
    /// The time between what an earlier run saw and the window.
    BeforeTheWindow(Span),
    /// That objects which are listed as they were when an earlier run read them can be read, and by the same keys.
    CarriedAsListed,
    /// That record, ledger and every witness were not put back together to what they were.
    AllPutBack,
    /// That nobody who may write to the ledger made up what it says.
    UnsealedLedger,
    /// Anything about accounts, regions and trails other than those asked for.
    OutOfScope,
    /// That log files are present or intact, or that none was forged.
    LogFiles,
    /// That the content of log files is intact.
    LogContent,
    /// Where the record should begin.
    Beginning,
    /// Anything that was not read before the store stopped answering.
    AfterTheOutage,
    /// Anything that the run had not reached when it was interrupted.
    NotReached,
    /// Anything about log files of these kinds.
    Kinds(BTreeSet<Box<str>>),
}

impl NotProven {
    /// What no check of a record can establish, whatever was asked of it.
    pub const NEVER: [Self; 3] = [Self::EveryEvent, Self::WhoDidIt, Self::NothingNewer];
}
