//! Chains as they are listed, and what is said of them.
#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;

use super::super::fixtures::{now, policy};
use super::*;
use crate::trail::key::DigestKey;

fn chain(days_old: Option<i64>) -> ListedChain {
    let key = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/03/01/\
               111122223333_CloudTrail-Digest_eu-west-1_management-events_eu-west-1_20260301T100000Z.json.gz";
    let id = DigestKey::parse(key).unwrap().chain;
    ListedChain { id, oldest: days_old.map(|days| now() - TimeDelta::days(days)), newest: Some(now()) }
}

fn codes(chains: &[ListedChain], archived: u64) -> Vec<RetentionCode> {
    findings(chains, archived, (now(), &policy())).into_iter().map(|found| found.code).collect()
}

#[test]
fn a_record_that_is_younger_than_the_policy_shows_nothing_yet() {
    assert_eq!(codes(&[chain(Some(364))], 0), [RetentionCode::Unproven]);
    assert_eq!(codes(&[chain(Some(365))], 0), []);
    assert_eq!(codes(&[chain(None)], 0), [], "it began later than the first page, and nobody knows when");
    let found = findings(&[chain(Some(400)), chain(Some(10)), chain(Some(30))], 0, (now(), &policy()));
    assert!(found[0].message.starts_with("2 of 3 chains"), "{}", found[0].message);
    assert!(found[0].message.contains(&format_time(now() - TimeDelta::days(10))), "{}", found[0].message);
    assert_eq!(codes(&[], 0), []);
}

#[test]
fn what_is_new_and_in_an_archive_is_told() {
    assert_eq!(codes(&[chain(Some(400))], 3), [RetentionCode::HotCold]);
}
