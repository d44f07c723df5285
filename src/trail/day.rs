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

    /// The day that a folder is named after which ends in `YYYY/MM/DD`, with or without its last slash; none, if the
    /// calendar has no such day. Every log file's name is asked, so it is read by hand.
    pub fn of_folder(folder: &str) -> Option<Self> {
        let folder = folder.strip_suffix('/').unwrap_or(folder).as_bytes();
        let day = folder.last_chunk::<10>()?;
        let number = |digits: &[u8]| {
            let is_number = digits.iter().all(u8::is_ascii_digit);
            is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
        };
        let [_, _, _, _, b'/', _, _, b'/', _, _] = day else { return None };
        let (year, month, of_month) = (number(&day[..4])?, number(&day[5..7])?, number(&day[8..])?);
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, of_month).map(Self)
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

    /// It and the days after it, up to `last`.
    pub fn until(self, last: Self) -> impl Iterator<Item = Self> {
        self.0.iter_days().take_while(move |day| *day <= last.0).map(Self)
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
    fn a_folder_of_a_day_tells_its_day_if_there_is_one() {
        let day = |folder: &str| Day::of_folder(folder).map(|day| day.to_string());
        for folder in ["AWSLogs/1/CloudTrail/us-east-1/2026/03/01", "x/2026/03/01/", "2026/03/01"] {
            assert_eq!(day(folder).as_deref(), Some("2026-03-01"), "{folder}");
        }
        for folder in [
            "",
            "x/",
            "2026/02/31/",
            "2026/3/01",
            "2026-03-01",
            "x/2026/03/0x",
            "/2026/03/01//",
            "é026/03/01",
        ] {
            assert_eq!(day(folder), None, "{folder}");
        }
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
