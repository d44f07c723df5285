//! What was found: a chapter for each code, in plain words, with everything a reader can check it against.

use std::io;

use maud::{Markup, html};

use super::{put, with_options};
use crate::render::words::{self, Group};
use crate::verdict::{Cause, Class, Finding};

/// So many of one code are told with all that is known of them; those after them in a line each.
const TOLD: usize = 10;
/// More lines than this make a page nobody reads; the JSON report has them all.
const LISTED: usize = 500;

/// Writes the section, a chapter at a time: all of them may be many megabytes.
pub(super) fn write(groups: &[Group<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<section id=\"findings\">\n<h2>Findings</h2>")?;
    if groups.is_empty() {
        put(html! { p { "None." } }, out)?;
    }
    groups.iter().try_for_each(|group| put(chapter(group), out))?;
    writeln!(out, "</section>")
}

fn chapter(group: &Group<'_>) -> Markup {
    let (tone, class) = match group.class {
        Class::Tamper => ("bad", "tampering"),
        Class::Incomplete => ("open", "incomplete"),
        Class::Notice => ("note", "notice"),
    };
    let code = group.code;
    let short = if group.findings.len() <= 3 { " short" } else { "" };
    let (message, cause) = (group.common_message(), group.common_cause());
    let said = |cause: &&Cause| message.as_ref().is_some_and(|message| message.contains(&cause.to_string()));
    let more = group.findings.get(TOLD..).unwrap_or_default();
    html! {
        article class=(format!("{tone}{short}")) id=(anchor(group)) {
            h3 { (code.title()) " " span class="count" { (words::thousands(group.count())) } }
            p class="code" { code { (code) } " " span class="class" { (class) } }
            p { (code.meaning()) }
            @if let Some(message) = &message {
                p { "Each: " (message) }
            }
            @if let Some(cause) = cause.filter(|cause| !said(cause)) {
                p class="cause" { "Cause of each: " (cause) }
            }
            table class="findings" {
                (column_heads())
                tbody {
                    @for finding in group.findings.iter().take(TOLD) {
                        (of_finding(finding, message.as_deref(), cause))
                    }
                }
            }
            @if !more.is_empty() {
                (others(more, message.as_deref()))
            }
            (rest(group))
            div class="advice" {
                (list("How it comes about", code.causes()))
                (list("What to do next", code.next_steps()))
            }
        }
    }
}

/// How many are not on the page, and where they are.
fn rest(group: &Group<'_>) -> Markup {
    let rest = group.count().saturating_sub((TOLD + LISTED) as u64);
    let count = words::thousands(rest);
    html! {
        @match (rest, group.omitted) {
            (0, _) => {},
            (_, 0) => p { "… and " (count) " more, listed in the JSON report." },
            _ => p {
                "… and " (count) " more; verify with " code class="option" { "--objects" } " lists every object."
            },
        }
    }
}

/// Where a group stands in the page.
pub(super) fn anchor(group: &Group<'_>) -> String {
    format!("{}-{}", group.code, group.class.as_str())
}

fn column_heads() -> Markup {
    html! { thead { tr { th scope="col" { "Where and when" } th scope="col" { "What" } } } }
}

/// Those that are told in a line each: where, when and which object, or what is said of it.
fn others(findings: &[&Finding], said: Option<&str>) -> Markup {
    let listed = &findings[..findings.len().min(LISTED)];
    html! {
        details {
            summary { (words::thousands(listed.len() as u64)) " more in a line each" }
            table class="compact" {
                (column_heads())
                tbody {
                    @for finding in listed {
                        tr {
                            td { (place(finding)) }
                            td {
                                @match (&finding.object, said) {
                                    (Some(object), _) => code { (object) },
                                    (None, None) => (words::message(finding)),
                                    (None, Some(_)) => @if let Some(cause) = &finding.cause { (cause) },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whose it is, and when.
fn place(finding: &Finding) -> Markup {
    let scope = &finding.scope;
    let mut place: Vec<String> = Vec::new();
    place.extend(scope.account.map(|account| account.to_string()));
    place.extend(scope.region.as_ref().map(ToString::to_string));
    place.extend(scope.trail.as_ref().map(ToString::to_string));
    place.extend(match (finding.span, finding.at) {
        (Some(span), _) => Some(format!("{} ({})", words::range(span), words::length(span))),
        (None, at) => at.map(words::moment),
    });
    html! {
        @for (index, part) in place.iter().enumerate() {
            @if index > 0 { " " }
            span { (part) }
        }
    }
}

fn list(title: &str, sentences: &[&str]) -> Markup {
    html! {
        div {
            h4 { (title) }
            ul {
                @for sentence in sentences {
                    li { (with_commands(sentence)) }
                }
            }
        }
    }
}

/// Commands stand between backticks in the texts of codes.
fn with_commands(sentence: &str) -> Markup {
    html! {
        @for (index, part) in sentence.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (with_options(part)) }
        }
    }
}

/// One finding, without what was said of all of them.
fn of_finding(finding: &Finding, message: Option<&str>, cause: Option<&Cause>) -> Markup {
    let mut facts: Vec<(String, String)> = Vec::new();
    facts.extend(finding.object.as_ref().map(|object| ("object".to_owned(), object.to_string())));
    facts.extend(finding.digest.as_ref().map(|digest| ("digest".to_owned(), digest.to_string())));
    let evidence = finding.evidence().0.into_iter();
    facts.extend(evidence.map(|(name, fact)| (name.replace('_', " "), words::fact(&fact).into_owned())));
    html! {
        tr {
            td { (place(finding)) }
            td {
                @if message.is_none() {
                    p { (words::message(finding)) }
                }
                @if !facts.is_empty() {
                    dl {
                        @for (name, fact) in facts {
                            dt { (name) } dd { code { (fact) } }
                        }
                    }
                }
                @if let Some(cause) = finding.cause.as_ref().filter(|_| cause.is_none()) {
                    p class="cause" { "Cause: " (cause) }
                }
            }
        }
    }
}
