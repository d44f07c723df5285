//! `trailseal demo`: the first thing a newcomer runs. Forges a record, proves it, damages it, and catches the damage.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;

use crate::audit::{self, Ports, Silent, Stopper};
use crate::digest::NamedBy;
use crate::forge::{self, Damage};
use crate::keys::{self, KeySource};
use crate::render::{human, wrapped};
use crate::report::Report;
use crate::store::dir::DirStore;
use crate::trail::UNKNOWN_BUCKET;

use super::args::{Demo, Look};
use super::exit::Failure;
use super::output::{self, Kind, Output};

/// What is done to the world, one deed in an account and region of its own.
const DAMAGES: [Damage; 5] = [
    Damage::LogEventEdited,
    Damage::LogDeleted,
    Damage::LogForged,
    Damage::DigestDeleted,
    Damage::DigestResigned,
];

/// Runs the command. Its exit code is 0 when the demonstration went as told, whatever it demonstrates.
pub fn run(args: &Demo) -> Result<u8, Failure> {
    let (folder, _removed_at_the_end) = folder(args.keep.as_deref())?;
    let scenes = demonstrate(&folder, &args.look)?;
    let layout = output::layout(&args.look, Kind::Stdout);
    Output::stdout().publish(|out| tell(&scenes, &folder, args, &layout, out))?;
    match (scenes.clean.exit_code(), scenes.damaged.exit_code()) {
        (0, 1) => Ok(0),
        (clean, damaged) => Err(Failure::new(format!(
            "the demonstration went wrong: exit codes {clean} and {damaged} instead of 0 and 1; please report this"
        ))),
    }
}

/// Where the worlds are written: where they are to be kept, or in a folder that goes with the value beside it.
fn folder(keep: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), Failure> {
    match keep {
        Some(folder) if folder.exists() => {
            Err(Failure::new(format!("{} exists already; name a new folder", folder.display())))
        }
        Some(folder) => Ok((folder.to_owned(), None)),
        None => {
            let made = tempfile::Builder::new().prefix("trailseal-demo-").tempdir();
            let folder = made.map_err(|error| {
                Failure::new(format!("cannot make a folder for temporary files: {error}"))
            })?;
            Ok((folder.path().to_owned(), Some(folder)))
        }
    }
}

struct Scenes {
    clean: Report,
    damaged: Report,
    deeds: Vec<String>,
}

fn demonstrate(folder: &Path, look: &Look) -> Result<Scenes, Failure> {
    let plan = forge::WorldPlan { accounts: 3, regions: 4, hours: 24, ..forge::WorldPlan::default() };
    let mut world = forge::World::forge(&plan).map_err(Failure::new)?;
    let (before, after) = (folder.join("before"), folder.join("after"));
    world.write(&before).map_err(Failure::new)?;
    for damage in DAMAGES {
        world.apply(damage).map_err(Failure::new)?;
    }
    world.write(&after).map_err(Failure::new)?;
    Ok(Scenes {
        clean: verify(&plan, &before, look)?,
        damaged: verify(&plan, &after, look)?,
        deeds: world.truth().damages.into_iter().map(|deed| deed.description).collect(),
    })
}

fn verify(plan: &forge::WorldPlan, folder: &Path, look: &Look) -> Result<Report, Failure> {
    let bucket = folder.join("bucket");
    let window = plan.window();
    let audit_plan = audit::Plan {
        start: Some(window.start),
        end: Some(window.end),
        ..audit::Plan::new(bucket.display().to_string(), UNKNOWN_BUCKET.into(), NamedBy::KeyOnly, plan.now())
    };
    let store = DirStore::open(&bucket).map_err(Failure::new)?;
    let ring = keys::read_file(&folder.join("keys.json")).map_err(Failure::new)?;
    let observer = if look.quiet { Arc::new(Silent) } else { super::progress::observer(look) };
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
    let (_stopper, stop) = Stopper::new();
    let keys = Arc::new(KeySource::Files(Arc::new(ring)));
    let ports = Ports { store: Arc::new(store), keys, observer, stop };
    let began = Instant::now();
    let mut report = runtime.block_on(audit::run(audit_plan, ports)).map_err(Failure::new)?;
    // The forged world is judged at a moment of its own; only how long it took is real.
    report.finished_at = report.started_at + began.elapsed();
    Ok(report)
}

const FORGES: &str = "This forges a day of CloudTrail for three accounts in four regions, signed with keys made up on the spot, \
                      as a folder like `aws s3 sync` makes. Nothing leaves this machine.";

const HOW_TO_READ: [&str; 4] = [
    "The first word is the verdict, and the exit code says it to a script: 0 before, 1 after.",
    "A digest is CloudTrail's hourly, signed list of log files. It proves their bytes (log-modified, log-missing), that \
     nothing was slipped in (log-unlisted), and names the digest before it (digest-missing, digest-link-broken).",
    "Where no authentic digest is left, the time is not covered (coverage-gap) and nothing in it is called intact.",
    "`trailseal explain log-modified` says what a finding means and what to do next.",
];

fn tell(
    scenes: &Scenes,
    folder: &Path,
    args: &Demo,
    layout: &human::Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = "─".repeat(layout.width.min(100));
    let width = layout.width.clamp(40, 100);
    let told = wrapped(FORGES, width, 0);
    writeln!(out, "{told}\n\n{rule}\n1. The record as delivered\n{rule}\n")?;
    human::write(&scenes.clean, layout, out)?;
    writeln!(out, "\n{rule}\n2. The same record after somebody was at it:\n{rule}\n")?;
    for deed in &scenes.deeds {
        writeln!(out, "   · {deed}")?;
    }
    writeln!(out)?;
    human::write(&scenes.damaged, layout, out)?;
    writeln!(out, "\n{rule}\n3. How to read it\n{rule}\n")?;
    for sentence in HOW_TO_READ {
        writeln!(out, "{}", wrapped(sentence, width, 0))?;
    }
    writeln!(out, "\nNext: your own bucket, read-only:\n\n  trailseal verify s3://BUCKET --last 26h\n")?;
    if args.keep.is_some() {
        writeln!(out, "The two worlds are in {0}/before and {0}/after.", folder.display())?;
    }
    Ok(())
}
