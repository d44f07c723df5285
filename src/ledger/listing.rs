//! What a listing shows of each day, in few words: where they are the same again, the same objects lie there, as far as a store's
//! word goes. Only equality counts: dates of multipart uploads and of replicas say nothing of when an object came.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::crypto::Hash;
use crate::crypto::short::Short;
use crate::inspection::LogFolder;
use crate::trail::key::{DIGEST_FOLDER, LogKey, RegionFolder};
use crate::trail::{AccountRegion, Day, Location, Time};

/// Hours next to midnight that the day on the other side looks into: as many as the margin of a day has.
const NEAR: u8 = 2;

/// What a store says of an object's stored bytes beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'a> {
    size: Option<u64>,
    modified: Option<Time>,
    etag: Option<&'a str>,
    is_archived: bool,
}

impl<'a> Stamp<'a> {
    /// What is said of one.
    pub fn new(size: Option<u64>, modified: Option<Time>, etag: Option<&'a str>) -> Self {
        Self { size, modified, etag, is_archived: false }
    }

    /// The same of an object in this storage class: what lies in an archive has to be restored before it can be read.
    pub fn in_class(self, storage_class: Option<&str>) -> Self {
        Self { is_archived: matches!(storage_class, Some("GLACIER" | "DEEP_ARCHIVE")), ..self }
    }

    /// What stands for it; nothing, where the store does not say all of it.
    pub fn mark(&self) -> Option<Mark> {
        let mut hasher = Sha256::new();
        self.feed(&mut hasher).then(|| {
            let hash: [u8; 32] = hasher.finalize().into();
            let mut mark = [0; 16];
            mark.copy_from_slice(&hash[..16]);
            Mark(mark)
        })
    }

    /// Adds it to a hash; false, where the store does not say all of it.
    fn feed(&self, hasher: &mut Sha256) -> bool {
        let Self { size: Some(size), modified: Some(modified), etag: Some(etag), .. } = *self else {
            return false;
        };
        hasher.update(size.to_be_bytes());
        hasher.update(modified.timestamp().to_be_bytes());
        hasher.update((etag.len() as u64).to_be_bytes());
        hasher.update(etag.as_bytes());
        true
    }

    /// Whether it has to be restored before it can be read.
    pub fn is_archived(&self) -> bool {
        self.is_archived
    }

    /// Whether it was put in several pieces, which CloudTrail never does.
    fn is_multipart(&self) -> bool {
        let pieces = self.etag.and_then(|etag| etag.rsplit_once('-'));
        pieces.is_some_and(|(_, count)| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// Stands for what a store says of one object: the first 128 bits of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 16]);

/// How far a listing can be held against a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparable {
    /// Wholly.
    Wholly,
    /// Some of it was put in several pieces: CloudTrail did not write it so.
    Multipart,
    /// The store does not say enough of some of it.
    No,
}

/// Objects of one folder, in the order they are listed.
#[derive(Clone)]
struct Run {
    count: u64,
    hasher: Sha256,
    newest: Option<Time>,
    comparable: Comparable,
    archived: bool,
}

impl Run {
    fn new() -> Self {
        Self {
            count: 0,
            hasher: Sha256::new(),
            newest: None,
            comparable: Comparable::Wholly,
            archived: false,
        }
    }

    fn add(&mut self, key: &str, stamp: &Stamp<'_>) {
        self.count += 1;
        self.hasher.update((key.len() as u64).to_be_bytes());
        self.hasher.update(key.as_bytes());
        self.newest = self.newest.max(stamp.modified);
        self.archived |= stamp.is_archived;
        if !stamp.feed(&mut self.hasher) {
            self.comparable = Comparable::No;
        } else if stamp.is_multipart() {
            self.comparable = self.comparable.max(Comparable::Multipart);
        }
    }
}

/// What one folder shows of one day.
#[derive(Clone)]
struct OfDay {
    /// Within [`NEAR`] hours of its beginning: the day before looks into it.
    early: Run,
    all: Run,
    /// Within as many of its end.
    late: Run,
}

/// What one folder shows, day by day.
#[derive(Clone, Default)]
pub struct FolderListing {
    days: BTreeMap<Day, OfDay>,
}

/// A folder of log files that is listed.
#[derive(Debug, Clone)]
pub struct LogRegion {
    folder: RegionFolder,
    path: String,
}

impl From<RegionFolder> for LogRegion {
    fn from(folder: RegionFolder) -> Self {
        Self { path: folder.to_string(), folder }
    }
}

impl LogRegion {
    /// The folder of that day in it which an object lies in, however deep.
    fn day(&self, key: &str) -> Option<Day> {
        Day::of_folder(key.strip_prefix(&*self.path)?.get(.."YYYY/MM/DD".len())?)
    }
}

impl fmt::Debug for FolderListing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.days.keys()).finish()
    }
}

impl FolderListing {
    /// Takes in a digest, by its end: it belongs to the hour it covers.
    pub fn digest(&mut self, end: Time, key: &str, stamp: &Stamp<'_>) {
        let day = Day::of_digest(end);
        let hours = |length: TimeDelta| length <= TimeDelta::hours(NEAR.into());
        let of = self.of(day);
        of.all.add(key, stamp);
        if hours(end - day.start()) {
            of.early.add(key, stamp);
        }
        if hours(day.end() - end) {
            of.late.add(key, stamp);
        }
    }

    /// Takes in whatever lies in a day's folder of log files.
    pub fn log(&mut self, region: &LogRegion, key: &str, stamp: &Stamp<'_>) {
        let Some(day) = region.day(key) else { return };
        let is_log = |_: &Side| LogKey::parse(key).is_some_and(|log| log.lies_in(&region.folder));
        let near = near_midnight(key).filter(is_log);
        let of = self.of(day);
        of.all.add(key, stamp);
        match near {
            Some(Side::Early) => of.early.add(key, stamp),
            Some(Side::Late) => of.late.add(key, stamp),
            None => {}
        }
    }

