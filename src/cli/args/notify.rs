//! Who is told of a run that is not well.

use clap::Args;

/// Who is told of a run that is not well.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Alerts")]
pub struct Notify {
    /// Whom to tell if the exit code is 1 or 3: sns:ARN, https://…, slack+https://…, eventbridge:BUS, securityhub, file:PATH or
    /// exec:COMMAND; repeatable
    #[arg(long = "notify", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Where to keep what was told, so that alerts say what is new [default: the ledger]
    #[arg(long = "notify-state", value_name = "FILE|s3://BUCKET/KEY")]
    pub state: Option<String>,
}
