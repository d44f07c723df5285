//! Named facts.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Named facts a reader can check a finding against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(pub BTreeMap<Cow<'static, str>, Value>);

impl Evidence {
    /// No facts.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one fact.
    pub fn with(mut self, name: &'static str, fact: impl Into<Value>) -> Self {
        self.0.insert(name.into(), fact.into());
        self
    }
}

impl Ord for Evidence {
    fn cmp(&self, other: &Self) -> Ordering {
        let facts = |evidence: &Self| -> Vec<(String, String)> {
            evidence.0.iter().map(|(name, fact)| (name.to_string(), fact.to_string())).collect()
        };
        facts(self).cmp(&facts(other))
    }
}

impl PartialOrd for Evidence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
