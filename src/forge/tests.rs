#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;

use super::damage::Damage;
use super::plan::{Turn, WorldPlan};
use super::truth::{Class, Code};
use super::world::World;
use crate::crypto::{Fingerprint, PublicKey};
use crate::gzip::{self, Limit};
use crate::trail::key::ObjectKey;
use crate::trail::{ObjectName, format_time};

static WORLD: LazyLock<World> = LazyLock::new(|| World::forge(&WorldPlan::default()).unwrap());

fn keys(world: &World) -> Vec<PublicKey> {
    let list: serde_json::Value = serde_json::from_slice(&world.keys().json()).unwrap();
    let key = |entry: &serde_json::Value| {
        let value =
            base64::engine::general_purpose::STANDARD.decode(entry["Value"].as_str().unwrap()).unwrap();
        assert_eq!(entry["Fingerprint"], Fingerprint::of(&value).as_str());
        PublicKey::decode(Fingerprint::of(&value), &value).unwrap()
    };
    list["PublicKeyList"].as_array().unwrap().iter().map(key).collect()
}

fn everything() -> WorldPlan {
    WorldPlan {
        hours: 24,
        organization: Some("o-exampleorgid1".parse().unwrap()),
        prefix: "audit/logs".into(),
        trails: vec!["management-events".parse().unwrap(), "second_trail.us-east-1".parse().unwrap()],
        // What is an organization's is not made one.
        turns: Turn::ALL.into_iter().filter(|turn| *turn != Turn::OrganizationChange).collect(),
        ..WorldPlan::default()
    }
}

/// Checks every digest of a world against its object, its key and its predecessor; returns the log files it names.
fn check_digests(world: &World) -> BTreeSet<ObjectName> {
    let keys = keys(world);
    let mut named = BTreeSet::new();
    let mut used = BTreeSet::new();
    for chain in world.chains() {
        for digest in &chain.digests {
            let stored = &world.objects()[digest.object()];
            let json = gzip::inflate(&stored.body, Limit::DIGEST).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
            let text = |field: &str| value[field].as_str().unwrap();
            let previous = value["previousDigestSignature"].as_str().unwrap_or("null");
            let message = format!(
                "{}\n{}/{}\n{}\n{previous}",
                text("digestEndTime"),
                text("digestS3Bucket"),
                text("digestS3Object"),
                crate::crypto::Hash::of(&json)
            );
            let signature = stored.metadata.as_ref().unwrap().signature.as_deref().unwrap().parse().unwrap();
            let key = keys
                .iter()
                .find(|key| key.fingerprint.as_str() == text("digestPublicKeyFingerprint"))
                .unwrap();
            assert!(key.verifies(message.as_bytes(), &signature), "{}", digest.object());
            used.insert(key.fingerprint.clone());
            let Some(ObjectKey::Digest(parsed)) = ObjectKey::parse(&digest.object().key) else {
                panic!("{} is no digest's key", digest.object())
            };
            assert_eq!(parsed.chain, chain.id);
            assert_eq!(format_time(parsed.end), text("digestEndTime"));
            for log in value["logFiles"].as_array().unwrap() {
                let object =
                    ObjectName::new(log["s3Bucket"].as_str().unwrap(), log["s3Object"].as_str().unwrap());
                let inflated =
                    gzip::inflate_hashed(&world.objects()[&object].body, Limit::LOG, |_| {}).unwrap();
                assert_eq!(
                    log["hashValue"].as_str().unwrap().to_ascii_lowercase(),
                    inflated.hash.to_string()
                );
                assert!(named.insert(object));
            }
        }
        for pair in chain.digests.windows(2) {
            if let Some(previous) = &pair[1].body.previous {
                assert_eq!(previous.place, *pair[0].object());
                assert_eq!((&previous.signature, previous.hash), (&pair[0].signature, pair[0].hash));
                assert_eq!(pair[1].body.start, pair[0].body.end);
            }
        }
    }
    assert!(used.len() >= 2, "the key rotates");
    named
}

