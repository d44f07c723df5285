//! A prefix of a bucket for files of one's own, written by conditional requests alone (`If-None-Match: *` and `If-Match`, PutObject).

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};

use super::refusal::{Action, Refusal, elsewhere};
use super::{Bucket, S3Store};
use crate::aws::failure::Failure;
use crate::store::state::{Kept, LARGEST, Over, Put, StateStore, Version};
use crate::store::{Admission, Listing, ObjectStore as _, StoreError, StoreErrorKind};
use crate::trail::{Location, ObjectName};

/// So often a write is tried again that met another one of the same file (409, ConditionalRequestConflict).
const MEETINGS: usize = 5;

/// A bucket's prefix for files of one's own.
#[derive(Debug)]
pub struct S3State {
    store: S3Store,
    home: Location,
    admission: Admission,
}

/// How a conditional write ended.
enum Written {
    Done,
    /// 412: the condition does not hold.
    Overtaken,
    /// 409: another write is under way.
    Met,
}

impl S3State {
    /// Files in `home`, whose prefix is empty or ends in a slash.
    pub fn new(store: S3Store, home: Location) -> Self {
        const ROOM: NonZeroU32 = NonZeroU32::new(LARGEST as u32).unwrap();
        Self { store, home, admission: Admission::new(ROOM) }
    }

    fn object(&self, name: &str) -> ObjectName {
        ObjectName::new(Arc::clone(&self.home.bucket), format!("{}{name}", self.home.prefix))
    }

    async fn write(&self, object: &ObjectName, bytes: &[u8], over: Over<'_>) -> Result<Written, StoreError> {
        let attempt = |Bucket { client, .. }| async move {
            let request = client
                .put_object()
                .bucket(&*object.bucket)
                .key(&*object.key)
                .set_request_payer(self.store.payer.clone())
                // Object Lock demands it.
                .content_md5(BASE64.encode(Md5::digest(bytes)))
                .body(ByteStream::from(bytes.to_vec()));
            let request = match over {
                Over::Nothing => request.if_none_match("*"),
                Over::Version(Version(etag)) => request.if_match(format!("\"{etag}\"")),
            };
            // Boxed: the SDK's part is deeper than all the rest.
            match Box::pin(request.send()).await {
                Ok(_) => Ok(Written::Done),
                Err(error) => {
                    let status = error.raw_response().map(|answer| answer.status().as_u16());
                    match (status, error.as_service_error().and_then(|error| error.code())) {
                        (Some(412), _) => Ok(Written::Overtaken),
                        (Some(409), Some("ConditionalRequestConflict")) => Ok(Written::Met),
                        (Some(404), Some("NoSuchKey")) => Ok(Written::Overtaken),
                        _ => Err(Refusal::new(Action::Put, Failure::read(&error), elsewhere(&error))),
                    }
                }
            }
        };
        let written = self.store.persist(&object.bucket, attempt).await;
        written.map_err(|refusal| refusal.of(Action::Put, object.to_string()))
    }
}

/// A page of versions (ListObjectVersions).
struct Versions {
    /// Keys of which there is a version that is not the newest, or a delete marker.
    rewritten: Vec<String>,
    /// Where the next page begins: a key, and one of its versions.
    next: Option<(String, Option<String>)>,
}

impl S3State {
    /// A page of the versions below a prefix; nothing, where the store does not know the word.
    async fn versions(
        &self,
        prefix: &str,
        after: Option<(String, Option<String>)>,
    ) -> Result<Option<Versions>, StoreError> {
        let bucket = &self.home.bucket;
        let is_first = after.is_none();
        let (key, version) = after.unzip();
        let attempt = |Bucket { client, .. }| {
            let request = client
                .list_object_versions()
                .bucket(&**bucket)
                .prefix(prefix)
                .set_key_marker(key.clone())
                .set_version_id_marker(version.clone().flatten())
                .set_request_payer(self.store.payer.clone());
            async move {
                match Box::pin(request.send()).await {
                    Ok(page) => {
                        let older =
                            page.versions().iter().filter(|version| version.is_latest() == Some(false));
                        let older = older.filter_map(|version| version.key());
                        let deleted = page.delete_markers().iter().filter_map(|marker| marker.key());
                        let rewritten = older.chain(deleted).map(str::to_owned).collect();
                        let is_cut = page.is_truncated() == Some(true);
                        let next = page
                            .next_key_marker()
                            .filter(|_| is_cut)
                            .map(|key| (key.to_owned(), page.next_version_id_marker().map(str::to_owned)));
                        if is_cut && next.is_none() {
                            return Err(Refusal::nonsense(
                                "a page of versions says that there are more, and not where",
                            ));
                        }
                        Ok(Some(Versions { rewritten, next }))
                    }
                    Err(error) => {
                        let status = error.raw_response().map(|answer| answer.status().as_u16());
                        match status {
                            Some(405 | 501) if is_first => Ok(None),
                            _ => Err(Refusal::new(
                                Action::ListVersions,
                                Failure::read(&error),
                                elsewhere(&error),
                            )),
                        }
                    }
                }
            }
        };
        let listed = self.store.persist(bucket, attempt).await;
        listed.map_err(|refusal| refusal.of(Action::ListVersions, format!("s3://{bucket}/{prefix}")))
    }
}

#[async_trait]
impl StateStore for S3State {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let Location { bucket, prefix } = &self.home;
        let mut listing = Listing::whole(Arc::clone(bucket), format!("{prefix}{folder}"));
        let mut names = Vec::new();
        loop {
            let page = self.store.list(&listing).await?;
            names.extend(
                page.objects
                    .iter()
                    .filter_map(|object| object.key.strip_prefix(&**prefix))
                    .map(str::to_owned),
            );
            match page.next {
                Some(next) => listing.token = Some(next),
                None => break,
            }
        }
        names.sort();
        Ok(names)
    }

    async fn rewritten(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = format!("{}{folder}", self.home.prefix);
        let (mut names, mut after) = (BTreeSet::new(), None);
        while let Some(Versions { rewritten, next }) = self.versions(&prefix, after.clone()).await? {
            let own = rewritten.iter().filter_map(|key| key.strip_prefix(&*self.home.prefix));
            names.extend(own.map(str::to_owned));
            if next.is_none() {
                break;
            }
            if next <= after {
                let detail = "a page of versions leads no further";
                return Err(StoreError::new(StoreErrorKind::Failed, "list the versions of", prefix, detail));
            }
            after = next;
        }
        Ok(names.into_iter().collect())
    }

    async fn read(&self, name: &str) -> Result<Option<Kept>, StoreError> {
        let object = self.object(name);
        match self.store.get(&object, &self.admission).await {
            Ok(found) => {
                let Some(etag) = found.stored.etag else {
                    let detail = "the answer has no ETag, so it could not be written over safely";
                    return Err(StoreError::new(StoreErrorKind::Failed, "get", object.to_string(), detail));
                };
                Ok(Some(Kept { bytes: found.body.to_vec(), version: Version(etag.into()) }))
            }
            Err(error) if error.kind == StoreErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put(&self, name: &str, bytes: &[u8], over: Over<'_>) -> Result<Put, StoreError> {
        let object = self.object(name);
        for _meeting in 0..MEETINGS {
            match self.write(&object, bytes, over).await? {
                Written::Done => return Ok(Put::Done),
                Written::Overtaken => return Ok(Put::Overtaken),
                Written::Met => {}
            }
        }
        Ok(Put::Overtaken)
    }
}
