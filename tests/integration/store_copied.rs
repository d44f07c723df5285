//! Copies in another bucket: what they lost proves nothing, and what was saved beside digests is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use serde_json::json;
use trailseal::audit::Plan;
use trailseal::forge::{self, Damage, World};
use trailseal::keys::Fingerprint;
use trailseal::render::message;
use trailseal::report::Report;
use trailseal::report::{Class, Code};
use trailseal::store::copied::Copied;
use trailseal::store::dir::DirStore;
use trailseal::store::{Listing, Metadata, ObjectStore, Page, StoreErrorKind, UserMetadata};
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{Describes, Location, ObjectName, Origin};

use crate::support::memory::room;
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{plan, right, run, told};

static WORLD: LazyLock<World> = LazyLock::new(|| World::forge(&forge::WorldPlan::default()).unwrap());

/// What a copy kept of the digests' metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// All, as S3 copies do.
    All,
    /// Nothing.
    Nothing,
    /// Nothing, but it was saved beside each.
    Beside,
}

/// The world's objects, lying in another bucket under another prefix.
fn copy(world: &World, kept: Kept) -> Memory {
    let mut store = Memory::new(world, Keeps::Metadata, 7);
    let copied = std::mem::take(store.objects());
    for (object, (body, metadata)) in copied {
        let name = ObjectName::new("evidence", format!("case-7/{}", object.key));
        let metadata = match (metadata, kept) {
            (Metadata::Kept(saved), Kept::Beside) => {
                let text = json!({
                    "ContentLength": body.len(),
                    "ETag": format!("\"{}\"", Fingerprint::of(&body)),
                    "Metadata": {
                        "signature": saved.signature,
                        "signature-algorithm": saved.signature_algorithm,
                        "backfill-generation-timestamp": saved.backfill_generation_timestamp,
                    },
                });
                let beside = ObjectName::new("evidence", format!("{}.head.json", name.key));
                let itself = (text.to_string().into(), Metadata::Kept(UserMetadata::default()));
                store.objects().insert(beside, itself);
                Metadata::Kept(UserMetadata::default())
            }
            (Metadata::Kept(_), Kept::Nothing) => Metadata::Kept(UserMetadata::default()),
            (metadata, _) => metadata,
        };
        store.objects().insert(name, (body, metadata));
    }
    store
}

fn copied(store: impl ObjectStore) -> Copied {
    let delivered = Location::new(WORLD.plan().bucket.as_str(), "");
    Copied { store: Arc::new(store), delivered, copy: Location::new("evidence", "case-7/") }
}

fn judged<S: ObjectStore>(world: &World, store: S) -> Report {
    let plan = Plan { origin: Origin::Copied, ..plan(&world.truth()) };
    run(plan, copied(store), world)
}

