//! How fast requests leave: no faster than the caller allows, and slower for as long as S3 asks for it.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The gap the first SlowDown opens.
const FIRST_GAP: Duration = Duration::from_millis(1);
/// No gap is wider: five requests a second still find out whether the storm is over.
const WIDEST_GAP: Duration = Duration::from_millis(200);
/// A gap narrower than this is none.
const NARROWEST_GAP: Duration = Duration::from_micros(50);
/// One burst of refusals is one storm: the gap doubles once for it, not once per request.
const STORM: Duration = Duration::from_millis(100);

/// Turns, handed out one after another.
#[derive(Debug)]
pub(super) struct Pace {
    /// The gap the caller asked for.
    floor: Duration,
    /// The gap now in nanoseconds, so that nobody takes the lock while there is none.
    gap: AtomicU64,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    next: Instant,
    slowed: Option<Instant>,
}

impl Pace {
    /// No more than `requests_per_second`.
    pub(super) fn new(requests_per_second: Option<NonZeroU32>) -> Self {
        let floor = requests_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
        let turns = Mutex::new(Turns { next: Instant::now(), slowed: None });
        Self { floor, gap: AtomicU64::new(nanos(floor)), turns }
    }

    /// Waits for one request's turn.
    pub(super) async fn turn(&self) {
        let gap = Duration::from_nanos(self.gap.load(Ordering::Relaxed));
        if gap.is_zero() {
            return;
        }
        let now = Instant::now();
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = turns.next.max(now);
            turns.next = turn + gap;
            turn
        };
        if turn > now {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// S3 asked to slow down.
    pub(super) fn throttled(&self) {
        let now = Instant::now();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.slowed.is_some_and(|slowed| now < slowed + STORM) {
            return;
        }
        turns.slowed = Some(now);
        let gap = Duration::from_nanos(self.gap.load(Ordering::Relaxed));
        let wider = (gap * 2).clamp(FIRST_GAP, WIDEST_GAP).max(self.floor);
        self.gap.store(nanos(wider), Ordering::Relaxed);
    }

    /// S3 answered: a little of the gap closes.
    pub(super) fn eased(&self) {
        let gap = self.gap.load(Ordering::Relaxed);
        if gap == nanos(self.floor) {
            return;
        }
        let narrower = Duration::from_nanos(gap - gap / 16);
        let narrower = match narrower < NARROWEST_GAP {
            true => self.floor,
            false => narrower.max(self.floor),
        };
        self.gap.store(nanos(narrower), Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn gap(pace: &Pace) -> Duration {
        Duration::from_nanos(pace.gap.load(Ordering::Relaxed))
    }

    #[test]
    fn a_storm_widens_the_gap_once_and_answers_close_it() {
        let pace = Pace::new(None);
        for _ in 0..100 {
            pace.throttled();
        }
        assert!(gap(&pace) <= FIRST_GAP * 4, "one burst doubled the gap to {:?}", gap(&pace));
        assert!(gap(&pace) >= FIRST_GAP);
        for _ in 0..200 {
            pace.eased();
        }
        assert_eq!(gap(&pace), Duration::ZERO);
    }

    #[test]
    fn the_callers_limit_outlasts_every_answer() {
        let pace = Pace::new(NonZeroU32::new(50));
        pace.throttled();
        for _ in 0..200 {
            pace.eased();
        }
        assert_eq!(gap(&pace), Duration::from_millis(20));
    }

    #[tokio::test]
    async fn turns_lie_the_callers_gap_apart() {
        let pace = Pace::new(NonZeroU32::new(1000));
        let before = pace.turns.lock().unwrap().next;
        for _ in 0..10 {
            pace.turn().await;
        }
        let after = pace.turns.lock().unwrap().next;
        assert!(after - before >= Duration::from_millis(10));
    }
}
