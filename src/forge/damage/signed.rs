//! What only AWS could have signed: the digests from here on are signed anew with the world's own keys.

use chrono::TimeDelta;

use super::scene::Scene;
use crate::forge::ForgeError;
use crate::forge::body::{Body, HexCase};
use crate::forge::chain::ForgedDigest;
use crate::forge::hour::Opening;
use crate::forge::truth::Code;

/// Signs the chain anew from digest `from` on; `change` may alter each body on the way.
fn sign_anew(
    scene: &mut Scene<'_>,
    from: usize,
    mut change: impl FnMut(usize, &mut Body),
) -> Result<(), ForgeError> {
    for at in from..scene.chain().digests.len() {
        let chain = scene.chain();
        let ForgedDigest { mut body, hour, generated, opening, .. } = chain.digests[at].clone();
        let before = at.checked_sub(1).map(|before| &chain.digests[before]);
        body.previous = match opening {
            Opening::Linked => before.map(ForgedDigest::as_previous),
            Opening::First | Opening::Restarted => None,
        };
        let key = scene.world.keys.at(generated.unwrap_or(body.end));
        change(at, &mut body);
        let digest = ForgedDigest::seal(body, key, hour, generated, opening)?;
        let (object, stored) = (digest.object().clone(), digest.store());
        scene.chain_mut().digests[at] = digest;
        scene.put(&object, stored);
    }
    Ok(())
}

/// Alters the digest in question alone; the ones after it record it as it became.
fn alter(scene: &mut Scene<'_>, change: impl Fn(&mut Body)) -> Result<(), ForgeError> {
    let altered = scene.at;
    sign_anew(scene, altered, |at, body| {
        if at == altered {
            change(body);
        }
    })
}

/// A digest whose algorithms nobody knows cannot be read as naming anything.
fn unsupported(scene: &mut Scene<'_>, change: impl Fn(&mut Body)) -> Result<(), ForgeError> {
    alter(scene, change)?;
    let object = scene.digest_object();
    scene.expect(Code::DigestAlgorithmUnsupported, &object);
    scene.reject([]);
    Ok(())
}

pub(super) fn with_algorithm(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    unsupported(scene, |body| body.algorithm = "SHA512withRSA".into())
}

pub(super) fn with_log_algorithm(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    unsupported(scene, |body| body.logs[0].algorithm = "SHA-512".into())
}

pub(super) fn with_link_algorithm(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    unsupported(scene, |body| {
        if let Some(previous) = &mut body.previous {
            previous.algorithm = "SHA-512".into();
        }
    })
}

fn misplaced(scene: &mut Scene<'_>, change: impl Fn(&mut Body)) -> Result<(), ForgeError> {
    alter(scene, change)?;
    let object = scene.digest_object();
    scene.expect(Code::DigestRelocated, &object);
    let named = scene.digest().logs().to_vec();
    scene.reject(named);
    Ok(())
}

pub(super) fn for_another_account(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    misplaced(scene, |body| body.account = body.account.chars().rev().collect())
}

pub(super) fn with_another_end(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    misplaced(scene, |body| body.end += TimeDelta::seconds(1))
}

pub(super) fn with_extra_fields(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    sign_anew(scene, 0, |_, body| {
        body.extra.push(("digestVersion".into(), r#"{"major":2,"minor":[0,1]}"#.into()));
        body.extra.push(("note".into(), "null".into()));
    })
}

pub(super) fn with_entry_twice(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    alter(scene, |body| body.logs.push(body.logs[0].clone()))
}

pub(super) fn in_hex(scene: &mut Scene<'_>, case: HexCase) -> Result<(), ForgeError> {
    sign_anew(scene, 0, |_, body| body.hex = case)
}

pub(super) fn restart(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let at = scene.at;
    scene.chain_mut().digests[at].opening = Opening::Restarted;
    sign_anew(scene, at, |_, _| {})
}

/// The hour and its log files never were.
pub(super) fn restart_after_gap(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let at = scene.at;
    let lost = scene.chain_mut().digests.remove(at);
    scene.chain_mut().states.remove(at);
    scene.remove(lost.object());
    for entry in lost.logs() {
        scene.remove(&entry.object);
    }
    restart(scene)
}

/// A version of the digest that AWS signed before the hour's first log file was known to it.
pub(super) fn roll_back(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let ForgedDigest { mut body, hour, generated, opening, .. } = scene.digest().clone();
    body.logs.remove(0);
    let key = scene.world.keys.at(generated.unwrap_or(body.end));
    let older = ForgedDigest::seal(body, key, hour, generated, opening)?;
    let (object, at) = (scene.digest_object(), scene.at);
    scene.put(&object, older.store());
    scene.chain_mut().digests[at] = older;
    scene.expect(Code::DigestLinkBroken, &object);
    Ok(())
}
