//! CloudTrail (JSON 1.1), STS (query), Account (REST JSON) and Organizations (JSON 1.1), as far as a verifier asks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::faults::{Action, Call};
use super::http::{Answer, Request, pairs};
use super::world::{ListedKey, World};

/// What is asked for, unless it is S3's to answer.
pub fn action(request: &Request) -> Option<Action> {
    if let Some(target) = request.header("x-amz-target") {
        return Some(match target.rsplit('.').next().unwrap_or_default() {
            "ListPublicKeys" => Action::ListPublicKeys,
            "DescribeTrails" => Action::DescribeTrails,
            "GetTrail" => Action::GetTrail,
            "GetTrailStatus" => Action::GetTrailStatus,
            "GetEventSelectors" => Action::GetEventSelectors,
            "DescribeKey" => Action::DescribeKey,
            "DescribeOrganization" => Action::DescribeOrganization,
            _ => Action::Unknown,
        });
    }
    if request.method != "POST" {
        return None;
    }
    if request.path == "/listRegions" {
        return Some(Action::ListRegions);
    }
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let name = form.iter().find(|(name, _)| name == "Action").map(|(_, value)| value.as_str());
    Some(match name {
        Some("GetCallerIdentity") => Action::GetCallerIdentity,
        Some("AssumeRole") => Action::AssumeRole,
        _ => Action::Unknown,
    })
}

/// Whether S3 is not the one to answer.
pub fn is_control(action: Action) -> bool {
    use Action::{
        AssumeRole, DescribeKey, DescribeOrganization, DescribeTrails, GetCallerIdentity, GetEventSelectors,
        GetTrail, GetTrailStatus, ListPublicKeys, ListRegions,
    };
    matches!(
        action,
        AssumeRole
            | DescribeOrganization
            | DescribeKey
            | DescribeTrails
            | GetEventSelectors
            | GetCallerIdentity
            | GetTrail
            | GetTrailStatus
            | ListPublicKeys
            | ListRegions
    )
}

/// An error in the words of the service asked.
pub fn error(action: Action, status: u16, code: &str, message: &str) -> Answer {
    match action {
        Action::GetCallerIdentity | Action::AssumeRole => Answer::new(
            status,
            "text/xml",
            format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>TEST</RequestId></ErrorResponse>"
            ),
        ),
        _ => {
            json_answer(status, &json!({ "__type": code, "message": message })).with("x-amzn-errortype", code)
        }
    }
}

/// The answer.
pub fn answer(world: &World, request: &Request, call: &Call) -> Answer {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let trail_of = |name: &str| world.trails.iter().find(|trail| trail.arn == name);
    let no_trail = || error(call.action, 400, "TrailNotFoundException", "Unknown trail");
    match call.action {
        Action::ListPublicKeys => {
            list_public_keys(world.keys.get(&call.region).map_or(&[], Vec::as_slice), &asked)
        }
        Action::DescribeTrails => {
            let names: Vec<&str> =
                asked["trailNameList"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let fits = |arn: &str| names.is_empty() || names.contains(&arn);
            let trails: Vec<&Value> = world
                .trails
                .iter()
                .filter(|trail| fits(&trail.arn))
                .map(|trail| &trail.description)
                .collect();
            json_answer(200, &json!({ "trailList": trails }))
        }
        Action::GetTrail => match trail_of(asked["Name"].as_str().unwrap_or_default()) {
            Some(trail) => json_answer(200, &json!({ "Trail": trail.description })),
            None => no_trail(),
        },
        Action::GetTrailStatus => match trail_of(asked["Name"].as_str().unwrap_or_default()) {
            Some(trail) => json_answer(200, &trail.status),
            None => no_trail(),
        },
        Action::GetEventSelectors => match trail_of(asked["TrailName"].as_str().unwrap_or_default()) {
            Some(trail) => json_answer(200, &trail.selectors),
            None => no_trail(),
        },
        Action::DescribeKey => {
            let named = asked["KeyId"].as_str().unwrap_or_default();
            let account = named.split(':').nth(4).unwrap_or_default();
            match world.key_states.get(named) {
                Some(state) => json_answer(
                    200,
                    &json!({ "KeyMetadata": { "AWSAccountId": account, "KeyState": state } }),
                ),
                None => error(call.action, 400, "NotFoundException", "no such key"),
            }
        }
        Action::DescribeOrganization => match &world.organization {
            Some(id) => json_answer(200, &json!({ "Organization": { "Id": id } })),
            None => error(call.action, 400, "AWSOrganizationsNotInUseException", "Not in an organization."),
        },
        Action::ListRegions => {
            let regions: Vec<Value> = world
                .enabled_regions
                .iter()
                .map(|name| json!({ "RegionName": name, "RegionOptStatus": "ENABLED" }))
                .collect();
            json_answer(200, &json!({ "Regions": regions }))
        }
        Action::GetCallerIdentity => Answer::new(
            200,
            "text/xml",
            format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetCallerIdentityResult><Arn>arn:aws:iam::{0}:user/test</Arn><UserId>TEST</UserId>\
                 <Account>{0}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
                world.account
            ),
        ),
        Action::AssumeRole => Answer::new(
            200,
            "text/xml",
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/auditor/test</Arn>\
             <AssumedRoleId>a</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>",
        ),
        _ => error(call.action, 400, "UnknownOperationException", "Unknown operation"),
    }
}

/// Keys whose window overlaps the asked range, times as the floats AWS writes.
fn list_public_keys(keys: &[ListedKey], asked: &Value) -> Answer {
    let moment = |name: &str| {
        let seconds = asked[name].as_f64().map(|seconds| seconds as i64);
        seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(Utc::now)
    };
    let (start, end) = (moment("StartTime"), moment("EndTime"));
    if start > end {
        return error(Action::ListPublicKeys, 400, "InvalidTimeRangeException", "start is after end");
    }
    let fitting: Vec<&ListedKey> =
        keys.iter().filter(|key| key.valid_from <= end && start <= key.valid_to).collect();
    let from: usize = asked["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let page: Vec<Value> = fitting
        .iter()
        .skip(from)
        .take(KEYS_A_PAGE)
        .map(|key| {
            json!({
                "Value": STANDARD.encode(&key.value),
                "Fingerprint": key.fingerprint,
                "ValidityStartTime": key.valid_from.timestamp() as f64,
                "ValidityEndTime": key.valid_to.timestamp() as f64,
            })
        })
        .collect();
    let mut answer = json!({ "PublicKeyList": page });
    if from + KEYS_A_PAGE < fitting.len() {
        answer["NextToken"] = json!((from + KEYS_A_PAGE).to_string());
    }
    json_answer(200, &answer)
}

/// The AWS CLI reads one page only, so a page holds all keys of any window a test asks for; tests of paging list more.
const KEYS_A_PAGE: usize = 20;

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/x-amz-json-1.1", body.to_string())
}
