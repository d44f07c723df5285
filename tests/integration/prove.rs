//! The spot check of one log file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use trailseal::audit::{self, AuditError, Ports, Stopper};
use trailseal::forge::{Damage, World, WorldPlan};
use trailseal::keys::{self, KeySource};
use trailseal::render::proof as render;
use trailseal::report::Proof;
use trailseal::report::{Code, LogVerdict};
use trailseal::trail::ObjectName;
use trailseal::trail::key::{DigestKey, LogKey};

use crate::support::memory::{Keeps, Memory};
use crate::support::verify::plan;

fn prove(world: &World, object: ObjectName) -> Result<Proof, AuditError> {
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    let store = Arc::new(Memory::new(world, Keeps::Metadata, 1000));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (_stopper, stop) = Stopper::new();
    let keys = Arc::new(KeySource::Files(Arc::new(ring)));
    runtime.block_on(audit::prove(plan(&world.truth()), object, Ports::unwatched(store, keys, stop)))
}

fn world(damages: &[Damage]) -> World {
    let mut world = World::forge(&WorldPlan::default()).unwrap();
    for damage in damages {
        world.apply(*damage).unwrap();
    }
    world
}

/// The object of the world's first finding of a code.
fn told(world: &World, code: &str) -> ObjectName {
    let finding = world
        .truth()
        .findings
        .into_iter()
        .find(|finding| serde_json::to_value(finding.code).unwrap() == code)
        .unwrap_or_else(|| panic!("no {code}"));
    let object = finding.object.unwrap();
    let (bucket, key) = object.strip_prefix("s3://").unwrap().split_once('/').unwrap();
    ObjectName::new(bucket, key)
}

fn codes(proof: &Proof) -> Vec<Code> {
    proof.findings.iter().map(|finding| finding.code()).collect()
}

#[test]
fn every_log_file_of_a_clean_world_is_proven_by_the_digest_that_names_it() {
    let world = world(&[]);
    for chain in world.chains() {
        for digest in &chain.digests {
            for log in digest.logs() {
                let proof = prove(&world, log.object.clone()).unwrap();
                assert_eq!(proof.verdict, Some(LogVerdict::Intact), "{}", log.object);
                assert_eq!(proof.exit_code(), 0, "{:?}", proof.findings);
                let attested = proof.attested_by.unwrap();
                assert_eq!((&attested.digest, attested.hash), (digest.object(), log.hash));
                assert_eq!(attested.chain, chain.id);
                assert!(
                    attested.unbroken.start <= attested.span.start
                        && attested.span.end <= attested.unbroken.end
                );
            }
        }
    }
}

#[test]
fn damaged_files_are_told_as_the_whole_run_tells_them() {
    let cases = [
        (Damage::LogEventEdited, "log-modified", LogVerdict::Modified, 1),
        (Damage::LogDeleted, "log-missing", LogVerdict::Missing, 1),
        (Damage::LogTruncated, "log-malformed", LogVerdict::Malformed, 1),
        (Damage::LogForged, "log-unlisted", LogVerdict::Unlisted, 1),
        (Damage::DigestEdited, "log-unproven", LogVerdict::Unproven, 1),
        (Damage::DigestTailDeleted, "log-unlisted", LogVerdict::Unlisted, 3),
    ];
    for (damage, code, verdict, exit) in cases {
        let world = world(&[damage]);
        let proof = prove(&world, told(&world, code)).unwrap();
        assert_eq!(proof.verdict, Some(verdict), "{damage}");
        assert!(codes(&proof).contains(&code.parse().unwrap()), "{damage}: {:?}", codes(&proof));
        assert_eq!(proof.exit_code(), exit, "{damage}: {:?}", codes(&proof));
    }
}

#[test]
fn a_digest_that_was_swapped_shows_though_the_file_holds() {
    let world = world(&[Damage::SignatureReplaced]);
    let damaged = told(&world, "digest-signature-invalid");
    let digest =
        world.chains().iter().flat_map(|chain| &chain.digests).find(|digest| *digest.object() == damaged);
    let log = digest.unwrap().logs().first().expect("the forge damages digests that name files");
    let proof = prove(&world, log.object.clone()).unwrap();
    assert_eq!((proof.verdict, proof.exit_code()), (Some(LogVerdict::Intact), 1));
    assert!(codes(&proof).contains(&Code::DigestSignatureInvalid));
}

#[test]
fn what_is_nowhere_is_nothing_and_what_is_no_log_file_is_refused() {
    let world = world(&[]);
    let (name, _) = world.objects().iter().find(|(name, _)| LogKey::parse(&name.key).is_some()).unwrap();
    let elsewhere = name.key.replace(".json.gz", "").chars().rev().skip(4).collect::<String>();
    let elsewhere = format!("{}zzzz.json.gz", elsewhere.chars().rev().collect::<String>());
    let proof = prove(&world, ObjectName::new(name.bucket.clone(), elsewhere)).unwrap();
    assert_eq!((proof.verdict, proof.exit_code()), (None, 4));
    let refused = prove(&world, ObjectName::new("bucket", "AWSLogs/x")).unwrap_err();
    assert!(matches!(refused, AuditError::NotALogFile { .. }));
}

#[test]
fn a_proof_is_read_by_people_and_by_programs() {
    let world = world(&[Damage::LogEventEdited]);
    let proof = prove(&world, told(&world, "log-modified")).unwrap();
    let (mut human, mut json) = (Vec::new(), Vec::new());
    render::human(&proof, "copy/of/it.json.gz", 100, &mut human).unwrap();
    render::json(&proof, &mut json).unwrap();
    let human = String::from_utf8(human).unwrap();
    assert!(human.starts_with("TAMPERED") && human.contains("attested by") && human.contains("log-modified"));
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["schema"], "trailseal/proof/v1");
    assert_eq!(json["verdict"], "modified");
    assert_eq!(json["exit_code"], 1);
    assert_eq!(json["attested_by"]["hash"], json["findings"][0]["evidence"]["expected_hash"]);
}

/// Through the program: what a person reads.
#[test]
fn a_screen_says_what_is_proven_of_the_file_and_what_of_its_chain() {
    use crate::binary::{stderr, trailseal};

    let folder = tempfile::tempdir().unwrap();
    let world = world(&[Damage::DigestDeleted]);
    world.write(folder.path()).unwrap();
    let keys = folder.path().join("keys.json").display().to_string();
    let prove = |key: &str| {
        let path = folder.path().join("bucket").join(key).display().to_string();
        trailseal(&["prove", &path, "--keys", &keys])
    };
    let digest = told(&world, "digest-missing");
    let key = DigestKey::parse(&digest.key).unwrap();
    let objects = world.objects();
    // A file that nothing names, because its digest is gone: nothing is said against it, and nothing for it.
    let here = |object: &&ObjectName| {
        LogKey::parse(&object.key)
            .is_some_and(|log| log.place == key.chain.place && *log.kind == *"CloudTrail")
    };
    let unattested = objects
        .keys()
        .filter(here)
        .find(|object| self::prove(&world, ObjectName::clone(object)).unwrap().attested_by.is_none())
        .expect("the lost digest named a log file");
    let output = prove(&unattested.key);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("NOT PROVEN  No authentic digest attests the file"), "{said}");
    assert_eq!(output.status.code(), Some(1), "its chain was tampered with");
    assert!(!said.contains("s3://folder/"), "{said}");
    // A digest is no log file.
    let other = objects.keys().find(|object| DigestKey::parse(&object.key).is_some()).unwrap();
    let output = prove(&other.key);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is a digest"), "{}", stderr(&output));
}
