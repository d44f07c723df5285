//! Reaches AWS when it is first needed, and what lies there: records, keys, files of one's own.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use super::args::Access;
#[cfg(feature = "aws")]
use super::aws::AwsClients;
use super::exit::Failure;
use super::failed::Advice;
use super::key_files::key_files;
#[cfg(feature = "aws")]
use super::machine::allow_connections;
use super::source::{self, BucketPath};
use crate::keys::KeySource;
use crate::shard::{Lies, RecordAt};
use crate::store::ObjectStore;
use crate::store::copied::Copied;
use crate::store::dir::DirStore;
use crate::store::state::{DirState, StateStore};
use crate::trail::{Identity, Location, Region, Time, UNKNOWN_BUCKET};

/// AWS, asked when it is first needed.
pub struct Reach<'a> {
    #[cfg_attr(not(feature = "aws"), allow(dead_code))]
    access: &'a Access,
    /// Where it is asked first, if nothing else says.
    #[cfg_attr(not(feature = "aws"), allow(dead_code))]
    first: Option<&'a Region>,
    #[cfg_attr(not(feature = "aws"), allow(dead_code))]
    requests: NonZeroU16,
    #[cfg(feature = "aws")]
    clients: tokio::sync::OnceCell<AwsClients>,
}

impl<'a> Reach<'a> {
    /// Nothing is asked yet.
    pub fn new(access: &'a Access, regions: &'a [Region], requests: NonZeroU16) -> Self {
        Self {
            access,
            first: regions.first(),
            requests,
            #[cfg(feature = "aws")]
            clients: tokio::sync::OnceCell::new(),
        }
    }

    /// AWS itself.
    #[cfg(feature = "aws")]
    pub async fn aws(&self) -> Result<&AwsClients, Failure> {
        let open = async || {
            allow_connections(self.requests.get());
            AwsClients::open(self.access, self.first).await
        };
        self.clients.get_or_try_init(open).await
    }

    /// What to do about a run that could not begin.
    pub fn advice(&self) -> Advice {
        #[cfg(feature = "aws")]
        if let Some(clients) = self.clients.get() {
            return clients.advice().clone();
        }
        // Nobody is asked who reads a folder.
        Advice::default()
    }

    /// What a record is read from.
    pub async fn store(&self, at: &RecordAt) -> Result<Arc<dyn ObjectStore>, Failure> {
        let (store, copy) = match &at.lies {
            Lies::InFolder { root } => {
                let store = DirStore::open(root).map_err(|error| {
                    Failure::new(format!("cannot read the folder {}: {error}", root.display()))
                })?;
                (Arc::new(store) as Arc<dyn ObjectStore>, Location::new(UNKNOWN_BUCKET, ""))
            }
            Lies::InBucket { place } => (self.buckets().await?, place.clone()),
        };
        Ok(match &at.delivered {
            None => store,
            Some(delivered) => Arc::new(Copied { store, delivered: delivered.clone(), copy }),
        })
    }

    #[cfg(feature = "aws")]
    async fn buckets(&self) -> Result<Arc<dyn ObjectStore>, Failure> {
        Ok(Arc::new(self.aws().await?.store()))
    }

    #[cfg(not(feature = "aws"))]
    async fn buckets(&self) -> Result<Arc<dyn ObjectStore>, Failure> {
        Err(without_aws())
    }

    /// A place for files of the caller's own. `spoken` is what the option is called that names it.
    pub async fn state(&self, spoken: &str, words: &str) -> Result<State, Failure> {
        match source::bucket_and_prefix(words)? {
            Some(home) => {
                let place = home.to_string();
                Ok(State { place, home: Some(home.clone()), store: self.bucket_state(home).await? })
            }
            None => {
                let store = DirState::open(words).map_err(|error| {
                    Failure::new(format!(
                        "{spoken} {words}: cannot be used: {error}; name a folder that can be written"
                    ))
                })?;
                let place = std::fs::canonicalize(words).unwrap_or_else(|_| PathBuf::from(words));
                Ok(State { place: place.display().to_string(), home: None, store: Arc::new(store) })
            }
        }
    }

