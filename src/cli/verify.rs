//! `trailseal verify`: from words to a plan, from a plan to a report, from a report to bytes and an exit code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use trailseal::audit::{
    self, AuditError, Bounds, Expected, Heard, Load, Observer, Plan, Scope, Stop, Stopper, TrailFilter,
};
use trailseal::chain::Ended;
use trailseal::crypto::KeyRing;
use trailseal::digest::Certainty;
use trailseal::keys::{self, KeySource};
use trailseal::report::Report;
use trailseal::store::copied::Copied;
use trailseal::store::dir::DirStore;
use trailseal::store::{ObjectStore, StoreErrorKind};
use trailseal::trail::source::Within;
use trailseal::trail::{Location, Origin, Region, Time};
use trailseal::verdict::Code;

use super::args::Verify;
use super::exit::Failure;
use super::machine::Machine;
#[cfg(feature = "aws")]
use super::machine::allow_connections;
use super::progress;
use super::source::{self, Source};
use super::time::{End, Moment};

#[cfg(feature = "aws")]
pub(super) mod aws;
mod results;

use results::Results;

/// Bytes of bodies in memory at once.
const BYTES_IN_FLIGHT: u32 = 48 << 20;

/// The word that stands for all regions the account has enabled.
#[cfg(feature = "aws")]
const ENABLED: &str = "enabled";

/// Runs the command.
pub fn run(args: Verify) -> Result<u8, Failure> {
    // Opened before the long work: a result that cannot be written is known at once.
    let (results, refused) = Results::open(&args);
    let judged = match refused {
        Some(failure) => Err(failure),
        None => judge(&args, &results),
    };
    match judged {
        Ok((report, _listens_to_signals)) => results.publish(&report),
        Err(failure) => {
            let unwritten = results.tell_that_it_could_not_run(&args.source, Utc::now());
            Err(unwritten.into_iter().fold(failure, Failure::and))
        }
    }
}

/// Looks at the record and judges it. As long as the machine runs, a second signal ends the program, whatever it does.
fn judge(args: &Verify, results: &Results) -> Result<(Report, Machine), Failure> {
    let now = Utc::now();
    let source = Source::parse(&args.source)?;
    let machine = Machine::start(source.waits_for())?;
    let observer = results.listener(progress::observer(&args.look));
    let mut report = machine.block_on(verify(args, source, now, observer))?;
    report.finished_at = Utc::now();
    report.hints.extend(read_as_utc(args));
    Ok((report, machine))
}

