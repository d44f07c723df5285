//! `trailseal forge`: writes a signed world to rehearse in.

use crate::forge::{self, Damage, Truth, WorldPlan};
use crate::trail::format_time;

use super::args::Forge;
use super::exit::Failure;
use super::output::Output;

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
    let defaults = WorldPlan::default();
    let plan = WorldPlan {
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
             {shown}/keys.json --start {} --end {}\n\n{}; {shown}/truth.json has the findings.{}",
            truth.digests,
            truth.logs,
            format_time(window.start),
            format_time(window.end),
            right_answer(&truth),
            unseen(args),
        )
    })?;
    Ok(0)
}

/// What leaves no trace is not missed, unless it is expected.
fn unseen(args: &Forge) -> &'static str {
    if args.damages.contains(&Damage::RegionDeleted) {
        " Of a region that is gone nothing is left: --expect-region makes its absence a finding."
    } else {
        ""
    }
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
