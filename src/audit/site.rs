//! Makes the record of one account and region: lists its digests, has them and their log files read, looks at what else lies
//! in its folders, and judges what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answers::Answers;
use super::folders::Asked;
use super::homes::{Closed, Keys};
use super::listing::{self, FoundDigest, Sweep};
use super::presence::{self, Present};
use super::reading::{JudgedLogs, LogFiles, read};
use super::wanted::Part;
use super::{Context, Event, edges};
use crate::chain::{Item, hold_links};
use crate::crypto::{Fingerprint, Lookup};
use crate::inspection::Site;
use crate::inspection::{self, Days, KeyFacts, Made, Reading, SiteRecord, SiteView, Told};
use crate::ledger::{self, SiteListing};
use crate::report::{Completion, Reached};
use crate::store::ObjectStore;
use crate::trail::{AccountRegion, Day, Depth, Location, ObjectName, SpanSet, Time};
use crate::verdict::Finding;

/// Judges a record, and has told what there is to tell.
pub(super) fn judge(context: &Context, record: SiteRecord) -> SiteView {
    judge_as_of(context, record, context.store.clock(), |_| true)
}

/// Judges a record, and tells what is `news`; `clock` is the latest time that the store gave as its own while it was read.
pub(super) fn judge_as_of(
    context: &Context,
    mut record: SiteRecord,
    clock: Option<Time>,
    news: fn(&Finding) -> bool,
) -> SiteView {
    if !record.carried.is_empty() {
        ledger::close(&mut record, context.brief.plan.named_by, context.brief.reach().start);
    }
    inspection::judge(&context.brief, record, clock, &mut |told| match told {
        Told::Finding(finding) if !news(&finding) => {}
        Told::Finding(finding) => context.tell(finding),
        Told::Again(finding) => context.keep(finding),
        Told::Counted(class, code, count) => context.count(class, code, count),
        Told::AbsentDigest(object, verdict) => {
            context.observer.on(Event::AbsentDigest { object: &object, verdict });
        }
        Told::LooseLog(object, verdict) => context.observer.on(Event::Log {
            object: &object,
            verdict,
            hash: None,
            fault: None,
            compressed: 0,
            inflated: 0,
        }),
    })
}

/// What came of reading some days of a site.
pub(super) struct DaysRead {
    pub(super) record: SiteRecord,
    /// What the folders of log files show of them.
    pub(super) listing: SiteListing,
    /// Those that lean on digests far beyond them.
    pub(super) far_out: BTreeSet<Day>,
}

/// Reads some days of a site. What the store gives is noted in `answers`, if it is to be held against what it lists.
pub(super) async fn read_days(
    context: &Arc<Context>,
    place: &AccountRegion,
    closed: &mut Closed,
    part: Part,
    answers: Option<&Arc<Answers>>,
) -> DaysRead {
    let Part { days, digests, mut reading, earlier } = part;
    let mut record = begun(context, place.clone(), closed.homes.clone(), &days);
    record.earlier = earlier;
    let folders = &mut closed.folders;
    let logs = LogFiles::open(context, answers.cloned());
    if let Some(Keys { ring, .. }) = &closed.keys {
        let listed = presence::listed_before(context, &days, folders).await;
        read(context, ring, digests, listed.as_ref(), &mut reading, Some(&logs)).await;
    }
    let last_words = reading.take_last_words(&context.brief);
    let looks = !record.homes.values().any(|home| !home.unlisted.is_empty())
        && !context.stop.is_set()
        && context.brief.plan.depth != Depth::Chain;
    let mut listing = SiteListing::default();
    let beside = async {
        if looks {
            let asked =
                Asked { days: &days, read: &reading.read, answers: answers.map(|answers| &**answers) };
            let mut found = presence::look(context, &record.place, folders, asked).await;
            listing = std::mem::take(&mut found.listing);
            take_present(context, &mut record, found).await;
        }
        record.heard = edges::hear(context, last_words).await;
    };
    // All digests are known by now; the log files they name are still being read.
    let (judged, ()) = tokio::join!(logs.finish(), beside);
    let leaning = reading.read.iter().filter(|(_, read)| read.leans_far_out);
    let far_out = leaning.map(|(day, _)| *day).collect();
    take_digests(&mut record, reading);
    take_logs(&mut record, judged);
    if let Some(keys) = &closed.keys {
        record.keys = key_facts(context, &record, keys).await;
    }
    if !context.store.condition().outages.is_empty() {
        record.reached = Reached::InPart;
    }
    if context.stop.is_set() {
        (record.reached, record.completion) = (Reached::InPart, Completion::Interrupted);
    }
    DaysRead { record, listing, far_out }
}

/// The record of a site of which there is nothing to read.
pub(super) fn nothing(context: &Context, place: &AccountRegion, closed: &Closed) -> SiteRecord {
    begun(context, place.clone(), closed.homes.clone(), &context.days)
}

/// The record of a site that nobody has looked at.
pub(super) fn unread(context: &Context, site: &Site) -> SiteRecord {
    let homes = site.homes.iter().map(|home| {
        let kinds = home.kinds.clone();
        (home.location.clone(), inspection::HomeRecord { kinds, ..Default::default() })
    });
    let nothing = begun(context, site.place.clone(), homes.collect(), &context.days);
    SiteRecord { looked: SpanSet::default(), ..nothing }
}

