//! Tells copies from crimes. A single digest that says it belongs elsewhere, among others in their place, was moved or
//! replaced. Whole chains that AWS signed for one and the same other place were copied from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Found, Item};
use crate::digest::{Elsewhere, Signed};
use crate::trail::{ChainId, Location, Span};

/// A chain that lies in one place and was delivered to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Which chain.
    pub chain: ChainId,
    /// Where it lies.
    pub copy: Location,
    /// Where AWS delivered it.
    pub delivered: Location,
    /// The hours that its digests name.
    pub hours: Vec<Span>,
}

/// Takes copied chains out of the digests of one account and region.
pub fn set_apart(items: &mut Vec<Item>) -> Vec<Copied> {
    let mut evidence: BTreeMap<(ChainId, Location), Evidence> = BTreeMap::new();
    for item in items.iter() {
        evidence.entry((item.key.chain.clone(), home(item))).or_default().take(item);
    }
    evidence.retain(|_, evidence| evidence.speaks_of_copies());
    if evidence.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeMap<(ChainId, Location, Location), Vec<Span>> = BTreeMap::new();
    items.retain(|item| {
        let at = (item.key.chain.clone(), home(item));
        let delivered = evidence.get(&at).and_then(|evidence| evidence.copied_from(item));
        let Some(delivered) = delivered else { return true };
        found.entry((at.0, at.1, delivered.clone())).or_default().push(item.span());
        false
    });
    let copied = |((chain, copy, delivered), hours)| Copied { chain, copy, delivered, hours };
    found.into_iter().map(copied).collect()
}

/// Whether all that is known of a home's digests is that they belong elsewhere: then its log files do too.
pub fn is_copy(home: &Location, copies: &[Copied], items: &[Item]) -> bool {
    copies.iter().any(|copied| copied.copy == *home)
        && !items.iter().any(|item| item.object.bucket == home.bucket && item.key.prefix == home.prefix)
}

fn home(item: &Item) -> Location {
    Location::new(Arc::clone(&item.object.bucket), item.key.prefix.clone())
}

fn elsewhere(item: &Item) -> Option<&Elsewhere> {
    match &item.found {
        Found::Rejected(refused) => refused.elsewhere.as_ref(),
        Found::Authentic(_) | Found::Unseen(_) | Found::Gone => None,
    }
}

/// What a chain's digests in one place say of where they belong.
#[derive(Default)]
struct Evidence {
    /// Whether one of them belongs just there.
    in_place: bool,
    /// Where others say that they were delivered, and whether AWS signed one of them for there.
    delivered: BTreeMap<Location, Signed>,
}

impl Evidence {
    fn take(&mut self, item: &Item) {
        self.in_place |= item.authentic().is_some();
        if let Some(Elsewhere { delivered, signed }) = elsewhere(item) {
            let known = self.delivered.entry(delivered.clone()).or_insert(*signed);
            *known = match (*known, signed) {
                (Signed::Refuted, _) | (_, Signed::Refuted) => Signed::Refuted,
                (Signed::Proven, _) | (_, Signed::Proven) => Signed::Proven,
                (Signed::Open, Signed::Open) => Signed::Open,
            };
        }
    }

    fn speaks_of_copies(&self) -> bool {
        !self.in_place && self.delivered.values().any(|signed| *signed == Signed::Proven)
    }

    fn copied_from(&self, item: &Item) -> Option<&Location> {
        let Elsewhere { delivered, .. } = elsewhere(item)?;
        let (delivered, signed) = self.delivered.get_key_value(delivered)?;
        (*signed == Signed::Proven).then_some(delivered)
    }
}
