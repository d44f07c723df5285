//! What a world is to be: its size, its names and what happens in it. A plan alone says which digests and log files
//! there will be, when and where; forging only fills them with bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta};

use super::ForgeError;
use super::rng::Rng;
use crate::trail::{
    AccountId, AccountRegion, ChainId, DigestKind, Malformed, OrganizationId, Region, Span, Time, TrailName,
};

/// Regions of the `aws` partition, in the order in which worlds take them; the first is every trail's home.
pub const REGIONS: [&str; 34] = [
    "us-east-1",
    "eu-central-1",
    "us-west-2",
    "ap-southeast-2",
    "eu-west-1",
    "us-east-2",
    "ap-northeast-1",
    "sa-east-1",
    "us-west-1",
    "ap-south-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ca-central-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Something that happens in a world beside the ordinary. None of it is a crime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// Backfill digests, with late log files, in the home region of the first trail.
    Backfill,
    /// The first trail stops logging half way, for three hours, and starts anew.
    Restart,
    /// The first trail moves to a second bucket a third of the way.
    BucketChange,
    /// The first trail moves to a second prefix two thirds of the way.
    PrefixChange,
    /// The last region joins half way.
    LateRegion,
    /// The first trail is made an organization's half way: its files go on under `AWSLogs/o-…/`, and the first digest there
    /// links to the last one before.
    OrganizationChange,
    /// In the last region a log file of the third hour is delivered half way, and named by the digest of that hour.
    Redelivery,
}

impl Turn {
    /// Every turn.
    pub const ALL: [Self; 7] = [
        Self::Backfill,
        Self::Restart,
        Self::BucketChange,
        Self::PrefixChange,
        Self::LateRegion,
        Self::OrganizationChange,
        Self::Redelivery,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Restart => "restart",
            Self::BucketChange => "bucket-change",
            Self::PrefixChange => "prefix-change",
            Self::LateRegion => "late-region",
            Self::OrganizationChange => "organization-change",
            Self::Redelivery => "redelivery",
        }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Turn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|turn| turn.as_str() == text)
            .ok_or_else(|| Malformed { expected: "a turn of a forged world", found: text.into() })
    }
}

/// How many hours a stopped trail is silent.
const SILENCE: u32 = 3;
/// Hours a world needs so that its turns, and any damage, find room.
const ROOM: u32 = 12;

/// A world to be forged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldPlan {
    /// How many accounts.
    pub accounts: usize,
    /// How many of [`REGIONS`].
    pub regions: usize,
    /// How many digests each chain has, one an hour.
    pub hours: u32,
    /// Log files in an hour that has any; about one hour in six has none. With 0 all digests are empty.
    pub logs_per_hour: u32,
    /// Events in a log file.
    pub events_per_log: u32,
    /// Present for an organization trail: its paths hold the organization, its management account is the first.
    pub organization: Option<OrganizationId>,
    /// What stands before `AWSLogs/`; empty for none.
    pub prefix: String,
    /// The bucket.
    pub bucket: String,
    /// The trails; several share the bucket, the prefix and so the log folders.
    pub trails: Vec<TrailName>,
    /// What happens.
    pub turns: BTreeSet<Turn>,
    /// Where all chance comes from.
    pub seed: u64,
    /// When the record begins; on the hour, so that the window ends on one.
    pub start: Time,
}

impl Default for WorldPlan {
    /// Two accounts, three regions, twelve hours: forged and verified in a blink.
    fn default() -> Self {
        Self {
            accounts: 2,
            regions: 3,
            hours: ROOM,
            logs_per_hour: 2,
            events_per_log: 12,
            organization: None,
            prefix: String::new(),
            bucket: "example-trail-bucket".into(),
            trails: "management-events".parse().into_iter().collect(),
            turns: BTreeSet::from([Turn::Backfill]),
            seed: 1,
            // 2026-03-01T00:00:00Z
            start: DateTime::from_timestamp(1_772_323_200, 0).unwrap_or_default(),
        }
    }
}

/// Where a trail delivers at a given hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The bucket.
    pub bucket: String,
    /// What stands before `AWSLogs/`: empty, or ending in a slash.
    pub prefix: String,
}

/// One chain of a plan.
#[derive(Debug, Clone)]
pub(super) struct ChainPlan {
    pub(super) id: ChainId,
    /// Which of the plan's trails.
    pub(super) trail: usize,
    /// Which of the plan's accounts.
    pub(super) account: usize,
    /// Hours it is delivered in.
    pub(super) hours: Range<u32>,
}

