//! `trailseal deploy`: how to run a check every night, as a template that is ready to use.

use std::io::{self, Write as _};

use super::args::{Deploy, Target};
use super::exit::Failure;
use super::output::Output;

mod filling;
mod quoting;
mod render;
mod rules;

/// What cron reads of a line before it takes the rest for something else.
const LONGEST_LINE_OF_CRON: usize = 998;

/// The template of a target.
fn template(target: Target) -> &'static str {
    match target {
        Target::AwsBatch => include_str!("deploy/templates/aws-batch.yaml"),
        Target::Lambda => include_str!("deploy/templates/lambda.yaml"),
        Target::Kubernetes => include_str!("deploy/templates/kubernetes.yaml"),
        Target::Slurm => include_str!("deploy/templates/slurm.sh"),
        Target::Systemd => include_str!("deploy/templates/systemd.sh"),
        Target::Cron => include_str!("deploy/templates/cron"),
        Target::GithubActions => include_str!("deploy/templates/github-actions.yaml"),
        Target::Container => include_str!("deploy/templates/container.containerfile"),
    }
}

/// Runs the command.
pub fn run(args: &Deploy) -> Result<u8, Failure> {
    rules::check(args)?;
    let filling = filling::of(args);
    let name = args.target.as_str();
    let text = render::render(template(args.target), &filling.values).map_err(|misfit| {
        Failure::new(format!(
            "the template of {name} is broken: {misfit}; please report it, with the command that you gave"
        ))
    })?;
    if args.target == Target::Cron && text.lines().any(|line| line.len() > LONGEST_LINE_OF_CRON) {
        return Err(Failure::new(format!(
            "cron reads lines of at most {LONGEST_LINE_OF_CRON} bytes, and this one would be longer; give fewer alerts, or use systemd"
        )));
    }
    Output::stdout().publish(|out| out.write_all(text.as_bytes()))?;
    for missing in &filling.missing {
        // The template itself says so, too: who reads neither will be told by the run.
        let _ = writeln!(io::stderr(), "trailseal: to be filled in: {missing}");
    }
    Ok(0)
}
