//! Sentences on time that is not covered, on what is absent, and on what was not listed.

use std::borrow::Cow;

use super::{length, range};
use crate::trail::{Span, Time, format_time};
use crate::verdict::Finding;
use crate::verdict::what::{
    AbsentPart, Beginning, Claim, EndOfChain, Ending, Hole, LostPart, NotListed, SearchEnd,
};

pub(super) fn restarted(before: Time) -> String {
    format!(
        "the chain begins anew here with a starting digest; the digest before it ended at {}",
        format_time(before)
    )
}

pub(super) fn ended(last: Time, how: &EndOfChain) -> String {
    let end = format_time(last);
    let since = |as_of: Time| length(last, as_of.max(last));
    match how {
        EndOfChain::Nothing { as_of, line, .. } => format!(
            "the chain's newest digest ended at {end}, {} ago, and there is none in the window: it has ended, or its newer \
             digests were removed; if it has lawfully ended: --ended {line}",
            since(*as_of)
        ),
        EndOfChain::Acknowledged { as_of, word, .. } => {
            format!(
                "the chain's last digest ended at {end}, {} ago; acknowledged by --ended {word}",
                since(*as_of)
            )
        }
        EndOfChain::LaterOneLost { word, .. } => format!(
            "the chain's newest digest ended at {end}, and --ended {word} acknowledged a later one: that digest was here and \
             is not any more"
        ),
        EndOfChain::GoesOn { organization, account, began } => {
            let folder = match organization {
                Some(organization) => format!("AWSLogs/{organization}/"),
                None => "AWSLogs/".to_owned(),
            };
            format!(
                "the chain's last digest ended at {end}; it goes on under {folder}{account}/, where it began at {}",
                format_time(*began)
            )
        }
    }
}

pub(super) fn head(beginning: &Beginning, finding: &Finding) -> String {
    match beginning {
        Beginning::Uncovered => uncovered("the window's beginning is", finding.span),
        Beginning::LinksFurtherBack => {
            let start = finding.at.map_or_else(|| "its oldest digest".to_owned(), format_time);
            format!(
                "the record begins at {start} and its oldest digest links to an earlier one that is not here: expired or \
                 removed cannot be told apart; --start says how far back the record has to reach"
            )
        }
    }
}

pub(super) fn gap(hole: &Hole, finding: &Finding) -> String {
    match hole {
        Hole::Whole => uncovered("this time is", finding.span),
        Hole::BeforeTheCall => part(finding.span, "and the call that explains the time after it came later"),
        Hole::SinceTheCall => part(finding.span, SINCE),
    }
}

pub(super) fn tail(ending: &Ending, finding: &Finding) -> String {
    let begins = finding.at.map_or_else(|| "its start".to_owned(), format_time);
    match ending {
        Ending::Uncovered => uncovered("the window's end is", finding.span),
        Ending::SinceTheCall => part(finding.span, SINCE),
        Ending::FolderIsOlder { newest } => format!(
            "the newest object of this folder is of {}, before the window begins at {begins}: an old copy, or all since was \
             removed; --start and --end say what it has to hold",
            format_time(*newest)
        ),
        Ending::TooYoung { grace_hours } => format!(
            "the window begins at {begins}, within the grace period: digests and log files that should be in it may still be \
             under way, so nothing in it could be missed yet; ask for a longer one, such as --last {}",
            long_enough(*grace_hours)
        ),
        Ending::Promised { delivered, newest } => {
            let here = newest.map_or_else(
                || "none is here".to_owned(),
                |newest| format!("the newest here ends at {}", format_time(newest)),
            );
            format!(
                "CloudTrail says it delivered a digest at {}, and {here}: the newest digests were removed or lie elsewhere",
                format_time(*delivered)
            )
        }
    }
}

const SINCE: &str = "from the call on that explains it";

fn uncovered(what: &str, span: Option<Span>) -> String {
    match span {
        Some(span) => format!(
            "from {} ({}): {what} not covered by any authentic digest",
            range(span),
            length(span.start, span.end)
        ),
        None => format!("{what} not covered by any authentic digest"),
    }
}

fn part(span: Option<Span>, why: &str) -> String {
    match span {
        Some(span) => format!("from {}: not covered by any authentic digest, {why}", range(span)),
        None => format!("not covered by any authentic digest, {why}"),
    }
}

/// A window in which something could be missed: nearly a day longer than the grace period. In days, where hours would be many.
fn long_enough(grace_hours: i64) -> String {
    let hours = grace_hours.saturating_add(23);
    match hours {
        0..48 => format!("{hours}h"),
        hours => format!("{}d", hours / 24 + 1),
    }
}

