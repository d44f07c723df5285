//! The lines of a seal.

use std::collections::BTreeSet;
use std::fmt::Display;

use chrono::SecondsFormat;

use super::{Carried, ObjectCounts, SCHEMA, Seal, SealedPart, SealedRun, Softened};
use crate::seal::name::origin;
use crate::trail::Time;
use crate::trail::token::{Within, escaped};

/// The text, its lines each with LF.
pub(super) fn text(seal: &Seal) -> String {
    let mut lines = Lines(format!("{SCHEMA}\n"));
    lines.add("origin", origin(&seal.origin));
    lines.add("number", seal.number());
    lines.add("source", word(&seal.source));
    lines.add("time", time(seal.time));
    lines.add("tool", format_args!("trailseal/{} rules/{}", word(&seal.tool.version), seal.tool.rules));
    for key in &seal.new_keys {
        lines.add("key", word(&key.to_string()));
    }
    match &seal.run {
        None => lines.add("previous", "none"),
        Some(run) => add_run(run, &mut lines),
    }
    lines.0
}

fn add_run(run: &SealedRun, lines: &mut Lines) {
    let start = run.window.start().map_or_else(|| "open".to_owned(), time);
    lines.add("window", format_args!("{start} {}", time(run.window.end())));
    lines.add("scope", scope(&run.part));
    lines.add("depth", run.depth);
    for softened in &run.softened {
        match softened {
            Softened::Accept(code) => lines.add("softened", format_args!("accept={code}")),
            Softened::Ended(ended) => lines.add("softened", format_args!("ended={ended}")),
            Softened::Retention(days) => lines.add("softened", format_args!("retention={days}")),
        }
    }
    for released in &run.released {
        lines.add("released", format_args!("{} {}", word(&released.key), released.hash));
    }
    lines.add("verdict", run.outcome.as_str());
    lines.add("exit", run.exit);
    let counts = |counts: &ObjectCounts| format!("{} {}", counts.digests, counts.logs);
    lines.add("read", counts(&run.read));
    let Carried { objects, oldest_read_at } = &run.carried;
    let oldest = oldest_read_at.map_or_else(|| "-".to_owned(), time);
    lines.add("carried", format_args!("{} {oldest}", counts(objects)));
    lines.add("keys", format_args!("sha256:{}", run.keys));
    lines.add("report", format_args!("sha256:{}", run.report));
    lines.add("previous", format_args!("sha256:{}", run.previous));
    for head in &run.heads {
        let (bucket, key) = (word(&head.object.bucket), word(&head.object.key));
        lines.add("head", format_args!("{} {} {} {bucket} {key}", time(head.end), head.hash, head.seen));
    }
}

struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: impl Display) {
        self.0.push_str(&format!("{name} {value}\n"));
    }
}

fn word(word: &str) -> String {
    escaped(word, Within::Line)
}

fn time(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn scope(part: &SealedPart) -> String {
    let tokens =
        [("account", list(&part.accounts)), ("region", list(&part.regions)), ("trail", list(&part.trails))];
    let tokens = tokens.into_iter().filter_map(|(name, list)| Some(format!("{name}={}", list?)));
    match tokens.collect::<Vec<_>>() {
        tokens if tokens.is_empty() => "all".to_owned(),
        tokens => tokens.join(" "),
    }
}

fn list<T: Display>(set: &BTreeSet<T>) -> Option<String> {
    let words: Vec<String> = set.iter().map(T::to_string).collect();
    (!words.is_empty()).then(|| words.join(","))
}
