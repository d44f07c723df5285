//! `trailseal posture` as it is run: over S3, CloudTrail and KMS of the tests' own, whose settings are as AWS answers them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use trailseal::forge::World;
use trailseal::posture::CheckId;

use crate::s3_cli::program;
use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::judged::quiet;
use crate::support::server::Server;
use crate::support::settings::Settings;
use crate::support::world::{self, Bucket};

/// Half a day of one account in two regions.
static WORLD: LazyLock<World> = LazyLock::new(|| quiet(12, |_| {}));
const SOURCE: &str = "s3://example-trail-bucket";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0000";

/// A record, and how it is protected.
struct Scene {
    server: Server,
    trail: String,
}

/// A bucket that lacks nothing, for a trail.
fn protected(trail: &str) -> Settings {
    let account = trail.split(':').nth(4).unwrap();
    let lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode>\
                <Years>7</Years></DefaultRetention></Rule></ObjectLockConfiguration>";
    let until = (Utc::now() + TimeDelta::days(3000)).format("%Y-%m-%dT%H:%M:%SZ");
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Write", "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "s3:PutObject",
          "Resource": format!("arn:aws:s3:::example-trail-bucket/AWSLogs/{account}/*"),
          "Condition": { "StringEquals": { "aws:SourceArn": trail } } },
        { "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::example-trail-bucket", "arn:aws:s3:::example-trail-bucket/*"],
          "Condition": { "Bool": { "aws:SecureTransport": "false" } } },
    ] });
    let all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let block: String = all.iter().map(|flag| format!("<{flag}>true</{flag}>")).collect();
    Settings { owner: "999988887777".into(), retention: Some(format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>")), ..Settings::default() }
        .with("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        .with("object-lock", lock)
        .with("policy", policy.to_string())
        .with("publicAccessBlock", format!("<PublicAccessBlockConfiguration>{block}</PublicAccessBlockConfiguration>"))
        .with("policyStatus", "<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>")
        .with("logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>access-logs</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>")
        .with(
            "replication",
            "<ReplicationConfiguration><Role>r</Role><Rule><ID>copy</ID><Status>Enabled</Status><Priority>1</Priority><SourceSelectionCriteria>\
             <SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria><Filter><Prefix></Prefix></Filter>\
             <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::copies</Bucket>\
             <Account>123412341234</Account></Destination></Rule></ReplicationConfiguration>",
        )
}

impl Scene {
    fn new() -> Self {
        let mut world = forged::world(&WORLD, Encoding::Mixed);
        world.buckets.insert("access-logs".into(), Bucket::new(forged::BUCKET_REGION));
        let known = &mut world.trails[0];
        let trail = known.arn.clone();
        let now = Utc::now().timestamp() as f64;
        known.description["KmsKeyId"] = KEY.into();
        known.description["CloudWatchLogsLogGroupArn"] =
            "arn:aws:logs:us-east-1:111122223333:log-group:g".into();
        known.description["IsMultiRegionTrail"] = true.into();
        known.description["IsOrganizationTrail"] = true.into();
        known.description["IncludeGlobalServiceEvents"] = true.into();
        known.description["LogFileValidationEnabled"] = true.into();
        known.status = json!({ "IsLogging": true, "LatestDeliveryTime": now, "LatestDigestDeliveryTime": now, "LatestCloudWatchLogsDeliveryTime": now });
        known.selectors = json!({ "TrailARN": trail, "AdvancedEventSelectors": [
            { "Name": "management", "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Management"] }] },
            { "Name": "objects", "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Data"] }, { "Field": "resources.type", "Equals": ["AWS::S3::Object"] }] },
        ] });
        world.key_states.insert(KEY.into(), "Enabled".into());
        world.buckets.get_mut("example-trail-bucket").unwrap().settings = protected(&trail);
        Self { server: Server::start(world), trail }
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.server.change(|world: &mut world::World| {
            change(&mut world.buckets.get_mut("example-trail-bucket").unwrap().settings);
        });
    }

    fn run(&self, source: &str, more: &[&str]) -> (i32, String, String) {
        let output = program(&self.server).args(["posture", source]).args(more).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Its exit code, and the state and what was read of every check; of several trails the last.
    fn judged(&self, source: &str, more: &[&str]) -> (i32, BTreeMap<String, (String, String)>, Value) {
        let (code, text, stderr) = self.run(source, &[&["--format", "json"], more].concat());
        let document: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{stderr}"));
        (code, checks_of(&document), document)
    }
}

