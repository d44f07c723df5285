//! Names that the caller gives are claims to be met: every account, region and trail that is named or expected has to have
//! standard digests in the window, each for itself.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Display;

use super::Discovery;
use crate::inspection::{Plan, SiteView};
use crate::trail::{AccountId, DigestKind, Region, Time, TrailName};
use crate::verdict::{Cause, Code, Finding, Scope};

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
                let message = self.message("account", account, all);
                findings.push(self.absent(message, Scope { account: Some(*account), ..Scope::default() }));
            }
        }
        for region in &named.regions {
            if !expected.regions.contains(region) && !self.places.iter().any(|(_, own)| *own == region) {
                let all = self.regions.iter().copied().chain(&self.beside.other_regions);
                let message = self.message("region", region, all);
                findings
                    .push(self.absent(message, Scope { region: Some(region.clone()), ..Scope::default() }));
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
                let message = self.message("trail", &trail.name, self.all_trails.iter().copied());
                findings.push(
                    self.absent(message, Scope { trail: Some(trail.name.clone()), ..Scope::default() }),
                );
            }
        }
        findings
    }

    /// Every account found has to have an expected region.
    fn expected_region(&self, region: &Region) -> Vec<Finding> {
        let accounts: BTreeSet<AccountId> =
            self.accounts.union(&self.plan.expected.accounts).copied().collect();
        let scope = |account| Scope { account, region: Some(region.clone()), ..Scope::default() };
        if accounts.is_empty() {
            return vec![self.absent(nothing_of("region"), scope(None))];
        }
        accounts
            .into_iter()
            .filter(|account| !self.places.contains(&(*account, region)))
            .map(|account| self.absent(nothing_of("region"), scope(Some(account))))
            .collect()
    }

    /// What is not there at all is told with what is: most often it is spelt otherwise.
    fn message<N: Ord + Display>(&self, what: &str, name: &N, all: impl Iterator<Item: Borrow<N>>) -> String {
        let found: BTreeSet<String> = all.map(|own| own.borrow().to_string()).collect();
        let name = name.to_string();
        if found.is_empty() || found.contains(&name) {
            return nothing_of(what);
        }
        let mut told: Vec<&str> = found.iter().take(TOLD).map(String::as_str).collect();
        let more = (found.len() > TOLD).then(|| format!("and {} more", found.len() - TOLD));
        told.extend(more.as_deref());
        format!("there is no {what} {name} here; found: {}", told.join(", "))
    }

    fn absent(&self, message: String, scope: Scope) -> Finding {
        let mut finding = Finding::new(Code::RegionAbsent, scope, message);
        finding.at = self.start;
        finding.cause = Some(Cause::Unexplained);
        finding
    }
}

/// As many names as fit in a sentence.
const TOLD: usize = 8;

fn nothing_of(what: &str) -> String {
    format!("this {what} has to be there, and has not one standard digest in the window")
}
