//! Settings, as they were read: of a trail, of its key, of the bucket and of some objects in it. What could not be read is told with the
//! reason, and is never taken for what is not there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::trail::{AccountId, ObjectName, Time};

/// What came of asking for a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting<T> {
    /// What AWS answered.
    Given(T),
    /// AWS answered that there is none: an absent configuration is an error of its own, such as NoSuchBucketPolicy.
    Absent,
    /// It is not known.
    Unread(Unread),
}

/// Why a setting is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It was asked for and refused, for want of this right.
    Denied {
        /// The IAM action that grants it.
        right: &'static str,
        /// What came back.
        detail: String,
    },
    /// It was asked for, and there was no answer, or one that makes no sense.
    Failed(String),
    /// It was not asked for: from this source nobody can know it, for this reason.
    BeyondTheSource(&'static str),
}

impl<T> Setting<T> {
    /// The value of one that is known; none, where there is none.
    ///
    /// # Errors
    ///
    /// Where it is not known.
    pub fn known(&self) -> Result<Option<&T>, &Unread> {
        match self {
            Self::Given(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::Unread(why) => Err(why),
        }
    }

    /// What becomes of a value that was given.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Setting<U>) -> Setting<U> {
        match self {
            Self::Given(value) => read(value),
            Self::Absent => Setting::Absent,
            Self::Unread(why) => Setting::Unread(why),
        }
    }
}

/// What is known of one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSettings {
    /// The bucket.
    pub bucket: Arc<str>,
    /// What stands before `AWSLogs/` in its keys.
    pub prefix: Arc<str>,
    /// When it was asked.
    pub read_at: Time,
    /// Whether the account of the trail owns it.
    pub owner: Setting<BucketOwner>,
    /// GetBucketVersioning.
    pub versioning: Setting<Versioning>,
    /// GetObjectLockConfiguration.
    pub object_lock: Setting<ObjectLock>,
    /// GetBucketLifecycleConfiguration.
    pub lifecycle: Setting<Lifecycle>,
    /// GetBucketPolicy: its text.
    pub policy: Setting<String>,
    /// GetPublicAccessBlock.
    pub public_access: Setting<PublicAccessBlock>,
    /// GetBucketPolicyStatus.
    pub policy_status: Setting<PolicyStatus>,
    /// GetBucketAcl: who beside the owner is granted something.
    pub grants: Setting<Vec<Grant>>,
    /// GetBucketLogging.
    pub access_log: Setting<AccessLog>,
    /// GetBucketReplication.
    pub replication: Setting<Vec<Replication>>,
    /// Some of its objects: the oldest, the newest and some that nobody can foresee.
    pub objects: Setting<Vec<KeptObject>>,
}

/// Who owns a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketOwner {
    /// The account of the trail that delivers there.
    TrailAccount,
    /// Another account.
    Another,
}

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versioning {
    /// What its status is.
    pub status: VersioningStatus,
    /// Whether versions are deleted with a second factor alone.
    pub mfa_delete: Switch,
}

/// The status of versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersioningStatus {
    /// Versions are kept.
    Enabled,
    /// They were, and no new ones are.
    Suspended,
    /// They never were.
    Never,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is on.
    On,
    /// It is off.
    Off,
}

impl Switch {
    /// What AWS's flag says; what it does not say is off.
    pub fn of(flag: Option<bool>) -> Self {
        if flag == Some(true) { Self::On } else { Self::Off }
    }
}

/// An object lock configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectLock {
    /// The retention that new objects get; none, if there is no default.
    pub default: Option<LockDefault>,
}

/// A default retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockDefault {
    /// How firmly.
    pub mode: LockMode,
    /// How long, in days; a year of AWS's has 365 (S3 API Reference, DefaultRetention).
    pub days: u32,
}

/// How firmly an object is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Whoever has s3:BypassGovernanceRetention may unlock it.
    Governance,
    /// Nobody may, not even the root user (Amazon S3 User Guide, "Object Lock").
    Compliance,
}

impl LockMode {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

/// A lifecycle configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its rules.
    pub rules: Vec<LifecycleRule>,
    /// What becomes of small objects.
    pub small_objects: SmallObjects,
}

/// Whether objects under 128 kB are moved to other storage classes (TransitionDefaultMinimumObjectSize).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallObjects {
    /// Not unless a rule's filter has a size: `all_storage_classes_128K`, what configurations since September 2024 begin with.
    Stay,
    /// To Glacier classes they are: `varies_by_storage_class`.
    GoToGlacier,
}

/// A rule of a lifecycle configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleRule {
    /// Its name.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What keys begin with that it is for.
    pub prefix: String,
    /// Whether objects need a tag for it.
    pub tagged: bool,
    /// Objects have to be larger than this, in bytes.
    pub larger_than: Option<u64>,
    /// Objects have to be smaller than this, in bytes.
    pub smaller_than: Option<u64>,
    /// When objects expire: in a bucket with versions the newest gets a delete marker.
    pub expires: Option<When>,
    /// How many days after they are hidden older versions are destroyed.
    pub noncurrent_days: Option<u32>,
    /// To which storage classes objects go, and when.
    pub moves: Vec<(When, String)>,
}

