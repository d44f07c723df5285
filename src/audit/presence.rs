//! Compares the log files that are there with those that digests name: page by page, so that a folder of a million
//! files never stands in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::discover::Site;
use super::listing::{self, Strays};
use super::pages::{Walk, Walked, fold};
use super::tree::{LogFolder, log_folder};
use super::{Context, Event};
use crate::digest::Certainty;
use crate::logs::{
    Attestation, Candidate, Names, Observation, Oddity, Presence, PresentTerms, ShortName, odd_file, oddity,
};
use crate::report::Depth;
use crate::store::{Listed as ListedObject, Listing, ObjectStore, Reach, StoreError};
use crate::trail::key::{LOG_FOLDER, LogKey, RegionFolder};
use crate::trail::{AccountRegion, Location, ObjectName, Time};
use crate::verdict::{Finding, LogVerdict};

/// Day folders listed at once within one site.
const DAYS_AT_ONCE: usize = 32;

/// The log files a complete listing shows, for a run that does not read them.
pub(super) struct Listed {
    certainty: Certainty,
    days: Vec<ObjectName>,
    objects: Names<()>,
}

impl Listed {
    /// What the listing says of a log file; nothing, if it lies in a folder that was not listed.
    pub(super) fn observe(&self, object: &ObjectName) -> Option<Observation> {
        if self.objects.contains_key(&ShortName::of(self.certainty, object)) {
            return Some(Observation::Listed);
        }
        let object = self.certainty.handle(object);
        let holds = |day: &ObjectName| day.bucket == object.bucket && object.key.starts_with(&*day.key);
        self.days.iter().any(holds).then_some(Observation::Gone)
    }
}

/// With [`Depth::Presence`], lists the window's log files before digests are read. Where that fails, nothing is said,
/// and each file is asked for by itself.
pub(super) async fn listed_before<S: ObjectStore>(context: &Context<S>, site: &Site) -> Option<Listed> {
    if context.plan.depth != Depth::Presence {
        return None;
    }
    let certainty = context.plan.certainty;
    let mut listed = Listed { certainty, days: Vec::new(), objects: Names::default() };
    for home in site.locations() {
        let folder = listing::folder(home, &site.place, LOG_FOLDER);
        let name = |key: Box<str>| ObjectName::new(Arc::clone(&home.bucket), key);
        for day in log_folder(context, home, &folder).await.days {
            let _slot = context.slots.take().await;
            let walked = fold(&*context.store, whole(home, day.clone()), Names::default, |names, page| {
                let keys = page.objects.into_iter().map(|object| name(object.key));
                names.extend(keys.map(|object| (ShortName::of(certainty, &object), ())));
                Walk::On
            });
            let Walked { found, unlisted } = walked.await.ok()?;
            listed.objects.extend(found);
            // What a part that could not be listed holds is not known: each file of such a day is asked for.
            if unlisted.is_empty() {
                listed.days.push(certainty.handle(&name(day.into())));
            }
        }
    }
    Some(listed)
}

fn whole(home: &Location, prefix: String) -> Listing {
    Listing { bucket: Arc::clone(&home.bucket), prefix, after: None, reach: Reach::Whole, token: None }
}

/// What lies in the log folders of one home and that no authentic digest names.
#[derive(Default)]
pub(super) struct Unnamed {
    /// Judged, with what is worth telling of them.
    pub(super) judged: Vec<(LogVerdict, Finding)>,
    /// Not to be judged before later digests are read.
    pub(super) later: Vec<Candidate>,
    /// Up to when.
    pub(super) until: Option<Time>,
    /// Objects that no reader takes for a log file.
    pub(super) strays: Strays,
    /// What could not be listed.
    pub(super) failures: Vec<StoreError>,
}

