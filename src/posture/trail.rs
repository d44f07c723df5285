//! The checks of a trail.

use chrono::TimeDelta;

use super::check::{Judged, Reading, State};
use super::policy::Policy;
use super::table::CheckId;
use crate::settings::{
    BucketOwner, Calls, Delivery, EventSelector, FieldSelector, Selectors, Setting, Switch, TrailFacts,
    TrailSettings,
};
use crate::trail::key::ROOT;
use crate::trail::{AccountId, Time, format_time};

/// Log files come every few minutes, if there is anything to tell; a day without any is a fault.
const DAY: TimeDelta = TimeDelta::hours(24);
/// Digests come every hour, within about half an hour of its end.
const DIGESTS: TimeDelta = TimeDelta::hours(3);
/// The resources that S3's data events are about.
const OBJECTS: &str = "AWS::S3::Object";
/// All of them, in selectors of the older kind.
const ALL_OBJECTS: [&str; 2] = ["arn:aws:s3", "arn:aws:s3:::"];

/// The accounts that were seen in the bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'s> {
    pub(super) accounts: &'s [AccountId],
    /// Whether some of it could not be listed.
    pub(super) unlisted: bool,
}

/// The checks of one trail. `record` is the bucket that is looked at with the beginning of its keys, `BUCKET/PREFIX/AWSLogs/`, and
/// `seen` are the accounts in it.
pub(super) fn checks(
    trail: &TrailSettings,
    policy: &Policy,
    (record, owner): (&str, &Setting<BucketOwner>),
    seen: Seen<'_>,
) -> Vec<Judged> {
    let of = |judge: &dyn Fn(&TrailFacts) -> Reading| Reading::of(&trail.trail, no_trail, judge);
    vec![
        Judged::new(CheckId::TrailLogging, of(&|facts| logging(facts, trail, record))),
        Judged::new(
            CheckId::TrailMultiRegion,
            of(&|facts| match (facts.all_regions, facts.global_services) {
                (Switch::On, Switch::On) => Reading::pass("in all regions, with global services"),
                (Switch::On, Switch::Off) => Reading::fail("in all regions, without global services"),
                (Switch::Off, _) => Reading::fail("in its home region alone"),
            }),
        ),
        Judged::new(CheckId::TrailManagementEvents, Reading::of(&trail.selectors, no_trail, management)),
        Judged::new(CheckId::TrailDataEventsS3, of(&|facts| everywhere(facts, trail))),
        Judged::new(CheckId::TrailBucketSelfWatch, of(&|facts| own_bucket(facts, trail, (record, owner)))),
        Judged::new(CheckId::TrailValidation, of(&|facts| validation(facts, trail))),
        Judged::new(CheckId::TrailKms, of(&|facts| key(facts, trail))),
        Judged::new(CheckId::TrailCloudwatch, of(&|facts| log_group(facts, trail))),
        Judged::new(CheckId::TrailOrganization, of(&|facts| organization(facts, policy, seen))),
    ]
}

fn no_trail() -> Reading {
    Reading::unclear("CloudTrail says that there is none")
}

fn logging(facts: &TrailFacts, trail: &TrailSettings, record: &str) -> Reading {
    let delivers = format!("{}/{}", facts.bucket, facts.prefix);
    if !delivers.starts_with(record.strip_suffix(ROOT).unwrap_or(record)) {
        return Reading::fail(&format!("it delivers to s3://{delivers}, and not here"));
    }
    Reading::of(&trail.status, no_trail, |status| match status.logging {
        Switch::Off => Reading::fail("it does not record now"),
        Switch::On => delivered("log files", &status.logs, DAY, trail.read_at),
    })
}

