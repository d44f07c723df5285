//! Reads the digests of one account and region, newest first, so that every digest's successor is known when its turn
//! comes, and the log files they name as soon as they are named.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::fetch::{self, Tried, Try};
use super::listing::FoundDigest;
use super::mill::{self, JudgedLog};
use super::presence::Listed;
use super::task::{Task, unwound};
use super::{Context, Event};
use crate::chain::{Entry, State};
use crate::crypto::{Fingerprint, KeyRing, Signature};
use crate::digest::{AuthenticDigest, Certainty, LogEntry, Previous, Standing};
use crate::logs::{Attestation, LogWork, Naming};
use crate::report::Part;
use crate::trail::{ChainId, Depth, ObjectName, Time};
use crate::verdict::{DigestVerdict, LogTally, Testimony};

/// Log files named and not yet asked for.
const WAITING_LOGS: usize = 512;
/// A region has at most five trails (Quotas in AWS CloudTrail), each with two chains.
const CHAINS_IN_TURN: usize = 10;
/// Names that digests which are not authentic may claim in one site; the newest digests come first. A file beyond them that
/// no authentic digest names is unlisted rather than unproven.
const MOST_CLAIMS: usize = 100_000;
/// How often a key was used, and how often outside its published window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeyCount {
    pub(super) digests: u64,
    pub(super) outside_window: u64,
}

/// Log files of one site, judged.
#[derive(Default)]
pub(super) struct JudgedLogs {
    pub(super) by_chain: HashMap<Arc<ChainId>, LogTally>,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    pub(super) testimonies: Vec<Testimony>,
}

impl JudgedLogs {
    fn take(&mut self, context: &Context, judged: JudgedLog) {
        self.by_chain.entry(judged.work.chain).or_default().add(judged.verdict);
        context.tell_all(judged.finding);
        self.compressed += judged.compressed;
        self.inflated += judged.inflated;
        self.testimonies.extend(judged.testimonies);
    }
}

/// Everything known of a site's digests while they come in.
pub(super) struct Reading {
    pub(super) attestation: Attestation,
    pub(super) entries: Vec<Entry>,
    pub(super) keys: BTreeMap<Fingerprint, KeyCount>,
    /// What digests already seen recorded of those still to come.
    recorded: HashMap<ObjectName, (Signature, Standing)>,
    /// The log files named by the newest digest of each chain that has none in the window.
    pub(super) last_words: HashMap<Arc<ChainId>, LastWords>,
    chains: HashMap<ChainId, KnownChain>,
    /// Names that digests nobody vouches for may still claim.
    claims_left: usize,
}

/// What the newest digest of a chain says that ends at that time.
pub(super) struct LastWords {
    end: Time,
    pub(super) works: Vec<LogWork>,
}

/// A chain that has been met.
struct KnownChain {
    id: Arc<ChainId>,
    /// Whether it has a digest in the window, or after it.
    goes_on: bool,
}

/// The log files of one site on their way: those that digests name go in, verdicts come out.
pub(super) struct LogFiles {
    named: mpsc::Sender<LogWork>,
    sink: mpsc::UnboundedSender<JudgedLog>,
    requests: Task<()>,
    verdicts: Task<JudgedLogs>,
}

impl LogFiles {
    /// None yet. They are read from the moment they are named, while further digests are.
    pub(super) fn open(context: &Arc<Context>) -> Self {
        let (named, receiver) = mpsc::channel(WAITING_LOGS);
        let (sink, mut judged) = mpsc::unbounded_channel();
        let verdicts = {
            let context = Arc::clone(context);
            Task::spawn(async move {
                let mut logs = JudgedLogs::default();
                while let Some(log) = judged.recv().await {
                    logs.take(&context, log);
                }
                logs
            })
        };
        let requests = Task::spawn(request_all(Arc::clone(context), receiver, sink.clone()));
        Self { named, sink, requests, verdicts }
    }

    /// Takes in a named log file; one that a listing told all about is not read.
    async fn take(&self, context: &Context, work: LogWork, listed: Option<&Listed>) {
        match listed.and_then(|listed| listed.observe(&work.object)) {
            Some(observation) => {
                let settled_by = context.settled_by();
                context.mill.tell(mill::observed(work, &observation, 0, settled_by), &self.sink);
            }
            // The receiver outlives this side.
            None => drop(self.named.send(work).await),
        }
    }

