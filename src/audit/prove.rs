//! The spot check: one log file, the digest that attests it, and how far the chain is unbroken around that digest.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::mpsc;

use super::discover::{Home, Site};
use super::fetch::{self, Try};
use super::listing::{FoundDigest, Sweep};
use super::pages::{Walk, fold};
use super::unseen::{Absence, absence};
use super::{AuditError, Context, KeySource, Plan, Silent, Stop, Stoppable, listing, site};
use crate::chain::{self, Linked, Terms};
use crate::crypto::Fingerprint;
use crate::digest::LogEntry;
use crate::inspection::{self, Brief, Reading};
use crate::logs::{Candidate, LogWork, Presence};
use crate::report::{AttestedBy, Proof};
use crate::store::{Listed, Listing, ObjectStore};
use crate::trail::key::{DigestKey, LogKey};
use crate::trail::{ChainId, Location, ObjectName, Origin, Span, Time, Window};
use crate::verdict::{Code, Finding, LogVerdict};

/// A log file is named by the digest of the hour it was delivered in or, at the hour's edge, by a neighbour.
const BEFORE: TimeDelta = TimeDelta::hours(2);
/// The same, on the other side.
const AFTER: TimeDelta = TimeDelta::hours(3);

/// Digests around those, for what they say of them.
const MARGIN: TimeDelta = TimeDelta::hours(2);

/// AWS rounds the minute in a log file's name up to the next five.
const NAMED_LATE: TimeDelta = TimeDelta::minutes(5);

/// Proves `object`, or says why it can't be proven. The plan's window and scope are not looked at: the file's own name
/// says where its digest has to be.
pub async fn prove(
    plan: Plan,
    object: ObjectName,
    store: Arc<dyn ObjectStore>,
    keys: Arc<KeySource>,
    stop: Stop,
) -> Result<Proof, AuditError> {
    let proven = proven(plan, object, store, keys, stop.clone()).await;
    // Half a proof is none.
    match stop.is_set() {
        true => Err(AuditError::Interrupted),
        false => proven,
    }
}

async fn proven(
    plan: Plan,
    object: ObjectName,
    store: Arc<dyn ObjectStore>,
    keys: Arc<KeySource>,
    stop: Stop,
) -> Result<Proof, AuditError> {
    let Some(key) = LogKey::parse(&object.key) else {
        let named = object.to_string();
        return Err(match DigestKey::parse(&object.key) {
            Some(_) => AuditError::ADigest { named },
            None => AuditError::NotALogFile { named },
        });
    };
    let window = Window::reaching(Some(key.delivered - BEFORE), key.delivered + AFTER);
    let brief = Brief { window, as_of: plan.now, plan };
    let store = Stoppable::new(store, stop.clone());
    let context = Context::new(brief, store, keys, Arc::new(Silent), stop);
    let place = key.place.clone();
    let home = Location::new(Arc::clone(&object.bucket), key.prefix.clone());
    let site = Site { place: place.clone(), homes: vec![Home::unseen(home)] };
    let near = Span { start: key.delivered - BEFORE - MARGIN, end: key.delivered + AFTER + MARGIN };
    let mut reading = Reading::new(context.brief.plan.named_by);
    let mut naming = look(&context, &site, &Sweep::only(near), &object, &mut reading).await?;
    let candidate = candidate(&context, &object, &key).await;
    if naming.is_none()
        && let Some(candidate) = &candidate
        && let Presence::Later(until) = judged(&context, &site, &mut reading, candidate, near.end)
    {
        // Delivered late, perhaps: digests list by delivery.
        let late = Span { start: near.end + TimeDelta::seconds(1), end: until };
        naming = look(&context, &site, &Sweep::only(late), &object, &mut reading).await?;
    }

    // A folder does not know its bucket; its digests do.
    let bucket = reading.entries.first().map_or(&object.bucket, |entry| &entry.object.bucket);
    let object = ObjectName { bucket: Arc::clone(bucket), ..object };
    let (verdict, log_finding) = match &naming {
        Some(naming) => verified(&context, naming).await,
        None => unnamed(&context, &site, &object, candidate, &mut reading).await,
    };
    let findings = log_finding.into_iter().collect();
    let mut proof = Proof { object, place, verdict, attested_by: None, findings };
    let hour = match &naming {
        Some(naming) => naming.span,
        None => Span { start: key.delivered - NAMED_LATE, end: key.delivered },
    };
    ask_the_chain(&context, &site, &mut reading, hour, naming, &mut proof);
    Ok(proof)
}

/// What the chain says of the hour itself: what is wrong further off is another matter.
fn ask_the_chain(
    context: &Context,
    site: &Site,
    reading: &mut Reading,
    hour: Span,
    naming: Option<Naming>,
    proof: &mut Proof,
) {
    let hour = Window::reaching(Some(hour.start), hour.end);
    let terms = Terms { window: hour, ..site::terms(&context.brief, site, &[], BTreeMap::new()) };
    for Linked { id, entries, chain } in chain::link_all(&mut reading.entries, &terms) {
        if naming.as_ref().is_some_and(|naming| naming.chain != id) {
            continue;
        }
        let entries = &reading.entries[entries];
        proof.findings.extend(chain::digest_findings(&id, entries, &hour, context.brief.settled_by()));
        proof.findings.extend(chain::findings(&id, &chain, context.brief.as_of));
        if let Some(Naming { digest, chain: id, span, log, fingerprint }) = naming {
            let unbroken = chain.spans.iter().find(|whole| whole.overlaps(&span)).copied().unwrap_or(span);
            proof.attested_by =
                Some(AttestedBy { digest, chain: id, span, hash: log.hash, fingerprint, unbroken });
            break;
        }
    }
    proof.findings.sort_by(Finding::order);
    // What the rest follows from stands first.
    if let Some(cause) = inspection::keys_unavailable(&context.brief, &reading.entries) {
        proof.findings.insert(0, cause);
    }
}

