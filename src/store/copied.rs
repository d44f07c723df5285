//! Shows a copy under the names that CloudTrail delivered, so that nothing past this point knows of copies.

use std::sync::Arc;

use super::{Admission, Listing, Object, ObjectStore, Page, StoreError, StoreErrorKind};
use crate::trail::ObjectName;

/// A store whose objects were copied from one bucket and prefix to another.
#[derive(Debug)]
pub struct Copied<S> {
    /// Where the copy lies.
    pub store: S,
    /// Where CloudTrail delivered the objects.
    pub delivered: Place,
    /// Where the copies are.
    pub copy: Place,
}

/// A bucket and a prefix that is empty or ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: Arc<str>,
    /// The prefix.
    pub prefix: String,
}

impl<S> Copied<S> {
    /// The copy's name of a delivered object. What was delivered elsewhere was not copied, which says nothing about
    /// whether it exists.
    fn copied(&self, action: &'static str, bucket: &Arc<str>, key: &str) -> Result<String, StoreError> {
        let below = key.strip_prefix(&self.delivered.prefix).filter(|_| *bucket == self.delivered.bucket);
        match below {
            Some(rest) => Ok(format!("{}{rest}", self.copy.prefix)),
            None => Err(StoreError {
                kind: StoreErrorKind::Failed,
                action,
                target: format!("s3://{bucket}/{key}"),
                detail: "it was delivered outside of what was copied".to_owned(),
            }),
        }
    }

    fn delivered_key(&self, copied: &str) -> String {
        match copied.strip_prefix(&self.copy.prefix) {
            Some(rest) => format!("{}{rest}", self.delivered.prefix),
            None => copied.to_owned(),
        }
    }
}

impl<S: ObjectStore> ObjectStore for Copied<S> {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let copied = |key: &str| self.copied("list", &listing.bucket, key);
        let listing = Listing {
            bucket: Arc::clone(&self.copy.bucket),
            prefix: copied(&listing.prefix)?,
            after: listing.after.as_deref().map(copied).transpose()?,
            ..listing.clone()
        };
        let mut page = self.store.list(&listing).await?;
        for object in &mut page.objects {
            object.key = self.delivered_key(&object.key).into();
        }
        for folder in &mut page.folders {
            *folder = self.delivered_key(folder);
        }
        Ok(page)
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let key = self.copied("get", &object.bucket, &object.key)?;
        self.store.get(&ObjectName::new(Arc::clone(&self.copy.bucket), key), admission).await
    }
}
