//! An AWS of the tests' own, in the test process: S3, CloudTrail, STS and Account on one loopback port, over a world
//! in memory, with faults on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

pub mod aws_cli;
pub mod client;
pub mod control;
pub mod faults;
pub mod forged;
pub mod http;
pub mod judged;
pub mod memory;
pub mod parts;
pub mod resigned;
pub mod s3;
pub mod server;
pub mod tls;
pub mod verify;
pub mod wire;
pub mod world;
