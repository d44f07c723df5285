//! What discovery has to say of itself: what it could not look at, and what it left aside.

use super::{Bound, Firsts, Found};
use crate::audit::Plan;
use crate::audit::unseen::failure as failure_of;
use crate::conclusion::Discovery;
use crate::digest::NamedBy;
use crate::inspection::Strays;
use crate::report::Hint;
use crate::store::StoreError;
use crate::verdict::what::{NotListed, SearchEnd, What};
use crate::verdict::{Finding, Scope};

impl Found {
    /// What there is to tell of the search, with what lies where only the folders of regions belong.
    pub(in crate::audit) fn told(&self, plan: &Plan, strays: Strays) -> Discovery {
        Discovery {
            sites: self.sites.len(),
            accounts: self.accounts.clone(),
            other_accounts: self.beside.accounts.clone(),
            other_regions: self.beside.regions.clone(),
            findings: self.findings(plan),
            passed_over: self.passed_over(),
            strays,
        }
    }

    /// A finding for everything that may hold a part of the record and was not looked into.
    pub(super) fn findings(&self, plan: &Plan) -> Vec<Finding> {
        let of = |not_listed| Finding::new(What::ListingUnreadable(not_listed), Scope::default());
        let failed = |failure: &StoreError| failure_of(failure).finding(Scope::default());
        let mut findings: Vec<Finding> = self.failures.first.iter().map(failed).collect();
        let more = |count: u64, told: usize| count - told as u64;
        let untold = more(self.failures.count, self.failures.first.len());
        if untold > 0 {
            findings.push(of(NotListed::MoreFailed(untold)));
        }
        let (count, left) =
            (self.odd_folders.count, more(self.odd_folders.count, self.odd_folders.first.len()));
        if left > 0 {
            findings.push(of(NotListed::AmongRegions { count, left }));
        }
        findings.extend(self.reached.iter().map(|(bound, first)| of(ended(*bound, plan, first))));
        findings
    }

    /// What was passed over on purpose.
    pub(super) fn passed_over(&self) -> Option<Hint> {
        let Firsts { count, first } = &self.passed_over;
        let folders: Vec<String> = first.iter().map(ToString::to_string).collect();
        (!folders.is_empty()).then_some(Hint::PassedOver { count: *count, folders })
    }
}

fn ended(bound: Bound, plan: &Plan, first: &str) -> NotListed {
    let bounds = &plan.bounds;
    let at = match bound {
        Bound::Levels => SearchEnd::Levels(bounds.levels as u64),
        Bound::Far => SearchEnd::Far { folders: bounds.far as u64, levels: bounds.near as u64 },
        Bound::Names => SearchEnd::Names(bounds.names as u64),
    };
    let bucket = match plan.named_by {
        NamedBy::BucketAndKey => Some((*plan.bucket).into()),
        NamedBy::KeyOnly => None,
    };
    NotListed::SearchEnded { at, first: first.into(), bucket }
}
