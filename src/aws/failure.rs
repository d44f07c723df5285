//! Reads what the SDK calls an error: what AWS answered, in its own words, or why there was no answer.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudtrail::config::http::HttpResponse;
use aws_sdk_cloudtrail::error::{ProvideErrorMetadata, SdkError};
use http_body_util::LengthLimitError;

mod unreached;

use unreached::Unreached;

/// Why AWS gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// What it comes to.
    pub kind: FailureKind,
    /// AWS's code, where it answered with one.
    pub code: Option<Box<str>>,
    /// AWS's code and message, or how the connection failed.
    pub detail: String,
    /// Whether another try may go better.
    pub outlook: Outlook,
}

/// What a failure comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// AWS says that there is no such thing.
    NotFound,
    /// AWS refused.
    Denied,
    /// The credentials mean nothing there: they are wrong, or the region is not enabled for their account.
    Unrecognised,
    /// There are no credentials.
    NoCredentials,
    /// The credentials ran out.
    CredentialsExpired,
    /// AWS asks to slow down.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// The connection or the answer broke off.
    CutOff,
    /// No connection: no such host, refused, no route.
    Unreachable,
    /// Anything else.
    Failed,
}

/// Whether another try may go better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// The same answer would come again.
    Settled,
    /// It may pass.
    Passing,
}

