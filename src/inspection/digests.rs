//! One chain's part of a day, and how its digests are written in few words: most follow each other hour by hour, each link
//! holding, and then their number says all there is to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chain::{Found, Item, Link, Own, Proven, Refused};
use crate::crypto::{Hash, Signature};
use crate::digest::{Fault, Packing, Previous};
use crate::trail::key::DigestKey;
use crate::trail::text::moment;
use crate::trail::{ChainId, DIGEST_HOUR, Location, ObjectName, Span, Time};
use crate::verdict::{LogTally, Unseen};

/// More digests than a day has hours are not written as one.
const MOST_IN_A_RUN: u32 = 48;

/// One chain's part of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainDay {
    /// Its digests, by end and name.
    pub items: Vec<Item>,
    /// The log files they name.
    pub logs: LogTally,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct Chain {
    chain: ChainId,
    homes: Vec<Location>,
    digests: Vec<Digest>,
    #[serde(default, skip_serializing_if = "is_empty")]
    logs: LogTally,
}

fn is_empty(tally: &LogTally) -> bool {
    tally.total() == 0
}

/// A digest, and those that follow it hour by hour with nothing else to say.
#[derive(Serialize, Deserialize)]
struct Digest {
    #[serde(with = "moment")]
    end: Time,
    #[serde(default, skip_serializing_if = "is_first")]
    home: usize,
    /// Where it is not that of its home: a folder does not know its bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bucket: Option<String>,
    #[serde(default, skip_serializing_if = "is_none")]
    more: u32,
    #[serde(flatten)]
    found: Told,
}

fn is_first(home: &usize) -> bool {
    *home == 0
}

fn is_none(more: &u32) -> bool {
    *more == 0
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Authentic(Box<Authentic>),
    Rejected(Box<Refused>),
    Unseen(Unseen),
    Gone,
}

#[derive(Serialize, Deserialize)]
struct Authentic {
    /// Where it is not the hour before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    #[serde(default, skip_serializing_if = "Before::is_usual")]
    before: Before,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<Own>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anomaly: Option<Fault>,
    #[serde(default = "gzip", skip_serializing_if = "is_gzip")]
    packing: Packing,
}

fn gzip() -> Packing {
    Packing::Gzip
}

