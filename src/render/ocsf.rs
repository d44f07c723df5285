//! OCSF 1.8.0 for a SIEM or a data lake, one event to a line: tampering as Detection Findings, what is open or worth
//! knowing as Compliance Findings.

use crate::trail::Depth;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use super::identity::{object_arn, uid};
use super::json::visible::line;
use super::{Heartbeat, words};
use crate::crypto::Hash;
use crate::report::{Outcome, Report};
use crate::verdict::{Class, Finding, Severity};

mod model;

use model::{
    Account, Cloud, Compliance, Event, Evidence, File, FindingInfo, Fingerprint, Metadata, Product,
    Remediation, Resource,
};

/// The version of the schema that events follow.
const VERSION: &str = "1.8.0";

/// Writes one event for each finding, and one for those of each code and class that the report only counts. A record that is
/// whole is one more, if asked for.
pub fn write(report: &Report, heartbeat: Heartbeat, out: &mut dyn io::Write) -> io::Result<()> {
    let not_held = words::not_held(report);
    report.findings.iter().chain(&not_held).try_for_each(|finding| line(&event(report, finding), out))?;
    match (heartbeat, report.outcome()) {
        (Heartbeat::Beating, Outcome::Intact) => line(&passed(report), out),
        (Heartbeat::Beating | Heartbeat::Silent, _) => Ok(()),
    }
}

/// The check as a whole, passed as far as it went: nothing is called whole that was not looked at wholly, and what the caller
/// accepted is no pass.
fn passed(report: &Report) -> Event<'_> {
    let window = report.window;
    let (control, title) = match report.depth {
        Depth::Full => ("record-whole", "The record is whole"),
        Depth::Presence => {
            ("record-present", "Every digest is authentic, and every log file is where it belongs")
        }
        Depth::Chain => ("digests-whole", "Every digest is authentic; log files were not looked at"),
    };
    let (title, status_id, status) = if words::accepted(report).is_empty() {
        (title, 1, "Pass")
    } else {
        ("Nothing was found beyond what the caller accepted", 2, "Warning")
    };
    Event {
        start_time: window.start().map(|start| start.timestamp_millis()),
        end_time: Some(window.end().timestamp_millis()),
        severity_id: 1,
        severity: "Informational",
        message: Cow::Owned(words::headline(report).sentence),
        cloud: Cloud { provider: "AWS", account: None, region: None },
        finding_info: FindingInfo {
            // One for each source and depth, so that every run brings the same one up to date.
            uid: Hash::of(format!("{control}\0{}", report.source).as_bytes()).to_string(),
            title,
            desc: "What came of the check as a whole; the message says it in a sentence.",
            types: [control],
            created_time: report.finished_at.timestamp_millis(),
        },
        compliance: Some(Compliance { standards: STANDARDS, control, status_id, status }),
        unmapped: BTreeMap::from([("source", report.source.clone())]),
        ..frame(report, COMPLIANCE)
    }
}

/// A class of events: its number, its name, and the name of an event that is new.
struct Kind(u16, &'static str, &'static str);

const DETECTION: Kind = Kind(2004, "Detection Finding", "Detection Finding: Create");
const COMPLIANCE: Kind = Kind(2003, "Compliance Finding", "Compliance Finding: Create");
const STANDARDS: [&str; 1] = ["AWS CloudTrail log file integrity validation"];

fn event<'a>(report: &'a Report, finding: &'a Finding) -> Event<'a> {
    let detected = finding.class() == Class::Tamper;
    let (severity_id, severity) = severity(finding.severity());
    let region = finding.scope.region.as_ref();
    Event {
        start_time: finding.span.map(|span| span.start).or(finding.at).map(|at| at.timestamp_millis()),
        end_time: finding.span.map(|span| span.end.timestamp_millis()),
        severity_id,
        severity,
        message: words::message(finding),
        cloud: Cloud {
            provider: "AWS",
            account: finding.scope.account.map(|account| Account {
                uid: account.to_string(),
                type_id: 10,
                r#type: "AWS Account",
            }),
            region: region.map(|region| region.as_str()),
        },
        finding_info: FindingInfo {
            uid: uid(finding),
            title: finding.code().title(),
            desc: finding.code().meaning(),
            types: [finding.code().as_str()],
            created_time: report.finished_at.timestamp_millis(),
        },
        is_alert: detected.then_some(true),
        compliance: (!detected).then(|| compliance(finding)),
        resources: resources(finding),
        evidences: if detected { evidences(finding) } else { Vec::new() },
        remediation: Some(Remediation { desc: finding.code().next_steps().join(" ") }),
        unmapped: unmapped(report, finding),
        ..frame(report, if detected { DETECTION } else { COMPLIANCE })
    }
}

