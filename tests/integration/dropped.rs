//! Whoever lets go of a run lets go of all of it.
#![allow(clippy::unwrap_used)]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;
use tokio::sync::Notify;
use trailseal::audit::{self, Ports, Stopper};
use trailseal::forge::{self, World};
use trailseal::keys::{self, KeySource};
use trailseal::store::{Admission, Listing, Object, ObjectStore, Page, StoreError, Take};
use trailseal::trail::ObjectName;
use trailseal::trail::key::LogKey;

use crate::support::memory::{Keeps, Memory};
use crate::support::verify::plan;

/// Never gives a log file.
struct Stalled {
    memory: Memory,
    asked: Arc<Asked>,
}

#[derive(Default)]
struct Asked {
    waiting: AtomicUsize,
    changed: Notify,
}

/// A request that waits for its answer.
struct Waiting(Arc<Asked>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
        self.0.changed.notify_one();
    }
}

#[async_trait]
impl ObjectStore for Stalled {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.memory.list(listing).await
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        if LogKey::parse(&object.key).is_none() {
            return self.memory.get(object, admission).await;
        }
        self.asked.waiting.fetch_add(1, SeqCst);
        let _waiting = Waiting(Arc::clone(&self.asked));
        self.asked.changed.notify_one();
        pending().await
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.memory.stream(object, take).await
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_stops_its_work() {
    let world = World::forge(&forge::WorldPlan::default()).unwrap();
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    let asked = Arc::<Asked>::default();
    let store = Stalled { memory: Memory::new(&world, Keeps::Metadata, 1000), asked: Arc::clone(&asked) };
    let (_stopper, stop) = Stopper::new();
    let keys = Arc::new(KeySource::Files(Arc::new(ring)));
    let run = tokio::spawn(audit::run(plan(&world.truth()), Ports::unwatched(Arc::new(store), keys, stop)));
    while asked.waiting.load(SeqCst) == 0 {
        asked.changed.notified().await;
    }
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    // Would wait for ever if a request outlived the run.
    while asked.waiting.load(SeqCst) > 0 {
        asked.changed.notified().await;
    }
}
