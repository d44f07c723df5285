//! What the options of `verify` say is what they do, over a folder: times, lists, codes, aliases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Read as _;
use std::process::Output;

use serde_json::Value;
use trailseal::forge::Damage;

use crate::binary::{WHOLE, WORLD, code, program, stderr};

/// `verify` over the whole world, with its keys.
pub fn verify() -> assert_cmd::Command {
    let (folder, _) = &*WHOLE;
    let mut command = program();
    command
        .arg("verify")
        .arg(folder.path().join("bucket"))
        .arg("--keys")
        .arg(folder.path().join("keys.json"));
    command
}

/// The same over its window, with more words.
pub fn whole(more: &[&str]) -> Output {
    let (_, truth) = &*WHOLE;
    let mut command = verify();
    if !more.iter().any(|word| ["--start", "--since", "--last"].contains(word)) {
        command.args(["--start", &truth.window.start, "--end", &truth.window.end]);
    }
    command.args(more).output().unwrap()
}

pub fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", stderr(output)))
}

#[test]
fn times_are_read_as_people_and_aws_write_them() {
    let window = WORLD.plan().window();
    let [start, end] = [window.start, window.end];
    let spelt = |format: &str| [start.format(format).to_string(), end.format(format).to_string()];
    for [since, until] in [
        spelt("%Y-%m-%dT%H:%M:%S+0000"),
        spelt("%Y-%m-%dT%H:%MZ"),
        spelt("%Y%m%dT%H%M%SZ"),
        spelt("%Y-%m-%d %H:%M:%S+00:00"),
    ] {
        let output = whole(&["--since", &since, "--until", &until, "--json"]);
        assert_eq!(code(&output), 0, "{since}: {}", stderr(&output));
        let report = report(&output);
        assert_eq!(report["window"]["start"], start.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "{since}");
        assert_eq!(report["hints"].as_array().map_or(0, Vec::len), 0, "{report:#}");
    }
    // A time of day is today's, so it can lie in the future, which is refused.
    let today = whole(&["--start", "00:00", "--json"]);
    assert!(code(&today) != 2, "{}", stderr(&today));
    let midnight = chrono::Utc::now().format("%Y-%m-%dT00:00:00Z").to_string();
    assert_eq!(report(&today)["window"]["start"], midnight);
    assert!(report(&today)["hints"].to_string().contains("read as UTC"));
}

#[test]
fn lists_take_commas() {
    let mut accounts: Vec<String> =
        WORLD.chains().iter().map(|chain| chain.id.place.account.to_string()).collect();
    accounts.dedup();
    let mut regions: Vec<String> =
        WORLD.chains().iter().map(|chain| chain.id.place.region.to_string()).collect();
    regions.sort();
    regions.dedup();
    let (accounts, regions) = (accounts.join(","), regions.join(","));
    for more in [
        ["--account", &accounts],
        ["--region", &regions],
        ["--trail", "management-events,management-events"],
        ["--expect-region", &regions],
        ["--expect-account", &accounts],
        ["--accept", "log-unlisted,log-missing"],
        ["--fail-on", "trail-changed,key-changed"],
    ] {
        let output = whole(&[&more[..], &["--json"]].concat());
        assert_eq!(code(&output), 0, "{more:?}: {} {:#}", stderr(&output), report(&output)["findings"]);
    }
    let file = WHOLE.0.path().join("keys.json").display().to_string();
    let twice = format!("{file},{file}");
    assert_eq!(code(&whole(&["--keys", &twice])), 0);
    let absent = whole(&["--region", &format!("{regions},ca-west-1"), "--json"]);
    assert_eq!(code(&absent), 3);
}

#[test]
fn a_code_to_fail_on_is_the_mirror_of_one_to_accept() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    // As some tools store what they copied.
    let name = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let log = folder.path().join("bucket").join(&*name.key);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(&log).unwrap()).read_to_end(&mut unpacked).unwrap();
    fs::write(&log, unpacked).unwrap();
    let verify = |more: &[&str]| {
        let output = program()
            .arg("verify")
            .arg(folder.path().join("bucket"))
            .arg("--keys")
            .arg(folder.path().join("keys.json"))
            .args(["--start", &truth.window.start, "--end", &truth.window.end, "--json"])
            .args(more)
            .output()
            .unwrap();
        (code(&output), report(&output))
    };
    assert_eq!(verify(&[]).0, 0);
    let (exit, report) = verify(&["--fail-on", "log-unpacked"]);
    assert_eq!(exit, 3);
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["class"] == "incomplete" && it["code"] == "log-unpacked")
    );
    assert!(report["hints"].to_string().contains("--fail-on"), "{}", report["hints"]);
    assert_eq!(verify(&["--fail-on", "log-pending"]).0, 0);
}

