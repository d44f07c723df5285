//! A run over more than one machine.

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::{Access, Asked, Look, Notify, Outputs, Remember};
use crate::shard::Index;

/// Heading of help.
const MACHINES: &str = "Several machines";

/// Which part of a run over several machines this is.
#[derive(Debug, Clone, Args)]
pub struct PartOfPlan {
    /// Do one shard of this plan of `trailseal plan`; exit code 0 once its part is handed in, whatever was found
    #[arg(
        long, value_name = "FILE|s3://BUCKET/KEY", requires_all = ["shard", "parts"],
        conflicts_with_all = [
            "source", "start", "end", "last", "trails", "accounts", "regions", "depth", "expect_regions", "expect_accounts",
            "accept", "fail_on", "ended", "look_back", "grace", "copied_from", "retention", "baselines", "witnesses", "released",
            "format", "json", "output", "reports", "objects", "targets", "state",
        ],
        help_heading = MACHINES,
    )]
    pub plan: Option<String>,
    /// Its number, from 0, or `auto`, as AWS Batch, Kubernetes, Slurm and Nomad say it
    #[arg(long, value_name = "auto|N", requires = "plan", help_heading = MACHINES)]
    pub shard: Option<Index>,
    /// Where shards hand in their parts
    #[arg(long, value_name = "DIR|s3://BUCKET[/PREFIX]", requires = "plan", help_heading = MACHINES)]
    pub parts: Option<String>,
}

/// List what there is to verify, and what that takes; divide it into shards for several machines.
#[derive(Debug, Args)]
pub struct PlanRun {
    /// s3://BUCKET[/PREFIX], the ARN of a trail, or a local copy that keeps the S3 keys as paths; or a part of a record in
    /// one of them
    #[arg(value_hint = clap::ValueHint::DirPath)]
    pub source: String,
    /// What is asked for
    #[command(flatten)]
    pub asked: Asked,
    /// Divide the work into so many shards, and write the plan that each of them follows
    #[arg(long, value_name = "N", help_heading = MACHINES)]
    pub shards: Option<NonZeroUsize>,
    /// Where the plan goes [default: stdout]
    #[arg(long, value_name = "FILE|s3://BUCKET/KEY", requires = "shards", help_heading = MACHINES)]
    pub output: Option<String>,
    /// Price of 1,000 GET requests in US dollars [default: list price of S3 Standard in us-east-1 in 2025]
    #[arg(
        long,
        value_name = "USD",
        default_value_t = 0.0004,
        hide_default_value = true,
        help_heading = "Estimate"
    )]
    pub price_get: f64,
    /// Price of 1,000 LIST requests in US dollars [default: list price of S3 Standard in us-east-1 in 2025]
    #[arg(
        long,
        value_name = "USD",
        default_value_t = 0.005,
        hide_default_value = true,
        help_heading = "Estimate"
    )]
    pub price_list: f64,
    /// Objects that one machine reads in a second
    #[arg(long, value_name = "N", default_value = "1000", help_heading = "Estimate")]
    pub rate: NonZeroUsize,
    /// Most requests in flight
    #[arg(long, value_name = "N", default_value = "64", help_heading = "Load")]
    pub concurrency: NonZeroU16,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
}

/// Join the parts of all shards of a plan into one report.
#[derive(Debug, Args)]
pub struct Merge {
    /// The plan, as `trailseal plan --shards` wrote it
    #[arg(long, value_name = "FILE|s3://BUCKET/KEY")]
    pub plan: String,
    /// Where its shards handed in their parts
    #[arg(long, value_name = "DIR|s3://BUCKET[/PREFIX]")]
    pub parts: String,
    /// What it knows of earlier runs
    #[command(flatten)]
    pub remember: Remember,
    /// Who is told
    #[command(flatten)]
    pub notify: Notify,
    /// Where the result goes, and how it looks
    #[command(flatten)]
    pub outputs: Outputs,
    /// Public keys, which have to be the plan's
    #[arg(long = "keys", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Most requests in flight
    #[arg(long, value_name = "N", default_value = "64", help_heading = "Load")]
    pub concurrency: NonZeroU16,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
}
