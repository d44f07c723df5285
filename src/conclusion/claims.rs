//! Names that the caller gives are claims to be met: every account, region and trail that is named or expected has to have
//! standard digests in the window, each for itself.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Display;

use super::Discovery;
use crate::inspection::{Plan, SiteView};
use crate::trail::{AccountId, AccountRegion, DigestKind, Region, Time, TrailName};
use crate::verdict::what::{AbsentPart, Claim, What};
use crate::verdict::{Cause, Finding, Scope};

/// What was named, and what is there.
pub(super) struct Claims<'a> {
    plan: &'a Plan,
    start: Option<Time>,
    /// The trails of chains in scope with standard digests in the window.
    trails: BTreeSet<(&'a TrailName, &'a Region)>,
    /// Where there are such chains, and where it is told that there are none.
    places: BTreeSet<(AccountId, &'a Region)>,
    /// Every account that left a trace.
    accounts: BTreeSet<AccountId>,
    /// What is there and out of scope.
    beside: &'a Discovery,
    /// Every region in scope that left a trace.
    regions: BTreeSet<&'a Region>,
    /// The trails of all chains there are, in scope or not.
    all_trails: BTreeSet<&'a TrailName>,
}

impl<'a> Claims<'a> {
    /// Holds the plan's names against what the sites came to.
    pub(super) fn of(
        plan: &'a Plan,
        found: &'a Discovery,
        views: &'a [SiteView],
        start: Option<Time>,
    ) -> Self {
        let told = views.iter().filter(|view| view.absent).map(|view| &view.place);
        let in_scope = views
            .iter()
            .flat_map(|view| &view.linked)
            .filter(|linked| linked.id.kind == DigestKind::Standard && plan.scope.holds_chain(&linked.id))
            .filter(|linked| linked.chain.is_in_the_window())
            .map(|linked| &linked.id);
        let present = || in_scope.clone();
        Self {
            plan,
            start,
            trails: present().map(|chain| (&chain.trail, &chain.home_region)).collect(),
            places: present()
                .map(|chain| &chain.place)
                .chain(told)
                .map(|place| (place.account, &place.region))
                .collect(),
            accounts: views
                .iter()
                .map(|view| view.place.account)
                .chain(found.accounts.iter().copied())
                .collect(),
            beside: found,
            regions: views.iter().map(|view| &view.place.region).collect(),
            all_trails: views.iter().flat_map(|view| &view.linked).map(|linked| &linked.id.trail).collect(),
        }
    }

    /// A finding for each that is not met.
    pub(super) fn unmet(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let named = &self.plan.scope;
        let expected = &self.plan.expected;
        for account in named.accounts.union(&expected.accounts) {
            if !self.places.iter().any(|(own, _)| own == account) {
                let all = self.accounts.union(&self.beside.other_accounts);
                let absent = missing(Claim::Account(*account), account, all);
                findings.push(self.absent(absent, Scope { account: Some(*account), ..Scope::default() }));
            }
        }
        for region in &named.regions {
            if !expected.regions.contains(region) && !self.places.iter().any(|(_, own)| *own == region) {
                let all = self.regions.iter().copied().chain(&self.beside.other_regions);
                let absent = missing(Claim::Region(region.clone()), region, all);
                findings
                    .push(self.absent(absent, Scope { region: Some(region.clone()), ..Scope::default() }));
            }
        }
        for region in &expected.regions {
            findings.extend(self.expected_region(region));
        }
        for trail in &named.trails {
            let fits = |(name, home): &(&TrailName, &Region)| {
                **name == trail.name && trail.home_region.as_ref().is_none_or(|own| own == *home)
            };
            if !self.trails.iter().any(fits) {
                let claim = Claim::Trail(trail.name.clone());
                let absent = missing(claim, &trail.name, self.all_trails.iter().copied());
                findings
                    .push(self.absent(absent, Scope { trail: Some(trail.name.clone()), ..Scope::default() }));
            }
        }
        findings
    }

    /// A finding for each account and region that an earlier run read days of the window of, and that has none.
    pub(super) fn forgotten(&self, remembered: &[AccountRegion]) -> Vec<Finding> {
        let gone = remembered.iter().filter(|place| !self.places.contains(&(place.account, &place.region)));
        gone.map(|place| self.absent(AbsentPart::Remembered, Scope::from(place))).collect()
    }

    /// Every account found has to have an expected region.
    fn expected_region(&self, region: &Region) -> Vec<Finding> {
        let accounts: BTreeSet<AccountId> =
            self.accounts.union(&self.plan.expected.accounts).copied().collect();
        let scope = |account| Scope { account, region: Some(region.clone()), ..Scope::default() };
        if accounts.is_empty() {
            return vec![self.absent(nothing_of(Claim::Region(region.clone())), scope(None))];
        }
        accounts
            .into_iter()
            .filter(|account| !self.places.contains(&(*account, region)))
            .map(|account| self.absent(nothing_of(Claim::Region(region.clone())), scope(Some(account))))
            .collect()
    }

    fn absent(&self, absent: AbsentPart, scope: Scope) -> Finding {
        let mut finding = Finding::new(What::RegionAbsent(absent), scope);
        finding.at = self.start;
        finding.cause = Some(Cause::Unexplained);
        finding
    }
}

/// As many names as fit in a sentence.
const TOLD: usize = 8;

/// What is not there at all is told with what is: most often it is spelt otherwise.
fn missing<N: Ord + Display>(claim: Claim, name: &N, all: impl Iterator<Item: Borrow<N>>) -> AbsentPart {
    let found: BTreeSet<String> = all.map(|own| own.borrow().to_string()).collect();
    if found.contains(&name.to_string()) {
        return nothing_of(claim);
    }
    let more = found.len().saturating_sub(TOLD) as u64;
    AbsentPart::Named { claim, found: found.into_iter().take(TOLD).map(Into::into).collect(), more }
}

fn nothing_of(claim: Claim) -> AbsentPart {
    AbsentPart::Named { claim, found: Vec::new(), more: 0 }
}
