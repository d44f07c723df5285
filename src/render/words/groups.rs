//! Findings by what they are: causes before what comes of them, and those that a report only counts.

use std::borrow::Cow;

use super::{counted, message};
use crate::report::Report;
use crate::verdict::what::What;
use crate::verdict::{Cause, Class, Code, Finding, Scope, Severity};

/// Findings of one code and class.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// What they are.
    pub code: Code,
    /// What they say about the record.
    pub class: Class,
    /// In the report's order; never empty.
    pub findings: Vec<&'a Finding>,
    /// How many more there were.
    pub omitted: u64,
}

impl Group<'_> {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.findings.len() as u64 + self.omitted
    }

    /// The sentence that all of several say alike.
    pub fn common_message(&self) -> Option<Cow<'_, str>> {
        let [first, others @ ..] = &self.findings[..] else { return None };
        let said = message(first);
        let alike = !others.is_empty() && others.iter().all(|other| message(other) == said);
        alike.then_some(said)
    }

    /// The cause that all of several have alike.
    pub fn common_cause(&self) -> Option<&Cause> {
        let [first, others @ ..] = &self.findings[..] else { return None };
        let alike = !others.is_empty() && others.iter().all(|other| other.cause == first.cause);
        first.cause.as_ref().filter(|_| alike)
    }

    /// How urgently they want a person.
    pub fn severity(&self) -> Severity {
        Severity::of(self.code, self.class)
    }
}

/// The findings by code and class, worst first.
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in &report.findings {
        let same = |group: &&mut Group<'_>| (group.class, group.code) == finding.kind();
        match groups.iter_mut().find(same) {
            Some(group) => group.findings.push(finding),
            None => {
                let (class, code) = finding.kind();
                let omitted = report.omitted.get(&(class, code)).copied().unwrap_or_default();
                groups.push(Group { code, class, findings: vec![finding], omitted });
            }
        }
    }
    groups.sort_by_key(|group| (group.class, consequence(group.code), group.severity(), group.code));
    groups
}

/// What comes of other findings follows them: a store that is gone, keys that could not be retrieved and folders that could not
/// be listed stand before what was not proven for that; a digest's fault stands before its hour's gap and its log files.
pub(super) fn consequence(code: Code) -> u8 {
    match code {
        Code::StoreUnavailable | Code::KeysUnavailable | Code::ListingUnreadable => 0,
        Code::CoverageHead | Code::CoverageGap | Code::CoverageTail => 2,
        Code::LogUnproven => 3,
        _ => 1,
    }
}

/// What is said of each place that has no chain: whose it is, as far as that is known.
pub fn part(scope: &Scope) -> String {
    let Scope { account, region, trail, .. } = scope;
    let parts = [
        account.map(|account| account.to_string()),
        region.as_ref().map(ToString::to_string),
        trail.as_ref().map(ToString::to_string),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// One finding for all those of a code and class that the report counts and does not hold, for formats that tell every
/// finding and no number.
pub fn not_held(report: &Report) -> Vec<Finding> {
    let one = |((class, code), count): (&(Class, Code), &u64)| {
        Finding::new(What::NotHeld { code: *code, class: *class, count: *count }, Scope::default())
    };
    report.omitted.iter().map(one).collect()
}

/// What a chart of time does not show, because the report does not hold it.
pub fn not_marked(report: &Report) -> Option<String> {
    let told = report.omitted.iter().filter(|((class, _), _)| *class != Class::Notice);
    let count: u64 = told.map(|(_, count)| count).sum();
    (count > 0).then(|| {
        format!("{} that are counted and not listed are not marked.", counted(count, "finding", "findings"))
    })
}
