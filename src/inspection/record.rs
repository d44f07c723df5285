//! What one account and region came to, as plain data: a record for each day, which rests on that day and the hours next to
//! it and on nothing else. Records of different days are joined by putting them side by side; whatever reaches further than
//! a day is judged afterwards, over all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::digests::{self, ChainDay};
use super::room::Room;
use super::smallest::Smallest;
use crate::chain::{Item, Root};
use crate::crypto::Fingerprint;
use crate::digest::NamedBy;
use crate::logs::{Claims, ShortName};
use crate::report::{Completion, Omitted, Reached};
use crate::trail::key::LogKey;
use crate::trail::text::{count, moment, pairs, perhaps};
use crate::trail::{AccountRegion, ChainId, Day, Depth, Location, ObjectName, Region, SpanSet, Time};
use crate::verdict::what::{NotListed, What};
use crate::verdict::{Cause, Class, Code, Finding, RecordedCall, Scope, Unseen};

/// What one account and region came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRecord {
    /// Which account and region.
    pub place: AccountRegion,
    /// How it was looked at.
    pub made: Made,
    /// Where its folders lie, and what is known of each as a whole.
    #[serde(with = "pairs")]
    pub homes: BTreeMap<Location, HomeRecord>,
    /// The time whose days were looked at.
    pub looked: SpanSet,
    /// What each day came to, as far as anything was there.
    #[serde(with = "pairs")]
    pub days: BTreeMap<Day, DayRecord>,
    /// Of each chain, the newest digest that is listed and lies too far before the window to be read.
    #[serde(with = "digests::ends")]
    pub earlier: BTreeMap<ChainId, Time>,
    /// Digests of chains that have none near the window: the last before it, the first after it.
    #[serde(with = "digests::by_name")]
    pub edges: BTreeMap<ObjectName, Item>,
    /// Digests that end after those the window needs, read for the files that were delivered late.
    #[serde(with = "digests::by_name")]
    pub beyond: BTreeMap<ObjectName, Item>,
    /// Log files that those digests name.
    pub far: BTreeSet<FarName>,
    /// Telling calls in the last log files of chains that have ended before the window.
    pub heard: BTreeSet<RecordedCall>,
    /// The keys that proved digests.
    pub keys: BTreeMap<Fingerprint, KeyFacts>,
    /// Days that were not read for this record but for an earlier one, and when.
    #[serde(with = "carried", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub carried: BTreeMap<Day, Time>,
    /// Whether the run came to its end.
    pub completion: Completion,
    /// Whether all was asked for before a store was gone, or the run was stopped.
    pub reached: Reached,
}

/// Days, and when they were read.
mod carried {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::trail::text::moment;
    use crate::trail::{Day, Time};

    #[derive(Serialize, Deserialize)]
    struct Read(Day, #[serde(with = "moment")] Time);

    pub(super) fn serialize<S: Serializer>(days: &BTreeMap<Day, Time>, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(days.iter().map(|(day, read_at)| Read(*day, *read_at)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(list: D) -> Result<BTreeMap<Day, Time>, D::Error> {
        let days = Vec::<Read>::deserialize(list)?;
        Ok(days.into_iter().map(|Read(day, read_at)| (day, read_at)).collect())
    }
}

/// How an account and region was looked at. Records that were made otherwise cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// How closely.
    pub depth: Depth,
    /// What of an object's name can be compared.
    pub named_by: NamedBy,
}

/// What is known of one bucket and prefix as a whole, whichever days are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeRecord {
    /// The folders that are there: `CloudTrail-Digest`, `CloudTrail`, …
    pub kinds: BTreeSet<Box<str>>,
    /// What of its digests could not be listed.
    pub unlisted: Vec<(Root, ListingFailure)>,
    /// What lies among its digests and is none.
    pub strays: Strays,
    /// What its folders of log files hold beside their days, by kind.
    pub log_folders: BTreeMap<Box<str>, FolderRecord>,
}

/// What a folder of log files holds beside log files and the folders of days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderRecord {
    /// Objects that a reader would take for log files, and CloudTrail never writes: the first by name.
    pub odd: BTreeSet<ObjectName>,
    /// How many more there are of those.
    #[serde(deserialize_with = "count::deserialize")]
    pub more_odd: u64,
    /// Objects that are counted.
    pub strays: Strays,
    /// What could not be listed.
    pub unlisted: Vec<ListingFailure>,
}

impl FolderRecord {
    /// Takes over what lies in another part of the folder.
    pub fn merge(&mut self, other: Self) {
        self.odd.extend(other.odd);
        self.more_odd += other.more_odd;
        self.strays.merge(other.strays);
        self.unlisted.extend(other.unlisted);
    }
}

/// A folder, or a part of one, that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListingFailure {
    /// What was tried, on what, and what came back.
    pub message: String,
    /// Why.
    pub cause: Unseen,
}

