//! Where it is kept what was told: a file of the caller's, an object in a bucket, or the ledger.

use std::fmt;
use std::sync::Arc;

use crate::alert::{News, State};
use crate::cli::reach::OwnFile;
use crate::ledger::origin_folder;
use crate::store::state::{StateStore, Updated, update};
use crate::trail::{Location, Time};

/// What it is called in a ledger.
const IN_LEDGER: &str = "alerts.jsonl";

/// What was told before, wherever that is kept.
pub struct Memory {
    words: String,
    state: Arc<dyn StateStore>,
    name: String,
}

impl fmt::Display for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.words)
    }
}

impl From<OwnFile> for Memory {
    fn from(file: OwnFile) -> Self {
        Self { words: file.words, state: file.store, name: file.name }
    }
}

impl Memory {
    /// The ledger of a record that is delivered there.
    pub fn in_ledger(state: Arc<dyn StateStore>, delivered: &Location) -> Self {
        let name = format!("{}{IN_LEDGER}", origin_folder(delivered));
        Self { words: format!("the ledger ({name})"), state, name }
    }

    /// What was told before.
    pub(super) async fn read(&self) -> Result<State, String> {
        let kept = self.state.read(&self.name).await.map_err(|error| error.to_string())?;
        State::read(kept.as_ref().map_or(&[], |kept| &kept.bytes)).map_err(|fault| fault.to_string())
    }

    /// Keeps that this was told, whatever other runs have told meanwhile.
    pub(super) async fn keep(&self, source: &str, news: &News<'_>, now: Time) -> Result<(), String> {
        let mut foreign = None;
        let write = |known: &[u8]| match State::read(known) {
            Ok(mut state) => {
                let matters = news.matters.iter().map(|(matter, _)| matter);
                state.tell(source, matters, news.gone.iter().map(|(key, _)| key), now);
                Some(state.write())
            }
            Err(fault) => {
                foreign = Some(fault.to_string());
                None
            }
        };
        let updated = update(&*self.state, &self.name, write).await.map_err(|error| error.to_string())?;
        match (foreign, updated) {
            (Some(foreign), _) => Err(foreign),
            (None, Updated::Done) => Ok(()),
            (None, Updated::Overtaken) => Err("other runs were quicker every time".to_owned()),
        }
    }
}
