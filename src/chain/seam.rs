//! Links between the folders of an organization's trail and an account's own: when a trail is converted, its digests go on
//! under `AWSLogs/o-…/ACCOUNT/` or come back from there, and what signed links join is one chain.

use super::{Chain, Gap, Item};
use crate::digest::Previous;
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, ObjectName, Span, Time};

/// A link to a digest of the same account and region in the folder of another organization, or of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seam {
    /// The digest that holds it.
    pub from: ObjectName,
    /// Where that digest's time begins.
    pub at: Time,
    /// The chain it leads to.
    pub chain: ChainId,
    /// What it records.
    pub previous: Previous,
}

impl Seam {
    /// Whether a link of `chain` is one.
    pub(super) fn crosses(chain: &ChainId, previous: &Previous) -> bool {
        DigestKey::parse(&previous.object.key).is_some_and(|key| {
            let (own, other) = (&chain.place, &key.chain.place);
            other.organization != own.organization
                && other.account == own.account
                && other.region == own.region
        })
    }

    pub(super) fn of(item: &Item, previous: &Previous) -> Self {
        let chain =
            DigestKey::parse(&previous.object.key).map_or_else(|| item.key.chain.clone(), |key| key.chain);
        Self { from: item.object.clone(), at: item.span().start, chain, previous: previous.clone() }
    }
}

/// Makes one coverage of two chains that a signed link joins at `at`: before it the older one owes it, from there on the
/// newer one does, and the older one has not ended.
pub fn join(older: &mut Chain, newer: &mut Chain, at: Time) {
    older.ended = None;
    keep(&mut older.gaps, |span| Span { end: span.end.min(at), ..span });
    keep(&mut newer.gaps, |span| Span { start: span.start.max(at), ..span });
}

fn keep(gaps: &mut Vec<Gap>, cut: impl Fn(Span) -> Span) {
    for gap in gaps.iter_mut() {
        gap.span = cut(gap.span);
    }
    gaps.retain(|gap| gap.span.start < gap.span.end);
}
