//! Who remembers for a run what earlier ones saw: asked before the long work, told after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::{Plan, RULES};
use crate::cli::args::{Look, Remember, Spoken};
use crate::cli::exit::{self, Failure};
use crate::crypto::Hash;
use crate::render::{self, Format, human};
use crate::report::{Class, Completion, Head, Report};
use crate::seal::witness::{Remembered, WitnessFault, Witnessed};
use crate::seal::{Seal, SealName, Sealing, SigningKey, Softened, Tool};
use crate::store::state::{Kept, Over, Put, StateStore};
use crate::trail::{Ended, Location, UNKNOWN_BUCKET};
use crate::verdict::what::What;
use crate::verdict::{Finding, Scope};

use super::seal_keys::{SealKeys, names, signed};

mod hearing;
mod memory;

use hearing::{Heard, Listener};
use memory::Memory;

/// So often a seal is made anew because another run was quicker.
const RACES: usize = 8;

/// A place for files of one's own.
pub struct Place {
    /// The caller's word for it.
    pub words: String,
    /// Where it is, however it is spelled.
    pub home: String,
    /// What keeps them.
    pub state: Arc<dyn StateStore>,
}

/// What cannot be done with a witness, and why.
type Trouble = String;

/// The witnesses of a run.
pub struct Witnesses {
    keys: SealKeys,
    origin: Location,
    softened: BTreeSet<Softened>,
    released: Vec<String>,
    ended: Vec<Ended>,
    witnesses: Vec<Witness>,
    memory: Memory,
}

struct Witness {
    place: Place,
    newest: Option<Seal>,
}

impl Witnesses {
    /// Asks all witnesses, and has the plan hold the record to what they know. Whoever is to seal this run, and may not write
    /// there or finds a store that lets seals be written over, is told so now.
    pub async fn open(
        (remember, named): (&Remember, &Spoken),
        plan: &mut Plan,
        keys: SealKeys,
        places: Vec<Place>,
        memory: Option<Arc<dyn StateStore>>,
    ) -> Result<Self, Failure> {
        let spoken = named.of("witness");
        if !places.is_empty() && keys.trusted.is_empty() {
            return Err(Failure::new(format!(
                "{spoken} needs a key to believe its seals by: --seal-key to seal this run, too, or --vkey to read alone"
            )));
        }
        if !places.is_empty() && *plan.bucket == *UNKNOWN_BUCKET {
            return Err(Failure::new(format!(
                "{spoken} needs to know which bucket this is a copy of, because others may be remembered in the same place: say it \
                 with {} s3://BUCKET[/PREFIX]",
                named.of("copied-from")
            )));
        }
        let origin = Location { bucket: Arc::clone(&plan.bucket), prefix: plan.prefix.clone() };
        let mut witnesses = Self {
            keys,
            origin: origin.clone(),
            softened: softened(plan),
            released: remember.released.clone(),
            ended: plan.ended.clone(),
            witnesses: Vec::new(),
            memory: Memory { place: memory, origin },
        };
        for place in places {
            let witness = witnesses.ask(plan, place).await.map_err(|failed| {
                Failure::new(format!(
                    "{spoken} cannot be used: {failed}; grant the right to list, read and write there (s3:ListBucket, \
                     s3:ListBucketVersions, s3:GetObject, s3:PutObject), or leave it out"
                ))
            })?;
            witnesses.witnesses.push(witness);
        }
        witnesses.let_go(plan);
        Ok(witnesses)
    }

    /// Asks one, and begins it if it is empty.
    async fn ask(&self, plan: &mut Plan, place: Place) -> Result<Witness, Trouble> {
        let Place { words, home, state } = &place;
        let told = |error: crate::store::StoreError| error.to_string();
        let known = self.memory.newest(home, &self.keys.trusted).await.map_err(told)?;
        let remembered = known.as_ref().map(|seal| Remembered { number: seal.number(), hash: seal.hash() });
        let Heard { witnessed, bytes, denied } = self.listener(&**state).hear(remembered).await;
        if let Some(denied) = denied.filter(|_| self.keys.signing.is_some()) {
            return Err(denied.to_string());
        }
        let Witnessed { newest, faults, keys } = witnessed;
        plan.witnessed.extend(faults.iter().map(|fault| finding(words, fault)));
        for seal in newest.iter().chain(&known) {
            let baseline = signed(seal.baseline(words, seal.hash()), names(&keys));
            if !baseline.heads.is_empty() && !plan.baselines.iter().any(|other| other.hash == baseline.hash) {
                plan.baselines.push(baseline);
            }
        }
        if let Some(key) = &self.keys.signing {
            match (&newest, bytes) {
                (Some(seal), Some(bytes)) => {
                    let name = self.name(seal.number());
                    let put = state.put(&name, &bytes, Over::Nothing).await;
                    if put.map_err(told)? == Put::Done {
                        return Err(format!(
                            "{words} let {name} be written over: whoever may write there may rewrite what it remembers; a bucket \
                             has to keep to If-None-Match"
                        ));
                    }
                }
                (None, _) if faults == [WitnessFault::Empty] => {
                    let seal = Seal::first(self.origin.clone(), plan.source.clone(), plan.now, tool());
                    let note = seal.signed_by(&[key]).map_err(|error| error.to_string())?;
                    let put = state.put(&self.name(0), note.to_string().as_bytes(), Over::Nothing).await;
                    put.map_err(told)?;
                    return Ok(Witness { place, newest: Some(seal) });
                }
                _ => {}
            }
        }
        // Nothing is built on what was changed: it would not be noticed the next time.
        let is_whole = !faults.iter().any(|fault| fault.class() == Class::Tamper);
        Ok(Witness { place, newest: newest.filter(|_| is_whole) })
    }

