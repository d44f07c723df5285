//! Version 1 cut into lines. Each line says what it is in `type`; findings and chains are those of the report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{encode, v1};
use crate::render::seen::Seen;
use crate::report::{ChainReport, Report};
use crate::verdict::Finding;

/// The name of the format, in the summary.
const SCHEMA: &str = "trailseal/lines/v1";

/// One line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line<'a> {
    Object(ObjectLine),
    Finding(Box<v1::Finding<'a>>),
    Chain(Box<v1::Chain<'a>>),
    Summary(Box<Summary<'a>>),
}

/// One object as it was judged.
#[derive(Serialize)]
pub struct ObjectLine {
    object: String,
    kind: &'static str,
    verdict: &'static str,
    /// `in`, where the totals count it; `out`, where it was read for what it says of others.
    window: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    compressed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inflated: Option<u64>,
}

/// The report without its lists.
#[derive(Serialize)]
pub struct Summary<'a> {
    schema: &'static str,
    tool: v1::Tool<'a>,
    source: v1::Text<'a>,
    window: v1::Window,
    scope: v1::Scope<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<v1::Expected<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<v1::Identity<'a>>,
    depth: v1::Text<'a>,
    verdict: v1::Text<'a>,
    exit_code: u8,
    completion: v1::Text<'a>,
    started_at: String,
    finished_at: String,
    totals: v1::Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<v1::Readings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<v1::Readings>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baselines: Vec<v1::Baseline<'a>>,
    findings: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uncovered: Vec<v1::Uncovered<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    findings_omitted: BTreeMap<v1::Text<'a>, u64>,
    not_proven: Vec<v1::Text<'a>>,
}

pub fn object(seen: &Seen<'_>) -> ObjectLine {
    ObjectLine {
        object: seen.object.to_string(),
        kind: seen.judged.kind(),
        verdict: seen.judged.verdict(),
        window: seen.part.as_str(),
        compressed: seen.compressed,
        inflated: seen.inflated,
    }
}

pub fn finding(finding: &Finding) -> Box<v1::Finding<'_>> {
    Box::new(encode::finding(finding))
}

pub fn chain(chain: &ChainReport) -> Box<v1::Chain<'_>> {
    Box::new(encode::chain(chain))
}

pub fn summary(report: &Report) -> Box<Summary<'_>> {
    let v1::Report {
        tool,
        source,
        window,
        scope,
        expected,
        grace,
        identity,
        depth,
        verdict,
        exit_code,
        completion,
        started_at,
        finished_at,
        totals,
        read,
        carried,
        baselines,
        uncovered,
        findings_omitted,
        not_proven,
        ..
    } = encode::head(report);
    Box::new(Summary {
        schema: SCHEMA,
        tool,
        source,
        window,
        scope,
        expected,
        grace,
        identity,
        depth,
        verdict,
        exit_code,
        completion,
        started_at,
        finished_at,
        totals,
        read,
        carried,
        baselines,
        findings: report.found(),
        uncovered,
        findings_omitted,
        not_proven,
    })
}
