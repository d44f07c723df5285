//! Judges log files: those that authentic digests name by their bytes, those that none names by their place and time.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::crypto::Hash;
use crate::digest::{LogEntry, NamedBy};
use crate::gzip;
use crate::trail::key::{DIGEST_FOLDER, LOG_FOLDER, LogKey};
use crate::trail::{ChainId, Day, Location, ObjectName, Time, Window};
use crate::verdict::what::{Absence, AbsentPart, Differs, Due, PendingLog, What};
use crate::verdict::{Cause, Finding, LogVerdict, Scope, Unseen};

mod names;
mod odd;
mod present;
pub use names::{Names, ShortName};
pub use odd::{Oddity, oddity, unlisted as odd_file};
pub use present::{Candidate, Claims, PresentTerms};

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
    /// The day of that digest: the file counts for it, wherever it lies.
    pub day: Day,
}

/// What was seen of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It was read and inflated.
    Inflated(gzip::Inflated),
    /// It was read, is not gzip data, and hashes to this as it is.
    Plain(gzip::Inflated),
    /// It was read and is not one whole gzip member.
    Malformed(gzip::Fault),
    /// A complete listing shows it; its bytes were not asked for.
    Listed,
    /// The store, or a complete listing, says that it is not there.
    Gone,
    /// It could not be looked at.
    Unseen(Unseen),
}

/// The verdict on an attested log file, and what is worth telling about it. One that is not there may still be under way
/// if it was delivered after `grace_cutoff`: deliveries arrive out of order, and so do replicas and copies.
pub fn judge(work: &LogWork, observation: &Observation, grace_cutoff: Time) -> (LogVerdict, Option<Finding>) {
    let delivered = LogKey::parse(&work.object.key).map(|key| key.delivered);
    let expected = work.hash;
    let (verdict, what) = match observation {
        Observation::Inflated(inflated) if inflated.hash == expected => return (LogVerdict::Intact, None),
        Observation::Listed => return (LogVerdict::Present, None),
        Observation::Plain(plain) if plain.hash == expected => (LogVerdict::Intact, What::LogUnpacked),
        Observation::Inflated(gzip::Inflated { hash, length, .. }) => {
            let hash = Differs { expected, actual: *hash };
            (LogVerdict::Modified, What::LogModified { hash, length: *length })
        }
        Observation::Plain(_) => {
            (LogVerdict::Malformed, What::LogMalformed { expected, fault: gzip::Fault::NotGzip })
        }
        Observation::Malformed(fault) => {
            (LogVerdict::Malformed, What::LogMalformed { expected, fault: *fault })
        }
        Observation::Gone if delivered.is_some_and(|delivered| delivered > grace_cutoff) => {
            let pending = PendingLog::NotThereYet { expected, due: Due::StillDue };
            (LogVerdict::Pending, What::LogPending(pending))
        }
        Observation::Gone => (LogVerdict::Missing, What::LogMissing { expected, gone: Absence::Established }),
        Observation::Unseen(Unseen::Interrupted) => return (LogVerdict::NotReached, None),
        Observation::Unseen(_) => (LogVerdict::Unreadable, What::LogUnreadable),
    };
    let mut finding = Finding::new(what, &*work.chain);
    finding.object = Some(work.object.clone());
    finding.digest = Some(ObjectName::clone(&work.digest));
    finding.at = delivered;
    if let Observation::Unseen(unseen) = observation {
        finding.cause = Some(Cause::Unseen(unseen.clone()));
    }
    (verdict, Some(finding))
}

/// All that the digests of a day, and of the hours next to it, say about log files of one account and region: digests of
/// every trail that delivers there, because trails share log folders and a file is accused only if none of them names it.
#[derive(Debug)]
pub struct Attestation {
    named_by: NamedBy,
    attested: Names<ExpectedHash>,
    /// Names that were asked for with more than one hash, and the hashes after the first.
    disputed: HashSet<(ObjectName, Hash)>,
    unproven: Names<Arc<ObjectName>>,
    kinds: BTreeSet<Box<str>>,
}

/// Whether an attested file is verified, and against which hash: a quarter of its bits will do to tell apart two that
/// AWS signed. Small, because a record has millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ExpectedHash(u32);

impl ExpectedHash {
    const NOT_YET: Self = Self(0);

    fn with(hash: &Hash) -> Self {
        let [a, b, c, d, ..] = *hash.bytes();
        Self(u32::from_le_bytes([a, b, c, d]).max(1))
    }
}

