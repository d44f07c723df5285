//! The command line, and nothing but: what it means is decided where it is used.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;

use crate::render::{Format, Heartbeat};
use crate::trail::{AccountId, Region};
use crate::verdict::Code;
use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::time::{Moment, duration, moment, some_duration};

mod access;
mod lab;
mod remember;
mod seal;
mod texts;
mod words;

pub use access::Access;
#[cfg(feature = "aws")]
pub use access::RequestPayer;
pub use lab::{Demo, Forge};
pub use remember::{Remember, Reread};
pub use seal::{Keygen, Seal, ShowSeal, VerifySeal};
pub use texts::{Completions, Config, Explain, Manual, SavedReport, Show};
pub use words::{ExpectedRegion, Form, ReportForm, TableForm};
use words::{code_parser, expected_region, form_parser, report_parser};

/// Proves that an AWS CloudTrail record is whole.
#[derive(Debug, Parser)]
#[command(name = "trailseal", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Headings of help, ordinary things first.
const WINDOW: &str = "Time range";
const SCOPE: &str = "Scope";
const JUDGEMENT: &str = "Expectations";
const RESULT: &str = "Output";

const EXIT_CODES: &str = "Exit codes: 0 whole, 1 tampering found, 2 could not run or write a result, 3 incomplete, \
                          4 nothing to verify, 130 interrupted. 1 beats 2, and 2 beats all others.";

const VERIFY_HELP: &str = "Every option may also come from the environment (TRAILSEAL_LOOK_BACK for --look-back) or from the \
                           file that --config names (look-back = \"35d\"); the command line counts first.\n\n\
                           Exit codes: 0 whole, 1 tampering found, 2 could not run or write a result, 3 incomplete, \
                           4 nothing to verify, 130 interrupted. 1 beats 2, and 2 beats all others.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify a bucket, a trail or a folder.
    #[command(after_help = VERIFY_HELP, disable_help_flag = true)]
    Verify(Box<Verify>),
    /// Fetch the public keys that digests are signed with.
    #[cfg(feature = "aws")]
    #[command(subcommand)]
    Keys(Keys),
    /// Generate a signed test record, damaged in any of the known ways: a lab to rehearse in.
    Forge(Forge),
    /// Generate a small record, verify it, damage it, verify it again. No network, no arguments.
    Demo(Demo),
    /// Prove one log file: which digest file attests it, which key signed that, whether the hash matches.
    #[command(after_help = EXIT_CODES)]
    Prove(Prove),
    /// Make keys for seals, and read seals: signed statements of what runs saw.
    #[command(subcommand)]
    Seal(Seal),
    /// Explain a finding: what it means, what causes it and what to do next.
    Explain(Explain),
    /// Write an earlier JSON report in another format.
    Report(SavedReport),
    /// Print completions for a shell.
    Completions(Completions),
    /// Print the manual.
    Man(Manual),
    /// Show which options are in effect, and where each comes from.
    #[command(subcommand)]
    Config(Config),
}

