//! Tables for a spreadsheet, as RFC 4180 has them. Every cell is quoted, no cell can run as a formula, and none holds
//! a character that acts instead of being seen.

use std::io;

use super::plain::Plain;
use super::seen::Seen;
use super::words;
use crate::report::Report;
use crate::trail::format_time;
use crate::verdict::Finding;

const FINDINGS: [&str; 15] = [
    "code",
    "class",
    "severity",
    "account",
    "region",
    "trail",
    "organization",
    "at",
    "start",
    "end",
    "object",
    "digest",
    "message",
    "evidence",
    "cause",
];
const OBJECTS: [&str; 6] = ["object", "kind", "verdict", "compressed", "inflated", "window"];

/// Writes the findings, one to a row, and a row for those of each code and class that the report only counts.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    row(&FINDINGS.map(String::from), out)?;
    let not_held = words::not_held(report);
    report.findings.iter().chain(&not_held).try_for_each(|finding| row(&cells(finding), out))
}

fn cells(finding: &Finding) -> [String; 15] {
    fn text<T: ToString>(fact: Option<T>) -> String {
        fact.map_or_else(String::new, |fact| fact.to_string())
    }
    let scope = &finding.scope;
    let evidence = finding.evidence().0;
    let evidence = if evidence.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&evidence).unwrap_or_default()
    };
    [
        finding.code().to_string(),
        finding.class().as_str().to_owned(),
        finding.severity().as_str().to_owned(),
        text(scope.account),
        text(scope.region.as_ref()),
        text(scope.trail.as_ref()),
        text(scope.organization.as_ref()),
        text(finding.at.map(format_time)),
        text(finding.span.map(|span| format_time(span.start))),
        text(finding.span.map(|span| format_time(span.end))),
        text(finding.object.as_ref()),
        text(finding.digest.as_ref()),
        words::message(finding).into_owned(),
        evidence,
        text(finding.cause.as_ref()),
    ]
}

/// A table of every object, written while they are judged.
pub struct Objects<W: io::Write>(W);

impl<W: io::Write> Objects<W> {
    /// Begins the table.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn new(mut out: W) -> io::Result<Self> {
        row(&OBJECTS.map(String::from), &mut out)?;
        Ok(Self(out))
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn object(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        let size = |bytes: Option<u64>| bytes.map_or_else(String::new, |bytes| bytes.to_string());
        let cells = [
            seen.object.to_string(),
            seen.judged.kind().to_owned(),
            seen.judged.verdict().to_owned(),
            size(seen.compressed),
            size(seen.inflated),
            seen.part.as_str().to_owned(),
        ];
        row(&cells, &mut self.0)
    }

    /// Ends the table and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.0.flush()?;
        Ok(self.0)
    }
}

/// Writes a row.
pub(super) fn row(cells: &[String], out: &mut dyn io::Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// A cell in quotes. Where a spreadsheet could take what follows for a formula, an apostrophe makes it text: at the
/// cell's start, and after each sign that some country's spreadsheets take for the end of a cell.
fn quoted(text: &str) -> String {
    let mut cell = String::from("\"");
    let mut begins = true;
    for char in Plain(text).to_string().chars() {
        if begins && matches!(char, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            cell.push('\'');
        }
        begins = matches!(char, ',' | ';' | '"');
        if char == '"' {
            cell.push('"');
        }
        cell.push(char);
    }
    cell.push('"');
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("\t=1"), "\"\\t=1\"");
        assert_eq!(quoted("a;=1"), "\"a;'=1\"");
        assert_eq!(quoted("a\"\n+1"), "\"a\"\"\\n+1\"");
        assert_eq!(quoted("us-east-1"), "\"us-east-1\"");
    }
}
