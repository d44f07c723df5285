//! The time for which it is known which log files there are: the time that the digests of every trail span. Trails share
//! log folders, so a log file that none names may be that of a trail that has a hole there. A trail without log file
//! validation looks just like that: before its first digest, after its last, and while it was switched off.

use chrono::TimeDelta;

use super::{Chain, Item, Linked, Loss, Lost};
use crate::digest::NamedBy;
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, DigestKind, Location, ObjectName, Span, SpanSet};

/// What the digests of all trails cover of one place of delivery, and what keeps the rest open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JointCoverage {
    /// Sorted, disjoint.
    spans: SpanSet,
    /// Digests of which it is not known what they name, and the hours they are named after.
    unheard: Open,
    /// Objects that cannot be AWS's, and the hours they are named after.
    refuted: Open,
    /// Holes of trails.
    holes: Open,
}

/// Times that something keeps open, by their starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Open {
    sorted: Vec<(Span, Uncertainty)>,
    /// The length of the longest.
    longest: TimeDelta,
}

impl Open {
    fn of(mut open: Vec<(Span, Uncertainty)>) -> Self {
        open.sort_by_key(|(span, _)| *span);
        let longest = open.iter().map(|(span, _)| span.length()).max().unwrap_or_default();
        Self { sorted: open, longest }
    }

    /// The first that shares some of `stretch`.
    fn first_in(&self, stretch: Span) -> Option<&Uncertainty> {
        let from = self.sorted.partition_point(|(span, _)| span.start + self.longest <= stretch.start);
        let near = self.sorted[from..].iter().take_while(|(span, _)| span.start < stretch.end);
        near.into_iter().find(|(span, _)| span.overlaps(&stretch)).map(|(_, what)| what)
    }
}

/// What keeps a time open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncertainty {
    /// A trail that delivers there has no digest for it.
    Hole(ChainId),
    /// A digest that proves nothing.
    Digest(ObjectName, Loss),
}

impl JointCoverage {
    /// What the digests of one account and region that lie in `home` settle there.
    pub fn of(home: &Location, named_by: NamedBy, items: &[Item], linked: &[Linked]) -> Self {
        let own = named_by.comparable(&home.prefix);
        let is_here = |object: &ObjectName, prefix: &str| {
            named_by.comparable(prefix) == own
                && (named_by == NamedBy::KeyOnly || object.bucket == home.bucket)
        };
        let owners: Vec<Owner<'_>> = linked
            .iter()
            .map(|Linked { id, items: range, chain }| Owner {
                id,
                spans: items[range.clone()]
                    .iter()
                    .filter(|item| is_here(&item.object, &item.key.prefix))
                    .filter_map(|item| Some(item.authentic()?.span))
                    .collect(),
                lost: chain
                    .lost
                    .iter()
                    .filter(|lost| {
                        DigestKey::parse(&lost.object.key)
                            .is_some_and(|key| is_here(&lost.object, &key.prefix))
                    })
                    .collect(),
                chain,
            })
            .collect();
        Self::over(&owners)
    }

    fn over(owners: &[Owner<'_>]) -> Self {
        let spans: SpanSet = owners.iter().flat_map(|owner| &owner.spans).copied().collect();
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Self::default() };
        let whole = Span { start: first.start, end: last.end };
        let (mut unheard, mut refuted, mut holes) = (Vec::new(), Vec::new(), Vec::new());
        for owner in owners {
            for lost in &owner.lost {
                let open = match lost.why {
                    Loss::Open | Loss::Absent => &mut unheard,
                    Loss::Refuted => &mut refuted,
                };
                open.push((lost.span, Uncertainty::Digest(lost.object.clone(), lost.why)));
            }
            if owner.may_own_files() {
                let own = owner.spans.complement(whole);
                holes.extend(own.into_iter().map(|hole| (hole, Uncertainty::Hole(owner.id.clone()))));
            }
        }
        let open = [&unheard, &refuted, &holes].into_iter().flatten().map(|(span, _)| *span);
        let uncertain = spans.complement(whole).union(open);
        Self {
            spans: uncertain.complement(whole),
            unheard: Open::of(unheard),
            refuted: Open::of(refuted),
            holes: Open::of(holes),
        }
    }

    /// Whether all of `stretch` is covered.
    pub fn covers(&self, stretch: Span) -> bool {
        self.spans.covers(stretch)
    }

