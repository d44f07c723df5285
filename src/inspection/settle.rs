//! Settles digests: newest first, so that every digest's successor is known when its turn comes, each is held against what
//! that one recorded of it, and what it says of others is noted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Brief;
use super::authenticate::vouched;
use crate::chain::{Entry, State};
use crate::crypto::{Fingerprint, KeyRing, Signature};
use crate::digest::{AuthenticDigest, LogEntry, NamedBy, Previous, Standing};
use crate::logs::{Attestation, LogWork, Naming};
use crate::report::Part;
use crate::trail::{ChainId, Depth, ObjectName, Time};

/// A region has at most five trails (Quotas in AWS CloudTrail), each with two chains.
const CHAINS_IN_TURN: usize = 10;
/// Names that digests which are not authentic may claim in one site; the newest digests come first. A file beyond them that
/// no authentic digest names is unlisted rather than unproven.
const MOST_CLAIMS: usize = 100_000;
/// How often a key was used, and how often outside its published window.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyCount {
    /// Digests it proved.
    pub digests: u64,
    /// Those of them that end outside of its published window.
    pub outside_window: u64,
}

/// Everything known of a site's digests while they come in.
pub struct Reading {
    named_by: NamedBy,
    /// What they say about log files.
    pub attestation: Attestation,
    /// Those whose verdict is final, in the order they came in.
    pub entries: Vec<Entry>,
    /// The keys that proved digests in the window.
    pub keys: BTreeMap<Fingerprint, KeyCount>,
    /// What digests already seen recorded of those still to come.
    recorded: HashMap<ObjectName, (Signature, Standing)>,
    /// The log files named by the newest digest of each chain that has none in the window.
    pub last_words: HashMap<Arc<ChainId>, LastWords>,
    chains: HashMap<ChainId, KnownChain>,
    /// Names that digests nobody vouches for may still claim.
    claims_left: usize,
}

/// What the newest digest of a chain says that ends at that time.
pub struct LastWords {
    end: Time,
    /// The log files it names.
    pub works: Vec<LogWork>,
}

/// A chain that has been met.
struct KnownChain {
    id: Arc<ChainId>,
    /// Whether it has a digest in the window, or after it.
    goes_on: bool,
}

impl Reading {
    /// Nothing read yet.
    pub fn new(named_by: NamedBy) -> Self {
        Self {
            named_by,
            attestation: Attestation::new(named_by),
            entries: Vec::new(),
            keys: BTreeMap::new(),
            recorded: HashMap::new(),
            last_words: HashMap::new(),
            chains: HashMap::new(),
            claims_left: MOST_CLAIMS,
        }
    }

    /// Notes the signature that a digest recorded of the one before it.
    fn record(&mut self, previous: Option<&Previous>, standing: Standing) {
        let Some(previous) = previous else { return };
        let recorded = (previous.signature.clone(), standing);
        let of = self.named_by.handle(&previous.object);
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
    pub fn vouched(&mut self, ring: &KeyRing, entry: Entry) -> Entry {
        let original = match &entry.state {
            State::Rejected(rejected) => rejected.delivered_as(&entry.key),
            State::Authentic(_) | State::Unseen(_) | State::Gone => None,
        };
        let name = self.named_by.handle(original.as_ref().unwrap_or(&entry.object));
        match self.recorded.remove(&name) {
            Some(recorded) => vouched(self.named_by, ring, entry, recorded),
            None => entry,
        }
    }

    /// The digests that have been read.
    pub fn known(&self) -> HashSet<ObjectName> {
        self.entries.iter().map(|entry| self.named_by.handle(&entry.object)).collect()
    }

    /// Notes the log files that a digest nobody vouches for names, as far as there is room.
    fn claim(&mut self, logs: Vec<LogEntry>, digest: &Arc<ObjectName>) {
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

    /// Takes what a digest says out of it: what it recorded of its predecessor, and the log files it names, which are given
    /// back if it is authentic.
    pub fn take(&mut self, entry: &mut Entry) -> Vec<LogEntry> {
        match &mut entry.state {
            State::Authentic(authentic) => {
                self.record(authentic.previous(), Standing::Authentic);
                let logs = authentic.take_logs();
                logs.iter().for_each(|log| self.attestation.attest(&log.object));
                logs
            }
            State::Rejected(rejected) => {
                let previous = rejected.claim().and_then(|claim| claim.previous.as_ref());
                self.record(previous, Standing::Claimed);
                self.claim(rejected.take_logs(), &Arc::new(entry.object.clone()));
                Vec::new()
            }
            State::Unseen(_) | State::Gone => Vec::new(),
        }
    }

    /// Takes in one digest whose verdict is final, and gives the log files to verify.
    pub fn settle(&mut self, brief: &Brief, mut entry: Entry) -> NamedLogs {
        let span = entry.span();
        let (chain, goes_on) = self.meet(brief, &mut entry);
        if let State::Authentic(authentic) = &mut entry.state {
            if let Some(successor) = self.successor(&chain) {
                authentic.share_with(successor);
            }
            if brief.window.overlaps(&span) {
                let count = self.keys.entry(authentic.fingerprint().clone()).or_default();
                count.digests += 1;
                count.outside_window += u64::from(!authentic.within_key_window());
            }
        }
        let digest = Arc::new(entry.object.clone());
        let mut named = NamedLogs { logs: self.take(&mut entry), digest, chain };
        if entry.authentic().is_some() && !goes_on {
            let known = self.last_words.get(&named.chain);
            if known.is_none_or(|known| known.end < span.end) {
                let works = named.clone().works().collect();
                self.last_words.insert(Arc::clone(&named.chain), LastWords { end: span.end, works });
            }
        }
        let asked_for = brief.part(&named.chain, &span) == Part::Asked && brief.plan.depth != Depth::Chain;
        // In place: there may be 100,000.
        named.logs.retain(|log| asked_for && self.attestation.ask(&log.object, &log.hash) == Naming::First);
        self.entries.push(entry);
        named
    }

    /// Meets the chain of a digest: its name, shared by all its digests, and whether it has digests in the window or after.
    fn meet(&mut self, brief: &Brief, entry: &mut Entry) -> (Arc<ChainId>, bool) {
        let known = self
            .chains
            .entry(entry.key.chain.clone())
            .or_insert_with(|| KnownChain { id: Arc::new(entry.key.chain.clone()), goes_on: false });
        let before_window = brief.window.start().is_some_and(|start| entry.span().end <= start);
        known.goes_on |= !before_window;
        entry.key.chain = ChainId::clone(&known.id);
        (Arc::clone(&known.id), known.goes_on)
    }
}

/// Log files to verify, by the digest that names them.
#[derive(Clone)]
pub struct NamedLogs {
    /// What it names of them.
    pub logs: Vec<LogEntry>,
    digest: Arc<ObjectName>,
    chain: Arc<ChainId>,
}

impl NamedLogs {
    /// The work they are.
    pub fn works(self) -> impl Iterator<Item = LogWork> {
        let Self { logs, digest, chain } = self;
        logs.into_iter().map(move |LogEntry { object, hash }| LogWork {
            object,
            hash,
            digest: Arc::clone(&digest),
            chain: Arc::clone(&chain),
        })
    }
}
