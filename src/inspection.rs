//! Judgement of one account and region: its digests held against keys and successors, and what they say of others. What is
//! asked comes in as a [`Brief`], what was read as values; nothing here lists, fetches or waits.

mod authenticate;
mod brief;
mod plan;
mod settle;
mod site;

pub use authenticate::{authenticate, exceeds, unknown_to_aws};
pub use brief::Brief;
pub use plan::{Bounds, Expected, Load, Plan, Scope, TrailFilter};
pub use settle::{KeyCount, LastWords, NamedLogs, Reading};
pub use site::{backfill_alone, home_of, keys_unavailable};
