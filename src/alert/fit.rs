//! Makes a message fit: what a target does not take is left out from the end, and counted.

use super::message::Message;

/// Writes a message in at most so many bytes or characters, as `length` counts them, with as many matters as there is room for. A
/// message without any matter, name of a gone one or path has room everywhere.
pub fn fit<T>(
    message: &Message,
    most: usize,
    write: impl Fn(&Message) -> T,
    length: impl Fn(&T) -> usize,
) -> T {
    let mut message = message.clone();
    loop {
        let written = write(&message);
        if length(&written) <= most || !shorten(&mut message) {
            return written;
        }
    }
}

/// Leaves something out, if anything is left to leave out.
fn shorten(message: &mut Message) -> bool {
    if message.first.pop().is_some() || message.reports.pop().is_some() {
        return true;
    }
    let gone = message.gone.pop().is_some();
    message.gone_left_out += usize::from(gone);
    gone
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::alert::scenes::{PAYLOADS, found, hostile, message_of};
    use crate::alert::{event_bridge, json, slack, sns};
    use crate::render::plain::acts;
    use crate::trail::token::{Within, unescaped};
    use crate::verdict::{Class, Code, What};

    /// The longest message that there can be: all in it is as long as it may be.
    fn longest() -> Message {
        let mut report = hostile();
        let long = "&<>🦀\u{202e}".repeat(10_000);
        report.source = long.clone();
        report.findings.iter_mut().for_each(|finding| finding.what = What::saved(Code::LogModified, &*long));
        let mut message = message_of(&report);
        message.reports = vec![message.source.clone(); 200];
        message.counts = Code::ALL.iter().map(|code| (Class::Incomplete, *code, u64::MAX)).collect();
        message
    }

    fn text_of_slack(message: &Message) -> String {
        let payload: serde_json::Value = serde_json::from_slice(&slack(message)).unwrap();
        payload["text"].as_str().unwrap().to_owned()
    }

    fn text_of_mail(message: &Message) -> String {
        let asked = String::from_utf8(sns(message, &"arn:aws:sns:us-east-1:111122223333:t".parse().unwrap()))
            .unwrap();
        let text = asked.split('&').find_map(|pair| pair.strip_prefix("Message=")).unwrap();
        unescaped(text, Within::Path).unwrap()
    }

    fn detail(message: &Message) -> String {
        let asked = event_bridge::put_events(message, &"default".parse().unwrap());
        let asked: serde_json::Value = serde_json::from_slice(&asked).unwrap();
        asked["Entries"][0]["Detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_message_is_within_its_targets_limit_and_counts_what_it_leaves_out() {
        let message = longest();
        assert!(text_of_slack(&message).chars().count() <= 40_000);
        assert!(text_of_mail(&message).len() <= 255 << 10);
        assert!(detail(&message).len() <= 255 << 10);
        let json: serde_json::Value = serde_json::from_str(&detail(&message)).unwrap();
        let told = json["first"].as_array().unwrap().len() as u64;
        assert_eq!(json["left_out"].as_u64().unwrap() + told, json["matters"].as_u64().unwrap());
        let told = text_of_slack(&message).matches("\n- new: ").count();
        assert!(
            text_of_slack(&message).contains(&format!("… and {} more", message.matters - told)),
            "{told}"
        );
    }

    #[test]
    fn nothing_that_a_bucket_holds_acts_in_any_message() {
        let message = message_of(&hostile());
        let expected = text_of_mail(&message).lines().count();
        for text in [text_of_slack(&message), text_of_mail(&message), detail(&message)] {
            assert_eq!(text.chars().find(|char| acts(*char) && *char != '\n'), None, "{text}");
        }
        let document: serde_json::Value = serde_json::from_slice(&json(&message)).unwrap();
        assert_eq!(document["kind"], "red");
        for payload in PAYLOADS {
            let mut report = hostile();
            report.findings = vec![found(Code::LogModified, "2026-03-02T00:00:00Z", payload)];
            report.findings[0].what = What::saved(Code::LogModified, payload);
            let message = message_of(&report);
            let slack = text_of_slack(&message);
            // Outside of code spans there is nothing but words.
            let bare: String = slack.split('`').step_by(2).collect();
            assert_eq!(slack.matches('`').count() % 2, 0, "{slack}");
            assert!(!bare.contains(['<', '>', '&', '@']) && !bare.contains("evil"), "{bare}");
            assert!(!slack.contains(['<', '>', '@']), "{slack}");
            // A mail has the lines of a mail, whatever names it quotes.
            assert!(text_of_mail(&message).lines().count() < expected);
            assert_eq!(text_of_mail(&message).lines().count(), 11, "{}", text_of_mail(&message));
        }
    }

    #[test]
    fn no_message_holds_what_signs_a_request() {
        let mut report = hostile();
        report.source = "https://b.s3.amazonaws.com/AWSLogs/?X-Amz-Signature=secret".to_owned();
        let message = message_of(&report);
        for text in [text_of_slack(&message), text_of_mail(&message), detail(&message)] {
            assert!(text.contains("b.s3.amazonaws.com/AWSLogs/") && !text.contains("secret"), "{text}");
        }
    }
}
