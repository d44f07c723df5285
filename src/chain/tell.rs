//! Puts what is wrong with a digest or a link into words and evidence.

use super::{
    Absent, Cause, Chain, ChainId, Code, Ended, Evidence, Finding, Found, Gap, Item, LastDigest, Previous,
    Proof, Proven, Span, Terms, Time,
};
use crate::crypto::Authority;
use crate::digest::{Fault, Packing};
use crate::trail::{Window, format_time};
use crate::verdict::{Class, Unseen};

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
    settled_by: Time,
) -> impl Iterator<Item = Finding> + 'c {
    let asked_for = items.iter().filter(|item| window.overlaps(&item.span()));
    asked_for.filter_map(move |item| digest(id, item, settled_by))
}

/// What there is to tell of one digest by itself. One that was listed, is gone and ends after `settled_by` may still be
/// under way.
pub fn digest(id: &ChainId, item: &Item, settled_by: Time) -> Option<Finding> {
    if keys_refused(item).is_some() || item.found == Found::Unseen(Unseen::Interrupted) {
        return None;
    }
    let mut finding = match &item.found {
        Found::Authentic(proven) => authentic(id, proven)?,
        Found::Rejected(refused) => fault(id, &refused.fault),
        Found::Unseen(unseen) => {
            let message = format!("the digest could not be read: {}", unseen.detail());
            let mut finding = Finding::new(Code::DigestUnreadable, id, message);
            finding.cause = Some(Cause::Unseen(unseen.clone()));
            finding
        }
        Found::Gone if item.key.end > settled_by => Finding::new(
            Code::DigestPending,
            id,
            "the digest was listed, and is not there yet; it is young enough for that",
        ),
        Found::Gone => {
            Finding::new(Code::DigestMissing, id, "the digest was listed, but the store says it is not there")
        }
    };
    finding.object = Some(item.object.clone());
    finding.at = Some(item.key.end);
    Some(finding)
}

const NO_KEYS: &str = "no public keys were given; pass --keys FILE, as `trailseal keys fetch` writes it";

/// Why the keys of a digest's region could not be had, where that is all that is known of it. Told once per region,
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
fn authentic(id: &ChainId, proven: &Proven) -> Option<Finding> {
    match (&proven.blemish, proven.packing) {
        (Some(Fault::Algorithm { field, found }), _) => {
            let message = format!(
                "{field} names {found}, although AWS signed the digest with SHA256withRSA: its metadata was changed"
            );
            let mut finding = Finding::new(Code::DigestAlgorithmUnsupported, id, message);
            finding.evidence = Evidence::none().with("field", &**field).with("found", &**found);
            Some(finding)
        }
        (Some(blemish), _) => Some(fault(id, blemish)),
        (None, Packing::Plain) => {
            let message = "stored without compression; AWS signed just these bytes for just this place";
            Some(Finding::new(Code::DigestUnpacked, id, message))
        }
        (None, Packing::Gzip) => None,
    }
}

