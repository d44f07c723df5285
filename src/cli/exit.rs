//! The one place where a failure to run becomes an exit code. Outcomes of a run have theirs in the report.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why the program could not do what was asked: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// A failure with its whole story: what was tried, on what, what came back, what to do next.
    pub fn new(story: impl Display) -> Self {
        Self(story.to_string())
    }
}

/// The exit code for a run that could not begin, or whose result could not be written.
const COULD_NOT_RUN: u8 = 2;

/// Says what went wrong.
pub fn tell(failure: &Failure) -> ExitCode {
    // Where even stderr is closed, the exit code still speaks.
    let _ = writeln!(io::stderr(), "trailseal: {}", trailseal::render::plain::Plain(&failure.0));
    ExitCode::from(COULD_NOT_RUN)
}
