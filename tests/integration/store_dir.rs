//! A folder that stands for a bucket: its links, what was unpacked in it, what was saved beside digests, and keys that a
//! copy on disk cannot spell.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;
use trailseal::audit::NamedBy;
use trailseal::audit::Plan;
use trailseal::forge::{self, Damage, World};
use trailseal::render::{self, message};
use trailseal::report::Report;
use trailseal::report::{Code, Finding};
use trailseal::store::dir::DirStore;
use trailseal::store::{Listing, Metadata, Object, ObjectStore, Page, StoreError, StoreErrorKind, Streamed};
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{Describes, ObjectName, Origin, Prefix};

use crate::support::judged::{accuses_nobody, counted, holds};
use crate::support::memory::room;
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{Told, attempt, plan, right, run, told};

static WORLD: LazyLock<World> = LazyLock::new(|| {
    World::forge(&forge::WorldPlan { accounts: 1, regions: 2, ..forge::WorldPlan::default() }).unwrap()
});

fn damaged(damage: Damage) -> World {
    let mut world = WORLD.clone();
    world.apply(damage).unwrap();
    world
}

/// A world written to a folder, to be changed by hand.
struct Evidence<'w> {
    world: &'w World,
    folder: TempDir,
}

impl<'w> Evidence<'w> {
    fn of(world: &'w World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path()).unwrap();
        Self { world, folder }
    }

    fn at(&self, key: &str) -> PathBuf {
        self.folder.path().join("bucket").join(key)
    }

    fn store(&self) -> DirStore {
        DirStore::open(self.at("")).unwrap()
    }

    fn asked(&self) -> Plan {
        let asked = plan(&self.world.truth());
        Plan { prefix: Prefix::default(), named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..asked }
    }

    fn judged(&self) -> Report {
        run(self.asked(), self.store(), self.world)
    }

    fn digests(&self) -> Vec<String> {
        let keys = self.world.objects().keys().map(|object| object.key.to_string());
        keys.filter(|key| DigestKey::parse(key).is_some()).collect()
    }

    fn logs(&self) -> Vec<String> {
        let keys = self.world.objects().keys().map(|object| object.key.to_string());
        keys.filter(|key| LogKey::parse(key).is_some()).collect()
    }

