//! The facts of findings by the names that reports give them. The names are a contract.

use std::collections::BTreeMap;

use super::{
    AbsentPart, BadSignature, Crowd, Differs, EndOfChain, LostPart, NotListed, PendingLog, SeenHead, Sought,
    UnlistedLog, UnprovenLog, Unread, What,
};
use crate::crypto::Hash;
use crate::trail::{Location, Time, format_time};
use crate::verdict::{Code, Evidence};

impl What {
    /// The facts a reader can check it against.
    pub fn evidence(&self) -> Evidence {
        let none = Evidence::none();
        match self {
            Self::DigestMissing(Sought::Deduced) | Self::DigestPending(Sought::Deduced, _) => {
                none.with("deduced", true)
            }
            Self::DigestSignatureInvalid(BadSignature::Garbled(found)) => none.with("found", &**found),
            Self::DigestSignatureInvalid(BadSignature::Refuted(fingerprint))
            | Self::DigestUnknownKey { fingerprint, .. } => none.with("fingerprint", fingerprint.as_str()),
            Self::DigestRelocated { field, claimed, found } => {
                none.with("field", &**field).with("claimed", &**claimed).with("found", &**found)
            }
            Self::DigestLinkBroken { content, signature, .. } => {
                of_link(content.as_ref(), signature.as_ref())
            }
            Self::DigestAlgorithmUnsupported { field, found, .. } => {
                none.with("field", &**field).with("found", &**found)
            }
            Self::RecordCopied { copy, delivered, chains, digests, .. } => {
                of_copy((copy, delivered), (*chains, *digests))
            }
            Self::DigestUnreadable(Unread::SeenBefore(seen))
            | Self::HeadLost(seen, _)
            | Self::HeadExpired { seen, .. } => with_head(none, seen),
            Self::WitnessBroken { witness, .. }
            | Self::WitnessUnreachable { witness, .. }
            | Self::WitnessEmpty { witness } => none.with("witness", &**witness),
            Self::LedgerRejected { file, .. } => none.with("file", &**file),
            Self::MultipartUpload { days, first } => {
                none.with("days", *days).with("first_day", first.date().to_string())
            }
            Self::PartMissing(LostPart::Shard { shard, .. }) => none.with("shard", *shard),
            Self::HeadChanged { seen, actual } => {
                let facts = with_head(none, seen);
                actual.iter().fold(facts, |facts, actual| facts.with("actual_hash", actual.to_string()))
            }
            Self::ChainEnded { last, how } => ended(*last, how),
            Self::LogMissing { expected, .. }
            | Self::LogMalformed { expected, .. }
            | Self::LogPending(PendingLog::NotThereYet { expected, .. }) => with_expected(none, expected),
            Self::LogModified { hash, length } => with_hashes(none, hash).with("actual_length", *length),
            Self::LogUnlisted(unlisted) => of_unlisted(unlisted),
            Self::LogUnproven(UnprovenLog::Claimed { written })
            | Self::LogPending(PendingLog::NotNamedYet { written }) => with_written(none, *written),
            Self::LogUnproven(UnprovenLog::Crowd(crowd)) | Self::LogPending(PendingLog::Crowd(crowd)) => {
                with_crowd(none, crowd)
            }
            Self::StrayObjects { count } => none.with("count", *count),
            Self::RegionAbsent(absent) => of_absent(absent),
            Self::ListingUnreadable(NotListed::SearchEnded { first, .. }) => {
                none.with("first_folder_not_opened", &**first)
            }
            Self::StoreUnavailable { bucket, last_answer, follows } => {
                of_outage(bucket, *last_answer, follows)
            }
            Self::KeyValidity { fingerprint, digests, .. } => {
                none.with("fingerprint", fingerprint.as_str()).with("digests", *digests)
            }
            Self::TrailChanged { event_id }
            | Self::BucketChanged { event_id }
            | Self::KeyChanged { event_id } => none.with("event_id", &**event_id),
            Self::Saved(saved) => saved.evidence.clone(),
            Self::DigestMissing(_)
            | Self::DigestPending(..)
            | Self::DigestMalformed(_)
            | Self::DigestUnsigned(_)
            | Self::DigestUnreadable(Unread::Refused | Unread::NotFollowed)
            | Self::DigestUnpacked
            | Self::PartMissing(LostPart::NewerThanThePlan | LostPart::NoRecord(_))
            | Self::ChainRestarted { .. }
            | Self::LogUnreadable
            | Self::LogUnpacked
            | Self::CoverageHead(_)
            | Self::CoverageGap(_)
            | Self::CoverageTail(_)
            | Self::ListingUnreadable(_)
            | Self::KeysUnavailable
            | Self::NotHeld { .. } => none,
        }
    }
}

