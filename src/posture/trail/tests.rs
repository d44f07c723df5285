//! Trails as they are set, with their right answers.
#![allow(clippy::unwrap_used)]

use super::super::check::State::{self, BeyondTheSource, Fail, Pass, Unknown};
use super::super::fixtures::{denied, now, policy, trail};
use super::*;
use crate::settings::{BucketOwner, KeyState, StatusFacts, Unread};

const RECORD: &str = "logs/audit/AWSLogs/";
const OWN: Setting<BucketOwner> = Setting::Given(BucketOwner::TrailAccount);
const NOBODY: Seen<'_> = Seen { accounts: &[], unlisted: false };

fn state(trail: &TrailSettings, id: CheckId) -> State {
    let accounts = ["111122223333".parse().unwrap()];
    let seen = Seen { accounts: &accounts, unlisted: false };
    checks(trail, &policy(), (RECORD, &OWN), seen)
        .into_iter()
        .find(|judged| judged.id == id)
        .unwrap()
        .reading
        .state
}

fn set(change: impl FnOnce(&mut TrailFacts)) -> TrailSettings {
    let mut settings = trail();
    let Setting::Given(facts) = &mut settings.trail else { unreachable!() };
    change(facts);
    settings
}

fn doing(change: impl FnOnce(&mut StatusFacts)) -> TrailSettings {
    let mut settings = trail();
    let Setting::Given(status) = &mut settings.status else { unreachable!() };
    change(status);
    settings
}

fn recording(selectors: Selectors) -> TrailSettings {
    TrailSettings { selectors: Setting::Given(selectors), ..trail() }
}

fn ago(hours: i64) -> Delivery {
    Delivery { latest: Some(now() - TimeDelta::hours(hours)), error: None }
}

#[test]
fn a_good_trail_passes_and_one_that_nobody_may_ask_is_not_known() {
    assert!(
        checks(&trail(), &policy(), (RECORD, &OWN), NOBODY).iter().all(|judged| judged.reading.state == Pass)
    );
    let silent =
        TrailSettings { trail: denied(), status: denied(), selectors: denied(), key: denied(), ..trail() };
    for judged in checks(&silent, &policy(), (RECORD, &OWN), NOBODY) {
        assert_eq!(judged.reading.state, Unknown, "{}", judged.id);
        assert!(judged.reading.value.contains("grant s3:GetSomething"), "{}", judged.reading.value);
    }
    let beyond = || Setting::Unread(Unread::BeyondTheSource("whose it is does not say"));
    let unknown =
        TrailSettings { trail: beyond(), status: Setting::Unread(Unread::BeyondTheSource("so")), ..trail() };
    assert_eq!(state(&unknown, CheckId::TrailMultiRegion), BeyondTheSource);
    assert_eq!(state(&unknown, CheckId::TrailLogging), BeyondTheSource);
}

#[test]
fn a_trail_logs_if_it_is_on_and_what_it_logs_arrives() {
    assert_eq!(state(&doing(|status| status.logging = Switch::Off), CheckId::TrailLogging), Fail);
    assert_eq!(state(&doing(|status| status.logs = ago(23)), CheckId::TrailLogging), Pass);
    assert_eq!(state(&doing(|status| status.logs = ago(25)), CheckId::TrailLogging), Fail);
    assert_eq!(state(&doing(|status| status.logs = Delivery::default()), CheckId::TrailLogging), Fail);
    let refused = |status: &mut StatusFacts| status.logs.error = Some("AccessDenied".into());
    assert_eq!(state(&doing(refused), CheckId::TrailLogging), Fail);
    assert_eq!(state(&set(|trail| trail.bucket = "elsewhere".into()), CheckId::TrailLogging), Fail);
}

#[test]
fn all_regions_and_what_is_in_none() {
    assert_eq!(state(&set(|trail| trail.all_regions = Switch::Off), CheckId::TrailMultiRegion), Fail);
    assert_eq!(state(&set(|trail| trail.global_services = Switch::Off), CheckId::TrailMultiRegion), Fail);
}

#[test]
fn validation_is_on_and_digests_arrive() {
    assert_eq!(state(&set(|trail| trail.validation = Switch::Off), CheckId::TrailValidation), Fail);
    assert_eq!(state(&doing(|status| status.digests = ago(2)), CheckId::TrailValidation), Pass);
    assert_eq!(state(&doing(|status| status.digests = ago(4)), CheckId::TrailValidation), Fail);
    let refused = |status: &mut StatusFacts| status.digests.error = Some("NoSuchBucket".into());
    assert_eq!(state(&doing(refused), CheckId::TrailValidation), Fail);
    // That it is off is known, whoever may ask how it is doing.
    let off = TrailSettings { status: denied(), ..set(|trail| trail.validation = Switch::Off) };
    assert_eq!(state(&off, CheckId::TrailValidation), Fail);
    assert_eq!(state(&TrailSettings { status: denied(), ..trail() }, CheckId::TrailValidation), Unknown);
}

