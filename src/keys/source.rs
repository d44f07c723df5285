//! Gives a region's keys when they are needed: from AWS once per region, and more widely before a key is called
//! unknown.

use std::sync::Arc;

use crate::crypto::KeyRing;
use crate::store::RetryCounts;
use crate::trail::{Region, Span};

#[cfg(feature = "aws")]
mod asked;
#[cfg(feature = "aws")]
pub use asked::{AskedKeys, KeyList};

/// Where keys come from.
#[derive(Debug)]
pub enum KeySource {
    /// Key files, read before the run.
    Files(Arc<KeyRing>),
    /// AWS's own list.
    #[cfg(feature = "aws")]
    Aws(Box<AskedKeys>),
}

#[cfg_attr(not(feature = "aws"), allow(unused_variables))]
impl KeySource {
    /// All keys at hand for digests of `region` signed in `span`. A region whose keys can't be had gives a ring that
    /// says so.
    pub async fn ring(&self, region: &Region, span: Span) -> Arc<KeyRing> {
        match self {
            Self::Files(ring) => Arc::clone(ring),
            #[cfg(feature = "aws")]
            Self::Aws(asked) => asked.ring(region, span).await,
        }
    }

    /// Like [`ring`](Self::ring), after a key was not found: AWS is asked for a time so wide that a key it does not
    /// list then was never AWS's. Gives nothing where asking again would change nothing.
    pub async fn wider(&self, region: &Region, span: Span) -> Option<Arc<KeyRing>> {
        match self {
            Self::Files(_) => None,
            #[cfg(feature = "aws")]
            Self::Aws(asked) => asked.wider(region, span).await,
        }
    }

    /// Whether the keys of `region` could not be retrieved for a cause that may pass, and were not asked for again.
    pub async fn may_be_had_later(&self, region: &Region) -> bool {
        match self {
            Self::Files(_) => false,
            #[cfg(feature = "aws")]
            Self::Aws(asked) => asked.may_be_had_later(region).await,
        }
    }

    /// Has the keys of `region` asked for once more, if they [may be had](Self::may_be_had_later) now.
    pub async fn ask_again(&self, region: &Region) {
        match self {
            Self::Files(_) => {}
            #[cfg(feature = "aws")]
            Self::Aws(asked) => asked.ask_again(region).await,
        }
    }

    /// How often requests were sent again.
    pub fn retries(&self) -> RetryCounts {
        match self {
            Self::Files(_) => RetryCounts::default(),
            #[cfg(feature = "aws")]
            Self::Aws(asked) => asked.retries(),
        }
    }
}