impl Failure {
    /// Reads an error of any operation.
    pub(crate) fn read<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => match (answer.raw().status(), answer.err().code()) {
                // The SDK takes the unreadable for an error without a code.
                (status, None) if status.is_success() => {
                    Self::alien(&format!("what answered (status {status}) is not AWS"))
                }
                (status, code) => Self::answered(status.as_u16(), code, answer.err().message()),
            },
            SdkError::TimeoutError(_) => Self::unanswered(FailureKind::TimedOut, error),
            SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
                Self::unanswered(FailureKind::TimedOut, error)
            }
            SdkError::DispatchFailure(dispatch) => match broke_off(error) {
                true => Self::unanswered(FailureKind::CutOff, error),
                false if dispatch.is_io() => Self::unanswered(FailureKind::Unreachable, error),
                false => Self::from_credentials(error),
            },
            SdkError::ResponseError(answer) if overlong(error) => {
                Self::overlong(answer.raw().status().as_u16())
            }
            SdkError::ResponseError(_) if timed_out(error) => Self::unanswered(FailureKind::TimedOut, error),
            SdkError::ResponseError(_) => Self::unanswered(FailureKind::CutOff, error),
            SdkError::ConstructionFailure(_) => Self::from_credentials(error),
            // The enum is open; a kind of failure added later is still a failure.
            _ => Self::unanswered(FailureKind::Failed, error),
        }
    }

    /// Reads an error met while a body was being read.
    pub(crate) fn in_body(error: &(dyn Error + 'static)) -> Self {
        let kind = if timed_out(error) { FailureKind::TimedOut } else { FailureKind::CutOff };
        Self::unanswered(kind, error)
    }

    /// Nothing came for that long.
    pub(crate) fn timed_out(detail: String) -> Self {
        Self { kind: FailureKind::TimedOut, code: None, detail, outlook: Outlook::Passing }
    }

    /// It ended before it was whole.
    pub(crate) fn cut_off(detail: String) -> Self {
        Self { kind: FailureKind::CutOff, code: None, detail, outlook: Outlook::Passing }
    }

    /// An answer longer than any that AWS gives; its status alone is read.
    pub(crate) fn overlong(status: u16) -> Self {
        match status {
            200..=299 => Self::nonsense("the answer is longer than any that AWS gives"),
            _ => Self::answered(status, None, Some("a refusal longer than any that AWS gives")),
        }
    }

    /// Something else than AWS answered: a proxy, a portal. It may be gone the next time.
    pub(crate) fn alien(detail: &str) -> Self {
        Self { kind: FailureKind::Failed, code: None, detail: detail.to_owned(), outlook: Outlook::Passing }
    }

    /// AWS knows nothing of it.
    pub(crate) fn not_found(detail: &str) -> Self {
        Self { kind: FailureKind::NotFound, code: None, detail: detail.to_owned(), outlook: Outlook::Settled }
    }

    /// An answer that makes no sense.
    pub(crate) fn nonsense(detail: &str) -> Self {
        Self { kind: FailureKind::Failed, code: None, detail: detail.to_owned(), outlook: Outlook::Settled }
    }

    /// Reads an answer by its code, the status deciding where the code says nothing.
    pub(crate) fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        use FailureKind::{CredentialsExpired, Denied, Failed, NotFound, Throttled, TimedOut, Unrecognised};
        use Outlook::{Passing, Settled};
        let (kind, outlook) = match (code.unwrap_or_default(), status) {
            ("ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired", _) => {
                (CredentialsExpired, Settled)
            }
            // The caller's clock is wrong; the SDK learns by how much from this very answer.
            ("RequestTimeTooSkewed", _) => (Failed, Passing),
            ("InvalidSignatureException", _) if message.is_some_and(speaks_of_the_clock) => (Failed, Passing),
            (
                "InvalidAccessKeyId"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException"
                | "SignatureDoesNotMatch"
                | "InvalidSignatureException"
                | "InvalidToken"
                | "AuthFailure",
                _,
            ) => (Unrecognised, Settled),
            ("RequestTimeout" | "RequestTimeoutException", _) => (TimedOut, Passing),
            // S3 may begin a 200 before it knows better; the code is what counts.
            ("InternalError", _) => (Failed, Passing),
            ("ServiceUnavailable", _) => (Throttled, Passing),
            (
                "SlowDown"
                | "Throttling"
                | "ThrottlingException"
                | "ThrottledException"
                | "RequestThrottled"
                | "RequestThrottledException"
                | "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "BandwidthLimitExceeded"
                | "LimitExceededException"
                | "KMS.ThrottlingException",
                _,
            ) => (Throttled, Passing),
            // A portal sends everybody to its own page; AWS says where and why.
            ("", 300..=399) => (Failed, Passing),
            (_, 429 | 503) => (Throttled, Passing),
            (_, 504) => (TimedOut, Passing),
            (_, 500..) => (Failed, Passing),
            ("TrailNotFoundException" | "ResourceNotFoundException", _) => (NotFound, Settled),
            ("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation", _) | (_, 401 | 403) => {
                (Denied, Settled)
            }
            _ => (Failed, Settled),
        };
        let detail = match (code, message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, Some(message)) => format!("{message} (status {status})"),
            (None, None) => format!("status {status}"),
        };
        Self { kind, code: code.map(Into::into), detail, outlook }
    }

    fn unanswered(kind: FailureKind, error: &(dyn Error + 'static)) -> Self {
        let (outlook, next) = match kind {
            FailureKind::TimedOut | FailureKind::CutOff => (Outlook::Passing, ""),
            FailureKind::Unreachable => {
                let unreached = Unreached::of(error);
                (unreached.outlook(), unreached.next_step())
            }
            _ => (Outlook::Settled, ""),
        };
        Self { kind, code: None, detail: format!("{}{next}", in_words(error)), outlook }
    }

    /// Nothing was sent: most often because there was nothing to sign with.
    fn from_credentials(error: &(dyn Error + 'static)) -> Self {
        let Some(cause) = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) else {
            return Self::unanswered(FailureKind::Failed, error);
        };
        let words = cause.source().map(in_words).unwrap_or_default();
        let kind = match cause {
            CredentialsError::ProviderTimedOut(_) => FailureKind::TimedOut,
            _ if words.contains("Expired") || words.contains("expired") => FailureKind::CredentialsExpired,
            _ => FailureKind::NoCredentials,
        };
        let detail = match cause {
            // Which of all places were looked in vain is of no use to anybody.
            CredentialsError::CredentialsNotLoaded(_) => "no credentials were found".to_owned(),
            _ if words.is_empty() => cause.to_string(),
            _ => format!(
                "the credentials could not be retrieved: {}",
                words.trim_end_matches(": Stderr:").trim_end_matches(". Stderr:")
            ),
        };
        Self { detail, ..Self::unanswered(kind, cause) }
    }
}

/// Whether a signature was refused for its time alone, as services other than S3 word it.
fn speaks_of_the_clock(message: &str) -> bool {
    message.contains("Signature expired") || message.contains("Signature not yet current")
}

/// An error and all that caused it.
fn chain<'error>(
    error: &'error (dyn Error + 'static),
) -> impl Iterator<Item = &'error (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The whole chain as one sentence, without the links that only repeat the next one.
pub(super) fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in chain(error) {
        let own = cause.to_string();
        if !words.iter().any(|word| word.contains(&own)) {
            words.push(own);
        }
    }
    // What others print may have lines.
    let words: Vec<String> =
        words.iter().map(|word| word.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    words.join(": ")
}

/// Whether an established connection broke, as against one that never stood.
fn broke_off(error: &(dyn Error + 'static)) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let io = chain(error).find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match io {
        Some(io) => matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof),
        // hyper's own word for an answer that ended before it was whole; its type is not the SDK's to export.
        None => chain(error).any(|cause| cause.to_string().contains("before message completed")),
    }
}

fn overlong(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| cause.is::<LengthLimitError>())
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let slow = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::TimedOut;
    chain(error).any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(slow))
}
