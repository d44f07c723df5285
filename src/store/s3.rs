//! Buckets on S3, and on whatever else speaks it. The one room that knows the SDK's S3 client.
//!
//! Believes nothing of what answers until it is shown to be S3: a page of whatever stands between is a failure, never an
//! object and never an empty listing.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{EncodingType, RequestPayer};

use super::{
    Admission, Condition, LARGEST, Listing, ListingDepth, Object, ObjectStore, Outage, Page, StoreError,
    Streamed, Take, is_directory_bucket,
};
use crate::aws::failure::Failure;
use crate::aws::health::Health;
use crate::aws::pace::Beginning;
use crate::aws::retry::{Counts, Ended, Refused as _, Service, Setback};
use crate::aws::{Payer, RequestPolicy, Session, sdk_region};
use crate::trail::{ObjectName, Region, Time};
use answer::{Answer, Noted};
use body::{Read, each_part, read};
use bounded::{Answers, Bounded};
use clock::{Clock, Listener};
use document::Lone;
use fast_path::{FastPaths, Got, ObserveGet};
use refusal::{Action, Refusal, elsewhere};
use unread::Unread;

mod answer;
mod body;
mod bounded;
mod clock;
mod document;
mod fast_path;
mod refusal;
mod settings;
mod state;
mod unread;

pub use settings::AskedOf;
pub use state::S3State;

/// The most of a body that is held when the answer does not say how long it is; S3's always do.
const UNKNOWN_LENGTH: u64 = 16 << 20;

/// What the headers say of an object, and its body, still to be read.
type Answered = (Answer, ByteStream);

/// Every bucket the caller may read, each in its own region.
#[derive(Debug)]
pub struct S3Store {
    settings: aws_sdk_s3::config::Builder,
    home: Client,
    buckets: RwLock<HashMap<Arc<str>, Bucket>>,
    fast_paths: Arc<FastPaths>,
    clock: Arc<Clock>,
    beginning: Beginning,
    load: RequestPolicy,
    /// Said with every request.
    payer: Option<RequestPayer>,
    retries: Arc<Counts>,
}

/// A bucket that something was asked of.
#[derive(Debug, Clone)]
struct Bucket {
    /// Speaks to the bucket's own region, once that is known.
    client: Client,
    service: Arc<Service>,
}

