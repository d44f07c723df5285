//! Rules of lifecycle configurations, and what they come to.
#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;

use super::super::check::State::{self, Pass, Unknown};
use super::super::fixtures::{bucket, denied, now, policy};
use super::RetentionCode::{HotCold, Short, Split};
use super::*;
use crate::settings::Setting;

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule { id: "r".into(), enabled: true, prefix: prefix.into(), ..LifecycleRule::default() }
}

fn expires(prefix: &str, days: u32) -> LifecycleRule {
    LifecycleRule { expires: Some(When::Days(days)), ..rule(prefix) }
}

fn goes(prefix: &str, days: u32, class: &str) -> LifecycleRule {
    LifecycleRule { moves: vec![(When::Days(days), class.into())], ..rule(prefix) }
}

fn with(rules: Vec<LifecycleRule>) -> BucketSettings {
    let lifecycle = Lifecycle { rules, small_objects: SmallObjects::Stay };
    BucketSettings { lifecycle: Setting::Given(lifecycle), ..bucket() }
}

fn said(bucket: &BucketSettings) -> Vec<RetentionFinding> {
    by_rule(bucket).map(|by_rule| findings(&by_rule, &policy())).unwrap_or_default()
}

fn state(bucket: &BucketSettings) -> State {
    check(bucket, by_rule(bucket).as_ref().map_err(|why| *why), &said(bucket)).reading.state
}

#[track_caller]
fn found(rules: Vec<LifecycleRule>, expected: &[RetentionCode]) {
    let bucket = with(rules);
    let found: Vec<RetentionCode> = said(&bucket).iter().map(|found| found.code).collect();
    assert_eq!(found, expected, "{:#?}", said(&bucket));
    let state = state(&bucket);
    assert_eq!(state == Pass, !found.iter().any(|code| *code != HotCold), "{state:?}");
}

#[test]
fn what_stays_long_enough_passes() {
    found(vec![], &[]);
    found(vec![expires("", 365)], &[]);
    found(vec![expires("audit/AWSLogs/", 2555)], &[]);
    found(vec![rule("")], &[]);
    assert_eq!(state(&bucket()), Pass);
    assert_eq!(state(&BucketSettings { lifecycle: denied(), ..bucket() }), Unknown);
}

#[test]
fn what_goes_too_soon_is_told_for_log_files_and_digests() {
    found(vec![expires("", 364)], &[Short, Short]);
    found(vec![expires("audit/", 1), expires("", 9999)], &[Short, Short]);
    found(vec![expires("audit/AWSLogs/111122223333/", 30)], &[Short, Short]);
    found(vec![expires("audit/AWSLogs/111122223333/CloudTrail/", 30)], &[Short, Split]);
    found(vec![expires("audit/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/", 30)], &[Short, Split]);
    found(vec![expires("audit/AWSLogs/1111", 30)], &[Short, Short]);
    found(vec![expires("audit/AWSLogs/o-exam", 30)], &[Short, Short]);
    // Only a beginning of either: it is both.
    found(vec![expires("audit/AWSLogs/111122223333/CloudTrail", 30)], &[Short, Short]);
    found(vec![expires("audit/AWSLogs/111122223333/CloudTrail/eu-west-1/", 30)], &[Short, Split]);
}

#[test]
fn rules_that_are_for_nothing_of_the_record_say_nothing() {
    found(vec![expires("other/", 1)], &[]);
    found(vec![expires("audit/AWSLogs-of-others/", 1)], &[]);
    found(vec![expires("audit/AWSLogs/111122223333/elasticloadbalancing/", 1)], &[]);
    found(vec![expires("audit/AWSLogs/111122223333/CloudTrail-Insight/", 1)], &[]);
    found(vec![LifecycleRule { enabled: false, ..expires("", 1) }], &[]);
    // Whether any of the record has the tag nobody has asked.
    let tagged = with(vec![LifecycleRule { tagged: true, ..expires("", 1) }]);
    assert_eq!((said(&tagged), state(&tagged)), (Vec::new(), Unknown));
    found(vec![LifecycleRule { noncurrent_days: Some(1), ..rule("") }], &[]);
}

#[test]
fn kept_for_different_times_the_proof_goes_before_what_it_proves() {
    found(vec![expires("audit/AWSLogs/1/CloudTrail/", 400)], &[Split]);
    found(
        vec![expires("audit/AWSLogs/1/CloudTrail/", 400), expires("audit/AWSLogs/1/CloudTrail-Digest/", 400)],
        &[],
    );
    found(
        vec![
            expires("audit/AWSLogs/1/CloudTrail/", 400),
            expires("audit/AWSLogs/1/CloudTrail-Digest/", 2555),
        ],
        &[Split],
    );
    // The shorter of two rules counts.
    found(vec![expires("", 400), expires("audit/AWSLogs/1/CloudTrail-Digest/", 380)], &[Split]);
}

#[test]
fn a_date_is_an_age_that_shrinks() {
    let on =
        |days: i64| LifecycleRule { expires: Some(When::Date(now() + TimeDelta::days(days))), ..rule("") };
    found(vec![on(-10)], &[Short, Short]);
    found(vec![on(10)], &[Short, Short]);
    found(vec![on(1000)], &[]);
    assert!(said(&with(vec![on(-10)]))[0].message.contains("since"));
}

#[test]
fn what_is_wanted_at_hand_does_not_go_to_an_archive() {
    found(vec![goes("", 89, "GLACIER")], &[HotCold, HotCold]);
    found(vec![goes("", 90, "GLACIER")], &[]);
    found(vec![goes("", 1, "DEEP_ARCHIVE")], &[HotCold, HotCold]);
    for hot in ["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"] {
        found(vec![goes("", 1, hot)], &[]);
    }
    // Small objects stay unless a rule means them; those that it leaves are told.
    let small = LifecycleRule { smaller_than: Some(1000), ..goes("", 1, "GLACIER") };
    found(vec![small.clone()], &[]);
    found(vec![LifecycleRule { larger_than: Some(0), ..small.clone() }], &[HotCold, HotCold]);
    let mut older = with(vec![small]);
    older.lifecycle = Setting::Given(Lifecycle {
        small_objects: SmallObjects::GoToGlacier,
        ..older.lifecycle.known().unwrap().unwrap().clone()
    });
    assert_eq!(said(&older).len(), 2);
    assert!(said(&with(vec![goes("", 1, "GLACIER")]))[0].message.contains("128 kB"));
}
