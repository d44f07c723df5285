//! What only the program knows: its words, its progress bar, its exit codes.

pub mod args;
pub mod exit;
mod forge;
mod output;
mod progress;
mod time;
mod verify;

use args::Command;
use exit::Failure;

/// Does what was asked and gives the exit code.
pub fn dispatch(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Verify(verify) => verify::run(*verify),
        Command::Forge(forge) => forge::run(&forge),
    }
}
