//! What can be done to a digest's metadata. Where the next digest recorded the true signature, its content still stands.

use super::scene::Scene;
use crate::forge::truth::Code;

pub(super) fn unsign(scene: &mut Scene<'_>) {
    let object = scene.digest_object();
    scene.change_metadata(|metadata| {
        metadata.signature = None;
        metadata.signature_algorithm = None;
    });
    scene.expect(Code::DigestUnsigned, &object);
}

pub(super) fn unsign_newest(scene: &mut Scene<'_>) {
    scene.at = scene.chain().digests.len() - 1;
    unsign(scene);
    let named = scene.digest().logs().to_vec();
    scene.reject(named);
}

pub(super) fn replace_signature(scene: &mut Scene<'_>) {
    let (object, at) = (scene.digest_object(), scene.at);
    let other = scene.chain().digests[at - 1].signature.to_string();
    scene.change_metadata(|metadata| metadata.signature = Some(other));
    scene.expect(Code::DigestSignatureInvalid, &object);
    scene.expect(Code::DigestLinkBroken, &object);
}

pub(super) fn garble(scene: &mut Scene<'_>) {
    change_signature(scene, |signature| signature.replace(['a', 'b'], "z"));
}

pub(super) fn shorten(scene: &mut Scene<'_>) {
    change_signature(scene, |signature| signature[1..].to_owned());
}

/// What is no signature at all differs from the recorded one in nothing that could be compared.
fn change_signature(scene: &mut Scene<'_>, change: impl FnOnce(String) -> String) {
    let object = scene.digest_object();
    scene.change_metadata(|metadata| metadata.signature = metadata.signature.take().map(change));
    scene.expect(Code::DigestSignatureInvalid, &object);
}

pub(super) fn uppercase_signature(scene: &mut Scene<'_>) {
    let upper = |signature: String| signature.to_ascii_uppercase();
    scene.change_metadata(|metadata| metadata.signature = metadata.signature.take().map(upper));
}

pub(super) fn name_algorithm(scene: &mut Scene<'_>) {
    let object = scene.digest_object();
    scene.change_metadata(|metadata| metadata.signature_algorithm = Some("SHA512withRSA".into()));
    scene.expect(Code::DigestAlgorithmUnsupported, &object);
}

pub(super) fn undate(scene: &mut Scene<'_>) {
    let object = scene.digest_object();
    scene.change_metadata(|metadata| metadata.backfill_generation_timestamp = None);
    scene.expect(Code::DigestMalformed, &object);
    let named = scene.digest().logs().to_vec();
    scene.reject(named);
}
