//! The closed vocabulary of judgement: a verdict for each digest and log file, a code for each finding,
//! and how much each weighs. Adding a variant forces a decision everywhere it matters.
//!
//! Three rules stand behind every code:
//!
//! 1. **Whole is said only of what was looked at wholly.** Whatever bounded the looking (a cap, a depth, a link, a name
//!    that does not parse, an option, the time) is in the report, and where it could hide a part of the record in scope it
//!    is a finding of class [`Class::Incomplete`].
//! 2. **A name the caller gives is a claim to be met.** Every account, region and trail that is named has standard digests
//!    in the window, each for itself, or it is [`Code::RegionAbsent`].
//! 3. **Nobody is accused unless S3 itself spoke.** Missing, malformed, unlisted and unsigned, of class
//!    [`Class::Tamper`], rest on answers that are S3's, in a listing known to be complete and in order, of objects old
//!    enough, in the place that CloudTrail delivered them to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::trail::text::{as_text, count, moment, perhaps};
use crate::trail::{
    AccountId, ChainId, Malformed, ObjectName, OrganizationId, Region, Span, Time, TrailName,
};

pub mod code;
pub use code::Code;
use code::Weight;

/// What a finding says about the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The record was changed or something was removed from it.
    Tamper,
    /// It could not be established.
    Incomplete,
    /// Worth knowing.
    Notice,
}

impl Class {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tamper => "tamper",
            Self::Incomplete => "incomplete",
            Self::Notice => "notice",
        }
    }
}

impl FromStr for Class {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        [Self::Tamper, Self::Incomplete, Self::Notice]
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| Malformed { expected: "a class", found: text.into() })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

as_text!(Class, Code);

/// How urgently a finding wants a person. Derived, never chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Evidence that somebody changed, removed or forged part of the record.
    Critical,
    /// Part of the window is unaccounted for.
    High,
    /// Something could not be read or proven.
    Medium,
    /// Something unusual that may well be innocent.
    Low,
    /// Background.
    Info,
}

impl Severity {
    /// The one place where findings are ranked.
    pub fn of(code: Code, class: Class) -> Self {
        match (class, code.weight()) {
            (Class::Tamper, _) => Self::Critical,
            (Class::Incomplete, Weight::Heavy) => Self::High,
            (Class::Incomplete, Weight::Usual | Weight::Light) => Self::Medium,
            (Class::Notice, Weight::Heavy | Weight::Usual) => Self::Low,
            (Class::Notice, Weight::Light) => Self::Info,
        }
    }

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// The verdict on one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestVerdict {
    /// AWS signed exactly these bytes for exactly this place.
    Authentic,
    /// The signature does not fit the bytes.
    SignatureInvalid,
    /// Not one gzip member holding a digest.
    Malformed,
    /// A digest of another place.
    Relocated,
    /// No signature is at hand.
    Unsigned,
    /// Signed, it says, with a key that is not at hand.
    UnknownKey,
    /// Its algorithms are not the ones known.
    AlgorithmUnsupported,
    /// The store did not give it.
    Unreadable,
    /// A link points to it and it is not there.
    Missing,
    /// A link points to it, and it may still be under way.
    Pending,
    /// The run ended before it was read.
    NotReached,
}

/// The verdict on one log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogVerdict {
    /// Byte for byte what AWS delivered.
    Intact,
    /// Inflates to other bytes than AWS delivered.
    Modified,
    /// Not exactly one gzip member within the limit.
    Malformed,
    /// Attested and not there.
    Missing,
    /// The store did not give it.
    Unreadable,
    /// Named only by digests that are not authentic.
    Unproven,
    /// There, and named by no authentic digest.
    Unlisted,
    /// Too young to be in a digest yet, or named by one and not there yet.
    Pending,
    /// Attested and listed, its bytes not asked for.
    Present,
    /// Attested; the run ended before it was read.
    NotReached,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Defines a count per verdict.
macro_rules! tally {
    ($(#[$doc:meta])* $tally:ident of $verdict:ident { $($field:ident: $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $tally {
            $(
                #[serde(skip_serializing_if = "is_zero", deserialize_with = "count::deserialize")]
                #[doc = concat!("How many are [`", stringify!($verdict), "::", stringify!($variant), "`].")]
                pub $field: u64,
            )*
        }

        impl $tally {
            /// Counts one more.
            pub fn add(&mut self, verdict: $verdict) {
                self.add_many(verdict, 1);
            }

            /// Counts so many more.
            pub fn add_many(&mut self, verdict: $verdict, count: u64) {
                match verdict {
                    $($verdict::$variant => self.$field += count,)*
                }
            }

            /// Takes over another tally's counts.
            pub fn merge(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }

            /// Each count with its name in reports, in the order of the verdicts.
            pub fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($field), self.$field),)*]
            }

            /// How many there are of all verdicts.
            pub fn total(&self) -> u64 {
                0 $(+ self.$field)*
            }
        }

        impl $verdict {
            /// The verdict's name in reports.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($field),)*
                }
            }
        }
    };
}

