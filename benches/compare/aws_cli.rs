//! The AWS CLI, in the tests' virtual environment under the build directory.

use std::path::PathBuf;
use std::process::Command;

use trailseal::forge;

use super::contest;
use super::python::Python;

pub struct AwsCli {
    program: PathBuf,
}

impl AwsCli {
    /// The CLI, from the environment that the tests have it from.
    pub fn get() -> Option<Self> {
        Python::get().map(|python| Self { program: python.program("aws") })
    }

    /// The calls that validate the whole record: it takes one account and one region at a time.
    pub fn validate_all(&self, plan: &forge::WorldPlan, url: &str) -> Vec<Command> {
        let (trail, window) = (&plan.trails[0], plan.window());
        let mut calls = Vec::new();
        for account in plan.account_ids() {
            for region in plan.region_names() {
                let mut call = contest::quiet(&self.program);
                call.env("AWS_ENDPOINT_URL", url);
                call.args([
                    "cloudtrail",
                    "validate-logs",
                    "--s3-bucket",
                    &plan.bucket,
                    "--region",
                    region.as_str(),
                ]);
                call.args(["--trail-arn", &format!("arn:aws:cloudtrail:us-east-1:{account}:trail/{trail}")]);
                call.args(["--account-id", &account.to_string()]);
                call.args(["--start-time", &contest::time(window.start)]);
                call.args(["--end-time", &contest::time(window.end)]);
                calls.push(call);
            }
        }
        calls
    }
}
