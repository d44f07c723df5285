//! Why a run could not begin, and what to do about it.

use trailseal::audit::AuditError;
use trailseal::store::StoreErrorKind;

use super::exit::Failure;

/// What is known of how the caller reaches the store, as far as it makes a difference to what to do next.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    sign_in: String,
    denied: &'static str,
}

#[cfg(feature = "aws")]
mod aws {
    use trailseal::aws::SignIn;
    use trailseal::aws::failure::FailureKind;

    use super::Advice;
    use crate::cli::args::Access;

    impl Advice {
        /// For somebody who reaches AWS like this.
        pub fn of(access: &Access, sign_in: &SignIn) -> Self {
            let sign_in = match sign_in {
                SignIn::Sso { profile } => format!("sign in: aws sso login --profile {profile}"),
                SignIn::Plain => "give credentials as to any AWS tool: --profile or AWS_PROFILE, environment variables, a role; \
                                  for a public bucket --no-sign-request"
                    .to_owned(),
            };
            let denied = match (access.no_sign_request, access.request_payer) {
                (true, _) => "the bucket is not public: leave out --no-sign-request",
                (false, None) => {
                    "grant s3:ListBucket on the bucket and s3:GetObject on PREFIX/AWSLogs/*; where the requester pays, \
                     --request-payer requester"
                }
                (false, Some(_)) => "grant s3:ListBucket on the bucket and s3:GetObject on PREFIX/AWSLogs/*",
            };
            Self { sign_in, denied }
        }

        /// What to do about a failure of AWS's other services.
        pub fn on(&self, kind: FailureKind) -> &str {
            match kind {
                FailureKind::NoCredentials | FailureKind::CredentialsExpired | FailureKind::Unrecognised => {
                    &self.sign_in
                }
                FailureKind::Denied => "grant what was refused",
                FailureKind::TimedOut | FailureKind::CutOff | FailureKind::Unreachable => {
                    "check the network, the proxy, and AWS_ENDPOINT_URL if it is set"
                }
                FailureKind::NotFound | FailureKind::Throttled | FailureKind::Failed => "run again",
            }
        }
    }
}

/// Why a run could not begin, and what to do about it.
pub fn failure(error: &AuditError, advice: &Advice) -> Failure {
    match error {
        AuditError::Interrupted => Failure::interrupted(),
        AuditError::Store(store) => match next_step(store.kind, advice) {
            "" => Failure::new(error),
            next => Failure::new(format!("{error}; {next}")),
        },
        AuditError::NoRecord { .. } | AuditError::NotALogFile { .. } | AuditError::ADigest { .. } => {
            Failure::new(error)
        }
    }
}

fn next_step(kind: StoreErrorKind, advice: &Advice) -> &str {
    match kind {
        StoreErrorKind::NoCredentials | StoreErrorKind::CredentialsExpired => &advice.sign_in,
        StoreErrorKind::Denied => advice.denied,
        StoreErrorKind::NoSuchBucket => {
            "check the bucket's name and, for other partitions, the profile's region"
        }
        StoreErrorKind::TimedOut
        | StoreErrorKind::CutOff
        | StoreErrorKind::Faltered
        | StoreErrorKind::Unavailable => "check the network, the proxy and --endpoint-url",
        StoreErrorKind::NotFound
        | StoreErrorKind::Archived
        | StoreErrorKind::KeyRefused
        | StoreErrorKind::Throttled
        | StoreErrorKind::Oversized
        | StoreErrorKind::Stopped
        | StoreErrorKind::Failed => "",
    }
}
