//! From the caller's words to what is asked for, wholly and checked.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::path::Path;

use chrono::TimeDelta;

use crate::audit::{Bounds, Expected, Load, Plan, Selection, TrailFilter};
use crate::digest::NamedBy;
use crate::report::Baseline;
use crate::trail::Ended;
use crate::trail::source::Within;
use crate::trail::{ArnParts, Day, Location, Origin, Region, Time, format_time};

use super::args::{Asked, ExpectedRegion};
use super::exit::Failure;
use super::notify;
use super::time::{End, Moment};

/// How a run goes about it.
pub struct Manner {
    /// Where a start lies that is given as a duration.
    pub starts: Starts,
    /// Requests in flight, at most.
    pub requests: NonZeroU16,
    /// What earlier runs saw.
    pub baselines: Vec<Baseline>,
}

/// Where a start lies that is given as a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// As long before now as was said.
    AsSaid,
    /// At the midnight before that: only days that are read whole can be remembered.
    AtMidnight,
}

impl Starts {
    /// Where it lies in a run that remembers in a ledger, or in none.
    pub fn with(ledger: Option<&String>) -> Self {
        if ledger.is_some() { Self::AtMidnight } else { Self::AsSaid }
    }
}

/// What is asked for of a place.
pub fn plan(
    args: &Asked,
    manner: Manner,
    now: Time,
    place: Location,
    origin: Origin,
) -> Result<Plan, Failure> {
    let Manner { starts, requests, baselines } = manner;
    let (start, end) = window(args, starts, now)?;
    let spoken = &args.spoken;
    if let Some(code) = args.accept.iter().find(|code| args.fail_on.contains(code)) {
        return Err(Failure::new(format!(
            "{} {code} and {} {code} contradict each other; leave one out",
            spoken.of("accept"),
            spoken.of("fail-on")
        )));
    }
    let ended = args.ended.iter().map(|word| ended(&spoken.of("ended"), word));
    let trails = args.trails.iter().map(|trail| trail_filter(&spoken.of("trail"), trail));
    Ok(Plan {
        source: args.source.clone(),
        bucket: place.bucket,
        prefix: place.prefix,
        within: Within::Everything,
        bounds: Bounds::default(),
        named_by: match (origin, &args.copied_from) {
            (Origin::Folder, None) => NamedBy::KeyOnly,
            _ => NamedBy::BucketAndKey,
        },
        origin,
        start,
        end,
        now,
        grace: args.grace,
        look_back: args.look_back,
        ended: ended.collect::<Result<Vec<_>, _>>()?.concat(),
        depth: args.depth.into(),
        scope: Selection {
            trails: trails.collect::<Result<_, _>>()?,
            accounts: args.accounts.iter().copied().collect(),
            regions: args.regions.iter().cloned().collect(),
        },
        expected: Expected {
            regions: expected_regions(args)?,
            accounts: args.expect_accounts.iter().copied().collect(),
            newest: None,
        },
        accept: args.accept.iter().copied().collect(),
        fail_on: args.fail_on.iter().copied().collect(),
        baselines,
        witnessed: Vec::new(),
        retention: args.retention.map(|days| TimeDelta::days(days.into())),
        load: Load { requests: requests.into(), ..Load::default() },
        arguments: notify::shown(std::env::args().skip(1)),
        notes: raised(args)
            .into_iter()
            .chain(rounded(args, starts))
            .chain(args.lowered.iter().cloned())
            .collect(),
    })
}

