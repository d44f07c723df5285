//! How often AWS is asked again, and how long it is left alone before: one policy for every service that is asked for
//! evidence.
//!
//! The SDK's own retries are switched off wherever this is used: they end where a body begins, count against a quota
//! that one bad minute uses up, and know nothing of a limit the caller set.

use std::time::Duration;

use super::Load;
use super::failure::{Failure, FailureKind, Outlook};

/// What an attempt that gave nothing means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setback {
    /// The same answer would come again.
    Settled,
    /// It broke, and may pass.
    Passing,
    /// AWS asks to slow down: it passes for whoever waits.
    Throttled,
}

impl Failure {
    /// What it means for the next attempt.
    pub(crate) fn setback(&self) -> Setback {
        match (self.outlook, self.kind) {
            (Outlook::Settled, _) => Setback::Settled,
            (Outlook::Passing, FailureKind::Throttled) => Setback::Throttled,
            (Outlook::Passing, _) => Setback::Passing,
        }
    }
}

/// The attempts at one request.
#[derive(Debug)]
pub(crate) struct Attempts<'load> {
    load: &'load Load,
    made: u32,
}

impl<'load> Attempts<'load> {
    /// None made yet.
    pub(crate) fn new(load: &'load Load) -> Self {
        Self { load, made: 0 }
    }

    /// How long to wait before the next attempt; none, if there is to be no other. A random part of a pause that doubles
    /// each time, so that those who failed together do not return together.
    pub(crate) fn pause_after(&mut self, setback: Setback) -> Option<Duration> {
        let allowed = match setback {
            Setback::Settled => return None,
            Setback::Passing => self.load.attempts,
            Setback::Throttled => self.load.throttled_attempts,
        };
        self.made += 1;
        (self.made < allowed).then(|| self.longest_pause().mul_f64(fastrand::f64()))
    }

    fn longest_pause(&self) -> Duration {
        let doubled = 1 << self.made.saturating_sub(1).min(16);
        self.load.first_pause.saturating_mul(doubled).min(self.load.longest_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Load {
        Load {
            attempts: 3,
            throttled_attempts: 5,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(300),
            ..Load::default()
        }
    }

    /// How often a request is sent in all.
    fn sent(setback: Setback) -> usize {
        let load = load();
        let mut attempts = Attempts::new(&load);
        1 + std::iter::from_fn(|| attempts.pause_after(setback)).take(100).count()
    }

    #[test]
    fn throttling_is_borne_with_longer_than_what_breaks_and_what_is_settled_not_at_all() {
        assert_eq!([Setback::Settled, Setback::Passing, Setback::Throttled].map(sent), [1, 3, 5]);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let load = load();
        let mut attempts = Attempts::new(&load);
        for most in [100, 200, 300, 300] {
            let pause = attempts.pause_after(Setback::Throttled);
            assert_eq!(attempts.longest_pause(), Duration::from_millis(most));
            assert!(pause.is_some_and(|pause| pause <= attempts.longest_pause()));
        }
        assert_eq!(attempts.pause_after(Setback::Throttled), None);
    }
}
