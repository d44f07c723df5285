//! A path as a source: a folder, or what is there instead.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::digest::claimed_object;
use crate::trail::key::{DigestKey, LogKey};
use crate::trail::source::{Named, Within};

use super::below::folders;
use super::{Absent, ROOT, Source, as_written, inside, split};
use crate::cli::exit::Failure;

/// A folder that is or lies below one named `AWSLogs` is a part of a record, whose keys begin there. The path may say so
/// only together with where the process stands, or behind a link.
pub fn folder(path: &Path) -> Result<Source, Failure> {
    // The path is named as it was given; and what is not there names nothing.
    fs::read_dir(path).map_err(|error| no_folder(path, &error))?;
    let part = as_written(path).into_iter().find_map(|path| {
        let (root, key) = split(&path)?;
        let named = Named::parse(&key);
        let part = named.within != Within::Everything && !is_whole_copy(&path, &key);
        part.then_some(Source::Folder { root, named })
    });
    // An account or region that the source names is a claim, and its absence a finding.
    let is_claim = matches!(
        &part,
        Some(Source::Folder { named: Named { within: Within::Account { .. } | Within::Region(_), .. }, .. })
    );
    if !is_claim && is_empty(path) {
        return Err(Failure::empty(format!(
            "nothing to verify: there is not one file in {}; name the folder that holds AWSLogs/",
            path.display()
        )));
    }
    if let Some(part) = part {
        return Ok(part);
    }
    if let Some(advice) = inside::advice(path) {
        return Err(Failure::new(advice));
    }
    let root = bucket_below(path).unwrap_or_else(|| path.to_owned());
    Ok(Source::Folder { root, named: Named::parse("") })
}

/// What cannot be read as a folder, with what it may have been meant for.
fn no_folder(path: &Path, error: &io::Error) -> Failure {
    let named = path.display();
    if error.kind() == ErrorKind::NotFound {
        return Failure::new(format!("there is no folder {named}{}", instead(path)));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let key = as_written(path).into_iter().find_map(|path| split(&path)).map(|(_, key)| key);
    let key = key.as_deref().unwrap_or(name);
    let next = match error.kind() {
        ErrorKind::NotADirectory if LogKey::parse(key).is_some() || name.contains("_CloudTrail_") => {
            format!("; it is one log file: trailseal prove {named}")
        }
        ErrorKind::NotADirectory
            if DigestKey::parse(key).is_some() || name.contains("_CloudTrail-Digest_") =>
        {
            "; it is one digest: name the folder that holds AWSLogs/".to_owned()
        }
        ErrorKind::NotADirectory => "; name the folder that holds AWSLogs/".to_owned(),
        _ => String::new(),
    };
    Failure::new(format!("cannot read the folder {named}: {error}{next}"))
}

/// What a path that is not there may have been meant for: a bucket, if nothing that it names is there.
fn instead(path: &Path) -> String {
    let absent = Absent::of(path);
    let text = path.to_str().unwrap_or_default();
    match text.strip_prefix("s3/").map(|rest| rest.trim_start_matches('/')) {
        Some(bucket) if absent.is_wholly() => format!("; did you mean s3://{bucket}?"),
        _ if absent.is_wholly() && may_be_bucket(path) => {
            format!(" here; a bucket is named s3://{text}{}", absent.meant())
        }
        _ => absent.instead(),
    }
}

/// Whether the first part of a path could be the name of a bucket.
fn may_be_bucket(path: &Path) -> bool {
    let text = path.to_str().unwrap_or_default();
    let first = text.split('/').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    (3..=63).contains(&first.len()) && first.bytes().all(plain) && !first.starts_with(['.', '-'])
}

/// Whether a folder named like a part of a record is a whole copy all the same: it holds an `AWSLogs` of its own, and
/// nothing that belongs in such a part.
fn is_whole_copy(path: &Path, key: &str) -> bool {
    let (own, others): (Vec<String>, Vec<String>) = folders(path).partition(|name| name == ROOT);
    let belongs = |name: &String| Named::parse(&format!("{key}/{name}")).within != Within::Everything;
    !own.is_empty() && !others.iter().any(belongs)
}

/// Names that are looked at before a folder is no longer thought to be empty.
const MOST: usize = 1000;

/// Whether there is no file at all, however deep.
fn is_empty(path: &Path) -> bool {
    let mut open = vec![path.to_owned()];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { return false };
        for entry in entries {
            seen += 1;
            match entry.and_then(|entry| Ok((entry.file_type()?, entry.path()))) {
                Ok((kind, path)) if kind.is_dir() && seen < MOST => open.push(path),
                _ => return false,
            }
        }
    }
    true
}

/// The one folder below that stands for the bucket, where the folder that was named is one too high: it alone holds
/// `AWSLogs`, and a digest in it says that the bucket begins there.
fn bucket_below(path: &Path) -> Option<PathBuf> {
    let mut below = folders(path).filter(|name| path.join(name).join(ROOT).is_dir());
    let (name, None) = (below.next()?, below.next()) else { return None };
    let root = path.join(name);
    let begins_here = !path.join(ROOT).is_dir() && first_digest(&root.join(ROOT), &root).is_some();
    begins_here.then_some(root)
}

/// The key of the first digest below a folder that was delivered under the name it has from `root` on.
fn first_digest(folder: &Path, root: &Path) -> Option<String> {
    let mut open = vec![folder.to_owned()];
    for _ in 0..MOST {
        let path = open.pop()?;
        let key = path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
        if DigestKey::parse(&key).is_some() {
            let small =
                fs::symlink_metadata(&path).is_ok_and(|it| it.is_file() && it.len() <= super::raise::LARGEST);
            let object = claimed_object(&fs::read(&path).ok().filter(|_| small)?)?;
            return (*object.key == *key).then_some(key);
        }
        let names = fs::read_dir(&path).into_iter().flatten().flatten();
        open.extend(names.map(|entry| entry.path()).filter(|path| {
            path.strip_prefix(root).ok().and_then(Path::to_str).is_some_and(super::raise::leads_to_digests)
        }));
    }
    None
}
