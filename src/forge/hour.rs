//! When and where things are delivered: each hour of a chain, with the names of its digest and its log files.

use chrono::{DateTime, TimeDelta};

use super::events::Journal;
use super::plan::{ChainPlan, WorldPlan};
use super::rng::Rng;
use crate::trail::key::{DigestKey, LOG_FOLDER, LogKey};
use crate::trail::{ChainId, DigestKind, ObjectName, OrganizationId, Span, Time};

/// One hour of a chain.
#[derive(Debug, Clone)]
pub(super) struct HourPlan {
    /// Its number in the world.
    pub(super) index: u32,
    /// What its digest covers.
    pub(super) span: Span,
    /// Where its digest goes.
    pub(super) digest: ObjectName,
    /// Whether the chain begins, or begins anew, here.
    pub(super) opening: Opening,
    /// When a backfill digest was made.
    pub(super) generated: Option<Time>,
    /// Its log files.
    pub(super) logs: Vec<LogPlan>,
}

/// How an hour joins the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// It links to its predecessor.
    Linked,
    /// The chain begins.
    First,
    /// The chain begins anew.
    Restarted,
}

/// One log file of an hour.
#[derive(Debug, Clone)]
pub(super) struct LogPlan {
    /// Where it goes.
    pub(super) object: ObjectName,
    /// The time in its name.
    pub(super) delivered: Time,
    /// When it is written.
    pub(super) written: Time,
    /// Events that must be in it.
    pub(super) journal: Vec<Journal>,
}

/// The organization that a trail is made that of.
const CONVERTED_TO: &str = "o-convertedtrail";
const HOUR: i64 = 3600;
/// Log files are named for the next five minutes.
const MARK: i64 = 300;

/// Whether the hour's last log file is named for a time after the hour: rounding up does that on AWS too.
pub(super) fn reaches_over(index: u32) -> bool {
    index % 4 == 1
}

impl ChainPlan {
    /// A name for this chain in labels of chance; standard and backfill share it, as they share their windows.
    fn label(&self) -> String {
        format!("{}/{}/{}", self.id.place.account, self.id.place.region, self.id.trail)
    }

    /// Seconds after the hour at which its windows begin. It changes when the chain begins anew.
    fn offset(&self, plan: &WorldPlan, opening: &str) -> i64 {
        let offset =
            61 + Rng::new(plan.seed, &format!("offset/{opening}/{}", self.label())).below(3400) as i64;
        offset + i64::from(offset % MARK == 0)
    }

    /// Its hours, oldest first.
    pub(super) fn plan_hours(&self, plan: &WorldPlan) -> impl Iterator<Item = HourPlan> {
        let silence = plan.silence().filter(|_| self.trail == 0).unwrap_or(u32::MAX..u32::MAX);
        let offsets = [self.offset(plan, "first"), self.offset(plan, "restarted")];
        let phase = Rng::new(plan.seed, &format!("phase/{}", self.label())).below(6) as u32;
        let restarted = silence.end.max(self.hours.start);
        let ended = silence.clone();
        self.hours.clone().filter(move |index| !ended.contains(index)).map(move |index| {
            let opening = match index {
                _ if index == self.hours.start => Opening::First,
                _ if index == restarted && self.hours.start >= silence.start => Opening::First,
                _ if index == restarted => Opening::Restarted,
                _ => Opening::Linked,
            };
            let offset = offsets[usize::from(index >= silence.end)];
            let start = plan.hour(index) + TimeDelta::seconds(offset);
            let span = Span { start, end: start + TimeDelta::seconds(HOUR) };
            self.plan_hour(plan, index, span, opening, (index + phase) % 6 == 5)
        })
    }

