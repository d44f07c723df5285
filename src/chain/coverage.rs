//! What part of the window authentic digests span, and why the rest is not.

use super::{Absent, Chain, ChainId, Entry, State, Terms};
use crate::report::Window;
use crate::trail::{DigestKind, Span, Time, format_time};
use crate::verdict::{Cause, Code, Finding};

/// The same time as sorted, disjoint spans.
pub fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// The part of sorted, disjoint `spans` that lies in the window.
pub fn clip(spans: &[Span], window: &Window) -> Vec<Span> {
    spans
        .iter()
        .map(|span| Span {
            start: window.start.map_or(span.start, |start| start.max(span.start)),
            end: window.end.min(span.end),
        })
        .filter(|span| span.start < span.end)
        .collect()
}

/// The part of `whole` that sorted, disjoint `spans` leave open.
pub fn complement(spans: &[Span], whole: Span) -> Vec<Span> {
    let mut open = Vec::new();
    let mut from = whole.start;
    for span in spans {
        if span.start > from {
            open.push(Span { start: from, end: span.start.min(whole.end) });
        }
        from = from.max(span.end);
    }
    if from < whole.end {
        open.push(Span { start: from, end: whole.end });
    }
    open.retain(|span| span.start < span.end);
    open
}

/// The time for which it is known which log files there are: the time that every trail's digests span. Trails share
/// log folders, so where one of them has a hole, a log file that none names may be one of its own. So it is where a
/// digest is lost, even if a backfill digest repairs the hour: that names late log files only. A trail has no log files
/// before it begins.
pub fn settled(chains: &[(ChainId, Chain)]) -> Vec<Span> {
    let spans = union(chains.iter().flat_map(|(_, chain)| chain.spans.clone()).collect());
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return spans };
    let whole = Span { start: first.start, end: last.end };
    let holes = chains.iter().filter(|(id, _)| id.kind == DigestKind::Standard).flat_map(|(id, chain)| {
        let repairs = ChainId { kind: DigestKind::Backfill, ..id.clone() };
        let own = chains.iter().filter(|(other, _)| other == id || *other == repairs);
        let own = union(own.flat_map(|(_, chain)| chain.spans.clone()).collect());
        let start = chain.started.map_or(whole.start, |started| started.max(whole.start));
        complement(&own, Span { start, ..whole })
    });
    let lost = chains.iter().flat_map(|(_, chain)| chain.lost.clone());
    let unsettled = union(holes.chain(lost).chain(complement(&spans, whole)).collect());
    complement(&unsettled, whole)
}

/// Fills in the chain's coverage, gaps and the findings about them.
pub(super) fn assess(
    chain: &mut Chain,
    id: &ChainId,
    entries: &[Entry],
    absent: &[Absent],
    repairs: &[Span],
    terms: &Terms,
) {
    let spans = union([&chain.spans, repairs].concat());
    chain.coverage = clip(&spans, &terms.window);
    let Some(bounds) = bounds(entries, absent, &chain.coverage, terms) else { return };
    chain.gaps = complement(&chain.coverage, bounds);
    let start_of_chain = chain.started;
    for gap in &chain.gaps {
        let at_front = gap.start == bounds.start;
        let at_end = gap.end == bounds.end;
        let (code, what) = match (at_front, at_end) {
            (true, false) => (Code::CoverageHead, "the window's beginning is"),
            (false, true) => (Code::CoverageTail, "the window's end is"),
            (true, true) | (false, false) => (Code::CoverageGap, "this time is"),
        };
        let message = format!(
            "from {} to {} ({}): {what} not covered by any authentic digest",
            format_time(gap.start),
            format_time(gap.end),
            length(*gap),
        );
        let mut finding = Finding::new(code, id, message);
        finding.span = Some(*gap);
        finding.at = Some(gap.start);
        finding.cause = Some(cause(*gap, entries, absent, start_of_chain));
        chain.findings.push(finding);
    }
    let whole_from = match (terms.window.start, start_of_chain) {
        (Some(start), Some(first)) => start.max(first),
        (Some(start), None) => start,
        (None, _) => bounds.start,
    };
    chain.verified_through = chain
        .coverage
        .iter()
        .find(|span| span.start <= whole_from && whole_from < span.end)
        .map(|span| span.end);
    if let Some(oldest) = beginning_elsewhere(entries, terms) {
        chain.findings.push(open_head(id, oldest));
    }
}

/// What the chain has to cover: the window, as far as digests can have arrived by now. An open window begins
/// with the chain's first trace.
fn bounds(entries: &[Entry], absent: &[Absent], coverage: &[Span], terms: &Terms) -> Option<Span> {
    let traces = entries
        .iter()
        .map(|entry| entry.span().start)
        .chain(absent.iter().filter_map(|missing| missing.end).map(|end| super::hour_before(end).start));
    let start = terms.window.start.or_else(|| traces.min())?;
    let covered_to = coverage.last().map_or(start, |span| span.end);
    let settled = terms.as_of.checked_sub_signed(terms.grace).unwrap_or(Time::MIN_UTC);
    let due = terms.window.end.min(settled);
    let end = match covered_to >= due {
        true => covered_to,
        false => terms.window.end.min(terms.as_of),
    };
    (start < end).then_some(Span { start, end })
}

