//! Log files that no authentic digest names: forged ones wherever other readers look, late ones that are AWS's, and those of
//! trails without log file validation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use trailseal::audit::NamedBy;
use trailseal::audit::{Plan, TrailFilter};
use trailseal::forge::{self, Turn, World};
use trailseal::render::message;
use trailseal::report::{Class, Code};
use trailseal::store::Metadata;
use trailseal::store::StoreErrorKind;
use trailseal::store::copied::Copied;
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{Location, ObjectName, Origin, Time};

use crate::support::judged::{accuses_nobody, counted, far_place, holds, plant, quiet};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{plan, run};

fn forged(change: impl FnOnce(&mut forge::WorldPlan)) -> World {
    quiet(72, change)
}

static WORLD: LazyLock<World> = LazyLock::new(|| forged(|_| {}));
static TWO_TRAILS: LazyLock<World> = LazyLock::new(|| {
    forged(|plan| plan.trails = ["management-events", "data-events"].map(|name| name.parse().unwrap()).into())
});
static LATE: LazyLock<World> = LazyLock::new(|| forged(|plan| plan.turns = [Turn::Redelivery].into()));

fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

fn hour(world: &World, hour: u32) -> Time {
    world.plan().start + TimeDelta::hours(i64::from(hour))
}

/// The second day alone, long after.
fn second_day(world: &World) -> Plan {
    Plan { start: Some(hour(world, 24)), end: Some(hour(world, 48)), ..plan(&world.truth()) }
}

// Where other readers look.

/// Puts a copy of some log file of the far region under the key that `name` makes of its own.
fn plant_as(store: &mut Memory, world: &World, name: impl Fn(&str) -> String) -> ObjectName {
    let place = far_place(world);
    let planted = plant(store, &place, hour(world, 30));
    let stored = store.objects().remove(&planted).unwrap();
    let object = ObjectName::new(planted.bucket.clone(), name(&planted.key));
    store.objects().insert(object.clone(), stored);
    object
}

#[test]
fn a_forged_file_is_told_wherever_another_reader_would_find_it() {
    holds(&run(second_day(&WORLD), memory(&WORLD), &WORLD), 0, &[]);
    let region = far_place(&WORLD).region.to_string();
    let account = far_place(&WORLD).account.to_string();
    type Name<'a> = (&'a str, &'a dyn Fn(&str) -> String);
    let names: &[Name<'_>] = &[
        ("another day's folder", &|key| key.replace("_20260302T", "_20260303T")),
        ("a folder below", &|key| key.replacen("/2026/03/02/", "/2026/03/02/more/", 1)),
        ("an empty folder", &|key| key.replacen("/2026/03/02/", "/2026/03/02//", 1)),
        ("another account", &|key| key.replace(&format!("/{account}_"), "/999999999999_")),
        ("another region", &|key| key.replace(&format!("_{region}_"), "_mx-central-1_")),
        ("an underscore", &|key| key.replace("Planted0Planted0", "Planted0_Planted0")),
        ("hour 24", &|key| key.replace("T0600Z", "T2400Z")),
        ("nothing unique", &|key| key.replace("_Planted0Planted0", "")),
        ("no gzip suffix", &|key| key.replace(".json.gz", ".json")),
        ("no json suffix", &|key| key.replace(".json.gz", ".gz")),
        ("one more suffix", &|key| key.replace(".json.gz", ".json.gz.1")),
        ("other letters", &|key| key.replace(".json.gz", ".JSON.Gz")),
        ("no day", &|key| key.replace("/2026/03/02/", "/2026/03/")),
        ("no month", &|key| key.replace("/2026/03/02/", "/2026/")),
        ("no year", &|key| key.replace("/2026/03/02/", "/")),
        ("a folder beside the years", &|key| key.replace("/2026/03/02/", "/archive/")),
        ("a thirteenth month", &|key| key.replace("/2026/03/02/", "/2026/13/02/")),
        ("a day of one digit", &|key| key.replace("/2026/03/02/", "/2026/03/2/")),
    ];
    for (what, name) in names {
        let mut store = memory(&WORLD);
        let object = plant_as(&mut store, &WORLD, name);
        if LogKey::parse(&object.key).is_some() {
            panic!("{what}: {object} is a key of CloudTrail's");
        }
        let report = run(second_day(&WORLD), store, &WORLD);
        assert!(!report.findings.is_empty(), "{what}: {object} is passed over");
        holds(&report, 3, &[("incomplete log-unlisted", 1)]);
        assert_eq!(report.findings[0].object.as_ref(), Some(&object), "{what}");
    }
}