impl ListingFailure {
    /// What there is to tell of it.
    pub fn finding(&self, scope: impl Into<Scope>) -> Finding {
        let failed = NotListed::Failed(self.message.as_str().into());
        let mut finding = Finding::new(What::ListingUnreadable(failed), scope);
        finding.cause = Some(Cause::Unseen(self.cause.clone()));
        finding
    }
}

/// What one day came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRecord {
    /// Its digests, and the log files that they name, by chain.
    #[serde(with = "digests::chains")]
    pub chains: BTreeMap<ChainId, ChainDay>,
    /// Bytes of those log files as stored.
    #[serde(deserialize_with = "count::deserialize")]
    pub compressed: u64,
    /// Bytes of them after inflation.
    #[serde(deserialize_with = "count::deserialize")]
    pub inflated: u64,
    /// Kinds of log files that its authentic digests name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<Box<str>>,
    /// Log files of other days that its digests name, unless those days know of it by themselves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub far: BTreeSet<FarName>,
    /// What lies in its folders of log files, and no digest names that the day hears of.
    #[serde(with = "pairs", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<LogFolder, FolderDay>,
    /// What there is to tell of log files by their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// How many more there were.
    #[serde(
        serialize_with = "pairs::serialize",
        deserialize_with = "omitted",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub omitted: Omitted,
    /// The keys that proved digests of it in the window.
    pub keys: BTreeMap<Fingerprint, KeyCount>,
    /// Telling calls that intact log files record.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub recorded_calls: BTreeSet<RecordedCall>,
}

/// Reads how many more findings there were.
fn omitted<'de, D: Deserializer<'de>>(list: D) -> Result<Omitted, D::Error> {
    #[derive(Deserialize)]
    struct Count(#[serde(deserialize_with = "count::deserialize")] u64);
    let counts: BTreeMap<(Class, Code), Count> = pairs::deserialize(list)?;
    Ok(counts.into_iter().map(|(kind, Count(count))| (kind, count)).collect())
}

/// What lies in a day's folder of log files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderDay {
    /// Log files that no digest names which the day hears of.
    pub loose: Loose,
    /// What else lies there, and what could not be listed.
    pub beside: FolderRecord,
}

/// A log file that lies in another day than the digest which names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FarName {
    /// The day it lies in.
    pub day: Day,
    /// Its name.
    pub name: ShortName,
}

/// Where log files of one kind lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogFolder {
    /// In which bucket, below which prefix.
    pub home: Location,
    /// The name of the folder: `CloudTrail`, `CloudTrail-Insight`, …
    pub kind: Box<str>,
}

impl LogFolder {
    /// The full name of a log file in it.
    pub fn object(&self, place: &AccountRegion, name: &LooseName) -> ObjectName {
        let key = LogKey {
            prefix: self.home.prefix.clone(),
            place: place.clone(),
            kind: self.kind.clone(),
            delivered: name.named,
            unique: name.unique.clone(),
        };
        ObjectName::new(Arc::clone(&self.home.bucket), key.to_string())
    }
}

/// Log files that are there and that no digest names. There may be as many as the bucket's owner likes: the first are kept by
/// name, the others counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loose {
    /// Those kept: by the time and the letters in their names, when each was written, and by which digest it is claimed.
    #[serde(with = "pairs")]
    pub kept: BTreeMap<LooseName, LooseFile>,
    /// The others.
    pub more: BTreeMap<Claims, Crowd>,
}

/// What tells a log file from others of its folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LooseName {
    /// The time in its name.
    #[serde(with = "moment")]
    pub named: Time,
    /// The letters and digits in its name.
    pub unique: Box<str>,
}

/// What is known of a log file that no digest names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LooseFile {
    /// When it was written, by the store's word.
    #[serde(with = "perhaps", default)]
    pub modified: Option<Time>,
    /// The digest that names it and is not authentic.
    #[serde(with = "digests::claimant", default)]
    pub claimant: Option<Arc<ObjectName>>,
}

/// Files that are only counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// How many.
    #[serde(deserialize_with = "count::deserialize")]
    pub count: u64,
    /// The names of some of them, so that digests of other days which name them are heard.
    pub short: BTreeSet<ShortName>,
    /// The time in the oldest name.
    #[serde(with = "moment")]
    pub oldest: Time,
}

/// Log files that no digest names, while they come in.
pub struct Gathering {
    kept: Smallest<LooseName, LooseFile>,
    more: BTreeMap<Claims, Crowd>,
    short: usize,
}

impl Gathering {
    /// None yet; `room` is for so many bytes of those that are kept by name, and of the short names of others.
    pub fn new(room: Room) -> Self {
        let takes = |name: &LooseName| size_of::<(LooseName, LooseFile)>() + name.unique.len();
        let short = room.short / size_of::<ShortName>();
        Self { kept: Smallest::new(room.full, takes), more: BTreeMap::new(), short }
    }

