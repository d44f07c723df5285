//! The time for which it is known which log files there are: the time that the digests of every trail span. Trails share
//! log folders, so a log file that none names may be that of a trail that has a hole there. A trail without log file
//! validation looks just like that: before its first digest, after its last, and while it was switched off.

use super::{Chain, Entry, Linked, Loss, Lost, complement, union};
use crate::digest::Certainty;
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, DigestKind, Location, ObjectName, Span};

/// What is settled of one place of delivery, and what keeps the rest open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Sorted, disjoint.
    spans: Vec<Span>,
    open: Vec<(Span, Unsettled)>,
}

/// What keeps a time open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsettled {
    /// A trail that delivers there has no digest for it.
    Hole(ChainId),
    /// A digest that proves nothing.
    Digest(ObjectName, Loss),
}

impl Settled {
    /// What the digests of one account and region that lie in `home` settle there.
    pub fn of(home: &Location, certainty: Certainty, entries: &[Entry], linked: &[Linked]) -> Self {
        let own = certainty.comparable(&home.prefix);
        let is_here = |object: &ObjectName, prefix: &str| {
            certainty.comparable(prefix) == own
                && (certainty == Certainty::KeyOnly || object.bucket == home.bucket)
        };
        let owners: Vec<Owner<'_>> = linked
            .iter()
            .map(|Linked { id, entries: range, chain }| Owner {
                id,
                spans: union(
                    entries[range.clone()]
                        .iter()
                        .filter(|entry| is_here(&entry.object, &entry.key.prefix))
                        .filter_map(|entry| Some(entry.authentic()?.span()))
                        .collect(),
                ),
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
        let spans = union(owners.iter().flat_map(|owner| owner.spans.clone()).collect());
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Self::default() };
        let whole = Span { start: first.start, end: last.end };
        let mut open: Vec<(Span, Unsettled)> = Vec::new();
        for owner in owners {
            let lost = owner.lost.iter();
            open.extend(lost.map(|lost| (lost.span, Unsettled::Digest(lost.object.clone(), lost.why))));
            if owner.may_own_files() {
                let holes = complement(&owner.spans, whole);
                open.extend(holes.into_iter().map(|hole| (hole, Unsettled::Hole(owner.id.clone()))));
            }
        }
        let unsettled = union(open.iter().map(|(span, _)| *span).chain(complement(&spans, whole)).collect());
        Self { spans: complement(&unsettled, whole), open }
    }

    /// Whether all of `stretch` is settled.
    pub fn covers(&self, stretch: Span) -> bool {
        self.spans.iter().any(|span| span.start <= stretch.start && stretch.end <= span.end)
    }

    /// What keeps some of `stretch` open; a digest rather than a hole, because it can be looked at. None, where no digest
    /// has come that far.
    pub fn obstacle(&self, stretch: Span) -> Option<&Unsettled> {
        let digest = |what: &&Unsettled| matches!(what, Unsettled::Digest(..));
        self.open_in(stretch).find(digest).or_else(|| self.open_in(stretch).next())
    }

    /// A digest of some of `stretch` that is AWS's, or may be, and could not be asked what it names. An object that cannot
    /// be AWS's unsettles its own hour, and no more.
    pub fn unheard(&self, stretch: Span) -> Option<&Unsettled> {
        let unheard = |what: &&Unsettled| matches!(what, Unsettled::Digest(_, Loss::Open | Loss::Absent));
        self.open_in(stretch).find(unheard)
    }

    fn open_in(&self, stretch: Span) -> impl Iterator<Item = &Unsettled> {
        self.open.iter().filter(move |(span, _)| span.overlaps(&stretch)).map(|(_, what)| what)
    }
}

/// A chain, as far as one home knows it.
struct Owner<'a> {
    id: &'a ChainId,
    spans: Vec<Span>,
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
            spans: spans.to_vec(),
            lost: lost.collect(),
            started: None,
            bounds: None,
            coverage: Vec::new(),
            gaps: Vec::new(),
            ended: None,
            verified_through: None,
            newest: None,
            wanted: Vec::new(),
            seams: Vec::new(),
        }
    }

    fn settled(chains: &[(&str, Chain)]) -> Vec<Span> {
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
        Settled::over(&owners).spans
    }

    #[test]
    fn one_trail_alone_settles_what_it_spans() {
        let spans = [span(1, 4), span(6, 9)];
        assert_eq!(settled(&[("one", chain(&spans, &[]))]), spans);
        assert_eq!(settled(&[]), []);
    }

    #[test]
    fn a_hole_in_one_trail_settles_nothing_for_its_neighbours() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        let holed = ("two", chain(&[span(1, 4), span(6, 9)], &[]));
        assert_eq!(settled(&[whole.clone(), holed]), [span(1, 4), span(6, 9)]);
        let lost = ("two", chain(&[span(1, 9)], &[(span(3, 4), Loss::Absent)]));
        assert_eq!(settled(&[whole, lost]), [span(1, 3), span(4, 9)]);
    }

    #[test]
    fn a_trail_may_have_delivered_before_its_first_digest_and_after_its_last() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        assert_eq!(settled(&[whole.clone(), ("two", chain(&[span(5, 9)], &[]))]), [span(5, 9)]);
        assert_eq!(settled(&[whole, ("two", chain(&[span(1, 5)], &[]))]), [span(1, 5)]);
    }

    #[test]
    fn a_name_without_an_authentic_digest_unsettles_its_own_hour_at_most() {
        let whole = ("one", chain(&[span(1, 9)], &[]));
        let ghost = ("two", chain(&[], &[(span(3, 4), Loss::Refuted)]));
        assert_eq!(settled(&[whole.clone(), ghost]), [span(1, 3), span(4, 9)]);
        // One that may be AWS's shows that there may be a trail.
        let unread = ("two", chain(&[], &[(span(3, 4), Loss::Open)]));
        assert_eq!(settled(&[whole, unread]), []);
    }
}
