//! The world's signing keys. They are throw-away keys, made from the world's seed: worth nothing to anybody.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::TimeDelta;
use rayon::prelude::*;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _};
use serde::{Deserialize, Serialize};

use super::ForgeError;
use super::plan::WorldPlan;
use super::rng::Rng;
use crate::crypto::{Fingerprint, Signature};
use crate::trail::{Region, Time};

/// AWS brings out a new key about every 20 days, each valid for 30.
const ROTATION_HOURS: u32 = 20 * 24;

/// A key pair.
#[derive(Debug)]
pub(super) struct SigningKey {
    pub(super) fingerprint: Fingerprint,
    /// The public half as it is served.
    encoded: Vec<u8>,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// Makes the key of that label. Keys of odd numbers are served as X.509, as some of AWS's are.
    fn forge(seed: u64, number: usize) -> Result<Self, ForgeError> {
        let mut rng = Rng::new(seed, &format!("key/{number}"));
        let private = rsa::PrivateKey::new(rng.generator(), 2048).map_err(|_| ForgeError::Key)?;
        let public = rsa::PublicKey::from(&private);
        let encoded = match number % 2 {
            0 => public.to_pkcs1_der().map_err(|_| ForgeError::Key)?.into_vec(),
            _ => public.to_public_key_der().map_err(|_| ForgeError::Key)?.into_vec(),
        };
        let pkcs8 = private.to_pkcs8_der().map_err(|_| ForgeError::Key)?;
        let pair = RsaKeyPair::from_pkcs8(pkcs8.as_bytes()).map_err(|_| ForgeError::Key)?;
        Ok(Self { fingerprint: Fingerprint::of(&encoded), encoded, pair })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256: the same message always gives the same signature.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, ForgeError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| ForgeError::Key)?;
        Ok(Signature::from(signature))
    }
}

/// All keys of a world, and the one of a stranger who is not AWS.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<SigningKey>,
    seed: u64,
    start: Time,
    rotation: TimeDelta,
    stranger: OnceLock<SigningKey>,
}

/// The number that labels the stranger's key.
const STRANGER: usize = 1_000_000;

impl Keys {
    /// Makes as many keys as the plan's time needs, at least two, so that every long chain sees a rotation.
    pub(super) fn forge(plan: &WorldPlan) -> Result<Self, ForgeError> {
        let count = plan.hours.div_ceil(ROTATION_HOURS).max(2);
        let keys = (0..count as usize).into_par_iter().map(|number| SigningKey::forge(plan.seed, number));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            seed: plan.seed,
            start: plan.start,
            rotation: TimeDelta::hours(i64::from(plan.hours.div_ceil(count))),
            stranger: OnceLock::new(),
        })
    }

    /// The key that signs what is made at `time`.
    pub(super) fn at(&self, time: Time) -> &SigningKey {
        let turn = (time - self.start).num_seconds() / self.rotation.num_seconds().max(1);
        let last = self.keys.len() - 1;
        &self.keys[usize::try_from(turn).unwrap_or(0).min(last)]
    }

    /// A key that no list names.
    pub(super) fn stranger(&self) -> Result<&SigningKey, ForgeError> {
        match self.stranger.get() {
            Some(key) => Ok(key),
            None => {
                let key = SigningKey::forge(self.seed, STRANGER)?;
                Ok(self.stranger.get_or_init(|| key))
            }
        }
    }

    /// The published window of a key: 30 days, some of them before its first use.
    fn validity(&self, number: usize) -> [Time; 2] {
        let first_use = self.start + self.rotation * i32::try_from(number).unwrap_or(0);
        let from = first_use - TimeDelta::days(5);
        [from, from + TimeDelta::days(30)]
    }

    fn list(&self, style: TimeStyle) -> KeyList {
        let entry = |(number, key): (usize, &SigningKey)| {
            let [from, to] = self.validity(number).map(|time| style.write(time));
            KeyEntry {
                value: BASE64.encode(&key.encoded),
                validity_start_time: from,
                validity_end_time: to,
                fingerprint: key.fingerprint.to_string(),
            }
        };
        KeyList { public_key_list: self.keys.iter().enumerate().map(entry).collect() }
    }

    /// The list as `aws cloudtrail list-public-keys` prints it, in the time style of the AWS CLI's second version.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.list(TimeStyle::Iso)).unwrap_or_default()
    }

    /// The same keys by region, in the time style of the AWS CLI's first version.
    pub fn json_by_region(&self, regions: &[Region]) -> Vec<u8> {
        let list = self.list(TimeStyle::Epoch);
        let regions: BTreeMap<&str, &KeyList> =
            regions.iter().map(|region| (region.as_str(), &list)).collect();
        serde_json::to_vec_pretty(&regions).unwrap_or_default()
    }
}

enum TimeStyle {
    Iso,
    Epoch,
}

impl TimeStyle {
    fn write(&self, time: Time) -> serde_json::Value {
        match self {
            Self::Iso => time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string().into(),
            Self::Epoch => (time.timestamp() as f64).into(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyList {
    public_key_list: Vec<KeyEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyEntry {
    value: String,
    validity_start_time: serde_json::Value,
    validity_end_time: serde_json::Value,
    fingerprint: String,
}
