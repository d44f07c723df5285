//! From the program's types to version 1.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::SecondsFormat;

use super::{SCHEMA, v1};
use crate::render::words;
use crate::report::HeldTo;
use crate::report::{ChainReport, Completion, KeyUse, Newest, Planned, Reached, Readings, Report, Uncovered};
use crate::trail::{Identity, Span, Time};
use crate::verdict::{Cause, Finding, RecordedCall, Scope};

pub fn report(report: &Report) -> v1::Report<'_> {
    v1::Report {
        chains: report.chains.iter().map(chain).collect(),
        keys: report.keys.iter().map(key).collect(),
        findings: report.findings.iter().map(finding).collect(),
        ..head(report)
    }
}

/// The report without its lists.
pub fn head(report: &Report) -> v1::Report<'_> {
    v1::Report {
        schema: SCHEMA.into(),
        tool: v1::Tool { name: "trailseal".into(), version: borrowed(&report.tool_version) },
        source: borrowed(&report.source),
        arguments: report.arguments.iter().map(|word| borrowed(word)).collect(),
        window: v1::Window { start: report.window.start().map(time), end: time(report.window.end()) },
        looked_back_to: report.looked_back_to.map(time),
        scope: v1::Scope {
            accounts: report.request.accounts.iter().map(ToString::to_string).collect(),
            regions: report.request.regions.iter().map(|region| borrowed(region.as_str())).collect(),
            trails: report.request.trails.iter().map(|trail| borrowed(trail.as_str())).collect(),
            prefix: borrowed(&report.request.prefix),
        },
        expected: report.request.expects().then(|| v1::Expected {
            accounts: report.request.expected_accounts.iter().map(ToString::to_string).collect(),
            regions: report.request.expected_regions.iter().map(|region| borrowed(region.as_str())).collect(),
        }),
        grace: Some(report.request.grace.num_seconds()),
        identity: report.identity.as_ref().map(identity),
        run: report.planned.map(|Planned { plan, shards }| v1::Run { plan: plan.to_string(), shards }),
        depth: report.depth.as_str().into(),
        verdict: report.outcome().as_str().into(),
        exit_code: report.exit_code(),
        completion: completion(report.completion).into(),
        started_at: time(report.started_at),
        finished_at: time(report.finished_at),
        totals: v1::Totals {
            chains: report.chains.len() as u64,
            digests: report.totals.digests.into(),
            logs: report.totals.logs.into(),
            bytes: v1::BytesTotal { compressed: report.totals.compressed, inflated: report.totals.inflated },
            retries: Some(report.totals.retries).filter(|retries| retries.total() > 0).map(Into::into),
        },
        read: (report.carried != Readings::default()).then(|| readings(&report.read())),
        carried: (report.carried != Readings::default()).then(|| readings(&report.carried)),
        baselines: report.baselines.iter().map(baseline).collect(),
        chains: Vec::new(),
        uncovered: report.uncovered.iter().map(uncovered).collect(),
        keys: Vec::new(),
        findings: Vec::new(),
        findings_omitted: omitted(report),
        findings_omitted_by_class: omitted_by_class(report),
        hints: report.hints.iter().map(words::hint).collect(),
        not_proven: report.not_proven.iter().map(words::limited).collect(),
    }
}

fn readings(readings: &Readings) -> v1::Readings {
    v1::Readings {
        digests: readings.digests,
        logs: readings.logs,
        bytes: readings.bytes,
        days: Some(readings.days).filter(|days| *days > 0),
        oldest_read_at: readings.oldest_read_at.map(time),
    }
}

fn baseline(held: &HeldTo) -> v1::Baseline<'_> {
    v1::Baseline {
        place: borrowed(&held.place),
        hash: held.hash.to_string(),
        number: held.sealed.as_ref().map(|sealed| sealed.number),
        signed_by: held.sealed.iter().flat_map(|sealed| &sealed.keys).map(|key| borrowed(key)).collect(),
        heads: held.heads,
        not_checked: held.not_checked,
        before_the_window: held.before_the_window.as_ref().map(span),
    }
}

fn identity(identity: &Identity) -> v1::Identity<'_> {
    match identity {
        Identity::Caller(arn) => v1::Identity::Caller { arn: borrowed(arn) },
        Identity::AccessKey(ending) => v1::Identity::AccessKey { ending: borrowed(ending) },
        Identity::Anonymous => v1::Identity::Anonymous,
    }
}

fn omitted(report: &Report) -> BTreeMap<v1::Text<'_>, u64> {
    let mut by_code = BTreeMap::new();
    for ((_, code), count) in &report.omitted {
        *by_code.entry(code.as_str().into()).or_default() += count;
    }
    by_code
}

fn omitted_by_class(report: &Report) -> BTreeMap<v1::Text<'_>, BTreeMap<v1::Text<'_>, u64>> {
    let mut by_class = BTreeMap::<_, BTreeMap<_, _>>::new();
    for ((class, code), count) in &report.omitted {
        by_class.entry(class.as_str().into()).or_default().insert(code.as_str().into(), *count);
    }
    by_class
}

