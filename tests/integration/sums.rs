//! Whatever form a result takes, its figures are the same, and every object in a table is in a total or said to be in none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::{self, Damage};

use crate::binary::trailseal;

/// Figures by kind and verdict, those that are not nought.
type Figures = BTreeMap<(String, String), u64>;

fn world(damages: &[Damage]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plan = forge::WorldPlan::default();
    forge::write_world(&plan, folder.path(), damages).unwrap();
    folder
}

fn told(world: &Path, more: &[&str]) -> String {
    let bucket = world.join("bucket").display().to_string();
    let keys = world.join("keys.json").display().to_string();
    let output = trailseal(&[&["verify", &bucket, "--keys", &keys], more].concat());
    String::from_utf8(output.stdout).unwrap()
}

fn json(world: &Path, more: &[&str]) -> Value {
    serde_json::from_str(&told(world, &[&["--format", "json"], more].concat())).unwrap()
}

fn totals(report: &Value) -> Figures {
    let of = |kind: &str, name: &str| {
        let counts = report["totals"][name].as_object().unwrap().clone();
        let kind = kind.to_owned();
        counts.into_iter().map(move |(verdict, count)| ((kind.clone(), verdict), count.as_u64().unwrap()))
    };
    of("digest", "digests").chain(of("log", "logs")).filter(|(_, count)| *count > 0).collect()
}

fn counted(rows: impl Iterator<Item = (String, String)>) -> Figures {
    rows.fold(Figures::new(), |mut figures, row| {
        *figures.entry(row).or_default() += 1;
        figures
    })
}

/// The rows of `--objects` that say they are counted.
fn in_table(world: &Path, more: &[&str]) -> Figures {
    let table = told(world, &[&["--format", "csv", "--objects"], more].concat());
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some(r#""object","kind","verdict","compressed","inflated","window""#));
    let rows = lines.map(|line| line.trim_matches('"').split("\",\"").map(str::to_owned).collect::<Vec<_>>());
    counted(rows.filter(|row| row[5] == "in").map(|row| (row[1].clone(), row[2].clone())))
}

fn in_lines(world: &Path, more: &[&str]) -> (Figures, Value) {
    let lines = told(world, &[&["--format", "jsonl", "--objects"], more].concat());
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let objects = lines.iter().filter(|line| line["type"] == "object" && line["window"] == "in");
    (counted(objects.map(|line| (text(line, "kind"), text(line, "verdict")))), lines.last().unwrap().clone())
}

fn in_metrics(world: &Path, more: &[&str]) -> Figures {
    let text = told(world, &[&["--format", "prometheus"], more].concat());
    let of = |name: &str, kind: &str| {
        let begin = format!("{name}{{");
        let kind = kind.to_owned();
        let series = text.lines().filter(move |line| line.starts_with(&begin)).map(str::to_owned);
        let figures: Vec<_> = series
            .map(|line| {
                let verdict = line.split("verdict=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                ((kind.clone(), verdict), line.rsplit(' ').next().unwrap().parse().unwrap())
            })
            .collect();
        figures
    };
    let all = of("trailseal_digests", "digest").into_iter().chain(of("trailseal_log_files", "log"));
    all.filter(|(_, count)| *count > 0).collect()
}

fn agrees(world: &Path, more: &[&str]) -> Value {
    let report = json(world, more);
    let totals = totals(&report);
    assert!(!totals.is_empty());
    assert_eq!(in_table(world, more), totals, "csv {more:?}");
    let (objects, summary) = in_lines(world, more);
    assert_eq!(objects, totals, "jsonl {more:?}");
    assert_eq!(summary["totals"], report["totals"], "{more:?}");
    assert_eq!(in_metrics(world, more), totals, "metrics {more:?}");
    report
}

#[test]
fn every_form_counts_the_same_in_a_whole_record_and_in_a_part_of_it() {
    let world = world(&[]);
    agrees(world.path(), &[]);
    for more in [
        &["--start", "2026-03-01T04:00:00Z", "--end", "2026-03-01T08:00:00Z"][..],
        &["--region", "us-east-1"],
        &["--depth", "presence"],
        &["--depth", "chain"],
    ] {
        agrees(world.path(), more);
    }
}

#[test]
fn every_form_counts_the_same_whatever_was_damaged() {
    for damage in Damage::ALL {
        let world = world(&[*damage]);
        let report = json(world.path(), &[]);
        let totals = totals(&report);
        assert_eq!(in_table(world.path(), &[]), totals, "{damage}");
        assert_eq!(in_metrics(world.path(), &[]), totals, "{damage}");
    }
}

#[test]
fn an_absent_region_counts_as_nothing_covered_in_every_form() {
    let world = world(&[]);
    let accounts = world.path().join("bucket/AWSLogs");
    let account =
        fs::read_dir(&accounts).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    fs::remove_dir_all(accounts.join(&account).join("CloudTrail-Digest/us-east-1")).unwrap();
    let report = agrees(world.path(), &[]);
    assert_eq!(report["exit_code"], 3);
    let [part] = &report["uncovered"].as_array().unwrap()[..] else { panic!("{}", report["uncovered"]) };
    assert_eq!((part["account"].as_str(), part["region"].as_str()), (Some(&*account), Some("us-east-1")));
    assert_eq!(part["why"], "absent");
    assert!(part["time"]["start"].is_string());
    let human = told(world.path(), &[]);
    let row = human.lines().find(|line| line.contains("no standard digest")).expect(&human);
    assert!(row.contains(&account) && row.contains("us-east-1") && row.contains("0 %"), "{row}");
    assert!(!human.contains("100 % of the time"), "{human}");
    let html = told(world.path(), &["--format", "html"]);
    assert!(html.contains(&format!("{account} us-east-1: no standard digest, nothing covered")));
    let metrics = told(world.path(), &["--format", "prometheus"]);
    let series =
        metrics.lines().find(|line| line.starts_with("trailseal_uncovered_seconds{")).expect(&metrics);
    assert!(series.contains("region=\"us-east-1\"") && !series.ends_with(" 0"), "{series}");
    assert!(
        !metrics.lines().any(|line| line.starts_with("trailseal_covered_ratio{") && line.ends_with(" 1"))
    );
}

#[test]
fn an_hour_whose_newest_digest_lost_its_signature_is_not_covered() {
    let world = world(&[]);
    let mut newest: BTreeMap<String, std::path::PathBuf> = BTreeMap::new();
    heads(&world.path().join("bucket"), &mut newest);
    newest.values().for_each(|path| fs::remove_file(path).unwrap());
    let report = agrees(world.path(), &[]);
    for chain in report["chains"].as_array().unwrap().iter().filter(|chain| chain["kind"] == "standard") {
        assert!(!chain["gaps"].as_array().unwrap().is_empty(), "{chain}");
    }
    assert!(!told(world.path(), &[]).contains("100 % of the time"));
}

/// The newest signature beside the digests of each folder of a region.
fn heads(folder: &Path, newest: &mut BTreeMap<String, std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            heads(&path, newest);
        } else if name.ends_with(".head.json")
            && name.contains("CloudTrail-Digest")
            && !name.contains("backfill")
        {
            let (chain, _) = name.rsplit_once('_').unwrap();
            let known = newest.entry(chain.to_owned()).or_insert_with(|| path.clone());
            if known.file_name() < path.file_name() {
                *known = path;
            }
        }
    }
}

