//! `trailseal posture`: asks for settings, and holds them against a policy.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};

use super::args::{Posture, PostureFormat};
use super::aws::AwsClients;
use super::exit::{self, Failure};
use super::failed::failure;
use super::output::{self, Output};
use super::reach::Reach;
use super::source::{Reached, Source};
use super::stopping::{stop_on_signal, unless_stopped};
use crate::audit::{self, AuditError, Census, Extent, Plan, Ports, Stop};
use crate::aws::trails::{TrailArn, Trails};
use crate::digest::NamedBy;
use crate::keys::KeySource;
use crate::posture::{self, ListedChain, Settings};
use crate::render::posture as render;
use crate::settings::{BucketSettings, Setting, TrailSettings, Unread};
use crate::store::s3::{AskedOf, S3Store};
use crate::trail::source::Within;
use crate::trail::{AccountId, ChainId, Location, Time, partition};

mod policy;

/// Requests in flight.
const REQUESTS: NonZeroU16 = NonZeroU16::new(64).unwrap();
/// Trails asked one by one; a bucket of more names is looked at by the ARN of one of them.
const MOST_TRAILS: usize = 50;

/// Digests come every hour; one that is older than this against the newest is of a chain that has ended.
const ABOUT: TimeDelta = TimeDelta::hours(48);

/// Runs the command.
pub fn run(args: &Posture) -> Result<u8, Failure> {
    let policy = policy::read(&args.policy)?;
    let source = Source::parse(&args.source)?;
    let output = Output::open(args.output.as_deref())?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let settings = runtime.block_on(read(args, source))?;
    let posture = posture::judge(&settings, policy);
    let width = output::width();
    let written = output.publish(|out| match args.format {
        PostureFormat::Human => render::human(&posture, width, out),
        PostureFormat::Json => render::json(&posture, out),
        PostureFormat::Csv => render::csv(&posture, out),
        PostureFormat::Markdown => render::markdown(&posture, out),
    });
    exit::settle(posture.exit_code(), written.err())
}

async fn read(args: &Posture, source: Source) -> Result<Settings, Failure> {
    let now = Utc::now();
    let stop = stop_on_signal();
    let reach = Reach::new(&args.access, &[], REQUESTS);
    let opening = async {
        let clients = reach.aws().await?;
        match source {
            Source::Bucket { place, reached: Reached::ThroughAccessPoint, .. } => Err(Failure::new(format!(
                "{} is an access point, and settings are the bucket's behind it: name that, s3://BUCKET[/PREFIX]",
                place.bucket
            ))),
            Source::Bucket { place, named, .. } => Ok((Location::new(place.bucket, named.prefix), None)),
            Source::Trail(arn) => {
                let trail = clients.trail(&arn).await?;
                Ok((trail.place(), Some(arn.parse::<TrailArn>().map_err(Failure::new)?)))
            }
            Source::Folder { .. } => Err(Failure::new(format!(
                "{} is a folder, which has no settings: name the bucket, s3://BUCKET[/PREFIX], or the ARN of the trail",
                args.source
            ))),
        }
    };
    let (place, arn) = unless_stopped(&stop, opening).await?;
    let clients = reach.aws().await?;
    let store = Arc::new(clients.store());
    let census = census(args, clients, (&place, now), Arc::clone(&store), &stop).await?;
    let asking = async { Ok(ask(clients, &store, (&place, arn), census, now).await) };
    unless_stopped(&stop, asking).await
}

/// Who is in the record. Whoever may not list it is told so, and the rest is asked all the same.
async fn census(
    args: &Posture,
    clients: &AwsClients,
    (place, now): (&Location, Time),
    store: Arc<S3Store>,
    stop: &Stop,
) -> Result<Census, Failure> {
    let mut plan = Plan::new(args.source.clone(), Arc::clone(&place.bucket), NamedBy::BucketAndKey, now);
    plan.prefix = place.prefix.clone();
    plan.within = Within::Everything;
    let keys = Arc::new(KeySource::Files(Arc::default()));
    match audit::census(plan, Ports::unwatched(store, keys, stop.clone())).await {
        Ok(census) => {
            for error in census.unlisted.iter().take(3) {
                exit::note(&format!("not all of the record could be listed: {error}"));
            }
            Ok(census)
        }
        Err(AuditError::NoRecord { .. }) => Ok(Census::default()),
        Err(AuditError::Store(error)) if error.kind == crate::store::StoreErrorKind::Denied => {
            exit::note(&format!("the record could not be listed: {error}; grant s3:ListBucket"));
            Ok(Census::default())
        }
        Err(error) => Err(failure(&error, clients.advice())),
    }
}