fn delivered(what: &str, delivery: &Delivery, within: TimeDelta, now: Time) -> Reading {
    let Delivery { latest, error } = delivery;
    match (latest, error) {
        (_, Some(error)) => Reading::fail(&format!("{what} could not be delivered: {error}")),
        (None, None) => Reading::fail(&format!("{what} were never delivered")),
        (Some(latest), None) if now + DIGESTS < *latest => {
            Reading::unclear(&format!("{what} were delivered in the future, at {}", format_time(*latest)))
        }
        (Some(latest), None) if *latest < now - within => {
            Reading::fail(&format!("{what} were last delivered at {}", format_time(*latest)))
        }
        (Some(latest), None) => Reading::pass(&format!("{what} were delivered at {}", format_time(*latest))),
    }
}

fn validation(facts: &TrailFacts, trail: &TrailSettings) -> Reading {
    match facts.validation {
        Switch::On => Reading::of(&trail.status, no_trail, |status| {
            delivered("digests", &status.digests, DIGESTS, trail.read_at)
        }),
        Switch::Off => Reading::fail("it is off: no digests are delivered"),
    }
}

fn key(facts: &TrailFacts, trail: &TrailSettings) -> Reading {
    let Some(named) = &facts.key else { return Reading::fail("it encrypts with no key of its own") };
    let absent = || Reading::unclear(&format!("KMS says that there is no key {named}"));
    Reading::of(&trail.key, absent, |key| {
        let owner =
            key.account.map_or_else(|| "an account unknown".to_owned(), |account| account.to_string());
        let told = format!("{named} of {owner} is {}", key.state);
        match &*key.state {
            "Enabled" => Reading::pass(&told),
            "Disabled" | "PendingDeletion" | "PendingReplicaDeletion" | "PendingImport" | "Unavailable" => {
                Reading::fail(&told)
            }
            _ => Reading::unclear(&told),
        }
    })
}

fn log_group(facts: &TrailFacts, trail: &TrailSettings) -> Reading {
    match facts.log_group {
        Some(_) => Reading::of(&trail.status, no_trail, |status| {
            delivered("events", &status.log_group, DAY, trail.read_at)
        }),
        None => Reading::fail("it delivers to no log group"),
    }
}

fn organization(trail: &TrailFacts, policy: &Policy, seen: Seen<'_>) -> Reading {
    if trail.organization == Switch::On {
        return Reading::pass("it is an organization's");
    }
    if policy.accounts.is_empty() {
        return Reading::unclear(
            "it is one account's, and the policy does not say which accounts are to be there",
        );
    }
    let absent: Vec<String> = policy
        .accounts
        .iter()
        .filter(|account| !seen.accounts.contains(account))
        .map(ToString::to_string)
        .collect();
    match &absent[..] {
        [] => {
            Reading::pass(&format!("all {} accounts of the policy are in the bucket", policy.accounts.len()))
        }
        absent if seen.unlisted => {
            Reading::unclear(&format!("not seen, and not all could be listed: {}", absent.join(", ")))
        }
        absent => Reading::fail(&format!("not in the bucket: {}", absent.join(", "))),
    }
}

fn management(selectors: &Selectors) -> Reading {
    let (calls, excluded): (Recorded, Vec<String>) = match selectors {
        Selectors::Basic(selectors) => {
            let on = selectors.iter().filter(|selector| selector.management == Switch::On);
            let excluded = on.clone().flat_map(|selector| selector.excluded.iter().cloned());
            (joined(on.map(|selector| Some(selector.calls))), excluded.collect())
        }
        Selectors::Advanced(all) => {
            let own: Vec<&Vec<FieldSelector>> =
                all.iter().filter(|fields| category(fields) == Some("Management")).collect();
            let is_plain =
                |fields: &Vec<FieldSelector>| fields.iter().all(is_known) && calls(fields).is_some();
            let recorded = joined(own.iter().filter(|fields| is_plain(fields)).map(|fields| calls(fields)));
            if recorded != Recorded::All && own.iter().any(|fields| !is_plain(fields)) {
                return Reading::unclear(
                    "a selector of management events has conditions that are not understood",
                );
            }
            let excluded =
                own.iter().flat_map(|fields| fields.iter()).filter(|field| field.field == "eventSource");
            (recorded, excluded.flat_map(|field| field.not_equals.iter().cloned()).collect())
        }
    };
    let told = |what: &str| match &excluded[..] {
        [] => what.to_owned(),
        excluded => format!("{what}, without {}", excluded.join(", ")),
    };
    match calls {
        Recorded::All => Reading::pass(&told("reads and writes")),
        Recorded::Reads => Reading::fail(&told("reads alone")),
        Recorded::Writes => Reading::fail(&told("writes alone")),
        Recorded::Nothing => Reading::fail("none"),
    }
}

