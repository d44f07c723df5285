//! Buckets on S3, and on whatever else speaks it. The one room that knows the SDK's S3 client.
//!
//! Believes nothing of what answers until it is shown to be S3: a page of whatever stands between is a failure, never an
//! object and never an empty listing.

use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use aws_types::service_config::ServiceConfigKey;

use super::{Admission, LARGEST, Listing, Object, ObjectStore, Page, Reach, StoreError, is_directory_bucket};
use crate::aws::failure::Failure;
use crate::aws::retry::{Attempts, Setback};
use crate::aws::{Load, Session, sdk_region};
use crate::trail::{ObjectName, Time};
use answer::{Answer, Noted};
use body::{Read, each_part, read};
use bounded::{Answers, Bounded};
use clock::{Clock, Listener};
use document::{End, Lone};
use lean::{Got, Note, Ways};
use pace::Pace;
use refusal::{Action, Refusal, elsewhere};

mod answer;
mod body;
mod bounded;
mod clock;
mod document;
mod lean;
mod pace;
mod refusal;

/// The most of a body that is held when the answer does not say how long it is; S3's always do.
const UNKNOWN_LENGTH: u64 = 16 << 20;

/// What the headers say of an object, and its body, still to be read.
type Asked = (Answer, ByteStream);

/// Every bucket the caller may read, each in its own region.
#[derive(Debug)]
pub struct S3Store {
    settings: aws_sdk_s3::config::Builder,
    home: Client,
    abroad: RwLock<HashMap<Arc<str>, Client>>,
    ways: Arc<Ways>,
    pace: Pace,
    clock: Arc<Clock>,
    load: Load,
}

