//! A result being written, and what becomes of it.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

use super::partial::{Partial, Unnamed, sync};
use super::{Opened, Output, cannot};
use crate::cli::exit::Failure;

/// Bytes that wait to be passed on together.
const TOGETHER: usize = 16 << 10;

/// A result being written. What was not finished is nobody's: a file goes away, and what waits is never passed on.
pub struct Writer {
    name: String,
    sink: Sink,
    waiting: Vec<u8>,
}

enum Sink {
    Stdout(io::Stdout),
    Direct(File),
    Partial(Partial),
}

impl Sink {
    fn out(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(out) => out,
            Self::Direct(file) => file,
            Self::Partial(partial) => partial.file(),
        }
    }
}

impl Writer {
    /// Begins to write to an output.
    pub(super) fn new(output: Output) -> Result<Self, Failure> {
        let sink = match output.opened {
            Opened::Stdout => Sink::Stdout(io::stdout()),
            Opened::Direct(file) => Sink::Direct(file),
            Opened::Named(place) => {
                Sink::Partial(place.begin().map_err(|error| cannot(&output.name, &error))?)
            }
        };
        Ok(Self { name: output.name, sink, waiting: Vec::with_capacity(TOGETHER) })
    }

    /// Ends the result, given how writing it went.
    pub fn finish(mut self, written: io::Result<()>) -> Result<Written, Failure> {
        let flushed = written.and_then(|()| self.flush());
        let Self { name, sink, .. } = self;
        let ended = flushed.and_then(|()| match sink {
            Sink::Stdout(_) => Ok(None),
            Sink::Direct(file) => sync(&file).map(|()| None),
            Sink::Partial(partial) => partial.sync().map(|()| Some(partial)),
        });
        match ended {
            Ok(partial) => Ok(Written(partial.map(|partial| (name, partial)))),
            Err(error) => broken_off(&name, &error),
        }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let passed = self.sink.out().write_all(&self.waiting);
        self.waiting.clear();
        passed
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() + bytes.len() > TOGETHER {
            self.pass_on()?;
        }
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.sink.out().flush()
    }
}

/// What becomes of a result that could not be written to its end. A reader that closed the pipe has seen enough: that is
/// no failure.
pub fn broken_off(name: &str, error: &io::Error) -> Result<Written, Failure> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(Written(None)),
        _ => Err(cannot(name, error)),
    }
}

/// A result that is written to its last byte; a file still needs its name.
#[must_use = "a file has no name until it is published"]
pub struct Written(Option<(String, Partial)>);

impl Written {
    /// Gives a file its name.
    pub fn publish(self) -> Result<(), Failure> {
        let Some((name, partial)) = self.0 else { return Ok(()) };
        partial.publish().map_err(|Unnamed { error, left }| match left {
            None => cannot(name, &error),
            Some(left) => Failure::new(format!(
                "cannot write to {name}: {error}; the whole result is in {}: move it from there",
                left.display()
            )),
        })
    }
}