    /// An object of the caller's own; none, if the word can only be a path.
    pub async fn object(&self, spoken: &str, words: &str) -> Result<Option<OwnFile>, Failure> {
        let Some(BucketPath { bucket, path }) = source::bucket_and_path(words)? else { return Ok(None) };
        let (folder, name) = path
            .rsplit_once('/')
            .map_or((String::new(), &*path), |(folder, name)| (format!("{folder}/"), name));
        if name.is_empty() {
            return Err(Failure::new(format!("{spoken} {words}: name an object, such as s3://BUCKET/KEY")));
        }
        let (name, home) = (name.to_owned(), Location::new(&*bucket, folder));
        let store = self.bucket_state(home.clone()).await?;
        Ok(Some(OwnFile { words: words.to_owned(), home: Some(home), store, name }))
    }

    /// A file of the caller's own, wherever it is. A folder that is not there is made.
    pub async fn file(&self, spoken: &str, words: &str) -> Result<OwnFile, Failure> {
        if let Some(object) = self.object(spoken, words).await? {
            return Ok(object);
        }
        let path = Path::new(words);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name
            .filter(|_| !path.is_dir() && !words.ends_with('/'))
            .ok_or_else(|| Failure::new(format!("{spoken} {words}: it is a folder: name a file in it")))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let store = DirState::open(folder.unwrap_or(Path::new("."))).map_err(|error| {
            Failure::new(format!(
                "{spoken} {words}: cannot be used: {error}; name a file in a folder that can be written"
            ))
        })?;
        Ok(OwnFile { words: words.to_owned(), home: None, store: Arc::new(store), name: name.to_owned() })
    }

    #[cfg(feature = "aws")]
    async fn bucket_state(&self, home: Location) -> Result<Arc<dyn StateStore>, Failure> {
        Ok(Arc::new(self.aws().await?.state(home)))
    }

    #[cfg(not(feature = "aws"))]
    async fn bucket_state(&self, _: Location) -> Result<Arc<dyn StateStore>, Failure> {
        Err(without_aws())
    }

    /// Who asks, told to whoever waits for it. Nobody is asked who reads a folder.
    #[cfg_attr(not(feature = "aws"), allow(unused_variables))]
    pub async fn identity(
        &self,
        lies: &Lies,
        key_files: &[PathBuf],
    ) -> Result<BoxFuture<'static, Option<Identity>>, Failure> {
        #[cfg(feature = "aws")]
        if let Lies::InBucket { .. } = lies {
            return Ok(self.aws().await?.identity(key_files));
        }
        Ok(ready(None).boxed())
    }

    /// The keys of the given files; else AWS's own list, which is asked for a record in a bucket alone.
    #[cfg_attr(not(feature = "aws"), allow(unused_variables))]
    pub async fn keys(&self, lies: &Lies, files: &[PathBuf], now: Time) -> Result<KeySource, Failure> {
        #[cfg(feature = "aws")]
        if let (Lies::InBucket { .. }, []) = (lies, files) {
            return self.aws().await?.asked_keys(now);
        }
        Ok(KeySource::Files(Arc::new(key_files(files)?)))
    }
}

/// A place for files of the caller's own.
pub struct State {
    /// Where it is, however it was spelled.
    pub place: String,
    /// The bucket, if it is one.
    pub home: Option<Location>,
    /// What keeps them.
    pub store: Arc<dyn StateStore>,
}

/// A file of the caller's own.
pub struct OwnFile {
    /// The caller's words for it.
    pub words: String,
    /// The bucket that it lies in, and what its key begins with; none, if it lies on disk.
    pub home: Option<Location>,
    /// What keeps it.
    pub store: Arc<dyn StateStore>,
    /// What it is called there.
    pub name: String,
}

/// This build cannot ask AWS.
#[cfg(not(feature = "aws"))]
pub fn without_aws() -> Failure {
    Failure::new("this trailseal was built without the feature `aws`: it reads and writes folders only")
}
