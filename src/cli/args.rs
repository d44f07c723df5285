//! The command line, and nothing but: what it means is decided where it is used.

use std::fmt;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use trailseal::render::Format;
use trailseal::trail::{AccountId, Malformed, Region};
use trailseal::verdict::Code;

use super::demo::Demo;
use super::forge::Forge;
use super::texts::{Completions, Explain, SavedReport};
use super::time::{Moment, duration, moment};

/// Proves that an AWS CloudTrail record is whole.
#[derive(Debug, Parser)]
#[command(name = "trailseal", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 whole, 1 tampering found, 2 could not run or write a result, 3 incomplete, \
                          4 nothing to verify, 130 interrupted. 1 beats 2, and 2 beats all others.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify a bucket, a trail or a folder.
    #[command(after_help = EXIT_CODES)]
    Verify(Box<Verify>),
    /// Fetch the public keys that digests are signed with.
    #[cfg(feature = "aws")]
    #[command(subcommand)]
    Keys(Keys),
    /// Forge a signed world, with any of the known damages: a lab to rehearse in.
    Forge(Forge),
    /// Forge a small world, verify it, damage it, verify it again. No network, no arguments.
    Demo(Demo),
    /// Prove one log file: which digest attests it, who signed that, whether the file holds.
    #[command(after_help = EXIT_CODES)]
    Prove(Prove),
    /// Tell what a finding means, how it comes about and what to do next.
    Explain(Explain),
    /// Write an earlier JSON report in another format.
    Report(SavedReport),
    /// Print completions for a shell.
    Completions(Completions),
    /// Print the manual page.
    Man,
}

/// Verify a bucket, a trail or a folder.
#[derive(Debug, Args)]
pub struct Verify {
    /// s3://BUCKET[/PREFIX], the ARN of a trail, or a folder with keys as under the bucket; or a part of a record in one of
    /// them, down to …/AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD
    pub source: String,
    /// First moment asked for: a time, a date, or a duration back from now [default: the whole record]
    #[arg(long, value_name = "T", value_parser = moment)]
    pub start: Option<Moment>,
    /// First moment not asked for; a date includes its whole day [default: now; of a folder, its newest object]
    #[arg(long, value_name = "T", value_parser = moment)]
    pub end: Option<Moment>,
    /// The same as --start with a duration
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "start")]
    pub last: Option<chrono::TimeDelta>,
    /// Only this trail's digests (log files are still held against those of all trails)
    #[arg(long = "trail", value_name = "NAME|ARN")]
    pub trails: Vec<String>,
    /// Only this account
    #[arg(long = "account", value_name = "ID")]
    pub accounts: Vec<AccountId>,
    /// Only this region; also where AWS is asked first, if no region is configured
    #[arg(long = "region", value_name = "R")]
    pub regions: Vec<Region>,
    /// Public keys as `aws cloudtrail list-public-keys` or `trailseal keys fetch` print them
    #[arg(long = "keys", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Where CloudTrail delivered what is now a copy elsewhere
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]")]
    pub copied_from: Option<String>,
    /// A region that must have digests in every account; `enabled` asks the account
    #[arg(long = "expect-region", value_name = "R|enabled")]
    pub expect_regions: Vec<String>,
    /// An account that must have digests
    #[arg(long = "expect-account", value_name = "ID")]
    pub expect_accounts: Vec<AccountId>,
    /// How far before the window to look for chains that have digests there and none since
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "35d")]
    pub look_back: chrono::TimeDelta,
    /// A chain that has lawfully ended, with the end of its last digest, as a finding `chain-ended` gives it; or a file of
    /// such lines
    #[arg(long, value_name = "ACCOUNT[/REGION[/TRAIL]]@TIME|FILE")]
    pub ended: Vec<String>,
    /// How closely to look at log files
    #[arg(long, value_enum, default_value_t = Depth::Full)]
    pub depth: Depth,
    /// Lower findings of this code to notices
    #[arg(long, value_name = "CODE")]
    pub accept: Vec<Code>,
    /// How long digests and log files may take to arrive
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "3h")]
    pub grace: chrono::TimeDelta,
    /// How the result is written to stdout
    #[arg(long, value_parser = form_parser(), default_value = "human")]
    pub format: Form,
    /// Write the result to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the result to a file too, in a format of its own; may be given several times. Metrics (prometheus) are
    /// written also when the run cannot begin, with exit code 2
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = report_parser)]
    pub reports: Vec<(Format, PathBuf)>,
    /// With the formats csv and jsonl: tell every object, not findings alone
    #[arg(long)]
    pub objects: bool,
    /// Requests under way at once, at most; a run begins with 64 and takes more while answers are slow
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub concurrency: u16,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
}

