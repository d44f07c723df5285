//! Verifies one account and region: its digests newest first, so that every digest's successor is known when its turn
//! comes, and the log files they name as soon as they are named.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::discover::{Home, Site};
use super::fetch::{self, JudgedLog};
use super::listing::FoundDigest;
use super::presence::{self, Listed};
use super::unseen::unseen;
use super::{Context, Event, listing};
use crate::chain::{self, Entry, Root, State, Terms};
use crate::crypto::{Fingerprint, KeyRing, Signature};
use crate::digest::{AuthenticDigest, Certainty, LogEntry, Previous, Standing};
use crate::logs::{Attestation, LogWork, Naming};
use crate::report::{ChainReport, Depth, Window};
use crate::store::{ObjectStore, StoreError};
use crate::trail::key::DigestKey;
use crate::trail::{AccountRegion, ChainId, DigestKind, ObjectName, Span, Time};
use crate::verdict::{Cause, Code, Finding, LogTally, Scope, Testimony, Unseen};

/// Log files named and not yet asked for.
const WAITING_LOGS: usize = 512;
/// A region has at most five trails (Quotas in AWS CloudTrail), each with two chains.
const CHAINS_IN_TURN: usize = 10;
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

/// How often a key was used, and how often outside its published window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeyCount {
    pub(super) digests: u64,
    pub(super) outside_window: u64,
}

/// Log files of one site, judged.
#[derive(Default)]
struct JudgedLogs {
    by_chain: HashMap<Arc<ChainId>, LogTally>,
    findings: Vec<Finding>,
    compressed: u64,
    inflated: u64,
    testimonies: Vec<Testimony>,
}

impl JudgedLogs {
    fn take(&mut self, judged: JudgedLog) {
        self.by_chain.entry(judged.work.chain).or_default().add(judged.verdict);
        self.findings.extend(judged.finding);
        self.compressed += judged.compressed;
        self.inflated += judged.inflated;
        self.testimonies.extend(judged.testimonies);
    }
}

