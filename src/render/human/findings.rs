//! What was found, worst first.

use std::io;

use super::super::plain::Plain;
use super::super::words::{self, Group};
use super::paint::Ink;
use super::{Page, Verbosity};
use crate::render::wrap::{shortened, wrapped};
use crate::report::Report;
use crate::verdict::{Cause, Class, Finding};

/// How many findings of one kind are told before the rest is summed up: fewer, the less urgent they are.
fn told(class: Class) -> usize {
    match class {
        Class::Tamper => 8,
        Class::Incomplete => 6,
        Class::Notice => 3,
    }
}

/// How much of a long piece of evidence, such as a signature, is shown.
const EVIDENCE: usize = 72;

pub(super) fn write(page: &Page<'_>, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let groups = words::groups(report);
    if groups.is_empty() {
        return Ok(());
    }
    page.heading("FINDINGS, worst first", out)?;
    for group in &groups {
        write_group(page, group, out)?;
    }
    writeln!(out)?;
    let advice = "`trailseal explain CODE` tells how each comes about and what to do next.";
    writeln!(out, "  {}", page.paint.ink(Ink::Faint, wrapped(advice, page.width(), 2)))
}

fn write_group(page: &Page<'_>, group: &Group<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (sign, ink) = match group.class {
        Class::Tamper => ("✗", Ink::Alarm),
        Class::Incomplete => ("?", Ink::Caution),
        Class::Notice => ("i", Ink::Strong),
    };
    writeln!(
        out,
        "\n  {} {}  {}",
        page.paint.ink(ink, sign),
        page.paint.ink(ink, group.code),
        words::thousands(group.count()),
    )?;
    let meaning = wrapped(group.code.meaning(), page.width(), 4);
    writeln!(out, "    {}", page.paint.ink(Ink::Faint, meaning))?;
    let (message, cause) = (group.common_message(), group.common_cause());
    if let Some(message) = &message {
        writeln!(out, "    {}", wrapped(&format!("each: {}", Plain(message)), page.width(), 4))?;
    }
    let said = |cause: &&Cause| message.as_ref().is_some_and(|message| message.contains(&cause.to_string()));
    if let Some(cause) = cause.filter(|cause| !said(cause)) {
        writeln!(out, "    {}", wrapped(&format!("why, of each: {}", Plain(cause)), page.width(), 4))?;
    }
    let told = match page.options.verbosity {
        Verbosity::Quiet | Verbosity::Normal => told(group.class),
        Verbosity::Verbose => usize::MAX,
    };
    // One more line for one more finding is no longer than the line that would leave it out.
    let told = if group.findings.len() - 1 == told { told + 1 } else { told };
    let mut before = None;
    for finding in group.findings.iter().take(told) {
        write_finding(page, finding, message.as_deref(), out)?;
        if cause.is_none() {
            write_cause(page, finding, before, out)?;
        }
        before = finding.cause.as_ref();
    }
    let shown = group.findings.len().saturating_sub(told) as u64;
    match (shown, group.omitted) {
        (0, 0) => Ok(()),
        (shown, 0) => writeln!(out, "    … and {} more (-v shows all)", words::thousands(shown)),
        (shown, omitted) => {
            writeln!(
                out,
                "    … and {} more (--objects lists every object)",
                words::thousands(shown + omitted)
            )
        }
    }
}

/// One finding; its message, unless that was said of all of them.
fn write_finding(
    page: &Page<'_>,
    finding: &Finding,
    said: Option<&str>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match said {
        None => format!("{}{}", place(finding), Plain(words::message(finding))),
        Some(_) => place(finding).trim_end_matches(": ").to_owned(),
    };
    writeln!(out, "    - {}", wrapped(&text, page.width(), 6))?;
    if let Some(object) = &finding.object {
        writeln!(out, "      {}", Plain(object))?;
    }
    for (name, fact) in &finding.evidence().0 {
        let fact = Plain(words::fact(fact)).to_string();
        let fact = if page.verbose() { fact } else { shortened(&fact, EVIDENCE) };
        let name = Plain(name).to_string().replace('_', " ");
        writeln!(out, "      {} {fact}", page.paint.ink(Ink::Faint, format_args!("{name:<18}")))?;
    }
    if let Some(digest) = finding.digest.as_ref().filter(|_| page.verbose()) {
        writeln!(out, "      {} {}", page.paint.ink(Ink::Faint, "named by          "), Plain(digest))?;
    }
    Ok(())
}

/// Why it came about, unless the message says so or the finding before has the same cause.
fn write_cause(
    page: &Page<'_>,
    finding: &Finding,
    before: Option<&Cause>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let Some(cause) = &finding.cause else { return Ok(()) };
    let message = words::message(finding);
    let said = match cause {
        Cause::Event(event) => message.contains(&*event.event_name) && message.contains(&*event.actor),
        _ => message.contains(&cause.to_string()),
    };
    let text = if before == Some(cause) && matches!(cause, Cause::Event(_)) {
        "why: as above".to_owned()
    } else {
        format!("why: {}", Plain(cause))
    };
    if said { Ok(()) } else { writeln!(out, "      {}", wrapped(&text, page.width(), 6)) }
}

/// `111122223333 us-east-1 2026-03-01 10:17:28: `, as far as it is known and the message does not begin with it.
fn place(finding: &Finding) -> String {
    let scope = &finding.scope;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(scope.account.map(|account| account.to_string()));
    parts.extend(scope.region.as_ref().map(|region| region.to_string()));
    if finding.span.is_none() {
        parts.extend(finding.at.map(words::moment));
    }
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(" ")) }
}
