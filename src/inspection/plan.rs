//! What is asked for, in the caller's own words made checked values.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::digest::NamedBy;
use crate::report::Baseline;
use crate::trail::Ended;
use crate::trail::source::Within;
use crate::trail::text::perhaps;
use crate::trail::{AccountId, ChainId, Depth, Origin, Prefix, Region, Time, TrailName};
use crate::verdict::{Code, Finding};

/// What is asked for, wholly and checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The source as the caller named it.
    pub source: String,
    /// The bucket; for a folder a name that stands for it.
    pub bucket: Arc<str>,
    /// What the keys in question begin with.
    pub prefix: Prefix,
    /// Which part of what lies there: nothing above or beside it is listed.
    pub within: Within,
    /// How far the search for it goes.
    pub bounds: Bounds,
    /// What of a digest's place can be compared.
    pub named_by: NamedBy,
    /// Where the objects lie.
    pub origin: Origin,
    /// The first moment asked for; none asks for the whole record.
    pub start: Option<Time>,
    /// The first moment not asked for; none asks for all there is by now.
    pub end: Option<Time>,
    /// The moment of asking.
    pub now: Time,
    /// How long digests and log files may take to arrive.
    pub grace: TimeDelta,
    /// How far before the window to look for chains that have ended since.
    pub look_back: TimeDelta,
    /// Chains that have lawfully ended.
    pub ended: Vec<Ended>,
    /// How closely to look at log files.
    pub depth: Depth,
    /// Which part of the record is in scope.
    pub scope: Selection,
    /// What has to be there.
    pub expected: Expected,
    /// Codes to be lowered to notices.
    pub accept: BTreeSet<Code>,
    /// Codes whose notices are raised to incomplete.
    pub fail_on: BTreeSet<Code>,
    /// What earlier runs saw: every head of theirs has to be there.
    pub baselines: Vec<Baseline>,
    /// What there is to tell of those who keep what earlier runs saw.
    pub witnessed: Vec<Finding>,
    /// How long the record is kept; what is older may be gone.
    pub retention: Option<TimeDelta>,
    /// How much may be under way.
    pub load: Load,
    /// The command line's words, for the report.
    pub arguments: Vec<String>,
    /// What is known beside the bucket and worth telling with the result, in sentences.
    pub notes: Vec<String>,
}

impl Plan {
    /// Everything there is in `bucket`, by `now`, with nothing expected and nothing accepted.
    pub fn new(source: String, bucket: Arc<str>, named_by: NamedBy, now: Time) -> Self {
        Self {
            source,
            bucket,
            prefix: Prefix::default(),
            within: Within::default(),
            bounds: Bounds::default(),
            named_by,
            origin: match named_by {
                NamedBy::BucketAndKey => Origin::Delivered,
                NamedBy::KeyOnly => Origin::Folder,
            },
            start: None,
            end: None,
            now,
            grace: TimeDelta::hours(3),
            look_back: TimeDelta::days(35),
            ended: Vec::new(),
            depth: Depth::Full,
            scope: Selection::default(),
            expected: Expected::default(),
            accept: BTreeSet::new(),
            fail_on: BTreeSet::new(),
            baselines: Vec::new(),
            witnessed: Vec::new(),
            retention: None,
            load: Load::default(),
            arguments: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Which part of the record is in scope. Empty sets put everything in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Only chains of these trails; log files are still held against the digests of all trails.
    pub trails: Vec<TrailFilter>,
    /// Only these accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Only these regions.
    pub regions: BTreeSet<Region>,
}

/// A trail as the caller names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailFilter {
    /// Its name.
    pub name: TrailName,
    /// The region it was created in; known from an ARN.
    pub home_region: Option<Region>,
}

impl Selection {
    /// Whether a chain is in scope by its trail.
    pub fn holds_chain(&self, chain: &ChainId) -> bool {
        let fits = |trail: &TrailFilter| {
            trail.name == chain.trail
                && trail.home_region.as_ref().is_none_or(|home| *home == chain.home_region)
        };
        self.trails.is_empty() || self.trails.iter().any(fits)
    }

    /// Whether an account is in scope.
    pub fn holds_account(&self, account: AccountId) -> bool {
        self.accounts.is_empty() || self.accounts.contains(&account)
    }

    /// Whether a region is in scope.
    pub fn holds_region(&self, region: &Region) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }
}

/// What the caller says has to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Every account found has to have digests in these regions.
    pub regions: BTreeSet<Region>,
    /// These accounts have to have digests.
    pub accounts: BTreeSet<AccountId>,
    /// The newest digest has to be as new as this, by the trail's own status.
    #[serde(with = "perhaps")]
    pub newest: Option<Time>,
}

/// How much may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests, at most; a run begins with fewer and takes more while answers are slow.
    pub requests: NonZeroUsize,
    /// Bytes of bodies in memory.
    pub bytes: NonZeroU32,
}

impl Default for Load {
    /// 256 requests, 48 MiB.
    fn default() -> Self {
        const REQUESTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();
        const BYTES: NonZeroU32 = NonZeroU32::new(48 << 20).unwrap();
        Self { requests: REQUESTS, bytes: BYTES }
    }
}

/// How far the search for `AWSLogs/` goes. The folders of a record itself, once it is found, count only towards `names`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Levels of folders below the source that are searched.
    pub levels: usize,
    /// Levels in which every folder is searched, however many there are.
    pub near: usize,
    /// Folders below those that are searched.
    pub far: usize,
    /// Bytes of the names of folders that wait for their turn.
    pub names: usize,
}

impl Default for Bounds {
    /// 100 levels, the first four without a bound of their own, 100,000 folders below, 32 MiB of names.
    fn default() -> Self {
        Self {
            // CreateTrail takes prefixes of up to 200 characters: a hundred folders of one letter each. Copies add a few, and
            // a link that leads back up a folder on disk would add more for ever.
            levels: 100,
            // Tenants, teams and accounts are told apart in the first folders of a prefix.
            near: 4,
            // What else is in a bucket may have a folder for every hour. Each costs a request: these take half a minute, and
            // half a dollar.
            far: 100_000,
            // The folders of kinds of more than 100,000 accounts; the names of one level and of the next are held at once.
            names: 32 << 20,
        }
    }
}