/// The state of every check in a document, and what was read; of several trails the last.
pub fn checks_of(document: &Value) -> BTreeMap<String, (String, String)> {
    let word = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = document["checks"].as_array().unwrap().iter();
    checks.map(|check| (word(check, "id"), (word(check, "state"), word(check, "value")))).collect()
}

/// A bucket that lacks nothing, one that lacks all, and one with rules, as JSON.
pub fn documents() -> [(&'static str, String); 3] {
    let scene = Scene::new();
    let told = |scene: &Scene| scene.run(&scene.trail, &["--format", "json"]).1;
    let whole = told(&scene);
    scene.set(|settings| drop(settings.set.insert("lifecycle", with_rule(&scene.trail))));
    let ruled = told(&scene);
    scene.set(|settings| *settings = Settings::default());
    [("whole", whole), ("ruled", ruled), ("bare", told(&scene))]
}

/// A rule for the log files of the trail's account alone.
fn with_rule(trail: &str) -> String {
    let account = trail.split(':').nth(4).unwrap();
    format!(
        "<LifecycleConfiguration><Rule><ID>logs</ID><Filter><And><Prefix>AWSLogs/{account}/CloudTrail/</Prefix><ObjectSizeGreaterThan>0\
         </ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass>\
         </Transition><Expiration><Days>200</Days></Expiration></Rule></LifecycleConfiguration>"
    )
}

/// The codes of what is said of how long the record is kept.
fn codes(document: &Value) -> Vec<&str> {
    let findings = document["retention"]["findings"].as_array().unwrap().iter();
    findings.filter_map(|found| found["code"].as_str()).collect()
}

#[track_caller]
fn state<'c>(checks: &'c BTreeMap<String, (String, String)>, id: &str) -> &'c str {
    &checks[id].0
}

#[test]
fn what_lacks_nothing_passes_under_every_policy() {
    let scene = Scene::new();
    for policy in ["soc2", "pci", "hipaa", "sox"] {
        let (code, checks, document) = scene.judged(&scene.trail, &["--policy", policy]);
        let not_passed: Vec<_> = checks.iter().filter(|(_, (state, _))| state != "PASS").collect();
        assert!(not_passed.is_empty(), "{not_passed:#?}");
        assert_eq!((code, document["exit_code"].as_i64(), checks.len()), (0, Some(0), CheckId::ALL.len()));
        let retention = &document["retention"];
        assert_eq!((&retention["logs"], &retention["digests"]), (&json!({}), &json!({})));
        // Half a day of two regions: that it is kept for a year nothing shows yet.
        assert_eq!(retention["chains"].as_array().unwrap().len(), 2, "{retention}");
        assert!(
            retention["chains"][0]["oldest"].as_str() < retention["chains"][0]["newest"].as_str(),
            "{retention}"
        );
        assert_eq!(codes(&document), ["retention-unproven"]);
    }
}

#[test]
fn what_is_not_set_fails_and_says_what_to_do() {
    let scene = Scene::new();
    scene.set(|settings| *settings = Settings { owner: settings.owner.clone(), ..Settings::default() });
    let (code, checks, document) = scene.judged(&scene.trail, &["--policy", "pci"]);
    assert_eq!(code, 3);
    for id in [
        "bucket-object-lock",
        "objects-locked",
        "bucket-versioning",
        "bucket-mfa-delete",
        "bucket-tls",
        "bucket-replication",
        "bucket-access-logging",
    ] {
        assert_eq!(state(&checks, id), "FAIL", "{id}");
    }
    for id in ["bucket-delete-rights", "bucket-lifecycle", "bucket-other-account", "trail-validation"] {
        assert_eq!(state(&checks, id), "PASS", "{id}");
    }
    assert_eq!(state(&checks, "bucket-source-arn"), "UNKNOWN");
    assert_eq!(state(&checks, "bucket-public"), "UNKNOWN", "the account may block it");
    for check in document["checks"].as_array().unwrap() {
        assert_eq!(check["next"].is_string(), check["state"] == "FAIL", "{check}");
        for control in check["controls"].as_array().unwrap() {
            assert!(
                ["framework", "version", "id", "source"].iter().all(|field| control[field].is_string()),
                "{control}"
            );
        }
    }
}

#[test]
fn what_is_refused_is_not_known_and_names_the_right() {
    let scene = Scene::new();
    scene.server.fail(faults::script(|call| {
        let asked = matches!(
            call.action,
            Action::GetSetting | Action::GetEventSelectors | Action::GetTrailStatus | Action::DescribeKey
        );
        asked.then_some(Fault::Refuse(403, "AccessDenied", "Access Denied"))
    }));
    let (code, checks, _) = scene.judged(&scene.trail, &[]);
    assert_eq!(code, 3);
    let still_known = ["trail-multi-region", "bucket-other-account", "trail-organization"];
    for (id, (state, value)) in checks.iter().filter(|(id, _)| !still_known.contains(&id.as_str())) {
        assert_eq!(state, "UNKNOWN", "{id}: {value}");
        assert!(
            value.contains("grant s3:Get")
                || value.contains("grant cloudtrail:Get")
                || value.contains("grant kms:"),
            "{id}: {value}"
        );
    }
}

