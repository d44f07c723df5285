//! `trailseal posture`: asks for settings, and holds them against a policy.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _};

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
use crate::settings::{BucketOwner, BucketSettings, Setting, TrailSettings, Unread};
use crate::store::StoreErrorKind;
use crate::store::s3::{AskedOf, S3Store};
use crate::trail::source::Within;
use crate::trail::{AccountId, ChainId, Location, Time, partition};

mod policy;

/// Requests in flight.
const REQUESTS: NonZeroU16 = NonZeroU16::new(64).unwrap();
/// Trails asked at once.
const AT_ONCE: usize = 8;
/// Trails that are asked; a bucket of more names is looked at by the ARN of one of them.
const MOST_TRAILS: usize = 50;

/// A chain whose newest digest is older than this against the newest of all may have ended.
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
                let (arn, trail) = clients.delivery(&arn).await?;
                Ok((trail.place(), Some(arn)))
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
    let place = match (&arn, &*census.homes.iter().collect::<Vec<_>>()) {
        // A trail says where it delivers; else what was found does.
        (None, [home]) => (*home).clone(),
        (None, [one, other, ..]) => {
            return Err(Failure::new(format!(
                "several records lie there: name one of them, {one} or {other}, or a trail by its ARN"
            )));
        }
        _ => place,
    };
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
        Ok(census) => Ok(census),
        Err(AuditError::NoRecord { .. }) => Ok(Census::default()),
        Err(AuditError::Store(error)) if error.kind == StoreErrorKind::Denied => {
            Ok(Census { unlisted: vec![error], ..Census::default() })
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
        None => named(census.chains.keys(), now),
    };
    let some_unknown = !unknown.is_empty();
    let trail_accounts: BTreeSet<AccountId> = known.iter().map(|arn| arn.account).collect();
    let asked = AskedOf { place, trail_accounts: &trail_accounts, objects: &census.objects, now };
    let of_trails = async {
        let asked = stream::iter(&known).map(async |arn| (arn, trails.settings(arn, now).await));
        let asked: Vec<_> = asked.buffered(AT_ONCE).collect().await;
        // One that is not there any more, and delivers nothing any more, is nobody's fault.
        let is_gone = |arn: &TrailArn, asked: &TrailSettings| {
            asked.trail == Setting::Absent && has_ended(&census.chains, arn)
        };
        let own = asked.into_iter().filter(|(arn, asked)| !is_gone(arn, asked)).map(|(_, asked)| asked);
        own.chain(unknown).collect::<Vec<TrailSettings>>()
    };
    let (mut bucket, trails): (BucketSettings, Vec<TrailSettings>) =
        tokio::join!(store.settings(asked), of_trails);
    if bucket.owner == Setting::Given(BucketOwner::Another) && some_unknown {
        bucket.owner = Setting::Unread(Unread::BeyondTheSource(
            "no trail's account that is known owns it, and of some trails it is not known whose they are",
        ));
    }
    if !census.unlisted.is_empty() && census.objects.is_empty() {
        bucket.objects = Setting::Unread(Unread::Failed("the record could not be listed".to_owned()));
    }
    let chains = census.chains.into_iter();
    Settings {
        bucket,
        trails,
        accounts: census.accounts.into_iter().collect(),
        chains: chains.map(|(id, Extent { oldest, newest })| ListedChain { id, oldest, newest }).collect(),
        archived: census.archived,
        unlisted: census.unlisted.iter().map(ToString::to_string).collect(),
    }
}

/// Whether no chain of a trail has digests about as new as any.
fn has_ended(chains: &BTreeMap<ChainId, Extent>, arn: &TrailArn) -> bool {
    let newest = chains.values().filter_map(|extent| extent.newest).max();
    let own = chains.iter().filter(|(id, _)| {
        id.trail == arn.name && id.home_region == arn.region && id.place.account == arn.account
    });
    let is_new =
        |extent: &Extent| extent.newest.zip(newest).is_some_and(|(own, newest)| newest <= own + ABOUT);
    !own.map(|(_, extent)| extent).any(is_new)
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
                    partition: partition(&chain.home_region).name.into(),
                    region: chain.home_region.clone(),
                    account: chain.place.account,
                    name: chain.trail.clone(),
                };
                own.insert(arn.to_string(), arn);
            }
        }
    }
    if own.is_empty() && unknown.is_empty() {
        unknown.insert("the trail".to_owned(), "no digest that was seen names a trail; name it by its ARN");
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
