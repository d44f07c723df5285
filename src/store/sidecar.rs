//! User metadata saved beside a digest, in `KEY.head.json`: what `aws s3api head-object` or `get-object` prints. Anybody
//! may have written anything there, and a bad sidecar is no sidecar: it never fails, and it accuses nobody.

use std::fmt;

use serde_json::Value;

use super::{Metadata, UserMetadata};
use crate::crypto::Fingerprint;
use crate::json;
use crate::trail::Describes;

/// What the name of a sidecar ends with, after that of the object it describes.
pub(super) const SUFFIX: &str = ".head.json";
/// The largest that is read; real ones have about 2 kB.
pub(super) const LIMIT: u64 = 64 << 10;

/// What S3 sets before the names of user metadata, and the AWS CLI leaves out.
const USER: &str = "x-amz-meta-";

/// What a sidecar says of an object with these stored bytes.
pub(super) fn read(text: &[u8], stored: &[u8]) -> Metadata {
    if text.len() as u64 > LIMIT {
        return unusable(format_args!("is larger than {LIMIT} bytes"));
    }
    let text = match json::text(text) {
        Ok(text) => text,
        Err(error) => return unusable(error),
    };
    let mut first = None;
    let mut lack = None;
    for document in json::documents(&text) {
        match document.map_err(Lack::NotJson).and_then(|document| head(&document, stored)) {
            // Of several, the one that says that it is of these bytes.
            Ok(found @ Head { describes: Describes::TheseBytes, .. }) => return found.into(),
            Ok(found) => first = first.or(Some(found)),
            Err(other) => lack = lack.or(Some(other)),
        }
    }
    match (first, lack) {
        (Some(found), _) => found.into(),
        (None, Some(lack)) => unusable(lack),
        (None, None) => Metadata::NotKept(None),
    }
}

/// A sidecar that is there and is of no use.
pub(super) fn unusable(why: impl fmt::Display) -> Metadata {
    Metadata::NotKept(Some(format!("its {SUFFIX} {why}").into()))
}

/// One answer of HeadObject or GetObject.
struct Head {
    metadata: UserMetadata,
    describes: Describes,
}

impl From<Head> for Metadata {
    fn from(Head { metadata, describes }: Head) -> Self {
        Self::Saved { metadata, describes }
    }
}

/// Why a document says nothing of a digest.
#[derive(Debug, thiserror::Error)]
enum Lack {
    #[error(transparent)]
    NotJson(json::NotJson),
    #[error("holds no Metadata: it is not what `aws s3api head-object` prints")]
    Metadata,
    #[error("holds Metadata without a signature")]
    Signature,
}

fn head(document: &Value, stored: &[u8]) -> Result<Head, Lack> {
    let saved = field(document, "Metadata").filter(|saved| saved.is_object()).ok_or(Lack::Metadata)?;
    let word = |name: &str| {
        let value = field(saved, name).or_else(|| field(saved, &format!("{USER}{name}")));
        value.and_then(Value::as_str).map(Box::from)
    };
    let metadata = UserMetadata {
        signature: word("signature"),
        signature_algorithm: word("signature-algorithm"),
        backfill_generation_timestamp: word("backfill-generation-timestamp"),
    };
    match metadata.signature {
        Some(_) => Ok(Head { metadata, describes: describes(document, stored) }),
        None => Err(Lack::Signature),
    }
}

/// Whether a document says that it is of these stored bytes. Only an ETag can single them out, and only where it is
/// their MD5 (Amazon S3 API, "Object"): one of many parts or under a KMS key is not, and then says nothing. A length
/// alone does not: digests of quiet hours are as long as each other.
fn describes(document: &Value, stored: &[u8]) -> Describes {
    let other_length =
        field(document, "ContentLength").is_some_and(|it| it.as_u64() != Some(stored.len() as u64));
    let tag = field(document, "ETag").and_then(Value::as_str).map(|tag| tag.trim_matches('"'));
    let may_be_md5 = |tag: &&str| tag.len() == 32 && tag.bytes().all(|digit| digit.is_ascii_hexdigit());
    match tag.filter(may_be_md5) {
        // A fingerprint is an MD5 too.
        Some(tag) if !other_length && tag.eq_ignore_ascii_case(Fingerprint::of(stored).as_str()) => {
            Describes::TheseBytes
        }
        Some(_) | None => Describes::Unclear,
    }
}

/// A member by its name, in any letter case: the tools differ in that.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let members = value.as_object()?;
    members.get(name).or_else(|| {
        members.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STORED: &[u8] = b"a digest's stored bytes";

    fn described(head: &Value) -> Option<Describes> {
        match read(head.to_string().as_bytes(), STORED) {
            Metadata::Saved { describes, .. } => Some(describes),
            Metadata::NotKept(_) | Metadata::Kept(_) => None,
        }
    }

    #[test]
    fn only_an_etag_singles_bytes_out() {
        let (length, md5) = (STORED.len(), Fingerprint::of(STORED).to_string());
        let quoted = |tag: &str| format!("\"{tag}\"");
        let saved = json!({ "signature": "00ff" });
        let (these, unclear) = (Some(Describes::TheseBytes), Some(Describes::Unclear));
        for (head, expected) in [
            (json!({ "ContentLength": length, "ETag": quoted(&md5) }), these),
            (json!({ "contentLength": length, "eTag": md5.to_uppercase() }), these),
            (json!({ "ETag": md5 }), these),
            (json!({ "ContentLength": length + 1, "ETag": quoted(&md5) }), unclear),
            (json!({ "ContentLength": length.to_string(), "ETag": quoted(&md5) }), unclear),
            (
                json!({ "ContentLength": length, "ETag": quoted(Fingerprint::of(b"others").as_str()) }),
                unclear,
            ),
            (json!({ "ContentLength": length, "ETag": format!("\"{md5}-2\"") }), unclear),
            (json!({ "ContentLength": length, "ETag": quoted(&md5[..31]) }), unclear),
            (json!({ "ContentLength": length, "ServerSideEncryption": "aws:kms" }), unclear),
            (json!({ "ETag": 12 }), unclear),
            (json!({}), unclear),
        ] {
            let mut head = head;
            head["Metadata"] = saved.clone();
            assert_eq!(described(&head), expected, "{head}");
        }
    }

    #[test]
    fn of_several_documents_the_one_of_these_bytes_counts() {
        let head = |signature: &str, bytes: &[u8]| json!({ "ETag": Fingerprint::of(bytes).as_str(), "Metadata": { "signature": signature } });
        let signature = |text: String| match read(text.as_bytes(), STORED) {
            Metadata::Saved { metadata, .. } => metadata.signature,
            Metadata::NotKept(_) | Metadata::Kept(_) => None,
        };
        let (own, other, third) = (head("01", STORED), head("02", b"other"), head("03", b"third"));
        assert_eq!(signature(format!("{other}{own}{third}")).as_deref(), Some("01"));
        assert_eq!(signature(format!("{{}}{other}{third}")).as_deref(), Some("02"));
    }
}
