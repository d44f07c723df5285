//! What can be done to log files.

use flate2::{Compression, GzBuilder};
use std::io::Write as _;

use chrono::{Days, TimeDelta};

use super::scene::Scene;
use crate::crypto::Hash;
use crate::forge::body::{Entry, HASH_ALGORITHM};
use crate::forge::chain::{Stored, gzip};
use crate::forge::dice::Dice;
use crate::forge::events::write_log;
use crate::forge::truth::Code;
use crate::gzip::Limit;
use crate::trail::ObjectName;
use crate::trail::key::{LOG_FOLDER, LogKey};

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
    let text = scene.text(&scene.entry().object);
    change_bytes(scene, |_| text.into_bytes());
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
    gzip(&vec![b' '; limit.0 + 1], Compression::default()).to_vec()
}

/// Puts an invented log file beside the real one, and says how a digest would name it.
pub(super) fn invent(scene: &mut Scene<'_>) -> Option<Entry> {
    let real = scene.entry().object;
    let key = LogKey::parse(&real.key)?;
    let mut dice = Dice::new(scene.world.plan.seed, &format!("invented/{real}"));
    let key = LogKey { unique: dice.unique().into(), ..key };
    let text = write_log(&mut dice, &key.place, key.delivered, 3, &[]);
    let object = ObjectName::new(real.bucket, key.to_string());
    let body = gzip(text.json.as_bytes(), Compression::default());
    scene.put(&object, Stored { body, metadata: None, last_modified: key.delivered + TimeDelta::days(1) });
    Some(Entry {
        object,
        hash: Hash::of(text.json.as_bytes()),
        algorithm: HASH_ALGORITHM.into(),
        newest: text.newest,
        oldest: text.oldest,
    })
}

pub(super) fn rename(scene: &mut Scene<'_>) {
    let mut unique = Dice::new(scene.world.plan.seed, "renamed");
    move_log(scene, |key| LogKey { unique: unique.unique().into(), ..key }.to_string());
}

pub(super) fn misfile(scene: &mut Scene<'_>) {
    move_log(scene, |key| {
        let day = |delivered: crate::trail::Time| format!("/{}/", delivered.format("%Y/%m/%d"));
        let other = key.delivered.checked_add_days(Days::new(1)).unwrap_or(key.delivered);
        key.to_string().replacen(&day(key.delivered), &day(other), 1)
    });
}

fn move_log(scene: &mut Scene<'_>, to: impl FnOnce(LogKey) -> String) {
    let object = scene.entry().object;
    let key = LogKey::parse(&object.key).map(to);
    if let (Some(key), Some(stored)) = (key, scene.remove(&object)) {
        scene.put(&ObjectName::new(object.bucket.clone(), key), stored);
    }
    scene.expect(Code::LogMissing, &object);
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
    scene.put(&ObjectName::new(real.bucket.clone(), format!("{folder}/notes.txt")), stored);
}
