//! The folder as a closed place: which paths lie inside, and where links lead.
//!
//! One rule for every part of a path, in listings and in reads: a link to what lies inside the folder is taken for what
//! it leads to; one that leads out, nowhere or around is never followed, and never the same as absent.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use crate::store::{StoreError, StoreErrorKind};

/// The most folders whose place is remembered: those of many regions being read at once.
const REMEMBERED: usize = 4096;

/// Why something in the folder is not had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Keys are hostile, and name what no file can be called; whether there was such an object, the folder can't say.
    #[error("no file in a folder can have this name")]
    Name,
    #[error(transparent)]
    Link(#[from] Link),
    /// A folder on the way is a link.
    #[error("its folder {folder} is {link}")]
    Way { folder: String, link: Link },
    /// A pipe or a device with a digest's name must not hang the run.
    #[error("not a plain file")]
    NotPlain,
    #[error("not a folder")]
    NotFolder,
    #[error("its name is not UTF-8")]
    NotUtf8,
    #[error("the folder that it should lie in is gone as a whole")]
    RootGone,
    #[error("{0} bytes")]
    Oversized(u64),
    #[error("it grew while it was read")]
    Grew,
    #[error("it changed while it was listed")]
    Changed,
    #[error("deeper than any key of S3 reaches, which has {0} bytes at most")]
    TooDeep(usize),
    #[error("behind more than {0} linked folders in one listing")]
    TooManyLinks(u32),
    #[error("more than {0} of its parts could not be listed")]
    TooManyFaults(usize),
}

/// A link that is not followed.
#[derive(Debug, thiserror::Error)]
#[error("a link to {target}, which {leads}")]
pub(super) struct Link {
    target: String,
    leads: Leads,
}

#[derive(Debug, thiserror::Error)]
enum Leads {
    #[error("lies outside of the folder")]
    Out,
    #[error("leads nowhere")]
    Nowhere,
    #[error("leads back to a folder that it lies in")]
    Around,
    #[error("cannot be followed: {0}")]
    Unclear(io::Error),
}

impl Fault {
    /// Whether there is nothing of this name.
    pub(super) fn is_absence(&self) -> bool {
        self.kind() == StoreErrorKind::NotFound
    }

    /// The same as a store tells it.
    pub(super) fn told(&self, action: &'static str, target: impl ToString) -> StoreError {
        let told = StoreError::new(self.kind(), action, target.to_string(), self.to_string());
        match self {
            Self::Io(error) => match error.raw_os_error() {
                Some(code) => told.caused_by(io::Error::from_raw_os_error(code)),
                None => told,
            },
            _ => told,
        }
    }

    fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Io(error) => match error.kind() {
                ErrorKind::NotFound => StoreErrorKind::NotFound,
                ErrorKind::PermissionDenied => StoreErrorKind::Denied,
                _ => StoreErrorKind::Failed,
            },
            Self::Link(link) | Self::Way { link, .. } => match &link.leads {
                Leads::Unclear(error) if error.kind() == ErrorKind::PermissionDenied => {
                    StoreErrorKind::Denied
                }
                Leads::Unclear(_) | Leads::Out | Leads::Nowhere | Leads::Around => StoreErrorKind::Failed,
            },
            Self::Oversized(_) => StoreErrorKind::Oversized,
            Self::Name
            | Self::NotPlain
            | Self::NotFolder
            | Self::NotUtf8
            | Self::RootGone
            | Self::Grew
            | Self::Changed
            | Self::TooDeep(_)
            | Self::TooManyLinks(_)
            | Self::TooManyFaults(_) => StoreErrorKind::Failed,
        }
    }
}

/// What a link leads to, inside the folder.
pub(super) struct Target {
    pub(super) about: Metadata,
    /// Its path without links.
    pub(super) real: PathBuf,
    /// The folders gone through to the link, without links; only where it leads to another.
    pub(super) way: Vec<PathBuf>,
}

/// The folder that stands for a bucket.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    /// The same without links: what a link inside may lead to lies below it.
    real: PathBuf,
    /// Folders that were found to lie inside, by what their keys have before the last slash. Every object read would
    /// otherwise cost a look at each of the ten folders that it lies in.
    inside: RwLock<HashSet<Box<str>>>,
}

