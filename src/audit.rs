//! The imperative shell: lists, fetches, and calls judgement in the order of the flow. The only room that knows both
//! the ports and the judgement.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::chain::Ended;
use crate::crypto::KeyRing;
use crate::digest::Certainty;
use crate::keys::KeySource;
use crate::report::{Findings, Report};
use crate::store::{Admission, ObjectStore, StoreError};
use crate::trail::source::Within;
use crate::trail::{AccountId, Depth, Origin, Region, Span, Time, Window};
use crate::verdict::{Class, Code, Finding};

mod advice;
mod assemble;
mod claims;
mod copies;
mod discover;
mod edges;
mod fetch;
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
mod smallest;
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

pub use discover::{Bounds, Home, Site};
pub use observer::{Event, Observer, Phase, Silent};
pub use prove::prove;
pub use stop::{Heard, Stop, Stopper};

/// What is asked for, wholly and checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The source as the caller named it.
    pub source: String,
    /// The bucket; for a folder a name that stands for it.
    pub bucket: Arc<str>,
    /// What the keys in question begin with: empty, or ending in a slash.
    pub prefix: String,
    /// Which part of what lies there: nothing above or beside it is listed.
    pub within: Within,
    /// How far the search for it goes.
    pub bounds: Bounds,
    /// What of a digest's place can be compared.
    pub certainty: Certainty,
    /// Where the objects lie.
    pub origin: Origin,
    /// The first moment asked for; none asks for the whole record.
    pub start: Option<Time>,
    /// The first moment not asked for; none asks for all there is by now.
    pub end: Option<Time>,
    /// The moment of asking.
    pub now: Time,
    /// How long digests and log files may take to arrive.
    pub grace: TimeDelta,
    /// How far before the window to look for chains that have ended since.
    pub look_back: TimeDelta,
    /// Chains that have lawfully ended.
    pub ended: Vec<Ended>,
    /// How closely to look at log files.
    pub depth: Depth,
    /// Which part of the record is in scope.
    pub scope: Scope,
    /// What has to be there.
    pub expected: Expected,
    /// Codes to be lowered to notices.
    pub accept: BTreeSet<Code>,
    /// Codes whose notices are raised to incomplete.
    pub fail_on: BTreeSet<Code>,
    /// How much may be under way.
    pub load: Load,
    /// The command line's words, for the report.
    pub arguments: Vec<String>,
    /// What is known beside the bucket and worth telling with the result, in sentences.
    pub notes: Vec<String>,
}

impl Plan {
    /// Everything there is in `bucket`, by `now`, with nothing expected and nothing accepted.
    pub fn new(source: String, bucket: Arc<str>, certainty: Certainty, now: Time) -> Self {
        Self {
            source,
            bucket,
            prefix: String::new(),
            within: Within::default(),
            bounds: Bounds::default(),
            certainty,
            origin: match certainty {
                Certainty::BucketAndKey => Origin::Delivered,
                Certainty::KeyOnly => Origin::Folder,
            },
            start: None,
            end: None,
            now,
            grace: TimeDelta::hours(3),
            look_back: TimeDelta::days(35),
            ended: Vec::new(),
            depth: Depth::Full,
            scope: Scope::default(),
            expected: Expected::default(),
            accept: BTreeSet::new(),
            fail_on: BTreeSet::new(),
            load: Load::default(),
            arguments: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Which part of the record is in scope. Empty sets put everything in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only chains of these trails; log files are still held against the digests of all trails.
    pub trails: Vec<TrailFilter>,
    /// Only these accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Only these regions.
    pub regions: BTreeSet<Region>,
}

/// A trail as the caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFilter {
    /// Its name.
    pub name: crate::trail::TrailName,
    /// The region it was created in; known from an ARN.
    pub home_region: Option<Region>,
}

impl Scope {
    fn holds_chain(&self, chain: &crate::trail::ChainId) -> bool {
        let fits = |trail: &TrailFilter| {
            trail.name == chain.trail
                && trail.home_region.as_ref().is_none_or(|home| *home == chain.home_region)
        };
        self.trails.is_empty() || self.trails.iter().any(fits)
    }

    fn holds_account(&self, account: AccountId) -> bool {
        self.accounts.is_empty() || self.accounts.contains(&account)
    }

    fn holds_region(&self, region: &Region) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }
}

/// What the caller says has to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Every account found has to have digests in these regions.
    pub regions: BTreeSet<Region>,
    /// These accounts have to have digests.
    pub accounts: BTreeSet<AccountId>,
    /// The newest digest has to be as new as this, by the trail's own status.
    pub newest: Option<Time>,
}

/// How much may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests, at most; a run begins with fewer and takes more while answers are slow.
    pub requests: NonZeroUsize,
    /// Bytes of bodies in memory.
    pub bytes: NonZeroU32,
}

impl Default for Load {
    /// 256 requests, 48 MiB.
    fn default() -> Self {
        const REQUESTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();
        const BYTES: NonZeroU32 = NonZeroU32::new(48 << 20).unwrap();
        Self { requests: REQUESTS, bytes: BYTES }
    }
}

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

