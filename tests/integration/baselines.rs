//! What an earlier run saw has to be there still: scenes in two acts, with a run in each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::sync::LazyLock;

use chrono::TimeDelta;
use trailseal::audit::{Plan, TrailFilter};
use trailseal::forge::{Turn, World};
use trailseal::render::{self, message};
use trailseal::report::{Baseline, Class, Code, Hash, NoChain, Report};
use trailseal::store::StoreErrorKind;
use trailseal::trail::key::{DigestKey, ObjectKey};
use trailseal::trail::{ObjectName, Time};

use crate::binary::{code, program, stderr};
use crate::support::judged::{counted, far_place, holds, place_of, quiet};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{plan, run};

/// Two days of one account in two regions.
static WORLD: LazyLock<World> = LazyLock::new(|| quiet(48, |_| {}));

fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

/// What a nightly check asks: the last so many hours, with an open end.
fn last(world: &World, hours: i64) -> Plan {
    let now = world.plan().window().end + TimeDelta::minutes(100);
    Plan { start: Some(now - TimeDelta::hours(hours)), end: None, now, ..plan(&world.truth()) }
}

/// What a run saw.
fn seen(report: &Report) -> Baseline {
    Baseline::of(report, "earlier.json", Hash::of(b"earlier"))
}

/// The plan of the first act, and what it saw of the world as it was.
fn first_act(world: &World) -> (Plan, Baseline) {
    let plan = last(world, 24);
    let report = run(plan.clone(), memory(world), world);
    holds(&report, 0, &[]);
    let baseline = seen(&report);
    assert_eq!(baseline.heads.len(), 2);
    (plan, baseline)
}

fn moment(object: &ObjectName) -> Time {
    match ObjectKey::parse(&object.key).unwrap() {
        ObjectKey::Digest(digest) => digest.end,
        ObjectKey::Log(log) => log.delivered,
    }
}

fn held_to(plan: &Plan, baseline: &Baseline) -> Plan {
    Plan { baselines: vec![baseline.clone()], ..plan.clone() }
}

fn later(plan: Plan, days: i64) -> Plan {
    let ahead = TimeDelta::days(days);
    Plan { start: plan.start.map(|start| start + ahead), now: plan.now + ahead, ..plan }
}

#[test]
fn what_is_there_as_it_was_is_told_and_no_more() {
    let (plan, baseline) = first_act(&WORLD);
    let report = run(held_to(&plan, &baseline), memory(&WORLD), &WORLD);
    holds(&report, 0, &[]);
    let held = &report.baselines[0];
    assert_eq!((held.heads, held.not_checked, held.before_the_window), (2, 0, None));
}

#[test]
fn a_tail_that_was_cut_is_red_every_night() {
    let (plan, baseline) = first_act(&WORLD);
    let mut store = memory(&WORLD);
    let from = plan.now - TimeDelta::hours(8);
    store.objects().retain(|object, _| moment(object) < from);
    // Without memory nobody is accused.
    assert_eq!(run(plan.clone(), store.clone(), &WORLD).exit_code(), 3);
    for night in 0..4 {
        let report = run(later(held_to(&plan, &baseline), night), store.clone(), &WORLD);
        assert_eq!(report.exit_code(), 1, "{:?}", counted(&report));
        assert_eq!(report.count(Class::Tamper, Code::HeadLost), 2);
        let lost = report.findings.iter().find(|finding| finding.code() == Code::HeadLost).unwrap();
        assert_eq!(lost.span.unwrap().end, baseline.heads[0].end);
    }
}

