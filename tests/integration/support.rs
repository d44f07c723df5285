//! An AWS of the tests' own, in the test process: S3, CloudTrail, STS and Account on one loopback port, over a world
//! in memory, with faults on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

pub mod aws_cli;
#[cfg(unix)]
pub mod batch;
#[cfg(unix)]
pub mod boto;
pub mod client;
pub mod control;
#[cfg(unix)]
pub mod daemon;
#[cfg(unix)]
pub mod deployed;
pub mod faults;
pub mod folder;
pub mod forged;
pub mod http;
pub mod judged;
pub mod memory;
#[cfg(unix)]
pub mod moto;
pub mod notebook;
pub mod parts;
pub mod post_box;
pub mod python;
#[cfg(unix)]
pub mod record;
pub mod resigned;
#[cfg(unix)]
pub mod runtime;
pub mod s3;
#[cfg(unix)]
pub mod seaweed;
pub mod server;
pub mod settings;
#[cfg(target_os = "linux")]
pub mod slurm;
pub mod tls;
pub mod verify;
pub mod wire;
pub mod world;
