//! AWS's own list of the keys it signs with, asked region by region.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::retry::RetryConfig;
use aws_sdk_cloudtrail::operation::list_public_keys::ListPublicKeysOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::PublicKey as SdkKey;

use crate::aws::failure::{Failure, FailureKind, Outlook};
use crate::aws::health::Health;
use crate::aws::pace::Beginning;
use crate::aws::retry::{Counts, Ended, Service};
use crate::aws::{RequestPolicy, Session, sdk_region};
use crate::crypto::{Fingerprint, PublicKey};
use crate::store::RetryCounts;
use crate::trail::{Region, Span, Time};

/// A year holds about twenty keys; a list longer than this is no list.
const MOST_PAGES: usize = 1000;

/// Where to find out whether CloudTrail answers anybody.
const USUAL_REGIONS: [&str; 2] = ["us-east-1", "us-west-2"];

/// A region's keys that could not be retrieved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ListPublicKeys in {region}: {detail}")]
pub struct KeyError {
    /// Where they were asked for.
    pub region: Region,
    /// What it comes to.
    pub kind: FailureKind,
    /// What came back.
    pub detail: String,
    /// Whether another try may go better.
    pub outlook: Outlook,
}

/// CloudTrail's ListPublicKeys.
#[derive(Debug)]
pub struct ListPublicKeys {
    session: Session,
    /// Each region has its pace. Whether CloudTrail answers at all is one question: from a network that leads nowhere, no
    /// region does, and each of them by itself would be waited for in vain.
    regions: Mutex<HashMap<Region, Arc<Service>>>,
    health: Arc<Health>,
    /// The region that was the last to answer.
    answered: Mutex<Option<Region>>,
    retries: Arc<Counts>,
}

impl ListPublicKeys {
    /// Asks through `session`.
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            regions: Mutex::default(),
            health: Arc::new(Health::new(&session.load)),
            answered: Mutex::default(),
            retries: Arc::default(),
        }
    }

    /// How often requests were sent again so far.
    pub fn retries(&self) -> RetryCounts {
        self.retries.read()
    }

    fn service(&self, region: &Region) -> Arc<Service> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let service = regions.entry(region.clone()).or_insert_with(|| {
            let (health, retries) = (Arc::clone(&self.health), Arc::clone(&self.retries));
            // The caller's limit is for buckets: a region is asked for a few pages.
            let load = RequestPolicy { requests_per_second: None, ..self.session.load.clone() };
            Arc::new(Service::new(&load, Beginning::Free, health, retries))
        });
        Arc::clone(service)
    }

    /// Every key of `region` whose published window overlaps `span`, in the order AWS lists them. All of them or
    /// an error: a list with a hole in it would make AWS's own signatures look forged.
    ///
    /// # Errors
    ///
    /// Where AWS cannot be asked, or refuses.
    pub async fn fetch(&self, region: &Region, span: Span) -> Result<Vec<PublicKey>, KeyError> {
        let wrap = |failure: Failure| KeyError {
            region: region.clone(),
            kind: failure.kind,
            detail: failure.detail,
            outlook: failure.outlook,
        };
        let client = self.client(region);
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.page(region, &client, span, token.take()).await.map_err(wrap)?;
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

    /// One page, asked for with the same patience as an object of the record: a list of keys that is not had leaves a whole
    /// region unproven.
    async fn page(
        &self,
        region: &Region,
        client: &Client,
        span: Span,
        token: Option<String>,
    ) -> Result<ListPublicKeysOutput, Failure> {
        // Boxed: the SDK's part is deeper than all the rest.
        let attempt = || Box::pin(ask(client, span, token.clone()));
        let answers = || self.answers_elsewhere(region, span);
        let page = self.service(region).persist(attempt, answers).await.map_err(|ended| match ended {
            Ended::Refused(failure) => failure,
            Ended::Gone(detail) => Failure::nonsense(&detail),
        })?;
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(region.clone());
        Ok(page)
    }

    /// Whether CloudTrail answers in any other region than this: in the one that did last, or one that nearly everybody
    /// has.
    async fn answers_elsewhere(&self, region: &Region, span: Span) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let configured = self.session.config.region().and_then(|configured| configured.as_ref().parse().ok());
        let usual = USUAL_REGIONS.iter().filter_map(|name| name.parse().ok());
        let mut others = answered.into_iter().chain(configured).chain(usual);
        let Some(other) = others.find(|other| other != region) else { return false };
        let moment = Span { start: span.start, end: span.start };
        match Box::pin(ask(&self.client(&other), moment, None)).await {
            Ok(_) => true,
            Err(failure) => failure.outlook == Outlook::Settled,
        }
    }

    fn client(&self, region: &Region) -> Client {
        let settings = aws_sdk_cloudtrail::config::Builder::from(&self.session.config)
            .retry_config(RetryConfig::disabled())
            .region(sdk_region(region));
        Client::from_conf(settings.build())
    }
}

async fn ask(client: &Client, span: Span, token: Option<String>) -> Result<ListPublicKeysOutput, Failure> {
    let request = client
        .list_public_keys()
        .start_time(DateTime::from_secs(span.start.timestamp()))
        .end_time(DateTime::from_secs(span.end.timestamp()))
        .set_next_token(token);
    request.send().await.map_err(|error| Failure::read(&error))
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