/// What the tasks of one run share.
struct Context {
    plan: Plan,
    window: Window,
    as_of: Time,
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
        plan: Plan,
        (window, as_of): (Window, Time),
        store: Stoppable,
        keys: Arc<KeySource>,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Arc<Self> {
        Arc::new(Self {
            window,
            as_of,
            admission: Admission::new(plan.load.bytes),
            slots: Slots::new(plan.load.requests),
            unfolding: Admission::new(UNFOLDING),
            large_digest: Semaphore::new(1),
            findings: Mutex::default(),
            mill: Mill::new(Arc::clone(&observer), settled_by(as_of, &plan)),
            plan,
            store,
            keys,
            observer,
            stop,
        })
    }

    /// Tells a finding, and keeps it for the report.
    fn tell(&self, mut finding: Finding) {
        let named_and_absent = match finding.code {
            Code::LogPending => finding.digest.is_some(),
            code => code == Code::DigestPending,
        };
        if named_and_absent && finding.class == Class::Notice && self.is_an_old_copy() {
            finding.class = Class::Incomplete;
            finding.message.push_str(
                " at the time of the newest object here, but this copy is old: it was not copied, or it was removed",
            );
        }
        self.observer.on(Event::Finding(&finding));
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
    }

    /// A copy judged as of its own newest object, long ago: what it lacks will not come any more.
    fn is_an_old_copy(&self) -> bool {
        let Plan { origin, end, now, grace, .. } = &self.plan;
        *origin == Origin::Folder && end.is_none() && *now - self.as_of > *grace
    }

    /// Tells several.
    fn tell_all(&self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.tell(finding));
    }

    /// What was told so far.
    fn take_findings(&self) -> Findings {
        std::mem::take(&mut *self.findings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was delivered after this may still be under way.
    fn settled_by(&self) -> Time {
        settled_by(self.as_of, &self.plan)
    }

    /// The keys of a region for digests signed in `span`; none, once the run is to end.
    async fn ring(&self, region: &Region, span: Span) -> Option<Arc<KeyRing>> {
        self.stop.before(self.keys.ring(region, span)).await
    }
}

fn settled_by(as_of: Time, plan: &Plan) -> Time {
    as_of.checked_sub_signed(plan.grace).unwrap_or(Time::MIN_UTC)
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
    if plan.certainty == Certainty::KeyOnly {
        listing::name_bucket(&store, &plan, &mut found.sites).await;
    }
    let held_to = listing::window(&store, &plan, &found, &stop).await;
    let context = Context::new(plan, held_to, store, keys, observer, stop);
    context.observer.on(Event::Phase(Phase::Verifying { sites: found.sites.len() }));
    let mut outcomes = verify_all(&context, found.sites.clone()).await;
    for _round in 0..MOST_SEAMS {
        let beyond = seams::unknown_places(&outcomes);
        if beyond.is_empty() {
            break;
        }
        outcomes.extend(verify_all(&context, beyond).await);
    }
    outcomes.sort_by(|one, other| one.site.place.cmp(&other.site.place));
    seams::join(&context, &mut outcomes).await;
    let odd = odd::look(&context, &found).await;
    Ok(assemble::report(&context, &found, odd, outcomes))
}

/// How often links into the folders of other organizations are followed: there and back, and once more.
const MOST_SEAMS: usize = 3;

/// Verifies all sites; those that could not begin for a cause that may pass, once more after the others.
async fn verify_all(context: &Arc<Context>, sites: Vec<Site>) -> Vec<site::Outcome> {
    let mut outcomes = Vec::new();
    let mut once_more = Vec::new();
    for tried in verify_each(context, sites, Try::First).await {
        match tried {
            Ok(outcome) => outcomes.push(outcome),
            Err(Postponed(site)) => once_more.push(site),
        }
    }
    for tried in verify_each(context, once_more, Try::Last).await {
        // The last try is not postponed.
        outcomes.extend(tried);
    }
    outcomes
}

async fn verify_each(
    context: &Arc<Context>,
    sites: Vec<Site>,
    round: Try,
) -> Vec<Result<site::Outcome, Postponed>> {
    stream::iter(sites)
        .map(|site| {
            let context = Arc::clone(context);
            // A task of its own, so that it runs where the tasks that it waits for run.
            Task::spawn(async move { site::verify(&context, site, round).await })
        })
        .buffer_unordered(sites_at_once(context))
        .collect()
        .await
}

/// Enough sites to keep all requests busy even when each has but a few digests; few enough that the digests of a
/// year, which stay in memory until they are linked, stay a small part of the memory.
fn sites_at_once(context: &Context) -> usize {
    const DIGESTS_AT_ONCE: i64 = 40_000;
    let hours = match context.window.start() {
        Some(start) => (context.window.end() - start).num_hours().max(1),
        None => 365 * 24,
    };
    (DIGESTS_AT_ONCE / hours).clamp(2, 64) as usize
}