#[test]
fn a_code_to_fail_on_changes_no_crime() {
    let mut world = WORLD.clone();
    world.apply(Damage::LogDeleted).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let truth = world.write(folder.path()).unwrap();
    let plain = crate::binary::verify(folder.path(), &truth, &[]);
    let raised = crate::binary::verify(folder.path(), &truth, &["--fail-on", "log-missing,log-unpacked"]);
    assert_eq!((plain.code, raised.code), (1, 1));
    assert_eq!(plain.told, raised.told);
}

#[test]
fn what_may_have_been_meant_is_said() {
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let stands = folder.path();
    let say = |source: &str, words: &[&str]| {
        let output = program().current_dir(stands).args(["verify", source]).output().unwrap();
        assert_eq!(code(&output), 2, "{source}: {}", stderr(&output));
        for word in words {
            assert!(stderr(&output).contains(word), "{source}: {word} is not in {}", stderr(&output));
        }
    };
    say("my-bucket", &["s3://my-bucket"]);
    say("my-bucket/audit", &["s3://my-bucket/audit"]);
    say("./my-bucket", &["./my-bucket"]);
    say("https://example.com/x", &["s3://BUCKET"]);
    say("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/audit/x", &["access point", "--copied-from"]);
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    say(&format!("bucket/{}", log.key), &["one log file", "trailseal prove bucket/AWSLogs/"]);
    let digest = WORLD.chains()[0].digests[0].object();
    say(&format!("bucket/{}", digest.key), &["one digest"]);
    fs::rename(stands.join("bucket/AWSLogs"), stands.join("deep")).unwrap();
    say("deep", &["mkdir deep/AWSLogs && mv deep/", "and run again"]);
    let misspelt = program().args(["verfy", "x"]).output().unwrap();
    assert!(code(&misspelt) == 2 && stderr(&misspelt).contains("verify"), "{}", stderr(&misspelt));
}

