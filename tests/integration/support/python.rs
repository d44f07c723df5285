//! What others wrote in Python, or ship through its package index: one virtual environment for all of it, under the build
//! directory, made when it is first needed and kept until the pins in `requirements.txt` change.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Every package that is used, with its version. Nothing else is pinned anywhere.
const PINS: &str = include_str!("../requirements.txt");

/// The virtual environment.
#[derive(Debug)]
pub struct Python {
    home: PathBuf,
}

impl Python {
    /// The environment, made if need be. None, and a word on stderr, where Python or the package index is out of reach.
    pub fn get() -> Option<&'static Self> {
        static PYTHON: OnceLock<Option<Python>> = OnceLock::new();
        let made = PYTHON.get_or_init(|| match Self::make() {
            Ok(python) => Some(python),
            Err(why) => {
                // Past the test harness, which keeps what a passing test prints to itself.
                writeln!(
                    std::io::stderr(),
                    "SKIPPED: the AWS CLI, the servers nobody here wrote and the JSON schema were not tried, because \
                     there is no Python environment with them: {why}"
                )
                .ok();
                None
            }
        });
        made.as_ref()
    }

    fn make() -> Result<Self, String> {
        let above = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let python = Self { home: above.join("python") };
        let said = |error: std::io::Error| format!("{}: {error}", python.home.display());
        fs::create_dir_all(above).map_err(said)?;
        // One process makes it, the others wait; the lock ends with the process.
        let lock = File::create(above.join("python.lock")).map_err(said)?;
        lock.lock().map_err(said)?;
        let pins = python.home.join("pins.txt");
        if fs::read_to_string(&pins).is_ok_and(|made| made == PINS) {
            return Ok(python);
        }
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&python.home))?;
        let list = python.home.join("requirements.txt");
        fs::write(&list, PINS).map_err(said)?;
        let install = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(python.program("pip")).args(install).arg(&list))?;
        // Last, so that an environment that was cut short is made again.
        fs::write(&pins, PINS).map_err(said)?;
        Ok(python)
    }

    /// A program of the environment.
    pub fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
