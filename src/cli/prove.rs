//! `trailseal prove`: the spot check of one log file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{self, Plan, Ports};
use crate::digest::NamedBy;
use crate::keys::KeySource;
use crate::render::proof;
use crate::report::Proof;
use crate::store::dir::DirStore;
use crate::trail::key::LogKey;
use crate::trail::source::Within;
use crate::trail::{ObjectName, UNKNOWN_BUCKET};
use chrono::Utc;

use super::args::{ProofFormat, Prove};
use super::exit::{self, Failure};
use super::failed::{Advice, failure};
use super::key_files::key_files;
use super::output::{self, Output};
use super::source::{self, Absent, BucketPath};
use super::stopping::stop_on_signal;
#[cfg(feature = "aws")]
use super::stopping::unless_stopped;

/// Runs the command.
pub fn run(args: &Prove) -> Result<u8, Failure> {
    let output = Output::open(args.output.as_deref())?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let proof = runtime.block_on(prove(args))?;
    let width = output::width();
    let written = output.publish(|out| match args.format {
        ProofFormat::Human => proof::human(&proof, &args.file, width, out),
        ProofFormat::Json => proof::json(&proof, out),
    });
    exit::settle(proof.exit_code(), written.err())
}

async fn prove(args: &Prove) -> Result<Proof, Failure> {
    let now = Utc::now();
    let stop = stop_on_signal();
    let Some(BucketPath { bucket, path: key }) = source::bucket_and_path(&args.file)? else {
        let (folder, key) = folder_and_key(Path::new(&args.file), args.root.as_deref())?;
        let store = DirStore::open(&folder).map_err(|error| match error.kind() {
            ErrorKind::NotFound => no_file(Path::new(&args.file)),
            _ => Failure::new(format!("cannot read the folder {}: {error}", folder.display())),
        })?;
        let plan = Plan::new(args.file.clone(), UNKNOWN_BUCKET.into(), NamedBy::KeyOnly, now);
        let keys = Arc::new(KeySource::Files(Arc::new(key_files(&args.keys)?)));
        let object = ObjectName::new(UNKNOWN_BUCKET, key);
        return audit::prove(plan, object, Ports::unwatched(Arc::new(store), keys, stop))
            .await
            .map_err(|error| failure(&error, &Advice::default()));
    };
    if key.is_empty() {
        return Err(Failure::new(format!("{} is not s3://BUCKET/KEY of a log file", args.file)));
    }
    in_bucket(args, now, ObjectName::new(&*bucket, key), stop).await
}

#[cfg(feature = "aws")]
async fn in_bucket(
    args: &Prove,
    now: crate::trail::Time,
    object: ObjectName,
    stop: audit::Stop,
) -> Result<Proof, Failure> {
    let reach = unless_stopped(&stop, super::aws::AwsClients::open(&args.access, None)).await?;
    let plan = Plan::new(args.file.clone(), Arc::clone(&object.bucket), NamedBy::BucketAndKey, now);
    let keys = Arc::new(reach.keys(&args.keys, now)?);
    audit::prove(plan, object, Ports::unwatched(Arc::new(reach.store()), keys, stop))
        .await
        .map_err(|error| failure(&error, reach.advice()))
}

#[cfg(not(feature = "aws"))]
async fn in_bucket(
    _: &Prove,
    _: crate::trail::Time,
    _: ObjectName,
    _: audit::Stop,
) -> Result<Proof, Failure> {
    Err(Failure::new("this trailseal was built without the feature `aws`: it reads folders only"))
}

/// Splits a path into the folder that stands for the bucket and the key below it. Unless it is named, that folder is
/// taken to be the one that holds `AWSLogs`, or one above it where a digest there was delivered under its name.
fn folder_and_key(path: &Path, named: Option<&Path>) -> Result<(PathBuf, String), Failure> {
    let found = match named {
        Some(root) => path.strip_prefix(root).ok().and_then(|below| {
            let parts = below.components().map(|part| part.as_os_str().to_str());
            Some((root.to_owned(), parts.collect::<Option<Vec<_>>>()?.join("/")))
        }),
        None => source::as_written(path).iter().find_map(|path| source::split(path)),
    };
    let (root, key) = found.ok_or_else(|| in_no_record(path, named))?;
    let log = LogKey::parse(&key);
    // What no digest can name is not judged missing: it is not there.
    if log.is_none() && path.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Err(no_file(path));
    }
    let Some(log) = log.filter(|_| named.is_none()) else { return Ok((root, key)) };
    let (root, prefix) = source::raise(root, &Within::Region(log.place));
    Ok((root, format!("{prefix}{key}")))
}

/// Why a path names no log file of a record.
fn in_no_record(path: &Path, named: Option<&Path>) -> Failure {
    let shown = path.display();
    match (path.metadata(), named) {
        (Err(error), _) if error.kind() == ErrorKind::NotFound => no_file(path),
        (Err(error), _) => Failure::new(format!("cannot read {shown}: {error}")),
        (Ok(found), _) if found.is_dir() => Failure::new(format!(
            "{shown} is a folder, and prove takes one log file; a folder is verified: trailseal verify {shown}"
        )),
        (Ok(_), Some(root)) => Failure::new(format!(
            "{shown} does not lie in {}, which --root names; both have to be written from the same folder on",
            root.display()
        )),
        (Ok(_), None) => Failure::new(format!(
            "{shown} does not lie in a folder with keys as under the bucket (AWSLogs/…); --root names that folder"
        )),
    }
}

/// A path that is not there. One that a digest names is missing, which is another matter: that is judged.
fn no_file(path: &Path) -> Failure {
    let absent = Absent::of(path);
    let told = if absent.is_wholly() {
        format!(" here{}; one in a bucket is named s3://BUCKET/KEY", absent.meant())
    } else {
        absent.instead()
    };
    Failure::new(format!("there is no file {}{told}", path.display()))
}
