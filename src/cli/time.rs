//! Times as people write them: with an offset, as a date, or as a duration back from now.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta};
use trailseal::trail::Time;

/// A time or a duration, before it is held against the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A time with its offset.
    Exact(Time),
    /// A time without one, read as UTC.
    Assumed(Time),
    /// A whole day in UTC.
    Day(NaiveDate),
    /// So long before now.
    Back(TimeDelta),
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
            (Self::Back(duration), _) => now.checked_sub_signed(duration).unwrap_or(Time::MIN_UTC),
        }
    }
}

fn midnight(day: NaiveDate) -> Time {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Reads a moment.
pub fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Moment::Exact(time.to_utc()));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(Moment::Assumed(time.and_utc()));
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(Moment::Day(day));
    }
    duration(text).map(Moment::Back).map_err(|_| {
        "neither a time (2026-03-01T10:00:00+01:00), nor a date (2026-03-01), nor a duration back from now (36h, 30d)"
            .to_owned()
    })
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
    fn nonsense_is_refused() {
        for text in
            ["", "h", "-3h", "3x", "yesterday", "2026-13-01", "99999999999999999999d", "2026-02-30", "é"]
        {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
