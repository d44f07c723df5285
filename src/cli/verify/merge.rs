//! `trailseal merge`: from the parts of all shards to one report.

use std::sync::Arc;

use chrono::Utc;

use crate::audit::{self, Observer, Ports};
use crate::cli::args::{Merge, Spoken};
use crate::cli::exit::Failure;
use crate::cli::failed::failure;
use crate::cli::machine::{Machine, WaitsFor};
use crate::cli::notify::{Alerts, shown};
use crate::cli::progress;
use crate::cli::reach::Reach;
use crate::keys::KeySource;
use crate::report::{Planned, Report};
use crate::shard::Part;

use super::alerts;
use super::baselines::{baselines, belongs_here};
use super::ledger::{self, Needs};
use super::results::{Results, Tables};
use super::seal_keys::SealKeys;
use super::shard::{has_the_keys_of, read};
use super::witness::Witnesses;
use super::{Judged, publish};
use crate::cli::stopping::{stop_on_signal, unless_stopped};

/// Runs the command.
pub fn run(args: &Merge) -> Result<u8, Failure> {
    let (results, refused) = Results::open(&args.outputs, Tables::None);
    let judged = match refused {
        Some(failure) => Err(failure),
        None => judge(args, &results),
    };
    publish(judged, results, &args.plan, &args.outputs)
}

fn judge(args: &Merge, results: &Results) -> Result<Judged, Failure> {
    let machine = Machine::start(WaitsFor::Disk)?;
    let observer = results.listener(progress::observer(&args.outputs.look));
    let (mut report, witnesses, alerts) = machine.block_on(merge(args, observer))?;
    report.finished_at = Utc::now();
    Ok(Judged { report, witnesses, alerts, machine })
}

async fn merge(args: &Merge, observer: Arc<dyn Observer>) -> Result<(Report, Witnesses, Alerts), Failure> {
    let stop = stop_on_signal();
    let spoken = Spoken::default();
    let named = (&args.remember, &spoken);
    let reach = Reach::new(&args.access, &[], args.concurrency);
    let opening = async {
        let seal_keys = SealKeys::read(&args.remember, &spoken)?;
        let (plan, id) = read(&reach, &args.plan).await?;
        if !args.keys.is_empty() {
            has_the_keys_of(&plan, &args.keys)?;
        }
        let mut brief = plan.brief.clone();
        let asked = &mut brief.plan;
        asked.load.requests = args.concurrency.into();
        asked.arguments = shown(std::env::args().skip(1));
        asked.baselines = baselines(&args.remember, &spoken, &seal_keys)?;
        belongs_here(&spoken, asked)?;
        let parts = ledger::parts(&args.parts, asked, &reach).await?;
        let ledger =
            ledger::ledger(named, (asked, &plan.at.lies), &seal_keys, &reach, Needs::Verdicts).await?;
        let places = ledger::witnesses(named, asked, &reach).await?;
        let memory = ledger.as_ref().map(|ledger| Arc::clone(&ledger.state));
        let alerts = alerts::open((&args.notify, &spoken), asked, memory.clone(), &reach).await?;
        let witnesses = Witnesses::open(named, asked, seal_keys, places, memory).await?;
        let store = reach.store(&plan.at).await?;
        let identity = reach.identity(&plan.at.lies, &args.keys).await?;
        Ok((plan, id, brief, parts, ledger, (witnesses, alerts), store, identity))
    };
    let (plan, id, brief, parts, ledger, (witnesses, alerts), store, identity) =
        unless_stopped(&stop, opening).await?;
    let keys = Arc::new(KeySource::Files(Arc::new(plan.keys.clone())));
    let ports = Ports { store, keys, observer, stop };
    let read = async |shard| match parts.store.read(&Part::name(id, shard)).await {
        Ok(Some(kept)) => Part::from_json(&kept.bytes, id, shard).map_err(|error| error.to_string()),
        Ok(None) => Err(format!("nothing was handed in to {}", parts.place)),
        Err(error) => Err(error.to_string()),
    };
    let merged = audit::merge(brief, &plan, read, ledger, ports);
    let (report, identity) = tokio::join!(merged, identity);
    let report = report.map_err(|error| failure(&error, &reach.advice()))?;
    let planned = Planned { plan: id.hash(), shards: plan.shards.len() as u64 };
    Ok((Report { identity, planned: Some(planned), ..report }, witnesses, alerts))
}
