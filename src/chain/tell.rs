//! What there is to tell of digests, links, gaps and ends.

use super::{
    Absent, Cause, Chain, ChainId, Found, Gap, Item, KnownBy, LastDigest, Previous, Proven, Span, Terms, Time,
};
use crate::crypto::Authority;
use crate::digest::{Fault, Packing};
use crate::trail::{Ended, Window};
use crate::verdict::what::{
    BadSignature, Beginning, Differs, Due, EndOfChain, Ending, Folder, Hole, NoSignature, NotADigest, Signed,
    Sought, Unread, What,
};
use crate::verdict::{Finding, Unseen};

/// All that there is to tell of a chain as a whole: its links, its gaps, its end.
pub fn all(id: &ChainId, chain: &Chain, as_of: Time) -> Vec<Finding> {
    let mut findings = chain.findings.clone();
    match &chain.ended {
        // A gap from the window's beginning to its end would say less.
        Some(last) => findings.push(ended(id, last, as_of)),
        None => {
            let told = chain.gaps.iter().map(|gap| gap_told(id, gap, chain.bounds));
            findings.extend(told);
        }
    }
    findings
}

/// What there is to tell of the digests of a chain that `window` asks for, each by itself. One at a time: there may be as
/// many as the bucket's owner likes.
pub fn digests<'c>(
    id: &'c ChainId,
    items: &'c [Item],
    window: &'c Window,
    grace_cutoff: Time,
) -> impl Iterator<Item = Finding> + 'c {
    let asked_for = items.iter().filter(|item| window.overlaps(&item.span()));
    asked_for.filter_map(move |item| digest(id, item, grace_cutoff))
}

/// What there is to tell of one digest by itself. One that was listed, is gone and ends after `grace_cutoff` may still be
/// under way.
pub fn digest(id: &ChainId, item: &Item, grace_cutoff: Time) -> Option<Finding> {
    if keys_refused(item).is_some() || item.found == Found::Unseen(Unseen::Interrupted) {
        return None;
    }
    let what = match &item.found {
        Found::Authentic(proven) => authentic(proven)?,
        Found::Rejected(refused) => fault(&refused.fault),
        Found::Unseen(_) => What::DigestUnreadable(Unread::Refused),
        Found::Gone if item.key.end > grace_cutoff => What::DigestPending(Sought::Listed, Due::StillDue),
        Found::Gone => What::DigestMissing(Sought::Listed),
    };
    let mut finding = Finding::new(what, id);
    if let Found::Unseen(unseen) = &item.found {
        finding.cause = Some(Cause::Unseen(unseen.clone()));
    }
    finding.object = Some(item.object.clone());
    finding.at = Some(item.key.end);
    Some(finding)
}

const NO_KEYS: &str = "no public keys were given; pass --keys FILE, as `trailseal keys fetch` writes it";

/// Why the keys of a digest's region could not be retrieved, where that is all that is known of it. Told once per region,
/// not once per digest.
pub fn keys_refused(item: &Item) -> Option<&str> {
    match &item.found {
        Found::Rejected(refused) => match &refused.fault {
            Fault::UnknownKey { authority: Authority::Refused(detail), .. } => Some(detail),
            Fault::UnknownKey { authority: Authority::Nobody, .. } => Some(NO_KEYS),
            _ => None,
        },
        Found::Authentic(_) | Found::Unseen(_) | Found::Gone => None,
    }
}

/// What is odd about a digest that is authentic.
fn authentic(proven: &Proven) -> Option<What> {
    match (&proven.anomaly, proven.packing) {
        (Some(Fault::Algorithm { field, found }), _) => Some(What::DigestAlgorithmUnsupported {
            field: (**field).into(),
            found: found.clone(),
            signed: Signed::ByAws,
        }),
        (Some(anomaly), _) => Some(fault(anomaly)),
        (None, Packing::Plain) => Some(What::DigestUnpacked),
        (None, Packing::Gzip) => None,
    }
}

