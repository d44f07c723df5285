//! AWS's own list of the keys it signs with, asked region by region.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::retry::RetryConfig;
use aws_sdk_cloudtrail::operation::list_public_keys::ListPublicKeysOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::PublicKey as SdkKey;

use crate::aws::failure::{Failure, FailureKind};
use crate::aws::retry::Attempts;
use crate::aws::{Session, sdk_region};
use crate::crypto::{Fingerprint, PublicKey};
use crate::trail::{Region, Span, Time};

/// A year holds about twenty keys; a list longer than this is no list.
const MOST_PAGES: usize = 1000;

/// A region's keys that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ListPublicKeys in {region}: {detail}")]
pub struct KeyError {
    /// Where they were asked for.
    pub region: Region,
    /// What it comes to.
    pub kind: FailureKind,
    /// What came back.
    pub detail: String,
}

/// CloudTrail's ListPublicKeys.
#[derive(Debug, Clone)]
pub struct ListPublicKeys {
    session: Session,
}

impl ListPublicKeys {
    /// Asks through `session`.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Every key of `region` whose published window overlaps `span`, in the order AWS lists them. All of them or
    /// an error: a list with a hole in it would make AWS's own signatures look forged.
    pub async fn fetch(&self, region: &Region, span: Span) -> Result<Vec<PublicKey>, KeyError> {
        let wrap = |failure: Failure| KeyError {
            region: region.clone(),
            kind: failure.kind,
            detail: failure.detail,
        };
        let settings = aws_sdk_cloudtrail::config::Builder::from(&self.session.config)
            .retry_config(RetryConfig::disabled())
            .region(sdk_region(region));
        let client = Client::from_conf(settings.build());
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.page(&client, span, token.take()).await.map_err(wrap)?;
            for key in answer.public_key_list() {
                keys.push(read(region, key).map_err(|detail| wrap(Failure::nonsense(&detail)))?);
            }
            token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
        Err(wrap(Failure::nonsense("the list of keys does not end")))
    }

    /// One page, asked for with the same patience as an object of the record: a list of keys that is not had leaves a
    /// whole region unproven.
    async fn page(
        &self,
        client: &Client,
        span: Span,
        token: Option<String>,
    ) -> Result<ListPublicKeysOutput, Failure> {
        let mut attempts = Attempts::new(&self.session.load);
        loop {
            let request = client
                .list_public_keys()
                .start_time(DateTime::from_secs(span.start.timestamp()))
                .end_time(DateTime::from_secs(span.end.timestamp()))
                .set_next_token(token.clone());
            let failure = match request.send().await {
                Ok(page) => return Ok(page),
                Err(error) => Failure::read(&error),
            };
            match attempts.pause_after(failure.setback()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            }
        }
    }
}

fn read(region: &Region, key: &SdkKey) -> Result<PublicKey, String> {
    let encoded = key.value().map(AsRef::as_ref).unwrap_or_default();
    let fingerprint: Fingerprint = match key.fingerprint() {
        Some(text) => text.parse().map_err(|malformed| format!("{malformed}"))?,
        None => Fingerprint::of(encoded),
    };
    let mut read = PublicKey::decode(fingerprint.clone(), encoded)
        .map_err(|fault| format!("the key {fingerprint} cannot be read: {fault}"))?;
    let time = |time: Option<&DateTime>| Time::from_timestamp(time?.secs(), time?.subsec_nanos());
    read.region = Some(region.clone());
    read.origin = "ListPublicKeys".into();
    read.valid_from = time(key.validity_start_time());
    read.valid_to = time(key.validity_end_time());
    Ok(read)
}
