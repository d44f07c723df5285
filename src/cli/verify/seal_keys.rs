//! The keys of a run: what it signs with, and whose seals it believes.

use crate::cli::args::{Remember, Spoken};
use crate::cli::exit::Failure;
use crate::cli::seal::vkeys;
use crate::report::Baseline;
use crate::seal::{Note, SCHEMA, Seal, SigningKey, VerifierKey};

/// The keys of a run.
pub struct SealKeys {
    /// What it signs with.
    pub signing: Option<SigningKey>,
    /// Whose seals it believes.
    pub trusted: Vec<VerifierKey>,
}

impl SealKeys {
    /// Reads what the caller names.
    pub fn read(remember: &Remember, spoken: &Spoken) -> Result<Self, Failure> {
        let spoken = spoken.of("seal-key");
        let signing = remember.seal_key.as_ref().map(|path| {
            let name = path.display();
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{spoken} {name}: cannot be read: {error}")))?;
            SigningKey::from_secret_text(text.trim()).map_err(|error| {
                Failure::new(format!(
                    "{spoken} {name}: {error}; `trailseal seal keygen NAME` makes such a key"
                ))
            })
        });
        let signing = signing.transpose()?;
        let own = signing.iter().map(SigningKey::verifier);
        let trusted = own.chain(vkeys::read(&remember.vkeys)?).collect();
        Ok(Self { signing, trusted })
    }

    /// A seal as a baseline; nothing, if these bytes are none. One that is signed by no key given is refused, if any is.
    pub fn baseline(&self, place: &str, bytes: &[u8]) -> Option<Result<Baseline, String>> {
        bytes.starts_with(SCHEMA.as_bytes()).then(|| {
            let note = Note::parse(bytes).map_err(|error| format!("is no whole seal: {error}"))?;
            let (text, signers) = match note.verified_by(&self.trusted) {
                Ok((text, signers)) => (text, names(signers)),
                Err(_) if self.trusted.is_empty() => (note.unverified_text(), Vec::new()),
                Err(unverified) => return Err(format!("is a seal that cannot be believed: {unverified}")),
            };
            let seal =
                Seal::parse(text).map_err(|error| format!("is a signed note, and no seal: {error}"))?;
            Ok(signed(seal.baseline(place, seal.hash()), signers))
        })
    }
}

/// What keys are called.
pub fn names<'k>(signers: impl IntoIterator<Item = &'k VerifierKey>) -> Vec<String> {
    signers.into_iter().map(|key| key.label().to_string()).collect()
}

/// A baseline, with the keys that signed it.
pub fn signed(mut baseline: Baseline, keys: Vec<String>) -> Baseline {
    if let Some(sealed) = &mut baseline.sealed {
        sealed.keys = keys;
    }
    baseline
}
