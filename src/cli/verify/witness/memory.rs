//! What the ledger knows of witnesses: the newest seal of each.

use std::sync::Arc;

use crate::crypto::Hash;
use crate::ledger::origin_folder;
use crate::seal::{Note, Seal, VerifierKey};
use crate::store::StoreError;
use crate::store::state::{Over, Put, StateStore};
use crate::trail::Location;

/// So often it is written anew because another run was quicker.
const RACES: usize = 8;

/// The newest seals that the ledger knows.
pub(super) struct Memory {
    /// The ledger's place, if there is a ledger.
    pub(super) place: Option<Arc<dyn StateStore>>,
    /// Whose seals they are.
    pub(super) origin: Location,
}

impl Memory {
    /// The newest seal that the ledger knows of a witness; `home` is where that is.
    pub(super) async fn newest(
        &self,
        home: &str,
        trusted: &[VerifierKey],
    ) -> Result<Option<Seal>, StoreError> {
        let Some(place) = &self.place else { return Ok(None) };
        let kept = place.read(&self.name(home)).await?;
        Ok(kept.and_then(|kept| self.seal(&kept.bytes, trusted)))
    }

    /// Keeps a seal that a witness has taken, unless a newer one is known.
    pub(super) async fn keep(
        &self,
        home: &str,
        trusted: &[VerifierKey],
        number: u64,
        note: &str,
    ) -> Result<(), StoreError> {
        let Some(place) = &self.place else { return Ok(()) };
        let name = self.name(home);
        for _race in 0..RACES {
            let known = place.read(&name).await?;
            let newer = known.as_ref().and_then(|kept| self.seal(&kept.bytes, trusted));
            if newer.is_some_and(|seal| seal.number() >= number) {
                break;
            }
            let over = known.as_ref().map_or(Over::Nothing, |kept| Over::Version(&kept.version));
            if place.put(&name, note.as_bytes(), over).await? == Put::Done {
                break;
            }
        }
        Ok(())
    }

    fn seal(&self, bytes: &[u8], trusted: &[VerifierKey]) -> Option<Seal> {
        let note = Note::parse(bytes).ok()?;
        let (text, _) = note.verified_by(trusted).ok()?;
        Seal::parse(text).ok().filter(|seal| seal.origin == self.origin)
    }

    fn name(&self, home: &str) -> String {
        let home: String = Hash::of(home.as_bytes()).to_string().chars().take(16).collect();
        format!("{}witness/{home}.seal", origin_folder(&self.origin))
    }
}
