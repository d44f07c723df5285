//! Settles digests: newest first, so that every digest's successor is known when its turn comes, each is held against what
//! that one recorded of it, and what it says of others is noted, day by day.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::Brief;
use super::authenticate::vouched;
use super::days::{self, Days, Horizon};
use super::entry::{Entry, EntryState};
use super::record::{FarName, KeyCount};
use crate::chain::{Item, hold_links};
use crate::crypto::{Fingerprint, KeyRing, Signature};
use crate::digest::{LogEntry, NamedBy, Previous, Standing};
use crate::logs::{Attestation, LogWork, Naming, ShortName};
use crate::report::Part;
use crate::trail::key::LogKey;
use crate::trail::{ChainId, Day, Depth, DigestKind, ObjectName, Time};

/// Names that digests which are not authentic may claim in one day; the newest digests come first. A file beyond them that
/// no authentic digest names is unlisted rather than unproven.
const MOST_CLAIMS: usize = 4000;

/// Everything known of a site's digests while they come in.
pub struct Reading {
    named_by: NamedBy,
    days: Days,
    horizon: Arc<Horizon>,
    /// What is known of each of the days.
    pub read: BTreeMap<Day, DayRead>,
    /// Digests that lie too far from the window to be part of it, and are read for what they say.
    pub beside: Vec<Item>,
    /// What those name.
    pub named_beside: BTreeSet<FarName>,
    /// What digests already seen recorded of those still to come.
    recorded: HashMap<ObjectName, Vec<Recorded>>,
    chains: HashMap<ChainId, Arc<ChainId>>,
    /// The day of the digest that came in last.
    last: Option<Day>,
    /// The log files named by the newest digest of each chain that has none in the window.
    last_words: HashMap<Arc<ChainId>, LastWords>,
}

/// What is known of one day while its digests come in.
pub struct DayRead {
    /// What the digests of the day and of its margin say about log files, as far as they are proven as seen from it.
    pub attestation: Attestation,
    /// Its own digests.
    pub items: Vec<Item>,
    /// The log files of other days that its digests name.
    pub far: BTreeSet<FarName>,
    /// The keys that proved digests of it in the window.
    pub keys: BTreeMap<Fingerprint, KeyCount>,
    /// Whether a digest is proven by one that lies beyond its margin.
    pub leans_far_out: bool,
    /// Names that digests nobody vouches for may still claim.
    claims_left: usize,
}

impl DayRead {
    fn new(named_by: NamedBy) -> Self {
        Self {
            attestation: Attestation::new(named_by),
            items: Vec::new(),
            far: BTreeSet::new(),
            keys: BTreeMap::new(),
            leans_far_out: false,
            claims_left: MOST_CLAIMS,
        }
    }

    /// Notes the log files that a digest nobody vouches for names, as far as there is room.
    fn claim(&mut self, logs: &[LogEntry], digest: &Arc<ObjectName>) {
        for log in logs.iter().take(self.claims_left) {
            self.attestation.claim(&log.object, digest);
        }
        self.claims_left -= logs.len().min(self.claims_left);
    }
}

/// What a digest recorded of the one before it.
struct Recorded {
    signature: Signature,
    chain: Arc<ChainId>,
    end: Time,
    proof: Authenticity,
}

/// How it is known that a digest is authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticity {
    /// By its own signature.
    Own,
    /// By the signature that another one of its chain recorded; the earliest of those ends then.
    Vouched(Time),
    /// It is not known.
    Nothing,
}

impl Authenticity {
    /// Whether it is known from `day`, too.
    fn holds_from(self, day: Day, chain: &ChainId, horizon: &Horizon) -> bool {
        match self {
            Self::Own => true,
            Self::Vouched(end) => horizon.hears(day, chain, end),
            Self::Nothing => false,
        }
    }

    /// Whether it rests on a digest that lies neither in the day nor next to it.
    fn leans_out_of(self, day: Day) -> bool {
        matches!(self, Self::Vouched(end) if !days::is_near(day, end))
    }
}

/// What a digest says of others.
pub struct Said {
    /// The log files it names.
    pub logs: Vec<LogEntry>,
    previous: Option<Previous>,
    proof: Authenticity,
    /// The key that proves it, and whether it was used in its published window.
    key: Option<(Fingerprint, bool)>,
}

impl Said {
    /// The key that proves the digest; none, if it is not authentic.
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        self.key.as_ref().map(|(fingerprint, _)| fingerprint)
    }
}

/// What the newest digest of a chain says that ends at that time.
struct LastWords {
    end: Time,
    /// The log files it names.
    works: Vec<LogWork>,
}

