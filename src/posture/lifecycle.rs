//! When objects go, and where to: what the rules of a lifecycle configuration come to for log files and for digests.
//!
//! A rule is for keys that begin with its prefix; one with a tag is for none of CloudTrail's, which have no tags. In a bucket that keeps
//! versions an expiration hides an object behind a delete marker, which takes it out of the record all the same; a lock keeps the
//! hidden version until its time (Amazon S3 User Guide, "Managing the lifecycle of objects").

use super::check::{Judged, Reading};
use super::policy::Policy;
use super::retention::{RetentionCode, RetentionFinding};
use super::table::CheckId;
use crate::settings::{BucketSettings, Lifecycle, LifecycleRule, SmallObjects, Unread, When};
use crate::trail::key::ROOT;
use crate::trail::{Time, format_time};

/// Classes that have to be restored before anything in them can be read.
const COLD: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];
/// What is smaller stays where it is, unless a rule asks for sizes: most log files.
const SMALL: u64 = 128 << 10;
/// What objects are taken for large that no rule with a largest size means.
const LARGE: u64 = 1 << 20;

/// When objects of one kind go by the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ends {
    /// After how many days they expire, by which rule.
    pub expire: Option<(u32, String)>,
    /// After how many days they can only be read when restored, by which rule.
    pub cold: Option<(u32, String)>,
}

/// What the rules come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByRule {
    /// For log files.
    pub logs: Ends,
    /// For digests.
    pub digests: Ends,
}

/// The folders of log files and of digests below an account.
const LOGS: &str = "CloudTrail/";
const DIGESTS: &str = "CloudTrail-Digest/";

/// What the rules of a bucket come to when they were read.
///
/// # Errors
///
/// Where they are not known.
pub(super) fn by_rule(bucket: &BucketSettings) -> Result<ByRule, &Unread> {
    let Some(lifecycle) = bucket.lifecycle.known()? else { return Ok(ByRule::default()) };
    let of = |folder: &str| ends(lifecycle, &bucket.prefix, folder, bucket.read_at);
    Ok(ByRule { logs: of(LOGS), digests: of(DIGESTS) })
}

/// After how many days older versions of any of the record are destroyed, by which rule.
pub(super) fn noncurrent(bucket: &BucketSettings) -> Option<(u32, String)> {
    let lifecycle = bucket.lifecycle.known().ok()??;
    let own = lifecycle.rules.iter().filter(|rule| !rule.tagged && covers_any(rule, &bucket.prefix));
    own.filter_map(|rule| Some((rule.noncurrent_days?, format!("rule {:?}", rule.id)))).min()
}

/// What is to be said of that.
pub(super) fn findings(ByRule { logs, digests }: &ByRule, policy: &Policy) -> Vec<RetentionFinding> {
    let mut found = Vec::new();
    for (what, ends) in [("log files", logs), ("digests", digests)] {
        if let Some((days, rule)) = ends.expire.as_ref().filter(|(days, _)| *days < policy.retention_days) {
            found.push(RetentionFinding {
                code: RetentionCode::Short,
                message: format!(
                    "{what} are deleted after {days} days by {rule}; {} days are asked for",
                    policy.retention_days
                ),
            });
        }
        if let Some((days, rule)) = ends.cold.as_ref().filter(|(days, _)| *days < policy.hot_days) {
            found.push(RetentionFinding {
                code: RetentionCode::HotCold,
                message: format!(
                    "{what} go to an archive after {days} days by {rule}; the newest {} days are to be at hand at once",
                    policy.hot_days
                ),
            });
        }
    }
    let days = |ends: &Ends| ends.expire.as_ref().map(|(days, _)| *days);
    if days(logs) != days(digests) {
        found.push(RetentionFinding {
            code: RetentionCode::Split,
            message: format!("log files are kept {} and digests {}", kept(logs), kept(digests)),
        });
    }
    found
}

fn kept(ends: &Ends) -> String {
    match &ends.expire {
        Some((days, _)) => format!("{days} days"),
        None => "until somebody deletes them".to_owned(),
    }
}

/// The check of a bucket's lifecycle, by what its rules come to and what there is to be said of that.
pub(super) fn check(
    bucket: &BucketSettings,
    by_rule: Result<&ByRule, &Unread>,
    findings: &[RetentionFinding],
) -> Judged {
    let reading = match by_rule {
        Err(why) => Reading::unread(why),
        Ok(by_rule) => {
            let wrong = findings.iter().filter(|found| found.code != RetentionCode::HotCold);
            let wrong: Vec<&str> = wrong.map(|found| found.message.as_str()).collect();
            match &wrong[..] {
                [] if deletes_tagged(bucket) => Reading::unclear(
                    "a rule deletes what has a tag, and whether any of the record has it was not asked",
                ),
                [] => Reading::pass(&format!("log files and digests are kept {}", kept(&by_rule.logs))),
                wrong => Reading::fail(&wrong.join("; ")),
            }
        }
    };
    Judged::new(CheckId::BucketLifecycle, reading)
}

