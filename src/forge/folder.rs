//! A world as a folder: `DIR/bucket/…` holds the keys of the bucket (of a second bucket, `DIR/NAME/…`), each digest's
//! metadata lies beside it as `NAME.head.json`. `DIR/keys.json`, `DIR/keys-by-region.json` and `DIR/truth.json` lie outside
//! of what stands for the bucket.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;
use serde_json::json;

use super::ForgeError;
use super::chain::{Stored, UserMetadata, forge_chain};
use super::damage::Damage;
use super::expect::{self, Trace};
use super::keys::Keys;
use super::plan::{ChainPlan, WorldPlan};
use super::truth::Truth;
use super::world::World;
use crate::crypto::Fingerprint;
use crate::trail::ObjectName;

/// The folder of the plan's bucket.
const BUCKET: &str = "bucket";

/// Forges a world into a folder and says what is right about it. Without damages it is written as it is forged,
/// so that it may be larger than memory; with damages it is made whole first.
///
/// # Errors
///
/// Where the plan makes no world, or the folder cannot be written.
pub fn write_world(plan: &WorldPlan, folder: &Path, damages: &[Damage]) -> Result<Truth, ForgeError> {
    plan.check()?;
    let truth = match damages {
        [] => stream_world(plan, folder)?,
        _ => {
            let mut world = World::forge(plan)?;
            for damage in damages {
                world.apply(*damage)?;
            }
            return world.write(folder);
        }
    };
    Ok(truth)
}

impl World {
    /// Writes the world as it stands, and says what is right about it.
    ///
    /// # Errors
    ///
    /// Where the plan makes no world, or the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Truth, ForgeError> {
        let writer = Writer { folder, bucket: &self.plan.bucket };
        self.objects.par_iter().try_for_each(|(object, stored)| writer.write(object, stored))?;
        let truth = self.truth();
        writer.write_beside(&self.keys, &self.plan, &truth)?;
        Ok(truth)
    }
}

fn stream_world(plan: &WorldPlan, folder: &Path) -> Result<Truth, ForgeError> {
    let keys = Keys::forge(plan)?;
    let writer = Writer { folder, bucket: &plan.bucket };
    let chains = plan.chains();
    let counts = chains.par_iter().map(|chain| stream_chain(plan, &keys, chain, &writer));
    let [digests, logs] =
        counts.try_reduce(|| [0, 0], |one, other| Ok([one[0] + other[0], one[1] + other[1]]))?;
    let traces: Vec<Trace> = chains.iter().map(|chain| Trace::of(plan, chain)).collect();
    let truth = Truth::new(plan, digests, logs, expect::by_plan(plan, &traces));
    writer.write_beside(&keys, plan, &truth)?;
    Ok(truth)
}

fn stream_chain(
    plan: &WorldPlan,
    keys: &Keys,
    chain: &ChainPlan,
    writer: &Writer<'_>,
) -> Result<[u64; 2], ForgeError> {
    let mut counts = [0, 0];
    for hour in forge_chain(plan, keys, chain) {
        let hour = hour?;
        counts[0] += 1;
        counts[1] += hour.logs.len() as u64;
        for (object, stored) in &hour.logs {
            writer.write(object, stored)?;
        }
        writer.write(hour.digest.object(), &hour.digest.store())?;
    }
    Ok(counts)
}

struct Writer<'plan> {
    folder: &'plan Path,
    bucket: &'plan str,
}

impl Writer<'_> {
    fn write(&self, object: &ObjectName, stored: &Stored) -> Result<(), ForgeError> {
        let bucket = if *object.bucket == *self.bucket { BUCKET } else { &object.bucket };
        let path = self.folder.join(bucket).join(&*object.key);
        write_file(&path, &stored.body, Some(stored.last_modified.into()))?;
        match &stored.metadata {
            Some(metadata) => {
                let mut beside = path.into_os_string();
                beside.push(".head.json");
                write_file(&PathBuf::from(beside), &head(stored, metadata), None)
            }
            None => Ok(()),
        }
    }

    fn write_beside(&self, keys: &Keys, plan: &WorldPlan, truth: &Truth) -> Result<(), ForgeError> {
        write_file(&self.folder.join("keys.json"), &keys.json(), None)?;
        let by_region = keys.json_by_region(&plan.region_names());
        write_file(&self.folder.join("keys-by-region.json"), &by_region, None)?;
        write_file(&self.folder.join("truth.json"), &truth.json(), None)
    }
}

/// What `aws s3api head-object` prints.
fn head(stored: &Stored, metadata: &UserMetadata) -> Vec<u8> {
    let mut user = serde_json::Map::new();
    let fields = [
        ("signature", &metadata.signature),
        ("signature-algorithm", &metadata.signature_algorithm),
        ("backfill-generation-timestamp", &metadata.backfill_generation_timestamp),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            user.insert(name.into(), value.as_str().into());
        }
    }
    let head = json!({
        "AcceptRanges": "bytes",
        "LastModified": stored.last_modified.format("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        "ContentLength": stored.body.len(),
        // An S3 ETag is the MD5 of the stored bytes, as is a fingerprint.
        "ETag": format!("\"{}\"", Fingerprint::of(&stored.body)),
        "ContentEncoding": "gzip",
        "ContentType": "application/json",
        "ServerSideEncryption": "AES256",
        "Metadata": user,
    });
    serde_json::to_vec_pretty(&head).unwrap_or_default()
}

fn write_file(path: &Path, bytes: &[u8], modified: Option<SystemTime>) -> Result<(), ForgeError> {
    let create = || match File::create(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            File::create(path)
        }
        other => other,
    };
    let write = || -> io::Result<()> {
        let mut file = create()?;
        file.write_all(bytes)?;
        match modified {
            Some(time) => file.set_modified(time),
            None => Ok(()),
        }
    };
    write().map_err(|error| ForgeError::Write(path.into(), error))
}
