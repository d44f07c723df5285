//! What the server holds.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use md5::{Digest as _, Md5};

use super::settings::Settings;

/// Everything there is.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub buckets: BTreeMap<String, Bucket>,
    /// The keys ListPublicKeys knows, by region.
    pub keys: BTreeMap<String, Vec<ListedKey>>,
    pub trails: Vec<KnownTrail>,
    /// KMS keys, by their ARN, and the state that each is in.
    pub key_states: BTreeMap<String, String>,
    /// What ListRegions answers.
    pub enabled_regions: Vec<String>,
    /// The account every caller belongs to.
    pub account: String,
    /// Whether requests that nobody signed are answered.
    pub public: bool,
    /// What DescribeOrganization answers.
    pub organization: Option<String>,
}

/// A bucket. Its region is held against the one a request is signed for.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub region: String,
    pub objects: BTreeMap<String, Stored>,
    pub listing: Listing,
    /// What its versions tell of what was there before.
    pub past: Vec<Past>,
    pub settings: Settings,
}

/// A version that is not the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    Version { key: String },
    DeleteMarker { key: String },
}

impl Past {
    pub fn key(&self) -> &String {
        match self {
            Self::Version { key } | Self::DeleteMarker { key } => key,
        }
    }
}

/// Whether the caller may list a bucket: if not, absent objects are denied, as S3 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    Granted,
    Denied,
}

impl Bucket {
    pub fn new(region: &str) -> Self {
        Self {
            region: region.into(),
            objects: BTreeMap::new(),
            listing: Listing::Granted,
            past: Vec::new(),
            settings: Settings::default(),
        }
    }

    pub fn put(&mut self, key: &str, body: impl Into<Bytes>) -> &mut Stored {
        let stored = Stored {
            body: body.into(),
            metadata: BTreeMap::new(),
            last_modified: DateTime::from_timestamp(1_772_360_000, 0).unwrap(),
            storage_class: StorageClass::Standard,
            content_type: "application/x-gzip".into(),
            etag: None,
        };
        self.objects.insert(key.into(), stored);
        self.objects.get_mut(key).unwrap()
    }
}

/// An object.
#[derive(Debug, Clone)]
pub struct Stored {
    pub body: Bytes,
    pub metadata: BTreeMap<String, String>,
    pub last_modified: DateTime<Utc>,
    pub storage_class: StorageClass,
    pub content_type: String,
    /// The ETag, where it is not the MD5 of the body: KMS makes another.
    pub etag: Option<String>,
}

impl Stored {
    pub fn etag(&self) -> String {
        let own = || Md5::digest(&self.body).iter().map(|byte| format!("{byte:02x}")).collect();
        self.etag.clone().unwrap_or_else(own)
    }

    pub fn with(&mut self, name: &str, value: &str) -> &mut Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClass {
    Standard,
    Glacier,
    DeepArchive,
}

impl StorageClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Glacier => "GLACIER",
            Self::DeepArchive => "DEEP_ARCHIVE",
        }
    }
}

/// A key as ListPublicKeys lists it.
#[derive(Debug, Clone)]
pub struct ListedKey {
    pub value: Vec<u8>,
    pub fingerprint: String,
    pub valid_from: DateTime<Utc>,
    pub valid_to: DateTime<Utc>,
}

/// A trail as GetTrail and DescribeTrails answer it, in their own JSON.
#[derive(Debug, Clone)]
pub struct KnownTrail {
    pub arn: String,
    pub description: serde_json::Value,
    pub status: serde_json::Value,
    /// What GetEventSelectors answers.
    pub selectors: serde_json::Value,
}
