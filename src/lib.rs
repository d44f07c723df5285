//! trailseal
#![allow(missing_docs)]
pub mod crypto;
pub mod gzip;
pub mod render;
pub mod report;
pub mod store;
pub mod trail;
pub mod verdict;