    /// Every sidecar, changed.
    fn change_sidecars(&self, change: impl Fn(Vec<u8>) -> Vec<u8>) {
        for digest in self.digests() {
            let path = self.at(&format!("{digest}.head.json"));
            fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
        }
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn list(store: &DirStore, prefix: &str) -> Result<Page, StoreError> {
    let listing = Listing::whole("", prefix);
    now(store.list(&listing))
}

fn get(store: &DirStore, key: &str) -> Result<Object, StoreError> {
    now(store.get(&ObjectName::new("", key), &room(1 << 20)))
}

fn streamed(store: &DirStore, key: &str) -> Result<Vec<u8>, StoreError> {
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

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Puts what lies at `key` somewhere else, and a link in its place.
    fn moved(evidence: &Evidence<'_>, key: &str, to: &Path) {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(evidence.at(key), to).unwrap();
        symlink(to, evidence.at(key)).unwrap();
    }

    /// Every part of a digest's and of a log file's path.
    fn parts(evidence: &Evidence<'_>) -> Vec<String> {
        let mut parts = Vec::new();
        for key in [&evidence.digests()[0], &evidence.logs()[0]] {
            parts.extend(key.match_indices('/').map(|(slash, _)| key[..slash].to_owned()));
            parts.push(key.clone());
        }
        parts.sort();
        parts.dedup();
        parts
    }

    #[test]
    fn what_is_linked_inside_is_as_if_it_were_there_and_damage_in_it_is_told() {
        let worlds =
            [None, Some(Damage::LogEventEdited), Some(Damage::LogForged), Some(Damage::DigestDeleted)];
        for damage in worlds {
            let world = damage.map_or_else(|| WORLD.clone(), damaged);
            for part in parts(&Evidence::of(&world)) {
                let evidence = Evidence::of(&world);
                moved(&evidence, &part, &evidence.at("kept/elsewhere"));
                let report = evidence.judged();
                assert_eq!(told(&report), right(&world.truth()), "{damage:?}, {part}");
                assert_eq!(report.exit_code(), world.truth().exit_code, "{damage:?}, {part}");
            }
        }
    }

    #[test]
    fn what_leads_out_nowhere_or_around_is_told_by_listings_and_reads_and_never_absent() {
        for part in parts(&Evidence::of(&WORLD)) {
            for way in ["out", "nowhere", "around"] {
                let evidence = Evidence::of(&WORLD);
                let outside = tempfile::tempdir().unwrap();
                let (target, leads) = match way {
                    "out" => {
                        let target = outside.path().join("elsewhere");
                        moved(&evidence, &part, &target);
                        (target.display().to_string(), "lies outside of the folder")
                    }
                    "nowhere" => {
                        fs::rename(evidence.at(&part), outside.path().join("gone")).unwrap();
                        symlink("nothing", evidence.at(&part)).unwrap();
                        ("nothing".to_owned(), "leads nowhere")
                    }
                    _ => {
                        fs::rename(evidence.at(&part), outside.path().join("gone")).unwrap();
                        symlink(".", evidence.at(&part)).unwrap();
                        (".".to_owned(), "leads back to a folder that it lies in")
                    }
                };
                let told = format!("a link to {target}, which {leads}");
                let store = evidence.store();
                let page = list(&store, "").unwrap();
                let unlisted: Vec<String> = page.unlisted.iter().map(ToString::to_string).collect();
                assert_eq!(unlisted, [format!("list {part}: {told}")]);
                let below = |key: &&String| key.starts_with(&format!("{part}/")) || **key == part;
                let listed = |key: &str| page.objects.iter().any(|object| *object.key == *key);
                for key in evidence.digests().iter().chain(&evidence.logs()).filter(below) {
                    // A name of the record is listed: it is there, and can't be read.
                    assert_eq!(listed(key), *key == part, "{key}");
                    for error in [get(&store, key).unwrap_err(), streamed(&store, key).unwrap_err()] {
                        assert_eq!(error.kind, StoreErrorKind::Failed, "{error}");
                        assert!(error.detail.ends_with(&told), "{error}");
                    }
                }
                let (folder, _) = part.rsplit_once('/').unwrap_or_default();
                assert_eq!(list(&store, &format!("{folder}/")).unwrap().unlisted.len(), 1);
                let error = list(&store, &format!("{part}/")).unwrap_err();
                assert!(error.detail.ends_with(&told), "{error}");
            }
        }
    }

    #[test]
    fn a_folder_that_leads_out_is_not_listed_and_nothing_in_it_is_called_missing() {
        let outside = tempfile::tempdir().unwrap();
        for (number, part) in
            parts(&Evidence::of(&WORLD)).iter().filter(|part| !part.ends_with(".gz")).enumerate()
        {
            let evidence = Evidence::of(&WORLD);
            moved(&evidence, part, &outside.path().join(number.to_string()));
            let Ok(report) = attempt(evidence.asked(), evidence.store(), &WORLD) else {
                assert!(!part.contains("CloudTrail"), "{part}");
                continue;
            };
            accuses_nobody(&report, 3);
            let told = |finding: &Finding| message(finding).contains("lies outside of the folder");
            assert!(report.findings.iter().any(told), "{part}: {:#?}", report.findings);
            // The truly damaged twin: what is gone from what the link leaves in reach is missing.
            let gone = evidence.digests().into_iter().rev().nth(3).unwrap();
            if !gone.starts_with(part) {
                fs::remove_file(evidence.at(&gone)).unwrap();
                assert_eq!(evidence.judged().exit_code(), 1, "{part}");
            }
        }
    }

    #[test]
    fn a_file_that_leads_out_is_unreadable_and_one_that_is_gone_is_missing() {
        let outside = tempfile::tempdir().unwrap();
        let evidence = Evidence::of(&WORLD);
        for (key, code, gone) in [
            (&evidence.logs()[0], Code::LogUnreadable, Code::LogMissing),
            (&evidence.digests()[4], Code::DigestUnreadable, Code::DigestMissing),
        ] {
            let evidence = Evidence::of(&WORLD);
            moved(&evidence, key, &outside.path().join("elsewhere"));
            let report = evidence.judged();
            accuses_nobody(&report, 3);
            assert!(report.findings.iter().any(|finding| finding.code() == code), "{:?}", counted(&report));
            fs::remove_file(evidence.at(key)).unwrap();
            let report = evidence.judged();
            assert_eq!(report.exit_code(), 1);
            assert!(report.findings.iter().any(|finding| finding.code() == gone), "{:?}", counted(&report));
        }
    }

    #[test]
    fn links_to_files_are_sized_and_read_as_what_they_lead_to() {
        let evidence = Evidence::of(&WORLD);
        let digest = &evidence.digests()[0];
        let length = fs::metadata(evidence.at(digest)).unwrap().len();
        moved(&evidence, digest, &evidence.at("kept/digest"));
        let page = list(&evidence.store(), "").unwrap();
        let listed = page.objects.iter().find(|object| *object.key == **digest).unwrap();
        assert_eq!(listed.size, Some(length));
        assert_eq!(get(&evidence.store(), digest).unwrap().body.len() as u64, length);
    }

    #[test]
    fn a_sidecar_that_leads_out_is_none() {
        let outside = tempfile::tempdir().unwrap();
        let evidence = Evidence::of(&WORLD);
        let digest = &evidence.digests()[0];
        moved(&evidence, &format!("{digest}.head.json"), &outside.path().join("elsewhere"));
        let Metadata::NotKept(Some(why)) = get(&evidence.store(), digest).unwrap().metadata else {
            panic!("it was read")
        };
        assert!(why.contains("could not be read: a link to") && why.contains("outside"), "{why}");
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

#[test]
fn sidecars_are_read_as_tools_write_them() {
    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let changed = |bytes: Vec<u8>, change: fn(&mut Value)| {
        let mut head: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut head);
        serde_json::to_vec(&head).unwrap()
    };
    type Change<'c> = &'c dyn Fn(Vec<u8>) -> Vec<u8>;
    let changes: [(&str, Change<'_>); 9] = [
        ("with a byte order mark", &|bytes| [b"\xef\xbb\xbf".to_vec(), bytes].concat()),
        ("as UTF-16", &|bytes| utf16(&format!("\u{feff}{}", text(bytes)), u16::to_le_bytes)),
        ("as UTF-16, big end first", &|bytes| utf16(&format!("\u{feff}{}", text(bytes)), u16::to_be_bytes)),
        ("as UTF-16 without a mark", &|bytes| utf16(&text(bytes), u16::to_le_bytes)),
        ("after another document", &|bytes| [b"{\"Owner\":1}\n".to_vec(), bytes].concat()),
        ("before half a document", &|bytes| [bytes, b"\n{\"Metadata\"".to_vec()].concat()),
        ("of get-object", &|bytes| changed(bytes, |head| head["ChecksumType"] = "FULL_OBJECT".into())),
        ("in other letters", &|bytes| {
            changed(bytes, |head| {
                let saved = head["Metadata"].as_object().unwrap().clone();
                let louder = saved.into_iter().map(|(name, value)| (name.to_uppercase(), value));
                head["Metadata"] = Value::Object(louder.collect());
            })
        }),
        ("with S3's own names", &|bytes| {
            changed(bytes, |head| {
                let saved = head["Metadata"].as_object().unwrap().clone();
                let longer = saved.into_iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value));
                *head = json!({ "metadata": Value::Object(longer.collect()) });
            })
        }),
    ];
    for (name, change) in changes {
        let evidence = Evidence::of(&WORLD);
        evidence.change_sidecars(change);
        let report = evidence.judged();
        assert_eq!((counted(&report), report.exit_code()), (BTreeMap::new(), 0), "{name}");
    }
}

#[test]
fn a_bad_sidecar_is_no_sidecar() {
    let again = "run the command again with --output json";
    let chains = WORLD.chains().len();
    for (bytes, told) in [
        (&b""[..], "its .head.json is empty"),
        (b"Metadata:\n  signature: 00\n", again),
        (b"bytes\tapplication/json\nMETADATA\t00\n", again),
        (b"--------\n| Head |\n", again),
        (b"hello", "its .head.json is not JSON"),
        (b"[1, 2", "its .head.json is not JSON"),
        (b"[1, 2]", "its .head.json holds no Metadata"),
        (b"{\"Metadata\": {}}", "its .head.json holds Metadata without a signature"),
        (b"{\"Metadata\": {\"signature\": 12}}", "its .head.json holds Metadata without a signature"),
        (b"{\"Metadata\": {\"signature\": \"zz\"}}", "what was saved as its signature is not one"),
        (b"{\"Metadata\": {\"signature\": \"00ff\"}}", "of other bytes"),
        (&[b'{'; 100_000], "its .head.json is larger than 65536 bytes"),
        (b"\xff\xfe{\0\"", "its .head.json is not UTF-16 text"),
    ] {
        let evidence = Evidence::of(&WORLD);
        evidence.change_sidecars(|_| bytes.to_vec());
        let report = evidence.judged();
        accuses_nobody(&report, 3);
        let unsigned: Vec<_> =
            report.findings.iter().filter(|finding| finding.code() == Code::DigestUnsigned).collect();
        // All but the newest of each chain have a successor that vouches for them.
        assert_eq!(unsigned.len(), chains, "{told}");
        for finding in unsigned {
            assert!(message(finding).contains(told), "{}", message(finding));
        }
    }
    let evidence = Evidence::of(&WORLD);
    for digest in evidence.digests() {
        let path = evidence.at(&format!("{digest}.head.json"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    let report = evidence.judged();
    assert_eq!(report.exit_code(), 3);
    let told = |finding: &Finding| message(finding).contains("could not be read: not a plain file");
    assert!(report.findings.iter().any(told), "{:#?}", report.findings);
}

#[test]
fn a_sidecar_of_another_digest_accuses_nobody_and_a_changed_one_is_told() {
    // Each digest has the sidecar of the next.
    let evidence = Evidence::of(&WORLD);
    let digests = evidence.digests();
    let sidecar = |digest: &String| evidence.at(&format!("{digest}.head.json"));
    let saved: Vec<Vec<u8>> = digests.iter().map(|digest| fs::read(sidecar(digest)).unwrap()).collect();
    for (at, digest) in digests.iter().enumerate() {
        fs::write(sidecar(digest), &saved[(at + 1) % saved.len()]).unwrap();
    }
    let report = evidence.judged();
    accuses_nobody(&report, 3);

    // A signature that was changed beside what singles the bytes out.
    let evidence = Evidence::of(&WORLD);
    let newest = WORLD.chains()[0].digests.last().unwrap().object().key.to_string();
    let path = evidence.at(&format!("{newest}.head.json"));
    let mut head: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    head["Metadata"]["signature"] = "00ff".repeat(128).into();
    fs::write(&path, head.to_string()).unwrap();
    let report = evidence.judged();
    assert_eq!(counted(&report)["tamper digest-signature-invalid"], 1);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn sidecars_are_hidden_beside_what_they_describe_and_nowhere_else() {
    let evidence = Evidence::of(&WORLD);
    let (digest, log) = (evidence.digests()[0].clone(), evidence.logs()[0].clone());
    let keys = || -> Vec<String> {
        list(&evidence.store(), "").unwrap().objects.iter().map(|object| object.key.to_string()).collect()
    };
    let before = keys();
    fs::write(evidence.at(&format!("{log}.head.json")), "{}").unwrap();
    assert_eq!(keys(), before);
    fs::remove_file(evidence.at(&digest)).unwrap();
    fs::remove_file(evidence.at(&log)).unwrap();
    let after = keys();
    assert_eq!(after.len(), before.len());
    for gone in [digest, log] {
        assert!(!after.contains(&gone) && after.contains(&format!("{gone}.head.json")), "{gone}");
    }
}
