//! Judges log files that are there and that no authentic digest names, by their place and time.
//!
//! Digests list files by the time of delivery; a file's name carries another time: minutes earlier as a rule, days earlier
//! on redelivery (CloudTrail User Guide, "Getting and viewing your CloudTrail log files"). So a file is accused only where
//! the digests of every trail span all of the time from its name to its delivery.

use chrono::TimeDelta;

use crate::chain::{JointCoverage, Loss, Uncertainty};
use crate::trail::key::LogKey;
use crate::trail::{AccountRegion, ObjectName, Origin, Span, Time};
use crate::verdict::what::{Obstacle, PendingLog, Settling, UnlistedLog, UnprovenLog, What};
use crate::verdict::{Finding, LogVerdict};

/// AWS rounds the minute in a log file's name up to the next five.
const NAME_ROUNDING: TimeDelta = TimeDelta::minutes(5);
/// A file delivered at the very end of an hour may be named by the next digest.
const HANDOVER: TimeDelta = TimeDelta::minutes(15);
/// CloudTrail tries to deliver a log file again for so long (CloudTrail User Guide, "Amazon S3 bucket policy for
/// CloudTrail").
pub const REDELIVERY: TimeDelta = TimeDelta::days(30);
/// The time that a digest spans.
const HOUR: TimeDelta = TimeDelta::hours(1);
/// A name may lie so far in the future: it is rounded up, and clocks differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(15);

/// A log file that is there and that no authentic digest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub object: ObjectName,
    /// The time in its name.
    pub named: Time,
    /// When it was written, by the store's word.
    pub modified: Option<Time>,
}

/// What log files that are there are held to.
#[derive(Debug, Clone, Copy)]
pub struct PresentTerms<'a> {
    /// Whose folder they lie in.
    pub place: &'a AccountRegion,
    /// What the digests of all trails settle there, also beyond the window.
    pub coverage: &'a JointCoverage,
    /// The moment the record is judged at.
    pub as_of: Time,
    /// The latest moment known to have come: by this machine's clock, the store's, or an authentic digest.
    pub now: Time,
    /// How long a file may be in no digest.
    pub grace: TimeDelta,
    /// Whether the store's dates are those of delivery.
    pub origin: Origin,
}

impl Candidate {
    /// Reads an object's name; none, if it is not that of a log file in this folder.
    pub fn new(object: ObjectName, key: &LogKey, modified: Option<Time>) -> Self {
        Self { object, named: key.delivered, modified }
    }

    /// When it was delivered: in the place of delivery by the store's word, as far as that can be; else at the time of its
    /// name.
    fn delivered(&self, origin: Origin) -> Time {
        match (origin, self.modified) {
            (Origin::Delivered, Some(modified)) => modified.clamp(self.named, self.named + REDELIVERY),
            (Origin::Copied | Origin::Folder, _) | (_, None) => self.named,
        }
    }

    /// A digest that names it ends no later than this.
    pub fn named_by(&self, origin: Origin) -> Time {
        let delivered = match origin {
            Origin::Delivered => self.delivered(origin),
            // When it was delivered is not known.
            Origin::Copied | Origin::Folder => self.named + REDELIVERY,
        };
        delivered + HANDOVER + HOUR
    }
}

impl PresentTerms<'_> {
    /// Whether the time in its name is covered.
    pub fn covers_the_name_of(&self, candidate: &Candidate) -> bool {
        self.coverage.covers(at_name(candidate.named))
    }

    /// What can be said of a log file that is there and that no authentic digest names; `claimant` is the digest that does,
    /// if one does that is not authentic.
    pub fn judge(&self, candidate: &Candidate, claimant: Option<&ObjectName>) -> (LogVerdict, Finding) {
        let named = candidate.named;
        let delivered = candidate.delivered(self.origin);
        let at_name = at_name(named);
        let to_delivery = Span { end: delivered.max(named) + HANDOVER, ..at_name };
        let written = Some(delivered).filter(|delivered| *delivered > named + HANDOVER);
        if named > self.now + CLOCKS {
            let unlisted = UnlistedLog::DatedInTheFuture { now: self.now, written };
            return (LogVerdict::Unlisted, told(candidate, self, What::LogUnlisted(unlisted)));
        }
        if let Some(digest) = claimant {
            let mut unproven = told(candidate, self, What::LogUnproven(UnprovenLog::Claimed { written }));
            unproven.digest = Some(digest.clone());
            return (LogVerdict::Unproven, unproven);
        }
        let named_by = candidate.named_by(self.origin).min(self.as_of);
        // Where the time of delivery is not known, any digest there is may be the one that names it.
        let until = Span { end: named_by.max(to_delivery.end), ..to_delivery };
        let doubtful = self.origin != Origin::Delivered && self.coverage.unheard(until).is_some();
        if self.coverage.covers(to_delivery) && !doubtful {
            let due = if self.as_of - delivered < self.grace { Settling::Young } else { Settling::Settled };
            let unlisted = UnlistedLog::Covered { delivered, written, due };
            return (LogVerdict::Unlisted, told(candidate, self, What::LogUnlisted(unlisted)));
        }
        if !self.coverage.covers(at_name) && self.as_of - named < self.grace {
            let pending = PendingLog::NotNamedYet { written };
            return (LogVerdict::Pending, told(candidate, self, What::LogPending(pending)));
        }
        let stretch = if doubtful { until } else { to_delivery };
        (LogVerdict::Unlisted, uncovered(candidate, self, stretch, written))
    }

    /// What can be said of many of them, of which only the time of the oldest name is known: nothing that accuses anybody.
    pub fn judge_many(&self, oldest: Time, claims: Claims) -> LogVerdict {
        match claims {
            Claims::Some => LogVerdict::Unproven,
            Claims::None if self.as_of - oldest < self.grace => LogVerdict::Pending,
            Claims::None => LogVerdict::Unlisted,
        }
    }
}

/// The time that the minute in a log file's name stands for.
fn at_name(named: Time) -> Span {
    Span { start: named - NAME_ROUNDING, end: named + HANDOVER }
}

/// Whether digests that are not authentic name a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claims {
    /// One does.
    Some,
    /// None does.
    None,
}

/// A file of a time that is not covered: it can be neither proven nor accused, and what keeps the time open is told.
fn uncovered(
    candidate: &Candidate,
    terms: &PresentTerms<'_>,
    stretch: Span,
    written: Option<Time>,
) -> Finding {
    let obstacle = terms.coverage.obstacle(stretch);
    let why = match obstacle {
        None => Obstacle::NoDigests,
        Some(Uncertainty::Hole(chain)) => Obstacle::Hole(chain.trail.clone()),
        Some(Uncertainty::Digest(_, Loss::Absent)) => Obstacle::DigestAbsent,
        Some(Uncertainty::Digest(_, Loss::Refuted)) => Obstacle::DigestRefuted,
        Some(Uncertainty::Digest(_, Loss::Open)) => Obstacle::DigestUnchecked,
    };
    let mut finding = told(candidate, terms, What::LogUnlisted(UnlistedLog::Uncovered { why, written }));
    if let Some(Uncertainty::Digest(digest, _)) = obstacle {
        finding.digest = Some(digest.clone());
    }
    finding
}

fn told(candidate: &Candidate, terms: &PresentTerms<'_>, what: What) -> Finding {
    let mut finding = Finding::new(what, terms.place);
    finding.object = Some(candidate.object.clone());
    finding.at = Some(candidate.named);
    finding
}
