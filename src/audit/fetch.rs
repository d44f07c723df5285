//! Gets one object, has it judged, and never lets its failure reach anything else.

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;

use super::Context;
use super::answers::Answers;
use super::hasher::{FetchedLog, JudgedLog, observed};
use super::slots::Slot;
use super::unseen::{Absence, absence};
use crate::crypto::KeyRing;
use crate::digest;
use crate::gzip::{self, Limit, Pushed, Shown};
use crate::inspection::{self, Entry, EntryState};
use crate::logs::{LogWork, Observation};
use crate::store::{Object, ObjectStore as _, StoreError, StoreErrorKind, Streamed};
use crate::trail::key::DigestKey;
use crate::trail::{ObjectName, Span};
use crate::verdict::Unseen;

/// Which try at an object this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    /// What may pass is tried once more, at the end.
    First,
    /// What it comes to stands.
    Last,
}

/// What came of a try.
pub(super) enum Tried<T> {
    /// It would come to the same again.
    Settled(T),
    /// Nothing, for a cause that may pass.
    MayPass(T),
}

impl<T> Tried<T> {
    /// What came of it, if nothing better does.
    pub(super) fn taken_as_it_is(self) -> T {
        let (Self::Settled(came) | Self::MayPass(came)) = self;
        came
    }
}

/// Gets an object.
pub(super) async fn get(context: &Context, object: &ObjectName, slot: Slot) -> Result<Object, StoreError> {
    let got = context.store.get(object, &context.admission).await;
    if let Ok(object) = &got {
        slot.answered(object.body.len());
    }
    got
}

/// What an object comes to that the store did not give.
fn not_given<T>(error: &StoreError, came_to: impl FnOnce(Absence) -> T) -> Tried<T> {
    let came = came_to(absence(error));
    if error.kind.may_pass() { Tried::MayPass(came) } else { Tried::Settled(came) }
}

/// Reads and authenticates one digest by its own metadata.
pub(super) async fn digest(
    context: &Context,
    ring: &KeyRing,
    object: ObjectName,
    key: DigestKey,
) -> Tried<Entry> {
    match begin_digest(context, ring, object, key, |_| {}).await {
        Tried::Settled(begun) => Tried::Settled(begun.finish(context, ring).await.0),
        Tried::MayPass(begun) => Tried::MayPass(begun.finish(context, ring).await.0),
    }
}

/// A digest that was asked for.
pub(super) enum Begun {
    Judged(Entry),
    /// It is there, and not unfolded yet.
    Large(Unjudged),
}

/// A digest as the store gave it.
pub(super) struct Unjudged {
    object: ObjectName,
    key: DigestKey,
    stored: Object,
}

/// Reads one digest and, unless it is large, authenticates it by its own metadata. What the store gives is shown to `seen`.
pub(super) async fn begin_digest(
    context: &Context,
    ring: &KeyRing,
    object: ObjectName,
    key: DigestKey,
    seen: impl FnOnce(&Object),
) -> Tried<Begun> {
    let slot = context.slots.take().await;
    match get(context, &object, slot).await {
        Ok(stored) => {
            seen(&stored);
            let entry = judge(context, ring, Limit::USUAL_DIGEST, (object, key), &stored);
            Tried::Settled(if inspection::exceeds(&entry, Limit::USUAL_DIGEST) {
                Begun::Large(Unjudged { object: entry.object, key: entry.key, stored })
            } else {
                Begun::Judged(ask_wider(context, ring, Limit::USUAL_DIGEST, entry, &stored).await)
            })
        }
        Err(error) => not_given(&error, |absence| {
            let state = match absence {
                Absence::Gone => EntryState::Gone,
                Absence::Oversized => digest::oversized().into(),
                Absence::Unseen(unseen) => EntryState::Unseen(unseen),
            };
            Begun::Judged(Entry { key, object, state })
        }),
    }
}