/// The chain's first moment, where its first digest is here and is a starting digest.
pub(super) fn chain_start(entries: &[Entry]) -> Option<Time> {
    let first = entries.first()?.authentic()?;
    first.previous().is_none().then(|| first.span().start)
}

fn cause(gap: Span, entries: &[Entry], absent: &[Absent], start_of_chain: Option<Time>) -> Cause {
    let (mut missing, mut rejected, mut unreadable) = (0, 0, 0);
    missing += absent
        .iter()
        .filter(|absent| absent.end.is_some_and(|end| super::hour_before(end).overlaps(&gap)))
        .count() as u64;
    for entry in entries.iter().filter(|entry| entry.span().overlaps(&gap)) {
        match &entry.state {
            State::Authentic(_) => {}
            State::Rejected(_) => rejected += 1,
            State::Unseen(_) => unreadable += 1,
            State::Gone => missing += 1,
        }
    }
    match missing + rejected + unreadable {
        0 if start_of_chain == Some(gap.end) => Cause::ChainStart,
        0 => Cause::Unexplained,
        _ => Cause::Digests { missing, rejected, unreadable },
    }
}

/// With an open start: the oldest digest, if it links to one that is not here.
fn beginning_elsewhere<'a>(entries: &'a [Entry], terms: &Terms) -> Option<&'a Entry> {
    let oldest = entries.first().filter(|_| terms.window.start.is_none())?;
    let previous = oldest.authentic()?.previous()?;
    terms.would_show(&previous.object).then_some(oldest)
}

fn open_head(id: &ChainId, oldest: &Entry) -> Finding {
    let start = oldest.span().start;
    let message = format!(
        "the record begins at {} and its oldest digest links to an earlier one that is not here: expired or removed \
         cannot be told apart; --start says how far back the record has to reach",
        format_time(start)
    );
    let mut finding = Finding::new(Code::CoverageHead, id, message);
    finding.at = Some(start);
    finding.object = oldest.authentic().and_then(|digest| digest.previous()).map(|link| link.object.clone());
    finding.digest = Some(oldest.object.clone());
    finding.cause = Some(Cause::Unexplained);
    finding
}

fn length(span: Span) -> String {
    let minutes = span.length().num_minutes();
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::{AccountRegion, parse_time};
    use crate::verdict::DigestTally;

    fn span(from: u32, to: u32) -> Span {
        let at = |hour: u32| parse_time(&format!("2026-03-01T{hour:02}:00:00Z")).unwrap();
        Span { start: at(from), end: at(to) }
    }

    fn chain(trail: &str, spans: &[Span], lost: &[Span], starts: bool) -> (ChainId, Chain) {
        let place = AccountRegion {
            account: "111122223333".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            organization: None,
        };
        let home_region = place.region.clone();
        let id = ChainId { place, trail: trail.parse().unwrap(), home_region, kind: DigestKind::Standard };
        let chain = Chain {
            digests: DigestTally::default(),
            findings: Vec::new(),
            spans: spans.to_vec(),
            lost: lost.to_vec(),
            started: spans.first().filter(|_| starts).map(|first| first.start),
            coverage: Vec::new(),
            gaps: Vec::new(),
            verified_through: None,
            newest: None,
            wanted: Vec::new(),
        };
        (id, chain)
    }

    #[test]
    fn one_trail_alone_settles_what_it_spans() {
        let spans = [span(1, 4), span(6, 9)];
        assert_eq!(settled(&[chain("one", &spans, &[], false)]), spans);
        assert_eq!(settled(&[]), []);
    }

    #[test]
    fn a_hole_in_one_trail_settles_nothing_for_its_neighbours() {
        let whole = chain("one", &[span(1, 9)], &[], false);
        let holed = chain("two", &[span(1, 4), span(6, 9)], &[], false);
        assert_eq!(settled(&[whole.clone(), holed]), [span(1, 4), span(6, 9)]);
        let lost = chain("two", &[span(1, 9)], &[span(3, 4)], false);
        assert_eq!(settled(&[whole, lost]), [span(1, 3), span(4, 9)]);
    }

    #[test]
    fn a_trail_that_begins_later_owes_nothing_before() {
        let whole = chain("one", &[span(1, 9)], &[], false);
        assert_eq!(settled(&[whole.clone(), chain("two", &[span(5, 9)], &[], true)]), [span(1, 9)]);
        assert_eq!(settled(&[whole, chain("two", &[span(5, 9)], &[], false)]), [span(5, 9)]);
    }
}
