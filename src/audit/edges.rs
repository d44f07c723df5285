//! What lies around the window: chains that have digests before it or after it and none in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Context;
use super::fetch::{self, Try};
use super::listing::{self, Digests, FoundDigest};
use super::task::unwound;
use crate::logs::LogWork;
use crate::store::StoreError;
use crate::trail::{AccountRegion, ChainId, Depth, DigestKind, Location, Span, Time};
use crate::verdict::{LogVerdict, RecordedCall};

/// Log files of a chain's last hour that are read for the call that ended it; the newest come first, and that call is in
/// one of the very last.
const LAST_FILES: usize = 64;

/// The end of the newest digest of each chain that lies too far before the window to be read.
pub(super) fn ends(digests: &Digests) -> BTreeMap<ChainId, Time> {
    let newest = |found: &Vec<FoundDigest>| found.last().map(|digest| digest.key.end);
    digests.earlier.iter().filter_map(|(chain, found)| Some((chain.clone(), newest(found)?))).collect()
}

/// The digests to be read: those that the window needs, and of each chain that has none among them, those next to it on
/// both sides.
pub(super) fn with_edges(digests: &Digests) -> impl Iterator<Item = &FoundDigest> {
    let Digests { found, earlier, later, .. } = digests;
    let present: BTreeSet<&ChainId> = found.iter().map(|digest| &digest.key.chain).collect();
    let absent = move |chain: &ChainId| chain.kind == DigestKind::Standard && !present.contains(chain);
    let edges =
        earlier.iter().chain(later).filter(move |(chain, _)| absent(chain)).flat_map(|(_, edge)| edge);
    found.iter().chain(edges)
}

/// The time that digests were signed in.
pub(super) fn signed<'d>(digests: impl Iterator<Item = &'d FoundDigest>) -> Option<Span> {
    let ends = digests.map(|digest| digest.key.end);
    ends.fold(None, |span: Option<Span>, end| {
        let Span { start, end: last } = span.unwrap_or(Span { start: end, end });
        Some(Span { start: start.min(end), end: last.max(end) })
    })
}

/// The newest digests of a home that has none for long before the window.
pub(super) async fn newest_day(
    context: &Context,
    home: &Location,
    place: &AccountRegion,
) -> Result<Digests, StoreError> {
    match context.brief.window.start() {
        Some(start) => listing::newest_day(&context.store, home, place, start).await,
        None => Ok(Digests::default()),
    }
}

/// Reads the log files that the last digests of ended chains name, and gives the telling calls that those which are intact
/// record.
pub(super) async fn hear(context: &Arc<Context>, mut works: Vec<LogWork>) -> BTreeSet<RecordedCall> {
    if context.brief.plan.depth != Depth::Full {
        return BTreeSet::new();
    }
    works.sort_by(|one, other| other.object.key.cmp(&one.object.key));
    works.truncate(LAST_FILES);
    let (sink, mut judged) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for work in works {
        let slot = context.slots.take().await;
        tasks.spawn(fetch::log(Arc::clone(context), work, slot, (sink.clone(), None), Try::Last));
    }
    drop(sink);
    let mut heard = BTreeSet::new();
    while let Some(log) = judged.recv().await {
        if log.verdict == LogVerdict::Intact {
            heard.extend(log.recorded_calls);
        }
    }
    while let Some(done) = tasks.join_next().await {
        unwound(done);
    }
    heard
}
