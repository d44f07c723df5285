//! The command line, and nothing but: what it means is decided where it is used.

use std::num::NonZeroU16;
use std::path::PathBuf;

use crate::trail::Region;
use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::time::{Moment, moment};

mod access;
mod asked;
mod deploy;
mod lab;
#[cfg(feature = "aws")]
mod lambda;
mod notify;
mod outputs;
#[cfg(feature = "aws")]
mod posture;
mod remember;
mod seal;
mod shards;
mod texts;
mod words;

pub use access::Access;
#[cfg(feature = "aws")]
pub use access::RequestPayer;
pub use asked::{Asked, Spoken};
pub use deploy::{Alert, Deploy, Place, Schedule, Target};
pub use lab::{Demo, Forge};
#[cfg(feature = "aws")]
pub use lambda::Lambda;
pub use notify::Notify;
pub use outputs::{Colour, Look, Outputs, Pulse};
#[cfg(feature = "aws")]
pub use posture::{Posture, PostureFormat};
pub use remember::{Remember, Reread};
pub use seal::{Keygen, Seal, ShowSeal, VerifySeal};
pub use shards::{Merge, PartOfPlan, PlanRun};
pub use texts::{Completions, Config, Explain, Manual, SavedReport, Show};
pub use words::{ExpectedRegion, Form, ReportForm, TableForm};

/// Proves that an AWS CloudTrail record is whole.
#[derive(Debug, Parser)]
#[command(name = "trailseal", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// The same, where what is asked for knows the source.
    pub fn with_its_source(mut self) -> Self {
        match &mut self.command {
            Command::Verify(verify) => verify.asked.source = verify.source.clone().unwrap_or_default(),
            Command::Plan(plan) => plan.asked.source.clone_from(&plan.source),
            _ => {}
        }
        self
    }
}

/// Headings of help, ordinary things first.
const WINDOW: &str = "Time range";
const SCOPE: &str = "Scope";
const JUDGEMENT: &str = "Expectations";
const RESULT: &str = "Output";

const EXIT_CODES: &str = "Exit codes: 0 whole, 1 tampering found, 2 could not run or write a result, 3 incomplete, \
                          4 nothing to verify, 130 interrupted. 1 beats 2, and 2 beats all others.";

#[cfg(feature = "aws")]
const POSTURE_HELP: &str = "Exit codes: 0 every check that counts passes, 2 could not run, 3 a check that counts fails or is not known.";

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
    /// List what there is to verify and what that takes; divide it into shards for several machines.
    #[command(after_help = EXIT_CODES)]
    Plan(Box<PlanRun>),
    /// Join the parts that all shards of a plan handed in into one report.
    #[command(after_help = EXIT_CODES)]
    Merge(Box<Merge>),
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
    /// Judge how a record is protected: settings of trail, key and bucket, held against a policy.
    #[cfg(feature = "aws")]
    #[command(after_help = POSTURE_HELP)]
    Posture(Box<Posture>),
    /// Make keys for seals, and read seals: signed statements of what runs saw.
    #[command(subcommand)]
    Seal(Seal),
    /// Explain a finding: what it means, what causes it and what to do next.
    Explain(Explain),
    /// Write an earlier JSON report in another format.
    Report(SavedReport),
    /// Print a template that runs a check every night: units, manifests, a stack, a workflow.
    Deploy(Deploy),
    /// Answer the events of AWS Lambda, as one of its functions: `trailseal deploy lambda` prints one.
    #[cfg(feature = "aws")]
    Lambda(Lambda),
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
    #[arg(value_hint = clap::ValueHint::DirPath, required_unless_present = "plan")]
    pub source: Option<String>,
    /// What is asked for
    #[command(flatten)]
    pub asked: Asked,
    /// What it knows of earlier runs
    #[command(flatten)]
    pub remember: Remember,
    /// Who is told
    #[command(flatten)]
    pub notify: Notify,
    /// Where the result goes, and how it looks
    #[command(flatten)]
    pub outputs: Outputs,
    /// With the formats csv and jsonl: list every object, not only findings
    #[arg(long, help_heading = RESULT)]
    pub objects: bool,
    /// Which part of a run over several machines this is
    #[command(flatten)]
    pub part: PartOfPlan,
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
