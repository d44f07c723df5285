//! `trailseal keys fetch`: saves AWS's keys beside the evidence, for the day when they can't be asked for. A region that
//! refuses takes nobody else's with it.

use crate::aws::failure::FailureKind;
use crate::crypto::KeyRing;
use crate::keys::{self, aws::KeyError};
use crate::trail::{Region, Span};
use chrono::Utc;
use futures_util::stream::{self, StreamExt};

use super::args::FetchKeys;
use super::aws::AwsClients;
use super::exit::{self, Failure};
use super::failed::Advice;
use super::output::Output;
use super::time::End;

/// Regions asked at once.
const AT_ONCE: usize = 16;

/// Runs the command.
pub fn fetch(args: &FetchKeys) -> Result<u8, Failure> {
    if args.access.no_sign_request {
        return Err(Failure::new(
            "AWS gives its keys to nobody without credentials; leave out --no-sign-request",
        ));
    }
    let now = Utc::now();
    let end = args.end.map_or(now, |end| end.at(now, End::Last));
    let span = Span { start: args.start.at(now, End::First), end };
    if span.start >= span.end {
        return Err(Failure::new("--start is not before --end; swap them or widen the range"));
    }
    let output = Output::open(args.output.as_deref())?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let KeyAnswers { ring, empty, refused, advice } = runtime.block_on(ask(args, span))?;
    if !empty.is_empty() {
        exit::note(&format!("AWS lists no keys of that time in {}", names(&empty)));
    }
    let refusals = refused.iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; ");
    if ring.iter().next().is_none() {
        return Err(match refused.first().map(|error| error.kind) {
            None => {
                Failure::empty("there is no key to write; ask for another time (--start, --end) or region")
            }
            Some(kind @ (FailureKind::NoCredentials | FailureKind::CredentialsExpired)) => {
                advice.on(kind, refusals)
            }
            Some(_) => Failure::new(format!("no key could be had: {refusals}")),
        });
    }
    let text = serde_json::to_vec_pretty(&keys::to_json(&ring)).map_err(Failure::new)?;
    output.publish(|out| out.write_all(&text).and_then(|()| out.write_all(b"\n")))?;
    if refused.is_empty() {
        return Ok(0);
    }
    let regions: Vec<Region> = refused.into_iter().map(|error| error.region).collect();
    Err(Failure::incomplete(format!(
        "the keys of {} are missing, all others were written: {refusals}; grant cloudtrail:ListPublicKeys there, or fetch \
         them again with --region",
        names(&regions)
    )))
}

fn names(regions: &[Region]) -> String {
    regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
}

/// What the regions answered.
#[derive(Default)]
struct KeyAnswers {
    ring: KeyRing,
    /// Those without a single key.
    empty: Vec<Region>,
    /// Those whose keys could not be retrieved.
    refused: Vec<KeyError>,
    /// What to do where nobody answered.
    advice: Advice,
}

async fn ask(args: &FetchKeys, span: Span) -> Result<KeyAnswers, Failure> {
    let reach = AwsClients::open(&args.access, args.regions.first()).await?;
    let regions = if args.regions.is_empty() { reach.enabled_regions().await? } else { args.regions.clone() };
    let list = reach.key_list();
    let answers: Vec<_> = stream::iter(regions)
        .map(|region| {
            let list = &list;
            async move {
                let keys = list.fetch(&region, span).await;
                (region, keys)
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut asked = KeyAnswers { advice: reach.advice().clone(), ..KeyAnswers::default() };
    for (region, answer) in answers {
        match answer {
            Ok(keys) if keys.is_empty() => asked.empty.push(region),
            Ok(keys) => keys.into_iter().for_each(|key| asked.ring.insert(key)),
            Err(error) => asked.refused.push(error),
        }
    }
    Ok(asked)
}
