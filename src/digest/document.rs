//! The JSON of a digest, read strictly: every field that matters must be there, once, and well-formed.
//! Unknown fields are fine; AWS may add some.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Certainty, Claim, Fault, HASH_ALGORITHM, LogEntry, Place, Previous, SIGNATURE_ALGORITHM};
use crate::crypto::Hash;
use crate::trail::key::DigestKey;
use crate::trail::{Location, Malformed, ObjectName, Span, format_time, parse_time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    aws_account_id: String,
    digest_start_time: String,
    digest_end_time: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    #[serde(rename = "previousDigestS3Bucket", default)]
    previous_bucket: Option<String>,
    #[serde(rename = "previousDigestS3Object", default)]
    previous_object: Option<String>,
    #[serde(rename = "previousDigestHashValue", default)]
    previous_hash: Option<String>,
    #[serde(rename = "previousDigestHashAlgorithm", default)]
    previous_hash_algorithm: Option<String>,
    /// Null in a starting digest, but never absent: it is part of what is signed.
    #[serde(rename = "previousDigestSignature", deserialize_with = "present")]
    previous_signature: Option<String>,
    log_files: LogFiles,
}

/// A digest may name 100,000 log files, so each is read right into its final form.
#[derive(Default)]
struct LogFiles {
    entries: Vec<LogEntry>,
    /// What is wrong with the first that is not as it should be.
    fault: Option<Fault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogFile<'body> {
    #[serde(rename = "s3Bucket", borrow)]
    bucket: Cow<'body, str>,
    #[serde(rename = "s3Object")]
    object: Box<str>,
    #[serde(borrow)]
    hash_value: Cow<'body, str>,
    #[serde(borrow)]
    hash_algorithm: Cow<'body, str>,
}

impl LogFile<'_> {
    fn entry(self, neighbour: Option<&LogEntry>) -> Result<LogEntry, Fault> {
        known("logFiles[].hashAlgorithm", &self.hash_algorithm, HASH_ALGORITHM)?;
        // Nearly every file lies in the bucket of the one before it; one name serves them all.
        let bucket = match neighbour.map(|entry| &entry.object.bucket) {
            Some(bucket) if **bucket == self.bucket => Arc::clone(bucket),
            _ => self.bucket.into(),
        };
        let hash = field("logFiles[].hashValue", self.hash_value.parse())?;
        Ok(LogEntry { object: ObjectName::new(bucket, self.object), hash })
    }
}

impl<'de> Deserialize<'de> for LogFiles {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        list.deserialize_seq(LogFiles::default())
    }
}

impl<'de> Visitor<'de> for LogFiles {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of log files")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(file) = list.next_element::<LogFile<'de>>()? {
            if self.fault.is_some() {
                continue;
            }
            match file.entry(self.entries.last()) {
                Ok(entry) => self.entries.push(entry),
                Err(fault) => self.fault = Some(fault),
            }
        }
        Ok(self)
    }
}

fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(field)
}

/// A claim and the statements about its place that are compared and then no longer needed.
pub(super) struct Located {
    pub(super) claim: Claim,
    account: String,
    pub(super) object: String,
    end: String,
}

/// Reads a digest's inflated bytes, whose hash is `hash`.
pub(super) fn read(body: &[u8], hash: Hash) -> Result<Located, Fault> {
    // The reader of structures takes a list of their values too; no digest is one.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::Document("not a JSON object".into()));
    }
    let document: Document =
        serde_json::from_slice(body).map_err(|error| Fault::Document(error.to_string().into()))?;
    known("digestSignatureAlgorithm", &document.digest_signature_algorithm, SIGNATURE_ALGORITHM)?;
    let span = Span {
        start: field("digestStartTime", parse_time(&document.digest_start_time))?,
        end: field("digestEndTime", parse_time(&document.digest_end_time))?,
    };
    if span.start >= span.end {
        return Err(Fault::Document("digestStartTime: not before digestEndTime".into()));
    }
    // The string to sign (CloudTrail User Guide, custom implementations): four lines without a final newline; the words exactly as the JSON has them.
    let message = format!(
        "{}\n{}/{}\n{hash}\n{}",
        document.digest_end_time,
        document.bucket,
        document.object,
        document.previous_signature.as_deref().unwrap_or("null"),
    );
    let bucket: Arc<str> = document.bucket.into();
    let previous = previous(
        document.previous_bucket,
        document.previous_object,
        document.previous_hash,
        document.previous_hash_algorithm,
        document.previous_signature,
        &bucket,
    )?;
    let LogFiles { entries: logs, fault } = document.log_files;
    fault.map_or(Ok(()), Err)?;
    Ok(Located {
        claim: Claim {
            span,
            bucket,
            fingerprint: field("digestPublicKeyFingerprint", document.digest_public_key_fingerprint.parse())?,
            previous,
            logs,
            hash,
            message: message.into_bytes().into(),
        },
        account: document.aws_account_id,
        object: document.object,
        end: document.digest_end_time,
    })
}

