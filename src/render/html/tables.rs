//! The inventory: every chain with its figures, every key with its fingerprint.

use maud::{Markup, html};

use crate::render::words::{self, Share};
use crate::report::{ChainReport, KeyUse, Report, Uncovered};
use crate::trail::{ChainId, DigestKind, Time};
use crate::verdict::Scope;

/// A column's head, and what stands below it.
type Column = (&'static str, Cells);

#[derive(Clone, Copy)]
enum Cells {
    Text,
    Numbers,
}

use Cells::{Numbers, Text};

/// A table that scrolls by itself where it is wider than the page.
fn table(label: &str, columns: &[Column], rows: Markup) -> Markup {
    html! {
        div class="wide" role="region" tabindex="0" aria-label=(label) {
            table class="figures" {
                thead {
                    tr {
                        @for (title, cells) in columns {
                            @match cells {
                                Text => th scope="col" { (title) },
                                Numbers => th scope="col" class="number" { (title) },
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

pub(super) fn chains(report: &Report) -> Markup {
    const COLUMNS: [Column; 7] = [
        ("Account", Text),
        ("Region", Text),
        ("Trail", Text),
        ("Digests authentic", Numbers),
        ("Log files intact", Numbers),
        ("Covered", Numbers),
        ("Unbroken up to (UTC)", Text),
    ];
    let rows = html! {
        @for chain in &report.chains {
            (of_chain(chain))
        }
        @for part in &report.uncovered {
            (uncovered(part))
        }
    };
    html! {
        @if !(report.chains.is_empty() && report.uncovered.is_empty()) {
            section id="chains" {
                h2 { "Chains" }
                (table("Chains", &COLUMNS, rows))
            }
        }
    }
}

fn of_chain(chain: &ChainReport) -> Markup {
    let id = &chain.id;
    html! {
        tr {
            td { (id.place.account) }
            td { (id.place.region) }
            td { (id.trail) (kind(id.kind)) }
            td class="number" { (part(chain.digests.authentic, chain.digests.total())) }
            td class="number" { (part(chain.logs.intact, chain.logs.total())) }
            td class="number" { (Share::of(&chain.coverage, &chain.gaps)) }
            td { (chain.verified_through.map_or_else(|| "–".to_owned(), words::moment)) }
        }
    }
}

fn uncovered(part: &Uncovered) -> Markup {
    let Scope { account, region, trail, .. } = &part.scope;
    html! {
        tr {
            td { (account.map_or("any".to_owned(), |account| account.to_string())) }
            td { (region.as_ref().map_or("any", |region| region.as_str())) }
            td { (trail.as_ref().map_or("–", |trail| trail.as_str())) }
            td colspan="2" { (words::no_chain(part.why)) }
            td class="number" { "0 %" }
            td { "–" }
        }
    }
}

fn part(good: u64, all: u64) -> String {
    if good == all {
        words::thousands(all)
    } else {
        format!("{} of {}", words::thousands(good), words::thousands(all))
    }
}

pub(super) fn newest(report: &Report) -> Markup {
    const COLUMNS: [Column; 3] = [("Chain", Text), ("Ends (UTC)", Text), ("SHA-256", Text)];
    let newest = || report.chains.iter().filter_map(|chain| Some((&chain.id, chain.newest.as_ref()?)));
    let rows = html! {
        @for (id, newest) in newest() {
            tr {
                td { (name(id)) }
                td { (words::moment(newest.end)) }
                td { code { (newest.hash) } }
            }
        }
    };
    html! {
        @if newest().next().is_some() {
            section id="newest" {
                h2 { "Newest digests" }
                p {
                    "Nothing in a chain shows that its newest digest was removed. Whoever keeps this table in a safe place \
                     can hold the bucket to it later."
                }
                (table("Newest digests", &COLUMNS, rows))
            }
        }
    }
}

fn name(id: &ChainId) -> String {
    format!("{} {} {}{}", id.place.account, id.place.region, id.trail, kind(id.kind))
}

fn kind(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Standard => "",
        DigestKind::Backfill => " (backfill)",
    }
}

pub(super) fn keys(report: &Report) -> Markup {
    const COLUMNS: [Column; 5] = [
        ("Fingerprint", Text),
        ("Region", Text),
        ("Published for", Text),
        ("Digests", Numbers),
        ("Origin", Text),
    ];
    let rows = html! {
        @for key in &report.keys {
            tr {
                td { code { (key.fingerprint) } }
                td { (key.region.as_ref().map_or("any", |region| region.as_str())) }
                td { (published(key)) }
                td class="number" { (words::thousands(key.digests)) }
                td { (key.origin) }
            }
        }
    };
    html! {
        @if !report.keys.is_empty() {
            section id="keys" {
                h2 { "Keys" }
                p {
                    "AWS's public keys that digests were verified with. The published dates are advice: a signature counts \
                     whatever they say."
                }
                (table("Keys", &COLUMNS, rows))
            }
        }
    }
}

fn published(key: &KeyUse) -> String {
    let day =
        |time: Option<Time>| time.map_or_else(|| "?".to_owned(), |time| time.format("%Y-%m-%d").to_string());
    match (key.valid_from, key.valid_to) {
        (None, None) => "–".to_owned(),
        (from, to) => format!("{} to {}", day(from), day(to)),
    }
}
