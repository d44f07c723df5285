//! Whole runs over S3: an organization with damages, through pages of every size and through every fault. What heals
//! changes no byte of the report; what does not heal is incomplete, and never a crime.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use trailseal::aws::RequestPolicy;
use trailseal::forge::{Damage, World, WorldPlan};
use trailseal::keys::{self, KeySource};
use trailseal::render::json;
use trailseal::report::Class;
use trailseal::report::Report;

use crate::support::client::{self, brief, quick, undisturbed};
use crate::support::faults::{self, Action, Fault, Script};
use crate::support::forged::{self, Encoding};
use crate::support::server::{Behaviour, Server};
use crate::support::verify::{plan, right, told};

const DAMAGES: [Damage; 8] = [
    Damage::LogEventEdited,
    Damage::LogDeleted,
    Damage::LogForged,
    Damage::LogTrailingBytes,
    Damage::DigestDeleted,
    Damage::DigestEdited,
    Damage::DigestRolledBack,
    Damage::DigestSwapped,
];

/// An organization of 5 accounts in 6 regions, and the same with damages.
static WHOLE: LazyLock<World> = LazyLock::new(|| {
    let organization = Some("o-exampleorgid".parse().unwrap());
    World::forge(&WorldPlan {
        accounts: 5,
        regions: 6,
        organization,
        prefix: "audit".into(),
        ..WorldPlan::default()
    })
    .unwrap()
});
static DAMAGED: LazyLock<World> = LazyLock::new(|| {
    let mut world = WHOLE.clone();
    for damage in DAMAGES {
        world.apply(damage).unwrap();
    }
    world
});

fn serve(world: &World) -> Server {
    Server::start(forged::world(world, Encoding::Mixed))
}

/// Patience enough for a busy machine: no fault here makes anyone wait.
const PATIENCE: Duration = Duration::from_secs(20);

fn run(server: &Server, world: &World) -> Report {
    run_with(server, world, RequestPolicy { answer_timeout: PATIENCE, ..quick() })
}

fn run_with(server: &Server, world: &World, load: RequestPolicy) -> Report {
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    client::run(server, plan(&world.truth()), KeySource::Files(Arc::new(ring)), load).report
}

