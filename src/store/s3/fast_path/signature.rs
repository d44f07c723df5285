//! Signs requests that differ in nothing but an object's key and the time (AWS Signature Version 4). The SDK's own
//! signer signs one of them; what it signed tells how, and only what changes is then made anew: a twentieth of the
//! work. A signer that would not sign that first request just as the SDK did is never made.

use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::primitives::SdkBody;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::{self, calculate_signature, generate_signing_key};
use aws_smithy_runtime_api::client::identity::Identity;
use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use super::{ACCEPT_ENCODING, AS_STORED};
use crate::crypto::Hash;

/// The service that the scope of every signature names.
const SERVICE: &str = "s3";
const DATE: &str = "x-amz-date";
const AUTHORIZATION: &str = "authorization";

/// What is the same in all requests to one bucket.
#[derive(Debug)]
pub(super) struct Common {
    /// The address up to the key.
    pub(super) before_key: String,
    /// The address after the key.
    pub(super) after_key: String,
    /// Headers that are sent, beside those that signing adds.
    pub(super) headers: Vec<(String, String)>,
    /// The region that the scope of every signature names.
    pub(super) region: String,
}

impl Common {
    fn address(&self, key: &str) -> String {
        [&self.before_key, key, &self.after_key].concat()
    }
}

/// One day's signatures by one set of credentials.
pub(super) struct Signer {
    credentials: Credentials,
    day: NaiveDate,
    secret: Box<[u8]>,
    scope: String,
    /// The canonical request, cut where the key and the time stand.
    canonical: [String; 3],
    /// The header that holds the signature, up to it.
    authorization: String,
    /// A request without address, time and signature.
    request: HttpRequest,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Signer").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Signer {
    /// Learns from the SDK's signature of a request for `key`.
    pub(super) fn learn(common: &Common, identity: &Identity, now: DateTime<Utc>, key: &str) -> Option<Self> {
        let credentials = identity.data::<Credentials>()?.clone();
        let added = sign_as_the_sdk(common, identity, now, key)?;
        let find = |name: &str| added.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let (authorization, signature) = find(AUTHORIZATION)?.split_once("Signature=")?;
        let (_, signed) = authorization.split_once("SignedHeaders=")?;
        let signed = signed.trim_end_matches([',', ' ']);

        let (_, place) = common.before_key.split_once("://")?;
        let (host, path) = place.split_once('/')?;
        let query = common.after_key.strip_prefix('?').unwrap_or(&common.after_key);
        let value = |name: &str| match name {
            "host" => Some(host),
            name => find(name).or_else(|| {
                let own = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
                common.headers.iter().find(own).map(|(_, value)| value.as_str())
            }),
        };
        let (before, after) = signed.split_once(DATE)?;
        let lines = |names: &str| -> Option<String> {
            let names = names.split(';').filter(|name| !name.is_empty());
            names.map(|name| Some(format!("{name}:{}\n", value(name)?))).collect()
        };
        let payload = find("x-amz-content-sha256")?;
        let mut request = HttpRequest::new(SdkBody::empty());
        for (name, value) in common.headers.iter().chain(&added) {
            if name != DATE && name != AUTHORIZATION {
                request.headers_mut().insert(name.clone(), value.clone());
            }
        }
        request.headers_mut().insert(ACCEPT_ENCODING, AS_STORED);
        let day = now.date_naive();
        let signer = Self {
            secret: generate_signing_key(
                credentials.secret_access_key(),
                now.into(),
                &common.region,
                SERVICE,
            )
            .as_ref()
            .into(),
            scope: format!("{}/{}/{SERVICE}/aws4_request", day.format("%Y%m%d"), common.region),
            canonical: [
                format!("GET\n/{path}"),
                format!("\n{query}\n{}{DATE}:", lines(before)?),
                format!("\n{}\n{signed}\n{payload}", lines(after)?),
            ],
            authorization: format!("{authorization}Signature="),
            credentials,
            day,
            request,
        };
        (signer.signature(key, &stamp(now)) == signature).then_some(signer)
    }

    /// Whether this is still the signer for these credentials at that time.
    pub(super) fn fits(&self, identity: &Identity, now: DateTime<Utc>) -> bool {
        self.day == now.date_naive() && identity.data::<Credentials>() == Some(&self.credentials)
    }

    fn signature(&self, key: &str, stamp: &str) -> String {
        let [before_key, before_time, rest] = &self.canonical;
        let hash = Hash::of([before_key, key, before_time, stamp, rest].concat().as_bytes());
        let signed = format!("AWS4-HMAC-SHA256\n{stamp}\n{}\n{hash}", self.scope);
        calculate_signature(&self.secret, signed.as_bytes())
    }
}

/// A signer in one second of its day: all requests of a second bear the same time.
#[derive(Debug)]
pub(super) struct Second {
    signer: Arc<Signer>,
    timestamp: i64,
    stamp: String,
}

