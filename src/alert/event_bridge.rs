//! A message for a bus of EventBridge: what PutEvents is asked, and what it answers.

use serde::{Deserialize, Serialize};

use super::fit::fit;
use super::json::json;
use super::message::{Kind, Message};
use super::topic::Bus;

/// An entry of PutEvents: its source, type, detail and time together (PutEvents, size of an entry).
const MOST: usize = 256 << 10;
/// Room for all but the detail.
const BESIDE: usize = 1 << 10;
/// Who sends it.
const SOURCE: &str = "trailseal";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    entries: [Entry; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: &'static str,
    detail_type: &'static str,
    detail: String,
    event_bus_name: String,
    /// In seconds.
    time: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    failed_entry_count: u64,
    #[serde(default)]
    entries: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    error_code: Option<String>,
    error_message: Option<String>,
}

/// Writes what PutEvents is asked. Rules can go by the event's type and by all that its detail holds.
pub fn put_events(message: &Message, bus: &Bus) -> Vec<u8> {
    let detail = fit(message, MOST - BESIDE, json, Vec::len);
    let entry = Entry {
        source: SOURCE,
        detail_type: match message.kind {
            Kind::Red => "CloudTrail Record Red",
            Kind::StillRed => "CloudTrail Record Still Red",
            Kind::Recovered => "CloudTrail Record Recovered",
        },
        detail: String::from_utf8_lossy(&detail).into_owned(),
        event_bus_name: bus.to_string(),
        time: message.ended.timestamp(),
    };
    // Text and a number: none of it can fail to be written.
    serde_json::to_vec(&Asked { entries: [entry] }).unwrap_or_default()
}

/// Why the event was not taken although the request was: none, where it was.
pub fn refused(answer: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Answer>(answer) {
        Ok(Answer { failed_entry_count: 0, .. }) => None,
        Ok(Answer { entries, .. }) => {
            let words = entries.into_iter().flat_map(|entry| [entry.error_code, entry.error_message]);
            Some(words.flatten().collect::<Vec<_>>().join(": "))
        }
        Err(error) => Some(format!("what answered is not EventBridge: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_taken_may_hold_an_event_that_is_not() {
        assert_eq!(refused(br#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#), None);
        let failed =
            br#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}"#;
        assert_eq!(refused(failed).as_deref(), Some("InternalFailure: x"));
        assert!(refused(b"<html>").is_some());
    }
}
