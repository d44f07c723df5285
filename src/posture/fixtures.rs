//! Settings for tests: a bucket and a trail of which every check passes.
#![allow(clippy::unwrap_used, missing_docs)]

use chrono::TimeDelta;

use super::policy::{LockDemand, Policy};
use crate::settings::*;
use crate::trail::{ObjectName, Time, parse_time};

pub(super) fn now() -> Time {
    parse_time("2026-11-28T06:00:00Z").unwrap()
}

pub(super) const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Acl","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs",
     "Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
    {"Sid":"Write","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",
     "Resource":"arn:aws:s3:::logs/audit/AWSLogs/111122223333/*",
     "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
    {"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],
     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;

pub(super) fn bucket() -> BucketSettings {
    let on = Switch::On;
    let object = |key: &str, days: i64| {
        let modified = now() - TimeDelta::days(days);
        let lock = ObjectRetention { mode: LockMode::Compliance, until: modified + TimeDelta::days(400) };
        KeptObject {
            object: ObjectName::new("logs", key),
            modified: Some(modified),
            lock: Setting::Given(lock),
        }
    };
    BucketSettings {
        bucket: "logs".into(),
        prefix: "audit/".into(),
        read_at: now(),
        owner: Setting::Given(BucketOwner::Another),
        versioning: Setting::Given(Versioning { status: VersioningStatus::Enabled, mfa_delete: Switch::Off }),
        object_lock: Setting::Given(ObjectLock {
            default: Some(LockDefault { mode: LockMode::Compliance, days: 400 }),
        }),
        lifecycle: Setting::Absent,
        policy: Setting::Given(POLICY.to_owned()),
        public_access: Setting::Given(PublicAccessBlock {
            block_acls: on,
            ignore_acls: on,
            block_policy: on,
            restrict_buckets: on,
        }),
        policy_status: Setting::Given(PolicyStatus::NotPublic),
        grants: Setting::Given(Vec::new()),
        access_log: Setting::Given(AccessLog { target: "access-logs".into(), target_lock: Setting::Absent }),
        replication: Setting::Given(vec![Replication {
            id: "copy".into(),
            enabled: true,
            prefix: String::new(),
            tagged: false,
            bucket: "arn:aws:s3:::copies".into(),
            account: Some("999988887777".into()),
            delete_markers: Switch::Off,
            encrypted: Switch::On,
            priority: 0,
        }]),
        objects: Setting::Given(vec![object("oldest", 300), object("newest", 0)]),
    }
}

pub(super) fn trail() -> TrailSettings {
    let on = Switch::On;
    let minutes = |minutes| Delivery { latest: Some(now() - TimeDelta::minutes(minutes)), error: None };
    TrailSettings {
        name: "arn:aws:cloudtrail:us-east-1:111122223333:trail/main".into(),
        read_at: now(),
        trail: Setting::Given(TrailFacts {
            bucket: "logs".into(),
            prefix: "audit/".into(),
            account: "111122223333".parse().unwrap(),
            all_regions: on,
            global_services: on,
            organization: on,
            validation: on,
            key: Some("arn:aws:kms:us-east-1:111122223333:key/k".into()),
            log_group: Some("arn:aws:logs:us-east-1:111122223333:log-group:g".into()),
        }),
        status: Setting::Given(StatusFacts {
            logging: on,
            logs: minutes(5),
            digests: minutes(50),
            log_group: minutes(5),
        }),
        selectors: Setting::Given(Selectors::Basic(vec![EventSelector {
            calls: Calls::All,
            management: on,
            excluded: [].into(),
            data: vec![("AWS::S3::Object".into(), vec!["arn:aws:s3".into()])],
        }])),
        key: Setting::Given(KeyState { account: "111122223333".parse().ok(), state: "Enabled".into() }),
    }
}

pub(super) fn policy() -> Policy {
    Policy {
        name: "test".into(),
        about: "a test".into(),
        retention_days: 365,
        hot_days: 90,
        lock: LockDemand::Compliance,
        lock_days: 365,
        accounts: [].into(),
        checks: [].into(),
    }
}

pub(super) fn denied<T>() -> Setting<T> {
    Setting::Unread(Unread::Denied { right: "s3:GetSomething", detail: "AccessDenied".into() })
}
