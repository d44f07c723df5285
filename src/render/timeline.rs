//! A chain's time as a row of cells: what the terminal's strip and the HTML heat map are drawn from.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::report::{ChainReport, NoChain, Reached, Report};
use crate::trail::{AccountId, DigestKind, Region, Span, Time, TrailName};
use crate::verdict::{Class, Code, Finding};

/// What is known of one cell's time. Ordered: the worst that is true of any part of a cell is what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// The chain has nothing to cover here.
    Outside,
    /// Authentic digests span all of it.
    Covered,
    /// Not covered yet, and not due yet.
    Pending,
    /// The run ended before it was looked at.
    NotReached,
    /// Something in it could not be read or proven.
    Unproven,
    /// Covered in part.
    Partial,
    /// Not covered.
    Gap,
    /// Somebody changed or removed something in it.
    Damaged,
}

impl Cell {
    /// Every state, in order.
    pub const ALL: [Self; 8] = [
        Self::Outside,
        Self::Covered,
        Self::Pending,
        Self::NotReached,
        Self::Unproven,
        Self::Partial,
        Self::Gap,
        Self::Damaged,
    ];

    /// What all of a part without a chain is drawn as.
    pub fn of_no_chain(why: NoChain) -> Self {
        match why {
            NoChain::Absent => Self::Gap,
            NoChain::Unlisted => Self::Unproven,
            NoChain::NotReached => Self::NotReached,
        }
    }

    /// What it means, for a legend.
    pub fn legend(self) -> &'static str {
        match self {
            Self::Outside => "outside the chain",
            Self::Covered => "covered",
            Self::Pending => "not due yet",
            Self::NotReached => "not reached",
            Self::Unproven => "unreadable or unproven",
            Self::Partial => "partly covered",
            Self::Gap => "not covered",
            Self::Damaged => "tampered with",
        }
    }
}

/// How time is cut into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Where the first cell begins.
    pub start: Time,
    /// Where the last cell has to reach.
    pub end: Time,
    /// The time of one cell, in hours.
    pub hours: i64,
}

/// Lengths of a cell that a person can count in, in hours.
const STEPS: [i64; 19] = [1, 2, 3, 4, 6, 8, 12, 18, 24, 30, 36, 48, 72, 96, 120, 168, 240, 336, 480];

impl Scale {
    /// The finest scale that shows the report's window in at most `cells` cells. An open window begins with the
    /// first trace of any chain. None where there is no time to show.
    pub fn fit(report: &Report, cells: usize) -> Option<Self> {
        let first = |chain: &ChainReport| {
            chain.coverage.first().into_iter().chain(chain.gaps.first()).map(|span| span.start).min()
        };
        let start = report.window.start().or_else(|| report.chains.iter().filter_map(first).min())?;
        let last = |chain: &ChainReport| {
            chain.coverage.last().into_iter().chain(chain.gaps.last()).map(|span| span.end).max()
        };
        // A window without an end in sight is drawn as far as the run could look.
        let reached = report.chains.iter().filter_map(last).max().unwrap_or(report.finished_at);
        let end = report.window.end().min(report.finished_at.max(reached));
        if start >= end {
            return None;
        }
        let fits = |hours: i64| Self { start, end, hours }.cells() <= cells.max(1);
        let steps = STEPS.into_iter().chain((1..).map(|years| years * 8760));
        steps.into_iter().find(|hours| fits(*hours)).map(|hours| Self { start, end, hours })
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        let step = self.hours * 3600;
        let seconds = (self.end - self.start).num_seconds();
        usize::try_from((seconds + step - 1) / step).unwrap_or(usize::MAX)
    }

    /// The time of one cell.
    pub fn cell(&self, index: usize) -> Span {
        let hours = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(self.hours);
        let start = self.start + TimeDelta::hours(hours);
        Span { start, end: (start + TimeDelta::hours(self.hours)).min(self.end) }
    }

    /// The time of one cell in words.
    pub fn step(&self) -> String {
        match (self.hours % 24, self.hours / 24) {
            (0, 1) => "1 day".to_owned(),
            (0, days) => format!("{days} days"),
            (1, 0) => "1 hour".to_owned(),
            _ => format!("{} hours", self.hours),
        }
    }

    /// The cells that share time with `span`; one that lies outside counts for the nearest.
    fn touched(&self, span: Span) -> std::ops::Range<usize> {
        let step = self.hours * 3600;
        let last = self.cells() - 1;
        let index = |seconds: i64| usize::try_from(seconds.max(0) / step).unwrap_or(0).min(last);
        let from = index((span.start - self.start).num_seconds());
        let to = index((span.end - self.start).num_seconds() - 1);
        from..to.max(from) + 1
    }
}

/// The findings of a report, to be asked by chain. Each stands there with its place in the report.
#[derive(Debug)]
pub struct Findings<'a> {
    by_place: BTreeMap<(AccountId, &'a Region), OfPlace<'a>>,
    /// The worst of those that the report counts and does not hold: of which chain they are is not known.
    not_held: Option<Class>,
}

