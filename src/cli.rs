//! What only the program knows: its words, its progress bar, its exit codes.

pub mod args;
mod asked;
#[cfg(feature = "aws")]
mod aws;
mod demo;
mod deploy;
pub mod exit;
mod failed;
mod forge;
mod key_files;
#[cfg(feature = "aws")]
mod keys;
#[cfg(feature = "aws")]
mod lambda;
mod machine;
mod manual;
mod near;
mod notify;
mod objects;
mod output;
mod plan;
#[cfg(feature = "aws")]
mod posture;
mod progress;
mod prove;
mod reach;
mod record;
mod screen;
mod seal;
pub mod settings;
mod source;
mod stopping;
mod texts;
mod time;
mod verify;

use std::process::ExitCode;

use args::Command;
use exit::Failure;

/// The program: parse, plan, run, render, exit.
pub fn main() -> ExitCode {
    match settings::arguments().and_then(|arguments| dispatch(arguments.command)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => exit::tell(&failure),
    }
}

/// Does what was asked and gives the exit code.
fn dispatch(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Verify(verify) => verify::run(*verify),
        Command::Plan(args) => plan::run(&args),
        Command::Merge(args) => verify::merge::run(&args),
        #[cfg(feature = "aws")]
        Command::Keys(args::Keys::Fetch(fetch)) => keys::fetch(&fetch),
        Command::Forge(forge) => forge::run(&forge),
        Command::Demo(demo) => demo::run(&demo),
        Command::Prove(prove) => prove::run(&prove),
        #[cfg(feature = "aws")]
        Command::Posture(args) => posture::run(&args),
        Command::Seal(seal) => seal::run(&seal),
        Command::Explain(explain) => texts::explain(&explain),
        Command::Report(report) => texts::report(&report),
        Command::Deploy(deploy) => deploy::run(&deploy),
        #[cfg(feature = "aws")]
        Command::Lambda(args) => lambda::run(&args),
        Command::Completions(completions) => texts::completions(&completions),
        Command::Man(manual) => manual::run(&manual),
        Command::Config(args::Config::Show(show)) => settings::show(&show),
    }
}
