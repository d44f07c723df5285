//! The JSON of a digest, read strictly: every field that matters must be there, once, and well-formed.
//! Unknown fields are fine; AWS may add some.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Claim, DigestPlace, Fault, HASH_ALGORITHM, LogEntry, NamedBy, Previous, SIGNATURE_ALGORITHM};
use crate::crypto::Hash;
use crate::trail::key::DigestKey;
use crate::trail::{Location, Malformed, ObjectName, Span, format_time, parse_time};

/// The longest name of a bucket: 63 bytes, and 255 for the oldest ones (Amazon S3 User Guide, "Bucket naming rules").
const BUCKET: usize = 255;
/// The longest key (Amazon S3 User Guide, "Naming Amazon S3 objects").
const KEY: usize = 1024;
/// The longest signature, in hex: that of a key of 4096 bits, twice what CloudTrail is known to use.
const SIGNATURE: usize = 1024;
/// Longer than any account, time, hash, fingerprint or name of an algorithm.
const WORD: usize = 128;

/// Text of no more than so many bytes; what is longer is refused before it is kept.
struct Text<'body, const MOST: usize>(Cow<'body, str>);

impl<'de: 'body, 'body, const MOST: usize> Deserialize<'de> for Text<'body, MOST> {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        field.deserialize_str(Bounded)
    }
}

/// Reads a [`Text`].
struct Bounded<const MOST: usize>;

impl<'de, const MOST: usize> Visitor<'de> for Bounded<MOST> {
    type Value = Text<'de, MOST>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "text of at most {MOST} bytes")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        if text.len() <= MOST {
            Ok(Text(Cow::Borrowed(text)))
        } else {
            Err(E::invalid_length(text.len(), &self))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.len() <= MOST {
            Ok(Text(Cow::Owned(text.to_owned())))
        } else {
            Err(E::invalid_length(text.len(), &self))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'body> {
    #[serde(borrow)]
    aws_account_id: Text<'body, WORD>,
    #[serde(borrow)]
    digest_start_time: Text<'body, WORD>,
    #[serde(borrow)]
    digest_end_time: Text<'body, WORD>,
    #[serde(rename = "digestS3Bucket", borrow)]
    bucket: Text<'body, BUCKET>,
    #[serde(rename = "digestS3Object", borrow)]
    object: Text<'body, KEY>,
    #[serde(borrow)]
    digest_public_key_fingerprint: Text<'body, WORD>,
    #[serde(borrow)]
    digest_signature_algorithm: Text<'body, WORD>,
    #[serde(rename = "previousDigestS3Bucket", default, borrow)]
    previous_bucket: Option<Text<'body, BUCKET>>,
    #[serde(rename = "previousDigestS3Object", default, borrow)]
    previous_object: Option<Text<'body, KEY>>,
    #[serde(rename = "previousDigestHashValue", default, borrow)]
    previous_hash: Option<Text<'body, WORD>>,
    #[serde(rename = "previousDigestHashAlgorithm", default, borrow)]
    previous_hash_algorithm: Option<Text<'body, WORD>>,
    /// Null in a starting digest, but never absent: it is part of what is signed.
    #[serde(rename = "previousDigestSignature", deserialize_with = "present", borrow)]
    previous_signature: Option<Text<'body, SIGNATURE>>,
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
    bucket: Text<'body, BUCKET>,
    #[serde(rename = "s3Object", borrow)]
    object: Text<'body, KEY>,
    #[serde(borrow)]
    hash_value: Text<'body, WORD>,
    #[serde(borrow)]
    hash_algorithm: Text<'body, WORD>,
}

impl LogFile<'_> {
    fn entry(self, neighbour: Option<&LogEntry>) -> Result<LogEntry, Fault> {
        known("logFiles[].hashAlgorithm", &self.hash_algorithm.0, HASH_ALGORITHM)?;
        // Nearly every file lies in the bucket of the one before it; one name serves them all.
        let bucket = match neighbour.map(|entry| &entry.object.bucket) {
            Some(bucket) if **bucket == self.bucket.0 => Arc::clone(bucket),
            _ => self.bucket.0.into(),
        };
        let hash = field("logFiles[].hashValue", self.hash_value.0.parse())?;
        Ok(LogEntry { object: ObjectName::new(bucket, self.object.0), hash })
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

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
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
    let document: Document<'_> =
        serde_json::from_slice(body).map_err(|error| Fault::Document(error.to_string().into()))?;
    known("digestSignatureAlgorithm", &document.digest_signature_algorithm.0, SIGNATURE_ALGORITHM)?;
    let span = Span {
        start: field("digestStartTime", parse_time(&document.digest_start_time.0))?,
        end: field("digestEndTime", parse_time(&document.digest_end_time.0))?,
    };
    if span.start >= span.end {
        return Err(Fault::Document("digestStartTime: not before digestEndTime".into()));
    }
    // The string to sign (CloudTrail User Guide, custom implementations): four lines without a final newline; the words exactly as the JSON has them.
    let message = format!(
        "{}\n{}/{}\n{hash}\n{}",
        document.digest_end_time.0,
        document.bucket.0,
        document.object.0,
        document.previous_signature.as_ref().map_or("null", |signature| &signature.0),
    );
    let bucket: Arc<str> = document.bucket.0.into();
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
            fingerprint: field(
                "digestPublicKeyFingerprint",
                document.digest_public_key_fingerprint.0.parse(),
            )?,
            previous,
            logs,
            hash,
            message: message.into_bytes().into(),
        },
        account: document.aws_account_id.0.into_owned(),
        object: document.object.0.into_owned(),
        end: document.digest_end_time.0.into_owned(),
    })
}

