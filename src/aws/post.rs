//! Posts bytes to somebody who is told or asked something: a service of AWS, whose requests are signed, or any address on the web. The
//! SDK's own client for a service that is asked one thing takes longer to build than all the rest; credentials, proxies,
//! certificates and endpoints are the session's all the same.

use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_cloudtrail::config::http::HttpResponse;
use aws_sdk_cloudtrail::error::{ErrorMetadata, SdkError};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_types::service_config::ServiceConfigKey;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};

use super::Session;
use super::connect::{Between, call, connector_to};
use super::failure::Failure;
use crate::trail::{Region, partition};

/// An answer is read so far.
const LONGEST_ANSWER: usize = 1 << 20;
/// So much of a refusal is told.
const TOLD: usize = 300;

/// What is posted.
#[derive(Clone)]
pub struct Post {
    /// Where.
    pub to: Recipient,
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Where something is posted.
#[derive(Clone)]
pub enum Recipient {
    /// An address, which may be a secret. What is unprotected stays on this machine: no proxy sees it.
    Web(String),
    /// A path at a service of AWS, in a region.
    Aws(Api, Region, &'static str),
}

/// A service of AWS that something is posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// SNS.
    Sns,
    /// EventBridge.
    EventBridge,
    /// Security Hub.
    SecurityHub,
    /// KMS.
    Kms,
}

impl Api {
    /// What it is called in hosts and signatures.
    fn name(self) -> &'static str {
        match self {
            Self::Sns => "sns",
            Self::EventBridge => "events",
            Self::SecurityHub => "securityhub",
            Self::Kms => "kms",
        }
    }

    /// What the SDKs call it, as in `AWS_ENDPOINT_URL_EVENTBRIDGE`.
    fn sdk_name(self) -> &'static str {
        match self {
            Self::Sns => "SNS",
            Self::EventBridge => "EventBridge",
            Self::SecurityHub => "SecurityHub",
            Self::Kms => "KMS",
        }
    }

    /// Its host in a region. In regions of the government SNS and EventBridge have no other endpoints for FIPS.
    fn host(self, region: &Region, fips: Fips) -> String {
        let is_elsewhere = matches!(self, Self::SecurityHub | Self::Kms);
        let in_government = region.as_str().starts_with("us-gov-") && !is_elsewhere;
        let fips = if fips == Fips::Wanted && !in_government { "-fips" } else { "" };
        format!("{}{fips}.{region}.{}", self.name(), partition(region).dns_suffix)
    }
}

/// Whether only endpoints will do whose cryptography is validated (`AWS_USE_FIPS_ENDPOINT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fips {
    Wanted,
    NotAskedFor,
}

type Sent<T> = Result<T, SdkError<ErrorMetadata, HttpResponse>>;

impl Session {
    /// The region that is configured, else the one that AWS is asked in first.
    pub fn region(&self) -> Option<Region> {
        self.config.region()?.as_ref().parse().ok()
    }

    /// Posts once, and gives the answer's body. It takes as long as it takes: whoever asks bounds the time.
    ///
    /// # Errors
    ///
    /// Where there is nothing to sign with, no answer, or one that is no success.
    pub async fn post(&self, post: &Post) -> Result<Bytes, Failure> {
        let (address, between) = match &post.to {
            Recipient::Web(address) if address.starts_with("http:") => (address.clone(), Between::Nobody),
            Recipient::Web(address) => (address.clone(), Between::AsConfigured),
            Recipient::Aws(api, region, path) => {
                let endpoint = self.endpoint(*api, region);
                (format!("{}{path}", endpoint.trim_end_matches('/')), Between::AsConfigured)
            }
        };
        let request = self.request(post, &address).await.map_err(|error| Failure::read(&error))?;
        let connector = connector_to(&self.trust, &address, between);
        let mut answer = call(&connector, request).await?;
        let status = answer.status();
        let body = Limited::new(answer.take_body(), LONGEST_ANSWER).collect().await;
        match body {
            Ok(body) if status.is_success() => Ok(body.to_bytes()),
            Ok(body) => Err(refusal(status.as_u16(), &body.to_bytes())),
            // What was taken was taken, whatever was said of it then.
            Err(_) if status.is_success() => Ok(Bytes::new()),
            Err(_) => Err(Failure::overlong(status.as_u16())),
        }
    }

    /// Where a service is spoken: where the environment or the profile says so for it, or for all, else at AWS.
    fn endpoint(&self, api: Api, region: &Region) -> String {
        let key = ServiceConfigKey::builder().service_id(api.sdk_name());
        let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let named = || self.config.service_config()?.load_config(key.ok()?);
        let all = || self.config.endpoint_url().map(str::to_owned);
        let fips = if self.config.use_fips() == Some(true) { Fips::Wanted } else { Fips::NotAskedFor };
        named().or_else(all).unwrap_or_else(|| format!("https://{}", api.host(region, fips)))
    }

