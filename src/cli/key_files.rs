//! Key files, as the caller names them.

use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::crypto::KeyRing;
use crate::keys;

/// Reads all key files into one ring. A word that is no file may be several, with commas between them.
pub fn key_files(words: &[PathBuf]) -> Result<KeyRing, Failure> {
    let mut ring = KeyRing::default();
    for path in words.iter().flat_map(|word| files(word)) {
        ring.merge(keys::read_file(&path).map_err(Failure::new)?);
    }
    Ok(ring)
}

fn files(word: &Path) -> Vec<PathBuf> {
    match word.to_str().filter(|text| text.contains(',') && !word.exists()) {
        Some(text) => text.split(',').map(PathBuf::from).collect(),
        None => vec![word.to_owned()],
    }
}
