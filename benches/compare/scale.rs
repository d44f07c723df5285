//! Folders of a thousand log files and of a million: what grows with the record, and what does not.

use std::path::Path;

use trailseal::forge;

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

pub fn run(runs: usize) {
    println!(
        "{:24} {:>10} {:>8} {:>10} {:>12} {:>9}",
        "", "objects", "wall", "objects/s", "CPU/object", "memory"
    );
    for row in ROWS {
        let folder = tempfile::tempdir().unwrap();
        let plan = forge::Plan {
            accounts: 1,
            regions: row.regions,
            hours: row.hours,
            logs_per_hour: row.logs_per_hour,
            events_per_log: 1,
            ..forge::Plan::default()
        };
        let truth = forge::write_world(&plan, folder.path(), &[]).unwrap();
        let objects = (truth.digests + truth.logs) as f64;
        let mut verify = contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")));
        verify
            .arg("verify")
            .arg(folder.path().join("bucket"))
            .arg("--keys")
            .arg(folder.path().join("keys.json"));
        verify.args(["--no-progress", "--quiet", "--depth", row.depth]);
        let mut contest = Contest::new(runs);
        contest.enter(row.name, vec![verify]);
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
