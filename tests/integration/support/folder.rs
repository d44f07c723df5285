//! A world in a folder, to be changed by hand, and what a folder's store says of it.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use tempfile::TempDir;
use trailseal::audit::{NamedBy, Plan};
use trailseal::forge::{self, Damage, World};
use trailseal::report::Report;
use trailseal::store::dir::DirStore;
use trailseal::store::{Listing, Object, ObjectStore, Page, StoreError, Streamed};
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{ObjectName, Origin, Prefix};

use crate::support::memory::room;
use crate::support::verify::{plan, run};

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    World::forge(&forge::WorldPlan { accounts: 1, regions: 2, ..forge::WorldPlan::default() }).unwrap()
});

pub fn damaged(damage: Damage) -> World {
    let mut world = WORLD.clone();
    world.apply(damage).unwrap();
    world
}

/// A world written to a folder, to be changed by hand.
pub struct Evidence<'w> {
    pub world: &'w World,
    pub folder: TempDir,
}

impl<'w> Evidence<'w> {
    pub fn of(world: &'w World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path()).unwrap();
        Self { world, folder }
    }

    pub fn at(&self, key: &str) -> PathBuf {
        self.folder.path().join("bucket").join(key)
    }

    pub fn store(&self) -> DirStore {
        DirStore::open(self.at("")).unwrap()
    }

    pub fn asked(&self) -> Plan {
        let asked = plan(&self.world.truth());
        Plan { prefix: Prefix::default(), named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..asked }
    }

    pub fn judged(&self) -> Report {
        run(self.asked(), self.store(), self.world)
    }

    pub fn digests(&self) -> Vec<String> {
        let keys = self.world.objects().keys().map(|object| object.key.to_string());
        keys.filter(|key| DigestKey::parse(key).is_some()).collect()
    }

    pub fn logs(&self) -> Vec<String> {
        let keys = self.world.objects().keys().map(|object| object.key.to_string());
        keys.filter(|key| LogKey::parse(key).is_some()).collect()
    }

    /// Every sidecar, changed.
    pub fn change_sidecars(&self, change: impl Fn(Vec<u8>) -> Vec<u8>) {
        for digest in self.digests() {
            let path = self.at(&format!("{digest}.head.json"));
            fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
        }
    }
}

pub fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn list(store: &DirStore, prefix: &str) -> Result<Page, StoreError> {
    let listing = Listing::whole("", prefix);
    now(store.list(&listing))
}

pub fn get(store: &DirStore, key: &str) -> Result<Object, StoreError> {
    now(store.get(&ObjectName::new("", key), &room(1 << 20)))
}

pub fn streamed(store: &DirStore, key: &str) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut take = |shown: Streamed<'_>| {
        match shown {
            Streamed::Anew => bytes.clear(),
            Streamed::Piece(piece) => bytes.extend_from_slice(piece),
        }
        ControlFlow::Continue(())
    };
    now(store.stream(&ObjectName::new("", key), &mut take)).map(|()| bytes)
}
