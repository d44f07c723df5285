//! The field's own words as types: account, organization, region, trail, chain and time.
//! Each is parsed once, at the edge, and is well-formed from then on.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod arn;
mod day;
mod ended;
pub mod key;
pub mod neighbours;
pub mod source;
pub(crate) mod text;
mod time;
pub(crate) mod token;

pub use arn::{ArnParts, Partition, partition};
pub use day::Day;
pub use ended::Ended;
pub(crate) use time::time_as;
use time::written_as;
pub use time::{Backwards, DIGEST_HOUR, Span, SpanSet, Time, Window, format_time, parse_time};

/// A word that does not follow the grammar of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct Malformed {
    /// What the grammar asks for, with its article.
    pub expected: &'static str,
    /// What was there instead.
    pub found: String,
}

fn malformed(expected: &'static str, found: &str) -> Malformed {
    Malformed { expected, found: found.chars().take(200).collect() }
}

/// A twelve-digit AWS account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl FromStr for AccountId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits => Ok(Self(number)),
            _ => Err(malformed("an account of 12 digits", text)),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:012}", self.0)
    }
}

/// Defines a cheaply cloned name that follows one grammar.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $grammar:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it is written in keys and reports.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                if $grammar(text) { Ok(Self(text.into())) } else { Err(malformed($expected, text)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

name!(
    /// An AWS region. The grammar holds for every partition; a region needs no entry in a table to be read,
    /// because regions are added more often than tools are updated.
    Region,
    "a region such as us-east-1",
    is_region
);
name!(
    /// An organization, `o-` and 10 to 32 letters and digits (AWS Organizations API).
    OrganizationId,
    "an organization such as o-exampleorgid",
    is_organization
);
name!(
    /// A trail's name, as CreateTrail allows it: 3 to 128 of `A-Z a-z 0-9 . _ -`, alphanumeric at both ends.
    TrailName,
    "a trail's name",
    is_trail_name
);

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let lower = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let (Some(first), Some(last)) = (parts.next(), parts.next_back()) else {
        return false;
    };
    text.len() <= 32
        && (2..=4).contains(&first.len())
        && lower(first)
        && (1..=2).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_digit())
        && parts.clone().next().is_some()
        && parts.all(lower)
}

fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|rest| {
        (10..=32).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn is_trail_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (3..=128).contains(&bytes.len())
        && bytes.iter().all(legal)
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Standard digests come hourly; backfill digests repair hours that processing delays left incomplete,
/// and form a chain of their own (CloudTrail User Guide, digest file structure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestKind {
    /// One an hour, also for hours without events.
    Standard,
    /// Made later, for an hour the standard digest did not cover fully.
    Backfill,
}

impl DigestKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Backfill => "backfill",
        }
    }
}

impl fmt::Display for DigestKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for DigestKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let kinds = [Self::Standard, Self::Backfill];
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| malformed("a kind of digest", text))
    }
}

/// What a listing of one account and region shares: the folder pair `CloudTrail` and `CloudTrail-Digest`,
/// in which all trails that deliver there lie side by side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountRegion {
    /// The account whose activity is recorded.
    pub account: AccountId,
    /// The region whose activity is recorded.
    pub region: Region,
    /// Present where an organization trail delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
}

/// One chain of digests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChainId {
    /// Whose activity, and where.
    pub place: AccountRegion,
    /// The trail that delivers.
    pub trail: TrailName,
    /// The region the trail was created in.
    pub home_region: Region,
    /// Standard and backfill digests never link to each other.
    pub kind: DigestKind,
}

text::as_text!(AccountId, Region, OrganizationId, TrailName, DigestKind, Depth, Day);

/// Stands for the bucket of a folder until a digest in it names its own.
pub const UNKNOWN_BUCKET: &str = "";

