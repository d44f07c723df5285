//! What a stranger can do to a digest's bytes: everything but sign them.

use chrono::TimeDelta;
use flate2::Compression;

use super::logs::{compress_by_hand, edit_event, explosive, invent};
use super::scene::Scene;
use crate::crypto::{Hash, Signature};
use crate::forge::ForgeError;
use crate::forge::body::{Body, Entry};
use crate::forge::chain::{Stored, UserMetadata, gzip};
use crate::forge::truth::Code;
use crate::gzip::Limit;
use crate::trail::key::DigestKey;
use crate::trail::{DigestKind, ObjectName, format_time};

/// Rewrites the digest and leaves its signature as it was. Its successor recorded another hash.
fn rewrite(scene: &mut Scene<'_>, change: impl FnOnce(&mut Body)) -> Body {
    let mut body = scene.digest().body.clone();
    change(&mut body);
    let object = scene.digest_object();
    scene.put_text(&object, body.json());
    scene.expect(Code::DigestLinkBroken, &object);
    scene.reject(body.logs.clone());
    body
}

fn forge_quietly(scene: &mut Scene<'_>, change: impl FnOnce(&mut Body)) {
    rewrite(scene, change);
    let object = scene.digest_object();
    scene.expect(Code::DigestSignatureInvalid, &object);
}

fn backdate(body: &mut Body) {
    for entry in &mut body.logs {
        entry.oldest = entry.oldest.map(|time| time - TimeDelta::seconds(1));
    }
}

pub(super) fn edit(scene: &mut Scene<'_>) {
    forge_quietly(scene, backdate);
}

pub(super) fn drop_entry(scene: &mut Scene<'_>) {
    forge_quietly(scene, |body| {
        body.logs.remove(0);
    });
}

pub(super) fn add_entry(scene: &mut Scene<'_>) {
    let invented = invent(scene);
    forge_quietly(scene, |body| body.logs.extend(invented));
}

/// The log file is edited, too; but its edited hash is all that is left of it, so nothing can be said of its bytes.
pub(super) fn replace_hash(scene: &mut Scene<'_>) {
    let told = scene.world.direct.len();
    edit_event(scene);
    scene.world.direct.truncate(told);
    let object = scene.entry().object;
    let hash = Hash::of(scene.text(&object).as_bytes());
    forge_quietly(scene, |body| body.logs[0].hash = hash);
}

fn sign_as_stranger(scene: &mut Scene<'_>, body: &Body) -> Result<(), ForgeError> {
    let signature = stranger_signature(scene, body)?;
    scene.change_metadata(|metadata| metadata.signature = Some(signature.to_string()));
    Ok(())
}

fn stranger_signature(scene: &Scene<'_>, body: &Body) -> Result<Signature, ForgeError> {
    scene.world.keys.stranger()?.sign(body.string_to_sign(&body.json()).as_bytes())
}

pub(super) fn resign(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let body = rewrite(scene, backdate);
    let object = scene.digest_object();
    scene.expect(Code::DigestSignatureInvalid, &object);
    sign_as_stranger(scene, &body)
}

pub(super) fn resign_under_own_name(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let own_name = scene.world.keys.stranger()?.fingerprint.to_string();
    let body = rewrite(scene, |body| body.fingerprint = own_name);
    let object = scene.digest_object();
    scene.expect(Code::DigestUnknownKey, &object);
    sign_as_stranger(scene, &body)
}

