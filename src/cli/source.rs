//! What the caller points at, and how much of the record that names.

use std::fs;
use std::path::{Component, Path, PathBuf};

use trailseal::audit::Plan;
use trailseal::trail::key::ObjectKey;
use trailseal::trail::source::{Named, Within};
use trailseal::trail::{AccountId, AccountRegion, Location, Region};

use super::args::Verify;
use super::exit::Failure;
use super::machine::WaitsFor;

mod raise;

pub use raise::raise;

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
    },
    /// The ARN of a trail.
    Trail(String),
}

impl Source {
    /// Reads `s3://BUCKET[/PATH]`, an ARN or the path of a folder.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if text.starts_with("s3://") {
            let (bucket, path) = bucket_and_path(text)?;
            if ObjectKey::parse(path).is_some() {
                return Err(Failure::new(format!(
                    "{text} is one object; name a folder above it, or prove one log file with trailseal prove"
                )));
            }
            let named = Named::parse(path.trim_end_matches('/'));
            return Ok(Self::Bucket { place: Location::new(bucket, named.prefix.clone()), named });
        }
        if text.starts_with("arn:") {
            return Ok(Self::Trail(text.to_owned()));
        }
        folder(Path::new(text))
    }

    /// What reading it waits for.
    pub fn waits_for(&self) -> WaitsFor {
        match self {
            Self::Folder { .. } => WaitsFor::Disk,
            Self::Bucket { .. } | Self::Trail(_) => WaitsFor::Network,
        }
    }
}

/// Splits `s3://BUCKET[/PATH]`.
pub fn bucket_and_path(text: &str) -> Result<(&str, &str), Failure> {
    let rest = text.strip_prefix("s3://").unwrap_or_default();
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    match bucket {
        "" => Err(Failure::new(format!("{text} is not s3://BUCKET[/PREFIX]"))),
        bucket => Ok((bucket, path)),
    }
}

/// Where CloudTrail delivered what is a copy now: what stands before `AWSLogs/`, whatever part of it is named.
pub fn delivered(text: &str) -> Result<Location, Failure> {
    let (bucket, path) = bucket_and_path(text)?;
    Ok(Location::new(bucket, Named::parse(path.trim_end_matches('/')).prefix))
}

/// A folder that is or lies below one named `AWSLogs` is a part of a record, whose keys begin there. The path may say so
/// only together with where the process stands, or behind a link.
fn folder(path: &Path) -> Result<Source, Failure> {
    // The path is named as it was given; and what is not there names nothing.
    fs::read_dir(path)
        .map_err(|error| Failure::new(format!("cannot read the folder {}: {error}", path.display())))?;
    let part = as_written(path).into_iter().find_map(|path| {
        let (root, key) = split(&path)?;
        let named = Named::parse(&key);
        let part = named.within != Within::Everything && !is_whole_copy(&path, &key);
        part.then_some(Source::Folder { root, named })
    });
    Ok(part.unwrap_or_else(|| Source::Folder { root: path.to_owned(), named: Named::parse("") }))
}

/// Whether a folder named like a part of a record is a whole copy all the same: it holds an `AWSLogs` of its own, and
/// nothing that belongs in such a part.
fn is_whole_copy(path: &Path, key: &str) -> bool {
    let names = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| {
        let folder = entry.path().is_dir();
        entry.file_name().into_string().ok().filter(|_| folder)
    });
    let (own, others): (Vec<String>, Vec<String>) = names.partition(|name| name == ROOT);
    let belongs = |name: &String| Named::parse(&format!("{key}/{name}")).within != Within::Everything;
    !own.is_empty() && !others.iter().any(belongs)
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
pub fn narrow(plan: &mut Plan, named: &Named, args: &Verify) -> Result<(), Failure> {
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
    }
    plan.within = named.within.clone();
    plan.notes.extend(note(named));
    Ok(())
}

fn only_account(plan: &mut Plan, account: AccountId, args: &Verify) -> Result<(), Failure> {
    let asked = args.accounts.iter().map(|other| ("--account", other));
    let expected = args.expect_accounts.iter().map(|other| ("--expect-account", other));
    if let Some((option, other)) = asked.chain(expected).find(|(_, other)| **other != account) {
        return Err(Failure::new(format!(
            "the source names account {account}, and {option} {other} another one; name a folder above it as the source"
        )));
    }
    plan.scope.accounts = [account].into();
    Ok(())
}

fn only_region(plan: &mut Plan, region: &Region, args: &Verify) -> Result<(), Failure> {
    let asked = args.regions.iter().map(|other| ("--region", other.as_str()));
    let expected = args.expect_regions.iter().map(|other| ("--expect-region", other.as_str()));
    if let Some((option, other)) = asked.chain(expected).find(|(_, other)| *other != region.as_str()) {
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
