//! Authenticates digests: what their bytes, their metadata and the keys at hand amount to.

use std::sync::Arc;

use super::entry::{Entry, EntryState};
use crate::crypto::{Authority, KeyRing, Signature};
use crate::digest::{self, DigestPlace, Fault, NamedBy, Standing};
use crate::gzip::{self, Limit};
use crate::trail::key::DigestKey;
use crate::trail::{Metadata, ObjectName};

/// Authenticates a digest by its stored bytes and its own metadata; `limit` is how large it may unfold to be.
pub fn authenticate(
    named_by: NamedBy,
    ring: &KeyRing,
    limit: Limit,
    (object, key): (ObjectName, DigestKey),
    (stored, metadata): (&[u8], &Metadata),
) -> Entry {
    let place = DigestPlace { delivered: &object, key: &key, named_by };
    let state = digest::authenticate_within(limit, place, stored, metadata, ring).into();
    let object = named_by_itself(object, &state, named_by);
    Entry { key, object, state }
}

/// Tries a rejected digest with the signature that its successor recorded.
pub(super) fn vouched(
    named_by: NamedBy,
    ring: &KeyRing,
    entry: Entry,
    (signature, standing): (Signature, Standing),
) -> Entry {
    let Entry { key, object, state: found } = entry;
    let EntryState::Rejected(rejected) = found else {
        return Entry { key, object, state: found };
    };
    let place = DigestPlace { delivered: &object, key: &key, named_by };
    let state = digest::vouch(*rejected, &signature, standing, place, ring).into();
    Entry { key, object, state }
}

/// Whether it was too large for this limit; another may hold it.
pub fn exceeds(entry: &Entry, limit: Limit) -> bool {
    let EntryState::Rejected(rejected) = &entry.state else { return false };
    rejected.fault == Fault::Gzip(gzip::Fault::TooLarge(limit.0))
}

/// Whether AWS was asked for the key and did not list it, or listed too few: worth asking once more, for a wider time.
pub fn unknown_to_aws(entry: &Entry, ring: &KeyRing) -> bool {
    let EntryState::Rejected(rejected) = &entry.state else { return false };
    let asked = *ring.authority(&entry.key.chain.place.region) == Authority::Aws;
    asked && matches!(&rejected.fault, Fault::UnknownKey { .. })
}

/// In a folder, which does not know its bucket, a digest is called by the bucket it names itself.
fn named_by_itself(object: ObjectName, state: &EntryState, named_by: NamedBy) -> ObjectName {
    let own = match (state, named_by) {
        (_, NamedBy::BucketAndKey) | (EntryState::Unseen(_) | EntryState::Gone, NamedBy::KeyOnly) => None,
        (EntryState::Authentic(digest), NamedBy::KeyOnly) => Some(Arc::clone(digest.bucket())),
        (EntryState::Rejected(rejected), NamedBy::KeyOnly) => {
            rejected.claim().map(|claim| Arc::clone(&claim.bucket))
        }
    };
    match own {
        Some(bucket) => ObjectName { bucket, ..object },
        None => object,
    }
}
