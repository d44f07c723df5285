//! `trailseal verify`: from words to a plan, from a plan to a report, from a report to bytes and an exit code.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{self, Heard, Ledger, Observer, Plan, Ports, Stop, Stopper};
use crate::crypto::KeyRing;
use crate::keys::{self, KeySource};
use crate::report::{Hint, Report};
use crate::store::ObjectStore;
use crate::store::copied::Copied;
use crate::store::dir::DirStore;
use crate::trail::source::Named;
use crate::trail::{Identity, Location, Origin, Time, UNKNOWN_BUCKET};
use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use super::args::{ExpectedRegion, Verify};
use super::exit::{self, Failure};
use super::failed::{Advice, failure};
use super::machine::Machine;
#[cfg(feature = "aws")]
use super::machine::allow_connections;
use super::progress;
#[cfg(feature = "aws")]
use super::source::Reached;
use super::source::{self, Source};

#[cfg(feature = "aws")]
pub(super) mod aws;
mod ledger;
mod plan;
mod results;
mod seal_keys;
mod witness;

use plan::{belongs_here, plan, read_as_utc};
use results::Results;
use seal_keys::SealKeys;
use witness::{Place, Witnesses};

/// Runs the command.
pub fn run(args: Verify) -> Result<u8, Failure> {
    // Opened before the long work: a result that cannot be written is known at once.
    let (results, refused) = Results::open(&args);
    let judged = match refused {
        Some(failure) => Err(failure),
        None => judge(&args, &results),
    };
    match judged {
        Ok(Judged { report, witnesses, machine }) => {
            let published = results.publish(&report, &args.look);
            // Last: a seal speaks of a report that is there.
            let unsealed = machine.block_on(witnesses.seal(&report, &args.look));
            match (published, unsealed.is_empty()) {
                (published, true) => published,
                (Ok(code), false) => exit::settle(code, unsealed),
                (Err(failure), false) => Err(unsealed.into_iter().fold(failure, Failure::and)),
            }
        }
        Err(failure) => {
            let unwritten = results.tell_that_it_could_not_run(&args.source, Utc::now(), failure.code());
            Err(unwritten.into_iter().fold(failure, Failure::and))
        }
    }
}

/// What a run came to. As long as the machine runs, a second signal ends the program, whatever it does.
struct Judged {
    report: Report,
    witnesses: Witnesses,
    machine: Machine,
}

/// Looks at the record and judges it.
fn judge(args: &Verify, results: &Results) -> Result<Judged, Failure> {
    let now = Utc::now();
    let source = Source::parse(&args.source)?;
    let machine = Machine::start(source.waits_for())?;
    let observer = results.listener(progress::observer(&args.look));
    let (mut report, witnesses) = machine.block_on(verify(args, source, now, observer))?;
    report.finished_at = Utc::now();
    report.hints.extend(read_as_utc(args).map(Hint::Said));
    Ok(Judged { report, witnesses, machine })
}

async fn verify(
    args: &Verify,
    source: Source,
    now: Time,
    observer: Arc<dyn Observer>,
) -> Result<(Report, Witnesses), Failure> {
    let stop = stop_on_signal();
    let seal_keys = SealKeys::read(args)?;
    let copied_from = args.copied_from.as_deref().map(source::delivered).transpose()?;
    let Opened { mut plan, store, keys, ledger, places, advice, identity } = match source {
        Source::Folder { root, named } => {
            folder((args, &seal_keys), now, (root, named), copied_from, &stop).await?
        }
        #[cfg(feature = "aws")]
        Source::Bucket { place, named, reached } => {
            if reached == Reached::ThroughAccessPoint && copied_from.is_none() {
                return Err(source::behind_access_point(&args.source, &place));
            }
            unless_stopped(&stop, bucket((args, &seal_keys), now, (place, named), copied_from)).await?
        }
        #[cfg(feature = "aws")]
        Source::Trail(arn) => unless_stopped(&stop, trail((args, &seal_keys), now, &arn)).await?,
        #[cfg(not(feature = "aws"))]
        Source::Bucket { .. } | Source::Trail(_) => {
            return Err(Failure::new(
                "this trailseal was built without the feature `aws`: it reads folders only",
            ));
        }
    };
    belongs_here(args, &plan)?;
    let memory = ledger.as_ref().map(|ledger| Arc::clone(&ledger.state));
    let asked = Witnesses::open(args, &mut plan, seal_keys, places, memory);
    let witnesses = unless_stopped(&stop, asked).await?;
    let ports = Ports { store, keys: Arc::new(keys), observer, stop };
    let run = async {
        match ledger {
            None => audit::run(plan, ports).await,
            Some(ledger) => audit::run_with_ledger(plan, ledger, ports).await,
        }
    };
    let (report, identity) = tokio::join!(run, identity);
    let report = report.map_err(|error| failure(&error, &advice))?;
    Ok((Report { identity, ..report }, witnesses))
}

/// All that a run takes, ready.
struct Opened {
    plan: Plan,
    store: Arc<dyn ObjectStore>,
    keys: KeySource,
    /// Where days are remembered, if anywhere.
    ledger: Option<Ledger>,
    /// Where seals are kept.
    places: Vec<Place>,
    advice: Advice,
    /// Who asks, asked beside the run.
    identity: BoxFuture<'static, Option<Identity>>,
}

/// The copy of a record as it was delivered, if it is one.
fn delivered(store: impl ObjectStore, copy: Location, copied_from: Option<Location>) -> Arc<dyn ObjectStore> {
    match copied_from {
        None => Arc::new(store),
        Some(delivered) => Arc::new(Copied { store: Arc::new(store), delivered, copy }),
    }
}

