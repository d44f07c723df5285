//! Where objects come from. An implementation may fail, but it may never call an object absent unless the store
//! said so; and a body it returns is whole: one cut short is an error, never a short body.
//!
//! Listings are sorted by key, as bytes, if the store keeps to that; whoever rests on it has to look. Any number of calls
//! may run at once.

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use crate::trail::{Metadata, UserMetadata};
use crate::trail::{ObjectName, Time};

pub mod copied;
pub mod dir;
#[cfg(feature = "aws")]
pub mod s3;
mod sidecar;
pub mod state;

/// A bucket, or what stands for one. Usable as `dyn`: a box for each call costs nothing beside the call.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// One page of a listing. Pages may be of any size, also empty with more to come.
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError>;

    /// An object's whole body and its user metadata. The body is read once `admission` has room for it.
    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError>;

    /// Shows an object's stored bytes to `take`, piece by piece, until it has seen enough: for an object that
    /// [`get`](Self::get) finds too large to be held. Where this fails, what was shown is to be forgotten.
    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError>;

    /// The latest time that the store has given as its own; none, if it gives none.
    fn clock(&self) -> Option<Time> {
        None
    }

    /// How the store has fared up to now; one that does not say, well.
    fn condition(&self) -> Condition {
        Condition::default()
    }
}

/// Who is shown an object's stored bytes, and says when it has seen enough.
pub type Take<'take> = dyn for<'bytes> FnMut(Streamed<'bytes>) -> ControlFlow<()> + Send + 'take;

/// What a stream shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streamed<'bytes> {
    /// It begins at the object's beginning, perhaps again: what was shown before is to be forgotten.
    Anew,
    /// The bytes that follow.
    Piece(&'bytes [u8]),
}

/// How a store has fared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// How often requests were sent again.
    pub retries: RetryCounts,
    /// Buckets that are gone, sorted.
    pub outages: Vec<Outage>,
}

/// How often requests failed in a way that may pass, each of them counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryCounts {
    /// It was asked to slow down.
    pub throttled: u64,
    /// No answer came in time.
    pub timed_out: u64,
    /// The connection or the answer broke off.
    pub cut_off: u64,
    /// Any other failure: a 5xx, nobody there, an answer of somebody else's.
    pub failed: u64,
}

/// A bucket that has answered nobody for so long that nothing more is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The bucket.
    pub bucket: Arc<str>,
    /// How long that was, and what failed last.
    pub detail: String,
}

/// Bounds the bytes of bodies in memory, whatever the number of requests under way.
#[derive(Debug, Clone)]
pub struct Admission {
    room: Arc<Semaphore>,
    limit: u32,
}

impl Admission {
    /// Room for `limit` bytes at a time.
    pub fn new(limit: NonZeroU32) -> Self {
        let limit = limit.get();
        Self { room: Arc::new(Semaphore::new(limit as usize)), limit }
    }

    /// Waits until a body of this length has room. One larger than the limit has all of it for itself.
    pub async fn admit(&self, length: u64) -> Admitted {
        let share = u32::try_from(length).unwrap_or(u32::MAX).min(self.limit);
        // The semaphore is never closed; a body without a permit would merely be uncounted.
        Admitted { _room: Arc::clone(&self.room).acquire_many_owned(share).await.ok() }
    }
}

/// A body's room, given back when it is dropped.
#[derive(Debug)]
pub struct Admitted {
    _room: Option<OwnedSemaphorePermit>,
}

/// How far down a listing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingDepth {
    /// Every key below the prefix.
    Whole,
    /// Up to the next slash: folders and the objects beside them.
    Folder,
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The bucket.
    pub bucket: Arc<str>,
    /// What keys begin with; ends in a slash, or is empty.
    pub prefix: String,
    /// Keys up to and including this one are left out.
    pub after: Option<String>,
    /// How far down.
    pub reach: ListingDepth,
    /// The continuation token of an earlier page of the same listing.
    pub token: Option<String>,
}