#[test]
fn a_table_of_objects_stands_beside_any_other_result() {
    let world = world(&[]);
    let path = |name: &str| world.path().join(name).display().to_string();
    let (table, lines) = (path("objects.csv"), path("objects.jsonl"));
    let report = json(
        world.path(),
        &["--report", &format!("csv-objects={table}"), "--report", &format!("jsonl-objects={lines}")],
    );
    let all = (totals(&report).values().sum::<u64>()) as usize;
    assert!(fs::read_to_string(table).unwrap().lines().count() > all);
    let lines = fs::read_to_string(lines).unwrap();
    assert!(lines.lines().filter(|line| line.contains("\"type\":\"object\"")).count() >= all);
    assert!(lines.lines().next_back().unwrap().contains("\"type\":\"summary\""));
}

#[test]
fn a_saved_report_ends_with_its_own_code_unless_nobody_wants_it() {
    let world = world(&[Damage::ALL[0]]);
    let saved = world.path().join("report.json").display().to_string();
    told(world.path(), &["--report", &format!("json={saved}")]);
    assert_eq!(trailseal(&["report", &saved]).status.code(), Some(1));
    assert_eq!(trailseal(&["report", &saved, "--exit-zero"]).status.code(), Some(0));
    assert_eq!(trailseal(&["report", "/no/such/report.json", "--exit-zero"]).status.code(), Some(2));
}

#[test]
fn what_a_digest_names_and_an_old_copy_lacks_is_not_taken_for_young() {
    let world = world(&[]);
    let mut newest = Vec::new();
    logs(&world.path().join("bucket"), &mut newest);
    newest.sort();
    // Delivered within the grace period before the newest object: young, as of then.
    for path in newest.iter().rev().take(4) {
        fs::remove_file(path).unwrap();
    }
    let report = json(world.path(), &[]);
    assert_eq!(report["exit_code"], 3, "{}", report["findings"]);
    let hints = report["hints"].to_string();
    assert!(hints.contains("judged as of its newest object"), "{hints}");
    // The undamaged twin is whole, and says as of when.
    let whole = json(self::world(&[]).path(), &[]);
    assert_eq!(whole["exit_code"], 0);
    assert!(whole["hints"].to_string().contains("--end TIME says"));
}

/// All log files, named so that the youngest comes last.
fn logs(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("CloudTrail-Digest") {
            logs(&path, found);
        } else if path.to_str().unwrap().contains("/us-east-1/")
            && path.extension().is_some_and(|ending| ending == "gz")
        {
            found.push(path);
        }
    }
}

#[test]
fn accepted_damage_stays_in_the_chart_and_is_named() {
    let world = world(&["log-deleted".parse().unwrap()]);
    let more = ["--accept", "log-missing"];
    assert_eq!(json(world.path(), &more)["exit_code"], 0);
    let human = told(world.path(), &more);
    assert!(human.contains("tampered with") && human.contains("were accepted"), "{human}");
}