/// What in the claim does not fit the place it was read from.
pub(super) fn misplaced(located: &Located, place: DigestPlace<'_>) -> Option<Fault> {
    let DigestPlace { delivered, key, named_by } = place;
    let bucket = match named_by {
        NamedBy::BucketAndKey => &delivered.bucket,
        NamedBy::KeyOnly => &located.claim.bucket,
    };
    let comparable = |key| named_by.comparable(key);
    [
        ("digestS3Bucket", Cow::Borrowed(&*located.claim.bucket), Cow::Borrowed(&**bucket)),
        ("digestS3Object", comparable(&located.object), comparable(&delivered.key)),
        ("awsAccountId", Cow::Borrowed(&*located.account), key.chain.place.account.to_string().into()),
        ("digestEndTime", Cow::Borrowed(&*located.end), format_time(key.end).into()),
    ]
    .into_iter()
    .find(|(_, claimed, found)| claimed != found)
    .map(|(field, claimed, found)| Fault::Relocated {
        field: field.into(),
        claimed: claimed.into(),
        found: found.into(),
    })
}

/// Where a digest of the very same name says that it was delivered: same account, region, trail and time, whatever the
/// bucket and the prefix.
pub(super) fn elsewhere(located: &Located, place: DigestPlace<'_>) -> Option<Location> {
    let claimed = DigestKey::parse(&located.object)?;
    let same = claimed.chain == place.key.chain
        && claimed.end == place.key.end
        && located.account == claimed.chain.place.account.to_string()
        && located.end == format_time(claimed.end);
    same.then(|| Location { bucket: Arc::clone(&located.claim.bucket), prefix: claimed.prefix })
}

fn previous(
    bucket: Option<Text<'_, BUCKET>>,
    object: Option<Text<'_, KEY>>,
    hash: Option<Text<'_, WORD>>,
    algorithm: Option<Text<'_, WORD>>,
    signature: Option<Text<'_, SIGNATURE>>,
    own_bucket: &Arc<str>,
) -> Result<Option<Previous>, Fault> {
    let (bucket, object, hash, algorithm, signature) = match (bucket, object, hash, algorithm, signature) {
        (None, None, None, None, None) => return Ok(None),
        (Some(bucket), Some(object), Some(hash), Some(algorithm), Some(signature)) => {
            (bucket.0, object.0, hash.0, algorithm.0, signature.0)
        }
        _ => return Err(Fault::Document("previousDigest…: some of the five are null, some are not".into())),
    };
    known("previousDigestHashAlgorithm", &algorithm, HASH_ALGORITHM)?;
    Ok(Some(Previous {
        object: ObjectName::new(shared(&bucket, own_bucket), object),
        hash: field("previousDigestHashValue", hash.parse())?,
        signature: field("previousDigestSignature", signature.parse())?,
    }))
}

/// Nearly every object of a digest lies in the digest's own bucket; one name serves them all.
fn shared(bucket: &str, own: &Arc<str>) -> Arc<str> {
    if *bucket == **own { Arc::clone(own) } else { bucket.into() }
}

fn known(field: &'static str, found: &str, expected: &str) -> Result<(), Fault> {
    if found == expected {
        Ok(())
    } else {
        Err(Fault::Algorithm { field: field.into(), found: found.chars().take(100).collect() })
    }
}

fn field<T>(name: &'static str, parsed: Result<T, Malformed>) -> Result<T, Fault> {
    parsed.map_err(|malformed| Fault::Document(format!("{name}: {malformed}").into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn digest(object: &str, log: &str, signature: &str) -> String {
        format!(
            r#"{{"awsAccountId":"111122223333","digestStartTime":"2026-03-01T09:17:28Z","digestEndTime":"2026-03-01T10:17:28Z",
            "digestS3Bucket":"b","digestS3Object":"{object}","digestPublicKeyFingerprint":"{0}",
            "digestSignatureAlgorithm":"SHA256withRSA","previousDigestS3Bucket":"b","previousDigestS3Object":"p",
            "previousDigestHashValue":"{0}{0}","previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":"{signature}",
            "logFiles":[{{"s3Bucket":"b","s3Object":"{log}","hashValue":"{0}{0}","hashAlgorithm":"SHA-256"}}]}}"#,
            "ab".repeat(16)
        )
    }

    fn fault(body: &str) -> Option<Fault> {
        read(body.as_bytes(), Hash::of(body.as_bytes())).err()
    }

    #[test]
    fn fields_longer_than_s3_and_cloudtrail_allow_are_refused() {
        let key = |length: usize| "k".repeat(length);
        let signature = |length: usize| "0".repeat(length);
        assert_eq!(fault(&digest(&key(1024), &key(1024), &signature(512))), None);
        for (body, most) in [
            (digest(&key(1025), "l", &signature(512)), "at most 1024 bytes"),
            (digest("k", &key(1025), &signature(512)), "at most 1024 bytes"),
            (digest("k", "l", &signature(1026)), "at most 1024 bytes"),
            (digest("k", "l", "00").replacen("SHA256withRSA", &key(129), 1), "at most 128 bytes"),
            // Escapes count as what they stand for.
            (digest(&r"\u0041".repeat(1025), "l", "00"), "at most 1024 bytes"),
        ] {
            let Some(Fault::Document(problem)) = fault(&body) else {
                panic!("accepted or told as another fault")
            };
            assert!(problem.contains(most), "{problem}");
            assert!(problem.len() < 300, "{problem}");
        }
    }
}
