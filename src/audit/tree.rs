//! Walks a region's folder of log files down to its days, and notices on the way what lies where CloudTrail puts nothing.

use std::sync::Arc;

use super::Context;
use super::pages::{Walk, each, fold};
use crate::inspection::{Smallest, Strays};
use crate::logs::{Oddity, oddity};
use crate::store::{Listed, Listing, StoreError, StoreErrorKind};
use crate::trail::key::RegionFolder;
use crate::trail::{Location, ObjectName, address};

/// Folders listed at once within one site.
const AT_ONCE: usize = 16;
/// Pages of a folder that CloudTrail does not write: a flood of them is told, not read to its end.
const MOST_ODD_PAGES: usize = 100;
/// Objects, and folders, of a region's folder that CloudTrail does not write: the first by name are looked at.
const MOST_ODD: usize = 10_000;
/// Folders of one level that CloudTrail would write: the days of two centuries.
const MOST_DATED: usize = 75_000;

/// What a folder of log files holds.
#[derive(Debug, Default)]
pub(super) struct LogTree {
    /// The days of the window that are there, in the order of keys.
    pub(super) days: Vec<String>,
    /// The first objects by name, beside them, that a reader would take for log files.
    pub(super) odd: Vec<ObjectName>,
    /// Objects beside them that are counted.
    pub(super) strays: Strays,
    /// What could not be listed.
    pub(super) failures: Vec<StoreError>,
}

/// What was met on the way to the days.
struct Met {
    odd: Smallest<ObjectName>,
    strays: Strays,
    failures: Vec<StoreError>,
}

/// Looks through the folder of one kind in one home: the years, months and days of the window, and whatever lies beside
/// them. With an open end it goes to the folder's end.
pub(super) async fn log_tree(context: &Context, home: &Location, folder: &RegionFolder) -> LogTree {
    let mut met = Met::default();
    let bounds = Bounds::new(context, folder);
    let mut level = vec![folder.to_string()];
    for part in [Part::Year, Part::Month, Part::Day] {
        let mut below = Level::new(part);
        for listed in each(level, AT_ONCE, |prefix| one_level(context, home, prefix, part, &bounds)).await {
            match listed {
                Ok((folders, beside)) => {
                    below.merge(folders);
                    met.merge(beside);
                }
                Err(error) => met.failures.push(error),
            }
        }
        for beyond in [below.dated.beyond(), below.odd.beyond()].into_iter().flatten() {
            met.failures.push(too_many(address(&home.bucket, beyond)));
        }
        for name in below.odd.into_kept().into_keys() {
            let LogTree { odd, strays, failures, .. } = odd_tree(context, home, name).await;
            odd.into_iter().for_each(|object| drop(met.odd.add(object, ())));
            met.strays.merge(strays);
            met.failures.extend(failures);
        }
        level = below.dated.into_kept().into_keys().collect();
    }
    LogTree { days: level, ..met.into_tree() }
}

/// The folders of one level.
struct Level {
    part: Part,
    dated: Smallest<String>,
    odd: Smallest<String>,
}

impl Level {
    fn new(part: Part) -> Self {
        Self { part, dated: Smallest::first(MOST_DATED), odd: Smallest::first(MOST_ODD) }
    }

    fn merge(&mut self, other: Self) {
        self.dated.merge(other.dated);
        self.odd.merge(other.odd);
    }

    fn take(&mut self, name: String, prefix: &str, bounds: &Bounds) {
        match is_dated(&name[prefix.len()..], self.part) {
            true if bounds.touch(&name) => drop(self.dated.add(name, ())),
            true => {}
            false => drop(self.odd.add(name, ())),
        }
    }
}

/// The first and the last day of the window, as folders.
struct Bounds {
    first: Option<String>,
    last: Option<String>,
}

