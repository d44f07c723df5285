//! From version 1 back to the program's types. A saved report is evidence: what is odd about it is said, not guessed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::{DateTime, TimeDelta};
use serde::Deserialize;

use super::{SCHEMA, v1};
use crate::report::{
    ChainReport, Completion, KeyUse, Newest, NoChain, Omitted, Planned, Reached, Readings, Report, Request,
    SealedBy, Totals, Uncovered,
};
use crate::report::{HeldTo, Hint, NotProven};
use crate::trail::key::ROOT;
use crate::trail::{
    AccountRegion, ChainId, Depth, DigestKind, Identity, Malformed, ObjectName, Span, Time, UNKNOWN_BUCKET,
    Window,
};
use crate::verdict::what::{self, What};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, Overruled, RecordedCall, Scope, Unseen};

/// Why a document is not a report this version can read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not JSON, or a field is absent or of the wrong type.
    #[error("not a trailseal report: {0}")]
    Shape(#[from] serde_json::Error),
    /// A report of another version, or something else altogether.
    #[error("the report's schema is {found:?}; this version reads {SCHEMA:?}")]
    Schema {
        /// What the document says it is.
        found: String,
    },
    /// A field's text does not follow its grammar.
    #[error("{field}: {problem}")]
    Field {
        /// Where it stands.
        field: String,
        /// What is wrong with it.
        problem: Malformed,
    },
    /// What the document claims does not follow from what it lists.
    #[error(
        "{field} says {claimed:?}, but by what the report lists it is {derived:?}: the report was edited"
    )]
    Contradiction {
        /// Where it stands.
        field: String,
        /// What it says there.
        claimed: String,
        /// What follows from the rest.
        derived: String,
    },
}

/// Only what tells whether the rest can be understood.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    schema: String,
}

pub fn report(document: &[u8]) -> Result<Report, ReadError> {
    let Envelope { schema } = serde_json::from_slice(document)?;
    if schema != SCHEMA {
        return Err(ReadError::Schema { found: schema.chars().take(200).collect() });
    }
    let saved: v1::Report<'_> = serde_json::from_slice(document)?;
    let report = Report {
        tool_version: saved.tool.version.into_owned(),
        source: saved.source.into_owned(),
        window: window(saved.window)?,
        looked_back_to: optional("looked_back_to", saved.looked_back_to.as_deref(), time)?,
        request: request(saved.scope, saved.expected, saved.grace)?,
        identity: saved.identity.map(identity),
        planned: saved.run.map(planned).transpose()?,
        depth: field("depth", &saved.depth, depth)?,
        arguments: owned(saved.arguments).collect(),
        started_at: field("started_at", &saved.started_at, time)?,
        finished_at: field("finished_at", &saved.finished_at, time)?,
        completion: field("completion", &saved.completion, completion)?,
        totals: Totals {
            digests: saved.totals.digests.into(),
            logs: saved.totals.logs.into(),
            compressed: saved.totals.bytes.compressed,
            inflated: saved.totals.bytes.inflated,
            retries: saved.totals.retries.map(Into::into).unwrap_or_default(),
        },
        carried: saved.carried.map_or(Ok(Readings::default()), |saved| readings("carried", saved))?,
        baselines: each("baselines", saved.baselines, baseline)?,
        chains: each("chains", saved.chains, chain)?,
        uncovered: each("uncovered", saved.uncovered, uncovered)?,
        keys: each("keys", saved.keys, key)?,
        findings: each("findings", saved.findings, finding)?,
        omitted: omitted(saved.findings_omitted_by_class)?,
        hints: owned(saved.hints).map(Hint::Said).collect(),
        not_proven: owned(saved.not_proven).map(NotProven::Said).collect(),
    };
    agree("verdict", &saved.verdict, report.outcome().as_str())?;
    agree("exit_code", &saved.exit_code.to_string(), &report.exit_code().to_string())?;
    Ok(report)
}

fn omitted(saved: BTreeMap<v1::Text<'_>, BTreeMap<v1::Text<'_>, u64>>) -> Result<Omitted, ReadError> {
    const AT: &str = "findings_omitted_by_class";
    let mut omitted = Omitted::new();
    for (class, codes) in saved {
        for (code, count) in codes {
            omitted.insert((field(AT, &class, parsed)?, field(AT, &code, parsed)?), count);
        }
    }
    Ok(omitted)
}

fn window(saved: v1::Window) -> Result<Window, ReadError> {
    let start = optional("window.start", saved.start.as_deref(), time)?;
    let end = field("window.end", &saved.end, time)?;
    Window::new(start, end).map_err(|_| malformed("window.end", "a time not before window.start", &saved.end))
}

