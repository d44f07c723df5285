//! What there is to be read: lists, and reads nothing.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use crate::audit::pages::{Walk, fold};
use crate::audit::stoppable::Stoppable;
use crate::audit::{AuditError, Event, Phase, Ports, discovered, listing};
use crate::inspection::{Brief, Plan, Site};
use crate::shard::{SiteLoad, Weight};
use crate::store::{Listing, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, RegionFolder};
use crate::trail::{Day, Depth, Location, Time};

/// Folders listed at once.
const AT_ONCE: usize = 32;

/// What there is to be read.
#[derive(Debug)]
pub struct Outline {
    /// What is asked, of which window, as of when.
    pub brief: Brief,
    /// Every account and region, and what reading it takes.
    pub sites: Vec<(Site, SiteLoad)>,
    /// The end of the oldest digest in the window.
    pub oldest: Option<Time>,
    /// The end of the newest.
    pub newest: Option<Time>,
    /// Objects whose size the listing does not say, as that of a folder.
    pub unsized_objects: u64,
    /// Folders that could not be listed: what they hold is not counted.
    pub unlisted: Vec<StoreError>,
}

/// Lists what `plan` asks for.
///
/// # Errors
///
/// As for [`run`](crate::audit::run).
pub async fn outline(plan: Plan, ports: Ports) -> Result<Outline, AuditError> {
    ports.observer.on(Event::Phase(Phase::Discovering));
    let found = discovered(&plan, &ports).await?;
    let store = Arc::new(ports.stoppable());
    let (window, as_of) = listing::window(&*store, &plan, &found, &ports.stop).await;
    let brief = Arc::new(Brief { plan, window, as_of });
    ports.observer.on(Event::Phase(Phase::Verifying { sites: found.sites.len() }));
    let folders: Vec<Folder> =
        found.sites.iter().enumerate().flat_map(|(at, site)| folders(at, site)).collect();
    let mut outline = Outline {
        brief: Brief::clone(&brief),
        sites: found.sites.into_iter().map(|site| (site, SiteLoad::default())).collect(),
        oldest: None,
        newest: None,
        unsized_objects: 0,
        unlisted: found.failures.first,
    };
    let mut listed = stream::iter(folders)
        .map(|folder| {
            let (store, brief) = (Arc::clone(&store), Arc::clone(&brief));
            async move { (folder.site, look(&store, &brief, &folder).await) }
        })
        .buffer_unordered(AT_ONCE);
    while let Some((at, looked)) = listed.next().await {
        outline.take(at, looked);
    }
    if ports.stop.is_set() {
        return Err(AuditError::Interrupted);
    }
    Ok(outline)
}

/// A folder of one kind of a site.
struct Folder {
    site: usize,
    home: Location,
    region: RegionFolder,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digests,
    Logs,
}

fn folders(at: usize, site: &Site) -> Vec<Folder> {
    let of_home = |home: &crate::inspection::Home| {
        let location = home.location.clone();
        home.kinds
            .iter()
            .map(|kind| Folder {
                site: at,
                region: RegionFolder::of(&location, &site.place, kind),
                home: location.clone(),
                kind: if **kind == *DIGEST_FOLDER { Kind::Digests } else { Kind::Logs },
            })
            .collect::<Vec<_>>()
    };
    site.homes.iter().flat_map(of_home).collect()
}

/// What one folder shows.
#[derive(Default)]
struct Looked {
    load: SiteLoad,
    oldest: Option<Time>,
    newest: Option<Time>,
    unsized_objects: u64,
    unlisted: Vec<StoreError>,
}

impl Looked {
    fn add(&mut self, day: Day, size: Option<u64>, kind: Kind, depth: Depth) {
        let of_day = self.load.days.entry(day).or_default();
        if kind == Kind::Digests || depth == Depth::Full {
            self.unsized_objects += u64::from(size.is_none());
            of_day.add(Weight { objects: 1, bytes: size.unwrap_or(0), pages: 0 });
        }
    }
}

async fn look(store: &Stoppable, brief: &Brief, folder: &Folder) -> Looked {
    if folder.kind == Kind::Logs && brief.plan.depth == Depth::Chain {
        return Looked::default();
    }
    let reach = brief.reach();
    let (first, last) = (Day::holding(reach.start), Day::holding(reach.end));
    let from = brief.window.start().map(|_| folder.region.day(first.date()));
    let path = folder.region.to_string();
    let listing = Listing::whole(Arc::clone(&folder.home.bucket), path.clone()).after(from);
    let walked = fold(store, listing, Looked::default, |looked, page| {
        looked.load.pages += 1;
        for listed in page.objects {
            match folder.kind {
                Kind::Digests => {
                    let Some(key) = DigestKey::parse(&listed.key) else { continue };
                    if key.end > reach.end {
                        return Walk::Past;
                    }
                    if brief.reaches(key.end) {
                        looked.oldest = looked.oldest.into_iter().chain([key.end]).min();
                        looked.newest = looked.newest.max(Some(key.end));
                        looked.add(Day::of_digest(key.end), listed.size, folder.kind, brief.plan.depth);
                    }
                }
                Kind::Logs => {
                    let below =
                        listed.key.strip_prefix(&*path).and_then(|below| below.get(.."YYYY/MM/DD".len()));
                    let Some(day) = below.and_then(Day::of_folder) else { continue };
                    if day > last {
                        return Walk::Past;
                    }
                    if first <= day {
                        looked.add(day, listed.size, folder.kind, brief.plan.depth);
                    }
                }
            }
        }
        Walk::On
    });
    match walked.await {
        Ok(walked) => {
            let mut looked = walked.found;
            looked.unlisted.extend(walked.unlisted);
            looked
        }
        Err(error) => Looked { unlisted: vec![error], ..Looked::default() },
    }
}

impl Outline {
    fn take(&mut self, at: usize, looked: Looked) {
        let Looked { load, oldest, newest, unsized_objects, unlisted } = looked;
        self.unsized_objects += unsized_objects;
        self.oldest = self.oldest.into_iter().chain(oldest).min();
        self.newest = self.newest.max(newest);
        self.unlisted.extend(unlisted);
        let Some((_, known)) = self.sites.get_mut(at) else { return };
        known.pages += load.pages;
        for (day, weight) in load.days {
            known.days.entry(day).or_default().add(weight);
        }
    }
}
