//! Why a finding came about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::trail::text::moment;
use crate::trail::{ObjectName, Time};

/// Why something could not be looked at. Never a statement about the record itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unseen {
    /// The store refused: 403. Without the right to list a bucket S3 says this of absent objects too.
    Denied(Box<str>),
    /// The object must be restored from its archive first.
    Archived(Box<str>),
    /// The key that encrypts the object was refused.
    KeyRefused(Box<str>),
    /// The store kept asking to slow down.
    Throttled(Box<str>),
    /// The caller's credentials ran out.
    CredentialsExpired(Box<str>),
    /// The answer broke off.
    CutOff(Box<str>),
    /// No answer came in time.
    TimedOut(Box<str>),
    /// The store had answered nobody for minutes, and was asked nothing more.
    Unavailable(Box<str>),
    /// Any other failure of the store.
    Failed(Box<str>),
    /// The run was stopped before it got there.
    Interrupted,
}

impl Unseen {
    /// The cause's name in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Archived(_) => "archived",
            Self::KeyRefused(_) => "kms-refused",
            Self::Throttled(_) => "throttled",
            Self::CredentialsExpired(_) => "credentials-expired",
            Self::CutOff(_) => "cut-off",
            Self::TimedOut(_) => "timed-out",
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// What the store said.
    pub fn detail(&self) -> &str {
        match self {
            Self::Denied(detail)
            | Self::Archived(detail)
            | Self::KeyRefused(detail)
            | Self::Throttled(detail)
            | Self::CredentialsExpired(detail)
            | Self::CutOff(detail)
            | Self::TimedOut(detail)
            | Self::Unavailable(detail)
            | Self::Failed(detail) => detail,
            Self::Interrupted => "the run was stopped",
        }
    }
}

/// A recorded call that touched the trail, its bucket or its key, read from an intact log file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordedCall {
    /// When it happened.
    #[serde(with = "moment")]
    pub time: Time,
    /// The call, such as `StopLogging`.
    pub event_name: Box<str>,
    /// The service, such as `cloudtrail.amazonaws.com`.
    pub event_source: Box<str>,
    /// What it touched: a trail's name or ARN, a bucket, a key, a region.
    pub target: Box<str>,
    /// The caller's ARN, or what identifies it instead.
    pub actor: Box<str>,
    /// Where the call came from.
    pub source_ip: Box<str>,
    /// AWS's identifier of the event.
    pub event_id: Box<str>,
    /// Present when the call failed: an attempt, not an effect.
    pub error_code: Option<Box<str>>,
    /// The intact log file that says so.
    pub log_file: ObjectName,
}

/// Why a finding came about, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Something could not be looked at.
    Unseen(Unseen),
    /// Digests of that time are missing, damaged or unreadable; each has a finding of its own.
    Digests {
        /// How many are not there.
        missing: u64,
        /// How many are there and not authentic.
        rejected: u64,
        /// How many are there and could not be authenticated: a signature or a key is not at hand.
        unauthenticated: u64,
        /// How many the store did not give.
        unreadable: u64,
    },
    /// A recorded call explains it.
    Event(Box<RecordedCall>),
    /// The chain begins here: its first digest is a starting digest.
    ChainStart,
    /// Nothing in the record explains it.
    Unexplained,
}

impl Cause {
    /// The cause's name in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unseen(unseen) => unseen.as_str(),
            Self::Digests { .. } => "digests",
            Self::Event(_) => "event",
            Self::ChainStart => "chain-start",
            Self::Unexplained => "unexplained",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen(unseen) => out.write_str(unseen.detail()),
            Self::Digests { missing, rejected, unauthenticated, unreadable } => {
                let parts = [
                    (missing, "missing"),
                    (rejected, "not authentic"),
                    (unauthenticated, "unauthenticated"),
                    (unreadable, "unreadable"),
                ];
                let told: Vec<String> = parts
                    .into_iter()
                    .filter(|(count, _)| **count > 0)
                    .map(|(count, what)| format!("{count} {what}"))
                    .collect();
                write!(out, "digests of that time: {}", told.join(", "))
            }
            Self::Event(event) => {
                let tried = match &event.error_code {
                    Some(code) => format!(" (failed: {code})"),
                    None => String::new(),
                };
                write!(
                    out,
                    "{} on {} by {} from {} at {}{tried}",
                    event.event_name,
                    event.target,
                    event.actor,
                    event.source_ip,
                    crate::trail::format_time(event.time)
                )
            }
            Self::ChainStart => out.write_str("the chain starts here"),
            Self::Unexplained => out.write_str("nothing in the record explains it"),
        }
    }
}
