//! Gets one object, judges it on the CPU pool, and never lets its failure reach anything else.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::unseen::{Absence, absence};
use super::{Context, Event};
use crate::chain::{Entry, State};
use crate::crypto::{Authority, KeyRing, Signature};
use crate::digest::{self, Certainty, Fault, Outcome, Place, Standing};
use crate::events::{self, Scanner};
use crate::gzip::{self, Limit};
use crate::logs::{self, LogWork, Observation};
use crate::store::{Object, ObjectStore};
use crate::trail::key::DigestKey;
use crate::trail::{ObjectName, Span};
use crate::verdict::{Finding, LogVerdict, Testimony, Unseen};

/// Runs `work` on the pool that is made for it, so that requests go on meanwhile.
pub(super) async fn on_cpu<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // A receiver that is gone belongs to a run that was stopped.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
    });
    match receiver.await {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => std::future::pending().await,
    }
}

/// Awaits a task of the run; a bug in it is a bug in the run.
pub(super) async fn joined<T>(task: tokio::task::JoinHandle<T>) -> T {
    match task.await {
        Ok(done) => done,
        Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
        Err(_) => std::future::pending().await,
    }
}

/// Gets an object when there is room for one more request.
pub(super) async fn get<S: ObjectStore>(
    context: &Context<S>,
    object: &ObjectName,
) -> Result<Object, Absence> {
    let interrupted = || Absence::Unseen(Unseen::Interrupted);
    let request = async {
        let _permit = context.requests.acquire().await;
        match context.stop.is_set() {
            true => Err(interrupted()),
            false => context.store.get(object, &context.admission).await.map_err(|error| absence(&error)),
        }
    };
    tokio::select! {
        done = request => done,
        () = context.stop.wait() => Err(interrupted()),
    }
}

/// Reads and authenticates one digest by its own metadata.
pub(super) async fn digest<S: ObjectStore>(
    context: Arc<Context<S>>,
    ring: Arc<KeyRing>,
    object: ObjectName,
    key: DigestKey,
) -> Entry {
    let certainty = context.plan.certainty;
    match get(&context, &object).await {
        Err(Absence::Gone) => Entry { key, object, state: State::Gone },
        Err(Absence::Oversized) => Entry { key, object, state: state(digest::oversized()) },
        Err(Absence::Unseen(unseen)) => Entry { key, object, state: State::Unseen(unseen) },
        Ok(stored) => {
            let judge = |ring: Arc<KeyRing>, object: ObjectName, key: DigestKey| {
                let (body, metadata) = (stored.body.clone(), stored.metadata.clone());
                on_cpu(move || {
                    let place = Place { delivered: &object, key: &key, certainty };
                    let state = state(digest::authenticate(place, &body, &metadata, &ring));
                    let object = named_by_itself(object, &state, certainty);
                    Entry { key, object, state }
                })
            };
            let entry = judge(ring, object, key).await;
            if !unknown_to_aws(&entry) {
                return entry;
            }
            let signed = Span { start: entry.key.end, end: entry.key.end };
            match context.keys.wider(&entry.key.chain.place.region, signed).await {
                Some(wider) => judge(wider, entry.object, entry.key).await,
                None => entry,
            }
        }
    }
}

/// Whether AWS was asked for the key and did not list it: worth asking once more, for a wider time.
fn unknown_to_aws(entry: &Entry) -> bool {
    let State::Rejected(rejected) = &entry.state else { return false };
    matches!(&rejected.fault, Fault::UnknownKey { authority: Authority::Aws, .. })
}

/// In a folder, which does not know its bucket, a digest is called by the bucket it names itself.
fn named_by_itself(object: ObjectName, state: &State, certainty: Certainty) -> ObjectName {
    let own = match (state, certainty) {
        (_, Certainty::BucketAndKey) | (State::Unseen(_) | State::Gone, Certainty::KeyOnly) => None,
        (State::Authentic(digest), Certainty::KeyOnly) => Some(Arc::clone(digest.bucket())),
        (State::Rejected(rejected), Certainty::KeyOnly) => {
            rejected.claim().map(|claim| Arc::clone(&claim.bucket))
        }
    };
    match own {
        Some(bucket) => ObjectName { bucket, ..object },
        None => object,
    }
}

