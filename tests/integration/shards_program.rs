//! `plan`, `verify --plan` and `merge` as they are run: over S3 and over a folder, and what they refuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::{Damage, World};

use crate::s3_cli::program;
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::judged::quiet;
use crate::support::notebook::row_files;
use crate::support::server::Server;
use crate::support::world::Bucket;

/// Four days of one account in three regions, and the hours around them.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    quiet(120, |plan| {
        plan.start = trailseal::trail::parse_time("2026-02-28T12:00:00Z").unwrap();
        plan.regions = 3;
    })
});

struct Scene {
    server: Server,
    folder: TempDir,
}

impl Scene {
    fn new(damages: &[Damage]) -> Self {
        let mut world = WORLD.clone();
        damages.iter().for_each(|damage| world.apply(*damage).unwrap());
        let mut world = forged::world(&world, Encoding::Mixed);
        world.buckets.insert("parts-bucket".into(), Bucket::new(forged::BUCKET_REGION));
        Self { server: Server::start(world), folder: tempfile::tempdir().unwrap() }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program(&self.server);
        command.args(words).current_dir(self.folder.path());
        command
    }

    /// The same as a process to be spoken to.
    fn started(&self, words: &[&str]) -> Child {
        let command = self.command(words);
        let mut process = std::process::Command::new(command.get_program());
        process.env_clear().args(command.get_args()).current_dir(self.folder.path()).stderr(Stdio::null());
        process.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        process.spawn().unwrap()
    }

    /// The exit code, and what was said on stderr.
    fn run(&self, words: &[&str]) -> (i32, String) {
        let output = self.command(words).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    #[track_caller]
    fn does(&self, words: &[&str]) -> String {
        let (code, stderr) = self.run(words);
        assert_eq!(code, 0, "{words:?}: {stderr}");
        stderr
    }

    fn plan(&self, shards: &str, output: &str) {
        let window = ["--start", "2026-03-01", "--end", "2026-03-04"];
        let words = ["plan", "s3://example-trail-bucket", "--shards", shards, "--output", output];
        self.does(&[&words[..], &window].concat());
    }

    fn shard(&self, plan: &str, shard: &str, parts: &str) -> (i32, String) {
        self.run(&["verify", "--plan", plan, "--shard", shard, "--parts", parts])
    }

    fn merge(&self, plan: &str, parts: &str, more: &[&str]) -> (i32, Value, String) {
        let words = ["merge", "--plan", plan, "--parts", parts, "--format", "json", "--no-progress"];
        let output = self.command(&[&words[..], more].concat()).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
    }

    fn parts(&self, parts: &str) -> Vec<PathBuf> {
        let of_plan =
            fs::read_dir(self.folder.path().join(parts)).unwrap().map(|entry| entry.unwrap().path());
        let of_plan = of_plan.filter(|path| path.is_dir());
        let mut files: Vec<PathBuf> =
            of_plan.flat_map(|path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())).collect();
        files.sort();
        files
    }
}

/// A report without what no two runs say alike.
fn beside_the_run(mut report: Value) -> Value {
    let fields = report.as_object_mut().unwrap();
    for field in ["started_at", "finished_at", "arguments", "run", "hints"] {
        fields.remove(field);
    }
    report
}