#[test]
fn what_no_reader_takes_for_a_log_file_is_counted() {
    let mut store = memory(&WORLD);
    for suffix in [".txt", ".parquet", ""] {
        plant_as(&mut store, &WORLD, |key| key.replace(".json.gz", suffix));
    }
    let marker = plant_as(&mut store, &WORLD, |key| format!("{}/", key.rsplit_once('/').unwrap().0));
    store.objects().insert(marker, (Vec::new().into(), Metadata::NotKept(None)));
    let report = run(second_day(&WORLD), store, &WORLD);
    holds(&report, 0, &[("notice stray-objects", 1)]);
    assert_eq!(report.findings[0].evidence().0["count"], 3);
}

#[test]
fn a_file_from_the_future_is_told_where_the_end_is_open() {
    let now = hour(&WORLD, 72) + TimeDelta::minutes(100);
    let asked = || Plan { start: Some(now - TimeDelta::hours(26)), end: None, now, ..plan(&WORLD.truth()) };
    holds(&run(asked(), memory(&WORLD), &WORLD), 0, &[]);
    for ahead in [TimeDelta::hours(2), TimeDelta::days(3), TimeDelta::days(4000)] {
        let mut store = memory(&WORLD);
        let object = plant(&mut store, &far_place(&WORLD), now + ahead);
        let report = run(asked(), store, &WORLD);
        holds(&report, 1, &[("tamper log-unlisted", 1)]);
        assert_eq!(report.findings[0].object.as_ref(), Some(&object));
    }
    // Clocks differ a little, and names are rounded up.
    let mut store = memory(&WORLD);
    plant(&mut store, &far_place(&WORLD), now + TimeDelta::minutes(9));
    holds(&run(asked(), store, &WORLD), 0, &[("notice log-pending", 1)]);
}

#[test]
fn nothing_in_the_grace_time_could_be_missed_yet() {
    let now = hour(&WORLD, 72) + TimeDelta::minutes(100);
    let asked =
        |hours| Plan { start: Some(now - TimeDelta::hours(hours)), end: None, now, ..plan(&WORLD.truth()) };
    for hours in [1, 2, 3] {
        let report = run(asked(hours), memory(&WORLD), &WORLD);
        holds(&report, 3, &[("incomplete coverage-tail", 1)]);
        assert!(message(&report.findings[0]).contains("--last 26h"));
    }
    holds(&run(asked(4), memory(&WORLD), &WORLD), 0, &[]);
}

// What softens a verdict.