/// An authentic digest that names the file.
struct Naming {
    digest: ObjectName,
    chain: ChainId,
    span: Span,
    log: LogEntry,
    fingerprint: Fingerprint,
}

/// Reads the digests that end in a time, newest first, and gives the oldest that names `object`.
async fn look(
    context: &Arc<Context>,
    site: &Site,
    sweep: &Sweep,
    object: &ObjectName,
    reading: &mut Reading,
) -> Result<Option<Naming>, AuditError> {
    let place = &site.place;
    let mut found = listing::digests(&context.store, &site.homes[0].location, place, sweep).await?.found;
    found.sort_by(FoundDigest::newest_first);
    let ring = context.ring(&place.region, sweep.signed()).await.ok_or(AuditError::Interrupted)?;
    let mut naming = None;
    for FoundDigest { object: digest, key, .. } in found {
        let tried = fetch::digest(context, &ring, digest, key).await;
        let mut entry = reading.vouched(&ring, tried.taken_as_it_is());
        let fingerprint = entry.authentic().map(|digest| digest.fingerprint().clone());
        let log = reading.take(&mut entry).into_iter().rfind(|log| {
            context.brief.plan.named_by.handle(&log.object) == context.brief.plan.named_by.handle(object)
        });
        if let (Some(fingerprint), Some(log)) = (fingerprint, log) {
            let (digest, chain, span) = (entry.object.clone(), entry.key.chain.clone(), entry.span());
            naming = Some(Naming { digest, chain, span, log, fingerprint });
        }
        reading.entries.push(entry);
    }
    Ok(naming)
}

/// Holds the file against the hash in the digest that names it.
async fn verified(context: &Arc<Context>, naming: &Naming) -> (Option<LogVerdict>, Option<Finding>) {
    let work = LogWork {
        object: naming.log.object.clone(),
        hash: naming.log.hash,
        digest: Arc::new(naming.digest.clone()),
        chain: Arc::new(naming.chain.clone()),
    };
    let (sink, mut judged) = mpsc::unbounded_channel();
    fetch::log(Arc::clone(context), work, context.slots.take().await, sink, Try::Last).await;
    match judged.recv().await {
        Some(judged) => {
            let finding = judged.finding.map(|finding| may_not_have_been_copied(&context.brief, finding));
            (Some(judged.verdict), finding)
        }
        None => (None, None),
    }
}

/// What a copy lacks is not there, and need not have been taken away.
fn may_not_have_been_copied(brief: &Brief, mut finding: Finding) -> Finding {
    if finding.code == Code::LogMissing && brief.plan.origin != Origin::Delivered {
        finding.message.push_str(
            "; a copy that was broken off lacks files too: compare it with its original before you accuse anybody",
        );
    }
    finding
}

/// The file as a listing shows it, with the date it gives; none, if it is not there.
async fn candidate(context: &Context, object: &ObjectName, key: &LogKey) -> Option<Candidate> {
    let folder = object.key.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    // Its own beginning: hardly anything sorts between the two.
    let before = object.key.char_indices().next_back().map(|(last, _)| object.key[..last].to_owned());
    let listing = Listing::whole(Arc::clone(&object.bucket), folder).after(before);
    let walked = fold(
        &context.store,
        listing,
        || None,
        |found: &mut Option<Listed>, page| {
            let mut walk = Walk::On;
            for listed in page.objects {
                match listed.key.cmp(&object.key) {
                    Ordering::Less => {}
                    Ordering::Equal => *found = Some(listed),
                    Ordering::Greater => walk = Walk::Past,
                }
            }
            walk
        },
    )
    .await;
    match walked {
        Ok(walked) => walked.found.map(|listed| Candidate::new(object.clone(), key, listed.modified)),
        // Where nothing could be listed, the file itself is asked for.
        Err(_) => Some(Candidate::new(object.clone(), key, None)),
    }
}

fn judged(
    context: &Context,
    site: &Site,
    reading: &mut Reading,
    candidate: &Candidate,
    read_to: Time,
) -> Presence {
    let terms = site::terms(&context.brief, site, &[], BTreeMap::new());
    let linked = chain::link_all(&mut reading.entries, &terms);
    let settled = site::settled(context, &site.homes[0].location, &reading.entries, &linked);
    let newest = reading.entries.iter().map(|entry| entry.key.end).max();
    let terms = site::present_terms(context, &site.place, &settled, read_to, newest);
    reading.attestation.judge_present(candidate, &terms)
}

/// The verdict on a file that no authentic digest names, if it is there at all.
async fn unnamed(
    context: &Arc<Context>,
    site: &Site,
    object: &ObjectName,
    candidate: Option<Candidate>,
    reading: &mut Reading,
) -> (Option<LogVerdict>, Option<Finding>) {
    let Some(candidate) = candidate.map(|candidate| Candidate { object: object.clone(), ..candidate }) else {
        return (None, None);
    };
    let got = fetch::get(context, object, context.slots.take().await).await;
    if got.is_err_and(|error| matches!(absence(&error), Absence::Gone)) {
        return (None, None);
    }
    match judged(context, site, reading, &candidate, Time::MAX_UTC) {
        Presence::Judged(verdict, finding) => (Some(verdict), Some(*finding)),
        Presence::Named | Presence::Later(_) => (None, None),
    }
}
