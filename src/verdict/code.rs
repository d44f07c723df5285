//! The codes of findings: their names, their class, and what each means in plain words.
//! The README, `trailseal explain` and the HTML report all draw on these texts.

use std::fmt;
use std::str::FromStr;

use super::Class;
use crate::trail::Malformed;
use explain::{Page, coverage, digests, logs, memory};

mod explain;

/// How much a finding of a code weighs among others of its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// More than others: time is lost, or the run is.
    Heavy,
    Usual,
    /// Less than others: nothing to do.
    Light,
}

/// What a code's findings say of something: an interrupted run may only tell of what it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rests {
    /// That it was not found.
    Absence,
    /// That it was seen as it is.
    Presence,
}

/// Defines the codes. In each line: variant, name, the class a finding of it has by itself, how much that weighs, whether it
/// rests on something being absent, the page that explains it, what it is, and under which circumstances its class is another.
macro_rules! codes {
    ($($variant:ident $name:literal $class:ident $weight:ident $rests:ident $page:path, $text:literal $(or $otherwise:literal)?;)*) => {
        /// What a finding is. The names are a contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the README's table.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant,)*];

            /// The code's name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The class a finding of this code has unless circumstances change it, as [`otherwise`](Self::otherwise)
            /// tells; the finding's own class counts.
            pub fn class(self) -> Class {
                match self {
                    $(Self::$variant => Class::$class,)*
                }
            }

            /// Under which circumstances a finding of this code has another class.
            pub fn otherwise(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => codes!(@optional $($otherwise)?),)*
                }
            }

            pub(super) fn weight(self) -> Weight {
                match self {
                    $(Self::$variant => Weight::$weight,)*
                }
            }

            fn rests(self) -> Rests {
                match self {
                    $(Self::$variant => Rests::$rests,)*
                }
            }

            fn page(self) -> &'static Page {
                match self {
                    $(Self::$variant => &$page,)*
                }
            }
        }
    };
    (@optional) => { None };
    (@optional $otherwise:literal) => { Some($otherwise) };
}

