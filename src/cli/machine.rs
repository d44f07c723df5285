//! What a run takes of the machine it is on: threads and open files.

use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

use super::exit::Failure;

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// A disk: a thread that reads a file does nothing else meanwhile.
    Disk,
    /// The network, which no thread waits for.
    Network,
}

/// Threads that may wait for a disk while there is one for each processor that does not.
const READERS: usize = 6;
/// Open files beside connections, at most.
#[cfg(all(unix, feature = "aws"))]
const OTHER_FILES: u64 = 64;

/// A runtime with as many threads as keep every processor busy.
pub fn runtime(waits_for: WaitsFor) -> Result<Runtime, Failure> {
    let processors = available_parallelism().map_or(1, usize::from);
    let threads = match waits_for {
        WaitsFor::Disk => processors + READERS,
        WaitsFor::Network => processors,
    };
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))
}

/// Asks the system for as many open files as so many connections take. Where it refuses, some of them will fail and be
/// tried again.
#[cfg(feature = "aws")]
pub fn allow_connections(requests: u16) {
    #[cfg(unix)]
    let _ = rlimit::increase_nofile_limit(u64::from(requests) + OTHER_FILES);
    #[cfg(not(unix))]
    let _ = requests;
}
