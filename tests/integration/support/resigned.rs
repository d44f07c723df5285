//! Digests that AWS might have signed: those of a forged world, changed at will and signed anew with a key of the tests' own.

use std::io::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use chrono::TimeDelta;
use serde_json::{Value, json};
use trailseal::keys::{Fingerprint, PublicKey};
use trailseal::report::Hash;
use trailseal::store::{Metadata, UserMetadata};
use trailseal::trail::key::{DigestKey, LOG_FOLDER, LogKey};
use trailseal::trail::{AccountRegion, ObjectName, Time, format_time};
use trailseal::{Limit, inflate};

use super::memory::Memory;

static SIGNER: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// The fields in which a digest records the one before it.
const PREVIOUS: [&str; 5] = [
    "previousDigestS3Bucket",
    "previousDigestS3Object",
    "previousDigestHashValue",
    "previousDigestHashAlgorithm",
    "previousDigestSignature",
];

/// The public half of the key, to be listed as one of AWS's.
pub fn key() -> PublicKey {
    let encoded = SIGNER.public_key().as_ref();
    PublicKey::decode(Fingerprint::of(encoded), encoded).unwrap()
}

fn sign(message: &str) -> String {
    let mut signature = vec![0; SIGNER.public_modulus_len()];
    SIGNER.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    signature.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn gzip(text: &str) -> bytes::Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

/// When a digest ends.
pub fn end(digest: &ObjectName) -> Time {
    DigestKey::parse(&digest.key).unwrap().end
}

/// What stands in a digest.
pub fn text(store: &mut Memory, digest: &ObjectName) -> Value {
    let (body, _) = &store.objects()[digest];
    serde_json::from_slice(&inflate(body, Limit::DIGEST).unwrap()).unwrap()
}

/// Changes what stands in a digest, and leaves its signature as it is.
pub fn rewrite(store: &mut Memory, digest: &ObjectName, change: impl FnOnce(&mut Value)) {
    let mut value = text(store, digest);
    change(&mut value);
    store.objects().get_mut(digest).unwrap().0 = gzip(&value.to_string());
}

/// Takes a digest's signature away.
pub fn unsign(store: &mut Memory, digest: &ObjectName) {
    store.objects().get_mut(digest).unwrap().1 = Metadata::Kept(UserMetadata::default());
}

/// Signs digests that follow each other anew, oldest first, each of them changed before. All but the first record the one
/// before as it became. A digest that is given another place moves there.
pub fn sign_anew(
    store: &mut Memory,
    digests: &[ObjectName],
    mut change: impl FnMut(usize, &mut Value),
) -> Vec<ObjectName> {
    let texts: Vec<Value> = digests.iter().map(|digest| text(store, digest)).collect();
    let metadata: Vec<Metadata> =
        digests.iter().map(|digest| store.objects().remove(digest).unwrap().1).collect();
    let mut before: Option<Value> = None;
    let mut signed = Vec::new();
    for (at, (mut value, mut metadata)) in texts.into_iter().zip(metadata).enumerate() {
        value["digestPublicKeyFingerprint"] = json!(Fingerprint::of(SIGNER.public_key().as_ref()).as_str());
        if let Some(before) = &before {
            record(&mut value, before);
        }
        change(at, &mut value);
        let field = |name: &str| value[name].as_str().unwrap_or("null").to_owned();
        let object = ObjectName::new(&*field("digestS3Bucket"), field("digestS3Object"));
        let text = value.to_string();
        let hash = Hash::of(text.as_bytes()).to_string();
        let signature = sign(&format!(
            "{}\n{}/{}\n{hash}\n{}",
            field("digestEndTime"),
            object.bucket,
            object.key,
            field("previousDigestSignature")
        ));
        if let Metadata::Kept(kept) = &mut metadata {
            kept.signature = Some(signature.as_str().into());
        }
        store.objects().insert(object.clone(), (gzip(&text), metadata));
        before = Some(json!({
            PREVIOUS[0]: &*object.bucket,
            PREVIOUS[1]: &*object.key,
            PREVIOUS[2]: hash,
            PREVIOUS[3]: "SHA-256",
            PREVIOUS[4]: signature,
        }));
        signed.push(object);
    }
    signed
}

/// Has a digest record what `other` says of the one before it.
pub fn record(digest: &mut Value, other: &Value) {
    for field in PREVIOUS {
        digest[field] = other[field].clone();
    }
}

/// Has a chain begin anew with a digest.
pub fn begin_anew(digest: &mut Value) {
    record(digest, &Value::Null);
}

/// Has a digest cover the hour before `end`, under the name that says so.
pub fn ends_at(digest: &mut Value, end: Time) {
    let key = DigestKey::parse(digest["digestS3Object"].as_str().unwrap()).unwrap();
    digest["digestS3Object"] = json!(DigestKey { end, ..key }.to_string());
    digest["digestStartTime"] = json!(format_time(end - TimeDelta::hours(1)));
    digest["digestEndTime"] = json!(format_time(end));
}

/// Puts a digest like `like` beside it, which covers the hour before `end`, and signs it.
pub fn fork(store: &mut Memory, like: &ObjectName, end: Time, change: impl FnOnce(&mut Value)) -> ObjectName {
    let stored = store.objects()[like].clone();
    let mut change = Some(change);
    let signed = sign_anew(store, std::slice::from_ref(like), |_, value| {
        ends_at(value, end);
        if let Some(change) = change.take() {
            change(value);
        }
    });
    store.objects().insert(like.clone(), stored);
    signed.into_iter().next().unwrap()
}

/// The name of a log file of `place` in `bucket`.
pub fn log_name(bucket: &str, place: &AccountRegion, kind: &str, named: Time, unique: &str) -> ObjectName {
    let (prefix, place) = (Default::default(), place.clone());
    let key = LogKey { prefix, place, kind: kind.into(), delivered: named, unique: unique.into() };
    ObjectName::new(bucket, key.to_string())
}

/// Puts a log file there, delivered at the time of its name, and says how a digest names it.
pub fn put_log(store: &mut Memory, object: ObjectName) -> Value {
    let text = r#"{"Records":[]}"#;
    let named = LogKey::parse(&object.key).unwrap().delivered;
    let entry = json!({
        "s3Bucket": &*object.bucket,
        "s3Object": &*object.key,
        "hashValue": Hash::of(text.as_bytes()).to_string(),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": null,
        "oldestEventTime": null,
    });
    store.modified().insert(object.clone(), named);
    store.objects().insert(object, (gzip(text), Metadata::NotKept(None)));
    entry
}

/// Puts a log file of the usual kind there, and says how a digest names it.
pub fn put(store: &mut Memory, bucket: &str, place: &AccountRegion, named: Time, unique: &str) -> Value {
    put_log(store, log_name(bucket, place, LOG_FOLDER, named, unique))
}

/// Has a digest name a log file.
pub fn name(digest: &mut Value, log: &Value) {
    digest["logFiles"].as_array_mut().unwrap().push(log.clone());
}
