//! The spot check: one log file, the digest that attests it, and how far the chain is unbroken around that digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::mpsc;

use super::fetch::{self, Try};
use super::listing::{FoundDigest, Sweep};
use super::unseen::{Absence, absence};
use super::{AuditError, Context, Plan, Ports, listing};
use crate::chain::{self, Item, JointCoverage, Linked, Terms};
use crate::crypto::Fingerprint;
use crate::digest::LogEntry;
use crate::inspection::{self, Brief, Days, Horizon, Reading};
use crate::inspection::{Home, Site};
use crate::logs::{Candidate, LogWork};
use crate::report::{AttestedBy, Proof};
use crate::store::ObjectStore;
use crate::trail::key::{DigestKey, LogKey};
use crate::trail::{ChainId, Day, Location, ObjectName, Origin, Span, Window};
use crate::verdict::what::{self, What};
use crate::verdict::{Finding, LogVerdict};

/// A log file is named by the digest of the hour it was delivered in or, at the hour's edge, by a neighbour.
const BEFORE: TimeDelta = TimeDelta::hours(2);
/// The same, on the other side.
const AFTER: TimeDelta = TimeDelta::hours(3);

/// AWS rounds the minute in a log file's name up to the next five.
const NAMED_LATE: TimeDelta = TimeDelta::minutes(5);

/// Proves `object`, or says why it can't be proven. The plan's window and scope are not looked at: the file's own name
/// says where its digest has to be.
///
/// # Errors
///
/// As for [`run`](super::run); and where `object` is not named as CloudTrail names log files.
pub async fn prove(plan: Plan, object: ObjectName, ports: Ports) -> Result<Proof, AuditError> {
    let stop = ports.stop.clone();
    let proven = proven(plan, object, ports).await;
    // Half a proof is none.
    if stop.is_set() { Err(AuditError::Interrupted) } else { proven }
}

async fn proven(plan: Plan, object: ObjectName, ports: Ports) -> Result<Proof, AuditError> {
    let Some(key) = LogKey::parse(&object.key) else {
        let named = object.to_string();
        return Err(match DigestKey::parse(&object.key) {
            Some(_) => AuditError::ADigest { named },
            None => AuditError::NotALogFile { named },
        });
    };
    let window = Window::reaching(Some(key.delivered - BEFORE), key.delivered + AFTER);
    let brief = Brief { window, as_of: plan.now, plan };
    let context = Context::new(brief, (Days::default(), None), ports);
    let place = key.place.clone();
    let home = Location::new(Arc::clone(&object.bucket), key.prefix.clone());
    let site = Site { place: place.clone(), homes: vec![Home::unseen(home)] };
    let near = context.brief.reach();
    let mut seen = Seen::default();
    look(&context, &site, &Sweep::only(near), &object, &mut seen).await?;
    let candidate = candidate(&context, &object, &key).await;
    if seen.naming.is_none()
        && seen.claimant.is_none()
        && let Some(candidate) = &candidate
    {
        // Delivered late, perhaps: digests list by delivery.
        let until = candidate.named_by(context.brief.plan.origin).min(context.brief.as_of);
        let late = Span { start: near.end + TimeDelta::seconds(1), end: until };
        if late.start <= late.end {
            look(&context, &site, &Sweep::only(late), &object, &mut seen).await?;
        }
    }

    // A folder does not know its bucket; its digests do.
    let bucket = seen.items.first().map_or(&object.bucket, |item| &item.object.bucket);
    let object = ObjectName { bucket: Arc::clone(bucket), ..object };
    let (verdict, log_finding) = match &seen.naming {
        Some(naming) => verified(&context, naming).await,
        None => unnamed(&context, &site, &object, candidate, &mut seen).await,
    };
    let findings = log_finding.into_iter().collect();
    let mut proof = Proof { object, place, verdict, attested_by: None, findings };
    let hour = match &seen.naming {
        Some(naming) => naming.span,
        None => Span { start: key.delivered - NAMED_LATE, end: key.delivered },
    };
    ask_the_chain(&context, &site, seen, hour, &mut proof);
    Ok(proof)
}