/// Whether a field is one that selectors of management events are known by here.
fn is_known(field: &FieldSelector) -> bool {
    !field.others
        && match &*field.field {
            "eventCategory" | "readOnly" => true,
            "eventSource" => field.equals.is_empty() && field.starts_with.is_empty(),
            _ => false,
        }
}

fn category(fields: &[FieldSelector]) -> Option<&str> {
    let field = fields.iter().find(|field| field.field == "eventCategory")?;
    field.equals.first().map(String::as_str)
}

/// Which calls a selector by fields records; none, if it cannot be told.
fn calls(fields: &[FieldSelector]) -> Option<Calls> {
    let Some(field) = fields.iter().find(|field| field.field == "readOnly") else { return Some(Calls::All) };
    match &field.equals[..] {
        [flag] if flag == "true" => Some(Calls::Reads),
        [flag] if flag == "false" => Some(Calls::Writes),
        _ => None,
    }
}

/// What several selectors record together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    All,
    Reads,
    Writes,
    Nothing,
}

fn joined(calls: impl Iterator<Item = Option<Calls>>) -> Recorded {
    let (mut reads, mut writes) = (false, false);
    for calls in calls.flatten() {
        reads |= calls != Calls::Writes;
        writes |= calls != Calls::Reads;
    }
    match (reads, writes) {
        (true, true) => Recorded::All,
        (true, false) => Recorded::Reads,
        (false, true) => Recorded::Writes,
        (false, false) => Recorded::Nothing,
    }
}

/// Data events of all buckets: a trail of one region records none of the others.
fn everywhere(facts: &TrailFacts, trail: &TrailSettings) -> Reading {
    match facts.all_regions {
        Switch::Off => Reading::fail("the trail records in its home region alone"),
        Switch::On => {
            Reading::of(&trail.selectors, no_trail, |selectors| data(selectors, Watched::Everything))
        }
    }
}

/// Data events of the record's own bucket: a trail records what happens in its own account alone, or in its organization, and in
/// its regions (AWS CloudTrail User Guide, "Logging data events").
fn own_bucket(
    facts: &TrailFacts,
    trail: &TrailSettings,
    (record, owner): (&str, &Setting<BucketOwner>),
) -> Reading {
    let reading =
        Reading::of(&trail.selectors, no_trail, |selectors| data(selectors, Watched::WritesTo(record)));
    if reading.state != State::Pass {
        return reading;
    }
    let told = reading.value;
    if facts.all_regions == Switch::Off {
        return Reading::unclear(&format!(
            "{told}; the trail records in its home region alone, and where the bucket is was not asked"
        ));
    }
    match (facts.organization, owner.known()) {
        (_, Ok(Some(BucketOwner::TrailAccount))) | (Switch::On, _) => Reading::pass(&told),
        (Switch::Off, Ok(Some(BucketOwner::Another))) => {
            Reading::fail("the bucket is another account's, in which this trail records nothing")
        }
        (Switch::Off, _) => Reading::unclear(&format!("{told}; whose the bucket is is not known")),
    }
}

/// What is to be recorded.
#[derive(Debug, Clone, Copy)]
enum Watched<'a> {
    /// What is read from and written to all buckets.
    Everything,
    /// What is written to the record: its bucket, and the beginning of its keys.
    WritesTo(&'a str),
}

