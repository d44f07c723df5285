//! The program against an AWS that nobody here wrote: moto, which has what SeaweedFS lacks: sessions, roles, KMS, trails and
//! versions. What it does not do: ListPublicKeys (keys come from a file), a KMS key that refuses, the header of delete markers,
//! and conditions in policies. It checks signatures and policies in the tests that say so.
//! Where there is no Python environment to take it from, that is said on stderr and nothing is proven.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};
use trailseal::forge::{Damage, WorldPlan};

use crate::binary::{self, Verified, judged};
use crate::support::boto::{Boto, Credentials};
use crate::support::moto::{ACCOUNT, ANYBODY, Moto};
use crate::support::record::{Record, small};

/// Puts a record on the server.
fn put(server: &Moto, plan: &WorldPlan) -> (Record, Boto) {
    let record = Record::forge(plan);
    let mut boto = server.boto();
    boto.upload(&record.world, &json!({}));
    (record, boto)
}

#[test]
fn prefixes_of_every_kind_are_named_listed_and_signed_alike() {
    let Some(server) = Moto::get() else { return };
    let prefixes = [
        ("spaces", "audit  logs/a b"),
        ("plus", "a+b/+"),
        ("equals", "year=2026/x=="),
        ("unicode", "Prüfung/記録/🪵"),
        ("tilde", "~audit/~"),
        ("percent", "100%/%2F/%20"),
        ("quotes", "it's/\"quoted\"/`so`"),
        ("signs", "a&b=c;d,e:f@g$h!i(j)k*l"),
        ("long", &"l".repeat(400)),
    ];
    for (name, prefix) in prefixes {
        let (record, mut boto) = put(server, &small(&format!("prefix-{name}"), prefix));
        record.is_told_right(&server.url(), &ANYBODY, name);
        let damaged = record.damaged(Damage::LogEventEdited);
        boto.change(&record.world, &damaged.world);
        damaged.is_told_right(&server.url(), &ANYBODY, name);
    }
}

#[test]
fn what_was_deleted_in_a_bucket_that_keeps_versions_is_missing() {
    let Some(server) = Moto::get() else { return };
    let record = Record::forge(&WorldPlan { bucket: "versions".into(), ..WorldPlan::default() });
    let mut boto = server.boto();
    boto.call("s3", "create_bucket", json!({ "Bucket": "versions" }));
    let versioning = json!({ "Bucket": "versions", "VersioningConfiguration": { "Status": "Enabled" } });
    boto.call("s3", "put_bucket_versioning", versioning);
    boto.upload(&record.world, &json!({}));
    for damage in [Damage::LogDeleted, Damage::DigestDeleted, Damage::DigestEdited, Damage::DigestUnsigned] {
        let damaged = record.damaged(damage);
        boto.change(&record.world, &damaged.world);
        damaged.is_told_right(&server.url(), &ANYBODY, damage.as_str());
        boto.change(&damaged.world, &record.world);
    }
    record.is_told_right(&server.url(), &ANYBODY, "whole again");
}

