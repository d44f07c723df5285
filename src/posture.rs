//! Whether a record is protected: settings as they were read go in, checks come out, each with what was read and what it asks for.
//! Pure: nothing is asked here, and nothing that could not be read ever passes.
//!
//! A bucket's policy shows what the bucket says. Identity policies of its account, service control policies and resource control
//! policies are not seen from there; the report of a posture says so.

mod access;
mod check;
mod control;
mod copies;
mod document;
#[cfg(test)]
mod fixtures;
mod lifecycle;
mod lock;
mod policy;
mod retention;
mod table;
mod trail;

pub use check::{Check, State};
pub use control::Control;
pub use lifecycle::{ByRule, Ends};
pub use policy::{LockDemand, Policy, Weight};
pub use retention::{RetentionCode, RetentionFinding};
pub use table::{About, CheckId};

use crate::settings::{BucketSettings, TrailSettings};
use crate::trail::key::ROOT;
use crate::trail::{AccountId, ChainId, Time};
use check::Judged;
use trail::Seen;

/// What was read of a record's protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The bucket.
    pub bucket: BucketSettings,
    /// The trails that deliver there, as far as they are known.
    pub trails: Vec<TrailSettings>,
    /// The accounts in the bucket.
    pub accounts: Vec<AccountId>,
    /// The chains in the bucket, as they are listed.
    pub chains: Vec<ListedChain>,
    /// Digests of the newest days that have to be restored before they can be read.
    pub archived: u64,
    /// What of the record could not be listed, in words.
    pub unlisted: Vec<String>,
}

/// A chain as it is listed: nothing of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedChain {
    /// Which one.
    pub id: ChainId,
    /// The end of its oldest digest, where that is known.
    pub oldest: Option<Time>,
    /// The end of its newest digest.
    pub newest: Option<Time>,
}

/// How a record is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posture {
    /// What was demanded.
    pub policy: Policy,
    /// The bucket, and what stands before `AWSLogs/` in its keys.
    pub place: String,
    /// All checks: of each trail, then of the bucket.
    pub checks: Vec<Check>,
    /// When objects go by the bucket's rules, where those are known.
    pub by_rule: Option<ByRule>,
    /// The chains, as they are listed.
    pub chains: Vec<ListedChain>,
    /// What of the record could not be listed, in words.
    pub unlisted: Vec<String>,
    /// What is to be said of how long the record is kept.
    pub retention: Vec<RetentionFinding>,
}

impl Posture {
    /// How many checks came to this.
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    /// The exit code: 0 where all that counts holds, 3 where something does not, where it is not known, or where not all of the record
    /// could be listed. What nobody can know from this source does not count.
    pub fn exit_code(&self) -> u8 {
        if self.checks.iter().any(Check::counts) || !self.unlisted.is_empty() { 3 } else { 0 }
    }
}

/// Holds what was read against what is demanded.
pub fn judge(settings: &Settings, policy: Policy) -> Posture {
    let Settings { bucket, trails, accounts, chains, archived, unlisted } = settings;
    let seen = Seen { accounts, unlisted: !unlisted.is_empty() };
    let record = format!("{}/{}{ROOT}", bucket.bucket, bucket.prefix);
    let by_rule = lifecycle::by_rule(bucket);
    let by_rules = by_rule.as_ref().map_or_else(|_| Vec::new(), |ends| lifecycle::findings(ends, &policy));
    let check = |Judged { id, reading }: Judged, subject: &str, read_at| Check {
        id,
        subject: subject.to_owned(),
        state: reading.state,
        value: reading.value,
        weight: policy.weight(id),
        read_at,
    };
    let mut checks = Vec::new();
    for trail in trails {
        let of_trail = trail::checks(trail, &policy, (&record, &bucket.owner), seen);
        checks.extend(of_trail.into_iter().map(|judged| check(judged, &trail.name, trail.read_at)));
    }
    let of_bucket = [
        access::checks(bucket),
        lock::checks(bucket, &policy),
        vec![lifecycle::check(bucket, by_rule.as_ref().map_err(|why| *why), &by_rules)],
        copies::checks(bucket),
    ];
    let place = format!("s3://{}/{}", bucket.bucket, bucket.prefix);
    let mut of_bucket: Vec<Check> = of_bucket
        .into_iter()
        .flatten()
        .map(|judged| check(judged, place.trim_end_matches('/'), bucket.read_at))
        .collect();
    of_bucket.sort_by_key(|check| check.id);
    checks.extend(of_bucket);
    Posture {
        place: place.trim_end_matches('/').to_owned(),
        checks,
        by_rule: by_rule.ok(),
        chains: chains.clone(),
        unlisted: unlisted.clone(),
        retention: [by_rules, retention::findings(chains, *archived, (bucket.read_at, &policy))].concat(),
        policy,
    }
}
