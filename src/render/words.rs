//! What a report comes to, in the words every format for people shares.

use std::borrow::Cow;

use chrono::TimeDelta;
use serde_json::Value;

use crate::report::Report;
use crate::trail::{Span, Time};

mod groups;
mod hints;
mod request;
mod sentence;
mod verdict;

pub use groups::{Group, groups, not_held, not_marked, part};
pub use hints::{hint, hints, is_never_proven, limited, not_proven};
pub use request::{Share, baselines, covered, expected, identity, no_chain, scope};
pub use sentence::message;
pub use verdict::{Headline, accepted, headline};

/// A piece of evidence as it is shown: text without JSON's quotes.
pub fn fact(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The verdicts that were given at all, each with how often: `1,004 authentic`.
pub fn verdicts(counts: &[(&str, u64)]) -> Vec<String> {
    counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{} {}", thousands(*count), verdict_word(verdict)))
        .collect()
}

/// A verdict for a person, by its name in reports.
pub fn verdict_word(verdict: &str) -> String {
    match verdict {
        // It says nothing against the digest.
        "unknown_key" => "unauthenticated".to_owned(),
        _ => verdict.replace('_', " "),
    }
}

/// The bytes of log files, and how many of them this run read.
pub fn volume(report: &Report) -> String {
    let (stored, inflated) = (bytes(report.totals.compressed), bytes(report.totals.inflated));
    match report.carried.bytes {
        None => format!("{stored} read, {inflated} inflated"),
        Some(_) => {
            let read = bytes(report.read().bytes.unwrap_or(0));
            format!("{stored}, of which this run read {read}; {inflated} inflated")
        }
    }
}

/// `1 log file`, `20,310 log files`.
pub fn counted(count: u64, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{} {several}", thousands(count)),
    }
}

/// `20,310`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2 GB`: decimal units, as AWS bills them.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut scaled = count as f64;
    let mut unit = "B";
    for larger in UNITS {
        if scaled < 999.95 {
            break;
        }
        scaled /= 1000.0;
        unit = larger;
    }
    match unit {
        "B" => format!("{count} B"),
        _ => format!("{scaled:.1} {unit}"),
    }
}

/// `2026-03-01 10:17:28`, without the seconds where they are nought.
pub fn moment(time: Time) -> String {
    match time.timestamp() % 60 {
        0 => time.format("%Y-%m-%d %H:%M").to_string(),
        _ => time.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

/// `2026-03-01 10:00 to 16:30`, naming the day again only where it is another one.
pub fn range(span: Span) -> String {
    let end = moment(span.end);
    let end = if span.start.date_naive() == span.end.date_naive() {
        end.split_once(' ').map_or(&*end, |(_, clock)| clock).to_owned()
    } else {
        end
    };
    format!("{} to {end}", moment(span.start))
}

/// `6 h 30 min`, `3 d 4 h`: the two largest units.
pub fn length(span: Span) -> String {
    lasting(span.length())
}

/// The same of any time that something lasts.
pub fn lasting(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let told: Vec<String> = units
        .into_iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if told.is_empty() { "0 s".to_owned() } else { told.join(" ") }
}

/// `42 ms`, `3.2 s`, `6 min 4 s`: how long the run took by the caller's clock.
pub fn took(report: &Report) -> String {
    let elapsed = report.finished_at - report.started_at;
    match elapsed.num_milliseconds() {
        under @ 0..1000 => format!("{under} ms"),
        under @ 1000..10_000 => format!("{}.{} s", under / 1000, under % 1000 / 100),
        _ => length(Span { start: report.started_at, end: report.finished_at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(11_800_000_000), "11.8 GB");
        assert_eq!(lasting(TimeDelta::hours(3)), "3 h");
        assert_eq!(lasting(TimeDelta::hours(49)), "2 d 1 h");
        assert_eq!(lasting(TimeDelta::days(400)), "400 d");
    }
}