fn ends(lifecycle: &Lifecycle, prefix: &str, folder: &str, now: Time) -> Ends {
    let mut ends = Ends::default();
    for rule in lifecycle.rules.iter().filter(|rule| !rule.tagged && covers(rule, prefix, folder)) {
        let named = || format!("rule {:?}{}", rule.id, bounds(rule, now));
        if let Some(when) = rule.expires {
            sooner(&mut ends.expire, days(when, now), named);
        }
        let cold = rule.moves.iter().filter(|(_, class)| COLD.contains(&&**class));
        let (is_any, only) =
            (moves_any(rule, lifecycle.small_objects), only_large(rule, lifecycle.small_objects));
        for (when, _) in cold.filter(|_| is_any) {
            sooner(&mut ends.cold, days(*when, now), || format!("{}{only}", named()));
        }
    }
    ends
}

/// Whether a rule deletes objects of the record that have a tag.
fn deletes_tagged(bucket: &BucketSettings) -> bool {
    let Ok(Some(lifecycle)) = bucket.lifecycle.known() else { return false };
    let mut tagged = lifecycle.rules.iter().filter(|rule| rule.tagged && rule.expires.is_some());
    tagged.any(|rule| covers_any(rule, &bucket.prefix))
}

/// Whether a rule is in force for the keys of any of the record.
fn covers_any(rule: &LifecycleRule, prefix: &str) -> bool {
    [LOGS, DIGESTS].iter().any(|folder| covers(rule, prefix, folder))
}

/// Whether a rule is in force for keys that CloudTrail writes to folders of this kind, wherever they lie below `AWSLogs/`.
fn covers(rule: &LifecycleRule, prefix: &str, folder: &str) -> bool {
    let root = format!("{prefix}{ROOT}");
    let reaches = root.starts_with(&rule.prefix)
        || rule.prefix.strip_prefix(&root).is_some_and(|below| {
            let kind = below_an_account(below);
            kind.starts_with(folder) || folder.starts_with(kind)
        });
    rule.enabled && reaches
}

/// What follows an account, or an organization and an account; nothing, where that does not end there.
fn below_an_account(path: &str) -> &str {
    let after_first = |path: &'_ str| path.split_once('/').map_or(path.len(), |(first, _)| first.len() + 1);
    let organization = if path.starts_with("o-") { after_first(path) } else { 0 };
    let account = path.get(organization..).unwrap_or_default();
    account.get(after_first(account)..).unwrap_or_default()
}

/// Said of a rule that leaves small objects where they are.
fn only_large(rule: &LifecycleRule, small: SmallObjects) -> &'static str {
    match (rule.larger_than, small) {
        (None, SmallObjects::Stay) => ", for those of 128 kB and more",
        _ => "",
    }
}

/// Whether a rule moves any object of the sizes that there are: without a size in its filter small ones stay where they are.
fn moves_any(rule: &LifecycleRule, small: SmallObjects) -> bool {
    let means_small =
        rule.larger_than.is_some_and(|least| least < SMALL) || small == SmallObjects::GoToGlacier;
    let largest = rule.smaller_than.unwrap_or(u64::MAX);
    means_small || largest > LARGE
}

fn days(when: When, now: Time) -> u32 {
    match when {
        When::Days(days) => days,
        // On that day all that is older goes, however young it is: what is written on the day before is one day old.
        When::Date(date) if date <= now => 0,
        When::Date(date) => u32::try_from((date - now).num_days()).unwrap_or(u32::MAX),
    }
}

fn sooner(known: &mut Option<(u32, String)>, days: u32, named: impl Fn() -> String) {
    if known.as_ref().is_none_or(|(before, _)| days < *before) {
        *known = Some((days, named()));
    }
}

/// For which objects alone a rule is, and from when on.
fn bounds(rule: &LifecycleRule, now: Time) -> String {
    let mut told = String::new();
    if let Some(size) = rule.larger_than {
        told.push_str(&format!(", for those over {size} bytes"));
    }
    if let Some(size) = rule.smaller_than {
        told.push_str(&format!(", for those under {size} bytes"));
    }
    if let Some(When::Date(date)) = rule.expires {
        let tense = if date <= now { "since" } else { "on" };
        told.push_str(&format!(", {tense} {}", format_time(date)));
    }
    told
}

#[cfg(test)]
mod tests;
