//! Verifies one account and region: lists its digests, has them and their log files read, links them, and follows them
//! where the trail has moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::discover::{Home, Site};
use super::listing::FoundDigest;
use super::presence;
use super::reading::{KeyCount, LogFiles, Reading, read};
use super::unseen::unseen;
use super::{Context, Event, listing};
use crate::chain::{self, Entry, Root, State, Terms};
use crate::crypto::{Fingerprint, KeyRing};
use crate::digest::Certainty;
use crate::report::{ChainReport, Depth, Window};
use crate::store::{ObjectStore, StoreError};
use crate::trail::key::DigestKey;
use crate::trail::{AccountRegion, ChainId, DigestKind, ObjectName, Span, Time};
use crate::verdict::{Cause, Code, Finding, LogTally, Scope, Testimony, Unseen};

/// Moves of bucket or prefix that are followed within one site.
const MOST_MOVES: usize = 16;

/// What one account and region came to.
pub(super) struct Outcome {
    pub(super) place: AccountRegion,
    pub(super) chains: Vec<ChainReport>,
    pub(super) findings: Vec<Finding>,
    /// Log files that belong to no chain: unlisted, pending, unproven.
    pub(super) loose_logs: LogTally,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    pub(super) keys: BTreeMap<Fingerprint, KeyCount>,
    pub(super) ring: Option<Arc<KeyRing>>,
    /// The newest end of any digest found.
    pub(super) newest: Option<Time>,
    /// Telling calls that intact log files record.
    pub(super) testimonies: Vec<Testimony>,
}

/// Verifies `site`.
pub(super) async fn verify<S: ObjectStore>(context: &Arc<Context<S>>, mut site: Site) -> Outcome {
    let place = site.place.clone();
    let mut outcome = Outcome {
        place: place.clone(),
        chains: Vec::new(),
        findings: Vec::new(),
        loose_logs: LogTally::default(),
        compressed: 0,
        inflated: 0,
        keys: BTreeMap::new(),
        ring: None,
        newest: None,
        testimonies: Vec::new(),
    };
    let mut reading = Reading::new(context.plan.certainty);
    let logs = LogFiles::open(context);
    let mut unlisted_homes = Vec::new();
    let mut wanted: Vec<ObjectName> = Vec::new();
    let mut listed_homes = 0;
    let mut linked = Vec::new();

    // The first round reads what the site's own folders hold; each further one follows a move of bucket or prefix.
    for _round in 0..=MOST_MOVES {
        if context.stop.is_set() {
            break;
        }
        let mut found = Vec::new();
        for home in &site.homes[listed_homes..] {
            let slot = context.slots.take().await;
            match listing::digests(&*context.store, home, &place, &context.window).await {
                Ok(digests) => {
                    slot.answered(0);
                    found.extend(digests);
                }
                Err(error) => {
                    outcome.findings.push(unlistable(&place, &error));
                    unlisted_homes.push((home.clone(), error));
                }
            }
        }
        listed_homes = site.homes.len();
        found.sort_by(FoundDigest::newest_first);
        let span = reach(&found);
        if let Some(span) = span {
            let ring = context.keys.ring(&place.region, span).await;
            outcome.ring = Some(Arc::clone(&ring));
            let listed = presence::listed_before(context, &site).await;
            read(context, &ring, found, listed.as_ref(), &mut reading, &logs).await;
        }
        if let (Some(ring), Some(span)) = (&mut outcome.ring, span) {
            // Asked more widely meanwhile, perhaps.
            *ring = context.keys.ring(&place.region, span).await;
        }
        let certainty = context.plan.certainty;
        reading
            .entries
            .extend(wanted.drain(..).filter_map(|object| inaccessible(object, &unlisted_homes, certainty)));
        linked = link(context, context.window, &site, &mut reading, &unlisted_homes);
        wanted = linked.iter().flat_map(|(_, chain)| chain.wanted.iter().cloned()).collect();
        wanted.retain(|object| follow(object, &place, &mut site.homes));
        if wanted.is_empty() {
            break;
        }
    }

    outcome.findings.extend(keys_unavailable(context, &reading.entries));
    outcome.newest = reading.entries.iter().map(|entry| entry.key.end).max();
    let spans = chain::settled(&linked);
    let digests_are_listed = unlisted_homes.is_empty();
    let presence = async {
        if digests_are_listed && !context.stop.is_set() && context.plan.depth != Depth::Chain {
            presence::judge(context, &site, &reading.attestation, &spans, &reading.entries, &mut outcome)
                .await;
        }
    };
    // All digests are known by now; the log files they name are still being read.
    let (mut logs, ()) = tokio::join!(logs.finish(), presence);
    for (id, chain) in linked {
        if !context.plan.scope.holds_chain(&id) {
            continue;
        }
        let in_window = chain.digests.total() > 0 || !chain.coverage.is_empty();
        if in_window || !chain.findings.is_empty() {
            outcome.findings.extend(chain.findings);
            outcome.chains.push(ChainReport {
                logs: logs.by_chain.remove(&id).unwrap_or_default(),
                digests: chain.digests,
                coverage: chain.coverage,
                gaps: chain.gaps,
                verified_through: chain.verified_through,
                newest: chain.newest,
                id,
            });
        }
    }
    outcome.findings.extend(logs.findings);
    outcome.compressed = logs.compressed;
    outcome.inflated = logs.inflated;
    outcome.testimonies = logs.testimonies;
    outcome.keys = reading.keys;
    if context.stop.is_set() {
        outcome.findings.retain(proven_although_interrupted);
    }
    outcome.findings.iter().for_each(|finding| context.observer.on(Event::Finding(finding)));
    context.observer.on(Event::SiteDone);
    outcome
}

