//! Buckets on S3, and on whatever else speaks it. The one room that knows the SDK's S3 client.
//!
//! Tries again here and not in the SDK, because the SDK's retries end where the body begins, count against a quota
//! that one bad minute uses up, and know nothing of a limit the caller set.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use aws_types::service_config::ServiceConfigKey;
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::{Admission, LARGEST, Listed, Listing, Metadata, Object, ObjectStore, Page, Reach, StoreError};
use crate::aws::failure::{Failure, Outlook};
use crate::aws::{Load, Session, sdk_region};
use crate::trail::ObjectName;
use lean::{Got, Note, Ways};
use pace::Pace;
use refusal::{Action, Refusal, elsewhere};

mod lean;
mod pace;
mod refusal;

/// A body that comes slower than this many bytes a second is given up, however steadily it drips.
const SLOWEST: u64 = 4096;
/// Reserved ahead for a body, at most; a larger one grows as it comes.
const RESERVED: u64 = 64 << 20;
/// What a body takes of the room for bodies when the answer does not say how long it is; S3's always do.
const UNKNOWN_LENGTH: u64 = 16 << 20;

/// An object's metadata, its length where the answer tells, and its body, still to be read.
type Asked = (Metadata, Option<u64>, ByteStream);

/// Every bucket the caller may read, each in its own region.
#[derive(Debug)]
pub struct S3Store {
    settings: aws_sdk_s3::config::Builder,
    home: Client,
    abroad: RwLock<HashMap<Arc<str>, Client>>,
    ways: Arc<Ways>,
    pace: Pace,
    load: Load,
}

impl S3Store {
    /// A store over `session`.
    pub fn new(session: &Session) -> Self {
        let mut settings = aws_sdk_s3::config::Builder::from(&session.config)
            .retry_config(RetryConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // `read` keeps its own watch, for less.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .force_path_style(has_own_endpoint(session));
        if let Some(endpoint) = &session.s3_endpoint {
            settings = settings.endpoint_url(endpoint);
        }
        Self {
            home: Client::from_conf(settings.clone().build()),
            settings,
            abroad: RwLock::default(),
            ways: Arc::default(),
            pace: Pace::new(session.load.requests_per_second),
            load: session.load.clone(),
        }
    }

    /// Sends until there is an answer that another try would not change.
    async fn persist<T, Attempt>(
        &self,
        bucket: &Arc<str>,
        attempt: impl Fn(Client) -> Attempt,
    ) -> Result<T, Refusal>
    where
        Attempt: Future<Output = Result<T, Refusal>>,
    {
        let mut sent = 0;
        let mut moved = false;
        loop {
            self.pace.turn().await;
            let client = self.client(bucket);
            let refusal = match attempt(client.clone()).await {
                Ok(found) => {
                    self.pace.eased();
                    return Ok(found);
                }
                Err(refusal) => refusal,
            };
            if refusal.is_throttling() {
                self.pace.throttled();
            }
            if let (Some(region), false) = (&refusal.region, moved) {
                moved = true;
                let own = client.config().region().map(AsRef::as_ref);
                if own != Some(region.as_str()) {
                    self.move_to(bucket, region);
                    continue;
                }
            }
            sent += 1;
            let allowed = match refusal.is_throttling() {
                true => self.load.throttled_attempts,
                false => self.load.attempts,
            };
            if refusal.outlook == Outlook::Settled || sent >= allowed {
                return Err(refusal);
            }
            tokio::time::sleep(self.pause(sent)).await;
        }
    }

    /// Asks for an object through the SDK, which shows the way for the next ones.
    async fn ask(
        &self,
        client: &Client,
        object: &ObjectName,
    ) -> Result<Asked, SdkError<GetObjectError, HttpResponse>> {
        let note =
            Note { ways: Arc::clone(&self.ways), object: object.clone(), patience: self.load.patience };
        let request = client.get_object().bucket(&*object.bucket).key(&*object.key).customize();
        let mut found = request.interceptor(note).send().await?;
        self.ways.open(&object.bucket);
        let length = found.content_length.and_then(|length| u64::try_from(length).ok());
        Ok((metadata(&mut found), length, found.body))
    }

    /// Asks for an object, the lean way where one is known.
    async fn ask_lean(&self, client: &Client, object: &ObjectName) -> Result<Asked, Refusal> {
        let got = match self.ways.to(&object.bucket) {
            Some(lean) => lean.get(&object.key, &self.load).await,
            None => Got::Unclear,
        };
        match got {
            Got::Object(metadata, length, body) => Ok((metadata, length, body)),
            Got::Refused(refusal) => Err(refusal),
            // Boxed: the SDK's part is ten times as large as all the rest, and nearly never needed.
            Got::Unclear => Box::pin(self.ask(client, object)).await.map_err(|error| Refusal::of_get(&error)),
        }
    }

    /// A random part of a pause that doubles each time, so that those who failed together do not return together.
    fn pause(&self, sent: u32) -> Duration {
        let whole = self.load.first_pause.saturating_mul(1 << sent.saturating_sub(1).min(16));
        whole.min(self.load.longest_pause).mul_f64(fastrand::f64())
    }

    fn client(&self, bucket: &Arc<str>) -> Client {
        let abroad = self.abroad.read().unwrap_or_else(PoisonError::into_inner);
        abroad.get(bucket).unwrap_or(&self.home).clone()
    }

    fn move_to(&self, bucket: &Arc<str>, region: &crate::trail::Region) {
        let mut abroad = self.abroad.write().unwrap_or_else(PoisonError::into_inner);
        let there = Some(region.as_str());
        let known = abroad.values().find(|client| client.config().region().map(AsRef::as_ref) == there);
        let client = match known {
            Some(client) => client.clone(),
            None => Client::from_conf(self.settings.clone().region(sdk_region(region)).build()),
        };
        abroad.insert(bucket.clone(), client);
    }
}

impl ObjectStore for S3Store {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let attempt = |client: Client| async move {
            let request = client
                .list_objects_v2()
                .bucket(&*listing.bucket)
                .prefix(&listing.prefix)
                .set_start_after(listing.after.clone())
                .set_continuation_token(listing.token.clone())
                .set_delimiter((listing.reach == Reach::Folder).then(|| "/".to_owned()))
                // Keys may hold characters that XML cannot.
                .encoding_type(EncodingType::Url);
            let found = request.send().await;
            let found = found
                .map_err(|error| Refusal::new(Action::List, Failure::read(&error), elsewhere(&error)))?;
            self.ways.open(&listing.bucket);
            page(found, listing.token.as_deref())
        };
        self.persist(&listing.bucket, attempt).await.map_err(|refusal| {
            refusal.of(Action::List, format!("s3://{}/{}", listing.bucket, listing.prefix))
        })
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let attempt = |client: Client| async move {
            let asked = self.ask_lean(&client, object).await.inspect_err(|refusal| {
                if refusal.outlook == Outlook::Passing || refusal.region.is_some() {
                    self.ways.close(&object.bucket);
                }
            });
            let (metadata, length, stream) = asked?;
            if length.is_some_and(|length| length > LARGEST) {
                return Err(Refusal::oversized(length.unwrap_or_default()));
            }
            let admitted = admission.admit(length.unwrap_or(UNKNOWN_LENGTH)).await;
            let body = read(stream, length, self.load.patience)
                .await
                .map_err(|failure| Refusal::new(Action::Get, failure, None))?;
            Ok(Object { body, metadata, admitted })
        };
        self.persist(&object.bucket, attempt)
            .await
            .map_err(|refusal| refusal.of(Action::Get, object.to_string()))
    }
}