/// How to reach AWS.
#[derive(Debug, Clone, Args)]
pub struct Access {
    /// A profile of the shared AWS configuration
    #[arg(long, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,
    /// A role to take on first
    #[arg(long, value_name = "ARN", help_heading = "AWS")]
    pub assume_role: Option<String>,
    /// Where S3 is spoken, if not at AWS
    #[arg(long, value_name = "URL", help_heading = "AWS")]
    pub endpoint_url: Option<String>,
    /// Requests a second to each bucket, at most
    #[arg(long, value_name = "N", help_heading = "AWS")]
    pub max_requests_per_second: Option<std::num::NonZeroU32>,
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
    #[arg(long = "region", value_name = "R")]
    pub regions: Vec<Region>,
    /// First moment digests were signed in: a time, a date, or a duration back from now
    #[arg(long, value_name = "T", value_parser = moment, default_value = "90d")]
    pub start: Moment,
    /// Last moment digests were signed in [default: now]
    #[arg(long, value_name = "T", value_parser = moment)]
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
    /// The folder that stands for the bucket [default: the one that holds AWSLogs/]
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

/// How to look on the terminal.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Colour on the terminal; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// No progress bar
    #[arg(long)]
    pub no_progress: bool,
    /// Say less: verdict and findings only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: every finding, every chain
    #[arg(short, long)]
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

/// How closely to look at log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Depth {
    /// Digests alone
    Chain,
    /// Digests, and whether log files are there
    Presence,
    /// Every byte of every log file
    Full,
}

impl From<Depth> for trailseal::report::Depth {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Chain => Self::Chain,
            Depth::Presence => Self::Presence,
            Depth::Full => Self::Full,
        }
    }
}

/// Reads a format's name; shows all of them in help.
pub fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|format| PossibleValue::new(format.as_str()));
    // Known, so that it can be refused with a reason.
    let refused = PossibleValue::new(AWS_CLI).hide(true);
    PossibleValuesParser::new(names.into_iter().chain([refused])).try_map(|name| report_format(&name))
}

/// Reads the name of a format that a report alone can be written in.
fn report_format(name: &str) -> Result<Format, String> {
    if name == AWS_CLI {
        return Err("a report does not name the files that hold, and these lines do: \
                    use trailseal verify --format aws-cli"
            .to_owned());
    }
    name.parse().map_err(|error: Malformed| error.to_string())
}

/// How `verify` writes its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// From the report, when the run is over.
    Report(Format),
    /// As the lines of `aws cloudtrail validate-logs --verbose`, which name every object.
    AwsCli,
}

/// Its name on the command line.
const AWS_CLI: &str = "aws-cli";

impl fmt::Display for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(format) => format.fmt(out),
            Self::AwsCli => out.write_str(AWS_CLI),
        }
    }
}

fn form_parser() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str).into_iter().chain([AWS_CLI])).try_map(|name| {
        match name.as_str() {
            AWS_CLI => Ok(Form::AwsCli),
            name => name.parse().map(Form::Report),
        }
    })
}

/// Reads `FORMAT=PATH`.
fn report_parser(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("not FORMAT=PATH, such as html=report.html")?;
    let format = report_format(format)?;
    match path.is_empty() {
        true => Err("no path after the `=`".to_owned()),
        false => Ok((format, path.into())),
    }
}
