//! Moments, stretches of time and sets of them, and the record's one way of writing them.

use std::ops::Deref;

use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, TimeDelta, Timelike as _, Utc};

use serde::{Deserialize, Serialize};

use super::{Malformed, malformed};

/// A moment, in UTC. The record knows seconds; fractions only occur in the caller's clock.
pub type Time = DateTime<Utc>;

/// A stretch of time, from `start` up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first moment in it.
    #[serde(with = "super::text::moment")]
    pub start: Time,
    /// The first moment after it.
    #[serde(with = "super::text::moment")]
    pub end: Time,
}

/// The time a standard digest covers; every one known spans exactly this.
pub const DIGEST_HOUR: TimeDelta = TimeDelta::hours(1);

impl Span {
    /// What a standard digest covers that ends then: the hour before.
    pub fn of_digest(end: Time) -> Self {
        Self { start: end - DIGEST_HOUR, end }
    }

    /// Whether the two share any time.
    pub fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `moment` lies in it.
    pub fn contains(&self, moment: Time) -> bool {
        self.start <= moment && moment < self.end
    }

    /// Its length.
    pub fn length(&self) -> TimeDelta {
        self.end - self.start
    }
}

/// Stretches of time, sorted and disjoint: those that overlap or touch are one, and none is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Span>")]
pub struct SpanSet(Vec<Span>);

impl From<Vec<Span>> for SpanSet {
    fn from(spans: Vec<Span>) -> Self {
        spans.into_iter().collect()
    }
}

impl FromIterator<Span> for SpanSet {
    fn from_iter<Spans: IntoIterator<Item = Span>>(spans: Spans) -> Self {
        let mut spans: Vec<Span> = spans.into_iter().filter(|span| span.start < span.end).collect();
        spans.sort_unstable();
        let mut joined: Vec<Span> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        Self(joined)
    }
}

impl SpanSet {
    /// All that either of the two spans.
    pub fn union(&self, other: impl IntoIterator<Item = Span>) -> Self {
        self.iter().copied().chain(other).collect()
    }

    /// The part of it that lies in the window.
    pub fn clip(&self, window: &Window) -> Self {
        let clipped = self.iter().map(|span| Span {
            start: window.start().map_or(span.start, |start| start.max(span.start)),
            end: window.end().min(span.end),
        });
        Self(clipped.filter(|span| span.start < span.end).collect())
    }

    /// The part of `whole` that it leaves open.
    pub fn complement(&self, whole: Span) -> Self {
        let mut open = Vec::new();
        let mut from = whole.start;
        for span in &self.0 {
            if span.start > from {
                open.push(Span { start: from, end: span.start.min(whole.end) });
            }
            from = from.max(span.end);
        }
        if from < whole.end {
            open.push(Span { start: from, end: whole.end });
        }
        open.retain(|span| span.start < span.end);
        Self(open)
    }

    /// Whether all of `stretch` lies in it.
    pub fn covers(&self, stretch: Span) -> bool {
        let after = self.0.partition_point(|span| span.start <= stretch.start);
        self.0[..after].last().is_some_and(|span| stretch.end <= span.end)
    }

    /// Whether `moment` lies in it.
    pub fn contains(&self, moment: Time) -> bool {
        let after = self.0.partition_point(|span| span.start <= moment);
        self.0[..after].last().is_some_and(|span| moment < span.end)
    }
}

impl Deref for SpanSet {
    type Target = [Span];

    fn deref(&self) -> &[Span] {
        &self.0
    }
}

impl IntoIterator for SpanSet {
    type Item = Span;
    type IntoIter = std::vec::IntoIter<Span>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a SpanSet {
    type Item = &'a Span;
    type IntoIter = std::slice::Iter<'a, Span>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The range that was asked for. An open start means the whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: Option<Time>,
    end: Time,
}

/// A window that would end before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the window would end at {}, before it begins at {}", format_time(*end), format_time(*start))]
pub struct Backwards {
    /// Where it would begin.
    pub start: Time,
    /// Where it would end.
    pub end: Time,
}

impl Window {
    /// From `start`, if any, up to but without `end`. It may be empty, but not run backwards.
    ///
    /// # Errors
    ///
    /// Where it would run backwards.
    pub fn new(start: Option<Time>, end: Time) -> Result<Self, Backwards> {
        match start.filter(|start| *start > end) {
            Some(start) => Err(Backwards { start, end }),
            None => Ok(Self { start, end }),
        }
    }

    /// From `start` on, if any, up to but without `end`; empty at its start where that is later.
    pub fn reaching(start: Option<Time>, end: Time) -> Self {
        Self { start, end: start.map_or(end, |start| start.max(end)) }
    }

    /// The first moment asked for.
    pub fn start(&self) -> Option<Time> {
        self.start
    }

    /// The first moment not asked for.
    pub fn end(&self) -> Time {
        self.end
    }

    /// Whether `span` shares any time with it.
    pub fn overlaps(&self, span: &Span) -> bool {
        span.start < self.end && self.start.is_none_or(|start| start < span.end)
    }

