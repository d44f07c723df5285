//! Who remembers for a run what earlier ones saw: asked before the long work, told after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::audit::{Plan, RULES};
use crate::cli::args::{Look, Verify};
use crate::cli::exit::{self, Failure};
use crate::cli::seal::vkeys;
use crate::crypto::Hash;
use crate::render::{self, Format, human};
use crate::report::{Baseline, Class, Completion, Head, Newest, Report, What};
use crate::seal::witness::{
    Content, Holdings, Listed, Remembered, WitnessFault, WitnessFile, Witnessed, judge,
};
use crate::seal::{
    Carried, HeadName, Note, ObjectCounts, Seal, SealName, SealedPart, SealedRun, SigningKey, Softened, Tool,
    VerifierKey,
};
use crate::store::StoreError;
use crate::store::state::{Kept, Over, Put, StateStore};
use crate::trail::{Ended, Location, Time, UNKNOWN_BUCKET};
use crate::verdict::what::What as Found;
use crate::verdict::{Finding, Scope};

/// Seals that are read in search of the one that names a new key.
const MOST_READ: usize = 100;
/// So often a seal is made anew because another run was quicker.
const RACES: usize = 8;

/// A place for files of one's own, by the caller's word for it.
pub type Place = (String, Arc<dyn StateStore>);

/// The keys of a run.
pub struct Keys {
    /// What it signs with.
    pub signing: Option<SigningKey>,
    trusted: Vec<VerifierKey>,
}

impl Keys {
    /// Reads what the caller names.
    pub fn read(args: &Verify) -> Result<Self, Failure> {
        let spoken = args.spoken.of("seal-key");
        let signing = args.remember.seal_key.as_ref().map(|path| {
            let name = path.display();
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{spoken} {name}: cannot be read: {error}")))?;
            SigningKey::from_secret_text(text.trim()).map_err(|error| {
                Failure::new(format!(
                    "{spoken} {name}: {error}; `trailseal seal keygen NAME` makes such a key"
                ))
            })
        });
        let signing = signing.transpose()?;
        let own = signing.iter().map(SigningKey::verifier);
        let trusted = own.chain(vkeys::read(&args.remember.vkeys)?).collect();
        Ok(Self { signing, trusted })
    }

    /// A seal as a baseline; nothing, if these bytes are none. One that is signed by no key given is refused, if any is.
    pub fn baseline(&self, place: &str, bytes: &[u8]) -> Option<Result<Baseline, String>> {
        bytes.starts_with(crate::seal::SCHEMA.as_bytes()).then(|| {
            let note = Note::parse(bytes).map_err(|error| format!("is no whole seal: {error}"))?;
            let (text, signers) = match note.verified_by(&self.trusted) {
                Ok((text, signers)) => (text, names(signers)),
                Err(_) if self.trusted.is_empty() => (note.unverified_text(), Vec::new()),
                Err(unverified) => return Err(format!("is a seal that cannot be believed: {unverified}")),
            };
            let seal =
                Seal::parse(text).map_err(|error| format!("is a signed note, and no seal: {error}"))?;
            Ok(signed(seal.baseline(place, seal.hash()), signers))
        })
    }
}

fn names<'k>(signers: impl IntoIterator<Item = &'k VerifierKey>) -> Vec<String> {
    signers.into_iter().map(|key| key.label().to_string()).collect()
}

fn signed(mut baseline: Baseline, keys: Vec<String>) -> Baseline {
    if let Some(sealed) = &mut baseline.sealed {
        sealed.keys = keys;
    }
    baseline
}

/// The witnesses of a run.
pub struct Witnesses {
    keys: Keys,
    origin: Location,
    softened: BTreeSet<Softened>,
    released: Vec<String>,
    ended: Vec<Ended>,
    witnesses: Vec<Witness>,
    /// The ledger's place, which knows the newest seal of each.
    memory: Option<Arc<dyn StateStore>>,
}

struct Witness {
    words: String,
    state: Arc<dyn StateStore>,
    newest: Option<Seal>,
}

/// What a witness was found to hold.
struct Heard {
    witnessed: Witnessed,
    /// The newest seal as it is kept.
    bytes: Option<Vec<u8>>,
}