#[test]
fn a_key_is_there_and_stays() {
    assert_eq!(state(&set(|trail| trail.key = None), CheckId::TrailKms), Fail);
    for (word, expected) in
        [("Enabled", Pass), ("Disabled", Fail), ("PendingDeletion", Fail), ("Unavailable", Fail)]
    {
        let key = Setting::Given(KeyState { account: None, state: word.into() });
        assert_eq!(state(&TrailSettings { key, ..trail() }, CheckId::TrailKms), expected, "{word}");
    }
    assert_eq!(state(&TrailSettings { key: denied(), ..trail() }, CheckId::TrailKms), Unknown);
    let none = TrailSettings { key: denied(), ..set(|trail| trail.key = None) };
    assert_eq!(state(&none, CheckId::TrailKms), Fail, "there is none to be asked");
}

#[test]
fn a_log_group_gets_events() {
    assert_eq!(state(&set(|trail| trail.log_group = None), CheckId::TrailCloudwatch), Fail);
    assert_eq!(state(&doing(|status| status.log_group = ago(30)), CheckId::TrailCloudwatch), Fail);
}

#[test]
fn an_organization_or_all_accounts_that_are_expected() {
    let own = set(|trail| trail.organization = Switch::Off);
    let expecting_of = |accounts: &[&str], unlisted: bool| {
        let policy = Policy {
            accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
            ..policy()
        };
        let there = ["111122223333".parse().unwrap(), "444455556666".parse().unwrap()];
        let judged = checks(&own, &policy, (RECORD, &OWN), Seen { accounts: &there, unlisted });
        judged.into_iter().find(|judged| judged.id == CheckId::TrailOrganization).unwrap().reading
    };
    let expecting = |accounts: &[&str]| expecting_of(accounts, false);
    assert_eq!(expecting(&[]).state, Unknown);
    assert_eq!(expecting_of(&["777788889999"], true).state, Unknown, "not all could be listed");
    assert_eq!(expecting(&["111122223333", "444455556666"]).state, Pass);
    let absent = expecting(&["111122223333", "777788889999"]);
    assert_eq!((absent.state, absent.value.contains("777788889999")), (Fail, true));
}

fn basic(calls: Calls, data: &[&str]) -> EventSelector {
    let values: Vec<String> = data.iter().map(|value| (*value).to_owned()).collect();
    let data = if values.is_empty() { Vec::new() } else { vec![(OBJECTS.to_owned(), values)] };
    EventSelector { calls, management: Switch::On, excluded: [].into(), data }
}

fn field(name: &str, equals: &[&str]) -> FieldSelector {
    FieldSelector {
        field: name.into(),
        equals: equals.iter().map(|value| (*value).into()).collect(),
        ..FieldSelector::default()
    }
}

fn beginning(name: &str, with: &str) -> FieldSelector {
    FieldSelector { field: name.into(), starts_with: vec![with.into()], ..FieldSelector::default() }
}

#[test]
fn management_events_that_read_and_that_write() {
    let of = |selectors: Vec<EventSelector>| {
        state(&recording(Selectors::Basic(selectors)), CheckId::TrailManagementEvents)
    };
    assert_eq!(of(vec![basic(Calls::All, &[])]), Pass);
    assert_eq!(of(vec![basic(Calls::Reads, &[]), basic(Calls::Writes, &[])]), Pass);
    assert_eq!(of(vec![basic(Calls::Writes, &[])]), Fail);
    assert_eq!(of(vec![EventSelector { management: Switch::Off, ..basic(Calls::All, &[]) }]), Fail);
    assert_eq!(of(Vec::new()), Fail);
    let excluded =
        EventSelector { excluded: ["kms.amazonaws.com".to_owned()].into(), ..basic(Calls::All, &[]) };
    let told = checks(&recording(Selectors::Basic(vec![excluded])), &policy(), (RECORD, &OWN), NOBODY);
    let told = told.into_iter().find(|judged| judged.id == CheckId::TrailManagementEvents).unwrap().reading;
    assert_eq!((told.state, told.value.contains("kms.amazonaws.com")), (Pass, true));
}

#[test]
fn management_events_by_fields() {
    let of = |selectors: Vec<Vec<FieldSelector>>| {
        state(&recording(Selectors::Advanced(selectors)), CheckId::TrailManagementEvents)
    };
    let management = || field("eventCategory", &["Management"]);
    assert_eq!(of(vec![vec![management()]]), Pass);
    assert_eq!(
        of(vec![
            vec![management(), field("readOnly", &["true"])],
            vec![management(), field("readOnly", &["false"])]
        ]),
        Pass
    );
    assert_eq!(of(vec![vec![management(), field("readOnly", &["false"])]]), Fail);
    assert_eq!(of(vec![vec![field("eventCategory", &["Data"])]]), Fail);
    let without_kms =
        FieldSelector { not_equals: vec!["kms.amazonaws.com".into()], ..field("eventSource", &[]) };
    assert_eq!(of(vec![vec![management(), without_kms]]), Pass);
    assert_eq!(of(vec![vec![management(), field("eventSource", &["iam.amazonaws.com"])]]), Unknown);
    assert_eq!(of(vec![vec![management(), field("eventName", &["RunInstances"])]]), Unknown);
    assert_eq!(
        of(vec![vec![management(), FieldSelector { others: true, ..field("readOnly", &["true"]) }]]),
        Unknown
    );
}

