//! Finds what has no chain in a report and should have one, so that no figure beside the verdict passes over it.

use std::collections::BTreeSet;

use crate::inspection::SiteView;
use crate::report::{Completion, NoChain, Reached, Report, Uncovered};
use crate::trail::{DigestKind, Time};
use crate::verdict::{Code, Scope};

/// Everything that the report, whose findings and chains are complete, tells of no chain of: what is absent, what could
/// not be listed, and the accounts and regions that the run did not get to.
pub(super) fn find(report: &Report, not_reached: &BTreeSet<Scope>, as_of: Time) -> Vec<Uncovered> {
    let told = report.findings.iter().filter_map(|finding| {
        let why = match finding.code() {
            // An earlier run saw a chain there.
            Code::RegionAbsent | Code::HeadLost => NoChain::Absent,
            Code::ListingUnreadable => NoChain::Unlisted,
            _ => return None,
        };
        Some((finding.scope.clone(), why))
    });
    let not_reached = not_reached.iter().map(|scope| (scope.clone(), NoChain::NotReached));
    let spans = || {
        report.chains.iter().flat_map(|chain| chain.coverage.first().into_iter().chain(chain.gaps.first()))
    };
    let start = report.window.start().or_else(|| spans().map(|span| span.start).min());
    let time = Uncovered::between(start, report.window.end().min(as_of));
    let mut uncovered: Vec<Uncovered> = told
        .chain(not_reached)
        .filter(|(scope, _)| *scope != Scope::default() && !has_chain(report, scope))
        .map(|(scope, why)| Uncovered { scope, why, time })
        .collect();
    uncovered.sort();
    // One reason for each is enough.
    uncovered.dedup_by(|one, other| one.scope == other.scope);
    uncovered
}

/// The accounts and regions that a run which ended early did not look at to their end.
pub(super) fn not_reached(views: &[SiteView]) -> BTreeSet<Scope> {
    let cut_short =
        |view: &&SiteView| view.completion == Completion::Interrupted || view.reached == Reached::InPart;
    views.iter().filter(cut_short).map(|view| Scope::from(&view.place)).collect()
}

fn has_chain(report: &Report, scope: &Scope) -> bool {
    let mut standard =
        report.chains.iter().map(|chain| &chain.id).filter(|id| id.kind == DigestKind::Standard);
    standard.any(|id| {
        scope.account.is_none_or(|account| account == id.place.account)
            && scope.region.as_ref().is_none_or(|region| *region == id.place.region)
            && scope.trail.as_ref().is_none_or(|trail| *trail == id.trail)
            && (scope.account.is_none()
                || scope.organization == id.place.organization
                || scope.region.is_none())
    })
}
