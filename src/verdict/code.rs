//! The codes of findings: their names, their class, and what each means in plain words.
//! The README, `trailseal explain` and the HTML report all draw on these texts.

use std::fmt;
use std::str::FromStr;

use super::Class;
use crate::trail::Malformed;

mod explain;

/// What a finding is. The names are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A link points to a digest that is not there.
    DigestMissing,
    /// A digest's signature does not fit its bytes.
    DigestSignatureInvalid,
    /// A digest object is not one gzip member holding a digest.
    DigestMalformed,
    /// A digest that belongs to another place.
    DigestRelocated,
    /// A digest differs from what its successor recorded.
    DigestLinkBroken,
    /// No signature is at hand for a digest.
    DigestUnsigned,
    /// The key a digest names is not at hand.
    DigestUnknownKey,
    /// The store did not give a digest.
    DigestUnreadable,
    /// A digest names algorithms other than SHA256withRSA and SHA-256.
    DigestAlgorithmUnsupported,
    /// A chain began anew.
    ChainRestarted,
    /// An attested log file is not there.
    LogMissing,
    /// A log file holds other bytes than AWS delivered.
    LogModified,
    /// A log object is not exactly one gzip member.
    LogMalformed,
    /// A log file no authentic digest names.
    LogUnlisted,
    /// The store did not give a log file.
    LogUnreadable,
    /// A log file is named only by digests that are not authentic.
    LogUnproven,
    /// A log file is too young to be in a digest.
    LogPending,
    /// The window begins before the coverage does.
    CoverageHead,
    /// A hole inside the coverage.
    CoverageGap,
    /// The coverage ends before the window does.
    CoverageTail,
    /// An account and region without digests that should have some.
    RegionAbsent,
    /// A folder could not be listed.
    ListingUnreadable,
    /// The public keys of a region could not be had.
    KeysUnavailable,
    /// A key was used outside its published window.
    KeyValidity,
    /// Somebody changed, stopped or started a trail.
    TrailChanged,
    /// Somebody changed the bucket the record lies in.
    BucketChanged,
    /// Somebody changed the key that encrypts the record.
    KeyChanged,
}

impl Code {
    /// Every code, in the order of the README's table.
    pub const ALL: [Self; 27] = [
        Self::DigestMissing,
        Self::DigestSignatureInvalid,
        Self::DigestMalformed,
        Self::DigestRelocated,
        Self::DigestLinkBroken,
        Self::DigestUnsigned,
        Self::DigestUnknownKey,
        Self::DigestUnreadable,
        Self::DigestAlgorithmUnsupported,
        Self::ChainRestarted,
        Self::LogMissing,
        Self::LogModified,
        Self::LogMalformed,
        Self::LogUnlisted,
        Self::LogUnreadable,
        Self::LogUnproven,
        Self::LogPending,
        Self::CoverageHead,
        Self::CoverageGap,
        Self::CoverageTail,
        Self::RegionAbsent,
        Self::ListingUnreadable,
        Self::KeysUnavailable,
        Self::KeyValidity,
        Self::TrailChanged,
        Self::BucketChanged,
        Self::KeyChanged,
    ];

    /// Under which circumstances a finding of this code is only incomplete.
    pub fn softened(self) -> Option<&'static str> {
        match self {
            Self::DigestUnsigned => Some("incomplete in a folder"),
            Self::DigestUnknownKey => Some("incomplete unless AWS's own list was asked"),
            Self::LogUnlisted => Some("incomplete where the hour is not covered"),
            _ => None,
        }
    }

    /// The code's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DigestMissing => "digest-missing",
            Self::DigestSignatureInvalid => "digest-signature-invalid",
            Self::DigestMalformed => "digest-malformed",
            Self::DigestRelocated => "digest-relocated",
            Self::DigestLinkBroken => "digest-link-broken",
            Self::DigestUnsigned => "digest-unsigned",
            Self::DigestUnknownKey => "digest-unknown-key",
            Self::DigestUnreadable => "digest-unreadable",
            Self::DigestAlgorithmUnsupported => "digest-algorithm-unsupported",
            Self::ChainRestarted => "chain-restarted",
            Self::LogMissing => "log-missing",
            Self::LogModified => "log-modified",
            Self::LogMalformed => "log-malformed",
            Self::LogUnlisted => "log-unlisted",
            Self::LogUnreadable => "log-unreadable",
            Self::LogUnproven => "log-unproven",
            Self::LogPending => "log-pending",
            Self::CoverageHead => "coverage-head",
            Self::CoverageGap => "coverage-gap",
            Self::CoverageTail => "coverage-tail",
            Self::RegionAbsent => "region-absent",
            Self::ListingUnreadable => "listing-unreadable",
            Self::KeysUnavailable => "keys-unavailable",
            Self::KeyValidity => "key-validity",
            Self::TrailChanged => "trail-changed",
            Self::BucketChanged => "bucket-changed",
            Self::KeyChanged => "key-changed",
        }
    }

    /// The class a finding of this code has unless circumstances soften it, as [`softened`](Self::softened) tells; the
    /// finding's own class counts.
    pub fn class(self) -> Class {
        match self {
            Self::DigestMissing
            | Self::DigestSignatureInvalid
            | Self::DigestMalformed
            | Self::DigestRelocated
            | Self::DigestLinkBroken
            | Self::DigestUnsigned
            | Self::DigestUnknownKey
            | Self::LogMissing
            | Self::LogModified
            | Self::LogMalformed
            | Self::LogUnlisted => Class::Tamper,
            Self::DigestUnreadable
            | Self::DigestAlgorithmUnsupported
            | Self::LogUnreadable
            | Self::LogUnproven
            | Self::CoverageHead
            | Self::CoverageGap
            | Self::CoverageTail
            | Self::RegionAbsent
            | Self::ListingUnreadable
            | Self::KeysUnavailable => Class::Incomplete,
            Self::ChainRestarted
            | Self::LogPending
            | Self::KeyValidity
            | Self::TrailChanged
            | Self::BucketChanged
            | Self::KeyChanged => Class::Notice,
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
