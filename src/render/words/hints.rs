//! Sentences on what stands beside the findings.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::counted;
use crate::report::{Hint, MOST_OF_A_KIND, NotProven, Report};
use crate::trail::{Ended, ObjectName, Time, format_time};
use crate::verdict::{Code, Retries};

/// What a reader should do or know beside the findings, in sentences.
pub fn hints(report: &Report) -> Vec<String> {
    report.hints.iter().map(|known| hint(known).into_owned()).collect()
}

/// What the run did not establish, in sentences.
pub fn not_proven(report: &Report) -> Vec<String> {
    report.not_proven.iter().map(|limit| limited(limit).into_owned()).collect()
}

/// Whether a sentence tells what no check of a record can establish.
pub fn is_never_proven(sentence: &str) -> bool {
    NotProven::NEVER.iter().any(|limit| limited(limit) == sentence)
}

/// One hint in a sentence.
pub fn hint(hint: &Hint) -> Cow<'_, str> {
    match hint {
        Hint::Said(sentence) => Cow::Borrowed(sentence),
        Hint::NothingInScope => NOTHING_IN_SCOPE.into(),
        Hint::NothingInWindow(sites) => nothing_in_window(*sites),
        Hint::WindowInTheFuture => "The window lies in the future.".into(),
        Hint::AsOfNewestObject { newest, age } => as_of(*newest, *age).into(),
        Hint::FolderIsOlder(begins) => folder_is_older(*begins).into(),
        Hint::EndsInTheFuture { end, now } => ends_in_the_future(*end, *now).into(),
        Hint::Accepted(accepted) => {
            format!("Findings of these codes were accepted and count as notices: {}.", codes(accepted)).into()
        }
        Hint::Retried(retries) => retried(retries).into(),
        Hint::ListingRefused => LISTING_REFUSED.into(),
        Hint::ObjectsRefused => OBJECTS_REFUSED.into(),
        Hint::NoSignatures => NO_SIGNATURES.into(),
        Hint::UnknownKeys => UNKNOWN_KEYS.into(),
        Hint::NotHeld(count) => format!(
            "{count} more findings were counted and are not in this report, which holds {MOST_OF_A_KIND} of each code and \
             class: --objects lists every object as it is judged."
        )
        .into(),
        Hint::Moved { count, lies_at, belongs_at } => moved(*count, lies_at, belongs_at).into(),
        Hint::UnfinishedCopy { like, unlike } => unfinished_copy(like, unlike).into(),
        Hint::AcknowledgeEnded { lines, more } => acknowledge(lines, *more).into(),
        Hint::NeedlessEnded(words) => needless(words).into(),
        Hint::PassedOver { count, folders } => passed_over(*count, folders).into(),
    }
}

const NOTHING_IN_SCOPE: &str = "No account and region is in scope: check --account and --region, and that the source is where the trail delivers.";
const LISTING_REFUSED: &str = "A listing was refused. Grant s3:ListBucket on the bucket: without it what was deleted can't be \
                               told from what is denied.";
const OBJECTS_REFUSED: &str = "Objects were refused. Grant s3:GetObject on PREFIX/AWSLogs/* and s3:ListBucket on the bucket; S3 \
                               answers 403 for deleted objects too when listing is not allowed.";
const NO_SIGNATURES: &str = "Some digests have no signature at hand. In a folder the newest digest of each chain needs its \
                             metadata: aws s3api head-object --output json --bucket BUCKET --key KEY > KEY.head.json";
const UNKNOWN_KEYS: &str =
    "Some keys are not at hand. Fetch them while the regions are within reach: trailseal keys fetch";

fn nothing_in_window(sites: usize) -> Cow<'static, str> {
    match sites {
        1 => "There is a folder of one account and region in scope, but nothing of the window in it: check --start, --end \
              and --trail."
            .into(),
        sites => format!(
            "There are folders of {sites} accounts and regions in scope, but nothing of the window in them: check --start, \
             --end and --trail."
        )
        .into(),
    }
}

fn as_of(newest: Time, age: TimeDelta) -> String {
    let age = match age.num_hours() {
        hours @ 0..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    };
    format!(
        "No --end was given, so this folder was judged as of its newest object, {}, {age} ago: what may have been removed \
         after it, and what was younger than the grace period then, is not missed. --end TIME says how far the record has to \
         reach.",
        format_time(newest)
    )
}

fn folder_is_older(begins: Time) -> String {
    format!(
        "The newest object of this folder is older than {}, where the window begins: nothing of that time is here. --start \
         says from when on this folder is to be looked at.",
        format_time(begins)
    )
}

fn ends_in_the_future(end: Time, now: Time) -> String {
    format!(
        "The window ends at {}, and it was {} when this run began: of the time after that nothing can be said yet, whatever \
         the verdict.",
        format_time(end),
        format_time(now)
    )
}

fn moved(count: usize, lies_at: &ObjectName, belongs_at: &ObjectName) -> String {
    let many = match count {
        1 => "A log file that is missing lies elsewhere under the same name".to_owned(),
        many => format!("{many} log files that are missing lie elsewhere under the same names"),
    };
    format!(
        "{many}: {lies_at} belongs at {belongs_at}. Moved back, it proves itself by the digest that names it, or shows that \
         it was changed."
    )
}

