//! What was found: a chapter for each code, in plain words, with everything a reader can check it against.

use std::io;

use super::with_options;
use crate::render::words::{self, Group};
use crate::render::xml::Attribute as Text;
use crate::verdict::{Cause, Class, Finding};

/// So many of one code are told with all that is known of them; those after them in a line each.
const TOLD: usize = 10;
/// More lines than this make a page nobody reads; the JSON report has them all.
const LISTED: usize = 500;

pub(super) fn write(groups: &[Group<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<section id=\"findings\">\n<h2>Findings</h2>")?;
    if groups.is_empty() {
        writeln!(out, "<p>None.</p>")?;
    }
    for group in groups {
        chapter(group, out)?;
    }
    writeln!(out, "</section>")
}

fn chapter(group: &Group<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (tone, class) = match group.class {
        Class::Tamper => ("bad", "tampering"),
        Class::Incomplete => ("open", "incomplete"),
        Class::Notice => ("note", "notice"),
    };
    let code = group.code;
    let short = if group.findings.len() <= 3 { " short" } else { "" };
    writeln!(
        out,
        "<article class=\"{tone}{short}\" id=\"{}\">\n<h3>{} <span class=\"count\">{}</span></h3>\n\
         <p class=\"code\"><code>{code}</code> <span class=\"class\">{class}</span></p>\n<p>{}</p>",
        anchor(group),
        code.title(),
        words::thousands(group.count()),
        Text(code.meaning())
    )?;
    let (message, cause) = (group.common_message(), group.common_cause());
    if let Some(message) = &message {
        writeln!(out, "<p>Each: {}</p>", Text(&message))?;
    }
    let said = |cause: &&Cause| message.as_ref().is_some_and(|message| message.contains(&cause.to_string()));
    if let Some(cause) = cause.filter(|cause| !said(cause)) {
        writeln!(out, "<p class=\"cause\">Cause of each: {}</p>", Text(cause))?;
    }
    writeln!(
        out,
        "<table class=\"findings\">\n<thead><tr><th scope=\"col\">Where and when</th><th scope=\"col\">What</th></tr></thead>\n<tbody>"
    )?;
    for finding in group.findings.iter().take(TOLD) {
        write_finding(finding, message.as_deref(), cause, out)?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    let more = group.findings.get(TOLD..).unwrap_or_default();
    if !more.is_empty() {
        others(more, message.as_deref(), out)?;
    }
    match (group.count().saturating_sub((TOLD + LISTED) as u64), group.omitted) {
        (0, _) => {}
        (rest, 0) => {
            writeln!(out, "<p>… and {} more, listed in the JSON report.</p>", words::thousands(rest))?
        }
        (rest, _) => {
            let rest = words::thousands(rest);
            writeln!(
                out,
                "<p>… and {rest} more; verify with <code class=\"option\">--objects</code> lists every object.</p>"
            )?;
        }
    }
    writeln!(out, "<div class=\"advice\">")?;
    list("How it comes about", code.causes(), out)?;
    list("What to do next", code.next_steps(), out)?;
    writeln!(out, "</div>\n</article>")
}

/// Where a group stands in the page.
pub(super) fn anchor(group: &Group<'_>) -> String {
    format!("{}-{}", group.code, group.class.as_str())
}

/// Those that are told in a line each: where, when and which object, or what is said of it.
fn others(findings: &[&Finding], said: Option<&str>, out: &mut dyn io::Write) -> io::Result<()> {
    let listed = &findings[..findings.len().min(LISTED)];
    let count = words::thousands(listed.len() as u64);
    writeln!(
        out,
        "<details>\n<summary>{count} more in a line each</summary>\n<table class=\"compact\">\n\
         <thead><tr><th scope=\"col\">Where and when</th><th scope=\"col\">What</th></tr></thead>\n<tbody>"
    )?;
    for finding in listed {
        let what = match (&finding.object, said) {
            (Some(object), _) => format!("<code>{}</code>", Text(object)),
            (None, None) => Text(words::message(finding)).to_string(),
            (None, Some(_)) => finding.cause.as_ref().map_or(String::new(), |cause| Text(cause).to_string()),
        };
        writeln!(out, "<tr><td>{}</td><td>{what}</td></tr>", place(finding))?;
    }
    writeln!(out, "</tbody>\n</table>\n</details>")
}

/// Whose it is, and when.
fn place(finding: &Finding) -> String {
    let scope = &finding.scope;
    let mut place: Vec<String> = Vec::new();
    place.extend(scope.account.map(|account| account.to_string()));
    place.extend(scope.region.as_ref().map(ToString::to_string));
    place.extend(scope.trail.as_ref().map(ToString::to_string));
    place.extend(match (finding.span, finding.at) {
        (Some(span), _) => Some(format!("{} ({})", words::range(span), words::length(span))),
        (None, at) => at.map(words::moment),
    });
    let place: Vec<String> = place.iter().map(|part| format!("<span>{}</span>", Text(part))).collect();
    place.join(" ")
}

fn list(title: &str, sentences: &[&str], out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<div><h4>{title}</h4><ul>")?;
    for sentence in sentences {
        writeln!(out, "<li>{}</li>", with_commands(sentence))?;
    }
    writeln!(out, "</ul></div>")
}

/// Commands stand between backticks in the texts of codes.
fn with_commands(sentence: &str) -> String {
    let mut html = String::new();
    for (index, part) in sentence.split('`').enumerate() {
        html.push_str(&match index % 2 {
            1 => format!("<code>{}</code>", Text(part)),
            _ => with_options(part),
        });
    }
    html
}

/// One finding, without what was said of all of them.
fn write_finding(
    finding: &Finding,
    message: Option<&str>,
    cause: Option<&Cause>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    write!(out, "<tr><td>{}</td><td>", place(finding))?;
    if message.is_none() {
        write!(out, "<p>{}</p>", Text(words::message(finding)))?;
    }
    let mut facts: Vec<(String, String)> = Vec::new();
    facts.extend(finding.object.as_ref().map(|object| ("object".to_owned(), object.to_string())));
    facts.extend(finding.digest.as_ref().map(|digest| ("digest".to_owned(), digest.to_string())));
    let evidence = finding.evidence().0.into_iter();
    facts.extend(evidence.map(|(name, fact)| (name.replace('_', " "), words::fact(&fact).into_owned())));
    if !facts.is_empty() {
        write!(out, "<dl>")?;
        for (name, fact) in facts {
            write!(out, "<dt>{}</dt><dd><code>{}</code></dd>", Text(name), Text(fact))?;
        }
        write!(out, "</dl>")?;
    }
    if let Some(cause) = finding.cause.as_ref().filter(|_| cause.is_none()) {
        write!(out, "<p class=\"cause\">Cause: {}</p>", Text(cause))?;
    }
    writeln!(out, "</td></tr>")
}
