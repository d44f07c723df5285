//! The imperative shell: lists, fetches, and calls judgement in the order of the flow. The only room that knows both
//! the ports and the judgement.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::conclusion;
use crate::crypto::KeyRing;
use crate::inspection::SiteView;
use crate::keys::KeySource;
use crate::report::{Completion, Findings, HeldTo, Report};
use crate::store::{Admission, ObjectStore, Outage, RetryCounts, StoreError};
use crate::trail::{AccountRegion, Region, Span};
use crate::verdict::{Class, Code, Finding, Retries};

mod answers;
mod census;
mod discover;
mod edges;
mod fetch;
mod folders;
mod hasher;
mod heads;
mod homes;
mod ledger;
mod listing;
mod margins;
mod observer;
mod odd;
mod pages;
mod ports;
mod presence;
mod prove;
mod reading;
mod seams;
mod shards;
mod site;
mod slots;
mod stop;
mod stoppable;
mod survey;
mod task;
mod tree;
mod unseen;
mod wanted;

use discover::Found;
use fetch::Try;
use hasher::LogHasher;
use slots::Slots;
use stoppable::Stoppable;
use survey::Postponed;
use task::Task;

pub use crate::conclusion::lies_under;
pub use crate::digest::{LogEntry, NamedBy};
pub use crate::inspection::{
    Bounds, Brief, Days, Expected, Home, Load, Mismatch, Plan, RecordError, Selection, Site, SiteRecord,
    TrailFilter,
};
pub use crate::ledger::{LedgerKey, RULES};
pub use crate::trail::Ended;
pub use census::{Census, Extent, census};
pub use ledger::{Carries, Ledger, Reread};
pub use observer::{Event, Observer, Phase, Silent};
pub use ports::Ports;
pub use prove::prove;
pub use shards::{Outline, merge, outline, shard};
pub use stop::{Heard, Stop, Stopper};

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// There is nothing that looks like CloudTrail's.
    #[error(
        "no CloudTrail record under {looked_in}: looked for {}ACCOUNT/CloudTrail-Digest/REGION/ there and in the \
         folders below; name the bucket and prefix the trail delivers to, or the folder that holds AWSLogs/",
        crate::trail::key::ROOT
    )]
    NoRecord {
        /// Where was looked.
        looked_in: String,
    },
    /// An object that is to be proven is not named as CloudTrail names log files.
    #[error(
        "{named} is not named as CloudTrail names log files: \
         [PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/NAME.json.gz"
    )]
    NotALogFile {
        /// The name.
        named: String,
    },
    /// What was to be proven is a digest.
    #[error(
        "{named} is a digest: by itself it proves log files, and it is proven with its chain, by `trailseal verify` of the \
         bucket or folder it lies in; name a log file here"
    )]
    ADigest {
        /// The name.
        named: String,
    },
    /// What is remembered cannot be read or written.
    #[error("the ledger cannot be used: {0}")]
    Ledger(StoreError),
    /// The very first listing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Records say different things of the same.
    #[error("{0}: they are not of one run")]
    Records(#[from] Mismatch),
    /// The store stopped answering while a shard was read.
    #[error(
        "s3://{bucket} stopped answering ({detail}), so this shard is not whole and handed in no part; run it again"
    )]
    Outage {
        /// The bucket.
        bucket: Arc<str>,
        /// What came back.
        detail: String,
    },
    /// It was to end before there was anything to tell.
    #[error("interrupted before there was anything to tell")]
    Interrupted,
}

/// Bytes of digests in memory that wait for their turn to be linked and have their log files read.
const UNFOLDING: NonZeroU32 = NonZeroU32::new(32 << 20).unwrap();

/// What the tasks of one run share: what is asked, and all that touches the world.
struct Context {
    brief: Brief,
    /// The days looked at.
    days: Days,
    /// What is remembered of earlier runs, if anything is.
    ledger: Option<Arc<ledger::Opened>>,
    store: Stoppable,
    keys: Arc<KeySource>,
    observer: Arc<dyn Observer>,
    stop: Stop,
    admission: Admission,
    slots: Arc<Slots>,
    /// Room for digests from before they are read until their log files have been handed on.
    unfolding: Admission,
    large_digest: Semaphore,
    hasher: LogHasher,
    findings: Mutex<Findings>,
}

