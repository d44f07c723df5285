//! Reads listings. A listing is known by its document alone, whatever headers it came with: what makes no sense as one
//! is an error, for an empty page taken for a listing would make a whole record missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use aws_smithy_runtime_api::box_error::BoxError;

use super::refusal::Refusal;
use crate::store::{Listed, Listing, ListingDepth, Page};
use crate::trail::Time;

/// How a listing ends. The SDK takes what there is of a document that breaks off, and a listing without its end is as
/// good as one with its objects deleted.
const END: &[u8] = b"ListBucketResult>";

/// A key's own entry in a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lone {
    /// Stored bytes.
    pub(super) size: u64,
    /// Its ETag.
    pub(super) etag: Option<Box<str>>,
}

/// One page of the listing that was asked for.
pub(super) fn page(found: ListObjectsV2Output, asked: &Listing) -> Result<Page, Refusal> {
    let names = Names::of(&found, &asked.prefix)?;
    let shown = found.contents().len() + found.common_prefixes().len();
    let full = found.max_keys.is_some_and(|most| usize::try_from(most).is_ok_and(|most| shown >= most));
    let token = found.next_continuation_token.filter(|token| !token.is_empty());
    let mut page = Page::default();
    for object in found.contents.unwrap_or_default() {
        let key = names.read(object.key)?;
        if asked.reach == ListingDepth::Folder && lies_deeper(&key, &asked.prefix) {
            return Err(Refusal::nonsense("the listing of a folder shows what lies in folders below it"));
        }
        page.objects.push(Listed {
            key: key.into(),
            size: object.size.and_then(|size| u64::try_from(size).ok()),
            modified: object.last_modified.and_then(|time| Time::from_timestamp(time.secs(), 0)),
            etag: object.e_tag.as_deref().map(bare_etag),
            storage_class: object.storage_class.map(|class| class.as_str().into()),
        });
    }
    for folder in found.common_prefixes.unwrap_or_default() {
        let folder = names.read(folder.prefix)?;
        if asked.reach == ListingDepth::Whole || !folder.ends_with('/') || folder == asked.prefix {
            return Err(Refusal::nonsense("the listing shows folders that were not asked for"));
        }
        page.folders.push(folder);
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
pub(super) fn lone(found: ListObjectsV2Output, key: &str) -> Result<Option<Lone>, Refusal> {
    let names = Names::of(&found, key)?;
    let Some(first) = found.contents.unwrap_or_default().into_iter().next() else { return Ok(None) };
    let name = names.read(first.key)?;
    let size = first.size.and_then(|size| u64::try_from(size).ok());
    Ok(size.filter(|_| name == key).map(|size| Lone { size, etag: first.e_tag.as_deref().map(bare_etag) }))
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
    fn of(found: &ListObjectsV2Output, prefix: &'asked str) -> Result<Self, Refusal> {
        let is_listing = found.name.is_some()
            || found.prefix.is_some()
            || found.max_keys.is_some()
            || found.key_count.is_some()
            || found.is_truncated.is_some();
        if !is_listing {
            return Err(Refusal::alien("what answered is not S3: its listing does not say what it lists"));
        }
        let said = match found.encoding_type {
            Some(EncodingType::Url) => Encoding::Url,
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

    /// A name below the prefix.
    fn read(&self, written: Option<String>) -> Result<String, Refusal> {
        let below = |name: &String| name.starts_with(self.prefix);
        let nameless = || Refusal::nonsense("the listing shows something without a name");
        let written = written.ok_or_else(nameless)?;
        let meant = match self.encoding {
            Encoding::Url if written.contains(['%', '+']) => decoded(&written).filter(below),
            Encoding::Url | Encoding::Raw => None,
        };
        meant.or(Some(written).filter(below)).ok_or_else(|| {
            Refusal::nonsense(
                "the listing shows a key that is no name, or does not begin with what was asked for",
            )
        })
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

/// Looks whether the document of a listing has its end.
#[derive(Debug, Clone, Default)]
pub(super) struct End(Arc<AtomicBool>);

impl End {
    /// Whether it was there.
    pub(super) fn was_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for End {
    fn name(&self) -> &'static str {
        "End"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let document = context.response().body().bytes().unwrap_or_default();
        self.0.store(document.trim_ascii_end().ends_with(END), Ordering::Relaxed);
        Ok(())
    }
}
