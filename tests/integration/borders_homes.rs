//! Trails that move at midnight, and windows and scopes that end there. Each world has its right answer, and a run in parts
//! gives the same one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};

use serde_json::json;
use trailseal::audit::{Days, Plan, TrailFilter};
use trailseal::forge::{Turn, World};
use trailseal::report::Report;
use trailseal::report::{Cause, Code};
use trailseal::store::StoreErrorKind;
use trailseal::trail::{Depth, ObjectName};

use crate::support::judged::{accuses_nobody, counted, far_place, holds, plant, quiet};
use crate::support::memory::{Ask, Keeps, Memory};
use crate::support::parts::{
    Case, FIRST, LAST, TWO_TRAILS, WORLD, at, digests, far_chain, logs, memory, remove,
};
use crate::support::resigned::{end, name, put, sign_anew};
use crate::support::verify::{right, told};

/// Two days from `start` on, in which that happens.
fn turned(start: &str, turn: Turn) -> World {
    quiet(48, |plan| {
        plan.start = at(start);
        plan.turns = [turn].into();
    })
}

#[track_caller]
fn is_right(world: &World, report: &Report) {
    assert_eq!(told(report), right(&world.truth()), "{:#?}", report.findings);
    assert_eq!(report.exit_code(), world.truth().exit_code);
}

/// The object that is missed, where it is one.
fn missed(report: &Report) -> Vec<&ObjectName> {
    let missing = report.findings.iter().filter(|finding| finding.code() == Code::DigestMissing);
    missing.map(|finding| finding.object.as_ref().unwrap()).collect()
}

// Homes.

#[test]
fn bucket_moved_at_midnight() {
    // A third of the way, and two thirds of it.
    let worlds = [
        turned("2026-02-27T08:00:00Z", Turn::BucketChange),
        turned("2026-02-26T16:00:00Z", Turn::PrefixChange),
    ];
    for (world, moved) in worlds.iter().zip([16, 32]) {
        is_right(world, &Case::new(world, Keeps::Metadata).told());
        // The last digest in the old place is missed in the new one.
        let digests = digests(world);
        let last = &digests[moved - 1];
        assert_ne!((&last.bucket, last.key.len()), (&digests[moved].bucket, digests[moved].key.len()));
        assert!(last.key.contains("/2026/02/28/"), "{last}");
        let mut store = memory(world);
        remove(&mut store, [last.clone()]);
        let report = Case::of(world, Keeps::Metadata, store).told();
        assert_eq!(missed(&report), [last]);
        assert_eq!(counted(&report)["incomplete coverage-gap"], 1);
    }
}

const ELSEWHERE: &str = "elsewhere";

/// The digests of `moved` lie in another bucket.
fn moved_between(moved: std::ops::Range<usize>) -> (Memory, Vec<ObjectName>) {
    let mut store = memory(&WORLD);
    let signed = sign_anew(&mut store, &digests(&WORLD), |place, digest| {
        if moved.contains(&place) {
            digest["digestS3Bucket"] = json!(ELSEWHERE);
        }
    });
    (store, signed)
}

fn in_bucket(store: Memory) -> Case {
    Case::of(&WORLD, Keeps::Metadata, store)
}

#[test]
fn bucket_moved_and_back() {
    let (mut store, digests) = moved_between(2..FIRST);
    let case = in_bucket(store.clone());
    holds(&case.told(), 0, &[]);
    // Every part knows of both places, whichever of them it looks into.
    for days in case.parts(&crate::support::parts::midnights()) {
        let records = case.records(days, 1000, 8);
        let record = records.iter().find(|record| record.place == far_place(&WORLD)).unwrap();
        assert_eq!(record.homes.len(), 2);
    }
    for lost in [1, 2, LAST] {
        let mut store = store.clone();
        remove(&mut store, [digests[lost].clone()].into_iter().chain(logs(&WORLD, [lost])));
        let report = in_bucket(store).told();
        holds(&report, 1, &[("tamper digest-missing", 1), ("incomplete coverage-gap", 1)]);
        assert_eq!(missed(&report), [&digests[lost]]);
    }
    // Where the whole stay elsewhere is gone, the one digest that a link leads to is missed, and those before it by rhythm.
    remove(&mut store, (2..FIRST).map(|place| digests[place].clone()));
    remove(&mut store, logs(&WORLD, 2..FIRST));
    let report = in_bucket(store).told();
    holds(&report, 1, &[("tamper digest-missing", FIRST - 2), ("incomplete coverage-gap", 1)]);
}

#[test]
fn link_to_an_unlistable_bucket() {
    let (store, digests) = moved_between(2..FIRST);
    let script = |ask: Ask<'_>| matches!(ask, Ask::List(ELSEWHERE, _)).then_some(StoreErrorKind::Denied);
    let case = Case { script: Some(Arc::new(script)), ..in_bucket(store) };
    let report = case.told();
    accuses_nobody(&report, 3);
    assert_eq!(
        counted(&report),
        [
            ("incomplete listing-unreadable".to_owned(), 1),
            ("incomplete digest-unreadable".to_owned(), 1),
            ("incomplete coverage-gap".to_owned(), 1),
        ]
        .into()
    );
    let unreadable = report.findings.iter().find(|finding| finding.code() == Code::DigestUnreadable).unwrap();
    assert_eq!(unreadable.object.as_ref(), Some(&digests[LAST]));
}

