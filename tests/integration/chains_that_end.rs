//! Chains that have digests before the window and none in it: they ended, were cut off, or go on elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use trailseal::audit::Ended;
use trailseal::audit::Plan;
use trailseal::forge::{self, Turn, World};
use trailseal::keys::{self, KeySource};
use trailseal::render::{self, message};
use trailseal::report::Report;
use trailseal::report::{Cause, Class, Code};
use trailseal::trail::key::DigestKey;
use trailseal::trail::{AccountRegion, ObjectName, Time};

use crate::support::judged::{counted, far_place, holds, is_digest, place_of, quiet};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, run, run_with};

const DAYS: u32 = 4;

fn forged(change: impl FnOnce(&mut forge::WorldPlan)) -> World {
    quiet(24 * DAYS, change)
}

static WORLD: LazyLock<World> = LazyLock::new(|| forged(|_| {}));
static TWO_TRAILS: LazyLock<World> = LazyLock::new(|| {
    forged(|plan| plan.trails = ["management-events", "data-events"].map(|name| name.parse().unwrap()).into())
});

/// When the newest digests of a world are just here.
fn now(world: &World) -> Time {
    world.plan().window().end + TimeDelta::minutes(100)
}

/// What a nightly check asks: the last so many hours, with an open end.
fn last(world: &World, hours: i64) -> Plan {
    let now = now(world);
    Plan { start: Some(now - TimeDelta::hours(hours)), end: None, now, ..plan(&world.truth()) }
}

fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

/// Takes away whatever a place has from `from` on.
fn cut(store: &mut Memory, place: &AccountRegion, from: Time) {
    store.objects().retain(|object, _| {
        let moment = match DigestKey::parse(&object.key) {
            Some(digest) => digest.end,
            None => trailseal::trail::key::LogKey::parse(&object.key).unwrap().delivered,
        };
        place_of(&object.key).as_ref() != Some(place) || moment < from
    });
}

/// The end of the newest digest that a place still has.
fn newest(store: &mut Memory, place: &AccountRegion) -> Time {
    let ends = store.objects().keys().filter_map(|object| DigestKey::parse(&object.key));
    ends.filter(|key| key.chain.place == *place).map(|key| key.end).max().unwrap()
}

#[test]
fn a_region_cut_off_before_the_window_is_red_every_night() {
    let place = far_place(&WORLD);
    holds(&run(last(&WORLD, 26), memory(&WORLD), &WORLD), 0, &[]);
    for hours in [28, 36, 60] {
        let mut store = memory(&WORLD);
        cut(&mut store, &place, now(&WORLD) - TimeDelta::hours(hours));
        let report = run(last(&WORLD, 26), store.clone(), &WORLD);
        holds(&report, 3, &[("incomplete chain-ended", 1)]);
        let finding = &report.findings[0];
        assert_eq!(finding.scope.region.as_ref(), Some(&place.region));
        assert_eq!(
            DigestKey::parse(&finding.object.as_ref().unwrap().key).unwrap().end,
            newest(&mut store, &place)
        );
    }
}

#[test]
fn what_has_lawfully_ended_is_acknowledged_with_its_last_digest() {
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    cut(&mut store, &place, now(&WORLD) - TimeDelta::hours(40));
    let told = run(last(&WORLD, 26), store.clone(), &WORLD);
    let line: Ended = told.findings[0].evidence().0["acknowledge"].as_str().unwrap().parse().unwrap();
    assert_eq!(line.last, newest(&mut store, &place));

    let ended = |line: &Ended| Plan { ended: vec![line.clone()], ..last(&WORLD, 26) };
    let whole_account = Ended { region: None, trail: None, ..line.clone() };
    let other = Ended { account: "999999999999".parse().unwrap(), ..line.clone() };
    for word in [&line, &Ended { trail: None, ..line.clone() }, &whole_account] {
        let report = run(ended(word), store.clone(), &WORLD);
        holds(&report, 0, &[("notice chain-ended", 1)]);
    }
    holds(&run(ended(&other), store.clone(), &WORLD), 3, &[("incomplete chain-ended", 1)]);
    // One more digest gone: the word does not hold any more.
    let mut cut_further = store.clone();
    cut(&mut cut_further, &place, line.last);
    let moved = run(ended(&line), cut_further, &WORLD);
    holds(&moved, 3, &[("incomplete chain-ended", 1)]);
    // And no line is offered that would cover it up.
    assert!(message(&moved.findings[0]).contains(&format!("--ended {line} acknowledged a later one")));
    assert!(!moved.findings[0].evidence().0.contains_key("acknowledge"));
    assert!(render::hints(&moved).iter().all(|hint| !hint.contains("--ended")), "{:?}", moved.hints);
    // A later last digest needs no word of its own.
    let earlier = Ended { last: line.last - TimeDelta::hours(5), ..line.clone() };
    holds(&run(ended(&earlier), store, &WORLD), 0, &[("notice chain-ended", 1)]);
    // The lines to paste stand in the report; a line whose chain goes on is said to be needless.
    let hinted = |report: &Report, words: &str| render::hints(report).iter().any(|hint| hint.contains(words));
    assert!(hinted(&told, &format!("--ended {}/{}@", line.account, place.region)), "{:?}", told.hints);
    let report = run(ended(&line), memory(&WORLD), &WORLD);
    holds(&report, 0, &[]);
    assert!(hinted(&report, &format!("{line} names goes on")), "{:?}", report.hints);
}

