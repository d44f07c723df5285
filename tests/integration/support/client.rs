//! trailseal's own side: sessions that reach the server, and runs that keep every verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use trailseal::audit::{self, AuditError, Event, Observer, Plan, Ports, Stopper};
use trailseal::aws::{RequestPolicy, Session};
use trailseal::keys::KeySource;
use trailseal::keys::aws::ListPublicKeys;
use trailseal::keys::source::AskedKeys;
use trailseal::report::{Class, Retries};
use trailseal::report::{Hint, Report};
use trailseal::store::s3::S3Store;

use super::server::Server;

/// Patience for what passes: long enough for a busy machine, short enough to wait for.
pub fn quick() -> RequestPolicy {
    RequestPolicy {
        answer_timeout: Duration::from_millis(400),
        first_pause: Duration::from_millis(2),
        longest_pause: Duration::from_millis(10),
        ..RequestPolicy::default()
    }
}

/// Patience for what does not pass.
pub fn brief() -> RequestPolicy {
    RequestPolicy {
        retry_for: Duration::from_millis(20),
        gone_after: Duration::from_millis(200),
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        ..quick()
    }
}

/// A configuration that reads nothing from the environment.
pub fn config(server: &Server, credentials: SharedCredentialsProvider) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(server.url())
        .credentials_provider(credentials)
        .build()
}

pub fn session(server: &Server, load: RequestPolicy) -> Session {
    let credentials = Credentials::new("AKIDTEST", "secret", None, None, "test");
    Session::over(config(server, SharedCredentialsProvider::new(credentials)), None, load)
}

/// The same without a network, on whatever clock the caller's runtime has.
pub fn wired(server: &Server, load: RequestPolicy) -> Session {
    let credentials = Credentials::new("AKIDTEST", "secret", None, None, "test");
    let config = config(server, SharedCredentialsProvider::new(credentials));
    Session::over(config.into_builder().http_client(server.wire()).build(), None, load)
}

/// A runtime whose clock jumps while everybody waits.
pub fn timeless() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// The report without what it says of how often requests were sent again.
pub fn undisturbed(mut report: Report) -> Report {
    report.totals.retries = Retries::default();
    report.hints.retain(|hint| !matches!(hint, Hint::Retried(_)));
    report
}

/// What came of a run whose waiting took no time, and how long it would have taken.
pub struct Timed {
    pub outcome: Result<Report, AuditError>,
    pub took: Duration,
}

/// Runs `plan` over `server`, with the keys that it lists, on a clock that jumps while everybody waits. Asks the run to end
/// when that clock shows so much.
pub fn timed(server: &Server, plan: Plan, load: RequestPolicy, stop_after: Option<Duration>) -> Timed {
    let session = wired(server, load);
    let keys = KeySource::Aws(Box::new(AskedKeys::new(ListPublicKeys::new(&session), plan.now)));
    timeless().block_on(async {
        let began = tokio::time::Instant::now();
        let (stopper, stop) = Stopper::new();
        let run = audit::run(plan, Ports::unwatched(Arc::new(S3Store::new(&session)), Arc::new(keys), stop));
        let stopping = async {
            if let Some(time) = stop_after {
                tokio::time::sleep(time).await;
                stopper.stop();
            }
            std::future::pending().await
        };
        let outcome = tokio::select! {
            outcome = run => outcome,
            () = stopping => unreachable!(),
        };
        Timed { outcome, took: began.elapsed() }
    })
}

/// A report, and what was said of every object.
#[derive(Debug)]
pub struct Run {
    pub report: Report,
    /// The codes of an object's findings, notices left out, or its verdict where no finding speaks of it alone; none
    /// for one that was verified and holds.
    pub objects: BTreeMap<String, BTreeSet<&'static str>>,
}

/// Runs `plan` over `server`.
pub fn run(server: &Server, plan: Plan, keys: KeySource, load: RequestPolicy) -> Run {
    let session = session(server, load);
    let seen = Arc::new(Seen::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime
        .block_on(async {
            let store = Arc::new(S3Store::new(&session));
            let (_stopper, stop) = Stopper::new();
            audit::run(plan, Ports { store, keys: Arc::new(keys), observer: seen.clone(), stop }).await
        })
        .unwrap();
    let mut objects: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.class() != Class::Notice) {
        if let Some(object) = &finding.object {
            objects.entry(object.to_string()).or_default().insert(finding.code().as_str());
        }
    }
    for (object, verdict) in std::mem::take(&mut *seen.verdicts.lock().unwrap()) {
        let codes = objects.entry(object).or_default();
        if codes.is_empty() && !matches!(verdict, "authentic" | "intact") {
            codes.insert(verdict);
        }
    }
    Run { report, objects }
}

#[derive(Default)]
struct Seen {
    verdicts: Mutex<BTreeMap<String, &'static str>>,
}

impl Observer for Seen {
    fn on(&self, event: Event<'_>) {
        let (object, verdict) = match event {
            Event::Digest { object, verdict, .. } => (object, verdict.as_str()),
            Event::Log { object, verdict, .. } => (object, verdict.as_str()),
            Event::AbsentDigest { .. }
            | Event::Phase(_)
            | Event::DigestsListed(_)
            | Event::LogsNamed(_)
            | Event::Finding(_)
            | Event::DaysCarried(_)
            | Event::SiteDone => return,
        };
        self.verdicts.lock().unwrap().insert(object.to_string(), verdict);
    }
}
