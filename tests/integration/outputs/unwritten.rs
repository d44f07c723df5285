//! One that cannot be written never takes the others with it, and is told.

use std::fs;
use std::path::Path;

use serde_json::Value;
use trailseal::forge::Damage;

use super::{Desk, proven, run, shell, told_exit_code, unproven};
use crate::binary::{WORLD, code, stderr};

/// Where a file may grow to so many blocks and no further, and the program is told instead of ended.
#[cfg(unix)]
const NARROW: &str = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";

#[test]
#[cfg(unix)]
fn one_that_cannot_be_written_never_takes_the_others_with_it() {
    let desk = Desk::new();
    for name in ["long.html", "short.md", "long.json"] {
        desk.old(name);
    }
    let reports = [
        ("html", "long.html"),
        ("prometheus", "metrics.prom"),
        ("markdown", "short.md"),
        ("json", "long.json"),
    ]
    .map(|(format, name)| desk.report(format, name));
    let more: Vec<&str> = reports.iter().flat_map(|report| ["--report", report]).collect();
    let output = shell(NARROW, &unproven(), &more);
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "2 beats 3: {said}");
    for name in ["long.html", "long.json"] {
        let path = desk.path(name).display().to_string();
        let line = said.lines().find(|line| line.contains(&path)).expect(&said);
        assert!(line.contains("File too large") && line.contains("make room"), "{line}");
        assert_eq!(desk.read(name), "old");
    }
    assert_eq!(said.lines().count(), 2, "{said}");
    // The others are what they always are.
    assert!(String::from_utf8(output.stdout).unwrap().contains("INCOMPLETE"));
    let markdown = desk.read("short.md");
    assert!(markdown.len() > 1000 && markdown.ends_with('\n'), "{markdown}");
    assert_eq!(told_exit_code(&desk.read("metrics.prom")), "2");
    assert_eq!(desk.names(), ["long.html", "long.json", "metrics.prom", "short.md"]);
}

#[test]
fn tampering_outweighs_an_output_and_an_output_everything_else() {
    if !Path::new("/dev/full").exists() {
        eprintln!("ABSENT: no /dev/full; nothing proven");
        return;
    }
    let desk = Desk::new();
    let tampered = tempfile::tempdir().unwrap();
    let mut world = WORLD.clone();
    world.apply(Damage::LogDeleted).unwrap();
    world.write(tampered.path()).unwrap();
    let mut changed = proven();
    changed[1] = tampered.path().join("bucket").display().to_string();
    let mut empty = unproven();
    empty.extend(["--start", "2019-01-01", "--end", "2019-02-01"].map(String::from));
    let metrics = desk.report("prometheus", "metrics.prom");
    for (words, alone, with) in [(proven(), 0, 2), (changed, 1, 1), (unproven(), 3, 2), (empty, 4, 2)] {
        assert_eq!(run(&words, &[]).0, alone);
        for full in [&["--report", "json=/dev/full"][..], &["--output", "/dev/full"]] {
            let (code, _, said) = run(&words, &[full, &["--report", &metrics]].concat());
            assert_eq!(code, with, "{alone} {full:?}: {said}");
            assert!(said.contains("/dev/full") && said.contains("No space left"), "{said}");
            // Metrics tell what the program ended with, and still the verdict.
            let metrics = desk.read("metrics.prom");
            assert_eq!(told_exit_code(&metrics), with.to_string());
            let verdict = ["intact", "tampered", "", "incomplete", "empty"][alone as usize];
            assert!(metrics.contains(&format!("verdict=\"{verdict}\"}} 1")), "{metrics}");
        }
    }
    assert!(!fs::metadata("/dev/full").unwrap().is_file(), "a device stays one");
}

#[test]
#[cfg(target_os = "linux")]
fn other_commands_tell_of_a_full_disk_too() {
    let desk = Desk::new();
    let mut world = WORLD.clone();
    world.apply(Damage::LogEventEdited).unwrap();
    world.write(desk.folder.path()).unwrap();
    let keys = desk.path("keys.json").display().to_string();
    let changed = world.truth().findings.iter().find_map(|finding| {
        let object = finding.object.as_ref()?.strip_prefix("s3://")?;
        let (_, key) = object.split_once('/')?;
        Some(desk.path("bucket").join(key).display().to_string())
    });
    let prove = ["prove".to_owned(), changed.unwrap(), "--keys".to_owned(), keys];
    run(&proven(), &["--report", &desk.report("json", "saved.json")]);
    let report = ["report".to_owned(), desk.path("saved.json").display().to_string()];
    for (words, ends) in [(&prove[..], 1), (&report, 2)] {
        let (code, _, said) = run(words, &["--output", "/dev/full"]);
        assert_eq!(code, ends, "{said}");
        assert!(
            said.contains("cannot write to /dev/full: No space left") && said.contains("make room"),
            "{said}"
        );
    }
    let output = shell("exec \"$@\" > /dev/full", &["explain".to_owned()], &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("cannot write to stdout: No space left"), "{}", stderr(&output));
}

#[test]
#[cfg(target_os = "linux")]
fn a_table_that_breaks_off_is_told_and_has_no_summary() {
    let desk = Desk::new();
    for format in [&["csv", "--objects"][..], &["jsonl", "--objects"], &["aws-cli"]] {
        let report = desk.report("json", "report.json");
        let (code, _, said) =
            run(&proven(), &[&["--output", "/dev/full", "--report", &report, "--format"], format].concat());
        assert_eq!(code, 2, "{format:?}");
        assert!(said.contains("cannot write to /dev/full: No space left"), "{said}");
        let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
        assert_eq!(report["verdict"], "intact");
    }
    // Of a file that broke off nothing is left; the old one stays.
    let old = desk.old("table.jsonl").display().to_string();
    let table = &["--output", &old, "--format", "jsonl", "--objects"];
    let output = shell(&NARROW.replace("100", "20"), &unproven(), table);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(desk.read("table.jsonl"), "old");
    assert_eq!(desk.names(), ["report.json", "table.jsonl"]);
}