#[test]
fn a_trail_that_was_stopped_says_who_stopped_it() {
    let world = forged(|plan| plan.turns = [Turn::Restart].into());
    let stopped = world.plan().start + TimeDelta::hours(i64::from(world.plan().hours / 2) + 1);
    let mut store = memory(&world);
    for chain in world.chains() {
        cut(&mut store, &chain.id.place, stopped + TimeDelta::hours(1));
    }
    let report = run(last(&world, 26), store, &world);
    holds(&report, 3, &[("incomplete chain-ended", 2), ("notice trail-changed", 1)]);
    for finding in report.findings.iter().filter(|finding| finding.code() == Code::ChainEnded) {
        let Some(Cause::Event(event)) = &finding.cause else { panic!("unexplained: {finding:?}") };
        assert_eq!(&*event.event_name, "StopLogging");
    }
}

#[test]
fn how_far_is_looked_back_is_said_and_a_site_without_digests_since_is_looked_at_in_its_newest_day() {
    let look_back = TimeDelta::hours(30);
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    cut(&mut store, &place, WORLD.plan().start + TimeDelta::hours(10));
    let report = run(Plan { look_back, ..last(&WORLD, 26) }, store, &WORLD);
    holds(&report, 3, &[("incomplete chain-ended", 1)]);
    assert_eq!(report.looked_back_to, Some(now(&WORLD) - TimeDelta::hours(26 + 30)));

    // Beside a trail that is alive, one that ended longer ago is not seen: the report says how far was looked.
    let world = &*TWO_TRAILS;
    let (place, trail) = (far_place(world), world.plan().trails[1].clone());
    let mut store = memory(world);
    store.objects().retain(|object, _| {
        let key = DigestKey::parse(&object.key);
        key.is_none_or(|key| {
            key.chain.place != place
                || key.chain.trail != trail
                || key.end < world.plan().start + TimeDelta::hours(10)
        })
    });
    let near = run(Plan { look_back, ..last(world, 26) }, store.clone(), world);
    assert!(!counted(&near).contains_key("incomplete chain-ended"));
    assert!(render::not_proven(&near).iter().any(|sentence| sentence.contains("--look-back")));
    let far = run(last(world, 26), store, world);
    assert_eq!(counted(&far)["incomplete chain-ended"], 1);
}

