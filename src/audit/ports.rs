//! What a run touches of the world.

use std::sync::Arc;

use super::stoppable::Stoppable;
use super::{Observer, Silent, Stop};
use crate::keys::KeySource;
use crate::store::ObjectStore;

/// All that a run touches of the world: what it reads from, what it verifies with, who is told, and who may end it.
#[derive(Clone)]
pub struct Ports {
    /// Where the record lies.
    pub store: Arc<dyn ObjectStore>,
    /// The keys of digests.
    pub keys: Arc<KeySource>,
    /// Who is told how it goes.
    pub observer: Arc<dyn Observer>,
    /// What ends it early.
    pub stop: Stop,
}

impl Ports {
    /// The store, until the run is to end.
    pub(super) fn stoppable(&self) -> Stoppable {
        Stoppable::new(Arc::clone(&self.store), self.stop.clone())
    }

    /// Those of a run that nobody watches.
    pub fn unwatched(store: Arc<dyn ObjectStore>, keys: Arc<KeySource>, stop: Stop) -> Self {
        Self { store, keys, observer: Arc::new(Silent), stop }
    }
}
