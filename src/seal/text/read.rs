//! Reads a seal's text line by line, and then holds it against its one spelling.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _};

use super::{Carried, ObjectCounts, SCHEMA, Seal, SealedPart, SealedRun, Softened, Tool};
use crate::crypto::Hash;
use crate::report::{Code, Outcome};
use crate::seal::heads::{HeadName, SealedHead};
use crate::seal::name::place;
use crate::trail::token::{Within, unescaped};
use crate::trail::{Depth, ObjectName, Time, Window};

/// Why a text is no seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASeal {
    /// Another kind of text, or another version's.
    #[error(
        "it begins with {found:?} instead of {SCHEMA:?}: it is something else, or by another version of trailseal"
    )]
    Schema {
        /// Its first line.
        found: String,
    },
    /// A line that is not what belongs there.
    #[error("its line {line} is {found:?}, where `{expected}` belongs")]
    Line {
        /// Counted from 1.
        line: usize,
        /// How the line would read.
        expected: &'static str,
        /// The line.
        found: String,
    },
    /// The end, where a line belongs.
    #[error("it ends where `{expected}` belongs")]
    Short {
        /// How the line would read.
        expected: &'static str,
    },
    /// All is there, in other words or another order than they are written in.
    #[error("its line {line}, {found:?}, is not spelt or not sorted as a seal's is")]
    Spelling {
        /// Counted from 1.
        line: usize,
        /// The line.
        found: String,
    },
}

/// Longest part of a line that an error repeats.
const SHOWN: usize = 120;

fn shown(line: &str) -> String {
    line.chars().take(SHOWN).collect()
}

pub(super) fn seal(text: &str) -> Result<Seal, NotASeal> {
    let mut lines = Lines { lines: text.split_terminator('\n').collect(), at: 1 };
    match lines.lines.first() {
        Some(&SCHEMA) => {}
        first => return Err(NotASeal::Schema { found: shown(first.unwrap_or(&"")) }),
    }
    let origin = lines.one("origin", "origin BUCKET[/PREFIX]", place)?;
    let number: u64 = lines.one("number", "number N", parsed)?;
    let source = lines.one("source", "source WORD", word)?;
    let moment = lines.one("time", "time TIME", time)?;
    let tool = lines.one("tool", "tool trailseal/VERSION rules/N", tool)?;
    let new_keys = lines.many("key", "key NAME+ID+KEY", |value| word(value)?.parse().ok())?;
    let run = match NonZeroU64::new(number) {
        None => {
            lines.one("previous", "previous none, in seal 0", |value| (value == "none").then_some(()))?;
            None
        }
        Some(number) => Some(run(number, &mut lines)?),
    };
    let seal = Seal { origin, source, time: moment, tool, new_keys, run };
    match first_difference(text, &seal.text()) {
        None => Ok(seal),
        Some((line, found)) => Err(NotASeal::Spelling { line, found }),
    }
}

fn run(number: NonZeroU64, lines: &mut Lines<'_>) -> Result<SealedRun, NotASeal> {
    Ok(SealedRun {
        number,
        window: lines.one("window", "window START|open END", window)?,
        part: lines.one("scope", "scope all|account=… region=… trail=…", part)?,
        depth: lines.one("depth", "depth full|presence|chain", parsed::<Depth>)?,
        softened: lines.many("softened", "softened accept=CODE|ended=LINE|retention=DAYS", softened)?,
        released: lines.many("released", "released KEY SHA256", released)?,
        outcome: lines.one("verdict", "verdict intact|tampered|incomplete|empty", outcome)?,
        exit: lines.one("exit", "exit CODE", parsed)?,
        read: lines.one("read", "read DIGESTS LOGS", |value| counts(words(value)?))?,
        carried: lines.one("carried", "carried DIGESTS LOGS TIME|-", carried)?,
        keys: lines.one("keys", "keys sha256:HEX", sha256)?,
        report: lines.one("report", "report sha256:HEX", sha256)?,
        previous: lines.one("previous", "previous sha256:HEX", sha256)?,
        heads: lines.many("head", "head END SHA256 SEEN BUCKET KEY", |value| {
            head(value).filter(|head| head.seen <= number)
        })?,
    })
}

/// The first line in which two texts differ, as the first has it.
fn first_difference(text: &str, other: &str) -> Option<(usize, String)> {
    if text == other {
        return None;
    }
    let (lines, others) = (text.split('\n'), other.split('\n'));
    let same = lines.clone().zip(others).take_while(|(one, other)| one == other).count();
    Some((same + 1, shown(lines.clone().nth(same).unwrap_or_default())))
}

