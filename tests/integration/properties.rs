//! What holds for every input: parsers never panic, formats round-trip, no flipped bit goes unseen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use trailseal::audit::NamedBy;
use trailseal::forge::{self, Turn, World};
use trailseal::keys::KeyRing;
use trailseal::store::{Metadata, UserMetadata};
use trailseal::trail::key::{DigestKey, LogKey, ObjectKey};
use trailseal::trail::{
    AccountId, AccountRegion, ChainId, DigestKind, ObjectName, Time, format_time, parse_time,
};
use trailseal::{
    Authentication, DigestPlace, Fault, Limit, Pushed, Shown, authenticate, inflate, inflate_hashed,
    inflate_hashed_both, keys,
};

use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, run};

/// One account, one region, few files: small enough to be verified hundreds of times.
static SMALL: LazyLock<World> = LazyLock::new(|| {
    World::forge(&forge::WorldPlan {
        accounts: 1,
        regions: 1,
        logs_per_hour: 1,
        events_per_log: 2,
        turns: [Turn::Backfill].into(),
        ..forge::WorldPlan::default()
    })
    .unwrap()
});
static RING: LazyLock<Arc<KeyRing>> =
    LazyLock::new(|| Arc::new(keys::parse(&SMALL.keys().json(), "keys.json").unwrap()));

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

// The grammar of keys.

fn region() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{2,4}-[a-z]{3,9}-[0-9]{1,2}",
        Just("us-gov-west-1".to_owned()),
        Just("eusc-de-east-1".to_owned()),
        Just("us-iso-east-1".to_owned()),
    ]
}

fn trail() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9][A-Za-z0-9._-]{1,60}[A-Za-z0-9]",
        (region(), "[0-9]{8}T[0-9]{6}Z").prop_map(|(region, time)| format!("a_{region}_{time}")),
        Just("CloudTrail-Digest_us-east-1_backfill".to_owned()),
        Just("x_backfill.json.gz".to_owned()),
    ]
}

fn prefix() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "([A-Za-z0-9._=-]{1,12}/){1,3}",
        Just("AWSLogs/".to_owned()),
        Just("old/AWSLogs/111122223333/CloudTrail/us-east-1/".to_owned()),
        Just("a//b/".to_owned()),
    ]
}

prop_compose! {
    fn place()(account in 0u64..1_000_000_000_000, region in region(), org in proptest::option::of("o-[a-z0-9]{10,32}"))
        -> AccountRegion {
        AccountRegion {
            account: format!("{account:012}").parse::<AccountId>().unwrap(),
            region: region.parse().unwrap(),
            organization: org.map(|org| org.parse().unwrap()),
        }
    }
}

/// 2013 to 2100, in seconds.
fn moment() -> impl Strategy<Value = Time> {
    (1_384_000_000i64..4_102_444_800).prop_map(|seconds| Time::from_timestamp(seconds, 0).unwrap())
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a_digests_key_round_trips(
        prefix in prefix(), place in place(), trail in trail(), home in region(), end in moment(), late in any::<bool>(),
    ) {
        let kind = if late { DigestKind::Backfill } else { DigestKind::Standard };
        let chain = ChainId { place, trail: trail.parse().unwrap(), home_region: home.parse().unwrap(), kind };
        let key = DigestKey { prefix: prefix.into(), chain, end };
        prop_assert_eq!(DigestKey::parse(&key.to_string()), Some(key));
    }

    #[test]
    fn a_log_files_key_round_trips(
        prefix in prefix(), place in place(), kind in "CloudTrail(-[A-Z][A-Za-z]{2,12})?", at in moment(), unique in "[A-Za-z0-9]{16}",
    ) {
        prop_assume!(kind != "CloudTrail-Digest");
        let delivered = Time::from_timestamp(at.timestamp() / 60 * 60, 0).unwrap();
        let key = LogKey { prefix: prefix.into(), place, kind: kind.into(), delivered, unique: unique.into() };
        prop_assert_eq!(LogKey::parse(&key.to_string()), Some(key));
    }

    #[test]
    fn what_parses_formats_back(key in "(AWSLogs/|[a-z/]{0,6}|[0-9]{12}[/_]|CloudTrail(-Digest)?[/_]|us-east-1[/_]|2026/03/01/|20260301T[0-9]{4,6}Z|_|\\.json\\.gz|_backfill){0,14}") {
        match ObjectKey::parse(&key) {
            Some(ObjectKey::Digest(parsed)) => prop_assert_eq!(parsed.to_string(), key),
            Some(ObjectKey::Log(parsed)) => prop_assert_eq!(parsed.to_string(), key),
            None => {}
        }
    }

    #[test]
    fn nothing_makes_the_grammar_panic(key in any::<String>(), tail in "\\PC{0,80}") {
        let _ = ObjectKey::parse(&key);
        let _ = ObjectKey::parse(&format!("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/{tail}"));
        let _ = ObjectKey::parse(&format!("AWSLogs/111122223333/CloudTrail/us-east-1/{tail}"));
    }

    #[test]
    fn a_time_is_read_only_as_it_is_written(text in "[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}T[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}Z", at in moment()) {
        if let Ok(time) = parse_time(&text) {
            prop_assert_eq!(format_time(time), text);
        }
        prop_assert_eq!(parse_time(&format_time(at)), Ok(at));
    }
}

