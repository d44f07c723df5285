//! Proves that an AWS CloudTrail record is whole: every digest authentic, every link of every chain intact, every log
//! file byte for byte what AWS delivered, no hour and no region quietly missing.
//!
//! Two sentences govern every line: the bucket's content is hostile, and an outage is never a crime. What could not be
//! read is never called tampered, and what was tampered with is never called unreadable. From them follow three rules: whole
//! is said only of what was looked at wholly; a name the caller gives is a claim to be met; and only where S3 itself spoke is
//! anybody accused.
//!
//! What a program needs of it: a [`store`] (a bucket, a folder, or its own), the public [`keys`], and [`audit::run`], which
//! verifies what a [`Plan`](audit::Plan) asks for and gives a [`Report`](report::Report); [`render`] writes that in every
//! format. [`audit::survey`] and [`audit::conclude`] are the two halves of a run, for parts that are read apart;
//! [`audit::outline`], [`audit::shard`] and [`audit::merge`] those of a run over several machines, as [`shard`] plans it. On AWS,
//! [`aws`] finds credentials; [`forge`] makes worlds to try it on.
//!
//! The house, from the ground up; each floor sees only those below it:
//!
//! - **vocabulary** ([`trail`], `crypto`, `gzip`, `json`, [`settings`]): accounts, chains, keys of objects, hashes, signatures,
//!   bounded inflation, the JSON that tools write. Pure.
//! - **judgement** (`verdict`, `digest`, `chain`, `logs`, `events`, [`report`]; `inspection`, which puts theirs together for
//!   one account and region, `ledger`, which remembers that, and `conclusion`, for all of them; [`seal`], which signs what a run
//!   saw and judges what witnesses hold of that, [`shard`], which divides a run, and [`posture`], which holds settings against a
//!   policy): what bytes and listings amount to. Pure: no clock, no network, no disk.
//! - **ports** ([`store`], [`keys`] and, for AWS, [`aws`]): where objects and keys come from. They may fail, but never call
//!   an object absent unless the store said so.
//! - **shell** ([`audit`]): lists, fetches and calls judgement, concurrently and within bounds.
//! - **presentation** ([`render`]): a [`report::Report`] goes in, bytes come out. `alert`: what of it is told to people and other
//!   systems, and which of that is news.
//! - **forge** ([`forge`]): signs worlds of its own, and damages them, for the demo, the tests and the benches.
//!
//! ```
//! use std::sync::Arc;
//! use trailseal::audit::{self, Plan, Ports, Stopper};
//! use trailseal::audit::NamedBy;
//! use trailseal::keys::{self, KeySource};
//! use trailseal::store::dir::DirStore;
//!
//! # #[cfg(not(feature = "forge"))]
//! # fn main() {}
//! # #[cfg(feature = "forge")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("trailseal-doc-{}", std::process::id()));
//! # let world = trailseal::forge::write_world(&trailseal::forge::WorldPlan::default(), &folder, &[])?;
//! # let now = trailseal::trail::parse_time(&world.now)?;
//! let store = DirStore::open(folder.join("bucket"))?;
//! let keys = KeySource::Files(Arc::new(keys::read_file(&folder.join("keys.json"))?));
//! let plan = Plan::new("a copy".into(), "folder".into(), NamedBy::KeyOnly, now);
//! let (_stopper, stop) = Stopper::new();
//! let ports = Ports::unwatched(Arc::new(store), Arc::new(keys), stop);
//! let run = audit::run(plan, ports);
//! let report = tokio::runtime::Runtime::new()?.block_on(run)?;
//! assert_eq!(report.exit_code(), 0);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! What is wrong is told as findings: what it is, what it says about the record, where, and the facts to check it against.
//!
//! ```
//! # use std::sync::Arc;
//! # use trailseal::audit::{self, Plan, Ports, Stopper};
//! # use trailseal::audit::NamedBy;
//! # use trailseal::keys::{self, KeySource};
//! # use trailseal::store::dir::DirStore;
//! use trailseal::render::message;
//! use trailseal::report::{Class, Code, Report};
//!
//! fn tampered(report: &Report) -> Vec<String> {
//!     let tampered = report.findings.iter().filter(|finding| finding.class() == Class::Tamper);
//!     tampered.map(|finding| format!("{}: {}", finding.code(), message(finding))).collect()
//! }
//!
//! # #[cfg(not(feature = "forge"))]
//! # fn main() {}
//! # #[cfg(feature = "forge")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("trailseal-doc-findings-{}", std::process::id()));
//! # let damages = [trailseal::forge::Damage::LogDeleted];
//! # let world = trailseal::forge::write_world(&trailseal::forge::WorldPlan::default(), &folder, &damages)?;
//! # let now = trailseal::trail::parse_time(&world.now)?;
//! # let store = DirStore::open(folder.join("bucket"))?;
//! # let keys = KeySource::Files(Arc::new(keys::read_file(&folder.join("keys.json"))?));
//! # let plan = Plan::new("a copy".into(), "folder".into(), NamedBy::KeyOnly, now);
//! # let (_stopper, stop) = Stopper::new();
//! # let run = audit::run(plan, Ports::unwatched(Arc::new(store), Arc::new(keys), stop));
//! # let report = tokio::runtime::Runtime::new()?.block_on(run)?;
//! # std::fs::remove_dir_all(&folder)?;
//! assert_eq!(tampered(&report), ["log-missing: a digest names this file, and it is not there"]);
//! assert!(report.findings.iter().any(|finding| finding.code() == Code::LogMissing));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "cli")]
mod alert;
pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
mod chain;
#[cfg(feature = "cli")]
mod cli;
mod conclusion;
mod crypto;
mod digest;
mod events;
#[cfg(feature = "forge")]
pub mod forge;
mod gzip;
mod inspection;
mod json;
pub mod keys;
mod ledger;
mod logs;
pub mod posture;
pub mod render;
pub mod report;
pub mod seal;
pub mod settings;
pub mod shard;
pub mod store;
pub mod trail;
mod verdict;

#[doc(hidden)]
#[cfg(feature = "cli")]
pub use cli::main;

// What the crate's own tests and benches look at one by one. No part of the library's promise.
#[doc(hidden)]
pub use {
    crypto::sha256::Hasher,
    digest::{Authentication, DigestPlace, authenticate},
    events::Scanner,
    gzip::{Fault, Limit, Pushed, Shown, inflate, inflate_hashed, inflate_hashed_both},
    inspection::LogFolder,
    ledger::{Extent, FolderListing, LogRegion, SiteListing, Stamp},
};
