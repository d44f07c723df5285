//! Which rows of a ledger are believed: those of the run's own terms, whole, in their place, by whoever has the key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use chrono::TimeDelta;
use trailseal::audit::{Days, LedgerKey, Plan};
use trailseal::forge::Damage;
use trailseal::report::what::LedgerFault;
use trailseal::report::{Class, Code, Hash, NotProven};

use crate::support::judged::{counted, quiet};
use crate::support::memory::Keeps;
use crate::support::notebook::{
    DAYS, DELIVERED, Notebook, OF_MARCH, WORLD, at, closed, memory, same, two_acts, without,
};
use crate::support::parts::Case;

#[test]
fn other_terms_are_read_anew() {
    let (notebook, store) = two_acts();
    let grace = Plan { grace: TimeDelta::hours(5), ..closed() };
    assert_eq!(notebook.run(grace, &store).carried.days, 0);
    assert_eq!(
        notebook.run(closed(), &store).carried.days,
        0,
        "the rows of the other grace period stand now"
    );
    let (notebook, store) = two_acts();
    // A stranger's keys, under the names of AWS's.
    let other = quiet(120, |plan| (plan.start, plan.seed) = (at("2026-02-28T12:00:00Z"), 77));
    let report = notebook.run_with(closed(), Arc::new(store.clone()), &other.keys().json());
    assert_eq!(report.carried.days, 0);
    assert_ne!(report.exit_code(), 0);
    // And what it found out is not believed under AWS's.
    same(&notebook.run(closed(), &store), &without(closed(), &memory()));
}

#[test]
fn edited_moved_and_broken_rows_are_passed_over_with_a_notice() {
    type Edit = fn(String) -> String;
    let edits: [(&str, Edit); 5] = [
        ("edited", |text| text.replacen("\"intact\":", "\"intact\":1", 1)),
        ("moved to another day", |text| text.replace("\"day\":\"2026-03-02\"", "\"day\":\"2026-03-03\"")),
        ("cut short", |text| text[..text.len() - 40].to_owned()),
        ("of another version", |text| text.replace("trailseal/ledger/v1", "trailseal/ledger/v0")),
        ("garbage", |_| "\0\u{1}{".to_owned()),
    ];
    for (what, edit) in edits {
        let (notebook, store) = two_acts();
        notebook.edit(OF_MARCH, edit);
        let report = notebook.run(closed(), &store);
        assert_eq!(report.count(Class::Notice, Code::LedgerRejected), 1, "{what}: {:?}", counted(&report));
        assert_eq!(report.exit_code(), 0, "{what}");
        assert!((7..DAYS).contains(&report.carried.days), "{what}: {:?}", report.carried);
        // They are written anew.
        let next = notebook.run(closed(), &store);
        assert_eq!(next.carried.days, DAYS, "{what}");
        assert_eq!(next.count(Class::Notice, Code::LedgerRejected), 0, "{what}");
    }
}

#[test]
fn rows_of_another_region_and_another_bucket_are_nobodys() {
    let (notebook, store) = two_acts();
    let files = notebook.files();
    fs::copy(&files[1], &files[3]).unwrap();
    let report = notebook.run(closed(), &store);
    assert_eq!((report.carried.days, report.exit_code()), (7, 0));
    let rejected = report.findings.iter().find(|finding| finding.code() == Code::LedgerRejected).unwrap();
    assert!(matches!(
        &rejected.what,
        trailseal::report::What::LedgerRejected { fault: LedgerFault::Lines(5), .. }
    ));
}

#[test]
fn with_a_key_no_other_row_is_believed() {
    let (mut notebook, store) = two_acts();
    notebook.key = LedgerKey::Secret([7; 32]);
    let report = notebook.run(closed(), &store);
    assert_eq!((report.carried.days, report.exit_code()), (0, 0));
    let report = notebook.run(closed(), &store);
    assert_eq!(report.carried.days, DAYS);
    assert!(!report.not_proven.contains(&NotProven::UnsealedLedger));
    notebook.key = LedgerKey::Secret([8; 32]);
    assert_eq!(notebook.run(closed(), &store).carried.days, 0);
}

#[test]
fn a_run_within_a_site_uses_rows_and_writes_none() {
    let (notebook, store) = two_acts();
    let kept: Vec<String> = notebook.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let trail = trailseal::audit::TrailFilter { name: WORLD.plan().trails[0].clone(), home_region: None };
    let mut narrow = closed();
    narrow.scope.trails = vec![trail];
    let report = notebook.run(narrow.clone(), &store);
    assert_eq!(report.carried.days, DAYS);
    same(&report, &without(narrow, &store));
    let now: Vec<String> = notebook.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(kept, now);
}

#[test]
fn a_row_takes_few_bytes() {
    let (notebook, _store) = two_acts();
    for file in notebook.files() {
        let text = fs::read_to_string(file).unwrap();
        let longest = text.lines().skip(1).map(str::len).max().unwrap();
        assert!(longest <= 1200, "{longest} bytes: {}", text.lines().nth(1).unwrap());
    }
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let (notebook, store) = (Notebook::new(), memory());
    let half = |from: i64, to: i64| {
        let start = closed().start.unwrap();
        Plan {
            start: Some(start + TimeDelta::days(from)),
            end: Some(start + TimeDelta::days(to)),
            ..closed()
        }
    };
    std::thread::scope(|scope| {
        for (from, to) in [(0, 2), (2, 4), (0, 2), (2, 4)] {
            let (notebook, store) = (&notebook, &store);
            scope.spawn(move || notebook.run(half(from, to), store));
        }
    });
    assert_eq!(notebook.run(closed(), &store).carried.days, DAYS);
    let days: BTreeSet<String> = notebook
        .files()
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    // With what each half saw of the other.
    assert_eq!(days.len() as u64, DAYS + 4);
}

/// What all forged records come to, by the number of the rules they were judged by: SHA-256 of the records of every damage.
const JUDGED: (u32, &str) = (1, "a0fa72c90e90eadcc5130a8db5468d387f6fa173f74f386449c1dc01ce327c38");

#[test]
fn whoever_changes_what_a_record_says_raises_the_number_of_the_rules() {
    let mut all = Vec::new();
    for damage in Damage::ALL {
        let mut world = DELIVERED.0.clone();
        if world.apply(*damage).is_ok() {
            let mut records = Case::new(&world, Keeps::Metadata).records(Days::default(), 1000, 64);
            records.sort_by(|one, other| one.place.cmp(&other.place));
            all.extend(records.iter().flat_map(|record| record.to_json().unwrap()));
        }
    }
    let (rules, known) = JUDGED;
    let found = Hash::of(&all).to_string();
    assert_eq!(
        found, known,
        "records of the same bytes say something else: raise RULES in src/ledger/row.rs, so that rows of the old rules are read \
         again, and note both here"
    );
    let (notebook, _store) = two_acts();
    let row = fs::read_to_string(&notebook.files()[OF_MARCH]).unwrap();
    assert!(row.contains(&format!("\"rules\":{rules},")), "{row}");
}
