//! Folders of a thousand log files and of a million: what grows with the record, and what does not.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::contest::{self, Contest};

/// A record, and what is looked at.
struct Row {
    name: &'static str,
    regions: usize,
    hours: u32,
    logs_per_hour: u32,
    depth: &'static str,
}

const fn row(name: &'static str, regions: usize, hours: u32, logs_per_hour: u32) -> Row {
    Row { name, regions, hours, logs_per_hour, depth: "full" }
}

/// One hour in six has no log files.
const ROWS: [Row; 6] = [
    row("1,000 log files", 4, 300, 1),
    row("10,000", 4, 300, 10),
    row("100,000", 4, 300, 100),
    row("1,000,000", 4, 300, 1_000),
    row("100,000 in each digest", 1, 12, 100_000),
    Row { depth: "chain", ..row("digests alone", 30, 720, 0) },
];

/// Times each record; `against`, if given, is another trailseal over the same.
pub fn run(runs: usize, against: Option<&Path>) {
    println!(
        "{:24} {:>10} {:>8} {:>10} {:>12} {:>9}",
        "", "objects", "wall", "objects/s", "CPU/object", "memory"
    );
    for row in ROWS {
        let folder = tempfile::tempdir().unwrap();
        let objects = forge(&row, folder.path()) as f64;
        let mut contest = Contest::new(runs);
        contest.enter(row.name, vec![verify(trailseal(), &row, folder.path())]);
        if let Some(other) = against {
            contest.enter("  the other", vec![verify(contest::quiet(other), &row, folder.path())]);
        }
        for (name, sample) in contest.run().rows() {
            println!(
                "{name:24} {objects:>10} {:>6.2} s {:>10.0} {:>9.1} µs {:>6} MB",
                sample.wall.as_secs_f64(),
                objects / sample.wall.as_secs_f64(),
                sample.cpu.as_secs_f64() * 1e6 / objects,
                sample.memory / 1_000_000,
            );
        }
    }
}

fn verify(mut program: Command, row: &Row, folder: &Path) -> Command {
    program.arg("verify").arg(folder.join("bucket")).arg("--keys").arg(folder.join("keys.json"));
    program.args(["--no-progress", "--quiet", "--depth", row.depth]);
    program
}

fn trailseal() -> Command {
    contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")))
}

/// Forges the record and says how many objects it has. In a process of its own: what this one has once taken would be
/// counted as its children's peak.
fn forge(row: &Row, folder: &Path) -> u64 {
    let mut forge = trailseal();
    forge.arg("forge").arg(folder).args(["--accounts", "1", "--events-per-log", "1"]);
    forge.args(["--regions", &row.regions.to_string(), "--hours", &row.hours.to_string()]);
    forge.args(["--logs-per-hour", &row.logs_per_hour.to_string()]);
    assert!(forge.status().unwrap().success());
    let truth: Value = serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
    truth["digests"].as_u64().unwrap() + truth["logs"].as_u64().unwrap()
}
