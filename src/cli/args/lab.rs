//! Commands that forge worlds.

use std::path::PathBuf;

use crate::forge::{Damage, Turn};
use crate::trail::{OrganizationId, TrailName};
use clap::Args;

use super::Look;
use super::words::{damage_parser, turn_parser};

/// Generate a signed test record, damaged in any of the known ways: a lab to rehearse in.
#[derive(Debug, Args)]
pub struct Forge {
    /// Folder to write: bucket/ (the bucket's content), keys.json, truth.json
    #[arg(required_unless_present = "list_damages")]
    pub folder: Option<PathBuf>,
    /// Accounts
    #[arg(long, default_value_t = 2)]
    pub accounts: usize,
    /// Regions of each account
    #[arg(long, default_value_t = 3)]
    pub regions: usize,
    /// Hours to cover: one digest per hour, account and region
    #[arg(long, default_value_t = 24)]
    pub hours: u32,
    /// Log files per hour
    #[arg(long, default_value_t = 2)]
    pub logs_per_hour: u32,
    /// Events per log file
    #[arg(long, default_value_t = 12)]
    pub events_per_log: u32,
    /// An organization trail, with its organization's identifier
    #[arg(long, value_name = "o-…")]
    pub org: Option<OrganizationId>,
    /// Prefix before AWSLogs/
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// A trail's name; several trails share bucket, prefix and log folders
    #[arg(long = "trail", value_name = "NAME")]
    pub trails: Vec<TrailName>,
    /// Lawful change to include: backfill, restart, bucket-change, prefix-change, late-region
    #[arg(
        long = "turn", value_name = "NAME", value_delimiter = ',', value_parser = turn_parser(),
        hide_possible_values = true,
    )]
    pub turns: Vec<Turn>,
    /// Damage to apply; see --list-damages
    #[arg(
        long = "damage", value_name = "NAME", value_delimiter = ',', value_parser = damage_parser(),
        hide_possible_values = true,
    )]
    pub damages: Vec<Damage>,
    /// Print the known damages
    #[arg(long)]
    pub list_damages: bool,
    /// Random seed: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Generate a small record, verify it, damage it, verify it again. No network, no arguments.
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the generated records in this new folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// How to look on the terminal
    #[command(flatten)]
    pub look: Look,
}
