//! Joins digests into a chain and names every place where it does not hold. Reads nothing; the same digests always
//! give the same chain.
//!
//! An authentic digest binds its predecessor by name, hash and signature. Every one of these is compared with what
//! was found; the AWS CLI compares none of them.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::digest::{NamedBy, Previous};
use crate::report::Newest;
use crate::trail::Ended;
use crate::trail::key::{DIGEST_FOLDER, DigestKey, RegionFolder};
use crate::trail::{
    AccountRegion, ChainId, DIGEST_HOUR, DigestKind, Location, ObjectName, Span, SpanSet, Time, Window,
};
use crate::verdict::{Cause, DigestTally, DigestVerdict, Finding};

mod copies;
mod coverage;
mod ended;
mod item;
mod joint_coverage;
mod seam;
mod tell;

pub use copies::{Copied, is_copy, set_apart};
pub use ended::LastDigest;
pub use item::{Found, Item, Link, Own, Proven, Refused, hold_links};
pub use joint_coverage::{JointCoverage, Uncertainty};
pub use seam::{Seam, join};
pub use tell::{all as findings, digest as digest_finding, digests as digest_findings, keys_refused};

/// The most missing digests named one by one in one hole: a year of hours.
const DEDUCED_LIMIT: i64 = 366 * 24;

/// What a chain is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The range asked for.
    pub window: Window,
    /// The moment the record is judged at.
    pub as_of: Time,
    /// How long digests may take to arrive.
    pub grace: TimeDelta,
    /// What of an object's name can be compared.
    pub named_by: NamedBy,
    /// What has been listed: a pointer to anywhere else is wanted before it is missed.
    pub listed: Vec<Root>,
    /// What of it could not be listed after all.
    pub unlisted: Vec<Root>,
    /// The time whose digests were not looked at: nothing of it is missed.
    pub unread: SpanSet,
    /// The newest digest of each chain among those that are listed but lie too far before the window to be read.
    pub earlier: BTreeMap<ChainId, Time>,
    /// The caller's word on chains that have ended.
    pub ended: Vec<Ended>,
}

impl Terms {
    /// Whether a digest that ends then was looked for.
    fn was_looked_for(&self, end: Time) -> bool {
        !self.unread.contains(end - TimeDelta::seconds(1))
    }

    /// Whether an object of this name would have shown in a listing.
    fn would_show(&self, object: &ObjectName) -> bool {
        let holds = |roots: &[Root]| roots.iter().any(|root| root.holds(object));
        holds(&self.listed) && !holds(&self.unlisted)
    }

    /// Digests that end later than this may still be under way.
    fn grace_cutoff(&self) -> Time {
        self.as_of.checked_sub_signed(self.grace).unwrap_or(Time::MIN_UTC)
    }

    /// Up to here the window has to be covered by now.
    pub fn due(&self) -> Time {
        self.window.end().min(self.grace_cutoff())
    }
}

/// A part of a bucket that was listed wholly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Root {
    /// The bucket; none stands for a folder, which does not know the bucket it was copied from.
    pub bucket: Option<Box<str>>,
    /// What keys begin with.
    pub prefix: String,
}

impl Root {
    /// What keys in `bucket` begin with; a folder does not know its own bucket.
    pub fn of(named_by: NamedBy, bucket: &Arc<str>, prefix: String) -> Self {
        let bucket = match named_by {
            NamedBy::BucketAndKey => Some(bucket[..].into()),
            NamedBy::KeyOnly => None,
        };
        Self { bucket, prefix }
    }

    /// Where the digests of one account and region lie in one home.
    pub fn of_digests(named_by: NamedBy, home: &Location, place: &AccountRegion) -> Self {
        let folder = RegionFolder::of(home, place, DIGEST_FOLDER);
        Self::of(named_by, &home.bucket, folder.to_string())
    }

    /// Whether an object of this name would have shown in the listing.
    pub fn holds(&self, object: &ObjectName) -> bool {
        match &self.bucket {
            Some(bucket) => **bucket == *object.bucket && object.key.starts_with(&self.prefix),
            None => NamedBy::KeyOnly.comparable(&object.key).starts_with(&self.prefix),
        }
    }
}

