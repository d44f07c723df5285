//! Metrics in CloudWatch's Embedded Metric Format: one line of JSON, which CloudWatch Logs turns into metrics wherever it is logged.
//! They are few, because each costs; how many findings of each code there are stands beside them, for queries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::json::visible::line;
use super::plain::Plain;
use crate::report::Report;
use crate::trail::Time;
use crate::verdict::{Class, Code};

/// Where the metrics are in CloudWatch.
const NAMESPACE: &str = "trailseal";
/// Longest value of a dimension (PutMetricData, Dimension).
const LONGEST: usize = 1024;

#[derive(Serialize)]
struct Document {
    #[serde(rename = "_aws")]
    aws: Metadata,
    source: String,
    #[serde(flatten)]
    values: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    findings: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    /// In milliseconds.
    timestamp: i64,
    cloud_watch_metrics: [Directive; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

/// A metric: its name, its unit, and its value.
type Metric = (&'static str, &'static str, f64);

/// Writes the metrics of a run that ended with `exit_code`: the report's own, unless a result could not be written.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, exit_code: u8, out: &mut dyn io::Write) -> io::Result<()> {
    let count = |class| Code::ALL.iter().map(|code| report.count(class, *code)).sum::<u64>() as f64;
    let millis = (report.finished_at - report.started_at).num_milliseconds();
    let metrics = [
        exited(exit_code),
        ("Tamper", "Count", count(Class::Tamper)),
        ("Incomplete", "Count", count(Class::Incomplete)),
        ("Notice", "Count", count(Class::Notice)),
        ("DigestsVerified", "Count", report.totals.digests.authentic as f64),
        ("LogsVerified", "Count", report.totals.logs.intact as f64),
        ("DurationSeconds", "Seconds", millis as f64 / 1000.0),
    ];
    let classes = [Class::Tamper, Class::Incomplete, Class::Notice];
    let counted = Code::ALL.iter().map(|code| {
        (code.as_str(), classes.into_iter().map(|class| report.count(class, *code)).sum::<u64>())
    });
    let findings = counted.filter(|(_, count)| *count > 0).collect();
    write_all(&report.source, report.finished_at, &metrics, findings, out)
}

/// Writes the metrics of a run that could not begin: its exit code alone, because nothing is known that the others could say.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write_without_report(
    source: &str,
    ended_at: Time,
    exit_code: u8,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    write_all(source, ended_at, &[exited(exit_code)], BTreeMap::new(), out)
}

fn exited(code: u8) -> Metric {
    ("ExitCode", "None", f64::from(code))
}

fn write_all(
    source: &str,
    ended_at: Time,
    metrics: &[Metric],
    findings: BTreeMap<&'static str, u64>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let definition = |(name, unit, _): &Metric| Definition { name, unit };
    let directive = Directive {
        namespace: NAMESPACE,
        dimensions: [["source"]],
        metrics: metrics.iter().map(definition).collect(),
    };
    let document = Document {
        aws: Metadata { timestamp: ended_at.timestamp_millis(), cloud_watch_metrics: [directive] },
        source: dimension(source),
        values: metrics.iter().map(|(name, _, value)| (*name, *value)).collect(),
        findings,
    };
    line(&document, out)
}

/// A dimension's value is ASCII that is seen, has something in it, and does not begin with a colon.
fn dimension(text: &str) -> String {
    let mut value = String::new();
    for char in Plain(text).to_string().chars() {
        match char {
            ' '..='~' => value.push(char),
            // Writing to a string does not fail.
            other => drop(write!(value, "{}", other.escape_unicode())),
        }
    }
    value.truncate(LONGEST);
    match value.trim() {
        "" => "unknown".to_owned(),
        named if named.starts_with(':') => format!("_{}", &named[1..]),
        _ => value,
    }
}
