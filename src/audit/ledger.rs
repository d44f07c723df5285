//! Remembers days from run to run: carries into a record what was read before and is listed the same now, has the rest read, and
//! keeps of that what may be kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use super::answers::{Answers, Compared};
use super::homes::Closed;
use super::presence;
use super::site::{self, DaysRead, read_days};
use super::{AuditError, Context, Event};
use crate::conclusion::Sealing;
use crate::crypto::{self, Hash};
use crate::inspection::{Days, Plan, SiteRecord, SiteView};
use crate::ledger::{
    self, DayListing, DayPart, LedgerKey, Month, Row, Seen, SiteListing, Terms, may_be_kept, origin_folder,
    places,
};
use crate::report::Completion;
use crate::store::ObjectStore as _;
use crate::store::state::{Over, Put, StateStore};
use crate::trail::{AccountRegion, Day, Location, Time};
use crate::verdict::Finding;
use crate::verdict::what::{LedgerFault, What};

mod carry;
mod files;

use files::Files;

/// Where days are remembered, and how far that is believed.
pub struct Ledger {
    /// The place.
    pub state: Arc<dyn StateStore>,
    /// What rows are sealed with.
    pub key: LedgerKey,
    /// What is carried.
    pub carries: Carries,
    /// When a day is read again although nothing shows that it changed.
    pub reread: Reread,
}

/// What is carried from earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Days whose objects are listed as they were when they were read.
    Days,
    /// Nothing: all bytes are needed, or the listing is not to be believed. What is read is kept all the same.
    Nothing,
}

/// When a day is read again although nothing shows that it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reread {
    /// At a moment in the second half of so long a time after its reading that nobody can foresee.
    After(TimeDelta),
    /// Never.
    Never,
    /// By every run.
    Always,
}

/// A ledger that a run has opened.
pub(super) struct Opened {
    ledger: Ledger,
    delivered: Location,
    /// What nobody can foresee is drawn with it, where there is no key.
    salt: Hash,
    files: BTreeMap<AccountRegion, Vec<String>>,
}

/// The file that a ledger begins with; what it holds is random.
const ABOUT: &str = "ledger.json";

impl Opened {
    /// Opens what is remembered of the record that `plan` asks for. Whoever may not write there is told so now.
    pub(super) async fn open(ledger: Ledger, plan: &Plan) -> Result<Self, AuditError> {
        let delivered = Location { bucket: Arc::clone(&plan.bucket), prefix: plan.prefix.clone() };
        let about = format!("{}{ABOUT}", origin_folder(&delivered));
        let kept = ledger.state.read(&about).await.map_err(AuditError::Ledger)?;
        let kept = kept.map_or_else(|| begun(&delivered), |kept| kept.bytes);
        // Whoever may write is told that it is there.
        let put = ledger.state.put(&about, &kept, Over::Nothing).await.map_err(AuditError::Ledger)?;
        let kept = match put {
            Put::Done => kept,
            // By this run's forerunner, or by another one just now.
            Put::Overtaken => {
                let there = ledger.state.read(&about).await.map_err(AuditError::Ledger)?;
                there.map_or(kept, |there| there.bytes)
            }
        };
        let names = ledger.state.list(&origin_folder(&delivered)).await.map_err(AuditError::Ledger)?;
        let mut files: BTreeMap<AccountRegion, Vec<String>> = BTreeMap::new();
        for (place, name) in places(&delivered, names.iter().map(String::as_str)) {
            files.entry(place).or_default().push(name);
        }
        let salt = Hash::of(&kept);
        Ok(Self { ledger, delivered, salt, files })
    }

    /// Who vouches for its rows.
    pub(super) fn sealing(&self) -> Sealing {
        match self.ledger.key {
            LedgerKey::Nobody => Sealing::ByNobody,
            LedgerKey::Secret(_) => Sealing::ByKey,
        }
    }

    /// A number that nobody can foresee.
    fn draw(&self, place: &AccountRegion, what: &str) -> u64 {
        self.ledger.key.draw(self.salt.bytes(), format!("{place:?}\n{what}").as_bytes())
    }
}

