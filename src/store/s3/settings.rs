//! A bucket's settings, each with the right that reading it takes. What is not configured is an error of its own (Amazon S3 API
//! Reference, "Error responses"), and only that error makes it absent.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DeleteMarkerReplicationStatus, ExpirationStatus, LifecycleRule as SdkRule,
    LifecycleRuleFilter, MfaDeleteStatus, ObjectLockEnabled, ObjectLockRetentionMode, ReplicationRule,
    ReplicationRuleStatus, SseKmsEncryptedObjectsStatus, TransitionDefaultMinimumObjectSize,
};

use super::refusal::{Action, Refusal, elsewhere};
use super::{Bucket, S3Store};
use crate::aws::failure::{Failure, FailureKind, Outlook};
use crate::settings::{
    AccessLog, BucketOwner, BucketSettings, Grant, KeptObject, Lifecycle, LifecycleRule, LockDefault,
    LockMode, ObjectLock, ObjectRetention, PolicyStatus, PublicAccessBlock, Replication, Setting,
    SmallObjects, Switch, Unread, Versioning, VersioningStatus, When,
};
use crate::trail::{AccountId, Location, ObjectName, Time};

/// AWS has years of so many days.
const YEAR: i32 = 365;
const NO_LOCK: &[&str] = &["ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"];

/// What is to be asked of a bucket.
#[derive(Debug, Clone, Copy)]
pub struct AskedOf<'a> {
    /// The bucket, and what stands before `AWSLogs/` in its keys.
    pub place: &'a Location,
    /// The accounts of the trails that deliver there, as far as they are known.
    pub trail_accounts: &'a BTreeSet<AccountId>,
    /// Some of its objects, with what the listing says of when they were written.
    pub objects: &'a [(ObjectName, Option<Time>)],
    /// Now.
    pub now: Time,
}

/// A setting, asked for: which right that takes, and what S3 answers where there is none.
#[derive(Clone, Copy)]
struct Asking {
    right: &'static str,
    absent: &'static [&'static str],
}