fn fault(fault: &Fault) -> What {
    match fault {
        Fault::Gzip(gzip) => What::DigestMalformed(NotADigest::Gzip(*gzip)),
        Fault::Document(problem) => What::DigestMalformed(NotADigest::Document(problem.clone())),
        Fault::GenerationTimeMissing => What::DigestMalformed(NotADigest::GenerationTimeMissing),
        Fault::Algorithm { field, found } => What::DigestAlgorithmUnsupported {
            field: (**field).into(),
            found: found.clone(),
            signed: Signed::Unknown,
        },
        Fault::Relocated { field, claimed, found } => {
            What::DigestRelocated { field: (**field).into(), claimed: claimed.clone(), found: found.clone() }
        }
        Fault::SignatureRemoved => What::DigestUnsigned(NoSignature::Removed),
        Fault::SignatureNotKept(unusable) => What::DigestUnsigned(NoSignature::NotKept(unusable.clone())),
        Fault::SignatureGarbled(found) => What::DigestSignatureInvalid(BadSignature::Garbled(found.clone())),
        Fault::SignatureInvalid { fingerprint } => {
            What::DigestSignatureInvalid(BadSignature::Refuted(fingerprint.clone()))
        }
        Fault::UnknownKey { fingerprint, authority } => {
            What::DigestUnknownKey { fingerprint: fingerprint.clone(), authority: authority.clone() }
        }
    }
}

/// A digest that differs from what its authentic successor recorded of it.
pub(super) fn broken_link(
    id: &ChainId,
    item: &Item,
    recorded: &Previous,
    successor: &Item,
) -> Option<Finding> {
    let (hash, signature) = item.own()?;
    let content = (hash != recorded.hash).then_some(Differs { expected: recorded.hash, actual: hash });
    let signature = signature.filter(|signature| **signature != recorded.signature).map(|signature| {
        Differs { expected: recorded.signature.to_string().into(), actual: signature.to_string().into() }
    });
    if content.is_none() && signature.is_none() {
        return None;
    }
    let mut finding =
        Finding::new(What::DigestLinkBroken { content, signature, successor: Folder::Same }, id);
    finding.object = Some(item.object.clone());
    finding.digest = Some(successor.object.clone());
    finding.at = Some(item.key.end);
    Some(finding)
}

/// A digest that is not there.
pub(super) fn missing(id: &ChainId, absent: &Absent, terms: &Terms) -> Finding {
    let sought = match absent.known_by {
        KnownBy::Linked => Sought::Linked,
        KnownBy::Deduced => Sought::Deduced,
    };
    let what = if absent.is_pending(terms) {
        What::DigestPending(sought, Due::StillDue)
    } else {
        What::DigestMissing(sought)
    };
    let mut finding = Finding::new(what, id);
    finding.object = Some(absent.object.clone());
    finding.digest = Some(absent.linked_from.clone());
    finding.at = absent.end;
    finding
}

/// A chain that began anew after a digest that ended at `before`.
pub(super) fn restart(id: &ChainId, item: &Item, before: Time) -> Finding {
    let mut finding = Finding::new(What::ChainRestarted { before }, id);
    finding.object = Some(item.object.clone());
    finding.at = Some(item.span().start);
    finding.cause = Some(Cause::Unexplained);
    finding
}

fn gap_told(id: &ChainId, gap: &Gap, bounds: Option<Span>) -> Finding {
    let at = |edge: fn(Span) -> Time| bounds.is_some_and(|bounds| edge(bounds) == edge(gap.span));
    let what = match (at(|span| span.start), at(|span| span.end)) {
        (true, false) => What::CoverageHead(Beginning::Uncovered),
        (false, true) => What::CoverageTail(Ending::Uncovered),
        (true, true) | (false, false) => What::CoverageGap(Hole::Whole),
    };
    let mut finding = Finding::new(what, id);
    finding.span = Some(gap.span);
    finding.at = Some(gap.span.start);
    finding.cause = Some(gap.cause.clone());
    finding
}

/// A chain that ended before the window.
fn ended(id: &ChainId, last: &LastDigest, as_of: Time) -> Finding {
    let LastDigest { object, end, verdict, word, later } = last;
    let (verdict, line) = (*verdict, Ended::of(id, *end));
    let how = match (word, later) {
        (None, Some(later)) => EndOfChain::LaterOneLost { verdict, word: later.clone() },
        (Some(word), _) => EndOfChain::Acknowledged { verdict, as_of, line, word: word.clone() },
        (None, None) => EndOfChain::Nothing { verdict, as_of, line },
    };
    let mut finding = Finding::new(What::ChainEnded { last: *end, how }, id);
    finding.object = Some(object.clone());
    finding.at = Some(*end);
    finding.cause = Some(Cause::Unexplained);
    finding
}