// Gzip.

/// A gzip member of any length up to beyond the limit, whole or hurt in one of the ways that there are.
fn member() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0usize..200, 0usize..5_000, 100_000usize..320_000];
    let hurt = prop_oneof![3 => Just(0), 1 => 1..5u8];
    (length, any::<u8>(), hurt, any::<prop::sample::Index>()).prop_map(|(length, seed, hurt, at)| {
        let bytes: Vec<u8> =
            (0..length).map(|at| (at / 7 * usize::from(seed)) as u8 ^ (at >> 9) as u8).collect();
        let mut member = gzip(&bytes);
        let at = at.index(member.len());
        match hurt {
            1 => member.truncate(at),
            2 => member.push(0),
            3 => member[at] ^= 1 << (seed % 8),
            4 => member.extend(gzip(b"more")),
            _ => {}
        }
        member
    })
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn any_bytes_are_inflated_or_refused(bytes in vec(any::<u8>(), 0..600), flags in 0u8..32) {
        let _ = inflate(&bytes, Limit(1000));
        let mut dressed = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        dressed.extend(&bytes);
        let _ = inflate(&dressed, Limit(1000));
    }

    #[test]
    fn a_member_in_pieces_is_what_it_is_in_one(member in member(), cuts in vec(0usize..4000, 0..12), limit in 1usize..8000) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (member.len() + 1)).chain([0, member.len()]).collect();
        cuts.sort();
        let mut pushed = Pushed::new(Limit(limit));
        for piece in cuts.windows(2) {
            if pushed.take(&member[piece[0]..piece[1]]).is_break() {
                break;
            }
        }
        match (inflate_hashed(&member, Limit(limit), |_| {}), pushed.end()) {
            (Ok(whole), Ok(shown)) => prop_assert_eq!(Shown::Member(whole), shown),
            (Err(Fault::NotGzip), Ok(Shown::Plain(plain))) => {
                prop_assert_eq!(plain.hash, trailseal::report::Hash::of(&member));
            }
            (Err(_), Err(_)) => {}
            (whole, shown) => prop_assert!(false, "{:?}, in pieces {:?}", whole, shown),
        }
    }

    #[test]
    fn one_member_round_trips_and_nothing_else_does(bytes in vec(any::<u8>(), 0..5000), tail in vec(any::<u8>(), 1..40), cut in 0usize..5000) {
        let member = gzip(&bytes);
        prop_assert_eq!(inflate(&member, Limit(5000)).unwrap(), bytes.clone());
        let mut seen = Vec::new();
        let hashed = inflate_hashed(&member, Limit(5000), |chunk| seen.extend_from_slice(chunk)).unwrap();
        prop_assert_eq!(hashed.hash, trailseal::report::Hash::of(&bytes));
        prop_assert_eq!(&seen, &bytes);
        let trailing = [&member[..], &tail].concat();
        prop_assert_eq!(inflate(&trailing, Limit(5000)), Err(Fault::Trailing(tail.len())));
        let second = [&member[..], &gzip(b"more")].concat();
        prop_assert!(matches!(inflate(&second, Limit(5000)), Err(Fault::Trailing(_))));
        let cut = cut % member.len();
        prop_assert!(inflate(&member[..cut], Limit(5000)).is_err());
        if !bytes.is_empty() {
            prop_assert_eq!(inflate(&member, Limit(bytes.len() - 1)), Err(Fault::TooLarge(bytes.len() - 1)));
        }
    }

    #[test]
    fn two_members_side_by_side_are_judged_as_each_alone(one in member(), other in member()) {
        let alone = [&one, &other].map(|member| {
            let mut seen = Vec::new();
            (inflate_hashed(member, Limit(300_000), |chunk| seen.extend_from_slice(chunk)), seen)
        });
        let mut seen = [Vec::new(), Vec::new()];
        let looks = seen.each_mut().map(|seen| |chunk: &[u8]| seen.extend_from_slice(chunk));
        let both = inflate_hashed_both([&one, &other], Limit(300_000), looks);
        for ((result, seen), (expected, expected_seen)) in both.into_iter().zip(seen).zip(alone) {
            prop_assert_eq!(result, expected);
            prop_assert_eq!(seen, expected_seen);
        }
    }

    #[test]
    fn every_header_that_gzip_allows_is_read(
        bytes in vec(any::<u8>(), 0..300), name in proptest::option::of("[a-z.]{0,20}"), comment in proptest::option::of("[a-z ]{0,20}"),
        extra in proptest::option::of(vec(any::<u8>(), 0..40)), checked in any::<bool>(), cut in 0usize..400,
    ) {
        let mut builder = GzBuilder::new().mtime(1_772_400_000);
        if let Some(name) = name { builder = builder.filename(name); }
        if let Some(comment) = comment { builder = builder.comment(comment); }
        if let Some(extra) = extra { builder = builder.extra(extra); }
        let mut encoder = builder.write(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        let mut member = encoder.finish().unwrap();
        if checked {
            // FHCRC: two bytes of checksum between header and data.
            let header = [0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3];
            let mut checksum = flate2::Crc::new();
            checksum.update(&header);
            let checksum = (checksum.sum() as u16).to_le_bytes();
            let plain = gzip(&bytes);
            member = [&header[..], &checksum, &plain[10..]].concat();
            let other = [&header[..], &[checksum[0] ^ 1, checksum[1]], &plain[10..]].concat();
            prop_assert!(matches!(inflate(&other, Limit(1000)), Err(Fault::Header(_))));
        }
        prop_assert_eq!(inflate(&member, Limit(1000)).unwrap(), bytes);
        let cut = cut % member.len();
        prop_assert!(inflate(&member[..cut], Limit(1000)).is_err());
    }
}

