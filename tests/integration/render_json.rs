//! The JSON contract: its exact shape, and that nothing is lost on the way back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use trailseal::render::json::{self, ReadError};
use trailseal::report::{Cause, Class, Code, Unseen};
use trailseal::report::{Completion, Report};
use trailseal::trail::Window;

use crate::render_worlds::{accepted, clean, damaged, every_code, year_of_an_organization};

fn written(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    json::write(report, &mut out).unwrap();
    out
}

#[test]
fn every_report_comes_back_as_it_was() {
    for mut report in [clean(), damaged(), every_code(), year_of_an_organization()] {
        assert_eq!(json::read(&written(&report)).unwrap(), report);
        report.completion = Completion::Interrupted;
        report.window = Window::reaching(None, report.window.end());
        assert_eq!(json::read(&written(&report)).unwrap(), report);
    }
}

#[test]
fn every_cause_comes_back_as_it_was() {
    let detail = || Box::from("what the store said");
    let causes = [
        Unseen::Denied(detail()),
        Unseen::Archived(detail()),
        Unseen::KeyRefused(detail()),
        Unseen::Throttled(detail()),
        Unseen::CredentialsExpired(detail()),
        Unseen::CutOff(detail()),
        Unseen::TimedOut(detail()),
        Unseen::Failed(detail()),
        Unseen::Interrupted,
    ];
    let causes = causes.into_iter().map(Cause::Unseen);
    for cause in causes.chain([
        Cause::Digests { missing: 1, rejected: 2, unauthenticated: 4, unreadable: 3 },
        Cause::ChainStart,
        Cause::Unexplained,
    ]) {
        let mut report = damaged();
        report.findings[0].cause = Some(cause);
        assert_eq!(json::read(&written(&report)).unwrap(), report);
    }
}

#[test]
fn what_the_caller_makes_of_a_finding_stands_beside_what_it_is() {
    let mut report = accepted(damaged(), &[Code::LogModified]);
    report.raise(&[Code::TrailChanged, Code::ChainRestarted].into());
    let value: Value = serde_json::from_slice(&written(&report)).unwrap();
    let of = |code: &str| -> Vec<(Option<&str>, &str)> {
        let findings = value["findings"].as_array().unwrap().iter();
        let own = findings.filter(|finding| finding["code"] == code);
        own.map(|finding| (finding["judged"].as_str(), finding["class"].as_str().unwrap())).collect()
    };
    assert!(of("log-modified").iter().all(|told| *told == (Some("tamper"), "notice")), "{value:#}");
    assert!(of("log-missing").iter().all(|told| *told == (None, "tamper")), "{value:#}");
    assert_eq!(of("log-modified").len(), 2);
    assert_eq!(json::read(&written(&report)).unwrap(), report);
    // Reports of before did not say it; what only a caller makes a notice is known all the same.
    let mut before = value.clone();
    for finding in
        before["findings"].as_array_mut().unwrap().iter_mut().filter(|it| it["code"] == "log-modified")
    {
        finding.as_object_mut().unwrap().remove("judged");
    }
    let read = json::read(&serde_json::to_vec(&before).unwrap()).unwrap();
    let modified = read.findings.iter().filter(|finding| finding.code() == Code::LogModified);
    assert!(
        modified
            .into_iter()
            .all(|finding| finding.judged() == Class::Tamper && finding.class() == Class::Notice)
    );
    // No caller can make a crime of a notice.
    let mut forged = value.clone();
    forged["findings"][0]["judged"] = "notice".into();
    forged["findings"][0]["class"] = "tamper".into();
    let refused = json::read(&serde_json::to_vec(&forged).unwrap()).unwrap_err();
    assert!(matches!(refused, ReadError::Field { .. }), "{refused}");
}

#[test]
fn absent_facts_are_absent() {
    fn no_null(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Array(items) => items.iter().all(no_null),
            Value::Object(fields) => fields.values().all(no_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }
    let mut report = damaged();
    report.window = Window::reaching(None, report.window.end());
    let value: Value = serde_json::from_slice(&written(&report)).unwrap();
    assert!(no_null(&value));
    assert!(value["window"].get("start").is_none());
}

#[test]
fn what_is_not_such_a_report_is_refused_with_the_place() {
    let refused = |document: &[u8]| json::read(document).unwrap_err();
    assert!(matches!(refused(b"not json"), ReadError::Shape(_)));
    assert!(matches!(refused(b"7"), ReadError::Shape(_)));
    assert!(matches!(refused(b"{}"), ReadError::Schema { .. }));
    assert!(matches!(refused(br#"{"schema":"trailseal/report/v1"}"#), ReadError::Shape(_)));
    let other = br#"{"schema":"trailseal/report/v2"}"#;
    assert!(refused(other).to_string().contains("trailseal/report/v2"));

    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_slice(&written(&damaged())).unwrap();
        edit(&mut value);
        refused(&serde_json::to_vec(&value).unwrap()).to_string()
    };
    let said = edited(&|value| value["chains"][1]["region"] = "nowhere".into());
    assert!(said.starts_with("chains[1].region: "), "{said}");
    let said = edited(&|value| value["findings"][0]["object"] = "no-url".into());
    assert!(said.starts_with("findings[0].object: "), "{said}");
    let said = edited(&|value| value["verdict"] = "intact".into());
    assert!(said.contains("edited"), "{said}");
    let said = edited(&|value| value["exit_code"] = 0.into());
    assert!(said.contains("edited"), "{said}");
    let said = edited(&|value| {
        value["findings"].as_array_mut().unwrap().retain(|finding| finding["class"] != "tamper");
    });
    assert!(said.contains("edited"), "{said}");
}
