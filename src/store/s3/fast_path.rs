//! Gets objects by the shortest path that is still the SDK's. For each bucket that has answered, the SDK itself sends
//! the first request for an object, and what it decided there holds for the next ones: endpoint, signing region,
//! headers, clock, and the components that connect and hold credentials. Only the key, the date and the signature
//! change, so only those are made anew.
//!
//! Where a request would differ in anything else there is no fast path, and the SDK sends it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_sdk_s3::config::ConfigBag;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{Intercept, RuntimeComponents};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObject, GetObjectError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::{Identity, ResolveCachedIdentity as _};
use aws_smithy_runtime_api::client::runtime_components::GetIdentityResolver as _;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse as _, SharedResponseDeserializer};
use aws_smithy_runtime_api::http::NonUtf8HeaderHandling;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::answer::{Answer, Noted};
use super::body::read;
use super::bounded::REFUSAL;
use super::clock::Clock;
use super::refusal::{Action, Refusal};
use crate::aws::ObjectRequests;
use crate::aws::failure::Failure;
use crate::aws::retry::Service;
use crate::trail::ObjectName;
use signature::{Common, Second, Signer};

mod signature;

/// The one scheme whose signatures are made here; multi-region access points and directory buckets have others.
const SCHEME: AuthSchemeId = AuthSchemeId::new("sigv4");
/// Headers that belong to one request alone, or that signing and sending add.
const OWN: [&str; 8] = [
    ACCEPT_ENCODING,
    "authorization",
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "host",
];

/// Asks for the bytes as they are stored. Gateways that would unpack or pack them on the way keep to it, and some of them
/// change the header, so no signature may rest on it.
const AS_STORED: &str = "identity";
const ACCEPT_ENCODING: &str = "accept-encoding";

/// The fast_paths that are known, by bucket.
#[derive(Debug)]
pub(super) struct FastPaths {
    known: RwLock<HashMap<Arc<str>, Route>>,
    requests: ObjectRequests,
}

#[derive(Debug)]
enum Route {
    /// The bucket has answered the SDK. The next request for an object shows the fast path, as soon as it leaves: those that
    /// leave at the same time need not wait for its answer.
    Sought,
    /// A request has shown it.
    Known(Arc<FastPath>),
}

impl FastPaths {
    /// None known yet.
    pub(super) fn new(requests: ObjectRequests) -> Self {
        Self { known: RwLock::default(), requests }
    }

    /// The fast path to a bucket's objects.
    pub(super) fn to(&self, bucket: &str) -> Option<Arc<FastPath>> {
        match self.known.read().unwrap_or_else(PoisonError::into_inner).get(bucket)? {
            Route::Known(fast_path) => Some(Arc::clone(fast_path)),
            Route::Sought => None,
        }
    }

    /// The bucket has answered the SDK.
    pub(super) fn open(&self, bucket: &Arc<str>) {
        if self.requests == ObjectRequests::SdkAlone {
            return;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(bucket);
        if !known {
            let mut fast_paths = self.known.write().unwrap_or_else(PoisonError::into_inner);
            fast_paths.entry(Arc::clone(bucket)).or_insert(Route::Sought);
        }
    }

    /// The SDK has to find the way anew: the bucket may be elsewhere, the clock may be wrong.
    pub(super) fn close(&self, bucket: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(bucket);
    }

    fn is_sought(&self, bucket: &str) -> bool {
        matches!(self.known.read().unwrap_or_else(PoisonError::into_inner).get(bucket), Some(Route::Sought))
    }

    fn show(&self, bucket: &str, fast_path: FastPath) {
        if let Some(route) = self.known.write().unwrap_or_else(PoisonError::into_inner).get_mut(bucket) {
            *route = Route::Known(Arc::new(fast_path));
        }
    }
}

/// Watches the SDK ask for an object: has it ask for the bytes as stored, and notes how it asks and what is answered.
#[derive(Debug, Clone)]
pub(super) struct ObserveGet {
    pub(super) fast_paths: Arc<FastPaths>,
    pub(super) object: ObjectName,
    pub(super) answer_timeout: Duration,
    pub(super) noted: Noted,
}

impl Intercept for ObserveGet {
    fn name(&self) -> &'static str {
        "ObserveGet"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert(ACCEPT_ENCODING, AS_STORED);
        // Whoever writes an object chooses some of its headers, and must not be able to make it unreadable.
        config.interceptor_state().store_put(NonUtf8HeaderHandling::Skip);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.fast_paths.is_sought(&self.object.bucket)
            && let Some(fast_path) =
                FastPath::like(context.request(), components, &self.object.key, self.answer_timeout)
        {
            self.fast_paths.show(&self.object.bucket, fast_path);
        }
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.noted.note(context.response());
        Ok(())
    }
}

/// The fast path to one bucket's objects.
#[derive(Debug)]
pub(super) struct FastPath {
    common: Common,
    second: RwLock<Option<Arc<Second>>>,
    /// What to add to this machine's clock, by what the SDK learnt of S3's.
    skew: TimeDelta,
    components: RuntimeComponents,
    connector: SharedHttpConnector,
}

