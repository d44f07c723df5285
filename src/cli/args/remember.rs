//! What a run knows of earlier runs, and leaves to later ones.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::Args;

use crate::cli::time::some_duration;

/// What a run remembers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Memory")]
pub struct Remember {
    /// JSON report or seal of an earlier run: the newest digests it saw must still be there unchanged; repeatable
    #[arg(long = "baseline", value_name = "FILE")]
    pub baselines: Vec<PathBuf>,
    /// Where to keep what each day came to: days whose objects are listed as they were when they were read are not read again
    #[arg(long, value_name = "DIR|s3://BUCKET[/PREFIX]")]
    pub ledger: Option<String>,
    /// Read a day again that long after its last reading, or half as long: `off` never, `all` always
    #[arg(long, value_name = "DURATION|off|all", value_parser = reread, default_value = "30d")]
    pub reread: Reread,
    /// Where seals of runs are kept: the newest digests that any of them saw must still be there, and this run is sealed;
    /// repeatable
    #[arg(long = "witness", value_name = "DIR|s3://BUCKET[/PREFIX]")]
    pub witnesses: Vec<String>,
    /// File of the key to sign seals with, as `trailseal seal keygen` prints it; it also seals the ledger's rows
    #[arg(long, value_name = "FILE")]
    pub seal_key: Option<PathBuf>,
    /// Key to believe seals by, NAME+ID+KEY, or a file of them; repeatable
    #[arg(long = "vkey", value_name = "VKEY|FILE")]
    pub vkeys: Vec<String>,
    /// Stop looking for this digest, by its key as a finding prints it; repeatable
    #[arg(long = "release", value_name = "KEY")]
    pub released: Vec<String>,
    /// Believe the listing of a store at a custom endpoint as if it were AWS's
    #[arg(long)]
    pub trust_listing: bool,
}

/// When days are read again although their listing shows nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reread {
    /// So long after their last reading, at the latest.
    After(TimeDelta),
    /// Never.
    Off,
    /// By every run.
    All,
}

fn reread(text: &str) -> Result<Reread, String> {
    match text {
        "off" => Ok(Reread::Off),
        "all" => Ok(Reread::All),
        duration => some_duration(duration).map(Reread::After),
    }
}
