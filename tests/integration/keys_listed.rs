//! AWS's own list of keys is asked for with the same patience as the record itself: a region whose keys are not had is
//! a region unproven.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use trailseal::aws::Load;
use trailseal::aws::failure::FailureKind;
use trailseal::forge::{Plan, World};
use trailseal::keys::KeySource;
use trailseal::keys::aws::{KeyError, ListPublicKeys};
use trailseal::keys::source::AskedKeys;
use trailseal::trail::parse_time;
use trailseal::verdict::{Class, Code};

use crate::support::client::{self, quick, session};
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;
use crate::support::verify::plan;

const RATE_EXCEEDED: Fault = Fault::Refuse(400, "ThrottlingException", "Rate exceeded");

fn world() -> World {
    World::forge(&Plan { regions: 2, ..Plan::default() }).unwrap()
}

fn serve(forged: &World) -> Server {
    Server::start(forged::world(forged, Encoding::Mixed))
}

async fn fetch(server: &Server, forged: &World, load: Load) -> Result<usize, KeyError> {
    let list = ListPublicKeys::new(&session(server, load));
    let keys = list.fetch(&"us-east-1".parse().unwrap(), forged.plan().window()).await?;
    Ok(keys.len())
}

/// Fails the first so many questions for keys.
fn at_first(times: usize, fault: Fault) -> faults::Script {
    faults::script(move |call| {
        (call.action == Action::ListPublicKeys && call.number < times).then(|| fault.clone())
    })
}

#[tokio::test]
async fn throttling_is_borne_with_as_long_as_s3s() {
    let forged = world();
    let load = quick();
    let last = load.throttled_attempts as usize - 1;
    let server = serve(&forged);
    server.fail(at_first(last, RATE_EXCEEDED));
    assert!(fetch(&server, &forged, load.clone()).await.unwrap() > 0);
    assert_eq!(server.take_counts(), [(Action::ListPublicKeys, last + 1)].into());
    let server = serve(&forged);
    server.fail(at_first(last + 1, RATE_EXCEEDED));
    let error = fetch(&server, &forged, load).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Throttled, "{error}");
    assert_eq!(server.take_counts(), [(Action::ListPublicKeys, last + 1)].into());
}

#[tokio::test]
async fn what_breaks_is_asked_again_and_what_is_settled_is_not() {
    let forged = world();
    let attempts = quick().attempts as usize;
    let expired = "Signature expired: 20260301T000000Z is now earlier than 20260301T010000Z";
    let cases = [
        (Fault::Refuse(500, "InternalFailure", "later"), attempts),
        (Fault::Reset, attempts),
        (Fault::CutAt(5), attempts),
        (faults::login_page(), attempts),
        (Fault::Refuse(400, "InvalidSignatureException", expired), attempts),
        (Fault::Refuse(400, "InvalidSignatureException", "wrong secret"), 1),
        (Fault::Refuse(400, "AccessDeniedException", "no"), 1),
    ];
    for (fault, asked) in cases {
        let server = serve(&forged);
        server.fail(at_first(usize::MAX, fault.clone()));
        let error = fetch(&server, &forged, quick()).await.expect_err(&format!("{fault:?}"));
        assert_eq!(server.take_counts(), [(Action::ListPublicKeys, asked)].into(), "{fault:?}: {error}");
        let server = serve(&forged);
        server.fail(at_first(asked - 1, fault.clone()));
        assert!(fetch(&server, &forged, quick()).await.unwrap() > 0, "{fault:?}");
    }
}

#[test]
fn a_list_that_stays_away_proves_nothing_and_accuses_nobody() {
    let forged = world();
    let now = parse_time(&forged.truth().now).unwrap();
    let run = |script: faults::Script| {
        let server = serve(&forged);
        server.fail(script);
        let keys = AskedKeys::new(ListPublicKeys::new(&session(&server, quick())), now);
        client::run(&server, plan(&forged.truth()), KeySource::Aws(Box::new(keys)), quick()).report
    };
    assert_eq!(run(faults::none()).exit_code(), 0);
    for fault in [RATE_EXCEEDED, faults::login_page(), Fault::Reset, Fault::DENIED] {
        let report = run(at_first(usize::MAX, fault.clone()));
        assert_eq!(report.exit_code(), 3, "{fault:?}");
        assert!(report.findings.iter().all(|finding| finding.class != Class::Tamper), "{fault:?}");
        assert!(report.findings.iter().any(|finding| finding.code == Code::KeysUnavailable), "{fault:?}");
    }
}