impl Unnamed {
    fn take(&mut self, candidate: Candidate, presence: Presence) {
        match presence {
            Presence::Named => {}
            Presence::Judged(verdict, finding) => self.judged.push((verdict, *finding)),
            Presence::Later(until) => {
                self.until = self.until.max(Some(until));
                self.later.push(candidate);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.judged.extend(other.judged);
        self.later.extend(other.later);
        self.until = self.until.max(other.until);
        self.strays.merge(other.strays);
        self.failures.extend(other.failures);
    }
}

/// Lists the log files of the window in one home and judges those that no authentic digest names. The folder of the kind
/// that every trail delivers has been looked through before.
pub(super) async fn unnamed<S: ObjectStore>(
    context: &Context<S>,
    home: &Location,
    usual: LogFolder,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Unnamed {
    let mut folders = BTreeMap::from([(LOG_FOLDER.to_owned(), usual)]);
    for kind in attestation.kinds().filter(|kind| *kind != LOG_FOLDER) {
        let folder = listing::folder(home, terms.place, kind);
        folders.insert(kind.to_owned(), log_folder(context, home, &folder).await);
    }
    let mut found = Unnamed::default();
    for (kind, LogFolder { days, odd, strays, failures }) in folders {
        let folder = listing::folder(home, terms.place, &kind);
        found.judged.extend(odd.into_iter().map(|object| odd_one(object, terms.place)));
        found.strays.merge(strays);
        found.failures.extend(failures);
        let mut judged = stream::iter(days)
            .map(|day| judge_day(context, home, day, &folder, attestation, terms))
            .buffered(DAYS_AT_ONCE);
        while let Some(day) = judged.next().await {
            match day {
                Ok(day) => found.merge(day),
                Err(error) => found.failures.push(error),
            }
            if context.stop.is_set() {
                return found;
            }
        }
    }
    found
}

/// Judges those that waited for later digests, now that these are read.
pub(super) fn judge_later(unnamed: &mut Unnamed, attestation: &Attestation, terms: &PresentTerms<'_>) {
    for candidate in std::mem::take(&mut unnamed.later) {
        let presence = attestation.judge_present(&candidate, terms);
        unnamed.take(candidate, presence);
    }
}

fn odd_one(object: ObjectName, place: &AccountRegion) -> (LogVerdict, Finding) {
    (LogVerdict::Unlisted, odd_file(place, object, None))
}

/// Judges the log files of one day folder, a page at a time.
async fn judge_day<S: ObjectStore>(
    context: &Context<S>,
    home: &Location,
    day: String,
    folder: &RegionFolder,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Result<Unnamed, StoreError> {
    let _slot = context.slots.take().await;
    let open_end = context.plan.end.is_none();
    let walked = fold(&*context.store, whole(home, day), Unnamed::default, |unnamed, page| {
        for ListedObject { key, size, modified } in page.objects {
            let parsed = LogKey::parse(&key).filter(|parsed| parsed.lies_in(folder));
            let object = ObjectName::new(Arc::clone(&home.bucket), key);
            let Some(key) = parsed else {
                match oddity(&object.key, size, context.plan.origin) {
                    Oddity::FolderMarker => {}
                    Oddity::LogLike => unnamed.judged.push(odd_one(object, terms.place)),
                    Oddity::Stray => unnamed.strays.add(object),
                }
                continue;
            };
            let asked_for =
                context.window.contains(key.delivered) || (open_end && context.window.end <= key.delivered);
            if asked_for {
                let candidate = Candidate::new(object, &key, modified);
                let presence = attestation.judge_present(&candidate, terms);
                unnamed.take(candidate, presence);
            }
        }
        match context.stop.is_set() {
            true => Walk::Stop,
            false => Walk::On,
        }
    });
    let Walked { found: mut unnamed, unlisted } = walked.await?;
    unnamed.failures.extend(unlisted);
    Ok(unnamed)
}

/// Announces the verdicts on log files that no digest names.
pub(super) fn announce<S>(context: &Context<S>, judged: &[(LogVerdict, Finding)]) {
    for (verdict, finding) in judged {
        if let Some(object) = &finding.object {
            context.observer.on(Event::Log {
                object,
                verdict: *verdict,
                hash: None,
                fault: None,
                compressed: 0,
                inflated: 0,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/";

    fn named(bucket: &str, name: &str) -> ObjectName {
        ObjectName::new(bucket, format!("{DAY}{name}"))
    }

    fn listed(certainty: Certainty) -> Listed {
        let handle = |object: ObjectName| certainty.handle(&object);
        let objects = [(ShortName::of(certainty, &named("here", "one")), ())].into_iter().collect();
        Listed { certainty, days: vec![handle(named("here", ""))], objects }
    }

    #[test]
    fn a_listing_says_nothing_of_another_bucket() {
        let listed = listed(Certainty::BucketAndKey);
        assert_eq!(listed.observe(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.observe(&named("here", "two")), Some(Observation::Gone));
        assert_eq!(listed.observe(&named("elsewhere", "one")), None);
        assert_eq!(listed.observe(&named("elsewhere", "two")), None);
    }

    #[test]
    fn a_folder_stands_for_every_bucket() {
        let listed = listed(Certainty::KeyOnly);
        assert_eq!(listed.observe(&named("here", "one")), Some(Observation::Listed));
        assert_eq!(listed.observe(&named("elsewhere", "two")), Some(Observation::Gone));
    }
}
