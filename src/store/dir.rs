//! A folder as `aws s3 sync` makes it: keys are paths below it. User metadata is lost on the way, so a digest's may
//! lie beside it in `<digest>.head.json`, the JSON that `aws s3api head-object` prints.
//!
//! The bucket in a name is ignored: a folder does not know where it was copied from. Links are not followed
//! out of the folder, and nothing but plain files is read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    Admission, LARGEST, Listed, Listing, Metadata, Object, ObjectStore, Page, Reach, StoreError,
    StoreErrorKind,
};
use crate::trail::ObjectName;

/// What a head file's name ends with.
const HEAD: &str = ".head.json";
/// The largest head file that is read; real ones have about 2 kB.
const HEAD_LIMIT: u64 = 64 << 10;

/// A folder that stands for a bucket.
#[derive(Debug, Clone)]
pub struct DirStore {
    root: PathBuf,
    /// The same without links: what a link inside may lead to lies below it.
    real: PathBuf,
}

impl DirStore {
    /// Opens a folder; fails if there is none or it can't be listed.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::read_dir(&root)?;
        Ok(Self { real: root.canonicalize()?, root })
    }

    /// The path of a key. Keys are hostile: one that would leave the folder has no path.
    fn path(&self, key: &str) -> Option<PathBuf> {
        let plain =
            key.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\0', '\\']));
        plain.then(|| self.root.join(key))
    }

    /// The length of a plain file; anything else is refused: a pipe or device with a digest's name must not hang the
    /// run. A link that leads nowhere is there and cannot be read: that is not the same as absent.
    fn plain_length(&self, path: &Path) -> io::Result<u64> {
        let mut about = fs::symlink_metadata(path)?;
        if about.is_symlink() {
            let target = path.canonicalize().map_err(|error| io::Error::other(format!("a link: {error}")))?;
            if !target.starts_with(&self.real) {
                return Err(io::Error::other("a link out of the folder"));
            }
            about = fs::metadata(&target)?;
        }
        match about.is_file() {
            true => Ok(about.len()),
            false => Err(io::Error::other("not a plain file")),
        }
    }

    fn head(&self, digest: &Path) -> Result<Metadata, StoreError> {
        let mut name = digest.as_os_str().to_owned();
        name.push(HEAD);
        let path = PathBuf::from(name);
        let text = match self.plain_length(&path) {
            Ok(length) if length > HEAD_LIMIT => {
                Err(io::Error::other(format!("larger than {HEAD_LIMIT} bytes")))
            }
            Ok(_) => fs::read(&path),
            Err(error) => Err(error),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Metadata::NotKept),
            Err(error) => return Err(store_error(&error, "read", path.display())),
        };
        let Head { mut metadata } = serde_json::from_slice(&text).map_err(|error| StoreError {
            kind: StoreErrorKind::Failed,
            action: "read",
            target: path.display().to_string(),
            detail: format!("not the JSON that head-object prints: {error}"),
        })?;
        // A head file without a signature is taken for a copy that lost it, not for S3's word that there is none.
        match metadata.remove("signature") {
            None => Ok(Metadata::NotKept),
            signature => Ok(Metadata::Kept {
                signature,
                signature_algorithm: metadata.remove("signature-algorithm"),
                backfill_generation_timestamp: metadata.remove("backfill-generation-timestamp"),
            }),
        }
    }
}

impl ObjectStore for DirStore {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let fail = |error: io::Error| store_error(&error, "list", self.root.join(&listing.prefix).display());
        let folder = listing.prefix.trim_end_matches('/');
        let start = match folder {
            "" => self.root.clone(),
            folder => match self.path(folder) {
                Some(path) => path,
                None => return Ok(Page::default()),
            },
        };
        let mut page = Page::default();
        match walk(&start, &listing.prefix, listing, &mut page) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            walked => walked.map_err(fail)?,
        }
        Ok(page)
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let fail = |error: io::Error| store_error(&error, "read", self.root.join(&*object.key).display());
        let path = self
            .path(&object.key)
            .ok_or_else(|| fail(io::Error::new(ErrorKind::NotFound, "no file can have this name")))?;
        let length = self.plain_length(&path).map_err(fail)?;
        if length > LARGEST {
            return Err(StoreError {
                kind: StoreErrorKind::Oversized,
                action: "read",
                target: path.display().to_string(),
                detail: format!("{length} bytes"),
            });
        }
        let admitted = admission.admit(length).await;
        let body = fs::read(&path).map_err(fail)?;
        let metadata = match object.key.contains("/CloudTrail-Digest/") {
            true => self.head(&path)?,
            false => Metadata::NotKept,
        };
        Ok(Object { body: body.into(), metadata, admitted })
    }
}

/// Adds everything below `folder` in the order of keys. `folder/` sorts by its slash, so a folder `a` comes
/// after a file `a.b`: names are compared as they stand in keys.
fn walk(folder: &Path, prefix: &str, listing: &Listing, page: &mut Page) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Names that are not UTF-8 can't be CloudTrail's.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            entries.push((format!("{name}/"), entry));
        } else if !name.ends_with(HEAD) {
            entries.push((name, entry));
        }
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, entry) in entries {
        let key = format!("{prefix}{name}");
        let after = listing.after.as_deref().unwrap_or("");
        if name.ends_with('/') {
            let wholly_before = *key < *after && !after.starts_with(&key);
            match listing.reach {
                Reach::Whole if !wholly_before => walk(&entry.path(), &key, listing, page)?,
                Reach::Folder if *key > *after => page.folders.push(key),
                Reach::Whole | Reach::Folder => {}
            }
        } else if *key > *after {
            let about = entry.metadata()?;
            let last_modified = about.modified().ok().map(Into::into);
            page.objects.push(Listed { key: key.into(), size: about.len(), last_modified });
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "Metadata", default)]
    metadata: BTreeMap<String, Box<str>>,
}

fn store_error(error: &io::Error, action: &'static str, target: impl ToString) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::NotFound => StoreErrorKind::NotFound,
        ErrorKind::PermissionDenied => StoreErrorKind::Denied,
        _ => StoreErrorKind::Failed,
    };
    StoreError { kind, action, target: target.to_string(), detail: error.to_string() }
}