#[test]
fn an_answer_without_a_selector_is_none_of_cloudtrail_s() {
    let scene = Scene::new();
    scene.server.change(|world| world.trails[0].selectors = json!({ "TrailARN": "x", "EventSelectors": [] }));
    let (code, checks, _) = scene.judged(&scene.trail, &["--policy", "pci"]);
    assert_eq!(code, 3);
    for id in ["trail-management-events", "trail-data-events-s3", "trail-bucket-self-watch"] {
        assert_eq!(state(&checks, id), "UNKNOWN", "{id}");
    }
}

#[test]
fn what_could_not_be_listed_is_told_and_counts() {
    let scene = Scene::new();
    assert_eq!(scene.judged(&scene.trail, &[]).2["unlisted"], json!([]));
    let region = format!("/{}/", WORLD.plan().region_names()[1]);
    for part in [String::new(), region] {
        let of_part = part.clone();
        scene.server.fail(faults::script(move |call| {
            (call.action == Action::ListObjectsV2 && call.key.contains(&of_part)).then_some(Fault::DENIED)
        }));
        let (code, checks, document) = scene.judged(&scene.trail, &[]);
        assert_eq!(code, 3, "{part}");
        assert!(!document["unlisted"].as_array().unwrap().is_empty(), "{part}");
        if part.is_empty() {
            assert_eq!(state(&checks, "objects-locked"), "UNKNOWN");
            assert!(checks["objects-locked"].1.contains("could not be listed"), "{checks:#?}");
        }
        for format in ["human", "csv", "markdown"] {
            let (code, text, _) = scene.run(&scene.trail, &["--format", format]);
            assert_eq!((code, text.contains("AccessDenied")), (3, true), "{format}: {text}");
        }
    }
}

#[test]
fn an_outage_is_not_known_and_never_passed() {
    let scene = Scene::new();
    scene.server.fail(faults::script(|call| {
        (call.action == Action::GetSetting).then_some(Fault::Refuse(400, "SomethingElse", "of another kind"))
    }));
    let (code, checks, _) = scene.judged(&scene.trail, &[]);
    assert_eq!(code, 3);
    let of_bucket =
        checks.iter().filter(|(id, _)| id.starts_with("bucket-") && *id != "bucket-other-account");
    assert!(
        of_bucket.clone().all(|(_, (state, value))| state == "UNKNOWN" && value.contains("SomethingElse")),
        "{checks:#?}"
    );
    assert_eq!(of_bucket.count(), 10);
}

#[test]
fn a_bucket_asks_the_trails_that_its_digests_name() {
    let scene = Scene::new();
    let (code, checks, document) = scene.judged(SOURCE, &[]);
    assert_eq!((code, state(&checks, "trail-validation")), (0, "PASS"), "{checks:#?}");
    let subjects: BTreeSet<&str> =
        document["checks"].as_array().unwrap().iter().filter_map(|check| check["subject"].as_str()).collect();
    assert!(subjects.contains(&*scene.trail), "{subjects:?}");
    // Who may not ask them is told so, and that counts.
    scene.server.fail(faults::script(|call| {
        let asks =
            matches!(call.action, Action::GetTrail | Action::GetTrailStatus | Action::GetEventSelectors);
        asks.then_some(Fault::Refuse(400, "AccessDeniedException", "not yours"))
    }));
    let (code, checks, _) = scene.judged(SOURCE, &[]);
    assert_eq!((code, state(&checks, "trail-validation")), (3, "UNKNOWN"));
}

#[test]
fn what_has_ended_is_asked_nothing() {
    let scene = Scene::new();
    // The newest day of a second trail is years before that of the first.
    scene.server.change(|world| {
        let bucket = world.buckets.get_mut("example-trail-bucket").unwrap();
        let (key, stored) = bucket.objects.iter().find(|(key, _)| key.contains("CloudTrail-Digest")).unwrap();
        let (key, stored) = (key.clone(), stored.clone());
        let day = key.split('/').rev().skip(1).take(3).collect::<Vec<_>>();
        let older = key
            .replace(&format!("{}/{}/{}", day[2], day[1], day[0]), "2020/01/01")
            .replace(&format!("_{}{}{}T", day[2], day[1], day[0]), "_20200101T")
            .replace("management-events", "of-old");
        assert_ne!(older, key);
        bucket.objects.insert(older, stored);
    });
    let (code, checks, document) = scene.judged(SOURCE, &[]);
    assert_eq!(code, 0, "{checks:#?}");
    assert_eq!(document["retention"]["chains"].as_array().unwrap().len(), 3);
}

