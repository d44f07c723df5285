//! Where it is kept what was told: a file of the caller's, an object in a bucket, or the ledger.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::Network;
use crate::alert::{News, State};
use crate::cli::exit::Failure;
use crate::cli::source;
use crate::ledger::origin_folder;
use crate::store::state::{DirState, Kept, Over, Put, StateStore};
use crate::trail::{Location, Time};

/// So often it is written anew because another run was quicker.
const RACES: usize = 8;
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

/// A place that the caller names, not opened yet.
pub(super) enum Place {
    /// A file on disk.
    File { spoken: String, words: String, name: String },
    /// An object: the prefix that it lies in, and the rest of its key.
    Bucket { words: String, home: Location, name: String },
}

impl Place {
    /// Reads the caller's words; `spoken` is what the option is called.
    pub(super) fn read(spoken: &str, words: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::new(format!("{spoken} {words}: {what}"));
        let words = words.to_owned();
        if let Some(place) = source::bucket_and_prefix(&words)? {
            let key = place.prefix.trim_end_matches('/');
            let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
            let name = Some(name.to_owned()).filter(|name| !name.is_empty() && !words.ends_with('/'));
            let name = name.ok_or_else(|| wrong("name an object, such as s3://BUCKET/alerts.jsonl"))?;
            let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
            return Ok(Self::Bucket { home: Location::new(Arc::clone(&place.bucket), prefix), words, name });
        }
        let path = Path::new(&words);
        let name = path.file_name().and_then(|name| name.to_str());
        match name.filter(|_| !path.is_dir() && !words.ends_with('/')) {
            Some(name) => Ok(Self::File { spoken: spoken.to_owned(), name: name.to_owned(), words }),
            None => Err(wrong("it is a folder: name a file in it")),
        }
    }

    /// Opens it. A folder that is not there is made.
    pub(super) fn open(self, network: Option<&Network>) -> Result<Memory, Failure> {
        match self {
            Self::File { spoken, words, name } => {
                let folder = Path::new(&words).parent().filter(|folder| !folder.as_os_str().is_empty());
                let state = DirState::open(folder.unwrap_or(Path::new("."))).map_err(|error| {
                    Failure::new(format!(
                        "{spoken} {words}: cannot be used: {error}; name a file in a folder that can be written"
                    ))
                })?;
                Ok(Memory { words, state: Arc::new(state), name })
            }
            Self::Bucket { words, home, name } => {
                Ok(Memory { words, state: in_bucket(network, home)?, name })
            }
        }
    }
}

#[cfg(feature = "aws")]
fn in_bucket(network: Option<&Network>, home: Location) -> Result<Arc<dyn StateStore>, Failure> {
    use crate::store::s3::{S3State, S3Store};
    let network = network.ok_or_else(|| Failure::new(format!("nothing leads to {home}")))?;
    Ok(Arc::new(S3State::new(S3Store::new(network), home)))
}

#[cfg(not(feature = "aws"))]
fn in_bucket(_: Option<&Network>, home: Location) -> Result<Arc<dyn StateStore>, Failure> {
    Err(Failure::new(format!("nothing leads to {home}")))
}

impl Memory {
    /// The ledger of a record that is delivered there.
    pub fn in_ledger(state: Arc<dyn StateStore>, delivered: &Location) -> Self {
        let name = format!("{}{IN_LEDGER}", origin_folder(delivered));
        Self { words: format!("the ledger ({name})"), state, name }
    }

    /// What was told before.
    pub(super) async fn read(&self) -> Result<State, String> {
        Ok(self.known().await?.0)
    }

    /// Keeps that this was told, whatever other runs have told meanwhile.
    pub(super) async fn keep(&self, source: &str, news: &News<'_>, now: Time) -> Result<(), String> {
        for _race in 0..RACES {
            let (mut state, kept) = self.known().await?;
            let matters = news.matters.iter().map(|(matter, _)| matter);
            state.tell(source, matters, news.gone.iter().map(|(key, _)| key), now);
            let over = kept.as_ref().map_or(Over::Nothing, |kept| Over::Version(&kept.version));
            let put = self.state.put(&self.name, &state.write(), over).await;
            if put.map_err(|error| error.to_string())? == Put::Done {
                return Ok(());
            }
        }
        Err("other runs were quicker every time".to_owned())
    }

    async fn known(&self) -> Result<(State, Option<Kept>), String> {
        let kept = self.state.read(&self.name).await.map_err(|error| error.to_string())?;
        let bytes = kept.as_ref().map_or(&[][..], |kept| &kept.bytes);
        let state = State::read(bytes).map_err(|fault| fault.to_string())?;
        Ok((state, kept))
    }
}
