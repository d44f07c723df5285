//! The report for a person at a terminal: first whether the logs were touched, then what was asked and covered,
//! then what was found, worst first, with what it can be checked against.

use std::io;

use super::plain::Plain;
use super::words;
use crate::report::{Outcome, Report};
use crate::trail::{Depth, Span, Time};

mod ascii;
mod chains;
mod findings;
mod paint;

use super::wrap::wrapped;
use paint::{Ink, Painter};

/// Whether colour may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// Which signs a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Blocks, dots and crosses.
    Unicode,
    /// Letters and signs of ASCII alone.
    Ascii,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The verdict, in one line.
    Quiet,
    /// Everything, with long lists cut short.
    Normal,
    /// Everything.
    Verbose,
}

/// How the page is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Columns of the terminal, or of the page.
    pub width: usize,
    /// Whether colour may be used.
    pub colour: Colour,
    /// Which signs may be used.
    pub glyphs: Glyphs,
    /// How much is told.
    pub verbosity: Verbosity,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 100, colour: Colour::Never, glyphs: Glyphs::Unicode, verbosity: Verbosity::Normal }
    }
}

/// Writes the report.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    match options.glyphs {
        Glyphs::Unicode => write_page(report, options, out),
        Glyphs::Ascii => {
            let mut page = Vec::new();
            write_page(report, options, &mut page)?;
            out.write_all(ascii::spelled(&String::from_utf8_lossy(&page)).as_bytes())
        }
    }
}

fn write_page(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let page = Page { options, paint: Painter(options.colour) };
    page.headline(report, out)?;
    if options.verbosity == Verbosity::Quiet {
        return Ok(());
    }
    page.facts(report, out)?;
    findings::write(&page, report, out)?;
    chains::write(&page, report, out)?;
    if options.verbosity == Verbosity::Verbose {
        page.keys(report, out)?;
    }
    page.sentences("WORTH KNOWING", &words::hints(report), out)?;
    page.not_proven(report, out)?;
    // Whoever reads the end of a long page, or what a scheduler mails of it, reads the verdict.
    writeln!(out)?;
    page.headline(report, out)
}

/// What every part of the page needs.
struct Page<'a> {
    options: &'a Options,
    paint: Painter,
}

impl Page<'_> {
    /// Below this nothing can be laid out; a narrower terminal wraps by itself.
    fn width(&self) -> usize {
        self.options.width.clamp(40, 240)
    }

    fn verbose(&self) -> bool {
        self.options.verbosity == Verbosity::Verbose
    }

    fn heading(&self, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.paint.ink(Ink::Strong, text))
    }

    fn headline(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let headline = words::headline(report);
        let ink = match report.outcome() {
            Outcome::Tampered => Ink::Alarm,
            Outcome::Incomplete | Outcome::Empty => Ink::Caution,
            Outcome::Intact => Ink::Good,
        };
        let indent = headline.word.len() + 2;
        let text = wrapped(&headline.sentence, self.width(), indent);
        writeln!(out, "{}  {text}", self.paint.ink(ink, headline.word))
    }

    fn facts(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out)?;
        self.fact("source", &Plain(&report.source).to_string(), out)?;
        if let Some(identity) = &report.identity {
            self.fact("read as", &Plain(&words::identity(identity)).to_string(), out)?;
        }
        self.fact("window", &window(report), out)?;
        self.fact("scope", &words::scope(&report.request), out)?;
        if let Some(expected) = words::expected(report) {
            self.fact("expected", &expected, out)?;
        }
        if let Some(baselines) = words::baselines(report) {
            self.fact("baseline", &baselines, out)?;
        }
        self.fact(
            "depth",
            &format!("{}; grace {}", depth(report.depth), words::lasting(report.request.grace)),
            out,
        )?;
        self.fact("covered", &words::covered(report), out)?;
        self.fact("digests", &counts(report.totals.digests.total(), &report.totals.digests.counts()), out)?;
        let logs = counts(report.totals.logs.total(), &report.totals.logs.counts());
        let logs = match report.depth {
            Depth::Full => format!("{logs}; {}", words::volume(report)),
            Depth::Presence => format!("{logs}; their content was not looked at"),
            Depth::Chain => "not looked at".to_owned(),
        };
        self.fact("log files", &logs, out)?;
        self.fact("took", &words::took(report), out)
    }

    fn fact(&self, name: &str, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        let text = wrapped(text, self.width(), 13);
        writeln!(out, "  {} {text}", self.paint.ink(Ink::Faint, format_args!("{name:<10}")))
    }

    fn keys(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        if report.keys.is_empty() {
            return Ok(());
        }
        self.heading("KEYS USED", out)?;
        for key in &report.keys {
            let region = key.region.as_ref().map_or("any region", |region| region.as_str());
            writeln!(
                out,
                "  {}  {region:<14}  {:>18}  {}",
                Plain(&key.fingerprint),
                words::counted(key.digests, "digest", "digests"),
                Plain(&key.origin)
            )?;
        }
        Ok(())
    }

    /// What this run could have established and did not; what none can, where all is told.
    fn not_proven(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let (of_any_run, of_this): (Vec<String>, Vec<String>) =
            words::not_proven(report).into_iter().partition(|sentence| words::is_never_proven(sentence));
        let mut sentences = if self.verbose() { of_any_run.clone() } else { Vec::new() };
        sentences.extend(of_this);
        if !self.verbose() && !of_any_run.is_empty() {
            sentences.push("What no check of a record can prove (-v tells).".to_owned());
        }
        self.sentences("NOT PROVEN BY THIS RUN", &sentences, out)
    }

    fn sentences(&self, title: &str, sentences: &[String], out: &mut dyn io::Write) -> io::Result<()> {
        if sentences.is_empty() {
            return Ok(());
        }
        self.heading(title, out)?;
        for sentence in sentences {
            writeln!(out, "  - {}", wrapped(&Plain(sentence).to_string(), self.width(), 4))?;
        }
        Ok(())
    }
}

fn window(report: &Report) -> String {
    let end: Time = report.window.end();
    match report.window.start() {
        Some(start) => format!("{} UTC", words::range(Span { start, end })),
        None => format!("from the beginning of the record to {} UTC", words::moment(end)),
    }
}

fn depth(depth: Depth) -> &'static str {
    match depth {
        Depth::Chain => "chain: digests alone",
        Depth::Presence => "presence: digests, and whether their log files are there",
        Depth::Full => "full: digests, and every byte of every log file they name",
    }
}

/// `1,008: 1,004 authentic, 4 missing`
fn counts(total: u64, counts: &[(&str, u64)]) -> String {
    match words::verdicts(counts).as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        several => format!("{}: {}", words::thousands(total), several.join(", ")),
    }
}
