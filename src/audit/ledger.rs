//! Remembers days from run to run: carries into a record what was read before and is listed the same now, has the rest read, and
//! keeps of that what may be kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::{AuditError, Context};
use crate::conclusion::Sealing;
use crate::crypto::{self, Hash};
use crate::inspection::{Plan, SiteView};
use crate::ledger::{LedgerKey, Row, SCHEMA, Whose, origin_folder, places};
use crate::store::ObjectStore as _;
use crate::store::state::{Over, Put, StateStore};
use crate::trail::{AccountRegion, Day, Location, Time};
use crate::verdict::Finding;
use crate::verdict::what::{LedgerFault, What};

mod carry;
mod files;
mod months;

use files::Files;

pub(super) use months::survey;

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
    /// Of each account and region that was looked up, whether days of the window were remembered then.
    looked_up: Mutex<BTreeMap<AccountRegion, Remembered>>,
}

/// Whether digests are remembered of days in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remembered {
    Some,
    None,
}

/// The file that a ledger begins with; what it holds is random.
const ABOUT: &str = "ledger.json";

impl Opened {
    /// Opens what is remembered of the record that `plan` asks for. Whoever may not write there is told so now.
    pub(super) async fn open(ledger: Ledger, plan: &Plan) -> Result<Self, AuditError> {
        let delivered = Location { bucket: Arc::clone(&plan.bucket), prefix: plan.prefix.clone() };
        let about = format!("{}{ABOUT}", origin_folder(&delivered));
        let there = ledger.state.read(&about).await.map_err(AuditError::Ledger)?;
        let is_begun = there.is_some();
        let mut kept = there.map_or_else(|| begun(&delivered), |there| there.bytes);
        // Whoever may write is told that it is there.
        let put = ledger.state.put(&about, &kept, Over::Nothing).await.map_err(AuditError::Ledger)?;
        if put == Put::Overtaken && !is_begun {
            // By another run, just now.
            let there = ledger.state.read(&about).await.map_err(AuditError::Ledger)?;
            kept = there.map_or(kept, |there| there.bytes);
        }
        let names = ledger.state.list(&origin_folder(&delivered)).await.map_err(AuditError::Ledger)?;
        let mut files: BTreeMap<AccountRegion, Vec<String>> = BTreeMap::new();
        for (place, name) in places(&delivered, names.iter().map(String::as_str)) {
            files.entry(place).or_default().push(name);
        }
        Ok(Self { ledger, delivered, salt: Hash::of(&kept), files, looked_up: Mutex::default() })
    }

    /// Who vouches for its rows.
    pub(super) fn sealing(&self) -> Sealing {
        match self.ledger.key {
            LedgerKey::Nobody => Sealing::ByNobody,
            LedgerKey::Secret(_) => Sealing::ByKey,
        }
    }
}

/// What a ledger begins with. Secrets take their time, so one is drawn only where there is none.
fn begun(delivered: &Location) -> Vec<u8> {
    let secret = crypto::random().map(|bytes| Hash::from(bytes).to_string()).unwrap_or_default();
    let about = serde_json::json!({ "schema": SCHEMA, "origin": delivered.to_string(), "secret": secret });
    format!("{about}\n").into_bytes()
}

/// Days that are carried, as they were read.
type CarriedDays = BTreeMap<Day, Arc<Row>>;

/// What a run's ledger remembers of one account and region.
#[derive(Clone, Copy)]
struct SiteLedger<'r> {
    context: &'r Arc<Context>,
    opened: &'r Opened,
    place: &'r AccountRegion,
}

impl<'r> SiteLedger<'r> {
    fn whose(self) -> Whose<'r> {
        Whose { delivered: &self.opened.delivered, place: self.place, key: &self.opened.ledger.key }
    }

    /// A number that nobody can foresee.
    fn draw(self, what: &str) -> u64 {
        let Self { opened, place, .. } = self;
        opened.ledger.key.draw(opened.salt.bytes(), format!("{place:?}\n{what}").as_bytes())
    }

    /// The earlier of this machine's time and the store's.
    fn now(self) -> Time {
        let own = self.context.brief.plan.now;
        self.context.store.clock().map_or(own, |clock| clock.min(own))
    }

    /// Tells what is wrong with a file: the days that it should tell of are read, and it costs no more than that.
    fn tell(self, name: &str, fault: LedgerFault) {
        self.context.tell(Finding::new(What::LedgerRejected { file: name.into(), fault }, self.place));
    }

    /// Reads its files, and notes whether days of the window are remembered.
    async fn look_up(self) -> Files {
        let files = Files::load(self).await;
        let window = &self.context.brief.window;
        let in_window = |day: Day| window.overlaps(&day.span());
        let is_remembered = files.rows().any(|row| in_window(row.day) && !row.record.chains.is_empty());
        let remembered = if is_remembered { Remembered::Some } else { Remembered::None };
        self.opened.note(self.place, remembered);
        files
    }
}

impl Opened {
    fn note(&self, place: &AccountRegion, remembered: Remembered) {
        let mut looked_up = self.looked_up.lock().unwrap_or_else(PoisonError::into_inner);
        looked_up.insert(place.clone(), remembered);
    }

    fn noted(&self, place: &AccountRegion) -> Option<Remembered> {
        self.looked_up.lock().unwrap_or_else(PoisonError::into_inner).get(place).copied()
    }
}

/// Accounts and regions that have days in the window which an earlier run read, as far as no chain here tells of them.
pub(super) async fn who_was_there(context: &Arc<Context>, views: &[SiteView]) -> Vec<AccountRegion> {
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
        if opened.noted(place).is_none() {
            SiteLedger { context, opened, place }.look_up().await;
        }
        if opened.noted(place) == Some(Remembered::Some) {
            there.push(place.clone());
        }
    }
    there
}