/// What in the claim does not fit the place it was read from.
pub(super) fn misplaced(located: &Located, place: Place<'_>) -> Option<Fault> {
    let Place { delivered, key, certainty } = place;
    let bucket = match certainty {
        Certainty::BucketAndKey => &delivered.bucket,
        Certainty::KeyOnly => &located.claim.bucket,
    };
    let comparable = |key| certainty.comparable(key);
    [
        ("digestS3Bucket", Cow::Borrowed(&*located.claim.bucket), Cow::Borrowed(&**bucket)),
        ("digestS3Object", comparable(&located.object), comparable(&delivered.key)),
        ("awsAccountId", Cow::Borrowed(&*located.account), key.chain.place.account.to_string().into()),
        ("digestEndTime", Cow::Borrowed(&*located.end), format_time(key.end).into()),
    ]
    .into_iter()
    .find(|(_, claimed, found)| claimed != found)
    .map(|(field, claimed, found)| Fault::Relocated {
        field,
        claimed: claimed.into(),
        found: found.into(),
    })
}

/// Where a digest of the very same name says that it was delivered: same account, region, trail and time, whatever the
/// bucket and the prefix.
pub(super) fn elsewhere(located: &Located, place: Place<'_>) -> Option<Location> {
    let claimed = DigestKey::parse(&located.object)?;
    let same = claimed.chain == place.key.chain
        && claimed.end == place.key.end
        && located.account == claimed.chain.place.account.to_string()
        && located.end == format_time(claimed.end);
    same.then(|| Location { bucket: Arc::clone(&located.claim.bucket), prefix: claimed.prefix })
}

fn previous(
    bucket: Option<String>,
    object: Option<String>,
    hash: Option<String>,
    algorithm: Option<String>,
    signature: Option<String>,
    own_bucket: &Arc<str>,
) -> Result<Option<Previous>, Fault> {
    let (bucket, object, hash, algorithm, signature) = match (bucket, object, hash, algorithm, signature) {
        (None, None, None, None, None) => return Ok(None),
        (Some(bucket), Some(object), Some(hash), Some(algorithm), Some(signature)) => {
            (bucket, object, hash, algorithm, signature)
        }
        _ => return Err(Fault::Document("previousDigest…: some of the five are null, some are not".into())),
    };
    known("previousDigestHashAlgorithm", &algorithm, HASH_ALGORITHM)?;
    Ok(Some(Previous {
        object: ObjectName::new(shared(bucket, own_bucket), object),
        hash: field("previousDigestHashValue", hash.parse())?,
        signature: field("previousDigestSignature", signature.parse())?,
    }))
}

/// Nearly every object of a digest lies in the digest's own bucket; one name serves them all.
fn shared(bucket: String, own: &Arc<str>) -> Arc<str> {
    match bucket == **own {
        true => Arc::clone(own),
        false => bucket.into(),
    }
}

fn known(field: &'static str, found: &str, expected: &str) -> Result<(), Fault> {
    match found == expected {
        true => Ok(()),
        false => Err(Fault::Algorithm { field, found: found.chars().take(100).collect() }),
    }
}

fn field<T>(name: &'static str, parsed: Result<T, Malformed>) -> Result<T, Fault> {
    parsed.map_err(|malformed| Fault::Document(format!("{name}: {malformed}").into()))
}
