//! Tells S3's answers from everybody else's: portals, proxies and gateways say 200 too, with pages of their own, and a page
//! taken for the object would look like tampering.
//!
//! What the object's writer could have chosen, its content type for one, decides nothing by itself: it only raises
//! a doubt, which the bucket's own listing settles.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::http::HttpResponse;
use md5::{Digest as _, Md5};

use super::clock::{REQUEST_ID, http_date};
use super::document::{Lone, bare_etag};
use super::refusal::Refusal;
use crate::store::{Metadata, Stored, UserMetadata};

/// What S3 says of every object, and a page made up on the way says nothing of.
const MARKS: [&str; 3] = [REQUEST_ID, "etag", "last-modified"];

/// What the headers of S3's answer say of the object whose body follows.
#[derive(Debug)]
pub(super) struct Answer {
    /// What was stored with it.
    pub(super) metadata: Metadata,
    /// What S3 says of its bytes.
    pub(super) stored: Stored,
    /// How long it is, where the answer tells.
    pub(super) length: Option<u64>,
    /// Why the body may not be the object's, or not all of it.
    pub(super) doubt: Option<Doubt>,
}

/// A reason not to take a body for the object's before the bucket's listing says that it fits.
#[derive(Debug)]
pub(super) struct Doubt {
    reason: Reason,
    etag: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It is a web page: one that somebody stored, or one that a proxy sends in place of every object.
    Page,
    /// It has no length and no last chunk: the connection's end is its own, however early that comes.
    OpenEnd,
}

impl Answer {
    /// Reads the headers of an answer that is no refusal.
    pub(super) fn read(answer: &HttpResponse) -> Result<Self, Refusal> {
        let headers = answer.headers();
        let status = answer.status().as_u16();
        if status != 200 {
            // No part of an object was asked for, and nothing that is only perhaps there.
            return Err(Refusal::alien(&format!("what answered (status {status}) is not S3")));
        }
        if !MARKS.iter().any(|mark| headers.contains_key(*mark)) {
            return Err(Refusal::alien(
                "what answered is not S3: it bears no request id, ETag or date of the object",
            ));
        }
        let length = match headers.get("transfer-encoding") {
            None => headers.get("content-length").and_then(|length| length.parse().ok()),
            Some(_) => None,
        };
        let ends_by_itself =
            || headers.get("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let reason = match length {
            _ if headers.get("content-type").is_some_and(is_page) => Some(Reason::Page),
            None if !ends_by_itself() => Some(Reason::OpenEnd),
            _ => None,
        };
        let stored = stored(answer);
        Ok(Self {
            metadata: metadata(answer),
            length,
            doubt: reason.map(|reason| Doubt { reason, etag: stored.etag.clone() }),
            stored,
        })
    }
}

impl Doubt {
    /// Whether the body is, to the byte, one that S3 stored: the ETag of an object that was put in one piece and not
    /// encrypted by KMS is its MD5. Another ETag says nothing.
    pub(super) fn is_settled_by(&self, body: &[u8]) -> bool {
        let own = || Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.etag.as_ref().is_some_and(|etag| etag.len() == 32 && etag.eq_ignore_ascii_case(&own()))
    }

    /// Whether it matters for a body of `length` bytes; of one that was not read to its end there is none, and that it may
    /// have been cut off further on is no matter.
    pub(super) fn stands(&self, length: Option<u64>) -> bool {
        self.reason == Reason::Page || length.is_some()
    }

    /// Holds a body of `length` bytes against the listing of its key. Of a body that was not read to its end only
    /// the ETag is known.
    pub(super) fn settle(&self, length: Option<u64>, listed: Option<&Lone>) -> Result<(), Refusal> {
        let Some(listed) = listed else {
            return Err(self.refusal(length, "which the bucket's listing does not show"));
        };
        let etags = self.etag.as_deref().zip(listed.etag.as_deref());
        let same_etag = etags.map(|(own, listed)| own == listed);
        let fits = match (self.reason, length) {
            (Reason::Page, Some(length)) => length == listed.size && same_etag != Some(false),
            (Reason::Page, None) => same_etag == Some(true),
            (Reason::OpenEnd, Some(length)) => length == listed.size,
            (Reason::OpenEnd, None) => true,
        };
        if fits {
            Ok(())
        } else {
            Err(self.refusal(length, &format!("of which the listing shows {} bytes", listed.size)))
        }
    }

    /// The listing that would settle it failed.
    pub(super) fn unsettled(&self, length: Option<u64>, listing: &str) -> Refusal {
        self.refusal(length, &format!("whose listing failed: {listing}"))
    }

    fn refusal(&self, length: Option<u64>, of_an_object: &str) -> Refusal {
        let length = length.map_or("some".to_owned(), |length| length.to_string());
        match self.reason {
            Reason::Page => Refusal::alien(&format!(
                "what answered is not S3, or not for this object: a web page of {length} bytes in place of an object \
                 {of_an_object}"
            )),
            Reason::OpenEnd => {
                let detail = format!(
                    "the connection ended after {length} bytes of a body without a length, of an object {of_an_object}"
                );
                Refusal::cut_off(detail)
            }
        }
    }
}

/// Whether it is what browsers show as a page; parameters may follow.
fn is_page(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|page| media_type.eq_ignore_ascii_case(page))
}

fn metadata(answer: &HttpResponse) -> Metadata {
    let value = |name: &str| answer.headers().get(name).map(Into::into);
    Metadata::Kept(UserMetadata {
        signature: value("x-amz-meta-signature"),
        signature_algorithm: value("x-amz-meta-signature-algorithm"),
        backfill_generation_timestamp: value("x-amz-meta-backfill-generation-timestamp"),
    })
}

fn stored(answer: &HttpResponse) -> Stored {
    let headers = answer.headers();
    Stored {
        modified: headers.get("last-modified").and_then(http_date),
        etag: headers.get("etag").map(bare_etag),
        kms_key: headers.get("x-amz-server-side-encryption-aws-kms-key-id").map(Into::into),
    }
}

/// Where the answer to one of the SDK's requests is noted, before the SDK makes something else of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted(Arc<Mutex<Option<Result<Answer, Refusal>>>>);

impl Noted {
    pub(super) fn note(&self, answer: &HttpResponse) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Answer::read(answer));
    }

    pub(super) fn take(&self) -> Result<Answer, Refusal> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.unwrap_or_else(|| Err(Refusal::alien("there was no answer")))
    }
}
