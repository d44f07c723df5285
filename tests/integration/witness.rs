//! Witnesses: seals of runs, kept where none is written over, and what a later run makes of them. Scenes in acts, over S3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::World;
use trailseal::trail::key::ObjectKey;

use crate::s3_cli::program;
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::judged::quiet;
use crate::support::server::{Behaviour, Server};
use crate::support::world::{self, Bucket, Past};

/// Four days and the hours around them, in three regions.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    quiet(120, |plan| {
        plan.start = trailseal::trail::parse_time("2026-02-28T12:00:00Z").unwrap();
        plan.regions = 3;
    })
});
const RECORD: &str = "example-trail-bucket";

/// A server, a key, and a folder for the rest.
struct Scene {
    server: Server,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let mut world = forged::world(&WORLD, Encoding::Mixed);
        world.buckets.insert("witness-bucket".into(), Bucket::new(forged::BUCKET_REGION));
        let scene = Self { server: Server::start(world), folder: tempfile::tempdir().unwrap() };
        scene.make_key("seal");
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make_key(&self, name: &str) {
        let made = program(&self.server).args(["seal", "keygen", "example.org/trailseal"]).output().unwrap();
        fs::write(self.path(&format!("{name}.key")), made.stdout).unwrap();
        fs::write(self.path(&format!("{name}.vkey")), made.stderr).unwrap();
    }

    fn verify(&self, more: &[&str]) -> Command {
        let mut command = program(&self.server);
        command.args(["verify", "s3://example-trail-bucket", "--format", "json", "--no-progress"]);
        command
            .args(["--start", "2026-03-01", "--end", "2026-03-04"])
            .args(more)
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, more: &[&str]) -> (i32, Value, String) {
        let output = self.verify(more).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
    }

    /// Deletes what is newer than that in the regions that `of` names.
    fn cut(&self, from: &str, of: fn(&str) -> bool) {
        let from = trailseal::trail::parse_time(from).unwrap();
        self.server.change(|world: &mut world::World| {
            world.buckets.get_mut(RECORD).unwrap().objects.retain(|key, _| {
                let moment = match ObjectKey::parse(key).unwrap() {
                    ObjectKey::Digest(digest) => digest.end,
                    ObjectKey::Log(log) => log.delivered,
                };
                moment < from || !of(key)
            });
        });
    }

    fn seals(&self, witness: &str) -> Vec<PathBuf> {
        let folder = self.path(witness).join(RECORD).join("seal");
        let mut seals: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        seals.sort();
        seals
    }
}

const SEALING: [&str; 4] = ["--seal-key", "seal.key", "--witness", "witness"];

fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|one| format!("{} {}", one["class"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect()
}

fn region(number: usize) -> String {
    WORLD.plan().region_names()[number].to_string()
}

#[test]
fn every_run_is_sealed_and_held_to_the_seal_before() {
    let scene = Scene::new();
    for witness in ["witness", "s3://witness-bucket/of/runs"] {
        let sealing = ["--seal-key", "seal.key", "--witness", witness];
        let (code, report, stderr) = scene.run(&sealing);
        assert_eq!((code, codes(&report)), (0, vec!["notice witness-empty".to_owned()]), "{stderr}");
        assert!(stderr.contains(&format!("sealed as number 1 in {witness}")), "{stderr}");
        let (code, report, stderr) = scene.run(&sealing);
        assert_eq!((code, codes(&report)), (0, vec![]), "{stderr}");
        let held = &report["baselines"][0];
        assert_eq!((held["number"].as_u64(), held["heads"].as_u64()), (Some(1), Some(3)), "{held}");
        assert!(held["signed_by"][0].as_str().unwrap().starts_with("example.org/trailseal+"), "{held}");
        assert!(stderr.contains(&format!("sealed as number 2 in {witness}")), "{stderr}");
    }
    // Whoever has the other half of the key can check it, and read alone.
    let seal = scene.seals("witness").pop().unwrap();
    let checked = program(&scene.server)
        .args(["seal", "verify", seal.to_str().unwrap(), "--vkey", "seal.vkey"])
        .current_dir(scene.folder.path())
        .output()
        .unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
    let (code, report, stderr) = scene.run(&["--vkey", "seal.vkey", "--witness", "witness"]);
    assert_eq!((code, report["baselines"][0]["number"].as_u64()), (0, Some(2)), "{stderr}");
    assert!(!stderr.contains("sealed as"), "{stderr}");
    assert_eq!(scene.seals("witness").len(), 3);
    // A seal names the very report it is of.
    let (_, _, stderr) = scene.run(&[&SEALING[..], &["--report", "json=report.json"]].concat());
    assert!(stderr.contains("number 3"), "{stderr}");
    let text = fs::read_to_string(scene.seals("witness").pop().unwrap()).unwrap();
    let hash = trailseal::report::Hash::of(&fs::read(scene.path("report.json")).unwrap());
    assert!(text.contains(&format!("report sha256:{hash}\n")), "{text}");
}

#[test]
fn quiet_says_nothing_where_all_is_well_and_a_copy_has_to_say_of_what() {
    let scene = Scene::new();
    let mut command = program(&scene.server);
    command.args([
        "verify",
        "s3://example-trail-bucket",
        "--start",
        "2026-03-01",
        "--end",
        "2026-03-04",
        "-q",
    ]);
    let output = command.args(SEALING).current_dir(scene.folder.path()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!((output.status.code(), String::from_utf8(said).unwrap()), (Some(0), String::new()));
    WORLD.write(&scene.path("lab")).unwrap();
    let folder = |more: &[&str]| {
        let mut command = program(&scene.server);
        command.args(["verify", "lab/bucket", "--start", "2026-03-01", "--end", "2026-03-04"]);
        command.args(["--keys", "lab/keys.json", "--format", "json", "--no-progress"]);
        let output = command.args(SEALING).args(more).current_dir(scene.folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    let (code, stderr) = folder(&[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--copied-from"), "{stderr}");
    // The copy is held to what the bucket's own runs saw.
    let (code, stderr) = folder(&["--copied-from", "s3://example-trail-bucket"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("sealed as number 2"), "{stderr}");
}

#[test]
fn a_tail_that_was_cut_is_red_every_night_although_every_night_is_sealed() {
    let scene = Scene::new();
    assert_eq!(scene.run(&SEALING).0, 0);
    scene.cut("2026-03-03T12:00:00Z", |_| true);
    // Without memory nobody is accused.
    assert_eq!(scene.run(&[]).0, 3);
    for night in 2..6 {
        let (code, report, stderr) = scene.run(&SEALING);
        assert_eq!(code, 1, "night {night}: {stderr}");
        assert_eq!(codes(&report).iter().filter(|code| *code == "tamper head-lost").count(), 3);
        assert!(stderr.contains(&format!("sealed as number {night}")), "{stderr}");
    }
}

#[test]
fn a_narrowed_or_an_older_run_makes_the_next_forget_nothing() {
    let scene = Scene::new();
    assert_eq!(scene.run(&SEALING).0, 0);
    let narrow = region(0);
    assert_eq!(scene.run(&[&SEALING[..], &["--region", &narrow]].concat()).0, 0);
    let older = [&SEALING[..], &["--end", "2026-03-02"]].concat();
    let mut command = program(&scene.server);
    command.args(["verify", "s3://example-trail-bucket", "--no-progress", "--start", "2026-03-01"]);
    assert_eq!(command.args(older).current_dir(scene.folder.path()).output().unwrap().status.code(), Some(0));
    // Another region vanishes.
    scene.cut("2026-01-01T00:00:00Z", |key| key.contains("/eu-central-1/"));
    let (code, report, _) = scene.run(&SEALING);
    assert_eq!((code, codes(&report)), (1, vec!["tamper head-lost".to_owned()]));
}

#[test]
fn only_a_name_lets_go_of_a_head() {
    let scene = Scene::new();
    assert_eq!(scene.run(&SEALING).0, 0);
    scene.cut("2026-01-01T00:00:00Z", |key| key.contains("/eu-central-1/"));
    let (code, report, _) = scene.run(&SEALING);
    assert_eq!(code, 1);
    let lost = report["findings"][0]["object"].as_str().unwrap().to_owned();
    let releasing = [&SEALING[..], &["--release", &lost]].concat();
    let (code, report, _) = scene.run(&releasing);
    assert_eq!(code, 0, "{:?}", codes(&report));
    assert!(report["hints"].to_string().contains("is not looked for any more"), "{report:#}");
    let text = fs::read_to_string(scene.seals("witness").pop().unwrap()).unwrap();
    assert!(text.contains("\nreleased "), "{text}");
    // And it stays let go.
    assert_eq!(scene.run(&SEALING).0, 0);
}

#[test]
fn what_is_done_to_a_witness_is_told() {
    type Deed = fn(&[PathBuf]);
    let deeds: [(&str, Deed, i32, &str); 6] = [
        (
            "edited",
            |seals| {
                let text = fs::read_to_string(&seals[3]).unwrap();
                fs::write(&seals[3], text.replace("exit 0", "exit 1")).unwrap();
            },
            1,
            "tamper witness-broken",
        ),
        ("a hole", |seals| fs::remove_file(&seals[2]).unwrap(), 1, "tamper witness-broken"),
        (
            "copied upward",
            |seals| {
                fs::copy(&seals[2], seals[3].with_file_name(format!("{:020}", 4))).unwrap();
            },
            1,
            "tamper witness-broken",
        ),
        (
            "cut short",
            |seals| {
                let bytes = fs::read(&seals[3]).unwrap();
                fs::write(&seals[3], &bytes[..bytes.len() - 9]).unwrap();
            },
            1,
            "tamper witness-broken",
        ),
        ("lowest expired", |seals| fs::remove_file(&seals[0]).unwrap(), 3, "incomplete witness-unreachable"),
        ("newest removed", |seals| fs::remove_file(&seals[3]).unwrap(), 1, "tamper witness-broken"),
    ];
    for (what, deed, exit, code) in deeds {
        let scene = Scene::new();
        let sealing = [&SEALING[..], &["--ledger", "ledger", "--trust-listing"]].concat();
        for _run in 0..3 {
            assert_eq!(scene.run(&sealing).0, 0, "{what}");
        }
        deed(&scene.seals("witness"));
        let (exited, report, stderr) = scene.run(&sealing);
        assert_eq!(exited, exit, "{what}: {:?} {stderr}", codes(&report));
        assert!(codes(&report).contains(&code.to_owned()), "{what}: {:?}", codes(&report));
        // Nothing is built on what was changed, so it stays told.
        assert_eq!(scene.run(&sealing).0, exit, "{what}");
    }
}

#[test]
fn a_versioned_witness_tells_what_was_written_over_and_what_was_deleted() {
    const OVER_S3: [&str; 4] = ["--witness", "s3://witness-bucket/w", "--seal-key", "seal.key"];
    type Deed = fn(&mut Bucket, &str);
    let deeds: [(&str, u64, Deed, i32, &str); 5] = [
        // The seal is the same again; whoever did it can do it.
        (
            "put back",
            1,
            |bucket, key| bucket.past.push(Past::Version { key: key.into() }),
            1,
            "tamper witness-broken",
        ),
        (
            // No ledger remembers it, and no later seal shows the hole.
            "newest deleted",
            2,
            |bucket, key| {
                bucket.objects.remove(key);
                bucket.past.push(Past::DeleteMarker { key: key.into() });
            },
            1,
            "tamper witness-broken",
        ),
        (
            "lowest expired",
            0,
            |bucket, key| {
                bucket.objects.remove(key);
                bucket.past.push(Past::DeleteMarker { key: key.into() });
            },
            3,
            "incomplete witness-unreachable",
        ),
        (
            "all deleted",
            0,
            |bucket, _| {
                let keys: Vec<String> = std::mem::take(&mut bucket.objects).into_keys().collect();
                bucket.past.extend(keys.into_iter().map(|key| Past::DeleteMarker { key }));
            },
            // And no seal follows.
            2,
            "incomplete witness-unreachable",
        ),
        ("nothing", 0, |_, _| {}, 0, ""),
    ];
    for (what, number, deed, exit, code) in deeds {
        let scene = Scene::new();
        for _run in 0..2 {
            assert_eq!(scene.run(&OVER_S3).0, 0, "{what}");
        }
        scene.server.change(|world| {
            let bucket = world.buckets.get_mut("witness-bucket").unwrap();
            let key =
                bucket.objects.keys().find(|key| key.ends_with(&format!("{number:020}"))).unwrap().clone();
            deed(bucket, &key);
        });
        for _night in 0..2 {
            let (exited, report, stderr) = scene.run(&OVER_S3);
            assert_eq!(exited, exit, "{what}: {:?} {stderr}", codes(&report));
            assert!(
                code.is_empty() || codes(&report).contains(&code.to_owned()),
                "{what}: {:?}",
                codes(&report)
            );
        }
    }
}

#[test]
fn a_newest_file_that_nobody_remembers_whole_may_have_been_cut_short_in_writing() {
    let scene = Scene::new();
    scene.run(&SEALING);
    let newest = scene.seals("witness").pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() - 9]).unwrap();
    let (code, report, _) = scene.run(&["--vkey", "seal.vkey", "--witness", "witness"]);
    assert_eq!((code, codes(&report)), (3, vec!["incomplete witness-unreachable".to_owned()]));
}

#[test]
fn a_stranger_s_seal_is_no_baseline_and_one_witness_speaks_where_the_other_is_silent() {
    let scene = Scene::new();
    let both = [&SEALING[..], &["--witness", "s3://witness-bucket/w"]].concat();
    assert_eq!(scene.run(&both).0, 0);
    scene.cut("2026-03-03T12:00:00Z", |_| true);
    // Signed by a key that nobody named: it says nothing.
    scene.make_key("other");
    let (code, report, _) = scene.run(&["--vkey", "other.vkey", "--witness", "witness"]);
    assert_eq!(code, 3);
    assert!(codes(&report).contains(&"incomplete witness-unreachable".to_owned()), "{:?}", codes(&report));
    // One of two does not answer, and the other knows.
    scene.server.fail(faults::script(|call| {
        (call.bucket == "witness-bucket" && call.action == Action::ListObjectsV2).then_some(Fault::Refuse(
            403,
            "AccessDenied",
            "Access Denied",
        ))
    }));
    let reading = ["--vkey", "seal.vkey", "--witness", "witness", "--witness", "s3://witness-bucket/w"];
    let (code, report, _) = scene.run(&reading);
    assert_eq!(code, 1);
    let told = codes(&report);
    assert!(told.contains(&"incomplete witness-unreachable".to_owned()), "{told:?}");
    assert!(told.contains(&"tamper head-lost".to_owned()), "{told:?}");
}

#[test]
fn a_seal_is_a_baseline() {
    let scene = Scene::new();
    assert_eq!(scene.run(&SEALING).0, 0);
    let seal = scene.seals("witness").pop().unwrap();
    let seal = seal.to_str().unwrap();
    assert_eq!(scene.run(&["--baseline", seal]).0, 0);
    assert_eq!(scene.run(&["--baseline", seal, "--vkey", "seal.vkey"]).0, 0);
    scene.make_key("other");
    let (code, _, stderr) = scene.run(&["--baseline", seal, "--vkey", "other.vkey"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("cannot be believed"), "{stderr}");
    scene.cut("2026-03-03T12:00:00Z", |_| true);
    let (code, report, _) = scene.run(&["--baseline", seal, "--vkey", "seal.vkey"]);
    assert_eq!((code, report["baselines"][0]["number"].as_u64()), (1, Some(1)));
}

#[test]
fn what_cannot_be_is_refused_before_the_long_work() {
    let scene = Scene::new();
    let refused = |arguments: &[&str], told: &str| {
        let (code, _, stderr) = scene.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    };
    refused(&["--witness", "witness"], "needs a key");
    refused(&["--witness", "witness", "--seal-key", "nowhere"], "cannot be read");
    refused(&["--witness", "witness", "--seal-key", "seal.vkey"], "seal keygen");
    refused(
        &["--witness", "s3://example-trail-bucket", "--seal-key", "seal.key"],
        "lies where the record lies",
    );
    scene.server.fail(faults::script(|call| {
        (call.action == Action::PutObject).then_some(Fault::Refuse(403, "AccessDenied", "Access Denied"))
    }));
    refused(&["--witness", "s3://witness-bucket/w", "--seal-key", "seal.key"], "s3:PutObject");
    // Without the listing no seal could be put at the end; who only reads is told so in the report.
    scene.server.fail(faults::script(|call| {
        (call.bucket == "witness-bucket" && call.action == Action::ListObjectsV2).then_some(Fault::DENIED)
    }));
    scene.server.take_counts();
    refused(&["--witness", "s3://witness-bucket/w", "--seal-key", "seal.key"], "s3:ListBucket");
    assert_eq!(scene.server.take_counts().get(&Action::GetObject), None);
    scene
        .server
        .fail(faults::script(|call| (call.action == Action::ListObjectVersions).then_some(Fault::DENIED)));
    refused(&["--witness", "s3://witness-bucket/w", "--seal-key", "seal.key"], "s3:ListBucketVersions");
    // A store that lets seals be written over.
    scene.server.fail(faults::none());
    let sealing = ["--witness", "s3://witness-bucket/w", "--seal-key", "seal.key"];
    assert_eq!(scene.run(&sealing).0, 0);
    scene.server.behave(Behaviour { keeps_conditions: false, ..Behaviour::default() });
    refused(&sealing, "be written over");
}

#[test]
fn a_witness_is_known_again_however_it_is_spelled() {
    let scene = Scene::new();
    let sealing =
        |witness| ["--seal-key", "seal.key", "--ledger", "ledger", "--trust-listing", "--witness", witness];
    assert_eq!(scene.run(&sealing("witness")).0, 0);
    assert_eq!(scene.run(&sealing("./witness/")).0, 0);
    fs::remove_file(scene.seals("witness").pop().unwrap()).unwrap();
    let (code, report, _) = scene.run(&sealing("ledger/../witness"));
    assert_eq!((code, codes(&report)), (1, vec!["tamper witness-broken".to_owned()]));
}

#[test]
fn a_seal_that_the_ledger_could_not_note_is_there_all_the_same() {
    let scene = Scene::new();
    scene.server.fail(faults::script(|call| {
        (call.action == Action::PutObject && call.key.contains("/witness/")).then_some(Fault::DENIED)
    }));
    let sealing = [&SEALING[..], &["--ledger", "s3://witness-bucket/ledger", "--trust-listing"]].concat();
    let (code, _, stderr) = scene.run(&sealing);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("sealed as number 1 in witness, but the ledger could not note that"), "{stderr}");
    assert!(!stderr.contains("not sealed"), "{stderr}");
    assert_eq!(scene.seals("witness").len(), 2);
}

#[test]
fn with_a_seal_key_the_ledger_s_rows_are_sealed() {
    let scene = Scene::new();
    let remembering = ["--ledger", "ledger", "--trust-listing", "--seal-key", "seal.key"];
    assert_eq!(scene.run(&remembering).0, 0);
    let (code, report, _) = scene.run(&remembering);
    assert_eq!((code, report["read"]["digests"].as_u64()), (0, Some(0)));
    assert!(!report["not_proven"].to_string().contains("--seal-key"), "{report:#}");
    // Rows of a key are nobody's without it.
    let (code, report, _) = scene.run(&["--ledger", "ledger", "--trust-listing"]);
    assert_eq!((code, report["carried"].is_null()), (0, true));
}
