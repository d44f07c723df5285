//! One object and its verdict, for the formats that tell every object while the run goes on.

use crate::report::Part;
use crate::trail::ObjectName;
use crate::verdict::{DigestVerdict, LogVerdict};

/// A verdict of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// On a digest.
    Digest(DigestVerdict),
    /// On a log file.
    Log(LogVerdict),
}

impl Judged {
    /// What was judged, in a word.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Digest(_) => "digest",
            Self::Log(_) => "log",
        }
    }

    /// The verdict's name in reports.
    pub fn verdict(self) -> &'static str {
        match self {
            Self::Digest(verdict) => verdict.as_str(),
            Self::Log(verdict) => verdict.as_str(),
        }
    }
}

/// An object as it was judged.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its name.
    pub object: &'a ObjectName,
    /// What it is and what was found.
    pub judged: Judged,
    /// Whether the totals count it.
    pub part: Part,
    /// Its bytes as stored, where they were read.
    pub compressed: Option<u64>,
    /// Its bytes after inflation, where it could be inflated.
    pub inflated: Option<u64>,
}
