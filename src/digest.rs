//! Decides whether a digest is authentic: whether AWS signed exactly these bytes for exactly this place.
//! A pure function of bytes, metadata and keys. Follows "Custom implementations of CloudTrail log file integrity
//! validation" (CloudTrail User Guide), and is stricter than the AWS CLI where the comments say so.
//!
//! What a digest says is a [`Claim`] until it has been checked; only [`AuthenticDigest`], which nothing outside this
//! room can make, yields log files to verify.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::crypto::{Authority, Fingerprint, Hash, KeyRing, Lookup, Signature};
use crate::gzip::{self, Limit};
use crate::trail::key::DigestKey;
use crate::trail::{Location, Metadata, ObjectName, Span, Time, format_time};
use crate::verdict::DigestVerdict;

mod document;
mod fault;
mod metadata;

pub use fault::Fault;
use metadata::{AtHand, Custody};

/// The only signature algorithm CloudTrail has used: RSASSA-PKCS1-v1_5 with SHA-256.
const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The only hash algorithm CloudTrail has used.
const HASH_ALGORITHM: &str = "SHA-256";

/// Where a digest was read, and so where it has to say that it belongs.
#[derive(Debug, Clone, Copy)]
pub struct DigestPlace<'a> {
    /// The object as CloudTrail must have delivered it.
    pub delivered: &'a ObjectName,
    /// Its key, parsed.
    pub key: &'a DigestKey,
    /// What of it can be compared.
    pub named_by: NamedBy,
}

/// How an object's name may be compared: by how much of it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// Bucket and key.
    BucketAndKey,
    /// The key alone: a folder does not know which bucket it was copied from.
    KeyOnly,
}

impl NamedBy {
    /// What an object is known by: two objects with the same handle are the same.
    pub fn handle(self, object: &ObjectName) -> ObjectName {
        match self {
            Self::BucketAndKey => object.clone(),
            Self::KeyOnly => ObjectName { bucket: Arc::from(""), key: self.comparable(&object.key).into() },
        }
    }

    /// What of a key can be compared. A folder has no names without letters: of slashes in a row it keeps one.
    pub fn comparable(self, key: &str) -> Cow<'_, str> {
        match self {
            Self::KeyOnly if key.contains("//") => {
                let parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
                Cow::Owned(parts.join("/"))
            }
            Self::KeyOnly | Self::BucketAndKey => Cow::Borrowed(key),
        }
    }
}

/// The object that the digest in these stored bytes says it was delivered as. Nobody vouches for it; it only serves to
/// name the objects of a folder, which does not know its bucket, nor how far below the bucket it begins.
pub fn claimed_object(stored: &[u8]) -> Option<ObjectName> {
    let body = gzip::inflate(stored, Limit::DIGEST).ok()?;
    let located = document::read(&body, Hash::of(&body)).ok()?;
    Some(ObjectName::new(located.claim.bucket, located.object))
}

/// A log file as a digest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Where it was delivered.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
}

/// What a digest records of the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Where it was delivered.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    /// Its signature.
    pub signature: Signature,
}

/// What a digest says of itself. Not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The time it covers, by delivery of log files.
    pub span: Span,
    /// The bucket it says it was delivered to.
    pub bucket: Arc<str>,
    /// The key that signed it.
    pub fingerprint: Fingerprint,
    /// The digest before it; none in a starting digest.
    pub previous: Option<Previous>,
    /// The log files delivered in its span.
    pub logs: Vec<LogEntry>,
    /// SHA-256 of the inflated bytes, as found.
    pub hash: Hash,
    /// The string to sign.
    message: Box<[u8]>,
}

/// A digest that AWS signed. Exists only where the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticDigest {
    claim: Claim,
    metadata_signature: Option<Signature>,
    anomaly: Option<Fault>,
    key_window: Option<(Time, Time)>,
    packing: Packing,
}

/// How a digest is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packing {
    /// As one gzip member, as CloudTrail delivers it.
    Gzip,
    /// Unpacked on the way.
    Plain,
}

impl AuthenticDigest {
    /// The bucket it was delivered to.
    pub fn bucket(&self) -> &Arc<str> {
        &self.claim.bucket
    }

    /// The time it covers.
    pub fn span(&self) -> Span {
        self.claim.span
    }

    /// SHA-256 of its inflated bytes.
    pub fn hash(&self) -> Hash {
        self.claim.hash
    }

    /// The digest before it.
    pub fn previous(&self) -> Option<&Previous> {
        self.claim.previous.as_ref()
    }

    /// The key that signed it.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.claim.fingerprint
    }

    /// The signature stored with it, if any: what its successor's record is compared with.
    pub fn metadata_signature(&self) -> Option<&Signature> {
        self.metadata_signature.as_ref()
    }

    /// What is wrong with its metadata although its successor vouches for its content.
    pub fn anomaly(&self) -> Option<&Fault> {
        self.anomaly.as_ref()
    }

    /// How it is stored.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Whether its end lies in the published window of the key, where there is one. Advice only.
    pub fn within_key_window(&self) -> bool {
        self.key_window.is_none_or(|(from, to)| from <= self.claim.span.end && self.claim.span.start <= to)
    }

    /// The log files it attests, until they are handed over.
    pub fn logs(&self) -> &[LogEntry] {
        &self.claim.logs
    }

    /// Hands over the log files it attests, once; they are not needed for linking, and there may be 100,000.
    pub fn take_logs(&mut self) -> Vec<LogEntry> {
        std::mem::take(&mut self.claim.logs)
    }
}

