//! The digests that some days of an account and region need, in the order they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::{Digests, FoundDigest};
use super::{Context, edges};
use crate::inspection::{Days, Horizon, Reading};
use crate::trail::{ChainId, Day, Span, Time};

/// All digests of a site that are read, whatever days are looked at.
pub(super) struct Wanted<'d> {
    digests: &'d Digests,
    /// Each once.
    newest_first: Vec<&'d FoundDigest>,
    horizon: Arc<Horizon>,
}

/// What some days need of them.
pub(super) struct Part {
    /// The days.
    pub(super) days: Days,
    /// The digests, newest first.
    pub(super) digests: Vec<FoundDigest>,
    /// What they are read into.
    pub(super) reading: Reading,
    /// The end of the newest digest of each chain that lies too far before the window to be read.
    pub(super) earlier: BTreeMap<ChainId, Time>,
}

impl<'d> Wanted<'d> {
    /// Those that a site's listings show.
    pub(super) fn of(digests: &'d Digests) -> Self {
        let mut newest_first: Vec<&FoundDigest> = edges::with_edges(digests).collect();
        newest_first.sort_by(|one, other| FoundDigest::newest_first(one, other));
        newest_first.dedup_by(|one, other| one.object == other.object);
        let ends = newest_first.iter().map(|digest| (&digest.key.chain, digest.key.end));
        let horizon = Arc::new(Horizon::of(ends));
        Self { digests, newest_first, horizon }
    }

    /// What `days` need.
    pub(super) fn by(&self, context: &Context, days: &Days) -> Part {
        let Span { start, end } = context.brief.reach();
        let reading = Reading::new(context.brief.plan.named_by, days.clone(), Arc::clone(&self.horizon));
        let is_needed = |digest: &FoundDigest| match digest.key.end {
            before if before < start => days.hold(Day::of_digest(start)),
            after if after > end => days.hold(Day::of_digest(end)),
            within => reading.wants(&digest.key.chain, within),
        };
        let needed = self.newest_first.iter().copied().filter(|digest| is_needed(digest));
        let digests = needed.cloned().collect();
        Part { days: days.clone(), digests, reading, earlier: edges::ends(self.digests) }
    }
}
