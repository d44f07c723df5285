//! The command that prints how to run a check every night.

use clap::{Args, ValueEnum};

use crate::cli::time::some_duration;

mod alert;
mod place;
mod values;

pub use alert::Alert;
pub use place::{Bucketed, Place};
pub use values::{Image, RoleArn, Schedule};

/// Print a template that runs a check every night: units, manifests, a stack, a workflow.
#[derive(Debug, Args)]
pub struct Deploy {
    /// What is to run it
    #[arg(value_enum)]
    pub target: Target,
    /// The bucket that CloudTrail delivers to
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]")]
    pub source: Option<Bucketed>,
    /// IAM role to read it with
    #[arg(long, value_name = "ARN")]
    pub role: Option<RoleArn>,
    /// When to run, every day, in UTC [default: 03:17]
    #[arg(long, value_name = "HH:MM")]
    pub schedule: Option<Schedule>,
    /// Whom to tell what came of a run: sns:ARN, https://…, slack+https://…, eventbridge:BUS, securityhub, file:PATH or
    /// exec:COMMAND; repeatable
    #[arg(long = "alert", value_name = "TARGET")]
    pub alerts: Vec<Alert>,
    /// How far back a run looks [default: 400d with a ledger, 2d in shards]
    #[arg(long, value_name = "DURATION", value_parser = Lookback::parse)]
    pub last: Option<Lookback>,
    /// In how many shards to read [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=MOST_SHARDS))]
    pub shards: Option<u16>,
    /// Container image of trailseal; `trailseal deploy container` prints how to build one
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<Image>,
    /// Where ledger, plans and parts are kept
    #[arg(long, value_name = "DIR|s3://BUCKET[/PREFIX]")]
    pub state: Option<Place>,
    /// Where seals of runs are kept; needs the seal's key on the machine
    #[arg(long, value_name = "DIR|s3://BUCKET[/PREFIX]")]
    pub witness: Option<Place>,
}

/// The largest array of AWS Batch.
const MOST_SHARDS: i64 = 10_000;

/// What runs a check every night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// CloudFormation: AWS Batch on Fargate Spot, in shards
    AwsBatch,
    /// CloudFormation: a Lambda function, for records that are read within 15 minutes
    Lambda,
    /// Manifests: a CronJob, and an Indexed Job for a reading in shards
    Kubernetes,
    /// A script that submits an array of jobs, and a merge after it
    Slurm,
    /// A script that installs a service and its timer
    Systemd,
    /// A file for /etc/cron.d
    Cron,
    /// A workflow with a schedule
    GithubActions,
    /// A Containerfile, for the others
    Container,
}

impl Target {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsBatch => "aws-batch",
            Self::Lambda => "lambda",
            Self::Kubernetes => "kubernetes",
            Self::Slurm => "slurm",
            Self::Systemd => "systemd",
            Self::Cron => "cron",
            Self::GithubActions => "github-actions",
            Self::Container => "container",
        }
    }
}

/// A duration back from now, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookback(String);

impl Lookback {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match some_duration(text)? {
            _ if plain => Ok(Self(text.to_owned())),
            _ => Err("write it as a number and a unit, such as 2d or 400d".to_owned()),
        }
    }

    /// The words it was written in: digits and letters alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
