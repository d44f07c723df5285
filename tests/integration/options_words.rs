//! What is said where a source is not what was meant, or a window not what a folder holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use serde_json::Value;
use trailseal::forge::Damage;

use crate::binary::{WHOLE, WORLD, code, program, stderr};
use crate::options::{report, verify};

/// What the program says on stderr, where it does not begin, from a folder that holds `lab`.
fn said_beside_a_lab(words: &[&str]) -> String {
    static LAB: std::sync::LazyLock<tempfile::TempDir> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        WORLD.write(&folder.path().join("lab")).unwrap();
        folder
    });
    let output = program().current_dir(LAB.path()).args(words).output().unwrap();
    assert_eq!(code(&output), 2, "{words:?}: {}", stderr(&output));
    stderr(&output)
}

#[track_caller]
pub fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}

#[test]
fn a_path_that_is_not_there_is_answered_with_what_is() {
    let said = |source: &str| said_beside_a_lab(&["verify", source]);
    let there = "lab holds: bucket, keys-by-region.json, keys.json, truth.json";
    says(&said("lab/bukcet"), &["no folder lab/bukcet; did you mean lab/bucket?", there]);
    says(&said("lab/bukcet/AWSLogs"), &["did you mean lab/bucket/AWSLogs?", there]);
    says(&said("lab/photos"), &["no folder lab/photos; lab holds: "]);
    assert!(!said("lab/bukcet").contains("s3://"));
    let place = &WORLD.chains()[0].id.place;
    let kind = format!("lab/bucket/AWSLogs/{}/CloudTrail", place.account);
    let region = &place.region;
    says(
        &said(&format!("{kind}/{region}/2026/01/02")),
        &[&format!("; {kind}/{region}/2026 holds: "), "/2026/01/02"],
    );
    says(&said(&format!("{kind}/mx-central-1")), &[&format!("; {kind} holds: "), region.as_str()]);
    assert!(!said(&format!("{kind}/mx-central-1")).contains("did you mean"));
    // Nothing that was named is there: it may be a bucket, or the folder that is.
    says(&said("my-bucket"), &["no folder my-bucket here; a bucket is named s3://my-bucket"]);
    says(&said("lba"), &["a bucket is named s3://lba"]);
    says(&said("s3:/my-bucket/x"), &["did you mean s3://my-bucket/x?"]);
    says(&said("s3//my-bucket"), &["did you mean s3://my-bucket?"]);
}

#[test]
fn what_is_no_file_to_be_proven_is_told_for_what_it_is() {
    let said = |file: &str| said_beside_a_lab(&["prove", file]);
    says(&said("nosuch"), &["no file nosuch here", "s3://BUCKET/KEY"]);
    says(&said("lab/key.json"), &["no file lab/key.json; did you mean lab/keys.json?"]);
    says(&said("lab/bucket/AWSLogs/x"), &["no file lab/bucket/AWSLogs/x; lab/bucket/AWSLogs holds: "]);
    says(&said("lab"), &["lab is a folder", "trailseal verify lab"]);
    says(&said("lab/keys.json"), &["does not lie in a folder with keys", "--root"]);
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    says(
        &said(&format!("lab/bukcet/{}", log.key)),
        &["there is no file lab/bukcet/", "did you mean lab/bucket"],
    );
}

#[test]
fn a_window_that_ends_in_the_future_says_so() {
    let (_, truth) = &*WHOLE;
    let hints = |end: &str| {
        let output =
            verify().args(["--start", &truth.window.start, "--end", end, "--json"]).output().unwrap();
        report(&output)["hints"].to_string()
    };
    let future = hints("2199-01-01T00:00:00Z");
    assert!(
        future.contains("The window ends at 2199-01-01T00:00:00Z") && future.contains("nothing can be said")
    );
    assert!(!hints(&truth.window.end).contains("The window ends at"));
}

#[test]
fn a_folder_ends_with_its_newest_object_whatever_of_it_is_in_scope() {
    let end = |more: &[&str]| {
        let output = verify().args(more).arg("--json").output().unwrap();
        report(&output)["window"]["end"].as_str().unwrap().to_owned()
    };
    let whole = end(&[]);
    let place = &WORLD.chains()[0].id.place;
    assert!(whole.starts_with("2026-03-0"), "{whole}");
    for more in [
        ["--account", "999999999999"],
        ["--region", "mx-central-1"],
        ["--account", &place.account.to_string()],
        ["--region", place.region.as_str()],
    ] {
        assert_eq!(end(&more), whole, "{more:?}");
    }
}

#[test]
fn a_window_after_a_folders_newest_object_is_told_with_its_date() {
    let output = verify().args(["--last", "26h", "--json"]).output().unwrap();
    let report = report(&output);
    assert_eq!(output.status.code(), Some(3), "{report:#}");
    let told = report["findings"].as_array().unwrap();
    let dated = |finding: &Value| {
        let message = finding["message"].as_str().unwrap();
        message.contains("the newest object of this folder is of 2026-03-0") && !message.contains("--last")
    };
    assert!(told.iter().any(dated), "{told:#?}");
    assert!(
        report["hints"].to_string().contains("The newest object of this folder is older than"),
        "{report:#}"
    );
}