    async fn request(&self, post: &Post, address: &str) -> Sent<HttpRequest> {
        let mut request = HttpRequest::empty();
        *request.body_mut() = post.body.clone().into();
        request.set_method("POST").map_err(SdkError::construction_failure)?;
        request.set_uri(address).map_err(SdkError::construction_failure)?;
        let own = [("user-agent", concat!("trailseal/", env!("CARGO_PKG_VERSION")))];
        let headers: Vec<(&str, &str)> = post.headers.iter().copied().chain(own).collect();
        for (name, value) in &headers {
            request.headers_mut().insert((*name).to_owned(), (*value).to_owned());
        }
        if let Recipient::Aws(api, region, _) = &post.to {
            for (name, value) in self.signature(*api, region, address, &headers, &post.body).await? {
                request.headers_mut().insert(name, value);
            }
        }
        Ok(request)
    }

    /// The headers that signing adds.
    async fn signature(
        &self,
        api: Api,
        region: &Region,
        address: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Sent<Vec<(String, String)>> {
        let absent = || SdkError::construction_failure("there is nothing to sign with");
        let credentials = self.config.credentials_provider().ok_or_else(absent)?;
        let credentials = credentials.provide_credentials().await.map_err(SdkError::construction_failure)?;
        let identity: Identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_str())
            .name(api.name())
            .time(self.config.time_source().ok_or_else(absent)?.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(SdkError::construction_failure)?;
        let signed = headers.iter().copied();
        let unsigned = SignableRequest::new("POST", address, signed, SignableBody::Bytes(body))
            .map_err(SdkError::construction_failure)?;
        let signed = sign(unsigned, &params.into()).map_err(SdkError::construction_failure)?;
        let (instructions, _) = signed.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Reads a refusal: AWS's code and message, in JSON or XML, else the beginning of what was said.
fn refusal(status: u16, body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(body);
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let field = |names: [&str; 3]| {
        let json = json.as_ref()?;
        names.iter().find_map(|name| json.get(name)?.as_str()).map(str::to_owned)
    };
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(inner, _)| inner.to_owned())
    };
    let code = field(["__type", "code", "Code"]).or_else(|| element("Code"));
    // `com.amazonaws.events#ResourceNotFoundException`
    let code = code.map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
    let message = field(["message", "Message", "error"]).or_else(|| element("Message"));
    let said = || text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = message.unwrap_or_else(said).chars().take(TOLD).collect::<String>();
    Failure::answered(status, code.as_deref(), Some(&*message).filter(|message| !message.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::aws::failure::{FailureKind, Outlook};

    #[test]
    fn refusals_are_read_however_a_service_writes_them() {
        let json = br#"{"__type":"com.amazonaws.events#AccessDeniedException","message":"no"}"#;
        let xml = b"<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>";
        for (status, body, kind, words) in [
            (400, &json[..], FailureKind::Denied, "AccessDeniedException: no"),
            (403, xml, FailureKind::Denied, "AuthorizationError: no"),
            (404, b"no_service\n", FailureKind::Failed, "no_service (status 404)"),
            (500, b"", FailureKind::Failed, "status 500"),
        ] {
            let failure = refusal(status, body);
            assert_eq!((failure.kind, &*failure.detail), (kind, words));
            assert_eq!(failure.outlook == Outlook::Passing, status >= 500, "{words}");
        }
        assert!(refusal(400, &b"x".repeat(10_000)).detail.len() < 400);
    }

    #[test]
    fn hosts_are_those_of_their_partition() {
        let host = |api: Api, region: &str, fips| api.host(&region.parse().unwrap(), fips);
        assert_eq!(host(Api::Sns, "eu-west-1", Fips::NotAskedFor), "sns.eu-west-1.amazonaws.com");
        assert_eq!(
            host(Api::EventBridge, "cn-north-1", Fips::NotAskedFor),
            "events.cn-north-1.amazonaws.com.cn"
        );
        assert_eq!(
            host(Api::SecurityHub, "us-east-1", Fips::Wanted),
            "securityhub-fips.us-east-1.amazonaws.com"
        );
        assert_eq!(host(Api::Sns, "us-gov-west-1", Fips::Wanted), "sns.us-gov-west-1.amazonaws.com");
        assert_eq!(host(Api::Sns, "us-isob-east-1", Fips::NotAskedFor), "sns.us-isob-east-1.sc2s.sgov.gov");
    }
}
