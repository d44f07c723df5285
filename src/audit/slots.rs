//! How many requests may be under way. A run begins with a few, which is all that a near store needs to keep every
//! processor busy; each that takes long shows that the store is far, and makes room for three more. So the number
//! grows fourfold with every round trip until it reaches its limit. An answer that took many times as long as the
//! quickest has waited for its turn, and would have waited longer among more. Large answers, which fill memory and not
//! time, close that room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many a run begins with.
const FIRST: usize = 64;
/// An answer that takes longer has come from afar. S3 takes 10 to 30 ms to begin one.
const LONG: Duration = Duration::from_millis(8);
/// An answer that takes so many times as long as the quickest one has not travelled but waited.
const WAITED: u32 = 4;
/// How many more each of those makes room for.
const MORE: usize = 3;
/// Stored bytes of a large answer. A connection keeps a buffer as large as what it has read, up to 400 kB, so this many
/// times the limit has to fit into memory.
const LARGE: usize = 128 << 10;

/// Room for requests.
pub(super) struct Slots {
    free: Arc<Semaphore>,
    added: AtomicUsize,
    most_added: usize,
    /// Nanoseconds that the quickest answer so far took.
    quickest: AtomicU64,
}

/// Room for one request, given back when it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    taken: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// Room for at most so many requests.
    pub(super) fn new(most: usize) -> Arc<Self> {
        let first = most.min(FIRST);
        let free = Arc::new(Semaphore::new(first));
        Arc::new(Self {
            free,
            added: AtomicUsize::new(0),
            most_added: most - first,
            quickest: AtomicU64::new(u64::MAX),
        })
    }

    /// Waits for room.
    pub(super) async fn take(self: &Arc<Self>) -> Slot {
        // The semaphore is never closed; a request without a permit would merely be uncounted.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        Slot { slots: Arc::clone(self), taken: Instant::now(), permit }
    }

    /// Whether an answer that took so long shows that the store is far.
    fn shows_distance(&self, took: Duration) -> bool {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let quickest = self.quickest.fetch_min(nanoseconds, Ordering::Relaxed).min(nanoseconds);
        took >= LONG && took <= Duration::from_nanos(quickest).saturating_mul(WAITED)
    }

    fn widen(&self) {
        let more = |added: usize| (added < self.most_added).then(|| (added + MORE).min(self.most_added));
        if let Ok(added) = self.added.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            self.free.add_permits(MORE.min(self.most_added - added));
        }
    }

    fn narrow(&self, permit: Option<OwnedSemaphorePermit>) {
        let fewer = |added: usize| added.checked_sub(1);
        if self.added.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok() {
            permit.into_iter().for_each(OwnedSemaphorePermit::forget);
        }
    }
}

impl Slot {
    /// The request is over, and brought so many bytes to be judged.
    pub(super) fn answered(self, length: usize) {
        let took = self.taken.elapsed();
        self.answered_after(took, length);
    }

    fn answered_after(self, took: Duration, length: usize) {
        let Self { slots, permit, .. } = self;
        let distant = slots.shows_distance(took);
        if length > LARGE {
            slots.narrow(permit);
        } else if distant {
            slots.widen();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests may be under way after one answer like this.
    async fn after(slots: &Arc<Slots>, took: Duration, length: usize) -> usize {
        slots.take().await.answered_after(took, length);
        slots.free.available_permits()
    }

    #[tokio::test]
    async fn slow_answers_make_room_up_to_the_limit_and_large_ones_take_it_back() {
        let slots = Slots::new(FIRST + 7);
        assert_eq!(after(&slots, LONG, 500).await, FIRST + 3);
        assert_eq!(after(&slots, LONG, 500).await, FIRST + 6);
        assert_eq!(after(&slots, LONG, 500).await, FIRST + 7);
        assert_eq!(after(&slots, LONG, 500).await, FIRST + 7);
        for left in (0..7).rev() {
            assert_eq!(after(&slots, LONG, LARGE + 1).await, FIRST + left);
        }
        assert_eq!(after(&slots, LONG, LARGE + 1).await, FIRST);
    }

    #[tokio::test]
    async fn answers_that_have_waited_for_their_turn_make_no_room() {
        let slots = Slots::new(1000);
        let quickest = LONG / 2;
        assert_eq!(after(&slots, quickest, 500).await, FIRST);
        assert_eq!(after(&slots, quickest * WAITED, 500).await, FIRST + MORE);
        assert_eq!(after(&slots, quickest * WAITED + Duration::from_nanos(1), 500).await, FIRST + MORE);
    }

    #[tokio::test]
    async fn quick_answers_and_failures_leave_it_as_it_is() {
        let slots = Slots::new(1000);
        assert_eq!(after(&slots, LONG / 2, 500).await, FIRST);
        drop(slots.take().await);
        assert_eq!(slots.free.available_permits(), FIRST);
        assert_eq!(Slots::new(2).free.available_permits(), 2);
    }
}
