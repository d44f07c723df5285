//! A folder that was copied from inside of `AWSLogs/`: what is lacking above it, and what to type to put that there. Its keys
//! begin with what is lacking, and digests are held to their whole keys.

use std::fs;
use std::path::Path;

use crate::digest::claimed_object;
use crate::trail::key::{DIGEST_FOLDER, DigestKey, LOG_FOLDER};
use crate::trail::{AccountId, OrganizationId};

use super::ROOT;
use super::below::folders;
use super::raise::LARGEST;

/// More folders than these are not named one by one.
const NAMED: usize = 5;
/// Folders and files that are looked at in search of a digest.
const MOST: usize = 1000;

/// What to do with a folder that holds accounts, or what belongs in an account's; none, if it holds neither.
pub(super) fn advice(path: &Path) -> Option<String> {
    accounts(path).or_else(|| kinds(path))
}

/// The folders of accounts and organizations right in one that is not named `AWSLogs`.
fn accounts(path: &Path) -> Option<String> {
    let holds_kinds = |path: &Path| folders(path).any(|name| name == DIGEST_FOLDER || name == LOG_FOLDER);
    let account =
        |path: &Path, name: &str| name.parse::<AccountId>().is_ok() && holds_kinds(&path.join(name));
    let organization = |name: &str| {
        let below = path.join(name);
        name.parse::<OrganizationId>().is_ok() && folders(&below).any(|name| account(&below, &name))
    };
    let mut found: Vec<String> =
        folders(path).filter(|name| account(path, name) || organization(name)).collect();
    found.sort_unstable();
    let folder = quoted(path.to_str()?.trim_end_matches('/'))?;
    let told = found.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let (verb, these) = match &found[..] {
        [] => return None,
        [_] => ("belongs", told),
        several if several.len() <= NAMED => ("belong", told),
        several => ("belong", format!("{told} and {} more", several.len() - NAMED)),
    };
    let names = if found.len() <= NAMED { found } else { begun_alike(&found) };
    let moved = names.iter().map(|name| format!("{folder}/{name}")).collect::<Vec<_>>().join(" ");
    Some(format!(
        "{} holds {these}, which {verb} in a folder named {ROOT}, for keys begin so under the bucket: mkdir {folder}/{ROOT} \
         && mv {moved} {folder}/{ROOT}/, and run again",
        path.display()
    ))
}

/// Patterns for all of these names. Whatever else begins so comes along, which harms nobody.
fn begun_alike(names: &[String]) -> Vec<String> {
    let (organizations, accounts): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| name.starts_with("o-"));
    let patterns = [(organizations, "o-*"), (accounts, "[0-9]*")];
    let those = patterns.into_iter().filter(|(names, _)| !names.is_empty());
    those.map(|(_, pattern)| pattern.to_owned()).collect()
}

/// A folder that is one account's: a digest in it says whose, and where that lies.
fn kinds(path: &Path) -> Option<String> {
    if !path.join(DIGEST_FOLDER).is_dir() {
        return None;
    }
    let lacking = lacking(path)?;
    let (above, account) = lacking.rsplit_once('/')?;
    // A folder cannot be moved by the name `.`.
    let written = if path.ends_with(".") || path.ends_with("..") || path.as_os_str() == "." {
        path.canonicalize().ok()?
    } else {
        path.to_owned()
    };
    let folder = written.to_str()?.trim_end_matches('/');
    let anew = quoted(&format!("{folder}.record"))?;
    let (folder, above) = (quoted(folder)?, quoted(above)?);
    Some(format!(
        "{} holds {DIGEST_FOLDER}, which belongs in {lacking}, for keys begin so under the bucket: mkdir -p {anew}/{above} && \
         mv {folder} {anew}/{above}/{account}, and then: trailseal verify {anew}",
        path.display()
    ))
}

/// What stands before the path of the first digest found, in its own key. Of that no more is believed than the key's
/// grammar allows, and what a shell would not take as it stands is left out.
fn lacking(path: &Path) -> Option<String> {
    let mut open = vec![path.join(DIGEST_FOLDER)];
    for _ in 0..MOST {
        let next = open.pop()?;
        let kind = fs::symlink_metadata(&next).ok()?;
        if kind.is_dir() {
            open.extend(
                fs::read_dir(&next).into_iter().flatten().flatten().map(|entry| entry.path()).take(MOST),
            );
            continue;
        }
        let body = if kind.is_file() && kind.len() <= LARGEST { fs::read(&next).ok() } else { None };
        let Some(object) = body.and_then(|body| claimed_object(&body)) else { continue };
        let below = next.strip_prefix(path).ok()?.to_str()?.replace('\\', "/");
        let above = object.key.strip_suffix(&*below)?.strip_suffix('/')?;
        return DigestKey::parse(&object.key).map(|_| above.to_owned());
    }
    None
}

/// A word as a shell takes it; none, if that would take more than quotes.
fn quoted(word: &str) -> Option<String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '.' | '-' | '_');
    let safe = |letter: char| !letter.is_control() && letter != '\'';
    match word {
        word if word.starts_with('-') => None,
        word if word.chars().all(plain) && !word.is_empty() => Some(word.to_owned()),
        word if word.chars().all(safe) => Some(format!("'{word}'")),
        _ => None,
    }
}