impl Listing {
    /// Every key in `bucket` below `prefix`, from the first page on.
    pub fn whole(bucket: impl Into<Arc<str>>, prefix: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: prefix.into(),
            after: None,
            reach: ListingDepth::Whole,
            token: None,
        }
    }

    /// The folders and objects right below `prefix`, from the first page on.
    pub fn folder(bucket: impl Into<Arc<str>>, prefix: impl Into<String>) -> Self {
        Self { reach: ListingDepth::Folder, ..Self::whole(bucket, prefix) }
    }

    /// The same without keys up to and including this one, if any.
    pub fn after(self, after: Option<String>) -> Self {
        Self { after, ..self }
    }
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects, sorted by key.
    pub objects: Vec<Listed>,
    /// Folders, each ending in a slash; only with [`ListingDepth::Folder`].
    pub folders: Vec<String>,
    /// Parts that could not be listed, and why: what lies in them is not known. The target of each is its key, which ends
    /// in a slash where it is a folder for sure.
    pub unlisted: Vec<StoreError>,
    /// Present when there is more: the continuation token for the next page.
    pub next: Option<String>,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: Box<str>,
    /// Stored bytes; in a folder, where each has to be asked for, those of digests alone.
    pub size: Option<u64>,
    /// When it was written, by the store's word; a folder, whose files were copied there, does not say.
    pub modified: Option<Time>,
    /// What the store tells its content by, without quotes: another content has another one. A folder does not say.
    pub etag: Option<Box<str>>,
    /// The storage class, such as `STANDARD` or `GLACIER`, as the store names it.
    pub storage_class: Option<Box<str>>,
}

/// An object's content.
#[derive(Debug)]
pub struct Object {
    /// All of its stored bytes.
    pub body: Bytes,
    /// What was stored with it.
    pub metadata: Metadata,
    /// What the store says of the bytes beside them.
    pub stored: Stored,
    /// The room its body takes.
    pub admitted: Admitted,
}

/// What a store says of an object's bytes when it gives them; a folder says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// When they were written.
    pub modified: Option<Time>,
    /// What it tells them by, as a listing shows it.
    pub etag: Option<Box<str>>,
    /// The KMS key that they are encrypted with.
    pub kms_key: Option<Box<str>>,
}

/// Why a store gave nothing: what was tried, on what, and what came back.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{action} {target}: {detail}")]
#[non_exhaustive]
pub struct StoreError {
    /// What it comes to.
    pub kind: StoreErrorKind,
    /// What was tried: `list`, `get`, `put`.
    pub action: &'static str,
    /// On what: an object, a folder, a bucket.
    pub target: String,
    /// What came back.
    pub detail: String,
    /// The error that it came from, where there was one.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl PartialEq for StoreError {
    /// By what they say: what they came from says the same in other words.
    fn eq(&self, other: &Self) -> bool {
        let said = |error: &Self| (error.kind, error.action);
        said(self) == said(other) && self.target == other.target && self.detail == other.detail
    }
}

impl Eq for StoreError {}

impl StoreError {
    /// What came back instead of what was tried (`list`, `get`) on `target`.
    pub fn new(
        kind: StoreErrorKind,
        action: &'static str,
        target: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, action, target: target.into(), detail: detail.into(), source: None }
    }

    /// The same, with the error that it came from.
    pub fn caused_by(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }
}

/// What a store's failure comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store says that there is no such object.
    NotFound,
    /// The store says that there is no such bucket.
    NoSuchBucket,
    /// Refused: 403.
    Denied,
    /// In an archive, to be restored first.
    Archived,
    /// The encryption key was refused.
    KeyRefused,
    /// Asked to slow down, to the end of all retries.
    Throttled,
    /// There are no usable credentials.
    NoCredentials,
    /// The credentials ran out.
    CredentialsExpired,
    /// The answer broke off.
    CutOff,
    /// No answer in time.
    TimedOut,
    /// Larger than [`LARGEST`]: not held in memory, but [`ObjectStore::stream`] can show it.
    Oversized,
    /// It failed in another way that may pass, to the end of all retries: a 5xx, nobody there, an answer of somebody else's.
    Faltered,
    /// Nothing was asked: the store is gone, as [`Condition::outages`] tells.
    Unavailable,
    /// Nothing was asked, or the answer not waited for: the run is to end.
    Stopped,
    /// Anything else.
    Failed,
}

impl StoreErrorKind {
    /// Whether a later try may go better.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Throttled | Self::CutOff | Self::TimedOut | Self::Faltered => true,
            Self::NotFound
            | Self::NoSuchBucket
            | Self::Denied
            | Self::Archived
            | Self::KeyRefused
            | Self::NoCredentials
            | Self::CredentialsExpired
            | Self::Oversized
            | Self::Unavailable
            | Self::Stopped
            | Self::Failed => false,
        }
    }
}

/// Whether a bucket is one of S3's directory buckets, which list in no order and cannot begin after a key
/// (ListObjectsV2); their names are theirs alone.
pub(crate) fn is_directory_bucket(name: &str) -> bool {
    name.ends_with("--x-s3")
}

/// The most stored bytes of an object that are held in memory. AWS's own objects take no more, and whoever owns the bucket
/// could put one of terabytes there.
pub const LARGEST: u64 = 65 << 20;