#[test]
fn organization_seam() {
    let world = turned("2026-02-27T00:00:00Z", Turn::OrganizationChange);
    holds(&Case::new(&world, Keeps::Metadata).told(), 0, &[]);
    let digests = digests(&world);
    let (last, first) = (&digests[23], &digests[24]);
    assert!(first.key.contains("/o-convertedtrail/") && !last.key.contains("/o-convertedtrail/"));
    let mut store = memory(&world);
    remove(&mut store, [last.clone()].into_iter().chain(logs(&world, [23])));
    let report = Case::of(&world, Keeps::Metadata, store).told();
    assert_eq!(missed(&report), [last]);
    assert_eq!(report.exit_code(), 1);
    // Only the organization's folder is found: the older half is looked at because a link leads there.
    let script = |ask: Ask<'_>| match ask {
        Ask::List(_, prefix) => {
            let level = prefix.matches('/').count();
            let above = !prefix.starts_with("AWSLogs/o-convertedtrail/") && 1 < level && level <= 3;
            above.then_some(StoreErrorKind::Denied)
        }
        Ask::Get(..) => None,
    };
    let case = Case { script: Some(Arc::new(script)), ..Case::new(&world, Keeps::Metadata) };
    let report = case.told();
    accuses_nobody(&report, 3);
    assert_eq!(report.chains.len(), 4);
}

#[test]
fn log_in_the_old_bucket_named_from_the_new() {
    // Once the old bucket has no more digests than those before the move.
    let digests = digests(&WORLD);
    let asked = |namer: Option<usize>| {
        let mut store = memory(&WORLD);
        let bucket = &WORLD.plan().bucket;
        let file = put(&mut store, bucket, &far_place(&WORLD), at("2026-02-28T20:00:00Z"), "Left");
        sign_anew(&mut store, &digests[FIRST..], |place, digest| {
            digest["digestS3Bucket"] = json!(ELSEWHERE);
            if namer == Some(FIRST + place) {
                name(digest, &file);
            }
        });
        // Asked of the new place, as a trail's own description gives it: the old one is found by the link.
        let case = in_bucket(store);
        Case { plan: Plan { bucket: ELSEWHERE.into(), ..case.plan.clone() }, ..case }.told()
    };
    holds(&asked(None), 1, &[("tamper log-unlisted", 1)]);
    for namer in [FIRST, FIRST + 1, FIRST + 12] {
        holds(&asked(Some(namer)), 0, &[]);
    }
}

// Window and scope.

fn between(store: Memory, start: &str, end: &str) -> Case {
    let case = in_bucket(store);
    Case { plan: Plan { start: Some(at(start)), end: Some(at(end)), ..case.plan.clone() }, ..case }
}

#[test]
fn window_inside_one_day() {
    let asked = |store: Memory| between(store, "2026-02-28T08:00:00Z", "2026-02-28T15:00:00Z").told();
    holds(&asked(memory(&WORLD)), 0, &[]);
    let digests = digests(&WORLD);
    let noon = digests.iter().position(|digest| at("2026-02-28T12:00:00Z") < end(digest)).unwrap();
    let mut store = memory(&WORLD);
    remove(&mut store, [digests[noon].clone()]);
    let report = asked(store);
    let unlisted = logs(&WORLD, [noon]).len();
    let told =
        [("tamper digest-missing", 1), ("incomplete coverage-gap", 1), ("incomplete log-unlisted", unlisted)];
    holds(&report, 1, &told[..if unlisted == 0 { 2 } else { 3 }]);
    // What lies outside is not asked for.
    let mut store = memory(&WORLD);
    remove(&mut store, [digests[2].clone(), digests[LAST].clone()]);
    holds(&asked(store), 0, &[]);
}

#[test]
fn window_ends_at_midnight() {
    let asked = |store: Memory| between(store, "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z").told();
    holds(&asked(memory(&WORLD)), 0, &[]);
    let forged = |time: &str| {
        let mut store = memory(&WORLD);
        plant(&mut store, &far_place(&WORLD), at(time));
        asked(store)
    };
    for inside in ["2026-02-28T00:00:00Z", "2026-02-28T23:55:00Z"] {
        holds(&forged(inside), 1, &[("tamper log-unlisted", 1)]);
    }
    for outside in ["2026-02-27T23:55:00Z", "2026-03-01T00:00:00Z"] {
        holds(&forged(outside), 0, &[]);
    }
    // The digest over the end covers some of the window; the one after it is read for what it says.
    let digests = digests(&WORLD);
    for (lost, missing) in [(FIRST, 1), (FIRST + 1, 0)] {
        let mut store = memory(&WORLD);
        remove(&mut store, [digests[lost].clone()].into_iter().chain(logs(&WORLD, [lost])));
        assert_eq!(missed(&asked(store)).len(), missing);
    }
}