#[test]
fn an_empty_bucket_s_settings_are_judged_all_the_same() {
    let scene = Scene::new();
    scene.server.change(|world| world.buckets.get_mut("example-trail-bucket").unwrap().objects.clear());
    let (code, checks, _) = scene.judged(SOURCE, &[]);
    assert_eq!((state(&checks, "bucket-tls"), state(&checks, "trail-logging")), ("PASS", "UNKNOWN"));
    assert!(checks["trail-logging"].1.contains("name it by its ARN"), "{checks:#?}");
    // No object shows whether objects are locked; the trail, of which nobody can know from here, does not count.
    assert_eq!((code, state(&checks, "objects-locked")), (3, "UNKNOWN"));
    let (code, _, stderr) = scene.run("s3://no-such-bucket", &[]);
    assert_eq!(code, 2, "{stderr}");
    let (code, _, stderr) = scene.run(".", &[]);
    assert!(code == 2 && stderr.contains("has no settings"), "{stderr}");
}

#[test]
fn rules_that_delete_or_archive_are_told_with_their_days() {
    let scene = Scene::new();
    scene.set(|settings| drop(settings.set.insert("lifecycle", with_rule(&scene.trail))));
    let (code, checks, document) = scene.judged(&scene.trail, &[]);
    assert_eq!((code, state(&checks, "bucket-lifecycle")), (3, "FAIL"));
    assert_eq!(codes(&document), ["retention-short", "hot-cold", "digest-log-split", "retention-unproven"]);
    assert_eq!(document["retention"]["logs"]["expire_days"], 200);
    assert_eq!(document["retention"]["logs"]["archive_days"], 30);
}

#[test]
fn a_policy_file_says_what_counts() {
    let scene = Scene::new();
    scene.set(|settings| drop(settings.set.remove("object-lock")));
    scene.server.change(|world| world.trails[0].description["IsOrganizationTrail"] = false.into());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    let text = "name = \"own\"\nabout = \"our own\"\nretention-days = 30\nhot-days = 7\nlock = \"governance\"\nlock-days = 30\n";
    fs::write(
        &file,
        format!("{text}accounts = [\"111122223333\"]\n[checks]\ntrail-organization = \"advised\"\n"),
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let (code, checks, _) = scene.judged(&scene.trail, &["--policy", path]);
    assert_eq!(
        (code, state(&checks, "bucket-object-lock"), state(&checks, "trail-organization")),
        (3, "FAIL", "FAIL")
    );
    fs::write(
        &file,
        format!("{text}[checks]\ntrail-organization = \"advised\"\nbucket-object-lock = \"advised\"\nbucket-mfa-delete = \"advised\"\ntrail-bucket-self-watch = \"advised\"\n"),
    )
    .unwrap();
    assert_eq!(scene.judged(&scene.trail, &["--policy", path]).0, 0);
    let (code, _, stderr) = scene.run(&scene.trail, &["--policy", "no-such-policy"]);
    assert!(code == 2 && stderr.contains("soc2, pci, hipaa, sox"), "{stderr}");
}

#[test]
fn every_form_tells_every_check_and_hostile_names_do_nothing() {
    let scene = Scene::new();
    scene.set(|settings| {
        let policy = json!({ "Statement": [{ "Sid": "\u{1b}[31m=cmd|x", "Effect": "Allow", "Principal": { "AWS": "<script>|`x`" }, "Action": "s3:*", "Resource": "*" }] });
        settings.set.insert("policy", policy.to_string());
    });
    for format in ["human", "json", "csv", "markdown"] {
        let (code, text, stderr) = scene.run(&scene.trail, &["--format", format]);
        assert_eq!(code, 3, "{stderr}");
        assert!(!text.contains('\u{1b}'), "{format}");
        for check in CheckId::ALL {
            assert!(text.contains(check.as_str()), "{format}: {check}");
        }
        assert!(text.contains("bucket-delete-rights") && text.contains("s3:DeleteObject"), "{format}");
    }
    let (_, human, _) = scene.run(&scene.trail, &[]);
    assert!(human.lines().all(|line| line.chars().count() <= 130), "{human}");
    assert!(human.starts_with("Of 21 checks "), "{human}");
}
