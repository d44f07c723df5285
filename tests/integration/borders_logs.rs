//! Log files that no digest of their own day names: late ones, forged ones, and floods of either. Each world has its right
//! answer, and a run in parts gives the same one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use chrono::TimeDelta;
use trailseal::audit::Plan;
use trailseal::forge::{Damage, Turn, World};
use trailseal::render;
use trailseal::report::{Class, Code};
use trailseal::report::{MOST_OF_A_KIND, Report};
use trailseal::store::Metadata;
use trailseal::trail::key::{DigestKey, LOG_FOLDER, LogKey};
use trailseal::trail::{Day, Depth, ObjectName, Time};

use crate::support::judged::{accuses_nobody, counted, far_place, holds, plant, quiet};
use crate::support::memory::{Keeps, Memory};
use crate::support::parts::{
    Case, FIRST, LAST, TWO_TRAILS, WORLD, at, days_long, digests, far_chain, logs, memory, midnights, remove,
};
use crate::support::resigned::{begin_anew, end, log_name, name, put, put_log, sign_anew};
use crate::support::verify::{right, told};

fn in_bucket(store: Memory) -> Case {
    Case::of(&WORLD, Keeps::Metadata, store)
}

fn put_here(store: &mut Memory, named: &str, unique: &str) -> serde_json::Value {
    put(store, &WORLD.plan().bucket, &far_place(&WORLD), at(named), unique)
}

fn planted(time: &str) -> Memory {
    let mut store = memory(&WORLD);
    plant(&mut store, &far_place(&WORLD), at(time));
    store
}

/// Six days, and a file of the first that is delivered on the fourth.
static LATE: LazyLock<World> = LazyLock::new(|| {
    quiet(144, |plan| {
        plan.start = at("2026-02-27T12:00:00Z");
        plan.turns = [Turn::Redelivery].into();
    })
});

/// The file that is delivered late, and the digest that names it.
fn late_file() -> (ObjectName, ObjectName) {
    let digests = LATE.chains().iter().flat_map(|chain| &chain.digests);
    let named =
        digests.flat_map(|digest| digest.logs().iter().map(move |log| (&log.object, digest.object())));
    let is_late = |(log, digest): &(&ObjectName, &ObjectName)| {
        end(digest) - LogKey::parse(&log.key).unwrap().delivered > TimeDelta::hours(20)
    };
    let (log, digest) = named.into_iter().find(is_late).unwrap();
    (log.clone(), digest.clone())
}

#[test]
fn late_file_named_three_days_later() {
    let (file, digest) = late_file();
    let days: Vec<Day> = (0..6).map(|day| (midnights()[0].date() + TimeDelta::days(day)).into()).collect();
    assert_eq!(LogKey::parse(&file.key).unwrap().delivered, at("2026-02-27T15:00:00Z"));
    assert_eq!(
        Day::of_digest(end(&digest)),
        days[2].neighbours().nth(1).unwrap().neighbours().next().unwrap()
    );
    for keeps in [Keeps::Metadata, Keeps::BodiesOnly] {
        for depth in [Depth::Full, Depth::Presence] {
            let case = Case::new(&LATE, keeps);
            let last = Some(at("2026-03-05T06:00:00Z"));
            let case = Case { plan: Plan { depth, end: last, ..case.plan.clone() }, ..case };
            holds(&case.holds(&days, 50, 2), 0, &[]);
            // A window that ends before its delivery.
            let first_day = Some(at("2026-02-28T06:00:00Z"));
            let short = Case { plan: Plan { end: first_day, ..case.plan.clone() }, ..case.clone() };
            holds(&short.holds(&days[..2], 50, 0), 0, &[]);
        }
    }
    // Where that digest is gone, the file is accused of nothing.
    let mut store = memory(&LATE);
    let lost = far_chain(&LATE, 0).digests.iter().find(|other| *other.object() == digest).unwrap();
    remove(&mut store, [digest.clone()]);
    let case = Case::of(&LATE, Keeps::Metadata, store);
    let report = case.holds(&days, 50, 1);
    holds(
        &report,
        1,
        &[
            ("tamper digest-missing", 1),
            ("incomplete coverage-gap", 1),
            ("incomplete log-unlisted", lost.logs().len()),
        ],
    );
    let short = Plan { end: Some(at("2026-02-28T06:00:00Z")), ..case.plan.clone() };
    accuses_nobody(&Case { plan: short, ..case }.holds(&days[..2], 50, 0), 3);
}

#[test]
fn forged_file_in_a_days_last_hour() {
    for time in ["2026-02-28T23:55:00Z", "2026-02-28T22:05:00Z", "2026-03-01T00:00:00Z"] {
        let report = in_bucket(planted(time)).told();
        holds(&report, 1, &[("tamper log-unlisted", 1)]);
        assert_eq!(report.findings[0].at, Some(at(time)));
    }
}

