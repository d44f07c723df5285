//! Copies and logs of accesses, with their right answers.
#![allow(clippy::unwrap_used)]

use super::super::check::State::{self, Fail, Pass, Unknown};
use super::super::fixtures::{bucket, denied};
use super::*;
use crate::settings::{LockDefault, LockMode, ObjectLock, Setting};

fn state(bucket: &BucketSettings, id: CheckId) -> State {
    checks(bucket).into_iter().find(|judged| judged.id == id).unwrap().reading.state
}

fn copied(change: impl Fn(&mut Replication)) -> BucketSettings {
    let mut bucket = bucket();
    let Setting::Given(rules) = &mut bucket.replication else { unreachable!() };
    rules.iter_mut().for_each(change);
    bucket
}

#[test]
fn all_of_the_record_is_copied_to_another_account_and_what_is_deleted_stays_there() {
    let of = |change: fn(&mut Replication)| state(&copied(change), CheckId::BucketReplication);
    assert_eq!(of(|_| {}), Pass);
    assert_eq!(of(|rule| rule.prefix = "audit/AWSLogs/".into()), Pass);
    assert_eq!(of(|rule| rule.prefix = "audit/AWSLogs/111122223333/".into()), Fail);
    assert_eq!(of(|rule| rule.prefix = "other/".into()), Fail);
    assert_eq!(of(|rule| rule.enabled = false), Fail);
    assert_eq!(of(|rule| rule.tagged = true), Fail);
    assert_eq!(of(|rule| rule.account = None), Unknown);
    assert_eq!(of(|rule| rule.encrypted = Switch::Off), Unknown);
    assert_eq!(of(|rule| rule.delete_markers = Switch::On), Fail);
    let mut two = copied(|_| {});
    let Setting::Given(rules) = &mut two.replication else { unreachable!() };
    rules.push(Replication { priority: 2, delete_markers: Switch::On, ..rules[0].clone() });
    assert_eq!(state(&two, CheckId::BucketReplication), Fail, "the second counts");
    for (replication, expected) in
        [(Setting::Absent, Fail), (Setting::Given(Vec::new()), Fail), (denied(), Unknown)]
    {
        assert_eq!(state(&BucketSettings { replication, ..bucket() }, CheckId::BucketReplication), expected);
    }
}

#[test]
fn accesses_are_logged_where_the_logs_arrive() {
    let of = |target: &str, target_lock| {
        let access_log = Setting::Given(AccessLog { target: target.into(), target_lock });
        state(&BucketSettings { access_log, ..bucket() }, CheckId::BucketAccessLogging)
    };
    assert_eq!(of("elsewhere", Setting::Absent), Pass);
    assert_eq!(of("logs", Setting::Absent), Fail);
    assert_eq!(of("elsewhere", Setting::Given(ObjectLock { default: None })), Pass);
    let default = Some(LockDefault { mode: LockMode::Governance, days: 1 });
    assert_eq!(of("elsewhere", Setting::Given(ObjectLock { default })), Fail);
    assert_eq!(of("elsewhere", denied()), Unknown);
    for (access_log, expected) in [(Setting::Absent, Fail), (denied(), Unknown)] {
        assert_eq!(state(&BucketSettings { access_log, ..bucket() }, CheckId::BucketAccessLogging), expected);
    }
}
