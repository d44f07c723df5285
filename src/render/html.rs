//! One page for an auditor's file: it needs nothing from outside, runs nothing, prints on A4, and says in plain words
//! what was asked, what was covered, what was found and what was not proven.
//!
//! Whatever slips through the escaping is still dead: the page's own policy allows its one style sheet, by hash, and
//! nothing else.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::json;
use super::words::{self, Group};
use super::xml::Attribute as Text;
use crate::crypto::Hash;
use crate::report::{Completion, Outcome, Report};
use crate::trail::{Depth, Span};

mod coverage;
mod findings;
mod tables;
mod ticks;

const STYLE: &str = include_str!("html/style.css");

/// Writes the page.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    head(report, out)?;
    verdict(report, out)?;
    facts(report, out)?;
    let groups = words::groups(report);
    contents(report, &groups, out)?;
    coverage::write(report, out)?;
    findings::write(&groups, out)?;
    sentences("hints", "Worth knowing", "", &words::hints(report), out)?;
    let limits = "No check of a record can establish everything. This run did not establish:";
    sentences("limits", "What was not proven", limits, &words::not_proven(report), out)?;
    tables::chains(report, out)?;
    tables::newest(report, out)?;
    tables::keys(report, out)?;
    provenance(report, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

fn head(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let style = BASE64.encode(Hash::of(STYLE.as_bytes()).bytes());
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}: CloudTrail integrity report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Text(&report.source)
    )
}

fn verdict(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let headline = words::headline(report);
    let tone = match report.outcome() {
        Outcome::Tampered => "bad",
        Outcome::Incomplete | Outcome::Empty => "open",
        Outcome::Intact => "good",
    };
    write!(
        out,
        "<header>\n<p class=\"kind\">CloudTrail integrity report</p>\n<h1>{}</h1>\n<p class=\"window\">{}</p>\n</header>\n\
         <section class=\"verdict {tone}\">\n<p class=\"word\">{}</p>\n<p>{}</p>\n</section>\n",
        Text(&report.source),
        window(report),
        headline.word,
        Text(headline.sentence)
    )
}

fn window(report: &Report) -> String {
    let end = report.window.end();
    match report.window.start() {
        Some(start) => format!("{} UTC", words::range(Span { start, end })),
        None => format!("from the beginning of the record to {} UTC", words::moment(end)),
    }
}

fn facts(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let totals = &report.totals;
    let asked = match report.depth {
        Depth::Chain => "Digests alone; log files were not looked at.",
        Depth::Presence => "Digests, and whether the log files they name are there; not their content.",
        Depth::Full => "Digests, and every byte of every log file they name.",
    };
    let read = format!(
        "{} stored, {} inflated and hashed.",
        words::bytes(totals.compressed),
        words::bytes(totals.inflated)
    );
    writeln!(out, "<dl class=\"facts\">")?;
    fact(
        "What was asked",
        &format!(
            "{} {asked} Grace period {}.",
            sentence(&window(report)),
            words::lasting(report.request.grace)
        ),
        out,
    )?;
    fact("Whose record", &sentence(&words::scope(&report.request)), out)?;
    if let Some(expected) = words::expected(report) {
        fact("What had to be there", &sentence(&expected), out)?;
    }
    if let Some(baselines) = words::baselines(report) {
        fact("What earlier runs saw", &sentence(&baselines), out)?;
    }
    if let Some(identity) = &report.identity {
        fact("Read as", &sentence(&words::identity(identity)), out)?;
    }
    fact("What was covered", &sentence(&words::covered(report)), out)?;
    fact("Digests", &tally(totals.digests.total(), &totals.digests.counts()), out)?;
    fact("Log files", &tally(totals.logs.total(), &totals.logs.counts()), out)?;
    if report.depth == Depth::Full {
        fact("Read", &read, out)?;
    }
    let ran = Span { start: report.started_at, end: report.finished_at };
    let ended = match report.completion {
        Completion::Complete => "",
        Completion::Interrupted => " It was interrupted before its end.",
    };
    fact("When it ran", &format!("{} UTC, {}.{ended}", words::range(ran), words::took(report)), out)?;
    writeln!(out, "</dl>")
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

fn fact(name: &str, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Text(text))
}

fn tally(total: u64, counts: &[(&str, u64)]) -> String {
    match words::verdicts(counts).as_slice() {
        [] => "None.".to_owned(),
        told => format!("{} in all: {}.", words::thousands(total), told.join(", ")),
    }
}

fn sentences(
    id: &str,
    title: &str,
    lead: &str,
    sentences: &[String],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"{id}\">\n<h2>{title}</h2>")?;
    if !lead.is_empty() {
        writeln!(out, "<p>{lead}</p>")?;
    }
    writeln!(out, "<ul>")?;
    for sentence in sentences {
        writeln!(out, "<li>{}</li>", with_options(sentence))?;
    }
    writeln!(out, "</ul>\n</section>")
}

/// Text in which no option's name is broken at its hyphens.
fn with_options(text: &str) -> String {
    let mut html = String::new();
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            html.push(' ');
        }
        let name = word.trim_end_matches(['.', ',', ';', ':', ')']);
        if name
            .strip_prefix("--")
            .is_some_and(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
        {
            html.push_str(&format!(
                "<code class=\"option\">{}</code>{}",
                Text(name),
                Text(&word[name.len()..])
            ))
        } else {
            html.push_str(&Text(word).to_string())
        }
    }
    html
}

/// What the page holds, with a link to each part and to each kind of finding.
fn contents(report: &Report, groups: &[Group<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    let has_chart = !(report.chains.is_empty() && report.uncovered.is_empty());
    let parts = [
        ("coverage", "Coverage", has_chart),
        ("findings", "Findings", true),
        ("hints", "Worth knowing", !report.hints.is_empty()),
        ("limits", "What was not proven", !report.not_proven.is_empty()),
        ("chains", "Chains", has_chart),
        ("newest", "Newest digests", report.chains.iter().any(|chain| chain.newest.is_some())),
        ("keys", "Keys", !report.keys.is_empty()),
        ("origin", "Where this page comes from", true),
    ];
    writeln!(out, "<nav aria-label=\"Contents\">\n<ul>")?;
    for (id, title, _) in parts.into_iter().filter(|(_, _, is_there)| *is_there) {
        write!(out, "<li><a href=\"#{id}\">{title}</a>")?;
        if id == "findings" && !groups.is_empty() {
            write!(out, "<ul>")?;
            for group in groups {
                let (anchor, count) = (findings::anchor(group), words::thousands(group.count()));
                write!(out, "<li><a href=\"#{anchor}\">{}</a> {count}</li>", group.code.title())?;
            }
            write!(out, "</ul>")?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ul>\n</nav>")
}

fn provenance(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let arguments: Vec<String> =
        report.arguments.iter().map(|word| format!("<code>{}</code>", Text(word))).collect();
    writeln!(out, "<section id=\"origin\">\n<h2>Where this page comes from</h2>\n<dl class=\"facts\">")?;
    fact("Tool", &format!("trailseal {}", report.tool_version), out)?;
    fact("Exit code", &format!("{} ({})", report.exit_code(), report.outcome().as_str()), out)?;
    writeln!(out, "<div class=\"full\"><dt>Arguments</dt><dd>{}</dd></div>", arguments.join(" "))?;
    writeln!(
        out,
        "<div class=\"full\"><dt>SHA-256 of the JSON report this page was made from</dt><dd><code>{}</code></dd></div>",
        json::hash(report)?
    )?;
    writeln!(out, "</dl>\n</section>")
}