impl Witnesses {
    /// Asks all witnesses, and has the plan hold the record to what they know. Whoever is to seal this run, and may not write
    /// there or finds a store that lets seals be written over, is told so now.
    pub async fn open(
        args: &Verify,
        plan: &mut Plan,
        keys: Keys,
        places: Vec<Place>,
        memory: Option<Arc<dyn StateStore>>,
    ) -> Result<Self, Failure> {
        let spoken = args.spoken.of("witness");
        if !places.is_empty() && keys.trusted.is_empty() {
            return Err(Failure::new(format!(
                "{spoken} needs a key to believe its seals by: --seal-key to seal this run, too, or --vkey to read alone"
            )));
        }
        if !places.is_empty() && *plan.bucket == *UNKNOWN_BUCKET {
            return Err(Failure::new(format!(
                "{spoken} needs to know which bucket this is a copy of, because others may be remembered in the same place: say it \
                 with {} s3://BUCKET[/PREFIX]",
                args.spoken.of("copied-from")
            )));
        }
        let mut witnesses = Self {
            keys,
            origin: Location { bucket: Arc::clone(&plan.bucket), prefix: plan.prefix.clone() },
            softened: softened(plan),
            released: args.remember.released.clone(),
            ended: plan.ended.clone(),
            witnesses: Vec::new(),
            memory,
        };
        for (words, state) in places {
            let witness = witnesses.ask(plan, words, state).await.map_err(|failed| {
                Failure::new(format!(
                    "{spoken} cannot be used: {failed}; grant the right to list, read and write there (s3:ListBucket, \
                     s3:GetObject, s3:PutObject), or leave it out"
                ))
            })?;
            witnesses.witnesses.push(witness);
        }
        witnesses.let_go(plan);
        Ok(witnesses)
    }

    /// Asks one, and begins it if it is empty.
    async fn ask(
        &self,
        plan: &mut Plan,
        words: String,
        state: Arc<dyn StateStore>,
    ) -> Result<Witness, String> {
        let known = self.remembered(&words).await.map_err(|error| error.to_string())?;
        let remembered = known.as_ref().map(|seal| Remembered { number: seal.number(), hash: seal.hash() });
        let Heard { witnessed, bytes } = self.hear(&*state, remembered).await;
        let Witnessed { newest, faults, keys } = witnessed;
        plan.witnessed.extend(faults.iter().map(|fault| finding(&words, fault)));
        for seal in newest.iter().chain(&known) {
            let baseline = signed(seal.baseline(&*words, seal.hash()), names(&keys));
            if !baseline.heads.is_empty() && !plan.baselines.iter().any(|other| other.hash == baseline.hash) {
                plan.baselines.push(baseline);
            }
        }
        if let Some(key) = &self.keys.signing {
            match (&newest, bytes) {
                (Some(seal), Some(bytes)) => {
                    let name = self.name(seal.number());
                    let put = state.put(&name, &bytes, Over::Nothing).await;
                    if put.map_err(|error| error.to_string())? == Put::Done {
                        return Err(format!(
                            "{words} let {name} be written over: whoever may write there may rewrite what it remembers; a bucket \
                             has to keep to If-None-Match"
                        ));
                    }
                }
                (None, _) if faults == [WitnessFault::Empty] => {
                    let seal = Seal {
                        origin: self.origin.clone(),
                        source: plan.source.clone(),
                        time: plan.now,
                        tool: tool(),
                        new_keys: BTreeSet::new(),
                        run: None,
                    };
                    let note = seal.signed_by(&[key]).map_err(|error| error.to_string())?;
                    let put = state.put(&self.name(0), note.to_string().as_bytes(), Over::Nothing).await;
                    put.map_err(|error| error.to_string())?;
                    return Ok(Witness { words, state, newest: Some(seal) });
                }
                _ => {}
            }
        }
        // Nothing is built on what was changed: it would not be noticed the next time.
        let is_whole = !faults.iter().any(|fault| fault.class() == Class::Tamper);
        Ok(Witness { words, state, newest: newest.filter(|_| is_whole) })
    }

    fn name(&self, number: u64) -> String {
        SealName { origin: self.origin.clone(), number }.to_string()
    }

