//! What a reader should do or know beside the findings, and what a run did not establish.

use std::collections::{BTreeMap, BTreeSet};

use super::Sealing;
use crate::gzip::Fault;
use crate::inspection::Plan;
use crate::report::{Completion, Hint, NotProven, Outcome, Readings, Report};
use crate::trail::source::Within;
use crate::trail::{ChainId, Depth, Ended, ObjectName, Origin};
use crate::verdict::what::{NotADigest, What};
use crate::verdict::{Cause, Class, Code, Finding, Scope, Unseen};

/// What a reader should do next, where something general stands behind many findings.
pub(super) fn hints(plan: &Plan, report: &Report, sites: usize) -> Vec<Hint> {
    let mut hints = nothing_found(report, sites);
    hints.extend(as_of_its_newest_object(plan, report));
    hints.extend(ends_in_the_future(plan, report));
    let Plan { accept, .. } = plan;
    hints.extend((!accept.is_empty()).then(|| Hint::Accepted(accept.clone())));
    let retries = report.totals.retries;
    hints.extend((retries.total() > 0).then_some(Hint::Retried(retries)));
    hints.extend(refused(report));
    hints.extend((report.totals.digests.unsigned > 0).then_some(Hint::NoSignatures));
    let omitted: u64 = report.omitted.values().sum();
    hints.extend((omitted > 0).then_some(Hint::NotHeld(omitted)));
    hints.extend(moved(report));
    hints.extend(unfinished_copy(plan, report));
    hints.extend(ended_lawfully(plan, report));
    hints.extend(alive_again(plan, report));
    hints.extend(unknown_keys(report));
    hints
}

fn nothing_found(report: &Report, sites: usize) -> Vec<Hint> {
    if report.outcome() != Outcome::Empty {
        return Vec::new();
    }
    let mut hints = vec![match sites {
        0 => Hint::NothingInScope,
        sites => Hint::NothingInWindow(sites),
    }];
    if report.window.start().is_some_and(|start| start >= report.started_at) {
        hints.push(Hint::WindowInTheFuture);
    }
    hints
}

/// Which rights are wanting.
fn refused(report: &Report) -> Vec<Hint> {
    let denied = |code: Code| {
        report.findings.iter().any(|finding| {
            finding.code() == code && matches!(&finding.cause, Some(Cause::Unseen(Unseen::Denied(_))))
        })
    };
    let mut hints = Vec::new();
    if denied(Code::ListingUnreadable) {
        hints.push(Hint::ListingRefused);
    }
    if denied(Code::DigestUnreadable) || denied(Code::LogUnreadable) {
        hints.push(Hint::ObjectsRefused);
    }
    hints
}

fn unknown_keys(report: &Report) -> Option<Hint> {
    let unknown = |finding: &Finding| finding.kind() == (Class::Incomplete, Code::DigestUnknownKey);
    report.findings.iter().any(unknown).then_some(Hint::UnknownKeys)
}

/// What a folder without an end was taken for.
fn as_of_its_newest_object(plan: &Plan, report: &Report) -> Option<Hint> {
    let newest = report.window.end();
    let age = plan.now - newest;
    let as_of_it = plan.origin == Origin::Folder && plan.end.is_none();
    if as_of_it && report.window.start() == Some(newest) {
        return Some(Hint::FolderIsOlder(newest));
    }
    (as_of_it && age > plan.grace).then_some(Hint::AsOfNewestObject { newest, age })
}

/// A window that has hours which have not been yet: nothing in them is missed, and nothing proven.
fn ends_in_the_future(plan: &Plan, report: &Report) -> Option<Hint> {
    let (end, now) = (report.window.end(), plan.now);
    (now < end).then_some(Hint::EndsInTheFuture { end, now })
}

/// Log files that are missed in their place and lie in another, under the same name.
fn moved(report: &Report) -> Option<Hint> {
    fn name(finding: &Finding) -> Option<(&str, &ObjectName)> {
        let object = finding.object.as_ref()?;
        Some((object.key.rsplit('/').next()?, object))
    }
    let of = |code| report.findings.iter().filter(move |finding| finding.code() == code).filter_map(name);
    let missing: BTreeMap<&str, &ObjectName> = of(Code::LogMissing).collect();
    let moved: Vec<(&ObjectName, &ObjectName)> =
        of(Code::LogUnlisted).filter_map(|(name, lies_at)| Some((lies_at, *missing.get(name)?))).collect();
    let (lies_at, belongs_at) = moved.first()?;
    Some(Hint::Moved { count: moved.len(), lies_at: (*lies_at).clone(), belongs_at: (*belongs_at).clone() })
}

