//! CloudTrail and Account as the rest of the tool asks them: keys, trails, regions, and every way to be refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{DateTime, TimeDelta};
use trailseal::aws::failure::FailureKind;
use trailseal::aws::trails::{Logging, Owner, Trail, TrailArn, TrailRegions, Trails, Validation};
use trailseal::forge::{World, WorldPlan};
use trailseal::keys::PublicKey;
use trailseal::keys::aws::{KeyError, ListPublicKeys};
use trailseal::trail::{Region, Span};

use crate::support::client::{quick, session};
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;

fn world() -> World {
    let plan = WorldPlan {
        accounts: 1,
        organization: Some("o-exampleorgid".parse().unwrap()),
        ..WorldPlan::default()
    };
    World::forge(&WorldPlan { prefix: "audit/logs".into(), ..plan }).unwrap()
}

fn arn(forged: &World) -> TrailArn {
    forged::world(forged, Encoding::Mixed).trails[0].arn.parse().unwrap()
}

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

async fn fetch(server: &Server, name: &str, span: Span) -> Result<Vec<PublicKey>, KeyError> {
    ListPublicKeys::new(&session(server, quick())).fetch(&region(name), span).await
}

#[tokio::test]
async fn keys_come_with_region_window_and_origin_in_either_encoding() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let keys = fetch(&server, "us-west-2", forged.plan().window()).await.unwrap();
    let file = trailseal::keys::parse(&forged.keys().json(), "").unwrap();
    assert_eq!(keys.len(), file.iter().count());
    for key in &keys {
        let same = file.iter().find(|other| other.fingerprint == key.fingerprint).unwrap();
        assert_eq!(key.encoded, same.encoded);
        assert_eq!((key.valid_from, key.valid_to), (same.valid_from, same.valid_to));
        assert_eq!(key.region, Some(region("us-west-2")));
        assert_eq!(&*key.origin, "ListPublicKeys");
    }
    assert_eq!(server.take_counts(), [(Action::ListPublicKeys, 1)].into());
}

#[tokio::test]
async fn keys_are_asked_for_by_time_and_region_and_to_the_last_page() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let long_ago =
        Span { start: DateTime::from_timestamp(0, 0).unwrap(), end: DateTime::from_timestamp(9, 0).unwrap() };
    assert!(fetch(&server, "us-east-1", long_ago).await.unwrap().is_empty());
    assert!(fetch(&server, "ap-south-2", forged.plan().window()).await.unwrap().is_empty());
    server.change(|world| {
        let key = world.keys["us-east-1"][0].clone();
        let of_day = |day| {
            let valid_from = key.valid_from - TimeDelta::days(day);
            crate::support::world::ListedKey { fingerprint: format!("{day:032x}"), valid_from, ..key.clone() }
        };
        world.keys.insert("us-east-1".into(), (0..70).map(of_day).collect());
    });
    server.take_counts();
    assert_eq!(fetch(&server, "us-east-1", forged.plan().window()).await.unwrap().len(), 70);
    assert_eq!(server.take_counts(), [(Action::ListPublicKeys, 4)].into());
}

#[tokio::test]
async fn a_region_that_refuses_says_how() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let cases = [
        (
            Fault::Refuse(400, "AccessDeniedException", "an explicit deny in a service control policy"),
            FailureKind::Denied,
        ),
        (
            Fault::Refuse(
                400,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            FailureKind::Unrecognised,
        ),
        (Fault::Refuse(400, "ExpiredTokenException", "expired"), FailureKind::CredentialsExpired),
        (Fault::Refuse(400, "InvalidTimeRangeException", "no such range"), FailureKind::Failed),
    ];
    for (fault, kind) in cases {
        let Fault::Refuse(_, code, message) = fault.clone() else { unreachable!() };
        server.fail(faults::script(move |call| (call.region == "eu-south-2").then(|| fault.clone())));
        let error = fetch(&server, "eu-south-2", forged.plan().window()).await.unwrap_err();
        assert_eq!((error.kind, error.region.as_str()), (kind, "eu-south-2"), "{error}");
        assert!(error.detail.contains(code) && error.detail.contains(message), "{error}");
        fetch(&server, "us-east-1", forged.plan().window()).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_no_missing_key() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    server
        .change(|world| world.keys.get_mut("us-east-1").unwrap()[0].value = b"an algorithm to come".to_vec());
    let error = fetch(&server, "us-east-1", forged.plan().window()).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Failed);
    assert!(error.detail.contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn passing_faults_are_waited_out() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    server.fail(faults::script(|call| {
        (call.number == 0).then_some(Fault::Refuse(400, "ThrottlingException", "Rate exceeded"))
    }));
    assert!(!fetch(&server, "us-east-1", forged.plan().window()).await.unwrap().is_empty());
    assert_eq!(server.take_counts(), [(Action::ListPublicKeys, 2)].into());
}

#[tokio::test]
async fn a_trail_tells_where_it_delivers() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let trails = Trails::new(&session(&server, quick()));
    let expected = Trail {
        bucket: "example-trail-bucket".into(),
        prefix: "audit/logs/".into(),
        home_region: region("us-east-1"),
        owner: Owner::Organization,
        reach: TrailRegions::AllRegions,
        validation: Validation::On,
    };
    assert_eq!(trails.resolve(&arn(&forged)).await.unwrap(), expected);
    assert_eq!(server.take_counts(), [(Action::GetTrail, 1)].into());
    server.fail(faults::script(|call| {
        (call.action == Action::GetTrail).then_some(Fault::Refuse(
            400,
            "AccessDeniedException",
            "no GetTrail",
        ))
    }));
    assert_eq!(trails.resolve(&arn(&forged)).await.unwrap(), expected);
    assert_eq!(server.take_counts(), [(Action::GetTrail, 1), (Action::DescribeTrails, 1)].into());
}

#[tokio::test]
async fn a_trail_that_does_not_exist_is_not_found() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let trails = Trails::new(&session(&server, quick()));
    let absent: TrailArn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/absent".parse().unwrap();
    let error = trails.resolve(&absent).await.unwrap_err();
    assert_eq!(error.failure.kind, FailureKind::NotFound, "{error}");
    assert!(error.to_string().contains("trail/absent"), "{error}");
    server.fail(faults::script(|_| Some(Fault::Refuse(400, "AccessDeniedException", "nothing at all"))));
    let error = trails.resolve(&absent).await.unwrap_err();
    assert_eq!((error.action, error.failure.kind), ("DescribeTrails", FailureKind::Denied));
}

#[tokio::test]
async fn a_trails_status_and_an_accounts_regions() {
    let forged = world();
    let server = Server::start(forged::world(&forged, Encoding::Mixed));
    let trails = Trails::new(&session(&server, quick()));
    let status = trails.status(&arn(&forged)).await.unwrap();
    assert_eq!((status.logging, status.latest_digest_delivery), (Logging::On, Some(forged.plan().now())));
    assert_eq!((status.digest_error, status.delivery_error), (None, None));
    server.change(|world| {
        world.trails[0].status = serde_json::json!({
            "IsLogging": false, "LatestDigestDeliveryError": "AccessDenied", "LatestDeliveryError": ""
        });
    });
    let status = trails.status(&arn(&forged)).await.unwrap();
    assert_eq!((status.logging, status.latest_digest_delivery), (Logging::Off, None));
    assert_eq!((status.digest_error.as_deref(), status.delivery_error), (Some("AccessDenied"), None));
    let mut expected = forged.plan().region_names();
    expected.sort();
    assert_eq!(trails.enabled_regions(None).await.unwrap(), expected);
}