/// A digest that is not authentic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedDigest {
    /// Why not.
    pub fault: Fault,
    /// SHA-256 of its inflated bytes, where it inflates.
    pub hash: Option<Hash>,
    /// The signature stored with it.
    pub signature: Option<Signature>,
    /// What it is for another place, where nothing else is wrong with its own.
    pub elsewhere: Option<Elsewhere>,
    claim: Option<Box<Claim>>,
    custody: Custody,
    packing: Packing,
}

/// A digest of the same name under another bucket or prefix: a copy, if AWS signed it for there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Where it says that it was delivered.
    pub delivered: Location,
    /// Whether AWS signed it for there.
    pub signed: Signed,
}

/// Whether AWS signed a digest for the place it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// It did.
    Proven,
    /// The signature at hand does not fit.
    Refuted,
    /// There is no signature at hand, or no key to check it with.
    Open,
}

impl Signed {
    fn of<T>(checked: &Result<T, Fault>) -> Self {
        match checked {
            Ok(_) => Self::Proven,
            Err(Fault::SignatureInvalid { .. }) => Self::Refuted,
            Err(_) => Self::Open,
        }
    }
}

impl RejectedDigest {
    /// What it says of itself, where it can be read. Nobody vouches for it.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_deref()
    }

    /// Gives up everything but what linking needs, and hands over the log files it names.
    pub fn take_logs(&mut self) -> Vec<LogEntry> {
        self.claim.as_mut().map(|claim| std::mem::take(&mut claim.logs)).unwrap_or_default()
    }

    /// The name it would have where it says that it was delivered.
    pub fn delivered_as(&self, key: &DigestKey) -> Option<ObjectName> {
        let Location { bucket, prefix } = &self.elsewhere.as_ref()?.delivered;
        let key = DigestKey { prefix: prefix.clone(), ..key.clone() };
        Some(ObjectName::new(Arc::clone(bucket), key.to_string()))
    }

    /// The same digest, proven after all.
    fn proven(mut self, key_window: Option<(Time, Time)>) -> Authentication {
        let Some(claim) = self.claim.take() else { return Authentication::Rejected(Box::new(self)) };
        let (anomaly, metadata_signature) = match self.custody {
            Custody::Delivered => (Some(self.fault), self.signature),
            // What a copy has lost or mixed up says nothing once its content is proven.
            Custody::Copied => (None, None),
        };
        Authentication::Authentic(Box::new(AuthenticDigest {
            claim: Claim { message: Box::default(), ..*claim },
            metadata_signature,
            anomaly,
            key_window,
            packing: self.packing,
        }))
    }
}

/// What authentication came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// AWS signed it for this place.
    Authentic(Box<AuthenticDigest>),
    /// It did not, or that cannot be told.
    Rejected(Box<RejectedDigest>),
}

/// How much the word of a successor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is authentic itself.
    Authentic,
    /// It is not, or not yet known to be.
    Claimed,
}

/// Authenticates one digest by its own metadata.
pub fn authenticate(
    place: DigestPlace<'_>,
    stored: &[u8],
    metadata: &Metadata,
    ring: &KeyRing,
) -> Authentication {
    authenticate_within(Limit::DIGEST, place, stored, metadata, ring)
}

/// The same for one that is expected to inflate within `limit`; what is larger is malformed.
pub fn authenticate_within(
    limit: Limit,
    place: DigestPlace<'_>,
    stored: &[u8],
    metadata: &Metadata,
    ring: &KeyRing,
) -> Authentication {
    let at_hand = AtHand::of(metadata);
    let mut found = RejectedDigest {
        fault: Fault::SignatureRemoved,
        hash: None,
        signature: at_hand.signature(),
        elsewhere: None,
        claim: None,
        custody: at_hand.custody,
        packing: Packing::Gzip,
    };
    // 1. One gzip member, or what was unpacked on the way.
    let body = match unpack(stored, limit) {
        Ok((body, packing)) => {
            found.packing = packing;
            body
        }
        Err(fault) => return found.rejected(Fault::Gzip(fault)),
    };
    let hash = Hash::of(&body);
    found.hash = Some(hash);
    // 2. A digest's JSON, with algorithms that are known.
    let located = match document::read(&body, hash) {
        Ok(located) => located,
        Err(Fault::Document(_)) if found.packing == Packing::Plain => {
            return found.rejected(Fault::Gzip(gzip::Fault::NotGzip));
        }
        Err(fault) => return found.rejected(fault),
    };
    let misplaced = document::misplaced(&located, place);
    let elsewhere = document::elsewhere(&located, place).filter(|_| misplaced.is_some());
    let claim = located.claim;
    let signed = at_hand.check(&claim, place, ring);
    found.claim = Some(Box::new(claim));
    // 3. At the place it says it belongs. Stricter than the AWS CLI in the account and the end time.
    if let Some(fault) = misplaced {
        found.elsewhere = elsewhere.map(|delivered| Elsewhere { delivered, signed: Signed::of(&signed) });
        return found.rejected(fault);
    }
    let backfill = place.key.chain.kind == crate::trail::DigestKind::Backfill;
    if at_hand.custody == Custody::Delivered && backfill && at_hand.generated.is_none() {
        return found.rejected(Fault::GenerationTimeMissing);
    }
    // 4. Signed by a key of AWS's.
    match (signed, found.claim.take()) {
        (Ok(key_window), Some(claim)) => Authentication::Authentic(Box::new(AuthenticDigest {
            claim: Claim { message: Box::default(), ..*claim },
            metadata_signature: found.signature,
            anomaly: at_hand.other_algorithm(),
            key_window,
            packing: found.packing,
        })),
        (Err(fault), claim) => RejectedDigest { claim, ..found }.rejected(fault),
        (Ok(_), None) => found.rejected(Fault::SignatureRemoved),
    }
}