fn is_gzip(packing: &Packing) -> bool {
    *packing == Packing::Gzip
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Before {
    Start,
    #[default]
    Holds,
    To {
        /// Where it is not the digest of the hour before in the same place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<ObjectName>,
        hash: Hash,
        signature: Signature,
    },
}

impl Before {
    fn is_usual(&self) -> bool {
        matches!(self, Self::Holds)
    }
}

/// The chains of a day.
pub(super) mod chains {
    use serde::de::Error as _;

    use super::{BTreeMap, Chain, ChainDay, ChainId, Deserialize, Deserializer, Serializer, read, written};

    pub(crate) fn serialize<S: Serializer>(
        chains: &BTreeMap<ChainId, ChainDay>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(chains.iter().map(|(chain, day)| {
            let (homes, digests) = written(day.items.iter());
            Chain { chain: chain.clone(), homes, digests, logs: day.logs }
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        list: D,
    ) -> Result<BTreeMap<ChainId, ChainDay>, D::Error> {
        let mut chains = BTreeMap::new();
        for Chain { chain, homes, digests, logs } in Vec::deserialize(list)? {
            let items = read(&chain, &homes, digests).map_err(D::Error::custom)?;
            if chains.insert(chain, ChainDay { items, logs }).is_some() {
                return Err(D::Error::custom("a chain is there twice"));
            }
        }
        Ok(chains)
    }
}

/// Digests of any chains, by name.
pub(super) mod by_name {
    use serde::de::Error as _;

    use super::{
        BTreeMap, Chain, Deserialize, Deserializer, Item, LogTally, ObjectName, Serializer, read, written,
    };

    pub(crate) fn serialize<S: Serializer>(
        items: &BTreeMap<ObjectName, Item>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(items.values().map(|item| {
            let (homes, digests) = written([item]);
            Chain { chain: item.key.chain.clone(), homes, digests, logs: LogTally::default() }
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        list: D,
    ) -> Result<BTreeMap<ObjectName, Item>, D::Error> {
        let mut items = BTreeMap::new();
        for Chain { chain, homes, digests, .. } in Vec::deserialize(list)? {
            let read = read(&chain, &homes, digests).map_err(D::Error::custom)?;
            items.extend(read.into_iter().map(|item| (item.object.clone(), item)));
        }
        Ok(items)
    }
}

/// When the digests of chains end.
pub(super) mod ends {
    use super::{BTreeMap, ChainId, Deserialize, Deserializer, Serialize, Serializer, Time, moment};

    #[derive(Serialize, Deserialize)]
    struct End {
        chain: ChainId,
        #[serde(with = "moment")]
        end: Time,
    }

    pub(crate) fn serialize<S: Serializer>(
        ends: &BTreeMap<ChainId, Time>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(ends.iter().map(|(chain, end)| End { chain: chain.clone(), end: *end }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        list: D,
    ) -> Result<BTreeMap<ChainId, Time>, D::Error> {
        let ends = Vec::<End>::deserialize(list)?;
        Ok(ends.into_iter().map(|End { chain, end }| (chain, end)).collect())
    }
}

/// The digest that claims a file.
pub(super) mod claimant {
    use super::{Arc, Deserialize, Deserializer, ObjectName, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        claimant: &Option<Arc<ObjectName>>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        claimant.as_deref().serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        name: D,
    ) -> Result<Option<Arc<ObjectName>>, D::Error> {
        Ok(Option::<ObjectName>::deserialize(name)?.map(Arc::new))
    }
}

fn written<'i>(items: impl IntoIterator<Item = &'i Item>) -> (Vec<Location>, Vec<Digest>) {
    let mut homes: Vec<Location> = Vec::new();
    let mut digests: Vec<Digest> = Vec::new();
    let mut last: Option<&Item> = None;
    for item in items {
        let goes_on = last.is_some_and(|last| follows(last, item));
        match digests.last_mut().filter(|digest| goes_on && digest.more < MOST_IN_A_RUN) {
            Some(run) => run.more += 1,
            None => digests.push(digest(item, &mut homes)),
        }
        last = Some(item);
    }
    (homes, digests)
}

/// Whether a digest comes an hour after another one in the same place, and there is nothing else to say of either.
fn follows(last: &Item, item: &Item) -> bool {
    let is_plain = |item: &Item| {
        let hour = Span::of_digest(item.key.end);
        item.authentic().is_some_and(|proven| *proven == plain(hour))
    };
    let same_place = last.key.prefix == item.key.prefix && last.object.bucket == item.object.bucket;
    is_plain(last) && is_plain(item) && same_place && last.key.end + DIGEST_HOUR == item.key.end
}

fn plain(span: Span) -> Proven {
    Proven { span, link: Link::Holds, own: None, anomaly: None, packing: Packing::Gzip }
}

fn digest(item: &Item, homes: &mut Vec<Location>) -> Digest {
    let known = homes.iter().position(|home| home.prefix == item.key.prefix);
    let home = known.unwrap_or_else(|| {
        homes.push(Location::new(Arc::clone(&item.object.bucket), item.key.prefix.clone()));
        homes.len() - 1
    });
    let own_bucket = homes.get(home).is_none_or(|home| home.bucket != item.object.bucket);
    Digest {
        end: item.key.end,
        home,
        bucket: own_bucket.then(|| item.object.bucket.to_string()),
        more: 0,
        found: match &item.found {
            Found::Authentic(proven) => Told::Authentic(Box::new(authentic(item, proven))),
            Found::Rejected(refused) => Told::Rejected(refused.clone()),
            Found::Unseen(unseen) => Told::Unseen(unseen.clone()),
            Found::Gone => Told::Gone,
        },
    }
}

fn authentic(item: &Item, proven: &Proven) -> Authentic {
    let Proven { span, link, own, anomaly, packing } = proven;
    let hour = Span::of_digest(item.key.end);
    Authentic {
        span: Some(*span).filter(|span| *span != hour),
        before: match link {
            Link::Start => Before::Start,
            Link::Holds => Before::Holds,
            Link::To(previous) => {
                let Previous { object, hash, signature } = (**previous).clone();
                Before::To {
                    object: Some(object).filter(|object| *object != hour_before(item)),
                    hash,
                    signature,
                }
            }
        },
        own: own.clone(),
        anomaly: anomaly.clone(),
        packing: *packing,
    }
}

/// The name that the digest of the hour before has in the same place.
fn hour_before(item: &Item) -> ObjectName {
    let key = DigestKey { end: item.key.end - DIGEST_HOUR, ..item.key.clone() };
    ObjectName::new(Arc::clone(&item.object.bucket), key.to_string())
}

fn read(chain: &ChainId, homes: &[Location], digests: Vec<Digest>) -> Result<Vec<Item>, &'static str> {
    let mut items = Vec::new();
    for Digest { end, home, bucket, more, found } in digests {
        let home = homes.get(home).ok_or("a digest lies in a home that is not named")?;
        let bucket = bucket.map_or_else(|| Arc::clone(&home.bucket), Into::into);
        let key = DigestKey { prefix: home.prefix.clone(), chain: chain.clone(), end };
        let object = ObjectName::new(bucket, key.to_string());
        let mut item = Item { key, object, found: Found::Gone };
        item.found = match found {
            Told::Authentic(told) => Found::Authentic(Box::new(proven(&item, *told))),
            Told::Rejected(refused) => Found::Rejected(refused),
            Told::Unseen(unseen) => Found::Unseen(unseen),
            Told::Gone => Found::Gone,
        };
        if more > MOST_IN_A_RUN {
            return Err("more digests follow each other than a day has hours");
        }
        items.push(item);
        for _hour in 0..more {
            let Some(last) = items.last() else { break };
            items.push(next(last));
        }
    }
    Ok(items)
}

fn proven(item: &Item, told: Authentic) -> Proven {
    let Authentic { span, before, own, anomaly, packing } = told;
    Proven {
        span: span.unwrap_or(Span::of_digest(item.key.end)),
        link: match before {
            Before::Start => Link::Start,
            Before::Holds => Link::Holds,
            Before::To { object, hash, signature } => {
                let object = object.unwrap_or_else(|| hour_before(item));
                Link::To(Box::new(Previous { object, hash, signature }))
            }
        },
        own,
        anomaly,
        packing,
    }
}

fn next(last: &Item) -> Item {
    let (key, text) = last.key.sibling(&last.object.key, last.key.end + DIGEST_HOUR);
    let object = ObjectName::new(Arc::clone(&last.object.bucket), text);
    let found = Found::Authentic(Box::new(plain(Span::of_digest(key.end))));
    Item { key, object, found }
}
