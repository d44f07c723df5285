//! What is there instead of a path that names nothing.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::trail::Region;

use crate::cli::near::nearest;

/// Names in a folder that are told; more of them are not read by anybody.
const TOLD: usize = 8;
/// Names in a folder that are looked at.
const MOST: usize = 10_000;

/// A path that is not there, or not wholly.
pub struct Absent {
    /// The last folder on the way that is there; empty, where it is the one that the process stands in and nobody named it.
    above: PathBuf,
    /// What that folder holds, sorted.
    names: Vec<String>,
    /// What is there and spelt nearly so.
    near: Option<PathBuf>,
}

impl Absent {
    /// Looks at what there is of a path.
    pub fn of(path: &Path) -> Self {
        let above = path.ancestors().skip(1).find(|above| here(above).is_dir()).unwrap_or(Path::new(""));
        let mut names: Vec<String> = fs::read_dir(here(above))
            .into_iter()
            .flatten()
            .flatten()
            .take(MOST)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        let mut below = path.strip_prefix(above).unwrap_or(path).components();
        let missing = match below.next() {
            Some(Component::Normal(name)) => name.to_str(),
            _ => None,
        };
        let near = missing.and_then(|missing| {
            // Two regions are two names, however little they differ.
            let others = |near: &&String| !(is_region(missing) && is_region(near));
            nearest(&names, missing).filter(others)
        });
        let near = near.map(|near| {
            let (near, rest) = (above.join(near), below.as_path());
            let whole = near.join(rest);
            if !rest.as_os_str().is_empty() && whole.exists() { whole } else { near }
        });
        Self { above: above.to_owned(), names, near }
    }

    /// Whether nothing that the path names is there, not even its first folder.
    pub fn is_wholly(&self) -> bool {
        self.above.as_os_str().is_empty()
    }

    /// What the path may have been meant for, as a sentence to follow another.
    pub fn meant(&self) -> String {
        self.near.as_ref().map_or(String::new(), |near| format!("; did you mean {}?", near.display()))
    }

    /// The same, and what is there.
    pub fn instead(&self) -> String {
        let (above, meant) = (self.above.display(), self.meant());
        let folder = if self.is_wholly() { "this folder".to_owned() } else { format!("{above}") };
        let after = if meant.is_empty() { ";" } else { "" };
        let (told, rest) = self.names.split_at(self.names.len().min(TOLD));
        match (told, rest) {
            ([], _) => format!("{meant}{after} {folder} holds nothing"),
            (told, []) => format!("{meant}{after} {folder} holds: {}", told.join(", ")),
            (told, rest) => {
                format!("{meant}{after} {folder} holds: {} and {} more", told.join(", "), rest.len())
            }
        }
    }
}

fn is_region(name: &str) -> bool {
    name.parse::<Region>().is_ok()
}

/// The folder that a path without a word in it stands for.
fn here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}
