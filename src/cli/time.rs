//! Times as people and AWS write them: with an offset, as a date, as a time of today, or as a duration back from now.

use crate::trail::Time;
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// A time or a duration, before it is held against the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A time with its offset.
    Exact(Time),
    /// A time without one, read as UTC.
    Assumed(Time),
    /// A whole day in UTC.
    Day(NaiveDate),
    /// A time of today.
    Today(NaiveTime, Zone),
    /// So long before now.
    Back(TimeDelta),
}

/// Whose day today is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// That of everybody who keeps this offset.
    Named(FixedOffset),
    /// None is named, so UTC's.
    Assumed,
}

/// Which end of a range a moment stands for: a day means its first moment or its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The range begins with it.
    First,
    /// The range ends with it.
    Last,
}

impl Moment {
    /// The time it means.
    pub fn at(self, now: Time, end: End) -> Time {
        match (self, end) {
            (Self::Exact(time) | Self::Assumed(time), _) => time,
            (Self::Day(day), End::First) => midnight(day),
            (Self::Day(day), End::Last) => day.checked_add_days(Days::new(1)).map_or(Time::MAX_UTC, midnight),
            (Self::Today(time, zone), _) => today(now, time, zone),
            (Self::Back(duration), _) => now.checked_sub_signed(duration).unwrap_or(Time::MIN_UTC),
        }
    }

    /// Whether it was read as UTC because nothing else was said.
    pub fn is_assumed(self) -> bool {
        match self {
            Self::Assumed(_) | Self::Day(_) | Self::Today(_, Zone::Assumed) => true,
            Self::Exact(_) | Self::Today(_, Zone::Named(_)) | Self::Back(_) => false,
        }
    }
}

fn today(now: Time, time: NaiveTime, zone: Zone) -> Time {
    let day = match zone {
        Zone::Assumed => now.date_naive(),
        Zone::Named(offset) => now.with_timezone(&offset).date_naive(),
    };
    let local = day.and_time(time);
    match zone {
        Zone::Assumed => local.and_utc(),
        Zone::Named(offset) => local.and_local_timezone(offset).single().map_or(now, |time| time.to_utc()),
    }
}

fn midnight(day: NaiveDate) -> Time {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Reads a moment.
pub fn moment(text: &str) -> Result<Moment, String> {
    let exact = with_offset(text).map(Moment::Exact).or_else(|| clock_with_offset(text));
    let assumed =
        || WITHOUT_OFFSET.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let clock = || CLOCK.iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok());
    exact
        .or_else(|| assumed().map(|time| Moment::Assumed(time.and_utc())))
        .or_else(|| day().map(Moment::Day))
        .or_else(|| clock().map(|time| Moment::Today(time, Zone::Assumed)))
        .or_else(|| back(text).ok().map(Moment::Back))
        .ok_or_else(|| {
            "neither a time (2026-03-01T10:00:00+01:00, 20260301T100000Z, or 10:00Z for today), nor a date (2026-03-01), nor \
             a duration back from now (36h, 30d)"
                .to_owned()
        })
}

/// Times without an offset: to the second or the minute, and as the names of digests and log files write them.
const WITHOUT_OFFSET: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M",
];
/// Times of day.
const CLOCK: [&str; 2] = ["%H:%M:%S%.f", "%H:%M"];

/// An offset as `+00:00`, `+0000` or `Z`, spelt in one way.
fn offset_spelt_out(text: &str) -> Option<String> {
    match text.strip_suffix(['Z', 'z']) {
        Some(rest) => Some(format!("{rest}+0000")),
        None => text.contains(':').then(|| text.to_owned()),
    }
}

fn with_offset(text: &str) -> Option<Time> {
    let text = offset_spelt_out(text)?;
    WITHOUT_OFFSET.iter().find_map(|format| {
        DateTime::parse_from_str(&text, &format!("{format}%z")).ok().map(|time| time.to_utc())
    })
}

/// A time of day with an offset.
fn clock_with_offset(text: &str) -> Option<Moment> {
    // Read on some day, because without one no offset is read.
    let text = format!("1970-01-01T{}", offset_spelt_out(text)?);
    let read = CLOCK
        .iter()
        .find_map(|format| DateTime::parse_from_str(&text, &format!("%Y-%m-%dT{format}%z")).ok())?;
    Some(Moment::Today(read.time(), Zone::Named(*read.offset())))
}

