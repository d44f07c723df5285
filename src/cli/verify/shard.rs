//! `trailseal verify --plan`: one shard of a run over several machines, and the part that it hands in.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use crate::audit::{self, Ports, RULES};
use crate::cli::args::Verify;
use crate::cli::exit::{self, Failure};
use crate::cli::failed::failure;
use crate::cli::machine::{Machine, WaitsFor};
use crate::cli::progress;
use crate::cli::reach::{OwnFile, Reach, State};
use crate::keys::KeySource;
use crate::shard::{self, Index, NotAPlan, Part, PlanId, ShardPlan};
use crate::store::state::{LARGEST, Updated, update};

use super::ledger::{self, Needs};
use super::seal_keys::SealKeys;
use crate::cli::key_files::key_files;
use crate::cli::stopping::{stop_on_signal, unless_stopped};

/// Runs the command.
pub fn run(args: &Verify) -> Result<u8, Failure> {
    let words = args.part.plan.as_deref().unwrap_or_default();
    let parts = args.part.parts.as_deref().unwrap_or_default();
    let index = args.part.shard.unwrap_or(Index::Auto);
    // The plan says what it waits for, and is read by the machine's own threads.
    let machine = Machine::start(WaitsFor::Disk)?;
    let told = machine.block_on(hand_in(args, words, parts, index))?;
    if !args.outputs.look.quiet {
        exit::note(&told);
    }
    Ok(0)
}

async fn hand_in(args: &Verify, words: &str, parts: &str, index: Index) -> Result<String, Failure> {
    let stop = stop_on_signal();
    let reach = Reach::new(&args.access, &[], args.concurrency);
    let named = (&args.remember, &args.asked.spoken);
    let opening = async {
        let (mut plan, id) = read(&reach, words).await?;
        let number = index.number(plan.shards.len(), |variable| std::env::var(variable).ok());
        let number = number.map_err(|error| Failure::new(format!("--shard: {error}")))?;
        let pieces = plan.pieces(number).ok_or_else(|| {
            Failure::new(format!(
                "there is no shard {number} in {words}: it has {}, numbered from 0",
                plan.shards.len()
            ))
        })?;
        let parts = ledger::parts(parts, &mut plan.brief.plan, &reach).await?;
        if is_there(&parts, id, number).await? {
            return Ok((number, None));
        }
        if !args.asked.keys.is_empty() {
            has_the_keys_of(&plan, &args.asked.keys)?;
        }
        let seal_keys = SealKeys::read(&args.remember, &args.asked.spoken)?;
        plan.brief.plan.load.requests = args.concurrency.into();
        let asked = (&mut plan.brief.plan, &plan.at.lies);
        let ledger = ledger::ledger(named, asked, &seal_keys, &reach, Needs::Verdicts).await?;
        let store = reach.store(&plan.at).await?;
        Ok((number, Some((plan, id, pieces, parts, ledger, store))))
    };
    let (number, opened) = unless_stopped(&stop, opening).await?;
    let Some((plan, id, pieces, parts, ledger, store)) = opened else {
        return Ok(format!("shard {number}: its part is there already"));
    };
    let ports = Ports {
        store,
        keys: Arc::new(KeySource::Files(Arc::new(plan.keys))),
        observer: progress::observer(&args.outputs.look),
        stop,
    };
    let sites = pieces.len();
    let part = audit::shard(plan.brief, pieces, ledger, ports).await;
    let part = part.map_err(|error| failure(&error, &reach.advice()))?;
    let json = part.to_json(id, number).map_err(Failure::new)?;
    let name = put(&parts, id, number, &json).await?;
    Ok(format!(
        "shard {number} of {}: {sites} accounts and regions read, {name} in {}",
        plan.shards.len(),
        parts.place
    ))
}

/// Reads a plan. Whoever may write it decides what is believed: it has to lie where nobody else may.
pub async fn read(reach: &Reach<'_>, words: &str) -> Result<(ShardPlan, PlanId), Failure> {
    let json = match reach.object("--plan", words).await? {
        None => {
            file(words).map_err(|error| Failure::new(format!("--plan {words}: cannot be read: {error}")))?
        }
        Some(OwnFile { store, name, .. }) => {
            let kept = store.read(&name).await.map_err(|error| {
                Failure::new(format!(
                    "--plan: {error}; grant s3:GetObject there, or name the plan's own place"
                ))
            })?;
            kept.ok_or_else(|| Failure::new(format!("--plan {words}: there is no such object")))?.bytes
        }
    };
    ShardPlan::from_json(&json, (env!("CARGO_PKG_VERSION"), RULES))
        .map_err(|error: NotAPlan| Failure::new(format!("--plan {words}: {error}")))
}

/// A file of no more than any plan takes.
fn file(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(io::Error::other(format!("it is larger than {} MiB, and no plan is", LARGEST >> 20))),
        false => Ok(bytes),
    }
}

/// Refuses key files that do not hold the plan's keys: two shards that believe different keys make no report.
pub fn has_the_keys_of(plan: &ShardPlan, files: &[std::path::PathBuf]) -> Result<(), Failure> {
    let (given, planned) = (shard::fingerprint(&key_files(files)?), shard::fingerprint(&plan.keys));
    if given == planned {
        return Ok(());
    }
    Err(Failure::new(format!(
        "--keys: these keys hash to {given}, and those of the plan to {planned}; leave --keys out, for the plan carries its own, \
         or plan anew with these"
    )))
}

async fn is_there(parts: &State, id: PlanId, number: usize) -> Result<bool, Failure> {
    let kept = parts.store.read(&Part::name(id, number)).await;
    let kept = kept.map_err(|error| {
        Failure::new(format!(
            "--parts cannot be used: {error}; grant the right to read and write there (s3:GetObject, s3:PutObject, and \
             s3:ListBucket, so that what is not there is known)"
        ))
    })?;
    Ok(kept.is_some_and(|kept| Part::is_whole(&kept.bytes, id, number)))
}

/// Hands in a part; one that somebody else has handed in meanwhile says the same.
async fn put(parts: &State, id: PlanId, number: usize, json: &[u8]) -> Result<String, Failure> {
    let name = Part::name(id, number);
    if json.len() as u64 > LARGEST {
        return Err(Failure::new(format!(
            "the part of shard {number} takes {} MiB, and parts take {} at most: plan with more shards",
            json.len() >> 20,
            LARGEST >> 20
        )));
    }
    let cannot = |error: crate::store::StoreError| {
        Failure::new(format!(
            "the part of shard {number} could not be handed in: {error}; run the shard again"
        ))
    };
    let write = |known: &[u8]| (!Part::is_whole(known, id, number)).then(|| json.to_vec());
    match update(&*parts.store, &name, write).await.map_err(cannot)? {
        Updated::Done => Ok(name),
        Updated::Overtaken => Err(Failure::new(format!(
            "the part of shard {number} could not be handed in: others wrote {name} every time; run the shard again"
        ))),
    }
}
