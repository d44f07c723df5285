//! Forges one chain, hour by hour: log files first, then the digest that names them, signed and linked.

use std::io::Write as _;

use bytes::Bytes;
use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

use super::ForgeError;
use super::body::{Body, Entry, HASH_ALGORITHM, HexCase, Previous, SIGNATURE_ALGORITHM};
use super::events::write_log;
use super::hour::{HourPlan, LogPlan, Opening};
use super::keys::{Keys, SigningKey};
use super::plan::{ChainPlan, WorldPlan};
use super::rng::Rng;
use crate::crypto::{Hash, Signature};
use crate::trail::{ObjectName, Time, format_time};

/// An object of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub body: Bytes,
    /// Its user metadata; a log file has none.
    pub metadata: Option<UserMetadata>,
    /// When it was written.
    pub last_modified: Time,
}

/// A digest's user metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserMetadata {
    /// `x-amz-meta-signature`
    pub signature: Option<String>,
    /// `x-amz-meta-signature-algorithm`
    pub signature_algorithm: Option<String>,
    /// `x-amz-meta-backfill-generation-timestamp`
    pub backfill_generation_timestamp: Option<String>,
}

/// A signed digest, with all that is needed to sign it again.
#[derive(Debug, Clone)]
pub struct ForgedDigest {
    /// What stands in it.
    pub(super) body: Body,
    /// Its signature.
    pub(super) signature: Signature,
    /// The SHA-256 of its inflated bytes.
    pub(super) hash: Hash,
    /// The hour it belongs to.
    pub(super) hour: u32,
    pub(super) generated: Option<Time>,
    pub(super) opening: Opening,
}

impl ForgedDigest {
    /// Where it lies.
    pub fn object(&self) -> &ObjectName {
        &self.body.place
    }

    /// The log files it names.
    pub fn logs(&self) -> &[Entry] {
        &self.body.logs
    }

    /// Signs `body` as AWS would.
    pub(super) fn seal(
        body: Body,
        key: &SigningKey,
        hour: u32,
        generated: Option<Time>,
        opening: Opening,
    ) -> Result<Self, ForgeError> {
        let json = body.json();
        let signature = key.sign(body.string_to_sign(&json).as_bytes())?;
        Ok(Self { hash: Hash::of(json.as_bytes()), body, signature, hour, generated, opening })
    }

    /// The object as AWS delivers it.
    pub(super) fn store(&self) -> Stored {
        let metadata = UserMetadata {
            signature: Some(self.signature.to_string()),
            signature_algorithm: Some(SIGNATURE_ALGORITHM.into()),
            backfill_generation_timestamp: self.generated.map(format_time),
        };
        Stored {
            body: gzip(self.body.json().as_bytes(), Compression::default()),
            metadata: Some(metadata),
            last_modified: self.generated.unwrap_or(self.body.end) + TimeDelta::minutes(30),
        }
    }

    /// What the next digest records of this one.
    pub(super) fn as_previous(&self) -> Previous {
        Previous {
            place: self.body.place.clone(),
            hash: self.hash,
            algorithm: HASH_ALGORITHM.into(),
            signature: self.signature.clone(),
        }
    }
}

/// One forged hour.
pub(super) struct ForgedHour {
    pub(super) digest: ForgedDigest,
    /// Its log files.
    pub(super) logs: Vec<(ObjectName, Stored)>,
}

/// Forges `chain` hour by hour; no hour is held longer than the caller holds it.
pub(super) fn forge_chain<'plan>(
    plan: &'plan WorldPlan,
    keys: &'plan Keys,
    chain: &'plan ChainPlan,
) -> impl Iterator<Item = Result<ForgedHour, ForgeError>> + 'plan {
    let mut previous = None;
    chain.plan_hours(plan).map(move |hour| {
        let forged = forge_hour(plan, keys, chain, &hour, previous.take())?;
        previous = Some(forged.digest.as_previous());
        Ok(forged)
    })
}

fn forge_hour(
    plan: &WorldPlan,
    keys: &Keys,
    chain: &ChainPlan,
    hour: &HourPlan,
    previous: Option<Previous>,
) -> Result<ForgedHour, ForgeError> {
    let (entries, logs) = hour.logs.par_iter().map(|log| forge_log(plan, chain, log)).unzip();
    let key = keys.at(hour.generated.unwrap_or(hour.span.end));
    let body = Body {
        account: chain.id.place.account.to_string(),
        start: hour.span.start,
        end: hour.span.end,
        place: hour.digest.clone(),
        fingerprint: key.fingerprint.to_string(),
        algorithm: SIGNATURE_ALGORITHM.into(),
        previous: previous.filter(|_| hour.opening == Opening::Linked),
        logs: entries,
        extra: Vec::new(),
        hex: HexCase::Lower,
    };
    let digest = ForgedDigest::seal(body, key, hour.index, hour.generated, hour.opening)?;
    Ok(ForgedHour { digest, logs })
}

fn forge_log(plan: &WorldPlan, chain: &ChainPlan, log: &LogPlan) -> (Entry, (ObjectName, Stored)) {
    let mut rng = Rng::new(plan.seed, &format!("events/{}", log.object));
    let text = write_log(&mut rng, &chain.id.place, log.delivered, plan.events_per_log, &log.journal);
    let entry = Entry {
        object: log.object.clone(),
        hash: Hash::of(text.json.as_bytes()),
        algorithm: HASH_ALGORITHM.into(),
        newest: text.newest,
        oldest: text.oldest,
    };
    let body = gzip(text.json.as_bytes(), Compression::default());
    (entry, (log.object.clone(), Stored { body, metadata: None, last_modified: log.written }))
}

/// One gzip member, without a name or a time in its header.
pub(super) fn gzip(bytes: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8 + 64), level);
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    Bytes::from(encoder.finish().unwrap_or_default())
}
