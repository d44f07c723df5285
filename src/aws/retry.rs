//! How long AWS is asked again, and how long it is left alone before: one policy for every service that is asked for
//! evidence.
//!
//! The SDK's own retries are switched off wherever this is used: they end where a body begins, count against a quota
//! that one bad minute uses up, and know nothing of a limit the caller set.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::RequestPolicy;
use super::failure::{Failure, FailureKind, Outlook};
use super::health::Health;
use super::pace::{Beginning, Pace};
use crate::store::RetryCounts;

/// What an attempt that gave nothing means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setback {
    /// The same answer would come again.
    Settled,
    /// It may pass.
    Passing(RetryCause),
}

/// Why a request was sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryCause {
    /// It asked to slow down.
    Throttled,
    /// It was silent.
    TimedOut,
    /// The connection or the answer broke off.
    CutOff,
    /// Anything else.
    Failed,
}

impl Failure {
    /// What it means for the next attempt.
    pub(crate) fn setback(&self) -> Setback {
        match (self.outlook, self.kind) {
            (Outlook::Settled, _) => Setback::Settled,
            (Outlook::Passing, FailureKind::Throttled) => Setback::Passing(RetryCause::Throttled),
            (Outlook::Passing, FailureKind::TimedOut) => Setback::Passing(RetryCause::TimedOut),
            (Outlook::Passing, FailureKind::CutOff) => Setback::Passing(RetryCause::CutOff),
            (Outlook::Passing, _) => Setback::Passing(RetryCause::Failed),
        }
    }
}

/// An attempt that gave nothing.
pub(crate) trait Refused {
    /// What it means for the next one.
    fn setback(&self) -> Setback;

    /// What came back.
    fn detail(&self) -> &str;
}

impl Refused for Failure {
    fn setback(&self) -> Setback {
        Self::setback(self)
    }

    fn detail(&self) -> &str {
        &self.detail
    }
}

/// Why a request came to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<Refusal> {
    /// It was refused, to the end of all answer_timeout if that could have helped.
    Refused(Refusal),
    /// The service is gone, for the reason given, and nobody is answered any more.
    Gone(String),
}

/// A bucket, or a region's service, as requests find it: how fast they may come, how it is doing, and how often it
/// retried.
#[derive(Debug)]
pub(crate) struct Service {
    load: RequestPolicy,
    pace: Pace,
    health: Arc<Health>,
    retries: Arc<Counts>,
}

/// Whoever waits for a turn looks so often whether there is still hope.
const LOOK: Duration = Duration::from_secs(1);

impl Service {
    /// A service that shares its health and its count of retries with others.
    pub(crate) fn new(
        load: &RequestPolicy,
        beginning: Beginning,
        health: Arc<Health>,
        retries: Arc<Counts>,
    ) -> Self {
        let pace = Pace::new(load, beginning);
        Self { load: load.clone(), pace, health, retries }
    }

    /// How hard to press it.
    pub(crate) fn load(&self) -> &RequestPolicy {
        &self.load
    }

    /// How it is doing.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Waits for a request's turn; not for that of a service that is gone.
    pub(crate) async fn turn(&self) {
        if self.pace.is_free() {
            return;
        }
        let mut turn = std::pin::pin!(self.pace.turn());
        while timeout(LOOK, &mut turn).await.is_err() && !self.health.is_overdue() {}
    }

    /// Makes attempts until there is an answer that another would not change, or one has failed although the first failure is
    /// as long ago as the load says and others have been answered since. While the service fails everybody, everybody holds
    /// out: until it answers again, or is given up because `answers` finds that it answers nothing at all.
    pub(crate) async fn persist<T, Refusal: Refused, Attempt, Probe>(
        &self,
        attempt: impl Fn() -> Attempt,
        answers: impl Fn() -> Probe,
    ) -> Result<T, Ended<Refusal>>
    where
        Attempt: Future<Output = Result<T, Refusal>>,
        Probe: Future<Output = bool>,
    {
        let mut attempts = Attempts::default();
        loop {
            self.health.settle(&answers).await;
            if let Some(gone) = self.health.gone() {
                return Err(Ended::Gone(gone.to_owned()));
            }
            self.turn().await;
            let is_last = attempts.are_over(&self.load) && attempts.have_been_overtaken(&self.health);
            let Some(outcome) = self.health.meanwhile(attempt()).await else { continue };
            let refusal = match outcome {
                Ok(found) => {
                    self.answered();
                    return Ok(found);
                }
                Err(refusal) => refusal,
            };
            match refusal.setback() {
                Setback::Settled => {
                    self.answered();
                    return Err(Ended::Refused(refusal));
                }
                Setback::Passing(retry) => self.retried(retry, refusal.detail()),
            }
            if is_last {
                return Err(Ended::Refused(refusal));
            }
            let pause = attempts.pause(&self.load);
            if let Some(first) = attempts.first.filter(|_| attempts.are_over(&self.load)) {
                self.health.probe(first, &answers).await;
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn answered(&self) {
        self.pace.answered();
        self.health.answered();
    }

    fn retried(&self, retry: RetryCause, detail: &str) {
        match retry {
            RetryCause::Throttled => self.pace.throttled(),
            RetryCause::TimedOut | RetryCause::CutOff | RetryCause::Failed => self.pace.failed(),
        }
        self.health.failed(detail);
        self.retries.add(retry);
    }
}

/// How often requests were sent again, counted while they are.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    throttled: AtomicU64,
    timed_out: AtomicU64,
    cut_off: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn add(&self, retry: RetryCause) {
        let count = match retry {
            RetryCause::Throttled => &self.throttled,
            RetryCause::TimedOut => &self.timed_out,
            RetryCause::CutOff => &self.cut_off,
            RetryCause::Failed => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// As of now.
    pub(crate) fn read(&self) -> RetryCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RetryCounts {
            throttled: read(&self.throttled),
            timed_out: read(&self.timed_out),
            cut_off: read(&self.cut_off),
            failed: read(&self.failed),
        }
    }
}

/// The attempts at one request.
#[derive(Debug, Default)]
struct Attempts {
    failed: u32,
    first: Option<Instant>,
}

impl Attempts {
    /// Whether the first failure is so long ago that the next may be the last.
    fn are_over(&self, load: &RequestPolicy) -> bool {
        self.first.is_some_and(|first| first.elapsed() >= load.retry_for)
    }

    /// Whether others have been answered since the first failure.
    fn have_been_overtaken(&self, health: &Health) -> bool {
        self.first.is_some_and(|first| health.has_answered_since(first))
    }

    /// How long to wait after one more failure. A random part of a pause that doubles each time, so that those who failed
    /// together do not return together.
    fn pause(&mut self, load: &RequestPolicy) -> Duration {
        self.first.get_or_insert_with(Instant::now);
        let doubled = 1 << self.failed.min(16);
        self.failed += 1;
        load.first_pause.saturating_mul(doubled).min(load.longest_pause).mul_f64(fastrand::f64())
    }
}

#[cfg(test)]
mod tests;
