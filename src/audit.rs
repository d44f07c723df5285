//! The imperative shell: lists, fetches, and calls judgement in the order of the flow. The only room that knows both
//! the ports and the judgement.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::crypto::KeyRing;
use crate::digest::NamedBy;
use crate::inspection::{Brief, Days, SiteView};
use crate::keys::KeySource;
use crate::report::{Findings, Report};
use crate::store::{Admission, ObjectStore, StoreError};
use crate::trail::{Region, Span};
use crate::verdict::{Class, Code, Finding};

mod advice;
mod assemble;
mod claims;
mod copies;
mod discover;
mod edges;
mod fetch;
mod folders;
mod homes;
mod listing;
mod mill;
mod observer;
mod odd;
mod outage;
mod pages;
mod presence;
mod prove;
mod reading;
mod seams;
mod site;
mod slots;
mod stop;
mod stoppable;
mod task;
mod tree;
mod uncovered;
mod unseen;

use fetch::Try;
use mill::Mill;
use site::Postponed;
use slots::Slots;
use stoppable::Stoppable;
use task::Task;

pub use crate::inspection::{Bounds, Expected, Load, Plan, Scope, TrailFilter};
pub use discover::{Home, Site};
pub use observer::{Event, Observer, Phase, Silent};
pub use prove::prove;
pub use stop::{Heard, Stop, Stopper};

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
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
    /// The very first listing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    store: Stoppable,
    keys: Arc<KeySource>,
    observer: Arc<dyn Observer>,
    stop: Stop,
    admission: Admission,
    slots: Arc<Slots>,
    /// Room for digests from before they are read until their log files have been handed on.
    unfolding: Admission,
    large_digest: Semaphore,
    mill: Mill,
    findings: Mutex<Findings>,
}

impl Context {
    fn new(
        brief: Brief,
        days: Days,
        store: Stoppable,
        keys: Arc<KeySource>,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Arc<Self> {
        Arc::new(Self {
            admission: Admission::new(brief.plan.load.bytes),
            slots: Slots::new(brief.plan.load.requests),
            unfolding: Admission::new(UNFOLDING),
            large_digest: Semaphore::new(1),
            findings: Mutex::default(),
            mill: Mill::new(Arc::clone(&observer), brief.settled_by()),
            brief,
            days,
            store,
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
pub async fn run(
    plan: Plan,
    store: Arc<dyn ObjectStore>,
    keys: Arc<KeySource>,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Report, AuditError> {
    observer.on(Event::Phase(Phase::Discovering));
    let store = Stoppable::new(store, stop.clone());
    let mut found = discover::sites(&store, &plan, &stop).await?;
    if plan.named_by == NamedBy::KeyOnly {
        listing::name_bucket(&store, &plan, &mut found.sites).await;
    }
    let (window, as_of) = listing::window(&store, &plan, &found, &stop).await;
    let context = Context::new(Brief { plan, window, as_of }, Days::default(), store, keys, observer, stop);
    context.observer.on(Event::Phase(Phase::Verifying { sites: found.sites.len() }));
    let mut views = verify_all(&context, found.sites.clone()).await;
    for _round in 0..MOST_SEAMS {
        let beyond = seams::unknown_places(&views);
        if beyond.is_empty() {
            break;
        }
        views.extend(verify_all(&context, beyond).await);
    }
    views.sort_by(|one, other| one.place.cmp(&other.place));
    seams::join(&context, &mut views).await;
    let odd = odd::look(&context, &found).await;
    Ok(assemble::report(&context, &found, odd, views))
}

/// How often links into the folders of other organizations are followed: there and back, and once more.
const MOST_SEAMS: usize = 3;

/// Verifies all sites; those that could not begin for a cause that may pass, once more after the others.
async fn verify_all(context: &Arc<Context>, sites: Vec<Site>) -> Vec<SiteView> {
    let mut views = Vec::new();
    let mut once_more = Vec::new();
    for tried in verify_each(context, sites, Try::First).await {
        match tried {
            Ok(view) => views.push(view),
            Err(Postponed(site)) => once_more.push(site),
        }
    }
    for tried in verify_each(context, once_more, Try::Last).await {
        // The last try is not postponed.
        views.extend(tried);
    }
    views
}

async fn verify_each(
    context: &Arc<Context>,
    sites: Vec<Site>,
    round: Try,
) -> Vec<Result<SiteView, Postponed>> {
    stream::iter(sites)
        .map(|site| {
            let context = Arc::clone(context);
            // A task of its own, so that it runs where the tasks that it waits for run.
            Task::spawn(async move {
                let record = site::survey(&context, site, round).await?;
                Ok(site::judge(&context, record))
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
