//! Days that are read apart say what days that are read together say: a run may be cut at any midnight, its parts read with
//! other limits and joined in any order, and their records, and the report on them, are those of one run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use proptest::prelude::*;
use trailseal::audit::{self, Days, SiteRecord};
use trailseal::forge::{Damage, Turn};
use trailseal::render::message;
use trailseal::trail::Depth;

use crate::support::judged::quiet;
use crate::support::memory::Keeps;
use crate::support::parts::{Case, at, days_long, joined, midnights};

#[test]
fn every_damage_is_told_the_same_in_parts() {
    for damage in Damage::ALL {
        let mut world = days_long(&[Turn::Backfill]);
        if world.apply(*damage).is_ok() {
            println!("{damage}");
            Case::new(&world, Keeps::Metadata).holds(&midnights(), 1000, 1);
        }
    }
}

#[test]
fn every_turn_is_told_the_same_in_parts() {
    for turn in Turn::ALL {
        for keeps in [Keeps::Metadata, Keeps::BodiesOnly] {
            println!("{turn}");
            Case::new(&days_long(&[turn]), keeps).holds(&midnights(), 1000, 1);
        }
    }
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_run_may_be_cut_at_any_midnights(
        damages in proptest::collection::vec(proptest::sample::select(Damage::ALL), 0..3),
        turns in proptest::sample::subsequence(Turn::ALL.to_vec(), 0..3),
        seed in 0u64..1000,
        cut in proptest::sample::subsequence(midnights().to_vec(), 1..=3),
        keeps in proptest::sample::select(vec![Keeps::Metadata, Keeps::BodiesOnly]),
        depth in proptest::sample::select(vec![Depth::Chain, Depth::Presence, Depth::Full]),
        page in 1usize..40,
        open in any::<bool>(),
        turned in 0usize..10,
    ) {
        let mut world = quiet(50, |plan| {
            plan.start = at("2026-02-27T21:00:00Z");
            plan.turns = turns.into_iter().collect();
            plan.seed = seed;
        });
        for damage in damages {
            let _ = world.apply(damage);
        }
        let mut case = Case::new(&world, keeps);
        case.plan.depth = depth;
        if open {
            case.plan.start = None;
        }
        case.holds(&cut, page, turned);
    }
}

#[test]
fn a_part_of_another_kind_is_refused_and_the_same_part_twice_is_no_more() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let whole = joined(case.records(Days::default(), 1000, 64));
    let twice = joined(whole.values().chain(whole.values()).cloned().collect());
    assert_eq!(twice, whole);
    let mut shallow = case.clone();
    shallow.plan.depth = Depth::Chain;
    let (place, deep) = whole.into_iter().next().unwrap();
    let other = joined(shallow.records(Days::default(), 1000, 64)).remove(&place).unwrap();
    assert_eq!(deep.join(other), Err(audit::Mismatch::Made));
}

#[test]
fn a_lost_part_accuses_nobody_and_is_told() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let parts = case.parts(&midnights());
    for lost in 0..parts.len() {
        let kept = parts.iter().enumerate().filter(|(at, _)| *at != lost);
        let records = kept.flat_map(|(_, days)| case.records(days.clone(), 1000, 64)).collect();
        let report = case.concluded(records);
        assert_eq!(report.exit_code(), 3, "{lost}: {:#?}", report.findings);
        assert!(report.findings.iter().any(|finding| message(finding).starts_with("there is no record of")));
    }
    let report = case.concluded(Vec::new());
    assert_eq!(report.exit_code(), 3);
}

/// A record of a damaged world, as it is written.
static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut world = days_long(&[Turn::Backfill]);
    for damage in [Damage::LogForged, Damage::DigestEdited, Damage::LogEventEdited] {
        let _ = world.apply(damage);
    }
    let case = Case::new(&world, Keeps::Metadata);
    case.records(Days::default(), 1000, 64)[0].to_json().unwrap()
});

proptest! {
    #![proptest_config(cases(200))]

    /// Whoever edits a record's file gets an error or a record, and never a panic.
    #[test]
    fn an_edited_record_is_refused_or_read(
        at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        number in proptest::sample::select(vec!["18446744073709551615", "-1", "1e400", "\"9999-12-31T23:59:60Z\"", "[]"]),
    ) {
        let mut json = WRITTEN.clone();
        let at = at.index(json.len());
        if cut { json.truncate(at) } else { json[at] = byte }
        let _ = SiteRecord::from_json(&json);
        // In the place of a number there, another value.
        let text = String::from_utf8(WRITTEN.clone()).unwrap();
        if let Some(digit) = text[at..].find(|letter: char| letter.is_ascii_digit()) {
            let from = at + digit;
            let to = text[from..].find(|letter: char| !letter.is_ascii_digit()).map_or(text.len(), |to| from + to);
            let edited = format!("{}{number}{}", &text[..from], &text[to..]);
            let _ = SiteRecord::from_json(edited.as_bytes());
        }
    }
}

#[test]
fn a_count_that_nobody_has_is_refused() {
    let text = String::from_utf8(WRITTEN.clone()).unwrap();
    let from = text.find("\"compressed\":").unwrap() + "\"compressed\":".len();
    let to = from + text[from..].find(',').unwrap();
    let with =
        |count: &str| SiteRecord::from_json(format!("{}{count}{}", &text[..from], &text[to..]).as_bytes());
    assert!(with("1125899906842624").is_ok());
    let refused = with("1125899906842625").unwrap_err().to_string();
    assert!(refused.contains("a count out of all bounds"), "{refused}");
    let other = text.replacen("trailseal/record/v1", "trailseal/record/v2", 1);
    let refused = SiteRecord::from_json(other.as_bytes()).unwrap_err().to_string();
    assert!(refused.contains("\"trailseal/record/v2\""), "{refused}");
}

#[test]
fn a_usual_day_takes_little_room_in_a_file() {
    let case = Case::new(&quiet(72, |_| {}), Keeps::Metadata);
    for mut record in case.records(Days::default(), 1000, 64) {
        let day = *record.days.keys().nth(1).unwrap();
        record.days.retain(|of, _| *of == day);
        let digests: usize = record.days[&day].chains.values().map(|chain| chain.items.len()).sum();
        assert!(digests >= 23, "{digests}");
        let with = record.to_json().unwrap().len();
        record.days.clear();
        let takes = with - record.to_json().unwrap().len();
        // Two signatures are most of it.
        assert!(takes <= 1200, "{takes}");
    }
}
