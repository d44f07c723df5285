//! What a report has to say of a world, and what can be done to one by hand.

use std::collections::BTreeMap;

use trailseal::forge::{self, World};
use trailseal::report::Class;
use trailseal::report::Report;
use trailseal::store::Metadata;
use trailseal::trail::key::{DigestKey, LogKey, ObjectKey};
use trailseal::trail::{AccountRegion, ObjectName, Time};

use super::memory::Memory;

/// So many hours of one account in two regions, with little in them and nothing out of the ordinary but what `change`
/// makes of it.
pub fn quiet(hours: u32, change: impl FnOnce(&mut forge::WorldPlan)) -> World {
    let mut plan = forge::WorldPlan {
        accounts: 1,
        regions: 2,
        hours,
        logs_per_hour: 1,
        events_per_log: 2,
        turns: [].into(),
        ..forge::WorldPlan::default()
    };
    change(&mut plan);
    World::forge(&plan).unwrap()
}

/// `class code`, and how often.
pub fn counted(report: &Report) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in &report.findings {
        *counts.entry(format!("{} {}", finding.class().as_str(), finding.code())).or_insert(0) += 1;
    }
    counts
}

#[track_caller]
pub fn holds(report: &Report, exit: u8, findings: &[(&str, usize)]) {
    let expected: BTreeMap<String, usize> =
        findings.iter().map(|(finding, count)| ((*finding).to_owned(), *count)).collect();
    assert_eq!(counted(report), expected, "{:#?}", report.findings);
    assert_eq!(report.exit_code(), exit);
}

#[track_caller]
pub fn accuses_nobody(report: &Report, exit: u8) {
    let accusing: Vec<_> = report.findings.iter().filter(|it| it.class() == Class::Tamper).collect();
    assert!(accusing.is_empty(), "{accusing:#?}");
    assert_eq!(report.exit_code(), exit, "{:?}", counted(report));
}

pub fn place_of(key: &str) -> Option<AccountRegion> {
    Some(match ObjectKey::parse(key)? {
        ObjectKey::Digest(key) => key.chain.place,
        ObjectKey::Log(key) => key.place,
    })
}

pub fn is_digest(key: &str) -> bool {
    DigestKey::parse(key).is_some()
}

/// A place that is not a trail's home.
pub fn far_place(world: &World) -> AccountRegion {
    world
        .chains()
        .iter()
        .map(|chain| &chain.id)
        .find(|id| id.place.region != id.home_region)
        .unwrap()
        .place
        .clone()
}

/// Puts a log file beside the others of `place`, delivered at `time`.
pub fn plant(store: &mut Memory, place: &AccountRegion, time: Time) -> ObjectName {
    let (like, body) = store
        .objects()
        .iter()
        .find_map(|(object, (body, _))| {
            let key = LogKey::parse(&object.key).filter(|key| key.place == *place)?;
            Some(((object.bucket.clone(), key), body.clone()))
        })
        .unwrap();
    let minutes = time.timestamp() - time.timestamp().rem_euclid(300);
    let delivered = Time::from_timestamp(minutes, 0).unwrap();
    let key = LogKey { delivered, unique: "Planted0Planted0".into(), ..like.1 };
    let object = ObjectName::new(like.0, key.to_string());
    store.objects().insert(object.clone(), (body, Metadata::NotKept(None)));
    object
}

/// Holds that two texts are one, and shows where they are not.
#[track_caller]
pub fn same_text(one: &str, other: &str) {
    let differing: Vec<_> =
        one.lines().zip(other.lines()).filter(|(one, other)| one != other).take(8).collect();
    assert!(one == other, "{differing:#?}");
}