#[test]
fn a_region_and_a_whole_bucket_do_not_vanish_unseen() {
    let (plan, baseline) = first_act(&WORLD);
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    store.objects().retain(|object, _| place_of(&object.key) != Some(place.clone()));
    let report = run(held_to(&plan, &baseline), store, &WORLD);
    holds(&report, 1, &[("tamper head-lost", 1)]);
    // What was there counts in the denominator, although nothing of it is left.
    let absent: Vec<_> = report.uncovered.iter().map(|part| (part.scope.region.clone(), part.why)).collect();
    assert_eq!(absent, [(Some(place.region), NoChain::Absent)]);
    let mut store = memory(&WORLD);
    let until = WORLD.plan().start + TimeDelta::hours(3);
    store.objects().retain(|object, _| moment(object) < until);
    let report = run(held_to(&plan, &baseline), store, &WORLD);
    assert_eq!(report.count(Class::Tamper, Code::HeadLost), 2);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn another_digest_in_its_place_is_no_head() {
    let (plan, baseline) = first_act(&WORLD);
    let mut store = memory(&WORLD);
    let head = &baseline.heads[0];
    let earlier =
        DigestKey { end: head.end - TimeDelta::hours(3), ..DigestKey::parse(&head.object.key).unwrap() };
    let earlier = store.objects()[&ObjectName::new(head.object.bucket.clone(), earlier.to_string())].clone();
    store.objects().insert(head.object.clone(), earlier);
    let report = run(held_to(&plan, &baseline), store, &WORLD);
    assert_eq!(report.count(Class::Tamper, Code::HeadChanged), 1, "{:?}", counted(&report));
    let changed = report.findings.iter().find(|finding| finding.code() == Code::HeadChanged).unwrap();
    assert_eq!(changed.evidence().0["expected_hash"], head.hash.to_string());
    assert_ne!(changed.evidence().0["actual_hash"], head.hash.to_string());
}

/// The first night's report long ago: its heads lie far before the window, and everything up to `cut` is gone.
fn expired(cut: impl Fn(&ObjectName) -> bool, retention: Option<i64>) -> Report {
    let world = quiet(24 * 3, |_| {});
    let first = world.plan().start + TimeDelta::hours(24);
    let mut early = memory(&world);
    early.objects().retain(|object, _| moment(object) < first);
    let plan = Plan {
        start: Some(first - TimeDelta::hours(12)),
        end: Some(first),
        now: first + TimeDelta::hours(9),
        ..plan(&world.truth())
    };
    let baseline = seen(&run(plan, early, &world));
    assert_eq!(baseline.heads.len(), 2);
    let mut store = memory(&world);
    store.objects().retain(|object, _| !cut(object));
    let window = world.plan().window();
    let tonight = Plan {
        start: Some(window.end - TimeDelta::hours(12)),
        end: Some(window.end),
        now: window.end + TimeDelta::days(40),
        retention: retention.map(TimeDelta::days),
        ..crate::support::verify::plan(&world.truth())
    };
    run(held_to(&tonight, &baseline), store, &world)
}

#[test]
fn lawful_expiry_is_no_crime_and_a_hole_is_no_expiry() {
    let start = WORLD.plan().start;
    let all_old = |object: &ObjectName| moment(object) < start + TimeDelta::hours(26);
    // Digests that are hardly younger are left: nothing lets go of just these.
    let report = expired(all_old, None);
    assert_eq!(report.count(Class::Tamper, Code::HeadLost), 2, "{:?}", counted(&report));
    // Declared, it is a notice; what is younger than was declared is lost all the same.
    let declared = expired(all_old, Some(30));
    assert_eq!(
        (declared.exit_code(), declared.count(Class::Notice, Code::HeadExpired)),
        (0, 2),
        "{:?}",
        counted(&declared)
    );
    let younger = expired(all_old, Some(60));
    assert_eq!(younger.count(Class::Tamper, Code::HeadLost), 2, "{:?}", counted(&younger));
}

#[test]
fn a_record_of_which_nothing_old_is_left_asks_for_a_word() {
    // A world of a week, of which only the last two days are left.
    let world = quiet(24 * 7, |_| {});
    let start = world.plan().start;
    let plan = Plan {
        start: Some(start),
        end: Some(start + TimeDelta::hours(20)),
        now: start + TimeDelta::hours(30),
        ..plan(&world.truth())
    };
    let baseline = seen(&run(plan, memory(&world), &world));
    let window = world.plan().window();
    let tonight = Plan {
        start: Some(window.end - TimeDelta::hours(12)),
        end: Some(window.end),
        now: window.end + TimeDelta::days(40),
        baselines: vec![baseline],
        ..crate::support::verify::plan(&world.truth())
    };
    let mut store = memory(&world);
    store.objects().retain(|object, _| moment(object) > window.end - TimeDelta::hours(40));
    let report = run(tonight.clone(), store.clone(), &world);
    holds(&report, 3, &[("incomplete head-expired", 2)]);
    assert!(message(&report.findings[0]).contains("--retention DAYS"));
    // One chain keeps its old digests: then a rule has deleted nothing.
    let place = far_place(&world);
    let mut store = memory(&world);
    store.objects().retain(|object, _| {
        moment(object) > window.end - TimeDelta::hours(40) || place_of(&object.key) == Some(place.clone())
    });
    let report = run(tonight, store, &world);
    holds(&report, 1, &[("tamper head-lost", 1)]);
}

#[test]
fn a_narrowed_run_counts_what_it_does_not_look_at() {
    let (plan, baseline) = first_act(&WORLD);
    let place = far_place(&WORLD);
    let mut narrowed = held_to(&plan, &baseline);
    narrowed.scope.regions = [place.region.clone()].into();
    let report = run(narrowed, memory(&WORLD), &WORLD);
    assert_eq!((report.exit_code(), report.baselines[0].heads, report.baselines[0].not_checked), (0, 1, 1));
    let mut other = held_to(&plan, &baseline);
    other.scope.trails = vec![TrailFilter { name: "another-trail".parse().unwrap(), home_region: None }];
    let report = run(other, memory(&WORLD), &WORLD);
    assert_eq!((report.baselines[0].heads, report.baselines[0].not_checked), (0, 2));
}

#[test]
fn what_cannot_be_read_is_no_crime() {
    let (plan, baseline) = first_act(&WORLD);
    let head = baseline.heads[0].object.key.to_string();
    let denied = move |ask: Ask<'_>| match ask {
        Ask::Get(_, key) if key == head => Some(StoreErrorKind::Denied),
        _ => None,
    };
    let store = Faulty { store: memory(&WORLD), script: denied, late: None };
    // Of a window without the head nothing else is told.
    let before = Plan { end: Some(plan.now - TimeDelta::hours(6)), ..plan };
    let report = run(held_to(&before, &baseline), store, &WORLD);
    holds(&report, 3, &[("incomplete digest-unreadable", 1)]);
}

