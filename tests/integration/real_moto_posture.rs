//! `trailseal posture` against an AWS that nobody here wrote: what AWS's SDK for Python has set is what is read. moto does not know
//! GetBucketPolicyStatus, and whether versions are kept it says under another name than S3.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::posture::checks_of;
use crate::support::boto::Boto;
use crate::support::moto::{ACCOUNT, Moto};

fn judged(server: &Moto, source: &str) -> BTreeMap<String, (String, String)> {
    judged_by(server, source, "soc2")
}

fn judged_by(server: &Moto, source: &str, policy: &str) -> BTreeMap<String, (String, String)> {
    let output = Command::cargo_bin("trailseal")
        .unwrap()
        .args(["posture", source, "--format", "json", "--policy", policy])
        .env_clear()
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDANYBODY")
        .env("AWS_SECRET_ACCESS_KEY", "any-secret")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    checks_of(&document)
}

#[track_caller]
fn are(checks: &BTreeMap<String, (String, String)>, expected: &[(&str, &str)]) {
    for (id, state) in expected {
        assert_eq!(checks[*id].0, *state, "{id}: {}", checks[*id].1);
    }
}

fn create(boto: &mut Boto, bucket: &str, more: Value) {
    let mut asked = json!({ "Bucket": bucket });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    boto.call("s3", "create_bucket", asked);
}

#[test]
fn a_bucket_that_was_only_made_fails_where_it_should() {
    let Some(server) = Moto::get() else { return };
    create(&mut server.boto(), "bare-logs", json!({}));
    let checks = judged(server, "s3://bare-logs");
    are(
        &checks,
        &[
            ("bucket-object-lock", "FAIL"),
            // It answers under another name than S3's: that is no answer of S3.
            ("bucket-versioning", "UNKNOWN"),
            ("bucket-tls", "FAIL"),
            ("bucket-public", "UNKNOWN"),
            ("bucket-access-logging", "FAIL"),
            ("bucket-replication", "FAIL"),
            ("bucket-lifecycle", "PASS"),
            ("bucket-delete-rights", "PASS"),
            ("bucket-source-arn", "UNKNOWN"),
            ("trail-logging", "UNKNOWN"),
        ],
    );
}

