//! The time axis: marks where months, days or hours begin, few enough to be read.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Timelike};

use crate::render::timeline::Scale;
use crate::trail::Time;

/// More marks than this run into each other on a sheet of paper.
const MOST: usize = 8;

/// A mark: how far along the axis, from 0 to 1, and what begins there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) name: String,
}

/// What marks are set at.
#[derive(Debug, Clone, Copy)]
enum Every {
    Months(u32),
    Days(u32),
    Hours(u32),
}

/// From the finest to the coarsest.
const STEPS: [Every; 18] = [
    Every::Hours(1),
    Every::Hours(2),
    Every::Hours(3),
    Every::Hours(6),
    Every::Hours(12),
    Every::Days(1),
    Every::Days(2),
    Every::Days(5),
    Every::Days(10),
    Every::Months(1),
    Every::Months(2),
    Every::Months(3),
    Every::Months(6),
    Every::Months(12),
    Every::Months(24),
    Every::Months(60),
    Every::Months(120),
    Every::Months(1200),
];

/// The marks of an axis, at the finest step that leaves room for their names.
pub(super) fn ticks(scale: &Scale) -> Vec<Tick> {
    let cells = scale.cells();
    let end = scale.cell(cells.saturating_sub(1)).start + TimeDelta::hours(scale.hours);
    let all = (end - scale.start).num_seconds().max(1) as f64;
    let named = |every: Every| {
        moments(scale.start, end, every).map(move |moment| Tick {
            at: (moment - scale.start).num_seconds() as f64 / all,
            name: every.name(moment),
        })
    };
    let fits = |every: &Every| named(*every).take(MOST + 1).count() <= MOST;
    STEPS.into_iter().find(fits).map_or(Vec::new(), |every| named(every).collect())
}

impl Every {
    fn name(self, moment: Time) -> String {
        match self {
            Self::Months(months) if months % 12 == 0 => moment.format("%Y").to_string(),
            Self::Months(_) => moment.format("%Y-%m").to_string(),
            Self::Days(_) => moment.format("%m-%d").to_string(),
            Self::Hours(_) => moment.format("%m-%d %H:%M").to_string(),
        }
    }

    /// The last moment on the step that is not after `moment`.
    fn floor(self, moment: Time) -> Option<Time> {
        let day = moment.date_naive();
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        Some(match self {
            Self::Months(months) => {
                let month = day.year() * 12 + i32::try_from(day.month0()).ok()?;
                let floor = month - month.rem_euclid(i32::try_from(months).ok()?);
                midnight(NaiveDate::from_ymd_opt(
                    floor.div_euclid(12),
                    floor.rem_euclid(12).unsigned_abs() + 1,
                    1,
                )?)
            }
            // Days are counted within their month, so that every month begins with a mark.
            Self::Days(days) => midnight(day.with_day0(day.day0() - day.day0() % days)?),
            Self::Hours(hours) => {
                midnight(day) + TimeDelta::hours(i64::from(moment.hour() - moment.hour() % hours))
            }
        })
    }

    fn next(self, moment: Time) -> Option<Time> {
        match self {
            Self::Months(months) => moment.checked_add_months(Months::new(months)),
            Self::Days(days) => {
                let next = moment.checked_add_signed(TimeDelta::days(i64::from(days)))?;
                let month = Self::Months(1).floor(next)?;
                // Too near the month's end to stand beside the next month's first mark.
                let crowded = next.month() == moment.month() && days > 1 && next.day0() + days / 2 >= 30;
                match next.month() != moment.month() {
                    true => Some(month),
                    false if crowded => month.checked_add_months(Months::new(1)),
                    false => Some(next),
                }
            }
            Self::Hours(hours) => moment.checked_add_signed(TimeDelta::hours(i64::from(hours))),
        }
    }
}

/// The moments on a step from `start` on, before `end`.
fn moments(start: Time, end: Time, every: Every) -> impl Iterator<Item = Time> {
    let first = every.floor(start).unwrap_or(DateTime::UNIX_EPOCH);
    std::iter::successors(Some(first), move |moment| every.next(*moment))
        .skip_while(move |moment| *moment < start)
        .take_while(move |moment| *moment < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(start: &str, end: &str, hours: i64) -> Vec<String> {
        let scale =
            Scale { start: start.parse().unwrap_or_default(), end: end.parse().unwrap_or_default(), hours };
        let ticks = ticks(&scale);
        assert!(ticks.iter().all(|tick| (0.0..1.0).contains(&tick.at)), "{ticks:?}");
        assert!(ticks.is_sorted_by(|one, other| one.at < other.at), "{ticks:?}");
        ticks.into_iter().map(|tick| tick.name).collect()
    }

    #[test]
    fn marks_stand_where_months_days_and_hours_begin() {
        assert_eq!(
            names("2025-03-04T00:00:00Z", "2026-03-04T00:00:00Z", 24),
            ["2025-05", "2025-07", "2025-09", "2025-11", "2026-01", "2026-03"]
        );
        assert_eq!(
            names("2026-01-15T00:00:00Z", "2026-04-15T00:00:00Z", 24),
            ["2026-02", "2026-03", "2026-04"]
        );
        assert_eq!(
            names("2026-02-20T00:00:00Z", "2026-03-20T00:00:00Z", 6),
            ["02-21", "02-26", "03-01", "03-06", "03-11", "03-16"]
        );
        assert_eq!(
            names("2026-03-01T00:25:07Z", "2026-03-01T12:25:07Z", 1),
            ["03-01 02:00", "03-01 04:00", "03-01 06:00", "03-01 08:00", "03-01 10:00", "03-01 12:00"]
        );
        assert_eq!(names("1970-01-01T00:00:00Z", "2026-03-01T00:00:00Z", 8760).len(), 6);
    }
}
