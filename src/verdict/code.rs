//! The codes of findings: their names, their class, and what each means in plain words.
//! The README, `trailseal explain` and the HTML report all draw on these texts.

use std::fmt;
use std::str::FromStr;

use super::Class;
use crate::trail::Malformed;

mod explain;

/// Defines the codes: variant, name, the class a finding of it has by itself, and what it is.
macro_rules! codes {
    ($($variant:ident $name:literal $class:ident $text:literal;)*) => {
        /// What a finding is. The names are a contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
/// Whether its findings say that something was not found.
pub fn rests_on_absence(self) -> bool {
    matches!(
        self,
        Self::CoverageHead
            | Self::CoverageGap
            | Self::CoverageTail
            | Self::ChainEnded
            | Self::RegionAbsent
            | Self::LogUnlisted
            | Self::LogUnproven
            | Self::LogPending
    )
}

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
        }
    };
}

codes! {
    DigestMissing "digest-missing" Tamper "A link points to a digest that is not there.";
    DigestSignatureInvalid "digest-signature-invalid" Tamper "A digest's signature does not fit its bytes.";
    DigestMalformed "digest-malformed" Tamper "A digest object is not one gzip member holding a digest.";
    DigestRelocated "digest-relocated" Tamper "A digest that belongs to another place.";
    DigestLinkBroken "digest-link-broken" Tamper "A digest differs from what its successor recorded.";
    DigestUnsigned "digest-unsigned" Tamper "No signature is at hand for a digest.";
    DigestUnknownKey "digest-unknown-key" Tamper "The key a digest names is not at hand.";
    DigestUnreadable "digest-unreadable" Incomplete "The store did not give a digest.";
    DigestAlgorithmUnsupported "digest-algorithm-unsupported" Incomplete "A digest names algorithms other than SHA256withRSA and SHA-256.";
    DigestPending "digest-pending" Notice "A digest that is linked to is too young to be missed.";
    DigestUnpacked "digest-unpacked" Notice "A digest is stored without compression.";
    RecordCopied "record-copied" Incomplete "Chains that AWS signed for another place.";
    ChainRestarted "chain-restarted" Notice "A chain began anew.";
    ChainEnded "chain-ended" Incomplete "A chain's newest digest lies before the window.";
    LogMissing "log-missing" Tamper "An attested log file is not there.";
    LogModified "log-modified" Tamper "A log file holds other bytes than AWS delivered.";
    LogMalformed "log-malformed" Tamper "A log object is not exactly one gzip member.";
    LogUnlisted "log-unlisted" Tamper "A log file no authentic digest names.";
    LogUnreadable "log-unreadable" Incomplete "The store did not give a log file.";
    LogUnproven "log-unproven" Incomplete "A log file is named only by digests that are not authentic.";
    LogPending "log-pending" Notice "A log file is too young to be in a digest, or to be missed.";
    LogUnpacked "log-unpacked" Notice "A log file is stored without compression.";
    StrayObjects "stray-objects" Notice "Objects beside the record that are no part of it.";
    CoverageHead "coverage-head" Incomplete "The window begins before the coverage does.";
    CoverageGap "coverage-gap" Incomplete "A hole inside the coverage.";
    CoverageTail "coverage-tail" Incomplete "The coverage ends before the window does.";
    RegionAbsent "region-absent" Incomplete "An account, region or trail without digests that should have some.";
    ListingUnreadable "listing-unreadable" Incomplete "A folder could not be listed.";
    StoreUnavailable "store-unavailable" Incomplete "The store stopped answering, and the run ended early.";
    KeysUnavailable "keys-unavailable" Incomplete "The public keys of a region could not be had.";
    KeyValidity "key-validity" Notice "A key was used outside its published window.";
    TrailChanged "trail-changed" Notice "Somebody changed, stopped or started a trail.";
    BucketChanged "bucket-changed" Notice "Somebody changed the bucket the record lies in.";
    KeyChanged "key-changed" Notice "Somebody changed the key that encrypts the record.";
}

impl Code {
    /// Under which circumstances a finding of this code has another class.
    pub fn otherwise(self) -> Option<&'static str> {
        match self {
            Self::DigestUnsigned => Some("incomplete in a folder"),
            Self::DigestUnknownKey => Some("incomplete unless AWS's own list was asked"),
            Self::LogUnlisted => Some("incomplete where the time is not covered"),
            Self::ChainEnded => Some("notice if acknowledged"),
            Self::RecordCopied => Some("notice beside its whole original"),
            _ => None,
        }
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