/// Reads a duration such as `90m`, `24h`, `7d` or `2w`.
pub fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "not a duration such as 90m, 24h, 7d or 2w".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let whole = match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    };
    whole.filter(|duration| *duration >= TimeDelta::zero()).ok_or_else(wrong)
}

/// Reads a duration back from now. A minus before it says the same once more.
fn back(text: &str) -> Result<TimeDelta, String> {
    duration(text.strip_prefix('-').unwrap_or(text))
}

/// Reads a duration back from now in which something can have happened.
pub fn some_duration(text: &str) -> Result<TimeDelta, String> {
    let duration = back(text)?;
    if duration.is_zero() {
        Err("no time at all; ask for some, such as 26h".to_owned())
    } else {
        Ok(duration)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn offsets_are_honoured_and_their_absence_is_noticed() {
        let utc = "2026-03-01T09:00:00Z".parse::<Time>().unwrap();
        assert_eq!(moment("2026-03-01T10:00:00+01:00"), Ok(Moment::Exact(utc)));
        assert_eq!(moment("2026-03-01T09:00:00"), Ok(Moment::Assumed(utc)));
        assert_eq!(moment("2026-03-01 09:00"), Ok(Moment::Assumed(utc)));
    }

    #[test]
    fn a_day_is_meant_whole() {
        let day = moment("2026-03-01").unwrap();
        let now = Time::UNIX_EPOCH;
        assert_eq!(day.at(now, End::First).to_rfc3339(), "2026-03-01T00:00:00+00:00");
        assert_eq!(day.at(now, End::Last).to_rfc3339(), "2026-03-02T00:00:00+00:00");
    }

    #[test]
    fn offsets_are_read_as_tools_write_them() {
        let utc = "2026-03-01T00:17:00Z".parse::<Time>().unwrap();
        for text in [
            "2026-03-01T00:17:00Z",
            "2026-03-01T00:17:00+0000",
            "2026-03-01T00:17:00.000+00:00",
            "2026-03-01 01:17:00+0100",
            "2026-03-01T00:17Z",
            "2026-03-01T01:17+01:00",
            "20260301T001700Z",
            "20260301T0017Z",
        ] {
            assert_eq!(moment(text), Ok(Moment::Exact(utc)), "{text}");
        }
        assert_eq!(moment("20260301T001700"), Ok(Moment::Assumed(utc)));
    }

    #[test]
    fn a_time_of_day_is_todays() {
        let now = "2026-03-01T23:30:00Z".parse::<Time>().unwrap();
        let at = |text: &str| moment(text).unwrap().at(now, End::First).to_rfc3339();
        assert_eq!(at("00:17Z"), "2026-03-01T00:17:00+00:00");
        assert_eq!(at("00:17"), "2026-03-01T00:17:00+00:00");
        assert_eq!(at("00:17:28Z"), "2026-03-01T00:17:28+00:00");
        // Where that offset is kept it is the second of March by now.
        assert_eq!(at("00:17+01:00"), "2026-03-01T23:17:00+00:00");
        assert!(moment("00:17").unwrap().is_assumed() && !moment("00:17Z").unwrap().is_assumed());
    }

    #[test]
    fn no_time_at_all_is_nothing_to_ask_for() {
        assert!(some_duration("0h").is_err());
        assert_eq!(some_duration("1s"), Ok(TimeDelta::seconds(1)));
        assert_eq!(duration("0h"), Ok(TimeDelta::zero()));
    }

    #[test]
    fn a_minus_says_no_more_than_that_it_is_past() {
        assert_eq!(moment("-2d"), moment("2d"));
        assert_eq!(some_duration("-26h"), Ok(TimeDelta::hours(26)));
        assert!(duration("-3h").is_err(), "no grace period is past");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "h",
            "--3h",
            "3x",
            "yesterday",
            "2026-13-01",
            "99999999999999999999d",
            "2026-02-30",
            "é",
            "25:00Z",
            "é:Z",
            "Z",
            ":",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
