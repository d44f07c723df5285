//! Notices the recorded calls that explain a gap or show tampering: those that stop, start or change a trail, its
//! bucket or its key. While a log file's bytes pass by, only the names of calls are looked at; a file that holds a
//! telling one is parsed. The files are authentic by then, so AWS wrote what is read here.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::trail::{ObjectName, parse_time};
use crate::verdict::RecordedCall;

mod explain;
pub use explain::{attribute, notice};

/// What a call touches, and so what it can explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touches {
    /// The trail: whether, where and what it records.
    Trail,
    /// The region or account as a whole: whether there is anything to record.
    Territory,
    /// The bucket the record lies in.
    Bucket,
    /// The key that encrypts it.
    Key,
}

/// The telling calls: name, service, and what they touch; sorted by name (CloudTrail User Guide, Amazon S3 User Guide
/// "Amazon S3 CloudTrail events", AWS KMS, Organizations and Account Management API references).
const TELLING: [(&str, &str, Touches); 42] = [
    ("CancelKeyDeletion", "kms", Touches::Key),
    ("CloseAccount", "organizations", Touches::Territory),
    ("CreateTrail", "cloudtrail", Touches::Trail),
    ("DeleteBucket", "s3", Touches::Bucket),
    ("DeleteBucketEncryption", "s3", Touches::Bucket),
    ("DeleteBucketLifecycle", "s3", Touches::Bucket),
    ("DeleteBucketPolicy", "s3", Touches::Bucket),
    ("DeleteBucketPublicAccessBlock", "s3", Touches::Bucket),
    ("DeleteBucketReplication", "s3", Touches::Bucket),
    ("DeleteObject", "s3", Touches::Bucket),
    ("DeleteObjects", "s3", Touches::Bucket),
    ("DeleteTrail", "cloudtrail", Touches::Trail),
    ("DeregisterOrganizationDelegatedAdmin", "cloudtrail", Touches::Trail),
    ("DisableAWSServiceAccess", "organizations", Touches::Territory),
    ("DisableKey", "kms", Touches::Key),
    ("DisableRegion", "account", Touches::Territory),
    ("EnableKey", "kms", Touches::Key),
    ("EnableRegion", "account", Touches::Territory),
    ("LeaveOrganization", "organizations", Touches::Territory),
    ("PutBucketAcl", "s3", Touches::Bucket),
    ("PutBucketEncryption", "s3", Touches::Bucket),
    ("PutBucketLifecycle", "s3", Touches::Bucket),
    ("PutBucketLogging", "s3", Touches::Bucket),
    ("PutBucketObjectLockConfiguration", "s3", Touches::Bucket),
    ("PutBucketOwnershipControls", "s3", Touches::Bucket),
    ("PutBucketPolicy", "s3", Touches::Bucket),
    ("PutBucketPublicAccessBlock", "s3", Touches::Bucket),
    ("PutBucketReplication", "s3", Touches::Bucket),
    ("PutBucketVersioning", "s3", Touches::Bucket),
    ("PutEventConfiguration", "cloudtrail", Touches::Trail),
    ("PutEventSelectors", "cloudtrail", Touches::Trail),
    ("PutInsightSelectors", "cloudtrail", Touches::Trail),
    ("PutKeyPolicy", "kms", Touches::Key),
    ("PutObjectLegalHold", "s3", Touches::Bucket),
    ("PutObjectRetention", "s3", Touches::Bucket),
    ("RemoveAccountFromOrganization", "organizations", Touches::Territory),
    ("RevokeGrant", "kms", Touches::Key),
    ("ScheduleKeyDeletion", "kms", Touches::Key),
    ("StartLogging", "cloudtrail", Touches::Trail),
    ("StopLogging", "cloudtrail", Touches::Trail),
    ("UpdateObjectEncryption", "s3", Touches::Bucket),
    ("UpdateTrail", "cloudtrail", Touches::Trail),
];

/// What a call of that name, from that service, touches.
pub fn touches(event_name: &str, event_source: &str) -> Option<Touches> {
    let at = TELLING.binary_search_by_key(&event_name, |(name, ..)| name).ok()?;
    let (_, service, touches) = TELLING[at];
    (event_source.strip_suffix(".amazonaws.com") == Some(service)).then_some(touches)
}

/// How a call's name begins in a record. CloudTrail writes no white space.
const FIELD: &[u8] = b"\"eventName\":\"";
static NAMED: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(FIELD));
/// More than the field and the longest telling name.
const SEAM: usize = 64;

/// Watches a log file's bytes pass by in chunks.
pub struct Scanner<'a> {
    field: &'static memmem::Finder<'static>,
    bucket: &'a str,
    /// The end of the chunk before, and room for the beginning of the next.
    seam: [u8; 2 * SEAM],
    seen: usize,
    state: State,
}