tally!(
    /// Digests by verdict.
    DigestTally of DigestVerdict {
        authentic: Authentic,
        signature_invalid: SignatureInvalid,
        malformed: Malformed,
        relocated: Relocated,
        unsigned: Unsigned,
        unknown_key: UnknownKey,
        algorithm_unsupported: AlgorithmUnsupported,
        unreadable: Unreadable,
        missing: Missing,
        pending: Pending,
        not_reached: NotReached,
    }
);
tally!(
    /// Log files by verdict.
    LogTally of LogVerdict {
        intact: Intact,
        modified: Modified,
        malformed: Malformed,
        missing: Missing,
        unreadable: Unreadable,
        unproven: Unproven,
        unlisted: Unlisted,
        pending: Pending,
        present: Present,
        not_reached: NotReached,
    }
);

/// How a store, or whoever else was asked, stumbled: it was asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stumble {
    /// It asked to slow down.
    Throttled,
    /// No answer came in time.
    TimedOut,
    /// The connection or the answer broke off.
    CutOff,
    /// It failed in another way that may pass: a 5xx, nobody there.
    Failed,
}

tally!(
    /// Failures after which the same was asked again, by what they were.
    Retries of Stumble {
        throttled: Throttled,
        timed_out: TimedOut,
        cut_off: CutOff,
        failed: Failed,
    }
);

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
pub struct Testimony {
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
    Event(Box<Testimony>),
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

/// Named facts a reader can check a finding against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(pub BTreeMap<Cow<'static, str>, Value>);

impl Evidence {
    /// No facts.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one fact.
    pub fn with(mut self, name: &'static str, fact: impl Into<Value>) -> Self {
        self.0.insert(name.into(), fact.into());
        self
    }
}

/// The fact that an object has a name of a kind that CloudTrail never writes: its name in evidence, and what it says.
const ODD_NAME: (&str, &str) = ("name", "of a kind that CloudTrail never writes");

impl Evidence {
    /// Adds the fact that CloudTrail never writes names like the object's.
    pub fn with_odd_name(self) -> Self {
        self.with(ODD_NAME.0, ODD_NAME.1)
    }

    /// Whether CloudTrail never writes names like the object's.
    pub fn has_odd_name(&self) -> bool {
        self.0.get(ODD_NAME.0).is_some_and(|fact| fact == ODD_NAME.1)
    }
}

/// Where in the account a finding belongs. Facts that are not known are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The account.
    pub account: Option<AccountId>,
    /// The region whose activity is recorded.
    pub region: Option<Region>,
    /// The trail.
    pub trail: Option<TrailName>,
    /// The organization.
    pub organization: Option<OrganizationId>,
}

impl From<&ChainId> for Scope {
    fn from(chain: &ChainId) -> Self {
        Self { trail: Some(chain.trail.clone()), ..Self::from(&chain.place) }
    }
}

impl From<&crate::trail::AccountRegion> for Scope {
    fn from(place: &crate::trail::AccountRegion) -> Self {
        Self {
            account: Some(place.account),
            region: Some(place.region.clone()),
            trail: None,
            organization: place.organization.clone(),
        }
    }
}

/// A verdict or gap worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// What it says about the record.
    pub class: Class,
    /// Where it belongs.
    pub scope: Scope,
    /// The object it is about.
    pub object: Option<ObjectName>,
    /// For a log file or a link: the digest that says how it should be.
    pub digest: Option<ObjectName>,
    /// For a gap: its bounds.
    pub span: Option<Span>,
    /// The time it belongs to, for sorting and for the coverage strip.
    #[serde(with = "perhaps", default)]
    pub at: Option<Time>,
    /// One sentence.
    pub message: String,
    /// Facts to check it against.
    pub evidence: Evidence,
    /// Why, where that is known.
    pub cause: Option<Cause>,
}

impl Finding {
    /// A finding of the class its code has by itself, with nothing else said yet.
    pub fn new(code: Code, scope: impl Into<Scope>, message: impl Into<String>) -> Self {
        Self {
            code,
            class: code.class(),
            scope: scope.into(),
            object: None,
            digest: None,
            span: None,
            at: None,
            message: message.into(),
            evidence: Evidence::none(),
            cause: None,
        }
    }

    /// How urgently it wants a person.
    pub fn severity(&self) -> Severity {
        Severity::of(self.code, self.class)
    }

    /// The one order findings are told in: account, region, trail, time, object, code; then by all else they say, so that
    /// two findings are equal in it only if they are the same.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        fn key(finding: &Finding) -> impl Ord + '_ {
            let time = finding.at.or(finding.span.map(|span| span.start));
            let Scope { account, region, trail, .. } = &finding.scope;
            (account, region, trail, time, &finding.object, finding.code, &finding.message, &finding.digest)
        }
        fn rest(finding: &Finding) -> impl Ord + '_ {
            let facts: Vec<(&str, String)> =
                finding.evidence.0.iter().map(|(name, fact)| (name.as_ref(), fact.to_string())).collect();
            let cause = finding.cause.as_ref().map(|cause| format!("{cause:?}"));
            (&finding.scope.organization, finding.class, finding.span, finding.at, facts, cause)
        }
        // Rarely needed, and dear.
        key(self).cmp(&key(other)).then_with(|| rest(self).cmp(&rest(other)))
    }
}
