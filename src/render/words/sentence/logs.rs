//! Sentences on log files, and on what lies beside them.

use std::borrow::Cow;

use super::digests::not_there_yet;
use crate::trail::{ObjectName, format_time};
use crate::verdict::what::{Absence, Crowd, Obstacle, PendingLog, Settling, UnlistedLog, UnprovenLog};

pub(super) fn missing(gone: &Absence) -> &'static str {
    match gone {
        Absence::Established => "a digest names this file, and it is not there",
        Absence::PerhapsNotCopied => {
            "a digest names this file, and it is not there; a copy that was broken off lacks files too: compare it with its \
             original before you accuse anybody"
        }
    }
}

pub(super) fn unlisted(unlisted: &UnlistedLog, digest: Option<&ObjectName>) -> Cow<'static, str> {
    match unlisted {
        UnlistedLog::DatedInTheFuture { now, .. } => {
            format!("its name is dated in the future; it is {} now", format_time(*now)).into()
        }
        UnlistedLog::Covered { delivered, due, .. } => {
            let how = match due {
                Settling::Settled => "",
                Settling::Young => "; it is so young that a digest may still come",
            };
            format!(
                "no digest names this file, although authentic digests cover {}, the time of its delivery{how}",
                format_time(*delivered)
            )
            .into()
        }
        UnlistedLog::Uncovered { why, .. } => {
            format!("no digest names this file; {}", obstacle(why, &named(digest))).into()
        }
        UnlistedLog::OddName => {
            "no digest names this file, and CloudTrail does not name its files so; other readers take it for a log file all \
             the same"
                .into()
        }
        UnlistedLog::Crowd(many) => crowd(many).into(),
    }
}

fn obstacle(why: &Obstacle, digest: &str) -> String {
    match why {
        Obstacle::NoDigests => "no digests cover the time of its delivery".to_owned(),
        Obstacle::Hole(trail) => format!(
            "trail {trail} has no authentic digest for the time of its delivery, and a trail without log file validation \
             looks like this"
        ),
        Obstacle::DigestAbsent => format!("{digest}, which may name it, is not there"),
        Obstacle::DigestRefuted => format!("{digest}, in whose hour it was delivered, is not authentic"),
        Obstacle::DigestUnchecked => format!("{digest}, which may name it, could not be checked"),
    }
}

pub(super) fn unproven(unproven: &UnprovenLog, digest: Option<&ObjectName>) -> String {
    match unproven {
        UnprovenLog::Claimed { .. } => {
            format!("only {} names this file, and that digest could not be authenticated", named(digest))
        }
        UnprovenLog::Crowd(many) => crowd(many),
    }
}

pub(super) fn pending(pending: &PendingLog) -> String {
    match pending {
        PendingLog::NotThereYet { due, .. } => {
            format!("a digest names this file, and {}", not_there_yet(due))
        }
        PendingLog::NotNamedYet { .. } => "not in a digest yet; it is young enough for that".to_owned(),
        PendingLog::Crowd(many) => crowd(many),
    }
}

fn crowd(Crowd { files, kind, .. }: &Crowd) -> String {
    format!(
        "{files} more log files of this day that no digest names lie in {kind}/: they are counted, and not looked at one by \
         one"
    )
}

pub(super) fn strays(count: u64) -> Cow<'static, str> {
    match count {
        1 => "an object that is no part of the record lies among its files; it was not looked at".into(),
        count => format!(
            "{count} objects that are no part of the record lie among its files; they were not looked at"
        )
        .into(),
    }
}

fn named(digest: Option<&ObjectName>) -> String {
    digest.map_or_else(|| "a digest".to_owned(), ToString::to_string)
}