/// Links all chains of the site and holds them to `window`, backfill chains first: what they cover repairs the
/// standard ones.
pub(super) fn link<S>(
    context: &Context<S>,
    window: Window,
    site: &Site,
    reading: &mut Reading,
    unlisted: &[(Home, StoreError)],
) -> Vec<(ChainId, chain::Chain)> {
    let terms = Terms {
        window,
        as_of: context.as_of,
        grace: context.plan.grace,
        certainty: context.plan.certainty,
        listed: listed_roots(context, site),
        unlisted: unlisted.iter().map(|(home, _)| root(home, context.plan.certainty)).collect(),
    };
    reading.entries.sort_by(|one, other| {
        (&one.key.chain, one.key.end, &one.object).cmp(&(&other.key.chain, other.key.end, &other.object))
    });
    let chains: Vec<&[Entry]> =
        reading.entries.chunk_by(|one, other| one.key.chain == other.key.chain).collect();
    let mut linked = Vec::new();
    let mut repairs: BTreeMap<ChainId, Vec<Span>> = BTreeMap::new();
    for kind in [DigestKind::Backfill, DigestKind::Standard] {
        for entries in chains.iter().filter(|entries| entries[0].key.chain.kind == kind) {
            let id = &entries[0].key.chain;
            let repaired = repairs.get(id).map_or(&[][..], Vec::as_slice);
            let chain = chain::link(id, entries, repaired, &terms);
            if kind == DigestKind::Backfill {
                let standard = ChainId { kind: DigestKind::Standard, ..id.clone() };
                repairs.insert(standard, chain.spans.clone());
            }
            linked.push((id.clone(), chain));
        }
    }
    linked
}

/// What has been listed: all below the plan's prefix, and every home that a link led to.
fn listed_roots<S>(context: &Context<S>, site: &Site) -> Vec<Root> {
    let certainty = context.plan.certainty;
    let whole = Root { bucket: known(&context.plan.bucket, certainty), prefix: context.plan.prefix.clone() };
    std::iter::once(whole).chain(site.homes.iter().map(|home| root(home, certainty))).collect()
}

fn root(home: &Home, certainty: Certainty) -> Root {
    let prefix = format!("{}{}", home.prefix, crate::trail::key::ROOT);
    Root { bucket: known(&home.bucket, certainty), prefix }
}

/// The bucket, where it can be compared: a folder does not know its own.
fn known(bucket: &Arc<str>, certainty: Certainty) -> Option<Arc<str>> {
    match certainty {
        Certainty::BucketAndKey => Some(Arc::clone(bucket)),
        Certainty::KeyOnly => None,
    }
}

/// Adds the home a link leads to, if it is a new one.
fn follow(object: &ObjectName, place: &AccountRegion, homes: &mut Vec<Home>) -> bool {
    let prefix = match DigestKey::parse(&object.key) {
        Some(key) if key.chain.place == *place => key.prefix,
        _ => return false,
    };
    let home = Home { bucket: Arc::clone(&object.bucket), prefix };
    let new = !homes.contains(&home);
    if new {
        homes.push(home);
    }
    true
}

/// A linked digest whose home could not be listed: it is there or not, nobody can tell.
fn inaccessible(object: ObjectName, unlisted: &[(Home, StoreError)], certainty: Certainty) -> Option<Entry> {
    let key = DigestKey::parse(&object.key)?;
    let (_, error) = unlisted.iter().find(|(home, _)| root(home, certainty).holds(&object))?;
    Some(Entry { key, object, state: State::Unseen(unseen(error)) })
}

pub(super) fn unlistable(place: &AccountRegion, error: &StoreError) -> Finding {
    let message = format!("cannot {} {}: {}", error.action, error.target, error.detail);
    let mut finding = Finding::new(Code::ListingUnreadable, place, message);
    finding.cause = Some(Cause::Unseen(unseen(error)));
    finding
}

/// One word for all digests whose keys could not be had; the same for every account of the region.
fn keys_unavailable<S>(context: &Context<S>, entries: &[Entry]) -> Option<Finding> {
    let unproven = |entry: &&Entry| context.window.overlaps(&entry.span());
    let (entry, detail) =
        entries.iter().filter(unproven).find_map(|entry| Some((entry, chain::keys_refused(entry)?)))?;
    let region = &entry.key.chain.place.region;
    let scope = Scope { region: Some(region.clone()), ..Scope::default() };
    let message = format!(
        "the public keys of {region} could not be had, so none of its digests can be proven: {detail}"
    );
    let mut finding = Finding::new(Code::KeysUnavailable, scope, message);
    finding.cause = Some(Cause::Unseen(Unseen::Failed(detail.into())));
    Some(finding)
}

/// The time that digests were signed in.
fn reach(found: &[FoundDigest]) -> Option<Span> {
    let ends = || found.iter().map(|found| found.key.end);
    Some(Span { start: ends().min()?, end: ends().max()? })
}

/// What may be said although the run did not get to everything: nothing that rests on something being absent.
fn proven_although_interrupted(finding: &Finding) -> bool {
    let rests_on_absence = matches!(
        finding.code,
        Code::CoverageHead
            | Code::CoverageGap
            | Code::CoverageTail
            | Code::RegionAbsent
            | Code::LogUnlisted
            | Code::LogUnproven
            | Code::LogPending
    );
    !rests_on_absence && finding.cause != Some(Cause::Unseen(Unseen::Interrupted))
}