    /// Whether `moment` lies in it.
    pub fn contains(&self, moment: Time) -> bool {
        moment < self.end && self.start.is_none_or(|start| start <= moment)
    }
}

/// Reads the record's one time format, `2026-03-01T10:17:28Z`.
///
/// # Errors
///
/// Where the text is not written so.
pub fn parse_time(text: &str) -> Result<Time, Malformed> {
    time_as(text, "YYYY-MM-DDThh:mm:ssZ")
        .ok_or_else(|| malformed("a time such as 2026-03-01T10:17:28Z", text))
}

/// Reads a time written exactly like `pattern`: a digit for each of `YMDhms`, everything else as it stands. Every key
/// and digest holds some, and chrono's own reading takes longer than all the rest of a key, and is lenient.
pub(crate) fn time_as(text: &str, pattern: &str) -> Option<Time> {
    if text.len() != pattern.len() {
        return None;
    }
    let mut fields = [0; 6];
    for (byte, place) in text.bytes().zip(pattern.bytes()) {
        match field(place) {
            Some(field) if byte.is_ascii_digit() => {
                fields[field] = fields[field] * 10 + u32::from(byte - b'0')
            }
            None if byte == place => {}
            _ => return None,
        }
    }
    let [year, month, day, hour, minute, second] = fields;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    // A leap second is written as the sixtieth.
    let (second, nanos) = if second == 60 { (59, 1_000_000_000) } else { (second, 0) };
    Some(date.and_hms_nano_opt(hour, minute, second, nanos)?.and_utc())
}

/// Which of year, month, day, hour, minute and second a place in a pattern is a digit of.
fn field(place: u8) -> Option<usize> {
    Some(match place {
        b'Y' => 0,
        b'M' => 1,
        b'D' => 2,
        b'h' => 3,
        b'm' => 4,
        b's' => 5,
        _ => return None,
    })
}

/// Writes a time as [`time_as`] reads it, for the same reason. The record has four digits for a year.
pub(super) fn written_as(time: Time, pattern: &str) -> String {
    let date = time.date_naive();
    let second = time.second() + time.nanosecond() / 1_000_000_000;
    let year = u32::try_from(date.year()).unwrap_or(0);
    let mut fields = [year, date.month(), date.day(), time.hour(), time.minute(), second];
    let mut text = pattern.as_bytes().to_vec();
    for place in text.iter_mut().rev() {
        if let Some(field) = field(*place) {
            *place = b'0' + (fields[field] % 10) as u8;
            fields[field] /= 10;
        }
    }
    // Patterns are ASCII.
    String::from_utf8(text).unwrap_or_default()
}

/// Writes the record's one time format, seconds without a fraction.
pub fn format_time(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_by_a_pattern_is_read_by_it() {
        for (pattern, texts) in [
            ("YYYY/MM/DD", ["2026/03/01", "0001/12/31", "9999/01/01"]),
            ("YYYYMMDDThhmmssZ", ["20260301T101728Z", "00011231T235959Z", "99990101T000060Z"]),
        ] {
            for text in texts {
                let time = time_as(text, pattern);
                assert_eq!(time.map(|time| written_as(time, pattern)).as_deref(), Some(text));
            }
        }
    }

    fn at(hour: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
        proptest::collection::vec((0i64..40, 1i64..6), 0..12)
    }

    fn set(spans: &[(i64, i64)]) -> SpanSet {
        spans.iter().map(|(start, length)| Span { start: at(*start), end: at(start + length) }).collect()
    }

    proptest! {
        #[test]
        fn a_set_says_of_every_moment_what_its_spans_say(spans in spans(), from in 0i64..40, length in 0i64..20) {
            let (whole, window) = (Span { start: at(from), end: at(from + length) }, (from, from + length));
            let set = set(&spans);
            let open = set.complement(whole);
            let clipped = set.clip(&Window::new(Some(whole.start), whole.end).unwrap());
            for hour in 0..60 {
                let inside = spans.iter().any(|(start, length)| (*start..start + length).contains(&hour));
                let asked = (window.0..window.1).contains(&hour);
                prop_assert_eq!(set.contains(at(hour)), inside);
                prop_assert_eq!(open.contains(at(hour)), asked && !inside);
                prop_assert_eq!(clipped.contains(at(hour)), asked && inside);
                prop_assert_eq!(set.covers(Span { start: at(hour), end: at(hour + 1) }), inside);
            }
            for set in [&set, &open, &clipped] {
                prop_assert!(set.windows(2).all(|pair| pair[0].end < pair[1].start), "sorted and apart");
                prop_assert!(set.iter().all(|span| span.start < span.end));
            }
            prop_assert_eq!(clipped.union(open), SpanSet::from_iter((length > 0).then_some(whole)));
        }
    }

    #[test]
    fn a_window_does_not_run_backwards() {
        assert_eq!(Window::new(Some(at(2)), at(1)), Err(Backwards { start: at(2), end: at(1) }));
        assert_eq!(Window::reaching(Some(at(2)), at(1)), Window::new(Some(at(2)), at(2)).unwrap());
        assert!(!Window::reaching(Some(at(2)), at(1)).contains(at(2)));
    }
}
