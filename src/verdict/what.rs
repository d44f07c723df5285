//! What a finding is, with the facts that a reader can check it against. Its code, its class and its evidence follow from
//! it, and so does its sentence, which is put into words where it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Class, Code, DigestVerdict, Evidence};
use crate::crypto::{Authority, Fingerprint, Hash};
use crate::gzip;
use crate::trail::text::{moment, perhaps, shared};
use crate::trail::{AccountId, Ended, Location, OrganizationId, Region, Span, Time, TrailName};

mod evidence;

/// Defines kinds of facts: values that are compared, ordered and kept with the finding they belong to.
macro_rules! facts {
    ($($(#[$doc:meta])* pub $kind:ident $name:ident { $($body:tt)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
            #[serde(rename_all = "kebab-case")]
            #[non_exhaustive]
            pub $kind $name { $($body)* }
        )*
    };
}

facts! {
    /// What was found. Each variant is of one code.
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

    /// How it is known that a digest should be there.
    pub enum Sought {
        /// It was listed.
        Listed,
        /// The digest after it links to it.
        Linked,
        /// The chain's hourly rhythm calls for it.
        Deduced,
        /// A digest in another organization's folder links to it.
        LinkedFromAnotherOrganization,
    }

    /// Whether what is not there may still come.
    pub enum Due {
        /// It is young enough.
        StillDue,
        /// It was young enough when the newest object of this copy was written; that is long ago.
        LongAgo,
    }

    /// How a signature does not fit.
    pub enum BadSignature {
        /// It is no signature in hex.
        Garbled(Box<str>),
        /// This key did not sign these bytes for this place.
        Refuted(Fingerprint),
    }

    /// How a digest object does not hold a digest.
    pub enum NotADigest {
        /// It is not one gzip member.
        Gzip(gzip::Fault),
        /// Its JSON is not that of a digest: which field, and what is wrong with it.
        Document(Box<str>),
        /// It is a backfill digest without the time it was generated at.
        GenerationTimeMissing,
    }

    /// Where the digest lies that follows one.
    pub enum Folder {
        /// In the same folder.
        Same,
        /// In another organization's.
        OfAnotherOrganization,
    }

    /// Why no signature is at hand.
    pub enum NoSignature {
        /// The store keeps metadata, and it is not there.
        Removed,
        /// The copy kept none; and why what lies in its place cannot be used, if anything does.
        NotKept(Option<Box<str>>),
    }

    /// How a digest was not read.
    pub enum Unread {
        /// The store did not give it.
        Refused,
        /// The store did not give it, and an earlier run saw it.
        SeenBefore(SeenHead),
        /// The folder it lies in was not looked into.
        NotFollowed,
    }

    /// Whether AWS signed a digest in whose metadata something is wrong.
    pub enum Signed {
        /// It did.
        ByAws,
        /// It is not known.
        Unknown,
    }

    /// What is known of the place that a copied record was delivered to.
    pub enum Original {
        /// It lies here too, and was judged by itself.
        Here,
        /// It does not, and this folder stands for its bucket.
        FolderAbove(Box<str>),
        /// It does not.
        Elsewhere,
    }

    /// A digest as an earlier run saw it.
    pub struct SeenHead {
        /// SHA-256 of its inflated bytes.
        pub hash: Hash,
        /// What that run left: the place it was read from.
        pub baseline: Box<str>,
    }

    /// What is known of a lost head.
    pub enum HeadLoss {
        /// It was here; the finding's span is what the chain's newest digest falls short of it.
        Removed,
        /// This copy's newest object is older than it.
        CopyIsOlder,
    }

    /// What is said of a chain that has ended.
    pub enum EndOfChain {
        /// Nothing: it has ended, or its newer digests were removed.
        Nothing {
            /// What its last digest is.
            verdict: DigestVerdict,
            /// The moment the record is judged at.
            #[serde(with = "moment")]
            as_of: Time,
            /// The line that acknowledges it.
            line: Ended,
        },
        /// The caller's word acknowledges it.
        Acknowledged {
            /// What its last digest is.
            verdict: DigestVerdict,
            /// The moment the record is judged at.
            #[serde(with = "moment")]
            as_of: Time,
            /// The line that acknowledges it alone.
            line: Ended,
            /// The caller's word.
            word: Ended,
        },
        /// The caller's word acknowledged a later digest, which is not here any more.
        LaterOneLost {
            /// What its last digest is.
            verdict: DigestVerdict,
            /// The caller's word.
            word: Ended,
        },
        /// It goes on under another organization's folder, or none.
        GoesOn {
            /// Whose folder.
            organization: Option<OrganizationId>,
            /// The account.
            account: AccountId,
            /// When it began there.
            #[serde(with = "moment")]
            began: Time,
        },
    }

    /// What an absent log file may mean.
    pub enum Absence {
        /// It was taken away.
        Established,
        /// It was taken away, or never copied.
        PerhapsNotCopied,
    }

    /// Why a log file that no authentic digest names is told.
    pub enum UnlistedLog {
        /// Its name is dated in the future.
        DatedInTheFuture {
            /// The latest moment known to have come.
            #[serde(with = "moment")]
            now: Time,
            /// When it was written, where that is later than its name says.
            #[serde(with = "perhaps", default)]
            written: Option<Time>,
        },
        /// Authentic digests cover the time of its delivery.
        Covered {
            /// That time.
            #[serde(with = "moment")]
            delivered: Time,
            /// When it was written, where that is later than its name says.
            #[serde(with = "perhaps", default)]
            written: Option<Time>,
            /// Whether a digest may still come.
            due: Settling,
        },
        /// They don't, or not surely.
        Uncovered {
            /// What keeps the time open; a digest is the one that the finding names.
            why: Obstacle,
            /// When it was written, where that is later than its name says.
            #[serde(with = "perhaps", default)]
            written: Option<Time>,
        },
        /// CloudTrail never writes names like its.
        OddName,
        /// Many of one day, counted.
        Crowd(Crowd),
    }

    /// Whether a digest of a time that is covered may still come.
    pub enum Settling {
        /// All have come.
        Settled,
        /// One may.
        Young,
    }

    /// What keeps the time of a delivery open.
    pub enum Obstacle {
        /// No digests are there.
        NoDigests,
        /// This trail has none.
        Hole(TrailName),
        /// One that may name the file is not there.
        DigestAbsent,
        /// One of that hour is not authentic.
        DigestRefuted,
        /// One that may name the file could not be checked.
        DigestUnchecked,
    }

    /// Log files that only digests name which are not authentic.
    pub enum UnprovenLog {
        /// One; the finding names its digest.
        Claimed {
            /// When it was written, where that is later than its name says.
            #[serde(with = "perhaps", default)]
            written: Option<Time>,
        },
        /// Many of one day, counted.
        Crowd(Crowd),
    }

    /// Log files that are there too early or not yet.
    pub enum PendingLog {
        /// A digest names it, and it is not there yet.
        NotThereYet {
            /// The attested SHA-256 of its inflated bytes.
            expected: Hash,
            /// Whether it may still come.
            due: Due,
        },
        /// It is there, and no digest can name it yet.
        NotNamedYet {
            /// When it was written, where that is later than its name says.
            #[serde(with = "perhaps", default)]
            written: Option<Time>,
        },
        /// Many of one day, counted.
        Crowd(Crowd),
    }

    /// Many log files of one day, which were not looked at one by one.
    pub struct Crowd {
        /// How many.
        pub files: u64,
        /// In which bucket, below which prefix.
        pub home: Location,
        /// The kind of folder they lie in.
        pub kind: Box<str>,
    }

    /// Why the coverage begins late.
    pub enum Beginning {
        /// The finding's span is not covered.
        Uncovered,
        /// With an open start: the oldest digest links to one that is not here.
        LinksFurtherBack,
    }

    /// A hole in the coverage: the finding's span.
    pub enum Hole {
        /// As it is.
        Whole,
        /// The part of it before the call that explains the rest.
        BeforeTheCall,
        /// The part of it since the call that explains it.
        SinceTheCall,
    }

    /// Why the coverage ends early.
    pub enum Ending {
        /// The finding's span is not covered.
        Uncovered,
        /// The part of it since the call that explains it.
        SinceTheCall,
        /// The newest object of this folder is older than the window.
        FolderIsOlder {
            /// When it was written.
            #[serde(with = "moment")]
            newest: Time,
        },
        /// The window begins within the grace period.
        TooYoung {
            /// How long that is.
            grace_hours: i64,
        },
        /// CloudTrail says that it delivered later digests.
        Promised {
            /// When, by its word.
            #[serde(with = "moment")]
            delivered: Time,
            /// The end of the newest here.
            #[serde(with = "perhaps", default)]
            newest: Option<Time>,
        },
    }

    /// Why an account, region or trail is missed.
    pub enum AbsentPart {
        /// There are log files of it.
        LogsAlone {
            /// How many.
            count: u64,
            /// The first by name.
            first: Box<str>,
            /// In which bucket, below which prefix.
            home: Location,
        },
        /// There are backfill digests of it.
        BackfillAlone {
            /// The first.
            first: Box<str>,
        },
        /// The caller named it.
        Named {
            /// What was named.
            claim: Claim,
            /// What there is of the kind, where that one is not there at all: some of it.
            found: Vec<Box<str>>,
            /// How many more there are.
            more: u64,
        },
    }

    /// A name of the caller's.
    pub enum Claim {
        /// An account.
        Account(AccountId),
        /// A region.
        Region(Region),
        /// A trail.
        Trail(TrailName),
    }

    /// Why a folder was not listed.
    pub enum NotListed {
        /// It could not be: what was tried, on what, and what came back.
        Failed(Box<str>),
        /// So many more could not be.
        MoreFailed(u64),
        /// They lie where only the folders of regions belong.
        AmongRegions {
            /// How many do.
            count: u64,
            /// How many of them were not looked into.
            left: u64,
        },
        /// The search for `AWSLogs/` came to a bound.
        SearchEnded {
            /// Which.
            at: SearchEnd,
            /// The first folder that was not opened.
            first: Box<str>,
            /// The bucket, where that is known.
            bucket: Option<Box<str>>,
        },
        /// More kinds of log files are there than are looked into.
        TooManyKinds {
            /// In which bucket, below which prefix.
            home: Location,
            /// The kind.
            kind: Box<str>,
        },
        /// What was read of this time is not known.
        NoRecord(Vec<Span>),
    }

    /// A bound of the search for `AWSLogs/`.
    pub enum SearchEnd {
        /// So many levels below the source.
        Levels(u64),
        /// So many folders that lie more than so many levels below the source.
        Far {
            /// Folders.
            folders: u64,
            /// Levels.
            levels: u64,
        },
        /// So many bytes of the names of folders on one level.
        Names(u64),
    }

    /// A finding of a report that was written before, in its own words.
    pub struct Saved {
        /// What it is.
        pub code: Code,
        /// What it says about the record.
        pub class: Class,
        /// Its sentence.
        pub message: String,
        /// Its facts.
        pub evidence: Evidence,
    }
}

/// What should be, and what is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Differs<T> {
    /// What should be.
    pub expected: T,
    /// What is.
    pub actual: T,
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
