//! What is demanded of a record's protection: how long, how firmly, and which checks count.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::table::CheckId;
use crate::settings::LockMode;
use crate::trail::AccountId;

/// What is demanded. As a file it is TOML with these names, in kebab-case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// A word for it.
    pub name: String,
    /// What it follows, and whose rule that is.
    pub about: String,
    /// For how many days the record is to be kept.
    pub retention_days: u32,
    /// How many of its newest days are to be at hand at once.
    pub hot_days: u32,
    /// How firmly objects are to be locked.
    pub lock: LockDemand,
    /// For how many days they are to be locked at least.
    pub lock_days: u32,
    /// Accounts that are to be in the record.
    #[serde(default, deserialize_with = "accounts")]
    pub accounts: BTreeSet<AccountId>,
    /// Checks that count for less than usual.
    #[serde(default)]
    pub checks: BTreeMap<CheckId, Weight>,
}

/// How firmly objects are to be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockDemand {
    /// So that nobody can unlock them.
    Compliance,
    /// So that a right of its own is needed to unlock them; more firmly is as good.
    Governance,
}

impl LockDemand {
    /// Whether a mode is as firm.
    pub fn is_met_by(self, mode: LockMode) -> bool {
        match self {
            Self::Compliance => mode == LockMode::Compliance,
            Self::Governance => true,
        }
    }

    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliance => LockMode::Compliance.as_str(),
            Self::Governance => LockMode::Governance.as_str(),
        }
    }
}

/// How much a check counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// What does not pass sets the exit code.
    Required,
    /// It is told, and sets nothing.
    Advised,
}

impl Weight {
    /// The word that files and documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Advised => "advised",
        }
    }
}

impl Policy {
    /// How much a check counts.
    pub fn weight(&self, check: CheckId) -> Weight {
        self.checks.get(&check).copied().unwrap_or(Weight::Required)
    }
}

fn accounts<'de, D: serde::Deserializer<'de>>(list: D) -> Result<BTreeSet<AccountId>, D::Error> {
    let texts = Vec::<String>::deserialize(list)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}
