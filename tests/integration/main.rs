//! One binary for all integration tests.

mod aws_cli;
mod aws_services;
mod binary;
mod format_aws_cli;
mod properties;
mod prove;
mod readme;
mod render_consumers;
mod render_formats;
mod render_hostile;
mod render_human;
mod render_json;
mod render_worlds;
mod rules;
mod s3_audit;
mod s3_cli;
mod s3_store;
mod support;
mod testdata;
mod vectors;
mod walls;
mod worlds;
