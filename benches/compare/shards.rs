//! A record of 1,700 accounts and regions, verified by one run and by one, two and four shards on this machine: what planning,
//! parts and joining cost.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use trailseal::forge;

use super::contest::{self, Sample};
use super::serve::{Server, Trick};

const ACCOUNTS: usize = 100;
const REGIONS: usize = 17;
const HOURS: u32 = 24;
const SHARDS: [usize; 3] = [1, 2, 4];

/// Runs them so often over a server of this latency, in milliseconds.
pub fn run(runs: usize, latency: u64) {
    let folder = tempfile::tempdir().unwrap();
    let plan = forge::WorldPlan {
        accounts: ACCOUNTS,
        regions: REGIONS,
        hours: HOURS,
        logs_per_hour: 1,
        events_per_log: 10,
        turns: [].into(),
        ..forge::WorldPlan::default()
    };
    let truth = forge::write_world(&plan, folder.path(), &[]).unwrap();
    let window = plan.window();
    let window = [contest::time(window.start), contest::time(window.end)];
    println!(
        "{} digests and {} log files in {} accounts and regions, {latency} ms a request, {} processors",
        truth.digests,
        truth.logs,
        ACCOUNTS * REGIONS,
        std::thread::available_parallelism().unwrap()
    );
    println!(
        "{:10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9}",
        "", "plan", "shards", "merge", "wall", "CPU", "parts", "memory"
    );
    for _run in 0..runs {
        let server = Server::start(folder.path(), latency, Trick::None);
        let (single, exit) = contest::measure(
            "verify",
            &mut trailseal(&server, folder.path(), &over(&window, &["verify", &source()])),
        );
        assert_eq!(exit, Some(0));
        tell("one run", [Duration::ZERO; 2], &single, single.wall, 0);
        for shards in SHARDS {
            sharded(&server, folder.path(), &window, shards);
        }
    }
}

/// These words, and the time that they are about.
fn over<'w>([start, end]: &'w [String; 2], words: &[&'w str]) -> Vec<&'w str> {
    [words, &["--start", start, "--end", end]].concat()
}

fn source() -> String {
    format!("s3://{}", forge::WorldPlan::default().bucket)
}

fn sharded(server: &Server, folder: &Path, window: &[String; 2], shards: usize) {
    let work = tempfile::tempdir().unwrap();
    let (plan, parts) = (work.path().join("plan.json"), work.path().join("parts"));
    let (plan, parts) = (plan.to_str().unwrap(), parts.to_str().unwrap());
    let started = Instant::now();
    let words = ["plan", &source(), "--shards", &shards.to_string(), "--output", plan];
    let (planning, exit) = contest::measure("plan", &mut trailseal(server, folder, &over(window, &words)));
    assert_eq!(exit, Some(0));
    let begun = Instant::now();
    let samples: Vec<Sample> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..shards)
            .map(|shard| {
                scope.spawn(move || {
                    let words = ["verify", "--plan", plan, "--shard", &shard.to_string(), "--parts", parts];
                    contest::measure("shard", &mut trailseal(server, folder, &words))
                })
            })
            .collect();
        let ended = running.into_iter().map(|shard| shard.join().unwrap());
        ended
            .map(|(sample, exit)| {
                assert_eq!(exit, Some(0));
                sample
            })
            .collect()
    });
    let reading = begun.elapsed();
    let size =
        std::fs::read_dir(parts).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let size: u64 = size
        .flat_map(|path| std::fs::read_dir(path).unwrap())
        .map(|part| part.unwrap().metadata().unwrap().len())
        .sum();
    let words = ["merge", "--plan", plan, "--parts", parts];
    let (mut merging, exit) = contest::measure("merge", &mut trailseal(server, folder, &words));
    assert_eq!(exit, Some(0));
    let wall = started.elapsed();
    let merged = merging.wall;
    merging.cpu += planning.cpu + samples.iter().map(|sample| sample.cpu).sum::<Duration>();
    merging.memory = merging.memory.max(samples.iter().map(|sample| sample.memory).max().unwrap_or(0));
    merging.wall = merged;
    tell(&format!("{shards} shards"), [planning.wall, reading], &merging, wall, size);
}

fn tell(name: &str, [plan, shards]: [Duration; 2], rest: &Sample, wall: Duration, parts: u64) {
    println!(
        "{name:10} {:>8.2} s {:>8.2} s {:>8.2} s {:>8.2} s {:>8.2} s {:>7.1} MB {:>6} MB",
        plan.as_secs_f64(),
        shards.as_secs_f64(),
        if plan.is_zero() { 0.0 } else { rest.wall.as_secs_f64() },
        wall.as_secs_f64(),
        rest.cpu.as_secs_f64(),
        parts as f64 / 1e6,
        rest.memory / 1_000_000
    );
}

fn trailseal(server: &Server, folder: &Path, words: &[&str]) -> Command {
    let mut command = contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")));
    command.args(words).args(["--endpoint-url", server.url(), "--quiet"]);
    if words.first() != Some(&"merge") {
        command.arg("--keys").arg(folder.join("keys.json"));
    }
    if words.first() != Some(&"plan") {
        command.arg("--no-progress");
    }
    command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
