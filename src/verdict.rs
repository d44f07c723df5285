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

use std::fmt;
use std::str::FromStr;

use crate::trail::Malformed;
use crate::trail::text::as_text;

mod cause;
pub mod code;
mod evidence;
mod finding;
mod tally;
pub mod what;

pub use cause::{Cause, RecordedCall, Unseen};
pub use code::Code;
use code::Weight;
pub use evidence::Evidence;
pub use finding::{Finding, Overruled, Scope};
pub use tally::{DigestTally, DigestVerdict, LogTally, LogVerdict, Retries, RetryCause};
pub use what::What;

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