const fn asking(right: &'static str, absent: &'static [&'static str]) -> Asking {
    Asking { right, absent }
}

/// Asks S3 for one thing, by a call of its client.
macro_rules! ask {
    ($store:expr, $bucket:expr, $asking:expr, |$client:ident| $request:expr, $read:expr) => {
        $store
            .setting($bucket, $asking, move |Bucket { client: $client, .. }| {
                let request = $request;
                // Boxed: the SDK's part is deeper than all the rest.
                async move { Box::pin(request.send()).await.map_err(|error| refusal(&error)) }
            })
            .await
            .and_then($read)
    };
}

fn refusal<E>(error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut failure = Failure::read(error);
    if error.raw_response().is_some_and(|answer| answer.status().is_success()) {
        // A server that does not know a setting says the same again, and a check that is not known is all that rests on it.
        failure.outlook = Outlook::Settled;
    }
    Refusal::new(Action::Ask, failure, elsewhere(error))
}

impl S3Store {
    /// A bucket's settings, as far as they can be read.
    pub async fn settings(&self, asked: AskedOf<'_>) -> BucketSettings {
        let AskedOf { place, trail_accounts, objects, now } = asked;
        let bucket = &place.bucket;
        let (
            owner,
            versioning,
            object_lock,
            lifecycle,
            policy,
            public_access,
            policy_status,
            grants,
            access_log,
            replication,
            objects,
        ) = tokio::join!(
            self.owner(bucket, trail_accounts),
            self.versioning(bucket),
            self.object_lock(bucket),
            self.lifecycle(bucket),
            self.policy(bucket),
            self.public_access(bucket),
            self.policy_status(bucket),
            self.grants(bucket),
            self.access_log(bucket),
            self.replication(bucket),
            self.kept(objects),
        );
        BucketSettings {
            bucket: Arc::clone(bucket),
            prefix: (*place.prefix).into(),
            read_at: now,
            owner,
            versioning,
            object_lock,
            lifecycle,
            policy,
            public_access,
            policy_status,
            grants,
            access_log,
            replication,
            objects,
        }
    }

    async fn setting<T, Attempt>(
        &self,
        bucket: &Arc<str>,
        asking: Asking,
        attempt: impl Fn(Bucket) -> Attempt,
    ) -> Setting<T>
    where
        Attempt: Future<Output = Result<T, Refusal>>,
    {
        match self.persist(bucket, attempt).await {
            Ok(answer) => Setting::Given(answer),
            Err(refusal) => {
                let failure = refusal.failure();
                match (&failure.code, failure.kind) {
                    (Some(code), _) if asking.absent.contains(&&**code) => Setting::Absent,
                    (_, FailureKind::Denied) => Setting::Unread(Unread::Denied {
                        right: asking.right,
                        detail: failure.detail.clone(),
                    }),
                    _ => Setting::Unread(Unread::Failed(failure.detail.clone())),
                }
            }
        }
    }

    /// Who owns a bucket: S3 refuses a request that expects another owner than it has.
    async fn owner(&self, bucket: &Arc<str>, trail_accounts: &BTreeSet<AccountId>) -> Setting<BucketOwner> {
        if trail_accounts.is_empty() {
            return Setting::Unread(Unread::BeyondTheSource(
                "whose trail delivers here is not known; name the trail by its ARN",
            ));
        }
        if let Setting::Unread(why) = self.head(bucket, None).await {
            return Setting::Unread(why);
        }
        for account in trail_accounts {
            match self.head(bucket, Some(*account)).await {
                Setting::Given(()) => return Setting::Given(BucketOwner::TrailAccount),
                Setting::Unread(Unread::Denied { .. }) => {}
                Setting::Unread(why) => return Setting::Unread(why),
                Setting::Absent => return Setting::Absent,
            }
        }
        Setting::Given(BucketOwner::Another)
    }

    /// Whether a bucket answers whoever expects this owner of it.
    async fn head(&self, bucket: &Arc<str>, owner: Option<AccountId>) -> Setting<()> {
        let owner = owner.map(|account| account.to_string());
        ask!(
            self,
            bucket,
            asking("s3:ListBucket", &[]),
            |client| client.head_bucket().bucket(&**bucket).set_expected_bucket_owner(owner.clone()),
            |_| Setting::Given(())
        )
    }

    async fn versioning(&self, bucket: &Arc<str>) -> Setting<Versioning> {
        let right = asking("s3:GetBucketVersioning", &[]);
        ask!(self, bucket, right, |client| client.get_bucket_versioning().bucket(&**bucket), |answer| {
            let status = match answer.status() {
                Some(BucketVersioningStatus::Enabled) => VersioningStatus::Enabled,
                Some(_) => VersioningStatus::Suspended,
                None => VersioningStatus::Never,
            };
            let mfa_delete = Switch::of(Some(answer.mfa_delete() == Some(&MfaDeleteStatus::Enabled)));
            Setting::Given(Versioning { status, mfa_delete })
        })
    }

    async fn object_lock(&self, bucket: &Arc<str>) -> Setting<ObjectLock> {
        let right = asking("s3:GetBucketObjectLockConfiguration", NO_LOCK);
        ask!(
            self,
            bucket,
            right,
            |client| client.get_object_lock_configuration().bucket(&**bucket),
            |answer| {
                let Some(lock) = answer.object_lock_configuration() else { return Setting::Absent };
                if lock.object_lock_enabled() != Some(&ObjectLockEnabled::Enabled) {
                    return strange("an object lock that is not enabled");
                }
                let Some(default) = lock.rule().and_then(|rule| rule.default_retention()) else {
                    return Setting::Given(ObjectLock { default: None });
                };
                let days = default.days().or(default.years().map(|years| years.saturating_mul(YEAR)));
                match (default.mode().and_then(mode), days.and_then(|days| u32::try_from(days).ok())) {
                    (Some(mode), Some(days)) => {
                        Setting::Given(ObjectLock { default: Some(LockDefault { mode, days }) })
                    }
                    _ => strange("a default retention without a mode or a time"),
                }
            }
        )
    }

    async fn lifecycle(&self, bucket: &Arc<str>) -> Setting<Lifecycle> {
        let right = asking("s3:GetLifecycleConfiguration", &["NoSuchLifecycleConfiguration"]);
        ask!(
            self,
            bucket,
            right,
            |client| client.get_bucket_lifecycle_configuration().bucket(&**bucket),
            |answer| {
                let small_objects = match answer.transition_default_minimum_object_size() {
                    Some(TransitionDefaultMinimumObjectSize::VariesByStorageClass) => {
                        SmallObjects::GoToGlacier
                    }
                    _ => SmallObjects::Stay,
                };
                let rules: Option<Vec<LifecycleRule>> = answer.rules().iter().map(rule).collect();
                match rules {
                    Some(rules) => Setting::Given(Lifecycle { rules, small_objects }),
                    None => strange("a lifecycle rule whose time cannot be read"),
                }
            }
        )
    }

    async fn policy(&self, bucket: &Arc<str>) -> Setting<String> {
        let right = asking("s3:GetBucketPolicy", &["NoSuchBucketPolicy"]);
        ask!(self, bucket, right, |client| client.get_bucket_policy().bucket(&**bucket), |answer| {
            answer.policy().map_or_else(|| strange("no policy"), |policy| Setting::Given(policy.to_owned()))
        })
    }

    async fn public_access(&self, bucket: &Arc<str>) -> Setting<PublicAccessBlock> {
        let right = asking("s3:GetBucketPublicAccessBlock", &["NoSuchPublicAccessBlockConfiguration"]);
        ask!(self, bucket, right, |client| client.get_public_access_block().bucket(&**bucket), |answer| {
            let Some(block) = answer.public_access_block_configuration() else { return Setting::Absent };
            Setting::Given(PublicAccessBlock {
                block_acls: Switch::of(block.block_public_acls()),
                ignore_acls: Switch::of(block.ignore_public_acls()),
                block_policy: Switch::of(block.block_public_policy()),
                restrict_buckets: Switch::of(block.restrict_public_buckets()),
            })
        })
    }

    async fn policy_status(&self, bucket: &Arc<str>) -> Setting<PolicyStatus> {
        let right = asking("s3:GetBucketPolicyStatus", &["NoSuchBucketPolicy"]);
        ask!(self, bucket, right, |client| client.get_bucket_policy_status().bucket(&**bucket), |answer| {
            match answer.policy_status().and_then(|status| status.is_public()) {
                Some(true) => Setting::Given(PolicyStatus::Public),
                Some(false) => Setting::Given(PolicyStatus::NotPublic),
                None => strange("a status that says neither"),
            }
        })
    }

    async fn grants(&self, bucket: &Arc<str>) -> Setting<Vec<Grant>> {
        let right = asking("s3:GetBucketAcl", &[]);
        ask!(self, bucket, right, |client| client.get_bucket_acl().bucket(&**bucket), |answer| {
            let owner = answer.owner().and_then(|owner| owner.id());
            let grants = answer.grants().iter().filter_map(|grant| {
                let grantee = grant.grantee()?;
                let named = grantee.uri().or(grantee.id()).filter(|named| Some(*named) != owner)?;
                let permission = grant.permission().map_or("something", |permission| permission.as_str());
                Some(Grant { grantee: named.to_owned(), permission: permission.to_owned() })
            });
            Setting::Given(grants.collect())
        })
    }

    async fn access_log(&self, bucket: &Arc<str>) -> Setting<AccessLog> {
        let right = asking("s3:GetBucketLogging", &[]);
        let target =
            ask!(self, bucket, right, |client| client.get_bucket_logging().bucket(&**bucket), |answer| {
                let target = answer.logging_enabled().map(|enabled| enabled.target_bucket().to_owned());
                target.map_or(Setting::Absent, Setting::Given)
            });
        match target {
            Setting::Given(target) => {
                let target_lock = self.object_lock(&target.as_str().into()).await;
                Setting::Given(AccessLog { target, target_lock })
            }
            Setting::Absent => Setting::Absent,
            Setting::Unread(why) => Setting::Unread(why),
        }
    }

    async fn replication(&self, bucket: &Arc<str>) -> Setting<Vec<Replication>> {
        let right = asking("s3:GetReplicationConfiguration", &["ReplicationConfigurationNotFoundError"]);
        ask!(self, bucket, right, |client| client.get_bucket_replication().bucket(&**bucket), |answer| {
            let rules = answer.replication_configuration().map(|configuration| configuration.rules());
            Setting::Given(rules.unwrap_or_default().iter().filter_map(replication).collect())
        })
    }

    async fn kept(&self, objects: &[(ObjectName, Option<Time>)]) -> Setting<Vec<KeptObject>> {
        let kept = objects.iter().map(async |(object, modified)| {
            let lock = self.retention(object).await;
            KeptObject { object: object.clone(), modified: *modified, lock }
        });
        Setting::Given(join_all(kept).await)
    }

    async fn retention(&self, object: &ObjectName) -> Setting<ObjectRetention> {
        // Of a bucket without object lock S3 says that the request is invalid.
        let right = asking(
            "s3:GetObjectRetention",
            &["NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"],
        );
        let ObjectName { bucket, key, .. } = object;
        ask!(
            self,
            bucket,
            right,
            |client| client.get_object_retention().bucket(&**bucket).key(&**key),
            |answer| {
                let Some(retention) = answer.retention() else { return Setting::Absent };
                match (retention.mode().and_then(mode), retention.retain_until_date().and_then(time)) {
                    (Some(mode), Some(until)) => Setting::Given(ObjectRetention { mode, until }),
                    _ => strange("a retention without a mode or a date"),
                }
            }
        )
    }
}

/// An answer that cannot be read for what it is.
fn strange<T>(what: &str) -> Setting<T> {
    Setting::Unread(Unread::Failed(format!("S3 answered with {what}")))
}

fn mode(mode: &ObjectLockRetentionMode) -> Option<LockMode> {
    match mode {
        ObjectLockRetentionMode::Compliance => Some(LockMode::Compliance),
        ObjectLockRetentionMode::Governance => Some(LockMode::Governance),
        _ => None,
    }
}

fn time(time: &DateTime) -> Option<Time> {
    Time::from_timestamp(time.secs(), time.subsec_nanos())
}

fn when(days: Option<i32>, date: Option<&DateTime>) -> Option<When> {
    match (days, date) {
        (Some(days), _) => u32::try_from(days).ok().map(When::Days),
        (None, Some(date)) => time(date).map(When::Date),
        (None, None) => None,
    }
}

/// A rule; nothing, where one of its times cannot be read.
fn rule(rule: &SdkRule) -> Option<LifecycleRule> {
    let own = Own::of(rule);
    let expires = match rule.expiration() {
        None => None,
        Some(expiration) if expiration.days().is_none() && expiration.date().is_none() => None,
        Some(expiration) => Some(when(expiration.days(), expiration.date())?),
    };
    let moves = rule.transitions().iter().map(|transition| {
        let class = transition.storage_class().map_or("", |class| class.as_str());
        // Without a time it is on the day an object comes.
        let at = when(transition.days(), transition.date()).or(Some(When::Days(0)))?;
        Some((at, class.to_owned()))
    });
    Some(LifecycleRule {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: rule.status() == &ExpirationStatus::Enabled,
        prefix: own.prefix,
        tagged: own.tagged,
        larger_than: own.larger_than,
        smaller_than: own.smaller_than,
        expires,
        noncurrent_days: rule
            .noncurrent_version_expiration()
            .and_then(|expiration| expiration.noncurrent_days())
            .and_then(|days| u32::try_from(days).ok()),
        moves: moves.collect::<Option<_>>()?,
    })
}

/// What a rule is for.
struct Own {
    prefix: String,
    tagged: bool,
    larger_than: Option<u64>,
    smaller_than: Option<u64>,
}

impl Own {
    fn of(rule: &SdkRule) -> Self {
        // Rules of the older kind have their prefix beside a filter.
        #[allow(deprecated)]
        let beside = rule.prefix();
        let size = |bytes: Option<i64>| bytes.and_then(|bytes| u64::try_from(bytes).ok());
        let filter = rule.filter();
        let and = filter.and_then(LifecycleRuleFilter::and);
        let prefix =
            filter.and_then(LifecycleRuleFilter::prefix).or(and.and_then(|and| and.prefix())).or(beside);
        Self {
            prefix: prefix.unwrap_or_default().to_owned(),
            tagged: filter.is_some_and(|filter| filter.tag().is_some())
                || and.is_some_and(|and| !and.tags().is_empty()),
            larger_than: size(
                filter
                    .and_then(|filter| filter.object_size_greater_than())
                    .or(and.and_then(|and| and.object_size_greater_than())),
            ),
            smaller_than: size(
                filter
                    .and_then(|filter| filter.object_size_less_than())
                    .or(and.and_then(|and| and.object_size_less_than())),
            ),
        }
    }
}

/// Without a word of it S3 copies nothing that is encrypted with a KMS key.
fn copies_encrypted(rule: &ReplicationRule) -> bool {
    let criteria = rule.source_selection_criteria().and_then(|criteria| criteria.sse_kms_encrypted_objects());
    criteria.is_some_and(|criteria| criteria.status() == &SseKmsEncryptedObjectsStatus::Enabled)
}

fn replication(rule: &ReplicationRule) -> Option<Replication> {
    #[allow(deprecated)]
    let beside = rule.prefix();
    let destination = rule.destination()?;
    let filter = rule.filter();
    let and = filter.and_then(|filter| filter.and());
    let prefix = filter.and_then(|filter| filter.prefix()).or(and.and_then(|and| and.prefix())).or(beside);
    let markers = rule.delete_marker_replication().and_then(|markers| markers.status());
    Some(Replication {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: rule.status() == &ReplicationRuleStatus::Enabled,
        prefix: prefix.unwrap_or_default().to_owned(),
        tagged: filter.is_some_and(|filter| filter.tag().is_some())
            || and.is_some_and(|and| !and.tags().is_empty()),
        bucket: destination.bucket().to_owned(),
        account: destination.account().map(str::to_owned),
        encrypted: Switch::of(Some(copies_encrypted(rule))),
        priority: rule.priority().unwrap_or(0),
        // Rules of the older kind, without a filter, copy them.
        delete_markers: match (markers, filter) {
            (Some(DeleteMarkerReplicationStatus::Enabled), _) | (None, None) => Switch::On,
            _ => Switch::Off,
        },
    })
}
