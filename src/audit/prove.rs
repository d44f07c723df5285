//! The spot check: one log file, the digest that attests it, and how far the chain is unbroken around that digest.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::mpsc;

use super::discover::{Home, Site};
use super::fetch;
use super::listing::FoundDigest;
use super::reading::Reading;
use super::site::link;
use super::unseen::Absence;
use super::{AuditError, Context, KeySource, Plan, Silent, Stop, listing};
use crate::chain::{self, State};
use crate::crypto::Fingerprint;
use crate::digest::{LogEntry, Standing};
use crate::logs::{LogWork, PresentTerms};
use crate::report::{AttestedBy, Proof, Window};
use crate::store::ObjectStore;
use crate::trail::key::{LogKey, ROOT};
use crate::trail::{ChainId, ObjectName, Span};
use crate::verdict::{Finding, LogVerdict};

/// A log file is named by the digest of the hour it was delivered in or, at the hour's edge, by a neighbour.
const BEFORE: TimeDelta = TimeDelta::hours(2);
/// The same, on the other side.
const AFTER: TimeDelta = TimeDelta::hours(3);

/// AWS rounds the minute in a log file's name up to the next five.
const NAMED_LATE: TimeDelta = TimeDelta::minutes(5);

/// Proves `object`, or says why it can't be proven. The plan's window and scope are not looked at: the file's own name
/// says where its digest has to be.
pub async fn prove<S: ObjectStore>(
    plan: Plan,
    object: ObjectName,
    store: Arc<S>,
    keys: Arc<KeySource>,
    stop: Stop,
) -> Result<Proof, AuditError> {
    let Some(key) = LogKey::parse(&object.key) else {
        return Err(AuditError::NotALogFile { named: object.to_string() });
    };
    let window = Window { start: Some(key.delivered - BEFORE), end: key.delivered + AFTER };
    // Only the file's own home is listed: what lies elsewhere in the bucket is not missing.
    let plan = Plan { prefix: format!("{}{ROOT}", key.prefix), ..plan };
    let held_to = (window, plan.now);
    let context = Context::new(plan, held_to, store, keys, Arc::new(Silent), stop);
    let place = key.place.clone();
    let home = Home { bucket: Arc::clone(&object.bucket), prefix: key.prefix.clone() };
    let site = Site { place: place.clone(), homes: vec![home] };
    let mut found = listing::digests(&*context.store, &site.homes[0], &place, &window).await?;
    found.sort_by(FoundDigest::newest_first);

    let around = Span { start: key.delivered - BEFORE, end: key.delivered + AFTER };
    let ring = context.keys.ring(&place.region, around).await;
    let certainty = context.plan.certainty;
    let mut reading = Reading::new(certainty);
    let mut naming: Option<(ObjectName, ChainId, Span, LogEntry, Fingerprint)> = None;
    for FoundDigest { object: digest, key, .. } in found {
        let mut entry = fetch::digest(Arc::clone(&context), Arc::clone(&ring), digest, key).await;
        if let Some(recorded) = reading.recorded.remove(&certainty.handle(&entry.object)) {
            entry = fetch::vouched(certainty, &ring, entry, recorded);
        }
        let name = Arc::new(entry.object.clone());
        let span = entry.span();
        match &mut entry.state {
            State::Authentic(authentic) => {
                reading.record(certainty, authentic.previous(), Standing::Authentic);
                for log in authentic.take_logs() {
                    reading.attestation.attest(&log.object);
                    if certainty.handle(&log.object) == certainty.handle(&object) {
                        let fingerprint = authentic.fingerprint().clone();
                        naming =
                            Some((entry.object.clone(), entry.key.chain.clone(), span, log, fingerprint));
                    }
                }
            }
            State::Rejected(rejected) => {
                reading.record(
                    certainty,
                    rejected.claim().and_then(|claim| claim.previous.as_ref()),
                    Standing::Claimed,
                );
                for log in rejected.take_logs() {
                    reading.attestation.claim(&log.object, &name);
                }
            }
            State::Unseen(_) | State::Gone => {}
        }
        reading.entries.push(entry);
    }

    // A folder does not know its bucket; its digests do.
    let bucket = reading.entries.first().map_or(&object.bucket, |entry| &entry.object.bucket);
    let object = ObjectName { bucket: Arc::clone(bucket), ..object };
    let (verdict, log_finding) = match &naming {
        Some((digest, chain, _, log, _)) => {
            let work = LogWork {
                object: log.object.clone(),
                hash: log.hash,
                digest: Arc::new(digest.clone()),
                chain: Arc::new(chain.clone()),
            };
            let (sink, mut judged) = mpsc::unbounded_channel();
            fetch::log(Arc::clone(&context), work, context.slots.take().await, sink).await;
            match judged.recv().await {
                Some(judged) => (Some(judged.verdict), judged.finding),
                None => (None, None),
            }
        }
        None => unnamed(&context, &site, &object, &key, &mut reading).await,
    };
    let mut proof =
        Proof { object, place, verdict, attested_by: None, findings: log_finding.into_iter().collect() };
    // The chain is asked for the hour itself: what is wrong further off is another matter.
    let hour = match &naming {
        Some((_, _, span, ..)) => *span,
        None => Span { start: key.delivered - NAMED_LATE, end: key.delivered },
    };
    let hour = Window { start: Some(hour.start), end: hour.end };
    for (id, linked) in link(&context, hour, &site, &mut reading, &[]) {
        if naming.as_ref().is_some_and(|(_, chain, ..)| *chain != id) {
            continue;
        }
        proof.findings.extend(linked.findings);
        if let Some((digest, chain, span, log, fingerprint)) = naming {
            let unbroken = linked.spans.iter().find(|whole| whole.overlaps(&span)).copied().unwrap_or(span);
            proof.attested_by =
                Some(AttestedBy { digest, chain, span, hash: log.hash, fingerprint, unbroken });
            break;
        }
    }
    proof.findings.sort_by(Finding::order);
    Ok(proof)
}

/// The verdict on a file that no authentic digest names, if it is there at all.
async fn unnamed<S: ObjectStore>(
    context: &Context<S>,
    site: &Site,
    object: &ObjectName,
    key: &LogKey,
    reading: &mut Reading,
) -> (Option<LogVerdict>, Option<Finding>) {
    if let Err(Absence::Gone) = fetch::get(context, object, context.slots.take().await).await {
        return (None, None);
    }
    let spans = chain::settled(&link(context, context.window, site, reading, &[]));
    let terms =
        PresentTerms { place: &key.place, spans: &spans, as_of: context.as_of, grace: context.plan.grace };
    match reading.attestation.judge_present(object, key, &terms) {
        Some((verdict, finding)) => (Some(verdict), Some(finding)),
        None => (None, None),
    }
}