fn begun(
    context: &Context,
    place: AccountRegion,
    homes: BTreeMap<Location, inspection::HomeRecord>,
    days: &Days,
) -> SiteRecord {
    let plan = &context.brief.plan;
    SiteRecord {
        place,
        made: Made { depth: plan.depth, named_by: plan.named_by },
        homes,
        looked: SpanSet::from_iter([days.span(context.brief.reach())]),
        days: BTreeMap::new(),
        earlier: BTreeMap::new(),
        edges: BTreeMap::new(),
        beyond: BTreeMap::new(),
        far: Default::default(),
        heard: Default::default(),
        keys: BTreeMap::new(),
        carried: BTreeMap::new(),
        completion: Completion::Complete,
        reached: Reached::Wholly,
    }
}

/// Takes over what lies in the folders of log files, and reads the digests that may name some of it.
async fn take_present(context: &Arc<Context>, record: &mut SiteRecord, found: Present) {
    let Present { days, beside, until, .. } = found;
    for (folder, beside) in beside {
        if let Some(home) = record.homes.get_mut(&folder.home) {
            home.log_folders.insert(folder.kind, beside);
        }
    }
    for (day, folders) in days {
        record.days.entry(day).or_default().folders = folders;
    }
    if let Some(until) = until {
        read_beyond(context, record, until).await;
    }
}

/// Reads the digests that end after those the window needs, up to the end of the day of `until`, for the log files they name.
pub(super) async fn read_beyond(context: &Arc<Context>, record: &mut SiteRecord, until: Time) {
    let sweep = Sweep::beyond(&context.brief.window, Day::of_digest(until).end());
    let mut found = Vec::new();
    for home in record.homes.keys() {
        let slot = context.slots.take().await;
        match listing::digests(&context.store, home, &record.place, &sweep).await {
            Ok(listed) => {
                slot.answered(0);
                found.extend(listed.found);
            }
            // What could not be listed settles nothing: the files stay open.
            Err(_) => return,
        }
    }
    found.sort_by(FoundDigest::newest_first);
    let Some(span) = edges::signed(found.iter()) else { return };
    let Some(ring) = context.ring(&record.place.region, span).await else { return };
    let mut reading = Reading::new(context.brief.plan.named_by, Days::default(), Arc::default());
    read(context, &ring, found, None, &mut reading, None).await;
    record.far.extend(std::mem::take(&mut reading.named_beside));
    record.beyond = by_name(reading.beside);
}

fn by_name(items: Vec<Item>) -> BTreeMap<ObjectName, Item> {
    items.into_iter().map(|item| (item.object.clone(), item)).collect()
}

/// Takes over the digests, each in its day.
fn take_digests(record: &mut SiteRecord, reading: Reading) {
    let named_by = record.made.named_by;
    record.edges = by_name(reading.beside);
    record.far.extend(reading.named_beside);
    for (day, read) in reading.read {
        let of_day = record.days.entry(day).or_default();
        for item in read.items {
            let chain = match of_day.chains.get_mut(&item.key.chain) {
                Some(chain) => chain,
                None => of_day.chains.entry(item.key.chain.clone()).or_default(),
            };
            chain.items.push(item);
        }
        for chain in of_day.chains.values_mut() {
            chain.items.sort_by(|one, other| (one.key.end, &one.object).cmp(&(other.key.end, &other.object)));
            hold_links(&mut chain.items, named_by);
        }
        of_day.kinds = read.attestation.kinds().clone();
        of_day.far = read.far;
        of_day.keys = read.keys;
    }
}

/// Takes over the verdicts on log files, each in the day of the digest that names it.
fn take_logs(record: &mut SiteRecord, judged: JudgedLogs) {
    for (day, logs) in judged.days {
        let of_day = record.days.entry(day).or_default();
        for (chain, tally) in logs.by_chain {
            of_day.chains.entry((*chain).clone()).or_default().logs.merge(&tally);
        }
        (of_day.compressed, of_day.inflated) = (logs.compressed, logs.inflated);
        of_day.recorded_calls = logs.recorded_calls;
        (of_day.findings, of_day.omitted) = logs.findings.into_sorted();
    }
}

/// What is known of the keys that proved digests in the window.
pub(super) async fn key_facts(
    context: &Context,
    record: &SiteRecord,
    keys: &Keys,
) -> BTreeMap<Fingerprint, KeyFacts> {
    let region = &record.place.region;
    // Asked more widely meanwhile, perhaps.
    let ring = context.ring(region, keys.signed).await.unwrap_or_else(|| Arc::clone(&keys.ring));
    let used = record.days.values().flat_map(|day| day.keys.keys());
    used.filter_map(|fingerprint| {
        let Lookup::Known(key) = ring.find(fingerprint, region) else { return None };
        let facts = KeyFacts {
            region: key.region.clone(),
            valid_from: key.valid_from,
            valid_to: key.valid_to,
            origin: key.origin.to_string(),
        };
        Some((fingerprint.clone(), facts))
    })
    .collect()
}