#[test]
fn digests_on_both_sides_of_the_window_and_none_in_it_are_a_gap() {
    let world = forged(|plan| plan.turns = [Turn::Restart].into());
    let silent = world.plan().start + TimeDelta::hours(i64::from(world.plan().hours / 2) + 1);
    let (start, end) = (silent + TimeDelta::minutes(30), silent + TimeDelta::minutes(75));
    let asked = Plan { start: Some(start), end: Some(end), ..plan(&world.truth()) };
    let report = run(asked, memory(&world), &world);
    assert_eq!(counted(&report).get("incomplete coverage-gap"), Some(&2), "{:#?}", report.findings);
    assert_eq!(report.exit_code(), 3);
    assert!(report.findings.iter().all(|finding| finding.code() != Code::ChainEnded));
    // Far from the window too: a day between what is left on both sides. What links prove is missing, not ended.
    let place = far_place(&WORLD);
    let middle = WORLD.plan().start + TimeDelta::hours(48);
    let mut store = memory(&WORLD);
    store.objects().retain(|object, _| {
        let gone =
            |key: DigestKey| key.chain.place == place && (key.end - middle).abs() < TimeDelta::hours(12);
        !DigestKey::parse(&object.key).is_some_and(gone)
    });
    let (start, end) = (middle - TimeDelta::hours(3), middle + TimeDelta::hours(3));
    let report = run(Plan { start: Some(start), end: Some(end), ..plan(&WORLD.truth()) }, store, &WORLD);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(counted(&report)["incomplete coverage-gap"], 1);
    assert!(counted(&report)["tamper digest-missing"] >= 6, "{:?}", counted(&report));
}

#[test]
fn a_chain_that_moved_has_not_ended() {
    for turn in [Turn::BucketChange, Turn::PrefixChange] {
        let world = forged(|plan| plan.turns = [turn].into());
        for prefix in [world.truth().prefix, String::new()] {
            let report = run(Plan { prefix: prefix.into(), ..last(&world, 26) }, memory(&world), &world);
            holds(&report, 0, &[]);
        }
    }
}

#[test]
fn a_chain_that_begins_after_the_window_owes_it_nothing() {
    let world = forged(|plan| plan.turns = [Turn::LateRegion].into());
    let end = world.plan().start + TimeDelta::hours(20);
    let asked = Plan { start: Some(end - TimeDelta::hours(10)), end: Some(end), ..plan(&world.truth()) };
    holds(&run(asked, memory(&world), &world), 0, &[]);
}

// Conversions between an account's trail and an organization's.

#[test]
fn what_signed_links_join_over_the_organizations_seam_is_one_chain() {
    let world = forged(|plan| plan.turns = [Turn::OrganizationChange].into());
    let report = run(plan(&world.truth()), memory(&world), &world);
    holds(&report, 0, &[]);
    let organizations = report.chains.iter().filter(|chain| chain.id.place.organization.is_some()).count();
    assert_eq!((organizations, report.chains.len()), (2, 4));
    assert!(report.chains.iter().all(|chain| chain.gaps.is_empty()));
    // Looked at from after the seam, the older half lies before the window, and goes on.
    holds(&run(last(&world, 26), memory(&world), &world), 0, &[("notice chain-ended", 2)]);

    // The truly damaged twin: the last digest before the seam is gone.
    let seam = world.plan().start + TimeDelta::hours(i64::from(world.plan().hours / 2));
    let mut store = memory(&world);
    let victim = store
        .objects()
        .keys()
        .filter(|object| is_digest(&object.key))
        .find(|object| {
            let key = DigestKey::parse(&object.key).unwrap();
            key.chain.place == far_place(&world) && key.chain.place.organization.is_none() && key.end > seam
        })
        .cloned()
        .unwrap();
    store.objects().remove(&victim);
    let report = run(plan(&world.truth()), store, &world);
    assert_eq!(report.exit_code(), 1, "{:?}", counted(&report));
    let missing = report.findings.iter().find(|finding| finding.code() == Code::DigestMissing).unwrap();
    assert_eq!(missing.object.as_ref(), Some(&victim));
}

#[test]
fn a_link_over_the_seam_is_followed_to_a_folder_that_nobody_named() {
    let world = forged(|plan| plan.turns = [Turn::OrganizationChange].into());
    // Only the organization's folder is found: the root cannot be searched.
    let organization = "AWSLogs/o-convertedtrail/";
    let store = memory(&world);
    let hidden = crate::support::memory::Faulty {
        store,
        script: move |ask: crate::support::memory::Ask<'_>| match ask {
            crate::support::memory::Ask::List(_, prefix) => {
                let above = !prefix.starts_with(organization) && prefix.matches('/').count() <= 3;
                (above && prefix.matches('/').count() > 1).then_some(trailseal::store::StoreErrorKind::Denied)
            }
            crate::support::memory::Ask::Get(..) => None,
        },
        late: None,
    };
    let report = run(plan(&world.truth()), hidden, &world);
    assert!(report.findings.iter().all(|finding| finding.class() != Class::Tamper), "{:#?}", report.findings);
    assert_eq!(report.exit_code(), 3);
    assert_eq!(report.chains.len(), 4, "the older half is verified too");
}

