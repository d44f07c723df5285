//! Makes the record of one account and region of days that are carried and days that are read, month by month, newest first. What
//! was read is kept as soon as its neighbours are known: whoever stops the run loses no more than what it was at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::files::Files;
use super::{CarriedDays, Opened, SiteLedger, carry};
use crate::audit::answers::{Answers, Compared};
use crate::audit::homes::Closed;
use crate::audit::listing::Digests;
use crate::audit::site::{self, read_days};
use crate::audit::wanted::Wanted;
use crate::audit::{Context, Event, presence};
use crate::inspection::{Days, SiteRecord};
use crate::ledger::{
    self, Comparable, DayListing, DayPart, Month, Row, Seen, SiteListing, Terms, may_be_kept,
};
use crate::report::Completion;
use crate::store::ObjectStore as _;
use crate::trail::{AccountRegion, Day};
use crate::verdict::Finding;
use crate::verdict::what::What;

/// Makes the record of a site, of what is remembered and what is read.
pub(in crate::audit) async fn survey(
    context: &Arc<Context>,
    opened: &Opened,
    place: &AccountRegion,
    (closed, digests): (&mut Closed, &Digests),
) -> SiteRecord {
    let ledger = SiteLedger { context, opened, place };
    let listing = digests.by_day();
    let mut files = ledger.look_up().await;
    let mut carried = carry::choose(ledger, closed, (digests, &listing), &files).await;
    context.observer.on(Event::DaysCarried(carried.len() as u64));
    let mut months = Months {
        ledger,
        closed,
        wanted: Wanted::of(digests),
        firsts: firsts(context, digests),
        in_pieces: BTreeSet::new(),
    };
    let mut record = months.read(&listing, &mut files, &carried).await;
    if !carried.is_empty() {
        // Whatever does not fit into what is carried is evidence, and evidence is read.
        if contradicts(context, &record) {
            carried.clear();
            record = months.read(&listing, &mut files, &carried).await;
        }
    }
    if let Some(first) = months.in_pieces.first() {
        let what = What::MultipartUpload { days: months.in_pieces.len() as u64, first: *first };
        context.tell(Finding::new(what, place));
    }
    record
}

/// Whether a link of a carried day does not hold.
fn contradicts(context: &Context, record: &SiteRecord) -> bool {
    let unsure = unsure(context, record);
    record.carried.keys().any(|day| unsure.contains(day))
}

/// The days whose links do not hold.
fn unsure(context: &Context, record: &SiteRecord) -> BTreeSet<Day> {
    ledger::unsure(record, context.brief.plan.named_by, context.brief.reach().start)
}

/// The months that the window or its digests lie in.
fn firsts(context: &Context, digests: &Digests) -> BTreeSet<Month> {
    let listed = digests.found.iter().map(|digest| Day::of_digest(digest.key.end));
    let window = context.brief.window.start().map(Day::holding);
    let last = Day::of_digest(context.brief.reach().end);
    listed.chain(window).chain([last]).map(Month::of).collect()
}

/// The months of one account and region, on their way.
struct Months<'r> {
    ledger: SiteLedger<'r>,
    closed: &'r mut Closed,
    wanted: Wanted<'r>,
    firsts: BTreeSet<Month>,
    /// Days that hold objects which were put in several pieces.
    in_pieces: BTreeSet<Day>,
}

/// Days that were read and may be kept, once what they link to is known.
struct Fresh {
    listed: BTreeMap<Day, DayListing>,
    compared: Compared,
    far_out: BTreeSet<Day>,
}

