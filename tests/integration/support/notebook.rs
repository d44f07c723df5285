//! A ledger of the tests' own, a record for it to remember, and what a run over both is held against.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use tempfile::TempDir;
use trailseal::audit::{self, Carries, Ledger, LedgerKey, Plan, Ports, Reread, Stopper};
use trailseal::forge::{self, World};
use trailseal::keys::{self, KeySource};
use trailseal::render::Format;
use trailseal::report::{NotProven, Report};
use trailseal::store::ObjectStore;
use trailseal::store::state::DirState;
use trailseal::trail::key::{LogKey, ObjectKey};
use trailseal::trail::{Day, ObjectName, Time};

use crate::render_formats::written;
use crate::support::judged::{holds, quiet, same_text};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{self, plan};

/// Four days of one account in two regions, and some hours around them.
pub static WORLD: LazyLock<World> =
    LazyLock::new(|| quiet(120, |plan| plan.start = at("2026-02-28T12:00:00Z")));
/// The first region's file of March, among all in their order.
pub const OF_MARCH: usize = 1;
/// Days of both regions: four, and the hours before and after them.
pub const DAYS: u64 = 12;
/// The digest that ends after the window covers an hour of it and belongs to the next day; and what it names.
pub const OF_THE_LAST_HOUR: (u64, u64) = (0, 0);

pub fn at(text: &str) -> Time {
    trailseal::trail::parse_time(text).unwrap()
}

pub fn memory() -> Memory {
    Memory::new(&WORLD, Keeps::Metadata, 1000)
}

/// Those days, a week after their end.
pub fn closed() -> Plan {
    Plan {
        start: Some(at("2026-03-01T00:00:00Z")),
        end: Some(at("2026-03-05T00:00:00Z")),
        now: at("2026-03-12T00:00:00Z"),
        ..plan(&WORLD.truth())
    }
}

/// A place to remember in, and how.
pub struct Notebook {
    pub folder: TempDir,
    pub key: LedgerKey,
    pub carries: Carries,
    pub reread: Reread,
}

impl Notebook {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            key: LedgerKey::Nobody,
            carries: Carries::Days,
            reread: Reread::After(TimeDelta::days(30)),
        }
    }

    /// One that knows the same.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for file in self.files() {
            let to = copy.folder.path().join(file.strip_prefix(self.folder.path()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, to).unwrap();
        }
        copy
    }

    pub fn open(&self) -> Ledger {
        Ledger {
            state: Arc::new(DirState::open(self.folder.path()).unwrap()),
            key: self.key.clone(),
            carries: self.carries,
            reread: self.reread,
        }
    }

    pub fn run(&self, plan: Plan, store: &Memory) -> Report {
        self.run_over(plan, Arc::new(store.clone()))
    }

    pub fn run_over(&self, plan: Plan, store: Arc<dyn ObjectStore>) -> Report {
        self.run_with(plan, store, &WORLD.keys().json())
    }

    pub fn run_with(&self, plan: Plan, store: Arc<dyn ObjectStore>, keys: &[u8]) -> Report {
        let ring = keys::parse(keys, "keys.json").unwrap();
        let keys = KeySource::Files(Arc::new(ring));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (_stopper, stop) = Stopper::new();
        let run = audit::run_with_ledger(plan, self.open(), Ports::unwatched(store, Arc::new(keys), stop));
        runtime.block_on(run).unwrap()
    }

    /// The files of rows.
    pub fn files(&self) -> Vec<PathBuf> {
        row_files(self.folder.path())
    }

    pub fn edit(&self, file: usize, edit: impl FnOnce(String) -> String) {
        let path = &self.files()[file];
        fs::write(path, edit(fs::read_to_string(path).unwrap())).unwrap();
    }
}

/// The files of rows below a folder, sorted.
pub fn row_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(row_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A small organization with all its turns, and what a ledger knows of it as it was delivered.
pub static DELIVERED: LazyLock<(World, Plan, Notebook)> = LazyLock::new(|| {
    let world = quiet(96, |plan| {
        plan.turns = forge::WorldPlan::default().turns;
        plan.accounts = 2;
    });
    let truth = plan(&world.truth());
    let plan = Plan { now: truth.end.unwrap() + TimeDelta::days(40), ..truth };
    let notebook = Notebook::new();
    let store = Memory::new(&world, Keeps::Metadata, 1000);
    notebook.run_with(plan.clone(), Arc::new(store), &world.keys().json());
    (world, plan, notebook)
});

/// What became of a world that was read before, by what was done to it `then`.
pub fn afterwards(before: &World, after: &World, then: Time) -> Memory {
    let mut store = Memory::new(after, Keeps::Metadata, 1000);
    for (object, stored) in after.objects() {
        // S3 changes metadata by a copy, and dates it so.
        if before.objects().get(object).is_some_and(|before| before.metadata != stored.metadata) {
            store.modified().insert(object.clone(), then);
        }
    }
    store
}

/// What a run that remembers nothing says.
pub fn without(plan: Plan, store: &Memory) -> Report {
    verify::run(plan, store.clone(), &WORLD)
}

/// A report without what it says of earlier readings.
pub fn beside_carrying(report: &Report) -> String {
    let mut report = report.clone();
    report.carried = Default::default();
    report.chains.iter_mut().for_each(|chain| chain.carried = Default::default());
    report
        .not_proven
        .retain(|limit| !matches!(limit, NotProven::CarriedAsListed | NotProven::UnsealedLedger));
    written(Format::Json, &report)
}

#[track_caller]
pub fn same(remembering: &Report, reading: &Report) {
    same_text(&beside_carrying(remembering), &beside_carrying(reading));
}

pub fn moment(object: &ObjectName) -> Time {
    match ObjectKey::parse(&object.key).unwrap() {
        ObjectKey::Digest(digest) => digest.end,
        ObjectKey::Log(log) => log.delivered,
    }
}

/// A log file of that day.
pub fn log_of(store: &mut Memory, day: &str) -> ObjectName {
    let day: Day = day.parse().unwrap();
    let of = |object: &&ObjectName| {
        LogKey::parse(&object.key)
            .is_some_and(|log| Day::holding(log.delivered - TimeDelta::hours(12)) == day)
    };
    store.objects().keys().find(of).unwrap().clone()
}

/// First and second act: all is whole, and remembered.
pub fn two_acts() -> (Notebook, Memory) {
    let (notebook, store) = (Notebook::new(), memory());
    let first = notebook.run(closed(), &store);
    holds(&first, 0, &[]);
    assert_eq!(first.carried.verdicts(), 0);
    store.take_got();
    let second = notebook.run(closed(), &store);
    same(&second, &without(closed(), &memory()));
    assert_eq!(second.carried.days, DAYS);
    assert_eq!((second.read().digests, second.read().logs), OF_THE_LAST_HOUR);
    (notebook, store)
}
