//! Values that an option does not take, told by the name under which they were given.

use std::error::Error as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue};

use crate::cli::exit::Failure;
use crate::cli::near::nearest;

/// As many values as are told one by one.
const TOLD: usize = 12;

/// Tells what is wrong. `at` says where an option was given.
pub(super) fn value(error: &Error, at: impl FnOnce(Option<&str>) -> String) -> Failure {
    let one = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    // `--accept <CODE>`
    let option = one(ContextKind::InvalidArg).and_then(|arg| arg.split(' ').next()?.strip_prefix("--"));
    let at = at(option);
    let Some(value) = one(ContextKind::InvalidValue) else {
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default();
        return Failure::new(format!("{at}: {}", first.trim_start_matches("error: ")));
    };
    let why = error.source().map_or(String::new(), |cause| format!(": {cause}"));
    let known: &[String] = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known,
        _ => &[],
    };
    let near = one(ContextKind::SuggestedValue).or_else(|| nearest(known.iter().map(String::as_str), value));
    let next = match (near, known) {
        (Some(near), _) => format!("; did you mean {near}?"),
        (None, []) => String::new(),
        (None, known) if known.len() <= TOLD => format!("; there are: {}", known.join(", ")),
        (None, _) => "; trailseal explain tells all codes".to_owned(),
    };
    Failure::new(format!("{at}: invalid value '{value}'{why}{next}"))
}