    /// What keeps some of `stretch` open; a digest rather than a hole, because it can be looked at. None, where no digest
    /// has come that far.
    pub fn obstacle(&self, stretch: Span) -> Option<&Uncertainty> {
        [&self.unheard, &self.refuted, &self.holes].into_iter().find_map(|open| open.first_in(stretch))
    }

    /// A digest of some of `stretch` that is AWS's, or may be, and could not be asked what it names. An object that cannot
    /// be AWS's unsettles its own hour, and no more.
    pub fn unheard(&self, stretch: Span) -> Option<&Uncertainty> {
        self.unheard.first_in(stretch)
    }
}

/// A chain, as far as one home knows it.
struct Owner<'a> {
    id: &'a ChainId,
    spans: SpanSet,
    lost: Vec<&'a Lost>,
    chain: &'a Chain,
}

impl Owner<'_> {
    /// Whether files may be its own where it has no digest. Anybody can put an object under the name of a digest of a trail
    /// that does not exist; only a digest that is AWS's, or may be, shows that there is one. One whose end the caller
    /// acknowledges is gone.
    fn may_own_files(&self) -> bool {
        let open = self.lost.iter().any(|lost| lost.why == Loss::Open);
        let gone = self.chain.ended.as_ref().is_some_and(|last| last.word.is_some());
        self.id.kind == DigestKind::Standard && (!self.chain.spans.is_empty() || open) && !gone
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

    fn id(trail: &str) -> ChainId {
        let place = AccountRegion {
            account: "111122223333".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            organization: None,
        };
        let home_region = place.region.clone();
        ChainId { place, trail: trail.parse().unwrap(), home_region, kind: DigestKind::Standard }
    }

    fn chain(spans: &[Span], lost: &[(Span, Loss)]) -> Chain {
        let lost =
            lost.iter().map(|(span, why)| Lost { span: *span, object: ObjectName::new("b", "k"), why: *why });
        Chain {
            digests: DigestTally::default(),
            findings: Vec::new(),
            spans: spans.iter().copied().collect(),
            lost: lost.collect(),
            started: None,
            bounds: None,
            coverage: SpanSet::default(),
            gaps: Vec::new(),
            unproven: SpanSet::default(),
            ended: None,
            verified_through: None,
            newest: None,
            wanted: Vec::new(),
            seams: Vec::new(),
        }
    }

    fn covered(chains: &[(&str, Chain)]) -> SpanSet {
        let ids: Vec<ChainId> = chains.iter().map(|(name, _)| id(name)).collect();
        let owners: Vec<Owner<'_>> = chains
            .iter()
            .zip(&ids)
            .map(|((_, chain), id)| Owner {
                id,
                spans: chain.spans.clone(),
                lost: chain.lost.iter().collect(),
                chain,
            })
            .collect();
        JointCoverage::over(&owners).spans
    }

    #[test]
    fn one_trail_alone_settles_what_it_spans() {
        let spans = [span(1, 4), span(6, 9)];
        assert_eq!(covered(&[("one", chain(&spans, &[]))])[..], spans);
        assert_eq!(covered(&[])[..], []);
    }

    #[test]
    fn a_hole_in_one_trail_settles_nothing_for_its_neighbours() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        let holed = ("two", chain(&[span(1, 4), span(6, 9)], &[]));
        assert_eq!(covered(&[whole.clone(), holed])[..], [span(1, 4), span(6, 9)]);
        let lost = ("two", chain(&[span(1, 9)], &[(span(3, 4), Loss::Absent)]));
        assert_eq!(covered(&[whole, lost])[..], [span(1, 3), span(4, 9)]);
    }

    #[test]
    fn a_trail_may_have_delivered_before_its_first_digest_and_after_its_last() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        assert_eq!(covered(&[whole.clone(), ("two", chain(&[span(5, 9)], &[]))])[..], [span(5, 9)]);
        assert_eq!(covered(&[whole, ("two", chain(&[span(1, 5)], &[]))])[..], [span(1, 5)]);
    }

    #[test]
    fn a_name_without_an_authentic_digest_unsettles_its_own_hour_at_most() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        let ghost = ("two", chain(&[], &[(span(3, 4), Loss::Refuted)]));
        assert_eq!(covered(&[whole.clone(), ghost])[..], [span(1, 3), span(4, 9)]);
        // One that may be AWS's shows that there may be a trail.
        let unread = ("two", chain(&[], &[(span(3, 4), Loss::Open)]));
        assert_eq!(covered(&[whole, unread])[..], []);
    }
}
