//! Who is told of a run that is not well.

use clap::Args;

/// Who is told of a run that is not well.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Alerts")]
pub struct Notify {
    /// Send an alert if the run ends with exit code 1 or 3, or finds something mended: sns:ARN, https://…, slack+https://…,
    /// eventbridge:BUS, securityhub, file:PATH (adds a line) or exec:COMMAND (gets JSON on stdin); repeatable. It never changes
    /// the exit code
    #[arg(long = "notify", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Where to keep what was told, so that an alert says what is new [default: the ledger, if there is one]
    #[arg(long = "notify-state", value_name = "FILE|s3://BUCKET/KEY")]
    pub state: Option<String>,
}
