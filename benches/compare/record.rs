//! The forged record, as the folder holds it.

use std::fs;
use std::path::{Path, PathBuf};

/// How large a record is.
pub struct Bytes {
    pub compressed: u64,
    pub inflated: u64,
}

/// Every object below `folder`: key and path, sorted by key. What stands beside an object is none.
pub fn objects(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    walk(folder, "", &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let key = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{key}/"), found);
        } else if key.ends_with(".gz") {
            found.push((key, entry.path()));
        }
    }
}

/// Counts the record's bytes, as the objects' own trailers tell them.
pub fn bytes(folder: &Path) -> Bytes {
    objects(folder).iter().map(|(_, path)| fs::read(path).unwrap()).fold(
        Bytes { compressed: 0, inflated: 0 },
        |sum, body| Bytes {
            compressed: sum.compressed + body.len() as u64,
            inflated: sum.inflated + inflated(&body) as u64,
        },
    )
}

/// The length a member's trailer tells; the forge does not lie.
pub fn inflated(member: &[u8]) -> usize {
    u32::from_le_bytes(*member.last_chunk().unwrap()) as usize
}
