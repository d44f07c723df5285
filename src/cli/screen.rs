//! What is said beside results that go elsewhere, or to somebody who wants to hear little: the verdict, and the first
//! findings.

use std::io::{self, Write};

use crate::render::plain::Plain;
use crate::render::{self, Format, human};
use crate::report::Report;
use crate::verdict::{Class, Code, Finding};

use super::args::Look;

/// As many findings as one looks at before looking at the report.
const FIRST: usize = 5;

/// Writes the report in that format; for a person who wants to hear little, in brief.
pub fn write(
    format: Format,
    report: &Report,
    layout: &human::Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    match (format, layout.verbosity) {
        (Format::Human, human::Verbosity::Quiet) => brief(report, layout, out),
        _ => render::write(format, report, layout, out),
    }
}

/// Writes the verdict and the first findings; of a run that ended well, nothing.
fn brief(report: &Report, layout: &human::Options, out: &mut dyn Write) -> io::Result<()> {
    if report.exit_code() == 0 {
        return Ok(());
    }
    human::write(report, layout, out)?;
    let mut findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.class() != Class::Notice).collect();
    findings.sort_by_key(|finding| (finding.class(), finding.code()));
    for finding in in_turn(&findings).take(FIRST) {
        let scope = &finding.scope;
        let place = [
            scope.account.map(|account| account.to_string()),
            scope.region.as_ref().map(ToString::to_string),
            scope.trail.as_ref().map(ToString::to_string),
        ];
        let place: Vec<String> = place.into_iter().flatten().collect();
        writeln!(out, "  {}  {}: {}", finding.code(), place.join(" "), Plain(render::message(finding)))?;
        if let Some(object) = &finding.object {
            writeln!(out, "    {}", Plain(&object.to_string()))?;
        }
    }
    let told = findings.len().min(FIRST) as u64;
    match not_well(report) - told {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

/// The first of each code, worst first, then the second of each, and so on: a hundred of one kind hide no other.
fn in_turn<'f>(sorted: &[&'f Finding]) -> impl Iterator<Item = &'f Finding> {
    let kinds = sorted.chunk_by(|one, other| (one.class(), one.code()) == (other.class(), other.code()));
    let mut in_turn: Vec<(Class, usize, &Finding)> = kinds
        .flat_map(|kind| kind.iter().enumerate().map(|(turn, finding)| (finding.class(), turn, *finding)))
        .collect();
    in_turn.sort_by_key(|(class, turn, _)| (*class, *turn));
    in_turn.into_iter().map(|(.., finding)| finding)
}

/// How many findings there were that are no notices, those that the report only counts included.
fn not_well(report: &Report) -> u64 {
    let classes = [Class::Tamper, Class::Incomplete];
    Code::ALL.iter().flat_map(|code| classes.map(|class| report.count(class, *code))).sum()
}

/// Says the verdict in one line on stderr, where the result itself went elsewhere: all that a scheduler mails. To somebody
/// who wants to hear little, only what is not well.
pub fn verdict(report: &Report, look: &Look) {
    if !look.quiet || report.exit_code() != 0 {
        // Where even stderr is closed, the exit code still speaks.
        let _ = writeln!(io::stderr(), "{}", one_line(report));
    }
}

fn one_line(report: &Report) -> String {
    let layout = human::Options { verbosity: human::Verbosity::Quiet, ..human::Options::default() };
    let mut text = Vec::new();
    // Into memory, which takes all.
    let _ = human::write(report, &layout, &mut text);
    String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}