#[test]
fn four_machines_say_what_one_says() {
    for damages in [&[][..], &[Damage::LogDeleted, Damage::DigestEdited]] {
        let scene = Scene::new(damages);
        scene.plan("4", "s3://parts-bucket/night/plan.json");
        scene.server.take_counts();
        for shard in 0..4 {
            let (code, stderr) = scene.shard(
                "s3://parts-bucket/night/plan.json",
                &shard.to_string(),
                "s3://parts-bucket/parts",
            );
            assert_eq!(code, 0, "{stderr}");
            assert!(stderr.contains(&format!("shard {shard} of 4: ")), "{stderr}");
        }
        // The keys came with the plan.
        assert_eq!(scene.server.take_counts().get(&Action::ListPublicKeys), None);
        let (code, merged, stderr) =
            scene.merge("s3://parts-bucket/night/plan.json", "s3://parts-bucket/parts", &[]);
        let single = scene
            .command(&["verify", "s3://example-trail-bucket", "--start", "2026-03-01", "--end", "2026-03-04"])
            .args(["--format", "json", "--no-progress"])
            .output()
            .unwrap();
        assert_eq!(code, single.status.code().unwrap(), "{stderr}");
        assert_eq!(merged["run"]["shards"], 4);
        let single = serde_json::from_slice(&single.stdout).unwrap();
        assert_eq!(beside_the_run(merged), beside_the_run(single));
    }
}