    fn plan_hour(&self, plan: &WorldPlan, index: u32, span: Span, opening: Opening, quiet: bool) -> HourPlan {
        let destination = plan.destination(self.trail, index);
        let id = self.id_at(plan, index);
        let key = DigestKey { prefix: destination.prefix.as_str().into(), chain: id.clone(), end: span.end };
        let journal = self.journal(plan, index, span);
        let backfill = self.id.kind == DigestKind::Backfill;
        let count = match () {
            () if backfill => u32::from(index != 2).min(plan.logs_per_hour),
            () if quiet => 0,
            () => plan.logs_per_hour,
        };
        let count = count.max(u32::from(!journal.is_empty()));
        let mut marks = marks(plan, span);
        let last = marks.len().saturating_sub(1);
        if !backfill && reaches_over(index) && count > 1 && index + 4 < plan.hours {
            marks.push(round_up(span.end));
        }
        let label = format!("log/{}/{}/{index}", self.id.kind.as_str(), self.label());
        let mut rng = Rng::new(plan.seed, &label);
        let mut logs: Vec<LogPlan> = (0..count as usize)
            .map(|at| {
                let mark =
                    if at + 1 == count as usize { marks.len() - 1 } else { at * last / count as usize };
                let log = LogKey {
                    prefix: destination.prefix.as_str().into(),
                    place: id.place.clone(),
                    kind: LOG_FOLDER.into(),
                    delivered: marks[mark],
                    unique: rng.unique().into(),
                };
                let object = ObjectName::new(destination.bucket.as_str(), log.to_string());
                LogPlan { object, delivered: log.delivered, written: log.delivered, journal: Vec::new() }
            })
            .collect();
        let last_region = plan.region_names().last() == Some(&id.place.region);
        if !backfill && self.trail == 0 && last_region && plan.redelivery() == Some(index) {
            let late = LogKey {
                prefix: destination.prefix.as_str().into(),
                place: id.place.clone(),
                kind: LOG_FOLDER.into(),
                delivered: plan.hour(3),
                unique: rng.unique().into(),
            };
            let object = ObjectName::new(destination.bucket.as_str(), late.to_string());
            let written = span.start + TimeDelta::minutes(20);
            logs.push(LogPlan { object, delivered: late.delivered, written, journal: Vec::new() });
        }
        if let Some(log) = logs.first_mut() {
            log.journal = journal;
        }
        HourPlan {
            index,
            span,
            digest: ObjectName::new(destination.bucket.as_str(), key.to_string()),
            opening,
            generated: backfill.then_some(span.end + TimeDelta::hours(5)),
            logs,
        }
    }

    /// The chain's name in an hour.
    fn id_at(&self, plan: &WorldPlan, index: u32) -> ChainId {
        let mut id = self.id.clone();
        if self.trail == 0 && plan.organization_change().is_some_and(|change| index >= change) {
            id.place.organization = CONVERTED_TO.parse::<OrganizationId>().ok();
        }
        id
    }

    /// What the trail's own account did to the trail in an hour; recorded in the home region alone.
    fn journal(&self, plan: &WorldPlan, index: u32, span: Span) -> Vec<Journal> {
        let owner = plan.organization.is_none() || self.account == 0;
        let home = self.id.place.region == self.id.home_region;
        if !(owner && home && self.trail == 0 && self.id.kind == DigestKind::Standard) {
            return Vec::new();
        }
        let soon = span.start + TimeDelta::seconds(MARK);
        let mut journal = Vec::new();
        if let Some(silence) = plan.silence() {
            if index + 1 == silence.start {
                journal.push(Journal::stop(&self.id, soon));
            }
            if index == silence.end {
                journal.push(Journal::start(&self.id, span.start));
            }
        }
        if [plan.bucket_change(), plan.prefix_change()].contains(&Some(index + 1)) {
            journal.push(Journal::update(&self.id, soon, &plan.destination(self.trail, index + 1)));
        }
        journal
    }
}

/// The times in the names of an hour's log files: delivered wholly inside the hour, whichever end of the five
/// minutes one takes, and never exactly where the world's window begins or ends.
fn marks(plan: &WorldPlan, span: Span) -> Vec<Time> {
    let window = plan.window();
    let first = round_up(span.start + TimeDelta::seconds(MARK));
    (0..HOUR / MARK)
        .map(|step| first + TimeDelta::seconds(step * MARK))
        .filter(|mark| *mark < span.end && *mark != window.start && *mark != window.end)
        .collect()
}

fn round_up(time: Time) -> Time {
    let seconds = time.timestamp();
    DateTime::from_timestamp(seconds + (MARK - seconds.rem_euclid(MARK)) % MARK, 0).unwrap_or(time)
}
