//! Where results go, and how they look.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::words::{form_parser, report_parser};
use super::{Form, RESULT, ReportForm};
use crate::render::{Format, Heartbeat};

/// Where the results of a run go, and how they look.
#[derive(Debug, Clone, Args)]
pub struct Outputs {
    /// Result format
    #[arg(long, value_parser = form_parser(), default_value = "human", help_heading = RESULT)]
    pub format: Form,
    /// Same as --format json
    #[arg(long, help_heading = RESULT)]
    pub json: bool,
    /// Write the result to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub output: Option<PathBuf>,
    /// Also write the result to a file, in any format, or a line for every object (csv-objects, jsonl-objects);
    /// repeatable. Metrics (prometheus, emf) are written even if the run cannot start (exit code 2)
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = report_parser, help_heading = RESULT)]
    pub reports: Vec<(ReportForm, PathBuf)>,
    /// Whether a record that is whole is reported
    #[command(flatten)]
    pub pulse: Pulse,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
}

impl Outputs {
    /// How the result is written.
    pub fn form(&self) -> Form {
        match (self.json, self.format) {
            (true, _) => Form::Report(Format::Json),
            (false, Form::Report(format)) => Form::Report(self.pulse.of(format)),
            (false, Form::AwsCli) => Form::AwsCli,
        }
    }
}

/// Whether a record that is whole is reported, in formats that report findings alone.
#[derive(Debug, Clone, Args)]
pub struct Pulse {
    /// With the format ocsf: emit one passed check if the record is whole
    #[arg(long, help_heading = RESULT)]
    heartbeat: bool,
}

impl Pulse {
    /// The format as it is to be written.
    pub fn of(&self, format: Format) -> Format {
        format.beating(if self.heartbeat { Heartbeat::Beating } else { Heartbeat::Silent })
    }
}

/// How to look on the terminal.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Colour on the terminal; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Colour::Auto, help_heading = RESULT)]
    pub color: Colour,
    /// No progress bar
    #[arg(long, help_heading = RESULT)]
    pub no_progress: bool,
    /// Print nothing if all is well, else the verdict and first findings
    #[arg(short, long, help_heading = RESULT)]
    pub quiet: bool,
    /// Print more: every finding, every chain
    #[arg(short, long, help_heading = RESULT)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal that wants it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