impl Root {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        fs::read_dir(&path)?;
        Ok(Self { real: path.canonicalize()?, path, inside: RwLock::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes nothing for absent because the whole folder is: a disk was taken away.
    pub(super) fn confirm(&self, fault: Fault) -> Fault {
        if fault.is_absence() && !self.real.is_dir() { Fault::RootGone } else { fault }
    }

    /// The path of a key, all of whose folders lie inside.
    pub(super) fn object(&self, key: &str) -> Result<PathBuf, Fault> {
        let key = on_disk(key).ok_or(Fault::Name)?;
        if let Some((folder, _)) = key.rsplit_once('/') {
            self.enter(folder)?;
        }
        Ok(self.path.join(&*key))
    }

    /// The path of the folder that keys with this prefix lie in, which lies inside with all that it lies in.
    pub(super) fn folder(&self, prefix: &str) -> Result<PathBuf, Fault> {
        let folder = on_disk(prefix).ok_or(Fault::Name)?;
        if folder.is_empty() {
            return Ok(self.path.clone());
        }
        self.enter(&folder)?;
        Ok(self.path.join(&*folder))
    }

    /// What is found at a path whose folders lie inside. A link leads to what lies inside, or is a fault.
    pub(super) fn about(&self, path: &Path, way: &[PathBuf]) -> Result<Metadata, Fault> {
        let about = fs::symlink_metadata(path)?;
        if about.is_symlink() { Ok(self.follow(path, way)?.about) } else { Ok(about) }
    }

    /// The length of a plain file.
    pub(super) fn plain_length(&self, path: &Path) -> Result<u64, Fault> {
        let about = self.about(path, &[])?;
        if about.is_file() { Ok(about.len()) } else { Err(Fault::NotPlain) }
    }

    /// Follows a link. `way` are folders that were gone through before any that `link` names, without links.
    pub(super) fn follow(&self, link: &Path, way: &[PathBuf]) -> Result<Target, Link> {
        let target = || match fs::read_link(link) {
            Ok(target) => target.display().to_string(),
            Err(error) => error.to_string(),
        };
        self.target(link, way).map_err(|leads| Link { target: target(), leads })
    }

    fn target(&self, link: &Path, way: &[PathBuf]) -> Result<Target, Leads> {
        let real = match link.canonicalize() {
            Ok(real) if real.starts_with(&self.real) => real,
            Ok(_) => return Err(Leads::Out),
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::NotFound | ErrorKind::NotADirectory => Leads::Nowhere,
                    _ => Leads::Unclear(error),
                });
            }
        };
        let about = fs::metadata(&real).map_err(Leads::Unclear)?;
        if !about.is_dir() {
            return Ok(Target { about, real, way: Vec::new() });
        }
        let named = link.ancestors().skip(1).take_while(|folder| self.holds(folder));
        let named: Vec<PathBuf> =
            named.map(Path::canonicalize).collect::<io::Result<_>>().map_err(Leads::Unclear)?;
        if way.iter().chain(&named).any(|folder| folder.starts_with(&real)) {
            Err(Leads::Around)
        } else {
            Ok(Target { about, real, way: named })
        }
    }

    /// Whether a path names the folder or something below it, with the links on the way to it or without.
    fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.path) || path.starts_with(&self.real)
    }

    /// Makes sure that a folder, and all that it lies in, is there and lies inside.
    fn enter(&self, folder: &str) -> Result<(), Fault> {
        if self.is_inside(folder) {
            return Ok(());
        }
        let ends = folder.match_indices('/').map(|(slash, _)| slash).chain([folder.len()]);
        for folder in ends.map(|end| &folder[..end]) {
            if self.is_inside(folder) {
                continue;
            }
            let about = self.about(&self.path.join(folder), &[]).map_err(|fault| match fault {
                Fault::Link(link) => Fault::Way { folder: folder.to_owned(), link },
                other => other,
            })?;
            if !about.is_dir() {
                return Err(Fault::NotFolder);
            }
            let mut inside = self.inside.write().unwrap_or_else(PoisonError::into_inner);
            if inside.len() >= REMEMBERED {
                inside.clear();
            }
            inside.insert(folder.into());
        }
        Ok(())
    }

    fn is_inside(&self, folder: &str) -> bool {
        self.inside.read().unwrap_or_else(PoisonError::into_inner).contains(folder)
    }
}

/// A key as a path below the folder; none, if it would leave it or can't be a file's. A folder has no names without
/// letters: of slashes in a row a copy keeps one, and drops the first and the last.
fn on_disk(key: &str) -> Option<Cow<'_, str>> {
    let mut crowded = false;
    for part in key.split('/') {
        match part {
            "" => crowded = true,
            "." | ".." => return None,
            part if part.contains(['\0', '\\']) || (cfg!(windows) && part.contains(':')) => return None,
            _ => {}
        }
    }
    Some(if crowded {
        let parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
        Cow::Owned(parts.join("/"))
    } else {
        Cow::Borrowed(key)
    })
}
