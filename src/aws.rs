//! How AWS is reached: credentials, profile, region, endpoint and proxy as every AWS tool takes them, opened once
//! and shared by all that ask AWS something. Nothing is asked here; a wrong credential shows at the first question.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::ServiceConfigKey;

use crate::trail::Region;
use connect::Trust;
pub use profile::SignIn;
use profile::{Chosen, Profiles};

mod bypass;
mod caller;
mod connect;
pub mod failure;
pub(crate) mod health;
pub mod invocations;
pub(crate) mod pace;
pub mod post;
mod profile;
pub(crate) mod retry;
pub mod trails;

/// Where a region is needed and none is configured; every bucket then names its own.
const FALLBACK_REGION: &str = "us-east-1";
/// Longer than any healthy handshake; retries do the rest.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the caller says of how to reach AWS. What is left out comes from the environment and the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// A profile of the shared configuration files. Its credentials count, whatever the environment holds.
    pub profile: Option<String>,
    /// The region to start from, whatever is configured.
    pub region: Option<Region>,
    /// The region to start from if none is configured.
    pub fallback_region: Option<Region>,
    /// Where S3 is spoken, if not at AWS. Objects copied elsewhere are still checked with AWS's own keys, so
    /// this holds for S3 alone.
    pub s3_endpoint: Option<String>,
    /// Where every other service is spoken, if not at AWS.
    pub service_endpoint: Option<String>,
    /// A role to take on first.
    pub assume_role: Option<String>,
    /// Whether requests are signed.
    pub signing: Signing,
    /// Who pays for what is asked of a bucket.
    pub payer: Payer,
    /// By which code objects are asked for.
    pub object_requests: ObjectRequests,
    /// How hard to press AWS.
    pub load: RequestPolicy,
}

/// Whether requests are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Signing {
    /// With the caller's credentials.
    #[default]
    Signed,
    /// Not at all, as public buckets allow. Nothing but S3 answers such requests.
    Unsigned,
}

/// By which code objects are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ObjectRequests {
    /// By a short path beside the AWS SDK, once the SDK's own request has shown what to send.
    #[default]
    FastPath,
    /// By the SDK, every one: slower, and what AWS supports.
    SdkAlone,
}

/// Who pays for what is asked of a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Payer {
    /// Its owner.
    #[default]
    Owner,
    /// Whoever asks, as some buckets demand.
    Requester,
}

/// Why what the caller says of how to reach AWS cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// There is no such profile.
    #[error("there is no profile {profile} in the shared AWS configuration; {}", there_are(known))]
    UnknownProfile {
        /// The name that was asked for.
        profile: String,
        /// Those that are there, sorted.
        known: Vec<String>,
    },
    /// The configuration files cannot be read.
    #[error("the shared AWS configuration cannot be read: {detail}")]
    Configuration {
        /// What is wrong with them.
        detail: String,
    },
    /// The profile takes a code from a device, which nobody can be asked for here.
    #[error(
        "the profile {profile} asks for MFA (mfa_serial), which is not supported; give temporary credentials \
         instead of it: eval \"$(aws configure export-credentials --profile {profile} --format env)\""
    )]
    Mfa {
        /// The profile.
        profile: String,
    },
    /// The certificates to trust cannot be read.
    #[error(
        "the certificates in {path}, which {named_by} names, cannot be used: {detail}; name a file of them in PEM"
    )]
    Certificates {
        /// The file.
        path: String,
        /// Who names it.
        named_by: String,
        /// What is wrong with it.
        detail: String,
    },
}

fn there_are(known: &[String]) -> String {
    match known {
        [] => "there are none at all: see aws configure, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE"
            .to_owned(),
        known => format!("there are: {}", known.join(", ")),
    }
}

