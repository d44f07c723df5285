//! Runs over more than one machine: what the shards of a plan read, joined, is what one run reads; and what is lost on the way is told
//! as lost, never as tampering.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use trailseal::audit::{self, Ports, Stopper};
use trailseal::forge::{Damage, Turn, World};
use trailseal::keys::KeySource;
use trailseal::render::{Format, message};
use trailseal::report::{Class, Code, Report};
use trailseal::shard::{NotAPart, NotAPlan, Part, ShardPlan};
use trailseal::store::{Admission, Condition, Listing, Object, ObjectStore, Outage, Page, StoreError, Take};
use trailseal::trail::ObjectName;

use crate::render_formats::written;
use crate::support::judged::{quiet, same_text};
use crate::support::memory::{Keeps, Memory};
use crate::support::notebook::{Notebook, afterwards, same as same_beside_carrying};
use crate::support::parts::{Case, at, days_long};
use crate::support::verify::plan;

#[track_caller]
fn same(sharded: &Report, single: &Report) {
    same_text(&written(Format::Json, sharded), &written(Format::Json, single));
}

#[test]
fn every_damage_is_told_by_shards_as_by_one_run() {
    for (at, damage) in Damage::ALL.iter().enumerate() {
        let mut world = days_long(&[Turn::Backfill]);
        if world.apply(*damage).is_ok() {
            println!("{damage}");
            let case = Case::new(&world, Keeps::Metadata);
            same(&case.sharded(1 + at % 7), &case.report());
        }
    }
}

#[test]
fn every_turn_is_told_by_shards_as_by_one_run() {
    for (at, turn) in Turn::ALL.into_iter().enumerate() {
        for keeps in [Keeps::Metadata, Keeps::BodiesOnly] {
            println!("{turn}");
            let case = Case::new(&days_long(&[turn]), keeps);
            same(&case.sharded(2 + at % 4), &case.report());
        }
    }
}

/// Cut in whatever way, what shards carry fits what the others carry or read: as JSON, what one run says that reads everything.
#[test]
fn what_shards_carry_says_what_reading_it_would() {
    let whole = quiet(122, |plan| plan.start = at("2026-02-27T21:00:00Z"));
    let end = plan(&whole.truth()).end.unwrap();
    let night = |world: &World, night: i64, notebook: &Arc<Notebook>| {
        let store = afterwards(&whole, world, end + TimeDelta::days(22));
        let mut case = Case::of(world, Keeps::Metadata, store);
        case.plan.now = end + TimeDelta::days(20 + night);
        case.notebook = Some(Arc::clone(notebook));
        case
    };
    for shards in 1..=7 {
        let notebook = Arc::new(Notebook::new());
        for earlier in 0..2 {
            let case = night(&whole, earlier, &notebook);
            let sharded = case.sharded(shards);
            same_beside_carrying(&sharded, &case.report());
            assert_eq!(sharded.carried.days > 0, earlier > 0, "{shards}");
        }
        let mut carried = 0;
        for damage in Damage::ALL.iter().skip(shards - 1).step_by(7) {
            let mut damaged = whole.clone();
            if damaged.apply(*damage).is_ok() {
                println!("{damage} in {shards} shards");
                let case = night(&damaged, 2, &Arc::new(notebook.copy()));
                let sharded = case.sharded(shards);
                same_beside_carrying(&sharded, &case.report());
                carried += sharded.carried.days;
            }
        }
        assert!(carried > 0, "{shards}");
    }
}

#[test]
fn a_lost_part_is_told_with_its_sites_and_accuses_nobody() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let (plan, id) = case.planned(3);
    for lost in 0..3 {
        let report = case.merged(&plan, |shard| {
            if shard == lost { Err("nothing was handed in".into()) } else { case.handed_in(&plan, id, shard) }
        });
        assert_eq!(report.exit_code(), 3, "{:#?}", report.findings);
        assert!(
            report.findings.iter().all(|finding| finding.class() != Class::Tamper),
            "{:#?}",
            report.findings
        );
        let told = report.findings.iter().filter(|finding| finding.code() == Code::PartMissing);
        let told: Vec<String> = told.map(|finding| message(finding).into_owned()).collect();
        assert_eq!(told.len(), plan.shards[lost].len(), "{told:?}");
        assert!(report.findings.iter().all(|finding| finding.code() != Code::ListingUnreadable));
        assert!(
            told.iter().all(|told| told.contains(&format!("shard {lost}")) && told.contains("nothing was handed in")),
            "{told:?}"
        );
    }
    let nothing = case.merged(&plan, |_| Err("nothing was handed in".into()));
    assert_eq!(nothing.exit_code(), 3);
}