impl Begun {
    /// The digest, authenticated; while it is held, a large one keeps others from being unfolded beside it. As large as
    /// they may be, a few of them would be all the memory there is.
    pub(super) async fn finish<'c>(
        self,
        context: &'c Context,
        ring: &KeyRing,
    ) -> (Entry, Option<SemaphorePermit<'c>>) {
        match self {
            Self::Judged(entry) => (entry, None),
            Self::Large(Unjudged { object, key, stored }) => {
                let alone = context.large_digest.acquire().await.ok();
                let entry = judge(context, ring, Limit::DIGEST, (object, key), &stored);
                (ask_wider(context, ring, Limit::DIGEST, entry, &stored).await, alone)
            }
        }
    }
}

fn judge(
    context: &Context,
    ring: &KeyRing,
    limit: Limit,
    digest: (ObjectName, DigestKey),
    stored: &Object,
) -> Entry {
    let content = (&*stored.body, &stored.metadata);
    inspection::authenticate(context.brief.plan.named_by, ring, limit, digest, content)
}

/// Asks for the keys of a wider time where AWS did not list this digest's.
async fn ask_wider(context: &Context, ring: &KeyRing, limit: Limit, entry: Entry, stored: &Object) -> Entry {
    if !inspection::unknown_to_aws(&entry, ring) {
        return entry;
    }
    let signed = Span { start: entry.key.end, end: entry.key.end };
    let region = entry.key.chain.place.region.clone();
    match context.stop.before(context.keys.wider(&region, signed)).await {
        Some(Some(wider)) => judge(context, &wider, limit, (entry.object, entry.key), stored),
        Some(None) => entry,
        // AWS's word is not complete before it is asked so.
        None => Entry { state: EntryState::Unseen(Unseen::Interrupted), ..entry },
    }
}

/// Reads one attested log file and has it judged; not, if the run was stopped before. Gives back what is to be tried once
/// more.
pub(super) async fn log(
    context: Arc<Context>,
    work: LogWork,
    slot: Slot,
    (judged, answers): (UnboundedSender<JudgedLog>, Option<Arc<Answers>>),
    round: Try,
) -> Option<LogWork> {
    let observed_as = |absence| match absence {
        Absence::Gone => Observation::Gone,
        Absence::Oversized => Observation::Malformed(gzip::Fault::TooLarge(Limit::LOG.0)),
        Absence::Unseen(unseen) => Observation::Unseen(unseen),
    };
    let tried = match get(&context, &work.object, slot).await {
        Ok(stored) => {
            if let Some(answers) = answers {
                answers.log(&work, &stored);
            }
            context.hasher.hash(FetchedLog { work, stored, judged }).await;
            return None;
        }
        Err(error) if error.kind == StoreErrorKind::Oversized => match large(&context, &work.object).await {
            Ok(observation) => {
                if let Some(answers) = answers {
                    answers.unsure(work.day);
                }
                Tried::Settled(observation)
            }
            Err(error) => not_given(&error, observed_as),
        },
        Err(error) => not_given(&error, observed_as),
    };
    let observation = match (tried, round) {
        (Tried::MayPass(_), Try::First) => return Some(work),
        (tried, _) => tried.taken_as_it_is(),
    };
    context.hasher.tell(observed(work, &observation, 0, context.brief.grace_cutoff()), &judged);
    None
}

/// Looks at a log file that is too large to be held, as it passes by.
async fn large(context: &Context, object: &ObjectName) -> Result<Observation, StoreError> {
    let mut pushed = Pushed::new(Limit::LOG);
    let mut take = |shown: Streamed<'_>| match shown {
        Streamed::Anew => {
            pushed = Pushed::new(Limit::LOG);
            ControlFlow::Continue(())
        }
        Streamed::Piece(piece) => pushed.take(piece),
    };
    context.store.stream(object, &mut take).await?;
    Ok(match pushed.end() {
        Ok(Shown::Member(inflated)) => Observation::Inflated(inflated),
        Ok(Shown::Plain(plain)) => Observation::Plain(plain),
        Err(fault) => Observation::Malformed(fault),
    })
}
