//! Chains whose newest digest lies before the window.

use super::{Absent, Item, Terms};
use crate::trail::{Ended, ObjectName, Time};
use crate::verdict::DigestVerdict;

/// A chain's newest digest, before the window, with nothing after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastDigest {
    /// Its name.
    pub object: ObjectName,
    /// Its end, as its key names it.
    pub end: Time,
    /// What it is.
    pub verdict: DigestVerdict,
    /// The caller's word that the chain ended with it.
    pub word: Option<Ended>,
    /// The caller's word that the chain ended with a later one, which is not here any more.
    pub later: Option<Ended>,
}

impl LastDigest {
    /// The last digest of a chain that has all of its traces before the window, if digests for the window are due. Whether
    /// it is authentic does not matter: a chain that goes on has newer ones, and one that was cut off may have had its
    /// last one overwritten too.
    pub(super) fn before_the_window(items: &[Item], absent: &[Absent], terms: &Terms) -> Option<Self> {
        let start = terms.window.start().filter(|start| *start < terms.due())?;
        let last = items.last().filter(|_| absent.is_empty())?;
        (last.span().end <= start).then(|| {
            let word = terms.ended.iter().find(|word| word.allows(&last.key.chain, last.key.end)).cloned();
            let names_it = |word: &&Ended| word.names(&last.key.chain);
            Self {
                object: last.object.clone(),
                end: last.key.end,
                verdict: last.verdict_by(terms.grace_cutoff()),
                later: terms.ended.iter().find(names_it).filter(|_| word.is_none()).cloned(),
                word,
            }
        })
    }
}
