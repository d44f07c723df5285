//! The verdict: one word, one sentence, and what it rests on.

use super::groups::consequence;
use super::{counted, moment, thousands};
use crate::report::{Completion, Outcome, Report};
use crate::trail::Depth;
use crate::verdict::{Cause, Class, Code, Testimony};

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
    Headline { word, sentence }
}

fn incomplete(report: &Report) -> String {
    let open = tally(report, Class::Incomplete);
    match (report.completion, open.is_empty()) {
        (Completion::Interrupted, true) => {
            "The run was interrupted; no sign of tampering was seen until then.".to_owned()
        }
        (Completion::Interrupted, false) => {
            format!("The run was interrupted; no sign of tampering was seen until then, but: {open}.")
        }
        (Completion::Complete, _) => match logging_stopped(report) {
            Some(call) => format!(
                "Logging was stopped: {} by {} at {}. Beside that no sign of tampering, but the record could not be fully \
                 proven: {open}.",
                call.event_name,
                call.actor,
                moment(call.time)
            ),
            None => format!("No sign of tampering, but the record could not be fully proven: {open}."),
        },
    }
}

/// The first recorded call that ended the logging of a time which is not covered.
fn logging_stopped(report: &Report) -> Option<&Testimony> {
    let calls =
        report.findings.iter().filter(|finding| finding.class != Class::Notice).filter_map(|finding| {
            match &finding.cause {
                Some(Cause::Event(call)) => Some(&**call),
                _ => None,
            }
        });
    let stopped = |call: &&Testimony| {
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
    match accepted.is_empty() {
        true => format!("No sign of tampering: {digests} authentic, every link holds, {looked_at}."),
        false => format!(
            "Nothing was found beyond what the caller accepted ({accepted}): {digests} authentic, {looked_at}."
        ),
    }
}

/// Findings that count less than they would by themselves, because the caller said so.
fn accepted(report: &Report) -> String {
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
