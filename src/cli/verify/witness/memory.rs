//! What the ledger knows of witnesses: the newest seal of each.

use std::sync::Arc;

use crate::crypto::Hash;
use crate::ledger::origin_folder;
use crate::seal::{Note, Seal, VerifierKey};
use crate::store::StoreError;
use crate::store::state::{StateStore, update};
use crate::trail::Location;

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
        let is_newer = |bytes: &[u8]| self.seal(bytes, trusted).is_some_and(|seal| seal.number() >= number);
        // Whoever was quicker every time has kept newer ones.
        let write = |known: &[u8]| (!is_newer(known)).then(|| note.as_bytes().to_vec());
        update(&**place, &self.name(home), write).await.map(drop)
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
