//! How many requests may be under way. A run begins with a few, which is all that a near store needs to keep every
//! processor busy; each that takes long shows that the store is far, and four of them make room for one more. So the
//! number grows by a quarter with every round trip until it reaches its limit: slowly enough for a store that bears no
//! more to say so before it is swamped, and how fast requests leave then is for the store's own room to decide. An answer
//! that took many times as long as the quickest has waited for its turn, and would have waited longer among more. Large
//! answers, which fill memory and not time, close that room again.

use std::num::NonZeroUsize;
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
/// So many of those make room for one more.
const FOR_ONE_MORE: usize = 4;
/// Stored bytes of a large answer. A connection keeps a buffer as large as what it has read, up to 400 kB, so this many
/// times the limit has to fit into memory.
const LARGE: usize = 128 << 10;

/// Room for requests.
pub(super) struct Slots {
    free: Arc<Semaphore>,
    added: AtomicUsize,
    most_added: usize,
    /// Answers that showed distance.
    distant: AtomicUsize,
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
    pub(super) fn new(most: NonZeroUsize) -> Arc<Self> {
        let most = most.get();
        let first = most.min(FIRST);
        let free = Arc::new(Semaphore::new(first));
        Arc::new(Self {
            free,
            added: AtomicUsize::new(0),
            most_added: most - first,
            distant: AtomicUsize::new(0),
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
        if !(self.distant.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FOR_ONE_MORE) {
            return;
        }
        let more = |added: usize| (added < self.most_added).then_some(added + 1);
        if self.added.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            self.free.add_permits(1);
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// How many requests may be under way after one answer like this.
    async fn after(slots: &Arc<Slots>, took: Duration, length: usize) -> usize {
        slots.take().await.answered_after(took, length);
        slots.free.available_permits()
    }

    #[tokio::test]
    async fn slow_answers_make_room_up_to_the_limit_and_large_ones_take_it_back() {
        let slots = Slots::new(NonZeroUsize::new(FIRST + 7).unwrap());
        for answers in 1..=FOR_ONE_MORE * 9 {
            assert_eq!(after(&slots, LONG, 500).await, FIRST + (answers / FOR_ONE_MORE).min(7));
        }
        for left in (0..7).rev() {
            assert_eq!(after(&slots, LONG, LARGE + 1).await, FIRST + left);
        }
        assert_eq!(after(&slots, LONG, LARGE + 1).await, FIRST);
    }

    #[tokio::test]
    async fn answers_that_have_waited_for_their_turn_make_no_room() {
        let slots = Slots::new(NonZeroUsize::new(1000).unwrap());
        let quickest = LONG / 2;
        assert_eq!(after(&slots, quickest, 500).await, FIRST);
        for _ in 1..FOR_ONE_MORE {
            assert_eq!(after(&slots, quickest * WAITED, 500).await, FIRST);
        }
        assert_eq!(after(&slots, quickest * WAITED + Duration::from_nanos(1), 500).await, FIRST);
        assert_eq!(after(&slots, quickest * WAITED, 500).await, FIRST + 1);
    }

    #[tokio::test]
    async fn quick_answers_and_failures_leave_it_as_it_is() {
        let slots = Slots::new(NonZeroUsize::new(1000).unwrap());
        assert_eq!(after(&slots, LONG / 2, 500).await, FIRST);
        drop(slots.take().await);
        assert_eq!(slots.free.available_permits(), FIRST);
        assert_eq!(Slots::new(NonZeroUsize::new(2).unwrap()).free.available_permits(), 2);
    }
}