/// The word for whether a run came to its end.
pub fn completion(completion: Completion) -> &'static str {
    match completion {
        Completion::Complete => "complete",
        Completion::Interrupted => "interrupted",
    }
}

/// The word for how far a chain was reached.
pub fn reached(reached: Reached) -> &'static str {
    match reached {
        Reached::Wholly => "wholly",
        Reached::InPart => "in-part",
    }
}

/// One finding, as it also stands alone in a line.
pub fn finding(finding: &Finding) -> v1::Finding<'_> {
    let scope = &finding.scope;
    v1::Finding {
        code: finding.code().as_str().into(),
        class: finding.class().as_str().into(),
        judged: finding.overruled.map(|_| finding.judged().as_str().into()),
        severity: finding.severity().as_str().into(),
        object: finding.object.as_ref().map(ToString::to_string),
        account: scope.account.map(|account| account.to_string()),
        region: scope.region.as_ref().map(|region| borrowed(region.as_str())),
        trail: scope.trail.as_ref().map(|trail| borrowed(trail.as_str())),
        organization: scope.organization.as_ref().map(|organization| borrowed(organization.as_str())),
        at: finding.at.map(time),
        start: finding.span.map(|span| time(span.start)),
        end: finding.span.map(|span| time(span.end)),
        digest: finding.digest.as_ref().map(ToString::to_string),
        message: words::message(finding),
        evidence: finding.evidence().0,
        cause: finding.cause.as_ref().map(cause),
    }
}

/// One chain, as it also stands alone in a line.
pub fn chain(chain: &ChainReport) -> v1::Chain<'_> {
    let place = &chain.id.place;
    v1::Chain {
        account: place.account.to_string(),
        region: borrowed(place.region.as_str()),
        home_region: borrowed(chain.id.home_region.as_str()),
        trail: borrowed(chain.id.trail.as_str()),
        organization: place.organization.as_ref().map(|organization| borrowed(organization.as_str())),
        kind: chain.id.kind.as_str().into(),
        digests: chain.digests.into(),
        logs: chain.logs.into(),
        coverage: chain.coverage.iter().map(span).collect(),
        gaps: chain.gaps.iter().map(span).collect(),
        verified_through: chain.verified_through.map(time),
        newest: chain.newest.as_ref().map(newest),
        read: (chain.carried != Readings::default()).then(|| readings(&chain.read())),
        carried: (chain.carried != Readings::default()).then(|| readings(&chain.carried)),
        reached: (chain.reached != Reached::Wholly).then(|| reached(chain.reached).into()),
    }
}

fn uncovered(uncovered: &Uncovered) -> v1::Uncovered<'_> {
    let Scope { account, region, trail, organization } = &uncovered.scope;
    v1::Uncovered {
        account: account.map(|account| account.to_string()),
        region: region.as_ref().map(|region| borrowed(region.as_str())),
        trail: trail.as_ref().map(|trail| borrowed(trail.as_str())),
        organization: organization.as_ref().map(|organization| borrowed(organization.as_str())),
        why: uncovered.why.as_str().into(),
        time: uncovered.time.as_ref().map(span),
    }
}

fn newest(newest: &Newest) -> v1::Newest {
    v1::Newest { object: newest.object.to_string(), hash: newest.hash.to_string(), end: time(newest.end) }
}

fn key(key: &KeyUse) -> v1::Key<'_> {
    v1::Key {
        fingerprint: borrowed(key.fingerprint.as_str()),
        region: key.region.as_ref().map(|region| borrowed(region.as_str())),
        valid_from: key.valid_from.map(time),
        valid_to: key.valid_to.map(time),
        digests: key.digests,
        origin: borrowed(&key.origin),
    }
}

fn cause(cause: &Cause) -> v1::Cause<'_> {
    let said = v1::Cause { kind: cause.as_str().into(), text: cause.to_string(), ..v1::Cause::default() };
    match cause {
        Cause::Unseen(_) | Cause::ChainStart | Cause::Unexplained => said,
        Cause::Digests { missing, rejected, unauthenticated, unreadable } => v1::Cause {
            missing: Some(*missing),
            rejected: Some(*rejected + *unauthenticated),
            unauthenticated: Some(*unauthenticated).filter(|count| *count > 0),
            unreadable: Some(*unreadable),
            ..said
        },
        Cause::Event(call) => v1::Cause { event: Some(event(call)), ..said },
    }
}

fn event(event: &RecordedCall) -> v1::Event<'_> {
    v1::Event {
        time: time(event.time),
        event_name: borrowed(&event.event_name),
        event_source: borrowed(&event.event_source),
        target: borrowed(&event.target),
        actor: borrowed(&event.actor),
        source_ip: borrowed(&event.source_ip),
        event_id: borrowed(&event.event_id),
        error_code: event.error_code.as_ref().map(|code| borrowed(code)),
        log_file: event.log_file.to_string(),
    }
}

fn span(span: &Span) -> v1::Span {
    v1::Span { start: time(span.start), end: time(span.end) }
}

/// Seconds where that says it all; a fraction, which only the caller's clock has, is kept.
fn time(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn borrowed(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
