//! A folder on disk. A file comes into being under another name, reaches the disk, and then takes its own; whoever writes holds the
//! folder's lock meanwhile, so that two runs never write over each other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{Kept, LARGEST, Over, Put, StateStore, Version};
use crate::crypto::Hash;
use crate::store::{StoreError, StoreErrorKind};

/// Held while a file is written. Released with the process that holds it, however that ends.
const LOCK: &str = ".lock";
/// What a file is called until it is whole.
const UNFINISHED: &str = ".unfinished";

/// A folder for files of one's own.
#[derive(Debug, Clone)]
pub struct DirState {
    root: PathBuf,
}

impl DirState {
    /// The folder at `root`, made if it is not there.
    ///
    /// # Errors
    ///
    /// Where it cannot be made, or nothing can be written into it.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        lock(&root)?;
        Ok(Self { root })
    }

    fn failed(&self, action: &'static str, name: &str, error: io::Error) -> StoreError {
        let kind = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreErrorKind::Denied,
            _ => StoreErrorKind::Failed,
        };
        let target = self.root.join(name).display().to_string();
        StoreError::new(kind, action, target, error.to_string()).caused_by(error)
    }

    fn write(&self, name: &str, bytes: &[u8], over: Over<'_>) -> io::Result<Put> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let _held = lock(&self.root)?;
        let may_be_written = match (read(&path)?, over) {
            (None, Over::Nothing) => true,
            (Some(there), Over::Version(seen)) => version(&there) == *seen,
            (None, Over::Version(_)) | (Some(_), Over::Nothing) => false,
        };
        if !may_be_written {
            return Ok(Put::Overtaken);
        }
        let unfinished = path.with_added_extension(&UNFINISHED[1..]);
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        sync_folder(folder)?;
        Ok(Put::Done)
    }
}

#[async_trait]
impl StateStore for DirState {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        walk(&self.root, folder, &mut names).map_err(|error| self.failed("list", folder, error))?;
        names.sort();
        Ok(names)
    }

    async fn rewritten(&self, _folder: &str) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn read(&self, name: &str) -> Result<Option<Kept>, StoreError> {
        let bytes = read(&self.root.join(name)).map_err(|error| self.failed("get", name, error))?;
        Ok(bytes.map(|bytes| Kept { version: version(&bytes), bytes }))
    }

    async fn put(&self, name: &str, bytes: &[u8], over: Over<'_>) -> Result<Put, StoreError> {
        self.write(name, bytes, over).map_err(|error| self.failed("put", name, error))
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(Hash::of(bytes).to_string())
}

/// Takes the folder's lock, waiting for whoever has it.
fn lock(root: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// A file, if it is there.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than any file of a ledger or witness",
        ));
    }
    Ok(Some(bytes))
}

/// Has the names in a folder reach the disk. Where a system cannot do that for folders, renaming is all there is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) if cfg!(unix) => folder.sync_all(),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Adds the names of all files below a folder.
fn walk(root: &Path, folder: &str, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        // A name that is not text is none of these files'.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &format!("{folder}{name}/"), names)?;
        } else if kind.is_file() && name != LOCK && !name.ends_with(UNFINISHED) {
            names.push(format!("{folder}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn nothing_is_written_over_what_its_writer_has_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let state = DirState::open(folder.path().join("a/b")).unwrap();
        assert_eq!(state.read("x/1").await.unwrap(), None);
        assert_eq!(state.put("x/1", b"one", Over::Nothing).await.unwrap(), Put::Done);
        assert_eq!(state.put("x/1", b"other", Over::Nothing).await.unwrap(), Put::Overtaken);
        let one = state.read("x/1").await.unwrap().unwrap();
        assert_eq!(one.bytes, b"one");
        assert_eq!(state.put("x/1", b"two", Over::Version(&one.version)).await.unwrap(), Put::Done);
        assert_eq!(state.put("x/1", b"late", Over::Version(&one.version)).await.unwrap(), Put::Overtaken);
        assert_eq!(state.put("x/2", b"two", Over::Version(&one.version)).await.unwrap(), Put::Overtaken);
        assert_eq!(state.read("x/1").await.unwrap().unwrap().bytes, b"two");
    }

    #[tokio::test]
    async fn what_was_not_finished_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let state = DirState::open(folder.path()).unwrap();
        state.put("x/1", b"one", Over::Nothing).await.unwrap();
        fs::write(folder.path().join("x/2.unfinished"), b"tw").unwrap();
        assert_eq!(state.list("").await.unwrap(), ["x/1"]);
        assert_eq!(state.list("x/").await.unwrap(), ["x/1"]);
        assert!(state.list("y/").await.unwrap().is_empty());
    }
}