/// The window's bounds, as far as they are given.
fn window(args: &Asked, starts: Starts, now: Time) -> Result<(Option<Time>, Option<Time>), Failure> {
    let start = match (args.start, args.last) {
        (_, Some(last)) => Some(Moment::Back(last).at(now, End::First)),
        (start, None) => start.map(|moment| moment.at(now, End::First)),
    };
    let start = start.map(|start| if is_rounded(args, starts) { Day::holding(start).start() } else { start });
    let end = args.end.map(|moment| moment.at(now, End::Last));
    let spoken = args.spoken.of(if args.last.is_some() { "last" } else { "start" });
    match (start, end) {
        (Some(start), _) if start >= now => Err(Failure::new(format!(
            "the window would begin at {}, and it is {} now: nothing can be there yet; give {spoken} a time that has passed",
            format_time(start),
            format_time(now)
        ))),
        (Some(start), Some(end)) if start >= end => Err(Failure::new(format!(
            "{spoken} {} is not before {} {} (a date given as the end includes its whole day); swap them or widen the range",
            format_time(start),
            args.spoken.of("end"),
            format_time(end)
        ))),
        window => Ok(window),
    }
}

fn is_rounded(args: &Asked, starts: Starts) -> bool {
    let is_relative = args.last.is_some() || matches!(args.start, Some(Moment::Back(_)));
    is_relative && starts == Starts::AtMidnight
}

fn rounded(args: &Asked, starts: Starts) -> Option<String> {
    is_rounded(args, starts).then(|| {
        "With --ledger a start that is given as a duration goes back to the midnight (UTC) before it, so that every day is \
         read whole."
            .to_owned()
    })
}

/// The regions that are named; those that the account has enabled are asked for later.
fn expected_regions(args: &Asked) -> Result<BTreeSet<Region>, Failure> {
    let named = args.expect_regions.iter().filter_map(|region| match region {
        ExpectedRegion::Named(region) => Some(Ok(region.clone())),
        ExpectedRegion::Enabled => None,
        unclear @ ExpectedRegion::Unclear(_) => Some(Err(Failure::new(format!(
            "{}: {unclear}; name a region, or say `enabled`",
            args.spoken.of("expect-region")
        )))),
    });
    named.collect()
}

/// What counts for more than it would by itself is told, as what counts for less is.
fn raised(args: &Asked) -> Option<String> {
    let codes: Vec<&str> = args.fail_on.iter().map(|code| code.as_str()).collect();
    (!codes.is_empty())
        .then(|| format!("Notices of {} count as incomplete, because --fail-on says so.", codes.join(", ")))
}

/// Reads one word on an ended chain, or a file of such lines; `spoken` is what the option is called.
fn ended(spoken: &str, word: &str) -> Result<Vec<Ended>, Failure> {
    let malformed = match word.parse() {
        Ok(ended) => return Ok(vec![ended]),
        Err(malformed) => malformed,
    };
    if !Path::new(word).is_file() {
        return Err(Failure::new(format!("{spoken}: {malformed}, and no file of such lines")));
    }
    let text = std::fs::read_to_string(word)
        .map_err(|error| Failure::new(format!("{spoken}: cannot read {word}: {error}")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.parse().map_err(|malformed| Failure::new(format!("{spoken}: {word}: {malformed}"))))
        .collect()
}

/// A trail's name, or its ARN: `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`.
fn trail_filter(spoken: &str, text: &str) -> Result<TrailFilter, Failure> {
    let wrong = |error| Failure::new(format!("{spoken} {text}: {error}"));
    let arn = ArnParts::of(text).filter(|arn| arn.service == "cloudtrail");
    let named = arn.and_then(|arn| Some((arn.resource.strip_prefix("trail/")?, Some(arn.region))));
    let (name, region) = named.unwrap_or((text, None));
    Ok(TrailFilter {
        name: name.parse().map_err(wrong)?,
        home_region: region.map(str::parse).transpose().map_err(wrong)?,
    })
}

/// A time without an offset was read as UTC; the report says so.
pub fn read_as_utc(args: &Asked) -> Option<String> {
    let assumed = |moment: Option<Moment>| moment.is_some_and(Moment::is_assumed);
    (assumed(args.start) || assumed(args.end)).then(|| {
        "Times and dates without an offset were read as UTC; a date given as --end includes its whole day.".to_owned()
    })
}