#[test]
fn second_trail_holed_elsewhere() {
    let world = &*TWO_TRAILS;
    let other = &far_chain(world, 1).digests;
    let silent = 30..34;
    let mut store = memory(world);
    remove(&mut store, other[silent.clone()].iter().map(|digest| digest.object().clone()));
    let after: Vec<ObjectName> = other[silent.end..].iter().map(|digest| digest.object().clone()).collect();
    sign_anew(&mut store, &after, |place, digest| {
        if place == 0 {
            begin_anew(digest);
        }
    });
    let forged = plant(&mut store, &far_place(world), at("2026-02-28T12:00:00Z"));
    let open = end(other[silent.start].object()) + TimeDelta::hours(1);
    plant(&mut store, &far_place(world), open);
    let report = Case::of(world, Keeps::Metadata, store).told();
    // Its own files of that time, and the forged one among them.
    let unlisted: usize = other[silent].iter().map(|digest| digest.logs().len()).sum();
    holds(
        &report,
        1,
        &[
            ("tamper log-unlisted", 1),
            ("incomplete log-unlisted", unlisted + 1),
            ("incomplete coverage-gap", 1),
            ("notice chain-restarted", 1),
        ],
    );
    let accused = report.findings.iter().find(|finding| finding.class() == Class::Tamper).unwrap();
    assert_eq!(accused.object.as_ref(), Some(&forged));
}

#[test]
fn kind_seen_on_one_day_only() {
    let digests = digests(&WORLD);
    let insight = |time: &str| {
        log_name(&WORLD.plan().bucket, &far_place(&WORLD), "CloudTrail-Insight", at(time), "Insight0")
    };
    let (first, second) = (insight("2026-02-28T10:00:00Z"), insight("2026-03-01T10:00:00Z"));
    let mut store = memory(&WORLD);
    put_log(&mut store, first.clone());
    let entry = put_log(&mut store, second);
    // A kind that no digest names any of is not looked at.
    let report = in_bucket(store.clone()).told();
    holds(&report, 0, &[]);
    assert!(render::not_proven(&report).iter().any(|sentence| sentence.contains("CloudTrail-Insight")));
    // One digest of one day names one: it is held to be complete on all days.
    sign_anew(&mut store, &digests[FIRST + 11..], |place, digest| {
        if place == 0 {
            name(digest, &entry);
        }
    });
    let report = in_bucket(store.clone()).told();
    holds(&report, 1, &[("tamper log-unlisted", 1)]);
    assert_eq!(report.findings[0].object.as_ref(), Some(&first));
    remove(&mut store, [first]);
    holds(&in_bucket(store).told(), 0, &[]);
}

#[test]
fn moved_digest_claims_across_midnight() {
    let digests = digests(&WORLD);
    let mut whole = memory(&WORLD);
    let file = put_here(&mut whole, "2026-02-28T23:10:00Z", "Claimed");
    sign_anew(&mut whole, &digests[LAST..], |place, digest| {
        if place == 0 {
            name(digest, &file);
        }
    });
    holds(&in_bucket(whole.clone()).told(), 0, &[]);
    let moved = |to: &str| {
        let mut store = whole.clone();
        let stored = store.objects().remove(&digests[LAST]).unwrap();
        let key = DigestKey { end: at(to), ..DigestKey::parse(&digests[LAST].key).unwrap() };
        store.objects().insert(ObjectName::new(digests[LAST].bucket.clone(), key.to_string()), stored);
        in_bucket(store).told()
    };
    let files = logs(&WORLD, [LAST]).len() + 1;
    let damage =
        [("tamper digest-missing", 1), ("tamper digest-relocated", 1), ("incomplete coverage-gap", 1)];
    // As far as the margin of their day, names in it are claims.
    for to in ["2026-02-28T23:59:59Z", "2026-03-01T00:59:59Z", "2026-03-01T01:59:59Z"] {
        holds(&moved(to), 1, &[&damage[..], &[("incomplete log-unproven", files)]].concat());
    }
    for to in ["2026-03-01T02:00:01Z", "2026-03-01T12:00:01Z"] {
        holds(&moved(to), 1, &[&damage[..], &[("incomplete log-unlisted", files)]].concat());
    }
}

#[test]
fn region_without_digests() {
    let mut world = days_long(&[]);
    world.apply(Damage::RegionDigestsDeleted).unwrap();
    let report = Case::new(&world, Keeps::Metadata).told();
    holds(&report, 3, &[("incomplete region-absent", 1)]);
    assert_eq!(told(&report), right(&world.truth()));
    let evidence = report.findings[0].evidence().0;
    let first = evidence["first_log"].as_str().unwrap();
    assert!(first.contains("/2026/02/27/"), "{first}");
}

/// So many log files in one day.
fn flood(store: &mut Memory, named: Time, files: usize) -> Vec<serde_json::Value> {
    let (bucket, place) = (&WORLD.plan().bucket, far_place(&WORLD));
    let flood = (0..files).map(|number| put(store, bucket, &place, named, &format!("Flood{number:011}")));
    flood.collect()
}

