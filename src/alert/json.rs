//! A message as one JSON document, `trailseal/alert/v1`: for programs.

use serde::Serialize;

use super::message::{Gone, Item, Message};
use super::news::Standing;
use crate::trail::format_time;

/// The name of the format, first in every message.
const SCHEMA: &str = "trailseal/alert/v1";

#[derive(Serialize)]
struct Document<'m> {
    schema: &'static str,
    kind: &'static str,
    source: &'m str,
    window: Bounds,
    ended_at: String,
    verdict: &'static str,
    exit_code: u8,
    sentence: &'m str,
    counts: Vec<Count>,
    /// Findings of one code, place and day are one of them.
    matters: usize,
    new: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    red_since: Option<String>,
    first: Vec<Matter<'m>>,
    left_out: usize,
    recovered: Vec<Recovered<'m>>,
    recovered_left_out: usize,
    reports: &'m [String],
}

#[derive(Serialize)]
struct Bounds {
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    end: String,
}

#[derive(Serialize)]
struct Count {
    class: &'static str,
    code: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct Matter<'m> {
    key: &'m str,
    /// `new`, `more` or `told`.
    standing: &'static str,
    class: &'static str,
    code: &'static str,
    place: &'m str,
    findings: u64,
    sentence: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'m str>,
}

#[derive(Serialize)]
struct Recovered<'m> {
    key: &'m str,
    code: &'static str,
    place: &'m str,
    first_told_at: String,
}

/// Writes a message in one line, without a line feed.
pub fn json(message: &Message) -> Vec<u8> {
    let document = Document {
        schema: SCHEMA,
        kind: message.kind.as_str(),
        source: &message.source,
        window: Bounds {
            start: message.window.start().map(format_time),
            end: format_time(message.window.end()),
        },
        ended_at: format_time(message.ended),
        verdict: message.outcome.as_str(),
        exit_code: message.exit_code,
        sentence: &message.sentence,
        counts: message
            .counts
            .iter()
            .map(|(class, code, count)| Count { class: class.as_str(), code: code.as_str(), count: *count })
            .collect(),
        matters: message.matters,
        new: message.new,
        red_since: message.since.map(format_time),
        first: message.first.iter().map(matter).collect(),
        left_out: message.left_out(),
        recovered: message.gone.iter().map(recovered).collect(),
        recovered_left_out: message.gone_left_out,
        reports: &message.reports,
    };
    // Text and numbers: none of it can fail to be written.
    serde_json::to_vec(&document).unwrap_or_default()
}

fn matter(item: &Item) -> Matter<'_> {
    Matter {
        key: item.key.as_str(),
        standing: match item.standing {
            Standing::New => "new",
            Standing::More(_) => "more",
            Standing::Told => "told",
        },
        class: item.class.as_str(),
        code: item.code.as_str(),
        place: &item.place,
        findings: item.count,
        sentence: &item.sentence,
        object: item.object.as_deref(),
    }
}

fn recovered(gone: &Gone) -> Recovered<'_> {
    Recovered {
        key: gone.key.as_str(),
        code: gone.code.as_str(),
        place: &gone.place,
        first_told_at: format_time(gone.first_told),
    }
}
