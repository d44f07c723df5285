//! What S3's refusals come to. Only S3's own `NoSuchKey` makes an object absent: a bare 404 can be anybody's.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;

use crate::aws::failure::{Failure, FailureKind, Outlook};
use crate::aws::retry::{Refused, RetryCause, Setback};
use crate::store::{StoreError, StoreErrorKind};
use crate::trail::Region;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    List,
    ListVersions,
    Get,
    Put,
    /// A setting of a bucket or an object.
    Ask,
}

/// An attempt that gave nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    kind: StoreErrorKind,
    failure: Failure,
    /// What it means for the next attempt.
    pub(super) setback: Setback,
    /// Where the answer says that the bucket is.
    pub(super) region: Option<Region>,
}

impl Refusal {
    pub(super) fn new(action: Action, failure: Failure, region: Option<Region>) -> Self {
        let (kind, setback) = (kind(action, &failure), failure.setback());
        Self { kind, failure, setback, region }
    }

    /// An answer that makes no sense.
    pub(super) fn nonsense(detail: &str) -> Self {
        Self::new(Action::List, Failure::nonsense(detail), None)
    }

    /// An answer that is not S3's.
    pub(super) fn alien(detail: &str) -> Self {
        Self::new(Action::Get, Failure::alien(detail), None)
    }

    /// An answer that ended before it was whole.
    pub(super) fn cut_off(detail: String) -> Self {
        Self::in_body(Failure::cut_off(detail))
    }

    /// A body that could not be read to its end.
    pub(super) fn in_body(failure: Failure) -> Self {
        Self::new(Action::Get, failure, None)
    }

    /// Nothing was asked: the bucket is gone.
    pub(super) fn gone(detail: String) -> Self {
        let settled = Self::nonsense(&detail);
        Self { kind: StoreErrorKind::Unavailable, ..settled }
    }

    /// An object too large to be held.
    pub(super) fn oversized(length: &str) -> Self {
        let settled = Self::nonsense(length);
        Self { kind: StoreErrorKind::Oversized, ..settled }
    }

    /// What S3 answered instead of an object. Says of an archived object where it lies and what brings it back, and of
    /// an absent one what stands in its place.
    pub(super) fn answered(error: &GetObjectError, answer: &HttpResponse) -> Self {
        let failure = Failure::answered(answer.status().as_u16(), error.code(), error.message());
        let mut refusal = Self::new(Action::Get, failure, region(answer));
        if let GetObjectError::InvalidObjectState(state) = error {
            let class = state.storage_class().map(|class| class.as_str());
            let tier = state.access_tier().map(|tier| tier.as_str());
            let place = tier.or(class).unwrap_or("an archive");
            refusal.failure.detail = format!(
                "InvalidObjectState: it lies in {place}; restore it (aws s3api restore-object) and run again"
            );
        }
        let marker = answer.headers().get("x-amz-delete-marker");
        if refusal.kind == StoreErrorKind::NotFound && marker == Some("true") {
            refusal.failure.detail.push_str("; a delete marker stands in its place");
        }
        refusal
    }

    /// A refusal longer than any of S3's.
    pub(super) fn overlong(answer: &HttpResponse) -> Self {
        Self::new(Action::Get, Failure::overlong(answer.status().as_u16()), region(answer))
    }

    /// What the SDK made of an object that was asked for.
    pub(super) fn of_get(error: &SdkError<GetObjectError, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(refused) if !refused.raw().status().is_success() => {
                Self::answered(refused.err(), refused.raw())
            }
            _ => Self::new(Action::Get, Failure::read(error), elsewhere(error)),
        }
    }

    /// What came back.
    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    pub(super) fn is_throttling(&self) -> bool {
        self.setback == Setback::Passing(RetryCause::Throttled)
    }

    /// Whether the object is too large to be held.
    pub(super) fn is_oversized(&self) -> bool {
        self.kind == StoreErrorKind::Oversized
    }

    /// The refusal as the store's caller sees it.
    pub(super) fn of(self, action: Action, target: String) -> StoreError {
        let action = match action {
            Action::List => "list",
            Action::ListVersions => "list the versions of",
            Action::Get => "get",
            Action::Put => "put",
            Action::Ask => "ask",
        };
        StoreError::new(self.kind, action, target, self.failure.detail.clone()).caused_by(self.failure)
    }
}

impl Refused for Refusal {
    fn setback(&self) -> Setback {
        self.setback
    }

    fn detail(&self) -> &str {
        &self.failure.detail
    }
}

/// The region of the bucket, where the answer tells.
pub(super) fn elsewhere<E>(error: &SdkError<E, HttpResponse>) -> Option<Region> {
    region(error.raw_response()?)
}

fn region(answer: &HttpResponse) -> Option<Region> {
    answer.headers().get("x-amz-bucket-region")?.parse().ok()
}

fn kind(action: Action, failure: &Failure) -> StoreErrorKind {
    let code = failure.code.as_deref().unwrap_or_default();
    match (action, code) {
        (Action::Get, "NoSuchKey") => return StoreErrorKind::NotFound,
        (_, "NoSuchBucket") => return StoreErrorKind::NoSuchBucket,
        (_, "InvalidObjectState") => return StoreErrorKind::Archived,
        _ => {}
    }
    match failure.kind {
        FailureKind::Throttled => StoreErrorKind::Throttled,
        FailureKind::CredentialsExpired => StoreErrorKind::CredentialsExpired,
        // S3 passes on what KMS said: under a code of its own, or as AccessDenied naming the KMS action.
        FailureKind::Denied | FailureKind::Failed | FailureKind::NotFound if speaks_of_kms(failure) => {
            StoreErrorKind::KeyRefused
        }
        FailureKind::Denied => StoreErrorKind::Denied,
        FailureKind::NoCredentials | FailureKind::Unrecognised => StoreErrorKind::NoCredentials,
        FailureKind::TimedOut => StoreErrorKind::TimedOut,
        FailureKind::CutOff => StoreErrorKind::CutOff,
        FailureKind::NotFound | FailureKind::Unreachable | FailureKind::Failed => match failure.outlook {
            Outlook::Settled => StoreErrorKind::Failed,
            Outlook::Passing => StoreErrorKind::Faltered,
        },
    }
}

fn speaks_of_kms(failure: &Failure) -> bool {
    let refused = failure.outlook == Outlook::Settled && failure.code.is_some();
    let words = ["perform: kms:", "The ciphertext refers to a customer master key"];
    refused && (failure.detail.starts_with("KMS.") || words.iter().any(|word| failure.detail.contains(word)))
}
