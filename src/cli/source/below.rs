//! What lies right below a folder.

use std::fs;
use std::path::Path;

/// The names of the folders in it, those that can be read.
pub(super) fn folders(path: &Path) -> impl Iterator<Item = String> + use<> {
    fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| {
        let folder = entry.path().is_dir();
        entry.file_name().into_string().ok().filter(|_| folder)
    })
}
