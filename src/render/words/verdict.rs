//! The verdict: one word, one sentence, and what it rests on.

use super::groups::consequence;
use super::{counted, moment, thousands};
use crate::report::{Completion, Outcome, Report};
use crate::trail::Depth;
use crate::verdict::what::{UnlistedLog, What};
use crate::verdict::{Cause, Class, Code, Finding, RecordedCall};

/// The verdict in one word and one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// `TAMPERED`, `INCOMPLETE`, `INTACT`, `EMPTY`.
    pub word: &'static str,
    /// The answer to "were the logs touched?".
    pub sentence: String,
}

/// Says what the report comes to.
pub fn headline(report: &Report) -> Headline {
    let outcome = report.outcome();
    let (word, sentence) = match outcome {
        Outcome::Tampered => {
            ("TAMPERED", format!("The record was changed: {}.", tally(report, Class::Tamper)))
        }
        Outcome::Incomplete => ("INCOMPLETE", incomplete(report)),
        Outcome::Intact => ("INTACT", intact(report)),
        Outcome::Empty => {
            ("EMPTY", "There is nothing to verify: no digest was found in the range asked for.".to_owned())
        }
    };
    let sentence = match (report.completion, outcome) {
        (Completion::Interrupted, Outcome::Tampered) => {
            format!("{sentence} The run was interrupted: there may be more.")
        }
        (Completion::Interrupted, _) | (Completion::Complete, _) => sentence,
    };
    let sentence = match carried(report) {
        Some(carried) => format!("{sentence} {carried}"),
        None => sentence,
    };
    Headline { word, sentence }
}

/// How many of the verdicts rest on earlier readings, and how old those are.
fn carried(report: &Report) -> Option<String> {
    let (carried, read) = (report.carried.verdicts(), report.read().verdicts());
    let since = report.carried.oldest_read_at.filter(|_| carried > 0)?;
    Some(format!(
        "{} of {} verdicts are of an earlier reading of the same objects, the oldest of {} UTC.",
        thousands(carried),
        thousands(carried + read),
        moment(since)
    ))
}

fn incomplete(report: &Report) -> String {
    let open = tally(report, Class::Incomplete);
    let odd = oddly_named(report);
    match (report.completion, open.is_empty(), odd) {
        (Completion::Interrupted, true, _) => {
            "The run was interrupted; no sign of tampering was seen until then.".to_owned()
        }
        (Completion::Interrupted, false, None) => {
            format!("The run was interrupted; no sign of tampering was seen until then, but: {open}.")
        }
        (Completion::Interrupted, false, Some(odd)) => {
            format!("The run was interrupted. {odd}. The record could not be fully proven: {open}.")
        }
        (Completion::Complete, _, odd) => match (odd, logging_stopped(report)) {
            (None, None) => {
                format!("No sign of tampering, but the record could not be fully proven: {open}.")
            }
            (None, Some(stopped)) => format!(
                "{stopped}. Beside that no sign of tampering, but the record could not be fully proven: {open}."
            ),
            (Some(odd), None) => format!("{odd}. The record could not be fully proven: {open}."),
            (Some(odd), Some(stopped)) => {
                format!("{odd}. {stopped}. The record could not be fully proven: {open}.")
            }
        },
    }
}

/// What lies under names that CloudTrail never writes: nobody can be accused of it, and nobody should overlook it.
fn oddly_named(report: &Report) -> Option<String> {
    let odd = |finding: &&Finding| finding.class() == Class::Incomplete && is_oddly_named(finding);
    let told = report.findings.iter().filter(odd).count() as u64;
    let more = report.omitted.get(&(Class::Incomplete, Code::LogUnlisted)).is_some_and(|more| *more > 0);
    match (told, more) {
        (0, _) => None,
        (1, false) => Some(
            "1 object lies under a name that CloudTrail never writes, and other readers take it for a log file"
                .to_owned(),
        ),
        (told, more) => Some(format!(
            "{}{} objects lie under names that CloudTrail never writes, and other readers take them for log files",
            if more { "At least " } else { "" },
            thousands(told)
        )),
    }
}

fn is_oddly_named(finding: &Finding) -> bool {
    let odd = What::LogUnlisted(UnlistedLog::OddName);
    match &finding.what {
        What::Saved(saved) => saved.code == Code::LogUnlisted && saved.evidence == odd.evidence(),
        what => *what == odd,
    }
}

/// That somebody ended the logging, who and when.
fn logging_stopped(report: &Report) -> Option<String> {
    let call = first_call_that_stopped(report)?;
    let RecordedCall { event_name, actor, time, .. } = call;
    Some(format!("Logging was stopped: {event_name} by {actor} at {}", moment(*time)))
}

/// The first recorded call that ended the logging of a time which is not covered.
fn first_call_that_stopped(report: &Report) -> Option<&RecordedCall> {
    let calls =
        report.findings.iter().filter(|finding| finding.class() != Class::Notice).filter_map(|finding| {
            match &finding.cause {
                Some(Cause::Event(call)) => Some(&**call),
                _ => None,
            }
        });
    let stopped = |call: &&RecordedCall| {
        call.error_code.is_none() && matches!(&*call.event_name, "StopLogging" | "DeleteTrail")
    };
    calls.filter(stopped).min_by_key(|call| call.time)
}

fn intact(report: &Report) -> String {
    let digests = counted(report.totals.digests.authentic, "digest", "digests");
    let logs = |count| counted(count, "log file", "log files");
    let looked_at = match report.depth {
        Depth::Chain => "log files were not looked at".to_owned(),
        Depth::Presence => {
            format!(
                "{} are where they belong; their content was not looked at",
                logs(report.totals.logs.present)
            )
        }
        Depth::Full => {
            format!("{} are byte for byte what AWS delivered", logs(report.totals.logs.intact))
        }
    };
    let accepted = accepted(report);
    let pending = report.totals.digests.pending + report.totals.logs.pending;
    let looked_at = match pending {
        0 => looked_at,
        1 => format!("{looked_at}, 1 is too young to be judged"),
        pending => format!("{looked_at}, {} are too young to be judged", thousands(pending)),
    };
    if accepted.is_empty() {
        format!("No sign of tampering: {digests} authentic, every link holds, {looked_at}.")
    } else {
        format!(
            "Nothing was found beyond what the caller accepted ({accepted}): {digests} authentic, {looked_at}."
        )
    }
}

/// Findings that count less than they would by themselves, because the caller said so; empty, if there are none.
pub fn accepted(report: &Report) -> String {
    by_code(|code| match code.class() {
        Class::Notice => 0,
        Class::Tamper | Class::Incomplete => report.count(Class::Notice, code),
    })
}

/// `3 log files modified, 1 digest missing`: the findings of a class, counted by code.
fn tally(report: &Report, class: Class) -> String {
    by_code(|code| report.count(class, code))
}

fn by_code(count: impl Fn(Code) -> u64) -> String {
    let mut codes: Vec<Code> = Code::ALL.to_vec();
    codes.sort_by_key(|code| consequence(*code));
    let told: Vec<String> = codes
        .into_iter()
        .map(|code| (code, count(code)))
        .filter(|(_, count)| *count > 0)
        .map(|(code, count)| format!("{} {}", thousands(count), code.noun(count)))
        .collect();
    told.join(", ")
}
