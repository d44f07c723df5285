//! Minutes of trouble, on a clock that the tests hold.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::Cell;
use std::future::ready;

use futures_util::future::join_all;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn service() -> Service {
    let load = RequestPolicy::default();
    Service::new(&load, Beginning::Free, Arc::new(Health::new(&load)), Arc::default())
}

/// A service that has answered before.
async fn known_service() -> Service {
    let service = service();
    ask(&service, |_| None).await.unwrap();
    service
}

fn failure(kind: FailureKind, outlook: Outlook) -> Failure {
    Failure { kind, code: None, detail: format!("{kind:?}, says the script"), outlook }
}

fn passing(kind: FailureKind) -> Option<Failure> {
    Some(failure(kind, Outlook::Passing))
}

/// Asks for something that fails as the script says of the time since it was first asked for. Whoever is met by silence
/// waits for all his answer_timeout.
async fn ask(
    service: &Service,
    script: impl Fn(Duration) -> Option<Failure>,
) -> Result<Duration, Ended<Failure>> {
    ask_beside(service, script, Others::Fail).await
}

/// What comes of other questions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Fail,
    AreAnswered,
}

async fn ask_beside(
    service: &Service,
    script: impl Fn(Duration) -> Option<Failure>,
    others: Others,
) -> Result<Duration, Ended<Failure>> {
    let began = Instant::now();
    let attempt = || async {
        let failure = script(began.elapsed());
        if failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::TimedOut) {
            tokio::time::sleep(service.load().answer_timeout).await;
        }
        failure.map_or(Ok(began.elapsed()), Err)
    };
    service.persist(attempt, || ready(others == Others::AreAnswered)).await
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_up_to_three_minutes_fails_nobody() {
    for kind in [FailureKind::Failed, FailureKind::Throttled, FailureKind::CutOff, FailureKind::Unreachable] {
        for outage in [SECOND / 2, 2 * SECOND, 20 * SECOND, 60 * SECOND, 170 * SECOND] {
            let service = known_service().await;
            let all = (0..256).map(|_| ask(&service, |time| passing(kind).filter(|_| time < outage)));
            for answered in join_all(all).await {
                let after = answered.unwrap();
                assert!(
                    after >= outage && after < outage + 30 * SECOND,
                    "{kind:?} for {outage:?}: {after:?}"
                );
            }
            assert!(service.health().gone().is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_alone_is_given_up_after_a_minute() {
    let service = known_service().await;
    let began = Instant::now();
    let others = async {
        while began.elapsed() < 300 * SECOND {
            ask(&service, |_| None).await.unwrap();
            tokio::time::sleep(SECOND / 10).await;
        }
    };
    let alone = async {
        let ended = ask(&service, |_| passing(FailureKind::Failed)).await;
        (ended, began.elapsed())
    };
    let ((ended, after), ()) = tokio::join!(alone, others);
    assert_eq!(ended, Err(Ended::Refused(passing(FailureKind::Failed).unwrap())));
    assert!(after >= 60 * SECOND && after <= 75 * SECOND, "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_silent_for_minutes_is_gone_within_four_and_nobody_waits_any_more() {
    for kind in [FailureKind::TimedOut, FailureKind::Throttled, FailureKind::Failed] {
        let service = known_service().await;
        let began = Instant::now();
        for ended in join_all((0..256).map(|_| ask(&service, |_| passing(kind)))).await {
            let Err(Ended::Gone(detail)) = ended else { panic!("{ended:?}") };
            assert!(detail.contains("3 min") && detail.contains("says the script"), "{detail}");
        }
        assert!(began.elapsed() >= 180 * SECOND && began.elapsed() <= 240 * SECOND, "{:?}", began.elapsed());
        let began = Instant::now();
        assert!(matches!(ask(&service, |_| None).await, Err(Ended::Gone(_))));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_never_answered_and_is_needed_at_once_is_given_up_like_a_request() {
    let load = RequestPolicy::default();
    for (health, seconds) in [(Health::needed_at_once(&load), 60), (Health::new(&load), 180)] {
        let service = Service::new(&load, Beginning::Free, Arc::new(health), Arc::default());
        let began = Instant::now();
        let ended = ask(&service, |_| passing(FailureKind::Unreachable)).await;
        assert!(matches!(ended, Err(Ended::Gone(_))), "{ended:?}");
        let over = began.elapsed().checked_sub(seconds * SECOND);
        assert!(over.is_some_and(|over| over < 10 * SECOND), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_answers_something_else_is_not_gone() {
    let service = known_service().await;
    let began = Instant::now();
    for ended in join_all(
        (0..256).map(|_| ask_beside(&service, |_| passing(FailureKind::Failed), Others::AreAnswered)),
    )
    .await
    {
        assert_eq!(ended, Err(Ended::Refused(passing(FailureKind::Failed).unwrap())));
    }
    assert!(began.elapsed() >= 60 * SECOND && began.elapsed() <= 150 * SECOND, "{:?}", began.elapsed());
    assert!(service.health().gone().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_asked_once_and_is_an_answer() {
    let service = service();
    let asked = Cell::new(0);
    let settled = failure(FailureKind::Denied, Outlook::Settled);
    let ended = ask(&service, |_| {
        asked.set(asked.get() + 1);
        Some(settled.clone())
    });
    assert_eq!(ended.await, Err(Ended::Refused(settled.clone())));
    assert_eq!(asked.get(), 1);
    assert_eq!(service.retries.read(), RetryCounts::default());
    service.health().failed("a moment ago");
    ask(&service, |_| Some(settled.clone())).await.unwrap_err();
    assert!(service.health().has_answered_since(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn every_retry_is_counted_as_what_it_was() {
    let service = known_service().await;
    let kinds =
        [FailureKind::Throttled, FailureKind::TimedOut, FailureKind::CutOff, FailureKind::Unreachable];
    for (times, kind) in (1..).zip(kinds) {
        let left = Cell::new(times);
        let script = |_| {
            let failure = passing(kind).filter(|_| left.get() > 0);
            left.set(left.get() - i32::from(failure.is_some()));
            failure
        };
        ask(&service, script).await.unwrap();
    }
    let expected = RetryCounts { throttled: 1, timed_out: 2, cut_off: 3, failed: 4 };
    assert_eq!(service.retries.read(), expected);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_a_random_part_of_what_doubles_up_to_the_longest() {
    let load = RequestPolicy::default();
    let mut attempts = Attempts::default();
    let mut parts = Vec::new();
    for most in [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0] {
        parts.push(attempts.pause(&load).as_secs_f64() / most);
    }
    assert!(parts.iter().all(|part| (0.0..1.0).contains(part)), "{parts:?}");
    let spread = parts.iter().copied().fold(0.0, f64::max) - parts.iter().copied().fold(1.0, f64::min);
    assert!(spread > 0.1, "{parts:?}");
}
