//! What validate-logs prints in one call: its lines, its blank lines, its sums.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::words::{self, Word};
use super::{Told, Transcript};
use crate::crypto::Hash;
use crate::render::plain::Plain;
use crate::report::Report;
use crate::trail::{DigestKind, ObjectName, Region, Span, Time, Window, format_time};
use crate::verdict::{DigestVerdict, Finding};

/// All there is to tell of one trail in one account and region.
pub struct Block<'a> {
    arn: String,
    home: Region,
    /// Its digests.
    pub rows: Vec<Row<'a>>,
    /// Log files in its folders that no digest names.
    pub unlisted: Vec<(&'a ObjectName, &'a Finding)>,
}

/// A digest.
pub struct Row<'a> {
    /// Which of the trail's two chains it is of.
    pub kind: DigestKind,
    /// Its name.
    pub object: &'a ObjectName,
    /// What it covers.
    pub span: Span,
    /// What was said of it alone.
    pub verdict: DigestVerdict,
    /// The log files it attests.
    pub logs: &'a [(ObjectName, Hash)],
}

impl<'a> Block<'a> {
    /// A block without digests.
    pub fn new(arn: String, home: Region) -> Self {
        Self { arn, home, rows: Vec::new(), unlisted: Vec::new() }
    }

    /// Writes the block.
    pub fn write(
        &mut self,
        transcript: &Transcript,
        told: &Told<'_>,
        report: &Report,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.rows.sort_by_key(|row| (row.kind, Reverse((row.span.end, row.object))));
        let oldest = self.rows.iter().map(|row| row.span.start).min();
        let asked = asked(&report.window, oldest);
        startup(&self.arn, asked, out)?;
        let mut lines = Lines { out, last: Last::Held };
        let (mut digests, mut backfill, mut logs) = (Sum::default(), Sum::default(), Sum::default());
        let mut found: Option<Span> = None;
        for (at, row) in self.rows.iter().enumerate() {
            let sum = match row.kind {
                DigestKind::Standard => &mut digests,
                DigestKind::Backfill => &mut backfill,
            };
            let word = words::digest(row.verdict, told.of(row.object), &self.home);
            if let Word::Valid = word {
                found = Some(hull(found, row.span, asked));
            }
            lines.file(&format!("{}Digest", prefix(row.kind)), row.object, &word, sum)?;
            for (object, hash) in row.logs {
                let judged = transcript.logs.get(&(object.clone(), *hash));
                lines.file("Log", object, &words::log(judged, told.of(object)), &mut logs)?;
            }
            let before = self.rows.get(at + 1).filter(|before| before.kind == row.kind);
            if let (Some(start), Some(before)) = (told.restart(row.object), before) {
                lines.gap(row.kind, before.span.end, start)?;
            }
        }
        for (object, finding) in &self.unlisted {
            if let Some(word) = words::unlisted(finding) {
                lines.file("Log", object, &word, &mut logs)?;
            }
        }
        lines.end()?;
        requested(asked, out)?;
        match found {
            _ if digests.total() + backfill.total() == 0 => return writeln!(out, "No digests found"),
            None => writeln!(out, "No valid digests found in range")?,
            Some(found) => {
                writeln!(
                    out,
                    "Results found for {} to {}:",
                    format_time(found.start),
                    format_time(found.end)
                )?;
            }
        }
        digests.write("digest", out)?;
        backfill.write("backfill digest", out)?;
        logs.write("log", out)?;
        writeln!(out)
    }
}

/// Says that nothing in scope has a digest.
pub fn nothing(source: &str, window: &Window, out: &mut dyn Write) -> io::Result<()> {
    let asked = asked(window, None);
    startup(source, asked, out)?;
    Lines { out, last: Last::Held }.end()?;
    requested(asked, out)?;
    writeln!(out, "No digests found")
}

/// `found`, and the part of a digest's hour that was asked for.
fn hull(found: Option<Span>, hour: Span, asked: Span) -> Span {
    let (start, end) = (hour.start.max(asked.start), hour.end.min(asked.end));
    found.map_or(Span { start, end }, |found| Span { start: found.start.min(start), end: found.end.max(end) })
}

/// The range asked for. The AWS CLI demands a start; an open one is where the record begins.
fn asked(window: &Window, oldest: Option<Time>) -> Span {
    Span { start: window.start().or(oldest).unwrap_or(window.end()), end: window.end() }
}

fn startup(trail: &str, asked: Span, out: &mut dyn Write) -> io::Result<()> {
    let (start, end) = (format_time(asked.start), format_time(asked.end));
    write!(out, "Validating log files for trail {} between {start} and {end}\n\n", Plain(trail))
}

fn requested(asked: Span, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Results requested for {} to {}", format_time(asked.start), format_time(asked.end))
}

fn prefix(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Standard => "",
        DigestKind::Backfill => "(backfill) ",
    }
}

/// Writes lines with the AWS CLI's blank ones around every message.
struct Lines<'a> {
    out: &'a mut dyn Write,
    last: Last,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Held,
    Message,
}

impl Lines<'_> {
    fn file(&mut self, what: &str, object: &ObjectName, word: &Word, sum: &mut Sum) -> io::Result<()> {
        let object = Plain(object);
        match word {
            Word::Valid => {
                sum.valid += 1;
                self.last = Last::Held;
                writeln!(self.out, "{what} file\t{object}\tvalid")
            }
            Word::Invalid(why) => {
                sum.invalid += 1;
                self.message(&format!("{what} file\t{object}\tINVALID: {}", Plain(why)))
            }
            Word::Unreadable(why) => {
                sum.unreadable += 1;
                self.message(&format!("{what} file\t{object}\tUNREADABLE: {}", Plain(why)))
            }
        }
    }

    fn gap(&mut self, kind: DigestKind, start: Time, end: Time) -> io::Result<()> {
        let (prefix, start, end) = (prefix(kind), format_time(start), format_time(end));
        self.message(&format!("{prefix}No log files were delivered by CloudTrail between {start} and {end}"))
    }

    fn message(&mut self, message: &str) -> io::Result<()> {
        self.end()?;
        self.last = Last::Message;
        write!(self.out, "{message}\n\n")
    }

    /// A blank line, unless one was just written.
    fn end(&mut self) -> io::Result<()> {
        match self.last {
            Last::Held => writeln!(self.out),
            Last::Message => Ok(()),
        }
    }
}

/// Files of one kind.
#[derive(Default)]
struct Sum {
    valid: u64,
    invalid: u64,
    unreadable: u64,
}

impl Sum {
    fn total(&self) -> u64 {
        self.valid + self.invalid + self.unreadable
    }

    fn write(&self, name: &str, out: &mut dyn Write) -> io::Result<()> {
        let total = self.total();
        if total == 0 {
            return Ok(());
        }
        write!(out, "\n{}/{total} {name} files valid", self.valid)?;
        for (count, word) in [(self.invalid, "INVALID"), (self.unreadable, "UNREADABLE")] {
            if count > 0 {
                write!(out, ", {count}/{total} {name} files {word}")?;
            }
        }
        Ok(())
    }
}
