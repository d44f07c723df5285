//! Genuine AWS keys and signatures, and a chain made without the forge: `testdata/vectors/README.md` says where they are
//! from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::{DecodeRsaPublicKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use trailseal::audit::NamedBy;
use trailseal::audit::Plan;
use trailseal::forge::{self, World};
use trailseal::keys::{self, KeySource};
use trailseal::keys::{Fingerprint, PublicKey, Signature};
use trailseal::report::Hash;
use trailseal::report::Report;
use trailseal::store::dir::DirStore;
use trailseal::store::{Metadata, UserMetadata};
use trailseal::trail::key::DigestKey;
use trailseal::trail::{DigestKind, ObjectName, parse_time};
use trailseal::{Limit, inflate};

use crate::support::memory::{Keeps, Memory};
use crate::support::verify::run_with;

/// A file of `testdata/vectors/`. Without it nothing would be proven, so its absence is a failure.
fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors").join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

fn decoded(value: &Value, field: &str) -> Vec<u8> {
    STANDARD.decode(text(value, field)).unwrap()
}

/// The same key as the two libraries hold it.
struct Key {
    pure: rsa::PublicKey,
}

impl Key {
    fn decode(der: &[u8]) -> Self {
        let pure = rsa::PublicKey::from_pkcs1_der(der).or_else(|_| rsa::PublicKey::from_public_key_der(der));
        Self { pure: pure.unwrap() }
    }

