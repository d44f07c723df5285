//! How fast requests leave for one bucket, or one region's service: no faster than the caller allows, and slower for as
//! long as it asks for that or fails often.
//!
//! One refusal halves the rate, and answers bring it back by so many requests a second with every second. So the rate
//! stays near the highest that is borne, and a storm leaves but a few requests under way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::RequestPolicy;

/// The gap that the first refusal opens, and that a gentle beginning has: 5,000 requests a second. S3 promises 5,500 for
/// each prefix, and makes room for more while it is asked for more (S3 User Guide, best practices design patterns).
const FIRST_GAP: Duration = Duration::from_micros(200);
/// No gap is wider: five requests a second still find out whether the storm is over.
const WIDEST_GAP: Duration = Duration::from_millis(200);
/// Failures open no wider one: whoever fails does not ask to be left alone, and perhaps it is only some objects that fail.
const WIDEST_AFTER_FAILURES: Duration = Duration::from_millis(10);
/// A gap narrower than this is none.
const NARROWEST_GAP: Duration = Duration::from_micros(50);
/// One burst of refusals is one storm: the gap doubles once for it, not once per request.
const STORM: Duration = Duration::from_millis(100);
/// How many more requests a second leave after a second of answers.
const REGAINED: f64 = 500.0;
/// One answer closes no more of a gap than this part of it: where requests are few, the rate grows by what they show.
const MOST_CLOSED: f64 = 1.0 / 16.0;
/// Failures with fewer answers between them are a storm. Others are the fault of what was asked for.
const FEW_ANSWERS: u64 = 20;
/// Timers are coarse: whoever was woken so late does not hold up those behind.
const LATE: Duration = Duration::from_millis(2);

/// How the first requests leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// At a rate that AWS promises to bear.
    Gentle,
    /// As fast as they come.
    Free,
}

/// Turns, handed out one after another while there is a gap between them.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The gap the caller asked for.
    floor: Duration,
    widest: Duration,
    /// The gap now in nanoseconds, so that nobody takes a lock while there is none.
    gap: AtomicU64,
    /// Answers since the last failure, counted up to [`FEW_ANSWERS`].
    answers: AtomicU64,
    slowed: Mutex<Option<Instant>>,
    /// The last turn. Whoever holds it is next, and everybody waits by the gap of that moment.
    last: tokio::sync::Mutex<Option<Instant>>,
}

impl Pace {
    /// No faster than the caller's limit, and no slower than with his longest pause between two requests.
    pub(crate) fn new(load: &RequestPolicy, beginning: Beginning) -> Self {
        let floor =
            load.requests_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
        let first = match beginning {
            Beginning::Gentle => FIRST_GAP.max(floor),
            Beginning::Free => floor,
        };
        Self {
            floor,
            widest: load.longest_pause.min(WIDEST_GAP),
            gap: AtomicU64::new(nanos(first)),
            answers: AtomicU64::new(FEW_ANSWERS),
            slowed: Mutex::default(),
            last: tokio::sync::Mutex::default(),
        }
    }

    /// Whether nobody has to wait.
    pub(crate) fn is_free(&self) -> bool {
        self.gap.load(Ordering::Relaxed) == 0
    }

    /// Waits for one request's turn.
    pub(crate) async fn turn(&self) {
        if self.is_free() {
            return;
        }
        let mut last = self.last.lock().await;
        let now = Instant::now();
        let due = last.map(|last| last + self.gap());
        let turn = due.filter(|due| now <= *due + LATE).unwrap_or(now);
        if turn > now {
            tokio::time::sleep_until(turn).await;
        }
        *last = Some(turn);
    }

    fn gap(&self) -> Duration {
        Duration::from_nanos(self.gap.load(Ordering::Relaxed))
    }

    /// It was asked to slow down.
    pub(crate) fn throttled(&self) {
        self.widen(self.widest);
    }

    fn widen(&self, widest: Duration) {
        let now = Instant::now();
        let mut slowed = self.slowed.lock().unwrap_or_else(PoisonError::into_inner);
        if slowed.is_some_and(|slowed| now < slowed + STORM) {
            return;
        }
        *slowed = Some(now);
        let gap = self.gap();
        let wider = (gap * 2).max(FIRST_GAP).min(widest).max(gap).max(self.floor);
        self.gap.store(nanos(wider), Ordering::Relaxed);
    }

    /// A request failed.
    pub(crate) fn failed(&self) {
        if self.answers.swap(0, Ordering::Relaxed) < FEW_ANSWERS {
            self.widen(self.widest.min(WIDEST_AFTER_FAILURES));
        }
    }

