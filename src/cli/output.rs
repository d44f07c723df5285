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
    /// A file: written beside its name first, then renamed, so that a reader never sees half of it.
    File {
        /// Its name.
        path: PathBuf,
        /// The name it has until it is whole.
        partial: Partial,
        /// Open.
        file: File,
    },
    /// A pipe or device that has a name: there is nothing to replace.
    Device {
        /// Its name.
        path: PathBuf,
        /// Open.
        file: File,
    },
}

/// A file that is not whole yet; removed unless it was renamed.
pub struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Output {
    /// Opens a place; fails now rather than after an hour's work.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let cannot = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => return Err(cannot(ErrorKind::IsADirectory.into())),
            Ok(about) if !about.is_file() => {
                let file = File::options().write(true).open(path).map_err(cannot)?;
                return Ok(Self::Device { path: path.to_owned(), file });
            }
            Ok(_) | Err(_) => {}
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let partial = PathBuf::from(name);
        let file = File::create(&partial).map_err(cannot)?;
        Ok(Self::File { path: path.to_owned(), partial: Partial(partial), file })
    }

    /// Writes the result with `render`. A reader that closed the pipe has seen enough: that is no failure.
    pub fn write(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match self {
            Self::Stdout => {
                let mut out = BufWriter::new(io::stdout().lock());
                match render(&mut out).and_then(|()| out.flush()) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                        // What is left in the buffer has no reader; dropping it would try again and complain.
                        std::mem::forget(out);
                        Ok(())
                    }
                    written => {
                        written.map_err(|error| Failure::new(format!("cannot write to stdout: {error}")))
                    }
                }
            }
            Self::File { path, partial, file } => {
                let mut out = BufWriter::new(file);
                let written = render(&mut out)
                    .and_then(|()| out.flush())
                    .and_then(|()| out.get_ref().sync_all())
                    .and_then(|()| fs::rename(&partial.0, &path));
                written.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
            }
            Self::Device { path, file } => {
                let mut out = BufWriter::new(file);
                match render(&mut out).and_then(|()| out.flush()) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                    written => written
                        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display()))),
                }
            }
        }
    }
}

/// How the human report is laid out on this stdout.
pub fn layout(look: &Look) -> human::Options {
    let terminal = io::stdout().is_terminal();
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
