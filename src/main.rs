//! The program: parse, plan, run, render, exit.

use std::process::ExitCode;

use clap::Parser;

mod cli;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = cli::args::Arguments::parse();
    match cli::dispatch(arguments.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => cli::exit::tell(&failure),
    }
}