/// A chain, as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The digests in the window by verdict, missing ones included.
    pub digests: DigestTally,
    /// What is worth telling of its links.
    pub findings: Vec<Finding>,
    /// What authentic digests span, also beyond the window.
    pub spans: SpanSet,
    /// The hours of digests that prove nothing.
    pub lost: Vec<Lost>,
    /// Its first moment, where its first digest is here and is a starting digest.
    pub started: Option<Time>,
    /// What it has to cover: the window, as far as digests can have arrived. None, where nothing of it is due.
    pub bounds: Option<Span>,
    /// The part of it in the window.
    pub coverage: SpanSet,
    /// The rest of what it has to cover.
    pub gaps: Vec<Gap>,
    /// The hours of digests that are here beyond what it has to cover yet, and prove nothing.
    pub unproven: SpanSet,
    /// Its last digest, where that lies before the window and nothing follows.
    pub ended: Option<LastDigest>,
    /// Up to here coverage is unbroken from the window's start.
    pub verified_through: Option<Time>,
    /// The newest authentic digest.
    pub newest: Option<Newest>,
    /// Digests linked to outside of what was listed.
    pub wanted: Vec<ObjectName>,
    /// Links that lead into the folder of another organization, or out of one.
    pub seams: Vec<Seam>,
}

impl Chain {
    /// Whether there are digests of it in the window that are, or may be, AWS's.
    pub fn is_in_the_window(&self) -> bool {
        let DigestTally { authentic, unsigned, unknown_key, algorithm_unsupported, unreadable, .. } =
            self.digests;
        authentic + unsigned + unknown_key + algorithm_unsupported + unreadable > 0
            || !self.coverage.is_empty()
    }
}

/// A time that has to be covered and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its bounds.
    pub span: Span,
    /// Why.
    pub cause: Cause,
}

/// The hour of a digest that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The hour.
    pub span: Span,
    /// The digest.
    pub object: ObjectName,
    /// Why it proves nothing.
    pub why: Loss,
}

/// Why a digest proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It is not there.
    Absent,
    /// It is there and cannot be AWS's.
    Refuted,
    /// It is there and may be AWS's: it could not be read, or there is nothing to check it with.
    Open,
}

/// A digest that a link leads to, or that the chain's rhythm demands, and that is not there.
struct Absent {
    object: ObjectName,
    end: Option<Time>,
    linked_from: ObjectName,
    known_by: KnownBy,
}

impl Absent {
    /// Whether it may still be under way: deliveries arrive out of order, and so do replicas and copies.
    fn is_pending(&self, terms: &Terms) -> bool {
        self.end.is_some_and(|end| end > terms.grace_cutoff())
    }

    fn verdict(&self, terms: &Terms) -> DigestVerdict {
        if self.is_pending(terms) { DigestVerdict::Pending } else { DigestVerdict::Missing }
    }
}

/// How it is known that a digest existed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum KnownBy {
    Linked,
    Deduced,
}

/// A chain of a site, and where its digests stand among the site's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Which chain.
    pub id: ChainId,
    /// Its digests.
    pub items: Range<usize>,
    /// What they amount to.
    pub chain: Chain,
}

/// Sorts the digests of one account and region by chain and end, and links each chain.
pub fn link_all(items: &mut [Item], terms: &Terms) -> Vec<Linked> {
    items.sort_by(|one, other| {
        (&one.key.chain, one.key.end, &one.object).cmp(&(&other.key.chain, other.key.end, &other.object))
    });
    let mut from = 0;
    let mut linked = Vec::new();
    for items in items.chunk_by(|one, other| one.key.chain == other.key.chain) {
        let id = items[0].key.chain.clone();
        let chain = link(&id, items, terms);
        let range = from..from + items.len();
        from = range.end;
        linked.push(Linked { id, items: range, chain });
    }
    linked
}

/// Links the digests of one chain, sorted by end. Digests that end before the window or begin after it are read for what
/// they say of those inside, and not judged themselves.
pub fn link(id: &ChainId, items: &[Item], terms: &Terms) -> Chain {
    let in_window = |item: &Item| terms.window.overlaps(&item.span());
    let earlier = terms.earlier.get(id).copied();

    let mut chain = Chain {
        digests: DigestTally::default(),
        findings: Vec::new(),
        spans: items.iter().filter_map(Item::authentic).map(|proven| proven.span).collect(),
        lost: items.iter().filter_map(Item::lost).collect(),
        started: coverage::chain_start(items).filter(|_| earlier.is_none()),
        bounds: None,
        coverage: SpanSet::default(),
        gaps: Vec::new(),
        unproven: SpanSet::default(),
        ended: None,
        verified_through: None,
        newest: newest(items),
        wanted: Vec::new(),
        seams: Vec::new(),
    };
    let mut absent = Vec::new();

    for (at, item) in items.iter().enumerate() {
        let before = items[..at].last().map(|item| item.key.end).or(earlier);
        if in_window(item) {
            chain.digests.add(item.verdict_by(terms.grace_cutoff()));
        }
        let previous = match item.authentic().map(|proven| &proven.link) {
            None | Some(Link::Holds) => continue,
            Some(Link::Start) => {
                let is_told = in_window(item) && terms.was_looked_for(item.key.end - DIGEST_HOUR);
                if let Some(before) = before.filter(|_| is_told) {
                    chain.findings.push(tell::restart(id, item, before));
                }
                continue;
            }
            Some(Link::To(previous)) => previous,
        };
        match item::find(items, terms.named_by, &previous.object) {
            Some(found) if in_window(&items[found]) => {
                chain.findings.extend(tell::broken_link(id, &items[found], previous, item));
            }
            Some(_) => {}
            None if left_behind(item, previous, terms) || was_not_read(previous, terms) => {}
            None if Seam::crosses(id, previous) => chain.seams.push(Seam::of(item, previous)),
            None if terms.would_show(&previous.object) => {
                absent.extend(missing_run(previous, item, before, terms));
            }
            None if before_the_window(previous, terms) => {}
            None => chain.wanted.push(previous.object.clone()),
        }
    }
    let absent = each_once(absent, terms);
    for missing in &absent {
        chain.digests.add(missing.verdict(terms));
        chain.findings.push(tell::missing(id, missing, terms));
        chain.lost.extend(missing.lost());
    }
    match id.kind {
        DigestKind::Standard => coverage::assess(&mut chain, id, items, &absent, terms),
        DigestKind::Backfill => chain.coverage = chain.spans.clip(&terms.window),
    }
    chain
}

