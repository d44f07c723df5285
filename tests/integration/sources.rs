//! What a source names is what is looked at, wholly and alone: a bucket, a prefix, or one part of a record, in S3 and in
//! a folder alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use trailseal::audit::{Bounds, Plan};
use trailseal::forge::{self, Damage, World};
use trailseal::render::{self, message};
use trailseal::report::Code;
use trailseal::report::Report;
use trailseal::store::StoreErrorKind;
use trailseal::trail::key::{DigestKey, LogKey, ObjectKey};
use trailseal::trail::source::Named;
use trailseal::trail::{AccountRegion, format_time};

use crate::s3_cli;
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::server::Server;
use crate::support::verify::{plan, run};

const BUCKET: &str = "example-trail-bucket";

fn forged(prefix: &str, organization: Option<&str>) -> World {
    let organization = organization.map(|id| id.parse().unwrap());
    let prefix = prefix.to_owned();
    World::forge(&forge::WorldPlan { regions: 2, prefix, organization, ..forge::WorldPlan::default() })
        .unwrap()
}

/// Two accounts in two regions, delivered to the bucket itself.
static ROOT: LazyLock<World> = LazyLock::new(|| forged("", None));
/// The same accounts and keys, delivered under a prefix that holds the word.
static TEAM: LazyLock<World> = LazyLock::new(|| forged("AWSLogs/team", None));
/// An organization's, delivered under a prefix of its own.
static AUDIT: LazyLock<World> = LazyLock::new(|| forged("audit", Some("o-exampleorgid")));

fn damaged(world: &World, damage: Damage) -> World {
    let mut world = world.clone();
    world.apply(damage).unwrap();
    world
}

/// The place of the first finding that is right for a world.
fn hit(world: &World) -> AccountRegion {
    let object = world.truth().findings.iter().find_map(|finding| finding.object.clone()).unwrap();
    let (_, key) = object.strip_prefix("s3://").unwrap().split_once('/').unwrap();
    match ObjectKey::parse(key).unwrap() {
        ObjectKey::Digest(DigestKey { chain, .. }) => chain.place,
        ObjectKey::Log(LogKey { place, .. }) => place,
    }
}

/// Every place of a world.
fn places(world: &World) -> Vec<AccountRegion> {
    let mut places: Vec<_> = world.chains().iter().map(|chain| chain.id.place.clone()).collect();
    places.sort();
    places.dedup();
    places
}

/// An account's folder below `AWSLogs/`.
fn account(place: &AccountRegion) -> String {
    let AccountRegion { account, organization, .. } = place;
    organization.as_ref().map_or(account.to_string(), |organization| format!("{organization}/{account}"))
}

fn narrowed(world: &World, path: &str) -> Plan {
    let named = Named::parse(path);
    Plan { prefix: named.prefix, within: named.within, ..plan(&world.truth()) }
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code()).collect()
}

// In memory.

#[test]
fn a_part_is_whole_or_damaged_by_itself_and_needs_no_right_but_to_list_it() {
    let world = damaged(&AUDIT, Damage::LogEventEdited);
    let hit = hit(&world);
    for place in places(&world) {
        let AccountRegion { region, .. } = &place;
        let account = account(&place);
        for part in [account.clone(), format!("{account}/CloudTrail/{region}")] {
            let plan = narrowed(&world, &format!("audit/AWSLogs/{part}"));
            let [one, other] = ["CloudTrail", "CloudTrail-Digest"]
                .map(|kind| format!("audit/AWSLogs/{}", part.replace("CloudTrail", kind)));
            let script = move |ask: Ask<'_>| match ask {
                Ask::List(_, prefix) if prefix.starts_with(&one) || prefix.starts_with(&other) => None,
                Ask::List(..) => Some(StoreErrorKind::Denied),
                Ask::Get(..) => None,
            };
            let store = Faulty { store: Memory::new(&world, Keeps::Metadata, 7), script, late: None };
            let report = run(plan, store, &world);
            let holds = if part.contains('/') && part.contains("CloudTrail") {
                place == hit
            } else {
                place.account == hit.account
            };
            let expected = if holds { vec![Code::LogModified] } else { vec![] };
            assert_eq!(codes(&report), expected, "{part}: {:#?}", report.findings);
            assert_eq!(report.exit_code(), u8::from(holds));
            assert!(!report.chains.is_empty());
            assert!(report.chains.iter().all(|chain| chain.id.place.account == place.account));
        }
    }
}