/// Whether S3 is spoken elsewhere than at AWS, where a bucket's name is no host's.
fn has_own_endpoint(session: &Session) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let named = || {
        let config = session.config.service_config()?;
        config.load_config(key.build().ok()?)
    };
    session.s3_endpoint.is_some() || session.config.endpoint_url().is_some() || named().is_some()
}

/// Reads a whole body. One that ends early is cut off, one that stalls or drips is timed out; neither is returned.
async fn read(mut stream: ByteStream, expected: Option<u64>, patience: Duration) -> Result<Bytes, Failure> {
    let started = Instant::now();
    let mut received = 0;
    let mut parts = Parts::None;
    loop {
        let at_this_rate = started + patience + Duration::from_secs(received / SLOWEST);
        let deadline = at_this_rate.min(Instant::now() + patience);
        match timeout_at(deadline, stream.next()).await {
            Ok(Some(Ok(part))) => {
                received += part.len() as u64;
                parts.push(part, expected);
            }
            Ok(Some(Err(error))) => return Err(Failure::in_body(&error)),
            Ok(None) => break,
            Err(_) => {
                let of = expected.map_or(String::new(), |all| format!(" of {all}"));
                return Err(Failure::timed_out(format!("the body stalled after {received}{of} bytes")));
            }
        }
    }
    match expected {
        Some(expected) if expected != received => {
            Err(Failure::cut_off(format!("the body ended after {received} of {expected} bytes")))
        }
        _ => Ok(parts.whole()),
    }
}

/// A body as it comes: most are one part, and then need no copy.
enum Parts {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Parts {
    fn push(&mut self, part: Bytes, expected: Option<u64>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(part),
            Self::One(first) => {
                let mut many = BytesMut::with_capacity(expected.unwrap_or(0).min(RESERVED) as usize);
                many.extend_from_slice(&first);
                many.extend_from_slice(&part);
                Self::Many(many)
            }
            Self::Many(mut many) => {
                many.extend_from_slice(&part);
                Self::Many(many)
            }
        };
    }

    fn whole(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(part) => part,
            Self::Many(parts) => parts.freeze(),
        }
    }
}

fn metadata(found: &mut GetObjectOutput) -> Metadata {
    let mut kept = found.metadata.take().unwrap_or_default();
    let mut value = |name| kept.remove(name).map(String::into_boxed_str);
    Metadata::Kept {
        signature: value("signature"),
        signature_algorithm: value("signature-algorithm"),
        backfill_generation_timestamp: value("backfill-generation-timestamp"),
    }
}

fn page(found: ListObjectsV2Output, token: Option<&str>) -> Result<Page, Refusal> {
    let encoded = found.encoding_type.is_some();
    let name = |name: String| match encoded {
        true => decoded(&name),
        false => Some(name),
    };
    let unreadable = || Refusal::nonsense("a key in the listing is not UTF-8");
    let mut page = Page::default();
    for object in found.contents.unwrap_or_default() {
        page.objects.push(Listed {
            key: object.key.and_then(name).ok_or_else(unreadable)?.into(),
            size: object.size.and_then(|size| u64::try_from(size).ok()),
        });
    }
    for folder in found.common_prefixes.unwrap_or_default() {
        page.folders.push(folder.prefix.and_then(name).ok_or_else(unreadable)?);
    }
    page.next = match found.is_truncated {
        Some(true) => found.next_continuation_token,
        _ => None,
    };
    match &page.next {
        Some(next) if Some(next.as_str()) == token => {
            Err(Refusal::nonsense("the listing comes back to where it was"))
        }
        None if found.is_truncated == Some(true) => {
            Err(Refusal::nonsense("the listing goes on but does not say where"))
        }
        _ => Ok(page),
    }
}

/// Undoes `encoding-type=url`.
fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}
