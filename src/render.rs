//! A report goes in, bytes come out. Nothing here looks at a bucket, a clock or the terminal, and nothing is judged
//! here: every format tells the same findings, and hostile text can break out of none of them.

use std::fmt;
use std::io;
use std::str::FromStr;

use crate::report::Report;
use crate::trail::Malformed;

pub mod asff;
pub mod aws_cli;
pub mod csv;
pub mod emf;
mod explain;
pub mod html;
pub mod human;
mod identity;
pub mod json;
pub mod jsonl;
mod junit;
pub mod markdown;
mod ocsf;
pub mod plain;
pub mod posture;
pub mod prometheus;
pub mod proof;
mod seen;
mod timeline;
mod words;
mod wrap;
mod xml;

pub use explain::explain;
pub use seen::{Judged, Seen};
pub use words::{Headline, headline, hints, message, not_proven};
pub use words::{bytes, lasting, thousands};
pub use wrap::wrapped;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For a person at a terminal.
    Human,
    /// `trailseal/report/v1`, the contract for programs.
    Json,
    /// One JSON document to a line, the summary last.
    Jsonl,
    /// The findings as a table.
    Csv,
    /// One page for an auditor's file.
    Html,
    /// JUnit XML for a pipeline.
    Junit,
    /// Gauges for node_exporter's textfile collector.
    Prometheus,
    /// Metrics for CloudWatch Logs.
    Emf,
    /// OCSF 1.8.0 events for a SIEM.
    Ocsf(Heartbeat),
    /// Batches for Security Hub.
    Asff,
    /// For a ticket or a pipeline's summary.
    Markdown,
}

/// Whether a run that found the record whole says so in a format that tells findings alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heartbeat {
    /// It says nothing: no event, no alarm.
    #[default]
    Silent,
    /// It tells one passed check, so that its absence can be an alarm.
    Beating,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Html,
        Self::Junit,
        Self::Prometheus,
        Self::Emf,
        Self::Ocsf(Heartbeat::Silent),
        Self::Asff,
        Self::Markdown,
    ];

    /// The same with a heartbeat, where it has one.
    pub fn beating(self, heartbeat: Heartbeat) -> Self {
        match self {
            Self::Ocsf(_) => Self::Ocsf(heartbeat),
            other => other,
        }
    }

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Prometheus => "prometheus",
            Self::Emf => "emf",
            Self::Ocsf(_) => "ocsf",
            Self::Asff => "asff",
            Self::Markdown => "markdown",
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
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(
    format: Format,
    report: &Report,
    layout: &human::Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, layout, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => jsonl::write(report, out),
        Format::Csv => csv::write(report, out),
        Format::Html => html::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Prometheus => prometheus::write(report, report.exit_code(), out),
        Format::Emf => emf::write(report, report.exit_code(), out),
        Format::Ocsf(heartbeat) => ocsf::write(report, heartbeat, out),
        Format::Asff => asff::write(report, out),
        Format::Markdown => markdown::write(report, out),
    }
}
