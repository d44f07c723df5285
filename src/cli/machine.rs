//! What a run takes of the machine it is on: threads and open files.

use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

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

/// As many threads as keep every processor busy. What is still under way when it ends belongs to a run that was stopped
/// or never began; nobody waits for it.
pub struct Machine {
    handle: Handle,
    /// There until it ends.
    runtime: Option<Runtime>,
}

impl Machine {
    /// Starts the threads.
    pub fn start(waits_for: WaitsFor) -> Result<Self, Failure> {
        let processors = available_parallelism().map_or(1, usize::from);
        let threads = match waits_for {
            WaitsFor::Disk => processors + READERS,
            WaitsFor::Network => processors,
        };
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        match runtime {
            Ok(runtime) => Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) }),
            Err(error) => Err(Failure::new(format!("cannot start the runtime: {error}"))),
        }
    }

    /// Does the work on them.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.handle.block_on(work)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
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