fn of_link(content: Option<&Differs<Hash>>, signature: Option<&Differs<Box<str>>>) -> Evidence {
    let facts = content.into_iter().fold(Evidence::none(), with_hashes);
    signature.into_iter().fold(facts, |facts, Differs { expected, actual }| {
        facts.with("expected_signature", &**expected).with("actual_signature", &**actual)
    })
}

fn of_copy((copy, delivered): (&Location, &Location), (chains, digests): (u64, u64)) -> Evidence {
    Evidence::none()
        .with("copy", copy.to_string())
        .with("delivered", delivered.to_string())
        .with("chains", chains)
        .with("digests", digests)
}

fn of_unlisted(unlisted: &UnlistedLog) -> Evidence {
    let none = Evidence::none();
    match unlisted {
        UnlistedLog::DatedInTheFuture { written, .. }
        | UnlistedLog::Covered { written, .. }
        | UnlistedLog::Uncovered { written, .. } => with_written(none, *written),
        UnlistedLog::OddName => none.with("name", "of a kind that CloudTrail never writes"),
        UnlistedLog::Crowd(crowd) => with_crowd(none, crowd),
    }
}

fn of_absent(absent: &AbsentPart) -> Evidence {
    let none = Evidence::none();
    match absent {
        AbsentPart::LogsAlone { count, first, .. } => {
            none.with("first_log", &**first).with("log_files", *count)
        }
        AbsentPart::BackfillAlone { first } => none.with("first_backfill", &**first),
        AbsentPart::Named { .. } | AbsentPart::Remembered => none,
    }
}

fn of_outage(bucket: &str, last_answer: Option<Time>, follows: &BTreeMap<Code, u64>) -> Evidence {
    let facts = Evidence::none().with("bucket", bucket);
    let facts = last_answer.iter().fold(facts, |facts, time| facts.with("last_answer", format_time(*time)));
    follows.iter().fold(facts, |facts, (code, count)| facts.with(code.as_str(), *count))
}

fn with_written(facts: Evidence, written: Option<Time>) -> Evidence {
    written.iter().fold(facts, |facts, written| facts.with("last_modified", format_time(*written)))
}

fn with_crowd(facts: Evidence, Crowd { files, home, .. }: &Crowd) -> Evidence {
    facts.with("files", *files).with("folder", home.to_string())
}

fn with_expected(facts: Evidence, expected: &Hash) -> Evidence {
    facts.with("expected_hash", expected.to_string())
}

fn with_hashes(facts: Evidence, Differs { expected, actual }: &Differs<Hash>) -> Evidence {
    with_expected(facts, expected).with("actual_hash", actual.to_string())
}

fn with_head(facts: Evidence, seen: &SeenHead) -> Evidence {
    with_expected(facts, &seen.hash).with("baseline", &*seen.baseline)
}

/// What was acknowledged once and has changed since is not to be acknowledged by pasting a line.
fn ended(last: Time, how: &EndOfChain) -> Evidence {
    let (verdict, line) = match how {
        EndOfChain::Nothing { verdict, line, .. } | EndOfChain::Acknowledged { verdict, line, .. } => {
            (verdict, Some(line))
        }
        EndOfChain::LaterOneLost { verdict, .. } => (verdict, None),
        EndOfChain::GoesOn { .. } => return Evidence::none(),
    };
    let facts =
        Evidence::none().with("last_digest_end", format_time(last)).with("last_digest", verdict.as_str());
    line.iter().fold(facts, |facts, line| facts.with("acknowledge", line.to_string()))
}
