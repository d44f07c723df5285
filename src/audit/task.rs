//! Work of a run that goes on beside it, and no longer than it: whoever lets go of a run lets go of all of it.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinError, JoinHandle};

/// A task that ends, at the latest, with whoever waits for it.
pub(super) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    /// Begins it.
    pub(super) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(waker).map(unwound)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a task of the run came to; a bug in it is a bug in the run.
pub(super) fn unwound<T>(task: Result<T, JoinError>) -> T {
    match task {
        Ok(done) => done,
        // A task is only cancelled when nobody waits for it any more; one that is gone has panicked.
        Err(failed) => resume_unwind(failed.into_panic()),
    }
}
