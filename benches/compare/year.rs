//! A year of an organization, all of it carried: a hundred accounts in seventeen regions are 15 million digests and ten times as
//! many log files. None of it lies anywhere. One site is forged and verified; every other is its listing and its ledger under
//! another name, made page by page as they are asked for.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::TimeDelta;
use trailseal::audit::{
    self, Carries, Event, Ledger, LedgerKey, NamedBy, Observer, Plan, Ports, Reread, Stopper,
};
use trailseal::forge;
use trailseal::keys::{self, KeySource};
use trailseal::store::state::DirState;
use trailseal::trail::{Span, Time, parse_time};

use super::contest;
use bucket::Year;
use remembered::Remembered;
use signer::Signer;

mod bucket;
mod remembered;
mod signer;

/// The first midnight of the window.
const START: &str = "2025-01-01T00:00:00Z";

/// How large a year is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub accounts: usize,
    pub regions: usize,
    pub days: u32,
    pub logs_per_hour: u32,
}

impl Size {
    /// A day on each side of the window.
    fn plan(self) -> forge::WorldPlan {
        forge::WorldPlan {
            accounts: self.accounts,
            regions: self.regions,
            hours: (self.days + 2) * 24,
            logs_per_hour: self.logs_per_hour,
            events_per_log: 1,
            turns: [].into(),
            start: start() - TimeDelta::days(1),
            ..forge::WorldPlan::default()
        }
    }

    fn window(self) -> Span {
        Span { start: start(), end: start() + TimeDelta::days(self.days.into()) }
    }

    fn of_one_site(self) -> Self {
        Self { accounts: 1, regions: 1, ..self }
    }
}

fn start() -> Time {
    parse_time(START).unwrap()
}

/// Forges the site, verifies it into a ledger, and measures a run over the whole year in a process of its own.
pub fn run(size: Size) {
    let folder = tempfile::tempdir().unwrap();
    let truth = forge::write_world(&size.of_one_site().plan(), folder.path(), &[]).unwrap();
    bucket::index(folder.path());
    let sites = (size.accounts * size.regions) as u64;
    println!(
        "{} digests and {} log files in {sites} accounts and regions, {} days",
        truth.digests * sites,
        truth.logs * sites,
        size.days
    );
    one(folder.path(), size.of_one_site(), Asks::FirstOfItsKind);
    let rows = [("listed and thrown away", "listing"), ("carried", "carried")];
    println!("{:24} {:>10} {:>10} {:>9}", "", "wall", "CPU", "memory");
    let samples = rows.map(|(name, what)| {
        let mut command = contest::this_program("year");
        command.arg(folder.path()).arg(what);
        for number in [size.accounts, size.regions, size.days as usize, size.logs_per_hour as usize] {
            command.arg(number.to_string());
        }
        let (sample, exit) = contest::measure(name, &mut command);
        assert_eq!(exit, Some(0));
        println!(
            "{name:24} {:>8.1} s {:>8.1} s {:>6} MB",
            sample.wall.as_secs_f64(),
            sample.cpu.as_secs_f64(),
            sample.memory / 1_000_000
        );
        sample
    });
    let [generated, carried] = &samples;
    let own = carried.cpu.saturating_sub(generated.cpu).as_secs_f64();
    println!("{:.2} µs of CPU for each key", own * 1e6 / ((truth.digests + truth.logs) * sites) as f64);
}

/// What a process of this program does with a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Asks {
    /// Reads it, and writes the ledger.
    FirstOfItsKind,
    /// Carries all of it.
    Carried,
    /// Has it made, and looks at nothing: what the making costs.
    Listing,
}

/// One run over a year; prints how long it took.
pub fn one(folder: &Path, size: Size, asks: Asks) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let signer = Signer::new();
    let ring = keys::parse(&signer.beside(&fs::read(folder.join("keys.json")).unwrap()), "forged").unwrap();
    let year = Arc::new(Year::open(folder, &size.plan(), signer));
    let ledger = DirState::open(folder.join("ledger")).unwrap();
    let state = Arc::new(Remembered::new(ledger, Arc::clone(&year), size.window()));
    let began = Instant::now();
    if asks == Asks::Listing {
        runtime.block_on(state.make_all());
        println!("{}", began.elapsed().as_secs_f64());
        return;
    }
    let Span { start, end } = size.window();
    let bucket = forge::WorldPlan::default().bucket;
    let plan = Plan {
        start: Some(start),
        end: Some(end),
        ..Plan::new(format!("s3://{bucket}"), bucket.into(), NamedBy::BucketAndKey, end + TimeDelta::days(10))
    };
    let remembers = Ledger {
        state: state.clone(),
        key: LedgerKey::Nobody,
        carries: Carries::Days,
        reread: Reread::Never,
    };
    let (_stopper, stop) = Stopper::new();
    let ports = Ports {
        observer: Arc::new(Carrying::default()),
        ..Ports::unwatched(year.clone(), Arc::new(KeySource::Files(Arc::new(ring))), stop)
    };
    let report = runtime.block_on(audit::run_with_ledger(plan, remembers, ports)).unwrap();
    assert_eq!(report.exit_code(), 0, "{:#?}", report.findings.iter().take(5).collect::<Vec<_>>());
    let [listed, read] = [&year.pages, &year.objects].map(|count| count.load(Ordering::Relaxed));
    let [asked, written] = [&state.reads, &state.writes].map(|count| count.load(Ordering::Relaxed));
    eprintln!("{listed} pages, {read} objects, {asked} files of the ledger read and {written} written");
    if asks == Asks::Carried {
        let sites = size.accounts * size.regions;
        assert!(read <= 2 * sites as u64, "more was read than what was drawn");
    }
    println!("{}", began.elapsed().as_secs_f64());
}

/// Tells on stderr how far it is.
#[derive(Default)]
struct Carrying(std::sync::atomic::AtomicU64);

impl Observer for Carrying {
    fn on(&self, event: Event<'_>) {
        if let Event::DaysCarried(days) = event {
            let sites = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            if sites.is_multiple_of(100) || days == 0 {
                eprintln!("{sites} sites, {days} days of the last one carried");
            }
        }
    }
}
