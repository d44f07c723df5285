//! AWS's key list as the run needs it: each region asked once, its answer shared by all accounts.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::aws::failure::Outlook;
use crate::crypto::{Authority, KeyRing, PublicKey};
use crate::keys::aws::{KeyError, ListPublicKeys};
use crate::store::RetryCounts;
use crate::trail::{Region, Span, Time};

/// Digests are signed a little after the hour they close; the AWS CLI asks two hours more for the same reason.
const AFTER: TimeDelta = TimeDelta::hours(2);
/// Keys are published for 30 days each; a backfill digest is signed long after its hour. Beyond this no key can have
/// signed a digest of the asked time.
const WIDER: TimeDelta = TimeDelta::days(60);

/// Asked for on both sides beyond what is needed: the same hours begin and end a little differently in every account,
/// and all of a region's accounts are to share one answer.
const SLACK: TimeDelta = TimeDelta::days(1);

/// A list of public keys that can be asked region by region.
#[async_trait]
pub trait KeyList: std::fmt::Debug + Send + Sync + 'static {
    /// Every key of `region` whose published window overlaps `span`: all of them, or an error.
    async fn fetch(&self, region: &Region, span: Span) -> Result<Vec<PublicKey>, KeyError>;

    /// How often requests were sent again so far.
    fn retries(&self) -> RetryCounts;
}

#[async_trait]
impl KeyList for ListPublicKeys {
    async fn fetch(&self, region: &Region, span: Span) -> Result<Vec<PublicKey>, KeyError> {
        Self::fetch(self, region, span).await
    }

    fn retries(&self) -> RetryCounts {
        Self::retries(self)
    }
}

/// Keys of AWS's own list, by region.
#[derive(Debug)]
pub struct AskedKeys {
    list: Box<dyn KeyList>,
    /// AWS is not asked beyond it: there are no keys of the future.
    now: Time,
    regions: std::sync::Mutex<HashMap<Region, Arc<Mutex<Answer>>>>,
}

/// What a region has answered so far.
#[derive(Debug, Default)]
struct Answer {
    ring: Arc<KeyRing>,
    asked: Option<Span>,
    hope: Hope,
}

/// What is to be hoped for of a region that refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Hope {
    /// Nothing was refused yet for a cause that may pass.
    #[default]
    Untried,
    /// It may answer later.
    Later,
    /// It is asked again, for the last time.
    Last,
}

impl AskedKeys {
    /// Nothing asked yet, as of `now`.
    pub fn new(list: impl KeyList, now: Time) -> Self {
        Self { list: Box::new(list), now, regions: std::sync::Mutex::default() }
    }

    /// The region's keys for `span`.
    pub async fn ring(&self, region: &Region, span: Span) -> Arc<KeyRing> {
        let needed = Span { start: span.start - TimeDelta::hours(1), end: span.end + AFTER };
        let answer = self.region(region);
        let mut answer = answer.lock().await;
        self.ask(region, needed, &mut answer).await;
        Arc::clone(&answer.ring)
    }

    /// The region's keys for a time much wider than `span`, unless that has been asked already.
    pub async fn wider(&self, region: &Region, span: Span) -> Option<Arc<KeyRing>> {
        let needed = Span { start: span.start - WIDER, end: span.end + WIDER };
        let answer = self.region(region);
        let mut answer = answer.lock().await;
        self.ask(region, needed, &mut answer).await;
        Some(Arc::clone(&answer.ring))
    }

    /// Whether the region refused for a cause that may pass, and was not asked again.
    pub async fn may_be_had_later(&self, region: &Region) -> bool {
        self.region(region).lock().await.hope == Hope::Later
    }

    /// Takes a refusal for a cause that may pass for none, once.
    pub async fn ask_again(&self, region: &Region) {
        let answer = self.region(region);
        let mut answer = answer.lock().await;
        if answer.hope == Hope::Later {
            // What was had before is asked for again with the rest.
            let Answer { ring, asked, hope } = &mut *answer;
            (*ring, *asked, *hope) = (Arc::default(), None, Hope::Last);
        }
    }

    /// How often requests were sent again.
    pub fn retries(&self) -> RetryCounts {
        self.list.retries()
    }

