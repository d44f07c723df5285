//! What a run tells while it runs: for a progress bar, for a stream of verdicts, for tests.

use crate::crypto::Hash;
use crate::digest::LogEntry;
use crate::gzip;
use crate::report::Part;
use crate::trail::{ObjectName, Span};
use crate::verdict::{DigestVerdict, Finding, LogVerdict};

/// Listens to a run. Called from many tasks at once and never waited for.
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn on(&self, event: Event<'_>);
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Finding accounts and regions.
    Discovering,
    /// Reading and judging.
    Verifying {
        /// How many accounts and regions there are.
        sites: usize,
    },
}

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A new phase began.
    Phase(Phase),
    /// Digests were listed that will be read.
    DigestsListed(u64),
    /// Log files were named that will be read.
    LogsNamed(u64),
    /// A digest was judged by itself.
    Digest {
        /// Which one.
        object: &'a ObjectName,
        /// How.
        verdict: DigestVerdict,
        /// What it covers, or would.
        span: Span,
        /// The log files it attests: none, if it is not authentic.
        logs: &'a [LogEntry],
        /// Whether the report's totals count it.
        part: Part,
    },
    /// A digest that should be there, and is not or not yet; the totals count it.
    AbsentDigest {
        /// Which one.
        object: &'a ObjectName,
        /// Missing or pending.
        verdict: DigestVerdict,
    },
    /// A log file was judged.
    Log {
        /// Which one.
        object: &'a ObjectName,
        /// How.
        verdict: LogVerdict,
        /// What its inflated bytes have to hash to, by the digest that names it; none if no digest does.
        hash: Option<&'a Hash>,
        /// Why it could not be inflated, if so.
        fault: Option<&'a gzip::Fault>,
        /// Its stored bytes, as far as they were read.
        compressed: u64,
        /// Its bytes after inflation, as far as it could be inflated.
        inflated: u64,
    },
    /// Something worth telling was found.
    Finding(&'a Finding),
    /// So many days of an account and region need not be read: an earlier run has read them.
    DaysCarried(u64),
    /// An account and region is done.
    SiteDone,
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {
    fn on(&self, _: Event<'_>) {}
}
