//! Gets one object, has it judged, and never lets its failure reach anything else.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::Context;
use super::mill::{Grist, JudgedLog, observed};
use super::slots::Slot;
use super::unseen::{Absence, absence};
use crate::chain::{Entry, State};
use crate::crypto::{Authority, KeyRing, Signature};
use crate::digest::{self, Certainty, Fault, Outcome, Place, Standing};
use crate::gzip::{self, Limit, Pushed, Shown};
use crate::logs::{LogWork, Observation};
use crate::store::{Object, ObjectStore};
use crate::trail::key::DigestKey;
use crate::trail::{ObjectName, Span};
use crate::verdict::Unseen;

/// What a task of the run came to; a bug in it is a bug in the run.
pub(super) fn unwound<T>(task: Result<T, tokio::task::JoinError>) -> T {
    match task {
        Ok(done) => done,
        // Nothing cancels tasks of a run; one that is gone has panicked.
        Err(failed) => resume_unwind(failed.into_panic()),
    }
}

/// Gets an object.
pub(super) async fn get<S: ObjectStore>(
    context: &Context<S>,
    object: &ObjectName,
    slot: Slot,
) -> Result<Object, Absence> {
    if context.stop.is_set() {
        return Err(Absence::Unseen(Unseen::Interrupted));
    }
    let got = tokio::select! {
        biased;
        got = context.store.get(object, &context.admission) => got.map_err(|error| absence(&error)),
        () = context.stop.wait() => Err(Absence::Unseen(Unseen::Interrupted)),
    };
    if let Ok(object) = &got {
        slot.answered(object.body.len());
    }
    got
}

/// Reads and authenticates one digest by its own metadata.
pub(super) async fn digest<S: ObjectStore>(
    context: Arc<Context<S>>,
    ring: Arc<KeyRing>,
    object: ObjectName,
    key: DigestKey,
) -> Entry {
    let certainty = context.plan.certainty;
    let slot = context.slots.take().await;
    match get(&context, &object, slot).await {
        Err(Absence::Gone) => Entry { key, object, state: State::Gone },
        Err(Absence::Oversized) => Entry { key, object, state: state(digest::oversized()) },
        Err(Absence::Unseen(unseen)) => Entry { key, object, state: State::Unseen(unseen) },
        Ok(stored) => {
            let judge = |limit, ring: &KeyRing, object: ObjectName, key: DigestKey| {
                let place = Place { delivered: &object, key: &key, certainty };
                let (body, metadata) = (&stored.body, &stored.metadata);
                let state = state(digest::authenticate_within(limit, place, body, metadata, ring));
                let object = named_by_itself(object, &state, certainty);
                Entry { key, object, state }
            };
            let mut limit = Limit::USUAL_DIGEST;
            let mut entry = judge(limit, &ring, object, key);
            let mut _alone = None;
            if exceeds(&entry, limit) {
                // One at a time: as large as they may be, a few of them would be all the memory there is.
                _alone = context.large_digest.acquire().await.ok();
                limit = Limit::DIGEST;
                entry = judge(limit, &ring, entry.object, entry.key);
            }
            if !unknown_to_aws(&entry, &ring) {
                return entry;
            }
            let signed = Span { start: entry.key.end, end: entry.key.end };
            match context.keys.wider(&entry.key.chain.place.region, signed).await {
                Some(wider) => judge(limit, &wider, entry.object, entry.key),
                None => entry,
            }
        }
    }
}

/// Whether it was too large for this limit; another may hold it.
fn exceeds(entry: &Entry, limit: Limit) -> bool {
    let State::Rejected(rejected) = &entry.state else { return false };
    rejected.fault == Fault::Gzip(gzip::Fault::TooLarge(limit.0))
}

/// Whether AWS was asked for the key and did not list it, or listed too few: worth asking once more, for a wider time.
fn unknown_to_aws(entry: &Entry, ring: &KeyRing) -> bool {
    let State::Rejected(rejected) = &entry.state else { return false };
    let asked = *ring.authority(&entry.key.chain.place.region) == Authority::Aws;
    asked && matches!(&rejected.fault, Fault::UnknownKey { .. })
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
pub(super) fn vouched(
    certainty: Certainty,
    ring: &KeyRing,
    entry: Entry,
    (signature, standing): (Signature, Standing),
) -> Entry {
    let Entry { key, object, state: found } = entry;
    let State::Rejected(rejected) = found else {
        return Entry { key, object, state: found };
    };
    let place = Place { delivered: &object, key: &key, certainty };
    let state = state(digest::vouch(*rejected, &signature, standing, place, ring));
    Entry { key, object, state }
}

fn state(outcome: Outcome) -> State {
    match outcome {
        Outcome::Authentic(digest) => State::Authentic(digest),
        Outcome::Rejected(rejected) => State::Rejected(rejected),
    }
}

/// Reads one attested log file and has it judged; not, if the run was stopped before.
pub(super) async fn log<S: ObjectStore>(
    context: Arc<Context<S>>,
    work: LogWork,
    slot: Slot,
    judged: UnboundedSender<JudgedLog>,
) {
    let observation = match get(&context, &work.object, slot).await {
        Ok(stored) => return context.mill.grind(Grist { work, stored, judged }).await,
        Err(Absence::Unseen(Unseen::Interrupted)) => return,
        Err(Absence::Unseen(unseen)) => Observation::Unseen(unseen),
        Err(Absence::Gone) => Observation::Gone,
        Err(Absence::Oversized) => large(&context, &work.object).await,
    };
    context.mill.tell(observed(work, &observation, 0, context.settled_by()), &judged);
}

/// How often an object that is too large to be held is asked for.
const ATTEMPTS: usize = 3;

/// Looks at a log file that is too large to be held, as it passes by.
async fn large<S: ObjectStore>(context: &Context<S>, object: &ObjectName) -> Observation {
    let mut last = Unseen::Interrupted;
    for _attempt in 0..ATTEMPTS {
        let mut pushed = Pushed::new(Limit::LOG);
        let mut take = |piece: &[u8]| pushed.take(piece);
        let shown = tokio::select! {
            biased;
            shown = context.store.stream(object, &mut take) => shown.map_err(|error| absence(&error)),
            () = context.stop.wait() => Err(Absence::Unseen(Unseen::Interrupted)),
        };
        match shown {
            Ok(()) => {
                return match pushed.end() {
                    Ok(Shown::Member(inflated)) => Observation::Inflated(inflated),
                    Ok(Shown::Plain(plain)) => Observation::Plain(plain),
                    Err(fault) => Observation::Malformed(fault),
                };
            }
            Err(Absence::Gone) => return Observation::Gone,
            Err(Absence::Oversized) => return Observation::Malformed(gzip::Fault::TooLarge(Limit::LOG.0)),
            Err(Absence::Unseen(unseen)) => last = unseen,
        }
    }
    Observation::Unseen(last)
}
