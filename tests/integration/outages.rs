//! What could not be read is no crime, and what was tampered with is told although other things could not be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::support::judged::{counted, holds, is_digest};
use crate::support::memory::{Ask, Faulty, Memory};
use crate::support::verify::{right, run, told};
use async_trait::async_trait;
use std::collections::BTreeSet;
use trailseal::audit::Plan;
use trailseal::forge::Damage;
use trailseal::report::Report;
use trailseal::report::{Cause, Class};
use trailseal::store::{Admission, Listing, Object, ObjectStore, Page, StoreError, StoreErrorKind, Take};
use trailseal::trail::key::LogKey;
use trailseal::trail::{Depth, ObjectName};

use crate::rules::{WORLD, asked, memory};

const OUTAGES: [StoreErrorKind; 10] = [
    StoreErrorKind::NoSuchBucket,
    StoreErrorKind::Denied,
    StoreErrorKind::Archived,
    StoreErrorKind::KeyRefused,
    StoreErrorKind::Throttled,
    StoreErrorKind::NoCredentials,
    StoreErrorKind::CredentialsExpired,
    StoreErrorKind::CutOff,
    StoreErrorKind::TimedOut,
    StoreErrorKind::Failed,
];

/// One verdict and one finding for each object.
#[track_caller]
fn no_object_is_told_twice(report: &Report) {
    let told: Vec<_> = report.findings.iter().filter_map(|finding| finding.object.clone()).collect();
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "{told:?}");
}

#[test]
fn a_log_file_that_cannot_be_read_is_unreadable_alone() {
    let chain = &WORLD.chains()[0];
    let key = chain.digests[5..].iter().find_map(|digest| digest.logs().first()).unwrap().object.key.clone();
    for kind in OUTAGES {
        let key = key.clone();
        let script = move |ask: Ask<'_>| matches!(ask, Ask::Get(_, it) if *it == *key).then_some(kind);
        let report = run(asked(&WORLD), Faulty { store: memory(&WORLD), script, late: None }, &WORLD);
        holds(&report, 3, &[("incomplete log-unreadable", 1)]);
        assert!(matches!(report.findings[0].cause, Some(Cause::Unseen(_))));
    }
}

#[test]
fn no_outage_is_ever_a_crime() {
    type Script = fn(Ask<'_>) -> bool;
    let all: &[(&str, Script)] = &[
        ("a digest", |ask| matches!(ask, Ask::Get(_, key) if key.contains("Digest") && key.contains("T06"))),
        ("every digest", |ask| matches!(ask, Ask::Get(_, key) if is_digest(key))),
        ("every log file", |ask| matches!(ask, Ask::Get(_, key) if !is_digest(key))),
        ("every object", |ask| matches!(ask, Ask::Get(..))),
        ("digest folders", |ask| matches!(ask, Ask::List(_, it) if it.contains("CloudTrail-Digest/us"))),
        ("log folders", |ask| matches!(ask, Ask::List(_, it) if it.contains("CloudTrail/us"))),
        ("region folders", |ask| matches!(ask, Ask::List(_, it) if it.ends_with("CloudTrail-Digest/"))),
        ("account folders", |ask| matches!(ask, Ask::List(_, it) if it.ends_with("AWSLogs/"))),
        ("days", |ask| matches!(ask, Ask::List(_, it) if it.ends_with("2026/03/01/"))),
    ];
    for (what, outage) in all {
        for kind in OUTAGES {
            for depth in [Depth::Full, Depth::Presence, Depth::Chain] {
                let script = move |ask: Ask<'_>| outage(ask).then_some(kind);
                let plan = Plan { depth, ..asked(&WORLD) };
                let report = run(plan, Faulty { store: memory(&WORLD), script, late: None }, &WORLD);
                let accusing = report.findings.iter().find(|it| it.class() == Class::Tamper);
                assert!(accusing.is_none(), "{what}, {kind:?}, {depth:?}: {accusing:#?}");
                no_object_is_told_twice(&report);
                let looked = depth == Depth::Full || what.contains("digest") || what.contains("account");
                assert!(report.exit_code() == 3 || !looked, "{what}, {kind:?}, {depth:?}");
            }
        }
    }
}

#[test]
fn a_damage_is_told_although_others_cannot_be_read() {
    let mut world = WORLD.clone();
    world.apply(Damage::LogEventEdited).unwrap();
    let chain = &WORLD.chains()[0];
    let key = chain.digests[2].object().key.clone();
    let script = move |ask: Ask<'_>| {
        matches!(ask, Ask::Get(_, it) if *it == *key).then_some(StoreErrorKind::Throttled)
    };
    let report = run(asked(&world), Faulty { store: memory(&world), script, late: None }, &world);
    assert_eq!(report.exit_code(), 1, "tampering beats incompleteness");
    assert_eq!(counted(&report)["tamper log-modified"], 1);
    assert_eq!(counted(&report)["incomplete digest-unreadable"], 1);
}

// Too large to be held.

/// A store whose log files are all too large for the memory there is.
struct Large(Memory);

#[async_trait]
impl ObjectStore for Large {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.0.list(listing).await
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let got = self.0.get(object, admission).await?;
        match LogKey::parse(&object.key) {
            None => Ok(got),
            Some(_) => {
                Err(StoreError::new(StoreErrorKind::Oversized, "get", object.to_string(), "too large"))
            }
        }
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.0.stream(object, take).await
    }
}

#[test]
fn log_files_too_large_to_be_held_are_judged_as_they_pass_by() {
    let damages = [
        Damage::LogEventEdited,
        Damage::LogTruncated,
        Damage::LogTrailingBytes,
        Damage::LogSecondMember,
        Damage::LogEmptied,
        Damage::LogDeleted,
        Damage::LogUnzipped,
        Damage::LogRecompressed,
        Damage::LogWrongChecksum,
    ];
    for damage in std::iter::once(None).chain(damages.map(Some)) {
        let mut world = WORLD.clone();
        damage.into_iter().for_each(|damage| world.apply(damage).unwrap());
        let report = run(asked(&world), Large(memory(&world)), &world);
        assert_eq!(told(&report), right(&world.truth()), "{damage:?}");
        assert_eq!(report.exit_code(), world.truth().exit_code, "{damage:?}");
    }
}