impl WorldPlan {
    /// Says what is wrong with the plan, if anything is.
    ///
    /// # Errors
    ///
    /// Where there could be no such world.
    pub fn check(&self) -> Result<(), ForgeError> {
        let wrong = |what: &str| Err(ForgeError::WorldPlan(what.into()));
        match self {
            _ if self.accounts == 0 || self.regions == 0 || self.hours == 0 => {
                wrong("a world needs at least one account, one region and one hour")
            }
            _ if self.regions > REGIONS.len() => wrong("there are 34 regions to take"),
            _ if self.trails.is_empty() => wrong("a world needs a trail"),
            _ if self.trails.iter().collect::<BTreeSet<_>>().len() < self.trails.len() => {
                wrong("each trail needs a name of its own")
            }
            _ if self.start.timestamp().rem_euclid(3600) != 0 => wrong("a world starts on the hour"),
            _ if !self.turns.is_empty() && self.hours < ROOM => wrong("turns need at least 12 hours"),
            _ if self.turns.contains(&Turn::LateRegion) && self.regions < 2 => {
                wrong("a late region needs a second one")
            }
            _ if self.turns.contains(&Turn::OrganizationChange) && self.organization.is_some() => {
                wrong("an organization's trail cannot be made one")
            }
            _ => Ok(()),
        }
    }

    /// The time that every chain without a turn covers completely.
    pub fn window(&self) -> Span {
        Span { start: self.hour(1), end: self.hour(self.hours) }
    }

    /// A moment for looking at the world: late enough that nothing is pending.
    pub fn now(&self) -> Time {
        self.hour(self.hours + 6)
    }

    /// The start of the hour so many hours after the world's.
    pub(super) fn hour(&self, index: u32) -> Time {
        self.start + TimeDelta::hours(i64::from(index))
    }

    /// Where the first trail delivers at the end: the place to verify from.
    pub fn source(&self) -> Destination {
        self.destination(0, self.hours)
    }

    /// The accounts, twelve digits each, from the seed.
    pub fn account_ids(&self) -> Vec<AccountId> {
        let number =
            |index| 100_000_000_000 + Rng::new(self.seed, &format!("account/{index}")).below(900_000_000_000);
        (0..self.accounts).filter_map(|index| number(index).to_string().parse().ok()).collect()
    }

    /// The regions, the trails' home first.
    pub fn region_names(&self) -> Vec<Region> {
        REGIONS.iter().take(self.regions).filter_map(|name| name.parse().ok()).collect()
    }

    /// All chains, in the order account, region, trail, kind.
    pub(super) fn chains(&self) -> Vec<ChainPlan> {
        let regions = self.region_names();
        let mut chains = Vec::new();
        for (account, account_id) in self.account_ids().into_iter().enumerate() {
            for (at, region) in regions.iter().enumerate() {
                let late = at + 1 == self.regions && self.turns.contains(&Turn::LateRegion);
                for (trail, name) in self.trails.iter().enumerate() {
                    let place = AccountRegion {
                        account: account_id,
                        region: region.clone(),
                        organization: self.organization.clone(),
                    };
                    let standard = ChainPlan {
                        id: ChainId {
                            place,
                            trail: name.clone(),
                            home_region: regions[0].clone(),
                            kind: DigestKind::Standard,
                        },
                        trail,
                        account,
                        hours: if late { self.hours / 2 } else { 0 }..self.hours,
                    };
                    let backfill = ChainPlan {
                        id: ChainId { kind: DigestKind::Backfill, ..standard.id.clone() },
                        hours: 1..4,
                        ..standard.clone()
                    };
                    chains.push(standard);
                    if at == 0 && trail == 0 && self.turns.contains(&Turn::Backfill) {
                        chains.push(backfill);
                    }
                }
            }
        }
        chains
    }

    /// The hours in which the first trail is stopped.
    pub(super) fn silence(&self) -> Option<Range<u32>> {
        let half = self.hours / 2;
        self.turns.contains(&Turn::Restart).then_some(half..half + SILENCE)
    }

    /// The hour from which the first trail delivers to its second bucket.
    pub(super) fn bucket_change(&self) -> Option<u32> {
        self.turns.contains(&Turn::BucketChange).then_some(self.hours / 3)
    }

    /// The hour from which the first trail delivers under its second prefix.
    pub(super) fn prefix_change(&self) -> Option<u32> {
        self.turns.contains(&Turn::PrefixChange).then_some(self.hours * 2 / 3)
    }

    /// The hour from which the first trail is an organization's.
    pub(super) fn organization_change(&self) -> Option<u32> {
        self.turns.contains(&Turn::OrganizationChange).then_some(self.hours / 2)
    }

    /// The hour in which a log file of the third hour is delivered, in the last region.
    pub(super) fn redelivery(&self) -> Option<u32> {
        self.turns.contains(&Turn::Redelivery).then_some(self.hours / 2)
    }

    /// Where a trail delivers in an hour.
    pub(super) fn destination(&self, trail: usize, hour: u32) -> Destination {
        let passed = |change: Option<u32>| trail == 0 && change.is_some_and(|at| hour >= at);
        let prefix = self.prefix.trim_matches('/');
        let second_prefix = passed(self.prefix_change());
        Destination {
            bucket: if passed(self.bucket_change()) {
                format!("{}-second", self.bucket)
            } else {
                self.bucket.clone()
            },
            prefix: match (prefix, second_prefix) {
                ("", false) => String::new(),
                ("", true) => "second/".into(),
                (prefix, false) => format!("{prefix}/"),
                (prefix, true) => format!("{prefix}/second/"),
            },
        }
    }
}
