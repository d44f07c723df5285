//! The committed worlds under `testdata/` are what the forge makes, byte for byte, and are told right by the program.
//! `TRAILSEAL_REFORGE=1 cargo test --release --test integration testdata` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use trailseal::forge::{Damage, Truth, WorldPlan, write_world};

use crate::binary::{Verified, verify};

/// The folders' names, and what is done in each.
const WORLDS: [(&str, &[Damage]); 7] = [
    ("whole", &[]),
    ("log-event-edited", &[Damage::LogEventEdited]),
    ("log-deleted", &[Damage::LogDeleted]),
    ("log-forged", &[Damage::LogForged]),
    ("digest-deleted", &[Damage::DigestDeleted]),
    ("digest-edited", &[Damage::DigestEdited]),
    ("digest-rolled-back", &[Damage::DigestRolledBack]),
];

/// As small as a world can be that any of these damages finds room in.
fn plan() -> WorldPlan {
    WorldPlan {
        accounts: 1,
        regions: 1,
        logs_per_hour: 1,
        events_per_log: 2,
        turns: BTreeSet::new(),
        seed: 7,
        ..WorldPlan::default()
    }
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                let below = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(below, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// `testdata/`, written anew first if that is asked for.
static TESTDATA: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    if std::env::var_os("TRAILSEAL_REFORGE").is_some() {
        for (name, damages) in WORLDS {
            let world = folder.join(name);
            let _ = fs::remove_dir_all(&world);
            write_world(&plan(), &world, damages).unwrap();
        }
    }
    folder
});

#[test]
fn the_committed_worlds_are_what_the_forge_makes() {
    let mut size = 0;
    for (name, damages) in WORLDS {
        let again = tempfile::tempdir().unwrap();
        write_world(&plan(), again.path(), damages).unwrap();
        let (committed, forged) = (files(&TESTDATA.join(name)), files(again.path()));
        assert_eq!(committed.keys().collect::<Vec<_>>(), forged.keys().collect::<Vec<_>>(), "{name}");
        for (path, bytes) in &committed {
            assert!(forged[path] == *bytes, "{name}/{} is not what the forge makes", path.display());
        }
        size += committed.values().map(Vec::len).sum::<usize>();
    }
    assert!(size < 300_000, "{size} bytes are too many to commit");
}

#[test]
fn the_committed_worlds_are_told_right() {
    for (name, _) in WORLDS {
        let world = TESTDATA.join(name);
        let truth: Truth = serde_json::from_slice(&fs::read(world.join("truth.json")).unwrap()).unwrap();
        let Verified { code, told, .. } = verify(&world, &truth, &[]);
        assert_eq!(told, crate::support::verify::right(&truth), "{name}");
        assert_eq!(code, i32::from(truth.exit_code), "{name}");
    }
}
