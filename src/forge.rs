//! Forges CloudTrail worlds: accounts, regions, trails, log files and signed digests, byte for byte as AWS writes them, for
//! the demo, the tests and the benches. The same plan always gives the same bytes: nothing here reads a clock.
//!
//! The keys are made from the plan's seed. They are not AWS's, and nothing signed with them proves anything about AWS.

use std::path::PathBuf;

mod body;
mod chain;
pub mod damage;
mod events;
mod expect;
mod folder;
mod hour;
mod keys;
pub mod plan;
mod rng;
pub mod truth;
mod world;

#[cfg(test)]
mod tests;

pub use body::Entry;
pub use chain::{ForgedDigest, Stored, UserMetadata};
pub use damage::Damage;
pub use folder::write_world;
pub use keys::Keys;
pub use plan::{Turn, WorldPlan};
pub use truth::{Answer, Expected, Truth};
pub use world::{ForgedChain, World};

/// Why a world could not be forged.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The plan cannot be followed.
    #[error("{0}")]
    WorldPlan(String),
    /// A key could not be made or used.
    #[error("an RSA key could not be made or used")]
    Key,
    /// The world has no place for a damage.
    #[error(
        "no account and region is left for the damage {0}: each takes one of its own, with 12 hours and log files, and \
         those of backfill digests need a world that has some (--turn backfill)"
    )]
    NoRoom(Damage),
    /// A file could not be written.
    #[error("{}: {_1}", _0.display())]
    Write(PathBuf, std::io::Error),
}
