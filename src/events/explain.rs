//! Says which recorded call explains a gap, a restart or an absence, and tells of telling calls by themselves.

use chrono::TimeDelta;

use super::{Touches, touches};
use crate::trail::key::LogKey;
use crate::trail::{AccountRegion, Time};
use crate::verdict::{Cause, Code, Evidence, Finding, Scope, Testimony};

/// A digest hour may begin up to an hour before the call that ended the record, and the last digest may still cover it.
const BEFORE: TimeDelta = TimeDelta::minutes(90);
/// The record resumes with the call that started it again, give or take the hour it falls in.
const AROUND: TimeDelta = TimeDelta::minutes(90);

/// A finding of its own for a telling call: an incident responder wants it even where no gap follows.
pub fn notice(testimony: &Testimony) -> Option<Finding> {
    let code = match touches(&testimony.event_name, &testimony.event_source)? {
        Touches::Trail | Touches::Territory => Code::TrailChanged,
        Touches::Bucket => Code::BucketChanged,
        Touches::Key => Code::KeyChanged,
    };
    let what = match &testimony.error_code {
        None => "was called",
        Some(_) => "was attempted and refused",
    };
    let message = format!(
        "{} {what} on {} by {} from {}",
        testimony.event_name, testimony.target, testimony.actor, testimony.source_ip
    );
    let mut finding = Finding::new(code, scope(testimony), message);
    finding.object = Some(testimony.log_file.clone());
    finding.at = Some(testimony.time);
    finding.evidence = Evidence::none().with("event_id", &*testimony.event_id);
    finding.cause = Some(Cause::Event(Box::new(testimony.clone())));
    Some(finding)
}

/// Gives every gap, restart and absence that has no cause yet the call that explains it best. Only calls that
/// succeeded explain anything. They are recorded in the trail's home region and explain gaps of all regions.
pub fn attribute(findings: &mut [Finding], testimonies: &[Testimony]) {
    for finding in findings {
        let open = matches!(finding.cause, Some(Cause::Unexplained | Cause::ChainStart));
        if !open {
            continue;
        }
        let best = match finding.code {
            Code::CoverageGap | Code::CoverageTail => {
                ended(finding, testimonies).or_else(|| resumed(finding, testimonies))
            }
            Code::ChainRestarted | Code::CoverageHead => resumed(finding, testimonies),
            Code::RegionAbsent | Code::ChainEnded => ended(finding, testimonies),
            _ => None,
        };
        if let Some(testimony) = best {
            finding.cause = Some(Cause::Event(Box::new(testimony.clone())));
        }
    }
}

/// The call that ended the record at the start of the finding's time.
fn ended<'a>(finding: &Finding, testimonies: &'a [Testimony]) -> Option<&'a Testimony> {
    const ENDING: [&str; 9] = [
        "CloseAccount",
        "DeleteTrail",
        "DeregisterOrganizationDelegatedAdmin",
        "DisableAWSServiceAccess",
        "DisableRegion",
        "LeaveOrganization",
        "RemoveAccountFromOrganization",
        "StopLogging",
        "UpdateTrail",
    ];
    let (from, to) = match finding.span {
        Some(span) => (span.start - BEFORE, span.end),
        None => (finding.at? - BEFORE, Time::MAX_UTC),
    };
    let at = finding.span.map_or(from, |span| span.start);
    nearest(finding, testimonies, &ENDING, from, to, at)
}

/// The call that let the record begin, at the end of the finding's time.
fn resumed<'a>(finding: &Finding, testimonies: &'a [Testimony]) -> Option<&'a Testimony> {
    const RESUMING: [&str; 4] = ["CreateTrail", "EnableRegion", "StartLogging", "UpdateTrail"];
    let at = match finding.span {
        Some(span) => span.end,
        None => finding.at?,
    };
    nearest(finding, testimonies, &RESUMING, at - AROUND, at + AROUND, at)
}

fn nearest<'a>(
    finding: &Finding,
    testimonies: &'a [Testimony],
    names: &[&str],
    from: Time,
    to: Time,
    at: Time,
) -> Option<&'a Testimony> {
    testimonies
        .iter()
        .filter(|testimony| testimony.error_code.is_none())
        .filter(|testimony| names.contains(&&*testimony.event_name))
        .filter(|testimony| from <= testimony.time && testimony.time <= to)
        .filter(|testimony| concerns(testimony, &finding.scope))
        .min_by_key(|testimony| {
            // A change of the trail's settings explains less than a call that starts or ends it.
            let general = &*testimony.event_name == "UpdateTrail";
            (general, (testimony.time - at).abs(), &testimony.event_id)
        })
}

/// Whether the call touches what the finding is about: its trail, by name or ARN; its region; its account.
fn concerns(testimony: &Testimony, scope: &Scope) -> bool {
    let target = testimony.target.rsplit('/').next().unwrap_or_default();
    let own = |text: Option<String>| text.is_none_or(|own| own == target);
    match touches(&testimony.event_name, &testimony.event_source) {
        Some(Touches::Trail) => {
            let trail = scope.trail.as_ref().map(ToString::to_string);
            own(trail)
                && (scope.organization.is_some()
                    || place(testimony).is_some_and(|place| Some(place.account) == scope.account))
        }
        Some(Touches::Territory) => {
            let region = scope.region.as_ref().map(ToString::to_string);
            let account = scope.account.as_ref().map(ToString::to_string);
            own(region) || own(account) || testimony.event_name.contains("Organization")
        }
        Some(Touches::Bucket | Touches::Key) | None => false,
    }
}

fn place(testimony: &Testimony) -> Option<AccountRegion> {
    LogKey::parse(&testimony.log_file.key).map(|key| key.place)
}

fn scope(testimony: &Testimony) -> Scope {
    place(testimony).as_ref().map(Scope::from).unwrap_or_default()
}