/// What the chain says of the hour itself: what is wrong further off is another matter.
fn ask_the_chain(context: &Context, site: &Site, seen: Seen, hour: Span, proof: &mut Proof) {
    let Seen { mut items, naming, .. } = seen;
    let hour = Window::reaching(Some(hour.start), hour.end);
    let terms = Terms { window: hour, ..terms(&context.brief, site) };
    for Linked { id, items: of, chain } in chain::link_all(&mut items, &terms) {
        if naming.as_ref().is_some_and(|naming| naming.chain != id) {
            continue;
        }
        proof.findings.extend(chain::digest_findings(&id, &items[of], &hour, context.brief.grace_cutoff()));
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
    if let Some(cause) = inspection::keys_unavailable(&context.brief, &items) {
        proof.findings.insert(0, cause);
    }
}

fn terms(brief: &Brief, site: &Site) -> Terms {
    inspection::terms(brief, &site.place, site.locations(), Vec::new(), BTreeMap::new())
}

/// The digests around a log file, and what they say of it.
#[derive(Default)]
struct Seen {
    items: Vec<Item>,
    naming: Option<Naming>,
    /// The newest digest that names it and is not authentic.
    claimant: Option<ObjectName>,
}

/// An authentic digest that names the file.
struct Naming {
    digest: ObjectName,
    chain: ChainId,
    span: Span,
    log: LogEntry,
    fingerprint: Fingerprint,
}

/// Reads the digests that end in a time, newest first; of those that name `object` the oldest counts.
async fn look(
    context: &Arc<Context>,
    site: &Site,
    sweep: &Sweep,
    object: &ObjectName,
    seen: &mut Seen,
) -> Result<(), AuditError> {
    let place = &site.place;
    let named_by = context.brief.plan.named_by;
    let mut found = listing::digests(&context.store, &site.homes[0].location, place, sweep).await?.found;
    found.sort_by(FoundDigest::newest_first);
    let ring = context.ring(&place.region, sweep.signed()).await.ok_or(AuditError::Interrupted)?;
    let horizon = Arc::new(Horizon::of(found.iter().map(|digest| (&digest.key.chain, digest.key.end))));
    let mut reading = Reading::new(named_by, Days::default(), horizon);
    for FoundDigest { object: digest, key, .. } in found {
        let tried = fetch::digest(context, &ring, digest, key).await;
        let (mut item, said) = reading.vouched(&ring, tried.taken_as_it_is());
        let log = said.logs.iter().rfind(|log| named_by.handle(&log.object) == named_by.handle(object));
        match (said.fingerprint(), log) {
            (Some(fingerprint), Some(log)) => {
                let (digest, chain, span) = (item.object.clone(), item.key.chain.clone(), item.span());
                let (log, fingerprint) = (log.clone(), fingerprint.clone());
                seen.naming = Some(Naming { digest, chain, span, log, fingerprint });
            }
            (None, Some(_)) => drop(seen.claimant.get_or_insert_with(|| item.object.clone())),
            (_, None) => {}
        }
        reading.hear(&mut item, &said);
        seen.items.push(item);
    }
    Ok(())
}

/// Holds the file against the hash in the digest that names it.
async fn verified(context: &Arc<Context>, naming: &Naming) -> (Option<LogVerdict>, Option<Finding>) {
    let work = LogWork {
        object: naming.log.object.clone(),
        hash: naming.log.hash,
        digest: Arc::new(naming.digest.clone()),
        chain: Arc::new(naming.chain.clone()),
        day: Day::of_digest(naming.span.end),
    };
    let (sink, mut judged) = mpsc::unbounded_channel();
    fetch::log(Arc::clone(context), work, context.slots.take().await, (sink, None), Try::Last).await;
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
    if let What::LogMissing { gone, .. } = &mut finding.what
        && brief.plan.origin != Origin::Delivered
    {
        *gone = what::Absence::PerhapsNotCopied;
    }
    finding
}

/// The file as a listing shows it, with the date it gives; none, if it is not there.
async fn candidate(context: &Context, object: &ObjectName, key: &LogKey) -> Option<Candidate> {
    match listing::alone(&context.store, object).await {
        Ok(listed) => listed.map(|listed| Candidate::new(object.clone(), key, listed.modified)),
        // Where nothing could be listed, the file itself is asked for.
        Err(_) => Some(Candidate::new(object.clone(), key, None)),
    }
}

fn judged(context: &Context, site: &Site, seen: &mut Seen, candidate: &Candidate) -> (LogVerdict, Finding) {
    let linked = chain::link_all(&mut seen.items, &terms(&context.brief, site));
    let coverage =
        JointCoverage::of(&site.homes[0].location, context.brief.plan.named_by, &seen.items, &linked);
    let newest = seen.items.iter().map(|item| item.key.end).max();
    let terms =
        inspection::present_terms(&context.brief, &site.place, &coverage, context.store.clock(), newest);
    terms.judge(candidate, seen.claimant.as_ref())
}

/// The verdict on a file that no authentic digest names, if it is there at all.
async fn unnamed(
    context: &Arc<Context>,
    site: &Site,
    object: &ObjectName,
    candidate: Option<Candidate>,
    seen: &mut Seen,
) -> (Option<LogVerdict>, Option<Finding>) {
    let Some(candidate) = candidate.map(|candidate| Candidate { object: object.clone(), ..candidate }) else {
        return (None, None);
    };
    let got = fetch::get(context, object, context.slots.take().await).await;
    if got.is_err_and(|error| matches!(absence(&error), Absence::Gone)) {
        return (None, None);
    }
    let (verdict, finding) = judged(context, site, seen, &candidate);
    (Some(verdict), Some(finding))
}