struct Lines<'t> {
    lines: Vec<&'t str>,
    at: usize,
}

impl<'t> Lines<'t> {
    /// What the next line says, if it is of this name.
    fn peek(&self, name: &str) -> Option<&'t str> {
        self.lines.get(self.at)?.strip_prefix(name)?.strip_prefix(' ')
    }

    /// The next line, of this name and read by `read`.
    fn one<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'t str) -> Option<T>,
    ) -> Result<T, NotASeal> {
        match self.peek(name).and_then(read) {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => Err(match self.lines.get(self.at) {
                None => NotASeal::Short { expected },
                Some(found) => NotASeal::Line { line: self.at + 1, expected, found: shown(found) },
            }),
        }
    }

    /// All lines of this name that come next.
    fn many<T: Ord>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&'t str) -> Option<T>,
    ) -> Result<BTreeSet<T>, NotASeal> {
        let mut set = BTreeSet::new();
        while self.peek(name).is_some() {
            set.insert(self.one(name, expected, &read)?);
        }
        Ok(set)
    }
}

fn words<const COUNT: usize>(value: &str) -> Option<[&str; COUNT]> {
    value.split(' ').collect::<Vec<_>>().try_into().ok()
}

fn parsed<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

fn word(value: &str) -> Option<String> {
    unescaped(value, Within::Line)
}

/// Those of other millennia are refused: time arithmetic near the edges of the calendar fails.
fn time(value: &str) -> Option<Time> {
    let time = DateTime::parse_from_rfc3339(value).ok()?.to_utc();
    (1000..9999).contains(&time.year()).then_some(time)
}

fn sha256(value: &str) -> Option<Hash> {
    value.strip_prefix("sha256:")?.parse().ok()
}

fn tool(value: &str) -> Option<Tool> {
    let [version, rules] = words(value)?;
    Some(Tool {
        version: word(version.strip_prefix("trailseal/")?)?,
        rules: parsed(rules.strip_prefix("rules/")?)?,
    })
}

fn window(value: &str) -> Option<Window> {
    let [start, end] = words(value)?;
    let start = if start == "open" { None } else { Some(time(start)?) };
    Window::new(start, time(end)?).ok()
}

fn part(value: &str) -> Option<SealedPart> {
    let mut part = SealedPart::default();
    if value == "all" {
        return Some(part);
    }
    for token in value.split(' ') {
        match token.split_once('=')? {
            ("account", list) => part.accounts = set(list)?,
            ("region", list) => part.regions = set(list)?,
            ("trail", list) => part.trails = set(list)?,
            _ => return None,
        }
    }
    Some(part)
}

fn set<T: FromStr + Ord>(list: &str) -> Option<BTreeSet<T>> {
    list.split(',').map(parsed).collect()
}

fn softened(value: &str) -> Option<Softened> {
    match value.split_once('=')? {
        ("accept", code) => parsed::<Code>(code).map(Softened::Accept),
        ("ended", ended) => parsed(ended).map(Softened::Ended),
        ("retention", days) => parsed(days).map(Softened::Retention),
        _ => None,
    }
}

fn released(value: &str) -> Option<HeadName> {
    let [key, hash] = words(value)?;
    Some(HeadName { key: word(key)?.into(), hash: parsed(hash)? })
}

fn outcome(value: &str) -> Option<Outcome> {
    let outcomes = [Outcome::Intact, Outcome::Tampered, Outcome::Incomplete, Outcome::Empty];
    outcomes.into_iter().find(|outcome| outcome.as_str() == value)
}

fn counts([digests, logs]: [&str; 2]) -> Option<ObjectCounts> {
    Some(ObjectCounts { digests: parsed(digests)?, logs: parsed(logs)? })
}

fn carried(value: &str) -> Option<Carried> {
    let [digests, logs, oldest] = words(value)?;
    let oldest_read_at = if oldest == "-" { None } else { Some(time(oldest)?) };
    Some(Carried { objects: counts([digests, logs])?, oldest_read_at })
}

fn head(value: &str) -> Option<SealedHead> {
    let [end, hash, seen, bucket, key] = words(value)?;
    let object = ObjectName::new(word(bucket)?, word(key)?);
    Some(SealedHead { object, hash: parsed(hash)?, end: time(end)?, seen: parsed(seen)? })
}