/// Nothing links to a newest digest, so its signature alone gives it away.
pub(super) fn forge_tail(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    scene.at = scene.chain().digests.len() - 1;
    let mut body = scene.digest().body.clone();
    body.extra.push(("note".into(), r#""nothing to see""#.into()));
    let object = scene.digest_object();
    scene.put_text(&object, body.json());
    scene.expect(Code::DigestSignatureInvalid, &object);
    scene.reject(body.logs.clone());
    sign_as_stranger(scene, &body)
}

pub(super) fn forge_backfill(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let invented: Vec<Entry> = invent(scene).into_iter().collect();
    let real = scene.digest().body.clone();
    let Some(mut key) = DigestKey::parse(&real.place.key) else {
        return Err(ForgeError::NoRoom(scene.damage()));
    };
    key.chain.kind = DigestKind::Backfill;
    let object = ObjectName::new(real.place.bucket.clone(), key.to_string());
    let body = Body { place: object.clone(), previous: None, logs: invented.clone(), ..real };
    let generated = body.end + TimeDelta::hours(5);
    let metadata = UserMetadata {
        signature: Some(stranger_signature(scene, &body)?.to_string()),
        signature_algorithm: Some(body.algorithm.clone()),
        backfill_generation_timestamp: Some(format_time(generated)),
    };
    let bytes = gzip(body.json().as_bytes(), Compression::default());
    scene.put(&object, Stored { body: bytes, metadata: Some(metadata), last_modified: generated });
    scene.world.named_by_rejected.extend(invented.into_iter().map(|entry| entry.object));
    scene.expect(Code::DigestSignatureInvalid, &object);
    Ok(())
}

pub(super) fn recompress(scene: &mut Scene<'_>) {
    let object = scene.digest_object();
    let bytes = compress_by_hand(scene.text(&object).as_bytes());
    scene.put_body(&object, bytes);
}

/// What does not inflate has no hash that a link could contradict, and names no log file.
fn change_bytes(scene: &mut Scene<'_>, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let object = scene.digest_object();
    let bytes = change(scene.stored(&object).body.to_vec());
    scene.put_body(&object, bytes);
    scene.expect(Code::DigestMalformed, &object);
    scene.reject([]);
}

pub(super) fn append(scene: &mut Scene<'_>) {
    change_bytes(scene, |bytes| [&bytes, &b"\n"[..]].concat());
}

pub(super) fn add_member(scene: &mut Scene<'_>) {
    let member = gzip(b"{}", Compression::default());
    change_bytes(scene, |bytes| [&bytes, &*member].concat());
}

pub(super) fn truncate(scene: &mut Scene<'_>) {
    change_bytes(scene, |bytes| bytes[..bytes.len() / 2].to_vec());
}

pub(super) fn empty(scene: &mut Scene<'_>) {
    change_bytes(scene, |_| Vec::new());
}

/// AWS signed what is inside.
pub(super) fn unzip(scene: &mut Scene<'_>) {
    let (object, text) = (scene.digest_object(), scene.digest().body.json());
    scene.put_body(&object, text.into_bytes());
    scene.expect(Code::DigestUnpacked, &object);
}

pub(super) fn bomb(scene: &mut Scene<'_>) {
    change_bytes(scene, |_| explosive(Limit::DIGEST));
}

/// What inflates but is no digest's JSON has a hash, which is not the recorded one, and names no log file.
fn change_json(scene: &mut Scene<'_>, change: impl FnOnce(String) -> Vec<u8>) {
    let object = scene.digest_object();
    let text = change(scene.digest().body.json());
    scene.put_text(&object, text);
    scene.expect(Code::DigestMalformed, &object);
    scene.expect(Code::DigestLinkBroken, &object);
    scene.reject([]);
}

pub(super) fn cut_short(scene: &mut Scene<'_>) {
    change_json(scene, |json| json.as_bytes()[..json.len() / 2].to_vec());
}

pub(super) fn wrap_in_array(scene: &mut Scene<'_>) {
    change_json(scene, |json| format!("[{json}]").into_bytes());
}

pub(super) fn drop_field(scene: &mut Scene<'_>) {
    let field = format!(r#""digestPublicKeyFingerprint":"{}","#, scene.digest().body.fingerprint);
    change_json(scene, |json| json.replacen(&field, "", 1).into_bytes());
}

pub(super) fn repeat_field(scene: &mut Scene<'_>) {
    let field = format!(r#","digestEndTime":"{}"}}"#, format_time(scene.digest().body.end));
    change_json(scene, |json| format!("{}{field}", json.trim_end_matches('}')).into_bytes());
}

pub(super) fn write_after(scene: &mut Scene<'_>) {
    change_json(scene, |json| format!("{json}{{}}").into_bytes());
}

pub(super) fn nest(scene: &mut Scene<'_>) {
    const DEPTH: usize = 100_000;
    change_json(scene, |_| format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)).into_bytes());
}

pub(super) fn break_utf8(scene: &mut Scene<'_>) {
    change_json(scene, |json| {
        let mut bytes = json.into_bytes();
        // The first letter of the account.
        let at = r#"{"awsAccountId":""#.len();
        bytes[at] = 0xff;
        bytes
    });
}
