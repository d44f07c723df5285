//! Gets objects by the shortest way that is still the SDK's. For each bucket the SDK itself sends the first request,
//! and what it decided there holds for the next ones: endpoint, signing region, headers, clock, and the components
//! that connect and hold credentials. Only the key, the date and the signature change, so only those are made anew.
//!
//! Where a request would differ in anything else there is no lean way, and the SDK sends it.

use std::sync::{Arc, OnceLock};

use aws_sdk_s3::config::ConfigBag;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{Intercept, RuntimeComponents};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObject, GetObjectError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::{Identity, ResolveCachedIdentity as _};
use aws_smithy_runtime_api::client::runtime_components::GetIdentityResolver as _;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse as _, SharedResponseDeserializer};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::read;
use super::refusal::{Action, Refusal};
use crate::aws::Load;
use crate::aws::failure::Failure;
use crate::store::Metadata;

/// The one scheme whose signatures are made here; multi-region access points and directory buckets have others.
const SCHEME: AuthSchemeId = AuthSchemeId::new("sigv4");
/// Headers that belong to one request alone, or that signing and sending add.
const OWN: [&str; 7] = [
    "authorization",
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "host",
];

/// A GetObject request as the SDK sent it.
#[derive(Debug)]
struct Sent {
    uri: String,
    headers: Vec<(String, String)>,
    at: DateTime<Utc>,
    components: RuntimeComponents,
}

/// Notes what the SDK sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Note(Arc<OnceLock<Sent>>);

impl Intercept for Note {
    fn name(&self) -> &'static str {
        "Note"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        // Each request is sent once: the SDK's retries are off.
        let _ = self.0.set(Sent {
            uri: request.uri().to_owned(),
            headers: headers.collect(),
            at: Utc::now(),
            components: components.clone(),
        });
        Ok(())
    }
}

/// The lean way to one bucket's objects.
#[derive(Debug)]
pub(super) struct Lean {
    before_key: String,
    after_key: String,
    headers: Vec<(String, String)>,
    region: String,
    /// What to add to this machine's clock, by what the SDK learnt of S3's.
    skew: TimeDelta,
    components: RuntimeComponents,
    connector: SharedHttpConnector,
}

/// What came of a lean request.
pub(super) enum Got {
    /// The object: its metadata, its length and its body, still to be read.
    Object(Metadata, Option<u64>, ByteStream),
    /// What S3 said instead, or why it said nothing.
    Refused(Refusal),
    /// Something that only the SDK can make sense of.
    Unclear,
}

impl Lean {
    /// The way that a successful request for `key` went, if the next ones may go it too.
    pub(super) fn after(note: &Note, key: &str, load: &Load) -> Option<Self> {
        let sent = note.0.get()?;
        let header = |name: &str| {
            sent.headers
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let credential = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 Credential=")?;
        let scope = credential.split(',').next()?;
        let mut parts = scope.rsplit('/');
        let (("aws4_request", "s3"), region) = ((parts.next()?, parts.next()?), parts.next()?) else {
            return None;
        };
        let date = NaiveDateTime::parse_from_str(header("x-amz-date")?, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
        is_plain(key).then_some(())?;
        let (before_key, after_key) = sent.uri.rsplit_once(key)?;
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(crate::aws::CONNECT_TIMEOUT.min(load.patience))
            .read_timeout(load.patience)
            .build();
        Some(Self {
            before_key: before_key.to_owned(),
            after_key: after_key.to_owned(),
            headers: sent.headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str())).cloned().collect(),
            region: region.to_owned(),
            skew: date - sent.at,
            connector: sent.components.http_client()?.http_connector(&settings, &sent.components),
            components: sent.components.clone(),
        })
    }

    /// Asks for `key`.
    pub(super) async fn get(&self, key: &str, load: &Load) -> Got {
        let Some(request) = self.signed(key).await else { return Got::Unclear };
        let answer = match tokio::time::timeout(load.patience, self.connector.call(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return unanswered(&SdkError::dispatch_failure(error)),
            Err(slow) => return unanswered(&SdkError::timeout_error(slow)),
        };
        let length = answer.headers().get("content-length").and_then(|length| length.parse().ok());
        if answer.status().as_u16() == 200 {
            let mut answer = answer;
            let metadata = metadata(&answer);
            return Got::Object(metadata, length, ByteStream::new(answer.take_body()));
        }
        refused(answer, length, load).await
    }

    async fn signed(&self, key: &str) -> Option<HttpRequest> {
        is_plain(key).then_some(())?;
        let identity = self.identity().await?;
        let uri = format!("{}{key}{}", self.before_key, self.after_key);
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let now = Utc::now().checked_add_signed(self.skew)?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(now.into())
            .settings(settings)
            .build()
            .ok()?;
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let unsigned = SignableRequest::new("GET", &uri, headers, SignableBody::Bytes(b"")).ok()?;
        let (signing, _) = sign(unsigned, &params.into()).ok()?.into_parts();
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(uri).ok()?;
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        for (name, value) in signing.headers() {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        Some(request)
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
async fn refused(mut answer: HttpResponse, length: Option<u64>, load: &Load) -> Got {
    let body = ByteStream::new(answer.take_body());
    match read(body, length, load.patience).await {
        Ok(body) => *answer.body_mut() = SdkBody::from(body),
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

fn metadata(answer: &HttpResponse) -> Metadata {
    let value = |name: &str| answer.headers().get(name).map(Into::into);
    Metadata::Kept {
        signature: value("x-amz-meta-signature"),
        signature_algorithm: value("x-amz-meta-signature-algorithm"),
        backfill_generation_timestamp: value("x-amz-meta-backfill-generation-timestamp"),
    }
}
