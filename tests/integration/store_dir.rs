//! A folder that stands for a bucket: what copying leaves behind in it, what was unpacked, and keys that a copy on disk cannot spell.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use trailseal::forge::{self, Damage, World};
use trailseal::render;
use trailseal::report::Report;
use trailseal::store::{Metadata, Page, StoreErrorKind};
use trailseal::trail::Describes;
use trailseal::trail::key::DigestKey;

use crate::support::folder::{Evidence, WORLD, damaged, get, list, streamed};
use crate::support::judged::{accuses_nobody, counted, holds};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{Told, plan, right, run, told};

fn gunzip(path: &Path) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn what_copy_tools_leave_behind_is_counted_and_accuses_nobody() {
    let evidence = Evidence::of(&WORLD);
    let log = evidence.logs()[0].clone();
    let (folder, name) = log.rsplit_once('/').unwrap();
    let droppings = [
        format!("._{name}"),
        format!("{name}.partial"),
        format!("{name}.6eF2a9B1"),
        format!("{name} (1)"),
        format!("{name}.md5"),
    ];
    for dropping in &droppings {
        fs::write(evidence.at(&format!("{folder}/{dropping}")), "x").unwrap();
    }
    let report = evidence.judged();
    holds(&report, 0, &[("notice stray-objects", 1)]);
    assert_eq!(report.findings[0].evidence().0["count"], droppings.len());
    // Another reader would take this one, and no tool leaves it.
    fs::write(evidence.at(&format!("{folder}/{name}.bak")), "x").unwrap();
    holds(&evidence.judged(), 3, &[("notice stray-objects", 1), ("incomplete log-unlisted", 1)]);
}

#[test]
fn a_folder_with_files_missing_or_cut_short_says_that_an_unfinished_copy_looks_like_it() {
    let hinted = |report: &Report| render::hints(report).iter().any(|hint| hint.contains("broken off"));
    assert!(!hinted(&Evidence::of(&WORLD).judged()));
    for damage in [Damage::LogDeleted, Damage::LogTruncated, Damage::DigestDeleted] {
        let world = damaged(damage);
        let report = Evidence::of(&world).judged();
        assert_eq!(report.exit_code(), 1, "{damage}");
        assert!(hinted(&report), "{damage}: {:?}", report.hints);
        // In the place of delivery nothing was copied.
        let memory = Memory::new(&world, Keeps::Metadata, 1000);
        assert!(!hinted(&run(plan(&world.truth()), memory, &world)), "{damage}");
    }
}

#[test]
fn names_that_no_file_can_have_are_not_absent() {
    let evidence = Evidence::of(&WORLD);
    fs::write(evidence.folder.path().join("secret"), "").unwrap();
    for key in ["../secret", "a/../../secret", "./AWSLogs", "AWSLogs\\..\\..\\secret", "a\0", "..", "."] {
        let error = get(&evidence.store(), key).unwrap_err();
        assert_eq!(
            (error.kind, &*error.detail),
            (StoreErrorKind::Failed, "no file in a folder can have this name")
        );
        assert!(list(&evidence.store(), &format!("{key}/")).is_err(), "{key:?}");
    }
    assert_eq!(get(&evidence.store(), "AWSLogs/none").unwrap_err().kind, StoreErrorKind::NotFound);
    assert_eq!(get(&evidence.store(), "none/none").unwrap_err().kind, StoreErrorKind::NotFound);
    assert_eq!(list(&evidence.store(), "none/none/").unwrap(), Page::default());
}

#[test]
fn a_file_in_the_place_of_a_folder_is_no_empty_folder() {
    let evidence = Evidence::of(&WORLD);
    let log = &evidence.logs()[0];
    let (folder, _) = log.rsplit_once('/').unwrap();
    fs::remove_dir_all(evidence.at(folder)).unwrap();
    fs::write(evidence.at(folder), "").unwrap();
    assert_eq!(list(&evidence.store(), &format!("{folder}/")).unwrap_err().detail, "not a folder");
    let error = get(&evidence.store(), log).unwrap_err();
    assert_eq!((error.kind, &*error.detail), (StoreErrorKind::Failed, "not a folder"));
}

