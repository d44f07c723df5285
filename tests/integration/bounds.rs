//! What the bucket's owner may put there by the thousand, and what becomes of it: all is counted, not all is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::TimeDelta;
use trailseal::audit::Plan;
use trailseal::forge::{self, World};
use trailseal::render::message;
use trailseal::render::{self, Format, Heartbeat, human, json};
use trailseal::report::{Class, Code};
use trailseal::report::{MOST_OF_A_KIND, Report};
use trailseal::store::Metadata;
use trailseal::trail::ObjectName;
use trailseal::trail::key::LogKey;

use crate::support::judged::{far_place, holds};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, run};

const MORE: usize = 300;

fn world() -> World {
    World::forge(&forge::WorldPlan { accounts: 1, regions: 2, ..forge::WorldPlan::default() }).unwrap()
}

/// So many forged log files beside the real ones of one place.
fn flooded(world: &World, files: usize, page: usize) -> Memory {
    let mut store = Memory::new(world, Keeps::Metadata, page);
    let place = far_place(world);
    let (like, key) = store
        .objects()
        .keys()
        .find_map(|object| {
            Some((object.clone(), LogKey::parse(&object.key).filter(|key| key.place == place)?))
        })
        .unwrap();
    let delivered = world.plan().start + TimeDelta::hours(3);
    for number in 0..files {
        let forged = LogKey { delivered, unique: format!("Forged{number:010}").into(), ..key.clone() };
        let object = ObjectName::new(like.bucket.clone(), forged.to_string());
        store.objects().insert(object, ("x".into(), Metadata::NotKept(None)));
    }
    store
}

fn rendered(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    render::write(format, report, &human::Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn more_forged_files_than_a_report_holds_are_all_counted() {
    let world = world();
    let report = run(plan(&world.truth()), flooded(&world, MOST_OF_A_KIND + MORE, 1000), &world);
    let all = (MOST_OF_A_KIND + MORE) as u64;
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.totals.logs.unlisted, all);
    assert_eq!(report.count(Class::Tamper, Code::LogUnlisted), all);
    assert_eq!(report.findings.len(), MOST_OF_A_KIND);
    for format in [Format::Human, Format::Markdown, Format::Html] {
        let text = rendered(&report, format);
        assert!(text.contains("4,300"), "{format}");
        assert!(text.contains("more findings were counted"), "{format}");
    }
    for format in [Format::Csv, Format::Junit, Format::Ocsf(Heartbeat::Silent)] {
        let more = "300 more findings like this were counted and are not listed";
        assert!(rendered(&report, format).contains(more), "{format}");
    }
    for format in [Format::Human, Format::Html] {
        let text = rendered(&report, format).replace("\n  ", " ");
        assert!(text.contains("300 findings that are counted and not listed are not marked."), "{format}");
    }
    assert!(rendered(&report, Format::Prometheus).contains("code=\"log-unlisted\",class=\"tamper\"} 4300"));
    let text = rendered(&report, Format::Json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["findings_omitted"], serde_json::json!({"log-unlisted": MORE}));
    assert_eq!(rendered(&json::read(text.as_bytes()).unwrap(), Format::Json), text);
}

#[test]
fn which_are_told_does_not_depend_on_how_they_are_listed() {
    let world = world();
    let told = |page| {
        let store = flooded(&world, MOST_OF_A_KIND + 2 * MORE, page);
        let mut report = run(plan(&world.truth()), store, &world);
        report.arguments.clear();
        report
    };
    let report = told(1000);
    assert_eq!(told(7), report);
    assert_eq!(told(100_000), report);
}

#[test]
fn a_flood_of_odd_names_hides_no_day_behind_it() {
    let world = world();
    let mut store = flooded(&world, 1, 1000);
    let of = LogKey::parse(&store.objects().keys().find(|object| object.key.contains("Forged")).unwrap().key);
    let folder = of.unwrap().folder();
    let bucket = world.plan().bucket.clone();
    for number in 0..10_001 {
        // Before any year in the order of names.
        let name = ObjectName::new(&*bucket, format!("{folder}0-{number:05}.json.gz"));
        store.objects().insert(name, ("x".into(), Metadata::NotKept(None)));
    }
    let report = run(plan(&world.truth()), store, &world);
    assert_eq!(report.count(Class::Tamper, Code::LogUnlisted), 1);
    assert_eq!(report.count(Class::Incomplete, Code::LogUnlisted), 10_000);
    let flood = report.findings.iter().find(|finding| finding.code() == Code::ListingUnreadable).unwrap();
    assert!(message(flood).contains("0-10000.json.gz"), "{}", message(flood));
}

#[test]
fn findings_that_were_accepted_stay_counted() {
    let world = world();
    let asked = Plan { accept: [Code::LogUnlisted].into(), ..plan(&world.truth()) };
    let report = run(asked, flooded(&world, MOST_OF_A_KIND + MORE, 1000), &world);
    assert_eq!(report.exit_code(), 0);
    assert_eq!(report.count(Class::Notice, Code::LogUnlisted), (MOST_OF_A_KIND + MORE) as u64);
    assert!(rendered(&report, Format::Human).contains("4,300"));
}

#[test]
fn no_chain_passes_for_whole_because_its_findings_are_not_held() {
    let world = world();
    let mut report = run(plan(&world.truth()), flooded(&world, MOST_OF_A_KIND + MORE, 1000), &world);
    let verified = |report: &Report| rendered(report, Format::Junit).matches("chain verified").count();
    let before = verified(&report);
    report.chains.last_mut().unwrap().logs.modified = 1;
    assert_eq!(verified(&report), before - 1);
}

#[test]
fn as_many_as_a_report_holds_are_all_told() {
    let world = world();
    let report = run(plan(&world.truth()), flooded(&world, MOST_OF_A_KIND, 1000), &world);
    holds(&report, 1, &[("tamper log-unlisted", MOST_OF_A_KIND)]);
    assert!(report.omitted.is_empty());
}
