//! The AWS CLI itself, and what it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::python::Python;
use super::server::Server;

/// The AWS CLI.
#[derive(Debug)]
pub struct AwsCli {
    program: PathBuf,
    /// What it keeps.
    home: PathBuf,
}

/// What one run said.
#[derive(Debug, Default)]
pub struct Said {
    /// Its word on every object it named.
    pub objects: BTreeMap<String, Word>,
    /// `(kind, start, end)` of every gap it named.
    pub gaps: Vec<String>,
    pub exit_code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Its word on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    Valid,
    Moved,
    InvalidFormat,
    NotFound,
    KeyNotFound,
    KeyUnreadable,
    SignatureFailed,
    HashDiffers,
    TrailingData,
    /// A digest is invalid for a reason nobody foresaw: the text is a Python exception's.
    Stumbled,
}

impl Word {
    fn read(line: &str, text: &str) -> Option<Self> {
        Some(match text {
            "valid" => Self::Valid,
            "INVALID: has been moved from its original location" => Self::Moved,
            "INVALID: invalid format" => Self::InvalidFormat,
            "INVALID: not found" => Self::NotFound,
            "INVALID: signature verification failed" => Self::SignatureFailed,
            "INVALID: hash value doesn't match" => Self::HashDiffers,
            "INVALID: unexpected data after end of compressed stream" => Self::TrailingData,
            _ if text.starts_with("INVALID: public key not found in region ") => Self::KeyNotFound,
            _ if text.starts_with("INVALID: Unable to load PKCS #1 key") => Self::KeyUnreadable,
            _ if line.starts_with("Digest file") && text.starts_with("INVALID: ") => Self::Stumbled,
            _ => return None,
        })
    }
}

/// One question to it.
#[derive(Debug)]
pub struct Question<'a> {
    pub trail_arn: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    pub start: &'a str,
    pub end: &'a str,
}

impl AwsCli {
    /// The CLI; none where there is no Python environment to take it from.
    pub fn get() -> Option<&'static Self> {
        static CLI: OnceLock<Option<AwsCli>> = OnceLock::new();
        let take = |python: &Python| {
            let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aws-cli");
            std::fs::create_dir_all(&home).unwrap();
            AwsCli { program: python.program("aws"), home }
        };
        CLI.get_or_init(|| Python::get().map(take)).as_ref()
    }

    /// Runs `aws cloudtrail validate-logs --verbose` against `server`.
    pub fn validate_logs(&self, server: &Server, question: &Question<'_>) -> Said {
        let empty = self.home.join("empty");
        std::fs::write(&empty, "").unwrap();
        let output = Command::new(&self.program)
            .args(["cloudtrail", "validate-logs", "--verbose"])
            .args(["--trail-arn", question.trail_arn, "--account-id", question.account])
            .args(["--region", question.region])
            .args(["--start-time", question.start, "--end-time", question.end])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_CONFIG_FILE", &empty)
            .env("AWS_SHARED_CREDENTIALS_FILE", &empty)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        Said::read(&output)
    }
}

impl Said {
    fn read(output: &Output) -> Self {
        let mut said = Self {
            exit_code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            ..Self::default()
        };
        for line in said.stdout.lines().chain(said.stderr.lines()) {
            let plain = line.strip_prefix("(backfill) ").unwrap_or(line);
            if plain.starts_with("No log files were delivered by CloudTrail between ") {
                said.gaps.push(line.to_owned());
                continue;
            }
            let Some((_, rest)) = plain.split_once("file\ts3://") else { continue };
            let (object, word) = rest.split_once('\t').unwrap_or((rest, ""));
            let word =
                Word::read(plain, word).unwrap_or_else(|| panic!("the AWS CLI says something new: {line}"));
            said.objects.insert(format!("s3://{object}"), word);
        }
        said
    }
}