impl Months<'_> {
    /// Reads them all but for what is carried, and keeps what was read. `listing` is that of the digests.
    async fn read(&mut self, listing: &SiteListing, files: &mut Files, carried: &CarriedDays) -> SiteRecord {
        let SiteLedger { context, place, .. } = self.ledger;
        let known: Arc<BTreeSet<Day>> = Arc::new(carried.keys().copied().collect());
        let mut listing = listing.clone();
        let mut whole: Option<SiteRecord> = None;
        let mut waiting: Option<Fresh> = None;
        for days in self.parts(&known) {
            let answers = Arc::new(Answers::new(context.brief.plan.named_by));
            let part = self.wanted.by(context, &days);
            let read = read_days(context, place, self.closed, part, Some(&answers)).await;
            listing.merge(read.listing);
            let fresh = read.record.days.keys().copied().filter(|day| days.hold(*day));
            let extent = |day| ledger::extent(&context.brief, day);
            let fresh = Fresh {
                listed: fresh.map(|day| (day, listing.of_day(place, day, extent(day)))).collect(),
                compared: answers.compare(),
                far_out: read.far_out,
            };
            let in_pieces =
                fresh.listed.iter().filter(|(_, listed)| listed.comparable == Comparable::Multipart);
            self.in_pieces.extend(in_pieces.map(|(day, _)| *day));
            let record = match whole.take() {
                None => with_carried(read.record, carried),
                Some(mut newer) => {
                    // Days that contradict those beside them are left out, and told as not looked at.
                    let _ = newer.absorb(read.record);
                    newer
                }
            };
            if let Some(newer) = waiting.replace(fresh) {
                self.keep(files, &record, newer).await;
            }
            whole = Some(record);
        }
        let mut record = whole.unwrap_or_else(|| site::nothing(context, place, self.closed));
        if let Some(last) = waiting {
            self.keep(files, &record, last).await;
        }
        if !carried.is_empty() {
            look_beyond(context, &mut record).await;
            if let Some(keys) = &self.closed.keys {
                record.keys = site::key_facts(context, &record, keys).await;
            }
        }
        record
    }

    /// The days of each, newest first; of one that is known wholly nothing is read but what lies around it.
    fn parts(&self, known: &Arc<BTreeSet<Day>>) -> Vec<Days> {
        let asked_for = &self.ledger.context.days;
        let mut parts = Vec::new();
        let mut to = asked_for.to;
        for (at, month) in self.firsts.iter().enumerate().rev() {
            let from = if at == 0 { asked_for.from } else { month.first().max(asked_for.from) };
            parts.push(Days { from, to, known: Arc::clone(known) });
            let Some(before) = from.and_then(|from| from.neighbours().find(|near| *near < from)) else {
                break;
            };
            to = Some(before);
        }
        parts
    }

    /// Keeps what may be kept of days that were read, and lets go of what was kept of the others.
    async fn keep(&self, files: &mut Files, record: &SiteRecord, fresh: Fresh) {
        let SiteLedger { context, place, .. } = self.ledger;
        let Some(keys) = &self.closed.keys else { return };
        if !is_whole(context, record) {
            return;
        }
        let now = self.ledger.now();
        let unsure = unsure(context, record);
        let row = |(day, part): DayPart, listing: &DayListing| {
            let of_day = record.days.get(&day)?;
            let seen = Seen { day, record: of_day, listing, now };
            let sure =
                ![&unsure, &fresh.compared.unsure, &fresh.far_out].iter().any(|days| days.contains(&day));
            let terms = Terms::of(&context.brief, place, &keys.ring, of_day.keys.keys());
            let kms = fresh.compared.kms.get(&day).cloned().unwrap_or_default();
            (sure && may_be_kept(&context.brief, &seen)).then_some(())?;
            Some(Arc::new(Row::new((day, part), now, terms?, (listing, kms), of_day)))
        };
        let mut by_month: BTreeMap<Month, BTreeMap<DayPart, Option<Arc<Row>>>> = BTreeMap::new();
        for (day, listing) in &fresh.listed {
            let Some(part) = ledger::part(&context.brief, *day) else { continue };
            by_month.entry(Month::of(*day)).or_default().insert(part, row(part, listing));
        }
        for (month, rows) in by_month {
            files.update(self.ledger, month, rows).await;
        }
    }
}

/// Whether all of a site was looked at, and nothing failed.
fn is_whole(context: &Context, record: &SiteRecord) -> bool {
    record.completion == Completion::Complete
        && !context.stop.is_set()
        && context.store.condition().outages.is_empty()
        && context.brief.plan.scope.trails.is_empty()
        && record.homes.values().all(|home| {
            home.unlisted.is_empty() && home.log_folders.values().all(|folder| folder.unlisted.is_empty())
        })
}

fn with_carried(mut record: SiteRecord, carried: &CarriedDays) -> SiteRecord {
    for (day, row) in carried {
        record.days.insert(*day, row.record.clone());
        record.carried.insert(*day, row.read_at);
    }
    record
}

/// Digests after the window may name files of days that are carried.
async fn look_beyond(context: &Arc<Context>, record: &mut SiteRecord) {
    let carried = record.carried.keys().filter_map(|day| record.days.get(day));
    let until = carried.filter_map(|day| presence::named_until(context, &record.place, day)).max();
    if let Some(until) = until {
        site::read_beyond(context, record, until).await;
    }
}
