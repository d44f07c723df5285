//! The bucket: the forged site's listing under every account and region. A page is made when it is asked for, and so is a digest.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use trailseal::forge::WorldPlan;
use trailseal::store::{
    Admission, Listed, Listing, ListingDepth, Object, ObjectStore, Page, StoreError, Stored, Take,
};
use trailseal::trail::key::{DIGEST_FOLDER, LOG_FOLDER, ObjectKey};
use trailseal::trail::{AccountRegion, Metadata, ObjectName, Time, UserMetadata};

use super::signer::Signer;
use crate::record;

/// The keys and sizes of what was forged.
const INDEX: &str = "index.tsv";
/// As many as S3 shows.
const PAGE: usize = 1000;

/// All accounts and regions.
pub struct Year {
    folder: PathBuf,
    bucket: String,
    pub forged: AccountRegion,
    pub places: Vec<AccountRegion>,
    digests: Vec<Entry>,
    logs: Vec<Entry>,
    signer: Signer,
    pub pages: AtomicU64,
    pub objects: AtomicU64,
}

/// One object of the site.
pub struct Entry {
    /// `YYYY/MM/DD`.
    day: Box<str>,
    /// What its name goes on with after the region.
    rest: Box<str>,
    size: u32,
    modified: i64,
    /// Of a digest, its end.
    pub end: Option<Time>,
}

/// Notes what was forged, so that whoever is measured need not hold all of it to sort it.
pub fn index(folder: &Path) {
    let mut index = BufWriter::new(File::create(folder.join(INDEX)).unwrap());
    for (key, path) in record::objects(&folder.join("bucket")) {
        writeln!(index, "{key}\t{}", fs::metadata(path).unwrap().len()).unwrap();
    }
    index.flush().unwrap();
}

impl Year {
    pub fn open(folder: &Path, plan: &WorldPlan, signer: Signer) -> Self {
        let mut places = Vec::new();
        for account in plan.account_ids() {
            places.extend(plan.region_names().into_iter().map(|region| AccountRegion {
                account,
                region,
                organization: None,
            }));
        }
        let (mut digests, mut logs) = (Vec::new(), Vec::new());
        for line in BufReader::new(File::open(folder.join(INDEX)).unwrap()).lines() {
            let line = line.unwrap();
            let (key, size) = line.split_once('\t').unwrap();
            let size = size.parse().unwrap();
            match ObjectKey::parse(key).unwrap() {
                ObjectKey::Digest(parsed) => digests.push(entry(key, size, parsed.end, Some(parsed.end))),
                ObjectKey::Log(parsed) => logs.push(entry(key, size, parsed.delivered, None)),
            }
        }
        for entries in [&mut digests, &mut logs] {
            entries.shrink_to_fit();
        }
        let (folder, bucket, forged) = (folder.to_owned(), plan.bucket.clone(), places[0].clone());
        let (pages, objects) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { folder, bucket, forged, places, digests, logs, signer, pages, objects }
    }