impl RejectedDigest {
    fn rejected(self, fault: Fault) -> Authentication {
        Authentication::Rejected(Box::new(Self { fault, ..self }))
    }
}

/// The document in a digest's stored bytes. Stricter than the AWS CLI, which accepts bytes after the gzip member. What was
/// unpacked on the way is looked at as it is: the signature decides.
fn unpack(stored: &[u8], limit: Limit) -> Result<(Cow<'_, [u8]>, Packing), gzip::Fault> {
    match gzip::inflate(stored, limit) {
        Ok(body) => Ok((Cow::Owned(body), Packing::Gzip)),
        Err(gzip::Fault::NotGzip) if is_document(stored) && stored.len() <= limit.0 => {
            Ok((Cow::Borrowed(stored), Packing::Plain))
        }
        Err(fault) => Err(fault),
    }
}

/// Whether bytes that are not gzip data may be a digest's JSON.
fn is_document(stored: &[u8]) -> bool {
    stored.trim_ascii_start().first() == Some(&b'{')
}

/// The outcome for an object that is too large to be read, and so too large to be a digest.
pub fn oversized() -> Authentication {
    Authentication::Rejected(Box::new(RejectedDigest {
        fault: Fault::Gzip(gzip::Fault::TooLarge(Limit::DIGEST.0)),
        hash: None,
        signature: None,
        elsewhere: None,
        claim: None,
        custody: Custody::Delivered,
        packing: Packing::Gzip,
    }))
}

/// Tries a rejected digest again with the signature its successor recorded. Only lifts faults of the metadata:
/// the mathematics decides, whoever wrote the signature down. Where it does not fit, an authentic successor
/// makes it a proven mismatch; any other leaves things as they were.
pub fn vouch(
    mut rejected: RejectedDigest,
    recorded: &Signature,
    standing: Standing,
    place: DigestPlace<'_>,
    ring: &KeyRing,
) -> Authentication {
    let Some(claim) = &rejected.claim else { return Authentication::Rejected(Box::new(rejected)) };
    match (&rejected.fault, check(claim, recorded, claim.span.end, place, ring)) {
        (
            Fault::SignatureRemoved
            | Fault::SignatureNotKept(_)
            | Fault::SignatureGarbled(_)
            | Fault::SignatureInvalid { .. },
            Ok(key_window),
        ) => return rejected.proven(key_window),
        (Fault::Relocated { .. }, Ok(_)) => {
            if let Some(elsewhere) = &mut rejected.elsewhere {
                elsewhere.signed = Signed::Proven;
            }
        }
        (Fault::SignatureNotKept(_), Err(better))
            if standing == Standing::Authentic || better.verdict() == DigestVerdict::UnknownKey =>
        {
            rejected.fault = better;
        }
        _ => {}
    }
    Authentication::Rejected(Box::new(rejected))
}

/// The RSA check itself. Validity windows of keys are advice: AWS's own samples lie outside theirs. But AWS always has a
/// key in force: a list of its keys that holds none for the time of signing is not the whole list.
fn check(
    claim: &Claim,
    signature: &Signature,
    signed_at: Time,
    place: DigestPlace<'_>,
    ring: &KeyRing,
) -> Result<Option<(Time, Time)>, Fault> {
    let region = &place.key.chain.place.region;
    let fingerprint = claim.fingerprint.clone();
    match ring.find(&fingerprint, region) {
        Lookup::Known(key) if key.verifies(&claim.message, signature) => Ok(key.valid_from.zip(key.valid_to)),
        Lookup::Known(_) => Err(Fault::SignatureInvalid { fingerprint }),
        Lookup::Unknown(Authority::Aws) if !ring.has_key_in_force(region, signed_at) => {
            let detail = format!(
                "AWS's list holds no key that was in force at {}, and there always is one",
                format_time(signed_at)
            );
            Err(Fault::UnknownKey { fingerprint, authority: Authority::Refused(detail.into()) })
        }
        Lookup::Unknown(authority) => Err(Fault::UnknownKey { fingerprint, authority: authority.clone() }),
    }
}
