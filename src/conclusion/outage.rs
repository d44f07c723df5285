//! Folds what follows from a store that is gone into one finding: thousands of objects that nobody could read, and the
//! gaps they leave, are one thing to know. What was proven before stays as it is, and so does every accusation: those rest
//! on what was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::{Findings, Reached};
use crate::trail::Time;
use crate::verdict::what::What;
use crate::verdict::{Cause, Class, Code, Finding, Scope, Unseen};

/// A bucket that has answered nobody for so long that nothing more was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The bucket.
    pub bucket: Arc<str>,
    /// How long that was, and what failed last.
    pub detail: String,
}

/// Outages, each with what follows from it, counted by code.
pub(super) struct Outages {
    found: Vec<(Outage, BTreeMap<Code, u64>)>,
}

impl Outages {
    pub(super) fn new(outages: Vec<Outage>) -> Self {
        Self { found: outages.into_iter().map(|outage| (outage, BTreeMap::new())).collect() }
    }

    /// How far all was reached that findings of the whole run speak of.
    pub(super) fn reached(&self) -> Reached {
        if self.found.is_empty() { Reached::Wholly } else { Reached::InPart }
    }

    /// The findings that an outage does not explain, of what was reached so far.
    pub(super) fn fold(&mut self, findings: Vec<Finding>, reached: Reached) -> Vec<Finding> {
        let follows = |finding: &Finding| self.source(finding, reached);
        let sources: Vec<Option<usize>> = findings.iter().map(follows).collect();
        let mut others = Vec::new();
        for (finding, source) in findings.into_iter().zip(sources) {
            match source {
                Some(outage) => *self.found[outage].1.entry(finding.code()).or_default() += 1,
                None => others.push(finding),
            }
        }
        others
    }

    /// The same of those that were told while the run went on, by how far their account and region was reached.
    pub(super) fn fold_told(&mut self, mut told: Findings, reached: &BTreeMap<Scope, Reached>) -> Findings {
        let of_place = |finding: &Finding| {
            let place = Scope { trail: None, ..finding.scope.clone() };
            reached.get(&place).copied().unwrap_or(self.reached())
        };
        for (outage, code, count) in told.take_out(|finding| self.source(finding, of_place(finding))) {
            *self.found[outage].1.entry(code).or_default() += count;
        }
        told
    }

    /// The outage that a finding follows from.
    fn source(&self, finding: &Finding, reached: Reached) -> Option<usize> {
        match &finding.cause {
            Some(Cause::Unseen(Unseen::Unavailable(detail))) => {
                let same = |(outage, _): &(Outage, _)| *outage.detail == **detail;
                self.found.iter().position(same)
            }
            cause => {
                let untold = match cause {
                    None | Some(Cause::Unexplained | Cause::Digests { missing: 0, rejected: 0, .. }) => true,
                    Some(Cause::Unseen(_) | Cause::Digests { .. } | Cause::Event(_) | Cause::ChainStart) => {
                        false
                    }
                };
                let follows = reached == Reached::InPart
                    && finding.class() == Class::Incomplete
                    && finding.code().rests_on_absence()
                    && untold;
                (follows && !self.found.is_empty()).then_some(0)
            }
        }
    }

    /// One finding for each outage.
    pub(super) fn findings(self, last_answer: Option<Time>) -> Vec<Finding> {
        self.found.into_iter().map(|(outage, counts)| told(&outage, &counts, last_answer)).collect()
    }
}

fn told(outage: &Outage, counts: &BTreeMap<Code, u64>, last_answer: Option<Time>) -> Finding {
    let Outage { bucket, detail } = outage;
    let what = What::StoreUnavailable { bucket: Arc::clone(bucket), last_answer, follows: counts.clone() };
    let mut finding = Finding::new(what, Scope::default());
    finding.cause = Some(Cause::Unseen(Unseen::Unavailable(detail.as_str().into())));
    finding
}
