//! How AWS is reached: credentials, profile, region, endpoint and proxy as every AWS tool takes them, opened once
//! and shared by all that ask AWS something. Nothing is asked here; a wrong credential shows at the first question.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

use crate::trail::Region;

pub mod failure;
pub(crate) mod health;
pub(crate) mod pace;
pub(crate) mod retry;
pub mod trails;

/// Where a region is needed and none is configured; every bucket then names its own.
const FALLBACK_REGION: &str = "us-east-1";
/// Longer than any healthy handshake; retries do the rest.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the caller says of how to reach AWS. What is left out comes from the environment and the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// The region to start from.
    pub region: Option<Region>,
    /// Where S3 is spoken, if not at AWS. Objects copied elsewhere are still checked with AWS's own keys, so
    /// this holds for S3 alone.
    pub s3_endpoint: Option<String>,
    /// Where every other service is spoken, if not at AWS.
    pub service_endpoint: Option<String>,
    /// A role to take on first.
    pub assume_role: Option<String>,
    /// How hard to lean on AWS.
    pub load: Load,
}

/// How hard to lean on AWS, and how long to bear with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Requests a second to each bucket, tried-again ones included; without it, as many as S3 bears.
    pub requests_per_second: Option<NonZeroU32>,
    /// How long to wait for an answer to begin, or to go on.
    pub patience: Duration,
    /// How long a request that may go better is sent again, from its first failure on, while the service answers others.
    pub endurance: Duration,
    /// How long a bucket or service may answer no request at all: then it is gone, and nothing more is asked of it. A bucket
    /// that has never answered is gone after `endurance`.
    pub gone_after: Duration,
    /// The first pause before trying again, at most; it doubles each time.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for Load {
    /// An outage of up to three minutes spoils no request, and a longer one ends the run within four: half a minute until
    /// silence is noticed, three minutes, and some seconds to make sure.
    fn default() -> Self {
        Self {
            requests_per_second: None,
            patience: Duration::from_secs(30),
            endurance: Duration::from_secs(60),
            gone_after: Duration::from_secs(180),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
        }
    }
}

/// AWS, ready to be asked.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) config: SdkConfig,
    pub(crate) s3_endpoint: Option<String>,
    pub(crate) load: Load,
}

impl Session {
    /// Reads the configuration. Sends nothing; credentials are fetched when first needed and kept fresh from then on.
    pub async fn open(access: &Access) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(
            Builder::new().build_with_connector_fn(|settings, components| {
                // One client for all services and regions: the system's certificates are read once.
                let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
                connector.set_connector_settings(settings.cloned());
                connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
                connector.set_proxy_config(Some(ProxyConfig::from_env()));
                connector.build()
            }),
        );
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &access.region {
            loader = loader.region(sdk_region(region));
        }
        if let Some(endpoint) = &access.service_endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            config = config.into_builder().region(aws_config::Region::from_static(FALLBACK_REGION)).build();
        }
        if let Some(role) = &access.assume_role {
            let provider =
                AssumeRoleProvider::builder(role).session_name("trailseal").configure(&config).build().await;
            let provider = aws_credential_types::provider::SharedCredentialsProvider::new(provider);
            config = config.into_builder().credentials_provider(provider).build();
        }
        Self::over(config, access.s3_endpoint.clone(), access.load.clone())
    }

    /// A session over a configuration of the caller's own making.
    pub fn over(config: SdkConfig, s3_endpoint: Option<String>, load: Load) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(load.patience))
            .read_timeout(load.patience)
            // The read timeout ends with the headers; an answer that stalls after them must end too.
            .operation_attempt_timeout(load.patience)
            .build();
        let config = config.into_builder().timeout_config(timeouts).build();
        Self { config, s3_endpoint, load }
    }
}

pub(crate) fn sdk_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.as_str().to_owned())
}
