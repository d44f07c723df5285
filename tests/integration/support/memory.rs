//! A forged world as a store, without a network or a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use trailseal::forge::World;
use trailseal::store::{
    Admission, Listed, Listing, ListingDepth, Metadata, Object, ObjectStore, Page, StoreError,
    StoreErrorKind, Streamed, Take, UserMetadata,
};
use trailseal::trail::{ObjectName, Time};

/// Whether the store keeps user metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    Metadata,
    BodiesOnly,
}

/// A question asked of a store.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// Bucket and prefix.
    List(&'a str, &'a str),
    /// Bucket and key.
    Get(&'a str, &'a str),
}

/// A store that refuses what its script says, and answers late by chance if it is told to.
pub struct Faulty<F> {
    pub store: Memory,
    pub script: F,
    pub late: Option<u64>,
}

impl<F> Faulty<F> {
    async fn dawdle(&self, text: &str) {
        if let Some(seed) = self.late {
            let mixed = text
                .bytes()
                .fold(seed, |mixed, byte| (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            tokio::time::sleep(std::time::Duration::from_micros(mixed % 3000)).await;
        }
    }
}

fn refused(kind: StoreErrorKind, action: &'static str, target: &str) -> StoreError {
    StoreError::new(kind, action, target, format!("{kind:?}, says the script"))
}

#[async_trait]
impl<F: Fn(Ask<'_>) -> Option<StoreErrorKind> + Send + Sync + 'static> ObjectStore for Faulty<F> {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.dawdle(&listing.prefix).await;
        match (self.script)(Ask::List(&listing.bucket, &listing.prefix)) {
            Some(kind) => Err(refused(kind, "list", &listing.prefix)),
            None => self.store.list(listing).await,
        }
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.dawdle(&object.key).await;
        match (self.script)(Ask::Get(&object.bucket, &object.key)) {
            Some(kind) => Err(refused(kind, "get", &object.key)),
            None => self.store.get(object, admission).await,
        }
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        match (self.script)(Ask::Get(&object.bucket, &object.key)) {
            Some(kind) => Err(refused(kind, "get", &object.key)),
            None => self.store.stream(object, take).await,
        }
    }
}

/// A store over a world, handing out pages of a given size.
#[derive(Clone)]
pub struct Memory {
    objects: BTreeMap<ObjectName, (bytes::Bytes, Metadata)>,
    /// When they were written; what is not in it was never asked.
    modified: BTreeMap<ObjectName, Time>,
    /// The KMS keys they are encrypted with.
    kms: BTreeMap<ObjectName, String>,
    /// Where they lie, if not in STANDARD.
    classes: BTreeMap<ObjectName, &'static str>,
    /// ETags that are not the hash of what is there.
    etags: BTreeMap<ObjectName, String>,
    /// What was asked for, one by one.
    got: Arc<Mutex<Vec<ObjectName>>>,
    page: usize,
}

impl Memory {
    pub fn new(world: &World, keeps: Keeps, page: usize) -> Self {
        let objects = world
            .objects()
            .iter()
            .map(|(name, stored)| {
                let metadata = match (&stored.metadata, keeps) {
                    (Some(metadata), Keeps::Metadata) => Metadata::Kept(UserMetadata {
                        signature: metadata.signature.as_deref().map(Into::into),
                        signature_algorithm: metadata.signature_algorithm.as_deref().map(Into::into),
                        backfill_generation_timestamp: metadata
                            .backfill_generation_timestamp
                            .as_deref()
                            .map(Into::into),
                    }),
                    (None, _) | (_, Keeps::BodiesOnly) => Metadata::NotKept(None),
                };
                (name.clone(), (stored.body.clone(), metadata))
            })
            .collect();
        let modified =
            world.objects().iter().map(|(name, stored)| (name.clone(), stored.last_modified)).collect();
        Self { objects, modified, page, ..Self::empty() }
    }

    /// Nothing yet.
    pub fn empty() -> Self {
        Self {
            objects: BTreeMap::new(),
            modified: BTreeMap::new(),
            kms: BTreeMap::new(),
            classes: BTreeMap::new(),
            etags: BTreeMap::new(),
            got: Arc::default(),
            page: 1000,
        }
    }

    /// The same, handing out pages of another size.
    pub fn with_page(self, page: usize) -> Self {
        Self { page, ..self }
    }

    /// The world's objects, to be changed by hand.
    pub fn objects(&mut self) -> &mut BTreeMap<ObjectName, (bytes::Bytes, Metadata)> {
        &mut self.objects
    }

    /// The KMS keys they are encrypted with, to be changed by hand.
    pub fn kms(&mut self) -> &mut BTreeMap<ObjectName, String> {
        &mut self.kms
    }

    /// The storage classes of those that are not in STANDARD, to be changed by hand.
    pub fn classes(&mut self) -> &mut BTreeMap<ObjectName, &'static str> {
        &mut self.classes
    }

    /// ETags that are not those of the bytes, to be changed by hand.
    pub fn etags(&mut self) -> &mut BTreeMap<ObjectName, String> {
        &mut self.etags
    }

    /// What was asked for since this was asked last.
    pub fn take_got(&self) -> Vec<ObjectName> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }

