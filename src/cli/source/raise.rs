//! How far above `AWSLogs` a copy begins. Its keys are those under the bucket, and a trail's prefix is a part of them;
//! where the caller names a part of the record alone, only a digest in it can tell.

use crate::trail::Prefix;
use std::fs;
use std::path::{Path, PathBuf};

use crate::digest::claimed_object;
use crate::trail::key::{DIGEST_FOLDER, DigestKey};
use crate::trail::source::{Named, Within};

use super::as_written;

/// The largest digest that is read for its name; real ones have some kilobytes.
pub(super) const LARGEST: u64 = 4 << 20;
/// The most folders and files that are looked at to find one.
const MOST: usize = 10_000;

/// The folder that stands for the bucket, and what stands before `AWSLogs/` in the keys below it, where `root` holds
/// `AWSLogs` and `within` is the part of it that is named. Whatever a digest says of its place, no more is believed of
/// it than the folders' own names say too.
pub fn raise(root: PathBuf, within: &Within) -> (PathBuf, String) {
    let raised = named_by_a_digest(&root, within).and_then(|prefix| {
        let folders = prefix.strip_suffix('/')?;
        let plain = folders.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let root = as_written(&root).into_iter().find(|root| plain && root.ends_with(folders))?;
        let above = root.ancestors().nth(folders.split('/').count())?;
        let here = above.as_os_str().is_empty();
        Some((if here { ".".into() } else { above.to_owned() }, prefix))
    });
    raised.unwrap_or((root, String::new()))
}

/// The prefix that the first digest found in the part says it was delivered under.
fn named_by_a_digest(root: &Path, within: &Within) -> Option<String> {
    let mut open = match within {
        Within::Everything => Vec::new(),
        part => part.folders(&Prefix::default()).into_iter().take(1).collect(),
    };
    for _ in 0..MOST {
        let key = open.pop()?;
        let path = root.join(&key);
        if DigestKey::parse(&key).is_some() {
            let small = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
            let body = if small { fs::read(&path).ok() } else { None };
            if let Some(object) = body.and_then(|body| claimed_object(&body)) {
                return DigestKey::parse(&object.key).map(|key| key.prefix.to_string());
            }
        } else {
            let names = fs::read_dir(&path).into_iter().flatten().flatten();
            let names = names.filter_map(|entry| entry.file_name().into_string().ok()).take(MOST);
            let key = key.trim_end_matches('/');
            let mut below: Vec<String> =
                names.map(|name| format!("{key}/{name}")).filter(|key| leads_to_digests(key)).collect();
            // The last one is opened next.
            below.sort_unstable_by(|one, other| other.cmp(one));
            open.append(&mut below);
        }
    }
    None
}

pub(super) fn leads_to_digests(key: &str) -> bool {
    let named = Named::parse(key);
    let on_the_way =
        named.within != Within::Everything && named.kind.is_none_or(|kind| *kind == *DIGEST_FOLDER);
    on_the_way || DigestKey::parse(key).is_some()
}
