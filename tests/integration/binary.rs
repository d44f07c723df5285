//! The program itself, over forged folders: its words, its exit codes, its manners.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::{self, Damage, Truth, World, write_world};
use trailseal::trail::parse_time;

use crate::support::verify::{Told, told_of};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_trailseal");
/// Nothing here takes a tenth of it; what hangs is ended and fails.
const PATIENCE: Duration = Duration::from_secs(120);

pub static WORLD: LazyLock<World> = LazyLock::new(|| World::forge(&forge::WorldPlan::default()).unwrap());
/// A whole world in a folder, for tests that only read it.
pub static WHOLE: LazyLock<(TempDir, Truth)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    (folder, truth)
});

pub fn program() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(PROGRAM);
    command.timeout(PATIENCE).env_remove("NO_COLOR");
    command
}

pub fn trailseal(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself, in time")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A forged world as the program judged it.
pub struct Verified {
    pub code: i32,
    pub told: BTreeSet<Told>,
    pub report: Value,
}

/// Verifies the world in `folder` for the window its truth speaks of.
pub fn verify(folder: &Path, truth: &Truth, more: &[&str]) -> Verified {
    let bucket = folder.join("bucket");
    let keys = folder.join("keys.json");
    let output = program()
        .arg("verify")
        .arg(&bucket)
        .arg("--keys")
        .arg(&keys)
        .args(["--start", &truth.window.start, "--end", &truth.window.end, "--format", "json"])
        .args(more)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    judged(&output)
}

/// What the program said in JSON.
#[track_caller]
pub fn judged(output: &Output) -> Verified {
    let code = code(output);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("exit {code}, no report: {error}: {}", stderr(output)));
    assert_eq!(report["exit_code"], code);
    let word = |finding: &Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let told = report["findings"].as_array().unwrap().iter().map(|finding| {
        let [class, code, account, region, object] =
            ["class", "code", "account", "region", "object"].map(|field| word(finding, field));
        (class, code, account, region, object)
    });
    Verified { code, told: told.collect(), report }
}

