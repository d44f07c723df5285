//! Days of the record: the folders of its keys, and the unit in which what was read is kept and joined.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{Malformed, Span, Time, malformed};

/// A day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// The day that `moment` lies in: that of a log file, by the time in its name.
    pub fn holding(moment: Time) -> Self {
        Self(moment.date_naive())
    }

    /// The day that a digest belongs to, by its end: that of the last second it covers. One that ends at midnight belongs to
    /// the day before, although its folder is that of the day after.
    pub fn of_digest(end: Time) -> Self {
        Self::holding(end.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(end))
    }

    /// Its first moment.
    pub fn start(self) -> Time {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first moment after it.
    pub fn end(self) -> Time {
        self.start().checked_add_signed(TimeDelta::days(1)).unwrap_or(Time::MAX_UTC)
    }

    /// All of it.
    pub fn span(self) -> Span {
        Span { start: self.start(), end: self.end() }
    }

    /// The day before it and the day after it, as far as the calendar goes.
    pub fn neighbours(self) -> impl Iterator<Item = Self> {
        [self.0.pred_opt(), self.0.succ_opt()].into_iter().flatten().map(Self)
    }

    /// Its date.
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let day = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
        day.flatten().map(Self).ok_or_else(|| malformed("a day such as 2026-03-01", text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::parse_time;

    #[test]
    fn a_digest_that_ends_at_midnight_belongs_to_the_day_it_covers() {
        let day = |end: &str| Day::of_digest(parse_time(end).unwrap()).to_string();
        assert_eq!(day("2026-03-02T00:00:00Z"), "2026-03-01");
        assert_eq!(day("2026-03-02T00:00:01Z"), "2026-03-02");
        assert_eq!(day("2026-03-02T00:17:28Z"), "2026-03-02");
        assert_eq!(day("2026-03-02T23:59:59Z"), "2026-03-02");
    }

    #[test]
    fn days_round_trip_and_know_their_neighbours() {
        let day: Day = "2028-02-29".parse().unwrap();
        let around: Vec<String> = day.neighbours().map(|day| day.to_string()).collect();
        assert_eq!(
            (day.to_string(), around),
            ("2028-02-29".into(), vec!["2028-02-28".into(), "2028-03-01".into()])
        );
        assert_eq!(day.span().length(), TimeDelta::days(1));
        for text in ["", "2026-3-1", "2026-02-29", "2026/03/01", "2026-03-01T"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
