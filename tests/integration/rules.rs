//! The rules of judgement, each by a world: lawful ones that look like crimes, crimes that look lawful, and what the caller
//! makes of either.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::TimeDelta;
use trailseal::audit::{Plan, TrailFilter};
use trailseal::forge::{self, Damage, Turn, World};
use trailseal::render::{self};
use trailseal::report::{Cause, Code};
use trailseal::store::StoreErrorKind;
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{Depth, DigestKind, Time};

use crate::support::judged::{accuses_nobody, counted, far_place, holds, is_digest, place_of, plant};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{plan, right, run, told};

pub static WORLD: LazyLock<World> = LazyLock::new(|| forged(|_| {}));
pub static RESTARTED: LazyLock<World> = LazyLock::new(|| forged(|plan| plan.turns = [Turn::Restart].into()));
pub static TWO_TRAILS: LazyLock<World> = LazyLock::new(|| {
    forged(|plan| {
        plan.trails = ["management-events", "data_events.v2"].map(|name| name.parse().unwrap()).into()
    })
});

/// Twelve hours of two accounts in two regions, and what `change` makes of that.
pub fn forged(change: impl FnOnce(&mut forge::WorldPlan)) -> World {
    let mut plan = forge::WorldPlan { regions: 2, ..forge::WorldPlan::default() };
    change(&mut plan);
    World::forge(&plan).unwrap()
}

pub fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

pub fn asked(world: &World) -> Plan {
    plan(&world.truth())
}

pub fn hour(world: &World, hour: u32) -> Time {
    world.plan().start + TimeDelta::hours(i64::from(hour))
}

// Lawful worlds.

#[test]
fn a_member_account_may_have_fewer_regions() {
    let world = forged(|plan| plan.organization = Some("o-exampleorgid".parse().unwrap()));
    let absent = world.chains().last().unwrap().id.place.clone();
    let mut store = memory(&world);
    store.objects().retain(|object, _| place_of(&object.key).as_ref() != Some(&absent));
    holds(&run(asked(&world), store.clone(), &world), 0, &[]);
    let mut plan = asked(&world);
    plan.expected.regions.insert(absent.region.clone());
    let report = run(plan, store, &world);
    holds(&report, 3, &[("incomplete region-absent", 1)]);
    assert_eq!(report.findings[0].scope.account, Some(absent.account));
}

#[test]
fn a_region_enabled_half_way_begins_there() {
    let world = forged(|plan| plan.turns = [Turn::LateRegion].into());
    let report = run(asked(&world), memory(&world), &world);
    assert_eq!(told(&report), right(&world.truth()));
    holds(&report, 3, &[("incomplete coverage-head", 2)]);
    assert!(report.findings.iter().all(|finding| finding.cause == Some(Cause::ChainStart)));
    let later = Plan { start: Some(hour(&world, 8)), ..asked(&world) };
    holds(&run(later, memory(&world), &world), 0, &[]);
}

#[test]
fn stop_act_start_is_explained_by_who_stopped_it() {
    let report = run(asked(&RESTARTED), memory(&RESTARTED), &RESTARTED);
    assert_eq!(told(&report), right(&RESTARTED.truth()));
    assert_eq!(report.exit_code(), 3);
    let gaps: Vec<_> = report.findings.iter().filter(|finding| finding.code() == Code::CoverageGap).collect();
    assert_eq!(gaps.len(), 4, "a chain each, in the home region and elsewhere");
    for gap in gaps {
        let Some(Cause::Event(event)) = &gap.cause else { panic!("unexplained: {gap:?}") };
        assert_eq!(&*event.event_name, "StopLogging");
        assert!(!event.actor.is_empty() && !event.source_ip.is_empty() && !event.event_id.is_empty());
    }
    let restarts = report.findings.iter().filter(|finding| finding.code() == Code::ChainRestarted);
    for restart in restarts {
        let Some(Cause::Event(event)) = &restart.cause else { panic!("unexplained: {restart:?}") };
        assert_eq!(&*event.event_name, "StartLogging");
    }
}

