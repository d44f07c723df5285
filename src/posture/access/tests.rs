//! Policies with their right answers, and laws that hold for all of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::check::State::{self, Fail, Pass, Unknown};
use super::super::fixtures::{POLICY, bucket, denied};
use super::*;
use crate::settings::{Grant, PublicAccessBlock, Setting, Switch};

fn document(statements: Value) -> BucketSettings {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    BucketSettings { policy: Setting::Given(text), ..bucket() }
}

fn state(bucket: &BucketSettings, id: CheckId) -> State {
    checks(bucket).into_iter().find(|judged| judged.id == id).unwrap().reading.state
}

#[track_caller]
fn comes_to(id: CheckId, cases: &[(&str, Value, State)]) {
    for (what, statements, expected) in cases {
        assert_eq!(state(&document(statements.clone()), id), *expected, "{what}");
    }
}

const OBJECTS: &str = "arn:aws:s3:::logs/*";
const BUCKET: &str = "arn:aws:s3:::logs";

fn allow(principal: Value, action: Value, resource: Value) -> Value {
    json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource })
}

fn with(mut statement: Value, field: &str, value: Value) -> Value {
    statement[field] = value;
    statement
}

fn without(mut statement: Value, field: &str) -> Value {
    statement.as_object_mut().unwrap().remove(field);
    statement
}

#[test]
fn aws_s_own_policy_with_tls_passes() {
    let text: Value = serde_json::from_str(POLICY).unwrap();
    for id in
        [CheckId::BucketTls, CheckId::BucketSourceArn, CheckId::BucketDeleteRights, CheckId::BucketPublic]
    {
        assert_eq!(state(&document(text["Statement"].clone()), id), Pass, "{id}");
    }
}

#[test]
fn plain_http_has_to_be_denied_to_everybody_wholly() {
    let deny = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET, OBJECTS],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let (aws, everything) = (json!({ "AWS": "*" }), json!("*"));
    comes_to(
        CheckId::BucketTls,
        &[
            ("whole", json!([deny]), Pass),
            ("one statement, not a list", deny.clone(), Pass),
            ("a principal in another spelling", json!([with(deny.clone(), "Principal", aws)]), Pass),
            ("all actions", json!([with(deny.clone(), "Action", everything.clone())]), Pass),
            ("all resources", json!([with(deny.clone(), "Resource", everything)]), Pass),
            (
                "a flag as JSON has it",
                json!([with(deny.clone(), "Condition", json!({ "Bool": { "aws:securetransport": false } }))]),
                Pass,
            ),
            ("nothing", json!([]), Fail),
            ("the objects alone", json!([with(deny.clone(), "Resource", json!(OBJECTS))]), Unknown),
            ("the bucket alone", json!([with(deny.clone(), "Resource", json!(BUCKET))]), Unknown),
            (
                "another bucket",
                json!([with(
                    deny.clone(),
                    "Resource",
                    json!(["arn:aws:s3:::other", "arn:aws:s3:::other/*"])
                )]),
                Unknown,
            ),
            ("reads alone", json!([with(deny.clone(), "Action", json!("s3:GetObject"))]), Unknown),
            (
                "one account",
                json!([with(deny.clone(), "Principal", json!({ "AWS": "111122223333" }))]),
                Unknown,
            ),
            (
                "what is encrypted",
                json!([with(
                    deny.clone(),
                    "Condition",
                    json!({ "Bool": { "aws:SecureTransport": "true" } })
                )]),
                Unknown,
            ),
            (
                "a second condition",
                json!([with(
                    deny.clone(),
                    "Condition",
                    json!({ "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:username": "x" } })
                )]),
                Unknown,
            ),
            ("allowed, not denied", json!([with(deny.clone(), "Effect", json!("Allow"))]), Fail),
            (
                "whom it does not mean",
                json!([with(without(deny, "Principal"), "NotPrincipal", json!({ "AWS": "x" }))]),
                Unknown,
            ),
        ],
    );
    assert_eq!(state(&BucketSettings { policy: Setting::Absent, ..bucket() }, CheckId::BucketTls), Fail);
    assert_eq!(state(&BucketSettings { policy: denied(), ..bucket() }, CheckId::BucketTls), Unknown);
}

