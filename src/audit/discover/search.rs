//! What a search has seen, and what it has still to open. Reads nothing: listings are handed to it, page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::{Beside, Bound, Firsts, Found, KindFolder, OddFolder, OddObject};
use crate::audit::Plan;
use crate::audit::pages::Walk;
use crate::inspection::Smallest;
use crate::inspection::{Home, Site};
use crate::store::{Listed, Page, StoreError};
use crate::trail::neighbours::{is_layout, is_partition, is_service};
use crate::trail::source::{Named, Within};
use crate::trail::{AccountId, AccountRegion, Location};

/// The most folders beside those of regions that are told apart, and the most objects.
const MOST_ODD: usize = 1_000;
/// The most folders that could not be listed which are told one by one.
const MOST_FAILURES: usize = 1_000;
/// Folders of other services that are named.
const EXAMPLES: usize = 3;
/// About what a waiting folder takes beside its name.
const OVERHEAD: usize = 40;

/// A folder to be opened. Where room is scarce, a record's own come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) part: Part,
    /// What its objects' keys begin with, the last slash included.
    pub(super) key: Box<str>,
}

/// What a folder is to the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Part of a record: `AWSLogs/`, or what follows CloudTrail's grammar below it.
    Record,
    /// Any other, which may hold an `AWSLogs/`.
    Other,
    /// The same below an account's folder, where other services keep theirs.
    BesideKinds,
}

impl Folder {
    /// One that the search begins with.
    pub(super) fn first(key: String) -> Self {
        let part = match Named::parse(&key).within {
            Within::Everything => Part::Other,
            Within::Home | Within::Organization(_) | Within::Account { .. } | Within::Region(_) => {
                Part::Record
            }
        };
        Self { part, key: key.into() }
    }
}

/// A search on its way.
pub(super) struct Search<'p> {
    plan: &'p Plan,
    /// The level below the one that is being opened.
    next: Smallest<Folder>,
    /// How many folders below the near levels may still be opened.
    far: usize,
    /// Each account and region with its homes, and a kind of folder that is there: one entry for each kind.
    sites: BTreeMap<AccountRegion, Vec<(Location, Box<str>)>>,
    /// Accounts that have a folder of CloudTrail's, whatever regions are in scope.
    accounts: BTreeSet<AccountId>,
    /// What is there and out of scope.
    beside: Beside,
    odd_folders: Smallest<Box<str>, OddFolder>,
    odd_objects: Smallest<Box<str>, OddObject>,
    passed_over: Smallest<Box<str>>,
    /// By what was listed and what came of it.
    failures: Smallest<(String, String), StoreError>,
    reached: BTreeMap<Bound, Box<str>>,
    /// Folders of records that were met, and pages of them that hold anything.
    traces: u64,
}