#[test]
fn log_files_of_a_time_without_validation_are_not_accused() {
    let mut store = memory(&RESTARTED);
    let place = far_place(&RESTARTED);
    let report = run(asked(&RESTARTED), store.clone(), &RESTARTED);
    let (before, exit) = (counted(&report), report.exit_code());
    plant(&mut store, &place, hour(&RESTARTED, 7) + TimeDelta::minutes(90));
    let report = run(asked(&RESTARTED), store, &RESTARTED);
    accuses_nobody(&report, exit);
    let mut expected = before;
    expected.insert("incomplete log-unlisted".into(), 1);
    assert_eq!(counted(&report), expected);
}

#[test]
fn a_log_file_may_be_named_across_the_hour() {
    let late = WORLD.chains().iter().flat_map(|chain| &chain.digests).flat_map(|digest| {
        let end = DigestKey::parse(&digest.object().key).unwrap().end;
        digest.logs().iter().filter(move |log| LogKey::parse(&log.object.key).unwrap().delivered >= end)
    });
    assert!(late.count() > 0, "the forge makes such files");
    holds(&run(asked(&WORLD), memory(&WORLD), &WORLD), 0, &[]);
}

#[test]
fn a_backfill_digest_names_late_files_and_covers_no_hour() {
    let backfill = WORLD.chains().iter().find(|chain| chain.id.kind == DigestKind::Backfill).unwrap();
    let repaired = DigestKey::parse(&backfill.digests[1].object().key).unwrap();
    let mut standard = repaired.clone();
    standard.chain.kind = DigestKind::Standard;
    let standard = standard.to_string();
    let script = move |ask: Ask<'_>| {
        matches!(ask, Ask::Get(_, key) if key == standard).then_some(StoreErrorKind::Denied)
    };
    let report = run(asked(&WORLD), Faulty { store: memory(&WORLD), script, late: None }, &WORLD);
    accuses_nobody(&report, 3);
    assert_eq!(counted(&report)["incomplete coverage-gap"], 1);
    assert_eq!(counted(&report)["incomplete digest-unreadable"], 1);

    // All standard digests of the region gone, the backfill digests left.
    let place = backfill.id.place.clone();
    let mut store = memory(&WORLD);
    store.objects().retain(|object, _| {
        let standard = |key: DigestKey| key.chain.place == place && key.chain.kind == DigestKind::Standard;
        !DigestKey::parse(&object.key).is_some_and(standard)
    });
    let report = run(asked(&WORLD), store.clone(), &WORLD);
    accuses_nobody(&report, 3);
    let absent = report.findings.iter().find(|finding| finding.code() == Code::RegionAbsent).unwrap();
    assert_eq!(absent.scope.region.as_ref(), Some(&place.region));
    let mut plan = asked(&WORLD);
    plan.expected.regions.insert(place.region.clone());
    plan.expected.accounts.insert(place.account);
    let report = run(plan, store, &WORLD);
    assert!(report.findings.iter().any(|finding| finding.code() == Code::RegionAbsent));
}

#[test]
fn trails_share_log_folders() {
    let world = &*TWO_TRAILS;
    holds(&run(asked(world), memory(world), world), 0, &[]);
    let [one, other] = [0, 1].map(|at| world.plan().trails[at].clone());
    let only = |name: &trailseal::trail::TrailName| {
        let mut plan = asked(world);
        plan.scope.trails = vec![TrailFilter { name: name.clone(), home_region: None }];
        plan
    };
    let report = run(only(&one), memory(world), world);
    holds(&report, 0, &[]);
    assert!(!report.chains.is_empty() && report.chains.iter().all(|chain| chain.id.trail == one));

    let lost = world.chains().iter().find(|chain| chain.id.trail == other).unwrap();
    let lost = lost.digests.iter().flat_map(|digest| digest.logs()).nth(2).unwrap().object.clone();
    let mut store = memory(world);
    store.objects().remove(&lost);
    holds(&run(only(&one), store.clone(), world), 0, &[]);
    holds(&run(only(&other), store, world), 1, &[("tamper log-missing", 1)]);
}

#[test]
fn one_trails_outage_accuses_no_log_file_that_trails_share() {
    let world = &*TWO_TRAILS;
    let chain = world.chains().iter().find(|chain| chain.id.trail == world.plan().trails[1]).unwrap();
    let digest = chain.digests[5..].iter().find(|digest| !digest.logs().is_empty()).unwrap();
    let key = digest.object().key.clone();
    let script =
        move |ask: Ask<'_>| matches!(ask, Ask::Get(_, it) if *it == *key).then_some(StoreErrorKind::TimedOut);
    let report = run(asked(world), Faulty { store: memory(world), script, late: None }, world);
    accuses_nobody(&report, 3);
    assert!(counted(&report).contains_key("incomplete log-unlisted"));
}

