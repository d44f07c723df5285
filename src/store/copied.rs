//! Shows a copy under the names that CloudTrail delivered, so that nothing past this point knows of copies.
//!
//! A copy may have lost what the bucket of delivery holds: metadata that is not there proves nothing. It may lie beside
//! a digest, as in a folder.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Admission, Condition, Listing, Metadata, Object, ObjectStore, Page, StoreError, StoreErrorKind, Streamed,
    Take, UserMetadata, sidecar,
};
use crate::trail::key::DigestKey;
use crate::trail::{Describes, Location, ObjectName, Time};

/// A store whose objects were copied from one bucket and prefix to another.
pub struct Copied {
    /// Where the copy lies.
    pub store: Arc<dyn ObjectStore>,
    /// Where CloudTrail delivered the objects.
    pub delivered: Location,
    /// Where the copies are.
    pub copy: Location,
}

impl Copied {
    /// The copy's name of a delivered object. What was delivered elsewhere was not copied, which says nothing about
    /// whether it exists.
    fn copied(&self, action: &'static str, bucket: &Arc<str>, key: &str) -> Result<String, StoreError> {
        let below = key.strip_prefix(&*self.delivered.prefix).filter(|_| *bucket == self.delivered.bucket);
        match below {
            Some(rest) => Ok(format!("{}{rest}", self.copy.prefix)),
            None => Err(StoreError::new(
                StoreErrorKind::Failed,
                action,
                format!("s3://{bucket}/{key}"),
                "it was delivered outside of what was copied",
            )),
        }
    }

    fn delivered_key(&self, copied: &str) -> String {
        match copied.strip_prefix(&*self.copy.prefix) {
            Some(rest) => format!("{}{rest}", self.delivered.prefix),
            None => copied.to_owned(),
        }
    }

    /// What a copy still has of an object's metadata.
    async fn metadata(&self, copied: &ObjectName, stored: &[u8], found: Metadata) -> Metadata {
        match found {
            Metadata::Kept(metadata @ UserMetadata { signature: Some(_), .. }) => {
                // It was copied with these bytes, and lies with them.
                Metadata::Saved { metadata, describes: Describes::TheseBytes }
            }
            Metadata::Kept(_) if DigestKey::parse(&copied.key).is_some() => self.beside(copied, stored).await,
            Metadata::Kept(_) => Metadata::NotKept(None),
            // From a folder, which has looked beside it.
            found @ (Metadata::NotKept(_) | Metadata::Saved { .. }) => found,
        }
    }

    /// What was saved beside a digest. Never a failure: without it, the digest is one that lost its metadata.
    async fn beside(&self, digest: &ObjectName, stored: &[u8]) -> Metadata {
        let name = ObjectName::new(Arc::clone(&digest.bucket), format!("{}{}", digest.key, sidecar::SUFFIX));
        let mut text = Vec::new();
        // Streamed, so that it needs no room beside the digest's: two bodies that wait for each other's wait for ever.
        let mut take = |shown: Streamed<'_>| {
            match shown {
                Streamed::Anew => text.clear(),
                Streamed::Piece(piece) => text.extend_from_slice(piece),
            }
            if text.len() as u64 > sidecar::LIMIT {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        match self.store.stream(&name, &mut take).await {
            Ok(()) => sidecar::read(&text, stored),
            Err(error) if error.kind == StoreErrorKind::NotFound => Metadata::NotKept(None),
            Err(error) => sidecar::unusable(format_args!("could not be read: {}", error.detail)),
        }
    }
}

#[async_trait]
impl ObjectStore for Copied {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let copied = |key: &str| self.copied("list", &listing.bucket, key);
        let listing = Listing {
            bucket: Arc::clone(&self.copy.bucket),
            prefix: copied(&listing.prefix)?,
            after: listing.after.as_deref().map(copied).transpose()?,
            ..listing.clone()
        };
        let mut page = self.store.list(&listing).await?;
        page.objects.retain(|object| !describes_digest(&object.key));
        for object in &mut page.objects {
            object.key = self.delivered_key(&object.key).into();
        }
        for folder in &mut page.folders {
            *folder = self.delivered_key(folder);
        }
        for unlisted in &mut page.unlisted {
            unlisted.target = self.delivered_key(&unlisted.target);
        }
        Ok(page)
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let key = self.copied("get", &object.bucket, &object.key)?;
        let name = ObjectName::new(Arc::clone(&self.copy.bucket), key);
        let Object { body, metadata, stored, admitted } = self.store.get(&name, admission).await?;
        let metadata = self.metadata(&name, &body, metadata).await;
        Ok(Object { body, metadata, stored, admitted })
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        let key = self.copied("get", &object.bucket, &object.key)?;
        self.store.stream(&ObjectName::new(Arc::clone(&self.copy.bucket), key), take).await
    }

    fn clock(&self) -> Option<Time> {
        self.store.clock()
    }

    fn condition(&self) -> Condition {
        self.store.condition()
    }
}

/// Whether an object is a digest's metadata, saved beside it: no part of the record. Beside log files there is nothing to
/// save, and whatever lies there other readers take for one of them.
fn describes_digest(key: &str) -> bool {
    key.strip_suffix(sidecar::SUFFIX).is_some_and(|described| DigestKey::parse(described).is_some())
}
