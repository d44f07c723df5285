//! How a record is protected: for a person, as JSON, as a table for a spreadsheet or for a ticket.

use std::io;

use super::csv::row;
use super::markdown::cell;
use crate::posture::{Check, Posture, RetentionFinding, State};
use crate::trail::format_time;

mod human;
mod json;

pub use human::human;
pub use json::json;

/// What no reading of these settings shows.
pub const NOT_SEEN: &[&str] = &[
    "Identity policies of the bucket's account, what it blocks for all its buckets, service control policies and resource control policies are not seen from the bucket.",
    "Settings are as they were when they were read; what they were before, only recorded calls tell.",
    "Of the objects some were looked at, not all; whether INTELLIGENT_TIERING archives any was not asked.",
];

/// The result in one sentence.
pub fn sentence(posture: &Posture) -> String {
    let count = |state: State| posture.count(state);
    let unknown = count(State::Unknown) + count(State::BeyondTheSource);
    let (failed, passed) = (count(State::Fail), count(State::Pass));
    let all = passed + failed + unknown;
    let fail = |count: usize| if count == 1 { "fails" } else { "fail" };
    let checks = match (failed, unknown) {
        (0, 0) => format!("All {all} checks pass."),
        (0, unknown) => {
            format!("Of {all} checks {passed} pass, none fails, and of {unknown} it is not known.")
        }
        (failed, 0) => format!("Of {all} checks {passed} pass, and {failed} {}.", fail(failed)),
        (failed, unknown) => {
            format!(
                "Of {all} checks {passed} pass, {failed} {}, and of {unknown} it is not known.",
                fail(failed)
            )
        }
    };
    let unlisted = if posture.unlisted.is_empty() { "" } else { " Not all of the record could be listed." };
    let retention = match posture.retention.len() {
        0 => String::new(),
        1 => " One finding on retention.".to_owned(),
        count => format!(" {count} findings on retention."),
    };
    format!("{checks}{unlisted}{retention}")
}

/// The controls that a check supports, each with whose mapping that is.
fn controls(check: &Check) -> String {
    let one = |control: &crate::posture::Control| {
        format!("{} {} {} ({})", control.framework, control.version, control.id, control.source)
    };
    check.controls().iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Writes a row for each check, and for each finding on how long the record is kept.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn csv(posture: &Posture, out: &mut dyn io::Write) -> io::Result<()> {
    const HEAD: [&str; 9] =
        ["check", "state", "weight", "subject", "value", "rule", "next", "controls", "read_at"];
    row(&HEAD.map(String::from), out)?;
    for check in &posture.checks {
        let cells = [
            check.id.to_string(),
            check.state.as_str().to_owned(),
            check.weight.as_str().to_owned(),
            check.subject.clone(),
            check.value.clone(),
            check.rule().to_owned(),
            check.next().unwrap_or_default().to_owned(),
            controls(check),
            format_time(check.read_at),
        ];
        row(&cells, out)?;
    }
    for RetentionFinding { code, message } in &posture.retention {
        let mut cells = [""; 9].map(String::from);
        (cells[0], cells[1], cells[3], cells[4]) = (
            code.as_str().to_owned(),
            code.state().as_str().to_owned(),
            posture.place.clone(),
            message.clone(),
        );
        row(&cells, out)?;
    }
    for failure in &posture.unlisted {
        let mut cells = [""; 9].map(String::from);
        (cells[0], cells[1], cells[3], cells[4]) = (
            "listing".to_owned(),
            State::Unknown.as_str().to_owned(),
            posture.place.clone(),
            failure.clone(),
        );
        row(&cells, out)?;
    }
    Ok(())
}

/// Writes a table, for a ticket.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn markdown(posture: &Posture, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "## Protection of {}\n\n{} Policy: {}.\n",
        cell(&posture.place),
        sentence(posture),
        cell(&posture.policy.about)
    )?;
    writeln!(out, "| of | check | state | what was read |\n| --- | --- | --- | --- |")?;
    for check in &posture.checks {
        let (subject, weight) = (cell(&check.subject), check.weight.as_str());
        writeln!(
            out,
            "| {subject} | `{}` | {} ({weight}) | {} |",
            check.id,
            check.state.as_str(),
            cell(&check.value)
        )?;
    }
    for RetentionFinding { code, message } in &posture.retention {
        let place = cell(&posture.place);
        writeln!(out, "| {place} | `{}` | {} | {} |", code.as_str(), code.state().as_str(), cell(message))?;
    }
    for failure in &posture.unlisted {
        writeln!(
            out,
            "| {} | listing | {} | {} |",
            cell(&posture.place),
            State::Unknown.as_str(),
            cell(failure)
        )?;
    }
    writeln!(out)?;
    NOT_SEEN.iter().try_for_each(|limit| writeln!(out, "- {limit}"))
}
