//! Judges log files: those that authentic digests name by their bytes, those that none names by their place and time.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::crypto::Hash;
use crate::digest::Certainty;
use crate::gzip;
use crate::report::Window;
use crate::trail::key::{LOG_FOLDER, LogKey};
use crate::trail::{AccountRegion, ChainId, ObjectName, Span, Time, format_time};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, LogVerdict, Unseen};

mod names;
pub use names::{Names, ShortName};

/// A log file that an authentic digest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogWork {
    /// Its name.
    pub object: ObjectName,
    /// What its inflated bytes have to hash to.
    pub hash: Hash,
    /// The digest that names it.
    pub digest: Arc<ObjectName>,
    /// The chain of that digest.
    pub chain: Arc<ChainId>,
}

/// What was seen of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It was read and inflated.
    Inflated(gzip::Inflated),
    /// It was read and is not one whole gzip member.
    Malformed(gzip::Fault),
    /// A complete listing shows it; its bytes were not asked for.
    Listed,
    /// The store, or a complete listing, says that it is not there.
    Gone,
    /// It could not be looked at.
    Unseen(Unseen),
}

/// The verdict on an attested log file, and what is worth telling about it.
pub fn judge(work: &LogWork, observation: &Observation) -> (LogVerdict, Option<Finding>) {
    let tell = |verdict, code, message: String, evidence, cause| {
        let mut finding = Finding::new(code, &*work.chain, message);
        finding.object = Some(work.object.clone());
        finding.digest = Some(ObjectName::clone(&work.digest));
        finding.at = LogKey::parse(&work.object.key).map(|key| key.delivered);
        finding.evidence = evidence;
        finding.cause = cause;
        (verdict, Some(finding))
    };
    match observation {
        Observation::Inflated(inflated) if inflated.hash == work.hash => (LogVerdict::Intact, None),
        Observation::Listed => (LogVerdict::Present, None),
        Observation::Inflated(inflated) => tell(
            LogVerdict::Modified,
            Code::LogModified,
            "the file's content is not what CloudTrail delivered".into(),
            Evidence::none()
                .with("expected_hash", work.hash.to_string())
                .with("actual_hash", inflated.hash.to_string())
                .with("actual_length", inflated.length),
            None,
        ),
        Observation::Malformed(fault) => tell(
            LogVerdict::Malformed,
            Code::LogMalformed,
            format!("the file is not as CloudTrail delivered it: {fault}"),
            Evidence::none().with("expected_hash", work.hash.to_string()),
            None,
        ),
        Observation::Gone => tell(
            LogVerdict::Missing,
            Code::LogMissing,
            "a digest names this file, and it is not there".into(),
            Evidence::none().with("expected_hash", work.hash.to_string()),
            None,
        ),
        Observation::Unseen(unseen) => tell(
            LogVerdict::Unreadable,
            Code::LogUnreadable,
            format!("the file could not be read: {}", unseen.detail()),
            Evidence::none(),
            Some(Cause::Unseen(unseen.clone())),
        ),
    }
}

/// AWS rounds the minute in a log file's name up to the next five.
const NAME_ROUNDING: TimeDelta = TimeDelta::minutes(5);
/// A file delivered at the very end of an hour may be named by the next digest.
const HANDOVER: TimeDelta = TimeDelta::minutes(15);

/// All that digests of one account and region say about log files: of every trail that delivers there, because
/// trails share log folders and a file is accused only if none of them names it.
#[derive(Debug)]
pub struct Attestation {
    certainty: Certainty,
    attested: Names<Asked>,
    /// Names that were asked for with more than one hash, and the hashes after the first.
    disputed: HashSet<(ObjectName, Hash)>,
    unproven: Names<Arc<ObjectName>>,
    kinds: BTreeSet<Box<str>>,
}

/// Whether an attested file is verified, and against which hash: a quarter of its bits will do to tell apart two that
/// AWS signed. Small, because a record has millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked(u32);

impl Asked {
    const NOT_YET: Self = Self(0);

    fn with(hash: &Hash) -> Self {
        let [a, b, c, d, ..] = *hash.bytes();
        Self(u32::from_le_bytes([a, b, c, d]).max(1))
    }
}

impl Attestation {
    /// Nothing said yet.
    pub fn new(certainty: Certainty) -> Self {
        Self {
            certainty,
            attested: Names::default(),
            disputed: HashSet::new(),
            unproven: Names::default(),
            kinds: BTreeSet::from([LOG_FOLDER.into()]),
        }
    }

    /// Notes a log file that an authentic digest names.
    pub fn attest(&mut self, object: &ObjectName) {
        self.note_kind(object);
        self.attested.entry(self.name(object)).or_insert(Asked::NOT_YET);
    }