impl Context {
    fn new(brief: Brief, (days, ledger): (Days, Option<Arc<ledger::Opened>>), ports: Ports) -> Arc<Self> {
        let Ports { store, keys, observer, stop } = ports;
        Arc::new(Self {
            admission: Admission::new(brief.plan.load.bytes),
            slots: Slots::new(brief.plan.load.requests),
            unfolding: Admission::new(UNFOLDING),
            large_digest: Semaphore::new(1),
            findings: Mutex::default(),
            hasher: LogHasher::new(Arc::clone(&observer), brief.grace_cutoff()),
            brief,
            days,
            ledger,
            store: Stoppable::new(store, stop.clone()),
            keys,
            observer,
            stop,
        })
    }

    /// Tells a finding, and keeps it for the report.
    fn tell(&self, finding: Finding) {
        let finding = self.brief.in_its_light(finding);
        self.observer.on(Event::Finding(&finding));
        self.keep(finding);
    }

    /// Keeps a finding for the report that was told before.
    fn keep(&self, finding: Finding) {
        self.told().push(finding);
    }

    /// Counts findings that are not at hand.
    fn count(&self, class: Class, code: Code, count: u64) {
        self.told().count(class, code, count);
    }

    fn told(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells several.
    fn tell_all(&self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.tell(finding));
    }

    /// What was told so far.
    fn take_findings(&self) -> Findings {
        std::mem::take(&mut *self.told())
    }

    /// The keys of a region for digests signed in `span`; none, once the run is to end.
    async fn ring(&self, region: &Region, span: Span) -> Option<Arc<KeyRing>> {
        self.stop.before(self.keys.ring(region, span)).await
    }
}

/// Verifies everything that `plan` asks for. One bad object, region or account never stops the run; it ends early
/// only when `stop` says so, and then reports what it knows. The report's `finished_at` is left at the plan's `now`
/// for the caller, who has the clock.
///
/// # Errors
///
/// Where there is nothing that looks like CloudTrail's, where not even the first folder can be listed, and where it was
/// stopped before there was anything to tell.
pub async fn run(plan: Plan, ports: Ports) -> Result<Report, AuditError> {
    verify(plan, None, ports).await
}

/// The same, remembering days in `ledger`: what an earlier run read, and is listed as it was, is carried into the report; what is
/// read is kept for later runs.
///
/// # Errors
///
/// As for [`run`]; and where the ledger cannot be read, or not be written.
pub async fn run_with_ledger(plan: Plan, ledger: Ledger, ports: Ports) -> Result<Report, AuditError> {
    verify(plan, Some(ledger), ports).await
}

async fn verify(plan: Plan, ledger: Option<Ledger>, ports: Ports) -> Result<Report, AuditError> {
    let (context, found) = begin(plan, (Days::default(), ledger), ports).await?;
    let views = survey_all(&context, found.sites.clone(), site::judge).await;
    Ok(report_on(&context, &found, views).await)
}

/// Reads what `plan` asks for, of `days` alone, and judges nothing: [`conclude`] does, over the records of all days.
///
/// # Errors
///
/// As for [`run`].
pub async fn survey(plan: Plan, days: Days, ports: Ports) -> Result<Vec<SiteRecord>, AuditError> {
    let (context, found) = begin(plan, (days, None), ports).await?;
    Ok(survey_all(&context, found.sites, |_, record| record).await)
}

/// The report on records of all that `plan` asks for, in any order: the same that one run over all days comes to. Lists
/// accounts and regions, and reads only what lies beyond the records.
///
/// # Errors
///
/// As for [`run`]; and where records contradict each other.
pub async fn conclude(plan: Plan, records: Vec<SiteRecord>, ports: Ports) -> Result<Report, AuditError> {
    let (context, found) = begin(plan, (Days::default(), None), ports).await?;
    let mut united = SiteRecord::unite(records)?;
    let sites = found.sites.iter();
    let records =
        sites.map(|site| united.remove(&site.place).unwrap_or_else(|| site::unread(&context, site)));
    let views = records.map(|record| site::judge(&context, record)).collect();
    Ok(report_on(&context, &found, views).await)
}

/// Finds out what is there to be looked at.
async fn begin(
    plan: Plan,
    (days, ledger): (Days, Option<Ledger>),
    ports: Ports,
) -> Result<(Arc<Context>, Found), AuditError> {
    ports.observer.on(Event::Phase(Phase::Discovering));
    let (found, ledger) = tokio::join!(discovered(&plan, &ports), opened(ledger, &plan));
    let (found, ledger) = (found?, ledger?);
    let store = ports.stoppable();
    let (window, as_of) = listing::window(&store, &plan, &found, &ports.stop).await;
    let context = Context::new(Brief { plan, window, as_of }, (days, ledger), ports);
    context.observer.on(Event::Phase(Phase::Verifying { sites: found.sites.len() }));
    Ok((context, found))
}

