//! What is written as JSON follows the schemas under `testdata/schemas/`, and they refuse what is none of it. The schemas are
//! open to fields that later versions add; here they are closed first, so that no field is written that they do not know.
//! Where there is no Python environment to hold the two against each other, that is said on stderr and nothing is proven.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use trailseal::forge::Damage;
use trailseal::render::{Format, json as report_json};
use trailseal::report::{Cause, Code, Completion, Report, Unseen};
use trailseal::trail::{Identity, Window};

use crate::binary::{WHOLE, WORLD, program};
use crate::notify::Scene;
use crate::posture;
use crate::render_formats::written;
use crate::render_worlds::{accepted, clean, damaged, every_code, mostly_carried, year_of_an_organization};
use crate::support::memory::{Keeps, Memory};
use crate::support::python::Python;
use crate::support::verify::{plan, run};

const REPORT: &str = "urn:trailseal:report:v1";
const LINES: &str = "urn:trailseal:lines:v1";
const PROOF: &str = "urn:trailseal:proof:v1";
const ALERT: &str = "urn:trailseal:alert:v1";
const POSTURE: &str = "urn:trailseal:posture:v1";

/// What is held against which schema, by a name to tell it by.
type Document = (String, &'static str, Value);

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/schemas").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The same schema, for documents with no other fields than it names.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            if fields.get("type") == Some(&json!("object")) && fields.contains_key("properties") {
                fields.insert("unevaluatedProperties".into(), false.into());
            }
            fields.values_mut().for_each(|value| *value = closed(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = closed(value.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

/// What is wrong with each document; none where there is no Python environment.
fn faults(schemas: &[Value], documents: &[Document]) -> Option<Vec<Vec<String>>> {
    let asked = json!({
        "schemas": schemas,
        "documents": documents.iter().map(|(_, schema, document)| (schema, document)).collect::<Vec<_>>(),
    });
    let mut python = Command::new(Python::get()?.program("python"))
        .args(["-c", include_str!("support/schema.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[track_caller]
fn all_follow(schemas: &[Value], documents: &[Document]) {
    let Some(faults) = faults(schemas, documents) else { return };
    let faults: Vec<String> = documents
        .iter()
        .zip(faults)
        .filter(|(_, faults)| !faults.is_empty())
        .map(|((name, ..), faults)| format!("{name}: {}", faults.join("\n    ")))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every line of a text as a document.
fn lines(name: &str, text: &str) -> Vec<Document> {
    let line = |line: &str| (name.to_owned(), LINES, serde_json::from_str(line).unwrap());
    text.lines().map(line).collect()
}

fn report(name: &str, report: &Report) -> Document {
    (name.to_owned(), REPORT, serde_json::from_str(&written(Format::Json, report)).unwrap())
}

/// Reports made by hand, with everything in them that a report can say.
fn by_hand() -> Vec<Report> {
    let mut reports = vec![clean(), damaged(), every_code(), year_of_an_organization(), mostly_carried()];
    reports.push(report_json::read(include_bytes!("empty-report.json")).unwrap());
    for (number, identity) in
        [Identity::Caller("arn:x".into()), Identity::AccessKey("TEST".into()), Identity::Anonymous]
            .into_iter()
            .enumerate()
    {
        let mut report = if number == 0 { damaged() } else { clean() };
        report.identity = Some(identity);
        report.completion = Completion::Interrupted;
        report.window = Window::reaching(None, report.window.end());
        report.totals.retries.throttled = 3;
        reports.push(report);
    }
    reports.push(accepted(damaged(), &[Code::LogModified, Code::CoverageGap]));
    let detail = || Box::from("what the store said");
    let unseen = [
        Unseen::Denied(detail()),
        Unseen::Archived(detail()),
        Unseen::KeyRefused(detail()),
        Unseen::Throttled(detail()),
        Unseen::CredentialsExpired(detail()),
        Unseen::CutOff(detail()),
        Unseen::TimedOut(detail()),
        Unseen::Unavailable(detail()),
        Unseen::Failed(detail()),
        Unseen::Interrupted,
    ];
    let counted = Cause::Digests { missing: 1, rejected: 2, unauthenticated: 4, unreadable: 3 };
    let causes =
        unseen.into_iter().map(Cause::Unseen).chain([counted, Cause::ChainStart, Cause::Unexplained]);
    reports.extend(causes.map(|cause| {
        let mut report = damaged();
        report.findings[0].cause = Some(cause);
        report
    }));
    reports
}

#[test]
fn every_report_follows_its_schema() {
    let mut documents = Vec::new();
    for (number, made) in by_hand().iter().enumerate() {
        documents.push(report(&format!("by hand, {number}"), made));
    }
    for damage in Damage::ALL {
        let mut world = WORLD.clone();
        world.apply(*damage).unwrap();
        let made = run(plan(&world.truth()), Memory::new(&world, Keeps::Metadata, 1000), &world);
        documents.push(report(damage.as_str(), &made));
    }
    all_follow(&[closed(schema("report-v1.json"))], &documents);
}

#[test]
fn every_line_follows_its_schema() {
    let mut documents = Vec::new();
    for (number, made) in by_hand().iter().enumerate() {
        documents.extend(lines(&format!("by hand, {number}"), &written(Format::Jsonl, made)));
    }
    let (folder, truth) = &*WHOLE;
    let output = program()
        .args(["verify", "bucket", "--keys", "keys.json", "--format", "jsonl", "--objects"])
        .args(["--start", &truth.window.start, "--end", &truth.window.end])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = lines("the program", &String::from_utf8(output.stdout).unwrap());
    assert!(told.iter().filter(|(.., line)| line["type"] == "object").count() > 100);
    documents.extend(told);
    all_follow(&[schema("report-v1.json"), closed(schema("lines-v1.json"))], &documents);
}

#[test]
fn every_proof_follows_its_schema() {
    let damages = [None, Some(Damage::LogEventEdited), Some(Damage::LogDeleted), Some(Damage::DigestDeleted)];
    let mut documents = Vec::new();
    for damage in damages {
        let mut world = WORLD.clone();
        if let Some(damage) = damage {
            world.apply(damage).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path()).unwrap();
        // Of the undamaged world, so that what was deleted is among them.
        let logs: Vec<PathBuf> = WORLD
            .objects()
            .keys()
            .filter(|name| name.key.contains("_CloudTrail_"))
            .map(|name| Path::new("bucket").join(&*name.key))
            .step_by(9)
            .collect();
        for log in logs {
            let output = program()
                .args(["prove", "--keys", "keys.json", "--format", "json"])
                .arg(&log)
                .current_dir(folder.path())
                .output()
                .unwrap();
            let proof = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
            documents.push((format!("{damage:?}, {}", log.display()), PROOF, proof));
        }
    }
    all_follow(&[schema("report-v1.json"), closed(schema("proof-v1.json"))], &documents);
}

#[test]
fn every_alert_follows_its_schema() {
    let mut scene = Scene::of(&[Damage::LogEventEdited, Damage::DigestDeleted]);
    let words = ["--notify", "file:alerts.jsonl", "--notify-state", "told.jsonl"];
    let mut told = Vec::new();
    for damages in [None, None, Some(&[][..])] {
        if let Some(damages) = damages {
            scene.become_of(damages);
        }
        scene.run(&[&words[..], &["--report", "json=report.json"]].concat());
        told.extend(scene.told("alerts.jsonl"));
    }
    let kinds: Vec<&Value> = told.iter().map(|told| &told["kind"]).collect();
    assert_eq!(kinds, ["red", "still-red", "recovered"]);
    let documents = told.into_iter().map(|told| (told["kind"].to_string(), ALERT, told)).collect::<Vec<_>>();
    all_follow(&[schema("report-v1.json"), closed(schema("alert-v1.json"))], &documents);
}

#[test]
fn every_posture_follows_its_schema() {
    let document =
        |(name, text): (&str, String)| (name.to_owned(), POSTURE, serde_json::from_str(&text).unwrap());
    let documents: Vec<Document> = posture::documents().into_iter().map(document).collect();
    all_follow(&[schema("report-v1.json"), closed(schema("posture-v1.json"))], &documents);
}

/// Formats of other houses, which `render_consumers` looks at.
const FOREIGN: [&str; 3] = ["damaged_ocsf", "damaged_asff", "damaged_emf"];

#[test]
fn every_snapshot_in_json_follows_its_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/snapshots");
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        // Below the head that insta writes.
        let body = text.splitn(3, "---\n").nth(2).unwrap();
        if !body.starts_with(['{', '[']) || FOREIGN.iter().any(|foreign| name.ends_with(foreign)) {
            continue;
        }
        match serde_json::from_str(body) {
            Ok(document) => documents.push((name, REPORT, document)),
            Err(_) => documents.extend(lines(&name, body)),
        }
    }
    let of = |schema| documents.iter().filter(|(_, other, _)| *other == schema).count();
    assert!(of(REPORT) >= 1 && of(LINES) >= 10, "reads nothing");
    all_follow(&[schema("report-v1.json"), schema("lines-v1.json")], &documents);
}

/// A whole or damaged report with one thing wrong in it, and where.
fn wrong() -> Vec<(&'static str, Value)> {
    let json = |report: &Report| serde_json::from_str::<Value>(&written(Format::Json, report)).unwrap();
    let (whole, tampered) = (json(&clean()), json(&damaged()));
    let at = |value: &Value, place: &str, wrong: Value| {
        let mut value = value.clone();
        *value.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = wrong;
        value
    };
    let without = |value: &Value, place: &str, field: &str| {
        let mut value = value.clone();
        let above = value.pointer_mut(place).unwrap().as_object_mut().unwrap();
        assert!(above.remove(field).is_some(), "{place} has no {field}");
        value
    };
    let gap = tampered["findings"].as_array().unwrap().iter().position(|it| it.get("end").is_some()).unwrap();
    let event = tampered["findings"].as_array().unwrap().iter().position(|it| it["cause"]["kind"] == "event");
    let mut pardoned = tampered.clone();
    pardoned["findings"].as_array_mut().unwrap().retain(|finding| finding["class"] != "tamper");
    vec![
        ("$", json!([])),
        ("$.schema", at(&whole, "/schema", "trailseal/report/v2".into())),
        ("$", without(&whole, "", "findings")),
        ("$", without(&whole, "", "not_proven")),
        ("$.exit_code", at(&whole, "/exit_code", 2.into())),
        ("$.exit_code", at(&whole, "/exit_code", 3.into())),
        ("$.exit_code", at(&tampered, "/exit_code", 0.into())),
        ("$.verdict", at(&tampered, "/verdict", "intact".into())),
        ("$.verdict", at(&whole, "/verdict", "fine".into())),
        ("$", pardoned),
        ("$.completion", at(&whole, "/completion", "interrupted".into())),
        ("$.window", without(&whole, "/window", "end")),
        ("$.started_at", at(&whole, "/started_at", "2026-03-04 06:00".into())),
        ("$.totals.digests.missing", at(&whole, "/totals/digests/missing", (-1).into())),
        ("$.totals.logs", without(&whole, "/totals/logs", "modified")),
        ("$.chains[0].account", at(&whole, "/chains/0/account", 111_122_223_333_u64.into())),
        ("$.chains[0].region", at(&whole, "/chains/0/region", "nowhere".into())),
        ("$.chains[0].newest.hash", at(&whole, "/chains/0/newest/hash", "ABC".into())),
        ("$.keys[0].fingerprint", at(&whole, "/keys/0/fingerprint", Value::Null)),
        ("$.findings[0].class", at(&tampered, "/findings/0/class", "crime".into())),
        ("$.findings[0].code", at(&tampered, "/findings/0/code", "Log Missing".into())),
        ("$.findings[0].object", at(&tampered, "/findings/0/object", "no-url".into())),
        ("end", without(&tampered, &format!("/findings/{gap}"), "end")),
        ("event", without(&tampered, &format!("/findings/{}/cause", event.unwrap()), "event")),
        ("$.findings[0].cause.kind", at(&tampered, "/findings/0/cause/kind", "magic".into())),
    ]
}

#[test]
fn what_is_no_report_is_refused_where_it_is_wrong() {
    let wrong = wrong();
    let documents: Vec<Document> =
        wrong.iter().map(|(place, document)| ((*place).to_owned(), REPORT, document.clone())).collect();
    let Some(faults) = faults(&[schema("report-v1.json")], &documents) else { return };
    for ((place, _), faults) in wrong.iter().zip(&faults) {
        assert!(faults.iter().any(|fault| fault.contains(place)), "{place}: {faults:?}");
    }
}

#[test]
fn fields_that_later_versions_add_are_no_fault() {
    let mut later: Value = serde_json::from_str(&written(Format::Json, &damaged())).unwrap();
    for place in ["", "/tool", "/totals/digests", "/chains/0", "/findings/0", "/findings/0/cause"] {
        later.pointer_mut(place).unwrap()["added_later"] = json!({ "any": ["thing"] });
    }
    later["findings"][0]["code"] = "code-added-later".into();
    all_follow(&[schema("report-v1.json")], &[("later".into(), REPORT, later)]);
}
