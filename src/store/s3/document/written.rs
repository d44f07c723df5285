//! What the document of a listing says, read once and with no more copies than what is kept of it. What it means is judged
//! elsewhere: names are as they are written, and nothing is held against what was asked.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::DateTime;

use super::xml::{Element, Elements, Text};
use super::{Fault, bare_etag};
use crate::store::Listed;
use crate::trail::{Time, time_as};

/// Objects that a page shows at most.
const MOST: usize = 1000;
/// The entry of an object takes at least so many bytes.
const SHORTEST: usize = "<Contents><Key>k</Key></Contents>".len();
/// The root of every listing.
const ROOT: &str = "ListBucketResult";
/// What a listing has that is one, beside what is listed.
const HEADING: [&str; 5] = ["Name", "Prefix", "MaxKeys", "KeyCount", "IsTruncated"];
/// A time as S3 writes it.
const S3_TIME: &str = "YYYY-MM-DDThh:mm:ss.000Z";

/// A listing's document (ListObjectsV2).
#[derive(Debug, Default)]
pub(super) struct Written<'doc> {
    /// Whether it says what it lists, if only how much of it.
    pub(super) is_headed: bool,
    /// The prefix that it is of, as it is written.
    pub(super) prefix: Option<Cow<'doc, str>>,
    /// How names in it are written.
    pub(super) encoding: Option<Cow<'doc, str>>,
    /// How many objects and folders it shows at most.
    pub(super) max_keys: Option<i32>,
    /// Whether more follows.
    pub(super) is_truncated: Option<bool>,
    /// Where that is.
    pub(super) next: Option<String>,
    /// Objects, their keys as they are written.
    pub(super) objects: Vec<Listed>,
    /// Folders, as they are written.
    pub(super) folders: Vec<Box<str>>,
}

/// Whether a document is a listing by its root.
pub(super) fn is_listing(document: &str) -> bool {
    Elements::open(document).is_ok_and(|(_, root)| root.name() == ROOT)
}

impl<'doc> Written<'doc> {
    /// Reads a whole document.
    pub(super) fn read(document: &'doc str) -> Result<Self, Fault> {
        let (mut elements, root) = Elements::open(document)?;
        if root.name() != ROOT {
            return Err(Fault::Garbled("it is no listing"));
        }
        let objects = Vec::with_capacity(MOST.min(document.len() / SHORTEST));
        let mut written = Self { objects, ..Self::default() };
        while let Some(element) = elements.below(root)? {
            written.take(&mut elements, element)?;
        }
        elements.close()?;
        Ok(written)
    }

    fn take(&mut self, elements: &mut Elements<'doc>, element: Element<'doc>) -> Result<(), Fault> {
        self.is_headed |= HEADING.contains(&element.name());
        match element.name() {
            "Contents" => self.objects.push(object(elements, element)?),
            "CommonPrefixes" => self.folders.push(folder(elements, element)?),
            "Name" => drop(elements.text(element)?),
            "Prefix" => self.prefix = Some(elements.text(element)?.plain()?),
            "MaxKeys" => self.max_keys = Some(number(elements.text(element)?)?),
            "KeyCount" => drop(number::<i32>(elements.text(element)?)?),
            "IsTruncated" => self.is_truncated = Some(number(elements.text(element)?)?),
            "EncodingType" => self.encoding = Some(elements.text(element)?.plain()?),
            "NextContinuationToken" => self.next = Some(elements.text(element)?.plain()?.into_owned()),
            _ => elements.skip(element)?,
        }
        Ok(())
    }
}

fn object<'doc>(elements: &mut Elements<'doc>, parent: Element<'doc>) -> Result<Listed, Fault> {
    let (mut key, mut listed) = (None, Listed::default());
    while let Some(element) = elements.below(parent)? {
        match element.name() {
            "Key" => key = Some(elements.text(element)?.plain()?.into()),
            "LastModified" => listed.modified = time(elements.text(element)?)?,
            "ETag" => listed.etag = Some(etag(elements.text(element)?)?),
            // A size below zero is none.
            "Size" => listed.size = u64::try_from(number::<i64>(elements.text(element)?)?).ok(),
            "StorageClass" => listed.storage_class = Some(elements.text(element)?.plain()?.into()),
            _ => elements.skip(element)?,
        }
    }
    Ok(Listed { key: key.ok_or(Fault::Nameless)?, ..listed })
}

fn folder<'doc>(elements: &mut Elements<'doc>, parent: Element<'doc>) -> Result<Box<str>, Fault> {
    let mut name = None;
    while let Some(element) = elements.below(parent)? {
        match element.name() {
            "Prefix" => name = Some(elements.text(element)?.plain()?.into()),
            _ => elements.skip(element)?,
        }
    }
    name.ok_or(Fault::Nameless)
}

/// A number, or a truth.
fn number<Number: FromStr>(text: Text<'_>) -> Result<Number, Fault> {
    text.plain()?.parse().map_err(|_| Fault::Garbled("it has something else for a number"))
}

/// Other servers write fractions and offsets of their own.
fn time(text: Text<'_>) -> Result<Option<Time>, Fault> {
    if let Some(time) = time_as(text.0, S3_TIME) {
        return Ok(Some(time));
    }
    let time = DateTime::parse_from_rfc3339(&text.plain()?)
        .map_err(|_| Fault::Garbled("it has something else for a date"))?;
    Ok(Time::from_timestamp(time.timestamp(), 0))
}

/// An ETag stands in quotes, which S3 writes as references: the usual one takes no copy but the one that is kept.
fn etag(text: Text<'_>) -> Result<Box<str>, Fault> {
    let quoted = text.0.strip_prefix("&quot;").and_then(|rest| rest.strip_suffix("&quot;"));
    match quoted.filter(|inner| !inner.contains(['&', '"'])) {
        Some(inner) => Ok(inner.into()),
        None => Ok(bare_etag(&text.plain()?)),
    }
}