#[test]
fn data_events_of_all_buckets_and_of_the_record_s_own() {
    let of = |selectors: Vec<EventSelector>| {
        let trail = recording(Selectors::Basic(selectors));
        (state(&trail, CheckId::TrailDataEventsS3), state(&trail, CheckId::TrailBucketSelfWatch))
    };
    for (value, expected) in [
        ("arn:aws:s3", (Pass, Pass)),
        ("arn:aws:s3:::", (Pass, Pass)),
        ("arn:aws-us-gov:s3", (Pass, Pass)),
        ("arn:aws:s3:::logs/", (Fail, Pass)),
        ("arn:aws:s3:::logs/audit/", (Fail, Pass)),
        ("arn:aws:s3:::logs/audit/AWSLogs/1/", (Fail, Fail)),
        ("arn:aws:s3:::logs-of-others/", (Fail, Fail)),
        ("arn:aws:s3:::logs", (Fail, Fail)),
    ] {
        assert_eq!(of(vec![basic(Calls::All, &[value])]), expected, "{value}");
    }
    assert_eq!(of(vec![basic(Calls::Writes, &["arn:aws:s3"])]), (Fail, Pass));
    assert_eq!(of(vec![basic(Calls::Reads, &["arn:aws:s3"])]), (Fail, Fail));
    assert_eq!(
        of(vec![basic(Calls::Reads, &["arn:aws:s3"]), basic(Calls::Writes, &["arn:aws:s3"])]),
        (Pass, Pass)
    );
    assert_eq!(of(vec![basic(Calls::All, &[])]), (Fail, Fail));
    let functions = EventSelector {
        data: vec![("AWS::Lambda::Function".into(), vec!["arn:aws:lambda".into()])],
        ..basic(Calls::All, &[])
    };
    assert_eq!(of(vec![functions]), (Fail, Fail));
}

#[test]
fn data_events_by_fields() {
    let of = |more: Vec<FieldSelector>| {
        let fields =
            [vec![field("eventCategory", &["Data"]), field("resources.type", &[OBJECTS])], more].concat();
        let trail = recording(Selectors::Advanced(vec![fields]));
        (state(&trail, CheckId::TrailDataEventsS3), state(&trail, CheckId::TrailBucketSelfWatch))
    };
    assert_eq!(of(vec![]), (Pass, Pass));
    assert_eq!(of(vec![field("readOnly", &["false"])]), (Fail, Pass));
    assert_eq!(of(vec![beginning("resources.ARN", "arn:aws:s3:::logs/")]), (Fail, Pass));
    assert_eq!(of(vec![beginning("resources.ARN", "arn:aws:s3:::other/")]), (Fail, Fail));
    let but = FieldSelector { not_equals: vec!["arn:aws:s3:::logs/x".into()], ..field("resources.ARN", &[]) };
    assert_eq!(of(vec![but]), (Unknown, Unknown));
    assert_eq!(of(vec![FieldSelector { others: true, ..field("resources.ARN", &[]) }]), (Unknown, Unknown));
    assert_eq!(of(vec![field("eventName", &["PutObject"])]), (Unknown, Unknown));
}

#[test]
fn a_trail_sees_its_own_account_s_bucket_or_its_organization_s() {
    let of = |trail: &TrailSettings, owner: Setting<BucketOwner>| {
        let judged = checks(trail, &policy(), (RECORD, &owner), NOBODY);
        judged.into_iter().find(|judged| judged.id == CheckId::TrailBucketSelfWatch).unwrap().reading.state
    };
    let another = || Setting::Given(BucketOwner::Another);
    assert_eq!(of(&trail(), another()), Pass, "an organization's");
    let own = set(|trail| trail.organization = Switch::Off);
    assert_eq!(of(&own, another()), Fail);
    assert_eq!((of(&own, OWN), of(&own, denied())), (Pass, Unknown));
    let in_one_region = set(|trail| trail.all_regions = Switch::Off);
    assert_eq!(of(&in_one_region, OWN), Unknown);
    assert_eq!(state(&in_one_region, CheckId::TrailDataEventsS3), Fail);
}

#[test]
fn a_trail_that_nobody_knows_is_not_known() {
    let gone = TrailSettings { trail: Setting::Absent, ..trail() };
    for judged in checks(&gone, &policy(), (RECORD, &OWN), NOBODY) {
        let by_selectors = judged.id == CheckId::TrailManagementEvents;
        assert_eq!(judged.reading.state, if by_selectors { Pass } else { Unknown }, "{}", judged.id);
    }
    assert_eq!(state(&TrailSettings { trail: denied(), ..trail() }, CheckId::TrailLogging), Unknown);
    assert_eq!(state(&set(|trail| trail.prefix = "elsewhere/".into()), CheckId::TrailLogging), Fail);
    let ahead = Delivery { latest: Some(Time::MAX_UTC), error: None };
    assert_eq!(state(&doing(|status| status.logs = ahead), CheckId::TrailLogging), Unknown);
}
