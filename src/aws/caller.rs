//! Who the caller is, for the report: what a reader may think of a record that was not wholly seen depends on it.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::ProvideCredentials as _;

use super::{Session, Signing};
use crate::trail::Identity;

/// A report is not held up for longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Session {
    /// The caller's ARN, by GetCallerIdentity, which needs no permission; else how the access key's id ends.
    pub async fn identity(&self) -> Option<Identity> {
        match self.caller().await {
            Some(arn) => Some(Identity::Caller(arn)),
            None => self.access_key().await,
        }
    }

    /// How the access key's id ends, for which nobody is asked.
    pub async fn access_key(&self) -> Option<Identity> {
        if self.signing == Signing::Unsigned {
            return Some(Identity::Anonymous);
        }
        let credentials = self.config.credentials_provider()?.provide_credentials().await.ok()?;
        let id = credentials.access_key_id();
        let ending = id.char_indices().nth_back(3).map_or(id, |(from, _)| &id[from..]);
        Some(Identity::AccessKey(ending.to_owned()))
    }

    async fn caller(&self) -> Option<String> {
        (self.signing == Signing::Signed).then_some(())?;
        let once = aws_sdk_sts::config::Builder::from(&self.config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
            .build();
        let answer = aws_sdk_sts::Client::from_conf(once).get_caller_identity().send().await.ok()?;
        answer.arn.filter(|arn| !arn.is_empty())
    }
}
