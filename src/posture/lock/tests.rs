//! Locks and versions, with their right answers.
#![allow(clippy::unwrap_used)]

use super::super::check::State::{self, Fail, Pass, Unknown};
use super::super::fixtures::{bucket, denied, now, policy};
use super::super::policy::LockDemand;
use super::*;
use crate::settings::{
    Lifecycle, LifecycleRule, LockDefault, ObjectLock, ObjectRetention, SmallObjects, Versioning,
};

fn state_for(bucket: &BucketSettings, policy: &Policy, id: CheckId) -> State {
    checks(bucket, policy).into_iter().find(|judged| judged.id == id).unwrap().reading.state
}

fn state(bucket: &BucketSettings, id: CheckId) -> State {
    state_for(bucket, &policy(), id)
}

fn locked(default: Option<(LockMode, u32)>) -> BucketSettings {
    let default = default.map(|(mode, days)| LockDefault { mode, days });
    BucketSettings { object_lock: Setting::Given(ObjectLock { default }), ..bucket() }
}

#[test]
fn a_default_is_as_firm_and_as_long_as_it_is_asked_for() {
    use LockMode::{Compliance, Governance};
    for (default, expected) in [
        (Some((Compliance, 365)), Pass),
        (Some((Compliance, 364)), Fail),
        (Some((Governance, 3650)), Fail),
        (None, Fail),
    ] {
        assert_eq!(state(&locked(default), CheckId::BucketObjectLock), expected, "{default:?}");
    }
    let mild = Policy { lock: LockDemand::Governance, ..policy() };
    for mode in [Compliance, Governance] {
        assert_eq!(state_for(&locked(Some((mode, 365))), &mild, CheckId::BucketObjectLock), Pass);
    }
    assert_eq!(
        state(&BucketSettings { object_lock: Setting::Absent, ..bucket() }, CheckId::BucketObjectLock),
        Fail
    );
    assert_eq!(
        state(&BucketSettings { object_lock: denied(), ..bucket() }, CheckId::BucketObjectLock),
        Unknown
    );
}

fn kept(days_old: i64, lock: Setting<ObjectRetention>) -> KeptObject {
    let like = match &bucket().objects {
        Setting::Given(objects) => objects[0].clone(),
        Setting::Absent | Setting::Unread(_) => unreachable!(),
    };
    KeptObject { modified: Some(now() - TimeDelta::days(days_old)), lock, ..like }
}

fn until(days_old: i64, days: i64) -> Setting<ObjectRetention> {
    let until = now() + TimeDelta::days(days - days_old);
    Setting::Given(ObjectRetention { mode: LockMode::Compliance, until })
}

#[test]
fn objects_are_locked_one_by_one() {
    let of = |objects: Vec<KeptObject>| {
        state(&BucketSettings { objects: Setting::Given(objects), ..bucket() }, CheckId::ObjectsLocked)
    };
    assert_eq!(of(vec![kept(0, until(0, 365)), kept(300, until(300, 365))]), Pass);
    assert_eq!(of(vec![kept(0, until(0, 365)), kept(300, until(300, 364))]), Fail);
    // A default that came later locks nothing that was there.
    assert_eq!(of(vec![kept(0, until(0, 365)), kept(300, Setting::Absent)]), Fail);
    assert_eq!(of(vec![kept(0, until(0, 365)), kept(300, denied())]), Unknown);
    assert_eq!(of(vec![kept(0, denied()), kept(300, Setting::Absent)]), Fail, "what is known is worse");
    assert_eq!(of(vec![KeptObject { modified: None, ..kept(0, until(0, 365)) }]), Unknown);
    assert_eq!(of(Vec::new()), Unknown);
    let mild = ObjectRetention { mode: LockMode::Governance, until: now() + TimeDelta::days(9999) };
    assert_eq!(of(vec![kept(0, Setting::Given(mild))]), Fail);
}

#[test]
fn versions_are_kept() {
    for (status, expected) in [
        (VersioningStatus::Enabled, Pass),
        (VersioningStatus::Suspended, Fail),
        (VersioningStatus::Never, Fail),
    ] {
        let versioning = Setting::Given(Versioning { status, mfa_delete: Switch::Off });
        assert_eq!(state(&BucketSettings { versioning, ..bucket() }, CheckId::BucketVersioning), expected);
    }
    assert_eq!(
        state(&BucketSettings { versioning: denied(), ..bucket() }, CheckId::BucketVersioning),
        Unknown
    );
}

#[test]
fn versions_that_a_rule_destroys_are_not_kept() {
    let rule = LifecycleRule { enabled: true, noncurrent_days: Some(1), ..LifecycleRule::default() };
    let lifecycle = Setting::Given(Lifecycle { rules: vec![rule], small_objects: SmallObjects::Stay });
    let locked = BucketSettings { lifecycle, ..bucket() };
    assert_eq!(state(&locked, CheckId::BucketVersioning), Pass, "the lock is longer");
    let open = BucketSettings { object_lock: Setting::Absent, ..locked };
    assert_eq!(state(&open, CheckId::BucketVersioning), Fail);
    assert_eq!(state(&BucketSettings { lifecycle: denied(), ..open }, CheckId::BucketVersioning), Unknown);
}

#[test]
fn a_second_factor_is_not_asked_for_where_it_cannot_be_or_adds_nothing() {
    let rules = vec![LifecycleRule::default()];
    let lifecycle = Setting::Given(Lifecycle { rules, small_objects: SmallObjects::Stay });
    let open = BucketSettings { object_lock: Setting::Absent, ..bucket() };
    assert_eq!(state(&open, CheckId::BucketMfaDelete), Fail);
    assert_eq!(
        state(&BucketSettings { lifecycle: lifecycle.clone(), ..open.clone() }, CheckId::BucketMfaDelete),
        Pass
    );
    assert_eq!(
        state(&BucketSettings { lifecycle: denied(), ..open.clone() }, CheckId::BucketMfaDelete),
        Unknown
    );
    assert_eq!(state(&bucket(), CheckId::BucketMfaDelete), Pass, "locked in COMPLIANCE mode");
    let on = Versioning { status: VersioningStatus::Enabled, mfa_delete: Switch::On };
    assert_eq!(
        state(&BucketSettings { versioning: Setting::Given(on), ..open }, CheckId::BucketMfaDelete),
        Pass
    );
    assert_eq!(
        state(&BucketSettings { versioning: denied(), lifecycle, ..bucket() }, CheckId::BucketMfaDelete),
        Unknown
    );
}
