//! The caller's word that chains have lawfully ended.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::DateTime;

use super::text::as_text;
use super::{AccountId, ChainId, Malformed, Region, Time, TrailName, format_time};

/// The caller's word that chains have ended, `ACCOUNT[/REGION[/TRAIL]]@TIME`: that of the end of their last digest. It
/// holds for as long as that digest is there. A chain that ends earlier has lost digests; one that goes on later needs no
/// word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ended {
    /// Whose chains.
    pub account: AccountId,
    /// Only those of this region.
    pub region: Option<Region>,
    /// Only that of this trail.
    pub trail: Option<TrailName>,
    /// The end of the last digest; of several chains, the earliest of those.
    pub last: Time,
}

impl Ended {
    /// The word for one chain.
    pub fn of(chain: &ChainId, last: Time) -> Self {
        Self {
            account: chain.place.account,
            region: Some(chain.place.region.clone()),
            trail: Some(chain.trail.clone()),
            last,
        }
    }

    /// As few words as say the same as `words`: one for an account or region in which no chain goes on.
    pub fn together(words: Vec<Self>, going_on: &[&ChainId]) -> Vec<Self> {
        let mut fewest: BTreeMap<(AccountId, Option<Region>, Option<TrailName>), Time> = BTreeMap::new();
        for word in words {
            let account = Self { region: None, trail: None, ..word.clone() };
            let region = Self { trail: None, ..word.clone() };
            let alone = |wider: &Self| !going_on.iter().any(|chain| wider.names(chain));
            let word = [account, region].into_iter().find(alone).unwrap_or(word);
            let last = fewest.entry((word.account, word.region, word.trail)).or_insert(word.last);
            *last = word.last.min(*last);
        }
        fewest
            .into_iter()
            .map(|((account, region, trail), last)| Self { account, region, trail, last })
            .collect()
    }

    /// Whether it speaks of all that `other` speaks of.
    pub fn includes(&self, other: &Self) -> bool {
        self.account == other.account
            && (self.region.is_none() || self.region == other.region)
            && (self.trail.is_none() || self.trail == other.trail)
    }

    /// Whether it speaks of `chain`.
    pub fn names(&self, chain: &ChainId) -> bool {
        self.account == chain.place.account
            && self.region.as_ref().is_none_or(|region| *region == chain.place.region)
            && self.trail.as_ref().is_none_or(|trail| *trail == chain.trail)
    }

    /// Whether it says that `chain` may end with a digest of this end.
    pub fn allows(&self, chain: &ChainId, last: Time) -> bool {
        self.names(chain) && self.last <= last
    }
}

impl FromStr for Ended {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed {
            expected: "ACCOUNT[/REGION[/TRAIL]]@TIME, such as 111122223333/us-east-1/name@2026-03-01T10:17:28Z",
            found: text.chars().take(200).collect(),
        };
        let (chains, time) = text.rsplit_once('@').ok_or_else(malformed)?;
        let last = DateTime::parse_from_rfc3339(time).map_err(|_| malformed())?.to_utc();
        let mut parts = chains.splitn(3, '/');
        let account = parts.next().unwrap_or_default().parse()?;
        let region = parts.next().map(str::parse).transpose()?;
        let trail = parts.next().map(str::parse).transpose()?;
        Ok(Self { account, region, trail, last })
    }
}

as_text!(Ended);

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.account)?;
        if let Some(region) = &self.region {
            write!(out, "/{region}")?;
        }
        if let Some(trail) = &self.trail {
            write!(out, "/{trail}")?;
        }
        write!(out, "@{}", format_time(self.last))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::{AccountRegion, DigestKind};

    #[test]
    fn one_word_stands_for_an_account_only_while_none_of_its_chains_goes_on() {
        let words =
            |texts: &[&str]| -> Vec<Ended> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let single = words(&[
            "111122223333/us-east-1/one@2026-03-02T00:00:00Z",
            "111122223333/us-east-1/two@2026-03-01T00:00:00Z",
            "111122223333/eu-west-1/one@2026-03-03T00:00:00Z",
        ]);
        assert_eq!(Ended::together(single.clone(), &[]), words(&["111122223333@2026-03-01T00:00:00Z"]));
        let place = |region: &str| AccountRegion {
            organization: None,
            account: "111122223333".parse().unwrap(),
            region: region.parse().unwrap(),
        };
        let alive = ChainId {
            place: place("eu-west-1"),
            home_region: "us-east-1".parse().unwrap(),
            trail: "three".parse().unwrap(),
            kind: DigestKind::Standard,
        };
        assert_eq!(
            Ended::together(single, &[&alive]),
            words(&[
                "111122223333/eu-west-1/one@2026-03-03T00:00:00Z",
                "111122223333/us-east-1@2026-03-01T00:00:00Z"
            ])
        );
    }

    #[test]
    fn words_round_trip_and_nonsense_is_refused() {
        for text in [
            "111122223333@2026-03-01T10:17:28Z",
            "111122223333/us-east-1@2026-03-01T10:17:28Z",
            "111122223333/us-east-1/a-trail.of_mine@2026-03-01T10:17:28Z",
        ] {
            assert_eq!(text.parse::<Ended>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "@",
            "111122223333",
            "x@2026-03-01T10:17:28Z",
            "111122223333/@2026-03-01T10:17:28Z",
            "111122223333@now",
        ] {
            assert!(text.parse::<Ended>().is_err(), "{text}");
        }
    }
}