pub(super) fn absent(absent: &AbsentPart) -> Cow<'static, str> {
    match absent {
        AbsentPart::LogsAlone { count, home, .. } => {
            let there = match count {
                1 => "there is a log file".to_owned(),
                count => format!("there are {count} log files"),
            };
            format!(
                "{there} of this account and region under {home} in the window, and not one standard digest"
            )
            .into()
        }
        AbsentPart::BackfillAlone { .. } => {
            "this trail has backfill digests here in the window, and not one standard digest".into()
        }
        AbsentPart::Named { claim, found, more } => named(claim, found, *more).into(),
        AbsentPart::Remembered => {
            "an earlier run read days of this account and region in the window, as the ledger tells, and there is not one \
             standard digest of it now"
                .into()
        }
    }
}

/// What is not there at all is told with what is.
fn named(claim: &Claim, found: &[Box<str>], more: u64) -> String {
    let (what, name) = match claim {
        Claim::Account(account) => ("account", account.to_string()),
        Claim::Region(region) => ("region", region.to_string()),
        Claim::Trail(trail) => ("trail", trail.to_string()),
    };
    if found.is_empty() {
        return format!("this {what} has to be there, and has not one standard digest in the window");
    }
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("there is no {what} {name} here; found: {}{more}", found.join(", "))
}

pub(super) fn not_listed(not_listed: &NotListed) -> Cow<'_, str> {
    match not_listed {
        NotListed::Failed(said) => Cow::Borrowed(said),
        NotListed::MoreFailed(count) => format!("{count} more folders could not be listed").into(),
        NotListed::AmongRegions { count, left } => {
            format!("{count} folders lie where only those of regions belong; {left} of them were not looked into").into()
        }
        NotListed::SearchEnded { at, first, bucket } => {
            let first = match bucket {
                Some(bucket) => format!("s3://{bucket}/{first}"),
                None => first.to_string(),
            };
            format!(
                "{}; a record in there would not be known of: name the prefix that the trail delivers to in the source, such \
                 as SOURCE/PREFIX, or SOURCE/AWSLogs if there is no other, and nothing beside it is searched",
                search_ended(at, &first)
            )
            .into()
        }
        NotListed::TooManyKinds { home, kind } => format!(
            "{home} has so many folders of log files for this account and region that {kind}/ was not looked into: files \
             there which no digest names were not looked for"
        )
        .into(),
    }
}

fn search_ended(at: &SearchEnd, first: &str) -> String {
    match at {
        SearchEnd::Levels(levels) => format!(
            "the search for AWSLogs/ ended {levels} levels below the source: {first} was not opened, nor any other folder as \
             deep"
        ),
        SearchEnd::Far { folders, levels } => format!(
            "the search for AWSLogs/ ended after {folders} folders that lie more than {levels} levels below the source: \
             {first} was not opened, nor were others"
        ),
        SearchEnd::Names(bytes) => format!(
            "there are more folders on one level than their names find room for, {bytes} bytes: {first} was not opened, nor \
             were those after it"
        ),
    }
}

pub(super) fn store_unavailable(bucket: &str, follows: u64, detail: &str) -> String {
    let what = match follows {
        0 => "what was not read by then was not judged".to_owned(),
        count => format!(
            "what was not read by then was not judged, and the {count} findings that follow from it are only counted"
        ),
    };
    format!(
        "s3://{bucket} stopped answering, and the run ended early: {detail}; {what}; run again when it answers"
    )
}

pub(super) fn part_missing(lost: &LostPart) -> String {
    match lost {
        LostPart::Shard { shard, from, to, why } => {
            let days = match (from, to) {
                (None, None) => String::new(),
                (None, Some(to)) => format!(" up to {}", to.date()),
                (Some(from), None) => format!(" from {} on", from.date()),
                (Some(from), Some(to)) => format!(" from {} to {}", from.date(), to.date()),
            };
            format!("shard {shard} was to look at it{days}, and there is no part of it that holds: {why}")
        }
        LostPart::NewerThanThePlan => {
            "it was not there when the run was planned, so no shard looked at it".to_owned()
        }
        LostPart::NoRecord(spans) => {
            let spans: Vec<String> = spans.iter().copied().map(range).collect();
            format!("there is no record of what was read from {}: that time was not judged", spans.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_is_long_enough_is_longer_than_the_grace_time() {
        assert_eq!(long_enough(3), "26h");
        assert_eq!(long_enough(24), "47h");
        assert_eq!(long_enough(25), "3d");
        assert_eq!(long_enough(9600), "401d");
        assert_eq!(long_enough(0), "23h");
    }
}
