//! AWS's own list of keys is asked for with the same patience as the record itself: a region whose keys are not had is
//! a region unproven.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use tokio::time::Instant;
use trailseal::aws::RequestPolicy;
use trailseal::aws::failure::FailureKind;
use trailseal::forge::{World, WorldPlan};
use trailseal::keys::aws::{KeyError, ListPublicKeys};
use trailseal::report::{Class, Code};

use crate::support::client::{timed, wired};
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;
use crate::support::verify::plan;

const RATE_EXCEEDED: Fault = Fault::Refuse(400, "ThrottlingException", "Rate exceeded");

fn world() -> World {
    World::forge(&WorldPlan { regions: 2, ..WorldPlan::default() }).unwrap()
}

fn serve(forged: &World) -> Server {
    Server::start(forged::world(forged, Encoding::Mixed))
}

async fn fetch(server: &Server, forged: &World) -> Result<usize, KeyError> {
    let list = ListPublicKeys::new(&wired(server, RequestPolicy::default()));
    let keys = list.fetch(&"us-east-1".parse().unwrap(), forged.plan().window()).await?;
    Ok(keys.len())
}

/// Fails the first so many questions for keys.
fn at_first(times: usize, fault: Fault) -> faults::Script {
    faults::script(move |call| {
        (call.action == Action::ListPublicKeys && call.number < times).then(|| fault.clone())
    })
}

#[tokio::test(start_paused = true)]
async fn throttling_is_borne_with_as_long_as_s3s() {
    let forged = world();
    let server = serve(&forged);
    let began = Instant::now();
    server
        .fail(faults::script(move |_| (began.elapsed() < Duration::from_secs(50)).then_some(RATE_EXCEEDED)));
    assert!(fetch(&server, &forged).await.unwrap() > 0);
    assert!(began.elapsed() >= Duration::from_secs(50) && began.elapsed() < Duration::from_secs(60));
    server.fail(at_first(usize::MAX, RATE_EXCEEDED));
    let began = Instant::now();
    let error = fetch(&server, &forged).await.unwrap_err();
    assert!(error.detail.contains("no request") && error.detail.contains("Rate exceeded"), "{error}");
    assert!(began.elapsed() >= Duration::from_secs(180) && began.elapsed() < Duration::from_secs(190));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_is_asked_again_and_what_is_settled_is_not() {
    let forged = world();
    let expired = "Signature expired: 20260301T000000Z is now earlier than 20260301T010000Z";
    for fault in [
        Fault::Refuse(500, "InternalFailure", "later"),
        Fault::Reset,
        Fault::Silence,
        Fault::CutAt(5),
        faults::login_page(),
        Fault::Refuse(400, "InvalidSignatureException", expired),
    ] {
        let server = serve(&forged);
        server.fail(at_first(2, fault.clone()));
        assert!(fetch(&server, &forged).await.unwrap() > 0, "{fault:?}");
        assert_eq!(server.take_counts(), [(Action::ListPublicKeys, 3)].into(), "{fault:?}");
    }
    for fault in [
        Fault::Refuse(400, "InvalidSignatureException", "wrong secret"),
        Fault::Refuse(400, "AccessDeniedException", "no"),
    ] {
        let server = serve(&forged);
        server.fail(at_first(usize::MAX, fault.clone()));
        let error = fetch(&server, &forged).await.expect_err(&format!("{fault:?}"));
        assert_eq!(server.take_counts(), [(Action::ListPublicKeys, 1)].into(), "{fault:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_that_leads_to_no_region_is_given_up_once_for_all() {
    let forged = world();
    let server = serve(&forged);
    server.fail(at_first(usize::MAX, Fault::Silence));
    let list = ListPublicKeys::new(&wired(&server, RequestPolicy::default()));
    let began = Instant::now();
    for region in ["us-east-1", "eu-west-1", "eu-central-1", "ap-south-1"] {
        let error = list.fetch(&region.parse().unwrap(), forged.plan().window()).await.unwrap_err();
        assert!(error.detail.contains("no request"), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(240), "{:?}", began.elapsed());
}

#[test]
fn a_list_that_stays_away_proves_nothing_and_accuses_nobody() {
    let forged = world();
    let run = |script: faults::Script| {
        let server = serve(&forged);
        server.fail(script);
        timed(&server, plan(&forged.truth()), RequestPolicy::default(), None).outcome.unwrap()
    };
    assert_eq!(run(faults::none()).exit_code(), 0);
    for fault in [RATE_EXCEEDED, faults::login_page(), Fault::Reset, Fault::DENIED] {
        let own = fault.clone();
        let report =
            run(faults::script(move |call| (call.action == Action::ListPublicKeys).then(|| own.clone())));
        assert_eq!(report.exit_code(), 3, "{fault:?}");
        assert!(report.findings.iter().all(|finding| finding.class() != Class::Tamper), "{fault:?}");
        assert!(report.findings.iter().any(|finding| finding.code() == Code::KeysUnavailable), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_that_is_gone_takes_no_other_with_it() {
    let forged = world();
    let server = serve(&forged);
    server.fail(faults::script(|call| (call.region == "eu-central-1").then_some(Fault::Silence)));
    let list = ListPublicKeys::new(&wired(&server, RequestPolicy::default()));
    for _ in 0..3 {
        let error = list.fetch(&"eu-central-1".parse().unwrap(), forged.plan().window()).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::TimedOut, "{error}");
    }
    assert!(!list.fetch(&"us-east-1".parse().unwrap(), forged.plan().window()).await.unwrap().is_empty());
}