impl Reading {
    /// Nothing read yet of `days`; what each of them may hear goes as far as `horizon`.
    pub fn new(named_by: NamedBy, days: Days, horizon: Arc<Horizon>) -> Self {
        Self {
            named_by,
            days,
            horizon,
            read: BTreeMap::new(),
            beside: Vec::new(),
            named_beside: BTreeSet::new(),
            recorded: HashMap::new(),
            chains: HashMap::new(),
            last: None,
            last_words: HashMap::new(),
        }
    }

    /// Whether a digest has to be read: for a day that it lies in, or next to, or that hears it.
    pub fn wants(&self, chain: &ChainId, end: Time) -> bool {
        self.days.hear(&self.horizon, chain, end)
    }

    /// Tries a digest with the signatures that those after it recorded, of it or of what it is a copy of, as far as its day
    /// hears them; and takes out of it what it says.
    pub fn vouched(&mut self, ring: &KeyRing, mut entry: Entry) -> (Item, Said) {
        let mut proof = if entry.authentic().is_some() { Authenticity::Own } else { Authenticity::Nothing };
        let original = match &entry.state {
            EntryState::Rejected(rejected) => rejected.delivered_as(&entry.key),
            EntryState::Authentic(_) | EntryState::Unseen(_) | EntryState::Gone => None,
        };
        let name = self.named_by.handle(original.as_ref().unwrap_or(&entry.object));
        let day = Day::of_digest(entry.key.end);
        let mut recorded = self.recorded.remove(&name).unwrap_or_default();
        recorded
            .retain(|word| *word.chain == entry.key.chain && self.horizon.hears(day, &word.chain, word.end));
        recorded.sort_by_key(|word| word.end);
        for Recorded { signature, chain, end, proof: of_the_word } in recorded {
            if proof != Authenticity::Nothing {
                break;
            }
            let standing = if of_the_word.holds_from(day, &chain, &self.horizon) {
                Standing::Authentic
            } else {
                Standing::Claimed
            };
            entry = vouched(self.named_by, ring, entry, (signature, standing));
            if entry.authentic().is_some() {
                proof = Authenticity::Vouched(end);
            }
        }
        let said = Said {
            previous: entry.previous().cloned(),
            proof,
            key: entry.authentic().map(|digest| (digest.fingerprint().clone(), digest.within_key_window())),
            logs: entry.take_logs(),
        };
        (entry.into_item(), said)
    }

    /// Takes in one digest whose verdict is final, and gives the log files to verify.
    pub fn settle(&mut self, brief: &Brief, mut item: Item, said: Said) -> NamedLogs {
        let chain = self.hear(&mut item, &said);
        let Said { logs, proof, key, .. } = said;
        let digest = Arc::new(item.object.clone());
        let day = Day::of_digest(item.key.end);
        if !brief.reaches(item.key.end) {
            let named = NamedLogs { logs, digest, chain, day };
            self.take_beside(brief, item, &named, proof);
            return named.without_logs();
        }
        let part = brief.part(&chain, &item.span());
        let is_verified = part == Part::Asked && brief.plan.depth != Depth::Chain;
        let note = |attestation: &mut Attestation, log: &LogEntry| {
            if is_verified { attestation.ask(log) } else { attestation.attest(log) }
        };
        for near in day.neighbours().filter(|near| days::is_near(*near, item.key.end)) {
            if self.days.hold(near) {
                let known = proof.holds_from(near, &chain, &self.horizon);
                let read = self.read.entry(near).or_insert_with(|| DayRead::new(self.named_by));
                read.leans_far_out |= proof.leans_out_of(near);
                if known {
                    logs.iter().for_each(|log| {
                        note(&mut read.attestation, log);
                    })
                } else {
                    read.claim(&logs, &digest)
                }
            }
        }
        if !self.days.hold(day) {
            return NamedLogs { logs, digest, chain, day }.without_logs();
        }
        self.enter(day);
        let read = self.read.entry(day).or_insert_with(|| DayRead::new(self.named_by));
        read.leans_far_out |= proof.leans_out_of(day);
        let mut named = NamedLogs { logs, digest, chain, day };
        if item.authentic().is_none() {
            read.claim(&named.logs, &named.digest);
            named.logs.clear();
        }
        if let Some((fingerprint, within_window)) = key.filter(|_| brief.window.overlaps(&item.span())) {
            let count = read.keys.entry(fingerprint).or_default();
            count.digests += 1;
            count.outside_window += u64::from(!within_window);
        }
        read.far.extend(far(brief, self.named_by, &named.logs, (&item, proof)));
        if item.authentic().is_some() {
            remember(&mut self.last_words, &self.horizon, brief, &item, &named);
        }
        // In place: there may be 100,000.
        named.logs.retain(|log| note(&mut read.attestation, log) == Naming::ToBeVerified);
        read.items.push(item);
        named
    }