/// What a scanner has seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing.
    Quiet,
    /// A call on some bucket; its parameters, which follow, will name the bucket.
    SomeBucket,
    /// A telling call.
    Telling,
}

impl<'a> Scanner<'a> {
    /// A scanner for a file of the record that lies in `bucket`. Calls on other buckets are passed over: there may be
    /// thousands.
    pub fn new(bucket: &'a str) -> Self {
        Self { field: &NAMED, bucket, seam: [0; 2 * SEAM], seen: 0, state: State::Quiet }
    }

    /// Looks at the next chunk.
    pub fn look(&mut self, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        let mut seam = self.seam;
        if self.seen > 0 {
            let beginning = &chunk[..chunk.len().min(SEAM)];
            let end = self.seen + beginning.len();
            seam[self.seen..end].copy_from_slice(beginning);
            self.search(&seam[..end]);
        }
        self.search(chunk);
        let last = &chunk[chunk.len().saturating_sub(SEAM)..];
        self.seam[..last.len()].copy_from_slice(last);
        self.seen = last.len();
    }

    /// Whether the file may hold a telling call, and is worth parsing.
    pub fn telling(&self) -> bool {
        self.state == State::Telling
    }

    fn search(&mut self, bytes: &[u8]) {
        let mut from = 0;
        while self.state == State::Quiet {
            let Some(at) = self.field.find(&bytes[from..]) else { return };
            from += at + FIELD.len();
            self.state = state_after(&bytes[from..]);
        }
        if self.state == State::SomeBucket && memmem::find(&bytes[from..], self.bucket.as_bytes()).is_some() {
            self.state = State::Telling;
        }
    }
}

/// How the telling calls' names begin. There is a name in every record, and nearly all begin otherwise: looking at three
/// bytes first makes the search cheap.
fn begins_telling(rest: &[u8]) -> bool {
    matches!(
        rest.first_chunk::<3>(),
        Some(
            b"Can"
                | b"Clo"
                | b"Cre"
                | b"Del"
                | b"Der"
                | b"Dis"
                | b"Ena"
                | b"Lea"
                | b"Put"
                | b"Rem"
                | b"Rev"
                | b"Sch"
                | b"Sta"
                | b"Sto"
                | b"Upd"
        )
    )
}

/// What the call whose name begins here amounts to.
fn state_after(rest: &[u8]) -> State {
    if !begins_telling(rest) {
        return State::Quiet;
    }
    let name = memchr::memchr(b'"', &rest[..rest.len().min(SEAM)]).map(|end| &rest[..end]);
    let telling =
        name.and_then(|found| TELLING.binary_search_by(|(name, ..)| name.as_bytes().cmp(found)).ok());
    match telling.map(|at| TELLING[at].2) {
        None => State::Quiet,
        Some(Touches::Bucket) => State::SomeBucket,
        Some(Touches::Trail | Touches::Territory | Touches::Key) => State::Telling,
    }
}

/// Reads a log file record by record, keeping none but the telling ones: the others may take a hundred megabytes.
struct File<'name>(&'name ObjectName);

/// The same within its list of records.
struct Records<'name>(&'name ObjectName);

impl<'de> DeserializeSeed<'de> for File<'_> {
    type Value = Vec<RecordedCall>;

    fn deserialize<D: Deserializer<'de>>(self, file: D) -> Result<Self::Value, D::Error> {
        file.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = Vec<RecordedCall>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a log file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut file: A) -> Result<Self::Value, A::Error> {
        let mut told = Vec::new();
        while let Some(name) = file.next_key::<Cow<'de, str>>()? {
            match &*name {
                "Records" => told.extend(file.next_value_seed(Records(self.0))?),
                _ => drop(file.next_value::<IgnoredAny>()?),
            }
        }
        Ok(told)
    }
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = Vec<RecordedCall>;

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<Self::Value, D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = Vec<RecordedCall>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut told = Vec::new();
        // Each by itself: what one holds that cannot be read costs that record alone.
        while let Some(record) = list.next_element::<&RawValue>()? {
            let record = serde_json::from_str(record.get()).ok();
            told.extend(record.and_then(|record| call(record, self.0)));
        }
        Ok(told)
    }
}

/// What is told of a call. Its parameters and its caller are read by themselves: whoever calls chooses what is in them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'body> {
    event_time: Option<String>,
    event_name: Option<Box<str>>,
    event_source: Option<Box<str>>,
    #[serde(rename = "eventID")]
    event_id: Option<Box<str>>,
    #[serde(rename = "sourceIPAddress")]
    source_ip: Option<Box<str>>,
    error_code: Option<Box<str>>,
    #[serde(borrow)]
    user_identity: Option<&'body RawValue>,
    #[serde(borrow)]
    request_parameters: Option<&'body RawValue>,
}

