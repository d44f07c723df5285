//! Objects among the log files that are not named as CloudTrail names them. Other readers are not so strict: Athena and
//! SIEMs take whatever lies below a region's folder, and AWS's own processing library takes names that CloudTrail never
//! writes. What such a reader would take for a log file is told.

use crate::trail::{ObjectName, Origin, Time};
use crate::verdict::what::{UnlistedLog, What};
use crate::verdict::{Finding, Scope};

/// What an object with an odd name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// A marker that stands for a folder: an empty object whose key ends in a slash.
    FolderMarker,
    /// Something a reader would take for a log file.
    LogLike,
    /// Anything else.
    Stray,
}

/// What an object is, by its key and its size.
pub fn oddity(key: &str, size: Option<u64>, origin: Origin) -> Oddity {
    if key.ends_with('/') {
        return match size {
            None | Some(0) => Oddity::FolderMarker,
            Some(_) => Oddity::Stray,
        };
    }
    let name = key.rsplit('/').next().unwrap_or(key);
    if origin == Origin::Folder && is_dropping(name) {
        return Oddity::Stray;
    }
    if has_log_ending(name) { Oddity::LogLike } else { Oddity::Stray }
}

/// Whether a name ends in `.json`, `.gz` or either with one more suffix, in any case of letters.
fn has_log_ending(name: &str) -> bool {
    let mut parts = name.rsplit('.');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next());
    let is_log = |suffix: &str| suffix.eq_ignore_ascii_case("json") || suffix.eq_ignore_ascii_case("gz");
    // A suffix follows a name: what stands before the first dot is none.
    match (before, parts.next()) {
        (None, _) => false,
        (Some(_), None) => is_log(last),
        (Some(before), Some(_)) => is_log(last) || is_log(before),
    }
}

/// What tools leave in a folder beside the files they copy: `._NAME` (macOS), `NAME.partial`, `NAME.XXXXXXXX` (the AWS
/// CLI, while it downloads), `NAME (1)` (browsers), `NAME.md5`.
fn is_dropping(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let suffix = lower.rsplit('.').next().unwrap_or_default();
    let unfinished = suffix.len() == 8
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && lower.contains(".gz.");
    let numbered = || {
        let stem = lower.split(".json").next().unwrap_or_default();
        let number = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once(" ("));
        number
            .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            || lower.ends_with(')') && lower.contains(".gz (")
    };
    lower.starts_with("._")
        || lower.ends_with(".partial")
        || lower.ends_with(".md5")
        || unfinished
        || numbered()
}

/// The finding for an object that a reader would take for a log file. When it was delivered cannot be told, so it is not
/// accused.
pub fn unlisted(scope: impl Into<Scope>, object: ObjectName, at: Option<Time>) -> Finding {
    let mut finding = Finding::new(What::LogUnlisted(UnlistedLog::OddName), scope);
    finding.object = Some(object);
    finding.at = at;
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "111122223333_CloudTrail_us-east-1_20260301T1035Z_4dMsPXdqkGpDkxxr.json.gz";

    #[test]
    fn what_a_reader_takes_for_a_log_file_is_told_from_what_none_does() {
        for name in [
            "x.json",
            "x.JSON.GZ",
            "x.gz",
            "x.json.gz.bak",
            "x.json.1",
            "111122223333_CloudTrail_us-east-1_20260301T2400Z_x.json.gz",
            "111122223333_CloudTrail_us-east-1_20260301T1035Z.json.gz",
            "deeper/x.json.gz",
            "a.b.c.Gz",
            ".json",
        ] {
            assert_eq!(oddity(name, Some(1), Origin::Delivered), Oddity::LogLike, "{name}");
        }
        for name in ["notes.txt", "x", "json", "gz", "x.gz.old.bak", "x.parquet", "_SUCCESS"] {
            assert_eq!(oddity(name, Some(1), Origin::Delivered), Oddity::Stray, "{name}");
        }
        assert_eq!(oddity("folder/", Some(0), Origin::Delivered), Oddity::FolderMarker);
        assert_eq!(oddity("folder.json/", Some(9), Origin::Delivered), Oddity::Stray);
    }

    #[test]
    fn droppings_of_copy_tools_count_in_folders_alone() {
        let droppings = [
            format!("._{NAME}"),
            format!("{NAME}.partial"),
            format!("{NAME}.6eF2a9B1"),
            format!("{NAME} (1)"),
            NAME.replace(".json.gz", " (2).json.gz"),
            format!("{NAME}.md5"),
        ];
        for name in &droppings {
            assert_eq!(oddity(name, None, Origin::Folder), Oddity::Stray, "{name}");
            assert_eq!(oddity(name, None, Origin::Delivered), Oddity::LogLike, "{name}");
        }
        for name in [NAME, "x.json.gz.bak", "x.json"] {
            assert_eq!(oddity(name, None, Origin::Folder), Oddity::LogLike, "{name}");
        }
    }
}
