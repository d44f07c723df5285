//! trailseal
#![allow(missing_docs)]
pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
pub mod chain;
pub mod crypto;
pub mod digest;
pub mod events;
pub mod forge;
pub mod gzip;
pub mod keys;
pub mod logs;
pub mod render;
pub mod report;
pub mod store;
pub mod trail;
pub mod verdict;