impl S3Store {
    /// A store over `session`.
    pub fn new(session: &Session) -> Self {
        let clock = Arc::<Clock>::default();
        let has_own_endpoint = session.speaks_s3_elsewhere();
        let mut settings = aws_sdk_s3::config::Builder::from(&session.config)
            .retry_config(RetryConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // `body` keeps its own watch, for less.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Listener(Arc::clone(&clock)))
            .force_path_style(has_own_endpoint);
        if let Some(endpoint) = &session.s3_endpoint {
            settings = settings.endpoint_url(endpoint);
        }
        Self {
            home: Client::from_conf(settings.clone().build()),
            settings,
            buckets: RwLock::default(),
            fast_paths: Arc::new(FastPaths::new(session.object_requests)),
            clock,
            // Whoever runs a store of his own knows best what it bears.
            beginning: if has_own_endpoint { Beginning::Free } else { Beginning::Gentle },
            load: session.load.clone(),
            payer: match session.payer {
                Payer::Owner => None,
                Payer::Requester => Some(RequestPayer::Requester),
            },
            retries: Arc::default(),
        }
    }

    /// Sends until there is an answer that another try would not change, or nothing more is to be hoped for.
    async fn persist<T, Attempt>(
        &self,
        name: &Arc<str>,
        attempt: impl Fn(Bucket) -> Attempt,
    ) -> Result<T, Refusal>
    where
        Attempt: Future<Output = Result<T, Refusal>>,
    {
        let service = self.bucket(name).service;
        let attempt = || self.once(name, &attempt);
        service.persist(attempt, || self.answers(name)).await.map_err(|ended| match ended {
            Ended::Refused(refusal) => refusal,
            Ended::Gone(detail) => Refusal::gone(detail),
        })
    }

    /// Makes an attempt, and another where the answer says that the bucket is elsewhere.
    async fn once<T, Attempt>(
        &self,
        name: &Arc<str>,
        attempt: impl Fn(Bucket) -> Attempt,
    ) -> Result<T, Refusal>
    where
        Attempt: Future<Output = Result<T, Refusal>>,
    {
        let bucket = self.bucket(name);
        let refusal = match attempt(bucket.clone()).await {
            Ok(found) => return Ok(found),
            Err(refusal) => refusal,
        };
        match &refusal.region {
            Some(region) if bucket.region() != Some(region.as_str()) => {
                let there = self.move_to(name, region);
                there.service.turn().await;
                attempt(there).await
            }
            _ => Err(refusal),
        }
    }

    /// Whether a bucket answers at all: what it was asked for so far may be what fails.
    async fn answers(&self, name: &Arc<str>) -> bool {
        let request = self.listing(&self.bucket(name).client, name).max_keys(1);
        match Box::pin(send(request)).await {
            Ok(_) => true,
            Err(refusal) => refusal.setback == Setback::Settled,
        }
    }

    /// Asks for an object through the SDK, which shows the fast path for the next ones.
    async fn ask_sdk(&self, client: &Client, object: &ObjectName) -> Result<Answered, Refusal> {
        let noted = Noted::default();
        let note = ObserveGet {
            fast_paths: Arc::clone(&self.fast_paths),
            object: object.clone(),
            answer_timeout: self.load.answer_timeout,
            noted: noted.clone(),
        };
        let request = client.get_object().bucket(&*object.bucket).key(&*object.key);
        let request = request.set_request_payer(self.payer.clone()).customize();
        let found = request
            .interceptor(Bounded(Answers::Stream))
            .interceptor(note)
            .send()
            .await
            .map_err(|error| Refusal::of_get(&error))?;
        let answer = noted.take()?;
        self.fast_paths.open(&object.bucket);
        Ok((answer, found.body))
    }

    /// Asks for an object, the fast path where one is known.
    async fn ask(&self, bucket: &Bucket, object: &ObjectName) -> Result<Answered, Refusal> {
        let got = match self.fast_paths.to(&object.bucket) {
            Some(fast_path) => fast_path.get(&object.key, &bucket.service, &self.clock).await,
            None => Got::Unclear,
        };
        let asked = match got {
            Got::Object(answer, body) => Ok((answer, body)),
            Got::Refused(refusal) => Err(refusal),
            // Boxed: the SDK's part is ten times as large as all the rest, and nearly never needed.
            Got::Unclear => Box::pin(self.ask_sdk(&bucket.client, object)).await,
        };
        asked.inspect_err(|refusal| {
            if refusal.setback != Setback::Settled || refusal.region.is_some() {
                self.fast_paths.close(&object.bucket);
            }
        })
    }

    fn listing(&self, client: &Client, bucket: &str) -> ListObjectsV2FluentBuilder {
        client.list_objects_v2().bucket(bucket).set_request_payer(self.payer.clone())
    }

    /// What the bucket's listing shows of one object; nothing, if it does not show it.
    async fn list_alone(&self, client: &Client, object: &ObjectName) -> Result<Option<Lone>, Refusal> {
        let request = self.listing(client, &object.bucket).prefix(&*object.key).max_keys(1);
        document::lone(&send(request).await?, &object.key)
    }

    /// Settles what is doubtful in an answer, by the listing of the object's key. Of a body that was not read to its end
    /// there is no length.
    async fn settle(
        &self,
        bucket: &Bucket,
        object: &ObjectName,
        answer: &Answer,
        length: Option<u64>,
    ) -> Result<(), Refusal> {
        let Some(doubt) = answer.doubt.as_ref().filter(|doubt| doubt.stands(length)) else { return Ok(()) };
        bucket.service.turn().await;
        // Boxed as the SDK's other part is, and needed even less.
        match Box::pin(self.list_alone(&bucket.client, object)).await {
            Ok(listed) => doubt.settle(length, listed.as_ref()),
            Err(refusal) if refusal.is_throttling() => Err(refusal),
            Err(refusal) => Err(doubt.unsettled(length, refusal.detail())),
        }
    }

    /// A bucket as it is known by now.
    fn bucket(&self, name: &Arc<str>) -> Bucket {
        if let Some(known) = self.buckets.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        buckets.entry(Arc::clone(name)).or_insert_with(|| self.unknown()).clone()
    }

    fn unknown(&self) -> Bucket {
        let health = Arc::new(Health::needed_at_once(&self.load));
        let service = Service::new(&self.load, self.beginning, health, Arc::clone(&self.retries));
        Bucket { client: self.home.clone(), service: Arc::new(service) }
    }

    /// Has a bucket spoken to in `region` from now on.
    fn move_to(&self, name: &Arc<str>, region: &Region) -> Bucket {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.values().find(|bucket| bucket.region() == Some(region.as_str()));
        let client = match known {
            Some(bucket) => bucket.client.clone(),
            None => Client::from_conf(self.settings.clone().region(sdk_region(region)).build()),
        };
        let bucket = buckets.entry(Arc::clone(name)).or_insert_with(|| self.unknown());
        bucket.client = client;
        bucket.clone()
    }
}

impl Bucket {
    fn region(&self) -> Option<&str> {
        self.client.config().region().map(AsRef::as_ref)
    }
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let attempt = |Bucket { client, .. }| async move {
            let request = self
                .listing(&client, &listing.bucket)
                .prefix(&listing.prefix)
                .set_start_after(listing.after.clone().filter(|_| !is_directory_bucket(&listing.bucket)))
                .set_continuation_token(listing.token.clone())
                .set_delimiter((listing.reach == ListingDepth::Folder).then(|| "/".to_owned()));
            // Boxed: the SDK's part is deeper than all the rest.
            let page = document::page(&Box::pin(send(request)).await?, listing)?;
            self.fast_paths.open(&listing.bucket);
            Ok(page)
        };
        self.persist(&listing.bucket, attempt).await.map_err(|refusal| {
            refusal.of(Action::List, format!("s3://{}/{}", listing.bucket, listing.prefix))
        })
    }