/// How hard to press AWS, and how long to bear with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPolicy {
    /// Requests a second to each bucket, tried-again ones included; without it, as many as S3 bears.
    pub requests_per_second: Option<NonZeroU32>,
    /// How long to wait for an answer to begin, or to go on.
    pub answer_timeout: Duration,
    /// How long a request that may go better is sent again, from its first failure on, while the service answers others.
    pub retry_for: Duration,
    /// How long a bucket or service may answer no request at all: then it is gone, and nothing more is asked of it. A bucket
    /// that has never answered is gone after `retry_for`.
    pub gone_after: Duration,
    /// The first pause before trying again, at most; it doubles each time.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for RequestPolicy {
    /// An outage of up to three minutes spoils no request, and a longer one ends the run within four: half a minute until
    /// silence is noticed, three minutes, and some seconds to make sure.
    fn default() -> Self {
        Self {
            requests_per_second: None,
            answer_timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(60),
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
    pub(crate) load: RequestPolicy,
    pub(crate) payer: Payer,
    pub(crate) object_requests: ObjectRequests,
    signing: Signing,
    sign_in: SignIn,
    trust: Trust,
}

impl Session {
    /// Reads the configuration. Sends nothing; credentials are fetched when first needed and kept fresh from then on.
    ///
    /// # Errors
    ///
    /// Where the configuration names a profile or a certificate that is not there, or cannot be read.
    pub async fn open(access: &Access) -> Result<Self, AccessError> {
        let profiles = Profiles::load(access.profile.as_deref()).await?;
        let trust = Trust::configured(&profiles)?;
        let client = connect::client(trust.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client.clone());
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &access.region {
            loader = loader.region(sdk_region(region));
        }
        if let Some(endpoint) = &access.service_endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if access.signing == Signing::Unsigned {
            loader = loader.no_credentials();
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            let fallback = access.fallback_region.as_ref().map(sdk_region);
            let region = fallback.unwrap_or_else(|| aws_config::Region::from_static(FALLBACK_REGION));
            config = config.into_builder().region(region).build();
        }
        if access.signing == Signing::Signed {
            profiles.refuse_mfa()?;
            if let Chosen::Caller(name) = profiles.chosen() {
                let own = profile::credentials(name, &config, client);
                config = config.into_builder().credentials_provider(own).build();
            }
            if let Some(role) = &access.assume_role {
                let provider = AssumeRoleProvider::builder(role)
                    .session_name("trailseal")
                    .configure(&config)
                    .build()
                    .await;
                let provider = SharedCredentialsProvider::new(provider);
                config = config.into_builder().credentials_provider(provider).build();
            }
        }
        let session = Self::over(config, access.s3_endpoint.clone(), access.load.clone());
        Ok(Self {
            payer: access.payer,
            object_requests: access.object_requests,
            signing: access.signing,
            sign_in: profiles.sign_in(),
            trust,
            ..session
        })
    }

    /// A session over a configuration of the caller's own making.
    pub fn over(config: SdkConfig, s3_endpoint: Option<String>, load: RequestPolicy) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(load.answer_timeout))
            .read_timeout(load.answer_timeout)
            // The read timeout ends with the headers; an answer that stalls after them must end too.
            .operation_attempt_timeout(load.answer_timeout)
            .build();
        let config = config.into_builder().timeout_config(timeouts).build();
        Self {
            config,
            s3_endpoint,
            load,
            payer: Payer::default(),
            object_requests: ObjectRequests::default(),
            signing: Signing::default(),
            sign_in: SignIn::default(),
            trust: Trust::System,
        }
    }

    /// Whether S3 is spoken elsewhere than at AWS, where a bucket's name is no host's.
    pub fn speaks_s3_elsewhere(&self) -> bool {
        let key =
            ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let named = || self.config.service_config()?.load_config(key.build().ok()?);
        self.s3_endpoint.is_some() || self.config.endpoint_url().is_some() || named().is_some()
    }

    /// Whether its requests are signed.
    pub fn signing(&self) -> Signing {
        self.signing
    }

    /// How the caller comes by credentials.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }
}

pub(crate) fn sdk_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.as_str().to_owned())
}
