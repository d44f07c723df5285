//! Where a run keeps what later runs shall know: small files under names of its own, never part of a record. Writers may meet, so
//! nothing is written over what its writer has not seen.

use async_trait::async_trait;

use super::StoreError;

mod dir;

pub use dir::DirState;

/// A folder or a prefix for files of one's own. Names are relative, with slashes between their parts.
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// The names of all files below `folder`, which ends in a slash or is empty; sorted.
    ///
    /// # Errors
    ///
    /// Where the place cannot be listed. One that does not exist yet holds nothing.
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError>;

    /// The names of files below `folder` that were written over or deleted, as far as the place keeps what was there before;
    /// sorted, each once. A place without versions knows of none.
    ///
    /// # Errors
    ///
    /// Where the place keeps versions and they cannot be listed.
    async fn rewritten(&self, folder: &str) -> Result<Vec<String>, StoreError>;

    /// A file, whole; nothing, where the place says that there is none.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    async fn read(&self, name: &str) -> Result<Option<Kept>, StoreError>;

    /// Writes a file, whole or not at all, and lasting once this returns.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. Then the file is as it was, or as it was to be.
    async fn put(&self, name: &str, bytes: &[u8], over: Over<'_>) -> Result<Put, StoreError>;
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What tells it from any later version.
    pub version: Version,
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(super) String);

/// What a file may be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// Nothing: there must not be one of the name.
    Nothing,
    /// This version, and no other.
    Version(&'a Version),
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// Somebody else has written the file meanwhile: it is as they left it.
    Overtaken,
}

/// So often a file is written anew because somebody else was quicker.
const RACES: usize = 8;

/// What became of a file that was to be written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updated {
    /// It holds what it should, and nobody's words are lost.
    Done,
    /// Others were quicker every time: it is as they left it.
    Overtaken,
}

/// Writes a file anew from what it holds, which is nothing where there is none. `write` says what it shall hold; nothing, if it
/// is to stay as it is. It is asked again whenever somebody else was quicker.
///
/// # Errors
///
/// Where the file cannot be read or written.
pub async fn update(
    store: &dyn StateStore,
    name: &str,
    mut write: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Result<Updated, StoreError> {
    for _race in 0..RACES {
        let known = store.read(name).await?;
        let Some(bytes) = write(known.as_ref().map_or(&[], |kept| &kept.bytes)) else {
            return Ok(Updated::Done);
        };
        let over = known.as_ref().map_or(Over::Nothing, |kept| Over::Version(&kept.version));
        if store.put(name, &bytes, over).await? == Put::Done {
            return Ok(Updated::Done);
        }
    }
    Ok(Updated::Overtaken)
}

/// Files larger than this are nobody's state.
pub const LARGEST: u64 = 64 << 20;
