//! Joins digests into a chain and names every place where it does not hold. Reads nothing; the same digests always
//! give the same chain.
//!
//! An authentic digest binds its predecessor by name, hash and signature. Every one of these is compared with what
//! was found; the AWS CLI compares none of them.

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::digest::{AuthenticDigest, Certainty, Previous, RejectedDigest};
use crate::report::{Newest, Window};
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, DigestKind, ObjectName, Span, Time};
use crate::verdict::{Cause, Code, DigestTally, DigestVerdict, Evidence, Finding, Unseen};

mod coverage;
mod tell;

pub use coverage::{clip, complement, settled, union};
pub use tell::keys_refused;

/// The time a standard digest covers; every one known spans exactly this.
const HOUR: TimeDelta = TimeDelta::hours(1);
/// The most missing digests named one by one in one hole: a year of hours.
const DEDUCED_LIMIT: i64 = 366 * 24;

/// A digest that is listed, or that a link led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key, parsed.
    pub key: DigestKey,
    /// Its name.
    pub object: ObjectName,
    /// What was found there.
    pub state: State,
}

/// What was found in a digest's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// An authentic digest.
    Authentic(Box<AuthenticDigest>),
    /// Something that is not, or not provably, an authentic digest.
    Rejected(Box<RejectedDigest>),
    /// It could not be looked at.
    Unseen(Unseen),
    /// The store says it is not there, although it was listed or linked.
    Gone,
}

impl Entry {
    /// The verdict on this digest alone.
    pub fn verdict(&self) -> DigestVerdict {
        match &self.state {
            State::Authentic(digest) => match digest.blemish() {
                Some(fault) => fault.verdict(),
                None => DigestVerdict::Authentic,
            },
            State::Rejected(rejected) => rejected.fault.verdict(),
            State::Unseen(_) => DigestVerdict::Unreadable,
            State::Gone => DigestVerdict::Missing,
        }
    }

    /// The time it covers; where that is not proven, the hour before the end its key names.
    pub fn span(&self) -> Span {
        match self.authentic() {
            Some(digest) => digest.span(),
            None => hour_before(self.key.end),
        }
    }

    /// The digest, if it is authentic.
    pub fn authentic(&self) -> Option<&AuthenticDigest> {
        match &self.state {
            State::Authentic(digest) => Some(digest),
            State::Rejected(_) | State::Unseen(_) | State::Gone => None,
        }
    }
}

fn hour_before(end: Time) -> Span {
    Span { start: end - HOUR, end }
}

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
    pub certainty: Certainty,
    /// What has been listed: a pointer to anywhere else is wanted before it is missed.
    pub listed: Vec<Root>,
    /// What of it could not be listed after all.
    pub unlisted: Vec<Root>,
}

impl Terms {
    /// Whether an object of this name would have shown in a listing.
    fn would_show(&self, object: &ObjectName) -> bool {
        let holds = |roots: &[Root]| roots.iter().any(|root| root.holds(object));
        holds(&self.listed) && !holds(&self.unlisted)
    }
}

/// A part of a bucket that was listed wholly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// The bucket; none stands for a folder, which does not know the bucket it was copied from.
    pub bucket: Option<std::sync::Arc<str>>,
    /// What keys begin with.
    pub prefix: String,
}

impl Root {
    /// Whether an object of this name would have shown in the listing.
    pub fn holds(&self, object: &ObjectName) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| *bucket == object.bucket)
            && object.key.starts_with(&self.prefix)
    }
}

/// A chain, as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The digests in the window by verdict, missing ones included.
    pub digests: DigestTally,
    /// What is worth telling.
    pub findings: Vec<Finding>,
    /// What authentic digests span, also beyond the window: sorted, disjoint.
    pub spans: Vec<Span>,
    /// The hours of digests that prove nothing: missing, rejected, unseen.
    pub lost: Vec<Span>,
    /// Its first moment, where its first digest is here and is a starting digest.
    pub started: Option<Time>,
    /// The part of it in the window.
    pub coverage: Vec<Span>,
    /// The rest of the window, where this kind of chain has to cover it.
    pub gaps: Vec<Span>,
    /// Up to here coverage is unbroken from the window's start.
    pub verified_through: Option<Time>,
    /// The newest authentic digest.
    pub newest: Option<Newest>,
    /// Digests linked to outside of what was listed.
    pub wanted: Vec<ObjectName>,
}

/// A digest that a link leads to, or that the chain's rhythm demands, and that is not there.
struct Absent {
    object: ObjectName,
    end: Option<Time>,
    linked_from: ObjectName,
    proof: Proof,
}

/// How it is known that a digest existed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Linked,
    Deduced,
}

