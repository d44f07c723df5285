//! What discovery has to say of itself: what it could not look at, and what it left aside.

use super::{Bound, Found};
use crate::audit::Plan;
use crate::audit::unseen::unseen;
use crate::conclusion::Discovery;
use crate::digest::NamedBy;
use crate::inspection::Strays;
use crate::verdict::{Cause, Code, Evidence, Finding, Scope};

impl Found {
    /// What there is to tell of the search, with what lies where only the folders of regions belong.
    pub(in crate::audit) fn told(&self, plan: &Plan, strays: Strays) -> Discovery {
        Discovery {
            sites: self.sites.len(),
            accounts: self.accounts.clone(),
            other_accounts: self.beside.accounts.clone(),
            other_regions: self.beside.regions.clone(),
            findings: self.findings(plan),
            note: self.note(),
            strays,
        }
    }

    /// A finding for everything that may hold a part of the record and was not looked into.
    pub(super) fn findings(&self, plan: &Plan) -> Vec<Finding> {
        let unreadable = |message: String| Finding::new(Code::ListingUnreadable, Scope::default(), message);
        let mut findings: Vec<Finding> = self
            .failures
            .first
            .iter()
            .map(|failure| {
                let message = format!("cannot {} {}: {}", failure.action, failure.target, failure.detail);
                let mut finding = unreadable(message);
                finding.cause = Some(Cause::Unseen(unseen(failure)));
                finding
            })
            .collect();
        let more = |count: u64, told: usize| count - told as u64;
        let untold = more(self.failures.count, self.failures.first.len());
        if untold > 0 {
            findings.push(unreadable(format!("{untold} more folders could not be listed")));
        }
        let untold = more(self.odd_folders.count, self.odd_folders.first.len());
        if untold > 0 {
            findings.push(unreadable(format!(
                "{} folders lie where only those of regions belong; {untold} of them were not looked into",
                self.odd_folders.count
            )));
        }
        findings.extend(self.reached.iter().map(|(bound, first)| {
            let mut finding = unreadable(reached(*bound, plan, first));
            finding.evidence = Evidence::none().with("first_folder_not_opened", &**first);
            finding
        }));
        findings
    }

    /// What was passed over on purpose.
    pub(super) fn note(&self) -> Option<String> {
        let [first, others @ ..] = &self.passed_over.first[..] else { return None };
        let named = others.iter().fold(first.to_string(), |named, other| format!("{named}, {other}"));
        Some(match self.passed_over.count {
            1 => format!(
                "One folder that is known or laid out as another AWS service's was not looked into: {named}."
            ),
            count => format!(
                "{count} folders that are known or laid out as those of other AWS services were not looked into, such as \
                 {named}."
            ),
        })
    }
}

fn reached(bound: Bound, plan: &Plan, first: &str) -> String {
    let bounds = &plan.bounds;
    let first = match plan.named_by {
        NamedBy::BucketAndKey => format!("s3://{}/{first}", plan.bucket),
        NamedBy::KeyOnly => first.to_owned(),
    };
    let what = match bound {
        Bound::Levels => format!(
            "the search for AWSLogs/ ended {} levels below the source: {first} was not opened, nor any other folder as deep",
            bounds.levels
        ),
        Bound::Far => format!(
            "the search for AWSLogs/ ended after {} folders that lie more than {} levels below the source: {first} was not \
             opened, nor were others",
            bounds.far, bounds.near
        ),
        Bound::Names => format!(
            "there are more folders on one level than their names find room for, {} bytes: {first} was not opened, nor were \
             those after it",
            bounds.names
        ),
    };
    format!(
        "{what}; a record in there would not be known of: name the prefix that the trail delivers to in the source, such as \
         SOURCE/PREFIX, or SOURCE/AWSLogs if there is no other, and nothing beside it is searched"
    )
}
