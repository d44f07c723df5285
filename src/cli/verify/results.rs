//! Where the results of a run go: opened before it, written after it in an order of their own. One that cannot be
//! written never takes the others with it.
//!
//! Files come first, for they wait for nobody, and none gets its name before all of them are written: a program killed
//! meanwhile leaves the old ones. Then comes what a reader may hold up. Metrics come last, because they tell what the
//! program ends with, and that depends on whether the others could be written.

use std::path::Path;
use std::sync::Arc;

use crate::audit::Observer;
use crate::render::{Format, emf, human, prometheus};
use crate::report::Report;
use crate::trail::{Depth, Time};

use crate::cli::args::{Form, Look, Outputs, ReportForm, TableForm};
use crate::cli::exit::{self, Failure};
use crate::cli::objects::{Both, Objects, Table};
use crate::cli::output::{self, Kind, Output, Target, Written};
use crate::cli::screen;

/// The results of a run.
pub struct Results {
    parts: Vec<Part>,
    /// Where the first of them goes, which the caller looks at.
    first: Option<Kind>,
}

/// One of them.
enum Part {
    /// Written from the report.
    Report(Rendered),
    /// Written while the run goes on.
    Table(Streamed),
}

struct Rendered {
    format: Format,
    layout: human::Options,
    output: Output,
}

struct Streamed {
    name: String,
    kind: Kind,
    objects: Arc<Objects>,
}

/// When a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Files,
    Direct,
    Metrics,
}

const TURNS: [Turn; 3] = [Turn::Files, Turn::Direct, Turn::Metrics];

/// What the caller asked for, before any of it is opened.
struct Wanted<'a> {
    /// The caller's words for it.
    words: String,
    shape: Shape,
    path: Option<&'a Path>,
    rank: Rank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Report(Format),
    Table(TableForm),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// `--format` and `--output`, laid out as the caller likes to look at it.
    First,
    /// `--report`.
    Beside,
}

/// What there is to be told of each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// What was looked at so closely, if it is asked for beside.
    Beside(Depth),
    /// The same, and nothing else (`--objects`).
    Instead,
    /// Nothing: the objects were read elsewhere.
    None,
}

impl Results {
    /// Opens all places, and tells what stands in the way of beginning, if anything does. Those that could be opened are
    /// here all the same: metrics are written of a run that cannot begin, too.
    pub fn open(args: &Outputs, tables: Tables) -> (Self, Option<Failure>) {
        let mut failures = Vec::new();
        let mut wanted = Vec::new();
        for asked in asked(args, tables) {
            match asked.and_then(|asked| Ok((Target::of(asked.path)?, asked))) {
                Ok(one) => wanted.push(one),
                Err(failure) => failures.push(failure),
            }
        }
        failures.extend(part_those_that_meet(&mut wanted));
        let mut parts = Vec::new();
        let mut first = None;
        for (target, asked) in wanted {
            let opened = target.open().and_then(|output| {
                if asked.rank == Rank::First {
                    first = Some(output.kind());
                }
                Part::begin(&asked, output, &args.look)
            });
            match opened {
                Ok(part) => parts.push(part),
                Err(failure) => failures.push(failure),
            }
        }
        (Self { parts, first }, failures.into_iter().reduce(Failure::and))
    }

    /// Who hears of every object, besides `next`.
    pub fn listener(&self, next: Arc<dyn Observer>) -> Arc<dyn Observer> {
        self.parts.iter().fold(next, |next, part| match part {
            Part::Report(_) => next,
            Part::Table(streamed) => Arc::new(Both(streamed.objects.clone(), next)),
        })
    }

    /// Writes them all, and gives what the program ends with.
    pub fn publish(self, report: &Report, look: &Look) -> Result<u8, Failure> {
        let mut parts = self.parts;
        let mut unwritten = Vec::new();
        for turn in TURNS {
            let (now, later) = parts.into_iter().partition::<Vec<_>, _>(|part| part.turn() == turn);
            parts = later;
            let mut whole = Vec::new();
            for part in now {
                let ends_with = exit::code(report.exit_code(), &unwritten);
                match part.write(report, ends_with) {
                    Ok(written) => whole.push(written),
                    Err(failure) => unwritten.push(failure),
                }
            }
            unwritten.extend(whole.into_iter().filter_map(|written| written.publish().err()));
        }
        if matches!(self.first, Some(Kind::File | Kind::Direct)) {
            screen::verdict(report, look);
        }
        exit::settle(report.exit_code(), unwritten)
    }

    /// Writes the metrics of a run that could not begin, and nothing else: what an earlier run wrote stays. Gives what went
    /// wrong with that.
    pub fn tell_that_it_could_not_run(self, source: &str, at: Time, code: u8) -> Vec<Failure> {
        let published = self.parts.into_iter().filter_map(|part| match part {
            Part::Report(Rendered { format: Format::Prometheus, output, .. }) => {
                Some(output.publish(|out| prometheus::write_without_report(source, at, code, out)))
            }
            Part::Report(Rendered { format: Format::Emf, output, .. }) => {
                Some(output.publish(|out| emf::write_without_report(source, at, code, out)))
            }
            Part::Report(_) | Part::Table(_) => None,
        });
        published.filter_map(Result::err).collect()
    }
}

