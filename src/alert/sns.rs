//! A message for a topic of SNS: mail, above all. The parameters of Publish, as the query protocol writes them.

use super::fit::fit;
use super::message::Message;
use super::text::{Foreign, text};
use super::topic::{Queue, TopicArn};
use crate::crypto::Hash;
use crate::trail::token::{Within, escaped};

/// A message and its attributes (Publish).
const MOST: usize = 256 << 10;
/// Room for the attributes in it.
const ATTRIBUTES: usize = 1 << 10;
/// A subject is ASCII without control characters, begins with a letter, and is shorter than 100 characters (Publish).
const SUBJECT: usize = 99;

/// Mail has no markup.
struct Mail;

impl Foreign for Mail {
    fn sentence(&self, text: &str) -> String {
        text.to_owned()
    }

    fn name(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// Writes the parameters of Publish.
pub fn sns(message: &Message, topic: &TopicArn) -> Vec<u8> {
    let text = fit(message, MOST - ATTRIBUTES, |message| text(message, &Mail), String::len);
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut parameters = vec![
        own("Action", "Publish"),
        own("Version", "2010-03-31"),
        own("TopicArn", &topic.to_string()),
        own("Subject", &subject(message)),
    ];
    // By these a subscription can choose.
    let attributes = [("kind", message.kind.as_str()), ("verdict", message.outcome.as_str())];
    for (number, (name, value)) in attributes.into_iter().enumerate() {
        let entry = format!("MessageAttributes.entry.{}", number + 1);
        parameters.push(own(&format!("{entry}.Name"), name));
        parameters.push(own(&format!("{entry}.Value.DataType"), "String"));
        parameters.push(own(&format!("{entry}.Value.StringValue"), value));
    }
    if topic.queue() == Queue::InOrder {
        parameters.push(own("MessageGroupId", "trailseal"));
        parameters.push(own("MessageDeduplicationId", &Hash::of(text.as_bytes()).to_string()));
    }
    parameters.push(own("Message", &text));
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value, Within::Path)));
    pairs.collect::<Vec<_>>().join("&").into_bytes()
}

fn subject(message: &Message) -> String {
    let subject = format!("trailseal: {} {}", message.word, message.source);
    let seen = |char: char| if char.is_ascii_graphic() || char == ' ' { char } else { '?' };
    match subject.chars().count() {
        ..=SUBJECT => subject.chars().map(seen).collect(),
        _ => subject.chars().take(SUBJECT - 3).map(seen).chain("...".chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::scenes::{hostile, message_of};

    #[test]
    fn a_subject_is_short_and_ascii_whatever_the_source_is_called() {
        for source in ["s3://b", &"ü".repeat(300), "a\nBcc: x\u{202e}", "s3://b?X-Amz-Signature=secret"] {
            let mut report = hostile();
            report.source = source.to_owned();
            let subject = subject(&message_of(&report));
            assert!(subject.len() < 100 && subject.starts_with("trailseal: TAMPERED "), "{subject}");
            assert!(subject.chars().all(|char| char == ' ' || char.is_ascii_graphic()), "{subject}");
            assert!(!subject.contains("secret"), "{subject}");
        }
    }
}