async fn folder(
    (args, seal_keys): (&Verify, &SealKeys),
    now: Time,
    (root, named): (PathBuf, Named),
    copied_from: Option<Location>,
    stop: &Stop,
) -> Result<Opened, Failure> {
    ledger::refuse_for_folder(args)?;
    let (root, prefix) = match copied_from {
        None => source::raise(root, &named.within),
        Some(_) => (root, String::new()),
    };
    let store = DirStore::open(&root)
        .map_err(|error| Failure::new(format!("cannot read the folder {}: {error}", root.display())))?;
    let keys = KeySource::Files(Arc::new(key_files(&args.keys)?));
    let here = Location::new(UNKNOWN_BUCKET, prefix);
    let place = copied_from.clone().unwrap_or_else(|| here.clone());
    let mut plan = plan(args, seal_keys, now, place, Origin::Folder)?;
    source::narrow(&mut plan, &named, args)?;
    if args.expect_regions.contains(&ExpectedRegion::Enabled) {
        ask_for_enabled_regions(args, &mut plan, stop).await?;
    }
    let store = delivered(store, here, copied_from);
    let places = places_beside_a_folder(args, &mut plan, stop).await?;
    // Nobody is asked who reads a folder.
    let advice = Advice::default();
    Ok(Opened { plan, store, keys, ledger: None, places, advice, identity: ready(None).boxed() })
}

#[cfg(feature = "aws")]
async fn bucket(
    (args, seal_keys): (&Verify, &SealKeys),
    now: Time,
    (place, named): (Location, Named),
    copied_from: Option<Location>,
) -> Result<Opened, Failure> {
    allow_connections(args.concurrency.get());
    let origin = match copied_from {
        Some(_) => Origin::Copied,
        None => Origin::Delivered,
    };
    let mut plan = plan(args, seal_keys, now, copied_from.clone().unwrap_or_else(|| place.clone()), origin)?;
    source::narrow(&mut plan, &named, args)?;
    let reach = aws::AwsClients::open(&args.access, args.regions.first()).await?;
    reach.expect_enabled_regions(args, &mut plan).await?;
    let store = delivered(reach.store(), place, copied_from);
    reach.opened((args, seal_keys), now, plan, store).await
}

#[cfg(feature = "aws")]
async fn trail((args, seal_keys): (&Verify, &SealKeys), now: Time, arn: &str) -> Result<Opened, Failure> {
    allow_connections(args.concurrency.get());
    let reach = aws::AwsClients::open(&args.access, args.regions.first()).await?;
    let trail = reach.trail(arn).await?;
    let mut plan = plan(args, seal_keys, now, trail.place(), Origin::Delivered)?;
    plan.within = trail.within();
    trail.bind(&mut plan);
    reach.expect_enabled_regions(args, &mut plan).await?;
    let store = Arc::new(reach.store());
    reach.opened((args, seal_keys), now, plan, store).await
}

/// Even of a folder the account can be asked which regions it has enabled, if the caller says so.
#[cfg(feature = "aws")]
async fn ask_for_enabled_regions(args: &Verify, plan: &mut Plan, stop: &Stop) -> Result<(), Failure> {
    let asked = async {
        let reach = aws::AwsClients::open(&args.access, args.regions.first()).await?;
        reach.expect_enabled_regions(args, plan).await
    };
    unless_stopped(stop, asked).await
}

#[cfg(not(feature = "aws"))]
async fn ask_for_enabled_regions(_: &Verify, _: &mut Plan, _: &Stop) -> Result<(), Failure> {
    Err(Failure::new(
        "--expect-region enabled asks AWS, and this trailseal was built without the feature `aws`: name the regions",
    ))
}

/// The places of witnesses of a folder: they may be buckets.
#[cfg(feature = "aws")]
async fn places_beside_a_folder(args: &Verify, plan: &mut Plan, stop: &Stop) -> Result<Vec<Place>, Failure> {
    let reach = async |home| {
        allow_connections(args.concurrency.get());
        Ok(aws::AwsClients::open(&args.access, args.regions.first()).await?.state(home))
    };
    unless_stopped(stop, ledger::witnesses(args, plan, reach)).await
}

#[cfg(not(feature = "aws"))]
async fn places_beside_a_folder(args: &Verify, plan: &mut Plan, _: &Stop) -> Result<Vec<Place>, Failure> {
    let reach = async |home| -> Result<crate::store::state::DirState, Failure> {
        Err(Failure::new(format!(
            "{home} is a bucket, and this trailseal was built without the feature `aws`: name a folder"
        )))
    };
    ledger::witnesses(args, plan, reach).await
}

/// What is known before a run, unless it is to end before that.
pub async fn unless_stopped<T>(
    stop: &Stop,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    stop.before(asking).await.unwrap_or(Err(Failure::interrupted()))
}

/// Reads all key files into one ring. A word that is no file may be several, with commas between them.
pub fn key_files(words: &[PathBuf]) -> Result<KeyRing, Failure> {
    let mut ring = KeyRing::default();
    for path in words.iter().flat_map(|word| files(word)) {
        ring.merge(keys::read_file(&path).map_err(Failure::new)?);
    }
    Ok(ring)
}

fn files(word: &Path) -> Vec<PathBuf> {
    match word.to_str().filter(|text| text.contains(',') && !word.exists()) {
        Some(text) => text.split(',').map(PathBuf::from).collect(),
        None => vec![word.to_owned()],
    }
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