#[test]
fn a_folder_one_too_high_is_taken() {
    let (folder, truth) = &*WHOLE;
    let output = program()
        .arg("verify")
        .arg(folder.path())
        .arg("--keys")
        .arg(folder.path().join("keys.json"))
        .args(["--start", &truth.window.start, "--end", &truth.window.end, "--json"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{} {:#}", stderr(&output), report(&output)["findings"]);
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let place = &WORLD.chains()[0].id.place;
    for (more, words) in [
        (
            ["--trail", "main"],
            ["there is no trail main here; found: ".to_owned(), "management-events".to_owned()],
        ),
        (
            ["--account", "999999999999"],
            ["there is no account 999999999999 here; found: ".to_owned(), place.account.to_string()],
        ),
        (
            ["--region", "mx-central-1"],
            ["there is no region mx-central-1 here; found: ".to_owned(), place.region.to_string()],
        ),
    ] {
        let output = whole(&[&more[..], &["--json"]].concat());
        let told = report(&output)["findings"].to_string();
        assert_eq!(code(&output), 3, "{more:?}");
        assert!(words.iter().all(|word| told.contains(word)), "{more:?}: {told}");
    }
    // What is there in other windows is not said to be nowhere.
    let later = whole(&["--since", "1d", "--trail", "management-events", "--json"]);
    assert!(!report(&later)["findings"].to_string().contains("there is no trail"));
}

#[test]
fn whoever_wants_to_hear_little_hears_what_is_not_well() {
    let said = |more: &[&str]| {
        let output = whole(more);
        (code(&output), String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
    };
    assert_eq!(said(&["-q"]), (0, String::new(), String::new()));
    let (exit, stdout, stderr) = said(&["-q", "--expect-region", "mx-central-1"]);
    assert!(exit == 3 && stderr.is_empty());
    assert!(stdout.starts_with("INCOMPLETE") && stdout.contains("  region-absent  "), "{stdout}");
    assert!(stdout.lines().count() < 20, "{stdout}");
    // With the result in a file, one line says what came of it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json").display().to_string();
    let elsewhere = ["--json", "--output", &file];
    let (exit, stdout, stderr) = said(&elsewhere);
    assert!(exit == 0 && stdout.is_empty() && stderr.starts_with("INTACT "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
    assert_eq!(said(&[&elsewhere[..], &["-q"]].concat()), (0, String::new(), String::new()));
    let (exit, stdout, stderr) = said(&[&elsewhere[..], &["-q", "--expect-region", "mx-central-1"]].concat());
    assert!(exit == 3 && stdout.is_empty() && stderr.starts_with("INCOMPLETE "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn the_manual_has_a_page_for_every_command_with_every_option() {
    let man = |words: &[&str]| {
        let output = program().arg("man").args(words).output().unwrap();
        assert_eq!(code(&output), 0, "{words:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap().replace("\\-", "-")
    };
    let page = man(&["verify"]);
    for option in
        ["expect-region", "fail-on", "request-payer", "no-sign-request", "config", "look-back", "since"]
    {
        assert!(page.contains(&format!("--{option}")), "{option} is not on the page");
    }
    assert!(page.contains("trailseal-verify") && !page.contains("list-damages"), "{page}");
    assert!(man(&["keys", "fetch"]).contains("trailseal-keys-fetch"));
    let all = man(&[]);
    assert!(
        all.contains("--list-damages") && all.contains("--fail-on") && all.contains("trailseal-keys-fetch")
    );
    let folder = tempfile::tempdir().unwrap();
    man(&["--dir", &folder.path().join("man1").display().to_string()]);
    let mut names: Vec<String> = fs::read_dir(folder.path().join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["trailseal.1", "trailseal-verify.1", "trailseal-keys-fetch.1", "trailseal-config-show.1"] {
        assert!(names.iter().any(|own| own == name), "{name} is not among {names:?}");
    }
    let output = program().args(["man", "verfy"]).output().unwrap();
    assert!(code(&output) == 2 && stderr(&output).contains("verify"), "{}", stderr(&output));
}

#[test]
fn help_says_ordinary_things_first_on_two_screens() {
    let help = |words: &[&str]| {
        let output = program().args(words).output().unwrap();
        assert_eq!(code(&output), 0, "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = help(&["verify", "--help"]);
    assert_eq!(text, help(&["verify", "-h"]));
    assert!(text.lines().count() <= 135, "{} lines:\n{text}", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is not in {text}"));
    let order =
        ["Time range:", "--start", "Scope:", "--account", "Expectations:", "Memory:", "Output:", "AWS:"];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    for words in
        [&["help"][..], &["help", "verify"], &["help", "help"], &["help", "keys", "fetch"], &["--help"]]
    {
        assert!(help(words).contains("Usage"), "{words:?}");
    }
}

#[test]
fn completions_know_codes_and_formats() {
    for shell in ["bash", "zsh", "fish"] {
        let output = program().args(["completions", shell]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["log-unlisted", "fail-on", "prometheus", "presence", "expect-region"] {
            assert!(text.contains(word), "{shell} does not complete {word}");
        }
    }
}

#[test]
fn a_duration_back_may_have_a_minus() {
    let start = |more: &[&str]| {
        let output = whole(&[&["--start", "-2d", "--json"], more].concat());
        assert!(code(&output) != 2, "{}", stderr(&output));
        report(&output)["window"]["start"].as_str().unwrap()[..13].to_owned()
    };
    let ago = chrono::Utc::now() - chrono::TimeDelta::days(2);
    let near = [ago, ago - chrono::TimeDelta::minutes(5)].map(|time| time.format("%Y-%m-%dT%H").to_string());
    let (end, last) = (["--end", "-1h"], ["--last", "-2d"]);
    assert!(near.contains(&start(&[])) && near.contains(&start(&end)));
    let output = verify().args(last).arg("--json").output().unwrap();
    assert!(near.contains(&report(&output)["window"]["start"].as_str().unwrap()[..13].to_owned()));
}
