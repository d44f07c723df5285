//! Runs trailseal, the AWS CLI and the coreutils pipeline over the same forged record, side by side:
//!
//! ```sh
//! cargo bench --bench compare                      # no latency
//! cargo bench --bench compare -- --latency 20      # 20 ms a request
//! cargo bench --bench compare -- --scale           # a thousand log files, and a million
//! cargo bench --bench compare -- --hostile         # buckets whose owner is the adversary
//! cargo bench --bench compare -- --repeat --latency 20    # the same window twice, with a ledger
//! cargo bench --bench compare -- --shards --latency 20    # one run, and the same over several machines
//! cargo bench --bench compare -- --year --accounts 100 --regions 17    # a year, all of it carried
//! ```
//!
//! The bucket is served by a server of this program's own, in a process of its own; a bare client that judges nothing
//! shows how fast that server can be read, and a bare loop over bytes in memory how fast this machine inflates and
//! hashes. Nothing leaves the machine, except that the AWS CLI is installed under target/ once, where Python is at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use trailseal::forge;

mod aws_cli;
mod bare;
mod contest;
mod hostile;
#[path = "../../tests/integration/support/python.rs"]
mod python;
mod record;
mod repeat;
mod scale;
mod serve;
mod shards;
mod year;

use contest::{Contest, Sample};

#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    role: Option<Role>,
    /// Milliseconds the server waits before each answer
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Runs of each contestant; medians are printed
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Accounts in the record
    #[arg(long, default_value_t = 2)]
    accounts: usize,
    /// Regions of each account
    #[arg(long, default_value_t = 2)]
    regions: usize,
    /// Hours, and so digests of each account and region
    #[arg(long, default_value_t = 48)]
    hours: u32,
    /// Log files an hour
    #[arg(long, default_value_t = 10)]
    logs_per_hour: u32,
    /// Events in a log file
    #[arg(long, default_value_t = 100)]
    events_per_log: u32,
    /// Requests under way at once, trailseal's and the bare client's [default: trailseal's own]
    #[arg(long)]
    concurrency: Option<u16>,
    /// Leave out the AWS CLI
    #[arg(long)]
    without_aws_cli: bool,
    /// Instead: trailseal alone over folders of 1,000 to 1,000,000 log files
    #[arg(long)]
    scale: bool,
    /// Instead: trailseal alone over buckets whose owner is the adversary
    #[arg(long)]
    hostile: bool,
    /// Instead: trailseal alone over a closed window, twice, with a ledger
    #[arg(long)]
    repeat: bool,
    /// Instead: one run over 1,700 accounts and regions, and the same by one, two and four shards
    #[arg(long)]
    shards: bool,
    /// Instead: a year that is made up as it is listed, all of it carried from a ledger
    #[arg(long)]
    year: bool,
    /// Days of that year
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// Another trailseal to compare, such as one built from an earlier commit
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Given by cargo; means nothing here
    #[arg(long, hide = true)]
    bench: bool,
}

/// What this program is when it starts itself.
#[derive(Debug, Subcommand)]
enum Role {
    #[command(hide = true)]
    Serve { folder: PathBuf, latency: u64, trick: serve::Trick },
    #[command(hide = true)]
    Bare { folder: PathBuf, address: String, concurrency: usize },
    #[command(hide = true)]
    Ceiling { folder: PathBuf },
    #[command(hide = true)]
    Year { folder: PathBuf, asks: year::Asks, accounts: usize, regions: usize, days: u32, logs_per_hour: u32 },
}

fn main() {
    let options = Options::parse();
    match &options.role {
        Some(Role::Serve { folder, latency, trick }) => {
            serve::run(folder, Duration::from_millis(*latency), *trick);
        }
        Some(Role::Bare { folder, address, concurrency }) => bare::client(folder, address, *concurrency),
        Some(Role::Ceiling { folder }) => bare::ceiling(folder),
        Some(Role::Year { folder, asks, accounts, regions, days, logs_per_hour }) => {
            let (accounts, regions, days, logs_per_hour) = (*accounts, *regions, *days, *logs_per_hour);
            let size = year::Size { accounts, regions, days, logs_per_hour };
            year::one(folder, size, *asks);
        }
        None if options.scale => scale::run(options.runs, options.against.as_deref()),
        None if options.hostile => hostile::run(),
        None if options.repeat => repeat::run(options.runs, options.latency),
        None if options.shards => shards::run(options.runs, options.latency),
        None if options.year => year::run(year::Size {
            accounts: options.accounts,
            regions: options.regions,
            days: options.days,
            logs_per_hour: options.logs_per_hour,
        }),
        None => compare(&options),
    }
}