/// A report of a version that did not say it asked for everything.
fn request(
    scope: v1::Scope<'_>,
    expected: Option<v1::Expected<'_>>,
    grace: Option<i64>,
) -> Result<Request, ReadError> {
    let expected = expected.unwrap_or_default();
    let usual = Request::default();
    Ok(Request {
        accounts: all("scope.accounts", &scope.accounts)?,
        regions: all("scope.regions", &scope.regions)?,
        trails: all("scope.trails", &scope.trails)?,
        prefix: scope.prefix.into_owned().into(),
        expected_accounts: all("expected.accounts", &expected.accounts)?,
        expected_regions: all("expected.regions", &expected.regions)?,
        grace: grace.and_then(TimeDelta::try_seconds).unwrap_or(usual.grace),
    })
}

fn baseline(at: &str, saved: v1::Baseline<'_>) -> Result<HeldTo, ReadError> {
    let before = |saved| span(&format!("{at}.before_the_window"), saved);
    Ok(HeldTo {
        place: saved.place.into_owned(),
        hash: field(&format!("{at}.hash"), &saved.hash, parsed)?,
        sealed: saved.number.map(|number| SealedBy { number, keys: owned(saved.signed_by).collect() }),
        unchanged: Vec::new(),
        heads: saved.heads,
        not_checked: saved.not_checked,
        before_the_window: saved.before_the_window.map(before).transpose()?,
    })
}

fn planned(saved: v1::Run) -> Result<Planned, ReadError> {
    Ok(Planned { plan: field("run.plan", &saved.plan, str::parse)?, shards: saved.shards })
}

fn identity(saved: v1::Identity<'_>) -> Identity {
    match saved {
        v1::Identity::Caller { arn } => Identity::Caller(arn.into_owned()),
        v1::Identity::AccessKey { ending } => Identity::AccessKey(ending.into_owned()),
        v1::Identity::Anonymous => Identity::Anonymous,
    }
}

fn all<T: FromStr<Err = Malformed> + Ord>(
    at: &str,
    texts: &[impl AsRef<str>],
) -> Result<BTreeSet<T>, ReadError> {
    texts.iter().map(|text| field(at, text.as_ref(), parsed)).collect()
}

fn uncovered(at: &str, saved: v1::Uncovered<'_>) -> Result<Uncovered, ReadError> {
    let place = |name: &str| format!("{at}.{name}");
    Ok(Uncovered {
        scope: Scope {
            account: optional(&place("account"), saved.account.as_deref(), parsed)?,
            region: optional(&place("region"), saved.region.as_deref(), parsed)?,
            trail: optional(&place("trail"), saved.trail.as_deref(), parsed)?,
            organization: optional(&place("organization"), saved.organization.as_deref(), parsed)?,
        },
        why: field(&place("why"), &saved.why, |text| {
            one_of(text, "absent, unlisted or not-reached", NoChain::ALL, NoChain::as_str)
        })?,
        time: saved.time.map(|time| span(&place("time"), time)).transpose()?,
    })
}

fn chain(at: &str, saved: v1::Chain<'_>) -> Result<ChainReport, ReadError> {
    Ok(ChainReport {
        id: ChainId {
            place: AccountRegion {
                account: field(&format!("{at}.account"), &saved.account, parsed)?,
                region: field(&format!("{at}.region"), &saved.region, parsed)?,
                organization: optional(&format!("{at}.organization"), saved.organization.as_deref(), parsed)?,
            },
            trail: field(&format!("{at}.trail"), &saved.trail, parsed)?,
            home_region: field(&format!("{at}.home_region"), &saved.home_region, parsed)?,
            kind: field(&format!("{at}.kind"), &saved.kind, digest_kind)?,
        },
        digests: saved.digests.into(),
        logs: saved.logs.into(),
        coverage: each(&format!("{at}.coverage"), saved.coverage, span)?.into_iter().collect(),
        gaps: each(&format!("{at}.gaps"), saved.gaps, span)?.into_iter().collect(),
        verified_through: optional(
            &format!("{at}.verified_through"),
            saved.verified_through.as_deref(),
            time,
        )?,
        newest: match saved.newest {
            Some(newest) => Some(Newest {
                object: field(&format!("{at}.newest.object"), &newest.object, object)?,
                hash: field(&format!("{at}.newest.hash"), &newest.hash, parsed)?,
                end: field(&format!("{at}.newest.end"), &newest.end, time)?,
            }),
            None => None,
        },
        carried: match saved.carried {
            Some(saved) => readings(&format!("{at}.carried"), saved)?,
            None => Readings::default(),
        },
        reached: match saved.reached {
            Some(word) => field(&format!("{at}.reached"), &word, reached)?,
            None => Reached::Wholly,
        },
    })
}

