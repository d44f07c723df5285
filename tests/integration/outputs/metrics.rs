//! Metrics of a run that cannot begin.

use super::{BUCKET, Desk, bucket, run, serve};
use crate::s3_cli;
use crate::support::world::Listing;

/// What they are, but for the moment.
#[track_caller]
fn metrics_of_no_run(metrics: &str, source: &str) {
    let series: Vec<&str> = metrics.lines().filter(|line| !line.starts_with('#')).collect();
    let [timestamp, exit_code] = series[..] else { panic!("{metrics}") };
    let time = format!("trailseal_last_run_timestamp_seconds{{source=\"{source}\"}} ");
    let time: i64 = timestamp.strip_prefix(&time).expect(metrics).parse().unwrap();
    assert!((chrono::Utc::now().timestamp() - time).abs() < 600, "{metrics}");
    assert_eq!(exit_code, format!("trailseal_exit_code{{source=\"{source}\"}} 2"));
}

#[test]
fn metrics_are_written_also_when_a_run_cannot_begin() {
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(empty.path().join("photo.jpg"), "x").unwrap();
    let (empty, bucket) = (empty.path().display().to_string(), bucket());
    let nowhere = format!("{bucket}/nowhere");
    for (source, more) in [
        (&nowhere, &[][..]),
        (&empty, &[]),
        (&bucket, &["--keys", "/no/such/keys.json"]),
        (&bucket, &["--start", "2026-03-02", "--end", "2026-03-01"]),
        (&bucket, &["--trail", "arn:aws:cloudtrail:x"]),
        (&bucket, &["--expect-region", "mars"]),
        (&bucket, &["--copied-from", "s3://"]),
        (&bucket, &["--ended", "no such word"]),
        (&bucket, &["--objects", "--format", "html"]),
        (&bucket, &["--format", "aws-cli", "--depth", "chain"]),
        (&bucket, &["--output", "/no/such/folder/report"]),
        (&bucket, &["--report", "json=-"]),
    ] {
        let desk = Desk::new();
        desk.old("metrics.prom");
        desk.old("report.json");
        let json = desk.report("json", "report.json");
        let metrics = desk.report("prometheus", "metrics.prom");
        let words = ["verify".to_owned(), source.clone()];
        let (code, stdout, said) = run(&words, &[&["--report", &json, "--report", &metrics], more].concat());
        assert_eq!((code, &*stdout), (2, ""), "{more:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        metrics_of_no_run(&desk.read("metrics.prom"), source);
        // Nothing is known of the record, and what was known stays.
        assert_eq!(desk.read("report.json"), "old");
        assert_eq!(desk.names(), ["metrics.prom", "report.json"]);
    }
}

#[test]
fn metrics_of_no_run_go_where_metrics_go() {
    let desk = Desk::new();
    let nowhere = format!("{}/nowhere", bucket());
    let words = ["verify".to_owned(), nowhere.clone()];
    let path = desk.path("metrics.prom").display().to_string();
    assert_eq!(run(&words, &["--format", "prometheus", "--output", &path]).0, 2);
    metrics_of_no_run(&desk.read("metrics.prom"), &nowhere);
    let (code, stdout, _) = run(&words, &["--format", "prometheus"]);
    assert_eq!(code, 2);
    metrics_of_no_run(&stdout, &nowhere);
    // Where not even they can be written, both are told.
    let (code, _, said) = run(&words, &["--report", "prometheus=/dev/full"]);
    assert_eq!(code, 2);
    assert!(said.contains("nowhere") && said.contains("/dev/full"), "{said}");
    // Those that share a place with another are refused with it.
    let report = format!("prometheus={path}");
    desk.old("metrics.prom");
    assert_eq!(run(&words, &["--report", &report, "--report", &format!("json={path}")]).0, 2);
    assert_eq!(desk.read("metrics.prom"), "old");
}

#[test]
fn metrics_are_written_also_when_a_bucket_refuses() {
    let server = serve();
    let desk = Desk::new();
    let metrics = |source: &str, without: &[&str]| {
        desk.old("metrics.prom");
        let mut command = s3_cli::program(&server);
        without.iter().for_each(|name| {
            command.env_remove(name);
        });
        let report = desk.report("prometheus", "metrics.prom");
        let output = command.args(["verify", source, "--report", &report]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{source}");
        metrics_of_no_run(&desk.read("metrics.prom"), source);
    };
    metrics(BUCKET, &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    metrics("s3://no-such-bucket-anywhere", &[]);
    metrics("s3://", &[]);
    metrics("arn:aws:cloudtrail:us-east-1:111122223333:trail/absent", &[]);
    server.change(|world| {
        world.buckets.values_mut().for_each(|bucket| bucket.listing = Listing::Denied);
    });
    metrics(BUCKET, &[]);
}
