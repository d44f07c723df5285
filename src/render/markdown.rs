//! Markdown for a ticket or a pipeline's summary page. Text that could be markup, a link or a mention stands in a
//! code span, where nothing of it acts.

use std::io;

use super::words::{self, Group};
use crate::report::Report;
use crate::trail::{Depth, Span};
use crate::verdict::{Class, Code, Finding};

mod verbatim;

use verbatim::{Cell, Verbatim, Words};

/// How many findings of one code are listed before the rest is summed up: pipelines limit a summary's size.
const TOLD: usize = 20;

/// Writes the report.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let headline = words::headline(report);
    writeln!(out, "## {}\n\n{}\n", headline.word, headline.sentence)?;
    facts(report, out)?;
    for group in words::groups(report) {
        write_group(&group, out)?;
    }
    sentences("Worth knowing", &words::hints(report), out)?;
    sentences("Not proven by this run", &words::not_proven(report), out)
}

/// Writes the table of all codes, for the README.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn codes(out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "| code | class | what it means |\n| --- | --- | --- |")?;
    for code in Code::ALL {
        let otherwise = code.otherwise().map_or(String::new(), |when| format!("; {when}"));
        writeln!(out, "| `{code}` | {}{otherwise} | {} |", code.class().as_str(), code.meaning())?;
    }
    Ok(())
}

/// Text in a cell of a table, where nothing of it acts.
pub(super) fn cell(text: &str) -> String {
    Cell(text).to_string()
}

fn facts(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let window = match report.window.start() {
        Some(start) => words::range(Span { start, end: report.window.end() }),
        None => format!("up to {}", words::moment(report.window.end())),
    };
    let totals = &report.totals;
    writeln!(out, "| | |\n| --- | --- |")?;
    writeln!(out, "| source | {} |", Cell(&report.source))?;
    if let Some(identity) = &report.identity {
        writeln!(out, "| read as | {} |", Cell(words::identity(identity)))?;
    }
    writeln!(out, "| window | {window} UTC |")?;
    writeln!(
        out,
        "| run | {} UTC, trailseal {} |",
        words::moment(report.started_at),
        Cell(&report.tool_version)
    )?;
    writeln!(out, "| depth | {} |", report.depth.as_str())?;
    writeln!(out, "| scope | {} |", Cell(words::scope(&report.request)))?;
    if let Some(expected) = words::expected(report) {
        writeln!(out, "| expected | {} |", Cell(expected))?;
    }
    if let Some(baselines) = words::baselines(report) {
        writeln!(out, "| baseline | {} |", Cell(baselines))?;
    }
    writeln!(out, "| grace | {} |", words::lasting(report.request.grace))?;
    writeln!(out, "| covered | {} |", words::covered(report))?;
    writeln!(out, "| signed with | {} |", words::counted(report.keys.len() as u64, "key", "keys"))?;
    writeln!(
        out,
        "| digests | {} of {} authentic |",
        words::thousands(totals.digests.authentic),
        words::thousands(totals.digests.total())
    )?;
    let (held, what) = match report.depth {
        Depth::Full => (totals.logs.intact, "intact"),
        Depth::Presence => (totals.logs.present, "present; their content was not looked at"),
        Depth::Chain => return writeln!(out, "| log files | not looked at |"),
    };
    let total = words::thousands(totals.logs.total());
    writeln!(out, "| log files | {} of {total} {what} |", words::thousands(held))
}

fn write_group(group: &Group<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let class = match group.class {
        Class::Tamper => "tampering",
        Class::Incomplete => "incomplete",
        Class::Notice => "notice",
    };
    writeln!(out, "\n### `{}`: {} ({class})\n\n{}\n", group.code, group.count(), group.code.meaning())?;
    for finding in group.findings.iter().take(TOLD) {
        write_finding(finding, out)?;
    }
    match group.count().saturating_sub(TOLD as u64) {
        0 => Ok(()),
        rest => writeln!(out, "- … and {} more", words::thousands(rest)),
    }
}

fn write_finding(finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let scope = &finding.scope;
    let mut place: Vec<String> = Vec::new();
    place.extend(scope.account.map(|account| account.to_string()));
    place.extend(scope.region.as_ref().map(ToString::to_string));
    place.extend(finding.at.filter(|_| finding.span.is_none()).map(words::moment));
    if place.is_empty() {
        write!(out, "- {}", Words(words::message(finding)))?
    } else {
        write!(out, "- {}: {}", place.join(" "), Words(words::message(finding)))?
    }
    if let Some(object) = &finding.object {
        write!(out, "<br>{}", Verbatim(object))?;
    }
    for (name, fact) in &finding.evidence().0 {
        write!(out, "<br>{}: {}", Words(name), Verbatim(words::fact(fact)))?;
    }
    if let Some(cause) = &finding.cause {
        write!(out, "<br>cause: {}", Words(cause))?;
    }
    writeln!(out)
}

fn sentences(title: &str, sentences: &[String], out: &mut dyn io::Write) -> io::Result<()> {
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### {title}\n")?;
    sentences.iter().try_for_each(|sentence| writeln!(out, "- {}", Words(sentence)))
}
