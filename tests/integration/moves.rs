//! Records that were moved or copied: followed, and judged by where CloudTrail delivered them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::support::judged::{accuses_nobody, counted, holds};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{right, run, told};
use chrono::TimeDelta;
use std::sync::Arc;
use trailseal::audit::NamedBy;
use trailseal::audit::Plan;
use trailseal::forge::{Turn, World};
use trailseal::render::message;
use trailseal::store::copied::Copied;
use trailseal::store::{Metadata, StoreErrorKind};
use trailseal::trail::key::DigestKey;
use trailseal::trail::{DigestKind, Location, ObjectName, Prefix};

use crate::rules::{WORLD, asked, forged, hour, memory};

#[test]
fn moves_are_followed_from_wherever_one_begins() {
    for turns in
        [vec![Turn::PrefixChange], vec![Turn::BucketChange], vec![Turn::PrefixChange, Turn::BucketChange]]
    {
        let world = forged(|plan| plan.turns = turns.iter().copied().collect());
        let report = run(asked(&world), memory(&world), &world);
        assert_eq!(told(&report), right(&world.truth()), "{turns:?}");
        let root = Plan { prefix: Prefix::default(), ..asked(&world) };
        assert_eq!(
            told(&run(root, memory(&world), &world)),
            right(&world.truth()),
            "{turns:?} from the root"
        );
    }
}

#[test]
fn a_move_out_of_reach_accuses_nobody() {
    let world = forged(|plan| plan.turns = [Turn::PrefixChange, Turn::BucketChange].into());
    let first = world.plan().bucket.clone();
    for plan in [asked(&world), Plan { prefix: Prefix::default(), ..asked(&world) }] {
        let first = first.clone();
        let script = move |ask: Ask<'_>| match ask {
            Ask::List(bucket, _) | Ask::Get(bucket, _) => {
                (*bucket == *first).then_some(StoreErrorKind::Denied)
            }
        };
        accuses_nobody(&run(plan, Faulty { store: memory(&world), script, late: None }, &world), 3);
    }
    // Out of reach, but also out of the window.
    let script = move |ask: Ask<'_>| match ask {
        Ask::List(bucket, _) | Ask::Get(bucket, _) => (*bucket == *first).then_some(StoreErrorKind::Denied),
    };
    let late = Plan { start: Some(hour(&world, 6)), ..asked(&world) };
    let report = run(late, Faulty { store: memory(&world), script, late: None }, &world);
    accuses_nobody(&report, report.exit_code());
    assert!(!counted(&report).contains_key("incomplete listing-unreadable"), "{:?}", counted(&report));
}

#[test]
fn a_home_that_cannot_be_listed_accuses_nobody() {
    let world = forged(|plan| plan.turns = [Turn::PrefixChange].into());
    for denied in ["AWSLogs/", "second/AWSLogs/"] {
        for kind in [StoreErrorKind::Denied, StoreErrorKind::TimedOut] {
            let script = move |ask: Ask<'_>| {
                let digests =
                    |prefix: &str| prefix.starts_with(denied) && prefix.contains("/CloudTrail-Digest/");
                let day_or_region =
                    |prefix: &str| prefix.matches('/').count() > denied.matches('/').count() + 2;
                matches!(ask, Ask::List(_, prefix) if digests(prefix) && day_or_region(prefix))
                    .then_some(kind)
            };
            let plan = Plan { prefix: Prefix::default(), ..asked(&world) };
            let report = run(plan, Faulty { store: memory(&world), script, late: None }, &world);
            accuses_nobody(&report, 3);
            assert!(counted(&report).contains_key("incomplete listing-unreadable"));
        }
    }
}

/// The world's objects, lying in another bucket under another prefix.
fn copy_of(world: &World, bucket: &str, prefix: &str) -> Memory {
    let mut store = memory(world);
    let copied = std::mem::take(store.objects());
    *store.objects() = copied
        .into_iter()
        .map(|(object, stored)| (ObjectName::new(bucket, format!("{prefix}{}", object.key)), stored))
        .collect();
    store
}

