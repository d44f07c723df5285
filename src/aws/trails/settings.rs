//! What a trail is set to, how it is doing, what it records and with which key it encrypts, each with the right that reading it takes.

use std::error::Error;
use std::time::Duration;

use aws_sdk_cloudtrail::config::http::HttpResponse;
use aws_sdk_cloudtrail::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{
    AdvancedFieldSelector, EventSelector as SdkSelector, ReadWriteType, Trail as SdkTrail,
};

use super::{TrailArn, Trails};
use crate::aws::failure::{Failure, FailureKind};
use crate::aws::post::{Api, Post, Recipient};
use crate::settings::{
    Calls, Delivery, EventSelector, FieldSelector, KeyState, Selectors, Setting, StatusFacts, Switch,
    TrailFacts, TrailSettings, Unread,
};
use crate::trail::{ArnParts, Region, Time};

/// So long KMS is waited for.
const LONGEST: Duration = Duration::from_secs(30);

impl Trails {
    /// A trail's settings, as far as they can be read.
    pub async fn settings(&self, arn: &TrailArn, now: Time) -> TrailSettings {
        let client = self.cloudtrail(&arn.region);
        let named = arn.to_string();
        let (trail, status, selectors) = tokio::join!(
            client.get_trail().name(&named).send(),
            client.get_trail_status().name(&named).send(),
            client.get_event_selectors().trail_name(&named).send(),
        );
        let trail = answered("cloudtrail:GetTrail", trail, |answer| match answer.trail() {
            Some(trail) => Setting::Given(facts(arn, trail)),
            None => Setting::Unread(Unread::Failed("CloudTrail answered without a trail".to_owned())),
        });
        let key = match trail.known() {
            Ok(Some(TrailFacts { key: Some(key), .. })) => self.key(key).await,
            Ok(_) => Setting::Absent,
            Err(why) => Setting::Unread(why.clone()),
        };
        TrailSettings {
            name: named,
            read_at: now,
            trail,
            status: answered("cloudtrail:GetTrailStatus", status, |answer| Setting::Given(doing(&answer))),
            selectors: answered("cloudtrail:GetEventSelectors", selectors, |answer| recorded(&answer)),
            key,
        }
    }

    /// The state of a key (DescribeKey).
    async fn key(&self, arn: &str) -> Setting<KeyState> {
        let parts = ArnParts::of(arn).filter(|arn| arn.service == "kms");
        let region = parts.and_then(|arn| arn.region.parse::<Region>().ok());
        let Some(region) = region else {
            return Setting::Unread(Unread::Failed(format!("{arn} is not the ARN of a key")));
        };
        let post = Post {
            to: Recipient::Aws(Api::Kms, region, "/"),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "TrentService.DescribeKey"),
            ],
            body: serde_json::json!({ "KeyId": arn }).to_string().into_bytes(),
        };
        let Ok(answer) = tokio::time::timeout(LONGEST, self.session.post(&post)).await else {
            return Setting::Unread(Unread::Failed(format!("KMS did not answer in {} s", LONGEST.as_secs())));
        };
        match answer {
            Ok(body) => {
                let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                match answer["KeyMetadata"]["KeyState"].as_str() {
                    Some(state) => {
                        let account = answer["KeyMetadata"]["AWSAccountId"]
                            .as_str()
                            .and_then(|account| account.parse().ok());
                        Setting::Given(KeyState { account, state: state.to_owned() })
                    }
                    None => Setting::Unread(Unread::Failed("KMS answered without a state".to_owned())),
                }
            }
            Err(failure) => unread("kms:DescribeKey", failure),
        }
    }
}

fn answered<T, E, U>(
    right: &'static str,
    answer: Result<T, SdkError<E, HttpResponse>>,
    read: impl FnOnce(T) -> Setting<U>,
) -> Setting<U>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match answer {
        Ok(answer) => read(answer),
        Err(error) => unread(right, Failure::read(&error)),
    }
}

fn unread<T>(right: &'static str, failure: Failure) -> Setting<T> {
    Setting::Unread(match failure.kind {
        FailureKind::Denied => Unread::Denied { right, detail: failure.detail },
        FailureKind::NotFound => return Setting::Absent,
        _ => Unread::Failed(failure.detail),
    })
}

fn facts(arn: &TrailArn, trail: &SdkTrail) -> TrailFacts {
    let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    TrailFacts {
        bucket: trail.s3_bucket_name().unwrap_or_default().to_owned(),
        prefix: match trail.s3_key_prefix().unwrap_or_default().trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        },
        account: arn.account,
        all_regions: Switch::of(trail.is_multi_region_trail()),
        global_services: Switch::of(trail.include_global_service_events()),
        organization: Switch::of(trail.is_organization_trail()),
        validation: Switch::of(trail.log_file_validation_enabled()),
        key: said(trail.kms_key_id()),
        log_group: said(trail.cloud_watch_logs_log_group_arn()),
    }
}

fn doing(status: &GetTrailStatusOutput) -> StatusFacts {
    let delivery = |latest: Option<&DateTime>, error: Option<&str>| Delivery {
        latest: latest.and_then(|time| Time::from_timestamp(time.secs(), time.subsec_nanos())),
        error: error.filter(|error| !error.is_empty()).map(str::to_owned),
    };
    StatusFacts {
        logging: Switch::of(status.is_logging()),
        logs: delivery(status.latest_delivery_time(), status.latest_delivery_error()),
        digests: delivery(status.latest_digest_delivery_time(), status.latest_digest_delivery_error()),
        log_group: delivery(
            status.latest_cloud_watch_logs_delivery_time(),
            status.latest_cloud_watch_logs_delivery_error(),
        ),
    }
}

fn recorded(answer: &GetEventSelectorsOutput) -> Setting<Selectors> {
    match (answer.advanced_event_selectors(), answer.event_selectors()) {
        // A trail has one at least: that of management events, if nobody has set any.
        ([], []) => Setting::Unread(Unread::Failed("CloudTrail answered without a selector".to_owned())),
        ([], older) => Setting::Given(Selectors::Basic(older.iter().map(basic).collect())),
        (advanced, _) => {
            let fields =
                advanced.iter().map(|selector| selector.field_selectors().iter().map(field).collect());
            Setting::Given(Selectors::Advanced(fields.collect()))
        }
    }
}

fn basic(selector: &SdkSelector) -> EventSelector {
    let data = selector.data_resources().iter();
    EventSelector {
        calls: match selector.read_write_type() {
            Some(ReadWriteType::ReadOnly) => Calls::Reads,
            Some(ReadWriteType::WriteOnly) => Calls::Writes,
            _ => Calls::All,
        },
        // What is not said is on (CloudTrail API Reference, EventSelector).
        management: Switch::of(Some(selector.include_management_events() != Some(false))),
        excluded: selector.exclude_management_event_sources().iter().cloned().collect(),
        data: data
            .map(|data| (data.r#type().unwrap_or_default().to_owned(), data.values().to_vec()))
            .collect(),
    }
}

fn field(selector: &AdvancedFieldSelector) -> FieldSelector {
    let others = [selector.ends_with(), selector.not_ends_with(), selector.not_starts_with()];
    FieldSelector {
        field: selector.field().to_owned(),
        equals: selector.equals().to_vec(),
        not_equals: selector.not_equals().to_vec(),
        starts_with: selector.starts_with().to_vec(),
        others: others.iter().any(|conditions| !conditions.is_empty()),
    }
}
