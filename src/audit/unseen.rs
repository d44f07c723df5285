//! The one place where a store's failure becomes a cause in the report, and so the only place where an outage could
//! be mistaken for a crime.

use crate::inspection::ListingFailure;
use crate::store::{StoreError, StoreErrorKind};
use crate::verdict::Unseen;

/// What an unsuccessful look at an object amounts to.
pub(super) enum Absence {
    /// The store says that it is not there.
    Gone,
    /// It could not be looked at.
    Unseen(Unseen),
    /// It is there, and far larger than anything CloudTrail writes.
    Oversized,
}

/// Only the store's own word that there is no such object makes it gone.
pub(super) fn absence(error: &StoreError) -> Absence {
    match error.kind {
        StoreErrorKind::NotFound => Absence::Gone,
        StoreErrorKind::Oversized => Absence::Oversized,
        StoreErrorKind::NoSuchBucket
        | StoreErrorKind::Denied
        | StoreErrorKind::Archived
        | StoreErrorKind::KeyRefused
        | StoreErrorKind::Throttled
        | StoreErrorKind::NoCredentials
        | StoreErrorKind::CredentialsExpired
        | StoreErrorKind::CutOff
        | StoreErrorKind::TimedOut
        | StoreErrorKind::Faltered
        | StoreErrorKind::Unavailable
        | StoreErrorKind::Stopped
        | StoreErrorKind::Failed => Absence::Unseen(unseen(error)),
    }
}

/// The cause for something that could not be listed or read.
pub(super) fn unseen(error: &StoreError) -> Unseen {
    let detail = error.detail.as_str().into();
    match error.kind {
        StoreErrorKind::Denied => Unseen::Denied(detail),
        StoreErrorKind::Archived => Unseen::Archived(detail),
        StoreErrorKind::KeyRefused => Unseen::KeyRefused(detail),
        StoreErrorKind::Throttled => Unseen::Throttled(detail),
        StoreErrorKind::NoCredentials | StoreErrorKind::CredentialsExpired => {
            Unseen::CredentialsExpired(detail)
        }
        StoreErrorKind::CutOff => Unseen::CutOff(detail),
        StoreErrorKind::TimedOut => Unseen::TimedOut(detail),
        StoreErrorKind::Unavailable => Unseen::Unavailable(detail),
        StoreErrorKind::Stopped => Unseen::Interrupted,
        StoreErrorKind::NotFound
        | StoreErrorKind::NoSuchBucket
        | StoreErrorKind::Oversized
        | StoreErrorKind::Faltered
        | StoreErrorKind::Failed => Unseen::Failed(detail),
    }
}

/// A folder that could not be listed, or not wholly.
pub(super) fn failure(error: &StoreError) -> ListingFailure {
    let message = format!("cannot {} {}: {}", error.action, error.target, error.detail);
    ListingFailure { message, cause: unseen(error) }
}
