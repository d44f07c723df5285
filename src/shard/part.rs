//! The part that a shard hands in: a line that says what it is, one of what there is to tell of the reading, and the records of what
//! was read, one to a line.

use serde::{Deserialize, Serialize};

use super::PlanId;
use crate::crypto::Hash;
use crate::inspection::{RecordError, SiteRecord};
use crate::trail::Time;
use crate::trail::text::perhaps;
use crate::verdict::{Finding, Retries};

/// What a part's file says that it is.
const SCHEMA: &str = "trailseal/part/v1";

/// What came of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it read.
    pub records: Vec<SiteRecord>,
    /// What there is to tell of the reading itself.
    pub told: Vec<Finding>,
    /// How often whoever was asked had to be asked again.
    pub retries: Retries,
    /// The latest time that the store has given as its own.
    pub last_answer: Option<Time>,
}

/// Why bytes are not the part that was to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPart {
    /// They are not written as one.
    #[error("it is no part as `trailseal verify --shard` writes it")]
    Malformed,
    /// They are one of another version.
    #[error("it is of schema {0:?}, and {SCHEMA:?} is the one that is read")]
    Schema(String),
    /// It is of another plan, or of another shard.
    #[error("it is of shard {shard} of plan {plan}")]
    Another {
        /// The shard that it says it is of.
        shard: usize,
        /// The plan that it says it is of.
        plan: String,
    },
    /// It was cut short, or changed.
    #[error("it was cut short or changed after it was written")]
    Changed,
    /// A record in it cannot be read.
    #[error("a record in it cannot be read: {0}")]
    Record(#[from] RecordError),
}

#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    plan: String,
    shard: usize,
    records: usize,
    sha256: Hash,
    throttled: u64,
    timed_out: u64,
    cut_off: u64,
    failed: u64,
    #[serde(with = "perhaps")]
    last_answer: Option<Time>,
}

impl Part {
    /// The name of the file of a shard's part.
    pub fn name(plan: PlanId, shard: usize) -> String {
        format!("{plan}/{shard}.json")
    }

    /// The part as it is written.
    ///
    /// # Errors
    ///
    /// None that can be provoked: every record can be written.
    pub fn to_json(&self, plan: PlanId, shard: usize) -> Result<Vec<u8>, RecordError> {
        let mut lines = serde_json::to_vec(&self.told)?;
        lines.push(b'\n');
        for record in &self.records {
            lines.append(&mut record.to_json()?);
            lines.push(b'\n');
        }
        let head = Head {
            schema: SCHEMA.to_owned(),
            plan: plan.to_string(),
            shard,
            records: self.records.len(),
            sha256: Hash::of(&lines),
            throttled: self.retries.throttled,
            timed_out: self.retries.timed_out,
            cut_off: self.retries.cut_off,
            failed: self.retries.failed,
            last_answer: self.last_answer,
        };
        let mut json = serde_json::to_vec(&head)?;
        json.push(b'\n');
        json.append(&mut lines);
        Ok(json)
    }

    /// Reads what [`to_json`](Self::to_json) writes, if it is that shard's of that plan.
    ///
    /// # Errors
    ///
    /// Where the bytes are not that.
    pub fn from_json(json: &[u8], plan: PlanId, shard: usize) -> Result<Self, NotAPart> {
        let (head, lines) = whole(json, plan, shard)?;
        let mut lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let told = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(RecordError::from)?;
        let records = lines.map(SiteRecord::from_json).collect::<Result<Vec<_>, _>>()?;
        if records.len() != head.records {
            return Err(NotAPart::Changed);
        }
        let Head { throttled, timed_out, cut_off, failed, last_answer, .. } = head;
        Ok(Self { records, told, retries: Retries { throttled, timed_out, cut_off, failed }, last_answer })
    }

    /// Whether the bytes are that shard's part of that plan, whole. Its records are not read.
    pub fn is_whole(json: &[u8], plan: PlanId, shard: usize) -> bool {
        whole(json, plan, shard).is_ok()
    }
}

fn whole(json: &[u8], plan: PlanId, shard: usize) -> Result<(Head, &[u8]), NotAPart> {
    let end = memchr::memchr(b'\n', json).ok_or(NotAPart::Malformed)?;
    let (head, lines) = (&json[..end], &json[end + 1..]);
    let head: Head = serde_json::from_slice(head).map_err(|_| NotAPart::Malformed)?;
    if head.schema != SCHEMA {
        return Err(NotAPart::Schema(head.schema));
    }
    if head.plan != plan.to_string() || head.shard != shard {
        return Err(NotAPart::Another { shard: head.shard, plan: head.plan });
    }
    if head.sha256 != Hash::of(lines) {
        return Err(NotAPart::Changed);
    }
    Ok((head, lines))
}
