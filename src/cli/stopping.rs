//! Ctrl-C and SIGTERM.

use super::exit::Failure;
use crate::audit::{Heard, Stop, Stopper};

/// What is known before a run, unless it is to end before that.
pub async fn unless_stopped<T>(
    stop: &Stop,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    stop.before(asking).await.unwrap_or(Err(Failure::interrupted()))
}

/// Ctrl-C and SIGTERM end the run and report what is known; a second one ends the program, and so does the first when the
/// run is over.
pub fn stop_on_signal() -> Stop {
    let (stopper, stop) = Stopper::new();
    tokio::spawn(async move {
        signalled().await;
        if stopper.stop() == Heard::ByTheRun {
            signalled().await;
        }
        std::process::exit(130);
    });
    stop
}

async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
