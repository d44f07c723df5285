//! A name the caller gives is a claim to be met: every account, region and trail named or expected has to have standard
//! digests in the window, each for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use trailseal::audit::{Plan, TrailFilter};
use trailseal::forge::{self, World};
use trailseal::report::Code;
use trailseal::trail::key::DigestKey;

use crate::support::judged::{holds, place_of};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, run};

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let trails = ["management-events", "data-events"].map(|name| name.parse().unwrap()).into();
    World::forge(&forge::WorldPlan { regions: 2, trails, turns: [].into(), ..forge::WorldPlan::default() })
        .unwrap()
});

fn memory() -> Memory {
    Memory::new(&WORLD, Keeps::Metadata, 1000)
}

fn asked(accounts: &[&str], regions: &[&str], trails: &[&str]) -> Plan {
    let mut plan = plan(&WORLD.truth());
    plan.scope.accounts = accounts.iter().map(|name| name.parse().unwrap()).collect();
    plan.scope.regions = regions.iter().map(|name| name.parse().unwrap()).collect();
    let filter = |name: &&str| TrailFilter { name: name.parse().unwrap(), home_region: None };
    plan.scope.trails = trails.iter().map(filter).collect();
    plan
}

type Names<'a> = &'a [&'a str];

#[test]
fn every_name_is_met_for_itself() {
    let accounts = WORLD.truth().accounts;
    let (first, second) = (accounts[0].as_str(), accounts[1].as_str());
    let whole: [(Names<'_>, Names<'_>, Names<'_>); 4] = [
        (&[first], &[], &[]),
        (&[first, second], &["us-east-1", "eu-central-1"], &[]),
        (&[], &["us-east-1"], &["data-events"]),
        (&[], &[], &["data-events", "management-events"]),
    ];
    for (accounts, regions, trails) in whole {
        holds(&run(asked(accounts, regions, trails), memory(), &WORLD), 0, &[]);
    }
    let unmet: [(Names<'_>, Names<'_>, Names<'_>, usize); 5] = [
        (&["999999999999"], &[], &[], 1),
        (&[first, "999999999999", "888888888888"], &[], &[], 2),
        (&[], &["us-east-1", "mx-central-1"], &[], 1),
        (&[], &[], &["data-events", "no-such-trail"], 1),
        (&["999999999999"], &["mx-central-1"], &["no-such-trail"], 3),
    ];
    for (accounts, regions, trails, count) in unmet {
        let report = run(asked(accounts, regions, trails), memory(), &WORLD);
        holds(&report, 3, &[("incomplete region-absent", count)]);
    }
}

#[test]
fn a_trail_whose_digests_are_all_gone_is_absent_though_another_fills_the_folder() {
    let mut store = memory();
    let trail = WORLD.plan().trails[1].clone();
    store
        .objects()
        .retain(|object, _| DigestKey::parse(&object.key).is_none_or(|key| key.chain.trail != trail));
    let report = run(asked(&[], &[], &["data-events"]), store, &WORLD);
    let absent = report.findings.iter().find(|finding| finding.code() == Code::RegionAbsent).unwrap();
    assert_eq!(absent.scope.trail.as_ref(), Some(&trail));
}

#[test]
fn an_expected_region_is_met_by_every_account() {
    let mut store = memory();
    let place = WORLD.chains().last().unwrap().id.place.clone();
    store.objects().retain(|object, _| place_of(&object.key).as_ref() != Some(&place));
    let mut named = asked(&[], &["eu-central-1"], &[]);
    holds(&run(named.clone(), store.clone(), &WORLD), 0, &[]);
    named.expected.regions.insert(place.region.clone());
    let report = run(named, store, &WORLD);
    holds(&report, 3, &[("incomplete region-absent", 1)]);
    assert_eq!(report.findings[0].scope.account, Some(place.account));
}