    /// Notes that an attested log file is to be verified. Says whether it is the first time with this hash.
    pub fn ask(&mut self, object: &ObjectName, hash: &Hash) -> Naming {
        let now = Asked::with(hash);
        let first = match self.attested.entry(self.name(object)) {
            Entry::Vacant(vacant) => {
                vacant.insert(now);
                true
            }
            Entry::Occupied(mut asked) if *asked.get() == Asked::NOT_YET => {
                asked.insert(now);
                true
            }
            Entry::Occupied(asked) if *asked.get() == now => false,
            Entry::Occupied(_) => self.disputed.insert((self.certainty.handle(object), *hash)),
        };
        match first {
            true => Naming::First,
            false => Naming::Repeated,
        }
    }

    /// Notes a log file that only a rejected digest is known to name.
    pub fn claim(&mut self, object: &ObjectName, digest: &Arc<ObjectName>) {
        self.unproven.entry(self.name(object)).or_insert_with(|| Arc::clone(digest));
    }

    /// Kinds of log files that these chains have listed; other kinds may not be in digests at all.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| &**kind)
    }

    /// The verdict on a log object that is there; none if an authentic digest names it.
    pub fn judge_present(
        &self,
        object: &ObjectName,
        key: &LogKey,
        terms: &PresentTerms<'_>,
    ) -> Option<(LogVerdict, Finding)> {
        let name = self.name(object);
        if self.attested.contains_key(&name) || !self.kinds.contains(&key.kind) {
            return None;
        }
        let stretch = Span { start: key.delivered - NAME_ROUNDING, end: key.delivered + HANDOVER };
        let covered = terms.spans.iter().any(|span| span.start <= stretch.start && stretch.end <= span.end);
        let (verdict, code, class, message) = if let Some(digest) = self.unproven.get(&name) {
            let message = format!("only {digest} names this file, and that digest is not authentic");
            (LogVerdict::Unproven, Code::LogUnproven, Class::Incomplete, message)
        } else if terms.as_of - key.delivered < terms.grace {
            let message = "not in a digest yet; it is young enough for that".to_owned();
            (LogVerdict::Pending, Code::LogPending, Class::Notice, message)
        } else if covered {
            let message = format!(
                "no digest names this file, although authentic digests cover {}, the time of its delivery",
                format_time(key.delivered)
            );
            (LogVerdict::Unlisted, Code::LogUnlisted, Class::Tamper, message)
        } else {
            let message = "no digest names this file; the time of its delivery is not covered".to_owned();
            (LogVerdict::Unlisted, Code::LogUnlisted, Class::Incomplete, message)
        };
        let mut finding = Finding::new(code, terms.place, message);
        finding.class = class;
        finding.object = Some(object.clone());
        finding.digest = self.unproven.get(&name).map(|digest| ObjectName::clone(digest));
        finding.at = Some(key.delivered);
        Some((verdict, finding))
    }

    fn note_kind(&mut self, object: &ObjectName) {
        // Nearly every file is of the one kind every trail delivers; only the others are worth parsing.
        if object.key.contains("/CloudTrail/") {
            return;
        }
        if let Some(key) = LogKey::parse(&object.key) {
            self.kinds.insert(key.kind);
        }
    }

    fn name(&self, object: &ObjectName) -> ShortName {
        ShortName::of(self.certainty, object)
    }
}

/// Whether a log file was asked for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// For the first time.
    First,
    /// Again, with the same hash: harmless, and verified already.
    Repeated,
}

/// What a log object that is there is held to.
#[derive(Debug, Clone, Copy)]
pub struct PresentTerms<'a> {
    /// Whose folder it lies in.
    pub place: &'a AccountRegion,
    /// What authentic digests of all chains there span, also beyond the window: sorted, disjoint.
    pub spans: &'a [Span],
    /// The moment the record is judged at.
    pub as_of: Time,
    /// How long a file may be in no digest.
    pub grace: TimeDelta,
}

/// The finding for an account and region that has log files in the window and no digests at all.
pub fn region_absent(place: &AccountRegion, window: &Window, first_log: &ObjectName) -> Finding {
    let message = "there are log files of this account and region in the window, and not one digest";
    let mut finding = Finding::new(Code::RegionAbsent, place, message);
    finding.evidence = Evidence::none().with("first_log", first_log.to_string());
    finding.at = window.start;
    finding.cause = Some(Cause::Unexplained);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_verified_once_against_each_hash_that_names_it() {
        let mut attestation = Attestation::new(Certainty::BucketAndKey);
        let (file, hashes) = (ObjectName::new("bucket", "log"), [b"one", b"two"].map(|text| Hash::of(text)));
        attestation.attest(&file);
        let asked = [0, 1, 0, 1, 1, 0].map(|at| attestation.ask(&file, &hashes[at]));
        assert_eq!(asked[..2], [Naming::First, Naming::First]);
        assert!(asked[2..].iter().all(|naming| *naming == Naming::Repeated));
        assert_eq!(attestation.ask(&ObjectName::new("elsewhere", "log"), &hashes[0]), Naming::First);
    }

    #[test]
    fn a_million_names_take_sixteen_bytes_each() {
        assert_eq!(size_of::<(ShortName, Asked)>(), 16);
    }
}
