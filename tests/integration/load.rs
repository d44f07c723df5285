//! How a run is carried out, which shows nowhere in its report: how much is under way, how large it is, in which order answers come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use async_trait::async_trait;
use trailseal::audit::{Load, Plan};
use trailseal::forge::{self, Damage, World};
use trailseal::render::Format;
use trailseal::store::{Admission, Listing, Object, ObjectStore, Page, StoreError, Take};
use trailseal::trail::ObjectName;
use trailseal::trail::key::DigestKey;
use trailseal::{Fault, Limit, inflate};

use crate::render_formats::written;
use crate::support::memory::{Faulty, Keeps, Memory};
use crate::support::verify::{plan, run};

fn text_of(world: &World, load: Load, store: impl ObjectStore) -> String {
    written(Format::Json, &run(Plan { load, ..plan(&world.truth()) }, store, world))
}

#[test]
fn how_a_run_is_carried_out_shows_nowhere() {
    let mut world = World::forge(&forge::WorldPlan { regions: 5, ..forge::WorldPlan::default() }).unwrap();
    for damage in [
        Damage::LogEventEdited,
        Damage::LogDeleted,
        Damage::LogForged,
        Damage::DigestRunDeleted,
        Damage::DigestEdited,
        Damage::DigestSwapped,
        Damage::SignedRestartAfterGap,
        Damage::RegionDigestsDeleted,
    ] {
        world.apply(damage).unwrap();
    }
    let memory = |page| Memory::new(&world, Keeps::Metadata, page);
    let first = text_of(&world, Load::default(), memory(1000));
    for requests in [1, 3, 64, 256].map(|most| NonZeroUsize::new(most).unwrap()) {
        for page in [1, 2, 1000] {
            let load = Load { requests, ..Load::default() };
            assert!(text_of(&world, load, memory(page)) == first, "{requests} requests, pages of {page}");
        }
    }
    let narrow = Load { bytes: NonZeroU32::MIN, ..Load::default() };
    assert!(text_of(&world, narrow, memory(1000)) == first, "one body at a time");
    for seed in 1..6 {
        let store =
            Faulty { store: memory(7), script: |_: crate::support::memory::Ask<'_>| None, late: Some(seed) };
        assert!(text_of(&world, Load::default(), store) == first, "answers shuffled by {seed}");
    }
}

/// A store that keeps every answer waiting for a while, and counts those who wait.
struct Crowded {
    store: Memory,
    under_way: AtomicUsize,
    most: Arc<AtomicUsize>,
}

impl Crowded {
    async fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.most.fetch_max(1 + self.under_way.fetch_add(1, SeqCst), SeqCst);
        for _turn in 0..20 {
            tokio::task::yield_now().await;
        }
        self.under_way.fetch_sub(1, SeqCst);
        answer.await
    }
}

#[async_trait]
impl ObjectStore for Crowded {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.wait(self.store.list(listing)).await
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.wait(self.store.get(object, admission)).await
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.wait(self.store.stream(object, take)).await
    }
}

#[test]
fn never_more_requests_are_under_way_than_were_asked_for() {
    let world = World::forge(&forge::WorldPlan { regions: 5, ..forge::WorldPlan::default() }).unwrap();
    for requests in [1, 7] {
        let most = Arc::new(AtomicUsize::new(0));
        let store = Crowded {
            store: Memory::new(&world, Keeps::Metadata, 10),
            under_way: AtomicUsize::new(0),
            most: Arc::clone(&most),
        };
        let load = Load { requests: NonZeroUsize::new(requests).unwrap(), ..Load::default() };
        assert_eq!(run(Plan { load, ..plan(&world.truth()) }, store, &world).exit_code(), 0);
        assert_eq!(most.load(SeqCst), requests, "all that were allowed, and no more");
    }
}

#[test]
fn digests_too_large_for_the_usual_room_are_read_all_the_same() {
    let world = World::forge(&forge::WorldPlan {
        accounts: 1,
        regions: 1,
        logs_per_hour: 3_000,
        events_per_log: 1,
        ..forge::WorldPlan::default()
    })
    .unwrap();
    let mut store = Memory::new(&world, Keeps::Metadata, 1000);
    let large = store.objects().iter().filter(|(name, (body, _))| {
        DigestKey::parse(&name.key).is_some()
            && inflate(body, Limit::USUAL_DIGEST) == Err(Fault::TooLarge(Limit::USUAL_DIGEST.0))
    });
    assert!(large.count() > 5);
    let report = run(plan(&world.truth()), store, &world);
    assert_eq!(report.exit_code(), 0);
    assert_eq!(report.totals.logs.intact, world.truth().logs);
}
