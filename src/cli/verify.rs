//! `trailseal verify`: from words to a plan, from a plan to a report, from a report to bytes and an exit code.

use std::sync::Arc;

use chrono::Utc;

use crate::audit::{self, Observer, Ports};
use crate::report::{Hint, Report};
use crate::trail::Time;

use super::args::{Form, Outputs, ReportForm, Verify};
use super::asked::{Manner, Starts, read_as_utc};
use super::exit::{self, Failure};
use super::failed::failure;
use super::machine::Machine;
use super::notify::Alerts;
use super::progress;
use super::reach::Reach;
use super::record::{self, Record};
use super::source::Source;
use super::stopping::{stop_on_signal, unless_stopped};

mod alerts;
mod baselines;
mod ledger;
pub mod merge;
mod results;
mod seal_keys;
pub mod shard;
mod witness;

use baselines::{baselines, belongs_here};
use ledger::Needs;

use results::{Results, Tables};
use seal_keys::SealKeys;
use witness::Witnesses;

/// Runs the command.
pub fn run(args: Verify) -> Result<u8, Failure> {
    if args.part.plan.is_some() {
        return shard::run(&args);
    }
    // Opened before the long work: a result that cannot be written is known at once.
    let (results, refused) = Results::open(&args.outputs, tables(&args));
    let judged = match refused {
        Some(failure) => Err(failure),
        None => judge(&args, &results),
    };
    publish(judged, results, &args.asked.source, &args.outputs)
}

/// Writes what a run came to, has it sealed, and tells who is to be told.
fn publish(
    judged: Result<Judged, Failure>,
    results: Results,
    source: &str,
    outputs: &Outputs,
) -> Result<u8, Failure> {
    match judged {
        Ok(Judged { report, witnesses, alerts, machine }) => {
            let look = &outputs.look;
            let published = results.publish(&report, look);
            // After it: a seal speaks of a report that is there, and so does an alert.
            let unsealed = machine.block_on(witnesses.seal(&report, look));
            machine.block_on(alerts.tell(&report, &alerts::sent(outputs), look));
            match (published, unsealed.is_empty()) {
                (published, true) => published,
                (Ok(code), false) => exit::settle(code, unsealed),
                (Err(failure), false) => Err(unsealed.into_iter().fold(failure, Failure::and)),
            }
        }
        Err(failure) => {
            let unwritten = results.tell_that_it_could_not_run(source, Utc::now(), failure.code());
            Err(unwritten.into_iter().fold(failure, Failure::and))
        }
    }
}

/// What a run came to. As long as the machine runs, a second signal ends the program, whatever it does.
struct Judged {
    report: Report,
    witnesses: Witnesses,
    alerts: Alerts,
    machine: Machine,
}

/// Looks at the record and judges it.
fn judge(args: &Verify, results: &Results) -> Result<Judged, Failure> {
    let now = Utc::now();
    let source = Source::parse(&args.asked.source)?;
    let machine = Machine::start(source.waits_for())?;
    let observer = results.listener(progress::observer(&args.outputs.look));
    let (mut report, witnesses, alerts) = machine.block_on(verify(args, source, now, observer))?;
    report.finished_at = Utc::now();
    report.hints.extend(read_as_utc(&args.asked).map(Hint::Said));
    Ok(Judged { report, witnesses, alerts, machine })
}

async fn verify(
    args: &Verify,
    source: Source,
    now: Time,
    observer: Arc<dyn Observer>,
) -> Result<(Report, Witnesses, Alerts), Failure> {
    let Verify { asked, remember, .. } = args;
    let stop = stop_on_signal();
    let seal_keys = SealKeys::read(remember, &asked.spoken)?;
    let manner = Manner {
        starts: Starts::with(remember.ledger.as_ref()),
        requests: args.concurrency,
        baselines: baselines(remember, &asked.spoken, &seal_keys)?,
    };
    let reach = Reach::new(&args.access, &asked.regions, args.concurrency);
    let named = (remember, &asked.spoken);
    let opening = async {
        let Record { mut plan, at, store } = record::open(asked, source, manner, &reach, now).await?;
        let ledger = ledger::ledger(named, (&mut plan, &at.lies), &seal_keys, &reach, needs(args)).await?;
        let places = ledger::witnesses(named, &mut plan, &reach).await?;
        let keys = reach.keys(&at.lies, &asked.keys, now).await?;
        belongs_here(&asked.spoken, &plan)?;
        let memory = ledger.as_ref().map(|ledger| Arc::clone(&ledger.state));
        let alerts = alerts::open((&args.notify, &asked.spoken), &mut plan, memory.clone(), &reach).await?;
        let witnesses = Witnesses::open(named, &mut plan, seal_keys, places, memory).await?;
        let identity = reach.identity(&at.lies, &asked.keys).await?;
        Ok((plan, store, keys, ledger, (witnesses, alerts), identity))
    };
    let (plan, store, keys, ledger, (witnesses, alerts), identity) = unless_stopped(&stop, opening).await?;
    let ports = Ports { store, keys: Arc::new(keys), observer, stop };
    let run = async {
        match ledger {
            None => audit::run(plan, ports).await,
            Some(ledger) => audit::run_with_ledger(plan, ledger, ports).await,
        }
    };
    let (report, identity) = tokio::join!(run, identity);
    let report = report.map_err(|error| failure(&error, &reach.advice()))?;
    Ok((Report { identity, ..report }, witnesses, alerts))
}

fn tables(args: &Verify) -> Tables {
    if args.objects { Tables::Instead } else { Tables::Beside(args.asked.depth.into()) }
}

fn needs(args: &Verify) -> Needs {
    let tables = args.objects
        || args.outputs.form() == Form::AwsCli
        || args.outputs.reports.iter().any(|(form, _)| matches!(form, ReportForm::Objects(_)));
    if tables { Needs::Bytes } else { Needs::Verdicts }
}
