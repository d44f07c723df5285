//! What a finding is, with the facts that a reader can check it against. Its code, its class and its evidence follow from
//! it, and so does its sentence, which is put into words where it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Class, Code, Evidence};
use crate::crypto::{Authority, Fingerprint, Hash};
use crate::gzip;
use crate::trail::text::{moment, perhaps, shared};
use crate::trail::{Day, Location, Span, Time};

mod evidence;
mod facts;

pub use facts::*;

/// What was found. Each variant is of one code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    /// A digest is not there.
    DigestMissing(Sought),
    /// A digest is not there, and may still be under way.
    DigestPending(Sought, Due),
    /// A digest's signature does not fit it.
    DigestSignatureInvalid(BadSignature),
    /// A digest object does not hold a digest.
    DigestMalformed(NotADigest),
    /// A digest says that it belongs elsewhere.
    DigestRelocated {
        /// Which of its statements does not fit its place.
        field: Box<str>,
        /// What it says.
        claimed: Box<str>,
        /// What its place says.
        found: Box<str>,
    },
    /// A digest is not what its authentic successor recorded of it.
    DigestLinkBroken {
        /// The SHA-256 of its content, where that differs.
        content: Option<Differs<Hash>>,
        /// Its signature in hex, where that differs.
        signature: Option<Differs<Box<str>>>,
        /// Where the successor lies.
        successor: Folder,
    },
    /// No signature is at hand.
    DigestUnsigned(NoSignature),
    /// The key that a digest names is not at hand.
    DigestUnknownKey {
        /// The key.
        fingerprint: Fingerprint,
        /// Whose list was asked for it.
        authority: Authority,
    },
    /// A digest could not be read; the finding's cause says why.
    DigestUnreadable(Unread),
    /// A digest, or its metadata, names an algorithm that is not known.
    DigestAlgorithmUnsupported {
        /// The field that names it.
        field: Box<str>,
        /// What it names.
        found: Box<str>,
        /// Whether the digest is authentic all the same.
        signed: Signed,
    },
    /// A digest is authentic, and stored without compression.
    DigestUnpacked,
    /// Chains that AWS signed for another place.
    RecordCopied {
        /// Where they lie.
        copy: Location,
        /// Where they were delivered.
        delivered: Location,
        /// How many chains.
        chains: u64,
        /// How many digests of them.
        digests: u64,
        /// What is known of the place of delivery.
        original: Original,
    },
    /// A digest that an earlier run saw is gone.
    HeadLost(SeenHead, HeadLoss),
    /// A digest that an earlier run saw holds other bytes.
    HeadChanged {
        /// What that run saw.
        seen: SeenHead,
        /// The SHA-256 of what it holds now, where that inflates.
        actual: Option<Hash>,
    },
    /// A digest that an earlier run saw is gone, as all that is as old may be.
    HeadExpired {
        /// What that run saw.
        seen: SeenHead,
        /// How old it is, in days.
        days: i64,
        /// After how many days it may be gone, if the caller said so.
        retention_days: Option<i64>,
    },
    /// What a witness holds was changed.
    WitnessBroken {
        /// The witness, as the caller named it.
        witness: Box<str>,
        /// What is wrong with it.
        fault: Box<str>,
    },
    /// A witness could not tell all.
    WitnessUnreachable {
        /// The witness, as the caller named it.
        witness: Box<str>,
        /// What could not be had or is not believed of what it holds.
        fault: Box<str>,
    },
    /// A witness holds nothing yet, and nothing is known of it.
    WitnessEmpty {
        /// The witness, as the caller named it.
        witness: Box<str>,
    },
    /// A file of the ledger is not believed, or is not at hand.
    LedgerRejected {
        /// Its name.
        file: Box<str>,
        /// What is wrong with it.
        fault: LedgerFault,
    },
    /// Days of the ledger's that hold objects which were put in several pieces.
    MultipartUpload {
        /// How many days.
        days: u64,
        /// The first of them.
        first: Day,
    },
    /// A shard of a run over several machines handed in nothing.
    PartMissing(LostPart),
    /// A chain begins anew.
    ChainRestarted {
        /// The end of the digest before.
        #[serde(with = "moment")]
        before: Time,
    },
    /// A chain has no digest in the window, and some before it.
    ChainEnded {
        /// The end of the last.
        #[serde(with = "moment")]
        last: Time,
        /// What is said of that.
        how: EndOfChain,
    },
    /// An attested log file is not there.
    LogMissing {
        /// The attested SHA-256 of its inflated bytes.
        expected: Hash,
        /// What that may mean.
        gone: Absence,
    },
    /// A log file holds other bytes than were attested.
    LogModified {
        /// The attested SHA-256 of the inflated bytes, and that of those found.
        hash: Differs<Hash>,
        /// How many bytes were found.
        length: u64,
    },
    /// A log object is not one whole gzip member.
    LogMalformed {
        /// The attested SHA-256 of its inflated bytes.
        expected: Hash,
        /// What is wrong with it.
        fault: gzip::Fault,
    },
    /// A log file, or many, that no authentic digest names.
    LogUnlisted(UnlistedLog),
    /// A log file could not be read; the finding's cause says why.
    LogUnreadable,
    /// A log file, or many, that only digests name which are not authentic.
    LogUnproven(UnprovenLog),
    /// A log file, or many, that may still be named, or still be delivered.
    LogPending(PendingLog),
    /// A log file is intact, and stored without compression.
    LogUnpacked,
    /// Objects beside the record.
    StrayObjects {
        /// How many.
        count: u64,
    },
    /// The window begins before the coverage does.
    CoverageHead(Beginning),
    /// A hole inside the coverage.
    CoverageGap(Hole),
    /// The coverage ends before the window does, or nothing in it could be missed yet.
    CoverageTail(Ending),
    /// An account, region or trail without digests that should have some.
    RegionAbsent(AbsentPart),
    /// A folder was not listed.
    ListingUnreadable(NotListed),
    /// A bucket stopped answering, and the run ended early; the finding's cause says what failed last.
    StoreUnavailable {
        /// The bucket.
        #[serde(with = "shared")]
        bucket: Arc<str>,
        /// The latest time that the store has given as its own.
        #[serde(with = "perhaps", default)]
        last_answer: Option<Time>,
        /// What follows from it and is only counted.
        follows: BTreeMap<Code, u64>,
    },
    /// The public keys of a region could not be retrieved; the finding's cause says why.
    KeysUnavailable,
    /// A key was used outside its published window.
    KeyValidity {
        /// The key.
        fingerprint: Fingerprint,
        /// How many digests are signed with it then.
        digests: u64,
        /// The published window.
        window: Span,
    },
    /// Somebody changed, stopped or started a trail; the finding's cause is the call.
    TrailChanged {
        /// AWS's identifier of the call.
        event_id: Box<str>,
    },
    /// Somebody changed the bucket; the finding's cause is the call.
    BucketChanged {
        /// AWS's identifier of the call.
        event_id: Box<str>,
    },
    /// Somebody changed the key that encrypts the record; the finding's cause is the call.
    KeyChanged {
        /// AWS's identifier of the call.
        event_id: Box<str>,
    },
    /// More findings of one kind than a report holds: they are counted.
    NotHeld {
        /// What they are.
        code: Code,
        /// What they say about the record.
        class: Class,
        /// How many.
        count: u64,
    },
    /// As a report said it that was written before.
    Saved(Box<Saved>),
}