/// What came of a request on the fast path.
pub(super) enum Got {
    /// The object: what its headers say, and its body, still to be read.
    Object(Answer, ByteStream),
    /// What S3 said instead, or why it said nothing.
    Refused(Refusal),
    /// Something that only the SDK can make sense of.
    Unclear,
}

impl FastPath {
    /// The path that `sent`, a request for `key`, takes, if others may take it too.
    fn like(
        sent: &HttpRequest,
        components: &RuntimeComponents,
        key: &str,
        answer_timeout: Duration,
    ) -> Option<Self> {
        let credential = sent.headers().get("authorization")?.strip_prefix("AWS4-HMAC-SHA256 Credential=")?;
        let scope = credential.split(',').next()?;
        let mut parts = scope.rsplit('/');
        let (("aws4_request", "s3"), region) = ((parts.next()?, parts.next()?), parts.next()?) else {
            return None;
        };
        let date = sent.headers().get("x-amz-date")?;
        let date = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
        is_plain(key).then_some(())?;
        let (before_key, after_key) = sent.uri().rsplit_once(key)?;
        let own = |name: &str| OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        let headers = sent.headers().iter().filter(|(name, _)| !own(name));
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(crate::aws::CONNECT_TIMEOUT.min(answer_timeout))
            // How long an answer may take is watched here, once.
            .build();
        Some(Self {
            common: Common {
                before_key: before_key.to_owned(),
                after_key: after_key.to_owned(),
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                region: region.to_owned(),
            },
            second: RwLock::default(),
            skew: date - Utc::now(),
            connector: components.http_client()?.http_connector(&settings, components),
            components: components.clone(),
        })
    }

    /// Asks for `key`.
    pub(super) async fn get(&self, key: &str, service: &Service, clock: &Clock) -> Got {
        let Some(request) = self.signed(key).await else { return Got::Unclear };
        let answer_timeout = service.load().answer_timeout;
        let mut answer = match tokio::time::timeout(answer_timeout, self.connector.call(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return unanswered(&SdkError::dispatch_failure(error)),
            Err(slow) => return unanswered(&SdkError::timeout_error(slow)),
        };
        clock.hear(&answer);
        if !answer.status().is_success() {
            return refused(answer, service).await;
        }
        match Answer::read(&answer) {
            Ok(read) => Got::Object(read, ByteStream::new(answer.take_body())),
            Err(refusal) => Got::Refused(refusal),
        }
    }

    async fn signed(&self, key: &str) -> Option<HttpRequest> {
        is_plain(key).then_some(())?;
        let now = Utc::now().checked_add_signed(self.skew)?;
        let known = self.second.read().unwrap_or_else(PoisonError::into_inner).clone();
        let second = match known.as_ref().filter(|known| known.is(now)) {
            Some(second) => Arc::clone(second),
            None => self.next_second(known.as_deref(), now, key).await?,
        };
        second.request(&self.common, key)
    }

    /// Asks for the credentials once a second, not for every request; as a rule they are still the same.
    async fn next_second(
        &self,
        known: Option<&Second>,
        now: DateTime<Utc>,
        key: &str,
    ) -> Option<Arc<Second>> {
        let identity = self.identity().await?;
        let signer = match known.map(Second::signer).filter(|signer| signer.fits(&identity, now)) {
            Some(signer) => Arc::clone(signer),
            None => Arc::new(Signer::learn(&self.common, &identity, now, key)?),
        };
        let second = Arc::new(Second::new(signer, now));
        *self.second.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&second));
        Some(second)
    }

    /// The credentials as the SDK keeps them, fetched anew before they run out. None leaves the failure to the SDK.
    async fn identity(&self) -> Option<Identity> {
        let resolver = self.components.identity_resolver(SCHEME)?;
        let (cache, nothing) = (self.components.identity_cache(), ConfigBag::base());
        cache.resolve_cached_identity(resolver, &self.components, &nothing).await.ok()
    }
}

/// There was no answer.
fn unanswered(error: &SdkError<GetObjectError, HttpResponse>) -> Got {
    Got::Refused(Refusal::new(Action::Get, Failure::read(error), None))
}

/// Reads a refusal as the SDK does.
async fn refused(mut answer: HttpResponse, service: &Service) -> Got {
    let length = answer.headers().get("content-length").and_then(|length| length.parse().ok());
    let body = ByteStream::new(answer.take_body());
    match read(body, length, REFUSAL as u64, service).await {
        Ok(body) => *answer.body_mut() = SdkBody::from(body),
        Err(too_long) if too_long.is_oversized() => {
            return Got::Refused(Refusal::overlong(&answer));
        }
        Err(_) => return Got::Unclear,
    }
    let layer = GetObject::new().config();
    let Some(words) = layer.as_ref().and_then(|layer| layer.load::<SharedResponseDeserializer>()) else {
        return Got::Unclear;
    };
    let Err(refused) = words.deserialize_nonstreaming_with_config(&answer, &ConfigBag::base()) else {
        return Got::Unclear;
    };
    match refused.as_operation_error().and_then(|error| error.downcast_ref::<GetObjectError>()) {
        Some(error) => Got::Refused(Refusal::answered(error, &answer)),
        None => Got::Unclear,
    }
}

/// Whether a key stands in a path as it is, whatever the encoding.
fn is_plain(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/');
    key.bytes().all(plain) && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