    fn region(&self, region: &Region) -> Arc<Mutex<Answer>> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(regions.entry(region.clone()).or_default())
    }

    /// Asks for what has not been asked yet. A refusal is final for the run: asking for every digest again would
    /// only add to an outage.
    async fn ask(&self, region: &Region, needed: Span, answer: &mut Answer) {
        let refused = matches!(answer.ring.authority(region), Authority::Refused(_));
        let latest = needed.end.min(self.now);
        let known = answer.asked.is_some_and(|asked| asked.start <= needed.start && latest <= asked.end);
        if refused || known || needed.start >= self.now {
            return;
        }
        let generous = Span { start: needed.start - SLACK, end: (needed.end + SLACK).min(self.now) };
        let span = match answer.asked {
            Some(asked) => Span { start: asked.start.min(generous.start), end: asked.end.max(generous.end) },
            None => generous,
        };
        let mut ring = KeyRing::clone(&answer.ring);
        match self.list.fetch(region, span).await {
            Ok(keys) => {
                for mut key in keys {
                    key.origin = "ListPublicKeys".into();
                    ring.insert(key);
                }
                ring.set_authority(region.clone(), Authority::Aws);
            }
            Err(error) => {
                if error.outlook == Outlook::Passing && answer.hope == Hope::Untried {
                    answer.hope = Hope::Later;
                }
                ring.set_authority(region.clone(), Authority::Refused(error.to_string().into()));
            }
        }
        answer.ring = Arc::new(ring);
        answer.asked = Some(span);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::aws::failure::FailureKind;

    /// Lists no keys, and notes what it was asked for; refuses as often as it is told to.
    #[derive(Debug, Clone, Default)]
    struct Empty {
        asked: Arc<std::sync::Mutex<Vec<Span>>>,
        refusals: Arc<std::sync::Mutex<Vec<Outlook>>>,
    }

    #[async_trait]
    impl KeyList for Empty {
        async fn fetch(&self, region: &Region, span: Span) -> Result<Vec<PublicKey>, KeyError> {
            self.asked.lock().unwrap().push(span);
            match self.refusals.lock().unwrap().pop() {
                None => Ok(Vec::new()),
                Some(outlook) => Err(KeyError {
                    region: region.clone(),
                    kind: FailureKind::Failed,
                    detail: "no".into(),
                    outlook,
                }),
            }
        }

        fn retries(&self) -> RetryCounts {
            RetryCounts::default()
        }
    }

    fn at(day: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::days(day)
    }

    fn hour(day: i64) -> Span {
        Span { start: at(day), end: at(day) + TimeDelta::hours(1) }
    }

    #[tokio::test]
    async fn a_region_is_asked_once_and_more_widely_before_a_key_is_called_unknown() {
        let list = Empty::default();
        let keys = AskedKeys::new(list.clone(), at(1000));
        let region = "us-east-1".parse().unwrap();
        for day in [500, 500] {
            assert_eq!(*keys.ring(&region, hour(day)).await.authority(&region), Authority::Aws);
        }
        assert_eq!(list.asked.lock().unwrap().len(), 1, "one answer for all accounts");
        for _ in 0..2 {
            keys.wider(&region, hour(500)).await.unwrap();
        }
        let asked = list.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 2, "{asked:?}");
        let wide = asked[1];
        assert!(wide.start <= at(440) && at(560) <= wide.end, "keys live for 30 days: {wide:?}");
    }

    #[tokio::test]
    async fn there_are_no_keys_of_the_future() {
        let list = Empty::default();
        let keys = AskedKeys::new(list.clone(), at(1000));
        let region = "us-east-1".parse().unwrap();
        keys.ring(&region, hour(999)).await;
        assert_eq!(list.asked.lock().unwrap()[0].end, at(1000));
        keys.ring(&region, hour(1001)).await;
        assert_eq!(list.asked.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_may_pass_is_asked_once_more_and_what_stands_is_not() {
        let region = "us-east-1".parse().unwrap();
        for (outlook, times) in [(Outlook::Passing, 2), (Outlook::Settled, 1)] {
            let list = Empty::default();
            list.refusals.lock().unwrap().push(outlook);
            let keys = AskedKeys::new(list.clone(), at(1000));
            let refused = keys.ring(&region, hour(500)).await;
            assert!(matches!(refused.authority(&region), Authority::Refused(_)));
            assert_eq!(keys.may_be_had_later(&region).await, outlook == Outlook::Passing);
            keys.ask_again(&region).await;
            keys.ring(&region, hour(500)).await;
            assert_eq!(list.asked.lock().unwrap().len(), times);
        }
    }
}
