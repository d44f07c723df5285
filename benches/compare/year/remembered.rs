//! The ledger: the forged site's files under every account and region, with the sums that the listing there comes to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use trailseal::store::state::{DirState, Kept, Over, Put, StateStore};
use trailseal::store::{Listing, ObjectStore as _, StoreError};
use trailseal::trail::key::{DIGEST_FOLDER, LOG_FOLDER, RegionFolder};
use trailseal::trail::{AccountRegion, Day, Location, Span};
use trailseal::{Extent, FolderListing, LogFolder, LogRegion, SiteListing, Stamp};

use super::bucket::Year;

const SCHEMA: &str = "trailseal/ledger/v1";
/// Digests so close to the window are read with it.
const MARGIN: TimeDelta = TimeDelta::hours(2);

/// What is remembered of all accounts and regions.
pub struct Remembered {
    forged: DirState,
    year: Arc<Year>,
    window: Span,
    /// Of the sites whose files are being read.
    listings: Mutex<HashMap<AccountRegion, Shared>>,
    pub reads: AtomicU64,
    pub writes: AtomicU64,
}

/// What a site's listing comes to.
struct Shared {
    listing: Arc<OnceLock<SiteListing>>,
    /// Files that are still to be read.
    left: usize,
}

impl Remembered {
    pub fn new(forged: DirState, year: Arc<Year>, window: Span) -> Self {
        let (reads, writes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { forged, year, window, listings: Mutex::default(), reads, writes }
    }

    /// Has every page and every file made once, and looks at none.
    pub async fn make_all(&self) {
        for name in self.list("").await.unwrap() {
            self.read(&name).await.unwrap();
        }
        for place in &self.year.places {
            for kind in [DIGEST_FOLDER, LOG_FOLDER] {
                let prefix = format!("AWSLogs/{}/{kind}/{}/", place.account, place.region);
                let mut listing = Listing::whole(self.year.bucket(), prefix);
                loop {
                    listing.token = self.year.list(&listing).await.unwrap().next;
                    if listing.token.is_none() {
                        break;
                    }
                }
            }
        }
    }

    fn home(&self) -> Location {
        Location::new(self.year.bucket(), "")
    }

    fn listing(&self, place: &AccountRegion) -> SiteListing {
        let mut site = SiteListing::default();
        for kind in [DIGEST_FOLDER, LOG_FOLDER] {
            let region = LogRegion::from(RegionFolder::of(&self.home(), place, kind));
            let mut folder = FolderListing::default();
            for entry in self.year.entries(kind) {
                let listed = entry.listed(place, kind);
                let stamp = Stamp::new(listed.size, listed.modified, listed.etag.as_deref())
                    .in_class(listed.storage_class.as_deref());
                match entry.end {
                    // No others are read for the window.
                    Some(end) if end < self.window.start - MARGIN || self.window.end + MARGIN < end => {}
                    Some(end) => folder.digest(end, &listed.key, &stamp),
                    None => folder.log(&region, &listed.key, &stamp),
                }
            }
            site.take(LogFolder { home: self.home(), kind: kind.into() }, folder);
        }
        site
    }

    /// The listing of a site of which `files` are read, each of them once.
    fn shared(&self, place: &AccountRegion, files: usize) -> Arc<OnceLock<SiteListing>> {
        let mut listings = self.listings.lock().unwrap();
        let fresh = || Shared { listing: Arc::default(), left: files };
        let shared = listings.entry(place.clone()).or_insert_with(fresh);
        let listing = Arc::clone(&shared.listing);
        shared.left -= 1;
        if shared.left == 0 {
            listings.remove(place);
        }
        listing
    }

    /// A file of the forged site as it would be of another one.
    fn of(&self, place: &AccountRegion, listing: &SiteListing, bytes: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(bytes).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let place_of = |place: &AccountRegion| {
            format!("{{\"account\":\"{}\",\"region\":\"{}\"}}", place.account, place.region)
        };
        let (own, other) = (place_of(&self.year.forged), place_of(place));
        let mut file = header.to_owned();
        for row in rows.lines() {
            let (row, _) = row.rsplit_once(",\"seal\":\"").unwrap();
            let day: Day = row["{\"day\":\"".len()..][..10].parse().unwrap();
            // Around the window nothing is looked at but digests.
            let around = day < Day::holding(self.window.start) || Day::holding(self.window.end) < day;
            let extent = if around { Extent::Digests } else { Extent::Everything };
            let listed = listing.of_day(place, day, extent);
            let (before, after) = row.split_once("\"sha256\":\"").unwrap();
            let (was, after) = after.split_once('"').unwrap();
            let is = STANDARD.encode(listed.hash.bytes());
            assert!(*place != self.year.forged || was == is, "{day} is listed otherwise here");
            let row = format!("{before}\"sha256\":\"{is}\"{after}").replace(&own, &other);
            let origin = self.home();
            let sealed = format!("{SCHEMA}\n{origin}\n-\n{}\n{}\n{row}", place.account, place.region);
            let seal = STANDARD.encode(Sha256::digest(&sealed));
            file.push_str(&format!("\n{row},\"seal\":\"{seal}\"}}"));
        }
        file.push('\n');
        file.into_bytes()
    }

    /// Whose file it is, and what that of the forged site is called.
    fn whose(&self, name: &str) -> Option<(&AccountRegion, String)> {
        let parts: Vec<&str> = name.split('/').collect();
        let [origin, organization, account, region, month] = parts[..] else { return None };
        let mut places = self.year.places.iter();
        let place =
            places.find(|place| place.account.to_string() == account && place.region.as_str() == region)?;
        let AccountRegion { account, region, .. } = &self.year.forged;
        Some((place, format!("{origin}/{organization}/{account}/{region}/{month}")))
    }
}

#[async_trait]
impl StateStore for Remembered {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let AccountRegion { account, region, .. } = &self.year.forged;
        let own = format!("/{account}/{region}/");
        let mut names = Vec::new();
        for name in self.forged.list(folder).await? {
            let others = self.year.places.iter().filter(|_| name.contains(&own));
            names.extend(others.map(|place| {
                let AccountRegion { account, region, .. } = place;
                name.replace(&own, &format!("/{account}/{region}/"))
            }));
        }
        names.sort();
        Ok(names)
    }

    async fn rewritten(&self, _folder: &str) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn read(&self, name: &str) -> Result<Option<Kept>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let Some((place, own)) = self.whose(name) else { return self.forged.read(name).await };
        let Some(kept) = self.forged.read(&own).await? else { return Ok(None) };
        let (folder, _) = own.rsplit_once('/').unwrap();
        let files = self.forged.list(&format!("{folder}/")).await?.len();
        let listing = self.shared(place, files);
        let bytes = self.of(place, listing.get_or_init(|| self.listing(place)), &kept.bytes);
        Ok(Some(Kept { bytes, ..kept }))
    }

    async fn put(&self, name: &str, bytes: &[u8], over: Over<'_>) -> Result<Put, StoreError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        match self.year.places.len() {
            // The forged site alone: it is made so.
            1 => self.forged.put(name, bytes, over).await,
            _ if matches!(over, Over::Nothing) => Ok(Put::Overtaken),
            _ => Ok(Put::Done),
        }
    }
}