#[test]
fn cloudtrail_may_write_for_named_trails_alone() {
    let write = |condition: Value| {
        json!([with(
            allow(json!({ "Service": CLOUDTRAIL }), json!("s3:PutObject"), json!(OBJECTS)),
            "Condition",
            condition
        )])
    };
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    let bare = allow(json!({ "Service": CLOUDTRAIL }), json!("s3:PutObject"), json!(OBJECTS));
    comes_to(
        CheckId::BucketSourceArn,
        &[
            ("equal", write(json!({ "StringEquals": { "AWS:SourceArn": arn } })), Pass),
            ("as an ARN", write(json!({ "ArnEquals": { "aws:SourceArn": [arn, arn] } })), Pass),
            (
                "like, the account named",
                write(json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*" } })),
                Fail,
            ),
            (
                "like, any account",
                write(json!({ "StringLike": { "aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*" } })),
                Fail,
            ),
            ("like, anything", write(json!({ "StringLike": { "aws:SourceArn": "*" } })), Fail),
            (
                "one of two is anybody's",
                write(json!({ "StringLike": { "aws:SourceArn": [arn, "*"] } })),
                Fail,
            ),
            (
                "the account alone",
                write(json!({ "StringEquals": { "aws:SourceAccount": "111122223333" } })),
                Fail,
            ),
            ("the organization alone", write(json!({ "StringEquals": { "aws:SourceOrgID": "o-1" } })), Fail),
            ("no condition", json!([bare]), Fail),
            (
                "the ACL alone",
                write(json!({ "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } })),
                Fail,
            ),
            (
                "an operator that may be absent",
                write(json!({ "StringEqualsIfExists": { "aws:SourceArn": arn } })),
                Unknown,
            ),
            ("not equal", write(json!({ "StringNotEquals": { "aws:SourceArn": arn } })), Unknown),
            ("a set", write(json!({ "ForAnyValue:StringEquals": { "aws:SourceArn": arn } })), Unknown),
            (
                "no trail",
                write(
                    json!({ "StringEquals": { "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:channel/x" } }),
                ),
                Unknown,
            ),
            (
                "another service's",
                write(
                    json!({ "StringEquals": { "aws:SourceArn": "arn:aws:config:us-east-1:111122223333:x" } }),
                ),
                Unknown,
            ),
            ("nobody", json!([]), Unknown),
            (
                "all actions but some",
                json!([with(without(bare.clone(), "Action"), "NotAction", json!("s3:GetObject"))]),
                Unknown,
            ),
            (
                "another folder",
                json!([with(bare.clone(), "Resource", json!("arn:aws:s3:::logs/other/*"))]),
                Unknown,
            ),
            (
                "two statements, one open",
                json!([write(json!({ "StringEquals": { "aws:SourceArn": arn } }))[0], bare]),
                Fail,
            ),
        ],
    );
}

#[test]
fn nobody_else_may_write_delete_or_loosen() {
    let root = json!({ "AWS": "arn:aws:iam::111122223333:root" });
    let delete = allow(root.clone(), json!("s3:DeleteObject"), json!(OBJECTS));
    let deny = |action: Value, resource: Value| json!({ "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource });
    comes_to(
        CheckId::BucketDeleteRights,
        &[
            ("nothing", json!([]), Pass),
            (
                "reads",
                json!([allow(
                    root.clone(),
                    json!(["s3:GetObject", "s3:ListBucket"]),
                    json!([BUCKET, OBJECTS])
                )]),
                Pass,
            ),
            (
                "CloudTrail writes",
                json!([allow(json!({ "Service": CLOUDTRAIL }), json!("s3:PutObject"), json!(OBJECTS))]),
                Pass,
            ),
            (
                "CloudTrail deletes",
                json!([allow(json!({ "Service": CLOUDTRAIL }), json!("s3:DeleteObject"), json!(OBJECTS))]),
                Fail,
            ),
            ("deletes", json!([delete]), Fail),
            ("in another case", json!([allow(root.clone(), json!("S3:DELETEOBJECT"), json!(OBJECTS))]), Fail),
            ("by a pattern", json!([allow(root.clone(), json!("s3:Del*Version"), json!(OBJECTS))]), Fail),
            ("everything", json!([allow(root.clone(), json!("*"), json!("*"))]), Fail),
            ("everybody", json!([allow(json!("*"), json!("s3:PutObject"), json!(OBJECTS))]), Fail),
            (
                "elsewhere",
                json!([allow(root.clone(), json!("s3:DeleteObject"), json!("arn:aws:s3:::logs/other/*"))]),
                Pass,
            ),
            (
                "one account's part",
                json!([allow(
                    root.clone(),
                    json!("s3:DeleteObject"),
                    json!("arn:aws:s3:::logs/audit/AWSLogs/1/*")
                )]),
                Fail,
            ),
            (
                "the bucket's lifecycle",
                json!([allow(root.clone(), json!("s3:PutLifecycleConfiguration"), json!(BUCKET))]),
                Fail,
            ),
            (
                "a bucket action on objects is none",
                json!([allow(root.clone(), json!("s3:PutBucketPolicy"), json!(OBJECTS))]),
                Pass,
            ),
            (
                "governance bypassed",
                json!([allow(root.clone(), json!("s3:BypassGovernanceRetention"), json!(OBJECTS))]),
                Fail,
            ),
            (
                "re-encrypted",
                json!([allow(root.clone(), json!("s3:UpdateObjectEncryption"), json!(OBJECTS))]),
                Fail,
            ),
            (
                "replicas",
                json!([allow(
                    root.clone(),
                    json!(["s3:ReplicateObject", "s3:ReplicateDelete"]),
                    json!(OBJECTS)
                )]),
                Fail,
            ),
            (
                "another service writes",
                json!([allow(
                    json!({ "Service": "delivery.logs.amazonaws.com" }),
                    json!("s3:PutObject"),
                    json!(OBJECTS)
                )]),
                Unknown,
            ),
            (
                "a condition",
                json!([with(
                    delete.clone(),
                    "Condition",
                    json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } })
                )]),
                Unknown,
            ),
            (
                "all but some",
                json!([with(without(delete.clone(), "Principal"), "NotPrincipal", root.clone())]),
                Unknown,
            ),
            (
                "all actions but some",
                json!([with(without(delete.clone(), "Action"), "NotAction", json!("s3:Get*"))]),
                Unknown,
            ),
            (
                "all resources but some",
                json!([with(without(delete.clone(), "Resource"), "NotResource", json!("x"))]),
                Unknown,
            ),
            (
                "what a variable says",
                json!([with(delete.clone(), "Resource", json!("arn:aws:s3:::logs/${aws:username}/*"))]),
                Unknown,
            ),
            ("denied to all", json!([delete, deny(json!("s3:Delete*"), json!(OBJECTS))]), Pass),
            (
                "denied elsewhere",
                json!([delete, deny(json!("s3:Delete*"), json!("arn:aws:s3:::logs/audit/AWSLogs/1/*"))]),
                Unknown,
            ),
            (
                "denied with a condition",
                json!([
                    delete,
                    with(
                        deny(json!("s3:*"), json!("*")),
                        "Condition",
                        json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } })
                    )
                ]),
                Unknown,
            ),
            (
                "denied to one",
                json!([delete, with(deny(json!("s3:*"), json!("*")), "Principal", root)]),
                Unknown,
            ),
            (
                "one is given, one perhaps",
                json!([delete, with(delete.clone(), "Condition", json!({ "Null": { "x": "true" } }))]),
                Fail,
            ),
        ],
    );
    for policy in [Setting::Given("no JSON".to_owned()), Setting::Given("{}".to_owned()), denied()] {
        assert_eq!(state(&BucketSettings { policy, ..bucket() }, CheckId::BucketDeleteRights), Unknown);
    }
    assert_eq!(
        state(&BucketSettings { policy: Setting::Absent, ..bucket() }, CheckId::BucketDeleteRights),
        Pass
    );
}

