//! The facts of findings: how it is known, why, in which circumstances.

use serde::{Deserialize, Serialize};

use crate::crypto::{Fingerprint, Hash};
use crate::gzip;
use crate::trail::text::{moment, perhaps};
use crate::trail::{AccountId, Day, Ended, Location, OrganizationId, Region, Span, Time, TrailName};
use crate::verdict::{Class, Code, DigestVerdict, Evidence};

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
        /// An earlier run read days of it.
        Remembered,
    }

    /// What is wrong with a file of a ledger.
    pub enum LedgerFault {
        /// So many of its lines do not hold, or are of another record or version.
        Lines(u64),
        /// It could not be read: what was tried, on what, and what came back.
        Unreadable(Box<str>),
        /// It could not be written, likewise.
        Unwritten(Box<str>),
    }

    /// Why something was not read by a run over several machines.
    pub enum LostPart {
        /// A shard handed in no part that holds.
        Shard {
            /// Which one, from 0.
            shard: u64,
            /// The first of its days; none, if nothing is before them.
            from: Option<Day>,
            /// The last of them; none, if nothing is after them.
            to: Option<Day>,
            /// What is known of the part.
            why: Box<str>,
        },
        /// It was not there when the run was planned.
        NewerThanThePlan,
        /// What was read of this time is not known.
        NoRecord(Vec<Span>),
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