    fn etag(&self, name: &ObjectName) -> Option<Box<str>> {
        let own = || format!("{:x}", crc(&self.objects[name].0));
        Some(self.etags.get(name).cloned().unwrap_or_else(own).into())
    }

    /// When they were written, to be changed by hand.
    pub fn modified(&mut self) -> &mut BTreeMap<ObjectName, Time> {
        &mut self.modified
    }
}

#[async_trait]
impl ObjectStore for Memory {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let after =
            [&listing.token, &listing.after].into_iter().find_map(|key| key.clone()).unwrap_or_default();
        let from = ObjectName::new(Arc::clone(&listing.bucket), after.max(listing.prefix.clone()));
        let mut page = Page::default();
        let mut folders = BTreeSet::new();
        let mut seen = 0;
        let below = self
            .objects
            .range((Bound::Included(from), Bound::Unbounded))
            .take_while(|(name, _)| name.bucket == listing.bucket && name.key.starts_with(&listing.prefix));
        for (name, (body, _)) in below {
            let exclusive = listing.token.as_deref().or(listing.after.as_deref()) == Some(&*name.key);
            if exclusive {
                continue;
            }
            if seen == self.page {
                page.next = page.objects.last().map(|last: &Listed| last.key.to_string());
                break;
            }
            let rest = &name.key[listing.prefix.len()..];
            match (listing.reach, rest.find('/')) {
                (ListingDepth::Folder, Some(slash)) => {
                    folders.insert(format!("{}{}", listing.prefix, &rest[..=slash]));
                }
                _ => {
                    seen += 1;
                    page.objects.push(Listed {
                        key: name.key.clone(),
                        size: Some(body.len() as u64),
                        modified: self.modified.get(name).copied(),
                        etag: self.etag(name),
                        storage_class: self.classes.get(name).map(|class| (*class).into()),
                    });
                }
            }
        }
        page.folders = folders.into_iter().collect();
        Ok(page)
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.got.lock().unwrap().push(object.clone());
        match self.objects.get(object) {
            Some((body, metadata)) => Ok(Object {
                body: body.clone(),
                metadata: metadata.clone(),
                stored: trailseal::store::Stored {
                    modified: self.modified.get(object).copied(),
                    etag: self.etag(object),
                    kms_key: self.kms.get(object).map(|key| key.as_str().into()),
                },
                admitted: admission.admit(body.len() as u64).await,
            }),
            None => Err(StoreError::new(StoreErrorKind::NotFound, "get", object.to_string(), "no such key")),
        }
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        let stored = self.get(object, &room(u32::MAX)).await?;
        let _ = take(Streamed::Piece(&stored.body));
        Ok(())
    }
}

/// Stands for a body.
fn crc(body: &[u8]) -> u128 {
    body.iter()
        .fold(0, |sum: u128, byte| sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(u128::from(*byte) + 1))
}

/// Room for so many bytes of bodies.
pub fn room(bytes: u32) -> Admission {
    Admission::new(NonZeroU32::new(bytes).unwrap())
}
