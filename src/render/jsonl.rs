//! One JSON document to a line: objects as they are judged, then findings and chains, and the summary last, so that a
//! stream without a summary is known to be cut short.

use std::io;

use super::json::lines::{self, Line};
use super::json::visible::line;
use super::seen::Seen;
use crate::report::Report;

/// Writes the findings, the chains and the summary of a run that is over.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &report.findings {
        line(&Line::Finding(lines::finding(finding)), out)?;
    }
    for chain in &report.chains {
        line(&Line::Chain(lines::chain(chain)), out)?;
    }
    line(&Line::Summary(lines::summary(report)), out)
}

/// The same, with a line for each object before it, written while the run goes on.
pub struct Stream<W: io::Write>(W);

impl<W: io::Write> Stream<W> {
    /// Begins it.
    pub fn new(out: W) -> Self {
        Self(out)
    }

    /// One object, as it is judged.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn object(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        line(&Line::Object(lines::object(seen)), &mut self.0)
    }

    /// Ends it with what the run came to, and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn finish(mut self, report: &Report) -> io::Result<W> {
        write(report, &mut self.0)?;
        self.0.flush()?;
        Ok(self.0)
    }
}