async fn verify(
    args: &Verify,
    source: Source,
    now: Time,
    observer: Arc<dyn Observer>,
) -> Result<Report, Failure> {
    let stop = stop_on_signal();
    let copied_from = args.copied_from.as_deref().map(source::delivered).transpose()?;
    match source {
        Source::Folder { root, named } => {
            let (root, prefix) = match copied_from {
                None => source::raise(root, &named.within),
                Some(_) => (root, String::new()),
            };
            let store = DirStore::open(&root).map_err(|error| {
                Failure::new(format!("cannot read the folder {}: {error}", root.display()))
            })?;
            let keys = KeySource::Files(Arc::new(key_files(&args.keys)?));
            let here = Location::new("folder", prefix);
            let place = copied_from.clone().unwrap_or_else(|| here.clone());
            let mut plan = plan(args, now, place, Origin::Folder)?;
            source::narrow(&mut plan, &named, args)?;
            match copied_from {
                None => audit(plan, store, keys, observer, stop).await,
                Some(delivered) => {
                    audit(plan, Copied { store, delivered, copy: here }, keys, observer, stop).await
                }
            }
        }
        #[cfg(feature = "aws")]
        Source::Bucket { place, named } => {
            allow_connections(args.concurrency);
            let delivered = copied_from.clone().unwrap_or_else(|| place.clone());
            let origin = match copied_from {
                Some(_) => Origin::Copied,
                None => Origin::Delivered,
            };
            let mut plan = plan(args, now, delivered.clone(), origin)?;
            source::narrow(&mut plan, &named, args)?;
            let reach = unless_stopped(&stop, async {
                let reach = aws::Reach::open(&args.access, args.regions.first()).await;
                reach.expect_enabled_regions(args, &mut plan).await?;
                Ok(reach)
            });
            let reach = reach.await?;
            let keys = reach.keys(&args.keys, now)?;
            match copied_from {
                None => audit(plan, reach.store(), keys, observer, stop).await,
                Some(_) => {
                    let store = Copied { store: reach.store(), delivered, copy: place };
                    audit(plan, store, keys, observer, stop).await
                }
            }
        }
        #[cfg(feature = "aws")]
        Source::Trail(arn) => {
            allow_connections(args.concurrency);
            let found = unless_stopped(&stop, async {
                let reach = aws::Reach::open(&args.access, args.regions.first()).await;
                let trail = reach.trail(&arn).await?;
                let mut plan = plan(args, now, trail.place(), Origin::Delivered)?;
                plan.within = trail.within();
                trail.bind(&mut plan);
                reach.expect_enabled_regions(args, &mut plan).await?;
                Ok((reach, plan))
            });
            let (reach, plan) = found.await?;
            let keys = reach.keys(&args.keys, now)?;
            audit(plan, reach.store(), keys, observer, stop).await
        }
        #[cfg(not(feature = "aws"))]
        Source::Bucket { .. } | Source::Trail(_) => {
            Err(Failure::new("this trailseal was built without the feature `aws`: it reads folders only"))
        }
    }
}

async fn audit<S: ObjectStore>(
    plan: Plan,
    store: S,
    keys: KeySource,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Report, Failure> {
    audit::run(plan, Arc::new(store), Arc::new(keys), observer, stop).await.map_err(|error| failure(&error))
}

/// What is known before a run, unless it is to end before that.
#[cfg(feature = "aws")]
pub async fn unless_stopped<T>(
    stop: &Stop,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    stop.before(asking).await.unwrap_or(Err(Failure::interrupted()))
}

/// Why a run could not begin, and what to do about it.
pub fn failure(error: &AuditError) -> Failure {
    match error {
        AuditError::Interrupted => Failure::interrupted(),
        _ => Failure::new(format!("{error}{}", next_step(error))),
    }
}

fn next_step(error: &AuditError) -> &'static str {
    let AuditError::Store(error) = error else { return "" };
    match error.kind {
        StoreErrorKind::NoCredentials => {
            "; give credentials as to any AWS tool: AWS_PROFILE or --profile, environment variables, a role"
        }
        StoreErrorKind::CredentialsExpired => "; renew the credentials, such as with `aws sso login`",
        StoreErrorKind::Denied => "; grant s3:ListBucket on the bucket and s3:GetObject on PREFIX/AWSLogs/*",
        StoreErrorKind::NoSuchBucket => {
            "; check the bucket's name and, for other partitions, the profile's region"
        }
        StoreErrorKind::TimedOut
        | StoreErrorKind::CutOff
        | StoreErrorKind::Faltered
        | StoreErrorKind::Unavailable => "; check the network, the proxy and --endpoint-url",
        StoreErrorKind::NotFound
        | StoreErrorKind::Archived
        | StoreErrorKind::KeyRefused
        | StoreErrorKind::Throttled
        | StoreErrorKind::Oversized
        | StoreErrorKind::Stopped
        | StoreErrorKind::Failed => "",
    }
}

