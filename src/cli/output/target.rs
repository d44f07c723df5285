//! What a path that a result goes to leads to, and whether two of them lead to the same place: known before any of them
//! is opened, for opening a pipe may wait.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, is_separator};

use super::partial::FileName;
use super::{Opened, Output, cannot};
use crate::cli::exit::Failure;

/// The word that stands for stdout in the place of a path.
const STDOUT: &str = "-";
/// Folders of the program's own descriptors, where the system has them.
const OWN_DESCRIPTORS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];
/// Links after which a path is taken to lead nowhere; as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Where a result goes, not opened yet.
#[derive(Debug)]
pub struct Target {
    name: String,
    way: Way,
    /// What is there already: the system's name for it.
    there: Option<Inode>,
}

/// How it is written.
#[derive(Debug)]
enum Way {
    Stdout,
    /// A device, a pipe or a socket.
    Direct(PathBuf),
    /// A descriptor that a process holds. It may be of a file that others write to as well: what is written goes to the
    /// end.
    Descriptor(PathBuf),
    /// A file that gets this name, whatever has it now.
    Named(FileName),
}

/// Device and number: the same for all names of one thing.
type Inode = (u64, u64);

impl Target {
    /// Finds out where a path leads; without one, to stdout.
    pub fn of(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| path.as_os_str() != STDOUT) else { return Ok(Self::stdout()) };
        Self::at(path).map_err(|error| cannot(path.display(), &error))
    }

    fn stdout() -> Self {
        Self { name: "stdout".to_owned(), way: Way::Stdout, there: stdout_inode() }
    }

    fn at(path: &Path) -> io::Result<Self> {
        let target = |way, there| Self { name: path.display().to_string(), way, there };
        let led_to = fs::metadata(path);
        if let Some(descriptor) = descriptor(path) {
            return Ok(match descriptor {
                Descriptor::Stdout => Self::stdout(),
                Descriptor::Other => {
                    target(Way::Descriptor(path.to_owned()), led_to.ok().as_ref().and_then(inode))
                }
            });
        }
        match led_to {
            Ok(about) if about.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(about) if !about.is_file() => {
                return Ok(target(Way::Direct(path.to_owned()), inode(&about)));
            }
            // A file is judged by its own name, and so is a link, wherever it leads.
            Ok(_) | Err(_) => {}
        }
        if path.as_os_str().as_encoded_bytes().last().is_some_and(|last| is_separator(char::from(*last))) {
            return Err(io::Error::new(ErrorKind::IsADirectory, "it is named like a folder"));
        }
        let there = match fs::symlink_metadata(path) {
            Ok(about) => Some(about),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let place = FileName::new(path, there.as_ref())?;
        Ok(target(Way::Named(place), there.as_ref().and_then(inode)))
    }

    /// Whether both lead to one place, so that one result would be lost or two be mixed. Two names of one file do, though
    /// each could be replaced by itself: whoever has made them means one thing by both.
    pub fn meets(&self, other: &Self) -> bool {
        let named_alike = match (&self.way, &other.way) {
            (Way::Stdout, Way::Stdout) => true,
            (Way::Named(one), Way::Named(other)) => one.is(other),
            _ => false,
        };
        named_alike || self.there.is_some() && self.there == other.there
    }

    /// Opens it. A file is not made before it is written; that it can be made is shown here.
    pub fn open(self) -> Result<Output, Failure> {
        let opened = match self.way {
            Way::Stdout => Ok(Opened::Stdout),
            Way::Direct(path) => File::options().write(true).open(path).map(Opened::Direct),
            Way::Descriptor(path) => File::options().append(true).open(path).map(Opened::Direct),
            Way::Named(place) => place.probe().map(|()| Opened::Named(place)),
        };
        match opened {
            Ok(opened) => Ok(Output { name: self.name, opened }),
            Err(error) => Err(cannot(self.name, &error)),
        }
    }
}

/// A descriptor that a path names.
enum Descriptor {
    /// The program's own stdout.
    Stdout,
    /// Another one of its own, or of another process.
    Other,
}

/// The descriptor that a path leads to, as `/dev/stdout` and what a shell puts in the place of `>(…)` do.
fn descriptor(path: &Path) -> Option<Descriptor> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = super::partial::folder(&path).canonicalize().ok()?;
        let own =
            OWN_DESCRIPTORS.iter().any(|own| Path::new(own).canonicalize().is_ok_and(|own| own == folder));
        if own && path.file_name().is_some_and(|name| name == "1") {
            return Some(Descriptor::Stdout);
        }
        if own || folder.starts_with("/proc") && folder.ends_with("fd") {
            return Some(Descriptor::Other);
        }
        path = folder.join(fs::read_link(&path).ok()?);
    }
    None
}

/// What tells a thing from all others. What goes to the null device is lost with intent, however much of it.
#[cfg(unix)]
fn inode(about: &Metadata) -> Option<Inode> {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let is_null = about.file_type().is_char_device()
        && fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == about.rdev());
    (!is_null).then(|| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<Inode> {
    None
}

/// What stdout was redirected to.
#[cfg(unix)]
fn stdout_inode() -> Option<Inode> {
    use std::os::fd::AsFd as _;
    let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    inode(&file.metadata().ok()?)
}

#[cfg(not(unix))]
fn stdout_inode() -> Option<Inode> {
    None
}