#[test]
fn every_digest_verifies_and_every_log_file_is_named_once() {
    for plan in [WorldPlan::default(), everything()] {
        let world = World::forge(&plan).unwrap();
        let named = check_digests(&world);
        let logs = world
            .objects()
            .keys()
            .filter(|object| matches!(ObjectKey::parse(&object.key), Some(ObjectKey::Log(_))));
        assert_eq!(named, logs.cloned().collect());
        assert_eq!(world.truth().logs, named.len() as u64);
    }
}

#[test]
fn one_seed_gives_one_world_whatever_the_threads() {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = one.install(|| World::forge(&WorldPlan::default()).unwrap());
    assert_eq!(alone.objects(), WORLD.objects());
    assert_eq!(alone.truth(), WORLD.truth());
    let other = World::forge(&WorldPlan { seed: 2, ..WorldPlan::default() }).unwrap();
    assert_ne!(other.objects().keys().next(), WORLD.objects().keys().next());
}

#[test]
fn both_ways_of_writing_agree() {
    let streamed = tempfile::tempdir().unwrap();
    let whole = tempfile::tempdir().unwrap();
    let plan = everything();
    let truth = super::write_world(&plan, streamed.path(), &[]).unwrap();
    assert_eq!(truth, World::forge(&plan).unwrap().write(whole.path()).unwrap());
    let files = |root: &std::path::Path| {
        let mut found = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    found
                        .push((path.strip_prefix(root).unwrap().to_path_buf(), std::fs::read(&path).unwrap()))
                }
            }
        }
        found.sort();
        found
    };
    let files_of = files(streamed.path());
    assert!(files_of.iter().any(|(path, _)| path.starts_with("bucket/audit/logs/AWSLogs/o-exampleorgid1")));
    assert!(files_of == files(whole.path()));
}

#[test]
fn a_plain_world_calls_for_no_finding_and_turns_for_theirs() {
    assert_eq!(WORLD.truth().findings, []);
    assert_eq!(WORLD.truth().exit_code, 0);
    let turns = |turn| {
        World::forge(&WorldPlan { turns: BTreeSet::from([turn]), ..WorldPlan::default() }).unwrap().truth()
    };
    let codes =
        |truth: &super::Truth| truth.findings.iter().map(|finding| finding.code).collect::<BTreeSet<_>>();
    let restart = turns(Turn::Restart);
    assert_eq!(
        codes(&restart),
        BTreeSet::from([Code::ChainRestarted, Code::CoverageGap, Code::TrailChanged])
    );
    assert_eq!(restart.exit_code, 3);
    assert_eq!(codes(&turns(Turn::LateRegion)), BTreeSet::from([Code::CoverageHead]));
    let moved = turns(Turn::BucketChange);
    assert_eq!(codes(&moved), BTreeSet::from([Code::TrailChanged]));
    assert!(moved.findings.iter().all(|finding| finding.class == Class::Notice));
    assert_eq!(moved.bucket, "example-trail-bucket-second");
}

