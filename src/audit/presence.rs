//! Compares the log files that are there with those that digests name: page by page, so that a folder of a million
//! files never stands in memory.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::discover::{Home, Site};
use super::listing::{self, Walk, pages};
use super::site::{Outcome, unlistable};
use super::{Context, Event};
use crate::chain::Entry;
use crate::digest::Certainty;
use crate::logs::{Attestation, Names, Observation, PresentTerms, ShortName, region_absent};
use crate::report::Depth;
use crate::store::{Listing, ObjectStore, Reach, StoreError};
use crate::trail::key::{LOG_FOLDER, LogKey};
use crate::trail::{ObjectName, Span};
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
    for home in &site.homes {
        let folder = listing::folder(home, &site.place, LOG_FOLDER);
        let days =
            listing::days(&*context.store, &context.slots, home, &folder, &context.window).await.ok()?;
        let name = |key: Box<str>| ObjectName::new(Arc::clone(&home.bucket), key);
        for day in days {
            let objects = &mut listed.objects;
            let _slot = context.slots.take().await;
            pages(&*context.store, &mut whole(home, day.clone()), |page| {
                let names =
                    page.objects.into_iter().map(|object| ShortName::of(certainty, &name(object.key)));
                objects.extend(names.map(|name| (name, ())));
                Walk::On
            })
            .await
            .ok()?;
            listed.days.push(certainty.handle(&name(day.into())));
        }
    }
    Some(listed)
}

fn whole(home: &Home, prefix: String) -> Listing {
    Listing { bucket: Arc::clone(&home.bucket), prefix, after: None, reach: Reach::Whole, token: None }
}

/// Lists the log files of the window and judges those that no authentic digest names.
pub(super) async fn judge<S: ObjectStore>(
    context: &Context<S>,
    site: &Site,
    attestation: &Attestation,
    spans: &[Span],
    entries: &[Entry],
    outcome: &mut Outcome,
) {
    let terms = PresentTerms { place: &site.place, spans, as_of: context.as_of, grace: context.plan.grace };
    let mut unnamed = Vec::new();
    for home in &site.homes {
        for kind in attestation.kinds() {
            let folder = listing::folder(home, &site.place, kind);
            let days =
                match listing::days(&*context.store, &context.slots, home, &folder, &context.window).await {
                    Ok(days) => days,
                    Err(error) => {
                        outcome.findings.push(unlistable(&site.place, &error));
                        continue;
                    }
                };
            let mut judged = stream::iter(days)
                .map(|day| judge_day(context, home, day, attestation, &terms))
                .buffered(DAYS_AT_ONCE);
            while let Some(day) = judged.next().await {
                match day {
                    Ok(found) => unnamed.extend(found),
                    Err(error) => outcome.findings.push(unlistable(&site.place, &error)),
                }
                if context.stop.is_set() {
                    return;
                }
            }
        }
    }
    let any_digest = entries.iter().any(|entry| context.window.overlaps(&entry.span()));
    let first_unlisted = unnamed
        .iter()
        .find(|(verdict, _)| *verdict == LogVerdict::Unlisted)
        .and_then(|(_, finding)| finding.object.clone());
    if let (false, Some(first)) = (any_digest, &first_unlisted) {
        // One word for the whole region; a finding for each of its files would say the same a thousand times.
        outcome.findings.push(region_absent(&site.place, &context.window, first));
        unnamed.retain(|(verdict, _)| *verdict != LogVerdict::Unlisted);
    }
    for (verdict, finding) in unnamed {
        outcome.loose_logs.add(verdict);
        outcome.findings.push(finding);
    }
}

/// Judges the log files of one day folder, a page at a time.
async fn judge_day<S: ObjectStore>(
    context: &Context<S>,
    home: &Home,
    day: String,
    attestation: &Attestation,
    terms: &PresentTerms<'_>,
) -> Result<Vec<(LogVerdict, Finding)>, StoreError> {
    let mut unnamed = Vec::new();
    let _slot = context.slots.take().await;
    pages(&*context.store, &mut whole(home, day), |page| {
        for listed in page.objects {
            let Some(key) = LogKey::parse(&listed.key).filter(|key| context.window.contains(key.delivered))
            else {
                continue;
            };
            let object = ObjectName::new(Arc::clone(&home.bucket), listed.key);
            if let Some((verdict, finding)) = attestation.judge_present(&object, &key, terms) {
                context.observer.on(Event::Log {
                    object: &object,
                    verdict,
                    hash: None,
                    fault: None,
                    compressed: 0,
                    inflated: 0,
                });
                unnamed.push((verdict, finding));
            }
        }
        match context.stop.is_set() {
            true => Walk::Stop,
            false => Walk::On,
        }
    })
    .await?;
    Ok(unnamed)
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
