//! Puts what is wrong with a digest or a link into words and evidence.

use super::{Absent, Cause, ChainId, Code, Entry, Evidence, Finding, Previous, Proof, State};
use crate::crypto::Authority;
use crate::digest::Fault;
use crate::trail::format_time;
use crate::verdict::Class;

/// What there is to tell of one digest by itself.
pub(super) fn digest(id: &ChainId, entry: &Entry) -> Option<Finding> {
    if keys_refused(entry).is_some() {
        return None;
    }
    let mut finding = match &entry.state {
        State::Authentic(digest) => fault(id, digest.blemish()?),
        State::Rejected(rejected) => fault(id, &rejected.fault),
        State::Unseen(unseen) => {
            let message = format!("the digest could not be read: {}", unseen.detail());
            let mut finding = Finding::new(Code::DigestUnreadable, id, message);
            finding.cause = Some(Cause::Unseen(unseen.clone()));
            finding
        }
        State::Gone => {
            Finding::new(Code::DigestMissing, id, "the digest was listed, but the store says it is not there")
        }
    };
    finding.object = Some(entry.object.clone());
    finding.at = Some(entry.key.end);
    Some(finding)
}

/// Why the keys of a digest's region could not be had, where that is all that is known of it. Told once per region,
/// not once per digest.
pub fn keys_refused(entry: &Entry) -> Option<&str> {
    match &entry.state {
        State::Rejected(rejected) => match &rejected.fault {
            Fault::UnknownKey { authority: Authority::Refused(detail), .. } => Some(detail),
            _ => None,
        },
        State::Authentic(_) | State::Unseen(_) | State::Gone => None,
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
            finding.evidence = Evidence::none().with("field", *field).with("found", &**found);
            finding
        }
        Fault::Relocated { field, claimed, found } => {
            let message = format!("the digest belongs elsewhere: its {field} is not that of its place");
            let mut finding = Finding::new(Code::DigestRelocated, id, message);
            finding.evidence =
                Evidence::none().with("field", *field).with("claimed", &**claimed).with("found", &**found);
            finding
        }
        Fault::SignatureRemoved => Finding::new(
            Code::DigestUnsigned,
            id,
            "the signature metadata that CloudTrail stores is not there",
        ),
        Fault::SignatureNotKept => {
            let mut finding = Finding::new(
                Code::DigestUnsigned,
                id,
                "no signature is at hand: put the output of `aws s3api head-object` beside it as <name>.head.json, \
                 or add the digest that follows it",
            );
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
    };
    let mut finding = Finding::new(Code::DigestUnknownKey, id, message);
    finding.class = class;
    finding.evidence = Evidence::none().with("fingerprint", fingerprint);
    finding
}

/// A digest that differs from what its authentic successor recorded of it.
pub(super) fn broken_link(
    id: &ChainId,
    entry: &Entry,
    recorded: &Previous,
    successor: &Entry,
) -> Option<Finding> {
    let (hash, signature) = match &entry.state {
        State::Authentic(digest) => (digest.hash(), digest.metadata_signature()),
        State::Rejected(rejected) => (rejected.hash?, rejected.signature.as_ref()),
        State::Unseen(_) | State::Gone => return None,
    };
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
    finding.object = Some(entry.object.clone());
    finding.digest = Some(successor.object.clone());
    finding.at = Some(entry.key.end);
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
pub(super) fn missing(id: &ChainId, absent: &Absent) -> Finding {
    let message = match absent.proof {
        Proof::Linked => "the digest after it links to it, and it is not there",
        Proof::Deduced => "the chain's hourly rhythm calls for it between two digests, and it is not there",
    };
    let mut finding = Finding::new(Code::DigestMissing, id, message);
    finding.object = Some(absent.object.clone());
    finding.digest = Some(absent.linked_from.clone());
    finding.at = absent.end;
    if absent.proof == Proof::Deduced {
        finding.evidence = Evidence::none().with("deduced", true);
    }
    finding
}

/// A chain that began anew.
pub(super) fn restart(id: &ChainId, entry: &Entry, before: &Entry) -> Finding {
    let message = format!(
        "the chain begins anew here with a starting digest; the digest before it ended at {}",
        format_time(before.key.end)
    );
    let mut finding = Finding::new(Code::ChainRestarted, id, message);
    finding.object = Some(entry.object.clone());
    finding.at = Some(entry.span().start);
    finding.cause = Some(Cause::Unexplained);
    finding
}
