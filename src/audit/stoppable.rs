//! The one place where a run that is to end lets go of the store: whatever is asked of it, and however long it is being
//! tried again, is dropped at once.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use super::Stop;
use crate::store::{
    Admission, Condition, Listing, Object, ObjectStore, Page, StoreError, StoreErrorKind, Take,
};
use crate::trail::{ObjectName, Time, address};

/// A store that gives nothing once the run is to end.
pub(super) struct Stoppable {
    store: Arc<dyn ObjectStore>,
    stop: Stop,
}

impl Stoppable {
    /// `store`, until `stop` says so.
    pub(super) fn new(store: Arc<dyn ObjectStore>, stop: Stop) -> Self {
        Self { store, stop }
    }

    async fn unless_stopped<T>(
        &self,
        action: &'static str,
        target: impl Fn() -> String,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.stop.before(answer).await.unwrap_or_else(|| {
            let detail = "the run is to end".to_owned();
            Err(StoreError::new(StoreErrorKind::Stopped, action, target(), detail))
        })
    }
}

#[async_trait]
impl ObjectStore for Stoppable {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let target = || address(&listing.bucket, &listing.prefix);
        self.unless_stopped("list", target, self.store.list(listing)).await
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.unless_stopped("get", || object.to_string(), self.store.get(object, admission)).await
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.unless_stopped("get", || object.to_string(), self.store.stream(object, take)).await
    }

    fn clock(&self) -> Option<Time> {
        self.store.clock()
    }

    fn condition(&self) -> Condition {
        self.store.condition()
    }
}
