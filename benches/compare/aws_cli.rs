//! The AWS CLI, in a virtual environment of its own under the build directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use trailseal::forge;

use super::contest;

pub struct AwsCli {
    program: PathBuf,
}

impl AwsCli {
    /// The CLI, installed once.
    pub fn get() -> Result<Self, String> {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aws-cli/venv");
        let cli = Self { program: venv.join("bin/aws") };
        if run(Command::new(&cli.program).arg("--version")).is_err() {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
            run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "awscli"]))?;
            run(Command::new(&cli.program).arg("--version"))?;
        }
        Ok(cli)
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

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
