//! The shape of version 1. Frozen: fields may be added, none may change its name, type or meaning.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::verdict::{DigestTally, LogTally, Retries};

pub type Text<'a> = Cow<'a, str>;

#[derive(Debug, Serialize, Deserialize)]
pub struct Report<'a> {
    pub schema: Text<'a>,
    pub tool: Tool<'a>,
    pub source: Text<'a>,
    #[serde(default)]
    pub arguments: Vec<Text<'a>>,
    pub window: Window,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_back_to: Option<String>,
    #[serde(default)]
    pub scope: Scope<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected<'a>>,
    /// In seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity<'a>>,
    /// The plan whose parts were joined; only of a run over several machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    pub depth: Text<'a>,
    pub verdict: Text<'a>,
    pub exit_code: u8,
    pub completion: Text<'a>,
    pub started_at: String,
    pub finished_at: String,
    pub totals: Totals,
    /// What of the totals this run read by itself; only where some of them rest on earlier readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Readings>,
    /// What of them rests on earlier readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Readings>,
    /// What earlier runs saw, and how much of it was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<Baseline<'a>>,
    pub chains: Vec<Chain<'a>>,
    /// What should have a chain and has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<Uncovered<'a>>,
    pub keys: Vec<Key<'a>>,
    pub findings: Vec<Finding<'a>>,
    /// By code, how many more there were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub findings_omitted: BTreeMap<Text<'a>, u64>,
    /// The same by class and code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub findings_omitted_by_class: BTreeMap<Text<'a>, BTreeMap<Text<'a>, u64>>,
    #[serde(default)]
    pub hints: Vec<Text<'a>>,
    pub not_proven: Vec<Text<'a>>,
}

/// A run over several machines.
#[derive(Debug, Serialize, Deserialize)]
pub struct Run {
    pub plan: String,
    pub shards: u64,
}

/// Verdicts, by when the bytes were read that they rest on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Readings {
    pub digests: u64,
    pub logs: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Days of an account and region; of an earlier reading alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_read_at: Option<String>,
}

/// What an earlier run saw, as it was held against the record.
#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline<'a> {
    pub place: Text<'a>,
    /// SHA-256 of what was read there.
    pub hash: String,
    /// Of a seal alone: its number, and the names of the keys that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<Text<'a>>,
    /// Heads that were looked at.
    pub heads: u64,
    /// Heads that lie outside of what was asked for, or elsewhere.
    pub not_checked: u64,
    /// The time between the oldest of the heads and the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_the_window: Option<Span>,
}

/// What was asked for; empty lists are everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Scope<'a> {
    #[serde(default)]
    pub accounts: Vec<String>,
    #[serde(default)]
    pub regions: Vec<Text<'a>>,
    #[serde(default)]
    pub trails: Vec<Text<'a>>,
    #[serde(default)]
    pub prefix: Text<'a>,
}

/// What had to be there; only where anything had to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Expected<'a> {
    #[serde(default)]
    pub accounts: Vec<String>,
    #[serde(default)]
    pub regions: Vec<Text<'a>>,
}

/// Who asked, by the name that could be had.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Identity<'a> {
    Caller {
        arn: Text<'a>,
    },
    AccessKey {
        /// The last four characters of its id.
        ending: Text<'a>,
    },
    Anonymous,
}

/// A part of the record without a chain: whose, as far as it is known, and why.
#[derive(Debug, Serialize, Deserialize)]
pub struct Uncovered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Text<'a>>,
    pub why: Text<'a>,
    /// The time that a chain would have to cover, where a beginning is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Span>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Tool<'a> {
    pub name: Text<'a>,
    pub version: Text<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Window {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    pub end: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Span {
    pub start: String,
    pub end: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Totals {
    pub chains: u64,
    pub digests: DigestCounts,
    pub logs: LogCounts,
    pub bytes: BytesTotal,
    /// Only where anything had to be asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<RetryCounts>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct BytesTotal {
    pub compressed: u64,
    pub inflated: u64,
}

/// Defines the counts of one kind of object, the same both ways.
macro_rules! counts {
    ($counts:ident, $tally:ident { $($field:ident),* $(,)? }) => {
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $counts {
            $(
                // A report of a version that did not have it counts none.
                #[serde(default)]
                pub $field: u64,
            )*
        }

        impl From<$tally> for $counts {
            fn from(tally: $tally) -> Self {
                let $tally { $($field),* } = tally;
                Self { $($field),* }
            }
        }

        impl From<$counts> for $tally {
            fn from(counts: $counts) -> Self {
                let $counts { $($field),* } = counts;
                Self { $($field),* }
            }
        }
    };
}

counts!(
    DigestCounts,
    DigestTally {
        authentic,
        signature_invalid,
        malformed,
        relocated,
        unsigned,
        unknown_key,
        algorithm_unsupported,
        unreadable,
        missing,
        pending,
        not_reached,
    }
);
counts!(
    LogCounts,
    LogTally {
        intact,
        modified,
        malformed,
        missing,
        unreadable,
        unproven,
        unlisted,
        pending,
        present,
        not_reached
    }
);

counts!(RetryCounts, Retries { throttled, timed_out, cut_off, failed });

#[derive(Debug, Serialize, Deserialize)]
pub struct Chain<'a> {
    pub account: String,
    pub region: Text<'a>,
    pub home_region: Text<'a>,
    pub trail: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Text<'a>>,
    pub kind: Text<'a>,
    pub digests: DigestCounts,
    pub logs: LogCounts,
    pub coverage: Vec<Span>,
    #[serde(default)]
    pub gaps: Vec<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_through: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Newest>,
    /// As in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Readings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Readings>,
    /// Only where it was not reached wholly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Text<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Newest {
    pub object: String,
    pub hash: String,
    pub end: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Key<'a> {
    pub fingerprint: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<String>,
    pub digests: u64,
    pub origin: Text<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Finding<'a> {
    pub code: Text<'a>,
    pub class: Text<'a>,
    /// What it is by itself; only where the caller has it count as another class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Text<'a>>,
    pub severity: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Text<'a>>,
    /// The time it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    pub message: Text<'a>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<Cow<'static, str>, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause<'a>>,
}

/// `kind` says which of the other fields are there; `text` says it all in words.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Cause<'a> {
    pub kind: Text<'a>,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// How many of the rejected may be AWS's; only where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unauthenticated: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Event<'a> {
    pub time: String,
    pub event_name: Text<'a>,
    pub event_source: Text<'a>,
    pub target: Text<'a>,
    pub actor: Text<'a>,
    pub source_ip: Text<'a>,
    pub event_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Text<'a>>,
    pub log_file: String,
}
