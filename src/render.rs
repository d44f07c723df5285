//! A report goes in, bytes come out. Nothing here looks at a bucket, a clock or the terminal, and nothing is judged
//! here: every format tells the same findings, and hostile text can break out of none of them.

use std::fmt;
use std::io;
use std::str::FromStr;

use crate::report::Report;
use crate::trail::Malformed;

pub mod human;
pub mod json;
pub mod plain;
mod timeline;
mod words;

pub use words::{Headline, headline};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For a person at a terminal.
    Human,
    /// `trailseal/report/v1`, the contract for programs.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| Malformed { expected: "a report format", found: text.chars().take(80).collect() })
    }
}

/// Writes the report in that format. The layout only matters to [`Format::Human`].
pub fn write(
    format: Format,
    report: &Report,
    layout: &human::Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, layout, out),
        Format::Json => json::write(report, out),
    }
}
