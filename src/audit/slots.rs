//! How many requests may be under way. A run begins with a few, which is all that a near store needs to keep every
//! processor busy; each that takes long shows that the store is far, and makes room for three more. So the number
//! grows fourfold with every round trip until it reaches its limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many a run begins with.
const FIRST: usize = 64;
/// An answer that takes longer has come from afar. S3 takes 10 to 30 ms to begin one.
const LONG: Duration = Duration::from_millis(8);

/// How many more each of those makes room for.
const MORE: usize = 3;

/// Room for requests.
pub(super) struct Slots {
    free: Arc<Semaphore>,
    /// How many may still be added.
    more: AtomicUsize,
}

/// Room for one request, given back when it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    taken: Instant,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// Room for at most so many requests.
    pub(super) fn new(most: usize) -> Arc<Self> {
        let first = most.min(FIRST);
        Arc::new(Self { free: Arc::new(Semaphore::new(first)), more: AtomicUsize::new(most - first) })
    }

    /// Waits for room.
    pub(super) async fn take(self: &Arc<Self>) -> Slot {
        // The semaphore is never closed; a request without a permit would merely be uncounted.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        Slot { slots: Arc::clone(self), taken: Instant::now(), _permit: permit }
    }

    /// Takes note of a request that is over.
    fn over(&self, took: Duration) {
        if took < LONG {
            return;
        }
        let fewer = |more: usize| Some(more.saturating_sub(MORE));
        if let Ok(more) = self.more.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer) {
            self.free.add_permits(more.min(MORE));
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.over(self.taken.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_make_room_up_to_the_limit() {
        let slots = Slots::new(FIRST + 7);
        slots.over(LONG);
        assert_eq!(slots.free.available_permits(), FIRST + 3);
        (0..10).for_each(|_| slots.over(LONG));
        assert_eq!(slots.free.available_permits(), FIRST + 7);
    }

    #[test]
    fn quick_answers_leave_it_as_it_is() {
        let slots = Slots::new(1000);
        (0..10).for_each(|_| slots.over(LONG / 2));
        assert_eq!(slots.free.available_permits(), FIRST);
        assert_eq!(Slots::new(2).free.available_permits(), 2);
    }
}
