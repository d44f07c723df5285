//! JUnit XML for a pipeline's test page: a suite for each chain. Tampering is a failure, what could not be
//! established an error; a chain without either has one passing case, or one skipped if the run ended before it was done.

use std::collections::HashSet;
use std::io;

use super::plain::Plain;
use super::timeline::Findings;
use super::words;
use super::xml::{Attribute, Text};
use crate::report::{ChainReport, Completion, Outcome, Reached, Report};
use crate::trail::DigestKind;
use crate::verdict::{Class, Code, Finding};

/// What a pipeline makes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Passed,
    Failure,
    Error,
    Skipped,
}

struct Case {
    name: String,
    mark: Mark,
    kind: String,
    message: String,
    detail: String,
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

impl Suite {
    fn count(&self, mark: Mark) -> usize {
        self.cases.iter().filter(|case| case.mark == mark).count()
    }
}

/// Writes the suites.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = suites(report);
    let count = |mark| suites.iter().map(|suite| suite.count(mark)).sum::<usize>();
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let seconds = (report.finished_at - report.started_at).num_milliseconds() as f64 / 1000.0;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"trailseal\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">",
        count(Mark::Failure),
        count(Mark::Error),
        count(Mark::Skipped)
    )?;
    let timestamp = report.started_at.format("%Y-%m-%dT%H:%M:%S").to_string();
    for suite in &suites {
        write_suite(suite, &timestamp, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(suite: &Suite, timestamp: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let name = Attribute(&suite.name);
    writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" timestamp=\"{timestamp}\">",
        suite.cases.len(),
        suite.count(Mark::Failure),
        suite.count(Mark::Error),
        suite.count(Mark::Skipped)
    )?;
    for case in &suite.cases {
        writeln!(out, "    <testcase name=\"{}\" classname=\"{name}\">", Attribute(&case.name))?;
        let (kind, message, detail) = (Attribute(&case.kind), Attribute(&case.message), Text(&case.detail));
        match case.mark {
            Mark::Passed if case.detail.is_empty() => {
                writeln!(out, "      <system-out>{message}</system-out>")?;
            }
            Mark::Passed => writeln!(out, "      <system-out>{message}\n{detail}</system-out>")?,
            Mark::Failure => {
                writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">{detail}</failure>")?;
            }
            Mark::Error => {
                writeln!(out, "      <error type=\"{kind}\" message=\"{message}\">{detail}</error>")?;
            }
            Mark::Skipped => writeln!(out, "      <skipped message=\"{message}\"/>")?,
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn suites(report: &Report) -> Vec<Suite> {
    let findings = Findings::of(report);
    let mut suites: Vec<Suite> = Vec::new();
    // A finding of a place that several chains share is told with the first of them.
    let mut told: HashSet<*const Finding> = HashSet::new();
    for chain in &report.chains {
        let own: Vec<&Finding> =
            findings.of_chain(chain).filter(|finding| told.insert(std::ptr::from_ref(*finding))).collect();
        let holds = findings.worst(chain).is_none_or(|class| class == Class::Notice);
        let mut cases: Vec<Case> = own.into_iter().map(finding_case).collect();
        cases.extend(holds.then(|| chain_case(chain)));
        suites.push(Suite { name: chain_name(chain), cases });
    }
    let rest = report.findings.iter().filter(|finding| !told.contains(&std::ptr::from_ref(*finding)));
    let mut cases: Vec<Case> = rest.map(finding_case).collect();
    cases.extend(words::not_held(report).iter().map(finding_case));
    cases.extend(run_case(report));
    if !cases.is_empty() {
        suites.push(Suite { name: "whole run".to_owned(), cases });
    }
    suites
}

fn chain_name(chain: &ChainReport) -> String {
    let id = &chain.id;
    let kind = match id.kind {
        DigestKind::Standard => "",
        DigestKind::Backfill => " backfill",
    };
    format!("{} {} {}{kind}", id.place.account, id.place.region, id.trail)
}

/// What there is to say of a chain without findings.
fn chain_case(chain: &ChainReport) -> Case {
    let held = format!(
        "{}, {}",
        words::counted(chain.digests.authentic, "digest authentic", "digests authentic"),
        words::counted(chain.logs.intact, "log file intact", "log files intact"),
    );
    let (mark, message) = match chain.reached {
        Reached::Wholly => (Mark::Passed, held),
        Reached::InPart => (Mark::Skipped, format!("the run ended before all of it was looked at; {held}")),
    };
    Case { name: "chain verified".to_owned(), mark, kind: String::new(), message, detail: String::new() }
}

fn finding_case(finding: &Finding) -> Case {
    let mark = match (finding.class(), finding.code()) {
        (Class::Tamper, _) => Mark::Failure,
        (Class::Incomplete, _) => Mark::Error,
        (Class::Notice, Code::LogPending) => Mark::Skipped,
        (Class::Notice, _) => Mark::Passed,
    };
    let about = match (&finding.object, &finding.span, finding.at) {
        (Some(object), _, _) => object.to_string(),
        (None, Some(span), _) => words::range(*span),
        (None, None, Some(at)) => words::moment(at),
        (None, None, None) => words::message(finding).into_owned(),
    };
    let facts = finding.evidence().0.into_iter();
    let facts = facts.map(|(name, fact)| format!("{}: {}", Plain(&name), Plain(words::fact(&fact))));
    let cause = finding.cause.iter().map(|cause| format!("cause: {}", Plain(cause)));
    let detail: Vec<String> = facts.chain(cause).collect();
    Case {
        name: format!("{} {about}", finding.code()),
        mark,
        kind: finding.code().to_string(),
        message: words::message(finding).into_owned(),
        detail: detail.join("\n"),
    }
}

/// What no finding says.
fn run_case(report: &Report) -> Option<Case> {
    let message = match (report.completion, report.outcome()) {
        (Completion::Interrupted, _) => "the run was interrupted",
        (Completion::Complete, Outcome::Empty) => "there is nothing to verify in scope",
        (Completion::Complete, Outcome::Intact | Outcome::Tampered | Outcome::Incomplete) => return None,
    };
    Some(Case {
        name: "the run came to its end".to_owned(),
        mark: Mark::Error,
        kind: report.outcome().as_str().to_owned(),
        message: message.to_owned(),
        detail: String::new(),
    })
}