    /// Whether the signature fits the hash, by both libraries, which must agree.
    fn verifies(&self, hash: &[u8], signature: &[u8]) -> bool {
        // The DigestInfo of SHA-256 (RFC 8017, 9.2).
        const PREFIX: [u8; 19] =
            [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
        let scheme = rsa::pkcs1v15::Pkcs1v15Sign::new_unprefixed();
        let pure = self.pure.verify(scheme, &[&PREFIX, hash].concat(), signature).is_ok();
        let digest = digest::Digest::import_less_safe(hash, &digest::SHA256).unwrap();
        let der = self.pure.to_pkcs1_der().unwrap();
        let fast = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_bytes())
            .verify_digest(&digest, signature)
            .is_ok();
        assert_eq!(pure, fast, "rsa and aws-lc-rs disagree");
        pure
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn real_keys_are_read_under_their_own_fingerprints() {
    let file = vectors("aws-public-keys.json");
    let keys = file["keys"].as_array().unwrap();
    assert!(keys.len() >= 4);
    let mut encodings = BTreeMap::new();
    for key in keys {
        let der = decoded(key, "value_b64");
        let fingerprint = Fingerprint::of(&der);
        assert_eq!(fingerprint.as_str(), text(key, "fingerprint"));
        let decoded = PublicKey::decode(fingerprint, &der).unwrap();
        assert_eq!(&*decoded.encoded, der);
        *encodings.entry(text(key, "der_encoding").to_owned()).or_insert(0) += 1;
        // A cut key is no key.
        assert!(PublicKey::decode(Fingerprint::of(&der), &der[..der.len() - 1]).is_err());
    }
    assert!(
        encodings.contains_key("PKCS1") && encodings.contains_key("SubjectPublicKeyInfo"),
        "{encodings:?}"
    );
    // As the AWS CLI prints them, in both time styles.
    let entry = |key: &Value, time: fn(i64) -> Value| {
        json!({
            "Value": text(key, "value_b64"),
            "Fingerprint": text(key, "fingerprint"),
            "ValidityStartTime": time(key["validity_start"].as_i64().unwrap()),
            "ValidityEndTime": time(key["validity_end"].as_i64().unwrap()),
        })
    };
    let styles: [fn(i64) -> Value; 3] = [
        |seconds| json!(seconds as f64),
        |seconds| json!(chrono::DateTime::from_timestamp(seconds, 0).unwrap().to_rfc3339()),
        |seconds| json!(seconds.to_string()),
    ];
    for style in styles {
        let list: Vec<Value> = keys.iter().map(|key| entry(key, style)).collect();
        let ring = keys::parse(json!({ "PublicKeyList": list }).to_string().as_bytes(), "keys.json").unwrap();
        assert_eq!(ring.iter().count(), keys.len());
        for (key, read) in keys.iter().flat_map(|key| ring.iter().map(move |read| (key, read))) {
            if read.fingerprint.as_str() == text(key, "fingerprint") {
                assert_eq!(read.valid_from.unwrap().timestamp(), key["validity_start"].as_i64().unwrap());
            }
        }
    }
}

#[test]
fn real_signatures_hold_and_no_bit_of_them_may_flip() {
    let file = vectors("aws-signatures.json");
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 4);
    for (number, vector) in vectors.iter().enumerate() {
        let der = decoded(vector, "public_key_der_base64");
        assert_eq!(Fingerprint::of(&der).as_str(), text(vector, "fingerprint"));
        // What our own reader makes of the key is the key that is tried.
        let ours = PublicKey::decode(Fingerprint::of(&der), &der).unwrap();
        let key = Key::decode(&ours.encoded);
        let signature: Signature = text(vector, "signature_hex").parse().unwrap();
        let hash: Hash = text(vector, "message_sha256_hex").parse().unwrap();
        assert!(key.verifies(hash.bytes(), signature.bytes()));
        for bit in 0..signature.bytes().len() * 8 {
            assert!(
                !key.verifies(hash.bytes(), &flipped(signature.bytes(), bit)),
                "vector {number}, bit {bit}"
            );
        }
        for bit in 0..256 {
            assert!(
                !key.verifies(&flipped(hash.bytes(), bit), signature.bytes()),
                "vector {number}, hash bit {bit}"
            );
        }
        for other in
            vectors.iter().filter(|other| text(other, "signature_hex") != text(vector, "signature_hex"))
        {
            let other: Signature = text(other, "signature_hex").parse().unwrap();
            assert!(!key.verifies(hash.bytes(), other.bytes()));
        }
        // Shorter, longer, empty.
        for odd in [&signature.bytes()[1..], &[signature.bytes(), &[0]].concat(), &[0; 256]] {
            assert!(!key.verifies(hash.bytes(), odd));
        }
    }
}

#[test]
fn both_libraries_agree_on_forged_signatures() {
    let world =
        World::forge(&forge::WorldPlan { accounts: 1, regions: 1, ..forge::WorldPlan::default() }).unwrap();
    let list: Value = serde_json::from_slice(&world.keys().json()).unwrap();
    let keys: BTreeMap<String, Key> = list["PublicKeyList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (text(key, "Fingerprint").to_owned(), Key::decode(&decoded(key, "Value"))))
        .collect();
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    let mut store = Memory::new(&world, Keeps::Metadata, 1000);
    let mut tried = 0;
    for digest in world.chains().iter().flat_map(|chain| &chain.digests) {
        let (body, metadata) = store.objects()[digest.object()].clone();
        let Metadata::Kept(kept) = metadata else { panic!("the store keeps metadata") };
        let signature: Signature = kept.signature.unwrap().parse().unwrap();
        let body = inflate(&body, Limit::DIGEST).unwrap();
        let message = string_to_sign(&serde_json::from_slice(&body).unwrap(), &body);
        let hash = Hash::of(message.as_bytes());
        let document: Value = serde_json::from_slice(&body).unwrap();
        let name = text(&document, "digestPublicKeyFingerprint");
        let ours = ring.iter().find(|key| key.fingerprint.as_str() == name).unwrap();
        assert!(keys[name].verifies(hash.bytes(), signature.bytes()));
        assert!(ours.verifies(message.as_bytes(), &signature));
        for bit in (tried..2048).step_by(401) {
            let flipped = flipped(signature.bytes(), bit);
            assert!(!keys[name].verifies(hash.bytes(), &flipped));
            assert!(!ours.verifies(message.as_bytes(), &Signature::from(flipped)));
        }
        tried += 1;
    }
    assert!(tried > 12);
}

/// The string to sign, written down a second time from the format's description.
fn string_to_sign(digest: &Value, bytes: &[u8]) -> String {
    format!(
        "{}\n{}/{}\n{}\n{}",
        text(digest, "digestEndTime"),
        text(digest, "digestS3Bucket"),
        text(digest, "digestS3Object"),
        Hash::of(bytes),
        digest["previousDigestSignature"].as_str().unwrap_or("null"),
    )
}

#[test]
fn the_string_to_sign_is_awss() {
    let file = vectors("string-to-sign.json");
    let vectors = file["vectors"].as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let bytes = text(vector, "digest_bytes_utf8").as_bytes();
        assert_eq!(string_to_sign(vector, bytes), text(vector, "string_to_sign"));
    }
}

/// The synthetic chain's objects.
fn objects(file: &Value) -> Vec<(ObjectName, Vec<u8>, BTreeMap<String, String>)> {
    file["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| {
            let metadata = serde_json::from_value(object["metadata"].clone()).unwrap();
            (
                ObjectName::new(text(object, "bucket"), text(object, "key")),
                decoded(object, "body_b64"),
                metadata,
            )
        })
        .collect()
}

fn asked(bucket: &str, named_by: NamedBy) -> Plan {
    let now = parse_time("2026-03-01T12:30:00Z").unwrap();
    Plan {
        end: Some(parse_time("2026-03-02T00:00:00Z").unwrap()),
        ..Plan::new("the synthetic chain".into(), bucket.into(), named_by, now)
    }
}

fn ring(file: &Value) -> KeySource {
    KeySource::Files(Arc::new(keys::parse(file["public_keys"].to_string().as_bytes(), "keys.json").unwrap()))
}

