//! The conclusion of a run: what all accounts and regions amount to, held against what was asked for, in one report. Pure:
//! how the run went comes in as values, and what links lead to is asked for by whoever can look.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use crate::chain::{self, Linked};
use crate::crypto::Fingerprint;
use crate::events;
use crate::inspection::{Brief, KeyCount, Plan, SiteView, Strays};
use crate::report::{
    ChainReport, Completion, Findings, HeldTo, Hint, KeyUse, Reached, Report, Request, Totals,
};
use crate::trail::{AccountId, AccountRegion, Origin, Region, Span, Time};
use crate::verdict::what::{Ending, What};
use crate::verdict::{Cause, Finding, Retries, Scope, Unseen};

mod advice;
mod claims;
mod copies;
mod heads;
mod outage;
mod seams;
mod uncovered;

use claims::Claims;
use outage::Outages;

pub use heads::{Fate, is_asked_for, lies_under, may_have_expired, of_head};
pub use outage::Outage;
pub use seams::{MaySequel, join, note_sequel, sequels, unknown_places};

/// How a run went, beside what it read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Whether it came to its end.
    pub completion: Completion,
    /// How often whoever was asked had to be asked again.
    pub retries: Retries,
    /// Buckets that stopped answering.
    pub outages: Vec<Outage>,
    /// The latest time that the store has given as its own.
    pub last_answer: Option<Time>,
    /// What earlier runs saw, as it was held against the record.
    pub held_to: Vec<HeldTo>,
    /// Who vouches for what is remembered of earlier runs, if anything is.
    pub ledger: Option<Sealing>,
    /// Accounts and regions that an earlier run read days of the window of.
    pub remembered: Vec<AccountRegion>,
}

/// Who vouches for the rows of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Whoever has the caller's key.
    ByKey,
    /// Whoever may write there.
    ByNobody,
}

/// What the search for accounts and regions came to.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Accounts and regions in scope that have a folder.
    pub sites: usize,
    /// Every account in scope that has a folder of CloudTrail's, also one without a region in scope.
    pub accounts: BTreeSet<AccountId>,
    /// Accounts that are there and out of scope: some of them.
    pub other_accounts: BTreeSet<AccountId>,
    /// Regions that are there and out of scope: some of them.
    pub other_regions: BTreeSet<Region>,
    /// What may hold a part of the record and was not looked into.
    pub findings: Vec<Finding>,
    /// What was passed over on purpose.
    pub passed_over: Option<Hint>,
    /// What lies where only the folders of regions belong.
    pub strays: Strays,
}

/// The longest a digest is under way after the hour it closes, with some room: typically half an hour.
const DELIVERY: TimeDelta = TimeDelta::hours(2);

/// The report of a run: on `views`, with what was `told` of them. What there is to tell of whole chains goes to `tell` too.
pub fn conclude(
    brief: &Brief,
    run: &Run,
    discovery: &Discovery,
    told: Findings,
    views: Vec<SiteView>,
    tell: &dyn Fn(&Finding),
) -> Report {
    let plan = &brief.plan;
    let mut report = begun(brief, run);
    // So did those that records are of, if they did.
    report.completion = views.iter().map(|view| view.completion).fold(run.completion, Completion::max);
    let finished = finished(&views);
    let not_reached = uncovered::not_reached(&views);
    let mut outages = Outages::new(run.outages.clone());
    let mut findings = outages.fold_told(told, &reached_by_place(&views));
    findings.extend(of_the_run(brief, (discovery, &run.remembered), &views, &mut outages));
    findings.extend(strays(Scope::default(), &discovery.strays));
    report.keys = keys(&views);
    findings.extend(report.keys.iter().filter_map(|key| key_validity(key, &views)));
    let mut recorded_calls = Vec::new();
    let mut unread_kinds = BTreeSet::new();
    for mut view in views {
        unread_kinds.append(&mut view.unread_kinds);
        recorded_calls.append(&mut view.recorded_calls);
        findings.extend(strays(&view.place, &view.strays));
        report.totals.logs.merge(&view.loose_logs);
        report.totals.compressed += view.compressed;
        report.totals.inflated += view.inflated;
        report.carried.merge(&view.carried);
        let reached = view.reached;
        findings.extend(outages.fold(take_chains(brief, view, &mut report, tell), reached));
    }
    findings.extend(outages.findings(run.last_answer));
    if report.completion == Completion::Interrupted {
        findings.retain(|finding| {
            let place = Scope { trail: None, ..finding.scope.clone() };
            proven_although_interrupted(finding) || finished.contains(&place)
        });
    }
    recorded_calls.sort();
    recorded_calls.dedup();
    findings.extend(recorded_calls.iter().filter_map(events::notice));
    (report.findings, report.omitted) = findings.into_sorted();
    events::attribute(&mut report.findings, &recorded_calls);
    report.accept(&plan.accept);
    report.raise(&plan.fail_on);
    report.sort();
    report.uncovered = uncovered::find(&report, &not_reached, brief.as_of);
    let hints = advice::hints(plan, &report, discovery.sites);
    let notes = plan.notes.iter().cloned().map(Hint::Said);
    report.hints = notes.chain(discovery.passed_over.clone()).chain(hints).collect();
    report.not_proven = advice::not_proven(&report, run.ledger, unread_kinds);
    report
}

