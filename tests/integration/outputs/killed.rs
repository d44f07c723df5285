//! Whatever ends the program while it writes, the old results are there, or new ones that are whole.
#![cfg(unix)]

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{BUCKET, Desk, serve, shell, unproven};
use crate::binary::{PROGRAM, stderr};
use crate::s3_cli;
use crate::support::faults::{self, Action, Fault};

/// Where a file may grow to so many blocks and no further, the next byte ends the program, with nothing said and nothing
/// cleared away: as if it were killed in the middle of that very file.
#[test]
#[cfg(unix)]
fn a_program_that_dies_in_the_middle_of_a_file_leaves_all_the_old_ones() {
    use std::os::unix::process::ExitStatusExt as _;
    for format in ["json", "html"] {
        for blocks in ["0", "1", "7", "100"] {
            let desk = Desk::new();
            for name in ["short.md", "long", "metrics.prom"] {
                desk.old(name);
            }
            let reports = [("markdown", "short.md"), (format, "long"), ("prometheus", "metrics.prom")]
                .map(|(format, name)| desk.report(format, name));
            let more = reports.iter().flat_map(|report| ["--report", report]).collect::<Vec<_>>();
            let output = shell(&format!("ulimit -c 0; ulimit -f {blocks}; exec \"$@\""), &unproven(), &more);
            assert!(output.status.signal().is_some(), "{format} {blocks}: {}", stderr(&output));
            for name in ["short.md", "long", "metrics.prom"] {
                assert_eq!(desk.read(name), "old", "{format} {blocks}");
            }
            let mut others = desk.names();
            others.retain(|name| !["short.md", "long", "metrics.prom"].contains(&&**name));
            assert!(!others.is_empty(), "nothing was begun");
            assert!(others.iter().all(|name| is_partial(name)), "{others:?}");
        }
    }
}

fn is_partial(name: &str) -> bool {
    name.starts_with(".trailseal-") && name.ends_with(".partial")
}

/// A pipe whose reader takes one byte and then no more holds the program in the middle of a report.
#[test]
#[cfg(unix)]
fn a_program_killed_between_its_reports_leaves_each_old_or_whole() {
    let desk = Desk::new();
    for name in ["report.md", "metrics.prom"] {
        desk.old(name);
    }
    let pipe = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = Command::new(PROGRAM)
        .args(unproven())
        .args(["--quiet", "--report", &desk.report("json", "pipe")])
        .args(["--report", &desk.report("prometheus", "metrics.prom")])
        .args(["--report", &desk.report("markdown", "report.md")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0]).unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    // Files don't wait for the readers of pipes; metrics wait for everything, for they tell how it went.
    assert_eq!(desk.read("metrics.prom"), "old");
    assert!(desk.read("report.md").ends_with('\n') && desk.read("report.md").len() > 1000);
    assert_eq!(desk.names(), ["metrics.prom", "pipe", "report.md"]);
}

#[test]
#[cfg(unix)]
fn a_program_that_waits_for_a_reader_can_still_be_stopped() {
    let desk = Desk::new();
    desk.old("metrics.prom");
    let pipe = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = Command::new(PROGRAM)
        .args(unproven())
        .args(["--format", "json", "--output", pipe.to_str().unwrap()])
        .args(["--report", &desk.report("prometheus", "metrics.prom")])
        .args(["--report", &desk.report("markdown", "report.md")])
        .spawn()
        .unwrap();
    let mut reader = fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0]).unwrap();
    // The run is over and its report is being written: the first signal finds nothing to end, the second ends it all.
    let stopped = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(stopped.code(), Some(130));
    assert_eq!(desk.read("metrics.prom"), "old");
    assert!(desk.read("report.md").ends_with('\n'));
    assert_eq!(desk.names(), ["metrics.prom", "pipe", "report.md"]);
}

/// A store that stops in the middle of an object holds the program in the middle of a table.
#[test]
fn a_program_killed_while_it_writes_a_table_leaves_the_old_one() {
    let server = serve();
    let (told, hears) = mpsc::channel();
    server.fail(faults::script(move |call| {
        let held = call.action == Action::GetObject && call.number > 20;
        held.then(|| {
            let _ = told.send(());
            Fault::StallAt(0)
        })
    }));
    let desk = Desk::new();
    let table = desk.old("table.jsonl");
    let mut command = Command::new(PROGRAM);
    let prepared = s3_cli::program(&server);
    command.env_clear();
    for (name, value) in prepared.get_envs() {
        command.env(name, value.unwrap());
    }
    let mut child = command
        .args(["verify", BUCKET, "--objects", "--format", "jsonl"])
        .arg("--output")
        .arg(&table)
        .spawn()
        .unwrap();
    hears.recv_timeout(Duration::from_secs(120)).unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    assert_eq!(desk.read("table.jsonl"), "old");
    let names = desk.names();
    assert!(names.len() == 2 && is_partial(&names[0]), "{names:?}");
}