#[test]
fn nothing_is_absent_because_the_whole_folder_is_gone() {
    let evidence = Evidence::of(&WORLD);
    let (store, log) = (evidence.store(), evidence.logs()[0].clone());
    assert!(get(&store, &log).is_ok());
    fs::rename(evidence.at(""), evidence.folder.path().join("unplugged")).unwrap();
    assert_eq!(list(&store, "").unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(list(&store, "AWSLogs/").unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(get(&store, &log).unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(streamed(&store, &log).unwrap_err().kind, StoreErrorKind::Failed);
}

#[test]
fn the_words_of_a_digest_in_a_prefix_make_no_digest() {
    let prefix = "CloudTrail-Digest/us-east-1/1_CloudTrail-Digest_x".to_owned();
    let world =
        World::forge(&forge::WorldPlan { prefix, accounts: 1, regions: 1, ..forge::WorldPlan::default() })
            .unwrap();
    let evidence = Evidence::of(&world);
    holds(&evidence.judged(), 0, &[]);
    let page = list(&evidence.store(), "").unwrap();
    assert_eq!(page.objects.len(), world.objects().len());
    for listed in &page.objects {
        let is_digest = DigestKey::parse(&listed.key).is_some();
        assert_eq!(listed.size.is_some(), is_digest, "{}", listed.key);
    }
    let (digest, log) = (&evidence.digests()[0], &evidence.logs()[0]);
    fs::copy(evidence.at(&format!("{digest}.head.json")), evidence.at(&format!("{log}.head.json"))).unwrap();
    assert!(matches!(get(&evidence.store(), digest).unwrap().metadata, Metadata::Saved { .. }));
    assert_eq!(get(&evidence.store(), log).unwrap().metadata, Metadata::NotKept(None));
}

#[test]
fn slashes_that_a_copy_on_disk_loses_are_found_again() {
    let plan = forge::WorldPlan { prefix: "audit//2026".into(), regions: 2, ..forge::WorldPlan::default() };
    let world = World::forge(&plan).unwrap();
    assert!(world.objects().keys().all(|object| object.key.starts_with("audit//2026/AWSLogs/")));
    holds(&Evidence::of(&world).judged(), 0, &[]);
    let codes = |told: BTreeSet<Told>| -> Vec<String> {
        told.into_iter().map(|(class, code, ..)| format!("{class} {code}")).collect()
    };
    for damage in [Damage::LogEventEdited, Damage::LogDeleted, Damage::DigestDeleted, Damage::LogForged] {
        let mut world = world.clone();
        world.apply(damage).unwrap();
        let report = Evidence::of(&world).judged();
        assert_eq!(codes(told(&report)), codes(right(&world.truth())), "{damage}");
        assert_eq!(report.exit_code(), 1);
    }
    let evidence = Evidence::of(&WORLD);
    let log = &evidence.logs()[0];
    let stored = fs::read(evidence.at(log)).unwrap();
    for key in [format!("/{log}"), log.replace('/', "//"), format!("//{log}")] {
        assert_eq!(get(&evidence.store(), &key).unwrap().body, stored);
        assert_eq!(streamed(&evidence.store(), &key).unwrap(), stored);
    }
    let (folder, _) = log.rsplit_once('/').unwrap();
    let doubled = format!("{}/", folder.replace('/', "//"));
    let page = list(&evidence.store(), &doubled).unwrap();
    assert!(!page.objects.is_empty() && page.objects.iter().all(|object| object.key.starts_with(&doubled)));
}

#[test]
fn unpacked_files_stand_in_for_those_that_are_not_there() {
    let evidence = Evidence::of(&WORLD);
    let (digests, logs) = (evidence.digests(), evidence.logs());
    let before = list(&evidence.store(), "").unwrap();
    let mut unpacked = BTreeMap::new();
    for key in digests.iter().chain(&logs) {
        let plain = gunzip(&evidence.at(key));
        fs::write(evidence.at(key.strip_suffix(".gz").unwrap()), &plain).unwrap();
        fs::remove_file(evidence.at(key)).unwrap();
        unpacked.insert(key.clone(), plain);
    }
    let store = evidence.store();
    let after = list(&store, "").unwrap();
    let keys = |page: &Page| page.objects.iter().map(|object| object.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&after), keys(&before));
    for listed in &after.objects {
        let plain = &unpacked[&*listed.key];
        let is_digest = DigestKey::parse(&listed.key).is_some();
        assert_eq!(listed.size, is_digest.then_some(plain.len() as u64));
        assert_eq!(get(&store, &listed.key).unwrap().body, *plain);
        assert_eq!(streamed(&store, &listed.key).unwrap(), *plain);
    }
    // What was saved describes the packed bytes, under either name.
    let saved = |metadata: &Metadata| matches!(metadata, Metadata::Saved { describes: Describes::Unclear, metadata } if metadata.signature.is_some());
    let digest = &digests[0];
    assert!(saved(&get(&store, digest).unwrap().metadata));
    let name = |digest: &str| evidence.at(&format!("{digest}.head.json"));
    fs::rename(name(digest), name(digest.strip_suffix(".gz").unwrap())).unwrap();
    assert!(saved(&get(&store, digest).unwrap().metadata));
    assert_eq!(keys(&list(&store, "").unwrap()), keys(&before));
    // Anywhere else a file is what it is called.
    fs::write(evidence.at("AWSLogs/notes.json"), "{}").unwrap();
    assert_eq!(get(&store, "AWSLogs/notes.json.gz").unwrap_err().kind, StoreErrorKind::NotFound);
    assert!(keys(&list(&store, "").unwrap()).contains(&"AWSLogs/notes.json".into()));
    // The packed one goes before.
    let key = &logs[0];
    fs::write(evidence.at(key), "packed").unwrap();
    assert_eq!(get(&store, key).unwrap().body, "packed");
    assert!(keys(&list(&store, "").unwrap()).contains(&key.strip_suffix(".gz").unwrap().into()));
}

#[test]
fn digests_that_were_unpacked_are_still_proven_and_edited_ones_still_told() {
    let evidence = Evidence::of(&WORLD);
    for digest in evidence.digests() {
        fs::write(evidence.at(digest.strip_suffix(".gz").unwrap()), gunzip(&evidence.at(&digest))).unwrap();
        fs::remove_file(evidence.at(&digest)).unwrap();
    }
    let report = evidence.judged();
    accuses_nobody(&report, 0);
    let digest = evidence.digests()[2].clone();
    let path = evidence.at(digest.strip_suffix(".gz").unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let edited = text.replacen("\"digestStartTime\":\"2026", "\"digestStartTime\":\"2025", 1);
    assert_ne!(edited, text);
    fs::write(&path, edited).unwrap();
    let report = evidence.judged();
    assert_eq!(report.exit_code(), 1, "{:?}", counted(&report));
}