async fn ask(
    clients: &AwsClients,
    store: &S3Store,
    (place, arn): (&Location, Option<TrailArn>),
    census: Census,
    now: Time,
) -> Settings {
    let trails = Trails::new(&clients.session());
    let (known, unknown) = match arn {
        Some(arn) => (vec![arn], Vec::new()),
        None => named(living(&census.chains), now),
    };
    let trail_accounts: BTreeSet<AccountId> = known.iter().map(|arn| arn.account).collect();
    let objects = census.objects;
    let asked = AskedOf { place, trail_accounts: &trail_accounts, objects: &objects, now };
    let of_trails = async {
        let mut settings: Vec<TrailSettings> = Vec::new();
        for arn in &known {
            settings.push(trails.settings(arn, now).await);
        }
        settings.extend(unknown);
        settings
    };
    let (bucket, trails): (BucketSettings, Vec<TrailSettings>) =
        tokio::join!(store.settings(asked), of_trails);
    let chains = census.chains.into_iter();
    Settings {
        bucket,
        trails,
        accounts: census.accounts.into_iter().collect(),
        chains: chains.map(|(id, Extent { oldest, newest })| ListedChain { id, oldest, newest }).collect(),
        archived: census.archived,
    }
}

/// The chains that go on: whose newest digest is about as new as any. What has ended is asked nothing.
fn living(chains: &BTreeMap<ChainId, Extent>) -> impl Iterator<Item = &ChainId> {
    let newest = chains.values().filter_map(|extent| extent.newest).max();
    let is_living =
        move |extent: &Extent| extent.newest.zip(newest).is_some_and(|(own, newest)| newest <= own + ABOUT);
    chains.iter().filter(move |(_, extent)| is_living(extent)).map(|(id, _)| id)
}

/// The trails that digests name, and those that can be asked nothing, with the reason.
fn named<'c>(chains: impl Iterator<Item = &'c ChainId>, now: Time) -> (Vec<TrailArn>, Vec<TrailSettings>) {
    let mut own: BTreeMap<String, TrailArn> = BTreeMap::new();
    let mut unknown: BTreeMap<String, &'static str> = BTreeMap::new();
    for chain in chains {
        match &chain.place.organization {
            Some(organization) => {
                let name = format!("trail {} of {organization}", chain.trail);
                unknown.insert(
                    name,
                    "which account owns an organization's trail is in no digest; name the trail by its ARN",
                );
            }
            None => {
                let arn = TrailArn {
                    partition: partition(&chain.home_region).into(),
                    region: chain.home_region.clone(),
                    account: chain.place.account,
                    name: chain.trail.clone(),
                };
                own.insert(arn.to_string(), arn);
            }
        }
    }
    if own.is_empty() && unknown.is_empty() {
        unknown.insert("the trail".to_owned(), "no digest names a trail; name it by its ARN");
    }
    let mut known: Vec<TrailArn> = own.into_values().collect();
    for arn in known.drain(known.len().min(MOST_TRAILS)..) {
        unknown.insert(arn.to_string(), "there are more trails than are asked at once; name it by its ARN");
    }
    let unknown = unknown.into_iter().map(|(name, why)| beyond(name, why, now)).collect();
    (known, unknown)
}

/// The settings of a trail of which nothing can be known from here.
fn beyond(name: String, why: &'static str, now: Time) -> TrailSettings {
    fn unread<T>(why: &'static str) -> Setting<T> {
        Setting::Unread(Unread::BeyondTheSource(why))
    }
    TrailSettings {
        name,
        read_at: now,
        trail: unread(why),
        status: unread(why),
        selectors: unread(why),
        key: unread(why),
    }
}