/// What a ledger begins with. Secrets take their time, so one is drawn only where there is none.
fn begun(delivered: &Location) -> Vec<u8> {
    let secret = crypto::random().map(|bytes| Hash::from(bytes).to_string()).unwrap_or_default();
    let (schema, origin) = ("trailseal/ledger/v1", delivered.to_string());
    let about = serde_json::json!({ "schema": schema, "origin": origin, "secret": secret });
    format!("{about}\n").into_bytes()
}

/// The earlier of this machine's time and the store's.
fn now(context: &Context) -> Time {
    let own = context.brief.plan.now;
    context.store.clock().map_or(own, |clock| clock.min(own))
}

/// Makes the record of a site, of what is remembered and what is read.
pub(super) async fn survey(
    context: &Arc<Context>,
    opened: &Opened,
    place: &AccountRegion,
    closed: &mut Closed,
) -> SiteRecord {
    let mut files = Files::load(context, opened, place).await;
    let mut carried = carry::choose(context, opened, place, closed, &files).await;
    context.observer.on(Event::DaysCarried(carried.len() as u64));
    loop {
        let mut record = read_months(context, opened, (place, closed), &mut files, &carried).await;
        if carried.is_empty() {
            return record;
        }
        // Whatever does not fit into what is carried is evidence, and evidence is read.
        if !contradicts(context, &record) {
            ledger::close(&mut record, context.brief.plan.named_by, context.brief.reach().start);
            return record;
        }
        carried.clear();
    }
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

/// Days that were read and may be kept, once what they link to is known.
struct Fresh {
    days: Vec<Day>,
    listed: BTreeMap<Day, DayListing>,
    compared: Compared,
    far_out: BTreeSet<Day>,
}

/// Reads a site month by month, newest first, and keeps what was read of each as soon as its neighbour is known: whoever stops the
/// run loses no more than what it was at.
async fn read_months(
    context: &Arc<Context>,
    opened: &Opened,
    (place, closed): (&AccountRegion, &mut Closed),
    files: &mut Files,
    carried: &BTreeMap<Day, Row>,
) -> SiteRecord {
    let known: Arc<BTreeSet<Day>> = Arc::new(carried.keys().copied().collect());
    let mut whole: Option<SiteRecord> = None;
    let mut waiting: Option<Fresh> = None;
    for days in months(context, closed, &known) {
        let answers = Arc::new(Answers::new(context.brief.plan.named_by));
        let read = read_days(context, place, closed, &days, Some(&answers)).await;
        let fresh = fresh(context, place, &days, &closed.digests.by_day(), &read, answers.compare());
        let record = match whole.take() {
            None => with_carried(read.record, carried),
            Some(newer) => match newer.clone().join(read.record) {
                Ok(joined) => joined,
                // Parts of one site that were read by one run are of one kind.
                Err(_) => newer,
            },
        };
        if let Some(newer) = waiting.replace(fresh) {
            keep(context, opened, place, closed, files, (&record, newer)).await;
        }
        whole = Some(record);
    }
    let mut record = whole.unwrap_or_else(|| site::nothing(context, place, closed));
    if let Some(last) = waiting {
        keep(context, opened, place, closed, files, (&record, last)).await;
    }
    if !carried.is_empty() {
        look_beyond(context, &mut record).await;
        if let Some(keys) = &closed.keys {
            record.keys = site::key_facts(context, &record, keys).await;
        }
    }
    record
}

fn with_carried(mut record: SiteRecord, carried: &BTreeMap<Day, Row>) -> SiteRecord {
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

/// The months of the window, newest first; one that is known wholly has nothing read but what lies around it.
fn months(context: &Context, closed: &Closed, known: &Arc<BTreeSet<Day>>) -> Vec<Days> {
    let reach = context.brief.reach();
    let listed = closed.digests.found.iter().map(|digest| Day::of_digest(digest.key.end));
    let window = context.brief.window.start().map(Day::holding);
    let firsts: BTreeSet<Month> =
        listed.chain(window).chain([Day::of_digest(reach.end)]).map(Month::of).collect();
    let mut parts = Vec::new();
    let mut to = context.days.to;
    for (at, month) in firsts.iter().enumerate().rev() {
        let from = if at == 0 { context.days.from } else { month.first().max(context.days.from) };
        parts.push(Days { from, to, known: Arc::clone(known) });
        let Some(before) = from.and_then(|from| from.neighbours().find(|near| *near < from)) else { break };
        to = Some(before);
    }
    parts
}

fn fresh(
    context: &Context,
    place: &AccountRegion,
    days: &Days,
    digests: &SiteListing,
    read: &DaysRead,
    compared: Compared,
) -> Fresh {
    let mut listing = digests.clone();
    listing.merge(read.listing.clone());
    let fresh: Vec<Day> = read.record.days.keys().copied().filter(|day| days.hold(*day)).collect();
    let listed = fresh
        .iter()
        .map(|day| (*day, listing.of_day(place, *day, ledger::extent(&context.brief, *day))))
        .collect();
    Fresh { days: fresh, listed, compared, far_out: read.far_out.clone() }
}

/// Keeps what may be kept of days that were read, and lets go of what was kept of the others.
async fn keep(
    context: &Arc<Context>,
    opened: &Opened,
    place: &AccountRegion,
    closed: &Closed,
    files: &mut Files,
    (record, fresh): (&SiteRecord, Fresh),
) {
    let Some(keys) = &closed.keys else { return };
    let complete = record.completion == Completion::Complete
        && !context.stop.is_set()
        && context.store.condition().outages.is_empty()
        && context.brief.plan.scope.trails.is_empty()
        && record.homes.values().all(|home| {
            home.unlisted.is_empty() && home.log_folders.values().all(|folder| folder.unlisted.is_empty())
        });
    if !complete {
        return;
    }
    let now = now(context);
    let unsure = unsure(context, record);
    let row = |(day, part): DayPart| {
        let (of_day, listing) = (record.days.get(&day)?, fresh.listed.get(&day)?);
        let seen = Seen { day, record: of_day, listing, now };
        let sure = ![&unsure, &fresh.compared.unsure, &fresh.far_out].iter().any(|days| days.contains(&day));
        let terms = Terms::of(&context.brief, place, &keys.ring, of_day.keys.keys());
        let kms = fresh.compared.kms.get(&day).cloned().unwrap_or_default();
        (sure && may_be_kept(&context.brief, &seen)).then_some(())?;
        Some(Row::new((day, part), now, terms?, (listing, kms), of_day))
    };
    let mut by_month: BTreeMap<Month, BTreeMap<DayPart, Option<Row>>> = BTreeMap::new();
    for part in fresh.days.iter().filter_map(|day| ledger::part(&context.brief, *day)) {
        by_month.entry(Month::of(part.0)).or_default().insert(part, row(part));
    }
    for (month, rows) in by_month {
        files.update(context, opened, place, month, rows).await;
    }
}

/// Tells what is wrong with a file of the ledger: the days that it should tell of are read, and it costs no more than that.
fn tell(context: &Context, place: &AccountRegion, name: &str, fault: LedgerFault) {
    context.tell(Finding::new(What::LedgerRejected { file: name.into(), fault }, place));
}

/// Accounts and regions that have days in the window which an earlier run read, as far as no chain here tells of them.
pub(super) async fn who_was_there(context: &Context, views: &[SiteView]) -> Vec<AccountRegion> {
    let Some(opened) = &context.ledger else { return Vec::new() };
    let scope = &context.brief.plan.scope;
    let in_scope = |place: &&AccountRegion| {
        scope.holds_account(place.account) && scope.holds_region(&place.region) && scope.trails.is_empty()
    };
    let has_chains = |place: &&AccountRegion| {
        views.iter().any(|view| {
            view.place == **place && view.linked.iter().any(|linked| linked.chain.is_in_the_window())
        })
    };
    let mut there = Vec::new();
    for place in opened.files.keys().filter(in_scope).filter(|place| !has_chains(place)) {
        let files = Files::load(context, opened, place).await;
        if files
            .rows()
            .any(|row| context.brief.window.overlaps(&row.day.span()) && !row.record.chains.is_empty())
        {
            there.push(place.clone());
        }
    }
    there
}
