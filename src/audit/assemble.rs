//! Puts what the sites came to into one report, and says what was not proven.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::discover::Found;
use super::reading::KeyCount;
use super::site;
use super::{Context, Plan};
use crate::crypto::{Fingerprint, Lookup};
use crate::events;
use crate::report::{Completion, Depth, KeyUse, Outcome, Report, Totals};
use crate::trail::{AccountId, AccountRegion, Region, format_time};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, Scope};

/// The longest a digest is under way after the hour it closes, with some room: typically half an hour.
const DELIVERY: TimeDelta = TimeDelta::hours(2);

/// The report of a run.
pub(super) fn report<S>(context: &Context<S>, found: Found, mut outcomes: Vec<site::Outcome>) -> Report {
    let sites = found.sites.len();
    outcomes.sort_by(|one, other| one.place.cmp(&other.place));
    let plan = &context.plan;
    let mut report = Report {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source: plan.source.clone(),
        window: context.window,
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
    for failure in found.failures {
        let message = format!("cannot {} {}: {}", failure.action, failure.target, failure.detail);
        let mut finding = Finding::new(Code::ListingUnreadable, Scope::default(), message);
        finding.cause = Some(Cause::Unseen(super::unseen::unseen(&failure)));
        report.findings.push(finding);
    }
    report.findings.extend(unmet(plan, &outcomes, &report));
    report.keys = keys(&outcomes);
    report.findings.extend(report.keys.iter().filter_map(|key| key_validity(key, &outcomes)));
    let mut testimonies = Vec::new();
    for mut outcome in outcomes {
        testimonies.append(&mut outcome.testimonies);
        for chain in &outcome.chains {
            report.totals.digests.merge(&chain.digests);
            report.totals.logs.merge(&chain.logs);
        }
        report.totals.logs.merge(&outcome.loose_logs);
        report.totals.compressed += outcome.compressed;
        report.totals.inflated += outcome.inflated;
        report.chains.extend(outcome.chains);
        report.findings.extend(outcome.findings);
    }
    testimonies.sort();
    testimonies.dedup();
    events::attribute(&mut report.findings, &testimonies);
    report.findings.extend(testimonies.iter().filter_map(events::notice));
    report.accept(&plan.accept);
    report.sort();
    report.hints = plan.notes.iter().cloned().chain(hints(&report, sites)).collect();
    report.not_proven = not_proven(&report);
    report
}

/// Accounts and regions that the caller expects and that have no digest in the window.
fn unmet(plan: &Plan, outcomes: &[site::Outcome], report: &Report) -> Vec<Finding> {
    let told: BTreeSet<&AccountRegion> = outcomes
        .iter()
        .filter(|outcome| outcome.findings.iter().any(|finding| finding.code == Code::RegionAbsent))
        .map(|outcome| &outcome.place)
        .collect();
    let present: BTreeSet<(AccountId, &Region)> = outcomes
        .iter()
        .filter(|outcome| !outcome.chains.is_empty() || told.contains(&outcome.place))
        .map(|outcome| (outcome.place.account, &outcome.place.region))
        .collect();
    let mut accounts: BTreeSet<AccountId> = outcomes.iter().map(|outcome| outcome.place.account).collect();
    accounts.extend(&plan.expected.accounts);
    let mut findings = Vec::new();
    let mut absent = |account: Option<AccountId>, region: Option<&Region>, what: String| {
        let scope = Scope { account, region: region.cloned(), ..Scope::default() };
        let mut finding = Finding::new(Code::RegionAbsent, scope, what);
        finding.at = report.window.start;
        finding.cause = Some(Cause::Unexplained);
        findings.push(finding);
    };
    for account in &plan.expected.accounts {
        if !present.iter().any(|(found, _)| found == account) {
            absent(
                Some(*account),
                None,
                "this account is expected, and has not one digest in the window".into(),
            );
        }
    }
    for region in &plan.expected.regions {
        for account in &accounts {
            if !present.contains(&(*account, region)) {
                absent(
                    Some(*account),
                    Some(region),
                    "this region is expected, and has not one digest in the window".into(),
                );
            }
        }
        if accounts.is_empty() {
            absent(
                None,
                Some(region),
                "this region is expected, and has not one digest in the window".into(),
            );
        }
    }
    findings.extend(older_than_promised(plan, outcomes));
    findings
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
            let Lookup::Known(key) = ring.find(fingerprint, &outcome.place.region) else { continue };
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
        .filter(|outcome| key.region.as_ref().is_none_or(|region| *region == outcome.place.region))
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
    if digests.relocated > 0 && digests.authentic == 0 {
        hints.push(
            "Every digest says that it belongs elsewhere: this looks like a copy. Name where CloudTrail delivered it \
             with --copied-from s3://BUCKET[/PREFIX]."
                .to_owned(),
        );
    }
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
