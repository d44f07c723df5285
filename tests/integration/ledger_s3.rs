//! The program with a ledger, over S3: in a folder and in a bucket, killed at any moment, and told where it may not lie.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use trailseal::forge::World;

use crate::s3_cli::program;
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::judged::quiet;
use crate::support::server::{Behaviour, Server};
use crate::support::world::Bucket;

/// Four days and the hours around them, long ago by now.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    quiet(120, |plan| {
        plan.start = trailseal::trail::parse_time("2026-02-28T12:00:00Z").unwrap();
        plan.regions = 3;
    })
});

fn serve() -> Server {
    let mut world = forged::world(&WORLD, Encoding::Mixed);
    world.buckets.insert("ledger-bucket".into(), Bucket::new(forged::BUCKET_REGION));
    Server::start(world)
}

fn verify(server: &Server, ledger: &str) -> Command {
    let mut command = program(server);
    command.args(["verify", "s3://example-trail-bucket", "--format", "json", "--no-progress"]);
    command.args(["--start", "2026-03-01", "--end", "2026-03-04", "--ledger", ledger, "--trust-listing"]);
    command
}

fn run(command: &mut Command) -> (i32, Value, String) {
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
}

/// A report without what belongs to one run alone.
fn beside_the_run(report: &Value) -> Value {
    let mut report = report.clone();
    for field in ["started_at", "finished_at", "arguments", "read", "carried", "not_proven", "hints"] {
        report.as_object_mut().unwrap().remove(field);
    }
    for chain in report["chains"].as_array_mut().unwrap() {
        chain.as_object_mut().unwrap().retain(|field, _| !["read", "carried"].contains(&field.as_str()));
    }
    report
}

#[test]
fn a_repeat_costs_a_listing() {
    let folder = tempfile::tempdir().unwrap();
    for ledger in [folder.path().to_str().unwrap(), "s3://ledger-bucket/of/trailseal"] {
        let server = serve();
        let (code, first, stderr) = run(&mut verify(&server, ledger));
        assert_eq!((code, first["carried"].is_null()), (0, true), "{first:#} {stderr}");
        let objects = server.take_counts()[&Action::GetObject];
        let (code, second, stderr) = run(&mut verify(&server, ledger));
        assert_eq!(code, 0, "{second:#} {stderr}");
        assert_eq!(beside_the_run(&first), beside_the_run(&second));
        assert_eq!(second["read"]["digests"], 0);
        assert_eq!(second["carried"]["digests"], second["totals"]["digests"]["authentic"]);
        let counts = server.take_counts();
        // One of each region, and the ledger's own where that lies there.
        assert!(objects > 300 && counts[&Action::GetObject] <= 3 + 8, "{objects} {counts:?}");
        assert_eq!(
            counts.get(&Action::PutObject).copied().unwrap_or(0),
            usize::from(ledger.starts_with("s3:"))
        );
    }
}

#[test]
fn a_store_elsewhere_is_not_believed_unless_the_caller_says_so() {
    let (server, folder) = (serve(), tempfile::tempdir().unwrap());
    let ledger = folder.path().to_str().unwrap();
    run(&mut verify(&server, ledger));
    let mut command = program(&server);
    command.args(["verify", "s3://example-trail-bucket", "--format", "json", "--no-progress"]);
    command.args(["--start", "2026-03-01", "--end", "2026-03-04", "--ledger", ledger]);
    let (code, report, _) = run(&mut command);
    assert_eq!((code, report["carried"].is_null()), (0, true));
    let hints = report["hints"].to_string();
    assert!(hints.contains("--trust-listing"), "{hints}");
}

#[test]
fn objects_told_one_by_one_are_read() {
    let (server, folder) = (serve(), tempfile::tempdir().unwrap());
    let ledger = folder.path().to_str().unwrap();
    run(&mut verify(&server, ledger));
    let table = folder.path().join("objects.csv");
    let report = format!("csv-objects={}", table.display());
    let (code, report, stderr) = run(verify(&server, ledger).args(["--report", &report]));
    assert_eq!((code, report["carried"].is_null()), (0, true), "{stderr}");
    let told = std::fs::read_to_string(table).unwrap().lines().count();
    assert!(told > 300, "{told}");
}