#[test]
fn another_partition_s_bucket_is_known_by_its_policy() {
    let statement = allow(json!({ "AWS": "x" }), json!("s3:DeleteObject"), json!("arn:aws-cn:s3:::logs/*"));
    assert_eq!(state(&document(json!([statement])), CheckId::BucketDeleteRights), Fail);
}

#[test]
fn a_bucket_is_public_by_its_policy_or_its_acl_unless_all_is_blocked() {
    let off = Switch::Off;
    let in_part = PublicAccessBlock {
        block_acls: Switch::On,
        ignore_acls: off,
        block_policy: off,
        restrict_buckets: off,
    };
    let open = |public_access| BucketSettings { public_access, ..bucket() };
    assert_eq!(state(&bucket(), CheckId::BucketPublic), Pass);
    for block in [Setting::Absent, Setting::Given(in_part)] {
        assert_eq!(state(&open(block.clone()), CheckId::BucketPublic), Unknown, "the account may block it");
        let public =
            BucketSettings { policy_status: Setting::Given(PolicyStatus::Public), ..open(block.clone()) };
        assert_eq!(state(&public, CheckId::BucketPublic), Fail);
        let group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers".to_owned();
        let granted = Setting::Given(vec![Grant { grantee: group, permission: "READ".into() }]);
        assert_eq!(
            state(&BucketSettings { grants: granted, ..open(block.clone()) }, CheckId::BucketPublic),
            Fail
        );
        let unasked = BucketSettings { policy_status: denied(), ..open(block) };
        assert_eq!(state(&unasked, CheckId::BucketPublic), Unknown);
        let without_policy = BucketSettings { policy: Setting::Absent, ..unasked };
        assert_eq!(state(&without_policy, CheckId::BucketPublic), Unknown);
    }
    assert_eq!(state(&open(denied()), CheckId::BucketPublic), Unknown);
    // What is blocked is blocked, whatever the policy says.
    let public = BucketSettings { policy_status: Setting::Given(PolicyStatus::Public), ..bucket() };
    assert_eq!(state(&public, CheckId::BucketPublic), Pass);
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    let principal = prop_oneof![
        Just(json!("*")),
        Just(json!({ "AWS": "arn:aws:iam::111122223333:root" })),
        Just(json!({ "Service": CLOUDTRAIL })),
        Just(json!({ "Service": "config.amazonaws.com" })),
    ];
    let action = prop_oneof![
        Just("s3:*"),
        Just("s3:Delete*"),
        Just("s3:PutObject"),
        Just("s3:Put*"),
        Just("s3:GetObject")
    ];
    let resource = prop_oneof![
        Just("*"),
        Just(OBJECTS),
        Just(BUCKET),
        Just("arn:aws:s3:::logs/audit/AWSLogs/*"),
        Just("arn:aws:s3:::other/*")
    ];
    let condition = prop_oneof![
        3 => Just(None),
        1 => Just(Some(json!({ "StringEquals": { "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main" } }))),
    ];
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let turned = prop_oneof![4 => Just(None), 1 => Just(Some("Principal")), 1 => Just(Some("Action")), 1 => Just(Some("Resource"))];
    let statement = (effect, principal, action, resource, condition, turned).prop_map(
        |(effect, principal, action, resource, condition, turned)| {
            let mut statement =
                json!({ "Effect": effect, "Principal": principal, "Action": action, "Resource": resource });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            if let Some(field) = turned {
                let value = statement.as_object_mut().expect("an object").remove(field).expect("a field");
                statement[format!("Not{field}")] = value;
            }
            statement
        },
    );
    proptest::collection::vec(statement, 0..5)
}

/// Passed, not known, failed: how bad it is.
fn badness(statements: &[Value]) -> u8 {
    match state(&document(json!(statements)), CheckId::BucketDeleteRights) {
        Pass => 0,
        Unknown | State::BeyondTheSource => 1,
        Fail => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_deny_more_gives_no_right_and_an_allow_more_takes_none(before in statements(), more in statements()) {
        for statement in more {
            let after: Vec<Value> = before.iter().cloned().chain([statement.clone()]).collect();
            let (before, after) = (badness(&before), badness(&after));
            if statement["Effect"] == "Deny" {
                prop_assert!(after <= before, "{statement}");
            } else {
                prop_assert!(before <= after, "{statement}");
            }
        }
    }

    #[test]
    fn the_order_of_statements_says_nothing(mut statements in statements()) {
        let before = badness(&statements);
        statements.reverse();
        prop_assert_eq!(before, badness(&statements));
    }
}
