//! A digest as it was read, before its verdict is final.

use crate::chain::{Found, Item, Link, Own, Proven, Refused};
use crate::digest::{self, AuthenticDigest, LogEntry, Previous, RejectedDigest};
use crate::trail::ObjectName;
use crate::trail::key::DigestKey;
use crate::verdict::Unseen;

/// A digest that is listed, or that a link led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key, parsed.
    pub key: DigestKey,
    /// Its name.
    pub object: ObjectName,
    /// What was found there.
    pub state: EntryState,
}

/// What was found in a digest's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// An authentic digest.
    Authentic(Box<AuthenticDigest>),
    /// Something that is not, or not provably, an authentic digest.
    Rejected(Box<RejectedDigest>),
    /// It could not be looked at.
    Unseen(Unseen),
    /// The store says it is not there, although it was listed or linked.
    Gone,
}

impl From<digest::Authentication> for EntryState {
    fn from(outcome: digest::Authentication) -> Self {
        match outcome {
            digest::Authentication::Authentic(digest) => Self::Authentic(digest),
            digest::Authentication::Rejected(rejected) => Self::Rejected(rejected),
        }
    }
}

impl Entry {
    /// The digest, if it is authentic.
    pub fn authentic(&self) -> Option<&AuthenticDigest> {
        match &self.state {
            EntryState::Authentic(digest) => Some(digest),
            EntryState::Rejected(_) | EntryState::Unseen(_) | EntryState::Gone => None,
        }
    }

    /// What it says of the digest before it, whether or not anybody vouches for that.
    pub(super) fn previous(&self) -> Option<&Previous> {
        match &self.state {
            EntryState::Authentic(digest) => digest.previous(),
            EntryState::Rejected(rejected) => rejected.claim()?.previous.as_ref(),
            EntryState::Unseen(_) | EntryState::Gone => None,
        }
    }

    /// The log files it names, whether or not anybody vouches for that; once.
    pub fn take_logs(&mut self) -> Vec<LogEntry> {
        match &mut self.state {
            EntryState::Authentic(digest) => digest.take_logs(),
            EntryState::Rejected(rejected) => rejected.take_logs(),
            EntryState::Unseen(_) | EntryState::Gone => Vec::new(),
        }
    }

    /// What its chain keeps of it.
    pub fn into_item(self) -> Item {
        let Self { key, object, state } = self;
        let found = match state {
            EntryState::Authentic(digest) => Found::Authentic(Box::new(proven(*digest))),
            EntryState::Rejected(rejected) => {
                let RejectedDigest { fault, hash, signature, elsewhere, .. } = *rejected;
                Found::Rejected(Box::new(Refused { fault, hash, signature, elsewhere }))
            }
            EntryState::Unseen(unseen) => Found::Unseen(unseen),
            EntryState::Gone => Found::Gone,
        };
        Item { key, object, found }
    }
}

fn proven(digest: AuthenticDigest) -> Proven {
    Proven {
        span: digest.span(),
        own: Some(Own { hash: digest.hash(), signature: digest.metadata_signature().cloned() }),
        anomaly: digest.anomaly().cloned(),
        packing: digest.packing(),
        link: digest.previous().map_or(Link::Start, |previous| Link::To(Box::new(previous.clone()))),
    }
}
