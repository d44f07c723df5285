//! Runs an audit over a forged world and reduces its report to what the forge's truth speaks of.

use std::collections::BTreeSet;
use std::sync::Arc;

use trailseal::audit::NamedBy;
use trailseal::audit::{self, AuditError, Plan, Ports, Stopper};
use trailseal::forge::{Expected, Truth, World};
use trailseal::keys::{self, KeySource};
use trailseal::report::Report;
use trailseal::store::ObjectStore;
use trailseal::trail::parse_time;

/// The plan that asks for just the window a world's truth speaks of.
pub fn plan(truth: &Truth) -> Plan {
    Plan {
        prefix: truth.prefix.as_str().into(),
        start: Some(parse_time(&truth.window.start).unwrap()),
        end: Some(parse_time(&truth.window.end).unwrap()),
        ..Plan::new(
            format!("s3://{}/{}", truth.bucket, truth.prefix),
            truth.bucket.as_str().into(),
            NamedBy::BucketAndKey,
            parse_time(&truth.now).unwrap(),
        )
    }
}

/// Runs a plan with the world's own keys.
pub fn run(plan: Plan, store: impl ObjectStore, world: &World) -> Report {
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    run_with(plan, store, KeySource::Files(Arc::new(ring)))
}

/// Runs a plan with the world's own keys, if it can begin.
pub fn attempt(plan: Plan, store: impl ObjectStore, world: &World) -> Result<Report, AuditError> {
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    attempt_with(plan, Arc::new(store), KeySource::Files(Arc::new(ring)))
}

/// Runs a plan with these keys.
pub fn run_with(plan: Plan, store: impl ObjectStore, keys: KeySource) -> Report {
    attempt_with(plan, Arc::new(store), keys).unwrap()
}

fn attempt_with(plan: Plan, store: Arc<dyn ObjectStore>, keys: KeySource) -> Result<Report, AuditError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The run's end is nobody's to force: the stopper lives as long as it.
    let (_stopper, stop) = Stopper::new();
    runtime.block_on(audit::run(plan, Ports::unwatched(store, Arc::new(keys), stop)))
}

/// A finding as the truth has it: class, code, account, region, object.
pub type Told = (String, String, String, String, String);

/// What a report tells, sorted.
pub fn told(report: &Report) -> BTreeSet<Told> {
    report
        .findings
        .iter()
        .map(|finding| {
            let scope = &finding.scope;
            let text = |word: Option<String>| word.unwrap_or_default();
            (
                finding.class().as_str().to_owned(),
                finding.code().as_str().to_owned(),
                text(scope.account.map(|account| account.to_string())),
                text(scope.region.as_ref().map(ToString::to_string)),
                text(finding.object.as_ref().map(ToString::to_string)),
            )
        })
        .collect()
}

/// What is right to tell, sorted.
pub fn right(truth: &Truth) -> BTreeSet<Told> {
    told_of(&truth.findings)
}

/// The same of these findings.
pub fn told_of(findings: &[Expected]) -> BTreeSet<Told> {
    let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .map(|expected| {
            (
                word(serde_json::to_value(expected.class).unwrap()),
                word(serde_json::to_value(expected.code).unwrap()),
                expected.account.clone(),
                expected.region.clone(),
                expected.object.clone().unwrap_or_default(),
            )
        })
        .collect()
}
