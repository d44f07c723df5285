//! For a person at a terminal.

use std::io;

use super::{NOT_SEEN, sentence};
use crate::posture::{Check, Posture, RetentionFinding, State, Weight};
use crate::render::plain::Plain;
use crate::render::wrap::wrapped;
use crate::trail::format_time;

/// Longer lines are not read.
const WIDEST: usize = 110;
/// Where what was read begins.
const INDENT: usize = 36;

/// Writes what the checks came to, what does not pass first, in lines no longer than `width`.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn human(posture: &Posture, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let width = width.clamp(60, WIDEST);
    let policy = &posture.policy;
    writeln!(out, "{}\n", sentence(posture))?;
    writeln!(
        out,
        "  policy  {}",
        wrapped(&Plain(format!("{}: {}", policy.name, policy.about)).to_string(), width, 10)
    )?;
    if let Some(read_at) = posture.checks.iter().map(|check| check.read_at).max() {
        writeln!(out, "  read    {}", format_time(read_at))?;
    }
    let mut subjects: Vec<&str> = posture.checks.iter().map(|check| check.subject.as_str()).collect();
    subjects.dedup();
    for subject in subjects {
        writeln!(out, "\n{}", Plain(subject))?;
        let mut own: Vec<&Check> = posture.checks.iter().filter(|check| check.subject == subject).collect();
        own.sort_by_key(|check| (check.state == State::Pass, check.id));
        match &own[..] {
            [first, .., last] if is_beyond(&own, &first.value) && first.id != last.id => {
                all_unknown(&own, width, out)?
            }
            own => own.iter().try_for_each(|check| write(check, width, out))?,
        }
    }
    if !posture.retention.is_empty() {
        writeln!(out, "\nRetention, by the bucket's rules and by what is listed")?;
    }
    for RetentionFinding { code, message } in &posture.retention {
        writeln!(
            out,
            "  {:7}  {:23}  {}",
            code.state().as_str(),
            code.as_str(),
            wrapped(&Plain(message).to_string(), width, INDENT)
        )?;
    }
    if !posture.unlisted.is_empty() {
        writeln!(out, "\nNot listed")?;
    }
    for failure in &posture.unlisted {
        writeln!(out, "  {}", wrapped(&Plain(failure).to_string(), width, 2))?;
    }
    writeln!(out, "\nNot seen")?;
    NOT_SEEN.iter().try_for_each(|limit| writeln!(out, "  {}", wrapped(limit, width, 2)))
}

/// Whether none of these can be known, for the same reason.
fn is_beyond(checks: &[&Check], why: &str) -> bool {
    checks.iter().all(|check| check.state == State::BeyondTheSource && check.value == why)
}

/// Writes checks of which none can be known, for one reason.
fn all_unknown(checks: &[&Check], width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let why = checks.first().map_or("", |check| check.value.as_str());
    let names = checks.iter().map(|check| check.id.as_str()).collect::<Vec<_>>().join(", ");
    writeln!(out, "  {:7}  {}", State::Unknown.as_str(), wrapped(&Plain(why).to_string(), width, 11))?;
    writeln!(out, "{:11}{}", "", wrapped(&names, width, 11))
}

fn write(check: &Check, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let told = |text: &str| wrapped(&Plain(text).to_string(), width, INDENT);
    let advised =
        if check.weight == Weight::Advised && check.state != State::Pass { " (advised)" } else { "" };
    let value = format!("{}{advised}", check.value);
    writeln!(out, "  {:7}  {:23}  {}", check.state.as_str(), check.id.as_str(), told(&value))?;
    if check.state == State::Fail {
        writeln!(out, "{:INDENT$}{}", "", told(check.rule()))?;
        if let Some(next) = check.next() {
            writeln!(out, "{:INDENT$}{}", "", told(&format!("next: {next}")))?;
        }
    }
    Ok(())
}