/// A report of nothing yet, with what was asked.
fn begun(brief: &Brief, run: &Run) -> Report {
    let Brief { plan, window, .. } = brief;
    Report {
        looked_back_to: window.start().map(|start| plan.looks_back_to(start)),
        request: request(plan),
        depth: plan.depth,
        arguments: plan.arguments.clone(),
        completion: run.completion,
        totals: Totals { retries: run.retries, ..Totals::default() },
        baselines: run.held_to.clone(),
        ..Report::new(plan.source.clone(), *window, plan.now)
    }
}

/// What is to be told of the run as a whole, without what follows from an outage.
fn of_the_run(
    brief: &Brief,
    (discovery, remembered): (&Discovery, &[AccountRegion]),
    views: &[SiteView],
    outages: &mut Outages,
) -> Vec<Finding> {
    let Brief { plan, window, .. } = brief;
    let reached = outages.reached();
    let claims = Claims::of(plan, discovery, views, window.start());
    let mut findings = outages.fold(discovery.findings.clone(), reached);
    findings.extend(outages.fold(claims.unmet(), reached));
    findings.extend(outages.fold(claims.forgotten(remembered), reached));
    findings.extend(outages.fold(Vec::from_iter(older_than_promised(plan, views)), reached));
    findings.extend(too_young(brief));
    findings.extend(copies::findings(brief, views));
    findings
}

fn request(plan: &Plan) -> Request {
    Request {
        accounts: plan.scope.accounts.clone(),
        regions: plan.scope.regions.clone(),
        trails: plan.scope.trails.iter().map(|trail| trail.name.clone()).collect(),
        prefix: plan.prefix.clone(),
        expected_accounts: plan.expected.accounts.clone(),
        expected_regions: plan.expected.regions.clone(),
        grace: plan.grace,
    }
}

/// The accounts and regions that were looked at to their end. Of others, what rests on something being absent is not told.
fn finished(views: &[SiteView]) -> BTreeSet<Scope> {
    let complete = |view: &&SiteView| view.completion == Completion::Complete;
    views.iter().filter(complete).map(|view| Scope::from(&view.place)).collect()
}

/// How far each account and region was reached.
fn reached_by_place(views: &[SiteView]) -> BTreeMap<Scope, Reached> {
    views.iter().map(|view| (Scope::from(&view.place), view.reached)).collect()
}

/// What may be said although the run did not get to everything: nothing that rests on something being absent.
fn proven_although_interrupted(finding: &Finding) -> bool {
    !finding.code().rests_on_absence() && finding.cause != Some(Cause::Unseen(Unseen::Interrupted))
}