#[test]
fn what_boto3_has_set_is_what_is_read() {
    let Some(server) = Moto::get() else { return };
    let mut boto = server.boto();
    create(&mut boto, "kept-logs", json!({ "ObjectLockEnabledForBucket": true }));
    create(&mut boto, "kept-accesses", json!({}));
    let key = boto.call("kms", "create_key", json!({}))["KeyMetadata"]["Arn"].clone();
    let bucket = "kept-logs";
    let arn = arn(bucket);
    boto.call(
        "s3",
        "put_object_lock_configuration",
        json!({ "Bucket": bucket, "ObjectLockConfiguration": { "ObjectLockEnabled": "Enabled", "Rule": { "DefaultRetention": { "Mode": "COMPLIANCE", "Days": 400 } } } }),
    );
    let over_tls = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::kept-logs", "arn:aws:s3:::kept-logs/*"],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    usual(&mut boto, bucket, &[over_tls]);
    boto.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        json!({ "Bucket": bucket, "LifecycleConfiguration": { "Rules": [
            { "ID": "old", "Status": "Enabled", "Filter": { "Prefix": "" }, "Expiration": { "Days": 2555 } },
            { "ID": "off", "Status": "Disabled", "Filter": { "Prefix": "AWSLogs/" }, "Expiration": { "Days": 1 } },
        ] } }),
    );
    trail(&mut boto, bucket, Some(&key));
    boto.call(
        "cloudtrail",
        "put_event_selectors",
        json!({ "TrailName": bucket, "EventSelectors": [{ "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::kept-logs/"] }] }] }),
    );
    let checks = judged(server, &arn);
    are(
        &checks,
        &[
            ("trail-multi-region", "PASS"),
            ("trail-management-events", "PASS"),
            ("trail-data-events-s3", "FAIL"),
            ("trail-bucket-self-watch", "PASS"),
            ("trail-kms", "PASS"),
            ("trail-cloudwatch", "FAIL"),
            ("bucket-object-lock", "PASS"),
            ("bucket-tls", "PASS"),
            ("bucket-public", "PASS"),
            ("bucket-source-arn", "PASS"),
            ("bucket-delete-rights", "PASS"),
            ("bucket-lifecycle", "PASS"),
        ],
    );
    // One change, one check.
    let id = key.as_str().unwrap().rsplit('/').next().unwrap();
    boto.call("kms", "disable_key", json!({ "KeyId": id }));
    boto.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        json!({ "Bucket": bucket, "LifecycleConfiguration": { "Rules": [{ "ID": "short", "Status": "Enabled", "Filter": { "Prefix": "AWSLogs/" }, "Expiration": { "Days": 90 } }] } }),
    );
    boto.call("cloudtrail", "stop_logging", json!({ "Name": bucket }));
    are(
        &judged(server, &arn),
        &[
            ("trail-kms", "FAIL"),
            ("bucket-lifecycle", "FAIL"),
            ("trail-logging", "FAIL"),
            ("bucket-tls", "PASS"),
        ],
    );
}

/// Public access blocked, and CloudTrail let in for one trail: what all twelve setups have in common.
fn usual(boto: &mut Boto, bucket: &str, more: &[Value]) {
    let block = json!({ "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true });
    boto.call(
        "s3",
        "put_public_access_block",
        json!({ "Bucket": bucket, "PublicAccessBlockConfiguration": block }),
    );
    let mut statements = vec![json!({
        "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/*"), "Condition": { "StringEquals": { "aws:SourceArn": arn(bucket) } },
    })];
    statements.extend(more.iter().cloned());
    put_policy(boto, bucket, &statements);
}

fn put_policy(boto: &mut Boto, bucket: &str, statements: &[Value]) {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    boto.call("s3", "put_bucket_policy", json!({ "Bucket": bucket, "Policy": policy.to_string() }));
}

/// The trail of a setup has the name of its bucket.
fn arn(bucket: &str) -> String {
    format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{bucket}")
}

fn trail(boto: &mut Boto, bucket: &str, key: Option<&Value>) {
    let mut asked = json!({ "Name": bucket, "S3BucketName": bucket, "IsMultiRegionTrail": true, "EnableLogFileValidation": true });
    if let Some(key) = key {
        asked["KmsKeyId"] = key.clone();
    }
    boto.call("cloudtrail", "create_trail", asked);
    boto.call("cloudtrail", "start_logging", json!({ "Name": bucket }));
}

fn expire(boto: &mut Boto, bucket: &str, prefix: &str, days: u32) {
    let rule = json!({ "ID": "r", "Status": "Enabled", "Filter": { "Prefix": prefix }, "Expiration": { "Days": days } });
    let asked = json!({ "Bucket": bucket, "LifecycleConfiguration": { "Rules": [rule] } });
    boto.call("s3", "put_bucket_lifecycle_configuration", asked);
}

fn select(boto: &mut Boto, bucket: &str, calls: &str, data: &[&str]) {
    let data: Vec<Value> =
        data.iter().map(|value| json!({ "Type": "AWS::S3::Object", "Values": [value] })).collect();
    let selector = json!({ "ReadWriteType": calls, "IncludeManagementEvents": true, "DataResources": data });
    boto.call(
        "cloudtrail",
        "put_event_selectors",
        json!({ "TrailName": bucket, "EventSelectors": [selector] }),
    );
}

/// Makes a setup of the README's table, in a bucket of its own.
fn set_up(boto: &mut Boto, setup: &str, bucket: &str) {
    let locked = setup.contains("lock");
    create(boto, bucket, if locked { json!({ "ObjectLockEnabledForBucket": true }) } else { json!({}) });
    let objects = format!("arn:aws:s3:::{bucket}/*");
    let mut more = Vec::new();
    let mut key = None;
    let mut lock = |mode: &str, days: u32| {
        let rule = json!({ "DefaultRetention": { "Mode": mode, "Days": days } });
        let lock = json!({ "ObjectLockEnabled": "Enabled", "Rule": rule });
        boto.call(
            "s3",
            "put_object_lock_configuration",
            json!({ "Bucket": bucket, "ObjectLockConfiguration": lock }),
        );
    };
    match setup {
        "objects locked for one day in GOVERNANCE mode" => lock("GOVERNANCE", 1),
        "objects locked for 400 days in COMPLIANCE mode" => lock("COMPLIANCE", 400),
        "the trail's KMS key disabled" => {
            let made = boto.call("kms", "create_key", json!({}))["KeyMetadata"].clone();
            boto.call("kms", "disable_key", json!({ "KeyId": made["KeyId"] }));
            key = Some(made["Arn"].clone());
        }
        "TLS demanded for the objects alone" => more.push(json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": objects, "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        })),
        "the account's root given every right by the policy" => more.push(json!({
            "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }, "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{bucket}"), objects],
        })),
        _ => {}
    }
    usual(boto, bucket, &more);
    trail(boto, bucket, key.as_ref());
    match setup {
        "everything expires after one day" => expire(boto, bucket, "", 1),
        "digests expire, log files do not" => {
            expire(boto, bucket, &format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/"), 400)
        }
        "data events of another bucket alone" => {
            select(boto, bucket, "All", &["arn:aws:s3:::some-other-bucket/"])
        }
        "management events that read alone" => select(boto, bucket, "ReadOnly", &[]),
        "accesses logged to the bucket itself" => {
            boto.call("s3", "put_bucket_acl", json!({ "Bucket": bucket, "ACL": "log-delivery-write" }));
            let enabled = json!({ "TargetBucket": bucket, "TargetPrefix": "x/" });
            let asked = json!({ "Bucket": bucket, "BucketLoggingStatus": { "LoggingEnabled": enabled } });
            boto.call("s3", "put_bucket_logging", asked);
        }
        "CloudTrail let in for anybody's trail" => {
            let anybody_s = json!({ "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "s3:PutObject", "Resource": objects });
            put_policy(boto, bucket, &[anybody_s]);
        }
        _ => {}
    }
}

#[test]
fn the_twelve_setups_of_the_readme_come_to_what_it_says() {
    let Some(server) = Moto::get() else { return };
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table = readme.split("<!-- setups -->").nth(1).unwrap().split("<!-- /setups -->").next().unwrap();
    let rows: Vec<Vec<&str>> =
        table.trim().lines().skip(2).map(|row| row.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), 12);
    let mut boto = server.boto();
    for (number, row) in rows.iter().enumerate() {
        let [_, setup, _, _, check, state, _] = row[..] else { panic!("{row:?}") };
        let bucket = format!("setup-{number}");
        set_up(&mut boto, setup, &bucket);
        let checks = judged_by(server, &arn(&bucket), "pci");
        let (came_to, value) = &checks[check.trim_matches('`')];
        assert_eq!(came_to, state, "{setup}: {value}");
    }
}
