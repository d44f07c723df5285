//! Asks a witness what it holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::seal::witness::{
    Content, Holdings, Listed, Remembered, Versions, WitnessFault, WitnessFile, Witnessed, judge,
};
use crate::seal::{SealName, VerifierKey};
use crate::store::state::{Kept, StateStore};
use crate::store::{StoreError, StoreErrorKind};
use crate::trail::Location;

/// Seals that are read in search of the one that names a new key.
const MOST_READ: usize = 100;

/// Whoever asks one witness.
pub(super) struct Listener<'w> {
    pub(super) state: &'w dyn StateStore,
    pub(super) origin: &'w Location,
    /// Whose seals are believed.
    pub(super) trusted: &'w [VerifierKey],
}

/// What a witness was found to hold.
pub(super) struct Heard {
    pub(super) witnessed: Witnessed,
    /// The newest seal as it is kept.
    pub(super) bytes: Option<Vec<u8>>,
    /// Its listing, refused for want of a right.
    pub(super) denied: Option<StoreError>,
}

impl Listener<'_> {
    /// What a witness holds. An outage is told as what it is.
    pub(super) async fn hear(&self, remembered: Option<Remembered>) -> Heard {
        let folder = SealName::folder(self.origin);
        let mut denied = None;
        let mut deny = |error: StoreError| {
            let told = error.to_string();
            denied = denied.take().or(Some(error).filter(|error| error.kind == StoreErrorKind::Denied));
            told
        };
        let (listed, versions) = tokio::join!(self.state.list(&folder), self.state.rewritten(&folder));
        let (listed, numbers) = match listed {
            Ok(names) => (Listed::Wholly, self.numbers(&names)),
            Err(error) => (Listed::Denied(deny(error)), BTreeSet::new()),
        };
        let versions = match versions {
            Ok(names) => Versions::Known { rewritten: self.numbers(&names) },
            Err(error) => Versions::Denied(deny(error)),
        };
        let mut files: BTreeMap<u64, Content> = BTreeMap::new();
        let asked = numbers.last().copied().into_iter().chain(remembered.map(|seal| seal.number));
        for number in asked.filter(|number| numbers.contains(number)) {
            files.insert(number, self.content(number).await);
        }
        let judged = |files: &BTreeMap<u64, Content>| {
            let files = files
                .iter()
                .map(|(number, content)| WitnessFile { number: *number, content: content.clone() });
            let holdings = Holdings {
                listed: listed.clone(),
                numbers: numbers.clone(),
                versions: versions.clone(),
                files: files.collect(),
            };
            judge(&holdings, self.origin, self.trusted, remembered)
        };
        let mut witnessed = judged(&files);
        let unknown = |fault: &WitnessFault| matches!(fault, WitnessFault::UnknownKey { .. });
        if witnessed.faults.iter().any(unknown) {
            // An earlier seal may name the key.
            for number in numbers.iter().rev().take(MOST_READ) {
                if !files.contains_key(number) {
                    files.insert(*number, self.content(*number).await);
                }
            }
            witnessed = judged(&files);
        }
        let bytes = witnessed.newest.as_ref().and_then(|seal| match files.get(&seal.number()) {
            Some(Content::Bytes(bytes)) => Some(bytes.clone()),
            Some(Content::Denied(_)) | None => None,
        });
        Heard { witnessed, bytes, denied }
    }

    fn numbers(&self, names: &[String]) -> BTreeSet<u64> {
        let own = names.iter().filter_map(|name| SealName::parse(name));
        own.filter(|name| name.origin == *self.origin).map(|name| name.number).collect()
    }

    async fn content(&self, number: u64) -> Content {
        let name = SealName { origin: self.origin.clone(), number }.to_string();
        match self.state.read(&name).await {
            Ok(Some(Kept { bytes, .. })) => Content::Bytes(bytes),
            Ok(None) => Content::Denied("it is listed, and not there".to_owned()),
            Err(error) => Content::Denied(error.to_string()),
        }
    }
}
