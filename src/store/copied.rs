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
    /// The copy's name of a delivered key. What was delivered elsewhere was not copied, which says nothing about
    /// whether it exists.
    fn copied_key(&self, action: &'static str, delivered: &str) -> Result<String, StoreError> {
        match delivered.strip_prefix(&self.delivered.prefix) {
            Some(rest) => Ok(format!("{}{rest}", self.copy.prefix)),
            None => Err(StoreError {
                kind: StoreErrorKind::Failed,
                action,
                target: delivered.to_owned(),
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

    fn bucket(&self, delivered: &Arc<str>) -> Arc<str> {
        match *delivered == self.delivered.bucket {
            true => Arc::clone(&self.copy.bucket),
            false => Arc::clone(delivered),
        }
    }
}

impl<S: ObjectStore> ObjectStore for Copied<S> {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let listing = Listing {
            bucket: self.bucket(&listing.bucket),
            prefix: self.copied_key("list", &listing.prefix)?,
            after: listing.after.as_deref().map(|after| self.copied_key("list", after)).transpose()?,
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
        let copy = ObjectName::new(self.bucket(&object.bucket), self.copied_key("get", &object.key)?);
        self.store.get(&copy, admission).await
    }
}