/// `s3://BUCKET/KEY`; where the bucket is not known, the key alone.
pub fn address(bucket: &str, key: &str) -> String {
    match bucket {
        UNKNOWN_BUCKET => key.to_owned(),
        bucket => format!("s3://{bucket}/{key}"),
    }
}

/// What stands before `AWSLogs/` in a key: nothing, or folders, the last slash included.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Prefix(Box<str>);

impl From<&str> for Prefix {
    /// Ends it in a slash, unless it is empty.
    fn from(text: &str) -> Self {
        if text.is_empty() || text.ends_with('/') {
            Self(text.into())
        } else {
            Self(format!("{text}/").into())
        }
    }
}

impl From<String> for Prefix {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl Deref for Prefix {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A bucket and what keys in it begin with: where a trail delivers, or where a copy of that lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The bucket.
    #[serde(with = "text::shared")]
    pub bucket: Arc<str>,
    /// What stands before `AWSLogs/`.
    pub prefix: Prefix,
}

impl Location {
    /// Names the keys in `bucket` that begin with `prefix`.
    pub fn new(bucket: impl Into<Arc<str>>, prefix: impl Into<Prefix>) -> Self {
        Self { bucket: bucket.into(), prefix: prefix.into() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&address(&self.bucket, &self.prefix))
    }
}

/// Where the objects lie, and so what the dates and the absences that the store tells of say about the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// In the place of delivery: when something was written is when it was delivered, or changed.
    Delivered,
    /// In a bucket that it was copied to: dates are the copy's, and what is not there may not have been copied.
    Copied,
    /// In a folder on disk: the same, and copying leaves droppings.
    Folder,
}

/// An object in a bucket, named in full.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectName {
    /// The bucket.
    #[serde(with = "text::shared")]
    pub bucket: Arc<str>,
    /// The key, unescaped.
    pub key: Box<str>,
}

impl ObjectName {
    /// Names `key` in `bucket`.
    pub fn new(bucket: impl Into<Arc<str>>, key: impl Into<Box<str>>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&address(&self.bucket, &self.key))
    }
}

/// A digest's user metadata, and whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// None is at hand: a folder, or a copy that lost it. Where something lies in its place that cannot be used, why.
    NotKept(Option<Box<str>>),
    /// What the bucket that CloudTrail delivered to holds of it: what is not there was removed.
    Kept(UserMetadata),
    /// What a copy holds with the object or beside it: what is not there, or does not fit, may be the copy's own doing.
    Saved {
        /// What there is.
        metadata: UserMetadata,
        /// Whether it says that it belongs to the stored bytes.
        describes: Describes,
    },
}

/// The fields of a digest's user metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserMetadata {
    /// `x-amz-meta-signature`
    pub signature: Option<Box<str>>,
    /// `x-amz-meta-signature-algorithm`
    pub signature_algorithm: Option<Box<str>>,
    /// `x-amz-meta-backfill-generation-timestamp`
    pub backfill_generation_timestamp: Option<Box<str>>,
}

/// What saved metadata says it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Describes {
    /// The very bytes it was found with.
    TheseBytes,
    /// Other bytes; or it does not say.
    Unclear,
}

/// How closely log files were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Depth {
    /// Digests alone.
    Chain,
    /// Digests, and whether the attested log files are listed.
    Presence,
    /// Digests, and every byte of every attested log file.
    #[default]
    Full,
}

impl Depth {
    /// The word used on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Presence => "presence",
            Self::Full => "full",
        }
    }
}

/// Who asked the store, for a reader who has to judge what that caller could see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The caller's ARN, as STS names it.
    Caller(String),
    /// STS could not be asked: the last four characters of the access key id, which is no secret but names its owner.
    AccessKey(String),
    /// Nobody: requests were not signed.
    Anonymous,
}

impl fmt::Display for Depth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Depth {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let depths = [Self::Chain, Self::Presence, Self::Full];
        depths.into_iter().find(|depth| depth.as_str() == text).ok_or_else(|| malformed("a depth", text))
    }
}