#[test]
fn redelivery_of_thousands() {
    // More than a day keeps in full.
    const FILES: usize = 8000;
    let digests = digests(&WORLD);
    let whole = in_bucket(memory(&WORLD)).told();
    let mut store = memory(&WORLD);
    let files = flood(&mut store, at("2026-02-27T23:30:00Z"), FILES);
    sign_anew(&mut store, &digests[FIRST + 12..], |place, digest| {
        if place == 0 {
            files.iter().for_each(|file| name(digest, file));
        }
    });
    let report = in_bucket(store).told();
    holds(&report, 0, &[]);
    assert_eq!(report.totals.logs.intact, whole.totals.logs.intact + FILES as u64);
}

fn unlisted(report: &Report) -> [u64; 2] {
    [Class::Tamper, Class::Incomplete].map(|class| report.count(class, Code::LogUnlisted))
}

#[test]
fn flood_of_forged_files() {
    const FILES: usize = MOST_OF_A_KIND + 2000;
    let mut store = memory(&WORLD);
    flood(&mut store, at("2026-02-28T23:55:00Z"), FILES);
    plant(&mut store, &far_place(&WORLD), at("2026-03-01T12:00:00Z"));
    let report = in_bucket(store).told();
    let [accused, open] = unlisted(&report);
    assert_eq!(accused + open, FILES as u64 + 1);
    assert!(accused > MOST_OF_A_KIND as u64, "{accused}");
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.totals.logs.unlisted, FILES as u64 + 1);
}

#[test]
fn flood_of_fake_chains_makes_nothing_missing() {
    const CHAINS: usize = 200;
    let digests = digests(&WORLD);
    let flooded = |mut store: Memory| {
        for number in 0..CHAINS {
            let mut key = DigestKey::parse(&digests[LAST].key).unwrap();
            key.chain.trail = format!("no-such-trail-{number}").parse().unwrap();
            let object = ObjectName::new(digests[LAST].bucket.clone(), key.to_string());
            store.objects().insert(object, (Vec::new().into(), Metadata::NotKept(None)));
        }
        in_bucket(store).told()
    };
    let report = flooded(memory(&WORLD));
    assert_eq!(report.count(Class::Tamper, Code::DigestMalformed), CHAINS as u64);
    assert_eq!(report.count(Class::Tamper, Code::DigestMissing), 0);
    assert_eq!(report.exit_code(), 1);
    // Nor does it hide what is.
    let mut store = memory(&WORLD);
    remove(&mut store, [digests[LAST].clone()]);
    assert_eq!(flooded(store).count(Class::Tamper, Code::DigestMissing), 1);
}

#[test]
fn hundreds_pending_at_the_end() {
    const FILES: usize = 300;
    // Half an hour after midnight, with an open end: the digest that names these files is not due yet.
    let now = at("2026-03-02T00:40:00Z");
    let mut store = memory(&WORLD);
    flood(&mut store, at("2026-03-02T00:35:00Z"), FILES);
    let open = |store: Memory, now: Time| {
        let case = in_bucket(store);
        Case { plan: Plan { end: None, now, ..case.plan.clone() }, ..case }.told()
    };
    holds(&open(memory(&WORLD), now), 0, &[]);
    let report = open(store.clone(), now);
    holds(&report, 0, &[("notice log-pending", FILES)]);
    assert_eq!(report.totals.logs.pending, FILES as u64);
    // Hours later no digest has come: the end is not covered, and the files stay open.
    let report = open(store, now + TimeDelta::hours(5));
    accuses_nobody(&report, 3);
    assert_eq!(counted(&report)["incomplete log-unlisted"], FILES);
}

#[test]
fn file_uploaded_after_the_window() {
    let digests = digests(&WORLD);
    let asked = |store: Memory| {
        let case = in_bucket(store);
        Case { plan: Plan { end: Some(at("2026-03-01T00:00:00Z")), ..case.plan.clone() }, ..case }.told()
    };
    let mut store = memory(&WORLD);
    let object = log_name(
        &WORLD.plan().bucket,
        &far_place(&WORLD),
        LOG_FOLDER,
        at("2026-02-28T20:00:00Z"),
        "Uploaded",
    );
    let entry = put_log(&mut store, object.clone());
    let uploaded = at("2026-03-01T10:00:00Z");
    store.modified().insert(object, uploaded);
    // Digests cover the time of its delivery, long after the window, and none names it.
    let report = asked(store.clone());
    holds(&report, 1, &[("tamper log-unlisted", 1)]);
    assert_eq!(report.findings[0].evidence().0["last_modified"], "2026-03-01T10:00:00Z");
    // The one that covers it does.
    let delivered = digests.iter().position(|digest| uploaded < end(digest)).unwrap();
    sign_anew(&mut store, &digests[delivered..], |place, digest| {
        if place == 0 {
            name(digest, &entry);
        }
    });
    holds(&asked(store.clone()), 0, &[]);
    // It is not there: what it may have named is not known.
    remove(&mut store, [digests[delivered].clone()]);
    holds(&asked(store), 3, &[("incomplete log-unlisted", 1)]);
}