// Digests and key files.

fn judged(object: &ObjectName, stored: &[u8], metadata: &Metadata) -> Authentication {
    let key = DigestKey::parse(&object.key).unwrap();
    let place = DigestPlace { delivered: object, key: &key, named_by: NamedBy::BucketAndKey };
    authenticate(place, stored, metadata, &RING)
}

/// A digest of the small world: its name, inflated bytes and metadata.
fn digest(at: usize) -> (ObjectName, Vec<u8>, Metadata) {
    let mut store = Memory::new(&SMALL, Keeps::Metadata, 1000);
    let digests: Vec<_> = SMALL.chains().iter().flat_map(|chain| &chain.digests).collect();
    let object = digests[at % digests.len()].object().clone();
    let (body, metadata) = store.objects()[&object].clone();
    (object, inflate(&body, Limit::DIGEST).unwrap(), metadata)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn only_the_signed_bytes_are_authentic(which in 0usize..15, at in any::<prop::sample::Index>(), byte in any::<u8>(), insert in any::<bool>()) {
        let (object, mut body, metadata) = digest(which);
        prop_assert!(matches!(judged(&object, &gzip(&body), &metadata), Authentication::Authentic(_)));
        let original = body.clone();
        let at = at.index(body.len());
        if insert { body.insert(at, byte) } else { body[at] = byte }
        let authentic = matches!(judged(&object, &gzip(&body), &metadata), Authentication::Authentic(_));
        prop_assert_eq!(authentic, body == original);
    }

    #[test]
    fn only_the_given_signature_is_authentic(which in 0usize..15, bit in 0usize..2048) {
        let (object, body, metadata) = digest(which);
        let Metadata::Kept(mut kept) = metadata else { panic!("the store keeps metadata") };
        kept.signature = kept.signature.map(|signature| flipped_hex(&signature, bit).into());
        let metadata = Metadata::Kept(kept);
        prop_assert!(matches!(judged(&object, &gzip(&body), &metadata), Authentication::Rejected(_)));
    }

    #[test]
    fn odd_json_is_no_digest(
        text in prop_oneof![any::<String>(), "[\\[\\]{}\",:0-9a-z\\\\ ]{0,60}", Just("[".repeat(200_000)), Just("{\"a\":".repeat(100_000))],
        signature in prop_oneof![Just(None), "[0-9a-f]{0,20}".prop_map(Some), any::<String>().prop_map(Some)],
    ) {
        let (object, _, _) = digest(0);
        let metadata = Metadata::Kept(UserMetadata { signature: signature.map(Into::into), ..UserMetadata::default() });
        prop_assert!(matches!(judged(&object, &gzip(text.as_bytes()), &metadata), Authentication::Rejected(_)));
        prop_assert!(keys::parse(text.as_bytes(), "keys.json").is_err() || text.contains("ublicKeyList"));
    }

    #[test]
    fn odd_key_files_are_refused_or_read(
        value in prop_oneof!["[A-Za-z0-9+/=]{0,40}".prop_map(|text| format!("\"{text}\"")), Just("null".into()), Just("7".into()), Just("{}".into())],
        time in prop_oneof![Just("1772000000".to_owned()), Just("1e400".into()), Just("-1e300".into()), Just("\"nan\"".into()), Just("\"2026-13-01T00:00:00Z\"".into()), Just("[]".into())],
        region in "[a-z0-9-]{0,14}",
    ) {
        let key = format!(r#"{{"Value":{value},"ValidityStartTime":{time},"ValidityEndTime":{time},"Fingerprint":"x"}}"#);
        for text in [format!(r#"{{"PublicKeyList":[{key}]}}"#), format!(r#"{{"{region}":[{key}]}}"#), format!(r#"{{"{region}":{{"PublicKeyList":{key}}}}}"#)] {
            prop_assert!(keys::parse(text.as_bytes(), "keys.json").is_err());
        }
    }
}

fn flipped_hex(hex: &str, bit: usize) -> String {
    let mut bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// Whole runs.

#[test]
fn no_flipped_bit_leaves_exit_0() {
    let store = Memory::new(&SMALL, Keeps::Metadata, 1000);
    assert_eq!(run(plan(&SMALL.truth()), store.clone(), &SMALL).exit_code(), 0);
    let window = SMALL.plan().window();
    let in_window = |object: &ObjectName| match ObjectKey::parse(&object.key).unwrap() {
        ObjectKey::Digest(key) => key.end > window.start && key.end < window.end,
        ObjectKey::Log(key) => window.contains(key.delivered),
    };
    let objects: Vec<ObjectName> =
        store.clone().objects().keys().filter(|name| in_window(name)).cloned().collect();
    assert!(objects.len() > 20);
    for (number, object) in objects.iter().enumerate() {
        let (body, metadata) = store.clone().objects()[object].clone();
        let whole = inflate(&body, Limit::LOG).unwrap();
        // Spread over the file, first and last bit included, and never the same in two files.
        let bits = whole.len() * 8;
        let spread = (0..6).map(|step| step * (bits - 1) / 5).chain([(number * 7919) % bits]);
        for bit in spread {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut store = store.clone();
            store.objects().insert(object.clone(), (gzip(&changed).into(), metadata.clone()));
            let report = run(plan(&SMALL.truth()), store, &SMALL);
            assert_eq!(report.exit_code(), 1, "bit {bit} of {object}");
        }
        let Metadata::Kept(kept) = metadata else { continue };
        let Some(signature) = &kept.signature else { continue };
        for bit in [0, (number * 97) % 2048, 2047] {
            let signature = Some(flipped_hex(signature, bit).into());
            let metadata = Metadata::Kept(UserMetadata { signature, ..kept.clone() });
            let mut store = store.clone();
            store.objects().insert(object.clone(), (body.clone(), metadata));
            let report = run(plan(&SMALL.truth()), store, &SMALL);
            assert_eq!(report.exit_code(), 1, "bit {bit} of the signature of {object}");
        }
    }
}

#[test]
fn a_bomb_is_malformed_and_small() {
    // 513 MiB of spaces take half a megabyte; the limits hold before all of it is made.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..513 {
        encoder.write_all(&spaces).unwrap();
    }
    let bomb = Bytes::from(encoder.finish().unwrap());
    assert_eq!(inflate(&bomb, Limit::DIGEST), Err(Fault::TooLarge(Limit::DIGEST.0)));
    let mut seen = 0;
    assert!(inflate_hashed(&bomb, Limit::LOG, |chunk| seen += chunk.len()).is_err());
    assert!(seen <= Limit::LOG.0);
}
