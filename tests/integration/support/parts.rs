//! Runs in parts: cut at midnights, shipped as JSON, joined and concluded, and held against one run over all days.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use trailseal::audit::NamedBy;
use trailseal::audit::{
    self, AuditError, Days, Load, Outline, Plan, Ports, RULES, SiteRecord, Stop, Stopper,
};
use trailseal::forge::{ForgedChain, Turn, World};
use trailseal::keys::KeyRing;
use trailseal::keys::{self, KeySource};
use trailseal::report::Report;
use trailseal::shard::{Lies, Part, PlanId, PlannedSite, RecordAt, ShardPlan, SiteLoad, pack};
use trailseal::store::{ObjectStore, StoreErrorKind};
use trailseal::trail::{AccountRegion, Day, ObjectName, Origin, Time, parse_time};

use super::judged::{far_place, quiet};
use super::memory::{Ask, Faulty, Keeps, Memory};
use super::notebook::Notebook;
use super::resigned;
use super::verify::plan;

/// What a store refuses.
pub type Script = Arc<dyn Fn(Ask<'_>) -> Option<StoreErrorKind> + Send + Sync>;

/// What is looked at, and how.
#[derive(Clone)]
pub struct Case {
    pub store: Memory,
    pub plan: Plan,
    pub ring: Arc<KeyRing>,
    pub script: Option<Script>,
    /// What shards remember in.
    pub notebook: Option<Arc<Notebook>>,
}

impl Case {
    pub fn new(world: &World, keeps: Keeps) -> Self {
        Self::of(world, keeps, Memory::new(world, keeps, 1000))
    }

    /// What became of a world by hand. Digests signed anew by [`resigned`] are authentic, too.
    pub fn of(world: &World, keeps: Keeps, store: Memory) -> Self {
        let plan = plan(&world.truth());
        let plan = match keeps {
            Keeps::Metadata => plan,
            // As a folder: without metadata, and without knowing the bucket.
            Keeps::BodiesOnly => Plan { named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..plan },
        };
        let mut ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
        ring.insert(resigned::key());
        Self { store, plan, ring: Arc::new(ring), script: None, notebook: None }
    }

    /// The days between midnights, all of time.
    pub fn parts(&self, midnights: &[Day]) -> Vec<Days> {
        let mut parts = Vec::new();
        let mut from = None;
        for midnight in midnights {
            let before = midnight.neighbours().next().unwrap();
            parts.push(Days { from, to: Some(before), ..Days::default() });
            from = Some(*midnight);
        }
        parts.push(Days { from, ..Days::default() });
        parts
    }

    fn on<T, F: Future<Output = T>>(
        &self,
        page: usize,
        requests: usize,
        stop: Stop,
        work: impl FnOnce(Plan, Arc<dyn ObjectStore>, Arc<KeySource>, Stop) -> F,
    ) -> T {
        let load = Load { requests: NonZeroUsize::new(requests).unwrap(), ..Load::default() };
        let store = self.store.clone().with_page(page);
        let store: Arc<dyn ObjectStore> = match self.script.clone() {
            None => Arc::new(store),
            Some(script) => Arc::new(Faulty { store, script: move |ask: Ask<'_>| script(ask), late: None }),
        };
        let keys = Arc::new(KeySource::Files(Arc::clone(&self.ring)));
        let work = work(Plan { load, ..self.plan.clone() }, store, keys, stop);
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(work)
    }

    pub fn records(&self, days: Days, page: usize, requests: usize) -> Vec<SiteRecord> {
        let (_stopper, stop) = Stopper::new();
        self.records_until(stop, days, page, requests)
    }

    /// The records of a run that ends when `stop` says so.
    pub fn records_until(&self, stop: Stop, days: Days, page: usize, requests: usize) -> Vec<SiteRecord> {
        let surveyed = self.on(page, requests, stop, |plan, store, keys, stop| {
            audit::survey(plan, days, Ports::unwatched(store, keys, stop))
        });
        surveyed.unwrap()
    }

    pub fn concluded(&self, records: Vec<SiteRecord>) -> Report {
        self.conclude(records).unwrap()
    }

    /// The report on records, if they are of one run.
    pub fn conclude(&self, records: Vec<SiteRecord>) -> Result<Report, AuditError> {
        let (_stopper, stop) = Stopper::new();
        self.on(1000, 64, stop, |plan, store, keys, stop| {
            audit::conclude(plan, records, Ports::unwatched(store, keys, stop))
        })
    }

    pub fn report(&self) -> Report {
        let (_stopper, stop) = Stopper::new();
        let run = |plan, store, keys, stop| audit::run(plan, Ports::unwatched(store, keys, stop));
        self.on(1000, 64, stop, run).unwrap()
    }

    /// The report of a run over so many machines: planned, each shard's part shipped as it is written, joined.
    pub fn sharded(&self, shards: usize) -> Report {
        let (plan, id) = self.planned(shards);
        self.merged(&plan, |shard| self.handed_in(&plan, id, shard))
    }

    /// A plan, as a shard reads it.
    pub fn planned(&self, shards: usize) -> (ShardPlan, PlanId) {
        let (_stopper, stop) = Stopper::new();
        let outline = self.on(1000, 64, stop, |plan, store, keys, stop| {
            audit::outline(plan, Ports::unwatched(store, keys, stop))
        });
        let Outline { brief, sites, .. } = outline.unwrap();
        let loads: Vec<SiteLoad> = sites.iter().map(|(_, load)| load.clone()).collect();
        let sites = sites.into_iter().map(|(site, load)| PlannedSite { site, weight: load.weight() });
        let plan = ShardPlan {
            tool: "test".into(),
            rules: RULES,
            at: RecordAt { lies: Lies::InFolder { root: "bucket".into() }, delivered: None },
            brief,
            keys: KeyRing::clone(&self.ring),
            sites: sites.collect(),
            shards: pack(&loads, shards),
        };
        let (json, id) = plan.to_json().unwrap();
        let (read, same) = ShardPlan::from_json(&json, ("test", RULES)).unwrap();
        assert_eq!((id, read.to_json().unwrap().0), (same, json));
        (read, id)
    }

    /// A shard's part, as it is written.
    pub fn handed_in(&self, plan: &ShardPlan, id: PlanId, shard: usize) -> Result<Part, String> {
        let (_stopper, stop) = Stopper::new();
        let part = self.on(1 + shard, 1 + 7 * shard, stop, |_, store, _, stop| {
            let keys = Arc::new(KeySource::Files(Arc::new(plan.keys.clone())));
            let pieces = plan.pieces(shard).unwrap();
            let ledger = self.notebook.as_ref().map(|notebook| notebook.open());
            audit::shard(plan.brief.clone(), pieces, ledger, Ports::unwatched(store, keys, stop))
        });
        let json = part.map_err(|error| error.to_string())?.to_json(id, shard).unwrap();
        Part::from_json(&json, id, shard).map_err(|error| error.to_string())
    }

    /// The report on such parts.
    pub fn merged(&self, plan: &ShardPlan, part: impl Fn(usize) -> Result<Part, String>) -> Report {
        // Parts are made by runs of their own, which no run waits for.
        let parts: Vec<Result<Part, String>> = (0..plan.shards.len()).map(part).collect();
        let (_stopper, stop) = Stopper::new();
        let read = async |shard: usize| parts[shard].clone();
        let merged = self.on(1000, 64, stop, |_, store, keys, stop| {
            audit::merge(plan.brief.clone(), plan, read, None, Ports::unwatched(store, keys, stop))
        });
        merged.unwrap()
    }

    /// Holds what a run in parts comes to against what one run does, and gives that. The parts come in an order of their own.
    #[track_caller]
    pub fn holds(&self, midnights: &[Day], page: usize, turned: usize) -> Report {
        let whole = joined(self.records(Days::default(), 1000, 64));
        let mut parts: Vec<SiteRecord> = Vec::new();
        for (at, days) in self.parts(midnights).into_iter().enumerate() {
            parts.extend(self.records(days, page + at, 1 + 7 * at));
        }
        let middle = turned % parts.len().max(1);
        parts.rotate_left(middle);
        parts.reverse();
        let parts: Vec<SiteRecord> = parts.iter().map(shipped).collect();
        let united = joined(parts.clone());
        for (place, record) in &whole {
            let other = &united[place];
            for (day, of_day) in &record.days {
                assert_eq!(other.days.get(day), Some(of_day), "{day}");
            }
            assert_eq!(other.days.keys().collect::<Vec<_>>(), record.days.keys().collect::<Vec<_>>());
        }
        assert_eq!(united, whole);
        let report = self.report();
        assert_eq!(self.concluded(parts), report);
        report
    }

    /// What is told of it, in parts and by one run.
    #[track_caller]
    pub fn told(&self) -> Report {
        self.holds(&midnights(), 1000, 1)
    }
}

/// A record as it comes out of a file.
pub fn shipped(record: &SiteRecord) -> SiteRecord {
    let json = record.to_json().unwrap();
    let read = SiteRecord::from_json(&json).unwrap();
    assert_eq!(read.to_json().unwrap(), json);
    read
}

pub type Joined = BTreeMap<AccountRegion, SiteRecord>;

pub fn joined(records: Vec<SiteRecord>) -> Joined {
    SiteRecord::unite(records).unwrap()
}

pub fn at(text: &str) -> Time {
    parse_time(text).unwrap()
}

/// Two midnights, and a window that begins and ends between others.
pub fn days_long(turns: &[Turn]) -> World {
    quiet(50, |plan| {
        plan.start = at("2026-02-27T21:00:00Z");
        plan.turns = turns.iter().copied().collect();
    })
}

pub fn midnights() -> [Day; 3] {
    ["2026-02-28", "2026-03-01", "2026-03-02"].map(|day| day.parse().unwrap())
}

/// Two regions for [`days_long`], in which nothing happens.
pub static WORLD: LazyLock<World> = LazyLock::new(|| days_long(&[]));

/// The same with a second trail beside the first.
pub static TWO_TRAILS: LazyLock<World> = LazyLock::new(|| {
    quiet(50, |plan| {
        plan.start = at("2026-02-27T21:00:00Z");
        plan.trails = ["management-events", "data-events"].map(|name| name.parse().unwrap()).into();
    })
});

/// Of the chains of [`days_long`], the last digest of 28 February, which ends before midnight, and the first of 1 March.
pub const LAST: usize = 25;
pub const FIRST: usize = LAST + 1;

/// The chain of a trail in the region that is not its home.
pub fn far_chain(world: &World, trail: usize) -> &ForgedChain {
    let (place, trail) = (far_place(world), &world.plan().trails[trail]);
    world.chains().iter().find(|chain| chain.id.place == place && chain.id.trail == *trail).unwrap()
}

/// The digests of the first trail there, oldest first.
pub fn digests(world: &World) -> Vec<ObjectName> {
    far_chain(world, 0).digests.iter().map(|digest| digest.object().clone()).collect()
}

/// The log files that some of those name.
pub fn logs(world: &World, of: impl IntoIterator<Item = usize>) -> Vec<ObjectName> {
    let digests = &far_chain(world, 0).digests;
    let named = of.into_iter().flat_map(|at| digests[at].logs());
    named.map(|log| log.object.clone()).collect()
}

pub fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

/// Takes objects away.
pub fn remove(store: &mut Memory, objects: impl IntoIterator<Item = ObjectName>) {
    for object in objects {
        store.objects().remove(&object).unwrap();
    }
}
