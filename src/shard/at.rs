//! Where a record lies.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::trail::Location;

/// Where a record lies, and where CloudTrail delivered it if it is a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAt {
    /// Where it lies.
    pub lies: Lies,
    /// Where CloudTrail delivered it; none, where it lies there or nobody said.
    pub delivered: Option<Location>,
}

/// What a record lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lies {
    /// A folder.
    InFolder {
        /// The one that stands for the bucket.
        root: PathBuf,
    },
    /// A bucket.
    InBucket {
        /// Which one, and what stands before `AWSLogs/`.
        place: Location,
    },
}
