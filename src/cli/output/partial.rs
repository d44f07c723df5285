//! A file that gets its name when it is whole.
//!
//! The calls, in order: open with O_CREAT and O_EXCL under a random name beside the one it is to get; fchmod to the mode
//! of the file it replaces; write; fsync; rename; fsync of the folder, where that can be done.

use std::ffi::OsString;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Letters and digits at random in the name a file has while it is written.
const RANDOM: usize = 12;

/// A name in a folder that is there.
#[derive(Debug)]
pub struct FileName {
    folder: PathBuf,
    name: OsString,
    /// Those of the file that has the name now.
    permissions: Option<Permissions>,
}

impl FileName {
    /// A place for a file at `path`, where `there` is now.
    pub fn new(path: &Path, there: Option<&Metadata>) -> io::Result<Self> {
        let name = path.file_name().ok_or(ErrorKind::IsADirectory)?.to_owned();
        let permissions = there.filter(|about| about.is_file()).and_then(kept);
        Ok(Self { folder: folder(path).canonicalize()?, name, permissions })
    }

    /// Whether it is the same name in the same folder.
    pub fn is(&self, other: &Self) -> bool {
        (&self.folder, &self.name) == (&other.folder, &other.name)
    }

    /// Shows that a file can be made there, and leaves none.
    pub fn probe(&self) -> io::Result<()> {
        self.create()?.close()
    }

    /// Begins the file.
    pub fn begin(self) -> io::Result<Partial> {
        Ok(Partial { file: self.create()?, place: self })
    }

    fn create(&self) -> io::Result<NamedTempFile> {
        let mut builder = Builder::new();
        builder.prefix(".trailseal-").suffix(".partial").rand_bytes(RANDOM);
        let file = builder.make_in(&self.folder, |path| self.options().open(path))?;
        if let Some(permissions) = &self.permissions {
            // Where the system refuses, the file was made with no more than these.
            let _ = file.as_file().set_permissions(permissions.clone());
        }
        Ok(file)
    }

    fn options(&self) -> std::fs::OpenOptions {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if let Some(permissions) = &self.permissions {
            use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
            options.mode(permissions.mode());
        }
        options
    }
}

/// The folder that a path's last part lies in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What is kept of a file's permissions: never the right to run as somebody else.
#[cfg(unix)]
fn kept(about: &Metadata) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(about.permissions().mode() & 0o777))
}

#[cfg(not(unix))]
fn kept(_: &Metadata) -> Option<Permissions> {
    None
}

/// A file without its name, removed if it never gets it.
#[derive(Debug)]
pub struct Partial {
    file: NamedTempFile,
    place: FileName,
}

impl Partial {
    /// Where its bytes go.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Waits until all that was written is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        sync(self.file.as_file())
    }

    /// Gives it its name. If that fails the file stays, for it is whole: it may have taken an hour to write.
    pub fn publish(self) -> Result<(), Unnamed> {
        let FileName { folder, name, .. } = self.place;
        let Err(refused) = self.file.persist(folder.join(name)) else {
            // That the name is on the disk too is more than every system can promise.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
            return Ok(());
        };
        let left = refused.file.keep().map(|(_, path)| path).ok();
        Err(Unnamed { error: refused.error, left })
    }
}

/// A whole file that could not be given its name.
#[derive(Debug)]
pub struct Unnamed {
    /// Why.
    pub error: io::Error,
    /// Where it is.
    pub left: Option<PathBuf>,
}

/// Waits until a file is on the disk, if it is one.
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all().or_else(|error| match error.kind() {
        // Pipes and devices cannot be synchronised, and some file systems don't know how to.
        ErrorKind::InvalidInput | ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_file_has_a_name_of_its_own_until_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
        };
        let place = || FileName::new(&path, None).unwrap();
        place().probe().unwrap();
        assert!(names().is_empty());
        let files: Vec<Partial> = (0..8).map(|_| place().begin().unwrap()).collect();
        assert_eq!(names().len(), 8);
        assert!(!path.exists());
        files.into_iter().for_each(|file| file.publish().unwrap());
        assert_eq!(names(), [OsString::from("report.json")].into());
    }

    #[test]
    fn a_whole_file_that_cannot_have_its_name_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let partial = FileName::new(&path, None).unwrap().begin().unwrap();
        std::fs::create_dir(&path).unwrap();
        let Unnamed { left, .. } = partial.publish().unwrap_err();
        assert!(left.unwrap().is_file());
    }
}
