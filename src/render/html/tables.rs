//! The inventory: every chain with its figures, every key with its fingerprint.

use std::io;

use crate::render::words::{self, Share};
use crate::render::xml::Attribute as Text;
use crate::report::{ChainReport, Report, Uncovered};
use crate::trail::DigestKind;
use crate::verdict::Scope;

pub(super) fn chains(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    if report.chains.is_empty() && report.uncovered.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"chains\">\n<h2>Chains</h2>\n<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Chains\"><table class=\"figures\">\n<thead><tr><th scope=\"col\">Account</th><th scope=\"col\">Region</th><th scope=\"col\">Trail</th>\
         <th scope=\"col\" class=\"number\">Digests authentic</th><th scope=\"col\" class=\"number\">Log files intact</th><th scope=\"col\" class=\"number\">Covered</th>\
         <th scope=\"col\">Unbroken up to (UTC)</th></tr></thead>\n<tbody>"
    )?;
    for chain in &report.chains {
        chain_row(chain, out)?;
    }
    for part in &report.uncovered {
        uncovered_row(part, out)?;
    }
    writeln!(out, "</tbody>\n</table></div>\n</section>")
}

fn chain_row(chain: &ChainReport, out: &mut dyn io::Write) -> io::Result<()> {
    let id = &chain.id;
    writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{}</td><td>{}</td></tr>",
        id.place.account,
        Text(&id.place.region),
        Text(&id.trail),
        kind(id.kind),
        part(chain.digests.authentic, chain.digests.total()),
        part(chain.logs.intact, chain.logs.total()),
        Share::of(&chain.coverage, &chain.gaps),
        chain.verified_through.map_or_else(|| "–".to_owned(), words::moment)
    )
}

fn uncovered_row(part: &Uncovered, out: &mut dyn io::Write) -> io::Result<()> {
    let Scope { account, region, trail, .. } = &part.scope;
    writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td colspan=\"2\">{}</td><td class=\"number\">0 %</td><td>–</td></tr>",
        account.map_or("any".to_owned(), |account| account.to_string()),
        Text(region.as_ref().map_or("any", |region| region.as_str())),
        Text(trail.as_ref().map_or("–", |trail| trail.as_str())),
        words::no_chain(part.why),
    )
}

fn part(good: u64, all: u64) -> String {
    if good == all {
        words::thousands(all)
    } else {
        format!("{} of {}", words::thousands(good), words::thousands(all))
    }
}

pub(super) fn newest(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let newest = || report.chains.iter().filter_map(|chain| Some((&chain.id, chain.newest.as_ref()?)));
    if newest().next().is_none() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"newest\">\n<h2>Newest digests</h2>\n<p>Nothing in a chain shows that its newest digest was removed. Whoever keeps \
         this table in a safe place can hold the bucket to it later.</p>\n<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Newest digests\"><table class=\"figures\">\n\
         <thead><tr><th scope=\"col\">Chain</th><th scope=\"col\">Ends (UTC)</th><th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>"
    )?;
    for (id, newest) in newest() {
        writeln!(
            out,
            "<tr><td>{} {} {}{}</td><td>{}</td><td><code>{}</code></td></tr>",
            id.place.account,
            Text(&id.place.region),
            Text(&id.trail),
            kind(id.kind),
            words::moment(newest.end),
            newest.hash
        )?;
    }
    writeln!(out, "</tbody>\n</table></div>\n</section>")
}

fn kind(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Standard => "",
        DigestKind::Backfill => " (backfill)",
    }
}

pub(super) fn keys(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    if report.keys.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"keys\">\n<h2>Keys</h2>\n<p>AWS's public keys that digests were verified with. The published dates are advice: \
         a signature counts whatever they say.</p>\n<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Keys\"><table class=\"figures\">\n<thead><tr><th scope=\"col\">Fingerprint</th>\
         <th scope=\"col\">Region</th><th scope=\"col\">Published for</th><th scope=\"col\" class=\"number\">Digests</th><th scope=\"col\">Origin</th></tr></thead>\n<tbody>"
    )?;
    for key in &report.keys {
        let day = |time: Option<crate::trail::Time>| {
            time.map_or_else(|| "?".to_owned(), |time| time.format("%Y-%m-%d").to_string())
        };
        let published = match (key.valid_from, key.valid_to) {
            (None, None) => "–".to_owned(),
            (from, to) => format!("{} to {}", day(from), day(to)),
        };
        writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{published}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            Text(&key.fingerprint),
            Text(key.region.as_ref().map_or("any", |region| region.as_str())),
            words::thousands(key.digests),
            Text(&key.origin)
        )?;
    }
    writeln!(out, "</tbody>\n</table></div>\n</section>")
}
