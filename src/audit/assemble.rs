//! Puts what the sites came to into one report, and says what was not proven.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::claims::Claims;
use super::discover::Found;
use super::listing::Strays;
use super::odd::Odd;
use super::reading::KeyCount;
use super::site;
use super::{Context, Event, Plan, copies, listing};
use crate::chain::{self, Linked};
use crate::crypto::{Fingerprint, Lookup};
use crate::events;
use crate::report::{ChainReport, Completion, Depth, KeyUse, Outcome, Report, Totals};
use crate::trail::{Region, format_time};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, Scope};

/// The longest a digest is under way after the hour it closes, with some room: typically half an hour.
const DELIVERY: TimeDelta = TimeDelta::hours(2);

/// The report of a run.
pub(super) fn report<S>(
    context: &Context<S>,
    found: &Found,
    odd: Odd,
    outcomes: Vec<site::Outcome>,
) -> Report {
    let sites = found.sites.len();
    let plan = &context.plan;
    let mut report = Report {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source: plan.source.clone(),
        window: context.window,
        looked_back_to: context.window.start.map(|start| listing::looked_back_to(start, plan)),
        depth: plan.depth,
        arguments: plan.arguments.clone(),
        started_at: plan.now,
        finished_at: plan.now,
        completion: match context.stop.is_set() {
            true => Completion::Interrupted,
            false => Completion::Complete,
        },
        totals: Totals::default(),
        chains: Vec::new(),
        keys: Vec::new(),
        findings: Vec::new(),
        hints: Vec::new(),
        not_proven: Vec::new(),
    };
    report.findings.extend(found.findings(plan));
    report.findings.extend(odd.findings);
    report.findings.extend(strays(Scope::default(), &odd.strays));
    let claims = Claims::of(plan, &found.accounts, &outcomes, context.window.start);
    report.findings.extend(claims.unmet());
    report.findings.extend(older_than_promised(plan, &outcomes));
    report.findings.extend(too_young(context));
    report.findings.extend(copies::findings(context, &outcomes));
    report.keys = keys(&outcomes);
    report.findings.extend(report.keys.iter().filter_map(|key| key_validity(key, &outcomes)));
    let mut testimonies = Vec::new();
    let mut unread_kinds = BTreeSet::new();
    for mut outcome in outcomes {
        unread_kinds.append(&mut outcome.unread_kinds);
        testimonies.append(&mut outcome.testimonies);
        report.findings.extend(strays(&outcome.site.place, &outcome.strays));
        report.totals.logs.merge(&outcome.loose_logs);
        report.totals.compressed += outcome.compressed;
        report.totals.inflated += outcome.inflated;
        report.findings.append(&mut outcome.findings);
        take_chains(context, outcome, &mut report);
    }
    testimonies.sort();
    testimonies.dedup();
    events::attribute(&mut report.findings, &testimonies);
    report.findings.extend(testimonies.iter().filter_map(events::notice));
    report.accept(&plan.accept);
    report.sort();
    report.hints = plan.notes.iter().cloned().chain(found.note()).chain(hints(&report, sites)).collect();
    report.not_proven = not_proven(&report);
    report.not_proven.extend(kinds_not_looked_at(&unread_kinds));
    report
}

/// Takes over the chains in scope, and what there is to tell of them.
fn take_chains<S>(context: &Context<S>, outcome: site::Outcome, report: &mut Report) {
    let interrupted = context.stop.is_set();
    let mut logs_by_chain = outcome.logs_by_chain;
    for Linked { id, chain, .. } in outcome.linked {
        if !context.plan.scope.holds_chain(&id) {
            continue;
        }
        let mut findings = chain::findings(&id, &chain, context.as_of);
        findings.retain(|finding| !interrupted || site::proven_although_interrupted(finding));
        findings.iter().for_each(|finding| context.observer.on(Event::Finding(finding)));
        let unexplained_end = chain.ended.as_ref().is_some_and(|last| last.word.is_none());
        let in_window = chain.digests.total() > 0 || !chain.coverage.is_empty();
        if in_window || unexplained_end || (!findings.is_empty() && chain.ended.is_none()) {
            let logs = logs_by_chain.remove(&id).unwrap_or_default();
            report.totals.digests.merge(&chain.digests);
            report.totals.logs.merge(&logs);
            report.chains.push(ChainReport {
                logs,
                digests: chain.digests,
                coverage: chain.coverage,
                gaps: chain.gaps.iter().map(|gap| gap.span).collect(),
                verified_through: chain.verified_through,
                newest: chain.newest,
                id,
            });
        }
        report.findings.extend(findings);
    }
}

