//! How to reach AWS.

use crate::trail::Region;
use clap::{Args, ValueEnum};

/// How to reach AWS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "AWS")]
pub struct Access {
    /// Profile of the shared AWS configuration; takes precedence over credentials in the environment
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region for the first AWS request [default: as configured]; buckets are followed to their own region
    #[arg(long, value_name = "R")]
    pub aws_region: Option<Region>,
    /// IAM role to assume
    #[arg(long, value_name = "ARN")]
    pub assume_role: Option<String>,
    /// Endpoint URL of an S3-compatible store
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Do not sign requests, for public buckets; needs --keys
    #[arg(long, conflicts_with = "assume_role")]
    pub no_sign_request: bool,
    /// Get every object through the AWS SDK's full stack: slower, for troubleshooting
    #[arg(long, hide_short_help = true)]
    pub no_fast_path: bool,
    /// Who pays for requests to the bucket, where its owner does not
    #[arg(long, value_enum, value_name = "WHO")]
    pub request_payer: Option<RequestPayer>,
    /// Most requests per second to each bucket
    #[arg(long, value_name = "N")]
    pub max_requests_per_second: Option<std::num::NonZeroU32>,
}

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RequestPayer {
    /// Whoever asks
    Requester,
}