    /// A request was answered: a little of the gap closes.
    pub(crate) fn answered(&self) {
        if self.answers.load(Ordering::Relaxed) < FEW_ANSWERS {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        let gap = self.gap.load(Ordering::Relaxed);
        if gap == nanos(self.floor) {
            return;
        }
        let seconds = Duration::from_nanos(gap).as_secs_f64();
        let closed = (1.0 - 1.0 / (1.0 + REGAINED * seconds * seconds)).min(MOST_CLOSED);
        let closed = Duration::from_nanos(gap).mul_f64(closed).max(Duration::from_nanos(1));
        let narrower = Duration::from_nanos(gap).saturating_sub(closed);
        let narrower = if narrower < NARROWEST_GAP { self.floor } else { narrower.max(self.floor) };
        self.gap.store(nanos(narrower), Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use std::num::NonZeroU32;

    use super::*;

    fn free() -> Pace {
        Pace::new(&RequestPolicy::default(), Beginning::Free)
    }

    fn limited(requests_per_second: u32) -> RequestPolicy {
        RequestPolicy {
            requests_per_second: NonZeroU32::new(requests_per_second),
            ..RequestPolicy::default()
        }
    }

    /// Answers that come one after another, as fast as the pace allows, for so long.
    async fn answers(pace: &Pace, time: Duration) -> u32 {
        let until = Instant::now() + time;
        let mut answers = 0;
        while Instant::now() < until && !pace.is_free() {
            pace.turn().await;
            pace.answered();
            answers += 1;
        }
        answers
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_widens_the_gap_once_and_answers_close_it_in_time() {
        let pace = free();
        for _ in 0..100 {
            pace.throttled();
        }
        assert_eq!(pace.gap(), FIRST_GAP);
        for storms in 1..20 {
            tokio::time::sleep(STORM).await;
            pace.throttled();
            assert_eq!(pace.gap(), (FIRST_GAP * 2_u32.pow(storms)).min(WIDEST_GAP));
        }
        answers(&pace, Duration::from_secs(5)).await;
        assert!(pace.gap() < Duration::from_millis(10), "{:?} after five seconds", pace.gap());
        answers(&pace, Duration::from_secs(60)).await;
        assert!(pace.is_free(), "{:?} after a minute", pace.gap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_gentle_beginning_is_what_s3_promises_and_grows_by_the_second() {
        let pace = Pace::new(&RequestPolicy::default(), Beginning::Gentle);
        let first = answers(&pace, Duration::from_secs(1)).await;
        assert!((5000..5700).contains(&first), "{first} in the first second");
        let second = answers(&pace, Duration::from_secs(1)).await;
        assert!((5500..6200).contains(&second), "{second} in the second one");
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_now_and_then_is_no_storm_and_what_fails_often_is() {
        let pace = free();
        for _ in 0..10 {
            pace.failed();
            (0..FEW_ANSWERS).for_each(|_| pace.answered());
        }
        assert!(pace.is_free());
        pace.failed();
        pace.answered();
        pace.failed();
        assert_eq!(pace.gap(), FIRST_GAP);
        for _ in 0..20 {
            tokio::time::sleep(STORM).await;
            pace.failed();
        }
        assert_eq!(pace.gap(), WIDEST_AFTER_FAILURES);
        for _ in 0..20 {
            tokio::time::sleep(STORM).await;
            pace.throttled();
        }
        tokio::time::sleep(STORM).await;
        pace.failed();
        assert_eq!(pace.gap(), WIDEST_GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn the_callers_limit_outlasts_every_answer() {
        let pace = Pace::new(&limited(50), Beginning::Gentle);
        pace.throttled();
        answers(&pace, Duration::from_secs(60)).await;
        assert_eq!(pace.gap(), Duration::from_millis(20));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_lie_the_callers_gap_apart() {
        for rate in [3, 50, 1000, 5000] {
            let pace = Pace::new(&limited(rate), Beginning::Free);
            let started = Instant::now();
            for _ in 0..=rate {
                pace.turn().await;
            }
            let took = started.elapsed();
            let second = Duration::from_secs(1);
            assert!(took >= second && took <= second + LATE, "{rate} requests in {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_goes_as_soon_as_the_storm_is_over() {
        let pace = free();
        for _ in 0..12 {
            pace.throttled();
            tokio::time::sleep(STORM).await;
        }
        assert_eq!(pace.gap(), WIDEST_GAP);
        let started = Instant::now();
        let turns = (0..256).map(|_| async {
            pace.turn().await;
            pace.answered();
        });
        futures_util::future::join_all(turns).await;
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}