    async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
        let attempt = |bucket: Bucket| async move {
            let (answer, stream) = self.ask(&bucket, object).await?;
            if let Some(length) = answer.length.filter(|length| *length > LARGEST) {
                self.settle(&bucket, object, &answer, answer.length).await?;
                return Err(Refusal::oversized(&format!("{length} bytes")));
            }
            let admitted = admission.admit(answer.length.unwrap_or(UNKNOWN_LENGTH)).await;
            let most = if answer.length.is_some() { LARGEST } else { UNKNOWN_LENGTH };
            let body = match read(stream, answer.length, most, &bucket.service).await {
                Ok(body) => body,
                Err(refusal) if refusal.is_oversized() => {
                    self.settle(&bucket, object, &answer, None).await?;
                    return Err(refusal);
                }
                Err(refusal) => return Err(refusal),
            };
            if answer.doubt.as_ref().is_some_and(|doubt| !doubt.is_settled_by(&body)) {
                self.settle(&bucket, object, &answer, Some(body.len() as u64)).await?;
            }
            Ok(Object { body, metadata: answer.metadata, stored: answer.stored, admitted })
        };
        self.persist(&object.bucket, attempt)
            .await
            .map_err(|refusal| refusal.of(Action::Get, object.to_string()))
    }

    async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
        let take = Mutex::new(take);
        let show = |part: Streamed<'_>| take.lock().unwrap_or_else(PoisonError::into_inner)(part);
        let show = &show;
        let attempt = |bucket: Bucket| async move {
            let (answer, body) = self.ask(&bucket, object).await?;
            if answer.length.is_some() {
                self.settle(&bucket, object, &answer, answer.length).await?;
            }
            if show(Streamed::Anew).is_break() {
                return Ok(());
            }
            let read = each_part(body, answer.length, &bucket.service, |part| show(Streamed::Piece(&part)));
            let length = match read.await.map_err(Refusal::in_body)? {
                Read::Whole(length) => Some(length),
                Read::Enough => None,
            };
            match answer.length {
                Some(_) => Ok(()),
                None => self.settle(&bucket, object, &answer, length).await,
            }
        };
        self.persist(&object.bucket, attempt)
            .await
            .map_err(|refusal| refusal.of(Action::Get, object.to_string()))
    }

    fn clock(&self) -> Option<Time> {
        self.clock.now()
    }

    fn condition(&self) -> Condition {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        let outage = |(name, bucket): (&Arc<str>, &Bucket)| {
            let detail = bucket.service.health().gone()?.to_owned();
            Some(Outage { bucket: Arc::clone(name), detail })
        };
        let mut outages: Vec<Outage> = buckets.iter().filter_map(outage).collect();
        outages.sort_by(|one, other| one.bucket.cmp(&other.bucket));
        Condition { retries: self.retries.read(), outages }
    }
}

/// Asks for a listing, of which only the document counts.
async fn send(request: ListObjectsV2FluentBuilder) -> Result<SdkBody, Refusal> {
    let unread = Unread::default();
    // Keys may hold characters that XML cannot.
    let request = request
        .encoding_type(EncodingType::Url)
        .customize()
        .interceptor(Bounded(Answers::Document))
        .interceptor(unread.clone());
    request
        .send()
        .await
        .map_err(|error| Refusal::new(Action::List, Failure::read(&error), elsewhere(&error)))?;
    unread.take().ok_or_else(|| Refusal::alien("what answered is not S3: it is no listing"))
}
