//! The checks of what lies elsewhere: copies of the record, and logs of accesses to it.

use super::check::{Judged, Reading, State};
use super::table::CheckId;
use crate::settings::{AccessLog, BucketSettings, Replication, Switch};
use crate::trail::key::ROOT;

/// The checks of a bucket's copies and access logs.
pub(super) fn checks(bucket: &BucketSettings) -> Vec<Judged> {
    vec![
        Judged::new(CheckId::BucketReplication, replication(bucket)),
        Judged::new(CheckId::BucketAccessLogging, access_log(bucket)),
    ]
}

fn replication(bucket: &BucketSettings) -> Reading {
    let rules = match bucket.replication.known() {
        Err(why) => return Reading::unread(why),
        Ok(rules) => rules.map_or(&[][..], Vec::as_slice),
    };
    let record = format!("{}{ROOT}", bucket.prefix);
    let mut covering: Vec<&Replication> = rules
        .iter()
        .filter(|rule| rule.enabled && !rule.tagged && record.starts_with(&rule.prefix))
        .collect();
    // Of several for one destination the one with the highest priority counts.
    covering.sort_by(|one, other| (&one.bucket, -one.priority).cmp(&(&other.bucket, -other.priority)));
    covering.dedup_by(|lower, higher| lower.bucket == higher.bucket);
    let told =
        |rule: &Replication, what: &str| format!("rule {:?} copies it to {}{what}", rule.id, rule.bucket);
    let mut others = Vec::new();
    for rule in covering {
        match lack(rule) {
            None => return Reading::pass(&told(rule, "")),
            Some(Lack::Certain(what)) => others.push(Reading::fail(&told(rule, what))),
            Some(Lack::Perhaps(what)) => others.push(Reading::unclear(&told(rule, what))),
        }
    }
    // Where one may do, it is not known.
    let first = others.into_iter().min_by_key(|reading| reading.state != State::Unknown);
    first.unwrap_or_else(|| Reading::fail("nothing copies all of the record"))
}

/// What a rule that copies the record lacks.
enum Lack {
    Certain(&'static str),
    Perhaps(&'static str),
}

fn lack(rule: &Replication) -> Option<Lack> {
    match (rule.delete_markers, rule.encrypted, &rule.account) {
        (Switch::On, _, _) => {
            Some(Lack::Certain(", with delete markers: what is deleted here is hidden there"))
        }
        (_, Switch::Off, _) => Some(Lack::Perhaps(", but nothing that is encrypted with a KMS key")),
        (_, _, None) => Some(Lack::Perhaps(", and does not say whose that is")),
        (Switch::Off, Switch::On, Some(_)) => None,
    }
}

fn access_log(bucket: &BucketSettings) -> Reading {
    let absent = || Reading::fail("accesses are not logged");
    Reading::of(&bucket.access_log, absent, |log| logged(bucket, log))
}

fn logged(bucket: &BucketSettings, AccessLog { target, target_lock }: &AccessLog) -> Reading {
    if **target == *bucket.bucket {
        return Reading::fail("accesses are logged to the bucket itself");
    }
    match target_lock.known() {
        Ok(Some(lock)) if lock.default.is_some() => Reading::fail(&format!(
            "{target} has a default retention, and S3 delivers no access logs to such a bucket"
        )),
        Ok(_) => Reading::pass(&format!("accesses are logged to {target}")),
        Err(why) => {
            let reading = Reading::unread(why);
            Reading {
                value: format!("accesses are logged to {target}; its object lock: {}", reading.value),
                ..reading
            }
        }
    }
}

#[cfg(test)]
mod tests;
