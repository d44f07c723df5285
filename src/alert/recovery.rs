//! Whether a matter that was told before is gone, and not merely out of sight. Absence is a hard-won word here as everywhere: it
//! is said only where this run looked at the same place and the same time, wholly and as closely as the matter asks, and found
//! nothing there that is not well. A day that left the window is not mended, and neither is what a narrower run does not look at.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::matter::extent;
use super::state::Told;
use crate::report::{ChainReport, Completion, Reached, Report};
use crate::trail::{Depth, DigestKind, Span, Window};
use crate::verdict::{Class, Code, Finding, Scope};

/// What lies next to a matter in time belongs to it: the digest of an hour names the files of the hour around it.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// Whether a matter, which none of the report's findings belongs to, is gone by what the report says.
pub fn is_gone(told: &Told, report: &Report) -> bool {
    let Told { code, scope, extent: Some(extent), .. } = told else { return false };
    let around = Span { start: extent.start - MARGIN, end: extent.end + MARGIN };
    report.completion == Completion::Complete
        && looked_closely(*code, report.depth)
        && lies_within(&around, &report.window)
        && was_asked_for(scope, report)
        && nothing_was_left_out(report)
        && is_whole(scope, *extent, report)
        && !report.findings.iter().any(|finding| stands_in_the_way(finding, scope, around))
}

/// Whether such a matter shows in a run of that depth. What other runs and witnesses remember shows only to a run that is told to
/// ask them, and a chain's end or a copy's place are no matters of one time: none of these is ever called gone.
fn looked_closely(code: Code, depth: Depth) -> bool {
    match code {
        Code::HeadLost
        | Code::HeadChanged
        | Code::HeadExpired
        | Code::WitnessBroken
        | Code::WitnessUnreachable
        | Code::WitnessEmpty
        | Code::LedgerRejected
        | Code::MultipartUpload
        | Code::PartMissing
        | Code::RecordCopied
        | Code::ChainEnded => false,
        Code::LogModified
        | Code::LogMalformed
        | Code::LogUnreadable
        | Code::LogUnpacked
        | Code::TrailChanged
        | Code::BucketChanged
        | Code::KeyChanged => depth == Depth::Full,
        Code::LogMissing
        | Code::LogUnlisted
        | Code::LogUnproven
        | Code::LogPending
        | Code::StrayObjects
        | Code::ListingUnreadable
        | Code::StoreUnavailable
        | Code::RegionAbsent => depth != Depth::Chain,
        Code::DigestMissing
        | Code::DigestSignatureInvalid
        | Code::DigestMalformed
        | Code::DigestRelocated
        | Code::DigestLinkBroken
        | Code::DigestUnsigned
        | Code::DigestUnknownKey
        | Code::DigestUnreadable
        | Code::DigestAlgorithmUnsupported
        | Code::DigestPending
        | Code::DigestUnpacked
        | Code::ChainRestarted
        | Code::CoverageHead
        | Code::CoverageGap
        | Code::CoverageTail
        | Code::KeysUnavailable
        | Code::KeyValidity => true,
    }
}

fn lies_within(time: &Span, window: &Window) -> bool {
    window.start().is_none_or(|start| start <= time.start) && time.end <= window.end()
}

/// Whether all of a matter's place was in scope.
fn was_asked_for(scope: &Scope, report: &Report) -> bool {
    fn holds<T: Ord>(asked: &BTreeSet<T>, own: Option<&T>) -> bool {
        asked.is_empty() || own.is_some_and(|own| asked.contains(own))
    }
    let request = &report.request;
    holds(&request.accounts, scope.account.as_ref())
        && holds(&request.regions, scope.region.as_ref())
        && holds(&request.trails, scope.trail.as_ref())
}

/// Findings that a report merely counts may be the very ones.
fn nothing_was_left_out(report: &Report) -> bool {
    report.omitted.keys().all(|(class, _)| *class == Class::Notice)
}

/// Whether authentic digests cover the time of a matter in its place, in a chain of its own where it names one. What belongs to no
/// account is gone only with everything else.
fn is_whole(scope: &Scope, extent: Span, report: &Report) -> bool {
    let all_is_well = || report.findings.iter().all(|finding| finding.judged() == Class::Notice);
    let (Some(account), Some(region)) = (scope.account, &scope.region) else {
        return !report.chains.is_empty() && report.chains.iter().all(was_reached) && all_is_well();
    };
    let is_there = |chain: &&ChainReport| {
        let id = &chain.id;
        id.place.account == account
            && id.place.region == *region
            && scope.organization.as_ref().is_none_or(|own| id.place.organization.as_ref() == Some(own))
            && scope.trail.as_ref().is_none_or(|own| id.trail == *own)
            && id.kind == DigestKind::Standard
    };
    let mut chains = report.chains.iter().filter(is_there).peekable();
    chains.peek().is_some() && chains.all(|chain| was_reached(chain) && chain.coverage.covers(extent))
}

fn was_reached(chain: &ChainReport) -> bool {
    chain.reached == Reached::Wholly
}

/// Whether something is not well there and then, whatever the caller makes of it: then the matter may have become another one.
fn stands_in_the_way(finding: &Finding, scope: &Scope, around: Span) -> bool {
    let same_account = finding.scope.account.is_none_or(|own| scope.account == Some(own));
    let same_region = finding.scope.region.as_ref().is_none_or(|own| scope.region.as_ref() == Some(own));
    let same_time = match (finding.code(), extent(finding)) {
        // They bear a moment, and speak of all the time there is.
        (
            Code::RegionAbsent | Code::ListingUnreadable | Code::KeysUnavailable | Code::StoreUnavailable,
            _,
        )
        | (_, None) => true,
        (_, Some(own)) => own.overlaps(&around),
    };
    finding.judged() != Class::Notice && same_account && same_region && same_time
}
