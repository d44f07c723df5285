//! What the caller points at, and how much of the record that names.

use std::path::{Component, Path, PathBuf};

use crate::audit::Plan;
use crate::trail::key::ObjectKey;
use crate::trail::source::{Calendar, Named, Within};
use crate::trail::{AccountId, AccountRegion, Location, Region, format_time};

use super::args::{Asked, ExpectedRegion};
use super::exit::Failure;
use super::machine::WaitsFor;

mod absent;
mod below;
mod folder;
mod inside;
mod raise;
mod spelling;

pub use absent::Absent;
use folder::folder;
pub use raise::raise;
pub use spelling::BucketPath;
use spelling::{Spelt, spelt};

/// The folder that holds all of a record.
const ROOT: &str = "AWSLogs";

/// A source, as the caller's words name it.
#[derive(Debug)]
#[cfg_attr(not(feature = "aws"), allow(dead_code))]
pub enum Source {
    /// A folder.
    Folder {
        /// The one that stands for the bucket.
        root: PathBuf,
        /// What is named below it.
        named: Named,
    },
    /// A bucket.
    Bucket {
        /// Which one, and what stands before `AWSLogs/`.
        place: Location,
        /// What is named there.
        named: Named,
        /// How it is reached.
        reached: Reached,
    },
    /// The ARN of a trail.
    Trail(String),
}

/// How a bucket is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// By its own name.
    Itself,
    /// Through an access point, whose name is not the one that CloudTrail signs for.
    ThroughAccessPoint,
}

impl Source {
    /// Reads `s3://BUCKET[/PATH]` or another spelling of it, an ARN or the path of a folder.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match spelt(text)? {
            None => folder(Path::new(text)),
            Some(Spelt::Arn(arn)) => Ok(Self::Trail(arn)),
            Some(Spelt::Bucket(at)) => {
                if ObjectKey::parse(&at.path).is_some() {
                    return Err(Failure::new(format!(
                        "{text} is one object; name a folder above it, or prove one log file with trailseal prove"
                    )));
                }
                let named = Named::parse(at.path.trim_end_matches('/'));
                let reached =
                    if at.is_access_point() { Reached::ThroughAccessPoint } else { Reached::Itself };
                Ok(Self::Bucket { place: Location::new(&*at.bucket, named.prefix.clone()), named, reached })
            }
        }
    }

    /// What reading it waits for.
    pub fn waits_for(&self) -> WaitsFor {
        match self {
            Self::Folder { .. } => WaitsFor::Disk,
            Self::Bucket { .. } | Self::Trail(_) => WaitsFor::Network,
        }
    }
}

/// The bucket and the path that a word names; nothing, if it names a folder.
pub fn bucket_and_path(text: &str) -> Result<Option<BucketPath>, Failure> {
    match spelt(text)? {
        Some(Spelt::Bucket(at)) => Ok(Some(at)),
        Some(Spelt::Arn(_)) => Err(Failure::new(format!("{text} is not s3://BUCKET[/PREFIX]"))),
        None => Ok(None),
    }
}

/// What to type where an access point is named, whose name is not the one that CloudTrail signs for.
#[cfg_attr(not(feature = "aws"), allow(dead_code))]
pub fn behind_access_point(source: &str, place: &Location) -> Failure {
    let named = match place.bucket.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, _, region, account, resource] => {
            let name = resource.rsplit('/').next().unwrap_or_default();
            format!(
                "aws s3control get-access-point --region {region} --account-id {account} --name {name} --query Bucket"
            )
        }
        _ => format!(
            "aws s3control list-access-points --account-id ACCOUNT --query \"AccessPointList[?Alias=='{}'].Bucket\"",
            place.bucket
        ),
    };
    let path = place.prefix.strip_suffix('/').map_or(String::new(), |prefix| format!("/{prefix}"));
    Failure::new(format!(
        "{source} is an access point, and CloudTrail signs for the bucket behind it; name that too: --copied-from \
         s3://BUCKET{path}, where BUCKET is what this prints: {named}"
    ))
}

/// Where CloudTrail delivered what is a copy now: what stands before `AWSLogs/`, whatever part of it is named.
pub fn delivered(text: &str) -> Result<Location, Failure> {
    let BucketPath { bucket, path } = bucket_and_path(text)?
        .ok_or_else(|| Failure::new(format!("--copied-from: {text} is not s3://BUCKET[/PREFIX]")))?;
    Ok(Location::new(&*bucket, Named::parse(path.trim_end_matches('/')).prefix))
}

/// A bucket and what keys in it begin with, for files of the caller's own; nothing, if the word can only be a path.
pub fn bucket_and_prefix(text: &str) -> Result<Option<Location>, Failure> {
    let found = bucket_and_path(text)?;
    Ok(found.map(|BucketPath { bucket, path }| {
        let path = path.trim_end_matches('/');
        Location::new(&*bucket, if path.is_empty() { String::new() } else { format!("{path}/") })
    }))
}

