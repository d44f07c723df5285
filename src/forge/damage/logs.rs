//! What can be done to log files.

use flate2::{Compression, GzBuilder};
use std::io::Write as _;

use chrono::{Days, TimeDelta};

use super::scene::Scene;
use crate::crypto::Hash;
use crate::forge::body::{Entry, HASH_ALGORITHM};
use crate::forge::chain::{Stored, gzip};
use crate::forge::events::write_log;
use crate::forge::rng::Rng;
use crate::forge::truth::{Class, Code};
use crate::gzip::Limit;
use crate::trail::key::{DigestKey, LOG_FOLDER, LogKey};
use crate::trail::{ChainId, ObjectName};

/// Every record begins so.
const RECORD: &str = r#"{"eventVersion""#;

fn change_text(scene: &mut Scene<'_>, change: impl FnOnce(String) -> String) {
    let object = scene.entry().object;
    let text = change(scene.text(&object));
    scene.put_text(&object, text);
    scene.expect(Code::LogModified, &object);
}

fn change_bytes(scene: &mut Scene<'_>, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let object = scene.entry().object;
    let bytes = change(scene.stored(&object).body.to_vec());
    scene.put_body(&object, bytes);
    scene.expect(Code::LogMalformed, &object);
}

pub(super) fn edit_event(scene: &mut Scene<'_>) {
    const FIELD: &str = r#""sourceIPAddress":""#;
    change_text(scene, |text| match text.split_once(FIELD) {
        Some((before, after)) => {
            let rest = after.find('"').map_or("", |end| &after[end..]);
            format!("{before}{FIELD}203.0.113.200{rest}")
        }
        None => text,
    });
}

pub(super) fn remove_event(scene: &mut Scene<'_>) {
    change_text(scene, |text| {
        let first = text.find(RECORD).unwrap_or_default();
        match text[first + 1..].find(RECORD) {
            Some(second) => format!("{}{}", &text[..first], &text[first + 1 + second..]),
            None => r#"{"Records":[]}"#.into(),
        }
    });
}

