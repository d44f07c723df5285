//! A message as lines of text: for people.

use std::fmt::Write as _;

use super::message::{Gone, Item, Kind, Message};
use super::news::Standing;
use crate::trail::format_time;
use crate::verdict::{Class, Code};

/// Text that this program did not write itself, in a target's own grammar.
pub trait Foreign {
    /// A sentence, which may quote what a bucket holds.
    fn sentence(&self, text: &str) -> String;

    /// A name: of an object, a source, a file.
    fn name(&self, text: &str) -> String;
}

/// Writes a message. `foreign` puts whatever this program did not write itself into the target's grammar.
pub fn text(message: &Message, foreign: &impl Foreign) -> String {
    let mut out = format!("{}  {}\n", message.word, foreign.sentence(&message.sentence));
    // Writing to a string does not fail.
    let _ = write(message, foreign, &mut out);
    out
}

fn write(message: &Message, foreign: &impl Foreign, out: &mut String) -> std::fmt::Result {
    let start = message.window.start().map_or("the beginning".to_owned(), format_time);
    writeln!(out, "{}\n", news(message))?;
    writeln!(out, "source: {}", foreign.name(&message.source))?;
    writeln!(out, "window: {start} to {}", format_time(message.window.end()))?;
    writeln!(out, "exit code: {}; the run ended at {}", message.exit_code, format_time(message.ended))?;
    for path in &message.reports {
        writeln!(out, "report: {}", foreign.name(path))?;
    }
    if !message.counts.is_empty() {
        let counts: Vec<String> = message.counts.iter().map(count).collect();
        writeln!(out, "findings: {}", counts.join(", "))?;
    }
    if !message.first.is_empty() {
        writeln!(out)?;
        message.first.iter().try_for_each(|item| write_item(item, foreign, out))?;
    }
    match (message.kind, message.left_out()) {
        (Kind::Recovered, _) | (_, 0) => {}
        (Kind::Red, more) => writeln!(out, "… and {more} more")?,
        (Kind::StillRed, all) => writeln!(out, "{all} in all, each told before; the report names them")?,
    }
    if !message.gone.is_empty() {
        writeln!(out, "\nNo longer found, where and when this run looked again:")?;
        message.gone.iter().try_for_each(|gone| write_gone(gone, out))?;
        if message.gone_left_out > 0 {
            writeln!(out, "… and {} more", message.gone_left_out)?;
        }
    }
    Ok(())
}

/// What is new, in one sentence.
fn news(message: &Message) -> String {
    let since = message.since.map(|since| since.format("%Y-%m-%d").to_string());
    match (message.kind, since) {
        (Kind::Recovered, _) => "Recovered: what was told before is no longer found.".to_owned(),
        (Kind::StillRed, Some(since)) => format!("Still red since {since}, nothing new."),
        (Kind::StillRed, None) => "Still red, nothing new.".to_owned(),
        (Kind::Red, Some(since)) => {
            format!("{} of {} are new; red since {since}.", message.new, message.matters)
        }
        (Kind::Red, None) => "None of this was told before.".to_owned(),
    }
}

fn count((class, code, count): &(Class, Code, u64)) -> String {
    format!("{count} {code} ({class})")
}

fn write_item(item: &Item, foreign: &impl Foreign, out: &mut String) -> std::fmt::Result {
    let standing = match item.standing {
        Standing::New => "new: ".to_owned(),
        Standing::More(more) => format!("{more} more: "),
        Standing::Told => "told before: ".to_owned(),
    };
    let times = if item.count > 1 { format!(" ({} findings, the first)", item.count) } else { String::new() };
    let place = if item.place.is_empty() { String::new() } else { format!(", {}", item.place) };
    writeln!(
        out,
        "- {standing}{} ({}){place}{times}: {}",
        item.code,
        item.class,
        foreign.sentence(&item.sentence)
    )?;
    match &item.object {
        Some(object) => writeln!(out, "  {}", foreign.name(object)),
        None => Ok(()),
    }
}

fn write_gone(gone: &Gone, out: &mut String) -> std::fmt::Result {
    let told = gone.first_told.format("%Y-%m-%d");
    let place = if gone.place.is_empty() { String::new() } else { format!(", {}", gone.place) };
    writeln!(out, "- {}{place}, first told on {told}", gone.code)
}
