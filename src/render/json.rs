//! The machine's contract: `trailseal/report/v1`. What stands here is written from frozen structs of its own, so that
//! the program's types stay free to move, and is read back into the same [`Report`].

use std::io;

use crate::crypto::Hash;
use crate::report::Report;

mod decode;
mod encode;
pub(super) mod lines;
mod v1;
pub(super) mod visible;

pub use decode::ReadError;
pub(super) use encode::finding;
pub(super) use v1::Finding as FindingDocument;

/// The name of the format, first in every report.
pub const SCHEMA: &str = "trailseal/report/v1";

/// Writes the report as one JSON document and a line feed. The same report gives the same bytes.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    visible::pretty(&encode::report(report), out)?;
    writeln!(out)
}

/// Reads a report that [`write()`] wrote. What the document says of itself — verdict, exit code, severities — is
/// derived anew, and a document that contradicts itself is refused.
///
/// # Errors
///
/// Where the bytes are no report of version 1.
pub fn read(document: &[u8]) -> Result<Report, ReadError> {
    decode::report(document)
}

/// SHA-256 over exactly the bytes that [`write()`] writes: what other formats name their origin by.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn hash(report: &Report) -> io::Result<Hash> {
    let mut document = Vec::new();
    write(report, &mut document)?;
    Ok(Hash::of(&document))
}
