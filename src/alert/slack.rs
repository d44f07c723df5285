//! A message for Slack, and for what takes the same: `{"text": …}`.
//!
//! In Slack's markup only `&`, `<` and `>` begin anything that acts, such as a link or `<!channel>`, and they are written as entities.
//! What takes Slack's messages has more of it, such as `@channel` by itself, and all of them make links of bare addresses. So text
//! that could be more than words stands in a code span, without anything that could end it, and without `@`.

use serde::Serialize;

use super::fit::fit;
use super::message::Message;
use super::text::{Foreign, text};

/// Slack cuts text off that is longer (chat.postMessage, truncating content).
const MOST: usize = 40_000;

/// What an incoming webhook takes.
#[derive(Serialize)]
struct Payload {
    text: String,
    /// Nothing is fetched because a name looks like an address.
    unfurl_links: bool,
    unfurl_media: bool,
}

struct Slack;

impl Foreign for Slack {
    fn sentence(&self, text: &str) -> String {
        if is_words(text) { text.to_owned() } else { span(text) }
    }

    fn name(&self, text: &str) -> String {
        span(text)
    }
}

/// Writes a message for an incoming webhook.
pub fn slack(message: &Message) -> Vec<u8> {
    let text = fit(message, MOST, |message| text(message, &Slack), |text| text.chars().count());
    let payload = Payload { text, unfurl_links: false, unfurl_media: false };
    // Text and truths: none of it can fail to be written.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// Whether nothing in a text is markup, a mention or a link anywhere.
fn is_words(text: &str) -> bool {
    let harmless = |char: char| char.is_alphanumeric() || " .,:;()-/%'".contains(char);
    text.chars().all(harmless)
        && !["://", "www."].iter().any(|sign| text.contains(sign))
        && !names_a_host(text)
}

/// Whether a word has a dot inside, as hosts have.
fn names_a_host(text: &str) -> bool {
    let inside = |word: &str| word.trim_matches(|char: char| !char.is_alphanumeric()).contains('.');
    text.split_whitespace().any(inside)
}

/// A code span: the backtick, which would end it, and the sign that calls people are written as their likes.
fn span(text: &str) -> String {
    let mut span = String::from("`");
    for char in text.chars() {
        match char {
            '&' => span.push_str("&amp;"),
            '<' => span.push_str("&lt;"),
            '>' => span.push_str("&gt;"),
            '`' => span.push('\''),
            '@' => span.push('＠'),
            other => span.push(other),
        }
    }
    span.push('`');
    span
}
