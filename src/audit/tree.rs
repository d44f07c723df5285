//! Walks a region's folder of log files down to its days, and notices on the way what lies where CloudTrail puts nothing.

use std::sync::Arc;

use super::Context;
use super::listing::Strays;
use super::pages::{Walk, each, fold};
use crate::logs::{Oddity, oddity};
use crate::store::{Listed, Listing, ObjectStore, Reach, StoreError, StoreErrorKind};
use crate::trail::key::RegionFolder;
use crate::trail::{Location, ObjectName};

/// Folders listed at once within one site.
const AT_ONCE: usize = 16;
/// Pages of a folder that CloudTrail does not write: a flood of them is told, not read to its end.
const MOST_ODD_PAGES: usize = 100;

/// What a folder of log files holds.
#[derive(Debug, Default)]
pub(super) struct LogFolder {
    /// The days of the window that are there, in the order of keys.
    pub(super) days: Vec<String>,
    /// Objects beside them that a reader would take for log files.
    pub(super) odd: Vec<ObjectName>,
    /// Objects beside them that are counted.
    pub(super) strays: Strays,
    /// What could not be listed.
    pub(super) failures: Vec<StoreError>,
}

/// Looks through the folder of one kind in one home: the years, months and days of the window, and whatever lies beside
/// them. With an open end it goes to the folder's end.
pub(super) async fn log_folder<S: ObjectStore>(
    context: &Context<S>,
    home: &Location,
    folder: &RegionFolder,
) -> LogFolder {
    let mut found = LogFolder::default();
    let bounds = Bounds::new(context, folder);
    let mut level = vec![folder.to_string()];
    for part in [Part::Year, Part::Month, Part::Day] {
        let prefixes = std::mem::take(&mut level);
        let listed = each(prefixes, AT_ONCE, |prefix| one_level(context, home, prefix)).await;
        let mut odd_folders = Vec::new();
        for listed in listed {
            let Level { prefix, folders } = match listed {
                Ok((level, beside)) => {
                    found.merge(beside);
                    level
                }
                Err(error) => {
                    found.failures.push(error);
                    continue;
                }
            };
            for name in folders {
                match is_dated(&name[prefix.len()..], part) {
                    true if bounds.touch(&name) => level.push(name),
                    true => {}
                    false => odd_folders.push(name),
                }
            }
        }
        for name in odd_folders {
            found.merge(odd_folder(context, home, name).await);
        }
    }
    found.days = level;
    found
}

/// The first and the last day of the window, as folders.
struct Bounds {
    first: Option<String>,
    last: Option<String>,
}

impl Bounds {
    fn new<S>(context: &Context<S>, folder: &RegionFolder) -> Self {
        let window = &context.window;
        Self {
            first: window.start.map(|start| folder.day(start.date_naive())),
            last: context.plan.end.map(|_| folder.day(window.end.date_naive())),
        }
    }

    /// Whether a folder of a year, a month or a day holds some of the window.
    fn touch(&self, name: &str) -> bool {
        let cut = |day: &'_ String| day[..day.len().min(name.len())].to_owned();
        self.first.as_ref().is_none_or(|first| cut(first).as_str() <= name)
            && self.last.as_ref().is_none_or(|last| name <= cut(last).as_str())
    }
}

/// Whether a folder's own name is that of a year, a month or a day.
fn is_dated(name: &str, part: Part) -> bool {
    let number = name.strip_suffix('/').unwrap_or_default();
    let value =
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<u32>().ok()).flatten();
    match part {
        Part::Year => number.len() == 4 && value.is_some(),
        Part::Month => number.len() == 2 && value.is_some_and(|month| (1..=12).contains(&month)),
        Part::Day => number.len() == 2 && value.is_some_and(|day| (1..=31).contains(&day)),
    }
}

/// What a folder of a date stands for.
#[derive(Debug, Clone, Copy)]
enum Part {
    Year,
    Month,
    Day,
}

/// The folders right below a prefix.
struct Level {
    prefix: String,
    folders: Vec<String>,
}

async fn one_level<S: ObjectStore>(
    context: &Context<S>,
    home: &Location,
    prefix: String,
) -> Result<(Level, LogFolder), StoreError> {
    let _slot = context.slots.take().await;
    let listing = Listing {
        bucket: Arc::clone(&home.bucket),
        prefix: prefix.clone(),
        after: None,
        reach: Reach::Folder,
        token: None,
    };
    let begin = || (Vec::new(), LogFolder::default());
    let walked = fold(&context.store, listing, begin, |(folders, beside), page| {
        folders.extend(page.folders);
        page.objects.into_iter().for_each(|object| beside.take(context, home, object));
        Walk::On
    })
    .await?;
    let (folders, mut beside) = walked.found;
    beside.failures.extend(walked.unlisted);
    Ok((Level { prefix, folders }, beside))
}

/// Lists a folder that CloudTrail does not write, as far as that goes.
pub(super) async fn odd_folder<S: ObjectStore>(
    context: &Context<S>,
    home: &Location,
    prefix: String,
) -> LogFolder {
    let _slot = context.slots.take().await;
    let target = format!("s3://{}/{prefix}", home.bucket);
    let listing =
        Listing { bucket: Arc::clone(&home.bucket), prefix, after: None, reach: Reach::Whole, token: None };
    let begin = || (0, LogFolder::default());
    let walk = || {
        fold(&context.store, listing.clone(), begin, |(pages, found): &mut (usize, LogFolder), page| {
            *pages += 1;
            if *pages > MOST_ODD_PAGES {
                return Walk::Stop;
            }
            page.objects.into_iter().for_each(|object| found.take(context, home, object));
            Walk::On
        })
    };
    let mut walked = walk().await;
    if walked.as_ref().is_err_and(|error| error.kind.may_pass()) {
        walked = walk().await;
    }
    match walked {
        Ok(walked) => {
            let (pages, mut found) = walked.found;
            found.failures.extend(walked.unlisted);
            if pages > MOST_ODD_PAGES {
                found.failures.push(too_many(target));
            }
            found
        }
        Err(error) => LogFolder { failures: vec![error], ..LogFolder::default() },
    }
}

fn too_many(target: String) -> StoreError {
    StoreError {
        kind: StoreErrorKind::Failed,
        action: "list",
        target,
        detail: format!(
            "CloudTrail writes no folder of this name, and what lies in it was looked through for {MOST_ODD_PAGES} pages only"
        ),
    }
}

impl LogFolder {
    fn take<S>(&mut self, context: &Context<S>, home: &Location, object: Listed) {
        let Listed { key, size, .. } = object;
        let oddity = oddity(&key, size, context.plan.origin);
        let object = ObjectName::new(Arc::clone(&home.bucket), key);
        match oddity {
            Oddity::FolderMarker => {}
            Oddity::LogLike => self.odd.push(object),
            Oddity::Stray => self.strays.add(object),
        }
    }

    fn merge(&mut self, other: Self) {
        self.odd.extend(other.odd);
        self.strays.merge(other.strays);
        self.failures.extend(other.failures);
    }
}
