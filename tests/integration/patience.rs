//! How long a store is borne with. A hiccup of up to three minutes spoils nothing but is told; a store that is really gone
//! ends the run early with what it knows, in one finding; and a run that is stopped ends at once, whatever it waits for.
//! All of it on a clock that jumps while everybody waits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use trailseal::audit::{AuditError, Plan};
use trailseal::aws::RequestPolicy;
use trailseal::forge::{self, Damage, World};
use trailseal::render::message;
use trailseal::render::{self, Format, human, json};
use trailseal::report::{Class, Code};
use trailseal::report::{Completion, Reached, Report};
use trailseal::store::StoreErrorKind;

use crate::support::client::{Timed, timed, undisturbed};
use crate::support::faults::{self, Action, Call, Fault, Script};
use crate::support::forged::{self, Encoding};
use crate::support::server::{Behaviour, Listings, Server};
use crate::support::verify::{plan, right, told};

const SECOND: Duration = Duration::from_secs(1);
const LATENCY: Duration = Duration::from_millis(20);
/// By then a run is under way.
const SOON: Duration = Duration::from_millis(90);

static WHOLE: LazyLock<World> = LazyLock::new(|| {
    World::forge(&forge::WorldPlan { prefix: "audit".into(), ..forge::WorldPlan::default() }).unwrap()
});
static DAMAGED: LazyLock<World> = LazyLock::new(|| {
    let mut world = WHOLE.clone();
    for damage in [Damage::LogEventEdited, Damage::LogDeleted, Damage::DigestDeleted, Damage::DigestSwapped] {
        world.apply(damage).unwrap();
    }
    world
});

fn run_plan(world: &World, plan: Plan, behaviour: Behaviour, stop_after: Option<Duration>) -> Timed {
    let server = Server::start(forged::world(world, Encoding::Mixed));
    server.behave(Behaviour { latency: LATENCY, ..behaviour });
    timed(&server, plan, RequestPolicy::default(), stop_after)
}

fn run(world: &World, script: Script) -> (Report, Duration) {
    let behaviour = Behaviour { script, ..Behaviour::default() };
    let Timed { outcome, took } = run_plan(world, plan(&world.truth()), behaviour, None);
    (outcome.unwrap(), took)
}

/// Fails those calls while the run is so old.
fn while_between(
    from: Duration,
    to: Duration,
    fault: Fault,
    of: impl Fn(&Call) -> bool + Send + Sync + 'static,
) -> Script {
    let began = OnceLock::new();
    faults::script(move |call| {
        let age = began.get_or_init(Instant::now).elapsed();
        (age >= from && age < to && of(call)).then(|| fault.clone())
    })
}