/// Links the digests of one chain, sorted by end. `repairs` are spans that the backfill chain of the same trail
/// covers. Digests that end before the window or begin after it are read for what they say of those inside,
/// and not judged themselves.
pub fn link(id: &ChainId, entries: &[Entry], repairs: &[Span], terms: &Terms) -> Chain {
    let handle = |object| terms.certainty.handle(object);
    let places: HashMap<ObjectName, usize> =
        entries.iter().enumerate().map(|(at, entry)| (handle(&entry.object), at)).collect();
    let in_window = |entry: &Entry| terms.window.overlaps(&entry.span());

    let mut chain = Chain {
        digests: DigestTally::default(),
        findings: Vec::new(),
        spans: union(entries.iter().filter_map(Entry::authentic).map(AuthenticDigest::span).collect()),
        lost: entries.iter().filter(|entry| entry.authentic().is_none()).map(Entry::span).collect(),
        started: coverage::chain_start(entries),
        coverage: Vec::new(),
        gaps: Vec::new(),
        verified_through: None,
        newest: newest(entries),
        wanted: Vec::new(),
    };
    let mut absent = Vec::new();

    for (at, entry) in entries.iter().enumerate() {
        if in_window(entry) {
            chain.digests.add(entry.verdict());
            chain.findings.extend(tell::digest(id, entry));
        }
        let Some(digest) = entry.authentic() else { continue };
        match digest.previous() {
            None if at > 0 && in_window(entry) => {
                chain.findings.push(tell::restart(id, entry, &entries[at - 1]))
            }
            None => {}
            Some(previous) => match places.get(&handle(&previous.object)) {
                Some(&found) if in_window(&entries[found]) => {
                    chain.findings.extend(tell::broken_link(id, &entries[found], previous, entry));
                }
                Some(_) => {}
                None if left_behind(entry, previous, terms) => {}
                None if terms.would_show(&previous.object) => {
                    let earlier = entries[..at].last();
                    absent.extend(missing_run(previous, entry, earlier, terms));
                }
                None if before_the_window(previous, terms) => {}
                None => chain.wanted.push(previous.object.clone()),
            },
        }
    }
    for missing in &absent {
        chain.digests.add(DigestVerdict::Missing);
        chain.findings.push(tell::missing(id, missing));
        chain.lost.extend(missing.end.map(hour_before));
    }
    if id.kind == DigestKind::Standard {
        coverage::assess(&mut chain, id, entries, &absent, repairs, terms);
    } else {
        chain.coverage = clip(&chain.spans, &terms.window);
    }
    chain
}

/// Whether a link leads out of a folder into another bucket, which may never have been copied: nothing follows from its
/// digests not being here but that their time is not covered.
fn left_behind(entry: &Entry, previous: &Previous, terms: &Terms) -> bool {
    terms.certainty == Certainty::KeyOnly && previous.object.bucket != entry.object.bucket
}

/// Whether a link leads to an hour that was not asked for. Where it would have to be looked for elsewhere, it is let be.
fn before_the_window(previous: &Previous, terms: &Terms) -> bool {
    DigestKey::parse(&previous.object.key).is_some_and(|key| !terms.window.overlaps(&hour_before(key.end)))
}

/// The digests that are not there between `earlier`, the next one found, and `successor`, which links to the last
/// of them. Only that last one is linked to. The others are named where the hole is a whole number of hours:
/// then the chain's rhythm tells their ends.
fn missing_run(
    previous: &Previous,
    successor: &Entry,
    earlier: Option<&Entry>,
    terms: &Terms,
) -> Vec<Absent> {
    let absent = |object, end, proof| Absent { object, end, linked_from: successor.object.clone(), proof };
    let Some(last) = DigestKey::parse(&previous.object.key) else {
        return vec![absent(previous.object.clone(), None, Proof::Linked)];
    };
    // With an open start the record's oldest link leads out of it; that is told as a head, not as a loss.
    let beyond_the_record = terms.window.start.is_none() && earlier.is_none();
    if beyond_the_record || !terms.window.overlaps(&hour_before(last.end)) {
        return Vec::new();
    }
    let mut run = vec![absent(previous.object.clone(), Some(last.end), Proof::Linked)];
    if let Some(earlier) = earlier {
        let hole = last.end - earlier.key.end;
        let hours = hole.num_hours();
        if hole == TimeDelta::hours(hours) && hours <= DEDUCED_LIMIT {
            run.extend((1..hours).map_while(|back| {
                let end = last.end - HOUR * back as i32;
                let key = DigestKey { end, ..last.clone() };
                let object = ObjectName::new(previous.object.bucket.clone(), key.to_string());
                terms.window.overlaps(&hour_before(end)).then(|| absent(object, Some(end), Proof::Deduced))
            }));
        }
    }
    run
}

fn newest(entries: &[Entry]) -> Option<Newest> {
    entries.iter().rev().find_map(|entry| {
        let digest = entry.authentic()?;
        Some(Newest { object: entry.object.clone(), hash: digest.hash(), end: digest.span().end })
    })
}