/// What lies beside the record, counted.
fn strays(scope: impl Into<Scope>, strays: &Strays) -> Option<Finding> {
    let first = strays.first.clone()?;
    let count = strays.count;
    let message = match count {
        1 => "an object that is no part of the record lies among its files; it was not looked at".to_owned(),
        count => format!(
            "{count} objects that are no part of the record lie among its files; they were not looked at"
        ),
    };
    let mut finding = Finding::new(Code::StrayObjects, scope, message);
    finding.object = Some(first);
    finding.evidence = Evidence::none().with("count", count);
    Some(finding)
}

/// A window in which nothing could be missed yet.
fn too_young<S>(context: &Context<S>) -> Option<Finding> {
    let start = context.window.start?;
    let settled_by = context.settled_by();
    (settled_by <= start).then(|| {
        let message = format!(
            "the window begins at {}, within the grace time: digests and log files that should be in it may still be under \
             way, so nothing in it could be missed yet; ask for a longer one, such as --last 26h",
            format_time(start)
        );
        let mut finding = Finding::new(Code::CoverageTail, Scope::default(), message);
        finding.at = Some(start);
        finding
    })
}

/// The trail's own status names a digest delivery that the bucket does not show.
fn older_than_promised(plan: &Plan, outcomes: &[site::Outcome]) -> Option<Finding> {
    let delivered = plan.expected.newest.filter(|_| plan.end.is_none())?;
    let newest = outcomes.iter().filter_map(|outcome| outcome.newest).max();
    // A digest is delivered within about 90 minutes of the hour it closes.
    let missing = newest.is_none_or(|newest| delivered - newest > DELIVERY);
    missing.then(|| {
        let here = newest.map_or("none is here".to_owned(), |newest| format!("the newest here ends at {}", format_time(newest)));
        let message = format!(
            "CloudTrail says it delivered a digest at {}, and {here}: the newest digests were removed or lie elsewhere",
            format_time(delivered)
        );
        let mut finding = Finding::new(Code::CoverageTail, Scope::default(), message);
        finding.at = newest.or(Some(delivered));
        finding.cause = Some(Cause::Unexplained);
        finding
    })
}

fn keys(outcomes: &[site::Outcome]) -> Vec<KeyUse> {
    let mut used: BTreeMap<(Fingerprint, Option<Region>), KeyUse> = BTreeMap::new();
    for outcome in outcomes {
        let Some(ring) = &outcome.ring else { continue };
        for (fingerprint, KeyCount { digests, .. }) in &outcome.keys {
            let Lookup::Known(key) = ring.find(fingerprint, &outcome.site.place.region) else { continue };
            let entry = used.entry((fingerprint.clone(), key.region.clone())).or_insert_with(|| KeyUse {
                fingerprint: fingerprint.clone(),
                region: key.region.clone(),
                valid_from: key.valid_from,
                valid_to: key.valid_to,
                digests: 0,
                origin: key.origin.to_string(),
            });
            entry.digests += digests;
        }
    }
    used.into_values().collect()
}

/// Once per key, not once per digest: AWS's own material lies outside its windows.
fn key_validity(key: &KeyUse, outcomes: &[site::Outcome]) -> Option<Finding> {
    let outside: u64 = outcomes
        .iter()
        .filter(|outcome| key.region.as_ref().is_none_or(|region| *region == outcome.site.place.region))
        .filter_map(|outcome| outcome.keys.get(&key.fingerprint))
        .map(|count| count.outside_window)
        .sum();
    let (from, to) = (key.valid_from?, key.valid_to?);
    (outside > 0).then(|| {
        let message = format!(
            "{outside} digests are signed with key {} outside its published window, {} to {}; their signatures hold",
            key.fingerprint,
            format_time(from),
            format_time(to)
        );
        let scope = Scope { region: key.region.clone(), ..Scope::default() };
        let mut finding = Finding::new(Code::KeyValidity, scope, message);
        finding.evidence =
            Evidence::none().with("fingerprint", key.fingerprint.as_str()).with("digests", outside);
        finding
    })
}

