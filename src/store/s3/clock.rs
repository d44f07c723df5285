//! S3's clock, as far as its answers tell. Every answer is dated, and a second holds thousands of them, so each second
//! is read once.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use chrono::NaiveDateTime;

use crate::trail::Time;

/// S3 gives every request an id, and names it in the answer.
pub(super) const REQUEST_ID: &str = "x-amz-request-id";
/// Before any answer.
const UNKNOWN: i64 = i64::MIN;

/// Reads `Thu, 26 Nov 2026 04:52:28 GMT`, the one form that HTTP's dates are sent in (RFC 9110, section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<Time> {
    NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok().map(|date| date.and_utc())
}

/// The latest `Date` of any answer.
#[derive(Debug)]
pub(super) struct Clock {
    /// Seconds since 1970.
    latest: AtomicI64,
    /// The time of day that was read last, as it stands in the header.
    read: AtomicU64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { latest: AtomicI64::new(UNKNOWN), read: AtomicU64::new(0) }
    }
}

impl Clock {
    /// The latest time heard.
    pub(super) fn now(&self) -> Option<Time> {
        Time::from_timestamp(self.latest.load(Ordering::Relaxed), 0)
    }

    /// Hears an answer. Only S3's own bears a request's id: a proxy's page says nothing of S3's clock.
    pub(super) fn hear(&self, answer: &HttpResponse) {
        if answer.headers().contains_key(REQUEST_ID)
            && let Some(date) = answer.headers().get("date")
        {
            self.read(date);
        }
    }

    /// Reads a date, unless its second has been read.
    fn read(&self, date: &str) {
        let Some(time) = date.as_bytes().get(17..25).and_then(|time| <[u8; 8]>::try_from(time).ok()) else {
            return;
        };
        let time = u64::from_be_bytes(time);
        if self.read.load(Ordering::Relaxed) == time {
            return;
        }
        if let Some(date) = http_date(date) {
            self.read.store(time, Ordering::Relaxed);
            self.latest.fetch_max(date.timestamp(), Ordering::Relaxed);
        }
    }
}

/// Hears every answer that the SDK gets.
#[derive(Debug)]
pub(super) struct Listener(pub(super) std::sync::Arc<Clock>);

impl Intercept for Listener {
    fn name(&self) -> &'static str {
        "Listener"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.hear(context.response());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dates: &[&str]) -> Option<String> {
        let clock = Clock::default();
        for date in dates {
            clock.read(date);
        }
        clock.now().map(|now| now.to_rfc3339())
    }

    #[test]
    fn the_latest_date_stands_and_nonsense_none() {
        let [early, late] = ["Thu, 26 Nov 2026 04:52:28 GMT", "Fri, 27 Nov 2026 00:00:00 GMT"];
        let told = Some("2026-11-27T00:00:00+00:00".to_owned());
        assert_eq!(after(&[early, late]), told);
        assert_eq!(after(&[late, early]), told);
        assert_eq!(after(&[late, "Sat, 28 Nov 2026 00:00:01", "yesterday", ""]), told);
        assert_eq!(
            after(&["Thu, 99 Nov 2026 04:52:28 GMT", "Ende November, um 04:52:28 Uhr, in Köln"]),
            None
        );
    }
}