#[test]
fn digests_are_written_in_the_form_of_aws() {
    let digest = &WORLD.chains()[0].digests[1];
    let json = digest.body.json();
    let mut at = 0;
    for field in [
        "{\"awsAccountId\":",
        "\"digestStartTime\":",
        "\"digestEndTime\":",
        "\"digestS3Bucket\":",
        "\"digestS3Object\":\"AWSLogs\\/",
        "\"digestPublicKeyFingerprint\":",
        "\"digestSignatureAlgorithm\":\"SHA256withRSA\"",
        "\"newestEventTime\":",
        "\"oldestEventTime\":",
        "\"previousDigestS3Bucket\":",
        "\"previousDigestS3Object\":",
        "\"previousDigestHashValue\":",
        "\"previousDigestHashAlgorithm\":\"SHA-256\"",
        "\"previousDigestSignature\":",
        "\"logFiles\":[",
    ] {
        at += json[at..].find(field).unwrap_or_else(|| panic!("{field} in its place in {json}"));
    }
    assert!(json.ends_with("]}") && !json.contains(' '));
    let first = WORLD.chains()[0].digests[0].body.json();
    assert!(first.contains(r#""previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":"#));
}

#[test]
fn every_damage_changes_something_and_tells_its_truth() {
    let names: BTreeSet<&str> = Damage::ALL.iter().map(|damage| damage.as_str()).collect();
    assert_eq!(names.len(), Damage::ALL.len());
    for damage in Damage::ALL {
        assert_eq!(damage.as_str().parse::<Damage>().unwrap(), *damage);
        let mut world = WORLD.clone();
        world.apply(*damage).unwrap();
        assert_ne!(world.objects(), WORLD.objects(), "{damage}");
        let truth = world.truth();
        assert!(!truth.damages[0].objects.is_empty(), "{damage}");
        for object in &truth.damages[0].objects {
            let bytes = |world: &World| {
                let mut objects = world.objects().iter();
                objects.find(|(name, _)| name.to_string() == *object).map(|(_, stored)| stored.clone())
            };
            assert_ne!(bytes(&world), bytes(&WORLD), "{damage} says it touched {object}");
        }
        let read: super::Truth = serde_json::from_slice(&truth.json()).unwrap();
        assert_eq!(read, truth);
    }
}

#[test]
fn damages_without_a_crime_leave_exit_0() {
    let innocent = |damage: &&Damage| {
        let mut world = WORLD.clone();
        world.apply(**damage).unwrap();
        world.truth().exit_code == 0
    };
    let found: Vec<&str> = Damage::ALL.iter().filter(innocent).map(|damage| damage.as_str()).collect();
    let expected = [
        "log-unzipped",
        "log-recompressed",
        "stray-insight",
        "stray-object",
        "region-deleted",
        "signature-upper-case",
        "digest-recompressed",
        "digest-unzipped",
        "signed-extra-fields",
        "signed-entry-twice",
        "signed-upper-case",
        "signed-restart",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_truth_of_telling_damages() {
    let told = |damage: Damage| {
        let mut world = WORLD.clone();
        world.apply(damage).unwrap();
        let truth = world.truth();
        let codes = truth.findings.iter().map(|finding| (finding.code, finding.class)).collect::<Vec<_>>();
        (codes, truth.exit_code)
    };
    use Class::{Incomplete, Tamper};
    let unlisted = (Code::LogUnlisted, Incomplete);
    assert_eq!(
        told(Damage::DigestDeleted),
        (vec![(Code::DigestMissing, Tamper), unlisted, unlisted, (Code::CoverageGap, Incomplete)], 1)
    );
    let run = told(Damage::DigestRunDeleted).0;
    assert_eq!(run.iter().filter(|(code, _)| *code == Code::DigestMissing).count(), 3);
    assert_eq!(run.iter().filter(|(code, _)| *code == Code::CoverageGap).count(), 1);
    let tail = told(Damage::DigestTailDeleted);
    assert!(tail.0.iter().all(|(code, _)| [Code::LogUnlisted, Code::CoverageTail].contains(code)));
    assert_eq!(tail.1, 3);
    assert_eq!(told(Damage::RegionDigestsDeleted), (vec![(Code::RegionAbsent, Incomplete)], 3));
    assert_eq!(told(Damage::DigestUnsigned), (vec![(Code::DigestUnsigned, Tamper)], 1));
    assert_eq!(told(Damage::LogForged), (vec![(Code::LogUnlisted, Tamper)], 1));
    assert_eq!(
        told(Damage::DigestRolledBack),
        (vec![(Code::DigestLinkBroken, Tamper), (Code::LogUnlisted, Tamper)], 1)
    );
    assert_eq!(told(Damage::BackfillDeleted), (vec![(Code::DigestMissing, Tamper), unlisted], 1));
}

#[test]
fn what_aws_would_have_signed_verifies() {
    for damage in [Damage::SignedExtraFields, Damage::SignedUpperCase, Damage::SignedRestart] {
        let mut world = WORLD.clone();
        world.apply(damage).unwrap();
        check_digests(&world);
    }
}

#[test]
fn each_damage_takes_a_place_of_its_own() {
    let mut world = WORLD.clone();
    for damage in [Damage::LogDeleted, Damage::DigestDeleted, Damage::DigestEdited, Damage::LogForged] {
        world.apply(damage).unwrap();
    }
    let places: BTreeSet<_> =
        world.truth().findings.into_iter().map(|finding| (finding.account, finding.region)).collect();
    assert_eq!(places.len(), 4);
    let crowd = Damage::ALL.iter().find_map(|damage| world.apply(*damage).err());
    assert!(matches!(crowd, Some(super::ForgeError::NoRoom(_))));
}