/// Tries a rejected digest with the signature that its successor recorded.
pub(super) async fn vouched<S>(
    context: &Context<S>,
    ring: &Arc<KeyRing>,
    entry: Entry,
    recorded: (Signature, Standing),
) -> Entry {
    let (certainty, ring) = (context.plan.certainty, Arc::clone(ring));
    let Entry { key, object, state: found } = entry;
    let State::Rejected(rejected) = found else {
        return Entry { key, object, state: found };
    };
    on_cpu(move || {
        let place = Place { delivered: &object, key: &key, certainty };
        let (signature, standing) = recorded;
        let state = state(digest::vouch(*rejected, &signature, standing, place, &ring));
        Entry { key, object, state }
    })
    .await
}

fn state(outcome: Outcome) -> State {
    match outcome {
        Outcome::Authentic(digest) => State::Authentic(digest),
        Outcome::Rejected(rejected) => State::Rejected(rejected),
    }
}

/// A log file with its verdict.
pub(super) struct JudgedLog {
    pub(super) work: LogWork,
    pub(super) verdict: LogVerdict,
    pub(super) finding: Option<Finding>,
    /// Why it could not be inflated, if so.
    pub(super) fault: Option<gzip::Fault>,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    /// Telling calls it records; only an intact file testifies.
    pub(super) testimonies: Vec<Testimony>,
}

/// Reads, inflates, hashes and judges one attested log file; none if the run was stopped before.
pub(super) async fn log<S: ObjectStore>(context: Arc<Context<S>>, work: LogWork) -> Option<JudgedLog> {
    let judged = match get(&context, &work.object).await {
        Err(Absence::Unseen(Unseen::Interrupted)) => return None,
        Err(Absence::Unseen(unseen)) => observed(work, &Observation::Unseen(unseen), 0),
        Err(Absence::Gone) => observed(work, &Observation::Gone, 0),
        Err(Absence::Oversized) => {
            observed(work, &Observation::Malformed(gzip::Fault::TooLarge(Limit::LOG.0)), 0)
        }
        Ok(stored) => {
            on_cpu(move || {
                let bucket = Arc::clone(&work.object.bucket);
                let mut scanner = Scanner::new(&bucket);
                let inflated = gzip::inflate_hashed(&stored.body, Limit::LOG, |chunk| scanner.look(chunk));
                let observation = match inflated {
                    Ok(inflated) => Observation::Inflated(inflated),
                    Err(fault) => Observation::Malformed(fault),
                };
                let telling = scanner.telling();
                let mut judged = observed(work, &observation, stored.body.len() as u64);
                if telling && judged.verdict == LogVerdict::Intact {
                    judged.testimonies = heard(&stored.body, &judged.work.object);
                }
                judged
            })
            .await
        }
    };
    context.observer.on(Event::Log {
        object: &judged.work.object,
        verdict: judged.verdict,
        hash: Some(&judged.work.hash),
        fault: judged.fault.as_ref(),
        compressed: judged.compressed,
        inflated: judged.inflated,
    });
    Some(judged)
}

/// Judges an observation that is at hand.
pub(super) fn observed(work: LogWork, observation: &Observation, compressed: u64) -> JudgedLog {
    let (verdict, finding) = logs::judge(&work, observation);
    let (inflated, fault) = match observation {
        Observation::Inflated(inflated) => (inflated.length, None),
        Observation::Malformed(fault) => (0, Some(*fault)),
        Observation::Listed | Observation::Gone | Observation::Unseen(_) => (0, None),
    };
    JudgedLog { work, verdict, finding, fault, compressed, inflated, testimonies: Vec::new() }
}

/// The telling calls of a file that is intact. Few files hold any, so inflating those again costs less than keeping
/// the bytes of all.
fn heard(stored: &[u8], log_file: &ObjectName) -> Vec<Testimony> {
    match gzip::inflate(stored, Limit::LOG) {
        Ok(body) => events::testimonies(&body, log_file),
        Err(_) => Vec::new(),
    }
}
