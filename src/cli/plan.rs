//! `trailseal plan`: what there is to verify, what that takes, and which machine does what.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};

use super::args::PlanRun;
use super::asked::{Manner, Starts};
use super::exit::{self, Failure};
use super::failed::failure;
use super::machine::Machine;
use super::output::Output;
use super::progress;
use super::reach::{OwnFile, Reach};
use super::record::{self, Record};
use super::source::Source;
use super::stopping::{stop_on_signal, unless_stopped};
use crate::audit::{self, Outline, Ports, RULES};
use crate::crypto::{Authority, KeyRing};
use crate::keys::KeySource;
use crate::render::plain::Plain;
use crate::render::{bytes, lasting, thousands};
use crate::shard::{PlanId, PlannedSite, RecordAt, ShardPlan, Weight, pack};
use crate::store::state::{Updated, update};
use crate::trail::{Region, format_time};

/// Runs the command.
pub fn run(args: &PlanRun) -> Result<u8, Failure> {
    let now = Utc::now();
    let source = Source::parse(&args.source)?;
    let machine = Machine::start(source.waits_for())?;
    let reach = Reach::new(&args.access, &args.asked.regions, args.concurrency);
    let Listed { outline, keys, at } = machine.block_on(list(args, &reach, source, now))?;
    let told = |planned: Option<&ShardPlan>, out: &mut dyn Write| tell(args, &outline, planned, out);
    let Some(shards) = args.shards else {
        Output::stdout().publish(|out| told(None, out))?;
        return Ok(code(&outline));
    };
    let loads: Vec<_> = outline.sites.iter().map(|(_, load)| load.clone()).collect();
    let sites =
        outline.sites.iter().map(|(site, load)| PlannedSite { site: site.clone(), weight: load.weight() });
    let plan = ShardPlan {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        rules: RULES,
        at,
        brief: outline.brief.clone(),
        keys,
        sites: sites.collect(),
        shards: pack(&loads, shards.get()),
    };
    let (json, id) = plan.to_json().map_err(Failure::new)?;
    machine.block_on(publish(args, &reach, &json))?;
    if !args.look.quiet {
        let mut text = Vec::new();
        told(Some(&plan), &mut text).and_then(|()| io::stderr().write_all(&text)).map_err(Failure::new)?;
        exit::note(&planned(args, id));
    }
    Ok(code(&outline))
}

/// The exit code: what could not be listed cannot be planned for.
fn code(outline: &Outline) -> u8 {
    let is_empty = outline.sites.iter().all(|(_, load)| load.days.is_empty());
    match (outline.unlisted.is_empty(), is_empty) {
        (false, _) => 3,
        (true, true) => 4,
        (true, false) => 0,
    }
}

fn planned(args: &PlanRun, id: PlanId) -> String {
    let plan = args.output.as_deref().unwrap_or("PLAN");
    format!(
        "plan {id}; on each machine: trailseal verify --plan {plan} --shard auto --parts PLACE, and then: trailseal merge --plan \
         {plan} --parts PLACE. Keep plan and parts where nobody else may write."
    )
}

/// What listing came to.
struct Listed {
    outline: Outline,
    keys: KeyRing,
    at: RecordAt,
}

async fn list(
    args: &PlanRun,
    reach: &Reach<'_>,
    source: Source,
    now: crate::trail::Time,
) -> Result<Listed, Failure> {
    let stop = stop_on_signal();
    let manner = Manner { starts: Starts::AsSaid, requests: args.concurrency, baselines: Vec::new() };
    let opening = async {
        let record = record::open(&args.asked, source, manner, reach, now).await?;
        let keys = match args.shards {
            Some(_) => reach.keys(&record.at.lies, &args.asked.keys, now).await?,
            None => KeySource::Files(Arc::default()),
        };
        Ok((record, keys))
    };
    let (Record { plan, at, store }, keys) = unless_stopped(&stop, opening).await?;
    let keys = Arc::new(keys);
    let observer = progress::observer(&args.look);
    let ports = Ports { store, keys: Arc::clone(&keys), observer, stop: stop.clone() };
    let outline = audit::outline(plan, ports).await;
    let outline = outline.map_err(|error| failure(&error, &reach.advice()))?;
    let fetching = async { Ok(fetched(&keys, &outline).await) };
    let keys = unless_stopped(&stop, fetching).await?;
    Ok(Listed { outline, keys, at })
}

