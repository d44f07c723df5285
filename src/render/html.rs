//! One page for an auditor's file: it needs nothing from outside, runs nothing, prints on A4, and says in plain words
//! what was asked, what was covered, what was found and what was not proven.
//!
//! Whatever slips through the escaping is still dead: the page's own policy allows its one style sheet, by hash, and
//! nothing else.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{Markup, PreEscaped, html};

use super::json;
use super::plain::Plain;
use super::words::{self, Group};
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
    write!(out, "<!doctype html>\n<html lang=\"en\">\n{}\n<body>\n<main>\n", head(report).into_string())?;
    put(verdict(report), out)?;
    put(facts(report), out)?;
    let groups = words::groups(report);
    put(contents(report, &groups), out)?;
    put(coverage::section(report), out)?;
    findings::write(&groups, out)?;
    put(sentences("hints", "Worth knowing", None, &words::hints(report)), out)?;
    let limits = "No check of a record can establish everything. This run did not establish:";
    put(sentences("limits", "What was not proven", Some(limits), &words::not_proven(report)), out)?;
    put(tables::chains(report), out)?;
    put(tables::newest(report), out)?;
    put(tables::keys(report), out)?;
    put(provenance(report, &json::hash(report)?), out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// Writes a part of the page in a line of its own. What stands between tags and in attributes is escaped where it is put
/// there. No tag holds a character that acts instead of being seen, so whatever does came from the record, and is shown
/// here, where all of it passes.
fn put(part: Markup, out: &mut dyn io::Write) -> io::Result<()> {
    match part.into_string() {
        nothing if nothing.is_empty() => Ok(()),
        part => writeln!(out, "{}", Plain(part)),
    }
}

fn head(report: &Report) -> Markup {
    let style = BASE64.encode(Hash::of(STYLE.as_bytes()).bytes());
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'");
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (Plain(&report.source)) ": CloudTrail integrity report" }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn verdict(report: &Report) -> Markup {
    let headline = words::headline(report);
    let tone = match report.outcome() {
        Outcome::Tampered => "verdict bad",
        Outcome::Incomplete | Outcome::Empty => "verdict open",
        Outcome::Intact => "verdict good",
    };
    html! {
        header {
            p class="kind" { "CloudTrail integrity report" }
            h1 { (report.source) }
            p class="window" { (window(report)) }
        }
        section class=(tone) {
            p class="word" { (headline.word) }
            p { (headline.sentence) }
        }
    }
}

fn window(report: &Report) -> String {
    let end = report.window.end();
    match report.window.start() {
        Some(start) => format!("{} UTC", words::range(Span { start, end })),
        None => format!("from the beginning of the record to {} UTC", words::moment(end)),
    }
}

fn facts(report: &Report) -> Markup {
    let totals = &report.totals;
    let looked_at = match report.depth {
        Depth::Chain => "Digests alone; log files were not looked at.",
        Depth::Presence => "Digests, and whether the log files they name are there; not their content.",
        Depth::Full => "Digests, and every byte of every log file they name.",
    };
    let grace = words::lasting(report.request.grace);
    let by_this_run = match report.carried.bytes {
        None => String::new(),
        Some(_) => format!(" This run read {} of it.", words::bytes(report.read().bytes.unwrap_or(0))),
    };
    let read = format!(
        "{} stored, {} inflated and hashed.{by_this_run}",
        words::bytes(totals.compressed),
        words::bytes(totals.inflated)
    );
    let ran = Span { start: report.started_at, end: report.finished_at };
    let ended = match report.completion {
        Completion::Complete => "",
        Completion::Interrupted => " It was interrupted before its end.",
    };
    let ran = format!("{} UTC, {}.{ended}", words::range(ran), words::took(report));
    html! {
        dl class="facts" {
            (fact("What was asked", &format!("{} {looked_at} Grace period {grace}.", sentence(&window(report)))))
            (fact("Whose record", &sentence(&words::scope(&report.request))))
            @if let Some(expected) = words::expected(report) {
                (fact("What had to be there", &sentence(&expected)))
            }
            @if let Some(baselines) = words::baselines(report) {
                (fact("What earlier runs saw", &sentence(&baselines)))
            }
            @if let Some(identity) = &report.identity {
                (fact("Read as", &sentence(&words::identity(identity))))
            }
            (fact("What was covered", &sentence(&words::covered(report))))
            (fact("Digests", &tally(totals.digests.total(), &totals.digests.counts())))
            (fact("Log files", &tally(totals.logs.total(), &totals.logs.counts())))
            @if report.depth == Depth::Full {
                (fact("Read", &read))
            }
            (fact("When it ran", &ran))
        }
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

fn fact(name: &str, text: &str) -> Markup {
    html! { div { dt { (name) } dd { (text) } } }
}

fn tally(total: u64, counts: &[(&str, u64)]) -> String {
    match words::verdicts(counts).as_slice() {
        [] => "None.".to_owned(),
        told => format!("{} in all: {}.", words::thousands(total), told.join(", ")),
    }
}

fn sentences(id: &str, title: &str, lead: Option<&str>, sentences: &[String]) -> Markup {
    html! {
        @if !sentences.is_empty() {
            section id=(id) {
                h2 { (title) }
                @if let Some(lead) = lead {
                    p { (lead) }
                }
                ul {
                    @for sentence in sentences {
                        li { (with_options(sentence)) }
                    }
                }
            }
        }
    }
}

/// Text in which no option's name is broken at its hyphens.
fn with_options(text: &str) -> Markup {
    html! {
        @for (index, word) in text.split(' ').enumerate() {
            @if index > 0 { " " }
            @let name = word.trim_end_matches(['.', ',', ';', ':', ')']);
            @if is_option(name) {
                code class="option" { (name) } (&word[name.len()..])
            } @else {
                (word)
            }
        }
    }
}

fn is_option(name: &str) -> bool {
    let long = name.strip_prefix("--");
    long.is_some_and(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// What the page holds, with a link to each part and to each kind of finding.
fn contents(report: &Report, groups: &[Group<'_>]) -> Markup {
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
    html! {
        nav aria-label="Contents" {
            ul {
                @for (id, title, _) in parts.into_iter().filter(|(_, _, is_there)| *is_there) {
                    li {
                        (link(id, title))
                        @if id == "findings" && !groups.is_empty() {
                            ul {
                                @for group in groups {
                                    li {
                                        (link(&findings::anchor(group), group.code.title()))
                                        " " (words::thousands(group.count()))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A link within the page.
fn link(id: &str, title: &str) -> Markup {
    html! { a href=(format!("#{id}")) { (title) } }
}

fn provenance(report: &Report, json: &Hash) -> Markup {
    html! {
        section id="origin" {
            h2 { "Where this page comes from" }
            dl class="facts" {
                (fact("Tool", &format!("trailseal {}", report.tool_version)))
                (fact("Exit code", &format!("{} ({})", report.exit_code(), report.outcome().as_str())))
                div class="full" {
                    dt { "Arguments" }
                    dd {
                        @for (index, word) in report.arguments.iter().enumerate() {
                            @if index > 0 { " " }
                            code { (word) }
                        }
                    }
                }
                div class="full" {
                    dt { "SHA-256 of the JSON report this page was made from" }
                    dd { code { (json) } }
                }
            }
        }
    }
}
