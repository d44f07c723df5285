//! Runs in parts of which something failed: nobody is accused for what was not looked at, and what is lacking is told, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trailseal::audit::{AuditError, Mismatch, NamedBy, Plan, SiteRecord, Stopper};
use trailseal::keys;
use trailseal::keys::{Authority, KeyRing};
use trailseal::report::{Class, Code};
use trailseal::report::{Completion, Report};
use trailseal::store::StoreErrorKind;
use trailseal::trail::Origin;
use trailseal::trail::key::LogKey;

use crate::support::judged::{accuses_nobody, counted, far_place, holds, plant};
use crate::support::memory::{Ask, Keeps, Memory};
use crate::support::parts::{
    Case, FIRST, LAST, WORLD, at, digests, joined, logs, memory, midnights, remove, shipped,
};

use crate::support::resigned::{name, put, sign_anew};

fn in_bucket(store: Memory) -> Case {
    Case::of(&WORLD, Keeps::Metadata, store)
}

#[test]
fn listing_denied_for_one_day() {
    let region = far_place(&WORLD).region.to_string();
    let denied = format!("/CloudTrail/{region}/2026/02/28/");
    let script = move |ask: Ask<'_>| {
        matches!(ask, Ask::List(_, prefix) if prefix.ends_with(&denied)).then_some(StoreErrorKind::Denied)
    };
    let denied = |store: Memory| Case { script: Some(Arc::new(script.clone())), ..in_bucket(store) };
    let report = denied(memory(&WORLD)).told();
    holds(&report, 3, &[("incomplete listing-unreadable", 1)]);
    // What lies there is not seen; what lies in other days is.
    let mut store = memory(&WORLD);
    plant(&mut store, &far_place(&WORLD), at("2026-02-28T23:55:00Z"));
    let forged = plant(&mut store, &far_place(&WORLD), at("2026-03-01T00:00:00Z"));
    let report = denied(store).told();
    holds(&report, 1, &[("incomplete listing-unreadable", 1), ("tamper log-unlisted", 1)]);
    let accused = report.findings.iter().find(|finding| finding.code() == Code::LogUnlisted).unwrap();
    assert_eq!(accused.object.as_ref(), Some(&forged));
}

#[test]
fn keys_refused_is_said_once() {
    let (place, home) = (far_place(&WORLD), WORLD.plan().region_names()[0].clone());
    let mut ring = KeyRing::default();
    ring.merge(keys::parse(&WORLD.keys().json_by_region(&[home]), "keys.json").unwrap());
    ring.set_authority(place.region.clone(), Authority::Refused("the script says no".into()));
    let mut store = memory(&WORLD);
    plant(&mut store, &place, at("2026-02-28T12:00:00Z"));
    let report = Case { ring: Arc::new(ring), ..in_bucket(store) }.told();
    accuses_nobody(&report, 3);
    let said: Vec<_> = report.findings.iter().filter(|it| it.code() == Code::KeysUnavailable).collect();
    assert_eq!(said.len(), 1, "{:?}", counted(&report));
    assert_eq!(said[0].scope.region.as_ref(), Some(&place.region));
    assert!(!counted(&report).contains_key("incomplete digest-unknown-key"), "{:?}", counted(&report));
}

#[test]
fn what_a_lost_part_may_name_is_not_accused() {
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    let file = put(&mut store, &WORLD.plan().bucket, &place, at("2026-02-28T12:00:00Z"), "Late");
    sign_anew(&mut store, &digests(&WORLD)[FIRST + 6..], |number, digest| {
        if number == 0 {
            name(digest, &file);
        }
    });
    // In a folder nobody knows when a file was delivered.
    let case = in_bucket(store);
    let plan = Plan { named_by: NamedBy::KeyOnly, origin: Origin::Folder, ..case.plan.clone() };
    let case = Case { plan, ..case };
    holds(&case.told(), 0, &[]);
    // Without the day of the digest that names it.
    let parts = parts(&case);
    let kept = parts[..2].iter().chain(&parts[3..]).flatten().cloned().collect();
    accuses_nobody(&case.concluded(kept), 3);
}

/// The world with a digest, a log file and what names it gone in each day.
fn damaged() -> Memory {
    let digests = digests(&WORLD);
    let mut store = memory(&WORLD);
    for at in [1, 8, LAST, FIRST + 6] {
        remove(&mut store, [digests[at].clone()]);
    }
    remove(&mut store, logs(&WORLD, [4, 12, FIRST + 10]));
    store
}

/// The records of each part.
fn parts(case: &Case) -> Vec<Vec<SiteRecord>> {
    case.parts(&midnights()).into_iter().map(|days| case.records(days, 1000, 8)).collect()
}

#[track_caller]
fn tells_of_the_lack(report: &Report) {
    assert_ne!(report.exit_code(), 0);
    assert!(
        report.findings.iter().any(|finding| finding.class() == Class::Incomplete),
        "{:#?}",
        report.findings
    );
}