/// What several links lead to is missing once; a link says more than the rhythm.
fn each_once(mut absent: Vec<Absent>, terms: &Terms) -> Vec<Absent> {
    absent.sort_by_key(|absent| absent.known_by);
    let mut named = HashSet::new();
    absent.retain(|absent| named.insert(terms.named_by.handle(&absent.object)));
    absent
}

impl Absent {
    fn lost(&self) -> Option<Lost> {
        let span = Span::of_digest(self.end?);
        Some(Lost { span, object: self.object.clone(), why: Loss::Absent })
    }
}

/// Whether a link leads out of a folder into another bucket, which may never have been copied: nothing follows from its
/// digests not being here but that their time is not covered.
fn left_behind(item: &Item, previous: &Previous, terms: &Terms) -> bool {
    terms.named_by == NamedBy::KeyOnly && previous.object.bucket != item.object.bucket
}

/// Whether a link leads to a digest of a day that was not looked at.
fn was_not_read(previous: &Previous, terms: &Terms) -> bool {
    DigestKey::parse(&previous.object.key).is_some_and(|key| !terms.was_looked_for(key.end))
}

/// Whether a link leads to an hour that was not asked for. Where it would have to be looked for elsewhere, it is let be.
fn before_the_window(previous: &Previous, terms: &Terms) -> bool {
    DigestKey::parse(&previous.object.key)
        .is_some_and(|key| !terms.window.overlaps(&Span::of_digest(key.end)))
}

/// The digests that are not there between the one that ends at `before`, the next one found, and `successor`, which links
/// to the last of them. Only that last one is linked to. The others are named where the hole is a whole number of hours:
/// then the chain's rhythm tells their ends.
fn missing_run(previous: &Previous, successor: &Item, before: Option<Time>, terms: &Terms) -> Vec<Absent> {
    let absent =
        |object, end, known_by| Absent { object, end, linked_from: successor.object.clone(), known_by };
    let Some(last) = DigestKey::parse(&previous.object.key) else {
        return vec![absent(previous.object.clone(), None, KnownBy::Linked)];
    };
    // With an open start the record's oldest link leads out of it; that is told as a head, not as a loss.
    if terms.window.start().is_none() && before.is_none() {
        return Vec::new();
    }
    let mut run = vec![absent(previous.object.clone(), Some(last.end), KnownBy::Linked)];
    if let Some(before) = before {
        let hole = last.end - before;
        let hours = hole.num_hours();
        if hole == TimeDelta::hours(hours) && hours <= DEDUCED_LIMIT {
            run.extend((1..hours).map(|back| {
                let end = last.end - DIGEST_HOUR * back as i32;
                let key = DigestKey { end, ..last.clone() };
                let object = ObjectName::new(Arc::clone(&previous.object.bucket), key.to_string());
                absent(object, Some(end), KnownBy::Deduced)
            }));
        }
    }
    let is_missed = |end: Time| terms.window.overlaps(&Span::of_digest(end)) && terms.was_looked_for(end);
    run.retain(|absent| absent.end.is_some_and(is_missed));
    run
}

fn newest(items: &[Item]) -> Option<Newest> {
    items.iter().rev().find_map(|item| {
        let proven = item.authentic()?;
        // The newest has nothing after it that it was held against.
        let hash = proven.own.as_ref()?.hash;
        Some(Newest { object: item.object.clone(), hash, end: proven.span.end })
    })
}
