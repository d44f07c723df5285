//! Whether a service answers at all. One that fails now and then is merely troubled; one that has answered nobody for
//! minutes is gone, and waiting for it longer would spoil the rest of the run.
//!
//! Any answer will do, a refusal too: only failures that may pass are none.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::RequestPolicy;

/// While the service answers.
const ANSWERS: u64 = u64::MAX;

/// How a service is doing.
#[derive(Debug)]
pub(crate) struct Health {
    /// How long it may fail everybody, once it has answered.
    gone_after: Duration,
    /// How long it may fail everybody from the beginning.
    gone_at_first_after: Duration,
    has_answered: AtomicBool,
    known_since: Instant,
    /// When the first failure since the last answer was met, in nanoseconds since it is known.
    failing_since: AtomicU64,
    /// The latest failure, in words.
    last: Mutex<String>,
    /// How long an answer to a probe is waited for, and how far apart probes lie.
    probing: Duration,
    /// The last probe.
    probed: tokio::sync::Mutex<Option<Instant>>,
    gone: OnceLock<String>,
}

impl Health {
    /// Nothing asked yet of a service without which there is no run: if it never was there, it is given up as soon as one
    /// request would be.
    pub(crate) fn needed_at_once(load: &RequestPolicy) -> Self {
        Self { gone_at_first_after: load.gone_after.min(load.retry_for), ..Self::new(load) }
    }

    /// Nothing asked yet.
    pub(crate) fn new(load: &RequestPolicy) -> Self {
        Self {
            gone_after: load.gone_after,
            gone_at_first_after: load.gone_after,
            has_answered: AtomicBool::new(false),
            known_since: Instant::now(),
            failing_since: AtomicU64::new(ANSWERS),
            last: Mutex::default(),
            probing: load.answer_timeout / 2,
            probed: tokio::sync::Mutex::default(),
            gone: OnceLock::new(),
        }
    }

    /// It answered, whatever it said.
    pub(crate) fn answered(&self) {
        if self.failing_since.load(Ordering::Relaxed) != ANSWERS {
            self.failing_since.store(ANSWERS, Ordering::Relaxed);
        }
        if !self.has_answered.load(Ordering::Relaxed) {
            self.has_answered.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it has answered anybody since a failure that was met then.
    pub(crate) fn has_answered_since(&self, failure: Instant) -> bool {
        self.failing_since().is_none_or(|failing_since| failing_since > failure)
    }

    fn limit(&self) -> Duration {
        if self.has_answered.load(Ordering::Relaxed) { self.gone_after } else { self.gone_at_first_after }
    }

    /// It failed, or said nothing.
    pub(crate) fn failed(&self, detail: &str) {
        let now = u64::try_from(self.known_since.elapsed().as_nanos()).unwrap_or(ANSWERS - 1);
        // Whoever was first stands.
        let _ = self.failing_since.compare_exchange(ANSWERS, now, Ordering::Relaxed, Ordering::Relaxed);
        detail.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Why nothing is to be expected of it any more.
    pub(crate) fn gone(&self) -> Option<&str> {
        self.gone.get().map(String::as_str)
    }

    /// Has `answers` find out whether it gives others an answer than those it failed since a failure that was met then.
    pub(crate) async fn probe<Probe: Future<Output = bool>>(
        &self,
        failure: Instant,
        answers: impl FnOnce() -> Probe,
    ) {
        if self.has_answered_since(failure) {
            return;
        }
        // One asks for all.
        let mut probed = self.probed.lock().await;
        let lately = probed.is_some_and(|probed| probed.elapsed() < self.probing);
        if lately || self.has_answered_since(failure) {
            return;
        }
        if timeout(self.probing, answers()).await.unwrap_or(false) {
            self.answered();
        }
        *probed = Some(Instant::now());
    }

    /// Gives it up if it is time, and `answers` finds that it still gives nobody an answer.
    pub(crate) async fn settle<Probe: Future<Output = bool>>(&self, answers: impl FnOnce() -> Probe) {
        if !self.is_overdue() {
            return;
        }
        let _alone = self.probed.lock().await;
        if self.gone().is_some() || !self.is_overdue() {
            return;
        }
        if timeout(self.probing, answers()).await.unwrap_or(false) {
            return self.answered();
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _ = self.gone.set(format!(
            "it has answered no request for {}; the last failure: {last}",
            in_words(self.failing_since().map_or(self.limit(), |since| since.elapsed()))
        ));
    }

    /// Does `work` while there is hope; none, once it is time to give the service up.
    pub(crate) async fn meanwhile<Work: Future>(&self, work: Work) -> Option<Work::Output> {
        let mut work = pin!(work);
        while let Some(deadline) = self.deadline() {
            if deadline <= Instant::now() {
                return None;
            }
            if let Ok(done) = timeout_at(deadline, &mut work).await {
                return Some(done);
            }
        }
        Some(work.await)
    }

    /// Whether it has failed everybody for so long that it is to be given up.
    pub(crate) fn is_overdue(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.failing_since()? + self.limit())
    }

    fn failing_since(&self) -> Option<Instant> {
        match self.failing_since.load(Ordering::Relaxed) {
            ANSWERS => None,
            since => Some(self.known_since + Duration::from_nanos(since)),
        }
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
