//! A digest as it was read, before it is settled.

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

impl From<digest::Outcome> for State {
    fn from(outcome: digest::Outcome) -> Self {
        match outcome {
            digest::Outcome::Authentic(digest) => Self::Authentic(digest),
            digest::Outcome::Rejected(rejected) => Self::Rejected(rejected),
        }
    }
}

impl Entry {
    /// The digest, if it is authentic.
    pub fn authentic(&self) -> Option<&AuthenticDigest> {
        match &self.state {
            State::Authentic(digest) => Some(digest),
            State::Rejected(_) | State::Unseen(_) | State::Gone => None,
        }
    }

    /// What it says of the digest before it, whether or not anybody vouches for that.
    pub(super) fn previous(&self) -> Option<&Previous> {
        match &self.state {
            State::Authentic(digest) => digest.previous(),
            State::Rejected(rejected) => rejected.claim()?.previous.as_ref(),
            State::Unseen(_) | State::Gone => None,
        }
    }

    /// The log files it names, whether or not anybody vouches for that; once.
    pub fn take_logs(&mut self) -> Vec<LogEntry> {
        match &mut self.state {
            State::Authentic(digest) => digest.take_logs(),
            State::Rejected(rejected) => rejected.take_logs(),
            State::Unseen(_) | State::Gone => Vec::new(),
        }
    }

    /// What its chain keeps of it.
    pub fn into_item(self) -> Item {
        let Self { key, object, state } = self;
        let found = match state {
            State::Authentic(digest) => Found::Authentic(Box::new(proven(*digest))),
            State::Rejected(rejected) => {
                let RejectedDigest { fault, hash, signature, elsewhere, .. } = *rejected;
                Found::Rejected(Box::new(Refused { fault, hash, signature, elsewhere }))
            }
            State::Unseen(unseen) => Found::Unseen(unseen),
            State::Gone => Found::Gone,
        };
        Item { key, object, found }
    }
}

fn proven(digest: AuthenticDigest) -> Proven {
    Proven {
        span: digest.span(),
        own: Some(Own { hash: digest.hash(), signature: digest.metadata_signature().cloned() }),
        blemish: digest.blemish().cloned(),
        packing: digest.packing(),
        link: digest.previous().map_or(Link::Start, |previous| Link::To(Box::new(previous.clone()))),
    }
}
