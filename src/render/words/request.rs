//! What was asked, and how much of it is covered: of all that should be there, not only of what is.

use std::fmt::{self, Display};

use super::counted;
use crate::report::{Completion, NoChain, Report, Request};
use crate::trail::{Identity, Span};
use crate::verdict::{Class, Code, Scope};

/// How much of the time a report should have covered is covered, in how many chains, and what has none.
pub fn covered(report: &Report) -> String {
    let share = Share::of_report(report);
    let with_gaps = report.chains.iter().filter(|chain| !chain.gaps.is_empty()).count() as u64;
    let chains = counted(report.chains.len() as u64, "chain", "chains");
    let told = match (report.chains.len(), with_gaps) {
        (0, _) => "no chain of digests was found".to_owned(),
        (_, 0) => format!("{share} of the time, in {chains} without a gap"),
        (1, _) => format!("{share} of the time, in 1 chain with gaps"),
        (_, gaps) => format!("{share} of the time; {gaps} of {chains} with gaps"),
    };
    let none = |why: NoChain, one: &str, several: &str| {
        let count = report.uncovered.iter().filter(|part| part.why == why).count() as u64;
        (count > 0).then(|| counted(count, one, several))
    };
    let parts = [
        none(NoChain::Absent, "absent part counted as 0 %", "absent parts counted as 0 %"),
        none(NoChain::Unlisted, "part not listed, counted as 0 %", "parts not listed, counted as 0 %"),
        none(NoChain::NotReached, "part not reached, counted as 0 %", "parts not reached, counted as 0 %"),
    ];
    parts.into_iter().flatten().fold(told, |told, part| format!("{told}; {part}"))
}

/// Why a part of the record has no chain, in words.
pub fn no_chain(why: NoChain) -> &'static str {
    match why {
        NoChain::Absent => "no standard digest",
        NoChain::Unlisted => "could not be listed",
        NoChain::NotReached => "not reached",
    }
}

/// Who read the record.
pub fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Caller(arn) => arn.clone(),
        Identity::AccessKey(ending) => {
            format!(
                "the owner of the access key that ends in {ending} (sts:GetCallerIdentity gave no answer)"
            )
        }
        Identity::Anonymous => "anyone: requests were not signed".to_owned(),
    }
}

/// Whose record was asked for.
pub fn scope(asked: &Request) -> String {
    let part = |one: &str, several: &str, names: Vec<String>| match names.len() {
        0 => None,
        1 => Some(format!("{one} {}", names.join(", "))),
        _ => Some(format!("{several} {}", names.join(", "))),
    };
    let parts: Vec<String> = [
        part("account", "accounts", asked.accounts.iter().map(ToString::to_string).collect()),
        part("region", "regions", asked.regions.iter().map(ToString::to_string).collect()),
        part("trail", "trails", asked.trails.iter().map(ToString::to_string).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "all accounts, regions and trails found".to_owned()
    } else {
        format!("{}; nothing else was looked at", parts.join(", "))
    }
}

/// What had to be there and whether it was; none, if nothing had to.
pub fn expected(report: &Report) -> Option<String> {
    let asked = &report.request;
    let list = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let accounts = list(asked.expected_accounts.iter().map(ToString::to_string).collect());
    let regions = list(asked.expected_regions.iter().map(ToString::to_string).collect());
    let parts: Vec<String> = [
        accounts.map(|names| format!("accounts {names}")),
        regions.map(|names| format!("in every account regions {names}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let unmet = report.uncovered.iter().any(|part| match part.scope {
        Scope { account: Some(account), region: None, .. } => asked.expected_accounts.contains(&account),
        Scope { region: Some(ref region), .. } => asked.expected_regions.contains(region),
        Scope { account: None, region: None, .. } => false,
    });
    let met = match (unmet, report.completion) {
        (true, _) => "not all there",
        (false, Completion::Complete) => "all there",
        (false, Completion::Interrupted) => "none known to be absent",
    };
    (!parts.is_empty()).then(|| format!("{}: {met}", parts.join("; ")))
}

/// What earlier runs saw, and whether it is there; none, if the record was not held to any.
pub fn baselines(report: &Report) -> Option<String> {
    let heads: u64 = report.baselines.iter().map(|held| held.heads).sum();
    let elsewhere: u64 = report.baselines.iter().map(|held| held.not_checked).sum();
    let of = |code| {
        report.count(Class::Tamper, code)
            + report.count(Class::Incomplete, code)
            + report.count(Class::Notice, code)
    };
    let amiss = of(Code::HeadLost) + of(Code::HeadChanged) + of(Code::HeadExpired);
    let told = match (heads, amiss) {
        (0, _) => "nothing of an earlier run was looked at".to_owned(),
        (_, 0) => format!(
            "the {} of {} looked at",
            counted(heads, "newest digest", "newest digests"),
            counted(report.baselines.len() as u64, "earlier run", "earlier runs")
        ),
        (_, amiss) => format!(
            "{amiss} of {} of earlier runs lost, changed or expired",
            counted(heads, "newest digest", "newest digests")
        ),
    };
    let beside =
        (elsewhere > 0).then(|| format!("; {} not in what was asked for", counted(elsewhere, "lies", "lie")));
    (!report.baselines.is_empty()).then(|| format!("{told}{}", beside.unwrap_or_default()))
}

/// How much of the time its chains have to cover is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Seconds that authentic digests span.
    pub covered: i64,
    /// Seconds they don't.
    pub open: i64,
}

impl Share {
    /// Of these covered spans and these gaps.
    pub fn of(coverage: &[Span], gaps: &[Span]) -> Self {
        let seconds = |spans: &[Span]| spans.iter().map(|span| span.length().num_seconds()).sum();
        Self { covered: seconds(coverage), open: seconds(gaps) }
    }

    /// Of all that a report should have covered: its chains, and what has none.
    pub fn of_report(report: &Report) -> Self {
        let chains = report.chains.iter().map(|chain| Self::of(&chain.coverage, &chain.gaps));
        let none = report.uncovered.iter().map(|part| Self { covered: 0, open: part.seconds() });
        chains.chain(none).fold(Self::default(), Self::plus)
    }

    /// The covered part of all of it, from 0 to 1; none, where there is no time to cover.
    pub fn ratio(&self) -> Option<f64> {
        let all = self.covered + self.open;
        (all > 0).then(|| self.covered as f64 / all as f64)
    }

    /// The two together.
    pub fn plus(self, other: Self) -> Self {
        Self { covered: self.covered + other.covered, open: self.open + other.open }
    }
}

impl Display for Share {
    /// In percent, and never 100 % while anything is open, nor 0 % while anything is covered.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.covered + self.open;
        let tenths = match whole {
            0 => return out.pad("–"),
            _ => self.covered * 1000 / whole,
        };
        let text = match (tenths, self.covered, self.open) {
            (_, _, 0) => "100 %".to_owned(),
            (0, covered, _) if covered > 0 => "<0.1 %".to_owned(),
            (tenths, _, _) => format!("{}.{} %", tenths / 10, tenths % 10),
        };
        out.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_into_a_claim() {
        let share = |covered, open| Share { covered, open }.to_string();
        assert_eq!(share(3600, 0), "100 %");
        assert_eq!(share(999_999, 1), "99.9 %");
        assert_eq!(share(1, 999_999), "<0.1 %");
        assert_eq!(share(0, 3600), "0.0 %");
        assert_eq!(share(0, 0), "–");
    }
}
