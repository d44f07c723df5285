//! From the caller's words to what is asked for, wholly and checked.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;

use crate::audit::{self, Bounds, Expected, Load, Plan, Selection, TrailFilter};
use crate::crypto::Hash;
use crate::digest::NamedBy;
use crate::render::json;
use crate::report::Baseline;
use crate::trail::Ended;
use crate::trail::source::Within;
use crate::trail::{Day, Location, Origin, Region, Time, format_time};

use super::seal_keys::SealKeys;
use crate::cli::args::{ExpectedRegion, Verify};
use crate::cli::exit::Failure;
use crate::cli::time::{End, Moment};

/// What is asked for of a place.
pub fn plan(
    args: &Verify,
    keys: &SealKeys,
    now: Time,
    place: Location,
    origin: Origin,
) -> Result<Plan, Failure> {
    let (start, end) = window(args, now)?;
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
        baselines: args
            .remember
            .baselines
            .iter()
            .map(|path| baseline(&spoken.of("baseline"), path, keys))
            .collect::<Result<_, _>>()?,
        witnessed: Vec::new(),
        retention: args.remember.retention.map(|days| TimeDelta::days(days.into())),
        load: Load { requests: args.concurrency.into(), ..Load::default() },
        arguments: std::env::args().skip(1).collect(),
        notes: raised(args).into_iter().chain(rounded(args)).chain(args.lowered.iter().cloned()).collect(),
    })
}

/// The window's bounds, as far as they are given.
fn window(args: &Verify, now: Time) -> Result<(Option<Time>, Option<Time>), Failure> {
    let start = match (args.start, args.last) {
        (_, Some(last)) => Some(Moment::Back(last).at(now, End::First)),
        (start, None) => start.map(|moment| moment.at(now, End::First)),
    };
    let start = start.map(|start| if is_rounded(args) { Day::holding(start).start() } else { start });
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

/// Whether a start that is given as a duration goes back to midnight: only days that are read whole can be remembered.
fn is_rounded(args: &Verify) -> bool {
    let is_relative = args.last.is_some() || matches!(args.start, Some(Moment::Back(_)));
    is_relative && args.remember.ledger.is_some()
}

fn rounded(args: &Verify) -> Option<String> {
    is_rounded(args).then(|| {
        "With --ledger a start that is given as a duration goes back to the midnight (UTC) before it, so that every day is \
         read whole."
            .to_owned()
    })
}

/// The regions that are named; those that the account has enabled are asked for later.
fn expected_regions(args: &Verify) -> Result<BTreeSet<Region>, Failure> {
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

/// Reads what an earlier run saw; `spoken` is what the option is called.
fn baseline(spoken: &str, path: &Path, keys: &SealKeys) -> Result<Baseline, Failure> {
    let place = path.display().to_string();
    let wrong = |what: String| Failure::new(format!("{spoken} {place}: {what}"));
    let json = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let baseline = match keys.baseline(&place, &json) {
        Some(sealed) => sealed.map_err(wrong)?,
        None => {
            let report = json::read(&json).map_err(|error| {
                wrong(format!(
                    "is neither a seal nor a report of an earlier run as --report json=FILE writes it: {error}"
                ))
            })?;
            Baseline::of(&report, &*place, Hash::of(&json))
        }
    };
    if baseline.heads.is_empty() {
        Err(wrong("names no authentic digest, so nothing can be held to it".to_owned()))
    } else {
        Ok(baseline)
    }
}

/// A baseline of another place would prove nothing, and pass for proof.
pub fn belongs_here(args: &Verify, plan: &Plan) -> Result<(), Failure> {
    let stranger = plan
        .baselines
        .iter()
        .find(|baseline| !baseline.heads.iter().any(|head| audit::lies_under(plan, head, &[])));
    match stranger {
        None => Ok(()),
        Some(Baseline { place, heads, .. }) => Err(Failure::new(format!(
            "{} {place}: none of the {} digests it names lies under {}, such as {}; give the report of an earlier run over this \
             record",
            args.spoken.of("baseline"),
            heads.len(),
            args.source,
            heads.first().map_or(String::new(), |head| head.object.to_string())
        ))),
    }
}

/// What counts for more than it would by itself is told, as what counts for less is.
fn raised(args: &Verify) -> Option<String> {
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
    match text.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "cloudtrail", region, _, resource] if resource.starts_with("trail/") => Ok(TrailFilter {
            name: resource["trail/".len()..].parse().map_err(wrong)?,
            home_region: Some(region.parse().map_err(wrong)?),
        }),
        _ => Ok(TrailFilter { name: text.parse().map_err(wrong)?, home_region: None }),
    }
}

/// A time without an offset was read as UTC; the report says so.
pub fn read_as_utc(args: &Verify) -> Option<String> {
    let assumed = |moment: Option<Moment>| moment.is_some_and(Moment::is_assumed);
    (assumed(args.start) || assumed(args.end)).then(|| {
        "Times and dates without an offset were read as UTC; a date given as --end includes its whole day.".to_owned()
    })
}
