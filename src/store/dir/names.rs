//! The names in one folder, as keys go on with them.

use std::cmp::Ordering;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::root::Root;
use super::unpacked;
use crate::store::{ListingDepth, sidecar};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file, or something that is none and can't be read.
    File,
    /// A digest or log file without the gzip around it, under the name of the one that is not there.
    Unpacked,
    /// Named as a sidecar.
    Sidecar,
    /// A folder; its name ends in a slash and sorts by it, so a folder `a` comes after a file `a.b`.
    Folder,
    /// The same, through a link.
    LinkedFolder,
    /// A link that is not followed, or what can't be looked at.
    Astray,
}

/// A name in a folder.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) kind: Kind,
}

impl Name {
    fn in_order(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

/// Which names are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'s> {
    pub(super) reach: ListingDepth,
    /// What keys in the folder begin with.
    pub(super) prefix: &'s str,
    /// Keys up to this one are left out.
    pub(super) after: &'s str,
    /// Names up to this one are left out.
    pub(super) beyond: &'s str,
    /// How many, at most.
    pub(super) most: usize,
    /// The folders gone through before a link led here.
    pub(super) way: &'s [PathBuf],
}

impl Sought<'_> {
    /// Whether a name is, or may hold, what is looked for.
    fn wants(&self, name: &str) -> bool {
        if name <= self.beyond {
            return false;
        }
        let rest = match self.after.strip_prefix(self.prefix) {
            Some(rest) => rest,
            None => return self.prefix > self.after,
        };
        name > rest || (self.reach == ListingDepth::Whole && name.ends_with('/') && rest.starts_with(name))
    }

    /// What an entry stands for; none, if it is not looked for.
    fn name(&self, root: &Root, folder: &Path, entry: &DirEntry, text: String) -> Option<Name> {
        let found = match entry.file_type() {
            Ok(found) if found.is_symlink() => {
                // To follow a link takes longer than all the rest.
                if !self.wants(&text) && !self.wants(&format!("{text}/")) {
                    return None;
                }
                match root.follow(&folder.join(&text), self.way) {
                    Ok(target) if target.about.is_dir() => {
                        Name { text: text + "/", kind: Kind::LinkedFolder }
                    }
                    Ok(_) => self.file(folder, text),
                    Err(_) => Name { text, kind: Kind::Astray },
                }
            }
            Ok(found) if found.is_dir() => Name { text: text + "/", kind: Kind::Folder },
            Ok(_) => self.file(folder, text),
            Err(_) => Name { text, kind: Kind::Astray },
        };
        self.wants(&found.text).then_some(found)
    }

    fn file(&self, folder: &Path, text: String) -> Name {
        if !text.ends_with(".json") {
            return Name { text, kind: Kind::File };
        }
        if text.ends_with(sidecar::SUFFIX) {
            return Name { text, kind: Kind::Sidecar };
        }
        match unpacked::stands_in(folder, self.prefix, &text) {
            Some(packed) => Name { text: packed, kind: Kind::Unpacked },
            None => Name { text, kind: Kind::File },
        }
    }
}

/// Some of a folder's names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In the order of keys.
    pub(super) names: Vec<Name>,
    /// The last one, if there are more after it.
    pub(super) bound: Option<String>,
    /// One that is not UTF-8, if there is any in the folder, looked for or not.
    pub(super) foreign: Option<String>,
}

impl Names {
    /// The first names in `folder` that are looked for. Memory holds no more than those, however many there are.
    pub(super) fn read(root: &Root, folder: &Path, sought: &Sought<'_>) -> io::Result<Self> {
        let mut found = Self::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let text = match entry.file_name().into_string() {
                Ok(text) => text,
                Err(foreign) => {
                    let foreign = foreign.to_string_lossy().into_owned();
                    // The first in order, for the order on disk is anything.
                    found.foreign = Some(found.foreign.take().map_or(foreign.clone(), |it| it.min(foreign)));
                    continue;
                }
            };
            // What a name is listed as sorts no earlier than the name.
            if found.is_full_before(&text) {
                continue;
            }
            let name = sought.name(root, folder, &entry, text);
            if let Some(name) = name.filter(|name| !found.is_full_before(&name.text)) {
                found.names.push(name);
                if found.names.len() > sought.most + sought.most / 4 {
                    found.shorten(sought.most);
                }
            }
        }
        if found.names.len() > sought.most {
            found.shorten(sought.most);
        }
        found.names.sort_unstable_by(Name::in_order);
        if found.names.iter().any(|name| name.kind == Kind::Sidecar) {
            found.hide_sidecars(folder);
        }
        Ok(found)
    }

    fn is_full_before(&self, name: &str) -> bool {
        self.bound.as_ref().is_some_and(|bound| name > bound.as_str())
    }

    /// Keeps the first of them.
    fn shorten(&mut self, most: usize) {
        let (_, last, _) = self.names.select_nth_unstable_by(most - 1, Name::in_order);
        self.bound = Some(last.text.clone());
        self.names.truncate(most);
    }

    /// Leaves out sidecars beside what they can describe; any other is listed as what it is.
    fn hide_sidecars(&mut self, folder: &Path) {
        let describes = |name: &Name| name.kind == Kind::Sidecar && self.has_described(folder, &name.text);
        let hidden: Vec<bool> = self.names.iter().map(describes).collect();
        let mut hidden = hidden.into_iter();
        self.names.retain(|_| hidden.next() != Some(true));
    }

    fn has_described(&self, folder: &Path, sidecar: &str) -> bool {
        let described = sidecar.strip_suffix(sidecar::SUFFIX).filter(|name| !name.ends_with(sidecar::SUFFIX));
        let Some(described) = described.filter(|name| !name.is_empty()) else { return false };
        // Nearly always among the names; not, where those are only some of the folder's.
        let among = |name: &str| self.names.binary_search_by(|other| other.text.as_str().cmp(name)).is_ok();
        let is_there =
            |name: &str| fs::symlink_metadata(folder.join(name)).is_ok_and(|about| !about.is_dir());
        [Some(described), unpacked::name(described)]
            .into_iter()
            .flatten()
            .any(|name| among(name) || is_there(name))
    }
}
