//! Copies are not crimes: whole chains that AWS signed for one other place are told as a copy, with what to type; single
//! digests among others in their place are not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};

use trailseal::audit::NamedBy;
use trailseal::audit::Plan;
use trailseal::forge::{self, Damage, World};
use trailseal::render::message;
use trailseal::report::Report;
use trailseal::report::{Class, Code};
use trailseal::store::copied::Copied;
use trailseal::store::{Metadata, UserMetadata};
use trailseal::trail::{Location, ObjectName, Origin};

use crate::support::judged::{accuses_nobody, counted, holds, is_digest};
use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, right, run, told};

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let plan = forge::WorldPlan { regions: 2, prefix: "audit".into(), ..forge::WorldPlan::default() };
    World::forge(&plan).unwrap()
});

fn memory(world: &World) -> Memory {
    Memory::new(world, Keeps::Metadata, 1000)
}

/// The world's objects in another bucket, under another prefix.
fn moved(world: &World, bucket: &str, prefix: &str) -> Memory {
    let mut store = memory(world);
    let objects = std::mem::take(store.objects());
    *store.objects() = objects
        .into_iter()
        .map(|(object, stored)| (ObjectName::new(bucket, format!("{prefix}{}", object.key)), stored))
        .collect();
    store
}

/// Takes the metadata away from every digest, as many copy tools do.
fn without_metadata(mut store: Memory) -> Memory {
    for (_, metadata) in store.objects().values_mut() {
        if matches!(metadata, Metadata::Kept(_)) {
            *metadata = Metadata::Kept(UserMetadata::default());
        }
    }
    store
}

fn asked(bucket: &str, prefix: &str) -> Plan {
    Plan { bucket: bucket.into(), prefix: prefix.into(), ..plan(&WORLD.truth()) }
}

#[track_caller]
fn is_a_copy(report: &Report, advice: &str) {
    holds(report, 3, &[("incomplete record-copied", 1)]);
    assert!(message(&report.findings[0]).contains(advice), "{}", message(&report.findings[0]));
    assert_eq!(report.totals.digests.relocated, 0);
}

#[test]
fn a_copy_that_was_not_named_as_one_is_told_with_what_to_type() {
    let delivered = format!("--copied-from s3://{}/audit/", WORLD.plan().bucket);
    let copy = moved(&WORLD, "evidence", "case-7/");
    is_a_copy(&run(asked("evidence", "case-7/"), copy.clone(), &WORLD), &delivered);
    is_a_copy(&run(asked("evidence", ""), copy.clone(), &WORLD), &delivered);
    // Also where it lost its metadata on the way: each digest's signature stands in the one after it.
    is_a_copy(&run(asked("evidence", ""), without_metadata(copy.clone()), &WORLD), &delivered);
    // What it says to type is right.
    let named = Copied {
        store: Arc::new(copy),
        delivered: Location::new(WORLD.plan().bucket.as_str(), "audit/"),
        copy: Location::new("evidence", "case-7/audit/"),
    };
    holds(&run(plan(&WORLD.truth()), named, &WORLD), 0, &[]);
}

#[test]
fn a_mistyped_place_of_delivery_is_told_with_the_right_one() {
    for delivered in
        [Location::new("another-bucket", "audit/"), Location::new(WORLD.plan().bucket.as_str(), "audits/")]
    {
        let asked = Plan {
            bucket: delivered.bucket.clone(),
            prefix: delivered.prefix.clone(),
            origin: Origin::Copied,
            ..plan(&WORLD.truth())
        };
        let store = Copied {
            store: Arc::new(moved(&WORLD, "evidence", "")),
            delivered,
            copy: Location::new("evidence", "audit/"),
        };
        is_a_copy(&run(asked, store, &WORLD), &format!("--copied-from s3://{}/audit/", WORLD.plan().bucket));
    }
}

#[test]
fn a_folder_one_level_too_high_is_told_with_the_one_to_name() {
    let bucket = WORLD.plan().bucket.clone();
    let plan = Plan {
        named_by: NamedBy::KeyOnly,
        origin: Origin::Folder,
        source: "./evidence".into(),
        ..asked(&bucket, "")
    };
    let report = run(plan, moved(&WORLD, &bucket, "copy/"), &WORLD);
    is_a_copy(&report, "./evidence/copy");
}

#[test]
fn a_copy_beside_its_whole_original_is_worth_knowing_and_no_more() {
    let bucket = WORLD.plan().bucket.clone();
    let mut store = memory(&WORLD);
    store.objects().append(moved(&WORLD, &bucket, "backup/").objects());
    holds(&run(asked(&bucket, ""), store.clone(), &WORLD), 0, &[("notice record-copied", 1)]);
    // The original is judged by itself: the copy hides nothing of what happened to it.
    let mut damaged = WORLD.clone();
    damaged.apply(Damage::LogEventEdited).unwrap();
    let mut store = memory(&damaged);
    store.objects().append(moved(&WORLD, &bucket, "backup/").objects());
    let report = run(asked(&bucket, ""), store, &damaged);
    holds(&report, 1, &[("notice record-copied", 1), ("tamper log-modified", 1)]);
    // An original of which nothing is left is not whole.
    let mut store = moved(&WORLD, &bucket, "backup/");
    let place = WORLD.chains()[0].id.place.clone();
    for (object, stored) in std::mem::take(memory(&WORLD).objects()) {
        if !object.key.contains(&format!("/{}/", place.region)) {
            store.objects().insert(object, stored);
        }
    }
    let report = run(asked(&bucket, ""), store, &WORLD);
    accuses_nobody(&report, 3);
    assert_eq!(counted(&report)["incomplete record-copied"], 1);
}

#[test]
fn log_files_copied_without_their_digests_are_not_accused() {
    let bucket = WORLD.plan().bucket.clone();
    let mut store = memory(&WORLD);
    let mut logs = std::mem::take(moved(&WORLD, &bucket, "for-analysis/").objects());
    logs.retain(|object, _| !is_digest(&object.key));
    store.objects().append(&mut logs);
    let report = run(asked(&bucket, ""), store, &WORLD);
    accuses_nobody(&report, 3);
    assert_eq!(counted(&report), [("incomplete region-absent".to_owned(), 4)].into());
}

#[test]
fn single_digests_among_others_in_place_are_moved_not_copied() {
    for damage in [Damage::DigestSwapped, Damage::DigestFromElsewhere, Damage::DigestMoved] {
        let mut world = WORLD.clone();
        world.apply(damage).unwrap();
        let report = run(plan(&world.truth()), memory(&world), &world);
        assert_eq!(told(&report), right(&world.truth()), "{damage}");
        assert!(counted(&report).contains_key("tamper digest-relocated"), "{damage}");
    }
    // One digest of a chain replaced by its namesake from another bucket, which AWS signed too.
    let elsewhere = World::forge(&forge::WorldPlan {
        regions: 2,
        prefix: "audit".into(),
        bucket: "another-bucket".into(),
        ..forge::WorldPlan::default()
    })
    .unwrap();
    let mut store = memory(&WORLD);
    let victim = WORLD.chains()[0].digests[5].object().clone();
    let namesake = ObjectName::new("another-bucket", victim.key.clone());
    let stored = memory(&elsewhere).objects()[&namesake].clone();
    store.objects().insert(victim.clone(), stored);
    let report = run(plan(&WORLD.truth()), store, &WORLD);
    assert_eq!(report.exit_code(), 1);
    let relocated = report.findings.iter().find(|finding| finding.code() == Code::DigestRelocated).unwrap();
    assert_eq!((relocated.object.as_ref(), relocated.class()), (Some(&victim), Class::Tamper));
}