#[test]
fn tampering_in_another_part_still_wins() {
    let mut world = days_long(&[]);
    world.apply(Damage::LogDeleted).unwrap();
    let case = Case::new(&world, Keeps::Metadata);
    let (plan, id) = case.planned(3);
    let tampered = |report: &Report| report.exit_code() == 1;
    let without = |lost| {
        case.merged(&plan, |shard| {
            if shard == lost { Err("it was cut short".into()) } else { case.handed_in(&plan, id, shard) }
        })
    };
    let reports: Vec<Report> = (0..3).map(without).collect();
    assert!(reports.iter().filter(|report| tampered(report)).count() >= 2);
    assert!(reports.iter().all(|report| report.exit_code() != 0));
}

#[test]
fn an_account_that_is_newer_than_the_plan_is_told() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let (mut plan, id) = case.planned(2);
    let parts: Vec<Part> = (0..2).map(|shard| case.handed_in(&plan, id, shard).unwrap()).collect();
    // As if it had not been there when the plan was made.
    let newest = plan.sites.len() - 1;
    let place = plan.sites.pop().unwrap().site.place;
    plan.shards.iter_mut().for_each(|pieces| pieces.retain(|piece| piece.site != newest));
    let report = case.merged(&plan, |shard| Ok(parts[shard].clone()));
    assert_eq!(report.exit_code(), 3);
    let told = report.findings.iter().find(|finding| finding.code() == Code::PartMissing).unwrap();
    assert_eq!(told.scope.account, Some(place.account));
    assert!(message(told).contains("when the run was planned"), "{}", message(told));
}

#[test]
fn a_part_is_its_own_shard_s_of_its_own_plan_and_whole() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let (plan, id) = case.planned(2);
    let (_, other) = case.planned(3);
    let json = case.handed_in(&plan, id, 0).unwrap().to_json(id, 0).unwrap();
    assert!(Part::is_whole(&json, id, 0));
    assert!(matches!(Part::from_json(&json, id, 1), Err(NotAPart::Another { shard: 0, .. })));
    assert!(matches!(Part::from_json(&json, other, 0), Err(NotAPart::Another { .. })));
    for cut in [json.len() - 1, json.len() / 2] {
        assert!(matches!(Part::from_json(&json[..cut], id, 0), Err(NotAPart::Changed)));
    }
    assert!(matches!(Part::from_json(&json[..20], id, 0), Err(NotAPart::Malformed)));
    let mut edited = json.clone();
    let at = edited.len() - 30;
    edited[at] ^= 1;
    assert!(Part::from_json(&edited, id, 0).is_err());
    // Made again, it says the same.
    assert_eq!(case.handed_in(&plan, id, 0).unwrap().to_json(id, 0).unwrap(), json);
}

#[test]
fn a_plan_that_was_edited_or_made_by_another_version_is_refused() {
    let case = Case::new(&days_long(&[]), Keeps::Metadata);
    let (json, _) = case.planned(2).0.to_json().unwrap();
    let text = String::from_utf8(json).unwrap();
    let read = |text: &str, tool| ShardPlan::from_json(text.as_bytes(), (tool, trailseal::audit::RULES));
    assert!(read(&text, "test").is_ok());
    assert!(matches!(read(&text, "9.9.9"), Err(NotAPlan::Version { .. })));
    let edited = text.replacen("\"grace_seconds\":10800", "\"grace_seconds\":90000", 1);
    assert_ne!(edited, text);
    assert!(matches!(read(&edited, "test"), Err(NotAPlan::Changed { .. })));
    assert!(matches!(read(&text[..text.len() / 2], "test"), Err(NotAPlan::Malformed(_))));
    assert!(matches!(read(&text.replacen("plan/v1", "plan/v2", 1), "test"), Err(NotAPlan::Schema(_))));
}

/// A store that has stopped answering on the way.
struct Gone(Memory);

#[async_trait]
impl ObjectStore for Gone {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.0.list(listing).await
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.0.get(object, admission).await
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.0.stream(object, take).await
    }

    fn condition(&self) -> Condition {
        let outage = Outage { bucket: "example-trail-bucket".into(), detail: "for 180 s: timed out".into() };
        Condition { outages: vec![outage], ..Condition::default() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_stops_answering_leaves_no_part() {
    let world = days_long(&[]);
    let case = Case::new(&world, Keeps::Metadata);
    let (plan, _) = tokio::task::spawn_blocking(move || case.planned(1)).await.unwrap();
    let keys = Arc::new(KeySource::Files(Arc::new(plan.keys.clone())));
    let (_stopper, stop) = Stopper::new();
    let store = Arc::new(Gone(Memory::new(&world, Keeps::Metadata, 1000)));
    let pieces = plan.pieces(0).unwrap();
    let part = audit::shard(plan.brief, pieces, None, Ports::unwatched(store, keys, stop)).await;
    let error = part.unwrap_err().to_string();
    assert!(error.contains("handed in no part; run it again") && error.contains("timed out"), "{error}");
}
