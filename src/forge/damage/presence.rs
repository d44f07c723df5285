//! Digests that are gone, or lie where they do not belong.

use chrono::{Days, TimeDelta};

use super::scene::Scene;
use crate::forge::ForgeError;
use crate::forge::chain::ForgedDigest;
use crate::forge::truth::Code;
use crate::forge::world::State;
use crate::trail::ObjectName;
use crate::trail::key::{DigestKey, ObjectKey};

fn delete(scene: &mut Scene<'_>, at: usize) {
    let object = scene.chain().digests[at].object().clone();
    scene.remove(&object);
    scene.mark(at, State::Absent);
}

pub(super) fn delete_run(scene: &mut Scene<'_>, count: usize) {
    for at in scene.at..scene.at + count {
        delete(scene, at);
    }
}

pub(super) fn delete_head(scene: &mut Scene<'_>) {
    delete(scene, 0);
}

pub(super) fn delete_tail(scene: &mut Scene<'_>, count: usize) {
    let end = scene.chain().digests.len();
    for at in end.saturating_sub(count)..end {
        delete(scene, at);
    }
}

pub(super) fn delete_with_logs(scene: &mut Scene<'_>) {
    for entry in scene.digest().logs().to_vec() {
        scene.remove(&entry.object);
    }
    delete(scene, scene.at);
}

/// A backfill digest repairs an hour whose other log files the standard digest names; its own are named by nothing else.
pub(super) fn delete_backfill(scene: &mut Scene<'_>) {
    delete(scene, scene.at);
}

pub(super) fn delete_region_digests(scene: &mut Scene<'_>) {
    remove_all(scene, |key| matches!(key, ObjectKey::Digest(_)));
}

pub(super) fn delete_region(scene: &mut Scene<'_>) {
    remove_all(scene, |_| true);
}

fn remove_all(scene: &mut Scene<'_>, which: impl Fn(&ObjectKey) -> bool) {
    let place = scene.place();
    let doomed = scene.world.objects.keys().filter(|object| match ObjectKey::parse(&object.key) {
        Some(key) => {
            let own = match &key {
                ObjectKey::Digest(digest) => digest.chain.place == place,
                ObjectKey::Log(log) => log.place == place,
            };
            own && which(&key)
        }
        None => false,
    });
    for object in doomed.cloned().collect::<Vec<_>>() {
        scene.remove(&object);
    }
    for chain in scene.world.chains.iter_mut().filter(|chain| chain.id.place == place) {
        chain.states.fill(State::Absent);
    }
}

/// To a name that the chain has no digest for: half an hour later.
pub(super) fn move_in_time(scene: &mut Scene<'_>) {
    let to = move_digest(scene, |key| DigestKey { end: key.end + TimeDelta::minutes(30), ..key }.to_string());
    let named = scene.digest().logs().to_vec();
    scene.world.named_by_rejected.extend(named.into_iter().map(|entry| entry.object));
    if let Some(to) = to {
        scene.expect(Code::DigestRelocated, &to);
    }
}

/// To a folder where its name makes no digest's key: nobody finds it there.
pub(super) fn misfile(scene: &mut Scene<'_>) {
    let to = move_digest(scene, |key| {
        let day = |end: crate::trail::Time| format!("/{}/", end.format("%Y/%m/%d"));
        let other = key.end.checked_add_days(Days::new(1)).unwrap_or(key.end);
        key.to_string().replacen(&day(key.end), &day(other), 1)
    });
    if let Some(to) = to {
        scene.expect(Code::StrayObjects, &to);
    }
}

fn move_digest(scene: &mut Scene<'_>, to: impl FnOnce(DigestKey) -> String) -> Option<ObjectName> {
    let object = scene.digest_object();
    let to = ObjectName::new(object.bucket.clone(), to(DigestKey::parse(&object.key)?));
    let stored = scene.remove(&object)?;
    scene.put(&to, stored);
    scene.mark(scene.at, State::Absent);
    Some(to)
}

pub(super) fn replace_by_sibling(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let own = scene.digest();
    let same_key = |other: &&ForgedDigest| {
        other.object() != own.object() && other.body.fingerprint == own.body.fingerprint
    };
    let sibling = scene.chain().digests.iter().find(same_key).cloned();
    replace_by(scene, sibling)
}

pub(super) fn replace_by_foreigner(scene: &mut Scene<'_>) -> Result<(), ForgeError> {
    let (place, hour) = (scene.place(), scene.digest().hour);
    let others = scene.world.chains.iter().filter(|chain| chain.id.place != place);
    let foreigner = others.flat_map(|chain| &chain.digests).find(|digest| digest.hour == hour).cloned();
    replace_by(scene, foreigner)
}

/// The log files it names lie elsewhere, and their own digest vouches for them.
fn replace_by(scene: &mut Scene<'_>, other: Option<ForgedDigest>) -> Result<(), ForgeError> {
    let other = other.ok_or(ForgeError::NoRoom(scene.damage()))?;
    let object = scene.digest_object();
    scene.put(&object, other.store());
    scene.expect(Code::DigestRelocated, &object);
    scene.expect(Code::DigestLinkBroken, &object);
    scene.reject([]);
    Ok(())
}
