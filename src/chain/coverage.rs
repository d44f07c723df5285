//! What part of the window authentic digests span, and why the rest is not.

use super::{Absent, Chain, ChainId, Found, Gap, Item, LastDigest, Link, Terms};
use crate::trail::{Span, SpanSet, Time, Window};
use crate::verdict::what::{Beginning, What};
use crate::verdict::{Cause, Finding};

/// Fills in the chain's coverage and gaps, or that it ended before the window. Only standard digests cover an hour: a
/// backfill digest names late log files, and says nothing of the others.
pub(super) fn assess(chain: &mut Chain, id: &ChainId, items: &[Item], absent: &[Absent], terms: &Terms) {
    chain.coverage = chain.spans.clip(&terms.window);
    if begins_later(chain, items, absent, terms) {
        return;
    }
    chain.ended = LastDigest::before_the_window(items, absent, terms);
    chain.bounds = bounds(items, absent, &chain.coverage, terms);
    chain.unproven = unproven(items, &chain.coverage, chain.bounds, &terms.window);
    let Some(bounds) = chain.bounds else { return };
    let waiting: SpanSet = absent.iter().filter(|it| it.is_pending(terms)).filter_map(hour).collect();
    let open = chain.coverage.complement(bounds);
    let start_of_chain = chain.started;
    chain.gaps = open
        .into_iter()
        .flat_map(|gap| waiting.complement(gap))
        .map(|span| Gap { span, cause: cause(span, items, absent, start_of_chain) })
        .collect();
    let whole_from = match (terms.window.start(), start_of_chain) {
        (Some(start), Some(first)) => start.max(first),
        (Some(start), None) => start,
        (None, _) => bounds.start,
    };
    chain.verified_through = chain
        .coverage
        .iter()
        .find(|span| span.start <= whole_from && whole_from < span.end)
        .map(|span| span.end);
    if let Some(oldest) = beginning_elsewhere(items, terms) {
        chain.findings.push(open_head(id, oldest));
    }
}

/// The hours of digests that are here and not authentic, as far as nothing else covers them and no gap can: they lie beyond
/// what is due yet.
fn unproven(items: &[Item], coverage: &SpanSet, due: Option<Span>, window: &Window) -> SpanSet {
    let here = items.iter().filter(|item| item.authentic().is_none() && item.found != Found::Gone);
    let hours = here.map(Item::span).collect::<SpanSet>().clip(window);
    let covered = coverage.union(due);
    hours.into_iter().flat_map(|hour| covered.complement(hour)).collect()
}

fn hour(absent: &Absent) -> Option<Span> {
    absent.end.map(Span::of_digest)
}

/// Whether the chain's first digest is a starting digest after the window: then it owes nothing to the window.
fn begins_later(chain: &Chain, items: &[Item], absent: &[Absent], terms: &Terms) -> bool {
    absent.is_empty()
        && chain.started.is_some()
        && items.iter().all(|item| item.span().start >= terms.window.end())
}

/// What the chain has to cover: the window, as far as digests can have arrived by now. An open window begins
/// with the chain's first trace.
fn bounds(items: &[Item], absent: &[Absent], coverage: &[Span], terms: &Terms) -> Option<Span> {
    let traces = items
        .iter()
        .map(|item| item.span().start)
        .chain(absent.iter().filter_map(hour).map(|hour| hour.start));
    let start = terms.window.start().or_else(|| traces.min())?;
    let covered_to = coverage.last().map_or(start, |span| span.end);
    let end = if covered_to >= terms.due() { covered_to } else { terms.window.end().min(terms.as_of) };
    (start < end).then_some(Span { start, end })
}

/// The chain's first moment, where its first digest is here and is a starting digest.
pub(super) fn chain_start(items: &[Item]) -> Option<Time> {
    let first = items.first()?.authentic()?;
    (first.link == Link::Start).then_some(first.span.start)
}

fn cause(gap: Span, items: &[Item], absent: &[Absent], start_of_chain: Option<Time>) -> Cause {
    let (mut missing, mut rejected, mut unauthenticated, mut unreadable) = (0, 0, 0, 0);
    missing += absent.iter().filter_map(hour).filter(|hour| hour.overlaps(&gap)).count() as u64;
    for item in items.iter().filter(|item| item.span().overlaps(&gap)) {
        match &item.found {
            Found::Authentic(_) => {}
            Found::Rejected(refused) if refused.fault.is_refutation() => rejected += 1,
            Found::Rejected(_) => unauthenticated += 1,
            Found::Unseen(_) => unreadable += 1,
            Found::Gone => missing += 1,
        }
    }
    match missing + rejected + unauthenticated + unreadable {
        0 if start_of_chain == Some(gap.end) => Cause::ChainStart,
        0 => Cause::Unexplained,
        _ => Cause::Digests { missing, rejected, unauthenticated, unreadable },
    }
}

/// With an open start: the oldest digest, if it links to one that is not here.
fn beginning_elsewhere<'a>(items: &'a [Item], terms: &Terms) -> Option<&'a Item> {
    let oldest = items.first().filter(|_| terms.window.start().is_none())?;
    let previous = oldest.previous()?;
    terms.would_show(&previous.object).then_some(oldest)
}

fn open_head(id: &ChainId, oldest: &Item) -> Finding {
    let mut finding = Finding::new(What::CoverageHead(Beginning::LinksFurtherBack), id);
    finding.at = Some(oldest.span().start);
    finding.object = oldest.previous().map(|link| link.object.clone());
    finding.digest = Some(oldest.object.clone());
    finding.cause = Some(Cause::Unexplained);
    finding
}
