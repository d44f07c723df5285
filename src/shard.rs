//! A run over more than one machine: a plan that fixes what each shard reads and all that it is judged by, and the part that
//! each shard hands in. Values and how they are written; nothing here lists, fetches or waits.
//!
//! A plan is known by the SHA-256 of its content, and a part names the plan that it is of. Keys travel with the plan, so whoever
//! may write plans or parts decides what a record is believed to be: they belong in a place as trusted as the machine that
//! reports.

mod asked;
mod at;
mod index;
mod keys;
mod pack;
mod part;
mod plan;

pub use at::{Lies, RecordAt};
pub use index::{Index, NoIndex};
pub use keys::fingerprint;
pub use pack::{SiteLoad, Weight, pack};
pub use part::{NotAPart, Part};
pub use plan::{NotAPlan, Piece, PlanId, PlannedSite, ShardPlan};
