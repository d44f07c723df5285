//! What one witness holds: which seal is its newest, and what has been done to it. Reads nothing itself: a listing, the bytes
//! of some files and what the caller remembers go in.
//!
//! Seals are numbered without a hole, each names the one before it by hash, and whoever can sign makes each number once. What
//! breaks that was done by somebody, and is tampering. What could not be listed or read, a file that was cut short in writing,
//! lowest numbers that are gone as retention takes them, and keys that nobody gave are not: there the witness only says less.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::Hash;
use crate::trail::Location;

use super::key::VerifierKey;
use super::note::{Note, Unverified};
use super::text::Seal;

mod fault;

pub use fault::WitnessFault;

/// How much of the names a witness gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// All there are: what is not among them is not there.
    Wholly,
    /// Some: it stopped before the end, for this reason.
    InPart(String),
    /// None: it could not be asked, or would not answer, for this reason.
    Denied(String),
}

/// What the versions of a witness's files tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// The numbers of files that were written over or deleted, as far as the place keeps what was there before.
    Known {
        /// Those.
        rewritten: BTreeSet<u64>,
    },
    /// Nothing: they could not be listed, for this reason.
    Denied(String),
}

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Its bytes, all of them.
    Bytes(Vec<u8>),
    /// None, for this reason.
    Denied(String),
}

impl Content {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Denied(_) => None,
        }
    }
}

/// A file of a witness. Of a number that has several versions, each is a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessFile {
    /// The number it is kept under.
    pub number: u64,
    /// What came of reading it.
    pub content: Content,
}

/// What a witness was found to hold of one origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    /// How much of the names is known.
    pub listed: Listed,
    /// The numbers that names were found for.
    pub numbers: BTreeSet<u64>,
    /// What its versions tell.
    pub versions: Versions,
    /// What was read: at least the newest number and the one the caller remembers. After a change of keys, also the seal that
    /// names the new one.
    pub files: Vec<WitnessFile>,
}

/// The newest seal that the caller has seen of this witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Its number.
    pub number: u64,
    /// SHA-256 of its text.
    pub hash: Hash,
}

/// What a witness comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// Its newest seal that is signed by a trusted key and lies under its own number. Where that is not the newest it holds,
    /// the faults say why.
    pub newest: Option<Seal>,
    /// What is wrong.
    pub faults: Vec<WitnessFault>,
    /// The keys whose signatures count: those given, and those that their seals name.
    pub keys: Vec<VerifierKey>,
}

/// Judges what a witness holds of the seals of `origin`. The signatures of `trusted` count, and of keys that a seal so signed
/// names, from the next number on. `remembered` is the newest seal the caller has seen here.
pub fn judge(
    holdings: &Holdings,
    origin: &Location,
    trusted: &[VerifierKey],
    remembered: Option<Remembered>,
) -> Witnessed {
    let read = holdings.files.iter().map(|file| file.number);
    let numbers: BTreeSet<u64> = holdings.numbers.iter().copied().chain(read).collect();
    let mut reading = Reading {
        origin,
        newest: numbers.last().copied(),
        keys: trusted.to_vec(),
        seals: BTreeMap::new(),
        faults: listing_faults(holdings, &numbers, remembered),
    };
    let mut files: Vec<&WitnessFile> = holdings.files.iter().collect();
    files.sort_by_key(|file| file.number);
    for file in &files {
        reading.take(file);
    }
    reading.hold_to_later_seals();
    reading.hold_to_memory(&numbers, remembered, &files);
    if let Some(number) = reading.newest.filter(|newest| !holdings.has_tried(*newest)) {
        reading.unread(number);
    }
    let newest = reading.seals.into_values().next_back();
    Witnessed { newest, faults: reading.faults, keys: reading.keys }
}

impl Holdings {
    fn has_tried(&self, number: u64) -> bool {
        self.files.iter().any(|file| file.number == number)
    }
}

/// What the names alone say.
fn listing_faults(
    holdings: &Holdings,
    numbers: &BTreeSet<u64>,
    remembered: Option<Remembered>,
) -> Vec<WitnessFault> {
    match &holdings.listed {
        Listed::Wholly => {}
        Listed::InPart(why) | Listed::Denied(why) => return vec![WitnessFault::Denied(why.clone())],
    }
    let (rewritten, unlisted) = match &holdings.versions {
        Versions::Known { rewritten } => (rewritten.clone(), None),
        Versions::Denied(why) => (BTreeSet::new(), Some(WitnessFault::VersionsDenied(why.clone()))),
    };
    let Some(lowest) = numbers.first().copied() else {
        let none_left = match (rewritten.last(), remembered) {
            (Some(last), _) => Some(WitnessFault::NoneLeft { last: *last }),
            (None, None) => Some(WitnessFault::Empty),
            (None, Some(_)) => None,
        };
        return unlisted.into_iter().chain(none_left).collect();
    };
    let gone = (lowest > 0).then_some(WitnessFault::LowestGone { lowest });
    let holes = numbers.iter().zip(numbers.iter().skip(1)).filter(|(one, next)| **next - **one > 1);
    let holes = holes.map(|(one, next)| WitnessFault::Hole { first: one + 1, last: next - 1 });
    // What lies below the lowest went as retention takes it.
    let rewritten = rewritten.range(lowest..).map(|number| WitnessFault::Rewritten { number: *number });
    unlisted.into_iter().chain(gone).chain(holes).chain(rewritten).collect()
}