fn fault(id: &ChainId, fault: &Fault) -> Finding {
    match fault {
        Fault::Gzip(gzip) => Finding::new(Code::DigestMalformed, id, gzip.to_string()),
        Fault::Document(problem) => {
            Finding::new(Code::DigestMalformed, id, format!("not a digest: {problem}"))
        }
        Fault::GenerationTimeMissing => Finding::new(
            Code::DigestMalformed,
            id,
            "a backfill digest without its backfill-generation-timestamp metadata",
        ),
        Fault::Algorithm { field, found } => {
            let message = format!("{field} names {found}, which is not known");
            let mut finding = Finding::new(Code::DigestAlgorithmUnsupported, id, message);
            finding.evidence = Evidence::none().with("field", &**field).with("found", &**found);
            finding
        }
        Fault::Relocated { field, claimed, found } => {
            let message = format!("the digest belongs elsewhere: its {field} is not that of its place");
            let mut finding = Finding::new(Code::DigestRelocated, id, message);
            finding.evidence =
                Evidence::none().with("field", &**field).with("claimed", &**claimed).with("found", &**found);
            finding
        }
        Fault::SignatureRemoved => Finding::new(
            Code::DigestUnsigned,
            id,
            "the signature metadata that CloudTrail stores is not there",
        ),
        Fault::SignatureNotKept(unusable) => {
            let why = unusable.as_ref().map_or(String::new(), |why| format!(" ({why})"));
            let message = format!(
                "no signature is at hand{why}: put the output of `aws s3api head-object --output json` beside it as \
                 <name>.head.json, or add the digest that follows it"
            );
            let mut finding = Finding::new(Code::DigestUnsigned, id, message);
            finding.class = Class::Incomplete;
            finding
        }
        Fault::SignatureGarbled(found) => {
            let mut finding = Finding::new(
                Code::DigestSignatureInvalid,
                id,
                "the signature metadata is not a signature in hex",
            );
            finding.evidence = Evidence::none().with("found", &**found);
            finding
        }
        Fault::SignatureInvalid { fingerprint } => {
            let mut finding = Finding::new(
                Code::DigestSignatureInvalid,
                id,
                "the signature does not fit the digest: AWS did not sign these bytes for this place",
            );
            finding.evidence = Evidence::none().with("fingerprint", fingerprint.as_str());
            finding
        }
        Fault::UnknownKey { fingerprint, authority } => unknown_key(id, fingerprint.as_str(), authority),
    }
}

fn unknown_key(id: &ChainId, fingerprint: &str, authority: &Authority) -> Finding {
    let (class, message) = match authority {
        Authority::Aws => (
            Class::Tamper,
            format!(
                "signed, it says, by key {fingerprint}, which AWS does not list for this region and time"
            ),
        ),
        Authority::File => (
            Class::Incomplete,
            format!(
                "signed, it says, by key {fingerprint}, which the given keys do not hold; fetch the region's keys"
            ),
        ),
        Authority::Refused(detail) => (
            Class::Incomplete,
            format!("signed, it says, by key {fingerprint}; the region's keys could not be had: {detail}"),
        ),
        Authority::Nobody => (Class::Incomplete, format!("signed, it says, by key {fingerprint}; {NO_KEYS}")),
    };
    let mut finding = Finding::new(Code::DigestUnknownKey, id, message);
    finding.class = class;
    finding.evidence = Evidence::none().with("fingerprint", fingerprint);
    finding
}

/// A digest that differs from what its authentic successor recorded of it.
pub(super) fn broken_link(
    id: &ChainId,
    item: &Item,
    recorded: &Previous,
    successor: &Item,
) -> Option<Finding> {
    let (hash, signature) = item.own()?;
    let other_hash = hash != recorded.hash;
    let other_signature = signature.is_some_and(|signature| *signature != recorded.signature);
    let what = match (other_hash, other_signature) {
        (false, false) => return None,
        (true, false) => "content",
        (false, true) => "signature",
        (true, true) => "content and signature",
    };
    let message = format!("its {what} is not what the digest after it recorded");
    let mut finding = Finding::new(Code::DigestLinkBroken, id, message);
    finding.object = Some(item.object.clone());
    finding.digest = Some(successor.object.clone());
    finding.at = Some(item.key.end);
    if other_hash {
        finding.evidence = finding
            .evidence
            .with("expected_hash", recorded.hash.to_string())
            .with("actual_hash", hash.to_string());
    }
    if let Some(signature) = signature.filter(|_| other_signature) {
        finding.evidence = finding
            .evidence
            .with("expected_signature", recorded.signature.to_string())
            .with("actual_signature", signature.to_string());
    }
    Some(finding)
}

