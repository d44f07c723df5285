//! Which verdicts rest on bytes that this run read, and which on an earlier reading of the same.

use super::{ChainReport, Report};
use crate::trail::Time;
use crate::verdict::{DigestTally, LogTally};

/// What was read, by this run or by an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readings {
    /// Verdicts on digests.
    pub digests: u64,
    /// Verdicts on log files that digests name.
    pub logs: u64,
    /// Bytes of those log files as stored, where they are counted.
    pub bytes: Option<u64>,
    /// Days of an account and region.
    pub days: u64,
    /// When the oldest of them was read; of what this run read, nothing is said.
    pub oldest_read_at: Option<Time>,
}

impl Readings {
    /// Verdicts in all.
    pub fn verdicts(&self) -> u64 {
        self.digests + self.logs
    }

    /// Takes over what was read elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.digests += other.digests;
        self.logs += other.logs;
        self.days += other.days;
        if let Some(bytes) = other.bytes {
            *self.bytes.get_or_insert(0) += bytes;
        }
        let oldest = self.oldest_read_at.into_iter().chain(other.oldest_read_at);
        self.oldest_read_at = oldest.min();
    }

    /// What is left of these verdicts.
    fn beside(&self, (digests, logs): (&DigestTally, &LogTally), bytes: Option<u64>) -> Self {
        let less = |bytes: u64| bytes.saturating_sub(self.bytes.unwrap_or(0));
        Self {
            digests: digests.total().saturating_sub(self.digests),
            logs: logs.total().saturating_sub(self.logs),
            bytes: bytes.map(less),
            ..Self::default()
        }
    }
}

impl Report {
    /// What this run judged by itself; days are those of nobody.
    pub fn read(&self) -> Readings {
        let totals = &self.totals;
        self.carried.beside((&totals.digests, &totals.logs), Some(totals.compressed))
    }
}

impl ChainReport {
    /// What this run judged of it by itself.
    pub fn read(&self) -> Readings {
        self.carried.beside((&self.digests, &self.logs), None)
    }
}