fn plan(args: &Verify, now: Time, place: Location, origin: Origin) -> Result<Plan, Failure> {
    let certainty = match (origin, &args.copied_from) {
        (Origin::Folder, None) => Certainty::KeyOnly,
        _ => Certainty::BucketAndKey,
    };
    let start = match (args.start, args.last) {
        (_, Some(last)) => Some(Moment::Back(last).at(now, End::First)),
        (start, None) => start.map(|moment| moment.at(now, End::First)),
    };
    let end = args.end.map(|moment| moment.at(now, End::Last));
    if let (Some(start), Some(end)) = (start, end)
        && start >= end
    {
        return Err(Failure::new(format!(
            "--start {start} is not before --end {end}; swap them or widen the range"
        )));
    }
    let expected_regions = args
        .expect_regions
        .iter()
        .map(|region| {
            region.parse::<Region>().map_err(|error| Failure::new(format!("--expect-region: {error}")))
        })
        .collect::<Result<BTreeSet<_>, _>>()?;
    Ok(Plan {
        source: args.source.clone(),
        bucket: place.bucket,
        prefix: place.prefix.into(),
        within: Within::Everything,
        bounds: Bounds::default(),
        certainty,
        origin,
        start,
        end,
        now,
        grace: args.grace,
        look_back: args.look_back,
        ended: args.ended.iter().map(|word| ended(word)).collect::<Result<Vec<_>, _>>()?.concat(),
        depth: args.depth.into(),
        scope: Scope {
            trails: args.trails.iter().map(|trail| trail_filter(trail)).collect::<Result<_, _>>()?,
            accounts: args.accounts.iter().copied().collect(),
            regions: args.regions.iter().cloned().collect(),
        },
        expected: Expected {
            regions: expected_regions,
            accounts: args.expect_accounts.iter().copied().collect(),
            newest: None,
        },
        accept: args.accept.iter().copied().collect::<BTreeSet<Code>>(),
        load: Load { requests: usize::from(args.concurrency), bytes: BYTES_IN_FLIGHT },
        arguments: std::env::args().skip(1).collect(),
        notes: Vec::new(),
    })
}

/// Reads one word on an ended chain, or a file of such lines.
fn ended(word: &str) -> Result<Vec<Ended>, Failure> {
    let malformed = match word.parse() {
        Ok(ended) => return Ok(vec![ended]),
        Err(malformed) => malformed,
    };
    if !Path::new(word).is_file() {
        return Err(Failure::new(format!("--ended: {malformed}, and no file of such lines")));
    }
    let text = std::fs::read_to_string(word)
        .map_err(|error| Failure::new(format!("--ended: cannot read {word}: {error}")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.parse().map_err(|malformed| Failure::new(format!("--ended: {word}: {malformed}"))))
        .collect()
}

/// A trail's name, or its ARN: `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`.
fn trail_filter(text: &str) -> Result<TrailFilter, Failure> {
    let wrong = |error| Failure::new(format!("--trail {text}: {error}"));
    match text.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "cloudtrail", region, _, resource] if resource.starts_with("trail/") => Ok(TrailFilter {
            name: resource["trail/".len()..].parse().map_err(wrong)?,
            home_region: Some(region.parse().map_err(wrong)?),
        }),
        _ => Ok(TrailFilter { name: text.parse().map_err(wrong)?, home_region: None }),
    }
}

/// Reads all key files into one ring.
pub fn key_files(paths: &[PathBuf]) -> Result<KeyRing, Failure> {
    let mut ring = KeyRing::default();
    for path in paths {
        ring.merge(keys::read_file(path).map_err(Failure::new)?);
    }
    Ok(ring)
}

/// Ctrl-C and SIGTERM end the run and report what is known; a second one ends the program, and so does the first when the
/// run is over.
pub fn stop_on_signal() -> Stop {
    let (stopper, stop) = Stopper::new();
    tokio::spawn(async move {
        signalled().await;
        if stopper.stop() == Heard::ByTheRun {
            signalled().await;
        }
        std::process::exit(130);
    });
    stop
}

async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A time without an offset was read as UTC; the report says so.
fn read_as_utc(args: &Verify) -> Option<String> {
    let assumed = |moment: Option<Moment>| matches!(moment, Some(Moment::Assumed(_) | Moment::Day(_)));
    (assumed(args.start) || assumed(args.end)).then(|| {
        "Times and dates without an offset were read as UTC; a date given as --end includes its whole day.".to_owned()
    })
}