impl Second {
    /// The second that `now` is in.
    pub(super) fn new(signer: Arc<Signer>, now: DateTime<Utc>) -> Self {
        Self { signer, timestamp: now.timestamp(), stamp: stamp(now) }
    }

    /// Whether `now` is in this second.
    pub(super) fn is(&self, now: DateTime<Utc>) -> bool {
        self.timestamp == now.timestamp()
    }

    /// The signer.
    pub(super) fn signer(&self) -> &Arc<Signer> {
        &self.signer
    }

    /// A signed request for `key`.
    pub(super) fn request(&self, common: &Common, key: &str) -> Option<HttpRequest> {
        let signer = &self.signer;
        let mut request = signer.request.try_clone()?;
        request.set_uri(common.address(key)).ok()?;
        let headers = request.headers_mut();
        let signature = signer.signature(key, &self.stamp);
        headers.insert(AUTHORIZATION, [&*signer.authorization, &signature].concat());
        headers.insert(DATE, self.stamp.clone());
        Some(request)
    }
}

/// The headers that the SDK's signer adds to a request for `key`.
fn sign_as_the_sdk(
    common: &Common,
    identity: &Identity,
    now: DateTime<Utc>,
    key: &str,
) -> Option<Vec<(String, String)>> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let params = v4::SigningParams::builder()
        .identity(identity)
        .region(&common.region)
        .name(SERVICE)
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .ok()?;
    let address = common.address(key);
    let headers = common.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let unsigned = SignableRequest::new("GET", &address, headers, SignableBody::Bytes(b"")).ok()?;
    let (instructions, _) = sign(unsigned, &params.into()).ok()?.into_parts();
    Some(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A time as signatures write it.
fn stamp(now: DateTime<Utc>) -> String {
    let (day, time) = (now.date_naive(), now.time());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        day.year(),
        day.month(),
        day.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/one.json.gz";

    fn common(before_key: &str, after_key: &str) -> Common {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Common {
            before_key: before_key.to_owned(),
            after_key: after_key.to_owned(),
            headers: vec![
                header("user-agent", "aws-sdk-rust/1"),
                header("x-amz-user-agent", "aws-sdk-rust/1 api/s3"),
                header("x-amz-request-payer", "requester"),
            ],
            region: "eu-west-1".to_owned(),
        }
    }

    fn identity(token: Option<&str>) -> Identity {
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", token.map(str::to_owned), None, "test").into()
    }

    fn moment(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_400_000 + second, 5_000_000).unwrap()
    }

    /// Headers of a request as this signer makes it, and as the SDK's does.
    fn both(
        common: &Common,
        identity: &Identity,
        signer: &Arc<Signer>,
        key: &str,
        second: i64,
    ) -> [Vec<String>; 2] {
        let request = Second::new(Arc::clone(signer), moment(second)).request(common, key).unwrap();
        assert_eq!(request.uri(), common.address(key));
        let own = request.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let added = sign_as_the_sdk(common, identity, moment(second), key).unwrap();
        let as_stored = [(ACCEPT_ENCODING.to_owned(), AS_STORED.to_owned())];
        let all = common.headers.iter().chain(&added).chain(&as_stored);
        [own, all.map(|(name, value)| format!("{name}: {value}")).collect()].map(
            |mut headers: Vec<String>| {
                headers.sort();
                headers
            },
        )
    }

    #[test]
    fn every_request_is_signed_as_the_sdk_signs_it() {
        let places = [
            ("https://bucket.s3.eu-west-1.amazonaws.com/", "?x-id=GetObject"),
            ("http://127.0.0.1:9000/bucket/", "?x-id=GetObject"),
            ("https://example.org/a/bucket/", ""),
        ];
        for (before_key, after_key) in places {
            for token in [None, Some("FwoGZXIvYXdz/+=")] {
                let (common, identity) = (common(before_key, after_key), identity(token));
                let signer = Arc::new(Signer::learn(&common, &identity, moment(0), KEY).unwrap());
                for (key, second) in [(KEY, 0), ("p/AWSLogs/other_key-1.~.gz", 59), (KEY, 3600)] {
                    let [own, sdk] = both(&common, &identity, &signer, key, second);
                    assert_eq!(own, sdk, "{before_key} {key}");
                }
            }
        }
    }

    #[test]
    fn another_day_or_other_credentials_need_another_signer() {
        let (common, first) = (common("https://bucket.example/", ""), identity(Some("one")));
        let signer = Signer::learn(&common, &first, moment(0), KEY).unwrap();
        assert!(signer.fits(&first, moment(1)));
        assert!(!signer.fits(&first, moment(24 * 3600)));
        assert!(!signer.fits(&identity(Some("two")), moment(1)));
    }

    #[test]
    fn what_would_be_signed_otherwise_is_not_signed_here() {
        // The SDK's signer sorts the query; taken as it stands it would be signed wrongly.
        let common = common("https://bucket.example/", "?x-id=GetObject&a=b");
        assert!(Signer::learn(&common, &identity(None), moment(0), KEY).is_none());
    }
}