impl Bounds {
    fn new(context: &Context, folder: &RegionFolder) -> Self {
        let window = &context.brief.window;
        Self {
            first: window.start().map(|start| folder.day(start.date_naive())),
            last: context.brief.plan.end.map(|_| folder.day(window.end().date_naive())),
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

async fn one_level(
    context: &Context,
    home: &Location,
    prefix: String,
    part: Part,
    bounds: &Bounds,
) -> Result<(Level, Met), StoreError> {
    let _slot = context.slots.take().await;
    let listing = Listing::folder(Arc::clone(&home.bucket), prefix.clone());
    let begin = || (Level::new(part), Met::default());
    let walked = fold(&context.store, listing, begin, |(level, beside), page| {
        page.folders.into_iter().for_each(|name| level.take(name, &prefix, bounds));
        page.objects.into_iter().for_each(|object| beside.take(context, home, object));
        if context.stop.is_set() { Walk::Stop } else { Walk::On }
    })
    .await?;
    let (level, mut beside) = walked.found;
    beside.failures.extend(walked.unlisted);
    Ok((level, beside))
}

/// Lists a folder that CloudTrail does not write, as far as that goes.
pub(super) async fn odd_tree(context: &Context, home: &Location, prefix: String) -> LogTree {
    let _slot = context.slots.take().await;
    let target = address(&home.bucket, &prefix);
    let listing = Listing::whole(Arc::clone(&home.bucket), prefix);
    let begin = || (0, Met::default());
    let walk = || {
        fold(&context.store, listing.clone(), begin, |(pages, met): &mut (usize, Met), page| {
            *pages += 1;
            if *pages > MOST_ODD_PAGES {
                return Walk::Stop;
            }
            page.objects.into_iter().for_each(|object| met.take(context, home, object));
            Walk::On
        })
    };
    let mut walked = walk().await;
    if walked.as_ref().is_err_and(|error| error.kind.may_pass()) {
        walked = walk().await;
    }
    match walked {
        Ok(walked) => {
            let (pages, mut met) = walked.found;
            met.failures.extend(walked.unlisted);
            if pages > MOST_ODD_PAGES {
                met.failures.push(too_many_pages(target));
            }
            met.into_tree()
        }
        Err(error) => LogTree { failures: vec![error], ..LogTree::default() },
    }
}

fn too_many_pages(target: String) -> StoreError {
    let detail = format!(
        "CloudTrail writes no folder of this name, and what lies in it was looked through for {MOST_ODD_PAGES} pages only"
    );
    StoreError::new(StoreErrorKind::Failed, "list", target, detail)
}

/// More names lie in one folder than are remembered; `target` is the first that is not.
fn too_many(target: String) -> StoreError {
    let detail = format!(
        "of one region's folder the first {MOST_DATED} folders by date are looked into on each level, and the first          {MOST_ODD} folders and objects of other names; this one comes after them, and others may follow it"
    );
    StoreError::new(StoreErrorKind::Failed, "list", target, detail)
}

impl Default for Met {
    fn default() -> Self {
        Self { odd: Smallest::first(MOST_ODD), strays: Strays::default(), failures: Vec::new() }
    }
}

impl Met {
    fn take(&mut self, context: &Context, home: &Location, object: Listed) {
        let Listed { key, size, .. } = object;
        let oddity = oddity(&key, size, context.brief.plan.origin);
        let object = ObjectName::new(Arc::clone(&home.bucket), key);
        match oddity {
            Oddity::FolderMarker => {}
            Oddity::LogLike => drop(self.odd.add(object, ())),
            Oddity::Stray => self.strays.add(object),
        }
    }

    fn merge(&mut self, other: Self) {
        self.odd.merge(other.odd);
        self.strays.merge(other.strays);
        self.failures.extend(other.failures);
    }

    fn into_tree(mut self) -> LogTree {
        self.failures.extend(self.odd.beyond().map(|beyond| too_many(beyond.to_string())));
        let odd = self.odd.into_kept().into_keys().collect();
        LogTree { days: Vec::new(), odd, strays: self.strays, failures: self.failures }
    }
}