/// A digest that is not there.
pub(super) fn missing(id: &ChainId, absent: &Absent, terms: &Terms) -> Finding {
    let how = match absent.proof {
        Proof::Linked => "the digest after it links to it",
        Proof::Deduced => "the chain's hourly rhythm calls for it between two digests",
    };
    let mut finding = match absent.is_pending(terms) {
        true => Finding::new(
            Code::DigestPending,
            id,
            format!("{how}, and it is not there yet; it is young enough for that"),
        ),
        false => Finding::new(Code::DigestMissing, id, format!("{how}, and it is not there")),
    };
    finding.object = Some(absent.object.clone());
    finding.digest = Some(absent.linked_from.clone());
    finding.at = absent.end;
    if absent.proof == Proof::Deduced {
        finding.evidence = Evidence::none().with("deduced", true);
    }
    finding
}

/// A chain that began anew after a digest that ended at `before`.
pub(super) fn restart(id: &ChainId, item: &Item, before: Time) -> Finding {
    let message = format!(
        "the chain begins anew here with a starting digest; the digest before it ended at {}",
        format_time(before)
    );
    let mut finding = Finding::new(Code::ChainRestarted, id, message);
    finding.object = Some(item.object.clone());
    finding.at = Some(item.span().start);
    finding.cause = Some(Cause::Unexplained);
    finding
}

fn gap_told(id: &ChainId, gap: &Gap, bounds: Option<Span>) -> Finding {
    let at = |edge: fn(Span) -> Time| bounds.is_some_and(|bounds| edge(bounds) == edge(gap.span));
    let (code, what) = match (at(|span| span.start), at(|span| span.end)) {
        (true, false) => (Code::CoverageHead, "the window's beginning is"),
        (false, true) => (Code::CoverageTail, "the window's end is"),
        (true, true) | (false, false) => (Code::CoverageGap, "this time is"),
    };
    let message = format!(
        "from {} to {} ({}): {what} not covered by any authentic digest",
        format_time(gap.span.start),
        format_time(gap.span.end),
        length(gap.span),
    );
    let mut finding = Finding::new(code, id, message);
    finding.span = Some(gap.span);
    finding.at = Some(gap.span.start);
    finding.cause = Some(gap.cause.clone());
    finding
}

/// A chain that ended before the window.
fn ended(id: &ChainId, last: &LastDigest, as_of: Time) -> Finding {
    let since = length(Span { start: last.end, end: as_of.max(last.end) });
    let end = format_time(last.end);
    let line = Ended::of(id, last.end).to_string();
    let (class, message) = match (&last.word, &last.later) {
        (None, Some(later)) => (
            Class::Incomplete,
            format!(
                "the chain's newest digest ended at {end}, and --ended {later} acknowledged a later one: that digest was here \
                 and is not any more"
            ),
        ),
        (Some(word), _) => (
            Class::Notice,
            format!("the chain's last digest ended at {end}, {since} ago; acknowledged by --ended {word}"),
        ),
        (None, None) => (
            Class::Incomplete,
            format!(
                "the chain's newest digest ended at {end}, {since} ago, and there is none in the window: it has ended, \
                 or its newer digests were removed; if it has lawfully ended: --ended {line}"
            ),
        ),
    };
    let mut finding = Finding::new(Code::ChainEnded, id, message);
    finding.class = class;
    finding.object = Some(last.object.clone());
    finding.at = Some(last.end);
    finding.evidence =
        Evidence::none().with("last_digest_end", end).with("last_digest", last.verdict.as_str());
    // What was acknowledged once and has changed since is not to be acknowledged by pasting a line.
    if last.later.is_none() {
        finding.evidence = finding.evidence.with("acknowledge", line);
    }
    finding.cause = Some(Cause::Unexplained);
    finding
}

fn length(span: Span) -> String {
    let minutes = span.length().num_minutes();
    match (minutes / 60, minutes % 60) {
        (hours, _) if hours >= 48 => format!("{} days", hours / 24),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
