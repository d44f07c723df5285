//! A folder as `aws s3 sync` makes it: keys are paths below it. User metadata is lost on the way, so a digest's may
//! lie beside it in `<digest>.head.json`, the JSON that `aws s3api head-object` prints.
//!
//! The bucket in a name is ignored: a folder does not know where it was copied from. Links are followed where they lead
//! to what lies inside, and nothing but plain files is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Admission, LARGEST, Listing, Metadata, Object, ObjectStore, Page, StoreError, Streamed, Take, sidecar,
};
use crate::trail::ObjectName;
use crate::trail::key::{DIGEST_FOLDER, ObjectKey};
use root::{Fault, Root};
use walk::{Bounds, Walk};

mod names;
mod root;
mod unpacked;
mod walk;

/// How much of a large file is shown at once.
const PIECE: usize = 256 << 10;

/// A folder that stands for a bucket. Its calls block the thread they run on until the disk has answered, as long as that
/// takes: give the runtime threads for that beside those that compute.
#[derive(Debug, Clone)]
pub struct DirStore {
    root: Arc<Root>,
}

/// A file that holds an object.
struct Stored {
    path: PathBuf,
    length: u64,
    /// The path it would have had, if it was unpacked on the way.
    packed: Option<PathBuf>,
}

impl DirStore {
    /// Opens a folder; fails if there is none or it can't be listed.
    ///
    /// # Errors
    ///
    /// Where there is no such folder, or it cannot be opened.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self { root: Arc::new(Root::open(root.into())?) })
    }

    fn page(&self, listing: &Listing, bounds: Bounds) -> Result<Page, StoreError> {
        let read = |folder: PathBuf| Ok(Walk::new(&self.root, listing, bounds).page(&folder)?);
        match self.root.folder(&listing.prefix).and_then(read).map_err(|fault| self.root.confirm(fault)) {
            Err(fault) if fault.is_absence() => Ok(Page::default()),
            Err(fault) => Err(fault.told("list", self.root.path().join(&listing.prefix).display())),
            Ok(page) => Ok(page),
        }
    }

    /// Finds an object's file.
    fn find(&self, key: &str) -> Result<Stored, Fault> {
        let path = self.root.object(key)?;
        let absent = match self.root.plain_length(&path) {
            Ok(length) => return Ok(Stored { path, length, packed: None }),
            Err(fault) if fault.is_absence() => fault,
            Err(fault) => return Err(fault),
        };
        let Some(name) = unpacked::name(key).filter(|_| ObjectKey::parse(key).is_some()) else {
            return Err(absent);
        };
        let unpacked = self.root.object(name)?;
        match self.root.plain_length(&unpacked) {
            Ok(length) => Ok(Stored { path: unpacked, length, packed: Some(path) }),
            Err(fault) if fault.is_absence() => Err(absent),
            Err(fault) => Err(fault),
        }
    }

    /// What was saved beside a digest, whose stored bytes are `body`.
    fn metadata(&self, digest: &Stored, body: &[u8]) -> Metadata {
        for path in digest.packed.iter().chain([&digest.path]) {
            let mut sidecar = path.as_os_str().to_owned();
            sidecar.push(sidecar::SUFFIX);
            match self.sidecar(Path::new(&sidecar)) {
                Ok(text) => return sidecar::read(&text, body),
                Err(fault) if fault.is_absence() => {}
                Err(fault) => return sidecar::unusable(format_args!("could not be read: {fault}")),
            }
        }
        Metadata::NotKept(None)
    }

    fn sidecar(&self, path: &Path) -> Result<Vec<u8>, Fault> {
        let length = self.root.plain_length(path)?;
        // One byte too many shows that there are too many.
        let mut text = Vec::with_capacity(length.min(sidecar::LIMIT) as usize + 1);
        File::open(path)?.take(sidecar::LIMIT + 1).read_to_end(&mut text)?;
        Ok(text)
    }

    fn unread(&self, key: &str, fault: Fault) -> StoreError {
        let fault = self.root.confirm(fault);
        fault.told("read", self.root.path().join(key.trim_start_matches('/')).display())
    }
}

#[async_trait]
impl ObjectStore for DirStore {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.page(listing, Bounds::USUAL)
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let fail = |fault: Fault| self.unread(&object.key, fault);
        let stored = self.find(&object.key).map_err(fail)?;
        if stored.length > LARGEST {
            return Err(fail(Fault::Oversized(stored.length)));
        }
        let admitted = admission.admit(stored.length).await;
        let body = read(&stored).map_err(fail)?;
        let name = object.key.rsplit('/').next().unwrap_or_default();
        let metadata =
            if is_digest_name(name) { self.metadata(&stored, &body) } else { Metadata::NotKept(None) };
        Ok(Object { body: body.into(), metadata, stored: super::Stored::default(), admitted })
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        let show = |stored: Stored| -> Result<(), Fault> {
            let mut file = File::open(&stored.path)?;
            let mut piece = vec![0; PIECE];
            loop {
                let length = file.read(&mut piece)?;
                if length == 0 || take(Streamed::Piece(&piece[..length])).is_break() {
                    return Ok(());
                }
            }
        };
        self.find(&object.key).and_then(show).map_err(|fault| self.unread(&object.key, fault))
    }
}

/// Reads a file whole.
fn read(stored: &Stored) -> Result<Vec<u8>, Fault> {
    // One more than there should be, so that the end shows without more room.
    let mut body = Vec::with_capacity(stored.length as usize + 1);
    File::open(&stored.path)?.take(LARGEST + 1).read_to_end(&mut body)?;
    if body.len() as u64 > LARGEST { Err(Fault::Grew) } else { Ok(body) }
}

/// Whether an object is named as a digest: the grammar has the word after the account. Anywhere else in a key it may be
/// part of a prefix.
fn is_digest_name(name: &str) -> bool {
    name.split('_').nth(1) == Some(DIGEST_FOLDER)
}

#[cfg(test)]
mod tests;
