//! Alerts to services of AWS: signed requests to the endpoints that the caller's configuration names, read by the tests' own server
//! and by moto, which nobody here wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::{Value, json};
use trailseal::forge::{Damage, World, WorldPlan};
use trailseal::trail::format_time;

use crate::s3_cli;
use crate::support::boto::Boto;
use crate::support::forged::{self, Encoding};
use crate::support::http::{Answer, Request};
use crate::support::moto::Moto;
use crate::support::post_box::PostBox;
use crate::support::server::Server;
use crate::support::world::Bucket;

static DAMAGED: LazyLock<World> = LazyLock::new(|| {
    let mut world = World::forge(&WorldPlan { accounts: 1, regions: 2, ..WorldPlan::default() }).unwrap();
    world.apply(Damage::LogEventEdited).unwrap();
    world
});

/// `verify` over the damaged record on the tests' own server.
fn verify(server: &Server, more: &[&str]) -> Command {
    let window = DAMAGED.plan().window();
    let mut command = s3_cli::program(server);
    command.args(["verify", "s3://example-trail-bucket", "--format", "json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]).args(more);
    command
}

fn run(command: &mut Command) -> (i32, Value, String) {
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
}

fn serve() -> Server {
    Server::start(forged::world(&DAMAGED, Encoding::Mixed))
}

/// Services of AWS that take everything.
fn services() -> PostBox {
    PostBox::start(|_, request| match request.header("x-amz-target") {
        Some(_) => Answer::new(
            200,
            "application/x-amz-json-1.1",
            r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#,
        ),
        None if request.path == "/findings/import" => {
            Answer::new(200, "application/json", r#"{"FailedCount":0,"SuccessCount":1,"FailedFindings":[]}"#)
        }
        None => Answer::new(200, "text/xml", "<PublishResponse/>"),
    })
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let text = String::from_utf8(request.body.to_vec()).unwrap();
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap());
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

#[test]
fn each_service_is_asked_at_its_endpoint_and_signed_for_its_region() {
    let (server, services) = (serve(), services());
    let bus = "arn:aws:events:eu-west-3:111122223333:event-bus/audit";
    let (code, _, said) = run(verify(
        &server,
        &[
            "--notify",
            "sns:arn:aws:sns:eu-west-1:111122223333:alerts.fifo",
            "--notify",
            &format!("eventbridge:{bus}"),
            "--notify",
            "eventbridge:default",
            "--notify",
            "securityhub",
        ],
    )
    .env("AWS_ENDPOINT_URL_SNS", services.url())
    .env("AWS_ENDPOINT_URL_EVENTBRIDGE", services.url())
    .env("AWS_ENDPOINT_URL_SECURITYHUB", services.url())
    .env("AWS_SESSION_TOKEN", "session"));
    assert_eq!(code, 1, "{said}");
    let posted = services.take();
    let asked: Vec<&Request> = posted.iter().collect();
    let scope = |request: &&&Request| request.scope().map(|(region, service)| format!("{service} {region}"));
    let mut scopes: Vec<String> = asked.iter().filter_map(|request| scope(&request)).collect();
    scopes.sort();
    let damaged = region_of_the_damage();
    assert_eq!(
        scopes,
        ["events eu-west-3", "events us-east-1", &format!("securityhub {damaged}"), "sns eu-west-1"],
        "{said}"
    );
    for request in &asked {
        assert_eq!((&*request.method, request.header("x-amz-security-token")), ("POST", Some("session")));
        assert!(request.header("authorization").unwrap().contains("Signature="));
    }
    let of = |service: &str| *asked.iter().find(|request| request.scope().unwrap().1 == service).unwrap();
    let sns = form(of("sns"));
    assert_eq!((&*sns["Action"], &*sns["MessageGroupId"]), ("Publish", "trailseal"));
    assert_eq!(sns["Subject"], "trailseal: TAMPERED s3://example-trail-bucket");
    assert!(sns["Message"].contains("log-modified (tamper)"), "{}", sns["Message"]);
    let buses: Vec<Value> = asked
        .iter()
        .filter(|request| request.header("x-amz-target") == Some("AWSEvents.PutEvents"))
        .map(|request| {
            serde_json::from_slice::<Value>(&request.body).unwrap()["Entries"][0]["EventBusName"].clone()
        })
        .collect();
    assert!(buses.contains(&bus.into()) && buses.contains(&"default".into()), "{buses:?}");
    let findings: Value = serde_json::from_slice(&of("securityhub").body).unwrap();
    assert_eq!(findings["Findings"][0]["GeneratorId"], "trailseal/log-modified");
    assert_eq!(said.matches("the alert was sent to").count(), 4, "{said}");
}

fn region_of_the_damage() -> String {
    let truth = DAMAGED.truth();
    truth.findings[0].region.clone()
}

#[test]
fn an_event_and_a_finding_that_are_not_taken_are_told() {
    let server = serve();
    let services = PostBox::start(|_, request| match request.header("x-amz-target") {
        Some(_) => Answer::new(
            200,
            "application/x-amz-json-1.1",
            r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow down"}]}"#,
        ),
        None => Answer::new(
            403,
            "application/json",
            r#"{"Code":"InvalidAccessException","Message":"Account is not subscribed to AWS Security Hub"}"#,
        ),
    });
    let (code, _, said) =
        run(verify(&server, &["--notify", "eventbridge:default", "--notify", "securityhub"])
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", services.url())
            .env("AWS_ENDPOINT_URL_SECURITYHUB", services.url()));
    assert_eq!(code, 1);
    assert!(
        said.contains("eventbridge:default was not told") && said.contains("slow down (tried 3 times)"),
        "{said}"
    );
    let told = format!("{}: InvalidAccessException: Account is not subscribed", region_of_the_damage());
    assert!(said.contains(&told), "{said}");
}

#[test]
fn what_was_told_is_kept_in_the_ledger_or_in_a_bucket() {
    let mut world = forged::world(&DAMAGED, Encoding::Mixed);
    world.buckets.insert("ledger-bucket".into(), Bucket::new(forged::BUCKET_REGION));
    let server = Server::start(world);
    let folder = tempfile::tempdir().unwrap();
    let kinds = |more: &[&str]| {
        let words = [&["--notify", "file:alerts.jsonl"], more].concat();
        let (code, _, said) = run(verify(&server, &words).current_dir(folder.path()));
        assert_eq!(code, 1, "{said}");
        let told = fs::read_to_string(folder.path().join("alerts.jsonl")).unwrap();
        fs::remove_file(folder.path().join("alerts.jsonl")).unwrap();
        let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["kind"].clone();
        told.lines().map(kind).collect::<Vec<_>>()
    };
    for place in [
        &["--ledger", "ledger"][..],
        &["--ledger", "s3://ledger-bucket/days"],
        &["--notify-state", "s3://ledger-bucket/alerts/told.jsonl"],
        &["--ledger", "ledger", "--notify-state", "told.jsonl"],
    ] {
        assert_eq!(kinds(place), ["red"], "{place:?}");
        assert_eq!(kinds(place), ["still-red"], "{place:?}");
    }
    let inside = ["--notify", "file:x", "--notify-state", "s3://example-trail-bucket/AWSLogs/told.jsonl"];
    let (code, _, said) = run(&mut verify(&server, &inside));
    assert!(code == 2 && said.contains("lies where the record lies"), "{said}");
}

/// `verify` over a folder, with moto as AWS.
fn verify_with(moto: &Moto, folder: &std::path::Path, more: &[&str]) -> (i32, Value, String) {
    let window = DAMAGED.plan().window();
    let mut command = Command::cargo_bin("trailseal").unwrap();
    command.env_clear().env("AWS_ENDPOINT_URL", moto.url()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDANYBODY").env("AWS_SECRET_ACCESS_KEY", "any-secret");
    command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    command.env("PATH", std::env::var_os("PATH").unwrap()).current_dir(folder);
    command.args(["verify", "bucket", "--keys", "keys.json", "--format", "json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]).args(more);
    run(&mut command)
}

/// A queue of moto's, and where it is read.
fn queue(boto: &mut Boto, name: &str) -> (String, String) {
    let url = boto.call("sqs", "create_queue", json!({ "QueueName": name }))["QueueUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let arn = boto.call("sqs", "get_queue_attributes", asked)["Attributes"]["QueueArn"]
        .as_str()
        .unwrap()
        .to_owned();
    (url, arn)
}

fn received(boto: &mut Boto, url: &str) -> Value {
    let answer = boto.call("sqs", "receive_message", json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }));
    let [message] = &answer["Messages"].as_array().unwrap_or_else(|| panic!("{answer}"))[..] else {
        panic!("{answer}")
    };
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

#[test]
fn moto_delivers_what_a_topic_and_a_bus_are_told() {
    let Some(moto) = Moto::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    DAMAGED.write(folder.path()).unwrap();
    let mut boto = moto.boto();
    let topic = boto.call("sns", "create_topic", json!({ "Name": "alerts" }))["TopicArn"]
        .as_str()
        .unwrap()
        .to_owned();
    let (mail, arn) = queue(&mut boto, "mail");
    boto.call("sns", "subscribe", json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": arn }));
    let (events, arn) = queue(&mut boto, "events");
    boto.call("events", "create_event_bus", json!({ "Name": "audit" }));
    let pattern = json!({ "source": ["trailseal"], "detail": { "verdict": ["tampered"] } }).to_string();
    boto.call(
        "events",
        "put_rule",
        json!({ "Name": "red", "EventBusName": "audit", "EventPattern": pattern }),
    );
    let targets = json!({ "Rule": "red", "EventBusName": "audit", "Targets": [{ "Id": "1", "Arn": arn }] });
    boto.call("events", "put_targets", targets);

    let told = ["--notify", &format!("sns:{topic}"), "--notify", "eventbridge:audit"].map(str::to_owned);
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let (code, report, said) = verify_with(moto, folder.path(), &told);
    assert_eq!(code, 1, "{said}");
    let mail = received(&mut boto, &mail);
    assert!(mail["Subject"].as_str().unwrap().starts_with("trailseal: TAMPERED "), "{mail:#}");
    assert_eq!(mail["MessageAttributes"]["verdict"]["Value"], "tampered");
    let object = report["findings"][0]["object"].as_str().unwrap();
    assert!(mail["Message"].as_str().unwrap().contains(object), "{mail:#}");
    let event = received(&mut boto, &events);
    assert_eq!(
        (&event["detail-type"], &event["source"]),
        (&"CloudTrail Record Red".into(), &"trailseal".into())
    );
    assert_eq!(
        (&event["detail"]["exit_code"], &event["detail"]["first"][0]["object"]),
        (&1.into(), &object.into())
    );

    let gone = topic.replace("alerts", "nowhere");
    let (code, _, said) = verify_with(moto, folder.path(), &["--notify", &format!("sns:{gone}")]);
    assert!(code == 1 && said.contains("was not told") && said.contains("NotFound"), "{said}");
}

#[test]
fn moto_imports_the_findings_of_the_callers_account_alone() {
    let Some(moto) = Moto::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    DAMAGED.write(folder.path()).unwrap();
    let (code, _, said) = verify_with(moto, folder.path(), &["--notify", "securityhub"]);
    assert_eq!(code, 1);
    let account = DAMAGED.plan().account_ids()[0].to_string();
    assert!(said.contains("findings of other accounts than") && said.contains(&account), "{said}");
    let role = format!("arn:aws:iam::{account}:role/trailseal");
    let (code, report, said) =
        verify_with(moto, folder.path(), &["--notify", "securityhub", "--assume-role", &role]);
    assert!(code == 1 && said.contains("the alert was sent to securityhub"), "{said}");
    assert_eq!(report["exit_code"], 1);
}
