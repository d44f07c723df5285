//! The sentence of a finding.

use std::borrow::Cow;

use super::thousands;
use crate::trail::{Span, Time, format_time};
use crate::verdict::what::What;
use crate::verdict::{Cause, Finding};

mod coverage;
mod digests;
mod logs;
mod memory;

/// What a finding says, in one sentence.
pub fn message(finding: &Finding) -> Cow<'_, str> {
    match &finding.what {
        What::DigestMissing(sought) => digests::missing(sought).into(),
        What::DigestPending(sought, due) => digests::pending(sought, due).into(),
        What::DigestSignatureInvalid(misfit) => digests::signature(misfit).into(),
        What::DigestMalformed(shape) => digests::malformed(shape),
        What::DigestRelocated { field, .. } => {
            format!("the digest belongs elsewhere: its {field} is not that of its place").into()
        }
        What::DigestLinkBroken { content, signature, successor } => {
            digests::link_broken(content.as_ref(), signature.as_ref(), successor).into()
        }
        What::DigestUnsigned(why) => digests::unsigned(why),
        What::DigestUnknownKey { fingerprint, authority } => {
            digests::unknown_key(fingerprint, authority).into()
        }
        What::DigestUnreadable(how) => digests::unreadable(how, detail(finding)),
        What::DigestAlgorithmUnsupported { field, found, signed } => {
            digests::algorithm(field, found, signed).into()
        }
        What::DigestUnpacked => {
            "stored without compression; AWS signed just these bytes for just this place".into()
        }
        What::RecordCopied { delivered, chains, digests, original, .. } => {
            digests::copied(delivered, (*chains, *digests), original).into()
        }
        What::HeadLost(_, loss) => memory::lost(loss, finding.span),
        What::HeadChanged { .. } => memory::changed(finding.digest.as_ref()).into(),
        What::WitnessBroken { witness, fault } | What::WitnessUnreachable { witness, fault } => {
            format!("{witness}: {fault}").into()
        }
        What::WitnessEmpty { witness } => {
            format!("{witness} holds no seal yet: what it remembers begins with this run").into()
        }
        What::LedgerRejected { file, fault } => memory::rejected(file, fault).into(),
        What::MultipartUpload { days, first } => memory::in_pieces(*days, *first).into(),
        What::HeadExpired { days, retention_days, .. } => memory::expired(*days, *retention_days).into(),
        What::PartMissing(lost) => coverage::part_missing(lost).into(),
        What::ChainRestarted { before } => coverage::restarted(*before).into(),
        What::ChainEnded { last, how } => coverage::ended(*last, how).into(),
        What::LogMissing { gone, .. } => logs::missing(gone).into(),
        What::LogModified { .. } => "the file's content is not what CloudTrail delivered".into(),
        What::LogMalformed { fault, .. } => {
            format!("the file is not as CloudTrail delivered it: {fault}").into()
        }
        What::LogUnlisted(unlisted) => logs::unlisted(unlisted, finding.digest.as_ref()),
        What::LogUnreadable => format!("the file could not be read: {}", detail(finding)).into(),
        What::LogUnproven(unproven) => logs::unproven(unproven, finding.digest.as_ref()).into(),
        What::LogPending(pending) => logs::pending(pending).into(),
        What::LogUnpacked => {
            "stored without compression; its bytes are those that CloudTrail delivered".into()
        }
        What::StrayObjects { count } => logs::strays(*count),
        What::CoverageHead(beginning) => coverage::head(beginning, finding).into(),
        What::CoverageGap(hole) => coverage::gap(hole, finding).into(),
        What::CoverageTail(ending) => coverage::tail(ending, finding).into(),
        What::RegionAbsent(absent) => coverage::absent(absent),
        What::ListingUnreadable(not_listed) => coverage::not_listed(not_listed),
        What::StoreUnavailable { bucket, follows, .. } => {
            coverage::store_unavailable(bucket, follows.values().sum(), detail(finding)).into()
        }
        What::KeysUnavailable => {
            let detail = detail(finding);
            format!("neither the region's digests nor the log files they name can be authenticated: {detail}").into()
        }
        What::KeyValidity { fingerprint, digests, window } => format!(
            "{digests} digests are signed with key {fingerprint} outside its published window, {}; their signatures hold",
            range(*window)
        )
        .into(),
        What::TrailChanged { .. } | What::BucketChanged { .. } | What::KeyChanged { .. } => call(finding).into(),
        What::NotHeld { count, .. } => {
            format!("{} more findings like this were counted and are not listed", thousands(*count)).into()
        }
        What::Saved(saved) => Cow::Borrowed(&saved.message),
    }
}

/// What a store, or whoever else was asked, said.
fn detail(finding: &Finding) -> &str {
    match &finding.cause {
        Some(Cause::Unseen(unseen)) => unseen.detail(),
        _ => "no cause is known",
    }
}

fn call(finding: &Finding) -> String {
    let Some(Cause::Event(call)) = &finding.cause else { return "a telling call is recorded".to_owned() };
    let what = match &call.error_code {
        None => "was called",
        Some(_) => "was attempted and refused",
    };
    format!("{} {what} on {} by {} from {}", call.event_name, call.target, call.actor, call.source_ip)
}

/// `2026-03-01T10:00:00Z to 2026-03-01T16:30:00Z`
fn range(span: Span) -> String {
    format!("{} to {}", format_time(span.start), format_time(span.end))
}

/// How long a time lasts, to the precision that tells it: `4 days`, `6 h 30 min`.
fn length(start: Time, end: Time) -> String {
    let minutes = (end - start).num_minutes();
    match (minutes / 60, minutes % 60) {
        (hours, _) if hours >= 48 => format!("{} days", hours / 24),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
