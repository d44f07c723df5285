//! The parts of a run, each by itself: `cargo bench --bench parts`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::Write;
use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use flate2::Compression;
use flate2::write::GzEncoder;
use trailseal::Hasher;
use trailseal::Limit;
use trailseal::Scanner;
use trailseal::audit::NamedBy;
use trailseal::forge::{Stored, World, WorldPlan};
use trailseal::keys;
use trailseal::keys::KeyRing;
use trailseal::trail::key::{DigestKey, LogKey};
use trailseal::trail::{Metadata, ObjectName, UserMetadata};
use trailseal::{Authentication, DigestPlace};

fn main() {
    divan::main();
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let plan = WorldPlan {
        accounts: 1,
        regions: 1,
        hours: 12,
        logs_per_hour: 40,
        events_per_log: 200,
        ..WorldPlan::default()
    };
    World::forge(&plan).unwrap()
});
static RING: LazyLock<KeyRing> = LazyLock::new(|| keys::parse(&WORLD.keys().json(), "forged").unwrap());

/// The digest that names most log files.
fn digest_object() -> (ObjectName, DigestKey, Stored) {
    let digests = WORLD
        .objects()
        .iter()
        .filter_map(|(name, stored)| Some((name.clone(), DigestKey::parse(&name.key)?, stored.clone())));
    digests.max_by_key(|(.., stored)| stored.body.len()).unwrap()
}

fn metadata(stored: &Stored) -> Metadata {
    let kept = stored.metadata.clone().unwrap();
    Metadata::Kept(UserMetadata {
        signature: kept.signature.map(Into::into),
        signature_algorithm: kept.signature_algorithm.map(Into::into),
        backfill_generation_timestamp: kept.backfill_generation_timestamp.map(Into::into),
    })
}

/// Inflate, hash, read, compare, one RSA verification.
#[divan::bench]
fn authenticate_a_digest(bencher: Bencher) {
    let (object, key, stored) = digest_object();
    let metadata = metadata(&stored);
    let place = DigestPlace { delivered: &object, key: &key, named_by: NamedBy::BucketAndKey };
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        let outcome = trailseal::authenticate(place, black_box(&stored.body), &metadata, &RING);
        assert!(matches!(outcome, Authentication::Authentic(_)));
    });
}

/// A log file's inflated bytes, repeated up to a length.
fn body(length: usize) -> Vec<u8> {
    let log = WORLD.objects().iter().find(|(name, _)| LogKey::parse(&name.key).is_some()).unwrap().1;
    let inflated = trailseal::inflate(&log.body, Limit::LOG).unwrap();
    inflated.iter().copied().cycle().take(length).collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const LENGTHS: [usize; 4] = [4 << 10, 64 << 10, 1 << 20, 16 << 20];

/// Per inflated byte, without the search for telling calls.
#[divan::bench(args = LENGTHS)]
fn inflate_and_hash(bencher: Bencher, length: usize) {
    let member = gzipped(&body(length));
    bencher
        .counter(BytesCount::new(length))
        .bench_local(|| trailseal::inflate_hashed(black_box(&member), Limit::LOG, |_| {}).unwrap());
}

/// Two files of that length side by side.
#[divan::bench(args = LENGTHS)]
fn inflate_and_hash_two(bencher: Bencher, length: usize) {
    let member = gzipped(&body(length));
    bencher.counter(BytesCount::new(2 * length)).bench_local(|| {
        let both = [&*member, &*member].map(black_box);
        trailseal::inflate_hashed_both(both, Limit::LOG, [|_: &[u8]| {}; 2])
    });
}

/// The hash alone, of one stream.
#[divan::bench]
fn hash_one(bencher: Bencher) {
    let body = body(1 << 20);
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut hasher = Hasher::default();
        hasher.update(black_box(&body));
        hasher.finish()
    });
}

/// The hash alone, of two streams side by side.
#[divan::bench]
fn hash_two(bencher: Bencher) {
    let body = body(1 << 20);
    bencher.counter(BytesCount::new(2 * body.len())).bench_local(|| {
        let [mut one, mut other] = [Hasher::default(), Hasher::default()];
        Hasher::update_both([&mut one, &mut other], [&*body, &*body].map(black_box));
        [one.finish(), other.finish()]
    });
}

/// The same with it: what a full run does.
#[divan::bench(args = LENGTHS)]
fn inflate_hash_and_search(bencher: Bencher, length: usize) {
    let member = gzipped(&body(length));
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        let mut scanner = Scanner::new("example-trail-bucket");
        let inflated =
            trailseal::inflate_hashed(black_box(&member), Limit::LOG, |chunk| scanner.look(chunk)).unwrap();
        (inflated, scanner.telling())
    });
}

/// A key's grammar.
#[divan::bench]
fn parse_a_key(bencher: Bencher) {
    let (object, ..) = digest_object();
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| DigestKey::parse(black_box(&object.key)));
}