#[track_caller]
fn is_whole(report: &Report, file: &Value) {
    assert_eq!(report.exit_code(), 0, "{:#?}", report.findings);
    let digests =
        objects(file).iter().filter(|(name, ..)| DigestKey::parse(&name.key).is_some()).count() as u64;
    let logs = objects(file).len() as u64 - digests;
    assert_eq!((report.totals.digests.authentic, report.totals.digests.total()), (digests, digests));
    assert_eq!((report.totals.logs.intact, report.totals.logs.total()), (logs, logs));
    let of = |kind: DigestKind| report.chains.iter().filter(|chain| chain.id.kind == kind).count();
    assert_eq!((of(DigestKind::Standard), of(DigestKind::Backfill)), (2, 1));
    assert_eq!(report.chains.iter().filter(|chain| chain.id.place.organization.is_some()).count(), 1);
    assert_eq!(report.keys.len(), 1);
    assert_eq!(report.keys[0].digests, digests);
}

#[test]
fn the_synthetic_chain_is_whole_in_a_bucket_and_in_a_folder() {
    let file = vectors("synthetic-chain.json");
    let bucket = text(&file["trail"], "bucket").to_owned();
    for (name, expected) in file["strings_to_sign"].as_object().unwrap() {
        let written = objects(&file).into_iter().any(|(object, body, _)| {
            DigestKey::parse(&object.key).is_some() && {
                let body = inflate(&body, Limit::DIGEST).unwrap();
                string_to_sign(&serde_json::from_slice(&body).unwrap(), &body) == expected.as_str().unwrap()
            }
        });
        assert!(written, "{name}");
    }

    let mut store = Memory::empty();
    for (object, body, metadata) in objects(&file) {
        let field = |name: &str| metadata.get(name).map(|value| value.as_str().into());
        let kept = Metadata::Kept(UserMetadata {
            signature: field("signature"),
            signature_algorithm: field("signature-algorithm"),
            backfill_generation_timestamp: field("backfill-generation-timestamp"),
        });
        store.objects().insert(object, (body.into(), kept));
    }
    is_whole(&run_with(asked(&bucket, NamedBy::BucketAndKey), store, ring(&file)), &file);

    let folder = tempfile::tempdir().unwrap();
    for (object, body, metadata) in objects(&file) {
        let path = folder.path().join(&*object.key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, body).unwrap();
        if !metadata.is_empty() {
            let head = json!({ "ContentType": "application/json", "Metadata": metadata });
            fs::write(format!("{}.head.json", path.display()), head.to_string()).unwrap();
        }
    }
    let store = DirStore::open(folder.path()).unwrap();
    is_whole(&run_with(asked("folder", NamedBy::KeyOnly), store, ring(&file)), &file);

    // The same key in its other encoding goes by another name: then nothing can be proven, and nobody is accused.
    let spki = decoded(&file, "same_key_as_spki_b64");
    assert_eq!(Fingerprint::of(&spki).as_str(), text(&file, "spki_md5"));
    let list = json!({ "PublicKeyList": [{ "Value": text(&file, "same_key_as_spki_b64") }] });
    let other = keys::parse(list.to_string().as_bytes(), "keys.json").unwrap();
    let store = DirStore::open(folder.path()).unwrap();
    let report = run_with(asked("folder", NamedBy::KeyOnly), store, KeySource::Files(Arc::new(other)));
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn forged_digests_have_the_shape_of_real_ones() {
    let shape = vectors("digest-shape.json");
    let world =
        World::forge(&forge::WorldPlan { accounts: 1, regions: 2, ..forge::WorldPlan::default() }).unwrap();
    let mut store = Memory::new(&world, Keeps::Metadata, 1000);
    let order = |field: &str| -> Vec<String> { serde_json::from_value(shape[field].clone()).unwrap() };
    for digest in world.chains().iter().flat_map(|chain| &chain.digests) {
        let object = digest.object();
        let text = String::from_utf8(inflate(&store.objects()[object].0, Limit::DIGEST).unwrap()).unwrap();
        assert!(text.starts_with('{') && !text.contains(['\n', '\t', ' ']), "compact");
        assert!(!text.replace("\\/", "").contains('/'), "every slash escaped");
        assert_eq!(fields(&text, 1), order("key_order"));
        if !digest.logs().is_empty() {
            assert_eq!(fields(&text, 2)[..6], order("logfile_key_order"));
        }
        let document: Value = serde_json::from_str(&text).unwrap();
        let time = |field: &str| parse_time(document[field].as_str().unwrap()).unwrap();
        assert_eq!((time("digestEndTime") - time("digestStartTime")).num_seconds(), shape["window_seconds"]);
        assert_eq!(time("digestEndTime"), DigestKey::parse(&object.key).unwrap().end);
        if let Some(previous) = document["previousDigestS3Object"].as_str() {
            assert_eq!(DigestKey::parse(previous).unwrap().end, time("digestStartTime"));
        }
    }
}

/// The names of fields at a depth of nesting, in the order in which they stand.
fn fields(json: &str, wanted: usize) -> Vec<String> {
    let (mut depth, mut names) = (0, Vec::new());
    let mut rest = json;
    while let Some(letter) = rest.chars().next() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            '"' => {
                let end = 1 + rest[1..].find('"').unwrap();
                if rest[end + 1..].starts_with(':') && depth == wanted {
                    names.push(rest[1..end].to_owned());
                }
                rest = &rest[end..];
            }
            _ => {}
        }
        rest = &rest[1..];
    }
    names
}
