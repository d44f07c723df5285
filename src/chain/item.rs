//! A digest as its chain sees it: what it was found to be, and what it says of the one before it. Plain data, which can be
//! kept and joined with that of other days.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Loss, Lost};
use crate::crypto::{Hash, Signature};
use crate::digest::{Elsewhere, Fault, NamedBy, Packing, Previous};
use crate::trail::key::DigestKey;
use crate::trail::{ObjectName, Span, Time};
use crate::verdict::{DigestVerdict, Unseen};

/// A digest that is listed, or that a link led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its key, parsed.
    pub key: DigestKey,
    /// Its name.
    pub object: ObjectName,
    /// What was found there.
    pub found: Found,
}

/// What was found in a digest's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An authentic digest.
    Authentic(Box<Proven>),
    /// Something that is not, or not provably, an authentic digest.
    Rejected(Box<Refused>),
    /// It could not be looked at.
    Unseen(Unseen),
    /// The store says it is not there, although it was listed or linked.
    Gone,
}

/// What an authentic digest says of itself and of the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The time it covers.
    pub span: Span,
    /// What comes before it.
    pub link: Link,
    /// What a digest that links to it is held against; let go of where the one that does was, and it fits.
    pub own: Option<Own>,
    /// What is wrong with its metadata although its content is proven.
    pub anomaly: Option<Fault>,
    /// How it is stored.
    pub packing: Packing,
}

/// What comes before an authentic digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing: it is a starting digest.
    Start,
    /// The digest that it names, which was held against what it records, and fits.
    Holds,
    /// The digest that it names.
    To(Box<Previous>),
}

/// What a digest can be recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    /// The signature stored with it, if any.
    pub signature: Option<Signature>,
}

impl Own {
    /// Whether it is what `recorded` says; a signature that is not at hand contradicts nothing.
    pub fn fits(&self, recorded: &Previous) -> bool {
        let other = |own: &Signature| *own != recorded.signature;
        self.hash == recorded.hash && !self.signature.as_ref().is_some_and(other)
    }
}

/// What is known of a digest that is not authentic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why not.
    pub fault: Fault,
    /// SHA-256 of its inflated bytes, where it inflates.
    pub hash: Option<Hash>,
    /// The signature stored with it.
    pub signature: Option<Signature>,
    /// What it is for another place, where nothing else is wrong with its own.
    pub elsewhere: Option<Elsewhere>,
}

impl Item {
    /// The verdict on this digest alone. One that was listed, is gone and ends after `grace_cutoff` may be under way.
    pub fn verdict_by(&self, grace_cutoff: Time) -> DigestVerdict {
        match &self.found {
            Found::Authentic(proven) => match &proven.anomaly {
                Some(fault) => fault.verdict(),
                None => DigestVerdict::Authentic,
            },
            Found::Rejected(refused) => refused.fault.verdict(),
            Found::Unseen(Unseen::Interrupted) => DigestVerdict::NotReached,
            Found::Unseen(_) => DigestVerdict::Unreadable,
            Found::Gone if self.key.end > grace_cutoff => DigestVerdict::Pending,
            Found::Gone => DigestVerdict::Missing,
        }
    }

    /// The time it covers; where that is not proven, the hour before the end its key names.
    pub fn span(&self) -> Span {
        match self.authentic() {
            Some(proven) => proven.span,
            None => Span::of_digest(self.key.end),
        }
    }

    /// What it says, if it is authentic.
    pub fn authentic(&self) -> Option<&Proven> {
        match &self.found {
            Found::Authentic(proven) => Some(proven),
            Found::Rejected(_) | Found::Unseen(_) | Found::Gone => None,
        }
    }

    /// The digest that it links to, where that was not found to be what it records.
    pub fn previous(&self) -> Option<&Previous> {
        match &self.authentic()?.link {
            Link::To(previous) => Some(previous),
            Link::Start | Link::Holds => None,
        }
    }

    /// What can be known of it again.
    pub(super) fn own(&self) -> Option<(Hash, Option<&Signature>)> {
        match &self.found {
            Found::Authentic(proven) => proven.own.as_ref().map(|own| (own.hash, own.signature.as_ref())),
            Found::Rejected(refused) => refused.hash.map(|hash| (hash, refused.signature.as_ref())),
            Found::Unseen(_) | Found::Gone => None,
        }
    }

    /// Its hour, if it proves nothing.
    pub(super) fn lost(&self) -> Option<Lost> {
        let why = match &self.found {
            Found::Authentic(_) => return None,
            Found::Rejected(refused) if refused.fault.is_refutation() => Loss::Refuted,
            Found::Rejected(_) | Found::Unseen(_) => Loss::Open,
            Found::Gone => Loss::Absent,
        };
        Some(Lost { span: self.span(), object: self.object.clone(), why })
    }
}

/// Holds digests against those of their chain among them that link to them, and lets go of what has served its purpose:
/// where one link leads to an authentic digest, and it is as recorded, neither the record nor what it was held against is
/// needed any more. A year has thousands of them.
pub fn hold_links(items: &mut [Item], named_by: NamedBy) {
    let mut linked: HashMap<Cow<'_, str>, Linkers> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(previous) = item.previous() {
            let name = named_by.comparable(&previous.object.key);
            linked.entry(name).and_modify(|linkers| *linkers = Linkers::Many).or_insert(Linkers::One(at));
        }
    }
    let fits = |(at, item): (usize, &Item)| {
        let Some(Linkers::One(successor)) = linked.get(&named_by.comparable(&item.object.key)) else {
            return None;
        };
        let (linker, recorded) = (&items[*successor], items[*successor].previous()?);
        let same_bucket = named_by == NamedBy::KeyOnly || recorded.object.bucket == item.object.bucket;
        let own = item.authentic()?.own.as_ref()?;
        let fits =
            same_bucket && at != *successor && linker.key.chain == item.key.chain && own.fits(recorded);
        fits.then_some((at, *successor))
    };
    let held: Vec<(usize, usize)> = items.iter().enumerate().filter_map(fits).collect();
    for (at, successor) in held {
        if let Found::Authentic(proven) = &mut items[at].found {
            proven.own = None;
        }
        if let Found::Authentic(proven) = &mut items[successor].found {
            proven.link = Link::Holds;
        }
    }
}

/// The digests that link to one.
#[derive(Debug, Clone, Copy)]
enum Linkers {
    One(usize),
    Many,
}

/// Where the digest of this name stands among those of one chain, sorted by end.
pub(super) fn find(items: &[Item], named_by: NamedBy, object: &ObjectName) -> Option<usize> {
    let end = DigestKey::parse(&object.key)?.end;
    let from = items.partition_point(|item| item.key.end < end);
    let same_end = items[from..].iter().take_while(|item| item.key.end == end);
    let handle = named_by.handle(object);
    same_end.into_iter().position(|item| named_by.handle(&item.object) == handle).map(|at| from + at)
}
