//! `trailseal/posture/v1`.

use std::io;

use serde::Serialize;

use super::NOT_SEEN;
use crate::posture::{Check, Control, Ends, ListedChain, Posture, RetentionFinding};
use crate::render::json::visible;
use crate::trail::format_time;

/// The name of the JSON document's format.
const SCHEMA: &str = "trailseal/posture/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    place: &'a str,
    exit_code: u8,
    policy: PolicyPart<'a>,
    checks: Vec<CheckPart<'a>>,
    retention: Retention<'a>,
    unlisted: &'a [String],
    not_seen: &'static [&'static str],
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct PolicyPart<'a> {
    name: &'a str,
    about: &'a str,
    retention_days: u32,
    hot_days: u32,
    lock: &'static str,
    lock_days: u32,
}

#[derive(Serialize)]
struct CheckPart<'a> {
    id: &'static str,
    state: &'static str,
    weight: &'static str,
    subject: &'a str,
    value: &'a str,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'static str>,
    controls: Vec<ControlPart>,
    read_at: String,
}

#[derive(Serialize)]
struct ControlPart {
    framework: &'static str,
    version: &'static str,
    id: &'static str,
    source: &'static str,
}

#[derive(Serialize)]
struct Retention<'a> {
    chains: Vec<ChainPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<EndsPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<EndsPart<'a>>,
    findings: Vec<FindingPart<'a>>,
}

/// A chain as it is listed.
#[derive(Serialize)]
struct ChainPart<'a> {
    account: String,
    region: &'a str,
    trail: &'a str,
    home_region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
}

#[derive(Serialize)]
struct EndsPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive_by: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingPart<'a> {
    code: &'static str,
    message: &'a str,
}

/// Writes the document.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn json(posture: &Posture, out: &mut dyn io::Write) -> io::Result<()> {
    let policy = &posture.policy;
    let document = Document {
        schema: SCHEMA,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        place: &posture.place,
        exit_code: posture.exit_code(),
        policy: PolicyPart {
            name: &policy.name,
            about: &policy.about,
            retention_days: policy.retention_days,
            hot_days: policy.hot_days,
            lock: policy.lock.as_str(),
            lock_days: policy.lock_days,
        },
        checks: posture.checks.iter().map(check).collect(),
        retention: Retention {
            chains: posture.chains.iter().map(chain).collect(),
            logs: posture.by_rule.as_ref().map(|by_rule| ends(&by_rule.logs)),
            digests: posture.by_rule.as_ref().map(|by_rule| ends(&by_rule.digests)),
            findings: posture.retention.iter().map(finding).collect(),
        },
        unlisted: &posture.unlisted,
        not_seen: NOT_SEEN,
    };
    visible::pretty(&document, out)?;
    writeln!(out)
}

fn check(check: &Check) -> CheckPart<'_> {
    CheckPart {
        id: check.id.as_str(),
        state: check.state.as_str(),
        weight: check.weight.as_str(),
        subject: &check.subject,
        value: &check.value,
        rule: check.rule(),
        next: check.next(),
        controls: check.controls().iter().map(control).collect(),
        read_at: format_time(check.read_at),
    }
}

fn control(control: &Control) -> ControlPart {
    let Control { framework, version, id, source } = *control;
    ControlPart { framework, version, id, source }
}

fn chain(ListedChain { id, oldest, newest }: &ListedChain) -> ChainPart<'_> {
    ChainPart {
        account: id.place.account.to_string(),
        region: id.place.region.as_str(),
        trail: id.trail.as_str(),
        home_region: id.home_region.as_str(),
        organization: id.place.organization.as_ref().map(|organization| organization.as_str()),
        oldest: oldest.map(format_time),
        newest: newest.map(format_time),
    }
}

fn ends(ends: &Ends) -> EndsPart<'_> {
    let (expire, cold) = (ends.expire.as_ref(), ends.cold.as_ref());
    EndsPart {
        expire_days: expire.map(|(days, _)| *days),
        expire_by: expire.map(|(_, rule)| rule.as_str()),
        archive_days: cold.map(|(days, _)| *days),
        archive_by: cold.map(|(_, rule)| rule.as_str()),
    }
}

fn finding(RetentionFinding { code, message }: &RetentionFinding) -> FindingPart<'_> {
    FindingPart { code: code.as_str(), message }
}