/// When a rule takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many days after an object was created.
    Days(u32),
    /// On this date, whatever the age of an object.
    Date(Time),
}

/// A block of public access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicAccessBlock {
    /// Public ACLs are refused.
    pub block_acls: Switch,
    /// Public ACLs count for nothing.
    pub ignore_acls: Switch,
    /// Public policies are refused.
    pub block_policy: Switch,
    /// Public policies count for nothing for those outside.
    pub restrict_buckets: Switch,
}

impl PublicAccessBlock {
    /// Whether all four are on.
    pub fn is_whole(&self) -> bool {
        [self.block_acls, self.ignore_acls, self.block_policy, self.restrict_buckets] == [Switch::On; 4]
    }
}

/// Whether a bucket's policy makes it public, as S3 judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyStatus {
    /// It does.
    Public,
    /// It does not.
    NotPublic,
}

/// What an ACL grants, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whom: a group's address, or an account's canonical id.
    pub grantee: String,
    /// What.
    pub permission: String,
}

/// Where accesses to a bucket are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The bucket that the logs go to.
    pub target: String,
    /// Its object lock.
    pub target_lock: Setting<ObjectLock>,
}

/// A rule of replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    /// Its name.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What keys begin with that it is for.
    pub prefix: String,
    /// Whether objects need a tag for it.
    pub tagged: bool,
    /// The bucket that it copies to, as an ARN.
    pub bucket: String,
    /// The account that owns the copies, where the rule says so.
    pub account: Option<String>,
    /// Whether delete markers are copied, too.
    pub delete_markers: Switch,
    /// Whether objects that are encrypted with KMS keys are copied, too.
    pub encrypted: Switch,
    /// Of several rules for one destination, the one with the highest counts.
    pub priority: i32,
}

/// An object, and how it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptObject {
    /// The object.
    pub object: ObjectName,
    /// When it was written, by the listing.
    pub modified: Option<Time>,
    /// Its lock (GetObjectRetention).
    pub lock: Setting<ObjectRetention>,
}

/// The lock of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectRetention {
    /// How firmly.
    pub mode: LockMode,
    /// Until when.
    pub until: Time,
}

/// What is known of one trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailSettings {
    /// Its ARN, or what else is known of its name.
    pub name: String,
    /// When it was asked.
    pub read_at: Time,
    /// GetTrail.
    pub trail: Setting<TrailFacts>,
    /// GetTrailStatus.
    pub status: Setting<StatusFacts>,
    /// GetEventSelectors.
    pub selectors: Setting<Selectors>,
    /// DescribeKey of the key that it encrypts with.
    pub key: Setting<KeyState>,
}

/// What a trail is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFacts {
    /// The bucket that it delivers to.
    pub bucket: String,
    /// What stands before `AWSLogs/` in its keys, with a slash at its end.
    pub prefix: String,
    /// The account that owns it.
    pub account: AccountId,
    /// Whether it records in all regions.
    pub all_regions: Switch,
    /// Whether it records services that are in no region.
    pub global_services: Switch,
    /// Whether it is an organization's.
    pub organization: Switch,
    /// Whether it delivers digests.
    pub validation: Switch,
    /// The key that it encrypts with.
    pub key: Option<String>,
    /// The log group that it delivers to, too.
    pub log_group: Option<String>,
}

/// How a trail is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFacts {
    /// Whether it records now.
    pub logging: Switch,
    /// The last delivery of log files.
    pub logs: Delivery,
    /// The last delivery of digests.
    pub digests: Delivery,
    /// The last delivery to the log group.
    pub log_group: Delivery,
}

/// When something was last delivered, and what went wrong with that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// When.
    pub latest: Option<Time>,
    /// What went wrong the last time.
    pub error: Option<String>,
}

/// Which events a trail records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selectors {
    /// By the older kind.
    Basic(Vec<EventSelector>),
    /// By fields. An event is recorded if all fields of one of them fit it.
    Advanced(Vec<Vec<FieldSelector>>),
}

/// A selector of the older kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSelector {
    /// Which calls.
    pub calls: Calls,
    /// Whether management events.
    pub management: Switch,
    /// Services whose management events are left out.
    pub excluded: BTreeSet<String>,
    /// Data events: the kind of resource, and which of them.
    pub data: Vec<(String, Vec<String>)>,
}

/// Which calls are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Those that read, and those that write.
    All,
    /// Those that read.
    Reads,
    /// Those that write.
    Writes,
}

/// What one field of an event has to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    /// The field.
    pub field: String,
    /// One of these.
    pub equals: Vec<String>,
    /// None of these.
    pub not_equals: Vec<String>,
    /// Beginning with one of these.
    pub starts_with: Vec<String>,
    /// Whether there are conditions of other kinds: not beginning with, ending in, not ending in.
    pub others: bool,
}

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// The account that owns it.
    pub account: Option<AccountId>,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …
    pub state: String,
}