/// Those of one account and region: by the trail they name, or by none.
type OfPlace<'a> = BTreeMap<Option<&'a TrailName>, Vec<(usize, &'a Finding)>>;

impl<'a> Findings<'a> {
    /// Sorts them by account, region and trail.
    pub fn of(report: &'a Report) -> Self {
        let mut by_place: BTreeMap<_, OfPlace<'a>> = BTreeMap::new();
        for (at, finding) in report.findings.iter().enumerate() {
            let scope = &finding.scope;
            if let (Some(account), Some(region)) = (scope.account, &scope.region) {
                let of_place = by_place.entry((account, region)).or_default();
                of_place.entry(scope.trail.as_ref()).or_default().push((at, finding));
            }
        }
        let not_held = report.omitted.keys().map(|(class, _)| *class).min();
        Self { by_place, not_held }
    }

    /// Those that concern the chain, in the report's order: of its account and region, and of its trail where they name
    /// one.
    pub fn of_chain(&self, chain: &ChainReport) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let place = &chain.id.place;
        let of_place = self.by_place.get(&(place.account, &place.region));
        let mut found: Vec<(usize, &'a Finding)> = [None, Some(&chain.id.trail)]
            .into_iter()
            .filter_map(|trail| of_place?.get(&trail))
            .flatten()
            .filter(|(_, finding)| finding.scope.organization == place.organization)
            .copied()
            .collect();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, finding)| finding)
    }

    /// The worst of those that concern the chain, or may.
    pub fn worst(&self, chain: &ChainReport) -> Option<Class> {
        let may_concern_it = self.not_held.filter(|_| !chain.is_as_delivered());
        self.of_chain(chain).map(|finding| finding.class()).chain(may_concern_it).min()
    }
}

/// The chain's time, cell by cell.
pub fn row<'a>(scale: &Scale, chain: &ChainReport, findings: impl Iterator<Item = &'a Finding>) -> Vec<Cell> {
    let mut row = vec![Cell::Outside; scale.cells()];
    let mut mark = |span: Span, cell: Cell| {
        for index in scale.touched(span) {
            row[index] = row[index].max(cell);
        }
    };
    let findings: Vec<&Finding> = findings.collect();
    let covered = match chain.logs.not_reached {
        0 => Cell::Covered,
        // Which hours' log files were not read is not known.
        _ => Cell::NotReached,
    };
    for span in &chain.coverage {
        mark(*span, covered);
    }
    for finding in &findings {
        let cell = match finding.class() {
            Class::Tamper => Cell::Damaged,
            Class::Incomplete if !is_gap(finding.code()) => Cell::Unproven,
            // Accepted, and there all the same.
            Class::Notice if finding.judged() == Class::Tamper => Cell::Damaged,
            Class::Incomplete | Class::Notice => continue,
        };
        if let Some(span) = time_of(finding) {
            mark(span, cell);
        }
    }
    if let Some(last) = chain.coverage.last().filter(|_| chain.id.kind == DigestKind::Standard) {
        // Uncovered time that no gap speaks of is not due.
        if last.end < scale.end && chain.gaps.last().is_none_or(|gap| gap.end <= last.end) {
            let open = match chain.reached {
                Reached::Wholly => Cell::Pending,
                Reached::InPart => Cell::NotReached,
            };
            mark(Span { start: last.end, end: scale.end }, open);
        }
    }
    for gap in &chain.gaps {
        let told = |finding: &&Finding| {
            is_gap(finding.code()) && finding.span.is_some_and(|span| span.overlaps(gap))
        };
        let ended =
            |finding: &&Finding| finding.code() == Code::ChainEnded && finding.class() == Class::Incomplete;
        let due = findings.iter().any(told) || findings.iter().any(ended);
        for index in scale.touched(*gap) {
            let cell = scale.cell(index);
            let whole = gap.start <= cell.start && cell.end <= gap.end;
            let state = match (due, whole) {
                (false, _) if chain.reached == Reached::InPart => Cell::NotReached,
                (false, _) => Cell::Pending,
                (true, true) => Cell::Gap,
                (true, false) => Cell::Partial,
            };
            row[index] = row[index].max(state);
        }
    }
    row
}

fn is_gap(code: Code) -> bool {
    matches!(code, Code::CoverageHead | Code::CoverageGap | Code::CoverageTail)
}

/// The time a finding is about. A digest stands for the hour that ends with it.
fn time_of(finding: &Finding) -> Option<Span> {
    let at = |at: Time| match finding.code() {
        Code::DigestMissing
        | Code::DigestSignatureInvalid
        | Code::DigestMalformed
        | Code::DigestRelocated
        | Code::DigestLinkBroken
        | Code::DigestUnsigned
        | Code::DigestUnknownKey
        | Code::DigestUnreadable
        | Code::DigestAlgorithmUnsupported => Span { start: at - TimeDelta::hours(1), end: at },
        _ => Span { start: at, end: at + TimeDelta::seconds(1) },
    };
    finding.span.or_else(|| finding.at.map(at))
}
