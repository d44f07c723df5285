//! What is told once: all findings of one code, one place and one day. A day of damage is one matter, however many files it took,
//! and has the same key in every run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::crypto::Hash;
use crate::report::Report;
use crate::trail::{Day, Span, Time};
use crate::verdict::{Class, Code, Finding, Scope, What};

/// What a key is written as: this many hex digits of a SHA-256.
const DIGITS: usize = 32;

/// Names a matter alike in every run. Nothing that a bucket holds can be read in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(Box<str>);

impl Key {
    /// Its hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the matter that a finding belongs to.
    pub fn of(finding: &Finding) -> Self {
        fn word<T: ToString>(fact: Option<T>) -> String {
            fact.map_or_else(String::new, |fact| fact.to_string())
        }
        let Scope { account, region, trail, organization } = &finding.scope;
        let words = [
            finding.code().to_string(),
            word(*account),
            word(region.as_ref()),
            word(trail.as_ref()),
            word(organization.as_ref()),
            word(elsewhere(finding)),
            word(moment(finding).map(Day::holding)),
        ];
        let hash = Hash::of(words.join("\0").as_bytes()).to_string();
        Self(hash.chars().take(DIGITS).collect())
    }
}

/// Findings that are one matter.
#[derive(Debug, Clone)]
pub struct Matter<'r> {
    /// Its key.
    pub key: Key,
    /// The worst that any of them says of the record.
    pub class: Class,
    /// Their code.
    pub code: Code,
    /// Where they belong.
    pub scope: &'r Scope,
    /// Their day, where they have one.
    pub day: Option<Day>,
    /// The time that they speak of, from the earliest to the latest; none, where they speak of no time.
    pub extent: Option<Span>,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: &'r Finding,
}

/// All that is not well, by matter: tampering first, then by code and in the report's order.
pub fn matters(report: &Report) -> Vec<Matter<'_>> {
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    let mut matters: Vec<Matter<'_>> = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.class() != Class::Notice) {
        let key = Key::of(finding);
        match known.get(&key).and_then(|at| matters.get_mut(*at)) {
            Some(matter) => matter.add(finding),
            None => {
                known.insert(key.clone(), matters.len());
                matters.push(Matter::of(finding, key));
            }
        }
    }
    matters.sort_by_key(|matter| (matter.class, matter.code));
    matters
}

impl<'r> Matter<'r> {
    fn of(finding: &'r Finding, key: Key) -> Self {
        Self {
            key,
            class: finding.class(),
            code: finding.code(),
            scope: &finding.scope,
            day: moment(finding).map(Day::holding),
            extent: extent(finding),
            count: 1,
            first: finding,
        }
    }

    fn add(&mut self, finding: &Finding) {
        self.count += 1;
        self.class = self.class.min(finding.class());
        self.extent = either(self.extent, extent(finding));
    }
}

/// The keys of all findings, whatever they count as: what is merely accepted is not gone.
pub fn keys(report: &Report) -> BTreeSet<Key> {
    report.findings.iter().map(Key::of).collect()
}

/// The time that a finding speaks of.
pub fn extent(finding: &Finding) -> Option<Span> {
    let at = |at| Span { start: at, end: at + TimeDelta::seconds(1) };
    finding.span.or(finding.at.map(at))
}

/// From the beginning of the earlier to the end of the later.
fn either(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(Span { start: one.start.min(other.start), end: one.end.max(other.end) })
        }
        (one, other) => one.or(other),
    }
}

/// The moment whose day a finding belongs to: one that stays where it is when the window moves on, or none.
fn moment(finding: &Finding) -> Option<Time> {
    match finding.code() {
        // It begins where the window does, and ends where the coverage begins.
        Code::CoverageHead => finding.span.map(|span| span.end),
        // They speak of a place, and bear the window's beginning.
        Code::RegionAbsent
        | Code::ListingUnreadable
        | Code::KeysUnavailable
        | Code::StoreUnavailable
        | Code::RecordCopied
        | Code::StrayObjects => None,
        _ => finding.at.or(finding.span.map(|span| span.start)),
    }
}

/// What tells apart findings that belong to no account: what they are about.
fn elsewhere(finding: &Finding) -> Option<String> {
    match (&finding.what, finding.scope.account) {
        (
            What::WitnessBroken { witness, .. }
            | What::WitnessUnreachable { witness, .. }
            | What::WitnessEmpty { witness },
            _,
        ) => Some(witness.to_string()),
        (_, None) => finding.object.as_ref().map(ToString::to_string),
        (_, Some(_)) => None,
    }
}
