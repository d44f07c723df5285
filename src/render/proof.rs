//! The proof of one log file: a few lines for a person, or one JSON document.

use std::io;

use serde::Serialize;

use super::json::visible;
use super::plain::Plain;
use super::words;
use super::wrap::wrapped;
use crate::report::Proof;
use crate::trail::{Span, format_time};
use crate::verdict::LogVerdict;

/// The name of the JSON document's format.
const SCHEMA: &str = "trailseal/proof/v1";

/// Longer lines are not read.
const WIDEST: usize = 100;

/// Writes the proof for a person, sentences in lines no longer than `width`. `read_from` is where the file was read, in the caller's words.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn human(proof: &Proof, read_from: &str, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let object = Plain(&proof.object);
    let sentence = match (proof.verdict, proof.exit_code()) {
        (Some(_), 1) if proof.attested_by.is_none() && !proof.accuses_the_file() => {
            "NOT PROVEN  No authentic digest attests the file, and the chain at its hour was tampered with."
        }
        (Some(LogVerdict::Intact), 0) => "PROVEN  The file is byte for byte what AWS delivered.",
        (Some(LogVerdict::Intact), _) => {
            "INTACT, IN A DAMAGED CHAIN  The file is what AWS delivered, but the chain at its hour was tampered with."
        }
        (_, 1) => "TAMPERED  The record was changed here.",
        (Some(LogVerdict::Pending), _) => "PENDING  The file is too young to be in a digest.",
        (None, _) => "NOTHING THERE  No such file, and no digest of its hour names one.",
        _ => "NOT PROVEN  Whether the file is what AWS delivered could not be established.",
    };
    writeln!(out, "{sentence}\n\n  file         {object}")?;
    if *read_from != proof.object.to_string() {
        writeln!(out, "  read from    {}", Plain(read_from))?;
    }
    if let Some(attested) = &proof.attested_by {
        let digest = Plain(&attested.digest);
        writeln!(out, "  attested by  {digest}")?;
        writeln!(
            out,
            "               {} digest of trail {}, {}",
            attested.chain.kind.as_str(),
            attested.chain.trail,
            range(attested.span)
        )?;
        writeln!(out, "  attested     {} (SHA-256 of the inflated file)", attested.hash)?;
        let other = proof.findings.iter().find_map(|finding| finding.evidence().0.remove("actual_hash"));
        match (proof.verdict, other) {
            (Some(LogVerdict::Intact), _) => writeln!(out, "  found        {}, the same", attested.hash)?,
            (_, Some(other)) => writeln!(out, "  found        {}", Plain(words::fact(&other)))?,
            (_, None) => {}
        }
        writeln!(out, "  signed with  {} of region {}", attested.fingerprint, attested.chain.place.region)?;
        writeln!(out, "  unbroken     {}, as far as was looked", range(attested.unbroken))?;
    }
    for finding in &proof.findings {
        let said = format!("{}: {}", finding.code(), Plain(words::message(finding)));
        writeln!(out, "\n  {}", wrapped(&said, width.clamp(40, WIDEST), 4))?;
        if let Some(about) = finding.object.as_ref().filter(|about| **about != proof.object) {
            writeln!(out, "    {}", Plain(about))?;
        }
        for (name, fact) in &finding.evidence().0 {
            writeln!(out, "    {:14} {}", Plain(name.replace('_', " ")), Plain(words::fact(fact)))?;
        }
    }
    Ok(())
}

fn range(span: Span) -> String {
    format!("{} to {}", format_time(span.start), format_time(span.end))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    object: String,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    account: String,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attested_by: Option<Attested<'a>>,
    findings: Vec<super::json::FindingDocument<'a>>,
}

#[derive(Serialize)]
struct Attested<'a> {
    digest: String,
    trail: &'a str,
    home_region: &'a str,
    kind: &'static str,
    start: String,
    end: String,
    hash: String,
    fingerprint: &'a str,
    unbroken_from: String,
    unbroken_to: String,
}

/// Writes the proof as `trailseal/proof/v1`.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn json(proof: &Proof, out: &mut dyn io::Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        object: proof.object.to_string(),
        exit_code: proof.exit_code(),
        verdict: proof.verdict.map(LogVerdict::as_str),
        account: proof.place.account.to_string(),
        region: proof.place.region.as_str(),
        organization: proof.place.organization.as_ref().map(|organization| organization.as_str()),
        attested_by: proof.attested_by.as_ref().map(|by| Attested {
            digest: by.digest.to_string(),
            trail: by.chain.trail.as_str(),
            home_region: by.chain.home_region.as_str(),
            kind: by.chain.kind.as_str(),
            start: format_time(by.span.start),
            end: format_time(by.span.end),
            hash: by.hash.to_string(),
            fingerprint: by.fingerprint.as_str(),
            unbroken_from: format_time(by.unbroken.start),
            unbroken_to: format_time(by.unbroken.end),
        }),
        findings: proof.findings.iter().map(super::json::finding).collect(),
    };
    visible::pretty(&document, out)?;
    writeln!(out)
}