impl Watched<'_> {
    /// Whether a resource, in a selector of the older kind or as what an ARN begins with, holds it.
    fn is_in(self, beginning: &str) -> bool {
        let is_all = ALL_OBJECTS.contains(&beginning) || is_all_of_a_partition(beginning);
        match self {
            Self::Everything => is_all,
            Self::WritesTo(record) => {
                let own = beginning.split_once(":s3:::");
                is_all || own.is_some_and(|(_, path)| path.contains('/') && record.starts_with(path))
            }
        }
    }

    fn is_met_by(self, recorded: Recorded) -> bool {
        match self {
            Self::Everything => recorded == Recorded::All,
            Self::WritesTo(_) => matches!(recorded, Recorded::All | Recorded::Writes),
        }
    }
}

/// `arn:aws-cn:s3` and its like.
fn is_all_of_a_partition(beginning: &str) -> bool {
    let parts: Vec<&str> = beginning.trim_end_matches(':').split(':').collect();
    matches!(parts[..], ["arn", partition, "s3"] if partition.starts_with("aws"))
}

fn data(selectors: &Selectors, watched: Watched<'_>) -> Reading {
    let (recorded, scope, is_clear) = match selectors {
        Selectors::Basic(selectors) => basic_data(selectors, watched),
        Selectors::Advanced(all) => advanced_data(all, watched),
    };
    let scope = if scope.is_empty() { "no objects of S3".to_owned() } else { scope.join(", ") };
    match (watched.is_met_by(recorded), is_clear) {
        (true, _) => Reading::pass(&scope),
        (false, true) => Reading::fail(&scope),
        (false, false) => Reading::unclear(&format!("not to be told from {scope}")),
    }
}

type Data = (Recorded, Vec<String>, bool);

fn basic_data(selectors: &[EventSelector], watched: Watched<'_>) -> Data {
    let of_objects = |selector: &EventSelector| {
        let own = selector.data.iter().filter(|(kind, _)| kind == OBJECTS);
        own.flat_map(|(_, values)| values.clone()).collect::<Vec<_>>()
    };
    let recording =
        selectors.iter().filter(|selector| of_objects(selector).iter().any(|value| watched.is_in(value)));
    let scope = selectors.iter().flat_map(|selector| {
        of_objects(selector).into_iter().map(|value| format!("{} {value}", word(Some(selector.calls))))
    });
    (joined(recording.map(|selector| Some(selector.calls))), scope.collect(), true)
}

fn advanced_data(all: &[Vec<FieldSelector>], watched: Watched<'_>) -> Data {
    let is_of_objects = |fields: &&Vec<FieldSelector>| {
        let kinds = fields.iter().find(|field| field.field == "resources.type");
        category(fields) == Some("Data")
            && kinds.is_some_and(|field| field.equals.iter().any(|kind| kind == OBJECTS))
    };
    let (mut recording, mut scope, mut is_clear) = (Vec::new(), Vec::new(), true);
    for fields in all.iter().filter(is_of_objects) {
        let calls = calls(fields);
        let named = fields.iter().find(|field| field.field == "resources.ARN");
        const KNOWN: [&str; 4] = ["eventCategory", "resources.type", "readOnly", "resources.ARN"];
        let is_plain = fields.iter().all(|field| KNOWN.contains(&&*field.field) && !field.others)
            && named.is_none_or(|field| field.not_equals.is_empty());
        let told = named.map_or_else(
            || "all objects".to_owned(),
            |field| [&field.starts_with[..], &field.equals[..]].concat().join(", "),
        );
        scope.push(format!(
            "{} {told}{}",
            word(calls),
            if is_plain { "" } else { " with further conditions" }
        ));
        let holds =
            named.is_none_or(|field| field.starts_with.iter().any(|beginning| watched.is_in(beginning)));
        if holds && is_plain {
            recording.push(calls);
        }
        is_clear &= is_plain && calls.is_some();
    }
    (joined(recording.into_iter()), scope, is_clear)
}

fn word(calls: Option<Calls>) -> &'static str {
    match calls {
        Some(Calls::All) => "reads and writes of",
        Some(Calls::Reads) => "reads of",
        Some(Calls::Writes) => "writes of",
        None => "some of",
    }
}

#[cfg(test)]
mod tests;
