//! Compares the log files that are there with those that digests name: page by page, so that a folder of a million
//! files never stands in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::answers::Answers;
use super::folders::{Asked, Folders};
use super::listing::Shown;
use super::pages::{Walk, Walked, each, fold};
use super::tree::LogTree;
use super::unseen::failure;
use super::{Context, margins};
use crate::digest::NamedBy;
use crate::inspection::{
    DayRead, DayRecord, Days, FolderDay, FolderRecord, Gathering, Heard, LogFolder, LooseFile, LooseName,
    Smallest, Strays,
};
use crate::ledger::{FolderListing, LogRegion, SiteListing};
use crate::logs::{Candidate, LogWork, Names, Observation, Oddity, ShortName, oddity};
use crate::store::{Listing, StoreError};
use crate::trail::key::{LOG_FOLDER, LogKey, RegionFolder};
use crate::trail::{AccountRegion, Day, Depth, Location, ObjectName, Time};

/// Day folders listed at once within one site.
const DAYS_AT_ONCE: usize = 32;

/// The log files a complete listing shows, for a run that does not read them.
pub(super) struct Listed {
    named_by: NamedBy,
    days: Vec<ObjectName>,
    objects: Names<()>,
}

impl Listed {
    /// What the listing says of a log file; nothing, if it lies in a folder that was not listed, or far from the day of the
    /// digest that names it.
    pub(super) fn observe(&self, work: &LogWork) -> Option<Observation> {
        let (folder, _) = work.object.key.rsplit_once('/')?;
        let lies_in = Day::of_folder(folder)?;
        (lies_in == work.day || work.day.neighbours().any(|near| near == lies_in)).then_some(())?;
        self.tell(&work.object)
    }

    fn tell(&self, object: &ObjectName) -> Option<Observation> {
        if self.objects.contains_key(&ShortName::of(self.named_by, object)) {
            return Some(Observation::Listed);
        }
        let object = self.named_by.handle(object);
        let holds = |day: &ObjectName| day.bucket == object.bucket && object.key.starts_with(&*day.key);
        self.days.iter().any(holds).then_some(Observation::Gone)
    }
}

/// With [`Depth::Presence`], lists the window's log files before digests are read. Where that fails, nothing is said,
/// and each file is asked for by itself.
pub(super) async fn listed_before(context: &Context, days: &Days, folders: &mut Folders) -> Option<Listed> {
    if context.brief.plan.depth != Depth::Presence {
        return None;
    }
    let named_by = context.brief.plan.named_by;
    let mut listed = Listed { named_by, days: Vec::new(), objects: Names::default() };
    for (LogFolder { home, kind }, tree) in folders.found().await {
        let name = |key: Box<str>| ObjectName::new(Arc::clone(&home.bucket), key);
        let near = |folder: &&String| {
            let hold = |day: Day| days.hold(day) || day.neighbours().any(|near| days.hold(near));
            **kind == *LOG_FOLDER && Day::of_folder(folder).is_none_or(hold)
        };
        for day in tree.days.iter().filter(near) {
            let _slot = context.slots.take().await;
            let walked = fold(
                &context.store,
                Listing::whole(Arc::clone(&home.bucket), day.clone()),
                Names::default,
                |names, page| {
                    let keys = page.objects.into_iter().map(|object| name(object.key));
                    names.extend(keys.map(|object| (ShortName::of(named_by, &object), ())));
                    Walk::On
                },
            );
            let Walked { found, unlisted } = walked.await.ok()?;
            listed.objects.extend(found);
            // What a part that could not be listed holds is not known: each file of such a day is asked for.
            if unlisted.is_empty() {
                listed.days.push(named_by.handle(&name(day.as_str().into())));
            }
        }
    }
    Some(listed)
}

/// What lies in the folders of log files and no digest names.
#[derive(Default)]
pub(super) struct Present {
    /// By day.
    pub(super) days: BTreeMap<Day, BTreeMap<LogFolder, FolderDay>>,
    /// Beside the days.
    pub(super) beside: BTreeMap<LogFolder, FolderRecord>,
    /// Some of it may be named by digests that follow the window, up to then.
    pub(super) until: Option<Time>,
    /// What the folders show of each day that was read, and of the hours next to it.
    pub(super) listing: SiteListing,
}