pub(super) fn clear_events(scene: &mut Scene<'_>) {
    change_text(scene, |_| r#"{"Records":[]}"#.into());
}

pub(super) fn delete(scene: &mut Scene<'_>) {
    let object = scene.entry().object;
    scene.remove(&object);
    scene.expect(Code::LogMissing, &object);
}

pub(super) fn truncate(scene: &mut Scene<'_>) {
    change_bytes(scene, |bytes| bytes[..bytes.len() / 2].to_vec());
}

pub(super) fn empty(scene: &mut Scene<'_>) {
    change_bytes(scene, |_| Vec::new());
}

pub(super) fn unzip(scene: &mut Scene<'_>) {
    let object = scene.entry().object;
    let text = scene.text(&object);
    scene.put_body(&object, text.into_bytes());
    scene.expect(Code::LogUnpacked, &object);
}

pub(super) fn add_member(scene: &mut Scene<'_>) {
    let member = gzip(br#"{"Records":[]}"#, Compression::default());
    change_bytes(scene, |bytes| [&bytes, &*member].concat());
}

pub(super) fn append(scene: &mut Scene<'_>) {
    change_bytes(scene, |bytes| [&bytes, &b"\0\0\0stray"[..]].concat());
}

pub(super) fn break_checksum(scene: &mut Scene<'_>) {
    change_bytes(scene, |mut bytes| {
        let at = bytes.len().saturating_sub(8);
        bytes[at] ^= 1;
        bytes
    });
}

pub(super) fn recompress(scene: &mut Scene<'_>) {
    let object = scene.entry().object;
    let bytes = compress_by_hand(scene.text(&object).as_bytes());
    scene.put_body(&object, bytes);
}

/// As `gzip -1` would: another level, and a name and a time in the header.
pub(super) fn compress_by_hand(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        GzBuilder::new().filename("copy.json").mtime(1_772_400_000).write(Vec::new(), Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

pub(super) fn swap(scene: &mut Scene<'_>) {
    let one = scene.entry().object;
    let others = scene.chain().digests.iter().flat_map(|digest| digest.logs());
    let other = others.map(|entry| &entry.object).rfind(|object| **object != one).cloned();
    if let Some(other) = other {
        let (first, second) = (scene.stored(&one).body, scene.stored(&other).body);
        scene.put_body(&one, second);
        scene.put_body(&other, first);
        scene.expect(Code::LogModified, &one);
        scene.expect(Code::LogModified, &other);
    }
}

pub(super) fn bomb(scene: &mut Scene<'_>) {
    change_bytes(scene, |_| explosive(Limit::LOG));
}

/// A small gzip member that inflates to a little more than the limit.
pub(super) fn explosive(limit: Limit) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _mebibyte in 0..=limit.0 >> 20 {
        // Writing to a Vec cannot fail.
        let _ = encoder.write_all(&spaces);
    }
    encoder.finish().unwrap_or_default()
}

/// Puts an invented log file beside the real one, and says how a digest would name it.
pub(super) fn invent(scene: &mut Scene<'_>) -> Option<Entry> {
    let real = scene.entry().object;
    let key = LogKey::parse(&real.key)?;
    let mut rng = Rng::new(scene.world.plan.seed, &format!("invented/{real}"));
    let key = LogKey { unique: rng.unique().into(), ..key };
    let text = write_log(&mut rng, &key.place, key.delivered, 3, &[]);
    let object = ObjectName::new(real.bucket, key.to_string());
    let body = gzip(text.json.as_bytes(), Compression::default());
    scene
        .put(&object, Stored { body, metadata: None, last_modified: key.delivered + TimeDelta::minutes(20) });
    Some(Entry {
        object,
        hash: Hash::of(text.json.as_bytes()),
        algorithm: HASH_ALGORITHM.into(),
        newest: text.newest,
        oldest: text.oldest,
    })
}

pub(super) fn rename(scene: &mut Scene<'_>) {
    let mut unique = Rng::new(scene.world.plan.seed, "renamed");
    move_log(scene, |key| LogKey { unique: unique.unique().into(), ..key }.to_string());
}

/// Nobody looks for it there, but other readers find it.
pub(super) fn misfile(scene: &mut Scene<'_>) {
    let to = move_log(scene, |key| {
        let day = |delivered: crate::trail::Time| format!("/{}/", delivered.format("%Y/%m/%d"));
        let other = key.delivered.checked_sub_days(Days::new(1)).unwrap_or(key.delivered);
        key.to_string().replacen(&day(key.delivered), &day(other), 1)
    });
    if let Some(to) = to.filter(|to| !lies_outside(scene, to)) {
        scene.expect_as(Code::LogUnlisted, Class::Incomplete, &to);
    }
}

/// Whether an object lies in no day's folder of the world's window.
fn lies_outside(scene: &Scene<'_>, object: &ObjectName) -> bool {
    let window = scene.world.plan.window();
    let last = window.end - TimeDelta::seconds(1);
    let mut days = window.start.date_naive().iter_days().take_while(|day| *day <= last.date_naive());
    !days.any(|day| object.key.contains(&format!("/{}/", day.format("%Y/%m/%d"))))
}

/// An invented log file under a name that CloudTrail does not write and other readers take.
pub(super) fn invent_oddly(scene: &mut Scene<'_>) {
    invent_as(scene, |key| key.replacen(".json.gz", "_copy.json.gz", 1));
}

/// An invented log file in a folder below the day's.
pub(super) fn invent_below(scene: &mut Scene<'_>) {
    invent_as(scene, |key| match key.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/more/{name}"),
        None => key,
    });
}

fn invent_as(scene: &mut Scene<'_>, name: impl FnOnce(String) -> String) {
    let Some(entry) = invent(scene) else { return };
    if let Some(stored) = scene.take_back(&entry.object) {
        let to = ObjectName::new(entry.object.bucket.clone(), name(entry.object.key.into()));
        scene.put(&to, stored);
        scene.expect_as(Code::LogUnlisted, Class::Incomplete, &to);
    }
}

/// An invented log file, and an empty object in the place of a digest of a trail that does not exist, two hours on.
pub(super) fn invent_beside_a_ghost(scene: &mut Scene<'_>) {
    invent(scene);
    let object = scene.digest_object();
    let Some(key) = DigestKey::parse(&object.key) else { return };
    let end = key.end + TimeDelta::hours(2);
    let Ok(trail) = "no-such-trail".parse() else { return };
    let ghost = DigestKey { chain: ChainId { trail, ..key.chain }, end, ..key };
    let object = ObjectName::new(object.bucket, ghost.to_string());
    scene.put(&object, Stored { body: Default::default(), metadata: None, last_modified: end });
    scene.expect(Code::DigestMalformed, &object);
    scene.expect_chain(Code::CoverageGap, &ghost.chain);
}

fn move_log(scene: &mut Scene<'_>, to: impl FnOnce(LogKey) -> String) -> Option<ObjectName> {
    let object = scene.entry().object;
    scene.expect(Code::LogMissing, &object);
    let key = LogKey::parse(&object.key).map(to)?;
    let (to, stored) = (ObjectName::new(object.bucket.clone(), key), scene.remove(&object)?);
    scene.put(&to, stored);
    Some(to)
}

pub(super) fn stray_insight(scene: &mut Scene<'_>) {
    let real = scene.entry().object;
    let stored = scene.stored(&real);
    if let Some(key) = LogKey::parse(&real.key) {
        let key = LogKey { kind: format!("{LOG_FOLDER}-Insight").into(), ..key };
        scene.put(&ObjectName::new(real.bucket, key.to_string()), stored);
    }
}

pub(super) fn stray_object(scene: &mut Scene<'_>) {
    let real = scene.entry().object;
    let stored = scene.stored(&real);
    let folder = real.key.rsplit_once('/').map_or("", |(folder, _)| folder);
    let notes = ObjectName::new(real.bucket.clone(), format!("{folder}/notes.txt"));
    scene.put(&notes, stored);
    scene.expect(Code::StrayObjects, &notes);
}