fn shown(report: &Report, format: Format) -> String {
    let mut bytes = Vec::new();
    render::write(format, report, &human::Options::default(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn text(report: Report) -> String {
    let mut bytes = Vec::new();
    json::write(&undisturbed(report), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn every_call(_: &Call) -> bool {
    true
}

#[test]
fn a_hiccup_changes_nothing_but_the_count_of_retries() {
    for world in [&*WHOLE, &*DAMAGED] {
        let (untroubled, usual) = run(world, faults::none());
        assert_eq!(untroubled.exit_code(), world.truth().exit_code);
        assert_eq!(untroubled.totals.retries.total(), 0);
        let expected = text(untroubled);
        for fault in [Fault::INTERNAL, Fault::SLOW_DOWN, Fault::Reset, Fault::CutAt(30), Fault::Silence] {
            for outage in [SECOND / 2, 2 * SECOND, 20 * SECOND, 100 * SECOND] {
                let script = while_between(SOON, SOON + outage, fault.clone(), every_call);
                let (report, took) = run(world, script);
                assert!(report.totals.retries.total() > 0, "{fault:?} for {outage:?}");
                assert!(took < usual + outage + 60 * SECOND, "{fault:?} for {outage:?} took {took:?}");
                assert!(text(report) == expected, "{fault:?} for {outage:?} gave another report");
            }
        }
    }
}

#[test]
fn retries_are_reported_by_what_they_were() {
    let (report, _) = run(&WHOLE, while_between(SOON, SOON + SECOND, Fault::SLOW_DOWN, every_call));
    let count = report.totals.retries.throttled;
    assert!(count > 0 && count == report.totals.retries.total());
    let shown = |format| shown(&report, format);
    assert!(shown(Format::Human).contains(&format!("sent again ({count} throttled)")));
    assert!(shown(Format::Prometheus).contains(&format!("cause=\"throttled\"}} {count}\n")));
    let again = json::read(shown(Format::Json).as_bytes()).unwrap();
    assert_eq!(again.totals.retries, report.totals.retries);
}

/// A name, and the calls that it stands for.
type Part = (&'static str, fn(&Call) -> bool);

/// Some digests, log files, listings and key lists.
const PARTS: [Part; 6] = [
    ("a digest", |call| call.action == Action::GetObject && is_of_an_hour(call, "_CloudTrail-Digest_")),
    ("log files", |call| call.action == Action::GetObject && is_of_an_hour(call, "_CloudTrail_")),
    ("digests of a region", |call| {
        call.action == Action::ListObjectsV2 && call.key.ends_with("/CloudTrail-Digest/eu-central-1/")
    }),
    ("a day of log files", |call| {
        call.action == Action::ListObjectsV2 && call.key.ends_with("/CloudTrail/eu-central-1/2026/03/01/")
    }),
    ("an account", |call| call.action == Action::ListObjectsV2 && call.key.ends_with("/CloudTrail-Digest/")),
    ("the keys of a region", |call| call.action == Action::ListPublicKeys && call.region == "eu-central-1"),
];

fn is_of_an_hour(call: &Call, kind: &str) -> bool {
    call.key.contains(kind) && call.key.contains("eu-central-1") && call.key.contains("20260301T05")
}

#[test]
fn what_fails_for_more_than_a_minute_is_tried_once_more_at_the_end() {
    for world in [&*WHOLE, &*DAMAGED] {
        let expected = text(run(world, faults::none()).0);
        for (name, part) in PARTS {
            // Long enough that the first round gives it up, short enough for the second.
            let (report, took) =
                run(world, while_between(Duration::ZERO, 100 * SECOND, Fault::INTERNAL, part));
            assert!(report.totals.retries.failed > 0, "{name}");
            assert!(took < 240 * SECOND, "{name} took {took:?}");
            let findings = format!("{:#?}", report.findings);
            assert!(text(report) == expected, "{name}: {findings}");
        }
    }
}

#[test]
fn what_fails_for_ever_is_unreadable_for_its_own_cause() {
    for (name, part) in PARTS {
        for fault in [Fault::INTERNAL, Fault::SLOW_DOWN, Fault::Reset, Fault::Silence] {
            let (report, took) =
                run(&WHOLE, while_between(Duration::ZERO, Duration::MAX, fault.clone(), part));
            assert_eq!(report.exit_code(), 3, "{name}, {fault:?}");
            assert!(took < 420 * SECOND, "{name}, {fault:?} took {took:?}");
            let codes: BTreeSet<Code> = report.findings.iter().map(|finding| finding.code()).collect();
            assert!(!codes.contains(&Code::StoreUnavailable), "{name}, {fault:?}: {codes:?}");
            no_crime(&report, name);
        }
    }
}

fn no_crime(report: &Report, name: &str) {
    let crimes: Vec<_> = report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
    assert!(crimes.is_empty(), "{name}: {crimes:#?}");
}

/// What may be said beside the one finding of a store that is gone.
fn nothing_follows(report: &Report, name: &str) {
    let open: Vec<_> =
        report.findings.iter().filter(|finding| finding.class() == Class::Incomplete).collect();
    let [gone] = open[..] else { panic!("{name}: {open:#?}") };
    assert_eq!(gone.code(), Code::StoreUnavailable, "{name}");
    assert!(
        message(gone).contains("s3://example-trail-bucket") && message(gone).contains("run again"),
        "{gone:#?}"
    );
    assert_eq!(gone.evidence().0["bucket"], "example-trail-bucket");
    assert!(gone.evidence().0.contains_key("last_answer"), "{gone:#?}");
    assert!(render::not_proven(report).iter().any(|limit| limit.contains("stopped answering")));
}

fn nothing_unreached_is_called_whole(report: &Report, name: &str) {
    let done = report.chains.iter().filter(|chain| chain.reached == Reached::Wholly).count();
    let human = shown(report, Format::Human);
    assert!(!human.contains("not due yet") && !human.contains("INTACT"), "{name}: {human}");
    let junit = shown(report, Format::Junit);
    assert_eq!(junit.matches("<system-out>").count(), done, "{name}: {junit}");
}

#[test]
fn a_store_that_is_gone_ends_the_run_within_four_minutes_in_one_finding() {
    let usual = run(&WHOLE, faults::none()).1;
    let mut cut_short = 0;
    for fault in [Fault::Silence, Fault::INTERNAL, Fault::SLOW_DOWN, Fault::Reset] {
        // In every phase of the run.
        for part in 1..8 {
            let from = usual * part / 8;
            let name = format!("{fault:?} from {from:?} on");
            let gone = || {
                while_between(from, Duration::MAX, fault.clone(), |call| {
                    call.action != Action::ListPublicKeys
                })
            };
            let (report, took) = run(&WHOLE, gone());
            assert_eq!(report.exit_code(), 3, "{name}: {:#?}", report.findings);
            assert!(took > 180 * SECOND && took < from + 240 * SECOND, "{name} took {took:?}");
            no_crime(&report, &name);
            nothing_follows(&report, &name);
            nothing_unreached_is_called_whole(&report, &name);
            cut_short += report.chains.iter().filter(|chain| chain.reached == Reached::InPart).count();
            let written = text(undisturbed(report));
            assert_eq!(text(json::read(written.as_bytes()).unwrap()), written);

            let (report, took) = run(&DAMAGED, gone());
            assert!(took < from + 240 * SECOND, "{name} took {took:?}");
            let accused = |told: BTreeSet<crate::support::verify::Told>| -> BTreeSet<_> {
                told.into_iter().filter(|told| told.0 == "tamper").collect()
            };
            let (found, right) = (accused(told(&report)), accused(right(&DAMAGED.truth())));
            assert!(found.is_subset(&right), "{name}: {found:#?}");
            assert_eq!(report.exit_code(), if found.is_empty() { 3 } else { 1 }, "{name}");
            let gone = report.findings.iter().filter(|finding| finding.code() == Code::StoreUnavailable);
            assert_eq!(gone.count(), 1, "{name}");
        }
    }
    assert!(cut_short > 0);
}

#[test]
fn what_was_named_is_not_called_absent_because_the_store_is_gone() {
    let mut plan = plan(&WHOLE.truth());
    plan.expected.regions = WHOLE.plan().region_names().into_iter().collect();
    plan.scope.regions = plan.expected.regions.clone();
    let script = while_between(4 * LATENCY, Duration::MAX, Fault::Silence, every_call);
    let timed = run_plan(&WHOLE, plan, Behaviour { script, ..Behaviour::default() }, None);
    let report = timed.outcome.unwrap();
    assert_eq!(report.exit_code(), 3);
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code()).collect();
    assert!(codes.contains(&Code::StoreUnavailable) && !codes.contains(&Code::RegionAbsent), "{codes:?}");
}

#[test]
fn a_store_that_never_was_there_is_no_run() {
    for fault in [Fault::Silence, Fault::INTERNAL, Fault::Reset] {
        let script = while_between(Duration::ZERO, Duration::MAX, fault.clone(), every_call);
        let plan = plan(&WHOLE.truth());
        let Timed { outcome, took } =
            run_plan(&WHOLE, plan, Behaviour { script, ..Behaviour::default() }, None);
        let Err(AuditError::Store(error)) = outcome else { panic!("{fault:?}: {outcome:?}") };
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{fault:?}: {error}");
        assert!(took >= 60 * SECOND && took < 120 * SECOND, "{fault:?} took {took:?}");
    }
}

#[test]
fn a_listing_in_circles_is_no_outage() {
    let listings_of = "/eu-central-1/";
    let behaviour =
        Behaviour { listings: Listings::Circling, listings_of, page_size: 2, ..Behaviour::default() };
    let Timed { outcome, took } = run_plan(&WHOLE, plan(&WHOLE.truth()), behaviour, None);
    let report = outcome.unwrap();
    assert_eq!(report.exit_code(), 3);
    assert!(took < 60 * SECOND, "{took:?}");
    no_crime(&report, "in circles");
    let codes: BTreeSet<Code> = report.findings.iter().map(|finding| finding.code()).collect();
    assert!(
        codes.contains(&Code::ListingUnreadable) && !codes.contains(&Code::StoreUnavailable),
        "{codes:?}"
    );
}

#[test]
fn a_run_that_is_stopped_ends_at_once_whatever_it_waits_for() {
    let stop = 7 * SECOND;
    let from_the_first_listing_on: Part = ("everything", every_call);
    for (name, part) in PARTS.into_iter().chain([from_the_first_listing_on]) {
        for fault in [Fault::Silence, Fault::INTERNAL, Fault::StallAt(10)] {
            let script = while_between(Duration::ZERO, Duration::MAX, fault.clone(), part);
            let mut plan = plan(&WHOLE.truth());
            plan.expected.accounts = ["999999999999".parse().unwrap()].into();
            let timed = run_plan(&WHOLE, plan, Behaviour { script, ..Behaviour::default() }, Some(stop));
            let report = timed.outcome.unwrap();
            assert_eq!(timed.took, stop, "{name}, {fault:?}");
            assert_eq!(
                (report.exit_code(), report.completion),
                (130, Completion::Interrupted),
                "{name}, {fault:?}"
            );
            no_crime(&report, name);
            nothing_unreached_is_called_whole(&report, name);
            let open = report.findings.iter().filter(|finding| finding.class() == Class::Incomplete);
            assert_eq!(open.count(), 0, "{name}, {fault:?}: {:#?}", report.findings);
        }
    }
}