#[test]
fn objects_that_are_encrypted_with_a_key_of_the_trails_own_are_read() {
    let Some(server) = Moto::get() else { return };
    let record = Record::forge(&small("encrypted", "audit"));
    let mut boto = server.boto();
    let key = boto.call("kms", "create_key", json!({}))["KeyMetadata"]["Arn"].clone();
    boto.upload(&record.world, &json!({ "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key }));
    record.is_told_right(&server.url(), &ANYBODY, "encrypted");
}

#[test]
fn a_trail_names_its_bucket_and_prefix() {
    let Some(server) = Moto::get() else { return };
    let (record, mut boto) = put(server, &small("of-a-trail", "audit"));
    let trail = json!({
        "Name": "management-events",
        "S3BucketName": "of-a-trail",
        "S3KeyPrefix": "audit",
        "IsMultiRegionTrail": true,
        "EnableLogFileValidation": true,
    });
    let made = boto.call("cloudtrail", "create_trail", trail);
    boto.call("cloudtrail", "start_logging", json!({ "Name": "management-events" }));
    let arn = made["TrailARN"].as_str().unwrap();
    let verify = |arn: &str| {
        let mut command = record.verify_as(arn, &server.url(), &ANYBODY);
        command.env("AWS_ENDPOINT_URL", server.url());
        // The forged account is another than moto's, and the trail is asked for its own alone.
        command.args(["--account", &record.world.plan().account_ids()[0].to_string()]);
        command.output().unwrap()
    };
    let Verified { code, report, .. } = judged(&verify(arn));
    assert_eq!(report["scope"]["prefix"], "audit/", "{report:#}");
    assert_eq!(code, 0, "{report:#}");

    // moto's DescribeTrails lists every trail, whichever is asked for: another one says nothing of this.
    let absent = verify(&arn.replace("management-events", "no-such-trail"));
    let said = [&absent.stdout[..], &absent.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(binary::code(&absent) == 2 && said.contains("no-such-trail"), "{said}");
    assert!(!said.contains("\"tamper\""), "{said}");
}

/// A caller who may only take on the first role, which may only take on the second, which may read.
struct Roles {
    server: Moto,
    record: Record,
    id: String,
    secret: String,
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

impl Roles {
    fn new() -> Option<Self> {
        let server = Moto::own()?;
        let (record, mut boto) = put(&server, &small("strict", "a+b/Prüfung/it's 100%"));
        let policy = |actions: &[&str]| {
            let allowed = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
            json!({ "Version": "2012-10-17", "Statement": [allowed] }).to_string()
        };
        let anybody = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*" } });
        let trust = json!({ "Version": "2012-10-17", "Statement": [anybody] }).to_string();
        boto.call("iam", "create_user", json!({ "UserName": "caller" }));
        let document = policy(&["sts:AssumeRole"]);
        let allowed = json!({ "UserName": "caller", "PolicyName": "p", "PolicyDocument": document });
        boto.call("iam", "put_user_policy", allowed);
        for (name, actions) in [
            ("first", &["sts:AssumeRole"][..]),
            ("second", &["s3:GetObject", "s3:ListBucket", "sts:AssumeRole"]),
        ] {
            let role = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust });
            boto.call("iam", "create_role", role);
            let allowed = json!({ "RoleName": name, "PolicyName": "p", "PolicyDocument": policy(actions) });
            boto.call("iam", "put_role_policy", allowed);
        }
        let key = boto.call("iam", "create_access_key", json!({ "UserName": "caller" }));
        let word = |field: &str| key["AccessKey"][field].as_str().unwrap().to_owned();
        let (id, secret) = (word("AccessKeyId"), word("SecretAccessKey"));
        server.check_signatures_from_now_on();
        Some(Self { server, record, id, secret })
    }

    fn caller(&self) -> Credentials<'_> {
        Credentials { id: &self.id, secret: &self.secret, session: None }
    }

    fn verify(&self, who: &Credentials<'_>) -> Command {
        let mut command = self.record.verify(&self.server.url(), who);
        command.env("AWS_ENDPOINT_URL", self.server.url());
        command
    }

    /// The second role's credentials, as AWS's SDK for Python comes by them.
    fn session(&self) -> Value {
        let mut first = Boto::start(&self.server.url(), &self.caller()).unwrap();
        let take = |name: &str| json!({ "RoleArn": role(name), "RoleSessionName": "test" });
        let first = first.call("sts", "assume_role", take("first"))["Credentials"].clone();
        let mut second = Boto::start(&self.server.url(), &credentials(&first)).unwrap();
        second.call("sts", "assume_role", take("second"))["Credentials"].clone()
    }
}

fn credentials(session: &Value) -> Credentials<'_> {
    let word = |field: &str| session[field].as_str().unwrap();
    Credentials {
        id: word("AccessKeyId"),
        secret: word("SecretAccessKey"),
        session: Some(word("SessionToken")),
    }
}

#[test]
fn sessions_and_chains_of_roles_are_signed_as_aws_checks_it() {
    let Some(roles) = Roles::new() else { return };
    let server = &roles.server;

    // The caller's own keys may not list.
    let refused = roles.verify(&roles.caller()).output().unwrap();
    let said = binary::stderr(&refused);
    assert!(binary::code(&refused) == 2 && said.contains("AccessDenied"), "{said}");

    let session = roles.session();
    let who = credentials(&session);
    roles.record.is_told_right(&server.url(), &who, "a session");
    for (wrong, word) in [
        (Credentials { session: Some("another-token"), ..who }, "InvalidToken"),
        (Credentials { secret: "another-secret", ..who }, "SignatureDoesNotMatch"),
        (Credentials { id: "ASIASTRANGER00000000", ..who }, ""),
    ] {
        let refused = roles.verify(&wrong).output().unwrap();
        let said = binary::stderr(&refused);
        assert!(binary::code(&refused) == 2 && said.contains(word), "{wrong}: {said}");
    }

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let profiles = format!(
        "[profile caller]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
         [profile first]\nrole_arn = {}\nsource_profile = caller\n\
         [profile second]\nrole_arn = {}\nsource_profile = first\n",
        roles.id,
        roles.secret,
        role("first"),
        role("second"),
    );
    fs::write(&config, profiles).unwrap();
    // A chain of profiles, and the last link of it by hand.
    for words in [&["--profile", "second"][..], &["--profile", "first", "--assume-role", &role("second")]] {
        let mut command = roles.verify(&roles.caller());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        let output = command.env("AWS_CONFIG_FILE", &config).args(words).output().unwrap();
        let Verified { code, told, .. } = judged(&output);
        assert_eq!((code, told), roles.record.right(), "{words:?}");
    }
}
