//! Decides whether a digest is authentic: whether AWS signed exactly these bytes for exactly this place.
//! A pure function of bytes, metadata and keys. Follows "Custom implementations of CloudTrail log file integrity
//! validation" (CloudTrail User Guide), and is stricter than the AWS CLI where the comments say so.
//!
//! What a digest says is a [`Claim`] until it has been checked; only [`AuthenticDigest`], which nothing outside this
//! room can make, yields log files to verify.

use std::sync::Arc;

use crate::crypto::{Authority, Fingerprint, Hash, KeyRing, Lookup, Signature};
use crate::gzip::{self, Limit};
use crate::trail::key::DigestKey;
use crate::trail::{Metadata, ObjectName, Span, Time};
use crate::verdict::DigestVerdict;

mod document;

/// The only signature algorithm CloudTrail has used: RSASSA-PKCS1-v1_5 with SHA-256.
const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The only hash algorithm CloudTrail has used.
const HASH_ALGORITHM: &str = "SHA-256";

/// Where a digest was read, and so where it has to say that it belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The object as CloudTrail must have delivered it.
    pub delivered: &'a ObjectName,
    /// Its key, parsed.
    pub key: &'a DigestKey,
    /// What of it can be compared.
    pub certainty: Certainty,
}

/// How much of a digest's place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Bucket and key.
    BucketAndKey,
    /// The key alone: a folder does not know which bucket it was copied from.
    KeyOnly,
}

impl Certainty {
    /// What an object is known by: two objects with the same handle are the same.
    pub fn handle(self, object: &ObjectName) -> ObjectName {
        match self {
            Self::BucketAndKey => object.clone(),
            Self::KeyOnly => ObjectName { bucket: Arc::from(""), key: object.key.clone() },
        }
    }
}

/// The bucket that the digest in these stored bytes says it was delivered to. Nobody vouches for it; it only serves to
/// name the objects of a folder, which does not know its bucket.
pub fn claimed_bucket(stored: &[u8]) -> Option<Arc<str>> {
    let body = gzip::inflate(stored, Limit::DIGEST).ok()?;
    document::read(&body, Hash::of(&body)).ok().map(|located| located.claim.bucket)
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Why a digest is not, or not wholly, authentic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not one gzip member within the limit.
    Gzip(gzip::Fault),
    /// Not a digest's JSON: which field, and what is wrong with it.
    Document(Box<str>),
    /// A field names an algorithm that is not known.
    Algorithm {
        /// The field.
        field: &'static str,
        /// What it names.
        found: Box<str>,
    },
    /// It says that it belongs elsewhere.
    Relocated {
        /// Which of its statements does not fit its place.
        field: &'static str,
        /// What it says.
        claimed: Box<str>,
        /// What its place says.
        found: Box<str>,
    },
    /// No signature at hand, from a store that keeps metadata: somebody removed it.
    SignatureRemoved,
    /// No signature at hand, from a folder that keeps none.
    SignatureNotKept,
    /// The signature at hand is not hex.
    SignatureGarbled(Box<str>),
    /// The signature does not fit.
    SignatureInvalid {
        /// The key it was held against.
        fingerprint: Fingerprint,
    },
    /// The key is not at hand.
    UnknownKey {
        /// The key it names.
        fingerprint: Fingerprint,
        /// Whose list was asked for it.
        authority: Authority,
    },
    /// A backfill digest without the time it was generated at.
    GenerationTimeMissing,
}

impl Fault {
    /// The verdict that this fault amounts to.
    pub fn verdict(&self) -> DigestVerdict {
        match self {
            Self::Gzip(_) | Self::Document(_) | Self::GenerationTimeMissing => DigestVerdict::Malformed,
            Self::Algorithm { .. } => DigestVerdict::AlgorithmUnsupported,
            Self::Relocated { .. } => DigestVerdict::Relocated,
            Self::SignatureRemoved | Self::SignatureNotKept => DigestVerdict::Unsigned,
            Self::SignatureGarbled(_) | Self::SignatureInvalid { .. } => DigestVerdict::SignatureInvalid,
            Self::UnknownKey { .. } => DigestVerdict::UnknownKey,
        }
    }
}