/// What every new event of a class says.
fn frame(report: &Report, Kind(class_uid, class_name, type_name): Kind) -> Event<'_> {
    Event {
        activity_id: 1,
        activity_name: "Create",
        category_uid: 2,
        category_name: "Findings",
        class_uid,
        class_name,
        type_uid: u32::from(class_uid) * 100 + 1,
        type_name,
        time: report.finished_at.timestamp_millis(),
        status_id: 1,
        status: "New",
        metadata: Metadata {
            version: VERSION,
            product: Product { name: "trailseal", vendor_name: "trailseal", version: &report.tool_version },
            profiles: ["cloud"],
        },
        ..Event::default()
    }
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Critical => (5, "Critical"),
        Severity::High => (4, "High"),
        Severity::Medium => (3, "Medium"),
        Severity::Low => (2, "Low"),
        Severity::Info => (1, "Informational"),
    }
}

/// What could not be looked at is a warning: by the schema, a check that "did not yield a result due to missing
/// information". Time that nothing covers is a failed check.
fn compliance(finding: &Finding) -> Compliance {
    let (status_id, status) = match finding.severity() {
        Severity::Critical | Severity::High => (3, "Fail"),
        Severity::Medium | Severity::Low => (2, "Warning"),
        Severity::Info => (1, "Pass"),
    };
    Compliance { standards: STANDARDS, control: finding.code().as_str(), status_id, status }
}

fn resources(finding: &Finding) -> Vec<Resource<'_>> {
    let scope = &finding.scope;
    let region = scope.region.as_ref();
    let object = finding.object.as_ref().map(|object| Resource {
        r#type: "AWS::S3::Object",
        uid: object_arn(object, region),
        name: Some(&object.key),
        region: None,
    });
    let account = scope.account.map(|account| Resource {
        r#type: "AWS::::Account",
        uid: account.to_string(),
        name: None,
        region: region.map(|region| region.as_str()),
    });
    // A trail's ARN names its home region and, in an organization, another account: neither is known here.
    let trail = scope.trail.as_ref().map(|trail| Resource {
        r#type: "AWS::CloudTrail::Trail",
        uid: trail.to_string(),
        name: Some(trail.as_str()),
        region: None,
    });
    object.into_iter().chain(account).chain(trail).collect()
}

fn evidences(finding: &Finding) -> Vec<Evidence<'_>> {
    let facts = finding.evidence().0;
    let hash = facts.get("actual_hash").and_then(Value::as_str).map(str::to_owned);
    let file = finding.object.as_ref().map(|object| File {
        name: object.key.rsplit_once('/').map_or(&object.key, |(_, name)| name),
        path: &object.key,
        type_id: 1,
        r#type: "Regular File",
        hashes: hash
            .map(|value| Fingerprint { algorithm_id: 3, algorithm: "SHA-256", value })
            .into_iter()
            .collect(),
    });
    let data = (!facts.is_empty()).then_some(facts);
    match (&file, &data) {
        (None, None) => Vec::new(),
        (Some(_), _) | (_, Some(_)) => vec![Evidence { file, data }],
    }
}

fn unmapped(report: &Report, finding: &Finding) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::from([
        ("code", finding.code().to_string()),
        ("class", finding.class().as_str().to_owned()),
        ("source", report.source.clone()),
    ]);
    facts.extend(finding.scope.trail.as_ref().map(|trail| ("trail", trail.to_string())));
    facts.extend(finding.digest.as_ref().map(|digest| ("digest", digest.to_string())));
    facts.extend(finding.cause.as_ref().map(|cause| ("cause", cause.to_string())));
    facts
}