impl S3Store {
    /// A store over `session`.
    pub fn new(session: &Session) -> Self {
        let clock = Arc::<Clock>::default();
        let mut settings = aws_sdk_s3::config::Builder::from(&session.config)
            .retry_config(RetryConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // `body` keeps its own watch, for less.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Listener(Arc::clone(&clock)))
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
            clock,
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
        let mut attempts = Attempts::new(&self.load);
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
            match attempts.pause_after(refusal.setback) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(refusal),
            }
        }
    }

    /// Asks for an object through the SDK, which shows the way for the next ones.
    async fn ask_sdk(&self, client: &Client, object: &ObjectName) -> Result<Asked, Refusal> {
        let noted = Noted::default();
        let note = Note {
            ways: Arc::clone(&self.ways),
            object: object.clone(),
            patience: self.load.patience,
            noted: noted.clone(),
        };
        let request = client.get_object().bucket(&*object.bucket).key(&*object.key).customize();
        let found = request
            .interceptor(Bounded(Answers::Stream))
            .interceptor(note)
            .send()
            .await
            .map_err(|error| Refusal::of_get(&error))?;
        let answer = noted.take()?;
        self.ways.open(&object.bucket);
        Ok((answer, found.body))
    }

    /// Asks for an object, the lean way where one is known.
    async fn ask(&self, client: &Client, object: &ObjectName) -> Result<Asked, Refusal> {
        let got = match self.ways.to(&object.bucket) {
            Some(lean) => lean.get(&object.key, &self.load, &self.clock).await,
            None => Got::Unclear,
        };
        let asked = match got {
            Got::Object(answer, body) => Ok((answer, body)),
            Got::Refused(refusal) => Err(refusal),
            // Boxed: the SDK's part is ten times as large as all the rest, and nearly never needed.
            Got::Unclear => Box::pin(self.ask_sdk(client, object)).await,
        };
        asked.inspect_err(|refusal| {
            if refusal.setback != Setback::Settled || refusal.region.is_some() {
                self.ways.close(&object.bucket);
            }
        })
    }

    /// Settles what is doubtful in an answer, by the listing of the object's key. Of a body that was not read to its
    /// end there is no length.
    async fn settle(
        &self,
        client: &Client,
        object: &ObjectName,
        answer: &Answer,
        length: Option<u64>,
    ) -> Result<(), Refusal> {
        let Some(doubt) = answer.doubt.as_ref().filter(|doubt| doubt.stands(length)) else { return Ok(()) };
        self.pace.turn().await;
        // Boxed as the SDK's other part is, and needed even less.
        match Box::pin(list_alone(client, object)).await {
            Ok(listed) => doubt.settle(length, listed.as_ref()),
            Err(refusal) if refusal.is_throttling() => Err(refusal),
            Err(refusal) => Err(doubt.unsettled(length, refusal.detail())),
        }
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
                .set_start_after(listing.after.clone().filter(|_| !is_directory_bucket(&listing.bucket)))
                .set_continuation_token(listing.token.clone())
                .set_delimiter((listing.reach == Reach::Folder).then(|| "/".to_owned()));
            let page = document::page(send(request).await?, listing)?;
            self.ways.open(&listing.bucket);
            Ok(page)
        };
        self.persist(&listing.bucket, attempt).await.map_err(|refusal| {
            refusal.of(Action::List, format!("s3://{}/{}", listing.bucket, listing.prefix))
        })
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let attempt = |client: Client| async move {
            let (answer, stream) = self.ask(&client, object).await?;
            if let Some(length) = answer.length.filter(|length| *length > LARGEST) {
                self.settle(&client, object, &answer, answer.length).await?;
                return Err(Refusal::oversized(&format!("{length} bytes")));
            }
            let admitted = admission.admit(answer.length.unwrap_or(UNKNOWN_LENGTH)).await;
            let most = if answer.length.is_some() { LARGEST } else { UNKNOWN_LENGTH };
            let body = match read(stream, answer.length, most, self.load.patience).await {
                Ok(body) => body,
                Err(refusal) if refusal.is_oversized() => {
                    self.settle(&client, object, &answer, None).await?;
                    return Err(refusal);
                }
                Err(refusal) => return Err(refusal),
            };
            if answer.doubt.as_ref().is_some_and(|doubt| !doubt.is_settled_by(&body)) {
                self.settle(&client, object, &answer, Some(body.len() as u64)).await?;
            }
            Ok(Object { body, metadata: answer.metadata, admitted })
        };
        self.persist(&object.bucket, attempt)
            .await
            .map_err(|refusal| refusal.of(Action::Get, object.to_string()))
    }

    async fn stream(
        &self,
        object: &ObjectName,
        take: &mut (dyn FnMut(&[u8]) -> ControlFlow<()> + Send),
    ) -> Result<(), StoreError> {
        let attempt = |client: Client| async move {
            let (answer, body) = self.ask(&client, object).await?;
            if answer.length.is_some() {
                self.settle(&client, object, &answer, answer.length).await?;
            }
            Ok((client, answer, body))
        };
        let refused = |refusal: Refusal| refusal.of(Action::Get, object.to_string());
        let (client, answer, body) = self.persist(&object.bucket, attempt).await.map_err(refused)?;
        // From here on nothing is tried again: what was shown cannot be taken back.
        let read = each_part(body, answer.length, self.load.patience, |part| take(&part)).await;
        let length = match read.map_err(|failure| refused(Refusal::in_body(failure)))? {
            Read::Whole(length) => Some(length),
            Read::Enough => None,
        };
        match answer.length {
            Some(_) => Ok(()),
            None => self.settle(&client, object, &answer, length).await.map_err(refused),
        }
    }

    fn clock(&self) -> Option<Time> {
        self.clock.now()
    }
}

/// Asks for a listing, of which only the document counts, to its end.
async fn send(request: ListObjectsV2FluentBuilder) -> Result<ListObjectsV2Output, Refusal> {
    let end = End::default();
    // Keys may hold characters that XML cannot.
    let request = request
        .encoding_type(EncodingType::Url)
        .customize()
        .interceptor(Bounded(Answers::Document))
        .interceptor(end.clone());
    let found = request
        .send()
        .await
        .map_err(|error| Refusal::new(Action::List, Failure::read(&error), elsewhere(&error)))?;
    match end.was_seen() {
        true => Ok(found),
        false => Err(Refusal::cut_off("the listing breaks off".to_owned())),
    }
}

/// What the bucket's listing shows of one object; nothing, if it does not show it.
async fn list_alone(client: &Client, object: &ObjectName) -> Result<Option<Lone>, Refusal> {
    let request = client.list_objects_v2().bucket(&*object.bucket).prefix(&*object.key).max_keys(1);
    document::lone(send(request).await?, &object.key)
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