/// A digest that AWS signed. Exists only where the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticDigest {
    claim: Claim,
    metadata_signature: Option<Signature>,
    blemish: Option<Fault>,
    key_window: Option<(Time, Time)>,
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
    pub fn blemish(&self) -> Option<&Fault> {
        self.blemish.as_ref()
    }

    /// Whether its end lies in the published window of the key, where there is one. Advice only.
    pub fn within_key_window(&self) -> bool {
        self.key_window.is_none_or(|(from, to)| from <= self.claim.span.end && self.claim.span.start <= to)
    }

    /// Lets go of its own copies of what the digest after it holds too: a chain has thousands, and the signature of each
    /// stands in two.
    pub fn share_with(&mut self, successor: &Self) {
        let recorded = successor.previous().map(|previous| &previous.signature);
        if let (Some(own), Some(recorded)) = (&mut self.metadata_signature, recorded) {
            share(own, recorded);
        }
        share(&mut self.claim.bucket, &successor.claim.bucket);
        share(&mut self.claim.fingerprint, &successor.claim.fingerprint);
        if let Some(previous) = &mut self.claim.previous {
            share(&mut previous.object.bucket, &successor.claim.bucket);
        }
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

fn share<T: Clone + PartialEq>(own: &mut T, other: &T) {
    if own == other {
        own.clone_from(other);
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
    claim: Option<Box<Claim>>,
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
}

/// What authentication came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
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
pub fn authenticate(place: Place<'_>, stored: &[u8], metadata: &Metadata, ring: &KeyRing) -> Outcome {
    authenticate_within(Limit::DIGEST, place, stored, metadata, ring)
}

/// The same for one that is expected to inflate within `limit`; what is larger is malformed.
pub fn authenticate_within(
    limit: Limit,
    place: Place<'_>,
    stored: &[u8],
    metadata: &Metadata,
    ring: &KeyRing,
) -> Outcome {
    let (signature_text, algorithm, generated, kept) = match metadata {
        Metadata::NotKept => (None, None, None, false),
        Metadata::Kept { signature, signature_algorithm, backfill_generation_timestamp } => (
            signature.as_deref(),
            signature_algorithm.as_deref(),
            backfill_generation_timestamp.as_deref(),
            true,
        ),
    };
    let signature = signature_text.map(str::parse::<Signature>);
    let stored_signature = signature.as_ref().and_then(|parsed| parsed.as_ref().ok().cloned());
    let reject = |fault, hash, claim: Option<Claim>| {
        Outcome::Rejected(Box::new(RejectedDigest {
            fault,
            hash,
            signature: stored_signature.clone(),
            claim: claim.map(Box::new),
        }))
    };

    // 1. One gzip member. Stricter than the AWS CLI, which accepts bytes after it.
    let body = match gzip::inflate(stored, limit) {
        Ok(body) => body,
        Err(fault) => return reject(Fault::Gzip(fault), None, None),
    };
    let hash = Hash::of(&body);
    // 2. A digest's JSON, with algorithms that are known.
    let claim = match document::read(&body, hash) {
        Ok(document) => document,
        Err(fault) => return reject(fault, Some(hash), None),
    };
    if let Some(found) = algorithm.filter(|name| *name != SIGNATURE_ALGORITHM) {
        let fault = Fault::Algorithm { field: "x-amz-meta-signature-algorithm", found: found.into() };
        return reject(fault, Some(hash), Some(claim.claim));
    }
    // 3. At the place it says it belongs. Stricter than the AWS CLI in the account and the end time.
    if let Some(fault) = document::misplaced(&claim, place) {
        return reject(fault, Some(hash), Some(claim.claim));
    }
    let claim = claim.claim;
    let backfill = place.key.chain.kind == crate::trail::DigestKind::Backfill;
    if kept && backfill && generated.is_none() {
        return reject(Fault::GenerationTimeMissing, Some(hash), Some(claim));
    }
    // 4. Signed by a key of AWS's.
    let signature = match signature {
        Some(Ok(signature)) => signature,
        Some(Err(garbled)) => {
            return reject(Fault::SignatureGarbled(garbled.found.into()), Some(hash), Some(claim));
        }
        None if kept => return reject(Fault::SignatureRemoved, Some(hash), Some(claim)),
        None => return reject(Fault::SignatureNotKept, Some(hash), Some(claim)),
    };
    match check(&claim, &signature, place, ring) {
        Ok(key_window) => Outcome::Authentic(Box::new(AuthenticDigest {
            metadata_signature: Some(signature),
            blemish: None,
            key_window,
            claim: Claim { message: Box::default(), ..claim },
        })),
        Err(fault) => reject(fault, Some(hash), Some(claim)),
    }
}

/// The outcome for an object that is too large to be read, and so too large to be a digest.
pub fn oversized() -> Outcome {
    let fault = Fault::Gzip(gzip::Fault::TooLarge(Limit::DIGEST.0));
    Outcome::Rejected(Box::new(RejectedDigest { fault, hash: None, signature: None, claim: None }))
}

/// Tries a rejected digest again with the signature its successor recorded. Only lifts faults of the metadata:
/// the mathematics decides, whoever wrote the signature down. Where it does not fit, an authentic successor
/// makes it a proven mismatch; any other leaves things as they were.
pub fn vouch(
    rejected: RejectedDigest,
    recorded: &Signature,
    standing: Standing,
    place: Place<'_>,
    ring: &KeyRing,
) -> Outcome {
    let liftable = matches!(
        rejected.fault,
        Fault::SignatureRemoved
            | Fault::SignatureNotKept
            | Fault::SignatureGarbled(_)
            | Fault::SignatureInvalid { .. }
    );
    let RejectedDigest { fault, hash, signature, claim } = rejected;
    let Some(claim) = claim else {
        return Outcome::Rejected(Box::new(RejectedDigest { fault, hash, signature, claim }));
    };
    let not_kept = fault == Fault::SignatureNotKept;
    match check(&claim, recorded, place, ring) {
        Ok(key_window) if liftable => Outcome::Authentic(Box::new(AuthenticDigest {
            claim: Claim { message: Box::default(), ..*claim },
            metadata_signature: signature,
            blemish: (!not_kept).then_some(fault),
            key_window,
        })),
        Err(better)
            if not_kept
                && (standing == Standing::Authentic || better.verdict() == DigestVerdict::UnknownKey) =>
        {
            Outcome::Rejected(Box::new(RejectedDigest { fault: better, hash, signature, claim: Some(claim) }))
        }
        _ => Outcome::Rejected(Box::new(RejectedDigest { fault, hash, signature, claim: Some(claim) })),
    }
}

/// The RSA check itself. Validity windows of keys are advice: AWS's own samples lie outside theirs.
fn check(
    claim: &Claim,
    signature: &Signature,
    place: Place<'_>,
    ring: &KeyRing,
) -> Result<Option<(Time, Time)>, Fault> {
    let fingerprint = &claim.fingerprint;
    match ring.find(fingerprint, &place.key.chain.place.region) {
        Lookup::Known(key) if key.verifies(&claim.message, signature) => Ok(key.valid_from.zip(key.valid_to)),
        Lookup::Known(_) => Err(Fault::SignatureInvalid { fingerprint: fingerprint.clone() }),
        Lookup::Unknown(authority) => {
            Err(Fault::UnknownKey { fingerprint: fingerprint.clone(), authority: authority.clone() })
        }
    }
}
