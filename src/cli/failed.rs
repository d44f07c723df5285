//! Why a run could not begin, and what to do about it.

use std::fmt::Display;

use crate::audit::AuditError;
use crate::store::{StoreError, StoreErrorKind};

use super::exit::Failure;

/// What is known of how the caller reaches the store, as far as it makes a difference to what to do next.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    sign_in: String,
    denied: &'static str,
}

/// There are none, or AWS does not know them.
const NO_CREDENTIALS: &str = "there are no usable AWS credentials";
const EXPIRED: &str = "the AWS credentials have expired";

impl Advice {
    /// What is missing and what to do comes first; what AWS, or the search for credentials, said of it second.
    fn sign_in_first(&self, missing: &str, error: impl Display) -> Failure {
        match &*self.sign_in {
            "" => Failure::new(missing),
            sign_in => Failure::new(format!("{missing}: {sign_in}")),
        }
        .and(Failure::new(error))
    }
}

#[cfg(feature = "aws")]
mod aws {
    use std::fmt::Display;

    use crate::aws::SignIn;
    use crate::aws::failure::FailureKind;

    use super::{Advice, EXPIRED, NO_CREDENTIALS};
    use crate::cli::args::Access;
    use crate::cli::exit::Failure;

    impl Advice {
        /// For somebody who reaches AWS like this.
        pub fn of(access: &Access, sign_in: &SignIn) -> Self {
            let sign_in = match sign_in {
                SignIn::Sso { profile } => format!("sign in: aws sso login --profile {profile}"),
                SignIn::Plain => "set them up (aws configure, aws configure sso), sign in (aws sso login), or name a profile that \
                                  has some (--profile NAME, AWS_PROFILE=NAME); a public bucket needs none (--no-sign-request)"
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

        /// A failure of AWS's other services, and what to do about it.
        pub fn on(&self, kind: FailureKind, error: impl Display) -> Failure {
            let next = match kind {
                FailureKind::NoCredentials | FailureKind::Unrecognised => {
                    return self.sign_in_first(NO_CREDENTIALS, error);
                }
                FailureKind::CredentialsExpired => return self.sign_in_first(EXPIRED, error),
                FailureKind::Denied => "grant what was refused",
                FailureKind::TimedOut | FailureKind::CutOff | FailureKind::Unreachable => {
                    "check the network, the proxy, and AWS_ENDPOINT_URL if it is set"
                }
                FailureKind::NotFound | FailureKind::Throttled | FailureKind::Failed => "run again",
            };
            Failure::new(format!("{error}; {next}"))
        }
    }
}

/// Why a run could not begin, and what to do about it.
pub fn failure(error: &AuditError, advice: &Advice) -> Failure {
    match error {
        AuditError::Interrupted => Failure::interrupted(),
        AuditError::Store(store) => of_store(store, advice),
        AuditError::Ledger(_) => Failure::new(format!(
            "{error}; grant the right to list, read and write there (s3:ListBucket, s3:GetObject, s3:PutObject), or name another \
             place"
        )),
        AuditError::NoRecord { .. }
        | AuditError::Outage { .. }
        | AuditError::NotALogFile { .. }
        | AuditError::ADigest { .. }
        | AuditError::Records(_) => Failure::new(error),
    }
}

fn of_store(error: &StoreError, advice: &Advice) -> Failure {
    let next = match error.kind {
        StoreErrorKind::NoCredentials => return advice.sign_in_first(NO_CREDENTIALS, error),
        StoreErrorKind::CredentialsExpired => return advice.sign_in_first(EXPIRED, error),
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
    };
    let next = [Some(next).filter(|next| !next.is_empty()).map(str::to_owned), odd_name(error)];
    let next = next.into_iter().flatten().fold(error.to_string(), |told, next| format!("{told}; {next}"));
    Failure::new(next)
}

/// A word on a bucket's name that no bucket can be given today. Some that are older than 2018, all in us-east-1, have such
/// names, and stores elsewhere may: so it is asked for, and doubted only where that failed.
fn odd_name(error: &StoreError) -> Option<String> {
    let may_be_its_name =
        matches!(error.kind, StoreErrorKind::NoSuchBucket | StoreErrorKind::Denied | StoreErrorKind::Failed);
    let bucket = error.target.strip_prefix("s3://")?.split('/').next()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let usual = bucket.starts_with("arn:") || (3..=63).contains(&bucket.len()) && bucket.bytes().all(plain);
    (may_be_its_name && !usual).then(|| {
        format!(
            "is {bucket} spelt right? Names of buckets are 3 to 63 lower case letters, digits, dots and hyphens; only some old \
             ones in us-east-1 are not"
        )
    })
}