codes! {
    DigestMissing "digest-missing" Tamper Usual Presence digests::MISSING, "A link points to a digest that is not there.";
    DigestSignatureInvalid "digest-signature-invalid" Tamper Usual Presence digests::SIGNATURE_INVALID, "A digest's signature does not fit its bytes.";
    DigestMalformed "digest-malformed" Tamper Usual Presence digests::MALFORMED, "A digest object is not one gzip member holding a digest.";
    DigestRelocated "digest-relocated" Tamper Usual Presence digests::RELOCATED, "A digest that belongs to another place.";
    DigestLinkBroken "digest-link-broken" Tamper Usual Presence digests::LINK_BROKEN, "A digest differs from what its successor recorded.";
    DigestUnsigned "digest-unsigned" Tamper Usual Presence digests::UNSIGNED, "No signature is at hand for a digest." or "incomplete in a folder";
    DigestUnknownKey "digest-unknown-key" Tamper Usual Presence digests::UNKNOWN_KEY, "The key a digest names is not at hand." or "incomplete unless AWS's own list was asked";
    DigestUnreadable "digest-unreadable" Incomplete Usual Presence digests::UNREADABLE, "The store did not give a digest.";
    DigestAlgorithmUnsupported "digest-algorithm-unsupported" Incomplete Usual Presence digests::ALGORITHM_UNSUPPORTED, "A digest names algorithms other than SHA256withRSA and SHA-256.";
    DigestPending "digest-pending" Notice Light Presence digests::PENDING, "A digest that is linked to is too young to be missed.";
    DigestUnpacked "digest-unpacked" Notice Light Presence digests::UNPACKED, "A digest is stored without compression.";
    RecordCopied "record-copied" Incomplete Usual Presence digests::COPIED, "Chains that AWS signed for another place." or "notice beside its whole original";
    HeadLost "head-lost" Tamper Heavy Presence memory::LOST, "A digest that an earlier run saw is gone." or "incomplete in a copy that is older";
    HeadChanged "head-changed" Tamper Heavy Presence memory::CHANGED, "A digest that an earlier run saw holds other bytes.";
    HeadExpired "head-expired" Incomplete Usual Presence memory::EXPIRED, "A digest that an earlier run saw is gone, and so is all that is as old." or "notice if declared";
    WitnessBroken "witness-broken" Tamper Heavy Presence memory::WITNESS_BROKEN, "What a witness holds of earlier runs was changed.";
    WitnessUnreachable "witness-unreachable" Incomplete Usual Presence memory::WITNESS_UNREACHABLE, "A witness of earlier runs could not tell all.";
    WitnessEmpty "witness-empty" Notice Light Presence memory::WITNESS_EMPTY, "A witness of earlier runs holds nothing yet.";
    LedgerRejected "ledger-rejected" Notice Light Presence memory::LEDGER, "A part of the ledger is not believed, or not at hand: its days are read.";
    MultipartUpload "multipart-upload" Notice Light Presence memory::IN_PIECES, "Objects were put in several pieces, as CloudTrail never does: their days are not carried.";
    PartMissing "part-missing" Incomplete Heavy Presence coverage::PART_MISSING, "A shard of the run handed in nothing, or it was not planned for.";
    ChainRestarted "chain-restarted" Notice Usual Presence coverage::RESTARTED, "A chain began anew.";
    ChainEnded "chain-ended" Incomplete Heavy Absence coverage::ENDED, "A chain's newest digest lies before the window." or "notice if acknowledged";
    LogMissing "log-missing" Tamper Usual Presence logs::MISSING, "An attested log file is not there.";
    LogModified "log-modified" Tamper Usual Presence logs::MODIFIED, "A log file holds other bytes than AWS delivered.";
    LogMalformed "log-malformed" Tamper Usual Presence logs::MALFORMED, "A log object is not exactly one gzip member.";
    LogUnlisted "log-unlisted" Tamper Usual Absence logs::UNLISTED, "A log file no authentic digest names." or "incomplete where the time is not covered";
    LogUnreadable "log-unreadable" Incomplete Usual Presence logs::UNREADABLE, "The store did not give a log file.";
    LogUnproven "log-unproven" Incomplete Usual Absence logs::UNPROVEN, "A log file is named only by digests that are not authentic.";
    LogPending "log-pending" Notice Light Absence logs::PENDING, "A log file is too young to be in a digest, or to be missed.";
    LogUnpacked "log-unpacked" Notice Light Presence logs::UNPACKED, "A log file is stored without compression.";
    StrayObjects "stray-objects" Notice Light Presence logs::STRAY, "Objects beside the record that are no part of it.";
    CoverageHead "coverage-head" Incomplete Heavy Absence coverage::HEAD, "The window begins before the coverage does.";
    CoverageGap "coverage-gap" Incomplete Heavy Absence coverage::GAP, "A hole inside the coverage.";
    CoverageTail "coverage-tail" Incomplete Heavy Absence coverage::TAIL, "The coverage ends before the window does.";
    RegionAbsent "region-absent" Incomplete Heavy Absence coverage::REGION_ABSENT, "An account, region or trail without digests that should have some.";
    ListingUnreadable "listing-unreadable" Incomplete Usual Presence coverage::LISTING_UNREADABLE, "A folder could not be listed.";
    StoreUnavailable "store-unavailable" Incomplete Heavy Presence coverage::STORE_UNAVAILABLE, "The store stopped answering, and the run ended early.";
    KeysUnavailable "keys-unavailable" Incomplete Usual Presence digests::KEYS_UNAVAILABLE, "The public keys of a region could not be retrieved.";
    KeyValidity "key-validity" Notice Light Presence digests::KEY_VALIDITY, "A key was used outside its published window.";
    TrailChanged "trail-changed" Notice Usual Presence coverage::TRAIL_CHANGED, "Somebody changed, stopped or started a trail.";
    BucketChanged "bucket-changed" Notice Usual Presence coverage::BUCKET_CHANGED, "Somebody changed the bucket the record lies in.";
    KeyChanged "key-changed" Notice Usual Presence coverage::KEY_CHANGED, "Somebody changed the key that encrypts the record.";
}

impl Code {
    /// Whether its findings say that something was not found.
    pub fn rests_on_absence(self) -> bool {
        self.rests() == Rests::Absence
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Code {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| Malformed { expected: "a finding code", found: text.into() })
    }
}