/// The telling calls in an authentic log file's inflated bytes. A file of another shape holds none.
pub fn recorded_calls(body: &[u8], log_file: &ObjectName) -> Vec<RecordedCall> {
    let mut json = serde_json::Deserializer::from_slice(body);
    File(log_file).deserialize(&mut json).unwrap_or_default()
}

fn call(record: Record<'_>, log_file: &ObjectName) -> Option<RecordedCall> {
    let (event_name, event_source) = (record.event_name?, record.event_source?);
    let touched = touches(&event_name, &event_source)?;
    let value = |raw: Option<&RawValue>| {
        raw.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok()).unwrap_or_default()
    };
    let parameters = value(record.request_parameters);
    let target = target(touched, &parameters);
    if touched == Touches::Bucket && target.split('/').next() != Some(&*log_file.bucket) {
        return None;
    }
    Some(RecordedCall {
        time: parse_time(&record.event_time?).ok()?,
        event_name,
        event_source,
        target: target.into(),
        actor: actor(&value(record.user_identity)),
        source_ip: record.source_ip.unwrap_or_default(),
        event_id: record.event_id.unwrap_or_default(),
        error_code: record.error_code,
        log_file: log_file.clone(),
    })
}

fn target(touched: Touches, parameters: &Value) -> String {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let first = |names: &[&str]| names.iter().find_map(|name| text(name)).unwrap_or_default().to_owned();
    match touched {
        Touches::Trail => first(&["name", "trailName", "delegatedAdminAccountId"]),
        Touches::Territory => first(&["regionName", "accountId", "servicePrincipal"]),
        Touches::Key => first(&["keyId"]),
        Touches::Bucket => match (text("bucketName"), text("key")) {
            (Some(bucket), Some(key)) => format!("{bucket}/{key}"),
            (bucket, _) => bucket.unwrap_or_default().to_owned(),
        },
    }
}

/// The caller's ARN, or whatever identifies it instead.
fn actor(identity: &Value) -> Box<str> {
    ["arn", "invokedBy", "principalId", "accountId", "type"]
        .into_iter()
        .find_map(|name| identity.get(name).and_then(Value::as_str))
        .unwrap_or_default()
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &[u8] = br#"{"Records":[{"eventTime":"2026-03-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"DeleteObject","requestParameters":{"bucketName":"trail-bucket","key":"AWSLogs/x"}}]}"#;

    fn telling(file: &[u8], cut: usize) -> bool {
        let mut scanner = Scanner::new("trail-bucket");
        scanner.look(&file[..cut]);
        scanner.look(&file[cut..]);
        scanner.telling()
    }

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(TELLING.is_sorted_by_key(|(name, ..)| *name));
        assert!(TELLING.iter().all(|(name, ..)| name.len() + FIELD.len() < SEAM));
        assert!(TELLING.iter().all(|(name, ..)| begins_telling(name.as_bytes())));
    }

    #[test]
    fn a_telling_call_is_found_wherever_the_bytes_are_cut() {
        assert!((0..FILE.len()).all(|cut| telling(FILE, cut)), "at a cut");
    }

    #[test]
    fn calls_on_other_buckets_and_other_calls_are_passed_over() {
        let other = String::from_utf8(FILE.to_vec()).unwrap().replace("trail-bucket", "other-bucket");
        assert!(!telling(other.as_bytes(), 0));
        let harmless = String::from_utf8(FILE.to_vec()).unwrap().replace("DeleteObject", "GetObject");
        assert!(!telling(harmless.as_bytes(), 0));
    }

    #[test]
    fn a_record_that_cannot_be_read_costs_no_other_and_parameters_cost_only_what_they_say() {
        let object = ObjectName::new("trail-bucket", "log");
        let stop = |parameters: &str| {
            format!(
                r#"{{"eventTime":"2026-03-01T10:00:00Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","requestParameters":{parameters}}}"#
            )
        };
        let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
        for odd in [deep.as_str(), r#"{"name":"\ud800"}"#, r#"{"name":1e999}"#] {
            let file = format!(r#"{{"Records":[{},{odd},{}]}}"#, stop(odd), stop(r#"{"name":"trail"}"#));
            let told: Vec<_> =
                recorded_calls(file.as_bytes(), &object).into_iter().map(|told| told.target).collect();
            assert_eq!(told, ["".into(), Box::from("trail")], "{odd}");
        }
    }

    #[test]
    fn only_the_services_own_calls_count() {
        let object = ObjectName::new("trail-bucket", "log");
        assert_eq!(recorded_calls(FILE, &object)[0].target.as_ref(), "trail-bucket/AWSLogs/x");
        let forged =
            String::from_utf8(FILE.to_vec()).unwrap().replace("s3.amazonaws.com", "ec2.amazonaws.com");
        assert!(recorded_calls(forged.as_bytes(), &object).is_empty());
    }
}
