//! What seals remember of each chain, and how that is carried on from one seal to the next.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use crate::crypto::Hash;
use crate::report::Head;
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, ObjectName, Prefix, Time};

/// The newest authentic digest of a chain, and the seal that last saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHead {
    /// The digest.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    /// Its end.
    pub end: Time,
    /// The number of the seal whose run last saw it with its own eyes.
    pub seen: NonZeroU64,
}

impl Ord for SealedHead {
    /// As the lines of a seal are sorted: by key, then by end.
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |head: &Self| (head.end, head.hash, head.seen);
        let keys = self.object.key.cmp(&other.object.key);
        keys.then_with(|| order(self).cmp(&order(other)))
            .then_with(|| self.object.bucket.cmp(&other.object.bucket))
    }
}

impl PartialOrd for SealedHead {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A head by its key and hash: enough to name it, and not enough to mean another by mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadName {
    /// The digest's key.
    pub key: Box<str>,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
}

impl HeadName {
    /// The name of the digest that `object` holds, if it hashes to `hash`.
    pub fn of(object: &ObjectName, hash: Hash) -> Self {
        Self { key: object.key.clone(), hash }
    }
}

impl SealedHead {
    /// What it is called.
    pub fn name(&self) -> HeadName {
        HeadName::of(&self.object, self.hash)
    }

    /// The head as a run is held to it; none, where its key is no digest's.
    pub fn head(&self) -> Option<Head> {
        let chain = DigestKey::parse(&self.object.key)?.chain;
        Some(Head { chain, object: self.object.clone(), hash: self.hash, end: self.end })
    }
}

/// Whose head it is. A key that is no digest's stands for itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Chain(Prefix, ChainId),
    Key(Box<str>),
}

impl Whose {
    fn of(object: &ObjectName) -> Self {
        match DigestKey::parse(&object.key) {
            Some(DigestKey { prefix, chain, .. }) => Self::Chain(prefix, chain),
            None => Self::Key(object.key.clone()),
        }
    }
}

/// What is known of one chain.
#[derive(Debug, Default)]
struct Known<'h> {
    before: Vec<&'h SealedHead>,
    seen: Vec<&'h Head>,
}

/// The heads of the seal `number`, from those of the seal before it and what the run between them saw.
///
/// `seen` are the heads that the run saw itself: the newest of each chain, and those of earlier seals that were there
/// unchanged. `kept` are those that it found lost or changed. `released` are let go by name.
///
/// Of each chain the newest is kept. It is replaced by a later one alone: a run over an earlier time changes nothing. What was
/// found lost or changed stays, as last seen, until it is seen again or released, also where later runs did not look at it.
/// A chain has one head for each such loss, and one that goes on.
pub(super) fn accumulate(
    number: NonZeroU64,
    previous: &BTreeSet<SealedHead>,
    seen: &[Head],
    kept: &BTreeSet<HeadName>,
    released: &BTreeSet<HeadName>,
) -> BTreeSet<SealedHead> {
    let mut chains: BTreeMap<Whose, Known<'_>> = BTreeMap::new();
    for head in previous.iter().filter(|head| !released.contains(&head.name())) {
        chains.entry(Whose::of(&head.object)).or_default().before.push(head);
    }
    for head in seen {
        chains.entry(Whose::of(&head.object)).or_default().seen.push(head);
    }
    chains.values().flat_map(|chain| chain.carried_on(number, kept)).collect()
}

impl Known<'_> {
    fn carried_on(&self, number: NonZeroU64, kept: &BTreeSet<HeadName>) -> Vec<SealedHead> {
        let names: BTreeSet<HeadName> =
            self.seen.iter().map(|head| HeadName::of(&head.object, head.hash)).collect();
        let newest = self.seen.iter().map(|head| head.end).max();
        // The head that goes on: of several, the others were lost before.
        let going_on = self.before.iter().max_by_key(|head| (head.seen, head.end));
        let going_on = going_on.filter(|head| !kept.contains(&head.name()));
        let stays = |head: &&&SealedHead| {
            let outdone = newest.is_some_and(|newest| head.end < newest);
            let replaced = outdone && going_on.is_some_and(|going_on| *going_on == **head);
            !names.contains(&head.name()) && !replaced
        };
        let later = |head: &&&Head| {
            let outdone = going_on.is_some_and(|going_on| head.end < going_on.end);
            Some(head.end) == newest && !outdone
        };
        let now = self.seen.iter().filter(later).map(|head| SealedHead {
            object: head.object.clone(),
            hash: head.hash,
            end: head.end,
            seen: number,
        });
        self.before.iter().filter(stays).map(|head| (*head).clone()).chain(now).collect()
    }
}

#[cfg(test)]
mod tests;
