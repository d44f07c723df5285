//! Holds what the store gave against what it listed: a good version put in place for the length of a run would vouch for the bad one
//! below, if nobody looked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::crypto::Hash;
use crate::digest::NamedBy;
use crate::ledger::{Mark, Stamp};
use crate::logs::{LogWork, Names, ShortName};
use crate::store::Object;
use crate::trail::{Day, ObjectName, Time};

/// KMS keys of one day that are told apart; of a day with more nothing is kept.
const MOST_KEYS: usize = 4;
/// Hex digits that stand for the id of a KMS key.
const KEY_DIGITS: usize = 16;

/// What the store gave and what it listed, of one account and region.
pub(super) struct Answers {
    named_by: NamedBy,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    listed: Names<Option<Mark>>,
    read: Vec<(ShortName, Option<Mark>, Day)>,
    unsure: BTreeSet<Day>,
    kms: BTreeMap<Day, BTreeSet<String>>,
}

/// What came of it.
pub(super) struct Compared {
    /// Days for which something else was given than was listed, or it is not known.
    pub(super) unsure: BTreeSet<Day>,
    /// What stands for the KMS keys that the objects of each day are encrypted with.
    pub(super) kms: BTreeMap<Day, BTreeSet<String>>,
}

impl Answers {
    /// Nothing yet.
    pub(super) fn new(named_by: NamedBy) -> Self {
        Self { named_by, noted: Mutex::default() }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A digest with this end was listed so, and given.
    pub(super) fn digest(&self, end: Time, listed: &Stamp<'_>, given: &Object) {
        let (own, listed) = (Day::of_digest(end), listed.mark());
        let mut noted = self.noted();
        if listed.is_none() || listed != mark(given) {
            noted.unsure.extend(own.neighbours().chain([own]));
        }
        noted.encrypted(own, given);
    }

    /// A log file was given.
    pub(super) fn log(&self, work: &LogWork, given: &Object) {
        let name = ShortName::of(self.named_by, &work.object);
        let mut noted = self.noted();
        noted.read.push((name, mark(given), work.day));
        noted.encrypted(work.day, given);
    }

    /// What was given for a day is not known.
    pub(super) fn unsure(&self, day: Day) {
        self.noted().unsure.insert(day);
    }

    /// An object of a folder of log files is listed so.
    pub(super) fn note(&self, object: &ObjectName, listed: &Stamp<'_>) {
        self.noted().listed.insert(ShortName::of(self.named_by, object), listed.mark());
    }

    /// What came of it, once all is given and listed.
    pub(super) fn compare(&self) -> Compared {
        let Noted { listed, read, mut unsure, kms } = std::mem::take(&mut *self.noted());
        let same =
            |name: &ShortName, given: Option<Mark>| given.is_some() && listed.get(name) == Some(&given);
        unsure.extend(read.iter().filter(|(name, given, _)| !same(name, *given)).map(|(_, _, day)| *day));
        unsure.extend(kms.iter().filter(|(_, keys)| keys.len() > MOST_KEYS).map(|(day, _)| *day));
        Compared { unsure, kms }
    }
}

impl Noted {
    fn encrypted(&mut self, day: Day, given: &Object) {
        let Some(key) = kms_key(given) else { return };
        let keys = self.kms.entry(day).or_default();
        if keys.len() <= MOST_KEYS {
            keys.insert(key);
        }
    }
}

/// What stands for what the store says of an object that it gave.
pub(super) fn mark(given: &Object) -> Option<Mark> {
    let length = given.body.len() as u64;
    Stamp::new(Some(length), given.stored.modified, given.stored.etag.as_deref()).mark()
}

/// What stands for the KMS key that an object is encrypted with.
pub(super) fn kms_key(given: &Object) -> Option<String> {
    let key = given.stored.kms_key.as_ref()?;
    Some(Hash::of(key.as_bytes()).to_string().chars().take(KEY_DIGITS).collect())
}