#[test]
fn a_restart_after_a_head_contradicts_nothing_and_hours_between_are_named() {
    let world = quiet(48, |plan| plan.turns = [Turn::Restart].into());
    let middle = world.plan().start + TimeDelta::hours(20);
    let early = Plan {
        start: Some(world.plan().start),
        end: Some(middle),
        now: middle + TimeDelta::hours(1),
        ..plan(&world.truth())
    };
    let baseline = seen(&run(early, memory(&world), &world));
    let tonight = last(&world, 10);
    let report = run(held_to(&tonight, &baseline), memory(&world), &world);
    holds(&report, 0, &[]);
    let behind = report.baselines[0].before_the_window.unwrap();
    assert_eq!(Some(behind.end), tonight.start);
    assert!(render::not_proven(&report).iter().any(|limit| limit.starts_with("The hours from")));
}

#[test]
fn the_program_reads_its_own_report_and_refuses_a_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let at = |name: &str| folder.path().join(name);
    let verify = |more: &[&str]| {
        let mut command = program();
        command.arg("verify").arg(at("bucket")).arg("--keys").arg(at("keys.json"));
        command
            .args(["--start", &truth.window.start, "--end", &truth.window.end])
            .args(more)
            .output()
            .unwrap()
    };
    let (earlier, stranger) = (at("earlier.json"), at("stranger.json"));
    let [earlier, stranger] = [&earlier, &stranger].map(|path| path.to_str().unwrap());
    assert_eq!(code(&verify(&["--report", &format!("json={earlier}")])), 0);
    let again = verify(&["--baseline", earlier, "--json"]);
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report["baselines"][0]["heads"], 2);
    assert_eq!(report["baselines"][0]["hash"], Hash::of(&fs::read(earlier).unwrap()).to_string());

    let account = truth.accounts[0].clone();
    let other = fs::read_to_string(earlier).unwrap().replace(&account, "999988887777");
    fs::write(stranger, other).unwrap();
    let mut command = program();
    command.arg("verify").arg(at("bucket").join("AWSLogs").join(&account)).args(["--baseline", stranger]);
    let refused = command.output().unwrap();
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("none of the 2 digests it names lies under"), "{}", stderr(&refused));
    fs::write(stranger, "{}").unwrap();
    assert!(
        stderr(&verify(&["--baseline", stranger]))
            .contains("is neither a seal nor a report of an earlier run")
    );
    assert!(stderr(&verify(&["--baseline", "/nowhere"])).contains("cannot be read"));

    let head = report["chains"][0]["newest"]["object"].as_str().unwrap();
    let key = &head[head.find("AWSLogs/").unwrap()..];
    fs::remove_file(at("bucket").join(key)).unwrap();
    let lost = verify(&["--baseline", earlier]);
    assert_eq!(code(&lost), 1);
    assert!(String::from_utf8(lost.stdout).unwrap().contains("head-lost"));
}