/// Takes over the chains in scope, and gives what there is to tell of them.
fn take_chains(brief: &Brief, view: SiteView, report: &mut Report, tell: &dyn Fn(&Finding)) -> Vec<Finding> {
    let mut told = Vec::new();
    let interrupted = report.completion == Completion::Interrupted;
    let (mut logs_by_chain, mut carried_by_chain) = (view.logs_by_chain, view.carried_by_chain);
    let reached = view.reached;
    for Linked { id, chain, .. } in view.linked {
        if !brief.plan.scope.holds_chain(&id) {
            continue;
        }
        let mut findings = chain::findings(&id, &chain, brief.as_of);
        findings.retain(|finding| !interrupted || proven_although_interrupted(finding));
        findings.iter().for_each(tell);
        let unexplained_end = chain.ended.as_ref().is_some_and(|last| last.word.is_none());
        let in_window = chain.digests.total() > 0 || !chain.coverage.is_empty();
        if in_window || unexplained_end || (!findings.is_empty() && chain.ended.is_none()) {
            let logs = logs_by_chain.remove(&id).unwrap_or_default();
            let carried = carried_by_chain.remove(&id).unwrap_or_default();
            report.carried.digests += carried.digests;
            report.carried.logs += carried.logs;
            report.totals.digests.merge(&chain.digests);
            report.totals.logs.merge(&logs);
            report.chains.push(ChainReport {
                logs,
                digests: chain.digests,
                coverage: chain.coverage,
                gaps: chain.unproven.union(chain.gaps.iter().map(|gap| gap.span)),
                verified_through: chain.verified_through,
                newest: chain.newest,
                carried,
                reached,
                id,
            });
        }
        told.extend(findings);
    }
    told
}

/// What lies beside the record, counted.
fn strays(scope: impl Into<Scope>, strays: &Strays) -> Option<Finding> {
    let first = strays.first.clone()?;
    let mut finding = Finding::new(What::StrayObjects { count: strays.count }, scope);
    finding.object = Some(first);
    Some(finding)
}

/// A window in which nothing could be missed yet.
fn too_young(brief: &Brief) -> Option<Finding> {
    let start = brief.window.start()?;
    let grace_cutoff = brief.grace_cutoff();
    (grace_cutoff <= start).then(|| {
        let ending = match brief.plan.origin {
            Origin::Folder if brief.as_of < start => Ending::FolderIsOlder { newest: brief.as_of },
            _ => Ending::TooYoung { grace_hours: brief.plan.grace.num_hours() },
        };
        let mut finding = Finding::new(What::CoverageTail(ending), Scope::default());
        finding.at = Some(start);
        finding
    })
}

/// The trail's own status names a digest delivery that the bucket does not show.
fn older_than_promised(plan: &Plan, views: &[SiteView]) -> Option<Finding> {
    let delivered = plan.expected.newest.filter(|_| plan.end.is_none())?;
    let newest = views.iter().filter_map(|view| view.newest).max();
    // A digest is delivered within about 90 minutes of the hour it closes.
    let missing = newest.is_none_or(|newest| delivered - newest > DELIVERY);
    missing.then(|| {
        let what = What::CoverageTail(Ending::Promised { delivered, newest });
        let mut finding = Finding::new(what, Scope::default());
        finding.at = newest.or(Some(delivered));
        finding.cause = Some(Cause::Unexplained);
        finding
    })
}

fn keys(views: &[SiteView]) -> Vec<KeyUse> {
    let mut used: BTreeMap<(Fingerprint, Option<Region>), KeyUse> = BTreeMap::new();
    for (fingerprint, (key, KeyCount { digests, .. })) in views.iter().flat_map(|view| &view.keys) {
        let entry = used.entry((fingerprint.clone(), key.region.clone())).or_insert_with(|| KeyUse {
            fingerprint: fingerprint.clone(),
            region: key.region.clone(),
            valid_from: key.valid_from,
            valid_to: key.valid_to,
            digests: 0,
            origin: key.origin.clone(),
        });
        entry.digests += digests;
    }
    used.into_values().collect()
}

/// Once per key, not once per digest: AWS's own material lies outside its windows.
fn key_validity(key: &KeyUse, views: &[SiteView]) -> Option<Finding> {
    let outside: u64 = views
        .iter()
        .filter(|view| key.region.as_ref().is_none_or(|region| *region == view.place.region))
        .filter_map(|view| view.keys.get(&key.fingerprint))
        .map(|(_, count)| count.outside_window)
        .sum();
    let window = Span { start: key.valid_from?, end: key.valid_to? };
    let what = What::KeyValidity { fingerprint: key.fingerprint.clone(), digests: outside, window };
    let scope = Scope { region: key.region.clone(), ..Scope::default() };
    (outside > 0).then(|| Finding::new(what, scope))
}
