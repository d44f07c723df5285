//! Where results go: opened before the long work, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::args::{Colour, Look};
use super::exit::Failure;
use trailseal::render::human;

/// A place for a result, known to be writable.
pub enum Output {
    /// The terminal, a pipe or a redirection.
    Stdout,
    /// A file.
    File(Partial),
}

/// A file written beside its name first, then renamed, so that a reader never sees half of it. Removed if it never
/// gets its name.
pub struct Partial {
    path: PathBuf,
    partial: PathBuf,
    file: File,
}

impl Output {
    /// Opens a place; fails now rather than after an hour's work.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let cannot = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
        // A pipe or a device is written as it is; renaming over it would replace it.
        let special = match fs::metadata(path) {
            Ok(about) if about.is_dir() => return Err(cannot(ErrorKind::IsADirectory.into())),
            about => about.is_ok_and(|about| !about.is_file()),
        };
        let mut name = path.as_os_str().to_owned();
        if !special {
            name.push(format!(".{}.partial", std::process::id()));
        }
        let partial = PathBuf::from(name);
        let file = match special {
            true => File::options().write(true).open(&partial),
            false => File::create(&partial),
        }
        .map_err(cannot)?;
        Ok(Self::File(Partial { path: path.to_owned(), partial, file }))
    }

    /// Writes the result with `render`.
    pub fn write(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut writer = self.begin();
        let written = render(&mut writer);
        writer.finish(written)
    }

    /// Begins to write, for a result that comes piece by piece.
    pub fn begin(self) -> Writer {
        Writer(BufWriter::new(match self {
            Self::Stdout => Target::Stdout(io::stdout()),
            Self::File(partial) => Target::File(partial),
        }))
    }
}

impl Partial {
    fn keep(&self) -> io::Result<()> {
        self.file.sync_all().or_else(|error| match error.kind() {
            // Pipes and devices cannot be synchronised.
            ErrorKind::InvalidInput => Ok(()),
            _ => Err(error),
        })?;
        match self.path == self.partial {
            true => Ok(()),
            false => fs::rename(&self.partial, &self.path),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.path != self.partial {
            // Gone already, if it got its name.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// A result being written.
pub struct Writer(BufWriter<Target>);

enum Target {
    Stdout(io::Stdout),
    File(Partial),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(partial) => partial.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(partial) => partial.file.flush(),
        }
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Writer {
    /// Ends the result, given how writing it went. A reader that closed the pipe has seen enough: that is no failure.
    pub fn finish(self, written: io::Result<()>) -> Result<(), Failure> {
        let mut out = self.0;
        let written = written.and_then(|()| out.flush());
        // What is left in the buffer after a failure has no reader; dropping the buffer would try again.
        match out.into_parts().0 {
            Target::Stdout(_) => {
                quiet(written).map_err(|error| Failure::new(format!("cannot write to stdout: {error}")))
            }
            Target::File(partial) => quiet(written)
                .and_then(|()| partial.keep())
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", partial.path.display()))),
        }
    }
}

/// A reader that closed the pipe has seen enough.
fn quiet(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// How the human report is laid out: for this stdout, or for a file, where there is nothing to colour and no width.
pub fn layout(look: &Look, file: Option<&Path>) -> human::Options {
    let terminal = file.is_none() && io::stdout().is_terminal();
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let colour = match look.color {
        Colour::Always => human::Colour::Always,
        Colour::Auto if terminal && wanted => human::Colour::Always,
        Colour::Auto | Colour::Never => human::Colour::Never,
    };
    let width = match terminal {
        true => terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)),
        false => human::Options::default().width,
    };
    let verbosity = match (look.quiet, look.verbose) {
        (true, _) => human::Verbosity::Quiet,
        (_, true) => human::Verbosity::Verbose,
        _ => human::Verbosity::Normal,
    };
    human::Options { width, colour, verbosity }
}
