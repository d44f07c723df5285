//! What is asked for: which record, which part of it, and what it is held to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::words::{code_parser, expected_region};
use super::{ExpectedRegion, JUDGEMENT, SCOPE, WINDOW};
use crate::cli::time::{Moment, duration, moment, some_duration};
use crate::trail::{AccountId, Region};
use crate::verdict::Code;

/// What is asked for.
#[derive(Debug, Clone, Args)]
pub struct Asked {
    /// The source, in the caller's words.
    #[arg(skip)]
    pub source: String,
    /// Start of the range, inclusive: a time, a date, or a duration back from now; also --since [default: the whole
    /// record]
    #[arg(
        long, alias = "since", value_name = "T", value_parser = moment, allow_hyphen_values = true,
        help_heading = WINDOW,
    )]
    pub start: Option<Moment>,
    /// End of the range, exclusive; a date includes its whole day; also --until [default: now; of a folder, its newest object]
    #[arg(
        long, alias = "until", value_name = "T", value_parser = moment, allow_hyphen_values = true,
        help_heading = WINDOW,
    )]
    pub end: Option<Moment>,
    /// Same as --start with a duration, such as 26h or 30d
    #[arg(
        long, value_name = "DURATION", value_parser = some_duration, allow_hyphen_values = true,
        help_heading = WINDOW,
    )]
    pub last: Option<chrono::TimeDelta>,
    /// Only the digests of these trails (log files are still checked against the digests of all trails)
    #[arg(long = "trail", value_name = "NAME|ARN", value_delimiter = ',', help_heading = SCOPE)]
    pub trails: Vec<String>,
    /// Only these accounts
    #[arg(long = "account", value_name = "ID", value_delimiter = ',', help_heading = SCOPE)]
    pub accounts: Vec<AccountId>,
    /// Only these regions
    #[arg(long = "region", value_name = "R", value_delimiter = ',', help_heading = SCOPE)]
    pub regions: Vec<Region>,
    /// What to check: digests alone (chain), also that log files are there (presence), or their content too (full)
    #[arg(long, value_enum, default_value_t = Depth::Full, help_heading = SCOPE)]
    pub depth: Depth,
    /// Regions that must have digests in every account; `enabled` asks the account
    #[arg(
        long = "expect-region", value_name = "R|enabled", value_parser = expected_region,
        value_delimiter = ',', help_heading = JUDGEMENT,
    )]
    pub expect_regions: Vec<ExpectedRegion>,
    /// Accounts that must have digests
    #[arg(long = "expect-account", value_name = "ID", value_delimiter = ',', help_heading = JUDGEMENT)]
    pub expect_accounts: Vec<AccountId>,
    /// Downgrade findings of these codes to notices
    #[arg(
        long, value_name = "CODE", value_parser = code_parser(), value_delimiter = ',',
        hide_possible_values = true, help_heading = JUDGEMENT,
    )]
    pub accept: Vec<Code>,
    /// Upgrade notices of these codes to incomplete (exit code 3); never changes a worse finding
    #[arg(
        long, value_name = "CODE", value_parser = code_parser(), value_delimiter = ',',
        hide_possible_values = true, help_heading = JUDGEMENT,
    )]
    pub fail_on: Vec<Code>,
    /// Acknowledge that a chain has ended, by the end time of its last digest, as a `chain-ended` finding prints it; or a
    /// file of such lines
    #[arg(long, value_name = "ACCOUNT[/REGION[/TRAIL]]@TIME|FILE", help_heading = JUDGEMENT)]
    pub ended: Vec<String>,
    /// How far before the time range to look for chains that have ended since
    #[arg(
        long, value_name = "DURATION", value_parser = duration, default_value = "35d",
        help_heading = JUDGEMENT,
    )]
    pub look_back: chrono::TimeDelta,
    /// Grace period: how long digests and log files may take to arrive
    #[arg(
        long, value_name = "DURATION", value_parser = duration, default_value = "3h",
        help_heading = JUDGEMENT,
    )]
    pub grace: chrono::TimeDelta,
    /// Public keys, as printed by `aws cloudtrail list-public-keys` or `trailseal keys fetch`
    #[arg(long = "keys", value_name = "FILE", help_heading = JUDGEMENT)]
    pub keys: Vec<PathBuf>,
    /// Bucket and prefix that CloudTrail delivered to, if the source is a copy
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]", help_heading = JUDGEMENT)]
    pub copied_from: Option<String>,
    /// Days the record is retained: an older digest that is gone counts as expired
    #[arg(
        long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Memory",
    )]
    pub retention: Option<u32>,
    /// What the environment or the file lowers, in sentences.
    #[arg(skip)]
    pub lowered: Vec<String>,
    /// What the options are called where they were given.
    #[arg(skip)]
    pub spoken: Spoken,
}

/// What options are called where they were given: `--accept`, `TRAILSEAL_ACCEPT`, `accept in FILE`.
#[derive(Debug, Clone, Default)]
pub struct Spoken(pub BTreeMap<String, String>);

impl Spoken {
    /// What an option is called.
    pub fn of(&self, option: &str) -> String {
        self.0.get(option).cloned().unwrap_or_else(|| format!("--{option}"))
    }
}

/// What to check: digests alone (chain), also that log files are there (presence), or their content too (full).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Depth {
    /// Digests alone
    Chain,
    /// Digests, and whether log files are there
    Presence,
    /// Every byte of every log file
    Full,
}

impl From<Depth> for crate::trail::Depth {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Chain => Self::Chain,
            Depth::Presence => Self::Presence,
            Depth::Full => Self::Full,
        }
    }
}