    /// What a witness holds. An outage is told as what it is.
    async fn hear(&self, state: &dyn StateStore, remembered: Option<Remembered>) -> Heard {
        let folder = SealName::folder(&self.origin);
        let (listed, numbers) = match state.list(&folder).await {
            Ok(names) => {
                let own = names.iter().filter_map(|name| SealName::parse(name));
                let own = own.filter(|name| name.origin == self.origin).map(|name| name.number);
                (Listed::Wholly, own.collect::<BTreeSet<u64>>())
            }
            Err(error) => (Listed::Denied(error.to_string()), BTreeSet::new()),
        };
        let mut files: BTreeMap<u64, Content> = BTreeMap::new();
        let asked = numbers.last().copied().into_iter().chain(remembered.map(|seal| seal.number));
        for number in asked.filter(|number| numbers.contains(number)) {
            files.insert(number, self.content(state, number).await);
        }
        let judged = |files: &BTreeMap<u64, Content>| {
            let files = files
                .iter()
                .map(|(number, content)| WitnessFile { number: *number, content: content.clone() });
            let holdings =
                Holdings { listed: listed.clone(), numbers: numbers.clone(), files: files.collect() };
            judge(&holdings, &self.origin, &self.keys.trusted, remembered)
        };
        let mut witnessed = judged(&files);
        let unknown = |fault: &WitnessFault| matches!(fault, WitnessFault::UnknownKey { .. });
        if witnessed.faults.iter().any(unknown) {
            // An earlier seal may name the key.
            for number in numbers.iter().rev().take(MOST_READ) {
                if !files.contains_key(number) {
                    files.insert(*number, self.content(state, *number).await);
                }
            }
            witnessed = judged(&files);
        }
        let bytes = witnessed.newest.as_ref().and_then(|seal| match files.get(&seal.number()) {
            Some(Content::Bytes(bytes)) => Some(bytes.clone()),
            Some(Content::Denied(_)) | None => None,
        });
        Heard { witnessed, bytes }
    }

    async fn content(&self, state: &dyn StateStore, number: u64) -> Content {
        match state.read(&self.name(number)).await {
            Ok(Some(Kept { bytes, .. })) => Content::Bytes(bytes),
            Ok(None) => Content::Denied("it is listed, and not there".to_owned()),
            Err(error) => Content::Denied(error.to_string()),
        }
    }

    /// Lets go of the heads that the caller names, and of those of chains that have lawfully ended.
    fn let_go(&self, plan: &mut Plan) {
        let mut gone = Vec::new();
        for baseline in &mut plan.baselines {
            baseline.heads.retain(|head| {
                let goes = self.lets_go(head);
                if goes {
                    gone.push(format!("{} is not looked for any more: the caller let it go.", head.object));
                }
                !goes
            });
        }
        plan.baselines.retain(|baseline| !baseline.heads.is_empty());
        gone.sort();
        gone.dedup();
        plan.notes.extend(gone);
    }

    fn lets_go(&self, head: &Head) -> bool {
        let named = |word: &String| **word == *head.object.key || *word == head.object.to_string();
        self.released.iter().any(named) || self.ended.iter().any(|word| word.allows(&head.chain, head.end))
    }

    /// Puts a seal of the run into each witness, and says so, unless nothing is to be said. Gives what went wrong with that.
    pub async fn seal(self, report: &Report, look: &Look) -> Vec<Failure> {
        let mut failures = Vec::new();
        if report.completion == Completion::Interrupted {
            return failures;
        }
        let Some(key) = &self.keys.signing else { return failures };
        for witness in &self.witnesses {
            match self.put(key, witness, report).await {
                Ok(_) if look.quiet => {}
                Ok(told) => exit::note(&told),
                Err(why) => failures.push(Failure::new(format!(
                    "this run was not sealed: {}: {why}; what it saw is in its report, which can be a --baseline",
                    witness.words
                ))),
            }
        }
        failures
    }

    async fn put(&self, key: &SigningKey, witness: &Witness, report: &Report) -> Result<String, String> {
        let mut previous = witness.newest.clone();
        for _race in 0..RACES {
            let Some(before) = &previous else {
                return Err(
                    "its newest seal was changed or could not be read, so none can follow it".to_owned()
                );
            };
            let seal = self.next(before, report)?;
            let name = self.name(seal.number());
            let note = seal.signed_by(&[key]).map_err(|error| error.to_string())?.to_string();
            let put = witness.state.put(&name, note.as_bytes(), Over::Nothing).await;
            let own = match put.map_err(|error| error.to_string())? {
                Put::Done => true,
                // Its own bytes are its own: the answer to an earlier try was lost.
                Put::Overtaken => matches!(
                    witness.state.read(&name).await, Ok(Some(Kept { bytes, .. })) if bytes == note.as_bytes()
                ),
            };
            if own {
                self.remember(&witness.words, note.as_bytes()).await.map_err(|error| error.to_string())?;
                return Ok(format!("sealed as number {} in {}", seal.number(), witness.words));
            }
            // Another run was quicker: its heads count as well.
            previous = self.hear(&*witness.state, None).await.witnessed.newest;
        }
        Err("other runs were quicker every time".to_owned())
    }

