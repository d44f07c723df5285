//! A prefix of a bucket for files of one's own, written by conditional requests alone (`If-None-Match: *` and `If-Match`, PutObject).

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
