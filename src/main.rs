//! The program: parse, plan, run, render, exit.

use std::process::ExitCode;

#[cfg(unix)]
use tikv_jemalloc_ctl::{Access as _, AsName as _};

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long freed memory is kept at hand, in milliseconds; jemalloc's own ten seconds would add half as much again to
/// what a record of a million log files takes.
#[cfg(unix)]
const KEPT: isize = 1_000;

/// Has freed memory given back soon, by the arena there is and those to come.
#[cfg(unix)]
fn keep_little() {
    for setting in ["arena.0.dirty_decay_ms\0", "arenas.dirty_decay_ms\0"] {
        // Where it cannot be set, more memory is taken and nothing else is different.
        let _ = setting.name().write(KEPT);
    }
}

fn main() -> ExitCode {
    #[cfg(unix)]
    keep_little();
    trailseal::main()
}
