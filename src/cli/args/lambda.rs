//! The program as a function of AWS Lambda.

use clap::Args;

use super::deploy::{Bucketed, Lookback};

/// Answer the events of AWS Lambda: verify the record for that of a schedule, and the hour of each digest that S3 tells of.
#[derive(Debug, Args)]
pub struct Lambda {
    /// The bucket that CloudTrail delivers to
    #[arg(value_name = "s3://BUCKET[/PREFIX]")]
    pub source: Bucketed,
    /// How far back a scheduled run looks
    #[arg(long, value_name = "DURATION", default_value = "400d", value_parser = Lookback::parse)]
    pub last: Lookback,
    /// Options of `trailseal verify` for every run
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}