impl What {
    /// What a saved report says, of the class that its code has by itself, without evidence.
    pub fn saved(code: Code, message: impl Into<String>) -> Self {
        let (class, message, evidence) = (code.class(), message.into(), Evidence::none());
        Self::Saved(Box::new(Saved { code, class, message, evidence }))
    }

    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::DigestMissing(_) => Code::DigestMissing,
            Self::DigestPending(..) => Code::DigestPending,
            Self::DigestSignatureInvalid(_) => Code::DigestSignatureInvalid,
            Self::DigestMalformed(_) => Code::DigestMalformed,
            Self::DigestRelocated { .. } => Code::DigestRelocated,
            Self::DigestLinkBroken { .. } => Code::DigestLinkBroken,
            Self::DigestUnsigned(_) => Code::DigestUnsigned,
            Self::DigestUnknownKey { .. } => Code::DigestUnknownKey,
            Self::DigestUnreadable(_) => Code::DigestUnreadable,
            Self::DigestAlgorithmUnsupported { .. } => Code::DigestAlgorithmUnsupported,
            Self::DigestUnpacked => Code::DigestUnpacked,
            Self::RecordCopied { .. } => Code::RecordCopied,
            Self::HeadLost(..) => Code::HeadLost,
            Self::HeadChanged { .. } => Code::HeadChanged,
            Self::HeadExpired { .. } => Code::HeadExpired,
            Self::WitnessBroken { .. } => Code::WitnessBroken,
            Self::WitnessUnreachable { .. } => Code::WitnessUnreachable,
            Self::WitnessEmpty { .. } => Code::WitnessEmpty,
            Self::LedgerRejected { .. } => Code::LedgerRejected,
            Self::MultipartUpload { .. } => Code::MultipartUpload,
            Self::PartMissing(_) => Code::PartMissing,
            Self::ChainRestarted { .. } => Code::ChainRestarted,
            Self::ChainEnded { .. } => Code::ChainEnded,
            Self::LogMissing { .. } => Code::LogMissing,
            Self::LogModified { .. } => Code::LogModified,
            Self::LogMalformed { .. } => Code::LogMalformed,
            Self::LogUnlisted(_) => Code::LogUnlisted,
            Self::LogUnreadable => Code::LogUnreadable,
            Self::LogUnproven(_) => Code::LogUnproven,
            Self::LogPending(_) => Code::LogPending,
            Self::LogUnpacked => Code::LogUnpacked,
            Self::StrayObjects { .. } => Code::StrayObjects,
            Self::CoverageHead(_) => Code::CoverageHead,
            Self::CoverageGap(_) => Code::CoverageGap,
            Self::CoverageTail(_) => Code::CoverageTail,
            Self::RegionAbsent(_) => Code::RegionAbsent,
            Self::ListingUnreadable(_) => Code::ListingUnreadable,
            Self::StoreUnavailable { .. } => Code::StoreUnavailable,
            Self::KeysUnavailable => Code::KeysUnavailable,
            Self::KeyValidity { .. } => Code::KeyValidity,
            Self::TrailChanged { .. } => Code::TrailChanged,
            Self::BucketChanged { .. } => Code::BucketChanged,
            Self::KeyChanged { .. } => Code::KeyChanged,
            Self::NotHeld { code, .. } => *code,
            Self::Saved(saved) => saved.code,
        }
    }

    /// What it says about the record: what its code says, unless the circumstances make it less.
    pub fn class(&self) -> Class {
        match self {
            Self::NotHeld { class, .. } => *class,
            Self::Saved(saved) => saved.class,
            Self::DigestPending(_, Due::LongAgo)
            | Self::DigestUnsigned(NoSignature::NotKept(_))
            | Self::DigestUnknownKey {
                authority: Authority::File | Authority::Refused(_) | Authority::Nobody,
                ..
            }
            | Self::HeadLost(_, HeadLoss::CopyIsOlder)
            | Self::LogUnlisted(
                UnlistedLog::Covered { due: Settling::Young, .. }
                | UnlistedLog::Uncovered { .. }
                | UnlistedLog::OddName
                | UnlistedLog::Crowd(_),
            )
            | Self::LogPending(PendingLog::NotThereYet { due: Due::LongAgo, .. }) => Class::Incomplete,
            Self::RecordCopied { original: Original::Here, .. }
            | Self::HeadExpired { retention_days: Some(_), .. }
            | Self::ChainEnded { how: EndOfChain::Acknowledged { .. } | EndOfChain::GoesOn { .. }, .. } => {
                Class::Notice
            }
            _ => self.code().class(),
        }
    }
}