/// Lists the log files of the window, and finds those that no authentic digest names which their day hears of.
pub(super) async fn look(
    context: &Context,
    place: &AccountRegion,
    folders: &mut Folders,
    asked: Asked<'_>,
) -> Present {
    let Asked { read, .. } = asked;
    let mut present = Present::default();
    for (folder, tree) in folders.found().await {
        let LogTree { days, odd, strays, failures } = tree;
        let beside = present.beside.entry(folder.clone()).or_insert_with(|| FolderRecord {
            odd: odd.iter().cloned().collect(),
            more_odd: 0,
            strays: strays.clone(),
            unlisted: failures.iter().map(failure).collect(),
        });
        let looked_at = |name: &&String| Day::of_folder(name).is_none_or(|day| asked.days.hold(day));
        let days: Vec<&String> = days.iter().filter(looked_at).collect();
        let of_day = |name: &str| Day::of_folder(name).and_then(|day| read.get(&day));
        let empty = |name: &&String| Mutex::new(Gathered::new(context, &folder.kind, of_day(name)));
        let gathered: Vec<Mutex<Gathered>> = days.iter().map(empty).collect();
        let region = RegionFolder::of(&folder.home, place, &folder.kind);
        let parts = days.iter().zip(&gathered).collect();
        let listed = each(parts, DAYS_AT_ONCE, |(name, gathered)| {
            list_day(context, (&folder.home, &region), (name, of_day(name)), asked.answers, gathered)
        })
        .await;
        if let Some(answers) = asked.answers {
            let shown = margins::list(context, (folder, &region), asked, &days, answers).await;
            present.listing.take(folder.clone(), shown);
        }
        for ((name, gathered), listed) in days.iter().zip(gathered).zip(listed) {
            let gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
            present.until = present.until.max(gathered.until);
            let mut found = gathered.finish();
            match listed {
                Ok(shown) => present.listing.take(folder.clone(), shown),
                Err(error) => found.beside.unlisted.push(failure(&error)),
            }
            match Day::of_folder(name) {
                _ if found == FolderDay::default() => {}
                Some(day) => drop(present.days.entry(day).or_default().insert(folder.clone(), found)),
                None => beside.merge(found.beside),
            }
        }
    }
    present
}

/// The end of the last digest that may name a file of a day which was read before, where that lies beyond those that are read for
/// the window.
pub(super) fn named_until(context: &Context, place: &AccountRegion, day: &DayRecord) -> Option<Time> {
    let files =
        day.folders.iter().flat_map(|(folder, of)| of.loose.kept.iter().map(move |file| (folder, file)));
    let ends = files.filter(|(_, (_, file))| file.claimant.is_none()).map(|(folder, (name, file))| {
        let object = folder.object(place, name);
        let candidate = Candidate { object, named: name.named, modified: file.modified };
        candidate.named_by(context.brief.plan.origin).min(context.brief.as_of)
    });
    ends.filter(|end| context.brief.reach().end < *end).max()
}

/// What lies in one day's folder, while it is listed.
struct Gathered {
    loose: Gathering,
    odd: Smallest<ObjectName>,
    more_odd: u64,
    strays: Strays,
    failures: Vec<StoreError>,
    /// Objects beside log files that were counted: where keys do not ascend, one may be listed again.
    seen: Names<()>,
    until: Option<Time>,
}

impl Gathered {
    /// Nothing yet of a folder of `kind` in a day of which this was read.
    fn new(context: &Context, kind: &str, read: Option<&DayRead>) -> Self {
        let is_heard = kind == LOG_FOLDER || read.is_some_and(|read| read.attestation.kinds().contains(kind));
        let heard = if is_heard { Heard::OfTheKind } else { Heard::OfOthers };
        Self {
            loose: Gathering::new(context.brief.room(heard)),
            odd: Smallest::new(context.brief.room_for_odd(), |object| {
                size_of::<ObjectName>() + object.key.len()
            }),
            more_odd: 0,
            strays: Strays::default(),
            failures: Vec::new(),
            seen: Names::default(),
            until: None,
        }
    }

    fn beside(&mut self, context: &Context, object: ObjectName, size: Option<u64>) {
        let oddity = oddity(&object.key, size, context.brief.plan.origin);
        let name = ShortName::of(context.brief.plan.named_by, &object);
        match oddity {
            Oddity::FolderMarker => {}
            _ if self.seen.insert(name, ()).is_some() => {}
            Oddity::LogLike => self.more_odd += self.odd.add(object, ()).len() as u64,
            Oddity::Stray => self.strays.add(object),
        }
    }