fn compare(options: &Options) {
    let folder = tempfile::tempdir().unwrap();
    let plan = forge::WorldPlan {
        accounts: options.accounts,
        regions: options.regions,
        hours: options.hours,
        logs_per_hour: options.logs_per_hour,
        events_per_log: options.events_per_log,
        ..forge::WorldPlan::default()
    };
    let truth = forge::write_world(&plan, folder.path(), &[]).unwrap();
    let objects = truth.digests + truth.logs;
    let bytes = record::bytes(&folder.path().join("bucket"));
    println!(
        "{} digests and {} log files, {:.1} MB compressed, {:.1} MB inflated; {} processors; medians of {} runs",
        truth.digests,
        truth.logs,
        bytes.compressed as f64 / 1e6,
        bytes.inflated as f64 / 1e6,
        std::thread::available_parallelism().unwrap(),
        options.runs
    );
    over_s3(options, folder.path(), &plan, objects);
    from_folder(options, folder.path(), bytes.inflated, objects);
}

fn over_s3(options: &Options, folder: &Path, plan: &forge::WorldPlan, objects: u64) {
    let server = serve::Server::start(folder, options.latency, serve::Trick::None);
    // As many as trailseal comes to by itself.
    let usual = if options.latency == 0 { 64 } else { 256 };
    let concurrency = options.concurrency.unwrap_or(usual).to_string();
    let mut contest = Contest::new(options.runs);
    let verify = |program: &Path| {
        let mut command = contest::quiet(program);
        command.args(["verify", &format!("s3://{}", plan.bucket), "--no-progress", "--quiet"]);
        command.arg("--keys").arg(folder.join("keys.json"));
        command.args([
            "--start",
            &contest::time(plan.window().start),
            "--end",
            &contest::time(plan.window().end),
        ]);
        command.args(["--endpoint-url", server.url()]);
        if let Some(concurrency) = options.concurrency {
            command.args(["--concurrency", &concurrency.to_string()]);
        }
        vec![command]
    };
    contest.enter("trailseal", verify(Path::new(env!("CARGO_BIN_EXE_trailseal"))));
    if let Some(other) = &options.against {
        contest.enter("trailseal, the other", verify(other));
    }
    let mut bare = contest::this_program("bare");
    bare.arg(folder).arg(server.address()).arg(&concurrency);
    contest.enter("bare GET, inflate, hash", vec![bare]);
    if !options.without_aws_cli {
        match aws_cli::AwsCli::get() {
            Some(cli) => contest.enter("aws cloudtrail validate-logs", cli.validate_all(plan, server.url())),
            None => println!("The AWS CLI is not at hand, so it is left out."),
        }
    }
    println!("\nFrom S3 on this machine, {} ms a request", options.latency);
    contest
        .run()
        .print(|sample| format!("{:8.1} µs CPU/object", sample.cpu.as_secs_f64() * 1e6 / objects as f64));
}

fn from_folder(options: &Options, folder: &Path, inflated: u64, objects: u64) {
    let bucket = folder.join("bucket");
    let mut contest = Contest::new(options.runs);
    let verify = |program: &Path| {
        let mut command = contest::quiet(program);
        command.arg("verify").arg(&bucket).arg("--keys").arg(folder.join("keys.json"));
        command.args(["--no-progress", "--quiet"]);
        vec![command]
    };
    contest.enter("trailseal", verify(Path::new(env!("CARGO_BIN_EXE_trailseal"))));
    if let Some(other) = &options.against {
        contest.enter("trailseal, the other", verify(other));
    }
    let mut pipeline = contest::quiet(Path::new("sh"));
    pipeline.arg("-c").arg(
        "find \"$0\" -name '*.json.gz' -print0 | xargs -0 -P\"$(nproc)\" -n64 \
         sh -c 'for f; do gzip -dc \"$f\" | sha256sum; done' sh",
    );
    contest.enter("find, gzip -dc, sha256sum", {
        pipeline.arg(&bucket);
        vec![pipeline]
    });
    let mut ceiling = contest::this_program("ceiling");
    ceiling.arg(&bucket);
    contest.enter("in memory: libdeflate, SHA-256", vec![ceiling]);
    println!("\nFrom a folder");
    contest.run().print(|sample: &Sample| {
        format!(
            "{:8.2} GB/s inflated {:9.0} objects/s",
            inflated as f64 / 1e9 / sample.wall.as_secs_f64(),
            objects as f64 / sample.wall.as_secs_f64()
        )
    });
}