impl Attestation {
    /// Nothing said yet.
    pub fn new(named_by: NamedBy) -> Self {
        Self {
            named_by,
            attested: Names::default(),
            disputed: HashSet::new(),
            unproven: Names::default(),
            kinds: BTreeSet::from([LOG_FOLDER.into()]),
        }
    }

    /// Notes a log file that an authentic digest names and that is not to be verified for it.
    pub fn attest(&mut self, log: &LogEntry) -> Naming {
        self.note_kind(&log.object);
        self.attested.entry(self.name(&log.object)).or_insert(ExpectedHash::NOT_YET);
        Naming::Noted
    }

    /// Notes a log file that an authentic digest names and that is to be verified, unless it was asked for before with this
    /// hash: that is harmless, and verified already.
    pub fn ask(&mut self, LogEntry { object, hash }: &LogEntry) -> Naming {
        self.note_kind(object);
        let now = ExpectedHash::with(hash);
        let first = match self.attested.entry(self.name(object)) {
            Entry::Vacant(vacant) => {
                vacant.insert(now);
                true
            }
            Entry::Occupied(mut asked) if *asked.get() == ExpectedHash::NOT_YET => {
                asked.insert(now);
                true
            }
            Entry::Occupied(asked) if *asked.get() == now => false,
            Entry::Occupied(_) => self.disputed.insert((self.named_by.handle(object), *hash)),
        };
        if first { Naming::ToBeVerified } else { Naming::Noted }
    }

    /// Notes a log file that only a digest which is not authentic is known to name.
    pub fn claim(&mut self, object: &ObjectName, digest: &Arc<ObjectName>) {
        self.unproven.entry(self.name(object)).or_insert_with(|| Arc::clone(digest));
    }

    /// Whether an authentic digest names a file.
    pub fn names(&self, object: &ObjectName) -> bool {
        self.attested.contains_key(&self.name(object))
    }

    /// The digest that claims a file, where none that is authentic names it.
    pub fn claimant(&self, object: &ObjectName) -> Option<&Arc<ObjectName>> {
        self.unproven.get(&self.name(object))
    }

    /// Kinds of log files that these chains have listed; other kinds may not be in digests at all.
    pub fn kinds(&self) -> &BTreeSet<Box<str>> {
        &self.kinds
    }

    fn note_kind(&mut self, object: &ObjectName) {
        // Nearly every file is of the one kind every trail delivers, and says so twice in its own name.
        if let Some(kind) = kind_of(&object.key).filter(|kind| !self.kinds.contains(*kind)) {
            self.kinds.insert(kind.into());
        }
    }

    fn name(&self, object: &ObjectName) -> ShortName {
        ShortName::of(self.named_by, object)
    }
}

/// The kind of a log file, by the name itself: `ACCOUNT_KIND_REGION_…`. A prefix may hold anything.
fn kind_of(key: &str) -> Option<&str> {
    key.rsplit('/').next()?.split('_').nth(1).filter(|kind| *kind != DIGEST_FOLDER)
}

/// What follows from a log file being named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// It is to be verified against the hash it is named with.
    ToBeVerified,
    /// Nothing more.
    Noted,
}

/// The finding for a place that has log files of an account and region in the window and not one digest.
pub fn region_absent(
    scope: impl Into<Scope>,
    home: &Location,
    window: &Window,
    (first_log, count): (&ObjectName, u64),
) -> Finding {
    let absent = AbsentPart::LogsAlone { count, first: first_log.to_string().into(), home: home.clone() };
    let mut finding = Finding::new(What::RegionAbsent(absent), scope);
    finding.at = window.start();
    finding.cause = Some(Cause::Unexplained);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_verified_once_against_each_hash_that_names_it() {
        let mut attestation = Attestation::new(NamedBy::BucketAndKey);
        let log = |bucket: &str, text: &str| LogEntry {
            object: ObjectName::new(bucket, "log"),
            hash: Hash::of(text.as_bytes()),
        };
        let logs = ["one", "two"].map(|text| log("bucket", text));
        assert_eq!(attestation.attest(&logs[0]), Naming::Noted);
        let asked = [0, 1, 0, 1, 1, 0].map(|at| attestation.ask(&logs[at]));
        assert_eq!(asked[..2], [Naming::ToBeVerified, Naming::ToBeVerified]);
        assert!(asked[2..].iter().all(|naming| *naming == Naming::Noted));
        assert_eq!(attestation.ask(&log("elsewhere", "one")), Naming::ToBeVerified);
    }

    #[test]
    fn a_million_names_take_sixteen_bytes_each() {
        assert_eq!(size_of::<(ShortName, ExpectedHash)>(), 16);
    }
}