/// Everything known of a site's digests while they come in.
pub(super) struct Reading {
    pub(super) attestation: Attestation,
    pub(super) entries: Vec<Entry>,
    keys: BTreeMap<Fingerprint, KeyCount>,
    /// What digests already seen recorded of those still to come.
    pub(super) recorded: HashMap<ObjectName, (Signature, Standing)>,
    chains: HashMap<ChainId, Arc<ChainId>>,
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
    let mut logs = JudgedLogs::default();
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
            match listing::digests(&*context.store, home, &place, &context.window).await {
                Ok(digests) => found.extend(digests),
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
            read(context, &ring, found, listed.as_ref(), &mut reading, &mut logs).await;
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
    if digests_are_listed && !context.stop.is_set() && context.plan.depth != Depth::Chain {
        presence::judge(context, &site, &reading.attestation, &spans, &reading.entries, &mut outcome).await;
    }
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

/// Reads digests, newest first, and the log files they name, both at once.
async fn read<S: ObjectStore>(
    context: &Arc<Context<S>>,
    ring: &Arc<KeyRing>,
    found: Vec<FoundDigest>,
    listed: Option<&Listed>,
    reading: &mut Reading,
    logs: &mut JudgedLogs,
) {
    context.observer.on(Event::DigestsListed(found.len() as u64));
    let (under_way, mut arriving) = mpsc::channel(context.plan.load.requests);
    let (sender, mut receiver) = mpsc::channel::<LogWork>(WAITING_LOGS);
    let supply = async {
        let under_way = under_way;
        for found in found {
            // In their order, so that the one whose turn is next always has its room.
            let room = context.unfolding.admit(found.unfolded()).await;
            let FoundDigest { object, key, .. } = found;
            let task = tokio::spawn(fetch::digest(Arc::clone(context), Arc::clone(ring), object, key));
            // The receiver outlives this side.
            let _ = under_way.send((task, room)).await;
        }
    };
    let digests = async {
        // Owned here, so that the log files' side ends when the last digest has been read.
        let sender = sender;
        while let Some((task, _room)) = arriving.recv().await {
            let task = task.await;
            let mut entry = fetch::unwound(task);
            let certainty = context.plan.certainty;
            if let Some(recorded) = reading.recorded.remove(&certainty.handle(&entry.object)) {
                entry = fetch::vouched(certainty, ring, entry, recorded);
            }
            let named = reading.settle(context, entry);
            context.observer.on(Event::LogsNamed(named.logs.len() as u64));
            for work in named.works() {
                // The receiver outlives this side.
                let _ = sender.send(work).await;
            }
        }
    };
    let (sink, mut judged) = mpsc::unbounded_channel();
    let files = async {
        // Owned here, so that the verdicts end when the last file has one.
        let sink = sink;
        let mut tasks = JoinSet::new();
        while let Some(work) = receiver.recv().await {
            match listed.and_then(|listed| listed.observe(&work.object)) {
                Some(observation) => context.mill.tell(fetch::observed(work, &observation, 0), &sink),
                None => {
                    let slot = context.slots.take().await;
                    tasks.spawn(fetch::log(Arc::clone(context), work, slot, sink.clone()));
                }
            }
            while let Some(done) = tasks.try_join_next() {
                fetch::unwound(done);
            }
        }
        drop(sink);
        while let Some(done) = tasks.join_next().await {
            fetch::unwound(done);
        }
    };
    let verdicts = async {
        while let Some(log) = judged.recv().await {
            logs.take(log);
        }
    };
    tokio::join!(supply, digests, files, verdicts);
}

impl Reading {
    /// Nothing read yet.
    pub(super) fn new(certainty: Certainty) -> Self {
        Self {
            attestation: Attestation::new(certainty),
            entries: Vec::new(),
            keys: BTreeMap::new(),
            recorded: HashMap::new(),
            chains: HashMap::new(),
        }
    }

    /// Notes the signature that a digest recorded of the one before it.
    pub(super) fn record(&mut self, certainty: Certainty, previous: Option<&Previous>, standing: Standing) {
        let Some(previous) = previous else { return };
        let recorded = (previous.signature.clone(), standing);
        let of = certainty.handle(&previous.object);
        match standing {
            Standing::Authentic => {
                self.recorded.insert(of, recorded);
            }
            // Anybody can write a digest that claims something; it must not drown an authentic one's word.
            Standing::Claimed => {
                self.recorded.entry(of).or_insert(recorded);
            }
        }
    }

    /// The digest of this chain that was taken in last: digests come newest first.
    fn successor(&self, chain: &ChainId) -> Option<&AuthenticDigest> {
        // Chains that share a folder take turns.
        let latest = self.entries.iter().rev().take(CHAINS_IN_TURN);
        latest.filter(|entry| entry.key.chain == *chain).find_map(Entry::authentic)
    }

    /// Takes in one digest whose verdict is final, and gives the log files to verify.
    fn settle<S>(&mut self, context: &Context<S>, mut entry: Entry) -> NamedLogs {
        let (span, certainty) = (entry.span(), context.plan.certainty);
        let logs = match &entry.state {
            State::Authentic(authentic) => authentic.logs(),
            State::Rejected(_) | State::Unseen(_) | State::Gone => &[],
        };
        let told = Event::Digest { object: &entry.object, verdict: entry.verdict(), span, logs };
        context.observer.on(told);
        let chain = Arc::clone(
            self.chains.entry(entry.key.chain.clone()).or_insert_with(|| Arc::new(entry.key.chain.clone())),
        );
        entry.key.chain = ChainId::clone(&chain);
        let asked_for = context.plan.scope.holds_chain(&chain)
            && context.window.overlaps(&span)
            && context.plan.depth != Depth::Chain;
        let digest = Arc::new(entry.object.clone());
        let mut named = NamedLogs { logs: Vec::new(), digest, chain };
        match &mut entry.state {
            State::Authentic(authentic) => {
                if let Some(successor) = self.successor(&named.chain) {
                    authentic.share_with(successor);
                }
                self.record(certainty, authentic.previous(), Standing::Authentic);
                if context.window.overlaps(&span) {
                    let count = self.keys.entry(authentic.fingerprint().clone()).or_default();
                    count.digests += 1;
                    count.outside_window += u64::from(!authentic.within_key_window());
                }
                named.logs = authentic.take_logs();
                // In place: there may be 100,000.
                named.logs.retain(|log| {
                    self.attestation.attest(&log.object);
                    asked_for && self.attestation.ask(&log.object, &log.hash) == Naming::First
                });
            }
            State::Rejected(rejected) => {
                let previous = rejected.claim().and_then(|claim| claim.previous.as_ref());
                self.record(certainty, previous, Standing::Claimed);
                for log in rejected.take_logs() {
                    self.attestation.claim(&log.object, &named.digest);
                }
            }
            State::Unseen(_) | State::Gone => {}
        }
        self.entries.push(entry);
        named
    }
}

/// Log files to verify, by the digest that names them.
struct NamedLogs {
    logs: Vec<LogEntry>,
    digest: Arc<ObjectName>,
    chain: Arc<ChainId>,
}

impl NamedLogs {
    fn works(self) -> impl Iterator<Item = LogWork> {
        let Self { logs, digest, chain } = self;
        logs.into_iter().map(move |LogEntry { object, hash }| LogWork {
            object,
            hash,
            digest: Arc::clone(&digest),
            chain: Arc::clone(&chain),
        })
    }
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