/// Verify a bucket, a trail or a folder.
#[derive(Debug, Args)]
pub struct Verify {
    /// s3://BUCKET[/PREFIX], the ARN of a trail, or a local copy that keeps the S3 keys as paths; or a part of a record in
    /// one of them, down to …/AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD
    #[arg(value_hint = clap::ValueHint::DirPath)]
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
    /// What it knows of earlier runs
    #[command(flatten)]
    pub remember: Remember,
    /// Format of the result on stdout
    #[arg(long, value_parser = form_parser(), default_value = "human", help_heading = RESULT)]
    pub format: Form,
    /// Same as --format json
    #[arg(long, help_heading = RESULT)]
    pub json: bool,
    /// Write the result to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub output: Option<PathBuf>,
    /// Also write the result to a file, in any format, or a line for every object (csv-objects, jsonl-objects);
    /// repeatable. Metrics (prometheus) are written even if the run cannot start (exit code 2)
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = report_parser, help_heading = RESULT)]
    pub reports: Vec<(ReportForm, PathBuf)>,
    /// With the formats csv and jsonl: list every object, not only findings
    #[arg(long, help_heading = RESULT)]
    pub objects: bool,
    /// Whether a record that is whole is reported
    #[command(flatten)]
    pub pulse: Pulse,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
    /// Most requests in flight; a run starts with 64 and adds more while responses are slow
    #[arg(
        long, value_name = "N", default_value = "256",
        value_parser = clap::value_parser!(u16).range(1..=4096).try_map(NonZeroU16::try_from), help_heading = "Load",
    )]
    pub concurrency: NonZeroU16,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
    /// Configuration file (TOML); the command line and the environment take precedence
    #[arg(long, value_name = "FILE", help_heading = "Help and configuration")]
    pub config: Option<PathBuf>,
    /// Print help
    #[arg(short, long, action = clap::ArgAction::HelpShort, help_heading = "Help and configuration")]
    pub help: Option<bool>,
    /// What the environment or the file lowers, in sentences.
    #[arg(skip)]
    pub lowered: Vec<String>,
    /// What the options are called where they were given.
    #[arg(skip)]
    pub spoken: Spoken,
}

impl Verify {
    /// How the result is written.
    pub fn form(&self) -> Form {
        match (self.json, self.format) {
            (true, _) => Form::Report(Format::Json),
            (false, Form::Report(format)) => Form::Report(self.pulse.of(format)),
            (false, Form::AwsCli) => Form::AwsCli,
        }
    }
}

/// The public keys that digests are signed with.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Ask AWS for keys and print them, keyed by region, for --keys
    Fetch(FetchKeys),
}

/// Ask AWS for keys and print them, keyed by region, for --keys.
#[derive(Debug, Args)]
pub struct FetchKeys {
    /// A region digests come from [default: every region enabled for this account]
    #[arg(long = "region", value_name = "R", value_delimiter = ',')]
    pub regions: Vec<Region>,
    /// Start of the time digests were signed in, inclusive: a time, a date, or a duration back from now
    #[arg(
        long, alias = "since", value_name = "T", value_parser = moment, default_value = "90d",
        allow_hyphen_values = true,
    )]
    pub start: Moment,
    /// Last moment digests were signed in [default: now]
    #[arg(long, alias = "until", value_name = "T", value_parser = moment, allow_hyphen_values = true)]
    pub end: Option<Moment>,
    /// Write the keys to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
}

/// Prove one log file.
#[derive(Debug, Args)]
pub struct Prove {
    /// s3://BUCKET/KEY of a log file, or its path in a folder with keys as under the bucket
    pub file: String,
    /// Public keys as `aws cloudtrail list-public-keys` or `trailseal keys fetch` print them
    #[arg(long = "keys", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Folder that corresponds to the bucket [default: the one that holds AWSLogs/]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// How the proof is written
    #[arg(long, value_enum, default_value_t = ProofFormat::Human)]
    pub format: ProofFormat,
    /// Write the proof to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
}

/// How a proof is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProofFormat {
    /// For a person
    Human,
    /// trailseal/proof/v1
    Json,
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

/// Whether a record that is whole is reported, in formats that report findings alone.
#[derive(Debug, Clone, Args)]
pub struct Pulse {
    /// With the format ocsf: emit one passed check if the record is whole
    #[arg(long, help_heading = RESULT)]
    heartbeat: bool,
}

impl Pulse {
    /// The format as it is to be written.
    pub fn of(&self, format: Format) -> Format {
        format.beating(if self.heartbeat { Heartbeat::Beating } else { Heartbeat::Silent })
    }
}

/// How to look on the terminal.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Colour on the terminal; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Colour::Auto, help_heading = RESULT)]
    pub color: Colour,
    /// No progress bar
    #[arg(long, help_heading = RESULT)]
    pub no_progress: bool,
    /// Print nothing if all is well, otherwise the verdict and the first findings
    #[arg(short, long, help_heading = RESULT)]
    pub quiet: bool,
    /// Print more: every finding, every chain
    #[arg(short, long, help_heading = RESULT)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal that wants it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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