#[test]
fn a_window_may_begin_anywhere() {
    for minutes in [1, 17, 30, 44, 59, 60] {
        for depth in [Depth::Full, Depth::Presence] {
            let start = Some(hour(&WORLD, 3) + TimeDelta::minutes(minutes));
            let end = Some(hour(&WORLD, 9) + TimeDelta::minutes(61 - minutes));
            let report = run(Plan { start, end, depth, ..asked(&WORLD) }, memory(&WORLD), &WORLD);
            holds(&report, 0, &[]);
        }
    }
}

#[test]
fn a_window_in_the_future_holds_nothing() {
    let now = asked(&WORLD).now;
    let (start, end) = (Some(now + TimeDelta::days(1)), Some(now + TimeDelta::days(2)));
    let report = run(Plan { start, end, ..asked(&WORLD) }, memory(&WORLD), &WORLD);
    holds(&report, 3, &[("incomplete coverage-tail", 1)]);
}

#[test]
fn times_at_the_edge_of_the_calendar_are_survived() {
    for depth in [Depth::Full, Depth::Presence, Depth::Chain] {
        let whole = Plan { start: Some(Time::MIN_UTC), end: Some(Time::MAX_UTC), depth, ..asked(&WORLD) };
        let grace = Plan { grace: TimeDelta::MAX, ..whole };
        accuses_nobody(&run(grace, memory(&WORLD), &WORLD), 3);
    }
    let beyond =
        Plan { start: Some(Time::MAX_UTC - TimeDelta::hours(1)), end: Some(Time::MAX_UTC), ..asked(&WORLD) };
    accuses_nobody(&run(beyond, memory(&WORLD), &WORLD), 3);
}

#[test]
fn a_chain_younger_than_the_window_begins_there() {
    let start = Some(WORLD.plan().start - TimeDelta::days(2));
    let report = run(Plan { start, ..asked(&WORLD) }, memory(&WORLD), &WORLD);
    holds(&report, 3, &[("incomplete coverage-head", 4)]);
    assert!(report.findings.iter().all(|finding| finding.cause == Some(Cause::ChainStart)));
}

#[test]
fn an_expired_head_is_no_crime() {
    let mut store = memory(&WORLD);
    for chain in WORLD.chains() {
        for digest in chain
            .digests
            .iter()
            .filter(|digest| DigestKey::parse(&digest.object().key).unwrap().end < hour(&WORLD, 6))
        {
            store.objects().remove(digest.object());
            for log in digest.logs() {
                store.objects().remove(&log.object);
            }
        }
    }
    let report = run(Plan { start: None, ..asked(&WORLD) }, store.clone(), &WORLD);
    holds(&report, 3, &[("incomplete coverage-head", 4)]);
    // With a start, what is not there was removed.
    assert_eq!(run(asked(&WORLD), store, &WORLD).exit_code(), 1);
}

// Crimes.

#[test]
fn a_deleted_tail_is_a_gap_at_the_end() {
    let mut store = memory(&WORLD);
    for chain in WORLD.chains().iter().filter(|chain| chain.id.kind == DigestKind::Standard) {
        for digest in chain.digests.iter().rev().take(3) {
            store.objects().remove(digest.object());
            for log in digest.logs() {
                store.objects().remove(&log.object);
            }
        }
    }
    holds(&run(asked(&WORLD), store, &WORLD), 3, &[("incomplete coverage-tail", 4)]);
}

