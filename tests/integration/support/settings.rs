//! Settings of buckets, as S3 answers them, and its errors where there are none.

use std::collections::BTreeMap;

/// A document, or a status and a code.
type Unset = Result<&'static str, (u16, &'static str)>;

/// What one subresource of a bucket is asked by, and what S3 answers where nothing is set (Amazon S3 API Reference).
const UNSET: [(&str, Unset); 9] = [
    ("versioning", Ok("<VersioningConfiguration/>")),
    ("object-lock", Err((404, "ObjectLockConfigurationNotFoundError"))),
    ("lifecycle", Err((404, "NoSuchLifecycleConfiguration"))),
    ("policy", Err((404, "NoSuchBucketPolicy"))),
    ("publicAccessBlock", Err((404, "NoSuchPublicAccessBlockConfiguration"))),
    ("policyStatus", Err((404, "NoSuchBucketPolicy"))),
    (
        "acl",
        Ok("<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList><Grant><Grantee \
            xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>owner</ID></Grantee>\
            <Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"),
    ),
    ("logging", Ok("<BucketLoggingStatus/>")),
    ("replication", Err((404, "ReplicationConfigurationNotFoundError"))),
];

/// The settings of one bucket.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The account that owns it.
    pub owner: String,
    /// What is set: the subresource, and what S3 answers.
    pub set: BTreeMap<&'static str, String>,
    /// The lock of every object in it: the answer to GetObjectRetention.
    pub retention: Option<String>,
}

impl Settings {
    /// The subresource that a request asks for, if any.
    pub fn asked(has: impl Fn(&str) -> bool) -> Option<&'static str> {
        UNSET.iter().map(|(name, _)| *name).find(|name| has(name))
    }

    /// What S3 answers: a document, or a status and a code.
    pub fn answer(&self, name: &str) -> Result<String, (u16, &'static str)> {
        if let Some(set) = self.set.get(name) {
            return Ok(set.clone());
        }
        let (_, unset) = UNSET.iter().find(|(own, _)| *own == name).unwrap();
        unset.map(str::to_owned)
    }

    pub fn with(mut self, name: &'static str, document: impl Into<String>) -> Self {
        self.set.insert(name, document.into());
        self
    }
}
