//! Reads listings. A listing is known by its document alone, whatever headers it came with: what makes no sense as one
//! is an error, for an empty page taken for a listing would make a whole record missing.

use aws_sdk_s3::primitives::SdkBody;

use super::refusal::Refusal;
use crate::store::{Listing, ListingDepth, Page};
use written::Written;

mod written;
mod xml;

/// A key's own entry in a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lone {
    /// Stored bytes.
    pub(super) size: u64,
    /// Its ETag.
    pub(super) etag: Option<Box<str>>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It ends, or stops being XML, before its root is closed.
    BreaksOff,
    /// It says something that it cannot mean.
    Garbled(&'static str),
    /// It shows something without a name.
    Nameless,
}

/// Whether an answer is a listing by its root, whatever else it says.
pub(super) fn is_listing(document: &SdkBody) -> bool {
    text(document).is_some_and(written::is_listing)
}

fn text(document: &SdkBody) -> Option<&str> {
    std::str::from_utf8(document.bytes()?).ok()
}

fn read(document: &SdkBody) -> Result<Written<'_>, Refusal> {
    let document = text(document).ok_or(Fault::Garbled("it is no text"));
    document.and_then(Written::read).map_err(|fault| match fault {
        Fault::BreaksOff => Refusal::cut_off("the listing breaks off".to_owned()),
        Fault::Nameless => Refusal::nonsense("the listing shows something without a name"),
        Fault::Garbled(how) => Refusal::alien(&format!("the listing makes no sense: {how}")),
    })
}

/// One page of the listing that was asked for.
pub(super) fn page(document: &SdkBody, asked: &Listing) -> Result<Page, Refusal> {
    let found = read(document)?;
    let names = Names::of(&found, &asked.prefix)?;
    let shown = found.objects.len() + found.folders.len();
    let full = found.max_keys.is_some_and(|most| usize::try_from(most).is_ok_and(|most| shown >= most));
    let token = found.next.filter(|token| !token.is_empty());
    let mut page = Page { objects: found.objects, ..Page::default() };
    for object in &mut page.objects {
        names.read(&mut object.key)?;
        if asked.reach == ListingDepth::Folder && lies_deeper(&object.key, &asked.prefix) {
            return Err(Refusal::nonsense("the listing of a folder shows what lies in folders below it"));
        }
    }
    for mut folder in found.folders {
        names.read(&mut folder)?;
        if asked.reach == ListingDepth::Whole || !folder.ends_with('/') || *folder == *asked.prefix {
            return Err(Refusal::nonsense("the listing shows folders that were not asked for"));
        }
        page.folders.push(folder.into());
    }
    page.next = match (found.is_truncated, token) {
        (Some(true) | None, Some(token)) => Some(token),
        (Some(true), None) => {
            return Err(Refusal::nonsense("the listing goes on but does not say where"));
        }
        (None, None) if full => {
            return Err(Refusal::nonsense("the listing does not say whether it goes on"));
        }
        (Some(false), _) | (None, None) => None,
    };
    Ok(page)
}

/// What a listing of `key` and what begins with it shows of `key` itself: it comes first, being the shortest.
pub(super) fn lone(document: &SdkBody, key: &str) -> Result<Option<Lone>, Refusal> {
    let found = read(document)?;
    let names = Names::of(&found, key)?;
    let Some(mut first) = found.objects.into_iter().next() else { return Ok(None) };
    names.read(&mut first.key)?;
    Ok(first.size.filter(|_| *first.key == *key).map(|size| Lone { size, etag: first.etag }))
}

/// An ETag without what different servers put around it.
pub(super) fn bare_etag(etag: &str) -> Box<str> {
    etag.trim().trim_start_matches("W/").trim_matches('"').into()
}

fn lies_deeper(key: &str, folder: &str) -> bool {
    key.strip_prefix(folder).is_some_and(|below| below.trim_end_matches('/').contains('/'))
}

/// How a listing writes the names in it.
struct Names<'asked> {
    prefix: &'asked str,
    encoding: Encoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Raw,
    /// As `encoding-type=url` asks for; some gateways say so and do not do it.
    Url,
}

impl<'asked> Names<'asked> {
    /// Of the listing of `prefix`, if this is that.
    fn of(found: &Written<'_>, prefix: &'asked str) -> Result<Self, Refusal> {
        if !found.is_headed {
            return Err(Refusal::alien("what answered is not S3: its listing does not say what it lists"));
        }
        let said = match found.encoding.as_deref() {
            Some("url") => Encoding::Url,
            _ => Encoding::Raw,
        };
        let encoding = match found.prefix.as_deref() {
            None => said,
            Some(own) if said == Encoding::Url && decoded(own).as_deref() == Some(prefix) => Encoding::Url,
            Some(own) if own == prefix => said,
            Some(_) => return Err(Refusal::alien("the listing is not the one that was asked for")),
        };
        Ok(Self { prefix, encoding })
    }

    /// Reads a name below the prefix; one that is written as it is meant stays as it is.
    fn read(&self, name: &mut Box<str>) -> Result<(), Refusal> {
        let below = |name: &str| name.starts_with(self.prefix);
        if self.encoding == Encoding::Url
            && name.contains(['%', '+'])
            && let Some(meant) = decoded(name).filter(|meant| below(meant))
        {
            *name = meant.into();
        }
        if below(name) {
            return Ok(());
        }
        Err(Refusal::nonsense(
            "the listing shows a key that is no name, or does not begin with what was asked for",
        ))
    }
}

/// Undoes `encoding-type=url`.
fn decoded(name: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit(rest.next()?)? << 4 | digit(rest.next()?)?).ok()?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}