    /// Takes over what was listed of other parts of the same folder; of parts of one day, which hold different hours of it, each
    /// its own.
    pub fn join(&mut self, other: Self) {
        for (day, of) in other.days {
            match self.days.get_mut(&day) {
                None => drop(self.days.insert(day, of)),
                Some(known) if known.early.count == 0 => known.early = of.early,
                Some(known) => known.late = of.late,
            }
        }
    }

    fn of(&mut self, day: Day) -> &mut OfDay {
        self.days.entry(day).or_insert_with(|| OfDay { early: Run::new(), all: Run::new(), late: Run::new() })
    }
}

/// Which of its neighbours looks into a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The day before it, into its first hours.
    Early,
    /// The day after it, into its last.
    Late,
}

/// Whether the time in a log file's name is near midnight: `ACCOUNT_KIND_REGION_YYYYMMDDTHHMMZ_UNIQUE.json.gz`. Every log
/// file's name is asked, so it is read by hand.
pub fn near_midnight(key: &str) -> Option<Side> {
    let name = key.rsplit('/').next()?;
    let time = name.split('_').nth(3)?.as_bytes();
    let [tens, ones] = *time.get(9..11)?.first_chunk::<2>()?;
    let hour =
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))?;
    match hour {
        hour if hour < NEAR => Some(Side::Early),
        hour if hour >= 24 - NEAR => Some(Side::Late),
        _ => None,
    }
}

impl Side {
    /// When it begins in a day.
    pub fn begins(self, day: Day) -> Time {
        let near = TimeDelta::hours(NEAR.into());
        match self {
            Self::Early => day.start(),
            Self::Late => day.end().checked_sub_signed(near).unwrap_or(day.start()),
        }
    }
}

/// What of a day's listing counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Digests and log files.
    Everything,
    /// Digests alone.
    Digests,
}

/// What the folders of one account and region show.
#[derive(Debug, Clone, Default)]
pub struct SiteListing {
    folders: BTreeMap<LogFolder, FolderListing>,
}

impl SiteListing {
    /// The listing of the digests in one home, to be added to.
    pub fn digests(&mut self, home: Location) -> &mut FolderListing {
        self.folders.entry(LogFolder { home, kind: DIGEST_FOLDER.into() }).or_default()
    }

    /// Takes over what was listed of other folders, or of other days in the same.
    pub fn merge(&mut self, other: Self) {
        for (folder, listing) in other.folders {
            self.take(folder, listing);
        }
    }

    /// Takes over what was listed of a folder of log files, or of days in it that were not.
    pub fn take(&mut self, folder: LogFolder, listing: FolderListing) {
        self.folders.entry(folder).or_default().days.extend(listing.days);
    }

    /// All that a day looks into: the day itself, the last hours before it and the first after it, in every folder that
    /// holds any of it.
    pub fn of_day(&self, place: &AccountRegion, day: Day, extent: Extent) -> DayListing {
        let mut listing = DayListing {
            count: 0,
            hash: Hash::from([0; 32]),
            newest: None,
            comparable: Comparable::Wholly,
            archived: false,
        };
        let mut sum = Sha256::new();
        let neighbour = |forward: bool| day.neighbours().find(|near| (*near > day) == forward);
        let (before, after) = (neighbour(false), neighbour(true));
        let looked_at = |folder: &LogFolder| extent == Extent::Everything || *folder.kind == *DIGEST_FOLDER;
        for (folder, days) in self.folders.iter().filter(|(folder, _)| looked_at(folder)) {
            let part = |day: Option<Day>, of: fn(&OfDay) -> &Run| days.days.get(&day?).map(of);
            let parts = [
                part(before, |day| &day.late),
                part(Some(day), |day| &day.all),
                part(after, |day| &day.early),
            ];
            if parts.iter().flatten().all(|run| run.count == 0) {
                continue;
            }
            for text in [&*folder.home.bucket, &*folder.home.prefix, &*folder.kind] {
                sum.update((text.len() as u64).to_be_bytes());
                sum.update(text.as_bytes());
            }
            for part in parts {
                let Some(run) = part else {
                    sum.update(0_u64.to_be_bytes());
                    continue;
                };
                listing.count += run.count;
                listing.newest = listing.newest.max(run.newest);
                listing.comparable = listing.comparable.max(run.comparable);
                listing.archived |= run.archived;
                sum.update(run.count.to_be_bytes());
                if run.count > 0 {
                    sum.update(run.hasher.clone().finalize());
                }
            }
        }
        sum.update(format!("{}/{}", place.account, place.region).as_bytes());
        let hash: [u8; 32] = sum.finalize().into();
        DayListing { hash: hash.into(), ..listing }
    }
}

/// What a listing shows of all that one day looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayListing {
    /// Objects.
    pub count: u64,
    /// SHA-256 of their names, sizes, ETags and dates.
    pub hash: Hash,
    /// The newest of their dates.
    pub newest: Option<Time>,
    /// How far it can be held against a later one.
    pub comparable: Comparable,
    /// Whether some of it lies in an archive.
    pub archived: bool,
}

/// What a row keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptListing {
    /// Objects.
    pub count: u64,
    /// SHA-256 of their names, sizes, ETags and dates.
    pub sha256: Short,
}

impl From<&DayListing> for KeptListing {
    fn from(listing: &DayListing) -> Self {
        Self { count: listing.count, sha256: Short(listing.hash) }
    }
}
