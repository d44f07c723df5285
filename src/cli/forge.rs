//! `trailseal forge`: writes a signed world to rehearse in.

use std::path::PathBuf;

use clap::Args;
use trailseal::forge::{self, Damage, Plan, Truth, Turn};
use trailseal::trail::{OrganizationId, TrailName, format_time};

use super::exit::Failure;
use super::output::Output;

/// Forge a signed world, with any of the known damages: a lab to rehearse in.
#[derive(Debug, Args)]
pub struct Forge {
    /// The folder to write: bucket/ as the bucket, keys.json, truth.json
    #[arg(required_unless_present = "list_damages")]
    pub folder: Option<PathBuf>,
    /// Accounts
    #[arg(long, default_value_t = 2)]
    pub accounts: usize,
    /// Regions of each account
    #[arg(long, default_value_t = 3)]
    pub regions: usize,
    /// Hours, and so digests of each account and region
    #[arg(long, default_value_t = 24)]
    pub hours: u32,
    /// Log files an hour
    #[arg(long, default_value_t = 2)]
    pub logs_per_hour: u32,
    /// Events in a log file
    #[arg(long, default_value_t = 12)]
    pub events_per_log: u32,
    /// An organization trail, with its organization's identifier
    #[arg(long, value_name = "o-…")]
    pub org: Option<OrganizationId>,
    /// What stands before AWSLogs/
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// A trail's name; several trails share bucket, prefix and log folders
    #[arg(long = "trail", value_name = "NAME")]
    pub trails: Vec<TrailName>,
    /// Something that lawfully happens: backfill, restart, bucket-change, prefix-change, late-region
    #[arg(long = "turn", value_name = "NAME")]
    pub turns: Vec<Turn>,
    /// A damage to do; see --list-damages
    #[arg(long = "damage", value_name = "NAME")]
    pub damages: Vec<Damage>,
    /// Print the known damages
    #[arg(long)]
    pub list_damages: bool,
    /// Where all chance comes from: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Runs the command.
pub fn run(args: &Forge) -> Result<u8, Failure> {
    let Some(folder) = args.folder.as_ref().filter(|_| !args.list_damages) else {
        Output::stdout().publish(|out| {
            let mut lines = Damage::ALL.iter().map(|damage| (damage.as_str(), damage.description()));
            lines.try_for_each(|(name, description)| writeln!(out, "{name:32} {description}"))
        })?;
        return Ok(0);
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(format!("{} is not empty; name a new folder", folder.display())));
    }
    let defaults = Plan::default();
    let plan = Plan {
        accounts: args.accounts,
        regions: args.regions,
        hours: args.hours,
        logs_per_hour: args.logs_per_hour,
        events_per_log: args.events_per_log,
        organization: args.org.clone(),
        prefix: args.prefix.clone(),
        trails: if args.trails.is_empty() { defaults.trails } else { args.trails.clone() },
        turns: args.turns.iter().copied().collect(),
        seed: args.seed,
        ..defaults
    };
    let truth = forge::write_world(&plan, folder, &args.damages).map_err(Failure::new)?;
    let window = plan.window();
    let shown = folder.display();
    Output::stdout().publish(|out| {
        writeln!(
            out,
            "Forged {} digests and {} log files. Verify them with:\n\n  trailseal verify {shown}/bucket --keys \
             {shown}/keys.json --start {} --end {}\n\n{}; {shown}/truth.json has the findings.",
            truth.digests,
            truth.logs,
            format_time(window.start),
            format_time(window.end),
            right_answer(&truth),
        )
    })?;
    Ok(0)
}

/// What the folder comes to, and a bucket with the same objects where it comes to something else.
fn right_answer(truth: &Truth) -> String {
    match (truth.of_the_folder().exit_code, truth.exit_code) {
        (folder, bucket) if folder == bucket => format!("The right answer is exit code {folder}"),
        (folder, bucket) => format!(
            "The right answer is exit code {folder}, for this is a folder, in which metadata may have been lost on the way; \
             for a bucket with these objects it is {bucket}"
        ),
    }
}
