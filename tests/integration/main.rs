//! One binary for all integration tests.

mod aws_cli;
mod aws_services;
mod baselines;
mod binary;
mod borders;
mod borders_homes;
mod borders_logs;
mod borders_lost;
mod bounds;
mod browser;
mod chains_that_end;
mod chance;
mod claims;
mod copies;
mod cuts;
#[cfg(unix)]
mod deploy;
#[cfg(unix)]
mod deploy_readers;
mod dropped;
mod forge_program;
mod format_aws_cli;
mod key_files;
mod keys_listed;
#[cfg(unix)]
mod lambda;
mod ledger;
mod ledger_rows;
mod ledger_s3;
mod load;
mod moves;
mod notify;
#[cfg(unix)]
mod notify_aws;
mod options;
mod options_aws;
mod options_settings;
mod options_sign_in;
mod options_words;
mod outages;
mod outputs;
mod patience;
mod posture;
mod properties;
mod prove;
mod readme;
mod real_moto;
mod real_moto_posture;
mod real_seaweed;
#[cfg(target_os = "linux")]
mod real_slurm;
mod render_consumers;
mod render_formats;
mod render_hostile;
mod render_human;
mod render_json;
mod render_worlds;
mod rules;
mod s3_answers;
mod s3_audit;
mod s3_cli;
mod s3_listings;
mod s3_store;
mod schemas;
mod seals;
mod shards;
mod shards_program;
mod sidecars;
mod sources;
mod store_copied;
mod store_dir;
#[cfg(unix)]
mod store_dir_links;
mod sums;
mod support;
mod testdata;
mod unlisted_files;
mod vectors;
mod walls;
mod witness;
mod worlds;