#[test]
fn a_prefix_that_holds_the_word_is_a_prefix_like_any_other() {
    let damaged = damaged(&ROOT, Damage::LogDeleted);
    let mut both = Memory::new(&damaged, Keeps::Metadata, 1000);
    let mut team = Memory::new(&TEAM, Keeps::Metadata, 1000);
    let archive = forged("AWSLogs-archive", None);
    let mut archived = Memory::new(&archive, Keeps::Metadata, 1000);
    both.objects().append(team.objects());
    both.objects().append(archived.objects());
    // The digests of one prefix, as the first source counts them.
    let mut one = None;
    for (source, exit, homes) in [
        ("AWSLogs/team", 0, 1),
        ("AWSLogs/team/AWSLogs", 0, 1),
        ("AWSLogs-archive", 0, 1),
        ("AWSLogs", 1, 2),
        ("", 1, 3),
    ] {
        let report = run(narrowed(&ROOT, source), both.clone(), &ROOT);
        assert_eq!(report.exit_code(), exit, "{source}: {:#?}", report.findings);
        let digests = report.totals.digests.total();
        assert_eq!(digests, homes * *one.get_or_insert(digests), "{source}");
    }
}

#[test]
fn a_bound_that_is_reached_leaves_the_run_incomplete_and_says_how_to_go_on() {
    let deep = forged("a/b/c/d/e", None);
    let store = Memory::new(&deep, Keeps::Metadata, 1000);
    let bounded =
        |path: &str| Plan { bounds: Bounds { levels: 4, ..Bounds::default() }, ..narrowed(&deep, path) };
    let report = run(bounded(""), store.clone(), &deep);
    assert_eq!((codes(&report), report.exit_code()), (vec![Code::ListingUnreadable], 3));
    let message = message(&report.findings[0]);
    assert!(message.contains("4 levels") && message.contains("a/b/c/d/e/"), "{message}");
    for path in ["a", "a/b/c/d/e", "a/b/c/d/e/AWSLogs"] {
        let report = run(bounded(path), store.clone(), &deep);
        assert_eq!((codes(&report), report.exit_code()), (vec![], 0), "{path}");
    }
}

#[test]
fn folders_of_other_services_are_told_and_change_nothing() {
    let mut store = Memory::new(&ROOT, Keeps::Metadata, 1000);
    let account = places(&ROOT)[0].account;
    let beside = [
        format!("AWSLogs/{account}/Config/us-east-1/2026/3/1/ConfigHistory/x.json.gz"),
        format!("AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/x.log.gz"),
    ];
    let any = store.objects().values().next().unwrap().clone();
    for key in beside {
        store.objects().insert(trailseal::trail::ObjectName::new(BUCKET, key), any.clone());
    }
    let report = run(plan(&ROOT.truth()), store, &ROOT);
    assert_eq!((codes(&report), report.exit_code()), (vec![], 0));
    assert!(
        render::hints(&report).iter().any(|hint| hint.starts_with("2 folders") && hint.contains("Config"))
    );
}

// The program, over folders.

/// A world in a folder, and its keys.
struct Copy {
    folder: TempDir,
    world: &'static World,
}

impl Copy {
    fn of(world: &'static World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path()).unwrap();
        Self { folder, world }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("bucket").join(below)
    }

    /// The program, from where a person stands.
    fn verify(&self, stands: &Path, source: &str, more: &[&str]) -> Verified {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
        command.current_dir(stands).args(["verify", source, "--format", "json", "--keys"]);
        command.arg(self.folder.path().join("keys.json"));
        let window = self.world.plan().window();
        if !more.contains(&"--start") && !source.contains("/2026/") {
            command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]);
        }
        verified(command.args(more))
    }
}

