//! From what a run saw to its seal.

use std::collections::BTreeSet;

use crate::crypto::Hash;
use crate::report::{ChainReport, Head, Report, What};
use crate::trail::{Location, Time};

use super::heads::HeadName;
use super::text::{Carried, ObjectCounts, Seal, SealedPart, SealedRun, Softened, Tool};

/// What a run's seal says beside what is in its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// Who made it.
    pub tool: Tool,
    /// The options that make a run say less.
    pub softened: BTreeSet<Softened>,
    /// SHA-256 of the report as JSON.
    pub report: Hash,
}

impl Seal {
    /// The seal that begins a place: number 0, without a run.
    pub fn first(origin: Location, source: String, time: Time, tool: Tool) -> Self {
        Self { origin, source, time: whole_seconds(time), tool, new_keys: BTreeSet::new(), run: None }
    }

    /// The seal of a run that was held to this one. `lets_go` says which of its heads are not carried on.
    pub fn after(&self, report: &Report, sealing: Sealing, lets_go: impl Fn(&Head) -> bool) -> Self {
        let newest = report.chains.iter().filter_map(ChainReport::head);
        let unchanged = report.baselines.iter().flat_map(|held| held.unchanged.iter().cloned());
        let seen: Vec<Head> = newest.chain(unchanged).collect();
        let lost = report.findings.iter().filter_map(|finding| match &finding.what {
            What::HeadLost(seen, _) | What::HeadChanged { seen, .. } => {
                Some(HeadName::of(finding.object.as_ref()?, seen.hash))
            }
            _ => None,
        });
        let kept: BTreeSet<HeadName> = lost.collect();
        let gone = self.heads().filter(|head| head.head().is_some_and(|head| lets_go(&head)));
        let released: BTreeSet<HeadName> = gone.map(|head| head.name()).collect();
        let keys: BTreeSet<&str> = report.keys.iter().map(|key| key.fingerprint.as_str()).collect();
        let keys: String = keys.into_iter().map(|key| format!("{key}\n")).collect();
        let (read, carried) = (report.read(), &report.carried);
        Self {
            origin: self.origin.clone(),
            source: report.source.clone(),
            time: whole_seconds(report.finished_at),
            tool: sealing.tool,
            new_keys: BTreeSet::new(),
            run: Some(SealedRun {
                number: self.next_number(),
                window: report.window,
                part: SealedPart {
                    accounts: report.request.accounts.clone(),
                    regions: report.request.regions.clone(),
                    trails: report.request.trails.clone(),
                },
                depth: report.depth,
                softened: sealing.softened,
                heads: self.accumulate(&seen, &kept, &released),
                released,
                outcome: report.outcome(),
                exit: report.exit_code(),
                read: ObjectCounts { digests: read.digests, logs: read.logs },
                carried: Carried {
                    objects: ObjectCounts { digests: carried.digests, logs: carried.logs },
                    oldest_read_at: carried.oldest_read_at,
                },
                keys: Hash::of(keys.as_bytes()),
                report: sealing.report,
                previous: self.hash(),
            }),
        }
    }
}

fn whole_seconds(time: Time) -> Time {
    Time::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}