    fn log(
        &mut self,
        context: &Context,
        object: ObjectName,
        (key, modified): (LogKey, Option<Time>),
        read: Option<&DayRead>,
    ) {
        let window = &context.brief.window;
        let dated_later = context.brief.plan.end.is_none() && window.end() <= key.delivered;
        let is_named = || read.is_some_and(|read| read.attestation.names(&object));
        if !(window.contains(key.delivered) || dated_later) || is_named() {
            return;
        }
        let claimant = read.and_then(|read| read.attestation.claimant(&object)).cloned();
        let candidate = Candidate::new(object, &key, modified);
        let named_by = candidate.named_by(context.brief.plan.origin).min(context.brief.as_of);
        if claimant.is_none() && context.brief.reach().end < named_by {
            self.until = self.until.max(Some(named_by));
        }
        let LogKey { delivered: named, unique, prefix, place, kind } = key;
        let bucket = Arc::clone(&candidate.object.bucket);
        let folder = LogFolder { home: Location { bucket, prefix }, kind };
        let short =
            |name: &LooseName| ShortName::of(context.brief.plan.named_by, &folder.object(&place, name));
        self.loose.add(LooseName { named, unique }, LooseFile { modified, claimant }, short);
    }

    fn finish(self) -> FolderDay {
        let beside = FolderRecord {
            odd: self.odd.into_kept().into_keys().collect(),
            more_odd: self.more_odd,
            strays: self.strays,
            unlisted: self.failures.iter().map(failure).collect(),
        };
        FolderDay { loose: self.loose.finish(), beside }
    }
}

/// Lists the log files of one day folder, a page at a time. What is there is there, whatever comes of the pages that
/// follow.
async fn list_day(
    context: &Context,
    (home, folder): (&Location, &RegionFolder),
    (name, read): (&str, Option<&DayRead>),
    answers: Option<&Answers>,
    gathered: &Mutex<Gathered>,
) -> Result<FolderListing, StoreError> {
    let _slot = context.slots.take().await;
    let lock = || gathered.lock().unwrap_or_else(PoisonError::into_inner);
    *lock() = Gathered::new(context, &folder.kind, read);
    let listing = Listing::whole(Arc::clone(&home.bucket), name);
    let region = LogRegion::from(folder.clone());
    let walked = fold(&context.store, listing, FolderListing::default, |shown, page| {
        let gathered = &mut *lock();
        for listed in page.objects {
            let (key, listed) = Shown::apart(listed);
            let parsed = LogKey::parse(&key).filter(|parsed| parsed.lies_in(folder));
            let object = ObjectName::new(Arc::clone(&home.bucket), key);
            if let Some(answers) = answers {
                shown.log(&region, &object.key, &listed.stamp());
                answers.note(&object, &listed.stamp());
            }
            match parsed {
                Some(key) => gathered.log(context, object, (key, listed.modified), read),
                None => gathered.beside(context, object, listed.size),
            }
        }
        if context.stop.is_set() { Walk::Stop } else { Walk::On }
    });
    let Walked { unlisted, found } = walked.await?;
    lock().failures.extend(unlisted);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/";

    fn named(bucket: &str, name: &str) -> ObjectName {
        ObjectName::new(bucket, format!("{DAY}{name}"))
    }

    fn listed(named_by: NamedBy) -> Listed {
        let handle = |object: ObjectName| named_by.handle(&object);
        let objects = [(ShortName::of(named_by, &named("here", "one")), ())].into_iter().collect();
        Listed { named_by, days: vec![handle(named("here", ""))], objects }
    }

    #[test]
    fn a_listing_says_nothing_of_another_bucket() {
        let listed = listed(NamedBy::BucketAndKey);
        assert_eq!(listed.tell(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.tell(&named("here", "two")), Some(Observation::Gone));
        assert_eq!(listed.tell(&named("elsewhere", "one")), None);
        assert_eq!(listed.tell(&named("elsewhere", "two")), None);
    }

    #[test]
    fn a_folder_stands_for_every_bucket() {
        let listed = listed(NamedBy::KeyOnly);
        assert_eq!(listed.tell(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.tell(&named("elsewhere", "two")), Some(Observation::Gone));
    }
}
