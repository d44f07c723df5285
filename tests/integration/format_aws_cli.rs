//! The lines of `aws cloudtrail validate-logs --verbose`, to the byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use assert_cmd::Command;
use chrono::TimeDelta;
use trailseal::forge::{Damage, Turn, World, WorldPlan};
use trailseal::render::aws_cli::Transcript;
use trailseal::render::plain::acts;
use trailseal::report::{DigestVerdict, LogVerdict};
use trailseal::trail::{ObjectName, Span, format_time};

use crate::render_worlds::clean;
use crate::s3_cli::program;
use crate::support::aws_cli::{AwsCli, Question};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;

/// Runs the program over a world on the server, and gives exit code and stdout.
fn lines(server: &Server, world: &World) -> (i32, String) {
    let (window, source) = (world.plan().window(), world.plan().source());
    let output = program(server)
        .args(["verify", &format!("s3://{}/{}", source.bucket, source.prefix)])
        .args(["--format", "aws-cli", "--no-progress"])
        .args(["--start", &format_time(window.start), "--end", &format_time(window.end)])
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn serve(world: &World) -> Server {
    Server::start(forged::world(world, Encoding::Pkcs1))
}

fn with_backfill() -> World {
    let turns = BTreeSet::from([Turn::Backfill]);
    World::forge(&WorldPlan { accounts: 1, regions: 2, hours: 12, turns, ..WorldPlan::default() }).unwrap()
}

#[test]
fn a_clean_world_to_the_byte() {
    let world = with_backfill();
    let (code, lines) = lines(&serve(&world), &world);
    assert_eq!(code, 0);
    insta::assert_snapshot!(lines);
}

#[test]
fn a_damaged_world_to_the_byte() {
    let mut world =
        World::forge(&WorldPlan { accounts: 3, regions: 3, hours: 12, ..WorldPlan::default() }).unwrap();
    for damage in [
        Damage::LogEventEdited,
        Damage::LogDeleted,
        Damage::LogTrailingBytes,
        Damage::LogForged,
        Damage::DigestDeleted,
        Damage::DigestEdited,
        Damage::DigestRolledBack,
        Damage::DigestUnsigned,
    ] {
        world.apply(damage).unwrap();
    }
    let (code, lines) = lines(&serve(&world), &world);
    assert_eq!(code, 1);
    insta::assert_snapshot!(lines);
}

#[test]
fn the_aws_cli_prints_the_same() {
    let Some(cli) = AwsCli::get() else { return };
    let world = with_backfill();
    let server = serve(&world);
    let plan = world.plan();
    let (account, home) = (plan.account_ids()[0].to_string(), plan.region_names()[0].clone());
    let arn = format!("arn:aws:cloudtrail:{home}:{account}:trail/{}", plan.trails[0]);
    let (start, end) = (format_time(plan.window().start), format_time(plan.window().end));
    let mut places = plan.region_names();
    places.sort();
    let theirs: String = places
        .iter()
        .map(|region| {
            let (account, region) = (account.as_str(), region.as_str());
            let question = Question { trail_arn: &arn, account, region, start: &start, end: &end };
            cli.validate_logs(&server, &question).stdout
        })
        .collect();
    assert!(theirs.contains("(backfill) Digest file"), "{theirs}");
    assert_eq!(lines(&server, &world).1, theirs);
}

#[test]
fn what_cannot_be_told_so_is_refused() {
    let refused = |args: &[&str]| {
        let output = Command::cargo_bin("trailseal").unwrap().args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for args in [
        &["verify", ".", "--report", "aws-cli=lines.txt"][..],
        &["report", "report.json", "--format", "aws-cli"],
    ] {
        let (code, stderr) = refused(args);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("a report does not name the files that hold"), "{stderr}");
    }
    let (code, stderr) = refused(&["verify", ".", "--format", "aws-cli", "--depth", "presence"]);
    assert!(code == Some(2) && stderr.contains("--depth full"), "{code:?} {stderr}");
}

#[test]
fn hostile_names_stay_on_their_line_and_what_was_not_reached_is_not_invalid() {
    let report = clean();
    let newest = report.chains.iter().find_map(|chain| chain.newest.clone()).unwrap();
    let span = Span { start: newest.end - TimeDelta::hours(1), end: newest.end };
    let hostile = ObjectName::new("b", "a\n12/12 log files valid\u{1b}[2J\u{202e}\tvalid");
    let unreached = ObjectName::new("b", "unreached.json.gz");
    let mut transcript = Transcript::default();
    let logs = vec![(hostile.clone(), newest.hash), (unreached, newest.hash)];
    transcript.digest(&newest.object, span, DigestVerdict::Authentic, logs);
    transcript.log(&hostile, &newest.hash, LogVerdict::Modified, None);
    let mut out = Vec::new();
    transcript.write(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.chars().any(|char| acts(char) && !matches!(char, '\n' | '\t')), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("12/12")), "{text}");
    assert!(text.contains("\nLog file\ts3://b/unreached.json.gz\tUNREADABLE: "), "{text}");
    let sum = "\n0/2 log files valid, 1/2 log files INVALID, 1/2 log files UNREADABLE\n";
    assert!(text.contains(sum), "{text}");
}
