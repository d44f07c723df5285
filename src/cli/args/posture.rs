//! The command that judges how a record is protected.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Access;

/// Judge how a record is protected: settings of trail, key and bucket, held against a policy.
#[derive(Debug, Args)]
pub struct Posture {
    /// s3://BUCKET[/PREFIX], or the ARN of the trail that delivers there, which shows more
    pub source: String,
    /// What is demanded: soc2, pci, hipaa, sox, or a TOML file
    #[arg(long, value_name = "soc2|pci|hipaa|sox|FILE", default_value = "soc2")]
    pub policy: String,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = PostureFormat::Human)]
    pub format: PostureFormat,
    /// Write the result to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to reach AWS
    #[command(flatten)]
    pub access: Access,
}

/// How a posture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PostureFormat {
    /// For a person
    Human,
    /// trailseal/posture/v1
    Json,
    /// A table for a spreadsheet
    Csv,
    /// For a ticket
    Markdown,
}