impl Part {
    fn begin(asked: &Wanted<'_>, output: Output, look: &Look) -> Result<Self, Failure> {
        let kind = output.kind();
        match asked.shape {
            Shape::Report(format) => {
                let layout = match (asked.rank, kind) {
                    (Rank::First, _) | (Rank::Beside, Kind::Stdout) => output::layout(look, kind),
                    (Rank::Beside, Kind::File | Kind::Direct) => human::Options::default(),
                };
                Ok(Self::Report(Rendered { format, layout, output }))
            }
            Shape::Table(form) => {
                let name = output.name().to_owned();
                let table =
                    Table::begin(form, output.begin()?).map_err(|error| output::cannot(&name, &error))?;
                Ok(Self::Table(Streamed { name, kind, objects: Arc::new(Objects::new(table)) }))
            }
        }
    }

    fn turn(&self) -> Turn {
        let kind = match self {
            Self::Report(Rendered { format: Format::Prometheus | Format::Emf, .. }) => return Turn::Metrics,
            Self::Report(rendered) => rendered.output.kind(),
            Self::Table(streamed) => streamed.kind,
        };
        match kind {
            Kind::File => Turn::Files,
            Kind::Direct | Kind::Stdout => Turn::Direct,
        }
    }

    /// Writes it to its end. `ends_with` is what the program ends with, as far as that is known by now.
    fn write(self, report: &Report, ends_with: u8) -> Result<Written, Failure> {
        match self {
            Self::Report(Rendered { format: Format::Prometheus, output, .. }) => {
                output.write(|out| prometheus::write(report, ends_with, out))
            }
            Self::Report(Rendered { format: Format::Emf, output, .. }) => {
                output.write(|out| emf::write(report, ends_with, out))
            }
            Self::Report(Rendered { format, layout, output }) => {
                output.write(|out| screen::write(format, report, &layout, out))
            }
            Self::Table(Streamed { name, objects, .. }) => {
                // After a failure there is no summary: a stream without one is known to be cut short.
                let ended = objects.take().and_then(|table| table.finish(report));
                ended.map_or_else(|error| output::broken_off(&name, &error), |writer| writer.finish(Ok(())))
            }
        }
    }
}

/// What the command line asks for, in its order.
fn asked(args: &Outputs, tables: Tables) -> Vec<Result<Wanted<'_>, Failure>> {
    let first = shape(args, tables).map(|shape| Wanted {
        words: match &args.output {
            Some(path) => format!("--output {}", path.display()),
            None => "the result, which goes to stdout,".to_owned(),
        },
        shape,
        path: args.output.as_deref(),
        rank: Rank::First,
    });
    let beside = args.reports.iter().map(|(format, path)| {
        if let (ReportForm::Objects(_), Tables::None) = (format, tables) {
            return Err(Failure::new(format!(
                "--report {format}={}: the shards read the objects, and a part tells of each that is not as it should be alone",
                path.display()
            )));
        }
        Ok(Wanted {
            words: format!("--report {format}={}", path.display()),
            shape: match format {
                ReportForm::Report(format) => Shape::Report(args.pulse.of(*format)),
                ReportForm::Objects(form) => Shape::Table(*form),
            },
            path: Some(path),
            rank: Rank::Beside,
        })
    });
    std::iter::once(first).chain(beside).collect()
}

fn shape(args: &Outputs, tables: Tables) -> Result<Shape, Failure> {
    match (tables, args.form()) {
        (Tables::Beside(_) | Tables::None, Form::Report(format)) => Ok(Shape::Report(format)),
        (Tables::Beside(Depth::Full), Form::AwsCli) => Ok(Shape::Table(TableForm::AwsCli)),
        (Tables::Beside(_), Form::AwsCli) => Err(Failure::new(
            "--format aws-cli goes with --depth full alone: validate-logs reads every log file",
        )),
        (Tables::None, Form::AwsCli) => Err(Failure::new(
            "--format aws-cli tells of each object, and the shards read those: choose another format",
        )),
        (Tables::Instead, Form::Report(Format::Jsonl)) => Ok(Shape::Table(TableForm::Jsonl)),
        (Tables::Instead, Form::Report(Format::Csv)) => Ok(Shape::Table(TableForm::Csv)),
        (Tables::Instead, format) => {
            Err(Failure::new(format!("--objects goes with --format jsonl or csv, not {format}")))
        }
    }
}

/// Takes out all that lead to one place, and tells of them.
fn part_those_that_meet(wanted: &mut Vec<(Target, Wanted<'_>)>) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut met = vec![false; wanted.len()];
    for (at, (target, asked)) in wanted.iter().enumerate() {
        let earlier = wanted[..at].iter().position(|(earlier, _)| earlier.meets(target));
        if let Some(earlier) = earlier {
            (met[earlier], met[at]) = (true, true);
            let words = &wanted[earlier].1.words;
            failures
                .push(Failure::new(format!("{words} and {} are one place: give each its own", asked.words)));
        }
    }
    let mut met = met.into_iter();
    wanted.retain(|_| met.next() == Some(false));
    failures
}
