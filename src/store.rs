//! Where objects come from. An implementation may fail, but it may never call an object absent unless the store
//! said so; and a body it returns is whole: one cut short is an error, never a short body.
//!
//! Listings are sorted by key, as bytes. Any number of calls may run at once.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::trail::{ObjectName, Time};

pub mod dir;
#[cfg(feature = "aws")]
pub mod s3;

/// A bucket, or what stands for one.
pub trait ObjectStore: Send + Sync + 'static {
    /// One page of a listing. Pages may be of any size, also empty with more to come.
    fn list(&self, listing: &Listing) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// An object's whole body and its user metadata.
    fn get(&self, object: &ObjectName) -> impl Future<Output = Result<Object, StoreError>> + Send;
}

/// How far down a listing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
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
    pub reach: Reach,
    /// Where an earlier page of the same listing ended.
    pub token: Option<String>,
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects, sorted by key.
    pub objects: Vec<Listed>,
    /// Folders, each ending in a slash; only with [`Reach::Folder`].
    pub folders: Vec<String>,
    /// Present when there is more: the token for the next page.
    pub next: Option<String>,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: Box<str>,
    /// Stored bytes.
    pub size: u64,
    /// When it was last written, where the store knows.
    pub last_modified: Option<Time>,
}

/// An object's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// All of its stored bytes.
    pub body: Bytes,
    /// What was stored with it.
    pub metadata: Metadata,
}

/// A digest's user metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// The store keeps none: a folder without a head file beside the digest.
    NotKept,
    /// The store keeps metadata; what it held of it for this object.
    Kept {
        /// `x-amz-meta-signature`
        signature: Option<Box<str>>,
        /// `x-amz-meta-signature-algorithm`
        signature_algorithm: Option<Box<str>>,
        /// `x-amz-meta-backfill-generation-timestamp`
        backfill_generation_timestamp: Option<Box<str>>,
    },
}

/// Why a store gave nothing: what was tried, on what, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} {target}: {detail}")]
pub struct StoreError {
    /// What it comes to.
    pub kind: StoreErrorKind,
    /// What was tried: `list`, `get`.
    pub action: &'static str,
    /// On what: an object, a folder, a bucket.
    pub target: String,
    /// What came back.
    pub detail: String,
}

/// What a store's failure comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Anything else.
    Failed,
}
