//! Lists the folder as a store lists keys: in their order, a page at a time, however many names a folder has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::names::{Kind, Name, Names, Sought};
use super::root::{Fault, Root};
use super::{is_digest_name, unpacked};
use crate::store::{Listed, Listing, ListingDepth, Page};
use crate::trail::key::ObjectKey;

/// The longest key that S3 takes, in bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). No object lies deeper, and
/// a folder within folders without end must not end the program.
const LONGEST_KEY: usize = 1024;

/// What bounds a listing, however hostile the folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most names on a page. A folder with more is read again for each further page: its names may be more than
    /// memory holds.
    pub(super) names: usize,
    /// The most parts of a page that are told of one by one as unlisted.
    pub(super) unlisted: usize,
    /// The most linked folders that a listing, all of its pages, goes into: two links in each of forty folders make a
    /// million million names.
    pub(super) linked: u32,
}

impl Bounds {
    pub(super) const USUAL: Self = Self { names: 1 << 17, unlisted: 1_000, linked: 10_000 };
}

/// Where a page ended: the token for the next one.
struct Mark<'t> {
    /// The linked folders gone into so far.
    linked: u32,
    /// The last key.
    key: &'t str,
}

impl<'t> Mark<'t> {
    fn parse(token: &'t str) -> Option<Self> {
        let (linked, key) = token.split_once('/')?;
        Some(Self { linked: linked.parse().ok()?, key })
    }

    fn token(&self) -> String {
        format!("{}/{}", self.linked, self.key)
    }
}

/// A listing on its way.
pub(super) struct Walk<'l> {
    root: &'l Root,
    listing: &'l Listing,
    /// Where the page before ended.
    mark: Option<Mark<'l>>,
    bounds: Bounds,
    /// The linked folders gone into so far.
    linked: u32,
    /// The folders gone through before the last link, without links.
    way: Vec<PathBuf>,
    page: Page,
}

impl<'l> Walk<'l> {
    pub(super) fn new(root: &'l Root, listing: &'l Listing, bounds: Bounds) -> Self {
        let mark = listing.token.as_deref().and_then(Mark::parse);
        let linked = mark.as_ref().map_or(0, |mark| mark.linked);
        Self { root, listing, mark, bounds, linked, way: Vec::new(), page: Page::default() }
    }

    /// One page of what lies in the listing's own folder; only where that itself fails, there is none.
    pub(super) fn page(mut self, folder: &Path) -> io::Result<Page> {
        self.folder(folder, &self.listing.prefix)?;
        Ok(self.page)
    }

    /// Whether an earlier page has been in the folder, or at the name, whose keys begin with `prefix`.
    fn has_been_in(&self, prefix: &str) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.key.starts_with(prefix))
    }

    /// Adds everything below `folder`, whose keys begin with `prefix`, in the order of keys, until the page is full.
    fn folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let mut beyond = String::new();
        loop {
            let after = match &self.mark {
                Some(mark) => mark.key,
                None => self.listing.after.as_deref().unwrap_or(""),
            };
            let sought = Sought {
                reach: self.listing.reach,
                prefix,
                after,
                beyond: &beyond,
                most: self.bounds.names,
                way: &self.way,
            };
            let Names { names, bound, foreign } = Names::read(self.root, folder, &sought)?;
            if let Some(foreign) = foreign.filter(|_| beyond.is_empty() && !self.has_been_in(prefix)) {
                self.unlisted(format!("{prefix}{foreign}"), Fault::NotUtf8);
            }
            for name in names {
                if self.page.next.is_some() {
                    return Ok(());
                }
                self.name(folder, prefix, &name);
            }
            match bound {
                Some(last) => beyond = last,
                None => return Ok(()),
            }
        }
    }

    fn name(&mut self, folder: &Path, prefix: &str, Name { text, kind }: &Name) {
        let key = format!("{prefix}{text}");
        match (kind, self.listing.reach) {
            (Kind::Folder | Kind::LinkedFolder, ListingDepth::Folder) => {
                self.page.folders.push(key);
                self.close_full();
            }
            (Kind::Folder, ListingDepth::Whole) => self.below(&folder.join(text), key),
            (Kind::LinkedFolder, ListingDepth::Whole) => self.below_link(&folder.join(text), key),
            (Kind::File | Kind::Sidecar, _) => {
                let size = size(folder, text);
                self.object(key, size);
            }
            (Kind::Unpacked, _) => {
                let size = size(folder, unpacked::name(text).unwrap_or(text));
                self.object(key, size);
            }
            (Kind::Astray, _) => self.astray(&folder.join(text), key),
        }
    }

    fn below(&mut self, folder: &Path, prefix: String) {
        if prefix.len() >= LONGEST_KEY {
            return self.unlisted(prefix, Fault::TooDeep(LONGEST_KEY));
        }
        if let Err(error) = self.folder(folder, &prefix) {
            self.unlisted(prefix, error.into());
        }
    }

    fn below_link(&mut self, link: &Path, prefix: String) {
        if !self.has_been_in(&prefix) {
            if self.linked >= self.bounds.linked {
                return self.unlisted(prefix, Fault::TooManyLinks(self.bounds.linked));
            }
            self.linked += 1;
        }
        match self.root.follow(link, &self.way) {
            Ok(target) => {
                let before = self.way.len();
                self.way.extend(target.way);
                self.below(&target.real, prefix);
                self.way.truncate(before);
            }
            Err(link) => self.unlisted(prefix, link.into()),
        }
    }

    fn astray(&mut self, path: &Path, key: String) {
        let fault = self.root.about(path, &self.way).err().unwrap_or(Fault::Changed);
        // In the place of a digest or log file it is one that can't be read. What else it may be, nobody knows.
        if ObjectKey::parse(&key).is_some() {
            self.object(key.clone(), None);
        }
        self.unlisted(key, fault);
    }

    fn object(&mut self, key: String, size: Option<u64>) {
        self.page.objects.push(Listed { key: key.into(), size, ..Listed::default() });
        self.close_full();
    }

    fn unlisted(&mut self, key: String, fault: Fault) {
        let told = self.page.unlisted.len();
        if told < self.bounds.unlisted {
            self.page.unlisted.push(fault.told("list", key));
        } else if told == self.bounds.unlisted {
            self.page.unlisted.push(Fault::TooManyFaults(told).told("list", &self.listing.prefix));
        }
    }

    fn close_full(&mut self) {
        if self.page.objects.len() + self.page.folders.len() >= self.bounds.names {
            let objects = self.page.objects.last().map(|object| &*object.key);
            let folders = self.page.folders.last().map(String::as_str);
            let last = objects.max(folders).unwrap_or_default();
            self.page.next = Some(Mark { linked: self.linked, key: last }.token());
        }
    }
}

/// The stored bytes of a digest: to ask for them takes longer than all the rest.
fn size(folder: &Path, name: &str) -> Option<u64> {
    if !is_digest_name(name) {
        return None;
    }
    fs::metadata(folder.join(name)).ok().map(|about| about.len())
}