    /// All verdicts, once the last file has one.
    pub(super) async fn finish(self) -> JudgedLogs {
        let Self { named, sink, requests, verdicts } = self;
        drop((named, sink));
        requests.await;
        verdicts.await
    }
}

async fn request_all(
    context: Arc<Context>,
    mut named: mpsc::Receiver<LogWork>,
    sink: mpsc::UnboundedSender<JudgedLog>,
) {
    let mut tasks = JoinSet::new();
    let mut once_more = Vec::new();
    while let Some(work) = named.recv().await {
        let slot = context.slots.take().await;
        tasks.spawn(fetch::log(Arc::clone(&context), work, slot, sink.clone(), Try::First));
        while let Some(done) = tasks.try_join_next() {
            once_more.extend(unwound(done));
        }
    }
    while let Some(done) = tasks.join_next().await {
        once_more.extend(unwound(done));
    }
    for work in once_more {
        let slot = context.slots.take().await;
        tasks.spawn(fetch::log(Arc::clone(&context), work, slot, sink.clone(), Try::Last));
    }
    while let Some(done) = tasks.join_next().await {
        unwound(done);
    }
}

/// Reads digests, newest first, and hands on the log files they name.
pub(super) async fn read(
    context: &Arc<Context>,
    ring: &Arc<KeyRing>,
    found: Vec<FoundDigest>,
    listed: Option<&Listed>,
    reading: &mut Reading,
    logs: Option<&LogFiles>,
) {
    context.observer.on(Event::DigestsListed(found.len() as u64));
    let once_more = pass(context, ring, found, listed, reading, logs, Try::First).await;
    pass(context, ring, once_more, listed, reading, logs, Try::Last).await;
}

/// Reads digests, and gives back those that are to be tried once more: what the store did not give for a cause that may
/// pass, and what may want the word of one of these.
async fn pass(
    context: &Arc<Context>,
    ring: &Arc<KeyRing>,
    found: Vec<FoundDigest>,
    listed: Option<&Listed>,
    reading: &mut Reading,
    logs: Option<&LogFiles>,
    round: Try,
) -> Vec<FoundDigest> {
    let mut once_more = Vec::new();
    let (under_way, mut arriving) = mpsc::channel(context.plan.load.requests.get());
    let supply = async {
        // Owned here, so that the other side ends with the last digest.
        let under_way = under_way;
        for found in found {
            // In their order, so that the one whose turn is next always has its room.
            let room = context.unfolding.admit(found.unfolded()).await;
            let FoundDigest { object, key, size } = found;
            let (context, ring) = (Arc::clone(context), Arc::clone(ring));
            let task = Task::spawn(async move { fetch::begin_digest(&context, &ring, object, key).await });
            // The receiver outlives this side.
            let _ = under_way.send((task, size, room)).await;
        }
    };
    let digests = async {
        while let Some((task, size, _room)) = arriving.recv().await {
            let begun = task.await;
            let may_pass = matches!(begun, Tried::MayPass(_));
            // In their order: until the log files of a large one have been handed on.
            let (tried, _alone) = begun.taken_as_it_is().finish(context, ring).await;
            if may_pass && round == Try::First {
                let Entry { key, object, .. } = tried;
                once_more.push(FoundDigest { object, key, size });
                continue;
            }
            let entry = reading.vouched(context.plan.certainty, ring, tried);
            if !once_more.is_empty() && wants_a_word(&entry, context.settled_by()) {
                let Entry { key, object, .. } = entry;
                once_more.push(FoundDigest { object, key, size });
                continue;
            }
            let named = reading.settle(context, entry);
            context.observer.on(Event::LogsNamed(named.logs.len() as u64));
            // Digests that are read for what they name alone have no log files to read.
            let Some(logs) = logs else { continue };
            for work in named.works() {
                logs.take(context, work, listed).await;
            }
        }
    };
    tokio::join!(supply, digests);
    once_more
}

