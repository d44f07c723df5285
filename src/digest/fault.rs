//! What may be wrong with a digest.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::crypto::{Authority, Fingerprint};
use crate::gzip;
use crate::verdict::DigestVerdict;

/// Why a digest is not, or not wholly, authentic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Not one gzip member within the limit.
    Gzip(gzip::Fault),
    /// Not a digest's JSON: which field, and what is wrong with it.
    Document(Box<str>),
    /// A field names an algorithm that is not known.
    Algorithm {
        /// The field.
        field: Cow<'static, str>,
        /// What it names.
        found: Box<str>,
    },
    /// It says that it belongs elsewhere.
    Relocated {
        /// Which of its statements does not fit its place.
        field: Cow<'static, str>,
        /// What it says.
        claimed: Box<str>,
        /// What its place says.
        found: Box<str>,
    },
    /// No signature at hand, from a store that keeps metadata: somebody removed it.
    SignatureRemoved,
    /// No signature at hand, from a copy that kept none; and why what lies in its place cannot be used, if anything does.
    SignatureNotKept(Option<Box<str>>),
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
    /// Whether the bytes themselves show that AWS did not sign them for this place, whatever keys or metadata may still
    /// turn up.
    pub fn is_refutation(&self) -> bool {
        match self {
            Fault::Gzip(_)
            | Fault::Document(_)
            | Fault::Relocated { .. }
            | Fault::SignatureGarbled(_)
            | Fault::SignatureInvalid { .. }
            | Fault::GenerationTimeMissing
            | Fault::UnknownKey { authority: Authority::Aws, .. } => true,
            Fault::Algorithm { .. }
            | Fault::SignatureRemoved
            | Fault::SignatureNotKept(_)
            | Fault::UnknownKey {
                authority: Authority::File | Authority::Refused(_) | Authority::Nobody,
                ..
            } => false,
        }
    }

    /// The verdict that this fault amounts to.
    pub fn verdict(&self) -> DigestVerdict {
        match self {
            Self::Gzip(_) | Self::Document(_) | Self::GenerationTimeMissing => DigestVerdict::Malformed,
            Self::Algorithm { .. } => DigestVerdict::AlgorithmUnsupported,
            Self::Relocated { .. } => DigestVerdict::Relocated,
            Self::SignatureRemoved | Self::SignatureNotKept(_) => DigestVerdict::Unsigned,
            Self::SignatureGarbled(_) | Self::SignatureInvalid { .. } => DigestVerdict::SignatureInvalid,
            Self::UnknownKey { .. } => DigestVerdict::UnknownKey,
        }
    }
}