#[test]
fn open_start() {
    let asked = |store: Memory| {
        let case = in_bucket(store);
        Case { plan: Plan { start: None, ..case.plan.clone() }, ..case }.told()
    };
    holds(&asked(memory(&WORLD)), 0, &[]);
    // Expired up to midnight, or removed.
    let digests = digests(&WORLD);
    let mut store = memory(&WORLD);
    remove(&mut store, digests[..FIRST].iter().cloned().chain(logs(&WORLD, 0..FIRST)));
    let report = asked(store);
    holds(&report, 3, &[("incomplete coverage-head", 1)]);
    assert_eq!(report.findings[0].object.as_ref(), Some(&digests[LAST]));
}

#[test]
fn trail_filter_still_hears_the_others() {
    let world = &*TWO_TRAILS;
    let asked = |store: Memory| {
        let case = Case::of(world, Keeps::Metadata, store);
        let mut plan = case.plan.clone();
        plan.scope.trails = vec![TrailFilter { name: world.plan().trails[0].clone(), home_region: None }];
        Case { plan, ..case }.told()
    };
    let report = asked(memory(world));
    holds(&report, 0, &[]);
    assert_eq!(report.chains.len(), 2);
    let mut store = memory(world);
    plant(&mut store, &far_place(world), at("2026-02-28T23:55:00Z"));
    holds(&asked(store), 1, &[("tamper log-unlisted", 1)]);
    // The files of the other trail's lost digest are in no digest, and accuse nobody.
    let other = &far_chain(world, 1).digests[LAST - 1..];
    let other = other.iter().find(|digest| !digest.logs().is_empty()).unwrap();
    let mut store = memory(world);
    remove(&mut store, [other.object().clone()]);
    let report = asked(store);
    holds(&report, 3, &[("incomplete log-unlisted", other.logs().len())]);
}

#[test]
fn presence_over_a_cut() {
    let digests = digests(&WORLD);
    for keeps in [Keeps::Metadata, Keeps::BodiesOnly] {
        let asked = |store: Memory| {
            let case = Case::of(&WORLD, keeps, store);
            let plan =
                Plan { depth: Depth::Presence, end: Some(at("2026-03-01T18:00:00Z")), ..case.plan.clone() };
            Case { plan, ..case }.told()
        };
        let mut store = Memory::new(&WORLD, keeps, 1000);
        let whole = asked(store.clone());
        holds(&whole, 0, &[]);
        let (bucket, place) = (&WORLD.plan().bucket, far_place(&WORLD));
        // Yesterday's files, and one of the day before that.
        let times = ["2026-02-28T23:50:00Z", "2026-02-28T23:55:00Z", "2026-02-27T23:20:00Z"];
        let files = times.map(|time| put(&mut store, bucket, &place, at(time), "Late0"));
        sign_anew(&mut store, &digests[FIRST..], |place, digest| {
            if let Some(file) = files.get(place) {
                name(digest, file);
            }
        });
        let report = asked(store.clone());
        holds(&report, 0, &[]);
        let (now, before) = (report.totals.logs, whole.totals.logs);
        // What lies two days back is asked for by itself.
        assert_eq!((now.present, now.intact), (before.present + 2, before.intact + 1));
        for file in &files {
            let mut store = store.clone();
            let object = ObjectName::new(&**bucket, file["s3Object"].as_str().unwrap());
            remove(&mut store, [object.clone()]);
            let report = asked(store);
            holds(&report, 1, &[("tamper log-missing", 1)]);
            assert_eq!(report.findings[0].object.as_ref(), Some(&object));
        }
    }
}

static STOPPED: LazyLock<World> = LazyLock::new(|| turned("2026-02-26T23:00:00Z", Turn::Restart));

#[test]
fn explaining_call_in_another_part() {
    // Stopped before midnight, and started anew after it.
    let case = Case::new(&STOPPED, Keeps::Metadata);
    let report = case.told();
    is_right(&STOPPED, &report);
    let gaps: Vec<_> = report.findings.iter().filter(|finding| finding.code() == Code::CoverageGap).collect();
    assert_eq!(gaps.len(), 2);
    let midnight = at("2026-02-28T00:00:00Z");
    for gap in gaps {
        assert!(gap.span.unwrap().contains(midnight), "{gap:#?}");
        let Some(Cause::Event(event)) = &gap.cause else { panic!("unexplained: {gap:#?}") };
        assert_eq!(&*event.event_name, "StopLogging");
    }
    let calls = |days: Days| -> usize {
        let records = case.records(days, 1000, 8);
        records.iter().flat_map(|record| record.days.values()).map(|day| day.recorded_calls.len()).sum()
    };
    let parts = case.parts(&["2026-02-28".parse().unwrap()]);
    assert_eq!(parts.iter().map(|days| calls(days.clone())).collect::<Vec<_>>(), [1, 1]);
}
