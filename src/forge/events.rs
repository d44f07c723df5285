//! What stands in log files: records of an ordinary day, and of what somebody did to the trail.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::plan::Destination;
use super::rng::Rng;
use crate::trail::{AccountRegion, ChainId, Time, format_time};

/// A call that changed a trail.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    time: Time,
    name: &'static str,
    parameters: String,
}

impl Journal {
    /// StopLogging.
    pub(super) fn stop(chain: &ChainId, time: Time) -> Self {
        Self { time, name: "StopLogging", parameters: format!(r#"{{"name":"{}"}}"#, arn(chain)) }
    }

    /// StartLogging.
    pub(super) fn start(chain: &ChainId, time: Time) -> Self {
        Self { time, name: "StartLogging", parameters: format!(r#"{{"name":"{}"}}"#, arn(chain)) }
    }

    /// UpdateTrail with another bucket or prefix.
    pub(super) fn update(chain: &ChainId, time: Time, to: &Destination) -> Self {
        let parameters = format!(
            r#"{{"name":"{}","s3BucketName":"{}","s3KeyPrefix":"{}"}}"#,
            arn(chain),
            to.bucket,
            to.prefix.trim_end_matches('/')
        );
        Self { time, name: "UpdateTrail", parameters }
    }
}

fn arn(chain: &ChainId) -> String {
    format!("arn:aws:cloudtrail:{}:{}:trail/{}", chain.home_region, chain.place.account, chain.trail)
}

/// A log file's JSON and the times of its events.
pub(super) struct LogText {
    pub(super) json: String,
    pub(super) newest: Option<Time>,
    pub(super) oldest: Option<Time>,
}

/// An everyday call: service, name, parameters, answer. None of them touches a trail, its bucket or its key.
const CALLS: [(&str, &str, &str, &str); 8] = [
    (
        "sts",
        "AssumeRole",
        r#"{"roleArn":"arn:aws:iam::ACCOUNT:role/service/order-pipeline","roleSessionName":"order-pipeline-worker","durationSeconds":3600}"#,
        r#"{"credentials":{"accessKeyId":"ASIAEXAMPLEORDERS001","expiration":"Mar 1, 2026, 11:00:00 PM"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLEORDERS001:order-pipeline-worker","arn":"arn:aws:sts::ACCOUNT:assumed-role/order-pipeline/order-pipeline-worker"}}"#,
    ),
    (
        "ec2",
        "DescribeInstances",
        r#"{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"}]}}]}}"#,
        "null",
    ),
    (
        "ec2",
        "DescribeVolumes",
        r#"{"maxResults":500,"volumeSet":{},"filterSet":{"items":[{"name":"attachment.status","valueSet":{"items":[{"value":"attached"}]}}]}}"#,
        "null",
    ),
    (
        "kms",
        "GenerateDataKey",
        r#"{"keySpec":"AES_256","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::example-orders-archive"},"keyId":"alias/orders"}"#,
        "null",
    ),
    (
        "monitoring",
        "DescribeAlarms",
        r#"{"maxRecords":100,"alarmNamePrefix":"orders-","stateValue":"ALARM"}"#,
        "null",
    ),
    (
        "logs",
        "CreateLogStream",
        r#"{"logGroupName":"/aws/lambda/order-intake","logStreamName":"2026/03/01/[$LATEST]order-intake"}"#,
        "null",
    ),
    ("ssm", "GetParameter", r#"{"name":"/orders/production/queue-url","withDecryption":true}"#, "null"),
    ("dynamodb", "DescribeTable", r#"{"tableName":"orders-production"}"#, "null"),
];

/// Callers: name, address, user agent.
const CALLERS: [(&str, &str, &str); 4] = [
    ("order-pipeline", "192.0.2.17", "aws-sdk-rust/1.3.7 os/linux lang/rust/1.95.0"),
    (
        "monitoring",
        "198.51.100.4",
        "Boto3/1.42.8 md/Botocore#1.42.8 ua/2.1 os/linux#6.12 md/arch#x86_64 lang/python#3.13.2",
    ),
    ("deployment", "203.0.113.60", "APN/1.0 HashiCorp/1.0 Terraform/1.14.3 terraform-provider-aws/6.28.0"),
    (
        "support",
        "203.0.113.9",
        "aws-cli/2.36.7 md/awscrt#0.31.0 ua/2.1 os/macos#25.1.0 md/arch#arm64 lang/python#3.13.11",
    ),
];

/// Writes a log file of `count` everyday records, delivered at `delivered`, and the journal after them.
pub(super) fn write_log(
    rng: &mut Rng,
    place: &AccountRegion,
    delivered: Time,
    count: u32,
    journal: &[Journal],
) -> LogText {
    let account = place.account.to_string();
    let mut json = String::with_capacity(1700 * (count as usize + journal.len()) + 16);
    let mut times = Vec::with_capacity(count as usize);
    json.push_str(r#"{"Records":["#);
    let answers = CALLS
        .map(|(_, _, ask, answer)| [ask.replace("ACCOUNT", &account), answer.replace("ACCOUNT", &account)]);
    for at in 0..i64::from(count) {
        let which = rng.below(CALLS.len() as u64) as usize;
        let caller = rng.below(CALLERS.len() as u64) as usize;
        // Events reach their log file within minutes, in the order in which they happened.
        let time = delivered - TimeDelta::seconds(900 - at * 590 / i64::from(count) - rng.below(10) as i64);
        times.push(time);
        let (service, name, _, _) = CALLS[which];
        let [parameters, answer] = &answers[which];
        record(&mut json, rng, place, &account, &Call { time, caller, service, name, parameters, answer });
    }
    for entry in journal {
        times.push(entry.time);
        let call = Call {
            time: entry.time,
            caller: 3,
            service: "cloudtrail",
            name: entry.name,
            parameters: &entry.parameters,
            answer: "null",
        };
        record(&mut json, rng, place, &account, &call);
    }
    if json.ends_with(',') {
        json.pop();
    }
    json.push_str("]}");
    LogText { json, newest: times.iter().max().copied(), oldest: times.iter().min().copied() }
}

struct Call<'text> {
    time: Time,
    caller: usize,
    service: &'text str,
    name: &'text str,
    parameters: &'text str,
    answer: &'text str,
}

fn record(json: &mut String, rng: &mut Rng, place: &AccountRegion, account: &str, call: &Call<'_>) {
    let (caller, address, agent) = CALLERS[call.caller];
    let Call { service, name, parameters, answer, .. } = call;
    let time = format_time(call.time);
    let session = format_time(call.time - TimeDelta::seconds(call.time.timestamp().rem_euclid(3600)));
    let read_only = !["StopLogging", "StartLogging", "UpdateTrail", "CreateLogStream"].contains(name);
    // Writing to a String cannot fail.
    let _ = write!(
        json,
        concat!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE{caller}:{caller}-session","#,
            r#""arn":"arn:aws:sts::{account}:assumed-role/{caller}/{caller}-session","accountId":"{account}","accessKeyId":"ASIAEXAMPLE{caller}","#,
            r#""sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE{caller}","arn":"arn:aws:iam::{account}:role/{caller}","#,
            r#""accountId":"{account}","userName":"{caller}"}},"attributes":{{"creationDate":"{session}","mfaAuthenticated":"false"}}}}}},"#,
            r#""eventTime":"{time}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","#,
            r#""sourceIPAddress":"{address}","userAgent":"{agent}","requestParameters":{parameters},"responseElements":{answer},"#,
            r#""additionalEventData":{{"SignatureVersion":"SigV4","x-amz-id-2":"{mark}"}},"#,
            r#""requestID":"{request}","eventID":"{event}","readOnly":{read_only},"eventType":"AwsApiCall","managementEvent":true,"#,
            r#""recipientAccountId":"{account}","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","#,
            r#""cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.{region}.amazonaws.com"}}}},"#
        ),
        caller = caller,
        account = account,
        session = session,
        time = time,
        service = service,
        name = name,
        region = place.region,
        address = address,
        agent = agent,
        parameters = parameters,
        answer = answer,
        mark = [rng.unique(), rng.unique(), rng.unique()].concat(),
        request = rng.uuid(),
        event = rng.uuid(),
        read_only = read_only,
    );
}