fn text(report: &Report) -> String {
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_organization_is_verified_and_its_damages_are_found() {
    let world = &*DAMAGED;
    let report = run(&serve(world), world);
    assert_eq!(told(&report), right(&world.truth()));
    assert_eq!(report.exit_code(), world.truth().exit_code);
    assert_eq!(run(&serve(&WHOLE), &WHOLE).exit_code(), 0);
}

#[test]
fn page_size_and_faults_that_heal_change_no_byte_of_the_report() {
    let world = &*DAMAGED;
    let server = serve(world);
    let expected = text(&run(&server, world));
    let asked = |server: &Server| server.take_counts().values().sum::<usize>();
    let without_faults = asked(&server);
    let passing = || {
        let faults =
            vec![Fault::SLOW_DOWN, Fault::INTERNAL, Fault::Reset, Fault::CutAt(0), Fault::CutAt(100)];
        faults::at_random(11, 50, faults)
    };
    for (page_size, script) in [(1, faults::none()), (7, passing()), (1000, passing())] {
        server.behave(Behaviour { script, page_size, ..Behaviour::default() });
        let report = run(&server, world);
        let retried = report.totals.retries.total();
        assert_eq!(retried > 0, page_size > 1, "{:?}", report.totals.retries);
        assert!(text(&undisturbed(report)) == expected, "pages of {page_size} gave another report");
        assert!(
            asked(&server) > without_faults + without_faults / 50,
            "nothing failed, and no page was short"
        );
    }
}

/// Runs over the whole world with a fault for some of its objects, and gives the report.
fn with_fault(script: Script) -> Report {
    let server = serve(&WHOLE);
    server.fail(script);
    run_with(&server, &WHOLE, RequestPolicy { answer_timeout: PATIENCE, ..brief() })
}

#[test]
fn no_fault_is_a_crime() {
    let lasting = [
        Fault::DENIED,
        Fault::SLOW_DOWN,
        Fault::INTERNAL,
        Fault::EXPIRED,
        Fault::KMS_DENIED,
        Fault::Reset,
        Fault::CutAt(0),
        Fault::CutAt(50),
        Fault::Refuse(403, "InvalidObjectState", "archived"),
        Fault::Refuse(404, "GatewayLost", "not S3's word"),
        Fault::Refuse(404, "NoSuchBucket", "in a moment of confusion"),
    ];
    for fault in lasting {
        let own = fault.clone();
        let report = with_fault(faults::script(move |call| {
            // The digests and log files of two hours in every region.
            let chosen = call.action == Action::GetObject
                && ["T05", "T06"].iter().any(|hour| call.key.contains(&format!("20260301{hour}")));
            chosen.then(|| own.clone())
        }));
        let crimes: Vec<_> =
            report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
        assert!(crimes.is_empty(), "{fault:?} was called a crime: {crimes:#?}");
        assert_eq!(report.exit_code(), 3, "{fault:?}");
        assert!(report.totals.digests.unreadable > 0 && report.totals.logs.unreadable > 0, "{fault:?}");
        assert!(report.totals.digests.authentic > 200 && report.totals.logs.intact > 200, "{fault:?}");
    }
}

#[test]
fn a_listing_that_fails_is_no_deletion() {
    for fault in [Fault::DENIED, Fault::SLOW_DOWN, Fault::Reset, Fault::CutAt(200), Fault::EXPIRED] {
        let own = fault.clone();
        let report = with_fault(faults::script(move |call| {
            let chosen = call.action == Action::ListObjectsV2 && call.key.contains("/eu-central-1/");
            chosen.then(|| own.clone())
        }));
        let crimes: Vec<_> =
            report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
        assert!(crimes.is_empty(), "{fault:?} was called a crime: {crimes:#?}");
        assert_eq!(report.exit_code(), 3, "{fault:?}");
    }
}

#[test]
fn a_token_that_expires_on_the_way_leaves_what_was_learned() {
    let report = with_fault(faults::script(|call| (call.number >= 400).then_some(Fault::EXPIRED)));
    assert!(report.findings.iter().all(|finding| finding.class() != Class::Tamper));
    assert_eq!(report.exit_code(), 3);
    assert!(report.totals.digests.authentic > 0, "nothing was learned");
}

#[test]
fn archived_objects_are_named_for_restoring() {
    use crate::support::world::StorageClass::DeepArchive;
    let server = serve(&WHOLE);
    server.change(|world| {
        let objects = world.buckets.values_mut().flat_map(|bucket| &mut bucket.objects);
        for (_, stored) in objects.filter(|(key, _)| key.contains("20260301T05")) {
            stored.storage_class = DeepArchive;
        }
    });
    let report = run(&server, &WHOLE);
    assert_eq!(report.exit_code(), 3);
    let text = text(&report);
    assert!(text.contains("DEEP_ARCHIVE") && text.contains("restore"));
}

#[test]
fn a_window_costs_what_it_holds() {
    let long = World::forge(&WorldPlan {
        accounts: 2,
        regions: 2,
        hours: 24 * 8,
        logs_per_hour: 1,
        ..WorldPlan::default()
    })
    .unwrap();
    let server = serve(&long);
    let ring = Arc::new(keys::parse(&long.keys().json(), "keys.json").unwrap());
    let truth = long.truth();
    let mut costs = Vec::new();
    for hours in [6, 12, 48] {
        let mut plan = plan(&truth);
        let start = plan.start.unwrap() + chrono::TimeDelta::hours(50);
        (plan.start, plan.end) = (Some(start), Some(start + chrono::TimeDelta::hours(hours)));
        let report = client::run(&server, plan, KeySource::Files(ring.clone()), quick()).report;
        assert_eq!(report.exit_code(), 0, "{:#?}", report.findings);
        let read = report.totals.digests.total() + report.totals.logs.total();
        costs.push((read, server.take_counts()));
    }
    let empty = BTreeMap::new();
    let of = |counts: &BTreeMap<Action, usize>, action| counts.get(&action).copied().unwrap_or(0);
    for (read, counts) in &costs {
        let gets = of(counts, Action::GetObject);
        // Each digest and log file once, and the digests next to the window on both sides of each chain.
        assert!(gets as u64 >= *read && gets as u64 <= *read + 2 * 5 * 3, "{gets} GETs for {read} objects");
        assert_eq!(counts.keys().collect::<Vec<_>>(), [&Action::ListObjectsV2, &Action::GetObject]);
    }
    let pages = |at: usize| {
        of(&costs.get(at).map_or(empty.clone(), |(_, counts)| counts.clone()), Action::ListObjectsV2)
    };
    // Discovery, and for every account and region the days of the window in both folders, with a day on each side.
    assert!(pages(0) <= 10 + 4 * 2 * 4, "{} listings for 6 hours", pages(0));
    assert!(pages(2) <= 10 + 4 * 2 * 6, "{} listings for 48 hours", pages(2));
}