#[test]
fn interrupted_or_lost_part_accuses_nobody() {
    let case = in_bucket(memory(&WORLD));
    let damaged = in_bucket(damaged());
    let whole = parts(&case);
    for broken in 0..whole.len() {
        // As if it had never been: the days of the part itself, and of its borders.
        let lost = |parts: &[Vec<SiteRecord>]| {
            let kept = parts.iter().enumerate().filter(|(at, _)| *at != broken);
            kept.flat_map(|(_, records)| records.clone()).collect::<Vec<_>>()
        };
        let report = case.concluded(lost(&whole));
        accuses_nobody(&report, 3);
        tells_of_the_lack(&report);
        // What the other parts saw is told all the same, and nothing else.
        let told = damaged.concluded(lost(&parts(&damaged)));
        let all = damaged.report();
        for finding in told.findings.iter().filter(|finding| finding.class() == Class::Tamper) {
            let same = all.findings.iter().any(|other| {
                (other.code(), other.class(), &other.object)
                    == (finding.code(), finding.class(), &finding.object)
            });
            assert!(same, "{finding:#?}");
        }
    }
}

/// The records of a part whose store was asked so often and no more; and how often it was asked.
fn stopped_after(case: &Case, part: usize, most: usize) -> (Vec<SiteRecord>, usize) {
    let (stopper, stop) = Stopper::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let script = move |_: Ask<'_>| {
        if counted.fetch_add(1, Ordering::Relaxed) + 1 == most {
            stopper.stop();
        }
        None
    };
    let case = Case { script: Some(Arc::new(script)), ..case.clone() };
    let records = case.records_until(stop, case.parts(&midnights())[part].clone(), 1000, 1);
    (records, asked.load(Ordering::Relaxed))
}

#[test]
fn interrupted_part_is_told() {
    let mut store = memory(&WORLD);
    plant(&mut store, &far_place(&WORLD), at("2026-02-28T12:00:00Z"));
    let case = in_bucket(store);
    let whole = parts(&case);
    let (_, all) = stopped_after(&case, 1, usize::MAX);
    let mut told = 0;
    for left in [0, 1, 2, 4, 6, 8, 10, 20, 40, 80] {
        let (stopped, _) = stopped_after(&case, 1, all - left);
        assert!(stopped.iter().any(|record| record.completion == Completion::Interrupted), "{left}");
        let others = [0, 2, 3].into_iter().flat_map(|at| whole[at].clone());
        match case.conclude(others.chain(stopped).collect()) {
            Ok(report) => {
                told += 1;
                assert_eq!(report.completion, Completion::Interrupted, "{left}");
                // What lies in its folders may not have been held against its digests.
                assert!([1, 130].contains(&report.exit_code()), "{left}: {:?}", counted(&report));
            }
            // It did not come to know of what the others know.
            Err(AuditError::Records(Mismatch::Homes)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(told > 0);
}

#[test]
fn part_twice() {
    let case = in_bucket(damaged());
    let report = case.told();
    let parts = parts(&case);
    for twice in 0..parts.len() {
        let records = parts.iter().flatten().chain(&parts[twice]).map(shipped).collect();
        assert_eq!(case.concluded(records), report);
    }
    let all: Vec<SiteRecord> = parts.iter().flatten().cloned().collect();
    assert_eq!(joined(all.iter().chain(&all).cloned().collect()), joined(all.clone()));
    // The same part, and another word on one of its days: neither is believed.
    let mut edited = all[0].clone();
    edited.days.values_mut().next().unwrap().compressed += 1;
    assert_eq!(all[0].clone().join(edited.clone()), Err(Mismatch::Contradiction));
    let refused = case.conclude(all.into_iter().chain([edited]).collect());
    assert!(matches!(refused, Err(AuditError::Records(Mismatch::Contradiction))));
}

#[test]
fn parts_of_other_homes_are_refused() {
    let case = in_bucket(memory(&WORLD));
    let [first, second, ..] = &parts(&case)[..] else { panic!() };
    // A second home, which the one part has met and the other has not.
    let mut store = memory(&WORLD);
    let place = far_place(&WORLD);
    let (object, stored) = store
        .objects()
        .iter()
        .find(|(object, _)| LogKey::parse(&object.key).is_some_and(|key| key.place == place))
        .map(|(object, stored)| (object.clone(), stored.clone()))
        .unwrap();
    let elsewhere = trailseal::trail::ObjectName::new(object.bucket.clone(), format!("more/{}", object.key));
    store.objects().insert(elsewhere, stored);
    let other = parts(&in_bucket(store)).swap_remove(1);
    let of = |records: &[SiteRecord]| records.iter().find(|record| record.place == place).unwrap().clone();
    assert!(of(first).join(of(second)).is_ok());
    assert_eq!(of(first).join(of(&other)), Err(Mismatch::Homes));
    let refused = case.conclude(first.iter().chain(&other).cloned().collect());
    assert!(matches!(refused, Err(AuditError::Records(Mismatch::Homes))));
}