#[test]
fn a_name_of_a_trail_that_does_not_exist_softens_nothing() {
    let place = far_place(&WORLD);
    let ghost = |store: &mut Memory, at: u32| {
        let like = WORLD.chains().iter().find(|chain| chain.id.place == place).unwrap().digests[at as usize]
            .object();
        let mut key = DigestKey::parse(&like.key).unwrap();
        key.chain.trail = "no-such-trail".parse().unwrap();
        let object = ObjectName::new(like.bucket.clone(), key.to_string());
        store.objects().insert(object.clone(), (Vec::new().into(), Metadata::NotKept(None)));
        object
    };
    let mut store = memory(&WORLD);
    let forged = plant(&mut store, &place, hour(&WORLD, 30) + TimeDelta::minutes(30));
    ghost(&mut store, 40);
    let tampered = |report: &trailseal::report::Report| {
        report.findings.iter().any(|it| it.object.as_ref() == Some(&forged) && it.class() == Class::Tamper)
    };
    assert!(tampered(&run(second_day(&WORLD), store.clone(), &WORLD)));
    // Also where only another trail is asked for.
    let one = WORLD.plan().trails[0].clone();
    let asked = || {
        let mut plan = second_day(&WORLD);
        plan.scope.trails = vec![TrailFilter { name: one.clone(), home_region: None }];
        plan
    };
    assert!(tampered(&run(asked(), store.clone(), &WORLD)));
    // In its own hour it does; then it is told, in scope or out of it.
    for at in [29, 30] {
        ghost(&mut store, at);
    }
    for plan in [second_day(&WORLD), asked()] {
        let report = run(plan, store.clone(), &WORLD);
        assert_eq!(report.exit_code(), 1);
        assert!(counted(&report).contains_key("tamper digest-malformed"), "{:?}", counted(&report));
    }
}

#[test]
fn a_trail_without_validation_accuses_nobody_where_it_may_have_delivered() {
    let world = &*TWO_TRAILS;
    let place = far_place(world);
    let own = |object: &ObjectName, trail: usize| {
        let key = DigestKey::parse(&object.key);
        key.is_some_and(|key| key.chain.place == place && key.chain.trail == world.plan().trails[trail])
    };
    // The second trail's validation begins at the fiftieth hour: its log files before that are in no digest.
    let restart = hour(world, 50);
    let digests = || world.chains().iter().flat_map(|chain| &chain.digests);
    let mut store = memory(world);
    for digest in digests().filter(|digest| own(digest.object(), 1)) {
        if DigestKey::parse(&digest.object().key).unwrap().end < restart {
            store.objects().remove(digest.object());
        }
    }
    let report = run(Plan { end: Some(hour(world, 70)), ..second_day(world) }, store.clone(), world);
    assert!(
        report.findings.iter().all(|it| it.code() != Code::LogUnlisted || it.class() == Class::Incomplete),
        "{:#?}",
        report.findings
    );
    assert!(counted(&report)["incomplete log-unlisted"] > 5);
}

// Late deliveries.

/// A window that holds the file's name and ends long before its delivery.
fn first_day(world: &World) -> Plan {
    Plan { end: Some(hour(world, 12)), ..plan(&world.truth()) }
}

fn late_file() -> (ObjectName, ObjectName) {
    let digests = LATE.chains().iter().flat_map(|chain| &chain.digests);
    digests
        .flat_map(|digest| digest.logs().iter().map(move |log| (log, digest)))
        .find(|(log, digest)| {
            let (named, end) =
                (LogKey::parse(&log.object.key).unwrap(), DigestKey::parse(&digest.object().key).unwrap());
            end.end - named.delivered > TimeDelta::hours(20)
        })
        .map(|(log, digest)| (log.object.clone(), digest.object().clone()))
        .unwrap()
}

#[test]
fn a_file_delivered_late_is_looked_for_in_the_digests_of_its_delivery() {
    let (file, digest) = late_file();
    holds(&run(first_day(&LATE), memory(&LATE), &LATE), 0, &[]);
    // As a copy and in a folder, where the dates are the copy's, later digests are looked at all the same.
    let delivered = Location::new(LATE.plan().bucket.as_str(), "");
    for modified in [None, Some(hour(&LATE, 4000))] {
        let mut store = memory(&LATE);
        store.modified().clear();
        store.modified().extend(modified.map(|time| (file.clone(), time)));
        let copied =
            Copied { store: Arc::new(store.clone()), delivered: delivered.clone(), copy: delivered.clone() };
        let asked = Plan { origin: Origin::Copied, ..first_day(&LATE) };
        holds(&run(asked, copied, &LATE), 0, &[]);
        let folder = Plan { named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..first_day(&LATE) };
        holds(&run(folder, store, &LATE), 0, &[]);
    }
    // Where that digest is gone, the file is accused of nothing.
    let mut store = memory(&LATE);
    store.objects().remove(&digest);
    accuses_nobody(&run(first_day(&LATE), store.clone(), &LATE), 3);
    let key = digest.key.clone();
    let script =
        move |ask: Ask<'_>| matches!(ask, Ask::Get(_, it) if *it == *key).then_some(StoreErrorKind::TimedOut);
    accuses_nobody(&run(first_day(&LATE), Faulty { store: memory(&LATE), script, late: None }, &LATE), 3);
}

