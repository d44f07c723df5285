//! Keys as a plan carries them: each with where it came from, and who answered for each region.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::{Authority, Fingerprint, Hash, KeyRing, PublicKey};
use crate::trail::text::{pairs, perhaps};
use crate::trail::{Region, Time};

/// SHA-256 of all keys of a ring, whatever they were read from: the same for the same keys.
pub fn fingerprint(ring: &KeyRing) -> Hash {
    let keys: BTreeSet<String> = ring
        .iter()
        .map(|key| {
            let region = key.region.as_ref().map_or("", Region::as_str);
            format!("{} {region} {}\n", key.fingerprint.as_str(), BASE64.encode(&key.encoded))
        })
        .collect();
    Hash::of(keys.into_iter().collect::<String>().as_bytes())
}

#[derive(Serialize, Deserialize)]
struct Ring {
    keys: Vec<Key>,
    #[serde(with = "pairs")]
    authorities: BTreeMap<Region, Authority>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    fingerprint: Fingerprint,
    region: Option<Region>,
    #[serde(with = "perhaps")]
    valid_from: Option<Time>,
    #[serde(with = "perhaps")]
    valid_to: Option<Time>,
    value: String,
    origin: String,
}

pub(super) fn serialize<S: Serializer>(ring: &KeyRing, out: S) -> Result<S::Ok, S::Error> {
    let keys = ring.iter().map(|key| Key {
        fingerprint: key.fingerprint.clone(),
        region: key.region.clone(),
        valid_from: key.valid_from,
        valid_to: key.valid_to,
        value: BASE64.encode(&key.encoded),
        origin: key.origin.to_string(),
    });
    Ring { keys: keys.collect(), authorities: ring.authorities().clone() }.serialize(out)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<KeyRing, D::Error> {
    let Ring { keys, authorities } = Ring::deserialize(text)?;
    let mut ring = KeyRing::default();
    for Key { fingerprint, region, valid_from, valid_to, value, origin } in keys {
        let encoded = BASE64.decode(value).map_err(D::Error::custom)?;
        let mut key = PublicKey::decode(fingerprint, &encoded).map_err(D::Error::custom)?;
        (key.region, key.valid_from, key.valid_to) = (region, valid_from, valid_to);
        key.origin = Arc::from(origin);
        ring.insert(key);
    }
    for (region, authority) in authorities {
        ring.set_authority(region, authority);
    }
    Ok(ring)
}
