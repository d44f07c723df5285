//! How records are written: as JSON, one to a line.

use serde::{Deserialize, Serialize};

use super::record::SiteRecord;

/// What a record's file says that it is.
const SCHEMA: &str = "trailseal/record/v1";

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// They are not written as one.
    #[error("not a record of an account and region: {0}")]
    Malformed(#[from] serde_json::Error),
    /// They are one of another version.
    #[error("the record is of schema {found:?}, and {SCHEMA:?} is the one that is read")]
    Schema {
        /// What it says that it is.
        found: String,
    },
}

#[derive(Serialize)]
struct Written<'r> {
    schema: &'static str,
    record: &'r SiteRecord,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

#[derive(Deserialize)]
struct Read {
    record: SiteRecord,
}

impl SiteRecord {
    /// The record as JSON, on one line. The same record is always written the same.
    ///
    /// # Errors
    ///
    /// None that can be provoked: every record can be written.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        Ok(serde_json::to_vec(&Written { schema: SCHEMA, record: self })?)
    }

    /// Reads what [`to_json`](Self::to_json) writes.
    ///
    /// # Errors
    ///
    /// Where the bytes are not a record, or one of another version: it is to be made again.
    pub fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        match serde_json::from_slice::<Schema>(json)?.schema {
            found if found == SCHEMA => Ok(serde_json::from_slice::<Read>(json)?.record),
            found => Err(RecordError::Schema { found }),
        }
    }
}