fn readings(at: &str, saved: v1::Readings) -> Result<Readings, ReadError> {
    Ok(Readings {
        digests: saved.digests,
        logs: saved.logs,
        bytes: saved.bytes,
        days: saved.days.unwrap_or(0),
        oldest_read_at: optional(&format!("{at}.oldest_read_at"), saved.oldest_read_at.as_deref(), time)?,
    })
}

fn key(at: &str, saved: v1::Key<'_>) -> Result<KeyUse, ReadError> {
    Ok(KeyUse {
        fingerprint: field(&format!("{at}.fingerprint"), &saved.fingerprint, parsed)?,
        region: optional(&format!("{at}.region"), saved.region.as_deref(), parsed)?,
        valid_from: optional(&format!("{at}.valid_from"), saved.valid_from.as_deref(), time)?,
        valid_to: optional(&format!("{at}.valid_to"), saved.valid_to.as_deref(), time)?,
        digests: saved.digests,
        origin: saved.origin.into_owned(),
    })
}

fn finding(at: &str, saved: v1::Finding<'_>) -> Result<Finding, ReadError> {
    let place = |name: &str| format!("{at}.{name}");
    let span = match (&saved.start, &saved.end) {
        (Some(start), Some(end)) => {
            Some(Span { start: field(&place("start"), start, time)?, end: field(&place("end"), end, time)? })
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(ReadError::Field {
                field: at.to_owned(),
                problem: Malformed {
                    expected: "a finding with both start and end",
                    found: "one of them".into(),
                },
            });
        }
    };
    let code: Code = field(&place("code"), &saved.code, parsed)?;
    let counts_as = field(&place("class"), &saved.class, parsed)?;
    let judged = match optional(&place("judged"), saved.judged.as_deref(), parsed)? {
        Some(judged) => judged,
        // Reports of before told only what a finding counts as, and nothing but the caller makes such a one a notice.
        None if counts_as == Class::Notice && code.class() == Class::Tamper => Class::Tamper,
        None => counts_as,
    };
    let told = what::Saved {
        code,
        class: judged,
        message: saved.message.into_owned(),
        evidence: Evidence(saved.evidence),
    };
    let scope = Scope {
        account: optional(&place("account"), saved.account.as_deref(), parsed)?,
        region: optional(&place("region"), saved.region.as_deref(), parsed)?,
        trail: optional(&place("trail"), saved.trail.as_deref(), parsed)?,
        organization: optional(&place("organization"), saved.organization.as_deref(), parsed)?,
    };
    let mut finding = Finding::new(What::Saved(Box::new(told)), scope);
    finding.overruled = overruled(&place("judged"), judged, counts_as)?;
    finding.object = optional(&place("object"), saved.object.as_deref(), object)?;
    finding.digest = optional(&place("digest"), saved.digest.as_deref(), object)?;
    finding.span = span;
    finding.at = optional(&place("at"), saved.at.as_deref(), time)?;
    finding.cause = saved.cause.map(|saved| cause(&place("cause"), saved)).transpose()?;
    agree(&place("severity"), &saved.severity, finding.severity().as_str())?;
    Ok(finding)
}

/// What the caller made of a finding, by what it counts as.
fn overruled(at: &str, judged: Class, counts_as: Class) -> Result<Option<Overruled>, ReadError> {
    match counts_as {
        class if class == judged => Ok(None),
        Class::Notice => Ok(Some(Overruled::Accepted)),
        Class::Incomplete => Ok(Some(Overruled::Raised)),
        Class::Tamper => Err(malformed(at, "a class that can count as tamper", judged.as_str())),
    }
}

fn cause(at: &str, saved: v1::Cause<'_>) -> Result<Cause, ReadError> {
    let text: Box<str> = saved.text.into();
    let cause = match &*saved.kind {
        "denied" => Cause::Unseen(Unseen::Denied(text)),
        "archived" => Cause::Unseen(Unseen::Archived(text)),
        "kms-refused" => Cause::Unseen(Unseen::KeyRefused(text)),
        "throttled" => Cause::Unseen(Unseen::Throttled(text)),
        "credentials-expired" => Cause::Unseen(Unseen::CredentialsExpired(text)),
        "cut-off" => Cause::Unseen(Unseen::CutOff(text)),
        "timed-out" => Cause::Unseen(Unseen::TimedOut(text)),
        "unavailable" => Cause::Unseen(Unseen::Unavailable(text)),
        "failed" => Cause::Unseen(Unseen::Failed(text)),
        "interrupted" => Cause::Unseen(Unseen::Interrupted),
        "digests" => Cause::Digests {
            missing: saved.missing.unwrap_or(0),
            rejected: saved.rejected.unwrap_or(0).saturating_sub(saved.unauthenticated.unwrap_or(0)),
            unauthenticated: saved.unauthenticated.unwrap_or(0),
            unreadable: saved.unreadable.unwrap_or(0),
        },
        "event" => match saved.event {
            Some(saved) => Cause::Event(Box::new(event(&format!("{at}.event"), saved)?)),
            None => return Err(malformed(at, "a cause with its event", "event")),
        },
        "chain-start" => Cause::ChainStart,
        "unexplained" => Cause::Unexplained,
        other => return Err(malformed(&format!("{at}.kind"), "a known cause", other)),
    };
    Ok(cause)
}