impl<'p> Search<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            next: waiting(plan),
            far: plan.bounds.far,
            sites: BTreeMap::new(),
            accounts: BTreeSet::new(),
            beside: Beside::default(),
            odd_folders: Smallest::first(MOST_ODD),
            odd_objects: Smallest::first(MOST_ODD),
            passed_over: Smallest::first(EXAMPLES),
            failures: Smallest::first(MOST_FAILURES),
            reached: BTreeMap::new(),
            traces: 0,
        }
    }

    /// Takes a page of the listing of `folder`, whose name reads `named`.
    pub(super) fn take(&mut self, folder: &Folder, named: &Named, page: Page) -> Walk {
        let Page { objects, folders, .. } = page;
        if folders.is_empty() && objects.is_empty() {
            return Walk::On;
        }
        if folder.part == Part::Record {
            self.traces += 1;
        }
        if let Within::Region(place) = &named.within {
            // All that is asked of it is whether it is there.
            self.site(place.clone(), named);
            return Walk::Stop;
        }
        for child in folders {
            self.child(folder.part, named, child);
        }
        if let Some(of) = self.kind_folder(named) {
            for listed in objects.into_iter().filter(|object| !is_marker(object)) {
                self.odd_objects.add(listed.key.clone(), OddObject { of: of.clone(), listed });
            }
        }
        Walk::On
    }

    /// The listing of a folder failed. A region that the source names may be there all the same.
    pub(super) fn refuse(&mut self, named: &Named, error: StoreError) {
        if let Within::Region(place) = &named.within {
            self.site(place.clone(), named);
        }
        self.fail(error);
    }

    /// Notes what could not be listed.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.failures.add((error.target.clone(), error.detail.clone()), error);
    }

    fn child(&mut self, parent: Part, named: &Named, child: String) {
        let below = Named::parse(&child);
        if let (Within::Account { account, .. }, true) = (&below.within, below.kind.is_some()) {
            self.accounts.insert(*account);
        }
        match &below.within {
            Within::Region(place) => self.site(place.clone(), &below),
            Within::Account { account, .. } if !self.plan.scope.holds_account(*account) => {
                self.beside.account(*account);
            }
            Within::Home | Within::Organization(_) | Within::Account { .. } => {
                self.traces += 1;
                self.next.add(Folder { part: Part::Record, key: child.into() }, ());
            }
            Within::Everything => self.stranger(parent, named, child),
        }
    }

    /// A folder that is no part of a record: it may hold one, unless it is known what it holds.
    fn stranger(&mut self, parent: Part, named: &Named, child: String) {
        if let Some(of) = self.kind_folder(named) {
            let region = last_part(&child).to_ascii_lowercase().parse().ok();
            if region.as_ref().is_none_or(|region| self.plan.scope.holds_region(region)) {
                let key: Box<str> = child.into();
                self.odd_folders.add(key.clone(), OddFolder { of, key, region });
            }
            return;
        }
        let name = last_part(&child);
        let (known, part) = match (&named.within, parent) {
            (Within::Home | Within::Organization(_), _) => (is_partition(name), Part::Other),
            (Within::Account { .. }, _) => (is_service(name), Part::BesideKinds),
            (Within::Everything, Part::BesideKinds) => (is_layout(name), Part::BesideKinds),
            (Within::Everything | Within::Region(_), _) => (false, Part::Other),
        };
        if known {
            drop(self.passed_over.add(child.into(), ()))
        } else {
            drop(self.next.add(Folder { part, key: child.into() }, ()))
        }
    }

    /// Notes the region's folder that `named` names.
    fn site(&mut self, place: AccountRegion, named: &Named) {
        if !self.plan.scope.holds_region(&place.region) {
            self.beside.region(&place.region);
        } else if let Some(kind) = &named.kind {
            let home = Location::new(self.plan.bucket.clone(), named.prefix.clone());
            self.sites.entry(place).or_default().push((home, kind.clone()));
        }
    }

    /// The folder of a kind that `named` names, if it does.
    fn kind_folder(&self, named: &Named) -> Option<KindFolder> {
        let (Within::Account { organization, account }, Some(kind)) = (&named.within, &named.kind) else {
            return None;
        };
        Some(KindFolder {
            home: Location::new(self.plan.bucket.clone(), named.prefix.clone()),
            organization: organization.clone(),
            account: *account,
            kind: kind.clone(),
        })
    }

    /// The folders of the level so far below the source, in their order: of those that are merely searched, as many as
    /// the bounds allow.
    pub(super) fn next_level(&mut self, depth: usize) -> Vec<Folder> {
        let bounds = &self.plan.bounds;
        let next = mem::replace(&mut self.next, waiting(self.plan));
        if let Some(first) = next.beyond() {
            self.reached.entry(Bound::Names).or_insert_with(|| first.key.clone());
        }
        let mut level: Vec<Folder> = next.into_kept().into_keys().collect();
        let record = level.partition_point(|folder| folder.part == Part::Record);
        let searched = level.len() - record;
        let (bound, room) = match depth {
            _ if depth > bounds.levels => (Bound::Levels, 0),
            _ if depth > bounds.near => (Bound::Far, searched.min(self.far)),
            _ => (Bound::Names, searched),
        };
        if bound == Bound::Far {
            self.far -= room;
        }
        if let Some(first) = level.get(record + room) {
            self.reached.entry(bound).or_insert_with(|| first.key.clone());
        }
        level.truncate(record + room);
        level
    }

    /// The first failure there was.
    pub(super) fn first_failure(&mut self) -> Option<StoreError> {
        let failures = mem::replace(&mut self.failures, Smallest::first(MOST_FAILURES));
        failures.into_kept().into_values().next()
    }

    /// Whether everything was looked at and nothing was CloudTrail's.
    pub(super) fn saw_nothing(&self) -> bool {
        self.traces == 0 && self.failures.count() == 0 && self.reached.is_empty()
    }

    /// What it came to.
    pub(super) fn found(self) -> Found {
        let site = |(place, mut kinds): (AccountRegion, Vec<(Location, Box<str>)>)| {
            kinds.sort_unstable();
            let homes = kinds.chunk_by(|(one, _), (other, _)| one == other).map(|kinds| Home {
                location: kinds[0].0.clone(),
                kinds: kinds.iter().map(|(_, kind)| kind.clone()).collect(),
            });
            let mut homes: Vec<Home> = homes.collect();
            // Nearly all sites have one home, and there may be a hundred thousand of them.
            homes.shrink_to_fit();
            Site { homes, place }
        };
        Found {
            sites: self.sites.into_iter().map(site).collect(),
            accounts: self.accounts,
            beside: self.beside,
            odd_folders: values(self.odd_folders),
            odd_objects: values(self.odd_objects),
            passed_over: Firsts {
                count: self.passed_over.count(),
                first: self.passed_over.into_kept().into_keys().collect(),
            },
            failures: values(self.failures),
            reached: self.reached,
        }
    }
}

fn waiting(plan: &Plan) -> Smallest<Folder> {
    Smallest::new(plan.bounds.names, |folder| folder.key.len() + OVERHEAD)
}

fn values<K: Ord + Clone, V>(smallest: Smallest<K, V>) -> Firsts<V> {
    Firsts { count: smallest.count(), first: smallest.into_kept().into_values().collect() }
}

/// Consoles make such objects to show an empty folder.
fn is_marker(object: &Listed) -> bool {
    object.key.ends_with('/') && object.size == Some(0)
}

fn last_part(folder: &str) -> &str {
    let folder = folder.strip_suffix('/').unwrap_or(folder);
    folder.rsplit('/').next().unwrap_or(folder)
}