#[test]
fn a_forged_file_with_a_late_date_is_accused_once_its_delivery_is_covered() {
    let place = far_place(&WORLD);
    let forged = |modified: Option<Time>| {
        let mut store = memory(&WORLD);
        let file = plant(&mut store, &place, hour(&WORLD, 6));
        store.modified().extend(modified.map(|modified| (file, modified)));
        store
    };
    let asked = |now: Time| Plan { now, ..first_day(&WORLD) };
    let after = hour(&WORLD, 72) + TimeDelta::minutes(100);
    // Before its name, at its name, a day later: all covered by then. Dates before the name count as the name.
    for modified in [None, Some(hour(&WORLD, 1)), Some(hour(&WORLD, 6)), Some(hour(&WORLD, 40))] {
        holds(&run(asked(after), forged(modified), &WORLD), 1, &[("tamper log-unlisted", 1)]);
    }
    // Just now: the digest of its delivery is not due.
    holds(&run(asked(after), forged(Some(after)), &WORLD), 3, &[("incomplete log-unlisted", 1)]);
    // Redelivery ends after thirty days, whatever the date says.
    let long = forged_for_forty_days();
    let mut store = memory(&long);
    let file = plant(&mut store, &far_place(&long), hour(&long, 6));
    let now = hour(&long, 40 * 24) + TimeDelta::hours(4);
    store.modified().insert(file, now);
    let report = run(Plan { now, ..first_day(&long) }, store, &long);
    holds(&report, 1, &[("tamper log-unlisted", 1)]);
}

fn forged_for_forty_days() -> World {
    forged(|plan| {
        plan.regions = 2;
        plan.hours = 40 * 24;
        plan.logs_per_hour = 1;
        plan.events_per_log = 1;
    })
}

// Absence, and its grace.

#[test]
fn what_is_young_and_not_there_yet_is_pending() {
    let place = far_place(&WORLD);
    let chain = WORLD.chains().iter().find(|chain| chain.id.place == place).unwrap();
    let now = hour(&WORLD, 72) + TimeDelta::minutes(100);
    let asked =
        |now| Plan { start: Some(now - TimeDelta::hours(26)), end: None, now, ..plan(&WORLD.truth()) };
    let count = chain.digests.len();
    let young = chain.digests[count - 2].object().clone();
    let mut store = memory(&WORLD);
    store.objects().remove(&young);
    let report = run(asked(now), store.clone(), &WORLD);
    accuses_nobody(&report, 0);
    assert_eq!(counted(&report)["notice digest-pending"], 1);
    assert_eq!(report.totals.digests.pending, 1);
    // Two hours later it is missing.
    let report = run(asked(now + TimeDelta::hours(2)), store, &WORLD);
    assert_eq!(counted(&report)["tamper digest-missing"], 1);

    let young =
        |object: &ObjectName| LogKey::parse(&object.key).unwrap().delivered > now - TimeDelta::hours(3);
    let mut logs = chain.digests[count - 3..].iter().flat_map(|digest| digest.logs());
    let log = logs.find(|log| young(&log.object)).unwrap();
    let mut store = memory(&WORLD);
    store.objects().remove(&log.object);
    let report = run(asked(now), store.clone(), &WORLD);
    holds(&report, 0, &[("notice log-pending", 1)]);
    let report = run(asked(now + TimeDelta::hours(3)), store, &WORLD);
    assert_eq!(counted(&report)["tamper log-missing"], 1);
}
