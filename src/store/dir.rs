//! A folder as `aws s3 sync` makes it: keys are paths below it. User metadata is lost on the way, so a digest's may
//! lie beside it in `<digest>.head.json`, the JSON that `aws s3api head-object` prints.
//!
//! The bucket in a name is ignored: a folder does not know where it was copied from. Links are not followed
//! out of the folder, and nothing but plain files is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    Admission, LARGEST, Listed, Listing, Metadata, Object, ObjectStore, Page, Reach, StoreError,
    StoreErrorKind,
};
use crate::trail::ObjectName;

/// What the keys of digests hold.
const DIGESTS: &str = "/CloudTrail-Digest/";
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

    fn page(&self, listing: &Listing, most: usize) -> Result<Page, StoreError> {
        let fail = |error: io::Error| store_error(&error, "list", self.root.join(&listing.prefix).display());
        let folder = listing.prefix.trim_end_matches('/');
        let start = match folder {
            "" => self.root.clone(),
            folder => match self.path(folder) {
                Some(path) => path,
                None => return Ok(Page::default()),
            },
        };
        let mut walk = Walk {
            reach: listing.reach,
            // Pages go on behind the last name of the one before.
            after: listing.token.as_deref().or(listing.after.as_deref()).unwrap_or(""),
            most,
            page: Page::default(),
        };
        match fs::metadata(&start) {
            Ok(about) if about.is_dir() => walk.folder(&start, &listing.prefix).map_err(fail)?,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(fail(error)),
        }
        Ok(walk.page)
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
        self.page(listing, PAGE)
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
        let body = read(&path, length).map_err(fail)?;
        let metadata = match object.key.contains(DIGESTS) {
            true => self.head(&path)?,
            false => Metadata::NotKept,
        };
        Ok(Object { body: body.into(), metadata, admitted })
    }
}

/// Reads a file that had this length.
fn read(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    // One more than there should be, so that the end shows without more room.
    let mut body = Vec::with_capacity(length as usize + 1);
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut body)?;
    match body.len() as u64 > LARGEST {
        true => Err(io::Error::other("it grew while it was read")),
        false => Ok(body),
    }
}

/// The most names on a page. A folder with more is read again for each further page: its names may be more than memory
/// holds.
const PAGE: usize = 1 << 17;

/// A listing on its way.
struct Walk<'l> {
    reach: Reach,
    /// Keys up to this one are left out.
    after: &'l str,
    /// How many names a page has, at most.
    most: usize,
    page: Page,
}

impl Walk<'_> {
    /// Adds everything below `folder`, whose keys begin with `prefix`, in the order of keys, until the page is full.
    fn folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let mut beyond = String::new();
        loop {
            let Names { names, bound } = self.names(folder, prefix, &beyond)?;
            for name in &names {
                if self.page.next.is_some() {
                    return Ok(());
                }
                let key = format!("{prefix}{name}");
                match (name.strip_suffix('/'), self.reach) {
                    (Some(name), Reach::Whole) => self.folder(&folder.join(name), &key)?,
                    (Some(_), Reach::Folder) => {
                        self.page.folders.push(key);
                        self.close_full();
                    }
                    (None, _) => {
                        let size = match key.contains(DIGESTS) {
                            true => fs::symlink_metadata(folder.join(name)).ok().map(|about| about.len()),
                            false => None,
                        };
                        self.page.objects.push(Listed { key: key.into(), size });
                        self.close_full();
                    }
                }
            }
            match bound {
                Some(last) => beyond = last,
                None => return Ok(()),
            }
        }
    }

    fn close_full(&mut self) {
        if self.page.objects.len() + self.page.folders.len() >= self.most {
            let objects = self.page.objects.last().map(|object| &*object.key);
            let folders = self.page.folders.last().map(String::as_str);
            self.page.next = objects.max(folders).map(str::to_owned);
        }
    }

    /// The first names in `folder` that belong on the page and come after `beyond`, in the order of keys. A folder's
    /// ends in a slash and sorts by it, so a folder `a` comes after a file `a.b`.
    fn names(&self, folder: &Path, prefix: &str, beyond: &str) -> io::Result<Names> {
        let mut found = Names { names: Vec::new(), bound: None };
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Names that are not UTF-8 can't be CloudTrail's.
            let Ok(mut name) = entry.file_name().into_string() else { continue };
            if entry.file_type()?.is_dir() {
                name.push('/');
            } else if name.ends_with(HEAD) {
                continue;
            }
            let further = found.bound.as_ref().is_some_and(|bound| name > *bound);
            if !further && *name > *beyond && self.wants(prefix, &name) {
                found.names.push(name);
                if found.names.len() > self.most + self.most / 4 {
                    found.shorten(self.most);
                }
            }
        }
        if found.names.len() > self.most {
            found.shorten(self.most);
        }
        found.names.sort_unstable();
        Ok(found)
    }

    /// Whether a name in the folder of `prefix` is, or may hold, what comes after `after`.
    fn wants(&self, prefix: &str, name: &str) -> bool {
        let rest = match self.after.strip_prefix(prefix) {
            Some(rest) => rest,
            None => return prefix > self.after,
        };
        name > rest || (self.reach == Reach::Whole && name.ends_with('/') && rest.starts_with(name))
    }
}

/// Some of a folder's names.
struct Names {
    names: Vec<String>,
    /// The last one, if there are more after it.
    bound: Option<String>,
}

impl Names {
    /// Keeps the first of them.
    fn shorten(&mut self, most: usize) {
        let (_, last, _) = self.names.select_nth_unstable(most - 1);
        self.bound = Some(last.clone());
        self.names.truncate(most);
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(store: &DirStore, mut listing: Listing, most: usize) -> (Vec<String>, usize) {
        let (mut keys, mut pages) = (Vec::new(), 0);
        loop {
            let page = store.page(&listing, most).unwrap();
            assert!(page.objects.len() + page.folders.len() <= most);
            keys.extend(page.objects.iter().map(|object| object.key.to_string()));
            keys.extend(page.folders);
            pages += 1;
            match page.next {
                Some(next) => listing.token = Some(next),
                None => return (keys, pages),
            }
        }
    }

    #[test]
    fn pages_of_every_size_and_start_give_the_same_sorted_keys() {
        let folder = tempfile::tempdir().unwrap();
        let keys = ["a", "a.b", "a-/c", "b/a/1", "b/a/2", "b/a.json", "b/b/1", "b/b/2", "b/b/3", "c/1", "d"];
        for key in keys {
            let path = folder.path().join("p").join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, key).unwrap();
        }
        fs::create_dir_all(folder.path().join("p/empty/empty")).unwrap();
        let store = DirStore::open(folder.path()).unwrap();
        let mut sorted = keys.map(|key| format!("p/{key}"));
        sorted.sort();
        let listing = |after: Option<&String>, reach| Listing {
            bucket: "".into(),
            prefix: "p/".into(),
            after: after.cloned(),
            reach,
            token: None,
        };
        for most in 1..=sorted.len() + 1 {
            assert_eq!(all(&store, listing(None, Reach::Whole), most).0, sorted);
            for (at, after) in sorted.iter().enumerate() {
                assert_eq!(all(&store, listing(Some(after), Reach::Whole), most).0, sorted[at + 1..]);
            }
            let (mut level, pages) = all(&store, listing(None, Reach::Folder), most);
            level.sort();
            assert_eq!(level, ["p/a", "p/a-/", "p/a.b", "p/b/", "p/c/", "p/d", "p/empty/"]);
            assert_eq!(pages, 7 / most + 1);
        }
    }
}