#[test]
fn where_it_may_not_lie_is_said_before_the_long_work() {
    let server = serve();
    for (ledger, told) in [
        ("s3://example-trail-bucket/AWSLogs", "lies where the record lies"),
        ("s3://example-trail-bucket", "lies where the record lies"),
        ("/proc/nowhere", "cannot be used"),
        ("s3://no-such-bucket/x", "NoSuchBucket"),
    ] {
        let (code, _, stderr) = run(&mut verify(&server, ledger));
        assert_eq!(code, 2, "{ledger}: {stderr}");
        assert!(stderr.contains(told), "{ledger}: {stderr}");
        // At most the ledger itself is asked for.
        assert!(server.take_counts().get(&Action::GetObject).is_none_or(|count| *count <= 1), "{ledger}");
    }
    server.fail(faults::script(|call| {
        (call.action == Action::PutObject).then_some(Fault::Refuse(403, "AccessDenied", "Access Denied"))
    }));
    let (code, _, stderr) = run(&mut verify(&server, "s3://ledger-bucket/x"));
    assert_eq!(code, 2);
    assert!(stderr.contains("put s3://ledger-bucket/x") && stderr.contains("s3:PutObject"), "{stderr}");
    // Beside the record it may lie, and that is told.
    server.fail(faults::none());
    let (code, report, _) = run(&mut verify(&server, "s3://example-trail-bucket/ledger"));
    assert_eq!(code, 0);
    assert!(
        report["hints"].to_string().contains("whoever may change the record may change it"),
        "{report:#}"
    );
}

#[test]
fn a_folder_has_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let mut command = program(&serve());
    command
        .args(["verify", "bucket", "--keys", "keys.json", "--ledger", "ledger"])
        .current_dir(folder.path());
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 2);
    assert!(stderr.contains("--ledger goes with a bucket"), "{stderr}");
    assert!(!folder.path().join("ledger").exists());
}

#[test]
fn a_relative_start_goes_back_to_midnight() {
    let (server, folder) = (serve(), tempfile::tempdir().unwrap());
    let mut command = program(&server);
    command.args([
        "verify",
        "s3://example-trail-bucket",
        "--format",
        "json",
        "--no-progress",
        "--trust-listing",
    ]);
    command.args(["--last", "30h", "--ledger"]).arg(folder.path());
    let (_, report, stderr) = run(&mut command);
    assert!(report["window"]["start"].as_str().unwrap().ends_with("T00:00:00Z"), "{report:#} {stderr}");
    assert!(report["hints"].to_string().contains("goes back to the midnight"), "{report:#}");
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_unfinished_is_believed() {
    let server = serve();
    let (_, whole, _) = run(&mut verify(&server, tempfile::tempdir().unwrap().path().to_str().unwrap()));
    server.behave(Behaviour { latency: Duration::from_millis(3), ..Behaviour::default() });
    let folder = tempfile::tempdir().unwrap();
    let program = assert_cmd::cargo::cargo_bin("trailseal");
    let ledger = |folder: &Path| folder.to_str().unwrap().to_owned();
    let assert = verify(&server, &ledger(folder.path()));
    let (arguments, environment): (Vec<_>, Vec<_>) = (
        assert.get_args().map(ToOwned::to_owned).collect(),
        assert.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect(),
    );
    for kill in 0_u64..20 {
        let mut child = std::process::Command::new(&program)
            .args(&arguments)
            .env_clear()
            .envs(environment.clone())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // From before the first request to after the last.
        std::thread::sleep(Duration::from_millis(10 + kill * 37 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (code, report, stderr) = run(&mut verify(&server, &ledger(folder.path())));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(beside_the_run(&report), beside_the_run(&whole));
    let (_, report, _) = run(&mut verify(&server, &ledger(folder.path())));
    assert_eq!(report["read"]["digests"], 0, "{report:#}");
    assert_eq!(beside_the_run(&report), beside_the_run(&whole));
}