#[test]
fn every_damage_is_told_right_in_a_folder() {
    let mut complaints = Vec::new();
    for damage in Damage::ALL {
        let mut world = WORLD.clone();
        world.apply(*damage).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let truth = world.write(folder.path()).unwrap();
        let Verified { code, told, .. } = verify(folder.path(), &truth, &[]);
        let answer = truth.of_the_folder();
        if code != i32::from(answer.exit_code) {
            complaints.push(format!("{damage}: exit {code} instead of {}", answer.exit_code));
        }
        let right = told_of(&answer.findings);
        if right != told {
            complaints.push(format!("{damage}: {:#?}", told.symmetric_difference(&right)));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_whole_world_is_whole_and_the_number_of_threads_shows_nowhere() {
    let (folder, truth) = &*WHOLE;
    let first = verify(folder.path(), truth, &[]);
    assert_eq!(first.code, 0);
    assert_eq!(first.report["verdict"], "intact");
    assert_eq!(first.report["schema"], "trailseal/report/v1");
    let same = |mut report: Value| {
        for field in ["started_at", "finished_at", "arguments"] {
            report[field] = Value::Null;
        }
        report
    };
    let expected = same(first.report);
    for (threads, requests) in [("1", "1"), ("3", "2"), ("8", "64")] {
        let output = program()
            .env("RAYON_NUM_THREADS", threads)
            .args(["verify", &format!("{}/bucket", folder.path().display()), "--format", "json"])
            .args(["--keys", &format!("{}/keys-by-region.json", folder.path().display())])
            .args(["--start", &truth.window.start, "--end", &truth.window.end, "--concurrency", requests])
            .output()
            .unwrap();
        let mut report = same(serde_json::from_slice(&output.stdout).unwrap());
        // Keyed by region, the keys are listed for each.
        report["keys"] = expected["keys"].clone();
        assert_eq!(report, expected, "{threads} threads, {requests} requests");
    }
}

// What cannot be run: exit 2 and a helpful word.

#[track_caller]
pub fn refused(arguments: &[&str], words: &[&str]) {
    let output = trailseal(arguments);
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: {word:?} is not in {said:?}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn sources_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    refused(&["verify", &path("nowhere")], &["there is no folder", &path("nowhere")]);
    fs::write(path("file"), "x").unwrap();
    refused(&["verify", &path("file")], &[&path("file"), "ot a directory"]);
    fs::create_dir_all(path("empty/photos/2026")).unwrap();
    // Without a single file there is nothing to verify; with others than CloudTrail's, it is another folder.
    let empty = trailseal(&["verify", &path("empty")]);
    assert_eq!(code(&empty), 4);
    assert!(stderr(&empty).contains("not one file") && stderr(&empty).contains(&path("empty")));
    fs::write(path("empty/photos/2026/01.jpg"), "x").unwrap();
    refused(&["verify", &path("empty")], &[&path("empty"), "AWSLogs/", "CloudTrail-Digest"]);
    refused(&["verify", "s3://"], &["s3://BUCKET"]);
    refused(&["verify"], &["SOURCE"]);
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        eprintln!("ABSENT: this user may read everything; nothing proven");
        return;
    }
    refused(&["verify", &closed.display().to_string()], &["ermission denied"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn key_files_that_are_none_are_refused() {
    let (world, _) = &*WHOLE;
    let bucket = world.path().join("bucket").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let refuse = |name: &str, text: &str, words: &[&str]| {
        let path = folder.path().join(name).display().to_string();
        fs::write(&path, text).unwrap();
        refused(&["verify", &bucket, "--keys", &path], &[&[path.as_str()], words].concat());
    };
    let missing = folder.path().join("missing.json").display().to_string();
    refused(&["verify", &bucket, "--keys", &missing], &[&missing, "No such file"]);
    refuse("text", "{\n\n  nonsense", &["not JSON", "line 3"]);
    refuse("list", "[]", &["list-public-keys"]);
    refuse("empty", "{}", &["PublicKeyList"]);
    refuse("odd", r#"{"Keys": []}"#, &["Keys"]);
    refuse("value", r#"{"PublicKeyList": [{"Fingerprint": "x"}]}"#, &["PublicKeyList[0].Value"]);
    refuse(
        "base64",
        r#"{"PublicKeyList": [{"Value": "%%%", "Fingerprint": "x"}]}"#,
        &["PublicKeyList[0].Value"],
    );
    refuse(
        "key",
        r#"{"us-east-1": [{"Value": "AAAA", "Fingerprint": "x"}]}"#,
        &["us-east-1[0].Value", "RSA"],
    );
    refuse("deep", &"[".repeat(100_000), &["not JSON"]);
}

#[test]
fn words_that_mean_nothing_are_refused() {
    let (world, _) = &*WHOLE;
    let bucket = world.path().join("bucket").display().to_string();
    let with = |more: &[&str], words: &[&str]| refused(&[&["verify", &bucket], more].concat(), words);
    with(&["--start", "2026-03-02", "--end", "2026-03-01"], &["--start", "--end"]);
    with(&["--start", "2999-01-01", "--end", "2999-02-01"], &["2999-01-01", "has passed"]);
    with(&["--last", "0h"], &["--last", "no time at all"]);
    with(&["--start", "yesterday"], &["yesterday", "2026-03-01"]);
    with(&["--end", "2026-02-30"], &["2026-02-30"]);
    with(&["--last", "3 fortnights"], &["7d"]);
    with(&["--last", "3h", "--start", "2026-03-01"], &["--last"]);
    with(&["--accept", "log-eaten"], &["log-eaten", "log-unlisted"]);
    with(&["--fail-on", "log-unpaked"], &["log-unpaked", "similar", "'log-unpacked'"]);
    with(&["--accept", "log-pending", "--fail-on", "log-pending"], &["contradict"]);
    with(&["--json", "--format", "csv"], &["--json", "--format"]);
    with(&["--account", "12"], &["12 digits"]);
    with(&["--region", "mars"], &["mars"]);
    with(&["--trail", "arn:aws:cloudtrail:x"], &["--trail"]);
    with(&["--expect-region", "mars"], &["mars"]);
    with(&["--format", "pdf"], &["pdf", "json"]);
    with(&["--concurrency", "0"], &["0"]);
    with(&["--copied-from", "bucket"], &["s3://BUCKET"]);
}

// Chains that have ended.

#[test]
fn what_has_ended_is_acknowledged_by_lines_or_a_file_of_them() {
    let (world, truth) = &*WHOLE;
    let day = |hours: i64| (parse_time(&truth.window.end).unwrap() + TimeDelta::hours(hours)).to_rfc3339();
    let (start, end) = (day(24), day(30));
    let verify = |more: &[&str]| {
        let bucket = world.path().join("bucket").display().to_string();
        let keys = world.path().join("keys.json").display().to_string();
        let asked =
            ["verify", &bucket, "--keys", &keys, "--start", &start, "--end", &end, "--format", "json"];
        let output = trailseal(&[&asked[..], more].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (code(&output), report)
    };
    let (exit, report) = verify(&[]);
    assert_eq!(exit, 3);
    let codes: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == "chain-ended"), "{codes:?}");
    let hint =
        report["hints"].as_array().unwrap().iter().find_map(|hint| hint.as_str()?.split_once("--ended "));
    let lines: Vec<&str> = hint.unwrap().1.split(" --ended ").collect();
    let options: Vec<&str> = lines.iter().flat_map(|line| ["--ended", line]).collect();
    // All of it is acknowledged, and nothing else is there.
    assert_eq!(verify(&options).0, 4, "{options:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("# decommissioned\n\n{}\n", lines.join("\n"))).unwrap();
    let path = file.path().display().to_string();
    assert_eq!(verify(&["--ended", &path]).0, 4);
    // Nothing is known of chains that ended before what was looked at; their folders' newest days still speak.
    assert_eq!(verify(&["--look-back", "1h", "--ended", &path]).0, 4);
    assert_eq!(verify(&["--look-back", "1h"]).0, 3);
    fs::write(file.path(), "a line that is none").unwrap();
    assert_eq!(verify(&["--ended", &path]).0, 2);
    refused(&["verify", "s3://bucket", "--ended", "111122223333"], &["ACCOUNT[/REGION[/TRAIL]]@TIME"]);
}

// What can be run and proves little.

#[test]
fn without_keys_nothing_is_proven_and_nobody_accused() {
    let (world, truth) = &*WHOLE;
    let output =
        trailseal(&["verify", &world.path().join("bucket").display().to_string(), "--format", "json"]);
    assert_eq!(code(&output), 3);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["class"] != "tamper"), "{findings:#?}");
    let codes = |code: &str| findings.iter().filter(|finding| finding["code"] == code).count();
    // The cause once for each region, and not what follows from it for each object.
    assert_eq!(codes("keys-unavailable"), 3, "{findings:#?}");
    assert_eq!((codes("digest-unknown-key"), codes("log-unproven")), (0, 0), "{findings:#?}");
    assert_eq!(report["totals"]["digests"]["unknown_key"], truth.digests);
    assert_eq!(report["totals"]["logs"]["unproven"], truth.logs);
    let said =
        String::from_utf8(trailseal(&["verify", &world.path().join("bucket").display().to_string()]).stdout);
    let said = said.unwrap();
    assert!(said.contains("unauthenticated") && said.contains("pass --keys FILE"), "{said}");
    assert!(!said.contains("not authentic"), "{said}");
}

#[test]
fn nothing_in_scope_is_never_success() {
    let (world, _) = &*WHOLE;
    let bucket = world.path().join("bucket").display().to_string();
    let keys = world.path().join("keys.json").display().to_string();
    let exit = |more: &[&str]| code(&trailseal(&[&["verify", &bucket, "--keys", &keys], more].concat()));
    for more in
        [&["--start", "2019-01-01", "--end", "2019-02-01"], &["--start", "0001-01-01", "--end", "0001-02-01"]]
    {
        assert_eq!(exit(more), 4, "{more:?}");
    }
    // A name is a claim to be met.
    for more in
        [&["--account", "999999999999"][..], &["--region", "mx-central-1"], &["--trail", "another-trail"]]
    {
        assert_eq!(exit(more), 3, "{more:?}");
    }
    // The longest words for a time are only long.
    for last in ["9999999d", "99999999999d"] {
        assert_eq!(code(&trailseal(&["verify", &bucket, "--last", last])), 3);
    }
}

// Manners.

#[test]
fn colour_is_for_terminals() {
    let (world, _) = &*WHOLE;
    let bucket = world.path().join("bucket").display().to_string();
    let coloured = |command: &mut assert_cmd::Command| {
        command.args(["verify", &bucket]).output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!coloured(&mut program()));
    assert!(!coloured(program().env("NO_COLOR", "1")));
    let always = program().args(["verify", &bucket, "--color", "always"]).output().unwrap();
    assert!(always.stdout.contains(&0x1b));
}

#[test]
#[cfg(unix)]
fn hostile_names_reach_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let chain = &WORLD.chains()[0];
    let day = folder.path().join("bucket").join(&*chain.digests[3].object().key);
    let day = day.parent().unwrap();
    let digest = chain.digests[3].object().key.rsplit('/').next().unwrap().to_owned();
    for name in
        ["\u{1b}]0;owned\u{7}.json.gz", "a\nb.json.gz", "\u{202e}gz.json", &format!("{digest}\n{digest}")]
    {
        fs::write(day.join(name), "x").unwrap();
    }
    for name in ["\u{1b}[2J", "111122223333\n", "..evil", "o-\u{7}"] {
        let logs = folder.path().join("bucket/AWSLogs").join(name).join("CloudTrail/us-east-1/2026/03/01");
        fs::create_dir_all(&logs).unwrap();
        fs::write(logs.join("x\u{1b}[31m.json.gz"), "x").unwrap();
    }
    let home = folder
        .path()
        .join("bucket")
        .join("pre\u{1b}[31mfix\n/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("111122223333_CloudTrail_us-east-1_20260301T0505Z_AAAAAAAAAAAAAAAA.json.gz"), "x")
        .unwrap();
    let other = verify(folder.path(), &truth, &[]);
    assert_eq!(other.code, 3, "{:?}", other.told);
    for format in
        ["human", "json", "jsonl", "csv", "html", "junit", "prometheus", "emf", "markdown", "ocsf", "asff"]
    {
        let output = program()
            .args([
                "verify",
                &folder.path().join("bucket").display().to_string(),
                "--verbose",
                "--format",
                format,
            ])
            .args(["--keys", &folder.path().join("keys.json").display().to_string()])
            .args(["--start", &truth.window.start, "--end", &truth.window.end])
            .output()
            .unwrap();
        assert_eq!(code(&output), 3, "{format}");
        let bad = output
            .stdout
            .iter()
            .chain(&output.stderr)
            .find(|byte| **byte < 0x20 && !b"\n\t\r".contains(byte));
        assert_eq!(bad, None, "{format}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains('\u{202e}'), "{format}");
    }
}

#[test]
#[cfg(unix)]
fn what_is_no_plain_file_does_not_hang_the_run() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let chain = WORLD.chains().iter().find(|chain| chain.digests.len() > 8).unwrap();
    let path = |at: usize| folder.path().join("bucket").join(&*chain.digests[at].object().key);
    let replace = |at: usize| fs::remove_file(path(at)).unwrap();
    replace(3);
    assert!(Command::new("mkfifo").arg(path(3)).status().unwrap().success());
    replace(4);
    symlink("/dev/zero", path(4)).unwrap();
    replace(5);
    symlink("/nowhere/at/all", path(5)).unwrap();
    replace(6);
    fs::create_dir(path(6)).unwrap();
    // A link inside the folder is as good as the file.
    let kept = folder.path().join("bucket/kept");
    fs::rename(path(8), &kept).unwrap();
    symlink(&kept, path(8)).unwrap();
    // A loop of folders is not walked.
    symlink("..", folder.path().join("bucket/AWSLogs/loop")).unwrap();
    let Verified { told, .. } = verify(folder.path(), &truth, &[]);
    let about = |at: usize| -> Vec<&str> {
        let object = chain.digests[at].object().to_string();
        told.iter().filter(|finding| finding.4 == object).map(|finding| finding.1.as_str()).collect()
    };
    // A folder's objects that cannot be read are named by the bucket their neighbours name.
    for at in [3, 4, 5] {
        assert_eq!(about(at), ["digest-unreadable"], "{at}: {told:#?}");
    }
    assert_eq!(about(6), ["digest-missing"]);
    assert!(about(8).is_empty());
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_reports_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let plan = forge::WorldPlan {
        accounts: 4,
        regions: 6,
        hours: 48,
        logs_per_hour: 4,
        events_per_log: 30,
        ..forge::WorldPlan::default()
    };
    let truth = write_world(&plan, folder.path(), &[]).unwrap();
    let mut interrupted = 0;
    // However the moment falls: the code tells which it was, and the report agrees with it.
    for delay in [0, 5, 20, 60, 120, 200] {
        let started = Instant::now();
        let mut child = Command::new(PROGRAM)
            .args([
                "verify",
                &folder.path().join("bucket").display().to_string(),
                "--format",
                "json",
                "--concurrency",
                "1",
            ])
            .args(["--keys", &folder.path().join("keys.json").display().to_string()])
            .args(["--start", &truth.window.start, "--end", &truth.window.end])
            .env("RAYON_NUM_THREADS", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let status = child.wait().unwrap();
        assert!(started.elapsed() < PATIENCE);
        match status.code() {
            // Before the program could listen for it.
            None => continue,
            Some(code) => {
                let report: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(report["exit_code"], code);
                assert!(code == 130 || code == 0, "{code}");
                assert!(
                    report["findings"].as_array().unwrap().iter().all(|finding| finding["class"] != "tamper")
                );
                interrupted += usize::from(code == 130);
                if code == 130 {
                    assert_eq!(report["completion"], "interrupted");
                    assert_ne!(report["verdict"], "intact");
                    // Nobody failed to give what nobody asked for.
                    for kind in ["digests", "logs"] {
                        assert_eq!(report["totals"][kind]["unreadable"], 0, "{report:#}");
                    }
                }
            }
        }
    }
    assert!(interrupted > 0, "no moment fell into the run");
}
