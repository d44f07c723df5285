//! Finds accounts and regions from the bucket's own folders: nothing else knows of deleted trails and of accounts
//! that have left. Needs no right but to list, and only at and below what the source names.
//!
//! The search goes down level by level, so that what lies near is found before any bound is reached; a bound that is
//! reached is told of. Folders in which other AWS services keep theirs are counted and passed over.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pages::{Walk, each, fold};
use super::{AuditError, Plan, Selection, Stop};
use crate::inspection::Site;
use crate::store::{Listed, Listing, ObjectStore, StoreError, StoreErrorKind};
use crate::trail::source::{Named, Within};
use crate::trail::{AccountId, Location, OrganizationId, Region};

mod search;
mod told;

#[cfg(test)]
mod tests;

use search::{Folder, Search};

/// What discovery came to.
#[derive(Debug)]
pub(super) struct Found {
    /// Every account and region in scope, sorted.
    pub(super) sites: Vec<Site>,
    /// Every account in scope that has a folder of CloudTrail's, also one without a region in scope.
    pub(super) accounts: BTreeSet<AccountId>,
    /// What is there and out of scope.
    pub(super) beside: Beside,
    /// Folders beside those of regions.
    pub(super) odd_folders: Firsts<OddFolder>,
    /// Objects beside the folders of regions.
    pub(super) odd_objects: Firsts<OddObject>,
    /// Folders that other AWS services write to.
    pub(super) passed_over: Firsts<Box<str>>,
    /// Folders that could not be listed.
    pub(super) failures: Firsts<StoreError>,
    /// Bounds that were reached, each with the first folder that was not opened for it.
    pub(super) reached: BTreeMap<Bound, Box<str>>,
}

/// Names that are there and out of scope: told where one that is asked for is not there. The bucket's owner makes them, so
/// only some are kept.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) regions: BTreeSet<Region>,
}

/// More names than anybody reads.
const MOST_BESIDE: usize = 100;

impl Beside {
    fn account(&mut self, account: AccountId) {
        self.accounts.insert(account);
        if self.accounts.len() > MOST_BESIDE {
            self.accounts.pop_last();
        }
    }

    fn region(&mut self, region: &Region) {
        if !self.regions.contains(region) {
            self.regions.insert(region.clone());
        }
        if self.regions.len() > MOST_BESIDE {
            self.regions.pop_last();
        }
    }
}

/// The first of something, and how many there are.
#[derive(Debug)]
pub(super) struct Firsts<T> {
    /// In the order of their names.
    pub(super) first: Vec<T>,
    /// With those that are not among the first.
    pub(super) count: u64,
}

/// A bound of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Levels,
    Far,
    Names,
}

/// The folder of one kind in an account's: what lies in it is laid out by region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KindFolder {
    pub(super) home: Location,
    pub(super) organization: Option<OrganizationId>,
    pub(super) account: AccountId,
    pub(super) kind: Box<str>,
}

/// A folder in one of a kind that is not named as CloudTrail names regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddFolder {
    /// Where it lies.
    pub(super) of: KindFolder,
    /// What its objects' keys begin with, ending in a slash.
    pub(super) key: Box<str>,
    /// The region that its name is in other letters.
    pub(super) region: Option<Region>,
}

/// An object right in a folder of a kind, where only folders of regions belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddObject {
    /// Where it lies.
    pub(super) of: KindFolder,
    /// As the listing shows it.
    pub(super) listed: Listed,
}

/// Finds every site in scope at or below what the plan names.
pub(super) async fn sites(store: &dyn ObjectStore, plan: &Plan, stop: &Stop) -> Result<Found, AuditError> {
    let search = Mutex::new(Search::new(plan));
    let mut level: Vec<Folder> = plan.within.folders(&plan.prefix).into_iter().map(Folder::first).collect();
    let mut depth = 0;
    while !level.is_empty() && !stop.is_set() {
        let asked = level.len();
        let refused = open(store, plan, &search, level, stop).await;
        let mut search = lock(&search);
        // Where nothing at all is to be had, it is the run that cannot begin.
        if depth == 0
            && refused == asked
            && let Some(error) = search.first_failure()
        {
            return Err(error.into());
        }
        depth += 1;
        level = search.next_level(depth);
    }
    let search = search.into_inner().unwrap_or_else(PoisonError::into_inner);
    let looked_for = match plan.within {
        Within::Everything | Within::Home | Within::Organization(_) => search.saw_nothing(),
        // An account or region that the source names is a claim, and its absence a finding.
        Within::Account { .. } | Within::Region(_) => false,
    };
    if looked_for && !stop.is_set() {
        let looked_in = if plan.source.is_empty() { plan.prefix.to_string() } else { plan.source.clone() };
        return Err(AuditError::NoRecord { looked_in });
    }
    Ok(search.found())
}

/// Every site at or below what the plan names, whatever of it is in scope.
pub(super) async fn of_every_scope<'f>(
    store: &dyn ObjectStore,
    plan: &Plan,
    found: &'f Found,
    stop: &Stop,
) -> Cow<'f, [Site]> {
    let Selection { accounts, regions, .. } = &plan.scope;
    if accounts.is_empty() && regions.is_empty() {
        return Cow::Borrowed(&found.sites);
    }
    let plan = Plan { scope: Selection::default(), ..plan.clone() };
    match sites(store, &plan, stop).await {
        Ok(found) => Cow::Owned(found.sites),
        // What stands in the way stood there before, and was told.
        Err(_) => Cow::Borrowed(&found.sites),
    }
}

/// Opens the folders of a level, and says how many of them could not be listed.
async fn open(
    store: &dyn ObjectStore,
    plan: &Plan,
    search: &Mutex<Search<'_>>,
    level: Vec<Folder>,
    stop: &Stop,
) -> usize {
    let level: Vec<Arc<Folder>> = level.into_iter().map(Arc::new).collect();
    let opened = each(level.clone(), plan.load.requests.get(), |folder| async move {
        let named = Named::parse(&folder.key);
        let listing = Listing::folder(plan.bucket.clone(), folder.key.to_string());
        // It begins at the folder's own beginning, so no page is shown twice; if it is opened once more, it shows the same
        // names, which count once.
        let take = |(): &mut (), page| {
            if stop.is_set() { Walk::Stop } else { lock(search).take(&folder, &named, page) }
        };
        fold(store, listing, || (), take).await
    });
    let mut refused = 0;
    for (folder, opened) in level.iter().zip(opened.await) {
        match opened {
            Ok(walked) => walked.unlisted.into_iter().for_each(|error| lock(search).fail(error)),
            // What was not reached is told by the run's end.
            Err(error) if error.kind == StoreErrorKind::Stopped => {}
            Err(error) => {
                lock(search).refuse(&Named::parse(&folder.key), error);
                refused += 1;
            }
        }
    }
    refused
}

fn lock<'m, 'p>(search: &'m Mutex<Search<'p>>) -> MutexGuard<'m, Search<'p>> {
    search.lock().unwrap_or_else(PoisonError::into_inner)
}