#[test]
fn a_wiped_region_is_absent() {
    let place = far_place(&WORLD);
    let mut without_digests = memory(&WORLD);
    without_digests
        .objects()
        .retain(|object, _| !is_digest(&object.key) || place_of(&object.key).as_ref() != Some(&place));
    holds(&run(asked(&WORLD), without_digests, &WORLD), 3, &[("incomplete region-absent", 1)]);

    let mut without_a_trace = memory(&WORLD);
    without_a_trace.objects().retain(|object, _| place_of(&object.key).as_ref() != Some(&place));
    let report = run(asked(&WORLD), without_a_trace.clone(), &WORLD);
    holds(&report, 0, &[]);
    assert!(render::not_proven(&report).iter().any(|sentence| sentence.contains("--expect-region")));
    let mut plan = asked(&WORLD);
    plan.expected.regions.insert(place.region.clone());
    plan.expected.accounts.insert(place.account);
    holds(&run(plan, without_a_trace, &WORLD), 3, &[("incomplete region-absent", 1)]);
    let mut plan = asked(&WORLD);
    plan.expected.accounts.insert("999999999999".parse().unwrap());
    holds(&run(plan, memory(&WORLD), &WORLD), 3, &[("incomplete region-absent", 1)]);
}

#[test]
fn an_extra_log_file_is_accused_where_the_hour_is_covered() {
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    let planted = plant(&mut store, &place, hour(&WORLD, 6) + TimeDelta::minutes(7));
    let report = run(asked(&WORLD), store.clone(), &WORLD);
    holds(&report, 1, &[("tamper log-unlisted", 1)]);
    assert_eq!(report.findings[0].object.as_ref(), Some(&planted));
    // A page of one object changes nothing.
    let report = run(asked(&WORLD), store.with_page(1), &WORLD);
    holds(&report, 1, &[("tamper log-unlisted", 1)]);
}

#[test]
fn a_young_log_file_waits_for_its_digest() {
    let place = far_place(&WORLD);
    let now = hour(&WORLD, 13) + TimeDelta::minutes(30);
    let asked = || Plan { now, end: None, ..asked(&WORLD) };
    holds(&run(asked(), memory(&WORLD), &WORLD), 0, &[]);
    let mut store = memory(&WORLD);
    plant(&mut store, &place, hour(&WORLD, 13) + TimeDelta::minutes(20));
    holds(&run(asked(), store, &WORLD), 0, &[("notice log-pending", 1)]);
    // Digests cover its time and don't name it: that is no matter of its age.
    let mut store = memory(&WORLD);
    plant(&mut store, &place, hour(&WORLD, 11) + TimeDelta::minutes(40));
    holds(&run(asked(), store.clone(), &WORLD), 3, &[("incomplete log-unlisted", 1)]);
    let later = Plan { now: now + TimeDelta::hours(2), end: Some(hour(&WORLD, 12)), ..asked() };
    holds(&run(later, store, &WORLD), 1, &[("tamper log-unlisted", 1)]);
}

#[test]
fn a_digest_replaced_by_another_signed_one_is_told() {
    for damage in [Damage::DigestSwapped, Damage::DigestFromElsewhere, Damage::DigestRolledBack] {
        let mut world = WORLD.clone();
        world.apply(damage).unwrap();
        let report = run(asked(&world), memory(&world), &world);
        assert_eq!(told(&report), right(&world.truth()), "{damage}");
        assert_eq!(report.exit_code(), 1, "{damage}");
    }
}

// What the caller chooses.

#[test]
fn a_lesser_depth_sees_less_and_says_so() {
    for (damage, exits) in [
        (Damage::LogEventEdited, [0, 0, 1]),
        (Damage::LogDeleted, [0, 1, 1]),
        (Damage::LogForged, [0, 1, 1]),
        (Damage::DigestEdited, [1, 1, 1]),
    ] {
        let mut world = WORLD.clone();
        world.apply(damage).unwrap();
        for (depth, exit) in [Depth::Chain, Depth::Presence, Depth::Full].into_iter().zip(exits) {
            let report = run(Plan { depth, ..asked(&world) }, memory(&world), &world);
            assert_eq!(report.exit_code(), exit, "{damage} at depth {}", depth.as_str());
            let confessed = render::not_proven(&report).iter().any(|sentence| sentence.contains("depth"));
            assert_eq!(confessed, depth != Depth::Full);
        }
    }
}

#[test]
fn an_accepted_code_is_a_notice() {
    let mut world = WORLD.clone();
    world.apply(Damage::LogDeleted).unwrap();
    let accept = BTreeSet::from([Code::LogMissing]);
    let report = run(Plan { accept, ..asked(&world) }, memory(&world), &world);
    holds(&report, 0, &[("notice log-missing", 1)]);
}