struct Verified {
    code: i32,
    report: Value,
    said: String,
}

impl Verified {
    /// Accounts and regions of its chains.
    fn places(&self) -> Vec<String> {
        let chains = self.report["chains"].as_array().unwrap().iter();
        let word = |chain: &Value, name: &str| chain[name].as_str().unwrap().to_owned();
        let mut places: Vec<String> =
            chains.map(|chain| format!("{} {}", word(chain, "account"), word(chain, "region"))).collect();
        places.dedup();
        places
    }

    /// What it says beside its findings.
    fn hints(&self) -> String {
        let hints = self.report["hints"].as_array().into_iter().flatten();
        hints.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }
}

fn verified(command: &mut Command) -> Verified {
    let output = command.output().unwrap();
    Verified {
        code: output.status.code().unwrap(),
        report: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

fn names(places: &[AccountRegion]) -> Vec<String> {
    places.iter().map(|AccountRegion { account, region, .. }| format!("{account} {region}")).collect()
}

#[test]
fn a_folder_is_named_from_wherever_one_stands() {
    let copy = Copy::of(&AUDIT);
    let all = places(&AUDIT);
    let own: Vec<_> = all.iter().filter(|place| place.account == all[0].account).cloned().collect();
    let account = account(&all[0]);
    let part = format!("audit/AWSLogs/{account}");
    let here = copy.path("");
    let absolute = |below: &str| copy.path(below).display().to_string();
    let cases: [(&Path, String, &[AccountRegion]); 16] = [
        (&here, ".".into(), &all),
        (&here, "audit/AWSLogs".into(), &all),
        (&here, "./audit/AWSLogs/".into(), &all),
        (&here, "audit/AWSLogs/o-exampleorgid".into(), &all),
        (&here, part.clone(), &own),
        (&here, format!("./{part}//"), &own),
        (&here, absolute(&part), &own),
        (&here, format!("{part}/CloudTrail"), &own),
        (&here, format!("{part}/CloudTrail-Digest/."), &own),
        (&here, format!("{part}/CloudTrail-Digest/us-east-1"), &own[1..]),
        (&here, format!("{part}/CloudTrail/us-east-1"), &own[1..]),
        (&here, format!("audit/../{part}"), &own),
        (&copy.path(&part), ".".into(), &own),
        (&copy.path(&part), "..".into(), &all),
        (&copy.path(&part), "CloudTrail/us-east-1/".into(), &own[1..]),
        (&copy.path("audit"), format!("AWSLogs/{account}"), &own),
    ];
    for (stands, source, expected) in cases {
        let verified = copy.verify(stands, &source, &[]);
        assert_eq!(verified.code, 0, "{source}: {} {:#}", verified.said, verified.report["findings"]);
        assert_eq!(verified.places(), names(expected), "{source}");
        let narrow = stands != here || source != ".";
        assert_eq!(verified.hints().contains("The source names"), narrow, "{source}");
        assert_eq!(verified.report["source"], source.as_str());
    }
}

#[test]
fn damage_is_seen_through_a_narrow_source_and_not_beside_it() {
    static DAMAGED: LazyLock<World> = LazyLock::new(|| damaged(&ROOT, Damage::DigestEdited));
    let copy = Copy::of(&DAMAGED);
    let hit = hit(&DAMAGED);
    for place in places(&DAMAGED) {
        let AccountRegion { account, region, .. } = &place;
        let source = copy.path(&format!("AWSLogs/{account}/CloudTrail/{region}")).display().to_string();
        let verified = copy.verify(&copy.path(""), &source, &[]);
        assert_eq!(verified.code, i32::from(place == hit), "{source}: {}", verified.report["findings"]);
        assert!(verified.hints().contains("other accounts and regions were not looked at"));
    }
}

#[test]
fn a_day_narrows_the_window() {
    let copy = Copy::of(&ROOT);
    let AccountRegion { account, region, .. } = &places(&ROOT)[0];
    let start = ROOT.plan().window().start;
    let day = start.format("%Y/%m/%d").to_string();
    let here = copy.path("");
    let source = |half: &str, days: &str| format!("AWSLogs/{account}/{half}/{region}/{days}");
    let bounds = |verified: &Verified| {
        let window = &verified.report["window"];
        [&window["start"], &window["end"]].map(|time| time.as_str().unwrap_or_default().to_owned())
    };
    let midnight = start.format("%Y-%m-%dT00:00:00Z").to_string();
    let whole = copy.verify(&here, &source("CloudTrail", &day), &[]);
    let next = format_time(midnight.parse::<trailseal::trail::Time>().unwrap() + chrono::TimeDelta::days(1));
    assert_eq!(bounds(&whole), [midnight.clone(), next.clone()], "{}", whole.said);
    assert!(whole.hints().contains("(UTC) alone"), "{}", whole.hints());
    // What was asked for and what is named, together.
    let from = format_time(start + chrono::TimeDelta::hours(1));
    let cut = copy.verify(&here, &source("CloudTrail-Digest", &day), &["--start", &from]);
    assert_eq!(bounds(&cut), [from, next], "{}", cut.said);
    assert!(cut.report["findings"].as_array().unwrap().iter().all(|it| it["class"] != "tamper"));
    let told = "a time too: what lies in both was looked at";
    assert!(cut.hints().contains(told) && !whole.hints().contains(told), "{}", cut.hints());
    let none = copy.verify(&here, &source("CloudTrail", &day), &["--start", "2026-06-01"]);
    assert_eq!(none.code, 2);
    assert!(none.said.contains("leave nothing of it"), "{}", none.said);
    // A day that is not there is no folder.
    let absent = copy.verify(&here, &source("CloudTrail", "2026/01/01"), &[]);
    assert_eq!(absent.code, 2);
    assert!(absent.said.contains("2026/01/01"), "{}", absent.said);
}

#[test]
fn options_that_contradict_the_source_are_refused_in_words() {
    let copy = Copy::of(&ROOT);
    let all = places(&ROOT);
    let (own, other) = (&all[0], all.iter().find(|place| place.account != all[0].account).unwrap());
    let (account, stranger) = (own.account.to_string(), other.account.to_string());
    let source = format!("AWSLogs/{account}/CloudTrail/{}", own.region);
    let elsewhere = all.iter().find(|place| place.region != own.region).unwrap().region.to_string();
    for (more, words) in [
        (["--account", &stranger], [&*account, "--account", &stranger]),
        (["--expect-account", &stranger], [&*account, "--expect-account", &stranger]),
        (["--region", &elsewhere], [own.region.as_str(), "--region", &elsewhere]),
        (["--expect-region", &elsewhere], [own.region.as_str(), "--expect-region", &elsewhere]),
    ] {
        let refused = copy.verify(&copy.path(""), &source, &more);
        assert_eq!(refused.code, 2, "{more:?}");
        for word in words {
            assert!(refused.said.contains(word), "{more:?}: {word} is not in {}", refused.said);
        }
    }
    let agreed =
        ["--account", &*account, "--region", own.region.as_str(), "--expect-region", own.region.as_str()];
    assert_eq!(copy.verify(&copy.path(""), &source, &agreed).code, 0);
}

#[test]
fn what_only_looks_like_a_part_is_a_copy_of_its_own() {
    let copy = Copy::of(&ROOT);
    let account = places(&ROOT)[0].account;
    let shelf = tempfile::tempdir().unwrap();
    for name in ["AWSLogs", "AWSLogs/case-7", &format!("AWSLogs/{account}"), "my-AWSLogs", "AWSLogs-2026"] {
        let path = shelf.path().join("x").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::rename(copy.path(""), &path).unwrap();
        let verified = copy.verify(shelf.path(), &path.display().to_string(), &[]);
        assert_eq!(verified.code, 0, "{name}: {} {:#}", verified.said, verified.report["findings"]);
        assert_eq!(verified.places(), names(&places(&ROOT)), "{name}");
        fs::rename(&path, copy.path("")).unwrap();
        fs::remove_dir_all(shelf.path().join("x")).unwrap();
    }
}

#[test]
fn an_account_that_is_named_and_has_nothing_is_no_success() {
    let copy = Copy::of(&ROOT);
    let empty = copy.path("AWSLogs/999999999999");
    fs::create_dir_all(&empty).unwrap();
    let verified = copy.verify(&empty, ".", &[]);
    assert!(matches!(verified.code, 3 | 4), "{} {}", verified.code, verified.said);
    fs::create_dir_all(copy.path("photos/AWSLogs")).unwrap();
    fs::create_dir_all(copy.path("AWSLogs/123/x")).unwrap();
    for source in ["photos/AWSLogs", "AWSLogs/123"] {
        let refused = copy.verify(&copy.path(""), source, &[]);
        assert_eq!(refused.code, 4, "{source}");
        assert!(refused.said.contains(source), "{}", refused.said);
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_a_part_names_that_part() {
    let copy = Copy::of(&AUDIT);
    let place = &places(&AUDIT)[0];
    let link = copy.folder.path().join("latest");
    std::os::unix::fs::symlink(copy.path(&format!("audit/AWSLogs/{}", account(place))), &link).unwrap();
    let verified = copy.verify(copy.folder.path(), "latest", &[]);
    assert_eq!(verified.code, 0, "{} {:#}", verified.said, verified.report["findings"]);
    assert!(verified.places().iter().all(|it| it.starts_with(&place.account.to_string())));
}

#[test]
fn a_copy_is_held_against_the_place_it_was_delivered_to_part_by_part() {
    let copy = Copy::of(&AUDIT);
    let moved = copy.path("elsewhere");
    fs::rename(copy.path("audit"), &moved).unwrap();
    let place = &places(&AUDIT)[0];
    let source = format!("elsewhere/AWSLogs/{}", account(place));
    let here = copy.path("");
    for delivered in ["audit", "audit/", "audit/AWSLogs", "audit/AWSLogs/o-exampleorgid/"] {
        let from = format!("s3://{BUCKET}/{delivered}");
        let verified = copy.verify(&here, &source, &["--copied-from", &from]);
        assert_eq!(verified.code, 0, "{from}: {} {:#}", verified.said, verified.report["findings"]);
        assert_eq!(verified.places().len(), 2);
    }
    // Not cut in the middle of a word.
    let from = format!("s3://{BUCKET}/audit/AWSLogs-old");
    assert_ne!(copy.verify(&here, &source, &["--copied-from", &from]).code, 0);
}

#[test]
fn a_log_file_is_proven_from_wherever_one_stands() {
    let copy = Copy::of(&AUDIT);
    let log = &AUDIT.chains()[0].digests.iter().find_map(|digest| digest.logs().first()).unwrap().object;
    let (folder, name) = log.key.rsplit_once('/').unwrap();
    for (stands, file) in [
        (copy.path(""), log.key.to_string()),
        (copy.path(folder), name.to_owned()),
        (copy.path(folder), format!("./{name}")),
        (copy.path("audit/AWSLogs"), log.key.strip_prefix("audit/AWSLogs/").unwrap().to_owned()),
        (copy.path(folder), copy.path(&log.key).display().to_string()),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
        command.current_dir(&stands).args(["prove", &file, "--format", "json", "--keys"]);
        let proven = verified(command.arg(copy.folder.path().join("keys.json")));
        assert_eq!(proven.code, 0, "{file}: {} {:#}", proven.said, proven.report);
    }
}

// The program, over S3.

fn over_s3(server: &Server, world: &World, source: &str) -> Verified {
    let window = world.plan().window();
    let mut command = s3_cli::program(server);
    command.args(["verify", source, "--format", "json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]);
    verified(&mut command)
}

#[test]
fn a_part_of_a_bucket_is_verified_with_the_right_to_list_that_part() {
    let server = Server::start(forged::world(&AUDIT, Encoding::Mixed));
    let place = places(&AUDIT)[0].clone();
    let AccountRegion { region, .. } = place.clone();
    let account = account(&place);
    for (part, halves, sites) in [
        (account.clone(), [account.clone(), account.clone()], 2),
        (format!("{account}/CloudTrail-Digest"), [account.clone(), account.clone()], 2),
        (
            format!("{account}/CloudTrail-Digest/{region}"),
            ["CloudTrail", "CloudTrail-Digest"].map(|kind| format!("{account}/{kind}/{region}")),
            1,
        ),
    ] {
        let halves = halves.map(|half| format!("audit/AWSLogs/{half}/"));
        server.fail(faults::script(move |call| {
            let listing = call.action == Action::ListObjectsV2;
            let granted = halves.iter().any(|half| call.key.starts_with(half));
            (listing && !granted).then_some(Fault::DENIED)
        }));
        for slash in ["", "/", "//"] {
            let verified = over_s3(&server, &AUDIT, &format!("s3://{BUCKET}/audit/AWSLogs/{part}{slash}"));
            assert_eq!(verified.code, 0, "{part}: {} {:#}", verified.said, verified.report["findings"]);
            assert_eq!(verified.places().len(), sites, "{part}");
            assert!(verified.hints().contains("The source names account"), "{part}");
        }
        // What is above cannot even be begun.
        let refused = over_s3(&server, &AUDIT, &format!("s3://{BUCKET}/audit"));
        assert_eq!(refused.code, 2, "{}", refused.said);
    }
}

#[test]
fn a_trail_without_a_prefix_is_looked_for_where_it_delivers_and_nowhere_else() {
    let world = forged::world(&ROOT, Encoding::Mixed);
    let arn = world.trails[0].arn.clone();
    let server = Server::start(world);
    server.fail(faults::script(|call| {
        let elsewhere = call.action == Action::ListObjectsV2 && !call.key.starts_with("AWSLogs/");
        elsewhere.then_some(Fault::DENIED)
    }));
    let account = arn.split(':').nth(4).unwrap().to_owned();
    let window = ROOT.plan().window();
    let mut command = s3_cli::program(&server);
    command.args(["verify", &arn, "--account", &account, "--format", "json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]);
    let verified = verified(&mut command);
    assert_eq!(verified.code, 0, "{} {:#}", verified.said, verified.report["findings"]);
}

#[test]
fn a_source_names_the_place_it_says_in_a_bucket_too() {
    let root = damaged(&ROOT, Damage::LogDeleted);
    let mut world = forged::world(&root, Encoding::Mixed);
    let team = forged::world(&TEAM, Encoding::Mixed);
    for (name, bucket) in team.buckets {
        world.buckets.get_mut(&name).unwrap().objects.extend(bucket.objects);
    }
    let server = Server::start(world);
    for (path, code) in
        [("AWSLogs/team", 0), ("AWSLogs/team/", 0), ("AWSLogs/team/AWSLogs", 0), ("AWSLogs", 1), ("", 1)]
    {
        let verified = over_s3(&server, &ROOT, &format!("s3://{BUCKET}/{path}"));
        assert_eq!(verified.code, code, "{path}: {} {:#}", verified.said, verified.report["findings"]);
    }
    for path in ["AWSLogs-archive", "AWSLogs/tea", "Logs"] {
        let refused = over_s3(&server, &ROOT, &format!("s3://{BUCKET}/{path}"));
        assert_eq!(refused.code, 2, "{path}: {}", refused.said);
        assert!(refused.said.contains(path), "{}", refused.said);
    }
    let digest = ROOT.chains()[0].digests[0].object();
    let refused = over_s3(&server, &ROOT, &digest.to_string());
    assert_eq!(refused.code, 2);
    assert!(
        refused.said.contains("one object") && refused.said.contains("trailseal prove"),
        "{}",
        refused.said
    );
}
