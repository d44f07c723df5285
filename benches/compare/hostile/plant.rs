//! Puts into a forged record what its owner may put there. Everything is written as it is made: what this process has once
//! taken would count as its children's peak.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use trailseal::trail::key::{DigestKey, LogKey};

use super::super::{contest, record};

/// A record of one account, as a folder.
pub struct Record {
    bucket: PathBuf,
    /// Something small that no digest names; copies are links to it.
    small: PathBuf,
}

/// How large the genuine record is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub regions: usize,
    pub hours: usize,
    pub logs_per_hour: usize,
}

impl Record {
    /// Forges a record, in a process of its own.
    pub fn forge(folder: &Path, size: Size) -> Self {
        let mut forge = contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")));
        forge.arg("forge").arg(folder).args(["--accounts", "1", "--events-per-log", "1"]);
        forge.args(["--regions", &size.regions.to_string(), "--hours", &size.hours.to_string()]);
        forge.args(["--logs-per-hour", &size.logs_per_hour.to_string()]);
        assert!(forge.status().unwrap().success());
        let small = folder.join("small.json.gz");
        write_json(&small, &json!({ "Records": [] }));
        Self { bucket: folder.join("bucket"), small }
    }

    pub fn bucket(&self) -> &Path {
        &self.bucket
    }

    fn newest<Key>(&self, parse: fn(&str) -> Option<Key>) -> (Key, PathBuf) {
        let mut objects = record::objects(&self.bucket);
        objects.reverse();
        objects.into_iter().find_map(|(key, path)| Some((parse(&key)?, path))).unwrap()
    }

    fn put(&self, key: &str, document: &Value) {
        write_json(&self.made(key), document);
    }

    /// The small file under another name. A file has only so many links.
    fn link(&self, number: usize, key: &str) {
        const LINKS: usize = 10_000;
        let of = self.small.with_extension((number / LINKS).to_string());
        if number.is_multiple_of(LINKS) {
            fs::copy(&self.small, &of).unwrap();
        }
        fs::hard_link(of, self.made(key)).unwrap();
    }

    fn made(&self, key: &str) -> PathBuf {
        let path = self.bucket.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

fn write_json(path: &Path, document: &Value) {
    let mut out = GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast());
    serde_json::to_writer(&mut out, document).unwrap();
    out.finish().unwrap();
}

fn read_json(path: &Path) -> Value {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Nothing: what the server does to the record is bad enough.
pub fn nothing(_: &Record, _: usize) {}

/// Unsigned digests of the record's chain, at seconds that no hour ends on.
fn in_chain(of: &DigestKey, number: usize) -> DigestKey {
    let mut key = of.clone();
    let number = i64::try_from(number).unwrap();
    key.end -= TimeDelta::seconds(number + number / 3599 + 1);
    key
}

/// Unsigned digests whose every text is 60 kB long.
pub fn long_fields(record: &Record, count: usize) {
    let (of, path) = record.newest(DigestKey::parse);
    let mut document = read_json(&path);
    for (_, value) in document.as_object_mut().unwrap() {
        if value.is_string() {
            *value = json!("x".repeat(60_000));
        }
    }
    for number in 0..count {
        record.put(&in_chain(&of, number).to_string(), &document);
    }
}

/// Unsigned digests that claim this many log files together, 100,000 each.
pub fn claimed_names(record: &Record, count: usize) {
    const EACH: usize = 100_000;
    let (of, path) = record.newest(DigestKey::parse);
    let (log, _) = record.newest(LogKey::parse);
    let genuine = read_json(&path);
    let hash = "0".repeat(64);
    for number in 0..count / EACH {
        let mut head = genuine.clone();
        head.as_object_mut().unwrap().remove("logFiles");
        let head = head.to_string();
        let file = fs::File::create(record.made(&in_chain(&of, number).to_string())).unwrap();
        let mut out = GzEncoder::new(file, Compression::fast());
        write!(out, "{},\"logFiles\":[", head.strip_suffix('}').unwrap()).unwrap();
        for at in 0..EACH {
            let entry = json!({
                "s3Bucket": genuine["digestS3Bucket"],
                "s3Object": LogKey { unique: format!("claimed{:09}", number * EACH + at).into(), ..log.clone() }.to_string(),
                "hashValue": hash,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": genuine["digestEndTime"],
                "oldestEventTime": genuine["digestStartTime"],
            });
            write!(out, "{}{entry}", if at == 0 { "" } else { "," }).unwrap();
        }
        write!(out, "]}}").unwrap();
        out.finish().unwrap();
    }
}

/// Log files that no digest names, at the record's beginning.
pub fn log_files(record: &Record, count: usize) {
    let (mut of, _) = record.newest(LogKey::parse);
    of.delivered -= TimeDelta::hours(30);
    for number in 0..count {
        of.unique = format!("forged{number:010}").into();
        record.link(number, &of.to_string());
    }
}

/// Digests in the record's chain that are none.
pub fn digests(record: &Record, count: usize) {
    let (of, _) = record.newest(DigestKey::parse);
    for number in 0..count {
        record.link(number, &in_chain(&of, number).to_string());
    }
}

/// Digests of trails that nobody created.
pub fn ghost_trails(record: &Record, count: usize) {
    let (of, _) = record.newest(DigestKey::parse);
    for number in 0..count {
        let mut key = of.clone();
        key.chain.trail = format!("ghost-{number}").parse().unwrap();
        record.link(number, &key.to_string());
    }
}

/// Objects beside the log files, under names that CloudTrail does not write.
pub fn odd_objects(record: &Record, count: usize) {
    let (of, _) = record.newest(LogKey::parse);
    for number in 0..count {
        record.link(number, &format!("{}odd-{number}.json.gz", of.folder()));
    }
}

/// Folders beside those of years, each with one object.
pub fn odd_folders(record: &Record, count: usize) {
    let (of, _) = record.newest(LogKey::parse);
    for number in 0..count {
        record.link(number, &format!("{}odd-{number}/x.json.gz", of.folder()));
    }
}
