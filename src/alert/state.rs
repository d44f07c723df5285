//! What was told before, as lines of JSON: a line that names the schema, then a line for each matter. A line that cannot be read
//! is passed over: its matter is told as new, and nothing is lost by that. Whoever may write the state can make news of what is
//! none, or none of what is; no message depends on it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::matter::{Key, Matter};
use crate::trail::text::{count, moment};
use crate::trail::{Span, Time};
use crate::verdict::{Class, Code, Scope};

/// The name of the format, in the first line.
const SCHEMA: &str = "trailseal/alerts/v1";
/// Matters that are remembered; beyond them those that were seen longest ago are forgotten.
const MOST: usize = 20_000;
/// A matter that no run has seen for so long is forgotten.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(400);
/// A longer line is nobody's.
const LONGEST_LINE: usize = 16 << 10;

/// What was told before, of any number of sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State(BTreeMap<(Box<str>, Key), Told>);

/// A matter that was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The source it was found in.
    source: Box<str>,
    /// Its key.
    key: Key,
    /// What it is.
    pub code: Code,
    /// What it said of the record.
    pub class: Class,
    /// Where it belongs.
    pub scope: Scope,
    /// The time it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Span>,
    /// How many findings it had when it was last told.
    #[serde(deserialize_with = "count::deserialize")]
    pub count: u64,
    /// When it was first told.
    #[serde(with = "moment")]
    pub first_told: Time,
    /// When a run last saw it.
    #[serde(with = "moment")]
    pub last_seen: Time,
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema: Box<str>,
}

/// Why a file is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateFault {
    /// It begins otherwise than a state does.
    #[error(
        "it is no file of told alerts: its first line does not say {SCHEMA}; name another file, or move it away"
    )]
    Schema,
}

impl State {
    /// Reads a state. Nothing at all is an empty one.
    ///
    /// # Errors
    ///
    /// Where it is something else: that is not to be written over.
    pub fn read(bytes: &[u8]) -> Result<Self, StateFault> {
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let Some(first) = lines.next() else { return Ok(Self::default()) };
        let header: Header = serde_json::from_slice(first).map_err(|_| StateFault::Schema)?;
        if &*header.schema != SCHEMA {
            return Err(StateFault::Schema);
        }
        let told = lines.take(MOST).filter(|line| line.len() <= LONGEST_LINE);
        let told = told.filter_map(|line| serde_json::from_slice::<Told>(line).ok());
        Ok(Self(told.map(|told| ((told.source.clone(), told.key.clone()), told)).collect()))
    }

    /// The same state gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        let header = Header { schema: SCHEMA.into() };
        let lines =
            std::iter::once(serde_json::to_vec(&header)).chain(self.0.values().map(serde_json::to_vec));
        // Text, numbers and times: none of it can fail to be written.
        lines.flatten().flat_map(|line| line.into_iter().chain(*b"\n")).collect()
    }

    /// What was told of a matter.
    pub fn told(&self, source: &str, key: &Key) -> Option<&Told> {
        self.0.get(&(Box::from(source), key.clone()))
    }

    /// All that was told of a source.
    pub fn of<'s>(&'s self, source: &'s str) -> impl Iterator<Item = (&'s Key, &'s Told)> {
        self.0.iter().filter(move |((own, _), _)| **own == *source).map(|((_, key), told)| (key, told))
    }

    /// Notes that these matters were told at that time, and that those are told to be gone.
    pub fn tell<'r>(
        &mut self,
        source: &str,
        matters: impl IntoIterator<Item = &'r Matter<'r>>,
        gone: impl IntoIterator<Item = &'r Key>,
        now: Time,
    ) {
        for key in gone {
            self.0.remove(&(Box::from(source), key.clone()));
        }
        for matter in matters {
            let name = (Box::from(source), matter.key.clone());
            let before = self.0.get(&name);
            let told = Told {
                source: source.into(),
                key: matter.key.clone(),
                code: matter.code,
                class: matter.class,
                scope: matter.scope.clone(),
                extent: matter.extent,
                count: matter.count,
                first_told: before.map_or(now, |before| before.first_told),
                last_seen: now,
            };
            self.0.insert(name, told);
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Time) {
        self.0.retain(|_, told| now - told.last_seen < FORGOTTEN_AFTER);
        if let Some(beyond) = self.0.len().checked_sub(MOST).filter(|beyond| *beyond > 0) {
            let mut seen: Vec<(Time, (Box<str>, Key))> =
                self.0.iter().map(|(name, told)| (told.last_seen, name.clone())).collect();
            seen.sort();
            seen.iter().take(beyond).for_each(|(_, name)| {
                self.0.remove(name);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LINE: &str = r#"{"source":"s3://b","key":"00ff","code":"log-missing","class":"tamper","scope":{"account":"111122223333","region":"us-east-1","trail":"management-events","organization":null},"count":2,"first_told":"2026-03-01T00:00:00Z","last_seen":"2026-03-02T00:00:00Z"}"#;

    fn file(lines: &[&str]) -> Vec<u8> {
        [&[r#"{"schema":"trailseal/alerts/v1"}"#], lines].concat().join("\n").into_bytes()
    }

    #[test]
    fn what_is_written_is_read_again_and_lines_that_are_none_are_passed_over() {
        let state = State::read(&file(&[LINE])).unwrap();
        assert_eq!(state.of("s3://b").count(), 1);
        assert_eq!(state.of("s3://other").count(), 0);
        assert_eq!(State::read(&state.write()).unwrap(), state);
        let hostile =
            [LINE, "{}", "no json", &LINE.replace("log-missing", "no-such-code"), &"x".repeat(1 << 20)];
        assert_eq!(State::read(&file(&hostile)).unwrap(), state);
        assert_eq!(State::read(b"").unwrap(), State::default());
    }

    #[test]
    fn what_is_no_state_is_not_taken_for_an_empty_one() {
        for other in ["[]", "last = \"26h\"", r#"{"schema":"trailseal/alerts/v2"}"#] {
            assert_eq!(State::read(other.as_bytes()), Err(StateFault::Schema), "{other}");
        }
    }
}
