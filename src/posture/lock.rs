//! The checks of what keeps objects from being changed: versions and locks.

use chrono::TimeDelta;

use super::check::{Judged, Reading};
use super::lifecycle;
use super::policy::Policy;
use super::table::CheckId;
use crate::settings::{BucketSettings, KeptObject, LockMode, Setting, Switch, VersioningStatus};
use crate::trail::{Time, format_time};

/// The checks of a bucket's locks.
pub(super) fn checks(bucket: &BucketSettings, policy: &Policy) -> Vec<Judged> {
    vec![
        Judged::new(CheckId::BucketObjectLock, default_lock(bucket, policy)),
        Judged::new(CheckId::ObjectsLocked, objects(bucket, policy)),
        Judged::new(CheckId::BucketVersioning, versioning(bucket, policy)),
        Judged::new(CheckId::BucketMfaDelete, mfa_delete(bucket)),
    ]
}

fn default_lock(bucket: &BucketSettings, policy: &Policy) -> Reading {
    let absent = || Reading::fail("no object lock");
    Reading::of(&bucket.object_lock, absent, |lock| {
        let Some(default) = lock.default else {
            return Reading::fail("object lock without a default retention");
        };
        let told = format!("{}, {} days", default.mode.as_str(), default.days);
        if policy.lock.is_met_by(default.mode) && policy.lock_days <= default.days {
            Reading::pass(&told)
        } else {
            Reading::fail(&format!(
                "{told}; {}, {} days are asked for",
                policy.lock.as_str(),
                policy.lock_days
            ))
        }
    })
}

fn objects(bucket: &BucketSettings, policy: &Policy) -> Reading {
    let objects = match bucket.objects.known() {
        Err(why) => return Reading::unread(why),
        Ok(objects) => objects.map_or(&[][..], Vec::as_slice),
    };
    if objects.is_empty() {
        return Reading::unclear("the record holds no object");
    }
    let mut unread = None;
    for kept in objects {
        match of_object(kept, policy) {
            Kept::AsAsked => {}
            Kept::Less(why) => return Reading::fail(&format!("{} {why}", kept.object)),
            Kept::Unread(reading) => unread = unread.or(Some(reading)),
        }
    }
    unread.unwrap_or_else(|| {
        Reading::pass(&format!(
            "{} digests looked at: of some regions the oldest, the newest, and one between",
            objects.len()
        ))
    })
}

enum Kept {
    AsAsked,
    Less(String),
    Unread(Reading),
}

fn of_object(kept: &KeptObject, policy: &Policy) -> Kept {
    let lock = match kept.lock.known() {
        Err(why) => return Kept::Unread(Reading::unread(why)),
        Ok(None) => return Kept::Less("is not locked".to_owned()),
        Ok(Some(lock)) => lock,
    };
    let told = format!("is locked in {} mode until {}", lock.mode.as_str(), format_time(lock.until));
    if !policy.lock.is_met_by(lock.mode) {
        return Kept::Less(told);
    }
    let Some(modified) = kept.modified else {
        return Kept::Unread(Reading::unclear(&format!(
            "{}: the listing does not say when it was written",
            kept.object
        )));
    };
    if due(modified, policy) <= lock.until { Kept::AsAsked } else { Kept::Less(told) }
}

/// Until when an object is to be locked that was written then. S3 counts a default from the moment it takes the object, which is a
/// little later or earlier than the date it gives it: an hour is nobody's fault.
fn due(modified: Time, policy: &Policy) -> Time {
    let asked = TimeDelta::days(policy.lock_days.into()) - TimeDelta::hours(1);
    modified.checked_add_signed(asked).unwrap_or(Time::MAX_UTC)
}

fn versioning(bucket: &BucketSettings, policy: &Policy) -> Reading {
    let never = || Reading::fail("versions are not kept");
    Reading::of(&bucket.versioning, never, |versioning| match versioning.status {
        VersioningStatus::Enabled => kept_versions(bucket, policy),
        VersioningStatus::Suspended => Reading::fail("versions are not kept any more"),
        VersioningStatus::Never => never(),
    })
}

/// How long versions are kept that are not the newest: a rule may destroy them, unless a lock is longer.
fn kept_versions(bucket: &BucketSettings, policy: &Policy) -> Reading {
    let locked = bucket
        .object_lock
        .known()
        .ok()
        .flatten()
        .and_then(|lock| lock.default)
        .map_or(0, |default| default.days);
    match lifecycle::noncurrent(bucket) {
        Some((days, rule)) if days.max(locked) < policy.retention_days => Reading::fail(&format!(
            "versions are kept, and older ones are destroyed after {days} days by {rule}"
        )),
        _ => match bucket.lifecycle.known() {
            Err(why) if locked < policy.retention_days => Reading::unread(why),
            _ => Reading::pass("versions are kept"),
        },
    }
}

fn mfa_delete(bucket: &BucketSettings) -> Reading {
    let is_on = match bucket.versioning.known() {
        Err(why) => return Reading::unread(why),
        Ok(versioning) => versioning.is_some_and(|versioning| versioning.mfa_delete == Switch::On),
    };
    if is_on {
        return Reading::pass("it is on");
    }
    if let Setting::Given(lifecycle) = &bucket.lifecycle
        && !lifecycle.rules.is_empty()
    {
        return Reading::pass(
            "it is off; the bucket has a lifecycle configuration, and the two exclude each other",
        );
    }
    if let Ok(Some(lock)) = bucket.object_lock.known()
        && lock.default.is_some_and(|default| default.mode == LockMode::Compliance)
    {
        return Reading::pass(
            "it is off; objects are locked in COMPLIANCE mode, which no second factor undoes",
        );
    }
    match bucket.lifecycle.known().err().or(bucket.object_lock.known().err()) {
        Some(why) => Reading::unread(why),
        None => Reading::fail("it is off"),
    }
}

#[cfg(test)]
mod tests;
