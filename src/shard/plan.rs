//! The plan: what is asked, by which keys, of which accounts and regions, and which shard does what.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RecordAt, Weight, asked, keys};
use crate::crypto::{Hash, KeyRing};
use crate::inspection::{Brief, Days, Site};
use crate::trail::Day;

/// What a plan's file says that it is.
const SCHEMA: &str = "trailseal/plan/v1";

/// What a plan is known by: the SHA-256 of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanId(Hash);

impl PlanId {
    /// The hash.
    pub fn hash(self) -> Hash {
        self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShardPlan {
    /// The version of trailseal that made it.
    pub tool: String,
    /// The number of the rules of judgement.
    pub rules: u32,
    /// Where the record lies.
    pub at: RecordAt,
    /// What is asked, of which window, as of when.
    #[serde(with = "asked")]
    pub brief: Brief,
    /// The keys that digests are held against.
    #[serde(with = "keys")]
    pub keys: KeyRing,
    /// Every account and region.
    pub sites: Vec<PlannedSite>,
    /// What each shard does.
    pub shards: Vec<Vec<Piece>>,
}

/// An account and region, and what is listed of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSite {
    /// Which one, and where its folders lie.
    pub site: Site,
    /// What reading it takes.
    pub weight: Weight,
}

/// Days of an account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Piece {
    /// Its place in the plan's list.
    pub site: usize,
    /// The first of the days; none, if nothing is before them.
    pub from: Option<Day>,
    /// The last of them; none, if nothing is after them.
    pub to: Option<Day>,
}

impl Piece {
    /// The days.
    pub fn days(&self) -> Days {
        Days { from: self.from, to: self.to, ..Days::default() }
    }
}

/// Why bytes are no plan to be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPlan {
    /// They are not written as one.
    #[error("it is no plan as `trailseal plan --shards N` writes it: {0}")]
    Malformed(#[from] serde_json::Error),
    /// They are one of another version.
    #[error("it is of schema {0:?}, and {SCHEMA:?} is the one that is read: plan anew")]
    Schema(String),
    /// Its content is not what its id was made of.
    #[error(
        "its content was changed after it was made: it hashes to {found}, and its id is {named}; plan anew"
    )]
    Changed {
        /// The id that it names.
        named: String,
        /// What its content hashes to.
        found: Hash,
    },
    /// Another version of trailseal made it.
    #[error(
        "trailseal {made_by} made it, and this is {own}: what they find may differ; use the same version for the plan, all \
         shards and the report, or plan anew"
    )]
    Version {
        /// Who made it.
        made_by: String,
        /// Who reads it.
        own: String,
    },
    /// A shard of it names an account and region that it does not have.
    #[error("a shard of it names an account and region that is not in it: plan anew")]
    NoSuchSite,
}

#[derive(Serialize)]
struct Written<'p> {
    schema: &'static str,
    id: String,
    content: &'p RawValue,
}

#[derive(Deserialize)]
struct Read<'p> {
    schema: String,
    id: String,
    #[serde(borrow)]
    content: &'p RawValue,
}

impl ShardPlan {
    /// The plan as it is written, and its id. The same plan is always written the same.
    ///
    /// # Errors
    ///
    /// None that can be provoked: every plan can be written.
    pub fn to_json(&self) -> Result<(Vec<u8>, PlanId), NotAPlan> {
        let content = serde_json::value::to_raw_value(self)?;
        let id = Hash::of(content.get().as_bytes());
        let mut json =
            serde_json::to_vec(&Written { schema: SCHEMA, id: id.to_string(), content: &content })?;
        json.push(b'\n');
        Ok((json, PlanId(id)))
    }

    /// Reads what [`to_json`](Self::to_json) writes, if `tool` made it by these rules.
    ///
    /// # Errors
    ///
    /// Where the bytes are no plan, one that was changed, or one that another version made.
    pub fn from_json(json: &[u8], (tool, rules): (&str, u32)) -> Result<(Self, PlanId), NotAPlan> {
        let Read { schema, id: named, content } = serde_json::from_slice(json)?;
        if schema != SCHEMA {
            return Err(NotAPlan::Schema(schema));
        }
        let found = Hash::of(content.get().as_bytes());
        if found.to_string() != named {
            return Err(NotAPlan::Changed { named, found });
        }
        let plan: Self = serde_json::from_str(content.get())?;
        if plan.tool != tool || plan.rules != rules {
            let own = format!("{tool} (rules {rules})");
            return Err(NotAPlan::Version { made_by: format!("{} (rules {})", plan.tool, plan.rules), own });
        }
        if plan.shards.iter().flatten().any(|piece| piece.site >= plan.sites.len()) {
            return Err(NotAPlan::NoSuchSite);
        }
        Ok((plan, PlanId(found)))
    }

    /// What a shard reads; nothing, if there is no such shard.
    pub fn pieces(&self, shard: usize) -> Option<Vec<(Site, Days)>> {
        let pieces = self.shards.get(shard)?.iter();
        Some(
            pieces
                .filter_map(|piece| Some((self.sites.get(piece.site)?.site.clone(), piece.days())))
                .collect(),
        )
    }
}