#[track_caller]
fn only_lacks_signatures(report: &Report) {
    let accusing: Vec<_> = report.findings.iter().filter(|it| it.class() == Class::Tamper).collect();
    assert!(accusing.is_empty(), "{accusing:#?}");
    let unsigned = report.findings.iter().filter(|it| it.code() == Code::DigestUnsigned);
    // All but the newest of each chain have a successor that vouches for them.
    assert_eq!((unsigned.count(), report.exit_code()), (WORLD.chains().len(), 3));
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn whole_listing<S: ObjectStore>(store: &S, prefix: &str) -> Page {
    let mut listing = Listing::whole(WORLD.plan().bucket.as_str(), prefix);
    let mut whole = Page::default();
    loop {
        let page = now(store.list(&listing)).unwrap();
        whole.objects.extend(page.objects);
        whole.unlisted.extend(page.unlisted);
        match page.next {
            Some(next) => listing.token = Some(next),
            None => return whole,
        }
    }
}

#[test]
fn metadata_that_a_copy_kept_or_saved_proves_its_digests_and_damage_is_told() {
    for kept in [Kept::All, Kept::Beside] {
        assert_eq!(judged(&WORLD, copy(&WORLD, kept)).exit_code(), 0, "{kept:?}");
        for damage in [Damage::LogEventEdited, Damage::LogForged, Damage::DigestDeleted, Damage::TailForged] {
            let mut world = WORLD.clone();
            world.apply(damage).unwrap();
            let report = judged(&world, copy(&world, kept));
            assert_eq!((told(&report), report.exit_code()), (right(&world.truth()), 1), "{kept:?} {damage}");
        }
    }
}

#[test]
fn what_a_copy_lost_proves_nothing_and_in_place_it_was_removed() {
    only_lacks_signatures(&judged(&WORLD, copy(&WORLD, Kept::Nothing)));
    let mut removed = WORLD.clone();
    removed.apply(Damage::NewestUnsigned).unwrap();
    let store = Memory::new(&removed, Keeps::Metadata, 1000);
    assert_eq!(run(plan(&removed.truth()), store, &removed).exit_code(), 1);
    let report = judged(&removed, copy(&removed, Kept::All));
    assert_eq!(report.exit_code(), 3, "{:#?}", report.findings);
}

#[test]
fn what_cannot_be_read_beside_a_digest_is_no_crime() {
    for kind in [
        StoreErrorKind::NotFound,
        StoreErrorKind::Denied,
        StoreErrorKind::TimedOut,
        StoreErrorKind::Archived,
        StoreErrorKind::CutOff,
        StoreErrorKind::Oversized,
        StoreErrorKind::Failed,
    ] {
        let script = move |ask: Ask<'_>| match ask {
            Ask::Get(_, key) if key.ends_with(".head.json") => Some(kind),
            Ask::Get(..) | Ask::List(..) => None,
        };
        let report = judged(&WORLD, Faulty { store: copy(&WORLD, Kept::Beside), script, late: None });
        only_lacks_signatures(&report);
        let why = format!("its .head.json could not be read: {kind:?}");
        for finding in report.findings.iter().filter(|it| it.code() == Code::DigestUnsigned) {
            let absent = kind == StoreErrorKind::NotFound;
            assert_eq!(message(finding).contains(&why), !absent, "{}", message(finding));
        }
    }
    let mut store = copy(&WORLD, Kept::Beside);
    for (object, (body, _)) in store.objects() {
        if object.key.ends_with(".head.json") {
            *body = vec![b'{'; 1 << 20].into();
        }
    }
    only_lacks_signatures(&judged(&WORLD, store));
}

#[test]
fn what_is_saved_beside_a_digest_needs_no_room_of_its_own() {
    let store = copied(copy(&WORLD, Kept::Beside));
    let digest = WORLD.chains()[0].digests[0].object();
    let got = now(store.get(digest, &room(1))).unwrap();
    assert!(matches!(got.metadata, Metadata::Saved { describes: Describes::TheseBytes, .. }));
}

#[test]
fn what_is_saved_beside_digests_is_not_listed_and_anything_else_is() {
    let mut store = copy(&WORLD, Kept::Beside);
    let log = store.objects().keys().find(|object| LogKey::parse(&object.key).is_some()).unwrap().clone();
    let planted = ObjectName::new("evidence", format!("{}.head.json", log.key));
    store.objects().insert(planted.clone(), ("{}".into(), Metadata::NotKept(None)));
    let keys = |page: Page| page.objects.into_iter().map(|it| it.key).collect::<BTreeSet<_>>();
    let mut expected: BTreeSet<_> = WORLD.objects().keys().map(|object| object.key.clone()).collect();
    assert!(expected.iter().any(|key| DigestKey::parse(key).is_some()));
    expected.insert(planted.key.strip_prefix("case-7/").unwrap().into());
    assert_eq!(keys(whole_listing(&copied(store), "")), expected);
}

#[cfg(unix)]
#[test]
fn parts_of_a_copy_that_cannot_be_listed_go_by_their_delivered_names() {
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let account = folder.path().join("bucket/AWSLogs/999999999999");
    std::os::unix::fs::symlink("nowhere", account).unwrap();
    let store = Copied {
        store: Arc::new(DirStore::open(folder.path().join("bucket")).unwrap()),
        delivered: Location::new(WORLD.plan().bucket.as_str(), "audit/"),
        copy: Location::new("folder", ""),
    };
    let page = whole_listing(&store, "audit/AWSLogs/");
    let targets: Vec<&str> = page.unlisted.iter().map(|unlisted| &*unlisted.target).collect();
    assert_eq!(targets, ["audit/AWSLogs/999999999999"]);
    assert_eq!(page.objects.len(), WORLD.objects().len());
}