/// Whether what a later digest recorded could prove this one.
fn wants_a_word(entry: &Entry, settled_by: Time) -> bool {
    let verdict = entry.verdict_by(settled_by);
    matches!(verdict, DigestVerdict::Unsigned | DigestVerdict::SignatureInvalid | DigestVerdict::Relocated)
}

impl Reading {
    /// Nothing read yet.
    pub(super) fn new(certainty: Certainty) -> Self {
        Self {
            attestation: Attestation::new(certainty),
            entries: Vec::new(),
            keys: BTreeMap::new(),
            recorded: HashMap::new(),
            last_words: HashMap::new(),
            chains: HashMap::new(),
            claims_left: MOST_CLAIMS,
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

    /// Tries a digest with the signature that its successor recorded, of it or of what it is a copy of.
    pub(super) fn vouched(&mut self, certainty: Certainty, ring: &KeyRing, entry: Entry) -> Entry {
        let original = match &entry.state {
            State::Rejected(rejected) => rejected.delivered_as(&entry.key),
            State::Authentic(_) | State::Unseen(_) | State::Gone => None,
        };
        let name = certainty.handle(original.as_ref().unwrap_or(&entry.object));
        match self.recorded.remove(&name) {
            Some(recorded) => fetch::vouched(certainty, ring, entry, recorded),
            None => entry,
        }
    }

    /// The digests that have been read.
    pub(super) fn known(&self, certainty: Certainty) -> HashSet<ObjectName> {
        self.entries.iter().map(|entry| certainty.handle(&entry.object)).collect()
    }

    /// Notes the log files that a digest nobody vouches for names, as far as there is room.
    pub(super) fn claim(&mut self, logs: Vec<LogEntry>, digest: &Arc<ObjectName>) {
        for log in logs.into_iter().take(self.claims_left) {
            self.attestation.claim(&log.object, digest);
            self.claims_left -= 1;
        }
    }

    /// The digest of this chain that was taken in last: digests come newest first.
    fn successor(&self, chain: &ChainId) -> Option<&AuthenticDigest> {
        // Chains that share a folder take turns.
        let latest = self.entries.iter().rev().take(CHAINS_IN_TURN);
        latest.filter(|entry| entry.key.chain == *chain).find_map(Entry::authentic)
    }

    /// Takes in one digest whose verdict is final, and gives the log files to verify.
    fn settle(&mut self, context: &Context, mut entry: Entry) -> NamedLogs {
        let (span, certainty) = (entry.span(), context.plan.certainty);
        let logs = match &entry.state {
            State::Authentic(authentic) => authentic.logs(),
            State::Rejected(_) | State::Unseen(_) | State::Gone => &[],
        };
        let verdict = entry.verdict_by(context.settled_by());
        let part = match context.plan.scope.holds_chain(&entry.key.chain) && context.window.overlaps(&span) {
            true => Part::Asked,
            false => Part::Beside,
        };
        context.observer.on(Event::Digest { object: &entry.object, verdict, span, logs, part });
        let known = self
            .chains
            .entry(entry.key.chain.clone())
            .or_insert_with(|| KnownChain { id: Arc::new(entry.key.chain.clone()), goes_on: false });
        let before_window = context.window.start().is_some_and(|start| span.end <= start);
        known.goes_on |= !before_window;
        let (chain, goes_on) = (Arc::clone(&known.id), known.goes_on);
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
                let known = self.last_words.get(&named.chain);
                if !goes_on && known.is_none_or(|known| known.end < span.end) {
                    let works = named.clone().works().collect();
                    self.last_words.insert(Arc::clone(&named.chain), LastWords { end: span.end, works });
                }
                // In place: there may be 100,000.
                named.logs.retain(|log| {
                    self.attestation.attest(&log.object);
                    asked_for && self.attestation.ask(&log.object, &log.hash) == Naming::First
                });
            }
            State::Rejected(rejected) => {
                let previous = rejected.claim().and_then(|claim| claim.previous.as_ref());
                self.record(certainty, previous, Standing::Claimed);
                self.claim(rejected.take_logs(), &named.digest);
            }
            State::Unseen(_) | State::Gone => {}
        }
        self.entries.push(entry);
        named
    }
}

/// Log files to verify, by the digest that names them.
#[derive(Clone)]
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
