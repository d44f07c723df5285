//! Reads a digest's user metadata: what is at hand of it, whose word it is, and whether its signature holds.

use super::{Claim, DigestPlace, Fault, SIGNATURE_ALGORITHM, check};
use crate::crypto::{KeyRing, Signature};
use crate::trail::{Describes, Metadata, Time, UserMetadata, parse_time};

/// Whose metadata a digest came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Custody {
    /// That of the bucket CloudTrail delivered to, where what is missing or wrong was changed.
    Delivered,
    /// A copy's own, which proves nothing by what it lacks.
    Copied,
}

/// What is at hand of a digest's metadata.
pub(super) struct AtHand<'m> {
    pub(super) custody: Custody,
    signature: Option<&'m str>,
    algorithm: Option<&'m str>,
    pub(super) generated: Option<&'m str>,
    /// Of a copy's: whether it says that it belongs to the stored bytes.
    describes: Describes,
    /// Why what lies in its place cannot be used.
    unusable: Option<&'m str>,
}

impl<'m> AtHand<'m> {
    pub(super) fn of(metadata: &'m Metadata) -> Self {
        let fields = |custody, describes, fields: &'m UserMetadata| Self {
            custody,
            signature: fields.signature.as_deref(),
            algorithm: fields.signature_algorithm.as_deref(),
            generated: fields.backfill_generation_timestamp.as_deref(),
            describes,
            unusable: None,
        };
        match metadata {
            Metadata::Kept(kept) => fields(Custody::Delivered, Describes::TheseBytes, kept),
            Metadata::Saved { metadata, describes } => fields(Custody::Copied, *describes, metadata),
            Metadata::NotKept(unusable) => Self {
                custody: Custody::Copied,
                signature: None,
                algorithm: None,
                generated: None,
                describes: Describes::Unclear,
                unusable: unusable.as_deref(),
            },
        }
    }

    pub(super) fn signature(&self) -> Option<Signature> {
        self.signature?.parse().ok()
    }

    /// Metadata that says otherwise than a signed body was changed; a copy's own may be anything.
    pub(super) fn other_algorithm(&self) -> Option<Fault> {
        let found = self.algorithm.filter(|name| *name != SIGNATURE_ALGORITHM)?;
        (self.custody == Custody::Delivered).then(|| Fault::Algorithm {
            field: "x-amz-meta-signature-algorithm".into(),
            found: found.chars().take(100).collect(),
        })
    }

    /// Holds the signature against the claim.
    pub(super) fn check(
        &self,
        claim: &Claim,
        place: DigestPlace<'_>,
        ring: &KeyRing,
    ) -> Result<Option<(Time, Time)>, Fault> {
        let lost = |why: Option<&str>| Fault::SignatureNotKept(why.map(Into::into));
        let signature = match (self.signature.map(str::parse::<Signature>), self.custody) {
            (Some(Ok(signature)), _) => signature,
            (Some(Err(garbled)), Custody::Delivered) => {
                return Err(Fault::SignatureGarbled(garbled.found.into()));
            }
            (Some(Err(_)), Custody::Copied) => {
                return Err(lost(Some("what was saved as its signature is not one")));
            }
            (None, Custody::Delivered) => return Err(Fault::SignatureRemoved),
            (None, Custody::Copied) => return Err(lost(self.unusable)),
        };
        let signed_at = self.generated.and_then(generation_time).unwrap_or(claim.span.end);
        match check(claim, &signature, signed_at, place, ring) {
            Err(Fault::SignatureInvalid { .. }) if self.describes == Describes::Unclear => {
                Err(lost(Some("the signature that was saved beside it is of other bytes")))
            }
            checked => checked,
        }
    }
}

/// When a backfill digest was made: AWS's texts have it with a fraction and without.
fn generation_time(text: &str) -> Option<Time> {
    let whole = text.split_once('.').map_or(text.to_owned(), |(seconds, _)| format!("{seconds}Z"));
    parse_time(&whole).ok()
}