/// Both worlds' objects in one store.
fn together(one: &World, other: &World) -> Memory {
    let mut store = memory(one);
    let mut more = memory(other);
    let modified = std::mem::take(more.modified());
    store.modified().extend(modified);
    let objects = std::mem::take(more.objects());
    store.objects().extend(objects);
    store
}

fn keys_of(worlds: &[&World]) -> KeySource {
    let mut ring = trailseal::keys::KeyRing::default();
    for world in worlds {
        ring.merge(keys::parse(&world.keys().json(), "keys.json").unwrap());
    }
    KeySource::Files(Arc::new(ring))
}

#[test]
fn a_trail_that_goes_on_under_an_organization_has_not_been_cut_off() {
    let before = forged(|_| {});
    let after = |hours: i64| {
        forged(|plan| {
            plan.organization = Some("o-exampleorgid".parse().unwrap());
            plan.start += TimeDelta::hours(hours);
        })
    };
    let soon = after(i64::from(24 * DAYS) + 2);
    let report = run_with(last(&soon, 26), together(&before, &soon), keys_of(&[&before, &soon]));
    holds(&report, 0, &[("notice chain-ended", 2)]);
    assert!(report.findings.iter().all(|finding| message(finding).contains("o-exampleorgid")));
    // Long after: nobody says that the one follows the other.
    let late = after(i64::from(24 * DAYS) + 40);
    let report = run_with(last(&late, 26), together(&before, &late), keys_of(&[&before, &late]));
    holds(&report, 3, &[("incomplete chain-ended", 2)]);
    // Cut off before it went on: there is too much between the two.
    let mut store = together(&before, &soon);
    for chain in before.chains() {
        cut(&mut store, &chain.id.place, before.plan().window().end - TimeDelta::hours(30));
    }
    let report = run_with(last(&soon, 26), store, keys_of(&[&before, &soon]));
    holds(&report, 3, &[("incomplete chain-ended", 2)]);
    // Both lived side by side for long, and one was cut off.
    let beside = after(4);
    let mut store = together(&before, &beside);
    for chain in before.chains() {
        cut(&mut store, &chain.id.place, before.plan().window().end - TimeDelta::hours(40));
    }
    let report = run_with(last(&beside, 26), store, keys_of(&[&before, &beside]));
    holds(&report, 3, &[("incomplete chain-ended", 2)]);
}

#[test]
fn an_acknowledged_end_softens_nothing_and_any_other_may_own_files() {
    let world = &*TWO_TRAILS;
    let (place, trail) = (far_place(world), world.plan().trails[1].clone());
    let own = |object: &ObjectName| {
        DigestKey::parse(&object.key).is_some_and(|key| key.chain.place == place && key.chain.trail == trail)
    };
    let stop = now(world) - TimeDelta::hours(40);
    let mut store = memory(world);
    let gone: Vec<ObjectName> = world
        .chains()
        .iter()
        .flat_map(|chain| &chain.digests)
        .filter(|digest| own(digest.object()) && DigestKey::parse(&digest.object().key).unwrap().end > stop)
        .flat_map(|digest| {
            digest.logs().iter().map(|log| log.object.clone()).chain([digest.object().clone()])
        })
        .collect();
    gone.iter().for_each(|object| drop(store.objects().remove(object)));
    crate::support::judged::plant(&mut store, &place, now(world) - TimeDelta::hours(12));
    let report = run(last(world, 26), store.clone(), world);
    holds(&report, 3, &[("incomplete chain-ended", 1), ("incomplete log-unlisted", 1)]);
    let unlisted = report.findings.iter().find(|finding| finding.code() == Code::LogUnlisted).unwrap();
    assert!(
        message(unlisted).contains("without log file validation looks like this"),
        "{}",
        message(unlisted)
    );

    let line = report.findings.iter().find_map(|finding| finding.evidence().0.remove("acknowledge")).unwrap();
    let ended = vec![line.as_str().unwrap().parse().unwrap()];
    let report = run(Plan { ended, ..last(world, 26) }, store, world);
    holds(&report, 1, &[("notice chain-ended", 1), ("tamper log-unlisted", 1)]);
}