    pub fn entries(&self, kind: &str) -> &[Entry] {
        if kind == DIGEST_FOLDER { &self.digests } else { &self.logs }
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    fn place(&self, account: &str, region: &str) -> Option<&AccountRegion> {
        let is =
            |place: &&AccountRegion| place.region.as_str() == region && place.account.to_string() == account;
        self.places.iter().find(is)
    }

    /// The folders right below `path`, and the objects of a site's folder.
    fn page(&self, listing: &Listing) -> Page {
        let below = listing.prefix.strip_prefix("AWSLogs/");
        let parts: Vec<&str> = below.map(|below| below.split('/').collect()).unwrap_or_default();
        let folders = |names: BTreeSet<String>| Page {
            folders: names.into_iter().map(|name| format!("{}{name}/", listing.prefix)).collect(),
            ..Page::default()
        };
        match (&parts[..], listing.reach) {
            ([], _) => folders(["AWSLogs".to_owned()].into()),
            ([""], _) => folders(self.places.iter().map(|place| place.account.to_string()).collect()),
            ([_, ""], _) => folders([LOG_FOLDER, DIGEST_FOLDER].map(str::to_owned).into()),
            ([_, _, ""], _) => folders(self.places.iter().map(|place| place.region.to_string()).collect()),
            ([account, kind, region, rest @ ..], reach) => match self.place(account, region) {
                Some(place) => self.site(place, kind, &rest.join("/"), (listing, reach)),
                None => Page::default(),
            },
            _ => Page::default(),
        }
    }

    fn site(
        &self,
        place: &AccountRegion,
        kind: &str,
        rest: &str,
        (listing, reach): (&Listing, ListingDepth),
    ) -> Page {
        let entries = self.entries(kind);
        let start = format!("AWSLogs/{}/{kind}/{}/", place.account, place.region);
        let within = entries.partition_point(|entry| *entry.day < *rest.trim_end_matches('/'));
        let of_folder = |entry: &Entry| entry.day.starts_with(rest.trim_end_matches('/'));
        if reach == ListingDepth::Folder && rest.len() < "YYYY/MM/DD/".len() {
            let names = entries[within..].iter().take_while(|entry| of_folder(entry));
            let names: BTreeSet<String> = names
                .map(|entry| {
                    let name = entry.day[rest.len()..].split('/').next().unwrap();
                    format!("{start}{rest}{name}/")
                })
                .collect();
            return Page { folders: names.into_iter().collect(), ..Page::default() };
        }
        let past = |after: &str| {
            let is_before = |entry: &Entry| *entry.key(place, kind) <= *after;
            entries.partition_point(is_before)
        };
        let from = match (&listing.token, &listing.after) {
            (Some(token), _) => token.parse().unwrap(),
            (None, Some(after)) => past(after).max(within),
            (None, None) => within,
        };
        let shown = entries[from..].iter().take_while(|entry| of_folder(entry)).take(PAGE);
        let objects: Vec<Listed> = shown.map(|entry| entry.listed(place, kind)).collect();
        let next = from + objects.len();
        let more = entries.get(next).is_some_and(of_folder);
        Page { objects, next: more.then(|| next.to_string()), ..Page::default() }
    }

    fn object(&self, object: &ObjectName) -> (Bytes, Metadata, Stored) {
        let parts: Vec<&str> = object.key.split('/').collect();
        let [_, account, kind, region, ..] = parts[..] else { panic!("{object}") };
        let place = self.place(account, region).unwrap();
        let entries = self.entries(kind);
        let entry = &entries[entries.partition_point(|entry| *entry.key(place, kind) < *object.key)];
        let path = self.folder.join("bucket").join(&*entry.key(&self.forged, kind));
        let body = Bytes::from(fs::read(&path).unwrap());
        let (body, metadata) = match kind {
            DIGEST_FOLDER if *place == self.forged => (body, written_beside(&path)),
            DIGEST_FOLDER => self.signer.sign(&body, account, &object.bucket, &object.key),
            _ => (body, Metadata::Kept(UserMetadata::default())),
        };
        let listed = entry.listed(place, kind);
        (body, metadata, Stored { modified: listed.modified, etag: listed.etag, kms_key: None })
    }
}

fn written_beside(path: &Path) -> Metadata {
    let head = fs::read(format!("{}.head.json", path.display())).unwrap();
    let head: serde_json::Value = serde_json::from_slice(&head).unwrap();
    let field = |name: &str| head["Metadata"][name].as_str().map(Into::into);
    Metadata::Kept(UserMetadata {
        signature: field("signature"),
        signature_algorithm: field("signature-algorithm"),
        backfill_generation_timestamp: None,
    })
}

fn entry(key: &str, size: u32, named: Time, end: Option<Time>) -> Entry {
    let (folder, name) = key.rsplit_once('/').unwrap();
    let day = folder[folder.len() - "YYYY/MM/DD".len()..].into();
    let after = name.match_indices('_').nth(2).unwrap().0;
    let modified = named + TimeDelta::minutes(if end.is_some() { 30 } else { 0 });
    Entry { day, rest: name[after..].into(), size, modified: modified.timestamp(), end }
}

impl Entry {
    pub fn key(&self, place: &AccountRegion, kind: &str) -> Box<str> {
        let (account, region) = (place.account.to_string(), place.region.as_str());
        let (day, rest) = (&*self.day, &*self.rest);
        ["AWSLogs/", &account, "/", kind, "/", region, "/", day, "/", &account, "_", kind, "_", region, rest]
            .concat()
            .into()
    }

    pub fn listed(&self, place: &AccountRegion, kind: &str) -> Listed {
        Listed {
            key: self.key(place, kind),
            size: Some(self.size.into()),
            modified: DateTime::from_timestamp(self.modified, 0),
            etag: Some(format!("{:016x}{:016x}", self.modified, self.size).into()),
            storage_class: Some("STANDARD".into()),
        }
    }
}

#[async_trait]
impl ObjectStore for Year {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        Ok(self.page(listing))
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        self.objects.fetch_add(1, Ordering::Relaxed);
        let (body, metadata, stored) = self.object(object);
        let admitted = admission.admit(body.len() as u64).await;
        Ok(Object { body, metadata, stored, admitted })
    }

    async fn stream(&self, object: &ObjectName, _: &mut Take<'_>) -> Result<(), StoreError> {
        panic!("{object} is small")
    }
}