    /// Adds one. The same name counts once, unless it is one of those that are only counted; `short` gives their names.
    pub fn add(&mut self, name: LooseName, file: LooseFile, short: impl Fn(&LooseName) -> ShortName) {
        for (name, file) in self.kept.add(name, file) {
            let claims = if file.claimant.is_some() { Claims::Some } else { Claims::None };
            let nobody = || Crowd { count: 0, short: BTreeSet::new(), oldest: name.named };
            let crowd = self.more.entry(claims).or_insert_with(nobody);
            crowd.count += 1;
            crowd.oldest = crowd.oldest.min(name.named);
            crowd.short.insert(short(&name));
            // The least, whatever order they come in.
            if crowd.short.len() > self.short {
                crowd.short.pop_last();
            }
        }
    }

    /// All of them.
    pub fn finish(self) -> Loose {
        Loose { kept: self.kept.into_kept(), more: self.more }
    }
}

/// How often a key was used, and how often outside its published window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCount {
    /// Digests it proved.
    #[serde(deserialize_with = "count::deserialize")]
    pub digests: u64,
    /// Those of them that end outside of its published window.
    #[serde(default, skip_serializing_if = "is_none", deserialize_with = "count::deserialize")]
    pub outside_window: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// The region it is listed for.
    pub region: Option<Region>,
    /// The published window, advice only.
    #[serde(with = "perhaps", default)]
    pub valid_from: Option<Time>,
    /// The published window, advice only.
    #[serde(with = "perhaps", default)]
    pub valid_to: Option<Time>,
    /// Where it came from.
    pub origin: String,
}

/// Objects that are counted and not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strays {
    /// How many.
    #[serde(deserialize_with = "count::deserialize")]
    pub count: u64,
    /// The first by name.
    pub first: Option<ObjectName>,
}

impl Strays {
    /// Counts one.
    pub fn add(&mut self, object: ObjectName) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|first| object < *first) {
            self.first = Some(object);
        }
    }

    /// Takes over what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.take().into_iter().chain(other.first).min();
    }
}

/// Why two records cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// They are of different accounts or regions.
    #[error("the records are of different accounts or regions")]
    Place,
    /// They were made in different ways.
    #[error("the records were made with different depths, or of different kinds of source")]
    Made,
    /// They know of different folders, or of different things in the same.
    #[error("the records do not agree on the folders of the account and region as a whole")]
    Homes,
    /// They say different things of the same day, or of the same object.
    #[error("the records say different things of the same day")]
    Contradiction,
}

impl SiteRecord {
    /// Joins records of many accounts and regions, each with those of its own.
    ///
    /// # Errors
    ///
    /// Where records of one account and region cannot be joined.
    pub fn unite(records: impl IntoIterator<Item = Self>) -> Result<BTreeMap<AccountRegion, Self>, Mismatch> {
        let mut united: BTreeMap<AccountRegion, Self> = BTreeMap::new();
        for record in records {
            let record = match united.remove(&record.place) {
                Some(known) => known.join(record)?,
                None => record,
            };
            united.insert(record.place.clone(), record);
        }
        Ok(united)
    }

    /// Puts the days of two records side by side. The order of joining does not matter, and a record joined with itself is
    /// itself.
    ///
    /// # Errors
    ///
    /// Where they are not of one account and region, were made otherwise, or contradict each other.
    pub fn join(mut self, other: Self) -> Result<Self, Mismatch> {
        self.absorb(other)?;
        Ok(self)
    }

    /// Takes over the days of another record; where it cannot, this one stays as it is.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn absorb(&mut self, other: Self) -> Result<(), Mismatch> {
        if self.place != other.place {
            return Err(Mismatch::Place);
        }
        if self.made != other.made {
            return Err(Mismatch::Made);
        }
        if self.homes != other.homes || self.earlier != other.earlier {
            return Err(Mismatch::Homes);
        }
        let agree = agree(&self.days, &other.days)
            && agree(&self.edges, &other.edges)
            && agree(&self.beyond, &other.beyond)
            && agree(&self.keys, &other.keys)
            && agree(&self.carried, &other.carried);
        if !agree {
            return Err(Mismatch::Contradiction);
        }
        self.looked = std::mem::take(&mut self.looked).union(other.looked);
        self.days.extend(other.days);
        self.edges.extend(other.edges);
        self.beyond.extend(other.beyond);
        self.keys.extend(other.keys);
        self.carried.extend(other.carried);
        self.far.extend(other.far);
        self.heard.extend(other.heard);
        self.completion = self.completion.max(other.completion);
        self.reached = self.reached.max(other.reached);
        Ok(())
    }
}

/// Whether two maps say the same of whatever both have.
fn agree<K: Ord, V: PartialEq>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> bool {
    other.iter().all(|(key, value)| one.get(key).is_none_or(|known| known == value))
}
