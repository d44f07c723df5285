//! Commands that only print.

use std::path::PathBuf;

use crate::render::Format;
use crate::verdict::Code;
use clap::{Args, Subcommand};

use super::words::{code_parser, format_parser};
use super::{Look, Pulse};

/// Explain a finding: what it means, what causes it and what to do next.
#[derive(Debug, Args)]
pub struct Explain {
    /// The finding's code [default: all of them]
    #[arg(value_parser = code_parser(), hide_possible_values = true)]
    pub codes: Vec<Code>,
}

/// Write an earlier JSON report in another format.
#[derive(Debug, Args)]
pub struct SavedReport {
    /// The JSON report; - for standard input
    pub report: PathBuf,
    /// The format to write
    #[arg(long, value_parser = format_parser(), default_value = "human")]
    pub format: Format,
    /// Write to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 0 once it is written, whatever the report's own exit code
    #[arg(long)]
    pub exit_zero: bool,
    /// Whether a record that is whole is reported
    #[command(flatten)]
    pub pulse: Pulse,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
}

/// Print completions for a shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Print the manual.
#[derive(Debug, Args)]
pub struct Manual {
    /// The command whose page to print, such as `verify` or `keys fetch` [default: all of them]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages to this folder, each as NAME.1, instead of to stdout
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The options as they are, and as they came to be.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the options of verify, each with where it comes from, as a configuration file
    Show(Show),
}

/// Print the options of verify, each with where it comes from, as a configuration file.
#[derive(Debug, Args)]
pub struct Show {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "TRAILSEAL_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
}