/// Files as they are read, from the lowest number up.
struct Reading<'w> {
    origin: &'w Location,
    /// The highest number there is.
    newest: Option<u64>,
    keys: Vec<VerifierKey>,
    /// What is signed, of this origin and under its own number.
    seals: BTreeMap<u64, Seal>,
    faults: Vec<WitnessFault>,
}

impl Reading<'_> {
    fn take(&mut self, file: &WitnessFile) {
        match self.read(file) {
            Err(fault) => self.faults.push(fault),
            Ok(seal) => match self.seals.get(&file.number).map(Seal::hash) {
                Some(one) if one != seal.hash() => {
                    let other = seal.hash();
                    self.faults.push(WitnessFault::SecondVersion { number: file.number, one, other });
                }
                _ => {
                    let new = seal.new_keys.iter().filter(|key| !self.keys.contains(key));
                    self.keys.extend(new.cloned().collect::<Vec<_>>());
                    self.seals.insert(file.number, seal);
                }
            },
        }
    }

    fn read(&self, file: &WitnessFile) -> Result<Seal, WitnessFault> {
        let number = file.number;
        let bytes = match &file.content {
            Content::Bytes(bytes) => bytes,
            Content::Denied(why) => return Err(WitnessFault::Unread { number, why: why.clone() }),
        };
        let note = Note::parse(bytes).map_err(|error| {
            let why = error.to_string();
            match self.newest {
                Some(newest) if newest == number => WitnessFault::Unfinished { number, why },
                _ => WitnessFault::Replaced { number, why },
            }
        })?;
        let (text, _) = note.verified_by(&self.keys).map_err(|unverified| match unverified {
            Unverified::Fails(key) => WitnessFault::SignatureFails { number, key },
            Unverified::Unknown(keys) => WitnessFault::UnknownKey { number, keys },
        })?;
        let seal = Seal::parse(text).map_err(|why| WitnessFault::NotUnderstood { number, why })?;
        if seal.origin != *self.origin {
            return Err(WitnessFault::OtherOrigin { number, says: seal.origin });
        }
        match seal.number() {
            says if says == number => Ok(seal),
            says => Err(WitnessFault::OtherNumber { number, says }),
        }
    }

    /// A later seal says what the one before it was.
    fn hold_to_later_seals(&mut self) {
        for (seal, later) in self.seals.values().zip(self.seals.values().skip(1)) {
            let Some(run) = later.run.as_ref().filter(|run| run.number == seal.next_number()) else {
                continue;
            };
            if run.previous != seal.hash() {
                let (number, one, other) = (seal.number(), run.previous, seal.hash());
                self.faults.push(WitnessFault::SecondVersion { number, one, other });
            }
        }
    }

    fn hold_to_memory(
        &mut self,
        numbers: &BTreeSet<u64>,
        remembered: Option<Remembered>,
        files: &[&WitnessFile],
    ) {
        let Some(Remembered { number, hash }) = remembered else { return };
        let listed_wholly = !self.faults.iter().any(|fault| matches!(fault, WitnessFault::Denied(_)));
        let expired = numbers.first().is_some_and(|lowest| number < *lowest);
        if !numbers.contains(&number) {
            if listed_wholly && !expired {
                self.faults.push(WitnessFault::Forgotten { number });
            }
            return;
        }
        match self.seals.get(&number).map(Seal::hash) {
            Some(found) if found == hash => {}
            Some(other) => self.faults.push(WitnessFault::SecondVersion { number, one: hash, other }),
            None => self.miss(Remembered { number, hash }, files),
        }
    }

    /// What was a signed seal when the caller saw it, and is none now.
    fn miss(&mut self, remembered: Remembered, files: &[&WitnessFile]) {
        let Remembered { number, hash } = remembered;
        let mut own = files
            .iter()
            .filter(|file| file.number == number)
            .filter_map(|file| file.content.bytes())
            .peekable();
        if own.peek().is_none() {
            return self.unread(number);
        }
        let text_stands = own
            .filter_map(|bytes| Note::parse(bytes).ok())
            .any(|note| Hash::of(note.unverified_text().as_bytes()) == hash);
        if !text_stands {
            // It was whole once: writing it has not been cut short.
            self.faults.retain(
                |fault| !matches!(fault, WitnessFault::Unfinished { number: own, .. } if *own == number),
            );
            self.faults.push(WitnessFault::Forgotten { number });
        }
    }

    fn unread(&mut self, number: u64) {
        let told = |fault: &WitnessFault| matches!(fault, WitnessFault::Unread { number: own, .. } if *own == number);
        if !self.faults.iter().any(told) {
            let why = "nobody asked for it".to_owned();
            self.faults.push(WitnessFault::Unread { number, why });
        }
    }
}

#[cfg(test)]
mod tests;
