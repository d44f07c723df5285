//! Compares the log files that are there with those that digests name: page by page, so that a folder of a million
//! files never stands in memory.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::discover::Site;
use super::listing::Strays;
use super::pages::{Walk, Walked, each, fold};
use super::tree::{LogFolder, log_folder};
use super::{Context, Event};
use crate::digest::NamedBy;
use crate::logs::{
    Attestation, Candidate, Names, Observation, Oddity, Presence, PresentTerms, ShortName, odd_file, oddity,
};
use crate::store::{Listed as ListedObject, Listing, Page, StoreError};
use crate::trail::key::{LOG_FOLDER, LogKey, RegionFolder};
use crate::trail::{AccountRegion, Depth, Location, ObjectName, Time};
use crate::verdict::{Code, Finding, LogTally, LogVerdict};

/// Day folders listed at once within one site.
const DAYS_AT_ONCE: usize = 32;

/// The log files a complete listing shows, for a run that does not read them.
pub(super) struct Listed {
    named_by: NamedBy,
    days: Vec<ObjectName>,
    objects: Names<()>,
}

impl Listed {
    /// What the listing says of a log file; nothing, if it lies in a folder that was not listed.
    pub(super) fn observe(&self, object: &ObjectName) -> Option<Observation> {
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
pub(super) async fn listed_before(context: &Context, site: &Site) -> Option<Listed> {
    if context.brief.plan.depth != Depth::Presence {
        return None;
    }
    let named_by = context.brief.plan.named_by;
    let mut listed = Listed { named_by, days: Vec::new(), objects: Names::default() };
    for home in site.locations() {
        let folder = RegionFolder::of(home, &site.place, LOG_FOLDER);
        let name = |key: Box<str>| ObjectName::new(Arc::clone(&home.bucket), key);
        for day in log_folder(context, home, &folder).await.days {
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
                listed.days.push(named_by.handle(&name(day.into())));
            }
        }
    }
    Some(listed)
}

/// What lies in the log folders of one home and that no authentic digest names, whichever day it lies in and however often
/// that is listed.
#[derive(Default)]
pub(super) struct Unnamed {
    /// Those judged, and told.
    pub(super) tally: LogTally,
    /// The first by name of those that are told of once for all.
    pub(super) first: Option<ObjectName>,
    /// The day folders with files that are not to be judged before later digests are read. The files are not remembered:
    /// they may be many, so these days are listed again.
    waiting: BTreeMap<String, RegionFolder>,
    /// Up to when those digests end.
    pub(super) until: Option<Time>,
    /// Objects that no reader takes for a log file.
    pub(super) strays: Strays,
    /// What could not be listed.
    pub(super) failures: Vec<StoreError>,
    /// What was told, once: where keys do not ascend, one may be listed again, and so may a day.
    told: Names<()>,
}

/// What is told of log files that no digest names, as they are found: a folder may be full of them.
pub(super) struct Teller<'a> {
    pub(super) context: &'a Context,
    pub(super) place: &'a AccountRegion,
    pub(super) telling: Telling,
    /// How often it is told that only digests which are not authentic name a file.
    pub(super) unproven: Telling,
    /// Digests out of scope that keep a verdict from being one of tampering.
    pub(super) softeners: HashMap<ObjectName, Finding>,
    pub(super) found: Mutex<Unnamed>,
}

/// How often the same is told of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// Of each file.
    Each,
    /// Once for all, where one thing is the matter with all of them.
    Once,
}

impl Teller<'_> {
    fn found(&self) -> MutexGuard<'_, Unnamed> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, unnamed: &mut Unnamed, verdict: LogVerdict, finding: Finding) {
        let Some(object) = &finding.object else { return };
        self.context.observer.on(Event::Log {
            object,
            verdict,
            hash: None,
            fault: None,
            compressed: 0,
            inflated: 0,
        });
        unnamed.tally.add(verdict);
        if verdict == LogVerdict::Unlisted && self.telling == Telling::Once {
            if unnamed.first.as_ref().is_none_or(|first| object < first) {
                unnamed.first = Some(object.clone());
            }
            return;
        }
        if verdict == LogVerdict::Unproven && self.unproven == Telling::Once {
            return;
        }
        // What softens a verdict is told, also where it lies out of scope.
        let softener = finding.digest.as_ref().filter(|_| finding.code == Code::LogUnlisted);
        self.context.tell_all(softener.and_then(|digest| self.softeners.get(digest)).cloned());
        self.context.tell(finding);
    }

    fn odd_one(&self, unnamed: &mut Unnamed, object: ObjectName) {
        self.tell(unnamed, LogVerdict::Unlisted, odd_file(self.place, object, None));
    }

    /// Whether an object has not been told of yet.
    fn first(&self, unnamed: &mut Unnamed, object: &ObjectName) -> bool {
        unnamed.told.insert(ShortName::of(self.context.brief.plan.named_by, object), ()).is_none()
    }
}

