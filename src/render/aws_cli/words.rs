//! The AWS CLI's words for verdicts, and words of our own where it has none.

use std::fmt::Display;

use super::Log;
use crate::gzip;
use crate::render::words;
use crate::trail::Region;
use crate::verdict::{Cause, Class, Code, DigestVerdict, Finding, LogVerdict, Overruled};

/// What is said of a file.
pub enum Word {
    /// `valid`
    Valid,
    /// `INVALID: …`
    Invalid(String),
    /// `UNREADABLE: …`
    Unreadable(String),
}

const NOT_READ: &str = "the run ended before it was read";

/// The word on a digest of a trail with this home region. Its own fault comes before a link that it breaks.
pub fn digest(verdict: DigestVerdict, findings: &[&Finding], home: &Region) -> Word {
    let broken_link = |finding: &&&Finding| finding.code() == Code::DigestLinkBroken;
    let own =
        findings.iter().filter(|finding| !broken_link(finding)).find_map(|finding| fault(finding, home));
    let linked = || findings.iter().find(broken_link).and_then(|finding| fault(finding, home));
    if let Some(word) = own.or_else(linked) {
        return word;
    }
    // What is told once for a whole region, or not at all because the run ended before it was read, has no finding of its own.
    match verdict {
        DigestVerdict::Authentic => Word::Valid,
        DigestVerdict::Pending => Word::Unreadable("it has not arrived yet".into()),
        DigestVerdict::UnknownKey => {
            Word::Unreadable("the region's public keys could not be retrieved".into())
        }
        DigestVerdict::SignatureInvalid
        | DigestVerdict::Malformed
        | DigestVerdict::Relocated
        | DigestVerdict::Unsigned
        | DigestVerdict::AlgorithmUnsupported
        | DigestVerdict::Unreadable
        | DigestVerdict::Missing
        | DigestVerdict::NotReached => Word::Unreadable(NOT_READ.into()),
    }
}

fn fault(finding: &Finding, home: &Region) -> Option<Word> {
    let said = match finding.code() {
        Code::DigestMissing => "not found".into(),
        Code::DigestRelocated => "has been moved from its original location".into(),
        Code::DigestMalformed => "invalid format".into(),
        Code::DigestSignatureInvalid => "signature verification failed".into(),
        Code::DigestUnsigned if class(finding) == Class::Tamper => "signature verification failed".into(),
        Code::DigestUnknownKey => {
            let evidence = finding.evidence().0;
            let fingerprint =
                evidence.get("fingerprint").and_then(|found| found.as_str()).unwrap_or_default();
            format!("public key not found in region {home} for fingerprint {fingerprint}")
        }
        Code::DigestUnreadable => cause(finding),
        Code::DigestLinkBroken | Code::DigestUnsigned | Code::DigestAlgorithmUnsupported => {
            words::message(finding).into_owned()
        }
        _ => return None,
    };
    Some(match class(finding) {
        Class::Tamper => Word::Invalid(said),
        Class::Incomplete | Class::Notice => Word::Unreadable(said),
    })
}

/// The word on a log file that a digest names.
pub(super) fn log(judged: Option<&Log>, findings: &[&Finding]) -> Word {
    let Some(Log { verdict, fault }) = judged else {
        return Word::Unreadable("the run did not get to it".into());
    };
    let invalid = |words: &str| Word::Invalid(words.into());
    match (verdict, fault) {
        (LogVerdict::Intact, _) => Word::Valid,
        (LogVerdict::Modified, _) => invalid("hash value doesn't match"),
        (LogVerdict::Missing, _) => invalid("not found"),
        (LogVerdict::Malformed, Some(gzip::Fault::Trailing(_))) => {
            invalid("unexpected data after end of compressed stream")
        }
        (LogVerdict::Malformed, _) => invalid("invalid format"),
        (LogVerdict::Unreadable, _) => {
            let told = findings.iter().find(|finding| finding.code() == Code::LogUnreadable);
            Word::Unreadable(told.map_or_else(|| NOT_READ.into(), |finding| cause(finding)))
        }
        (LogVerdict::NotReached, _) => Word::Unreadable(NOT_READ.into()),
        // None of these is said of a file whose bytes a digest vouches for and the run read.
        (LogVerdict::Unproven | LogVerdict::Unlisted | LogVerdict::Pending | LogVerdict::Present, _) => {
            Word::Unreadable(verdict.as_str().into())
        }
    }
}

/// The word on a log file that no digest names: nothing, where that proves nothing.
pub fn unlisted(finding: &Finding) -> Option<Word> {
    (class(finding) == Class::Tamper).then(|| Word::Invalid(words::message(finding).into_owned()))
}

/// What the finding says of the record. What a caller accepted is no alarm, and still what it is.
fn class(finding: &Finding) -> Class {
    match finding.overruled {
        Some(Overruled::Accepted) => finding.judged(),
        Some(Overruled::Raised) | None => finding.class(),
    }
}

fn cause(finding: &Finding) -> String {
    let told = |word: &dyn Display, detail: &dyn Display| format!("{word}: {detail}");
    match &finding.cause {
        Some(Cause::Unseen(unseen)) => told(&unseen.as_str(), &unseen.detail()),
        Some(cause) => cause.to_string(),
        None => words::message(finding).into_owned(),
    }
}