/// What a reader should do next, where something general stands behind many findings.
fn hints(report: &Report, sites: usize) -> Vec<String> {
    let mut hints = Vec::new();
    if report.outcome() == Outcome::Empty {
        hints.push(match sites {
            0 => "No account and region is in scope: check --account and --region, and that the source is where the trail \
                  delivers."
                .to_owned(),
            1 => "There is a folder of one account and region in scope, but nothing of the window in it: check --start, \
                  --end and --trail."
                .to_owned(),
            _ => format!(
                "There are folders of {sites} accounts and regions in scope, but nothing of the window in them: check \
                 --start, --end and --trail."
            ),
        });
        if report.window.start.is_some_and(|start| start >= report.started_at) {
            hints.push("The window lies in the future.".to_owned());
        }
    }
    let digests = &report.totals.digests;
    let denied = |code: Code| {
        report.findings.iter().any(|finding| {
            finding.code == code
                && matches!(&finding.cause, Some(Cause::Unseen(crate::verdict::Unseen::Denied(_))))
        })
    };
    if denied(Code::ListingUnreadable) {
        hints.push(
            "A listing was refused. Grant s3:ListBucket on the bucket: without it what was deleted can't be told from \
             what is denied."
                .to_owned(),
        );
    }
    if denied(Code::DigestUnreadable) || denied(Code::LogUnreadable) {
        hints.push(
            "Objects were refused. Grant s3:GetObject on PREFIX/AWSLogs/* and s3:ListBucket on the bucket; S3 answers \
             403 for deleted objects too when listing is not allowed."
                .to_owned(),
        );
    }
    if digests.unsigned > 0 {
        hints.push(
            "Some digests have no signature at hand. In a folder the newest digest of each chain needs its metadata: \
             aws s3api head-object --bucket BUCKET --key KEY > KEY.head.json"
                .to_owned(),
        );
    }
    if report
        .findings
        .iter()
        .any(|finding| finding.code == Code::DigestUnknownKey && finding.class == Class::Incomplete)
    {
        hints.push(
            "Some keys are not at hand. Fetch them while the regions are within reach: trailseal keys fetch"
                .to_owned(),
        );
    }
    hints
}

/// Kinds of log files of which it is not known whether digests list them.
fn kinds_not_looked_at(kinds: &BTreeSet<Box<str>>) -> Option<String> {
    (!kinds.is_empty()).then(|| {
        let kinds: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
        format!(
            "Anything about log files of the kinds {}: no digest of the window names one, so they were not looked at.",
            kinds.join(", ")
        )
    })
}

/// Chains that ended long ago are not noticed beside others that go on.
fn ended_before(report: &Report) -> String {
    match report.looked_back_to {
        Some(time) => format!(
            "That no trail which ended before {} should have gone on: digests were looked for from there on, and of an \
             account and region without any since, in its newest day; --look-back looks further.",
            format_time(time)
        ),
        None => "That no trail should have gone on which left no trace in the record.".to_owned(),
    }
}

/// What this run did not establish. Every report says so, whatever its verdict.
fn not_proven(report: &Report) -> Vec<String> {
    let mut sentences = vec![
        "That CloudTrail recorded every event: only what it delivered is proven.".to_owned(),
        "Who deleted or changed what is missing or modified.".to_owned(),
        "That no newer digest existed which nothing links to: only coverage up to a known moment, or the newest digest \
         noted by an earlier run, shows that."
            .to_owned(),
        format!(
            "Anything about files outside the window {} to {}.",
            report.window.start.map_or("(open)".to_owned(), format_time),
            format_time(report.window.end)
        ),
        ended_before(report),
        "That regions and accounts without any trace in the bucket never recorded anything: name them with \
         --expect-region and --expect-account."
            .to_owned(),
    ];
    match report.depth {
        Depth::Chain => sentences.push(
            "That log files are present or intact, or that none was forged: depth chain looks at digests alone."
                .to_owned(),
        ),
        Depth::Presence => sentences
            .push("That the content of log files is intact: depth presence does not read them.".to_owned()),
        Depth::Full => {}
    }
    if report.window.start.is_none() {
        sentences.push("Where the record should begin: no --start was given.".to_owned());
    }
    if report.completion == Completion::Interrupted {
        sentences.push("Anything that the run had not reached when it was interrupted.".to_owned());
    }
    sentences
}