#[test]
fn an_engine_says_which_shard_and_a_part_that_is_there_is_not_made_again() {
    let scene = Scene::new(&[]);
    scene.plan("2", "plan.json");
    let shard = |variable: &str, index: &str| {
        let words = ["verify", "--plan", "plan.json", "--shard", "auto", "--parts", "parts"];
        let output = scene.command(&words).env(variable, index).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(shard("SLURM_ARRAY_TASK_ID", "0").0, 0);
    let (code, stderr) = shard("AWS_BATCH_JOB_ARRAY_INDEX", "1");
    assert_eq!(code, 0, "{stderr}");
    scene.server.take_counts();
    let (code, stderr) = shard("JOB_COMPLETION_INDEX", "1");
    assert!(code == 0 && stderr.contains("its part is there already"), "{stderr}");
    assert_eq!(scene.server.take_counts().values().sum::<usize>(), 0);
    let (code, stderr) = shard("JOB_COMPLETION_INDEX", "2");
    assert!(code == 2 && stderr.contains("there is no shard 2"), "{stderr}");
    let (code, stderr) = scene.shard("plan.json", "auto", "parts");
    assert!(code == 2 && stderr.contains("no engine says"), "{stderr}");
}

/// A part without its first line.
fn records(part: &[u8]) -> &[u8] {
    &part[part.iter().position(|byte| *byte == b'\n').unwrap()..]
}

#[test]
fn a_part_that_is_lost_or_broken_is_told_and_made_again() {
    let scene = Scene::new(&[]);
    scene.plan("3", "plan.json");
    for shard in ["0", "1", "2"] {
        assert_eq!(scene.shard("plan.json", shard, "parts").0, 0);
    }
    let files = scene.parts("parts");
    let whole = fs::read(&files[1]).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", b"{}\n"] {
        fs::write(&files[1], broken).unwrap();
        let (code, report, stderr) = scene.merge("plan.json", "parts", &[]);
        assert_eq!(code, 3, "{stderr}");
        let findings = report["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["code"] == "part-missing"), "{findings:#?}");
        assert!(findings.iter().all(|finding| finding["class"] != "tamper"), "{findings:#?}");
        assert_eq!(scene.shard("plan.json", "1", "parts").0, 0);
        // The same records; the store's clock, in the first line, has gone on.
        assert_eq!(records(&fs::read(&files[1]).unwrap()), records(&whole));
    }
    let (code, report, stderr) = scene.merge("plan.json", "parts", &[]);
    assert_eq!(code, 0, "{stderr} {:#}", report["findings"]);
}

#[test]
fn a_signal_leaves_no_part() {
    let scene = Scene::new(&[]);
    scene.plan("1", "plan.json");
    scene.server.take_counts();
    scene.server.fail(faults::script(|call| (call.action == Action::GetObject).then_some(Fault::Silence)));
    let words = ["verify", "--plan", "plan.json", "--shard", "0", "--parts", "parts"];
    let mut shard = scene.started(&words);
    while !scene.server.take_counts().contains_key(&Action::GetObject) {
        std::thread::yield_now();
    }
    let sent = std::process::Command::new("kill").args(["-INT", &shard.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(shard.wait().unwrap().code(), Some(130));
    assert!(scene.parts("parts").is_empty());
    scene.server.fail(faults::none());
    assert_eq!(scene.run(&words).0, 0);
}

#[test]
fn what_is_refused_to_one_shard_is_a_finding_of_the_report() {
    let scene = Scene::new(&[]);
    scene.plan("2", "plan.json");
    scene.server.fail(faults::script(|call| {
        (call.action == Action::GetObject
            && call.key.contains("/CloudTrail/")
            && call.bucket == "example-trail-bucket")
            .then_some(Fault::DENIED)
    }));
    for shard in ["0", "1"] {
        assert_eq!(scene.shard("plan.json", shard, "parts").0, 0);
    }
    let (code, report, _) = scene.merge("plan.json", "parts", &[]);
    assert_eq!((code, &report["verdict"]), (3, &Value::from("incomplete")));
}

#[test]
fn other_keys_and_options_of_a_run_of_its_own_are_refused() {
    let scene = Scene::new(&[]);
    scene.plan("1", "plan.json");
    let shard = ["verify", "--plan", "plan.json", "--shard", "0", "--parts", "parts"];
    let refused = |more: &[&str], told: &str| {
        let (code, stderr) = scene.run(&[&shard[..], more].concat());
        assert_eq!(code, 2, "{more:?}: {stderr}");
        assert!(stderr.contains(told), "{more:?}: {stderr}");
    };
    let other = World::forge(&trailseal::forge::WorldPlan { seed: 99, ..Default::default() }).unwrap();
    fs::write(scene.folder.path().join("other.json"), other.keys().json()).unwrap();
    refused(&["--keys", "other.json"], "leave --keys out");
    let inside = scene.shard("plan.json", "0", "s3://example-trail-bucket/AWSLogs/parts");
    assert!(inside.0 == 2 && inside.1.contains("lies where the record lies"), "{}", inside.1);
    refused(&["--start", "2026-03-01"], "cannot be used with");
    refused(&["--baseline", "x.json"], "cannot be used with");
    let (code, stderr) = scene.run(&["verify", "--plan", "plan.json"]);
    assert!(code == 2 && stderr.contains("--shard"), "{stderr}");
    let (code, stderr) = scene.run(&["verify"]);
    assert!(code == 2 && stderr.contains("SOURCE"), "{stderr}");
    let text = fs::read_to_string(scene.folder.path().join("plan.json")).unwrap();
    fs::write(
        scene.folder.path().join("plan.json"),
        text.replace("\"depth\":\"full\"", "\"depth\":\"chain\""),
    )
    .unwrap();
    let (code, stderr) = scene.run(&shard);
    assert!(code == 2 && stderr.contains("its content was changed"), "{stderr}");
}

#[test]
fn the_merge_is_held_to_baselines_and_sealed() {
    let scene = Scene::new(&[]);
    let made = scene.command(&["seal", "keygen", "example.org/trailseal"]).output().unwrap();
    fs::write(scene.folder.path().join("seal.key"), made.stdout).unwrap();
    scene.plan("2", "plan.json");
    for shard in ["0", "1"] {
        assert_eq!(scene.shard("plan.json", shard, "parts").0, 0);
    }
    let sealing = ["--seal-key", "seal.key", "--witness", "witness"];
    let (code, _, stderr) = scene.merge("plan.json", "parts", &sealing);
    assert!(code == 0 && stderr.contains("sealed as number 1"), "{stderr}");
    let (code, report, stderr) = scene.merge("plan.json", "parts", &sealing);
    assert_eq!((code, report["baselines"][0]["number"].as_u64()), (0, Some(1)), "{stderr}");
}

#[test]
fn shards_with_a_ledger_leave_rows_that_the_next_run_carries() {
    let scene = Scene::new(&[]);
    scene.plan("4", "plan.json");
    for shard in ["0", "1", "2", "3"] {
        let words = ["verify", "--plan", "plan.json", "--shard", shard, "--parts", "parts"];
        scene.does(&[&words[..], &["--ledger", "ledger", "--trust-listing"]].concat());
    }
    // What a shard has to tell of its reading reaches the report.
    for rows in row_files(&scene.folder.path().join("ledger")) {
        let text = fs::read(&rows).unwrap();
        fs::write(&rows, &text[..text.len() - 9]).unwrap();
    }
    for shard in ["0", "1", "2", "3"] {
        let words = ["verify", "--plan", "plan.json", "--shard", shard, "--parts", "again"];
        scene.does(&[&words[..], &["--ledger", "ledger", "--trust-listing"]].concat());
    }
    let (code, report, _) = scene.merge("plan.json", "again", &[]);
    let told = report["findings"].as_array().unwrap();
    assert_eq!(code, 0, "{told:#?}");
    assert!(told.iter().any(|finding| finding["code"] == "ledger-rejected"), "{told:#?}");
    let output = scene
        .command(&["verify", "s3://example-trail-bucket", "--start", "2026-03-01", "--end", "2026-03-04"])
        .args(["--format", "json", "--no-progress", "--ledger", "ledger", "--trust-listing"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["carried"]["days"].as_u64().unwrap() >= 6, "{:#}", report["carried"]);
}

#[test]
fn a_plan_for_a_person_lists_and_reads_nothing() {
    let scene = Scene::new(&[]);
    let words = ["plan", "s3://example-trail-bucket", "--start", "2026-03-01", "--end", "2026-03-04"];
    let output = scene.command(&words).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("s3://example-trail-bucket: 3 accounts and regions"), "{told}");
    for word in ["objects", "as stored", "GET", "LIST", "USD", "one machine", "the oldest ends"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(scene.server.take_counts().get(&Action::GetObject), None);
    let (code, _) =
        scene.run(&["plan", "s3://example-trail-bucket", "--start", "2025-03-01", "--end", "2025-03-04"]);
    assert_eq!(code, 4);
    // What cannot be listed cannot be planned for.
    scene.server.fail(faults::script(|call| {
        (call.action == Action::ListObjectsV2 && call.key.contains("CloudTrail-Digest/"))
            .then_some(Fault::DENIED)
    }));
    let output = scene.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stdout).unwrap().contains("unlisted"));
}

#[test]
fn two_copies_of_a_shard_at_once_hand_in_one_part() {
    let scene = Scene::new(&[]);
    scene.plan("1", "plan.json");
    let words = ["verify", "--plan", "plan.json", "--shard", "0", "--parts", "parts"];
    let mut copies: Vec<Child> = (0..3).map(|_| scene.started(&words)).collect();
    assert!(copies.iter_mut().all(|copy| copy.wait().unwrap().code() == Some(0)));
    assert_eq!(scene.parts("parts").len(), 1);
    assert_eq!(scene.merge("plan.json", "parts", &[]).0, 0);
}

#[test]
fn the_merge_tells_whoever_is_to_be_told() {
    let scene = Scene::new(&[Damage::LogDeleted]);
    scene.plan("2", "plan.json");
    for shard in ["0", "1"] {
        assert_eq!(scene.shard("plan.json", shard, "parts").0, 0);
    }
    let telling =
        ["--notify", "file:told.jsonl", "--notify-state", "told.json", "--report", "html=page.html"];
    for new in [1, 0] {
        assert_eq!(scene.merge("plan.json", "parts", &telling).0, 1);
        let told = fs::read_to_string(scene.folder.path().join("told.jsonl")).unwrap();
        let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!((last["exit_code"].as_u64(), last["new"].as_u64()), (Some(1), Some(new)), "{last:#}");
        assert_eq!(last["reports"][0], "page.html");
    }
}
