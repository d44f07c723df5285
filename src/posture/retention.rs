//! How long the record is kept: what is said of that by the rules, and by what is listed. None of it is tampering.

use super::ListedChain;
use super::check::State;
use super::policy::Policy;
use crate::trail::{Time, format_time};

/// What is to be said of how long the record is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionFinding {
    /// What it is.
    pub code: RetentionCode,
    /// What was found, in words.
    pub message: String,
}

/// A kind of finding on how long the record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionCode {
    /// A rule deletes before the policy's time.
    Short,
    /// The record is younger than the policy asks, so that nothing shows yet that it is kept.
    Unproven,
    /// What the policy wants at hand goes to an archive, or is in one.
    HotCold,
    /// Log files and digests are kept for different times: the proof goes before what it proves, or after it.
    Split,
}

impl RetentionCode {
    /// The code of documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Short => "retention-short",
            Self::Unproven => "retention-unproven",
            Self::HotCold => "hot-cold",
            Self::Split => "digest-log-split",
        }
    }

    /// What a finding of the kind comes to: that a record is young shows nothing either way.
    pub fn state(self) -> State {
        match self {
            Self::Unproven => State::Unknown,
            Self::Short | Self::HotCold | Self::Split => State::Fail,
        }
    }
}

/// What the listing of chains says as of then.
pub(super) fn findings(
    chains: &[ListedChain],
    archived: u64,
    (now, policy): (Time, &Policy),
) -> Vec<RetentionFinding> {
    let age = |chain: &ListedChain| chain.oldest.map(|oldest| (now - oldest).num_days());
    let young =
        chains.iter().filter(|chain| age(chain).is_some_and(|days| days < policy.retention_days.into()));
    let mut found = Vec::new();
    if let Some(youngest) = young.clone().max_by_key(|chain| chain.oldest) {
        let (id, oldest) = (&youngest.id, youngest.oldest.map(format_time).unwrap_or_default());
        found.push(RetentionFinding {
            code: RetentionCode::Unproven,
            message: format!(
                "{} of {} chains begin less than {} days ago, the youngest, {} {} {}, with a digest that ends at {oldest}",
                young.count(),
                chains.len(),
                policy.retention_days,
                id.place.account,
                id.place.region,
                id.trail,
            ),
        });
    }
    if archived > 0 {
        found.push(RetentionFinding {
            code: RetentionCode::HotCold,
            message: format!(
                "{archived} digests of the newest days lie in an archive; the newest {} days are to be at hand at once",
                policy.hot_days
            ),
        });
    }
    found
}

#[cfg(test)]
mod tests;