/// Lists the log files of the window in one home and judges those that no authentic digest names. The folder of the kind
/// that every trail delivers has been looked through before.
pub(super) async fn unnamed(
    teller: &Teller<'_>,
    home: &Location,
    usual: LogFolder,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Unnamed {
    let context = teller.context;
    let mut folders = BTreeMap::from([(LOG_FOLDER.to_owned(), usual)]);
    for kind in attestation.kinds().filter(|kind| *kind != LOG_FOLDER) {
        let folder = RegionFolder::of(home, terms.place, kind);
        folders.insert(kind.to_owned(), log_folder(context, home, &folder).await);
    }
    for (kind, LogFolder { days, odd, strays, failures }) in folders {
        let folder = RegionFolder::of(home, terms.place, &kind);
        {
            let unnamed = &mut *teller.found();
            odd.into_iter().for_each(|object| teller.odd_one(unnamed, object));
            unnamed.strays.merge(strays);
            unnamed.failures.extend(failures);
        }
        let days = days.into_iter().map(|day| (day, folder.clone())).collect();
        judge_days(teller, home, days, attestation, terms).await;
    }
    mem::take(&mut teller.found())
}

/// Judges those that waited for later digests, now that these are read.
pub(super) async fn judge_later(
    teller: &Teller<'_>,
    home: &Location,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Unnamed {
    let waiting = mem::take(&mut teller.found().waiting);
    judge_days(teller, home, waiting.into_iter().collect(), attestation, terms).await;
    mem::take(&mut teller.found())
}

async fn judge_days(
    teller: &Teller<'_>,
    home: &Location,
    days: Vec<(String, RegionFolder)>,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) {
    let judged = each(days, DAYS_AT_ONCE, |day| judge_day(teller, home, day, attestation, terms)).await;
    teller.found().failures.extend(judged.into_iter().filter_map(Result::err));
}

/// Judges the log files of one day folder, a page at a time. What is there is there, whatever comes of the pages that
/// follow.
async fn judge_day(
    teller: &Teller<'_>,
    home: &Location,
    (day, folder): (String, RegionFolder),
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Result<(), StoreError> {
    let context = teller.context;
    let _slot = context.slots.take().await;
    let open_end = context.brief.plan.end.is_none();
    let take = |(): &mut (), page: Page| {
        let unnamed = &mut *teller.found();
        for ListedObject { key, size, modified } in page.objects {
            let parsed = LogKey::parse(&key).filter(|parsed| parsed.lies_in(&folder));
            let object = ObjectName::new(Arc::clone(&home.bucket), key);
            let Some(key) = parsed else {
                match oddity(&object.key, size, context.brief.plan.origin) {
                    Oddity::LogLike if teller.first(unnamed, &object) => teller.odd_one(unnamed, object),
                    Oddity::Stray if teller.first(unnamed, &object) => unnamed.strays.add(object),
                    Oddity::FolderMarker | Oddity::LogLike | Oddity::Stray => {}
                }
                continue;
            };
            let asked_for = context.brief.window.contains(key.delivered)
                || (open_end && context.brief.window.end() <= key.delivered);
            if !asked_for {
                continue;
            }
            let candidate = Candidate::new(object, &key, modified);
            match attestation.judge_present(&candidate, terms) {
                Presence::Named => {}
                Presence::Later(until) => {
                    unnamed.until = unnamed.until.max(Some(until));
                    if !unnamed.waiting.contains_key(&day) {
                        unnamed.waiting.insert(day.clone(), folder.clone());
                    }
                }
                Presence::Judged(verdict, finding) => {
                    if teller.first(unnamed, &candidate.object) {
                        teller.tell(unnamed, verdict, *finding);
                    }
                }
            }
        }
        match context.stop.is_set() {
            true => Walk::Stop,
            false => Walk::On,
        }
    };
    let Walked { unlisted, .. } =
        fold(&context.store, Listing::whole(Arc::clone(&home.bucket), day.clone()), || (), take).await?;
    teller.found().failures.extend(unlisted);
    Ok(())
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
        assert_eq!(listed.observe(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.observe(&named("here", "two")), Some(Observation::Gone));
        assert_eq!(listed.observe(&named("elsewhere", "one")), None);
        assert_eq!(listed.observe(&named("elsewhere", "two")), None);
    }

    #[test]
    fn a_folder_stands_for_every_bucket() {
        let listed = listed(NamedBy::KeyOnly);
        assert_eq!(listed.observe(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.observe(&named("elsewhere", "two")), Some(Observation::Gone));
    }
}
