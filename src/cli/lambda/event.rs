//! What an event asks for: that of a schedule for the whole record, that of S3 for the hours of the digests it names.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::trail::key::DigestKey;

/// Events that lie in one another: what S3 tells SNS, which tells SQS.
const DEEPEST: usize = 2;

/// An object that came to a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It speaks of no object: it is time.
    Time,
    /// Objects came to a bucket; none, where S3 only tried whether it is heard.
    Objects(Vec<Created>),
}

impl Event {
    /// Reads an event of a schedule, of S3 (Amazon S3 User Guide, "Event message structure"), of S3 by EventBridge ("EventBridge
    /// event message structure"), or of S3 by SNS or SQS. Whatever is none of S3's is one of a schedule.
    pub fn read(json: &[u8]) -> Self {
        let event: Value = serde_json::from_slice(json).unwrap_or_default();
        Self::within(&event, 0)
    }

    fn within(event: &Value, depth: usize) -> Self {
        let text =
            |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if event["Event"] == "s3:TestEvent" {
            return Self::Objects(Vec::new());
        }
        if event["source"] == "aws.s3" {
            let created = text(event, "/detail/bucket/name").zip(text(event, "/detail/object/key"));
            let is_creation = event["detail-type"] == "Object Created";
            let created = created.filter(|_| is_creation).map(|(bucket, key)| Created { bucket, key });
            return Self::Objects(created.into_iter().collect());
        }
        let Some(records) = event["Records"].as_array() else { return Self::Time };
        let (mut objects, mut is_of_s3) = (Vec::new(), false);
        for record in records {
            if let Some((bucket, key)) = text(record, "/s3/bucket/name").zip(text(record, "/s3/object/key")) {
                let is_creation = record["eventName"]
                    .as_str()
                    .is_some_and(|name| name.trim_start_matches("s3:").starts_with("ObjectCreated:"));
                is_of_s3 = true;
                // As in a form: a space is a plus sign.
                let key = key.replace('+', " ");
                if let Ok(key) = percent_decode_str(&key).decode_utf8()
                    && is_creation
                {
                    objects.push(Created { bucket, key: key.into_owned() });
                }
                continue;
            }
            let wrapped = text(record, "/Sns/Message").or_else(|| text(record, "/body"));
            let Some(wrapped) = wrapped.filter(|_| depth < DEEPEST) else { continue };
            let inner: Value = serde_json::from_str(&wrapped).unwrap_or_default();
            // SQS holds what SNS wrapped.
            let inner = match text(&inner, "/Message") {
                Some(message) => serde_json::from_str(&message).unwrap_or_default(),
                None => inner,
            };
            if let Self::Objects(found) = Self::within(&inner, depth + 1) {
                is_of_s3 = true;
                objects.extend(found);
            }
        }
        if is_of_s3 { Self::Objects(objects) } else { Self::Time }
    }
}

/// The digests among those objects that lie in `bucket` below `prefix`.
pub fn digests(objects: &[Created], bucket: &str, prefix: &str) -> Vec<DigestKey> {
    let own = objects.iter().filter(|object| object.bucket == bucket);
    let mut keys: Vec<DigestKey> =
        own.filter_map(|object| DigestKey::parse(&object.key)).filter(|key| *key.prefix == *prefix).collect();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a b/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/03/01/\
                       111122223333_CloudTrail-Digest_eu-west-1_management-events_eu-west-1_20260301T100000Z.json.gz";

    fn created() -> Event {
        Event::Objects(vec![Created { bucket: "b".into(), key: KEY.into() }])
    }

    fn of_s3(name: &str, key: &str) -> String {
        serde_json::json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
            "s3": {"bucket": {"name": "b", "arn": "arn:aws:s3:::b"}, "object": {"key": key, "size": 1}},
        }]})
        .to_string()
    }

    #[test]
    fn what_s3_tells_is_read_however_it_comes() {
        let direct = of_s3("ObjectCreated:Put", &KEY.replace(' ', "+"));
        let by_bridge = serde_json::json!({
            "version": "0", "detail-type": "Object Created", "source": "aws.s3", "region": "eu-west-1",
            "detail": {"bucket": {"name": "b"}, "object": {"key": KEY, "size": 1}, "reason": "PutObject"},
        });
        let by_topic =
            serde_json::json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": direct}}]});
        let by_queue = serde_json::json!({"Records": [{"eventSource": "aws:sqs", "body": direct}]});
        let by_both = serde_json::json!({"Records": [
            {"eventSource": "aws:sqs", "body": serde_json::json!({"Type": "Notification", "Message": direct}).to_string()},
        ]});
        for event in
            [direct, by_bridge.to_string(), by_topic.to_string(), by_queue.to_string(), by_both.to_string()]
        {
            assert_eq!(Event::read(event.as_bytes()), created(), "{event}");
        }
    }

    #[test]
    fn what_is_no_creation_names_nothing_and_what_is_not_s3_s_is_time() {
        let nothing = Event::Objects(Vec::new());
        for event in [
            of_s3("ObjectRemoved:Delete", KEY),
            of_s3("ObjectCreated:Put", "%FF"),
            r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#.to_owned(),
            r#"{"source":"aws.s3","detail-type":"Object Deleted","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#.to_owned(),
        ] {
            assert_eq!(Event::read(event.as_bytes()), nothing, "{event}");
        }
        for event in [
            "{}",
            "",
            "no JSON",
            r#"{"source":"aws.scheduler"}"#,
            "[]",
            r#"{"Records":7}"#,
            r#"{"Records":[{"body":"no JSON"}, 7, null]}"#,
        ] {
            assert_eq!(Event::read(event.as_bytes()), Event::Time, "{event}");
        }
    }

    #[test]
    fn nothing_lies_deeper_than_sqs_holds_what_sns_says() {
        let mut event = of_s3("ObjectCreated:Put", &KEY.replace(' ', "+"));
        for _ in 0..DEEPEST {
            event = serde_json::json!({"Records": [{"body": event}]}).to_string();
        }
        assert_eq!(Event::read(event.as_bytes()), created());
        event = serde_json::json!({"Records": [{"body": event}]}).to_string();
        assert_eq!(Event::read(event.as_bytes()), Event::Time);
    }

    #[test]
    fn only_digests_of_the_source_count() {
        let at = |bucket: &str, key: &str| Created { bucket: bucket.into(), key: key.into() };
        let objects =
            [at("b", KEY), at("b", KEY), at("other", KEY), at("b", "a b/AWSLogs/x"), at("b", &KEY[4..])];
        let found = digests(&objects, "b", "a b/");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [KEY]);
    }
}
