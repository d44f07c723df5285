//! How often and how long somebody is asked to take a message.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    Wholly,
    /// Some of it; in words, what not.
    InPart(String),
    /// Nothing in it is for that target.
    NotForIt,
}

/// A message that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Another try would come to the same.
    #[error("{0}")]
    AtOnce(String),
    /// Every try failed.
    #[error("{last} (tried {tries} times)")]
    AfterAll {
        /// How often.
        tries: usize,
        /// How the last one failed.
        last: String,
    },
}

impl Undelivered {
    /// Another try would come to the same.
    pub fn at_once(why: impl Into<String>) -> Self {
        Self::AtOnce(why.into())
    }
}

/// One try that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// It would fail again.
    Settled(String),
    /// The next may go better.
    Passing(String),
}

/// The pauses before the second try and those after it.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];
/// A try that takes longer has failed.
const TRY_WITHIN: Duration = Duration::from_secs(10);

/// Tries until it is taken, three times at most, each of them for a bounded time.
pub async fn persist<T>(attempt: impl AsyncFn() -> Result<T, Failed>) -> Result<T, Undelivered> {
    let once = async || {
        let late = || Failed::Passing(format!("no answer within {} s", TRY_WITHIN.as_secs()));
        timeout(TRY_WITHIN, attempt()).await.unwrap_or_else(|_| Err(late()))
    };
    let mut failed = once().await;
    for pause in PAUSES {
        match failed {
            Err(Failed::Passing(_)) => sleep(pause).await,
            Ok(taken) => return Ok(taken),
            Err(Failed::Settled(why)) => return Err(Undelivered::AtOnce(why)),
        }
        failed = once().await;
    }
    failed.map_err(|failed| match failed {
        Failed::Settled(why) => Undelivered::AtOnce(why),
        Failed::Passing(last) => Undelivered::AfterAll { tries: PAUSES.len() + 1, last },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_never_answers_is_asked_three_times_and_holds_nobody_up() {
        let (tries, started) = (AtomicUsize::new(0), Instant::now());
        let silent = async || {
            tries.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<Result<(), Failed>>().await
        };
        let undelivered = persist(silent).await;
        assert_eq!(tries.into_inner(), 3);
        assert_eq!(started.elapsed(), 3 * TRY_WITHIN + PAUSES[0] + PAUSES[1]);
        assert_eq!(
            undelivered.map_err(|undelivered| undelivered.to_string()),
            Err("no answer within 10 s (tried 3 times)".to_owned())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_what_would_not_is_not() {
        for (answers, tried, delivered) in [
            (vec![Err(Failed::Passing("busy".to_owned())), Ok(())], 2, true),
            (vec![Err(Failed::Settled("no".to_owned())), Ok(())], 1, false),
            (vec![Ok(())], 1, true),
        ] {
            let tries = AtomicUsize::new(0);
            let result = persist(async || answers[tries.fetch_add(1, Ordering::Relaxed)].clone()).await;
            assert_eq!((tries.into_inner(), result.is_ok()), (tried, delivered));
        }
    }
}