    /// Comes to a day. The day after it is complete, but for digests that are tried once more.
    fn enter(&mut self, day: Day) {
        if self.last.replace(day) == Some(day) {
            return;
        }
        if let Some((_, after)) = self.read.range_mut((Bound::Excluded(day), Bound::Unbounded)).next() {
            hold_links(&mut after.items, self.named_by);
        }
    }

    /// The log files that the last digests name of chains that have ended before the window, and nobody has acknowledged it.
    pub fn take_last_words(&mut self, brief: &Brief) -> Vec<LogWork> {
        let terms = brief.terms();
        let is_due = brief.window.start().is_some_and(|start| start < terms.due());
        let ended = std::mem::take(&mut self.last_words).into_iter().filter(|_| is_due);
        let open = |chain: &ChainId, end| !terms.ended.iter().any(|word| word.allows(chain, end));
        ended.filter(|(chain, last)| open(chain, last.end)).flat_map(|(_, last)| last.works).collect()
    }

    /// Notes a digest that lies far from the window.
    fn take_beside(&mut self, brief: &Brief, item: Item, named: &NamedLogs, proof: Authenticity) {
        if item.authentic().is_some() {
            self.named_beside.extend(far(brief, self.named_by, &named.logs, (&item, proof)));
            remember(&mut self.last_words, &self.horizon, brief, &item, named);
        }
        self.beside.push(item);
    }

    /// Hears what a digest recorded of the one before it, and nothing else of what it says.
    pub fn hear(&mut self, item: &mut Item, said: &Said) -> Arc<ChainId> {
        let chain = self.meet(item);
        if let Some(Previous { object, signature, .. }) = &said.previous {
            let (signature, chain) = (signature.clone(), Arc::clone(&chain));
            let word = Recorded { signature, chain, end: item.key.end, proof: said.proof };
            self.recorded.entry(self.named_by.handle(object)).or_default().push(word);
        }
        chain
    }

    /// Meets the chain of a digest: its name is shared by all its digests.
    fn meet(&mut self, item: &mut Item) -> Arc<ChainId> {
        let known = match self.chains.get(&item.key.chain) {
            Some(known) => Arc::clone(known),
            None => {
                let known = Arc::new(item.key.chain.clone());
                self.chains.insert(item.key.chain.clone(), Arc::clone(&known));
                known
            }
        };
        item.key.chain = ChainId::clone(&known);
        known
    }
}

/// The log files of other days that a digest names, and that those days do not hear of by themselves: they hear digests next
/// to them which carry a signature of their own.
fn far<'l>(
    brief: &Brief,
    named_by: NamedBy,
    logs: &'l [LogEntry],
    (digest, proof): (&Item, Authenticity),
) -> impl Iterator<Item = FarName> + 'l {
    let (end, own) = (digest.key.end, Day::of_digest(digest.key.end));
    let is_of_the_record = brief.reaches(end);
    let is_here =
        move |key: &str| key.rsplit_once('/').is_some_and(|(folder, _)| Day::of_folder(folder) == Some(own));
    let elsewhere = logs.iter().filter(move |log| !(is_of_the_record && is_here(&log.object.key)));
    elsewhere.filter_map(move |log| {
        let day = Day::holding(LogKey::parse(&log.object.key)?.delivered);
        let heard = is_of_the_record && proof == Authenticity::Own && days::is_near(day, end);
        (!heard).then(|| FarName { day, name: ShortName::of(named_by, &log.object) })
    })
}

/// Remembers what the newest digest of a chain says, where that lies before the window and nothing follows.
fn remember(
    last_words: &mut HashMap<Arc<ChainId>, LastWords>,
    horizon: &Horizon,
    brief: &Brief,
    item: &Item,
    named: &NamedLogs,
) {
    let before = |end: Time| brief.window.start().is_some_and(|start| end <= start);
    let ended = named.chain.kind == DigestKind::Standard
        && before(item.span().end)
        && horizon.newest(&named.chain).is_none_or(before);
    let newer = |known: &LastWords| item.span().end <= known.end;
    if ended && !last_words.get(&named.chain).is_some_and(newer) {
        let works = named.clone().works().collect();
        last_words.insert(Arc::clone(&named.chain), LastWords { end: item.span().end, works });
    }
}

/// Log files to verify, by the digest that names them.
#[derive(Clone)]
pub struct NamedLogs {
    /// What it names of them.
    pub logs: Vec<LogEntry>,
    digest: Arc<ObjectName>,
    chain: Arc<ChainId>,
    day: Day,
}

impl NamedLogs {
    fn without_logs(self) -> Self {
        Self { logs: Vec::new(), ..self }
    }

    /// The work they are.
    pub fn works(self) -> impl Iterator<Item = LogWork> {
        let Self { logs, digest, chain, day } = self;
        logs.into_iter().map(move |LogEntry { object, hash }| LogWork {
            object,
            hash,
            digest: Arc::clone(&digest),
            chain: Arc::clone(&chain),
            day,
        })
    }
}