#[test]
fn a_copy_is_judged_by_where_it_was_delivered() {
    let world = forged(|plan| plan.prefix = "audit".into());
    let place = |bucket: &str, prefix: &str| Location::new(bucket, prefix);
    for (delivered, copy) in [
        (place(&world.plan().bucket, "audit/"), place("evidence", "case-7/audit/")),
        (place(&world.plan().bucket, ""), place("evidence", "case-7/")),
    ] {
        let plan = Plan { prefix: delivered.prefix.clone(), ..asked(&world) };
        let store = Copied { store: Arc::new(copy_of(&world, "evidence", "case-7/")), delivered, copy };
        holds(&run(plan, store, &world), 0, &[]);
    }
    let plan = Plan { bucket: "evidence".into(), prefix: "case-7/".into(), ..asked(&world) };
    let report = run(plan, copy_of(&world, "evidence", "case-7/"), &world);
    holds(&report, 3, &[("incomplete record-copied", 1)]);
    let delivered = format!("--copied-from s3://{}/audit/", world.plan().bucket);
    assert!(message(&report.findings[0]).contains(&delivered), "{}", message(&report.findings[0]));
}

#[test]
fn a_copy_of_one_bucket_knows_nothing_of_another() {
    let world = forged(|plan| plan.turns = [Turn::BucketChange].into());
    let source = asked(&world).bucket;
    let mut store = memory(&world);
    store.objects().retain(|object, _| object.bucket == source);
    let mut copied = std::mem::take(store.objects());
    *store.objects() = std::mem::take(&mut copied)
        .into_iter()
        .map(|(object, stored)| (ObjectName::new("evidence", object.key), stored))
        .collect();
    let delivered = Location::new(source, "");
    let copy = Location::new("evidence", "");
    accuses_nobody(&run(asked(&world), Copied { store: Arc::new(store), delivered, copy }, &world), 3);
}

#[test]
fn a_folder_without_head_files_lacks_the_newest_signatures_alone() {
    let plan = Plan { named_by: NamedBy::KeyOnly, ..asked(&WORLD) };
    let report = run(plan, Memory::new(&WORLD, Keeps::BodiesOnly, 1000), &WORLD);
    accuses_nobody(&report, 3);
    let counts = counted(&report);
    assert_eq!(counts["incomplete digest-unsigned"], WORLD.chains().len());
    let allowed = ["incomplete digest-unsigned", "incomplete coverage-tail", "incomplete log-unproven"];
    assert!(counts.keys().all(|finding| allowed.contains(&finding.as_str())), "{counts:?}");
}

#[test]
fn a_forged_claim_does_not_drown_an_authentic_digests_word() {
    let plan = || Plan { named_by: NamedBy::KeyOnly, ..asked(&WORLD) };
    let mut store = Memory::new(&WORLD, Keeps::BodiesOnly, 1000);
    let before = run(plan(), store.clone(), &WORLD);
    let chain = WORLD.chains().iter().find(|chain| chain.id.kind == DigestKind::Standard).unwrap();
    let [victim, successor] = [5, 6].map(|at| DigestKey::parse(&chain.digests[at].object().key).unwrap());
    let fake = DigestKey { end: victim.end + TimeDelta::minutes(30), ..successor.clone() };
    let body = &store.objects()[chain.digests[6].object()].0;
    let text = String::from_utf8(trailseal::inflate(body, trailseal::Limit::DIGEST).unwrap()).unwrap();
    let escaped = |key: &DigestKey| key.to_string().replace('/', "\\/");
    let time = |key: &DigestKey| trailseal::trail::format_time(key.end);
    let at = text.find("\"previousDigestSignature\":\"").unwrap() + 27;
    let text = format!("{}{}{}", &text[..at], "00".repeat(256), &text[at + 512..])
        .replace(&escaped(&successor), &escaped(&fake))
        .replace(
            &format!("\"digestEndTime\":\"{}\"", time(&successor)),
            &format!("\"digestEndTime\":\"{}\"", time(&fake)),
        );
    let object = ObjectName::new(WORLD.plan().bucket.as_str(), fake.to_string());
    store.objects().insert(object, (gzip(text.as_bytes()), Metadata::NotKept(None)));
    let after = run(plan(), store, &WORLD);
    assert_eq!(after.totals.digests.authentic, before.totals.digests.authentic);
    assert_eq!(after.totals.digests.unsigned, before.totals.digests.unsigned + 1);
}

fn gzip(bytes: &[u8]) -> bytes::Bytes {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().into()
}