    /// The seal of the run, after the one before it.
    fn next(&self, before: &Seal, report: &Report) -> Result<Seal, String> {
        let newest = report.chains.iter().filter_map(|chain| {
            let Newest { object, hash, end } = chain.newest.clone()?;
            Some(Head { chain: chain.id.clone(), object, hash, end })
        });
        let unchanged = report.baselines.iter().flat_map(|held| held.unchanged.iter().cloned());
        let seen: Vec<Head> = newest.chain(unchanged).collect();
        let lost = report.findings.iter().filter_map(|finding| match &finding.what {
            What::HeadLost(seen, _) | What::HeadChanged { seen, .. } => {
                Some(HeadName::of(finding.object.as_ref()?, seen.hash))
            }
            _ => None,
        });
        let kept: BTreeSet<HeadName> = lost.collect();
        let sealed = before.heads().filter(|head| head.head().is_some_and(|head| self.lets_go(&head)));
        let released: BTreeSet<HeadName> = sealed.map(|head| head.name()).collect();
        let mut json = Vec::new();
        render::write(Format::Json, report, &human::Options::default(), &mut json)
            .map_err(|error| error.to_string())?;
        let keys: BTreeSet<&str> = report.keys.iter().map(|key| key.fingerprint.as_str()).collect();
        let keys: String = keys.into_iter().map(|key| format!("{key}\n")).collect();
        let (read, carried) = (report.read(), &report.carried);
        Ok(Seal {
            origin: self.origin.clone(),
            source: report.source.clone(),
            time: whole_seconds(report.finished_at),
            tool: tool(),
            new_keys: BTreeSet::new(),
            run: Some(SealedRun {
                number: before.next_number(),
                window: report.window,
                part: SealedPart {
                    accounts: report.request.accounts.clone(),
                    regions: report.request.regions.clone(),
                    trails: report.request.trails.clone(),
                },
                depth: report.depth,
                softened: self.softened.clone(),
                heads: before.accumulate(&seen, &kept, &released),
                released,
                outcome: report.outcome(),
                exit: report.exit_code(),
                read: ObjectCounts { digests: read.digests, logs: read.logs },
                carried: Carried {
                    objects: ObjectCounts { digests: carried.digests, logs: carried.logs },
                    oldest_read_at: carried.oldest_read_at,
                },
                keys: Hash::of(keys.as_bytes()),
                report: Hash::of(&json),
                previous: before.hash(),
            }),
        })
    }

    /// The newest seal that the ledger knows of a witness.
    async fn remembered(&self, words: &str) -> Result<Option<Seal>, StoreError> {
        let Some(memory) = &self.memory else { return Ok(None) };
        let Some(kept) = memory.read(&self.memory_of(words)).await? else { return Ok(None) };
        let note = Note::parse(&kept.bytes).ok();
        let text = note.as_ref().and_then(|note| note.verified_by(&self.keys.trusted).ok());
        Ok(text.and_then(|(text, _)| Seal::parse(text).ok()).filter(|seal| seal.origin == self.origin))
    }

    async fn remember(&self, words: &str, note: &[u8]) -> Result<(), StoreError> {
        let Some(memory) = &self.memory else { return Ok(()) };
        let name = self.memory_of(words);
        for _race in 0..RACES {
            let known = memory.read(&name).await?;
            let over = known.as_ref().map_or(Over::Nothing, |kept| Over::Version(&kept.version));
            if memory.put(&name, note, over).await? == Put::Done {
                break;
            }
        }
        Ok(())
    }

    fn memory_of(&self, words: &str) -> String {
        let place: String = Hash::of(words.as_bytes()).to_string().chars().take(16).collect();
        format!("{}witness/{place}.seal", crate::ledger::origin_folder(&self.origin))
    }
}

fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), rules: RULES }
}

fn whole_seconds(time: Time) -> Time {
    Time::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}

fn softened(plan: &Plan) -> BTreeSet<Softened> {
    let accepted = plan.accept.iter().copied().map(Softened::Accept);
    let ended = plan.ended.iter().cloned().map(Softened::Ended);
    let retention = plan.retention.and_then(|retention| u32::try_from(retention.num_days()).ok());
    accepted.chain(ended).chain(retention.map(Softened::Retention)).collect()
}

fn finding(witness: &str, fault: &WitnessFault) -> Finding {
    let (witness, told) = (Box::from(witness), fault.to_string().into());
    let what = match (fault, fault.class()) {
        (_, Class::Tamper) => Found::WitnessBroken { witness, fault: told },
        (WitnessFault::Empty, _) => Found::WitnessEmpty { witness },
        _ => Found::WitnessUnreachable { witness, fault: told },
    };
    Finding::new(what, Scope::default())
}