#[test]
fn a_broken_copy_is_offered_for_what_looks_like_one_alone() {
    let hints = |damages: &[Damage]| {
        let mut world = WORLD.clone();
        damages.iter().for_each(|damage| world.apply(*damage).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let truth = world.write(folder.path()).unwrap();
        crate::binary::verify(folder.path(), &truth, &[]).report["hints"].to_string()
    };
    let offered = "A copy that was broken off";
    for damage in
        [Damage::LogEventEdited, Damage::LogTrailingBytes, Damage::LogSecondMember, Damage::DigestEdited]
    {
        assert!(!hints(&[damage]).contains(offered), "{damage}");
    }
    for (damage, code) in [
        (Damage::LogDeleted, "(log-missing)"),
        (Damage::LogTruncated, "(log-malformed)"),
        (Damage::LogEmptied, "(log-malformed)"),
        (Damage::DigestTruncated, "(digest-malformed)"),
        (Damage::DigestDeleted, "(digest-missing)"),
    ] {
        let hints = hints(&[damage]);
        assert!(hints.contains(offered) && hints.contains(code), "{damage}: {hints}");
        assert!(!hints.contains("No broken copy"), "{damage}: {hints}");
    }
    let both = hints(&[Damage::LogDeleted, Damage::LogEventEdited]);
    says(
        &both,
        &["(log-missing)", "No broken copy looks like the other findings of tampering (log-modified)"],
    );
}

#[test]
fn what_lies_under_odd_names_leads_and_is_counted_with_what_is_not_held() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let day = folder.path().join("bucket").join(&*log.key).parent().unwrap().to_owned();
    let brief = || {
        let text = told_quietly(&folder, &truth, 3);
        assert!(!text.to_lowercase().contains("no sign of tampering"), "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    fs::write(day.join("planted.json.gz"), "x").unwrap();
    says(&brief(), &["INCOMPLETE 1 object lies under a name that CloudTrail never writes"]);
    // More than a report holds.
    (0..4010).for_each(|number| fs::write(day.join(format!("planted-{number}.json.gz")), "x").unwrap());
    says(
        &brief(),
        &["INCOMPLETE At least 4,000 objects lie under names that CloudTrail never writes", "and 4006 more"],
    );
}

#[test]
#[cfg(unix)]
fn a_folder_from_inside_of_its_record_is_answered_with_what_to_type() {
    let account = WORLD.chains()[0].id.place.account;
    for from in ["AWSLogs".to_owned(), format!("AWSLogs/{account}")] {
        let folder = tempfile::tempdir().unwrap();
        WORLD.write(folder.path()).unwrap();
        let copy = folder.path().join("a copy");
        fs::rename(folder.path().join("bucket").join(&from), &copy).unwrap();
        let run = |source: &str| {
            let mut command = program();
            command.current_dir(folder.path()).args(["verify", source, "--keys", "keys.json", "--json"]);
            command.output().unwrap()
        };
        let refused = run("a copy");
        assert_eq!(code(&refused), 2, "{}", stderr(&refused));
        let said = stderr(&refused);
        let (_, typed) = said.split_once("under the bucket: ").unwrap();
        let typed = typed.split(", and ").next().unwrap();
        let done = std::process::Command::new("sh").args(["-c", typed]).current_dir(folder.path()).status();
        assert!(done.unwrap().success(), "{typed}");
        let source = if said.contains("a copy.record") { "a copy.record" } else { "a copy" };
        let proven = run(source);
        assert_eq!(code(&proven), 0, "{}", stderr(&proven));
        assert!(!report(&proven)["chains"].as_array().unwrap().is_empty());
    }
}

/// What is told with -q of a folder that was forged, and ends in this exit code.
fn told_quietly(folder: &tempfile::TempDir, truth: &trailseal::forge::Truth, exit: i32) -> String {
    let output = program()
        .arg("verify")
        .arg(folder.path().join("bucket"))
        .arg("--keys")
        .arg(folder.path().join("keys.json"))
        .args(["--start", &truth.window.start, "--end", &truth.window.end, "-q"])
        .output()
        .unwrap();
    assert_eq!(code(&output), exit, "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of the world, to be changed by hand, and the log files in it.
fn by_hand() -> (tempfile::TempDir, trailseal::forge::Truth, Vec<std::path::PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let logs = WORLD.objects().keys().filter(|name| name.key.contains("_CloudTrail_"));
    let logs = logs.map(|name| folder.path().join("bucket").join(&*name.key)).collect();
    (folder, truth, logs)
}

#[test]
fn a_log_file_in_the_wrong_place_is_told_to_be_moved() {
    let (folder, truth, logs) = by_hand();
    let elsewhere = logs[0].parent().unwrap().parent().unwrap().join(logs[0].file_name().unwrap());
    fs::rename(&logs[0], &elsewhere).unwrap();
    let hints = crate::binary::verify(folder.path(), &truth, &[]).report["hints"].to_string();
    says(&hints, &["A log file that is missing lies elsewhere under the same name", "belongs at"]);
    fs::rename(&elsewhere, &logs[0]).unwrap();
    assert_eq!(crate::binary::verify(folder.path(), &truth, &[]).code, 0);
}

#[test]
fn many_of_one_kind_hide_no_other_from_who_hears_little() {
    let (folder, truth, logs) = by_hand();
    logs[..8].iter().for_each(|log| fs::remove_file(log).unwrap());
    fs::write(&logs[9], "x").unwrap();
    let told = told_quietly(&folder, &truth, 1);
    says(&told, &["log-missing", "log-malformed", "and 4 more"]);
}

#[test]
fn a_misspelt_damage_is_answered_with_the_nearest_and_lists_take_commas() {
    let folder = tempfile::tempdir().unwrap();
    let forge = |word: &str, name: &str| {
        let mut command = program();
        command.arg("forge").arg(folder.path().join("lab")).args([word, name]).output().unwrap()
    };
    says(&stderr(&forge("--damage", "log-deletd")), &["log-deleted"]);
    says(&stderr(&forge("--turn", "bakfill")), &["backfill"]);
    let forged = forge("--damage", "log-deleted,region-deleted");
    assert_eq!(code(&forged), 0, "{}", stderr(&forged));
    says(&String::from_utf8(forged.stdout).unwrap(), &["--expect-region makes its absence a finding"]);
}