    fn name(&self, number: u64) -> String {
        SealName { origin: self.origin.clone(), number }.to_string()
    }

    fn listener<'w>(&'w self, state: &'w dyn StateStore) -> Listener<'w> {
        Listener { state, origin: &self.origin, trusted: &self.keys.trusted }
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
        if report.completion == Completion::Interrupted || self.witnesses.is_empty() {
            return Vec::new();
        }
        let Some(key) = &self.keys.signing else { return Vec::new() };
        let sealing = match self.sealing(report) {
            Ok(sealing) => sealing,
            Err(why) => return vec![Failure::new(format!("this run was not sealed: {why}"))],
        };
        let mut failures = Vec::new();
        for witness in &self.witnesses {
            let Place { words, home, .. } = &witness.place;
            let Sealed { number, note } = match self.put(key, witness, report, &sealing).await {
                Ok(sealed) => sealed,
                Err(why) => {
                    failures.push(Failure::new(format!(
                        "this run was not sealed: {words}: {why}; what it saw is in its report, which can be a --baseline"
                    )));
                    continue;
                }
            };
            if !look.quiet {
                exit::note(&format!("sealed as number {number} in {words}"));
            }
            if let Err(error) = self.memory.keep(home, &self.keys.trusted, number, &note).await {
                failures.push(Failure::new(format!(
                    "this run was sealed as number {number} in {words}, but the ledger could not note that: {error}; should that \
                     seal be deleted, the next run would not miss it"
                )));
            }
        }
        failures
    }

    fn sealing(&self, report: &Report) -> Result<Sealing, Trouble> {
        let mut json = Vec::new();
        render::write(Format::Json, report, &human::Options::default(), &mut json)
            .map_err(|error| error.to_string())?;
        Ok(Sealing { tool: tool(), softened: self.softened.clone(), report: Hash::of(&json) })
    }

    async fn put(
        &self,
        key: &SigningKey,
        witness: &Witness,
        report: &Report,
        sealing: &Sealing,
    ) -> Result<Sealed, Trouble> {
        let mut previous = witness.newest.clone();
        for _race in 0..RACES {
            let before =
                previous.ok_or("its newest seal was changed or could not be read, so none can follow it")?;
            let seal = before.after(report, sealing.clone(), |head| self.lets_go(head));
            let (number, name) = (seal.number(), self.name(seal.number()));
            let note = seal.signed_by(&[key]).map_err(|error| error.to_string())?.to_string();
            let put = witness.place.state.put(&name, note.as_bytes(), Over::Nothing).await;
            let own = match put.map_err(|error| error.to_string())? {
                Put::Done => true,
                // Its own bytes are its own: the answer to an earlier try was lost.
                Put::Overtaken => matches!(
                    witness.place.state.read(&name).await, Ok(Some(Kept { bytes, .. })) if bytes == note.as_bytes()
                ),
            };
            if own {
                return Ok(Sealed { number, note });
            }
            // Another run was quicker: its heads count as well.
            previous = self.listener(&*witness.place.state).hear(None).await.witnessed.newest;
        }
        Err("other runs were quicker every time".to_owned())
    }
}

/// A seal that a witness has taken.
struct Sealed {
    number: u64,
    note: String,
}

fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), rules: RULES }
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
        (_, Class::Tamper) => What::WitnessBroken { witness, fault: told },
        (WitnessFault::Empty, _) => What::WitnessEmpty { witness },
        _ => What::WitnessUnreachable { witness, fault: told },
    };
    Finding::new(what, Scope::default())
}
