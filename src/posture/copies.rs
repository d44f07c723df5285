//! The checks of what lies elsewhere: copies of the record, and logs of accesses to it.

use super::check::{Judged, Reading};
use super::table::CheckId;
use crate::settings::{AccessLog, BucketSettings, Replication, Switch};

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
    let record = format!("{}AWSLogs/", bucket.prefix);
    let covering =
        rules.iter().filter(|rule| rule.enabled && !rule.tagged && record.starts_with(&rule.prefix));
    let mut lacking = None;
    for rule in covering {
        match lack(rule) {
            None => return Reading::pass(&format!("rule {:?} copies it to {}", rule.id, rule.bucket)),
            Some(what) => {
                lacking = lacking.or(Some(format!("rule {:?} copies it to {}, {what}", rule.id, rule.bucket)))
            }
        }
    }
    Reading::fail(&lacking.unwrap_or_else(|| "nothing copies all of the record".to_owned()))
}

/// What a rule that copies the record lacks. Copies that belong to another account say so.
fn lack(rule: &Replication) -> Option<&'static str> {
    match (&rule.account, rule.delete_markers) {
        (None, _) => Some("and does not make another account their owner"),
        (Some(_), Switch::On) => Some("with delete markers: what is deleted here is hidden there"),
        (Some(_), Switch::Off) => None,
    }
}

fn access_log(bucket: &BucketSettings) -> Reading {
    let AccessLog { target, target_lock } = match bucket.access_log.known() {
        Err(why) => return Reading::unread(why),
        Ok(None) => return Reading::fail("accesses are not logged"),
        Ok(Some(log)) => log,
    };
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
