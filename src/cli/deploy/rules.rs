//! Which options a target has a use for, and what becomes of the others.

use crate::cli::args::{Deploy, Place, Target};
use crate::cli::exit::Failure;

/// Where a target keeps what it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// In a bucket, because nothing else stays.
    Bucket,
    /// In a folder that every node sees.
    Folder,
    /// In a place of the target's own, which is told after "it keeps its state".
    Own(&'static str),
}

/// Where a target keeps what it remembers.
pub fn keeping(target: Target) -> Keeping {
    match target {
        Target::Kubernetes | Target::GithubActions => Keeping::Bucket,
        Target::Slurm => Keeping::Folder,
        Target::AwsBatch | Target::Lambda => Keeping::Own("in a bucket that its stack makes"),
        Target::Systemd | Target::Cron => Keeping::Own("in /var/lib/trailseal"),
        Target::Container => Keeping::Own("nowhere"),
    }
}

/// Whether a target reads in shards.
pub fn in_shards(target: Target) -> bool {
    match target {
        Target::AwsBatch | Target::Kubernetes | Target::Slurm => true,
        Target::Lambda | Target::Systemd | Target::Cron | Target::GithubActions | Target::Container => false,
    }
}

/// Whether a target runs a container image.
pub fn in_containers(target: Target) -> bool {
    match target {
        Target::AwsBatch | Target::Kubernetes | Target::GithubActions => true,
        Target::Lambda | Target::Slurm | Target::Systemd | Target::Cron | Target::Container => false,
    }
}

/// Whether its runs see the machine's own files and programs.
fn on_a_machine(target: Target) -> bool {
    match target {
        Target::Slurm | Target::Systemd | Target::Cron => true,
        Target::AwsBatch
        | Target::Kubernetes
        | Target::Lambda
        | Target::GithubActions
        | Target::Container => false,
    }
}

/// Whether its template is a stack that writes policies of what it is given.
pub fn is_a_stack(target: Target) -> bool {
    match target {
        Target::AwsBatch | Target::Lambda => true,
        Target::Kubernetes
        | Target::Slurm
        | Target::Systemd
        | Target::Cron
        | Target::GithubActions
        | Target::Container => false,
    }
}

/// Refuses what the target's template could not hold: an option without effect would be taken for one with.
pub fn check(args: &Deploy) -> Result<(), Failure> {
    let target = args.target;
    let name = target.as_str();
    if let Some((option, why)) = in_vain(args).into_iter().next() {
        return Err(Failure::new(format!("{name} has no use for {option}: {why}; leave it out")));
    }
    let alert = args.alerts.iter().find(|alert| alert.needs_the_machine() && !on_a_machine(target));
    if let Some(alert) = alert {
        return Err(Failure::new(format!(
            "{name} cannot tell {alert}: it runs where no file stays and there is no other program; tell sns:ARN, https://…, \
             slack+https://…, eventbridge:BUS or securityhub"
        )));
    }
    check_places(args)?;
    let prefix = args.source.as_ref().map_or("", |source| source.prefix());
    match is_a_stack(target) && prefix.contains(['*', '?', '$']) {
        true => Err(Failure::new(format!(
            "{name} cannot be given the prefix {prefix:?}: *, ? and $ mean more than themselves in the policy that it writes; \
             write that policy by hand"
        ))),
        false => Ok(()),
    }
}

/// The options that were given and have no effect on the target, each with the reason.
fn in_vain(args: &Deploy) -> Vec<(&'static str, String)> {
    let target = args.target;
    let kept = match keeping(target) {
        Keeping::Own(place) => Some(format!("it keeps its state {place}")),
        Keeping::Bucket | Keeping::Folder => None,
    };
    let why = |reason: &str, so: bool| so.then(|| reason.to_owned());
    let alike = || {
        let reason = "an image is the same for everybody, and what it is to do is said where it is started";
        why(reason, target == Target::Container)
    };
    let one_run = why("it reads the record in one run", !in_shards(target));
    let no_container = why("it runs the program without a container", !in_containers(target));
    let no_file = why(
        "a seal's key is a file, and no secret reaches its runs as one; seal with a run elsewhere",
        is_a_stack(target),
    );
    [
        ("--source", args.source.is_some(), None),
        ("--role", args.role.is_some(), None),
        ("--schedule", args.schedule.is_some(), None),
        ("--alert", !args.alerts.is_empty(), None),
        ("--last", args.last.is_some(), None),
        ("--shards", args.shards.is_some(), one_run),
        ("--image", args.image.is_some(), no_container),
        ("--state", args.state.is_some(), kept),
        ("--witness", args.witness.is_some(), no_file),
    ]
    .into_iter()
    .filter(|(_, given, _)| *given)
    .filter_map(|(option, _, why)| Some((option, alike().or(why)?)))
    .collect()
}

fn check_places(args: &Deploy) -> Result<(), Failure> {
    let name = args.target.as_str();
    match (keeping(args.target), &args.state) {
        (Keeping::Bucket, Some(Place::Folder(folder))) => Err(Failure::new(format!(
            "{name} cannot keep its state in {folder}: its runs share no folder; give --state s3://BUCKET[/PREFIX]"
        ))),
        (Keeping::Folder, Some(Place::Bucket(bucket))) => Err(Failure::new(format!(
            "{name} cannot keep its state in {bucket}: give --state the full path of a folder that every node sees"
        ))),
        (Keeping::Bucket | Keeping::Folder | Keeping::Own(_), _) => Ok(()),
    }?;
    match &args.witness {
        Some(Place::Folder(folder)) if !on_a_machine(args.target) => Err(Failure::new(format!(
            "{name} cannot keep seals in {folder}: no folder of its runs stays; give --witness s3://BUCKET[/PREFIX]"
        ))),
        Some(Place::Folder(folder)) if args.target == Target::Systemd => Err(Failure::new(format!(
            "{name} cannot keep seals in {folder}: its service writes to its own state alone, and seals beside the ledger prove \
             little; give --witness s3://BUCKET[/PREFIX]"
        ))),
        Some(Place::Folder(_) | Place::Bucket(_)) | None => Ok(()),
    }
}
