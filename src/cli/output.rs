//! Where results go: opened before the long work, written whole or not at all.
//!
//! A file is written beside its name, under a random one that nobody else has, and takes its name when every byte is on
//! the disk: whatever ends the program, a reader finds the old file or the new one, never half of one. A link at the
//! name is replaced, not followed. What is no file (a device, a pipe, a descriptor such as `/dev/stdout`) is written as
//! it is, and `-` is stdout.
//!
//! Of a file that is replaced its permission bits are kept; its owner, its other names and what else the system may know
//! of it are not. A program that is killed, or stopped by a second signal, may leave a file `.trailseal-….partial` behind,
//! in the folder of a result it was writing.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use super::args::{Colour, Look};
use super::exit::Failure;
use crate::render::human;

mod partial;
mod target;
mod writer;

use partial::FileName;
pub use target::Target;
pub use writer::{Writer, Written, broken_off};

/// A place for a result, known to be writable as far as that can be known before writing.
pub struct Output {
    name: String,
    opened: Opened,
}

enum Opened {
    Stdout,
    Direct(File),
    Named(FileName),
}

/// What an output is, to those who write several of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file, which waits for nobody.
    File,
    /// A device or a pipe: writing to it lasts as long as its reader likes.
    Direct,
    /// The same, and what the program says by itself.
    Stdout,
}

impl Output {
    /// Opens a place; fails now rather than after an hour's work. Without a path that is stdout.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        Target::of(path)?.open()
    }

    /// What the program says when nothing else is asked for.
    pub fn stdout() -> Self {
        Self { name: "stdout".to_owned(), opened: Opened::Stdout }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.opened {
            Opened::Stdout => Kind::Stdout,
            Opened::Direct(_) => Kind::Direct,
            Opened::Named(_) => Kind::File,
        }
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the whole result with `render`, and gives it its name.
    pub fn publish(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        self.write(render)?.publish()
    }

    /// Writes the whole result with `render`. A file has no name yet.
    pub fn write(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Written, Failure> {
        let mut writer = self.begin()?;
        let written = render(&mut writer);
        writer.finish(written)
    }

    /// Begins to write, for a result that comes piece by piece.
    pub fn begin(self) -> Result<Writer, Failure> {
        Writer::new(self)
    }
}

/// Tells that a result cannot be written, and what to do about it.
pub fn cannot(name: impl Display, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write to {name}: {error}{}", next_step(error)))
}

fn next_step(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "; make the folder first",
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => "; name a file in a folder that is there",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; name a file in a folder that may be written to"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "; make room there, or name another place, and run again"
        }
        _ => "",
    }
}

/// How wide a line on stdout may be: as wide as the terminal, or as reads well in a file.
pub fn width() -> usize {
    if io::stdout().is_terminal() {
        terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
    } else {
        human::Options::default().width
    }
}

/// How the human report is laid out: for a terminal, or for a file, where there is nothing to colour and no width.
pub fn layout(look: &Look, kind: Kind) -> human::Options {
    let terminal = kind == Kind::Stdout && io::stdout().is_terminal();
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let colour = match look.color {
        Colour::Always => human::Colour::Always,
        Colour::Auto if terminal && wanted => human::Colour::Always,
        Colour::Auto | Colour::Never => human::Colour::Never,
    };
    let width = if terminal { width() } else { human::Options::default().width };
    let verbosity = match (look.quiet, look.verbose) {
        (true, _) => human::Verbosity::Quiet,
        (_, true) => human::Verbosity::Verbose,
        _ => human::Verbosity::Normal,
    };
    human::Options { width, colour, glyphs: glyphs(kind), verbosity }
}

/// What the locale can show (POSIX, "Internationalization Variables"); where it says nothing, UTF-8. A file is read
/// elsewhere.
fn glyphs(kind: Kind) -> human::Glyphs {
    if kind != Kind::Stdout {
        return human::Glyphs::Unicode;
    }
    let set = |name: &&str| std::env::var_os(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    let locale = locale.map(|locale| locale.to_string_lossy().to_ascii_lowercase().replace('-', ""));
    if locale.is_none_or(|locale| locale.contains("utf8")) {
        human::Glyphs::Unicode
    } else {
        human::Glyphs::Ascii
    }
}
