//! Says which recorded call explains a gap, a restart or an absence, and tells of telling calls by themselves.

use chrono::TimeDelta;

use super::{Touches, touches};
use crate::trail::key::LogKey;
use crate::trail::{AccountRegion, Span, Time};
use crate::verdict::what::{Ending, Hole, What};
use crate::verdict::{Cause, Code, Finding, RecordedCall, Scope};

/// A digest hour may begin up to an hour before the call that ended the record, and the last digest may still cover it.
const BEFORE: TimeDelta = TimeDelta::minutes(90);
/// The record resumes with the call that started it again, give or take the hour it falls in.
const AROUND: TimeDelta = TimeDelta::minutes(90);
/// The time a digest spans.
const HOUR: TimeDelta = TimeDelta::hours(1);

/// A finding of its own for a telling call: an incident responder wants it even where no gap follows.
pub fn notice(call: &RecordedCall) -> Option<Finding> {
    let event_id = call.event_id.clone();
    let what = match touches(&call.event_name, &call.event_source)? {
        Touches::Trail | Touches::Territory => What::TrailChanged { event_id },
        Touches::Bucket => What::BucketChanged { event_id },
        Touches::Key => What::KeyChanged { event_id },
    };
    let mut finding = Finding::new(what, scope(call));
    finding.object = Some(call.log_file.clone());
    finding.at = Some(call.time);
    finding.cause = Some(Cause::Event(Box::new(call.clone())));
    Some(finding)
}

/// Gives every gap, restart and absence that has no cause yet the call that explains it best. Only calls that
/// succeeded explain anything. They are recorded in the trail's home region and explain gaps of all regions. A call explains
/// a gap from the call on, and no earlier: where the gap began before, that part of it is told by itself.
pub fn attribute(findings: &mut Vec<Finding>, recorded_calls: &[RecordedCall]) {
    let mut before_the_call = Vec::new();
    for finding in &mut *findings {
        let open = matches!(finding.cause, Some(Cause::Unexplained | Cause::ChainStart));
        if !open {
            continue;
        }
        let best = match finding.code() {
            Code::CoverageGap | Code::CoverageTail | Code::RegionAbsent | Code::ChainEnded => {
                ended(finding, recorded_calls)
            }
            Code::ChainRestarted | Code::CoverageHead => resumed(finding, recorded_calls),
            _ => None,
        };
        if let Some(call) = best {
            before_the_call.extend(cut_off(finding, call.time));
            finding.cause = Some(Cause::Event(Box::new(call.clone())));
        }
    }
    findings.append(&mut before_the_call);
}

/// Cuts a gap at a call that came after its beginning, and gives the part before it. The hour that the call falls in ends
/// with it: no digest closes it any more.
fn cut_off(finding: &mut Finding, call: Time) -> Option<Finding> {
    let whole = finding.span.filter(|span| span.start + HOUR < call && call < span.end)?;
    let since_the_call = match finding.what {
        What::CoverageGap(_) => What::CoverageGap(Hole::SinceTheCall),
        What::CoverageTail(_) => What::CoverageTail(Ending::SinceTheCall),
        _ => return None,
    };
    let (before, after) = (Span { end: call, ..whole }, Span { start: call, ..whole });
    let what = What::CoverageGap(Hole::BeforeTheCall);
    let first = Finding { what, span: Some(before), ..finding.clone() };
    finding.what = since_the_call;
    finding.span = Some(after);
    finding.at = Some(after.start);
    Some(first)
}

/// The call that ended the record at the start of the finding's time, or within it.
fn ended<'a>(finding: &Finding, recorded_calls: &'a [RecordedCall]) -> Option<&'a RecordedCall> {
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
    let (start, to) = match finding.span {
        Some(span) => (span.start, span.end),
        // Where all is absent from a moment on, a later call explains nothing of it.
        None => (finding.at?, finding.at? + AROUND),
    };
    nearest(finding, recorded_calls, &ENDING, start - BEFORE, to, start)
}

/// The call that let the record begin, at the end of the finding's time.
fn resumed<'a>(finding: &Finding, recorded_calls: &'a [RecordedCall]) -> Option<&'a RecordedCall> {
    const RESUMING: [&str; 4] = ["CreateTrail", "EnableRegion", "StartLogging", "UpdateTrail"];
    let at = match finding.span {
        Some(span) => span.end,
        None => finding.at?,
    };
    nearest(finding, recorded_calls, &RESUMING, at - AROUND, at + AROUND, at)
}

