//! `trailseal verify`: from words to a plan, from a plan to a report, from a report to bytes and an exit code.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use trailseal::audit::{self, AuditError, Expected, Load, Observer, Plan, Scope, Stop, Stopper, TrailFilter};
use trailseal::crypto::KeyRing;
use trailseal::digest::Certainty;
use trailseal::keys::{self, KeySource};
use trailseal::render::aws_cli::Transcript;
use trailseal::render::{self, Format, csv, human, jsonl};
use trailseal::report::Report;
use trailseal::store::copied::{Copied, Place};
use trailseal::store::dir::DirStore;
use trailseal::store::{ObjectStore, StoreErrorKind};
use trailseal::trail::{Region, Time};
use trailseal::verdict::Code;

use super::args::{Depth, Form, Verify};
use super::exit::Failure;
use super::machine::{self, WaitsFor};
use super::objects::{Objects, Table};
use super::output::{self, Output};
use super::progress;
use super::time::{End, Moment};

#[cfg(feature = "aws")]
pub(super) mod aws;

/// Bytes of bodies in memory at once.
const BYTES_IN_FLIGHT: u32 = 48 << 20;

/// The word that stands for all regions the account has enabled.
const ENABLED: &str = "enabled";

/// Runs the command.
pub fn run(args: Verify) -> Result<u8, Failure> {
    let now = Utc::now();
    // Opened before the long work: a result that cannot be written is known at once.
    let output = Output::open(args.output.as_deref())?;
    let others = args
        .reports
        .iter()
        .map(|(format, path)| Ok((*format, Output::open(Some(path))?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let source = Source::parse(&args.source)?;
    let runtime = machine::runtime(source.waits_for())?;
    let observer = progress::observer(&args.look);
    let layout = output::layout(&args.look, args.output.as_deref());
    let told = |report: Result<Report, Failure>| -> Result<Report, Failure> {
        let mut report = report?;
        report.finished_at = Utc::now();
        report.hints.extend(read_as_utc(&args));
        Ok(report)
    };
    let report = match table(&args, output)? {
        Told::Afterwards(format, output) => {
            let report = told(runtime.block_on(verify(&args, source, now, observer)))?;
            output.write(|out| render::write(format, &report, &layout, out))?;
            report
        }
        Told::Meanwhile(table) => {
            let objects = Arc::new(Objects::new(table, observer));
            let report = told(runtime.block_on(verify(&args, source, now, objects.clone())))?;
            let (table, written) = objects.take();
            if let Some(writer) = table.map(|table| table.finish(&report)) {
                match (writer, written) {
                    (Ok(writer), written) => writer.finish(written)?,
                    (Err(error), _) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    (Err(error), _) => return Err(Failure::new(format!("cannot write the result: {error}"))),
                }
            }
            report
        }
    };
    // What is still under way belongs to a run that was stopped; nobody waits for it.
    runtime.shutdown_background();
    for (format, output) in others {
        output.write(|out| render::write(format, &report, &human::Options::default(), out))?;
    }
    Ok(report.exit_code())
}

/// When the result is told.
enum Told {
    /// When the run is over.
    Afterwards(Format, Output),
    /// While it goes on.
    Meanwhile(Table),
}

fn table(args: &Verify, output: Output) -> Result<Told, Failure> {
    match (args.objects, args.format) {
        (false, Form::Report(format)) => Ok(Told::Afterwards(format, output)),
        (false, Form::AwsCli) if args.depth == Depth::Full => {
            Ok(Told::Meanwhile(Table::AwsCli(Transcript::default(), output.begin())))
        }
        (false, Form::AwsCli) => Err(Failure::new(
            "--format aws-cli goes with --depth full alone: validate-logs reads every log file",
        )),
        (true, Form::Report(Format::Jsonl)) => {
            Ok(Told::Meanwhile(Table::Jsonl(jsonl::Stream::new(output.begin()))))
        }
        (true, Form::Report(Format::Csv)) => match csv::Objects::new(output.begin()) {
            Ok(table) => Ok(Told::Meanwhile(Table::Csv(table))),
            Err(error) => Err(Failure::new(format!("cannot write the result: {error}"))),
        },
        (true, format) => {
            Err(Failure::new(format!("--objects goes with --format jsonl or csv, not {format}")))
        }
    }
}

async fn verify(
    args: &Verify,
    source: Source,
    now: Time,
    observer: Arc<dyn Observer>,
) -> Result<Report, Failure> {
    let stop = stop_on_signal();
    let copied_from = args.copied_from.as_deref().map(bucket_and_prefix).transpose()?;
    match source {
        Source::Folder(path) => {
            let store = DirStore::open(&path)
                .map_err(|error| Failure::new(format!("cannot read the folder {path}: {error}")))?;
            let keys = KeySource::Files(Arc::new(key_files(&args.keys)?));
            let here = Place { bucket: "folder".into(), prefix: String::new() };
            match copied_from {
                None => audit(plan(args, now, here, Certainty::KeyOnly)?, store, keys, observer, stop).await,
                Some(delivered) => {
                    let plan = plan(args, now, delivered.clone(), Certainty::BucketAndKey)?;
                    audit(plan, Copied { store, delivered, copy: here }, keys, observer, stop).await
                }
            }
        }
        #[cfg(feature = "aws")]
        Source::Bucket(place) => {
            machine::allow_connections(args.concurrency);
            let reach = aws::Reach::open(&args.access, args.regions.first()).await;
            let delivered = copied_from.clone().unwrap_or_else(|| place.clone());
            let mut plan = plan(args, now, delivered.clone(), Certainty::BucketAndKey)?;
            reach.expect_enabled_regions(args, &mut plan).await?;
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
            machine::allow_connections(args.concurrency);
            let reach = aws::Reach::open(&args.access, args.regions.first()).await;
            let trail = reach.trail(&arn).await?;
            let mut plan = plan(args, now, trail.place(), Certainty::BucketAndKey)?;
            trail.bind(&mut plan);
            reach.expect_enabled_regions(args, &mut plan).await?;
            let keys = reach.keys(&args.keys, now)?;
            audit(plan, reach.store(), keys, observer, stop).await
        }
        #[cfg(not(feature = "aws"))]
        Source::Bucket(_) | Source::Trail(_) => {
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
    audit::run(plan, Arc::new(store), Arc::new(keys), observer, stop)
        .await
        .map_err(|error| Failure::new(format!("{error}{}", next_step(&error))))
}

/// What to do about a run that could not begin.
pub fn next_step(error: &AuditError) -> &'static str {
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
        StoreErrorKind::TimedOut | StoreErrorKind::CutOff => {
            "; check the network, the proxy and --endpoint-url"
        }
        StoreErrorKind::NotFound
        | StoreErrorKind::Archived
        | StoreErrorKind::KeyRefused
        | StoreErrorKind::Throttled
        | StoreErrorKind::Oversized
        | StoreErrorKind::Failed => "",
    }
}

/// What the caller points at.
#[cfg_attr(not(feature = "aws"), allow(dead_code))]
enum Source {
    Folder(String),
    Bucket(Place),
    Trail(String),
}

impl Source {
    fn parse(text: &str) -> Result<Self, Failure> {
        if text.starts_with("s3://") {
            return bucket_and_prefix(text).map(Self::Bucket);
        }
        if text.starts_with("arn:") {
            return Ok(Self::Trail(text.to_owned()));
        }
        Ok(Self::Folder(text.to_owned()))
    }

    fn waits_for(&self) -> WaitsFor {
        match self {
            Self::Folder(_) => WaitsFor::Disk,
            Self::Bucket(_) | Self::Trail(_) => WaitsFor::Network,
        }
    }
}

/// Reads `s3://BUCKET[/PREFIX]`. A prefix that goes on into `AWSLogs/` is cut before it.
fn bucket_and_prefix(text: &str) -> Result<Place, Failure> {
    let wrong = || Failure::new(format!("{text} is not s3://BUCKET[/PREFIX]"));
    let rest = text.strip_prefix("s3://").ok_or_else(wrong)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong());
    }
    let prefix = match prefix.find("AWSLogs") {
        Some(at) if at == 0 || prefix.as_bytes()[at - 1] == b'/' => &prefix[..at],
        _ => prefix,
    };
    let prefix = match prefix.trim_end_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    Ok(Place { bucket: bucket.into(), prefix })
}

fn plan(args: &Verify, now: Time, place: Place, certainty: Certainty) -> Result<Plan, Failure> {
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
        prefix: place.prefix,
        certainty,
        start,
        end,
        now,
        grace: args.grace,
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

/// Ctrl-C and SIGTERM end the run and report what is known; a second one ends the program.
pub fn stop_on_signal() -> Stop {
    let (stopper, stop) = Stopper::new();
    tokio::spawn(async move {
        signalled().await;
        stopper.stop();
        signalled().await;
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
