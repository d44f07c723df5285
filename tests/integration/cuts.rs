//! Days that are read apart say what days that are read together say: a run may be cut at any midnight, its parts read with
//! other limits and joined in any order, and their records, and the report on them, are those of one run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use proptest::prelude::*;
use trailseal::audit::NamedBy;
use trailseal::audit::{self, Days, Load, Plan, Silent, SiteRecord, Stopper};
use trailseal::forge::{Damage, Turn, World};
use trailseal::keys::{self, KeySource};
use trailseal::report::Report;
use trailseal::store::ObjectStore;
use trailseal::trail::{Day, Depth, Origin, Time, parse_time};

use crate::support::judged::quiet;
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::plan;

/// What is looked at, and how.
#[derive(Clone)]
struct Case {
    world: World,
    plan: Plan,
    keeps: Keeps,
}

impl Case {
    fn new(world: World, keeps: Keeps) -> Self {
        let truth = world.truth();
        let plan = match keeps {
            Keeps::Metadata => plan(&truth),
            // As a folder: without metadata, and without knowing the bucket.
            Keeps::BodiesOnly => Plan { named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..plan(&truth) },
        };
        Self { world, plan, keeps }
    }

    /// The days between midnights, all of time.
    fn parts(&self, midnights: &[Day]) -> Vec<Days> {
        let mut parts = Vec::new();
        let mut from = None;
        for midnight in midnights {
            let before = midnight.neighbours().next().unwrap();
            parts.push(Days { from, to: Some(before) });
            from = Some(*midnight);
        }
        parts.push(Days { from, to: None });
        parts
    }

    fn on<T, F: Future<Output = T>>(
        &self,
        page: usize,
        requests: usize,
        work: impl FnOnce(Plan, Arc<dyn ObjectStore>, Arc<KeySource>, audit::Stop) -> F,
    ) -> T {
        let ring = keys::parse(&self.world.keys().json(), "keys.json").unwrap();
        let load = Load { requests: NonZeroUsize::new(requests).unwrap(), ..Load::default() };
        let store = Memory::new(&self.world, self.keeps, page);
        let (_stopper, stop) = Stopper::new();
        let keys = Arc::new(KeySource::Files(Arc::new(ring)));
        let work = work(Plan { load, ..self.plan.clone() }, Arc::new(store), keys, stop);
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(work)
    }

    fn records(&self, days: Days, page: usize, requests: usize) -> Vec<SiteRecord> {
        let surveyed = self.on(page, requests, |plan, store, keys, stop| {
            audit::survey(plan, days, store, keys, Arc::new(Silent), stop)
        });
        surveyed.unwrap()
    }

    fn concluded(&self, records: Vec<SiteRecord>) -> Report {
        let report = self.on(1000, 64, |plan, store, keys, stop| {
            audit::conclude(plan, records, store, keys, Arc::new(Silent), stop)
        });
        report.unwrap()
    }

    fn report(&self) -> Report {
        let report = self
            .on(1000, 64, |plan, store, keys, stop| audit::run(plan, store, keys, Arc::new(Silent), stop));
        report.unwrap()
    }

    /// Holds what a run in parts comes to against what one run does. The parts come in an order of their own.
    #[track_caller]
    fn holds(&self, midnights: &[Day], page: usize, turned: usize) {
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
        assert_eq!(self.concluded(parts), self.report());
    }
}

/// A record as it comes out of a file.
fn shipped(record: &SiteRecord) -> SiteRecord {
    let json = record.to_json().unwrap();
    let read = SiteRecord::from_json(&json).unwrap();
    assert_eq!(read.to_json().unwrap(), json);
    read
}

type Joined = BTreeMap<trailseal::trail::AccountRegion, SiteRecord>;

fn joined(records: Vec<SiteRecord>) -> Joined {
    let mut joined: Joined = BTreeMap::new();
    for record in records {
        let record = match joined.remove(&record.place) {
            Some(known) => known.join(record).unwrap(),
            None => record,
        };
        joined.insert(record.place.clone(), record);
    }
    joined
}

fn at(text: &str) -> Time {
    parse_time(text).unwrap()
}

/// Two midnights, and a window that begins and ends between others.
fn days_long(turns: &[Turn]) -> World {
    quiet(50, |plan| {
        plan.start = at("2026-02-27T21:00:00Z");
        plan.turns = turns.iter().copied().collect();
    })
}

fn midnights() -> [Day; 3] {
    ["2026-02-28", "2026-03-01", "2026-03-02"].map(|day| day.parse().unwrap())
}

#[test]
fn every_damage_is_told_the_same_in_parts() {
    for damage in Damage::ALL {
        let mut world = days_long(&[Turn::Backfill]);
        if world.apply(*damage).is_ok() {
            println!("{damage}");
            Case::new(world, Keeps::Metadata).holds(&midnights(), 1000, 1);
        }
    }
}

#[test]
fn every_turn_is_told_the_same_in_parts() {
    for turn in Turn::ALL {
        for keeps in [Keeps::Metadata, Keeps::BodiesOnly] {
            println!("{turn}");
            Case::new(days_long(&[turn]), keeps).holds(&midnights(), 1000, 1);
        }
    }
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_run_may_be_cut_at_any_midnights(
        damages in proptest::collection::vec(proptest::sample::select(Damage::ALL), 0..3),
        turns in proptest::sample::subsequence(Turn::ALL.to_vec(), 0..3),
        seed in 0u64..1000,
        cut in proptest::sample::subsequence(midnights().to_vec(), 1..=3),
        keeps in proptest::sample::select(vec![Keeps::Metadata, Keeps::BodiesOnly]),
        depth in proptest::sample::select(vec![Depth::Chain, Depth::Presence, Depth::Full]),
        page in 1usize..40,
        open in any::<bool>(),
        turned in 0usize..10,
    ) {
        let mut world = quiet(50, |plan| {
            plan.start = at("2026-02-27T21:00:00Z");
            plan.turns = turns.into_iter().collect();
            plan.seed = seed;
        });
        for damage in damages {
            let _ = world.apply(damage);
        }
        let mut case = Case::new(world, keeps);
        case.plan.depth = depth;
        if open {
            case.plan.start = None;
        }
        case.holds(&cut, page, turned);
    }
}

#[test]
fn a_part_of_another_kind_is_refused_and_the_same_part_twice_is_no_more() {
    let case = Case::new(days_long(&[]), Keeps::Metadata);
    let whole = joined(case.records(Days::default(), 1000, 64));
    let twice = joined(whole.values().chain(whole.values()).cloned().collect());
    assert_eq!(twice, whole);
    let mut shallow = case.clone();
    shallow.plan.depth = Depth::Chain;
    let (place, deep) = whole.into_iter().next().unwrap();
    let other = joined(shallow.records(Days::default(), 1000, 64)).remove(&place).unwrap();
    assert_eq!(deep.join(other), Err(audit::Mismatch::Made));
}

#[test]
fn a_lost_part_accuses_nobody_and_is_told() {
    let case = Case::new(days_long(&[]), Keeps::Metadata);
    let parts = case.parts(&midnights());
    for lost in 0..parts.len() {
        let kept = parts.iter().enumerate().filter(|(at, _)| *at != lost);
        let records = kept.flat_map(|(_, days)| case.records(*days, 1000, 64)).collect();
        let report = case.concluded(records);
        assert_eq!(report.exit_code(), 3, "{lost}: {:#?}", report.findings);
        assert!(report.findings.iter().any(|finding| finding.message.starts_with("there is no record of")));
    }
    let report = case.concluded(Vec::new());
    assert_eq!(report.exit_code(), 3);
}