/// The keys of all regions, for so wide a time that asking for one that is not among them would change nothing.
async fn fetched(keys: &KeySource, outline: &Outline) -> KeyRing {
    let regions: BTreeSet<&Region> = outline.sites.iter().map(|(site, _)| &site.place.region).collect();
    let mut all = KeyRing::default();
    for region in regions {
        let ring = match keys.wider(region, outline.brief.reach()).await {
            Some(ring) => ring,
            None => keys.ring(region, outline.brief.reach()).await,
        };
        if let Authority::Refused(why) = ring.authority(region) {
            exit::note(&format!(
                "the keys of {region} could not be had, and what is signed there will not be proven: {why}"
            ));
        }
        all.merge(KeyRing::clone(&ring));
    }
    all
}

async fn publish(args: &PlanRun, reach: &Reach<'_>, json: &[u8]) -> Result<(), Failure> {
    let words = args.output.as_deref();
    let object = match words {
        Some(words) => reach.object("--output", words).await?,
        None => None,
    };
    let Some(OwnFile { words, store, name, .. }) = object else {
        return Output::open(words.map(Path::new))?.publish(|out| out.write_all(json));
    };
    let updated = update(&*store, &name, |_| Some(json.to_vec())).await;
    let cannot =
        |error| Failure::new(format!("--output: {error}; grant s3:GetObject and s3:PutObject there"));
    match updated.map_err(cannot)? {
        Updated::Done => Ok(()),
        Updated::Overtaken => {
            Err(Failure::new(format!("--output {words}: somebody else wrote it meanwhile; plan again")))
        }
    }
}

/// What there is to be read, for a person.
fn tell(args: &PlanRun, outline: &Outline, plan: Option<&ShardPlan>, out: &mut dyn Write) -> io::Result<()> {
    let mut all = Weight::default();
    outline.sites.iter().for_each(|(_, load)| all.add(load.weight()));
    let window = outline.brief.window;
    let start = window.start().map_or("the beginning".to_owned(), format_time);
    writeln!(
        out,
        "{}: {} accounts and regions, {start} to {}",
        Plain(&args.source),
        thousands(outline.sites.len() as u64),
        format_time(window.end())
    )?;
    let mut line = |name: &str, text: String| writeln!(out, "  {name:9} {text}");
    let stored = match outline.unsized_objects {
        0 => format!(", {} as stored", bytes(all.bytes)),
        _ => String::new(),
    };
    line("objects", format!("{} digests and log files to be read{stored}", thousands(all.objects)))?;
    line("requests", format!("{} GET, about {} LIST", thousands(all.objects), thousands(all.pages)))?;
    let cost = (all.objects as f64 * args.price_get + all.pages as f64 * args.price_list) / 1000.0;
    line(
        "cost",
        format!(
            "about {cost:.2} USD for requests, at {} USD for 1,000 GET and {} USD for 1,000 LIST",
            args.price_get, args.price_list
        ),
    )?;
    let seconds = i64::try_from(all.objects / args.rate.get() as u64).unwrap_or(i64::MAX).max(1);
    let took = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
    line(
        "time",
        format!(
            "about {} on one machine, at {} objects a second",
            lasting(took),
            thousands(args.rate.get() as u64)
        ),
    )?;
    if let (Some(oldest), Some(newest)) = (outline.oldest, outline.newest) {
        line(
            "digests",
            format!("the oldest ends {}, the newest {}", format_time(oldest), format_time(newest)),
        )?;
    }
    for error in outline.unlisted.iter().take(3) {
        line("unlisted", format!("{error}"))?;
    }
    if let Some(plan) = plan {
        let cut =
            plan.shards.iter().flatten().filter(|piece| piece.from.is_some() || piece.to.is_some()).count();
        let idle = plan.shards.iter().filter(|shard| shard.is_empty()).count();
        line(
            "shards",
            format!(
                "{}, {idle} of them with nothing to do; {cut} pieces of accounts and regions that are cut at midnights",
                plan.shards.len()
            ),
        )?;
    }
    Ok(())
}