/// The path as it was given, from the root on, and without links; where it climbs, without links alone.
pub fn as_written(path: &Path) -> Vec<PathBuf> {
    let climbs = path.components().any(|part| part == Component::ParentDir);
    let written = [Some(path.to_owned()), std::path::absolute(path).ok()];
    let written = written.into_iter().flatten().filter(|_| !climbs);
    written.chain(path.canonicalize().ok()).collect()
}

/// Cuts a path before the last of its parts that reads `AWSLogs`: the folder that stands for the bucket, and the key that
/// follows.
pub fn split(path: &Path) -> Option<(PathBuf, String)> {
    let parts: Vec<Component<'_>> = path.components().collect();
    let at = parts.iter().rposition(|part| part.as_os_str() == ROOT)?;
    let key = parts[at..].iter().map(|part| part.as_os_str().to_str()).collect::<Option<Vec<_>>>()?;
    let root: PathBuf = parts[..at].iter().collect();
    let here = root.as_os_str().is_empty();
    Some((if here { ".".into() } else { root }, key.join("/")))
}

/// Narrows a plan to what the source names, and has the report say so.
pub fn narrow(plan: &mut Plan, named: &Named, args: &Asked) -> Result<(), Failure> {
    match &named.within {
        Within::Everything | Within::Home | Within::Organization(_) => {}
        Within::Account { account, .. } => only_account(plan, *account, args)?,
        Within::Region(place) => {
            only_account(plan, place.account, args)?;
            only_region(plan, &place.region, args)?;
        }
    }
    if let Some(days) = named.days {
        let span = days.span();
        let asked = plan.start.is_some() || plan.end.is_some();
        plan.start = Some(plan.start.map_or(span.start, |start| start.max(span.start)));
        // Days that are not over yet end now, like everything that is asked for without an end.
        let over = span.end <= plan.now || plan.now <= span.start;
        plan.end = match plan.end {
            Some(end) => Some(end.min(span.end)),
            None => over.then_some(span.end),
        };
        if let (Some(start), Some(end)) = (plan.start, plan.end)
            && start >= end
        {
            return Err(Failure::new(format!(
                "the source names {days} (UTC), and --start, --end or --last leave nothing of it; name the region's folder \
                 or leave them out"
            )));
        }
        plan.notes.extend(asked.then(|| of_both(days, plan)));
    }
    plan.within = named.within.clone();
    plan.notes.extend(note(named));
    Ok(())
}

/// A sentence on a window that two have a say in.
fn of_both(days: Calendar, plan: &Plan) -> String {
    let start = plan.start.map_or_else(|| "the beginning".to_owned(), format_time);
    let both = match plan.end {
        Some(end) => format!("{start} to {}", format_time(end)),
        None => format!("{start} and later"),
    };
    format!(
        "The source names {days} (UTC), and --start, --end or --last a time too: what lies in both was looked at, {both}, and \
         nothing else of either."
    )
}

fn only_account(plan: &mut Plan, account: AccountId, args: &Asked) -> Result<(), Failure> {
    let asked = args.accounts.iter().map(|other| ("account", other));
    let expected = args.expect_accounts.iter().map(|other| ("expect-account", other));
    if let Some((option, other)) = asked.chain(expected).find(|(_, other)| **other != account) {
        let option = args.spoken.of(option);
        return Err(Failure::new(format!(
            "the source names account {account}, and {option} {other} another one; name a folder above it as the source"
        )));
    }
    plan.scope.accounts = [account].into();
    Ok(())
}

fn only_region(plan: &mut Plan, region: &Region, args: &Asked) -> Result<(), Failure> {
    let asked = args.regions.iter().map(|other| ("region", other.to_string()));
    // Of the enabled ones, those in scope are expected.
    let named = args.expect_regions.iter().filter(|other| **other != ExpectedRegion::Enabled);
    let expected = named.map(|other| ("expect-region", other.to_string()));
    if let Some((option, other)) = asked.chain(expected).find(|(_, other)| *other != region.as_str()) {
        let option = args.spoken.of(option);
        return Err(Failure::new(format!(
            "the source names {region}, and {option} {other} goes beyond that; name the account's folder as the source"
        )));
    }
    plan.scope.regions = [region.clone()].into();
    Ok(())
}

/// A sentence on what was not looked at because the source does not name it.
fn note(named: &Named) -> Option<String> {
    let (what, others) = match &named.within {
        Within::Everything => return None,
        Within::Home => ("one AWSLogs folder".to_owned(), "folders"),
        Within::Organization(organization) => (format!("organization {organization}"), "accounts"),
        Within::Account { organization: None, account } => (format!("account {account}"), "accounts"),
        Within::Account { organization: Some(organization), account } => {
            (format!("account {account} of {organization}"), "accounts")
        }
        Within::Region(AccountRegion { account, region, .. }) => {
            (format!("account {account} in {region}"), "accounts and regions")
        }
    };
    let named_alone = match named.days {
        None => format!("The source names {what} alone: other {others} were not looked at."),
        Some(days) => format!(
            "The source names {what} on {days} (UTC) alone: other accounts, regions and days were not looked at."
        ),
    };
    Some(match &named.kind {
        None => named_alone,
        Some(kind) => format!("{named_alone} Naming {kind} means digests and log files both."),
    })
}