/// The accounts and regions that are there.
async fn discovered(plan: &Plan, ports: &Ports) -> Result<Found, AuditError> {
    let store = ports.stoppable();
    let mut found = discover::sites(&store, plan, &ports.stop).await?;
    if plan.named_by == NamedBy::KeyOnly {
        listing::name_bucket(&store, plan, &mut found.sites).await;
    }
    Ok(found)
}

/// The ledger, if there is to be one.
async fn opened(ledger: Option<Ledger>, plan: &Plan) -> Result<Option<Arc<ledger::Opened>>, AuditError> {
    match ledger {
        Some(ledger) => Ok(Some(Arc::new(ledger::Opened::open(ledger, plan).await?))),
        None => Ok(None),
    }
}

/// The report on all accounts and regions, with those that links lead to.
async fn report_on(context: &Arc<Context>, found: &Found, mut views: Vec<SiteView>) -> Report {
    for _round in 0..MOST_SEAMS {
        let beyond = seams::unknown_sites(&views);
        if beyond.is_empty() {
            break;
        }
        views.extend(survey_all(context, beyond, site::judge).await);
    }
    views.sort_by(|one, other| one.place.cmp(&other.place));
    seams::join(context, &mut views).await;
    context.tell_all(context.brief.plan.witnessed.clone());
    let held_to = heads::check(context, &views).await;
    let remembered = ledger::who_was_there(context, &views).await;
    let strays = odd::look(context, found).await;
    let tell = |finding: &Finding| context.observer.on(Event::Finding(finding));
    conclusion::conclude(
        &context.brief,
        &went(context, held_to, remembered),
        &found.told(&context.brief.plan, strays),
        context.take_findings(),
        views,
        &tell,
    )
}

/// How the run went.
fn went(context: &Context, held_to: Vec<HeldTo>, remembered: Vec<AccountRegion>) -> conclusion::Run {
    let condition = context.store.condition();
    let mut retries = Retries::default();
    for RetryCounts { throttled, timed_out, cut_off, failed } in [condition.retries, context.keys.retries()] {
        retries.merge(&Retries { throttled, timed_out, cut_off, failed });
    }
    let outages = condition.outages.into_iter();
    conclusion::Run {
        held_to,
        ledger: context.ledger.as_ref().map(|ledger| ledger.sealing()),
        remembered,
        completion: if context.stop.is_set() { Completion::Interrupted } else { Completion::Complete },
        retries,
        outages: outages.map(|Outage { bucket, detail }| conclusion::Outage { bucket, detail }).collect(),
        last_answer: context.store.clock(),
    }
}

/// How often links into the folders of other organizations are followed: there and back, and once more.
const MOST_SEAMS: usize = 3;

/// What becomes of a record.
type Finish<T> = fn(&Context, SiteRecord) -> T;

/// Reads all sites; those that could not begin for a cause that may pass, once more after the others.
async fn survey_all<T: Send + 'static>(
    context: &Arc<Context>,
    sites: Vec<Site>,
    finish: Finish<T>,
) -> Vec<T> {
    let mut done = Vec::new();
    let mut once_more = Vec::new();
    for tried in survey_each(context, sites, Try::First, finish).await {
        match tried {
            Ok(one) => done.push(one),
            Err(Postponed(site)) => once_more.push(site),
        }
    }
    for tried in survey_each(context, once_more, Try::Last, finish).await {
        // The last try is not postponed.
        done.extend(tried);
    }
    done
}

async fn survey_each<T: Send + 'static>(
    context: &Arc<Context>,
    sites: Vec<Site>,
    round: Try,
    finish: Finish<T>,
) -> Vec<Result<T, Postponed>> {
    stream::iter(sites)
        .map(|site| {
            let context = Arc::clone(context);
            // A task of its own, so that it runs where the tasks that it waits for run.
            Task::spawn(async move {
                let record = survey::survey(&context, site, round).await?;
                Ok(finish(&context, record))
            })
        })
        .buffer_unordered(sites_at_once(context))
        .collect()
        .await
}

/// Enough sites to keep all requests busy even when each has but a few digests; few enough that the digests of a
/// year, which stay in memory until they are linked, stay a small part of the memory.
fn sites_at_once(context: &Context) -> usize {
    const DIGESTS_AT_ONCE: i64 = 40_000;
    let hours = match context.brief.window.start() {
        Some(start) => (context.brief.window.end() - start).num_hours().max(1),
        None => 365 * 24,
    };
    (DIGESTS_AT_ONCE / hours).clamp(2, 64) as usize
}
