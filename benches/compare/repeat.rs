//! A closed window verified twice with a ledger, and once more with four days added: what the repeat and the night cost, and what
//! each listed key costs in them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use trailseal::forge;
use trailseal::trail::parse_time;

use super::contest::{self, Sample};
use super::serve::{Server, Trick};

/// Thirty regions in all.
const ACCOUNTS: usize = 2;
const REGIONS: usize = 15;
/// A window of thirty days, and the hours around it.
const START: &str = "2026-03-01T00:00:00Z";
const END: &str = "2026-03-31T00:00:00Z";
/// Four days before: of a night's window the last days are too young to be kept.
const EARLIER: &str = "2026-03-27T00:00:00Z";
const AROUND: (&str, u32) = ("2026-02-28T12:00:00Z", 744);

/// What one run took, and how many requests.
struct Run {
    sample: Sample,
    requests: u64,
}

/// Runs the pair so often over a server of this latency, in milliseconds.
pub fn run(runs: usize, latency: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (start, hours) = AROUND;
    let plan = forge::WorldPlan {
        accounts: ACCOUNTS,
        regions: REGIONS,
        hours,
        logs_per_hour: 1,
        events_per_log: 10,
        turns: [].into(),
        start: parse_time(start).unwrap(),
        ..forge::WorldPlan::default()
    };
    let truth = forge::write_world(&plan, folder.path(), &[]).unwrap();
    let objects = truth.digests + truth.logs;
    println!(
        "{} digests and {} log files in {} regions, {latency} ms a request",
        truth.digests,
        truth.logs,
        ACCOUNTS * REGIONS
    );
    println!(
        "{:10} {:>9} {:>10} {:>10} {:>9} {:>14}",
        "", "requests", "wall", "CPU", "memory", "CPU/listed key"
    );
    for _run in 0..runs {
        let server = Server::start(folder.path(), latency, Trick::None);
        let ledger = tempfile::tempdir().unwrap();
        let first = one(&server, folder.path(), ledger.path(), END);
        let second = one(&server, folder.path(), ledger.path(), END);
        let ledger = tempfile::tempdir().unwrap();
        one(&server, folder.path(), ledger.path(), EARLIER);
        let night = one(&server, folder.path(), ledger.path(), END);
        for (name, Run { sample, requests }) in [("first", &first), ("repeat", &second), ("night", &night)] {
            println!(
                "{name:10} {requests:>9} {:>8.3} s {:>8.3} s {:>6} MB {:>11.2} µs",
                sample.wall.as_secs_f64(),
                sample.cpu.as_secs_f64(),
                sample.memory / 1_000_000,
                sample.cpu.as_secs_f64() * 1e6 / objects as f64
            );
        }
        for (name, run) in [("repeat's", &second), ("night's", &night)] {
            println!(
                "{name:10} 1/{:<7.0} 1/{:<8.1} 1/{:<8.1} share",
                first.requests as f64 / run.requests as f64,
                first.sample.wall.as_secs_f64() / run.sample.wall.as_secs_f64(),
                first.sample.cpu.as_secs_f64() / run.sample.cpu.as_secs_f64()
            );
        }
    }
}

fn one(server: &Server, folder: &Path, ledger: &Path, end: &str) -> Run {
    let before = asked(server);
    let (sample, exit) = contest::measure("trailseal", &mut verify(server, folder, ledger, end));
    assert_eq!(exit, Some(0));
    Run { sample, requests: asked(server) - before }
}

fn verify(server: &Server, folder: &Path, ledger: &Path, end: &str) -> Command {
    let mut command = contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")));
    command.args([
        "verify",
        &format!("s3://{}", forge::WorldPlan::default().bucket),
        "--no-progress",
        "--quiet",
    ]);
    command.args(["--endpoint-url", server.url(), "--trust-listing", "--start", START, "--end", end]);
    command.arg("--keys").arg(folder.join("keys.json")).arg("--ledger").arg(ledger);
    command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// How many requests the server has answered.
fn asked(server: &Server) -> u64 {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET /requests HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    answer.rsplit("\r\n").next().unwrap().trim().parse().unwrap()
}
