//! The way to end a run early without losing what it has learned.

use std::future::Future;

use tokio::sync::watch;

/// Ends a run.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Who hears that a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The run, which ends.
    ByTheRun,
    /// The run is over.
    ByNobody,
}

/// Tells whether the run is to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A pair of both ends.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks the run to end. What is under way is dropped.
    pub fn stop(&self) -> Heard {
        match self.0.send(true) {
            Ok(()) => Heard::ByTheRun,
            Err(_) => Heard::ByNobody,
        }
    }
}

impl Stop {
    /// Whether the run is to end.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Does `work`, unless the run is to end before it is done: then it is dropped.
    pub async fn before<Work: Future>(&self, work: Work) -> Option<Work::Output> {
        if self.is_set() {
            return None;
        }
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.wait() => None,
        }
    }

    /// Waits until the run is to end; for ever, if nobody can stop it any more.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