fn event(at: &str, saved: v1::Event<'_>) -> Result<RecordedCall, ReadError> {
    Ok(RecordedCall {
        time: field(&format!("{at}.time"), &saved.time, time)?,
        event_name: saved.event_name.into(),
        event_source: saved.event_source.into(),
        target: saved.target.into(),
        actor: saved.actor.into(),
        source_ip: saved.source_ip.into(),
        event_id: saved.event_id.into(),
        error_code: saved.error_code.map(Into::into),
        log_file: field(&format!("{at}.log_file"), &saved.log_file, object)?,
    })
}

fn span(at: &str, saved: v1::Span) -> Result<Span, ReadError> {
    Ok(Span {
        start: field(&format!("{at}.start"), &saved.start, time)?,
        end: field(&format!("{at}.end"), &saved.end, time)?,
    })
}

fn depth(text: &str) -> Result<Depth, Malformed> {
    one_of(text, "a depth", [Depth::Chain, Depth::Presence, Depth::Full], Depth::as_str)
}

fn completion(text: &str) -> Result<Completion, Malformed> {
    let words = [Completion::Complete, Completion::Interrupted];
    one_of(text, "complete or interrupted", words, super::encode::completion)
}

fn reached(text: &str) -> Result<Reached, Malformed> {
    one_of(text, "wholly or in-part", [Reached::Wholly, Reached::InPart], super::encode::reached)
}

fn digest_kind(text: &str) -> Result<DigestKind, Malformed> {
    one_of(text, "standard or backfill", [DigestKind::Standard, DigestKind::Backfill], DigestKind::as_str)
}

fn one_of<T: Copy, const N: usize>(
    text: &str,
    expected: &'static str,
    all: [T; N],
    word: fn(T) -> &'static str,
) -> Result<T, Malformed> {
    all.into_iter()
        .find(|one| word(*one) == text)
        .ok_or_else(|| Malformed { expected, found: text.chars().take(200).collect() })
}

fn object(text: &str) -> Result<ObjectName, Malformed> {
    let name = match text.strip_prefix("s3://") {
        Some(name) => name.split_once('/'),
        // Of a folder whose bucket nothing names.
        None => text.contains(ROOT).then_some((UNKNOWN_BUCKET, text)),
    };
    let (bucket, key) = name
        .ok_or_else(|| Malformed { expected: "s3://bucket/key", found: text.chars().take(200).collect() })?;
    Ok(ObjectName::new(bucket, key))
}

fn time(text: &str) -> Result<Time, Malformed> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| Malformed { expected: "a time in RFC 3339", found: text.chars().take(80).collect() })
}

fn parsed<T: FromStr<Err = Malformed>>(text: &str) -> Result<T, Malformed> {
    text.parse()
}

fn field<T>(at: &str, text: &str, parse: impl Fn(&str) -> Result<T, Malformed>) -> Result<T, ReadError> {
    parse(text).map_err(|problem| ReadError::Field { field: at.to_owned(), problem })
}

fn optional<T>(
    at: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Malformed>,
) -> Result<Option<T>, ReadError> {
    text.map(|text| field(at, text, parse)).transpose()
}

fn each<S, T>(
    at: &str,
    saved: Vec<S>,
    decode: impl Fn(&str, S) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    saved.into_iter().enumerate().map(|(index, one)| decode(&format!("{at}[{index}]"), one)).collect()
}

fn agree(at: &str, claimed: &str, derived: &str) -> Result<(), ReadError> {
    if claimed == derived {
        Ok(())
    } else {
        Err(ReadError::Contradiction {
            field: at.to_owned(),
            claimed: claimed.chars().take(80).collect(),
            derived: derived.to_owned(),
        })
    }
}

fn malformed(at: &str, expected: &'static str, found: &str) -> ReadError {
    let problem = Malformed { expected, found: found.chars().take(200).collect() };
    ReadError::Field { field: at.to_owned(), problem }
}

fn owned(texts: Vec<Cow<'_, str>>) -> impl Iterator<Item = String> {
    texts.into_iter().map(Cow::into_owned)
}
