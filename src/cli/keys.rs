//! `trailseal keys fetch`: saves AWS's keys beside the evidence, for the day when they can't be asked for.

use chrono::Utc;
use futures_util::stream::{self, StreamExt};
use trailseal::crypto::KeyRing;
use trailseal::keys;
use trailseal::trail::Span;

use super::args::FetchKeys;
use super::exit::Failure;
use super::output::Output;
use super::time::End;
use super::verify::aws::Reach;

/// Regions asked at once.
const AT_ONCE: usize = 16;

/// Runs the command.
pub fn fetch(args: &FetchKeys) -> Result<u8, Failure> {
    let now = Utc::now();
    let end = args.end.map_or(now, |end| end.at(now, End::Last));
    let span = Span { start: args.start.at(now, End::First), end };
    if span.start >= span.end {
        return Err(Failure::new("--start is not before --end; swap them or widen the range"));
    }
    let output = Output::open(args.output.as_deref())?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let ring = runtime.block_on(ask(args, span))?;
    let text = serde_json::to_vec_pretty(&keys::to_json(&ring)).map_err(Failure::new)?;
    output.publish(|out| out.write_all(&text).and_then(|()| out.write_all(b"\n")))?;
    Ok(0)
}

async fn ask(args: &FetchKeys, span: Span) -> Result<KeyRing, Failure> {
    let reach = Reach::open(&args.access, args.regions.first()).await;
    let regions = match args.regions.is_empty() {
        true => reach.enabled_regions().await?,
        false => args.regions.clone(),
    };
    let list = reach.key_list();
    let answers: Vec<_> = stream::iter(regions)
        .map(|region| {
            let list = &list;
            async move { list.fetch(&region, span).await }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut ring = KeyRing::default();
    for answer in answers {
        answer.map_err(Failure::new)?.into_iter().for_each(|key| ring.insert(key));
    }
    Ok(ring)
}
