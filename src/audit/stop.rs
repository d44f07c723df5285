//! The way to end a run early without losing what it has learned.

use tokio::sync::watch;

/// Ends a run.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

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
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the run is to end.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is to end; for ever, if nobody can stop it any more.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