fn acknowledge(lines: &[Ended], more: usize) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("--ended {line}")).collect();
    let rest = match more {
        0 => String::new(),
        rest => format!(" and {rest} more, each with its finding; --ended FILE reads a file of such lines"),
    };
    format!(
        "Chains ended before the window. Where you know that to be right, acknowledge it: {}{rest}",
        lines.join(" ")
    )
}

fn needless(words: &[Ended]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    format!(
        "What --ended {} names goes on in the window: take the line away, or it will acknowledge its next end too.",
        words.join(", ")
    )
}

fn passed_over(count: u64, folders: &[String]) -> String {
    let folders = folders.join(", ");
    match count {
        1 => format!(
            "One folder that is known or laid out as another AWS service's was not looked into: {folders}."
        ),
        count => format!(
            "{count} folders that are known or laid out as those of other AWS services were not looked into, such as {folders}."
        ),
    }
}

fn retried(retries: &Retries) -> String {
    let what: Vec<String> = retries
        .counts()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| format!("{count} {}", cause.replace('_', " ")))
        .collect();
    let requests = counted(retries.total(), "request was", "requests were");
    format!("{requests} sent again ({}).", what.join(", "))
}

fn unfinished_copy(like: &BTreeSet<Code>, unlike: &BTreeSet<Code>) -> String {
    let but = if unlike.is_empty() {
        String::new()
    } else {
        format!(" No broken copy looks like the other findings of tampering ({}).", by_name(unlike))
    };
    format!(
        "A copy that was broken off has files missing and files cut short too ({}). Before you accuse anybody of these, \
         compare it with its original (such as aws s3 sync --dryrun) and complete it.{but}",
        by_name(like)
    )
}

fn codes(codes: &BTreeSet<Code>) -> String {
    codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ")
}

fn by_name(codes: &BTreeSet<Code>) -> String {
    let names: BTreeSet<&str> = codes.iter().map(|code| code.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// What was not established, in a sentence.
pub fn limited(limit: &NotProven) -> Cow<'_, str> {
    match limit {
        NotProven::Said(sentence) => Cow::Borrowed(sentence),
        NotProven::EveryEvent => {
            "That CloudTrail recorded every event: only what it delivered is proven.".into()
        }
        NotProven::WhoDidIt => "Who deleted or changed what is missing or modified.".into(),
        NotProven::NothingNewer => {
            "That no newer digest existed which nothing links to: only coverage up to a known moment, or the newest digest \
             noted by an earlier run, shows that."
                .into()
        }
        NotProven::OutsideTheWindow(window) => format!(
            "Anything about files outside the window {} to {}.",
            window.start().map_or("(open)".to_owned(), format_time),
            format_time(window.end())
        )
        .into(),
        // Chains that ended long ago are not noticed beside others that go on.
        NotProven::EndedBefore(Some(time)) => format!(
            "That no trail which ended before {} should have gone on: digests were looked for from there on, and of an \
             account and region without any since, in its newest day; --look-back looks further.",
            format_time(*time)
        )
        .into(),
        NotProven::EndedBefore(None) => {
            "That every trail which should have gone on did: one that left no trace in the record is not missed.".into()
        }
        NotProven::WithoutTrace => {
            "That regions and accounts without any trace in the bucket never recorded anything: name them with \
             --expect-region and --expect-account."
                .into()
        }
        NotProven::BeforeTheWindow(span) => format!(
            "The hours from {}, up to where an earlier run saw the record, to {}, where the window begins: they were not \
             looked at.",
            format_time(span.start),
            format_time(span.end)
        )
        .into(),
        NotProven::CarriedAsListed => {
            "What a listing does not show of the objects whose verdicts are of an earlier reading: that they can still be read, \
             and with which key they are encrypted. One in each account and region was read again, drawn by lot."
                .into()
        }
        NotProven::AllPutBack => {
            "That the record, the ledger and every witness were not put back together to an earlier state: nobody would see it."
                .into()
        }
        NotProven::UnsealedLedger => {
            "That nobody who may write to the ledger made up what it says of earlier readings: its rows are not sealed; give \
             --seal-key."
                .into()
        }
        NotProven::OutOfScope => {
            "Anything about accounts, regions and trails other than those asked for: their digests were not judged.".into()
        }
        NotProven::LogFiles => {
            "That log files are present or intact, or that none was forged: depth chain looks at digests alone.".into()
        }
        NotProven::LogContent => {
            "That the content of log files is intact: depth presence does not read them.".into()
        }
        NotProven::Beginning => "Where the record should begin: no --start was given.".into(),
        NotProven::AfterTheOutage => {
            "Anything that was not read before the store stopped answering.".into()
        }
        NotProven::NotReached => {
            "Anything that the run had not reached when it was interrupted.".into()
        }
        NotProven::Kinds(kinds) => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
            format!(
                "Anything about log files of the kinds {}: no digest of the window names one, so they were not looked at.",
                kinds.join(", ")
            )
            .into()
        }
    }
}