/// What an unfinished copy looks like, and what does not look like one.
fn unfinished_copy(plan: &Plan, report: &Report) -> Option<Hint> {
    if plan.origin == Origin::Delivered {
        return None;
    }
    let accusing = report.findings.iter().filter(|finding| finding.class() == Class::Tamper);
    let (like, unlike): (Vec<&Finding>, Vec<&Finding>) = accusing.partition(|it| like_a_broken_copy(it));
    let codes = |findings: &[&Finding]| findings.iter().map(|finding| finding.code()).collect();
    (!like.is_empty()).then(|| Hint::UnfinishedCopy { like: codes(&like), unlike: codes(&unlike) })
}

/// Whether it may have come of a copy that was broken off: a file that is not there, or that ends too early. What is there
/// with other content was written so.
fn like_a_broken_copy(finding: &Finding) -> bool {
    match &finding.what {
        What::LogMissing { .. } | What::DigestMissing(_) => true,
        What::LogMalformed { fault, .. } | What::DigestMalformed(NotADigest::Gzip(fault)) => {
            matches!(fault, Fault::Empty | Fault::Truncated)
        }
        _ => false,
    }
}

/// The lines that acknowledge the chains which ended before the window, if all of them did so lawfully.
fn ended_lawfully(plan: &Plan, report: &Report) -> Option<Hint> {
    // One that was acknowledged with a later end has lost digests since: no line is to cover that up.
    let moved_back = |line: &Ended| plan.ended.iter().any(|word| word.includes(line));
    let single: Vec<Ended> = ended(report)
        .filter(|(class, line)| *class == Class::Incomplete && !moved_back(line))
        .map(|(_, line)| line)
        .collect();
    // A part of the record does not show what else an account's line would speak of.
    let mut lines = if plan.scope == Default::default() && plan.within == Within::Everything {
        Ended::together(single, &going_on(report))
    } else {
        single
    };
    let more = lines.len().saturating_sub(ENDED_LINES);
    lines.truncate(ENDED_LINES);
    (!lines.is_empty()).then_some(Hint::AcknowledgeEnded { lines, more })
}

/// More lines than anybody pastes at once.
const ENDED_LINES: usize = 12;

/// The chains that ended before the window, each with the line that acknowledges it.
fn ended(report: &Report) -> impl Iterator<Item = (Class, Ended)> {
    report.findings.iter().filter(|finding| finding.code() == Code::ChainEnded).filter_map(|finding| {
        let Scope { account, region, trail, .. } = finding.scope.clone();
        Some((finding.class(), Ended { account: account?, region, trail, last: finding.at? }))
    })
}

fn going_on(report: &Report) -> Vec<&ChainId> {
    report.chains.iter().filter(|chain| chain.digests.total() > 0).map(|chain| &chain.id).collect()
}

/// Words on ended chains that name one with digests in the window, and none that has ended.
fn alive_again(plan: &Plan, report: &Report) -> Option<Hint> {
    let alive = going_on(report);
    let needless: Vec<Ended> = plan
        .ended
        .iter()
        .filter(|word| alive.iter().any(|chain| word.names(chain)))
        .filter(|word| !ended(report).any(|(_, line)| word.includes(&line)))
        .cloned()
        .collect();
    (!needless.is_empty()).then_some(Hint::NeedlessEnded(needless))
}

/// What this run did not establish. Every report says so, whatever its verdict.
pub(super) fn not_proven(
    report: &Report,
    ledger: Option<Sealing>,
    unread_kinds: BTreeSet<Box<str>>,
) -> Vec<NotProven> {
    let mut limits = NotProven::NEVER.to_vec();
    limits.extend([
        NotProven::OutsideTheWindow(report.window),
        NotProven::EndedBefore(report.looked_back_to),
        NotProven::WithoutTrace,
    ]);
    let before = report.baselines.iter().filter_map(|held| held.before_the_window);
    limits.extend(before.map(NotProven::BeforeTheWindow));
    let sealed = report.baselines.iter().any(|held| held.sealed.is_some());
    limits.extend(sealed.then_some(NotProven::AllPutBack));
    if report.carried != Readings::default() {
        limits.push(NotProven::CarriedAsListed);
        limits.extend((ledger == Some(Sealing::ByNobody)).then_some(NotProven::UnsealedLedger));
    }
    limits.extend(report.request.is_narrowed().then_some(NotProven::OutOfScope));
    limits.extend(match report.depth {
        Depth::Chain => Some(NotProven::LogFiles),
        Depth::Presence => Some(NotProven::LogContent),
        Depth::Full => None,
    });
    limits.extend(report.window.start().is_none().then_some(NotProven::Beginning));
    let outage = report.findings.iter().any(|finding| finding.code() == Code::StoreUnavailable);
    limits.extend(outage.then_some(NotProven::AfterTheOutage));
    limits.extend((report.completion == Completion::Interrupted).then_some(NotProven::NotReached));
    limits.extend((!unread_kinds.is_empty()).then_some(NotProven::Kinds(unread_kinds)));
    limits
}
