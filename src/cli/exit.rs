//! The one place where a failure to run becomes an exit code. Outcomes of a run have theirs in the report.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit code for a run that could not begin, or whose results could not all be written.
pub const COULD_NOT_RUN: u8 = 2;
/// The exit code for tampering.
const TAMPERED: u8 = 1;
/// The exit code for what was done in part.
#[cfg(feature = "aws")]
const INCOMPLETE: u8 = 3;
/// The exit code for nothing to do it with.
const EMPTY: u8 = 4;
/// The exit code for a run that was ended from outside.
const INTERRUPTED: u8 = 130;

/// The one of two exit codes that tells more: 1 beats 2, 2 beats all others, and those beat 0.
pub fn worse(one: u8, other: u8) -> u8 {
    let weight = |code: u8| match code {
        TAMPERED => u16::MAX,
        COULD_NOT_RUN => u16::MAX - 1,
        code => u16::from(code),
    };
    if weight(other) > weight(one) { other } else { one }
}

/// Why the program could not do what was asked, each reason a story of its own.
#[derive(Debug, thiserror::Error)]
#[error("{}", stories.join("\n"))]
pub struct Failure {
    code: u8,
    stories: Vec<String>,
}

impl Failure {
    /// A failure with its whole story: what was tried, on what, what came back, what to do next.
    pub fn new(story: impl Display) -> Self {
        Self { code: COULD_NOT_RUN, stories: vec![story.to_string()] }
    }

    /// The rest was done.
    #[cfg(feature = "aws")]
    pub fn incomplete(story: impl Display) -> Self {
        Self { code: INCOMPLETE, ..Self::new(story) }
    }

    /// There was nothing to do it with.
    pub fn empty(story: impl Display) -> Self {
        Self { code: EMPTY, ..Self::new(story) }
    }

    /// What the program ends with.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The program was interrupted before there was a result.
    pub fn interrupted() -> Self {
        Self { code: INTERRUPTED, stories: vec!["interrupted before there was anything to tell".to_owned()] }
    }

    /// The same, with another.
    pub fn and(mut self, other: Self) -> Self {
        self.stories.extend(other.stories);
        self
    }
}

/// What the program ends with, if it judged with `code` and these results could not be written.
///
/// 1 stays, for nothing is worse than tampering. Every other code promises a result to read: 0, 3 and 4 one that says
/// what holds, 130 one that says how far the run came. Where it is not, that promise is broken, and 2 says so.
pub fn code(code: u8, unwritten: &[Failure]) -> u8 {
    if unwritten.is_empty() { code } else { worse(code, COULD_NOT_RUN) }
}

/// Ends a command that judged with `code` and could not write these results.
pub fn settle(judged: u8, unwritten: impl IntoIterator<Item = Failure>) -> Result<u8, Failure> {
    let unwritten: Vec<Failure> = unwritten.into_iter().collect();
    let code = code(judged, &unwritten);
    match unwritten.into_iter().reduce(Failure::and) {
        None => Ok(code),
        Some(failure) => Err(Failure { code, ..failure }),
    }
}

/// Says what went wrong.
pub fn tell(failure: &Failure) -> ExitCode {
    failure.stories.iter().for_each(|story| note(story));
    ExitCode::from(failure.code)
}

/// Says something beside the result.
pub fn note(story: &str) {
    // Where even stderr is closed, the exit code still speaks.
    let _ = writeln!(io::stderr(), "trailseal: {}", crate::render::plain::Plain(story));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_not_there_outweighs_every_code_but_tampering() {
        for judged in [0, 1, 3, 4, 130] {
            assert_eq!(code(judged, &[]), judged);
        }
        for (judged, ends) in [(0, 2), (1, 1), (3, 2), (4, 2), (130, 2)] {
            assert_eq!(code(judged, &[Failure::new("disk full")]), ends, "{judged}");
        }
    }
}