fn nearest<'a>(
    finding: &Finding,
    recorded_calls: &'a [RecordedCall],
    names: &[&str],
    from: Time,
    to: Time,
    at: Time,
) -> Option<&'a RecordedCall> {
    recorded_calls
        .iter()
        .filter(|call| call.error_code.is_none())
        .filter(|call| names.contains(&&*call.event_name))
        .filter(|call| from <= call.time && call.time <= to)
        .filter(|call| concerns(call, &finding.scope))
        .min_by_key(|call| {
            // A change of the trail's settings explains less than a call that starts or ends it.
            let general = &*call.event_name == "UpdateTrail";
            (general, (call.time - at).abs(), &call.event_id)
        })
}

/// Whether the call touches what the finding is about: its trail, by name or ARN; its region; its account.
fn concerns(call: &RecordedCall, scope: &Scope) -> bool {
    let target = call.target.rsplit('/').next().unwrap_or_default();
    let own = |text: Option<String>| text.is_none_or(|own| own == target);
    match touches(&call.event_name, &call.event_source) {
        Some(Touches::Trail) => {
            let trail = scope.trail.as_ref().map(ToString::to_string);
            own(trail)
                && (scope.organization.is_some()
                    || place(call).is_some_and(|place| Some(place.account) == scope.account))
        }
        Some(Touches::Territory) => {
            let region = scope.region.as_ref().map(ToString::to_string);
            let account = scope.account.as_ref().map(ToString::to_string);
            own(region) || own(account) || call.event_name.contains("Organization")
        }
        Some(Touches::Bucket | Touches::Key) | None => false,
    }
}

fn place(call: &RecordedCall) -> Option<AccountRegion> {
    LogKey::parse(&call.log_file.key).map(|key| key.place)
}

fn scope(call: &RecordedCall) -> Scope {
    place(call).as_ref().map(Scope::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::{ObjectName, parse_time};

    fn at(clock: &str) -> Time {
        parse_time(&format!("2026-03-01T{clock}:00Z")).unwrap()
    }

    fn stop(clock: &str) -> RecordedCall {
        let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/111122223333_CloudTrail_us-east-1_20260301T1500Z_AAAAAAAAAAAAAAAA.json.gz";
        RecordedCall {
            time: at(clock),
            event_name: "StopLogging".into(),
            event_source: "cloudtrail.amazonaws.com".into(),
            target: "a-trail".into(),
            actor: "arn:aws:iam::111122223333:user/someone".into(),
            source_ip: "192.0.2.1".into(),
            event_id: "id".into(),
            error_code: None,
            log_file: ObjectName::new("b", key),
        }
    }

    fn gap(from: &str, to: &str) -> Finding {
        let scope = Scope {
            account: "111122223333".parse().ok(),
            region: "us-east-1".parse().ok(),
            trail: "a-trail".parse().ok(),
            organization: None,
        };
        let mut gap = Finding::new(What::CoverageTail(Ending::Uncovered), scope);
        gap.span = Some(Span { start: at(from), end: at(to) });
        gap.cause = Some(Cause::Unexplained);
        gap
    }

    fn explained(gap: Finding, call: RecordedCall) -> Vec<(Code, Span, bool)> {
        let mut findings = vec![gap];
        attribute(&mut findings, &[call]);
        findings.sort_by(Finding::order);
        let by_a_call = |finding: &Finding| matches!(finding.cause, Some(Cause::Event(_)));
        findings.iter().map(|finding| (finding.code(), finding.span.unwrap(), by_a_call(finding))).collect()
    }

    #[test]
    fn a_call_explains_a_gap_from_the_call_on() {
        let span = |from: &str, to: &str| Span { start: at(from), end: at(to) };
        // In the hour before, or in the hour that it leaves unfinished: all of it.
        for call in ["08:40", "09:50"] {
            let told = explained(gap("09:00", "17:00"), stop(call));
            assert_eq!(told, [(Code::CoverageTail, span("09:00", "17:00"), true)], "{call}");
        }
        let told = explained(gap("09:00", "17:00"), stop("14:30"));
        let parts = [
            (Code::CoverageGap, span("09:00", "14:30"), false),
            (Code::CoverageTail, span("14:30", "17:00"), true),
        ];
        assert_eq!(told, parts);
        // Long before, or after: none of it.
        for call in ["06:00", "17:30"] {
            let told = explained(gap("09:00", "17:00"), stop(call));
            assert_eq!(told, [(Code::CoverageTail, span("09:00", "17:00"), false)], "{call}");
        }
    }
}
