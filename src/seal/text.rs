//! What a seal says: which run, over what, with what outcome, and the newest digest of every chain known to that day. Its
//! text has one spelling, so that it can be signed and hashed: reading a text and writing it again gives the same bytes.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use crate::crypto::Hash;
use crate::report::{Baseline, Code, Head, Outcome, SealedBy};
use crate::trail::{AccountId, Depth, Ended, Location, Region, Time, TrailName, Window};

use super::heads::{HeadName, SealedHead, accumulate};
use super::key::{SigningKey, VerifierKey};
use super::note::{NotANote, Note};

mod read;
mod write;

pub use read::NotASeal;

/// The first line of a seal, and the name of this format. A text of another version begins otherwise.
pub const SCHEMA: &str = "trailseal/seal/v1";

/// A seal: what is put under a signature after a run. The first of a place, number 0, says that its memory begins there:
/// it has no run, and so no outcome and no heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The place that the record was delivered to.
    pub origin: Location,
    /// Where the record was read, in the caller's words.
    pub source: String,
    /// When the run ended.
    pub time: Time,
    /// What made it.
    pub tool: Tool,
    /// Keys whose signatures count from the next seal on, if this one is signed by a key that counts already.
    pub new_keys: BTreeSet<VerifierKey>,
    /// The run; none in seal 0.
    pub run: Option<SealedRun>,
}

/// The program that made a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// The version of trailseal.
    pub version: String,
    /// The number of the rules it judged by: the same record under the same rules has the same outcome.
    pub rules: u32,
}

/// What a seal says of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRun {
    /// The seal's number: how many were made for this place before it.
    pub number: NonZeroU64,
    /// The time asked for.
    pub window: Window,
    /// The part of the record asked for.
    pub part: SealedPart,
    /// How closely log files were looked at.
    pub depth: Depth,
    /// What the caller had count for less.
    pub softened: BTreeSet<Softened>,
    /// Heads of the seal before that the caller let go.
    pub released: BTreeSet<HeadName>,
    /// What the run came to.
    pub outcome: Outcome,
    /// The code it ended with.
    pub exit: u8,
    /// What was read in it.
    pub read: ObjectCounts,
    /// What was not read, because an earlier run had read it.
    pub carried: Carried,
    /// SHA-256 of the names of the public keys that digests were authenticated with, a line each, sorted.
    pub keys: Hash,
    /// SHA-256 of the run's JSON report.
    pub report: Hash,
    /// SHA-256 of the text of the seal before.
    pub previous: Hash,
    /// The newest digests known of every chain, whether or not this run looked at it.
    pub heads: BTreeSet<SealedHead>,
}

/// The part of the record that a run was asked for. Empty sets leave nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedPart {
    /// Only these accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Only these regions.
    pub regions: BTreeSet<Region>,
    /// Only these trails.
    pub trails: BTreeSet<TrailName>,
}

/// The caller's word by which something counts for less than it does by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Softened {
    /// Findings of this code are notices.
    Accept(Code),
    /// These chains have lawfully ended.
    Ended(Ended),
    /// What is older than so many days may have expired.
    Retention(u32),
}

/// How many objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    /// Digests.
    pub digests: u64,
    /// Log files.
    pub logs: u64,
}

/// What a run took over from earlier ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many objects.
    pub objects: ObjectCounts,
    /// When the one was read that was read longest ago.
    pub oldest_read_at: Option<Time>,
}

impl Seal {
    /// Its number: 0, or how many were made for this place before it.
    pub fn number(&self) -> u64 {
        self.run.as_ref().map_or(0, |run| run.number.get())
    }

    /// The number of the seal after it.
    pub fn next_number(&self) -> NonZeroU64 {
        NonZeroU64::MIN.saturating_add(self.number())
    }

    /// The newest digests it knows of every chain.
    pub fn heads(&self) -> impl Iterator<Item = &SealedHead> {
        self.run.iter().flat_map(|run| &run.heads)
    }

    /// Its text, the last LF included.
    pub fn text(&self) -> String {
        write::text(self)
    }

    /// Reads the text of a seal. Whether anybody signed it is another question.
    ///
    /// # Errors
    ///
    /// Where it is no seal, or is one in other words than [`text`](Self::text) writes.
    pub fn parse(text: &str) -> Result<Self, NotASeal> {
        read::seal(text)
    }

    /// SHA-256 of its text: what the next seal calls it by.
    pub fn hash(&self) -> Hash {
        Hash::of(self.text().as_bytes())
    }

    /// Its text under these keys' signatures.
    ///
    /// # Errors
    ///
    /// Where no key is given, or too many.
    pub fn signed_by(&self, keys: &[&SigningKey]) -> Result<Note, NotANote> {
        let text = self.text();
        let signatures = keys.iter().map(|key| key.sign(&text)).collect();
        Note::new(text, signatures)
    }

    /// What a later run is held to. `place` is where the seal was read, and `hash` what was read there hashes to. A head
    /// whose key is no digest's is left out: there is no chain to look for it in.
    pub fn baseline(&self, place: impl Into<String>, hash: Hash) -> Baseline {
        let heads = self.heads().filter_map(SealedHead::head).collect();
        let sealed = Some(SealedBy { number: self.number(), keys: Vec::new() });
        Baseline { place: place.into(), hash, sealed, heads }
    }

    /// The heads of the seal after this one.
    ///
    /// `seen` are those that the run between them saw itself: the newest of each chain, and those of this seal that were
    /// there unchanged. `kept` are those of this seal that it found lost or changed. `released` are let go by name.
    ///
    /// Of each chain the newest is kept, also where the run did not look at it, and only a later one replaces it. What was
    /// found lost or changed stays, as last seen, until it is seen again or released, also through runs that do not look at it.
    pub(super) fn accumulate(
        &self,
        seen: &[Head],
        kept: &BTreeSet<HeadName>,
        released: &BTreeSet<HeadName>,
    ) -> BTreeSet<SealedHead> {
        let none = BTreeSet::new();
        let previous = self.run.as_ref().map_or(&none, |run| &run.heads);
        accumulate(self.next_number(), previous, seen, kept, released)
    }
}

#[cfg(test)]
pub(super) mod tests;
