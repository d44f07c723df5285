//! Verifies one account and region: lists its digests, has them and their log files read, links them, and follows them
//! where the trail has moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::sync::{Arc, Mutex};

use super::discover::{Home, Site};
use super::fetch::Try;
use super::listing::{self, Digests, FoundDigest, Strays, Sweep};
use super::presence::{self, Teller, Telling, Unnamed};
use super::reading::{JudgedLogs, LogFiles, read};
use super::task::Task;
use super::tree::{LogFolder, log_folder};
use super::unseen::unseen;
use super::{Context, Event, edges};
use crate::chain::{self, Copied, Entry, Linked, Root, Settled, State, Terms};
use crate::crypto::{Fingerprint, KeyRing};
use crate::digest::NamedBy;
use crate::inspection::{self, Brief, KeyCount, Reading};
use crate::logs::{LogWork, PresentTerms, region_absent};
use crate::report::{Completion, Reached};
use crate::store::{ObjectStore, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, LOG_FOLDER, RegionFolder};
use crate::trail::{AccountRegion, ChainId, Depth, DigestKind, Location, ObjectName, Span, Time};
use crate::verdict::{Cause, Code, DigestVerdict, Finding, LogTally, Scope, Testimony, Unseen};

/// Moves of bucket or prefix that are followed within one site.
const MOST_MOVES: usize = 16;

/// What one account and region came to.
pub(super) struct Outcome {
    pub(super) site: Site,
    pub(super) linked: Vec<Linked>,
    /// Chains that lie here and were delivered elsewhere.
    pub(super) copies: Vec<Copied>,
    /// How far it was looked at.
    pub(super) completion: Completion,
    /// Whether it is told to have log files and not one standard digest.
    pub(super) absent: bool,
    /// Whether some of it could not be listed.
    pub(super) unlisted: bool,
    pub(super) logs_by_chain: HashMap<Arc<ChainId>, LogTally>,
    /// Log files that belong to no chain: unlisted, pending, unproven.
    pub(super) loose_logs: LogTally,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    pub(super) keys: BTreeMap<Fingerprint, KeyCount>,
    pub(super) ring: Option<Arc<KeyRing>>,
    /// The newest end of any digest found.
    pub(super) newest: Option<Time>,
    /// Telling calls that intact log files record.
    pub(super) testimonies: Vec<Testimony>,
    /// What lies beside the record.
    pub(super) strays: Strays,
    /// Kinds of log files that are there and that no digest names any of.
    pub(super) unread_kinds: BTreeSet<Box<str>>,
    /// Whether all of it was asked for before any store was gone, or the run was stopped.
    pub(super) reached: Reached,
}

impl Outcome {
    fn new(site: Site) -> Self {
        Self {
            site,
            linked: Vec::new(),
            copies: Vec::new(),
            completion: Completion::Complete,
            absent: false,
            unlisted: false,
            logs_by_chain: HashMap::new(),
            loose_logs: LogTally::default(),
            compressed: 0,
            inflated: 0,
            keys: BTreeMap::new(),
            ring: None,
            newest: None,
            testimonies: Vec::new(),
            strays: Strays::default(),
            unread_kinds: BTreeSet::new(),
            reached: Reached::Wholly,
        }
    }
}

/// What is known of a site on the way.
struct Survey {
    reading: Reading,
    logs: LogFiles,
    /// The usual log folders of its homes, looked through while digests are read.
    folders: HashMap<Location, Task<LogFolder>>,
    /// What of its digests could not be listed, and why.
    unlisted: Vec<(Root, StoreError)>,
    /// Of each chain, the newest digest that is listed and lies too far before the window to be read.
    earlier: BTreeMap<ChainId, Time>,
}

/// A site that could not begin, for a cause that may pass: of its digests nothing was read.
pub(super) struct Postponed(pub(super) Site);

/// What may pass keeps a site from beginning.
struct NotNow;

/// What to do where something fails that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    /// Begin the site once more after the others.
    Postpone,
    /// Ask once more at once: what was read is not read again.
    AskAgain,
    /// Take it as it is.
    TakeIt,
}

/// Verifies `site`. Its last try is not postponed.
pub(super) async fn verify(context: &Arc<Context>, site: Site, round: Try) -> Result<Outcome, Postponed> {
    let mut outcome = Outcome::new(site);
    let mut survey = Survey {
        reading: Reading::new(context.brief.plan.named_by),
        logs: LogFiles::open(context),
        folders: HashMap::new(),
        unlisted: Vec::new(),
        earlier: BTreeMap::new(),
    };
    if let Err(NotNow) = read_homes(context, &mut survey, &mut outcome, round).await {
        return Err(Postponed(outcome.site));
    }
    let Survey { mut reading, logs, mut folders, unlisted, earlier } = survey;
    let entries = &reading.entries;
    context.tell_all(inspection::keys_unavailable(&context.brief, entries));
    context.tell_all(inspection::backfill_alone(&context.brief, entries, &outcome.linked));
    outcome.newest = entries.iter().map(|entry| entry.key.end).max();
    let terms = terms(&context.brief, &outcome.site, &unlisted, earlier);
    let unacknowledged =
        |linked: &&Linked| linked.chain.ended.as_ref().is_some_and(|last| last.word.is_none());
    let ended: BTreeSet<&ChainId> =
        outcome.linked.iter().filter(unacknowledged).map(|linked| &linked.id).collect();
    let last_words: Vec<LogWork> = mem::take(&mut reading.last_words)
        .into_iter()
        .filter(|(id, _)| ended.contains(&**id))
        .flat_map(|(_, last)| last.works)
        .collect();
    tell_of_digests(context, &reading.entries, &mut outcome.linked);
    let presence = async {
        let looks = unlisted.is_empty() && !context.stop.is_set() && context.brief.plan.depth != Depth::Chain;
        if looks {
            judge_present(context, &mut reading, &terms, &mut folders, &mut outcome).await;
        }
        outcome.testimonies.extend(edges::hear(context, last_words).await);
    };
    // All digests are known by now; the log files they name are still being read.
    let (judged, ()) = tokio::join!(logs.finish(), presence);
    take_logs(&mut outcome, judged);
    let kinds = outcome.site.homes.iter().flat_map(|home| &home.kinds);
    let named: BTreeSet<&str> = reading.attestation.kinds().chain([DIGEST_FOLDER]).collect();
    outcome.unread_kinds = kinds.filter(|kind| !named.contains(&***kind)).cloned().collect();
    outcome.keys = reading.keys;
    outcome.reached = match context.store.condition().outages.is_empty() && !context.stop.is_set() {
        true => Reached::Wholly,
        false => Reached::InPart,
    };
    if context.stop.is_set() {
        outcome.completion = Completion::Interrupted;
    }
    context.observer.on(Event::SiteDone);
    Ok(outcome)
}

/// Hands over what there is to tell of single digests and links, which may be as many as the bucket's owner likes.
fn tell_of_digests(context: &Context, entries: &[Entry], linked: &mut [Linked]) {
    for Linked { id, entries: of, chain } in linked {
        let of_links = mem::take(&mut chain.findings);
        if context.brief.plan.scope.holds_chain(id) {
            let of = &entries[of.clone()];
            context.tell_all(chain::digest_findings(
                id,
                of,
                &context.brief.window,
                context.brief.settled_by(),
            ));
            of_links.iter().filter_map(absent_digest).for_each(|event| context.observer.on(event));
            context.tell_all(of_links);
        }
    }
}

/// The digest that a finding says is not there, or not there yet.
fn absent_digest(finding: &Finding) -> Option<Event<'_>> {
    let object = finding.object.as_ref()?;
    let verdict = match finding.code {
        Code::DigestMissing => DigestVerdict::Missing,
        Code::DigestPending => DigestVerdict::Pending,
        _ => return None,
    };
    Some(Event::AbsentDigest { object, verdict })
}

fn take_logs(outcome: &mut Outcome, judged: JudgedLogs) {
    outcome.logs_by_chain = judged.by_chain;
    outcome.compressed = judged.compressed;
    outcome.inflated = judged.inflated;
    outcome.testimonies.extend(judged.testimonies);
}

/// Reads the digests of all homes: first those the site's own folders hold, then, round by round, those of homes that links
/// lead to.
async fn read_homes(
    context: &Arc<Context>,
    survey: &mut Survey,
    outcome: &mut Outcome,
    round: Try,
) -> Result<(), NotNow> {
    let place = outcome.site.place.clone();
    let mut wanted: Vec<ObjectName> = Vec::new();
    let mut listed_homes = 0;
    let mut otherwise = match round {
        Try::First => Otherwise::Postpone,
        Try::Last => Otherwise::TakeIt,
    };
    if round == Try::Last {
        context.keys.ask_again(&place.region).await;
    }
    for _move in 0..=MOST_MOVES {
        if context.stop.is_set() {
            break;
        }
        let fresh = outcome.site.locations().skip(listed_homes).cloned().collect();
        listed_homes = outcome.site.homes.len();
        let digests = list_homes(context, &place, fresh, survey, outcome, otherwise).await?;
        survey.earlier.extend(edges::ends(&digests));
        let mut found = edges::with_edges(digests);
        found.sort_by(FoundDigest::newest_first);
        found.dedup_by(|one, other| one.object == other.object);
        let span = reach(&found);
        if let Some(span) = span {
            let Some(ring) = context.ring(&place.region, span).await else { break };
            if otherwise == Otherwise::Postpone && context.keys.may_be_had_later(&place.region).await {
                return Err(NotNow);
            }
            outcome.ring = Some(Arc::clone(&ring));
            let listed = presence::listed_before(context, &outcome.site).await;
            read(context, &ring, found, listed.as_ref(), &mut survey.reading, Some(&survey.logs)).await;
        }
        if let (Some(ring), Some(span)) = (&mut outcome.ring, span) {
            // Asked more widely meanwhile, perhaps.
            *ring = context.ring(&place.region, span).await.unwrap_or_else(|| Arc::clone(ring));
        }
        otherwise = Otherwise::AskAgain;
        let entries = &mut survey.reading.entries;
        entries.extend(wanted.drain(..).filter_map(|object| inaccessible(object, &survey.unlisted)));
        outcome.copies.extend(chain::set_apart(entries));
        let terms = terms(&context.brief, &outcome.site, &survey.unlisted, survey.earlier.clone());
        outcome.linked = chain::link_all(entries, &terms);
        wanted = outcome.linked.iter().flat_map(|linked| linked.chain.wanted.iter().cloned()).collect();
        wanted.retain(|object| follow(object, &place, &mut outcome.site.homes));
        if wanted.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Lists the digests of these homes, and has their log folders looked through meanwhile.
async fn list_homes(
    context: &Arc<Context>,
    place: &AccountRegion,
    homes: Vec<Location>,
    survey: &mut Survey,
    outcome: &mut Outcome,
    otherwise: Otherwise,
) -> Result<Digests, NotNow> {
    let sweep = Sweep::around(&context.brief.window, &context.brief.plan);
    let mut digests = Digests::default();
    for home in homes {
        if context.brief.plan.depth != Depth::Chain {
            let (context, home, place) = (Arc::clone(context), home.clone(), place.clone());
            let walk = {
                let home = home.clone();
                async move { log_folder(&context, &home, &RegionFolder::of(&home, &place, LOG_FOLDER)).await }
            };
            survey.folders.insert(home, Task::spawn(walk));
        }
        let slot = context.slots.take().await;
        let mut listed = list_home(context, &home, place, &sweep).await;
        if listed.as_ref().is_err_and(|error| error.kind.may_pass()) {
            match otherwise {
                Otherwise::Postpone => return Err(NotNow),
                Otherwise::AskAgain => listed = list_home(context, &home, place, &sweep).await,
                Otherwise::TakeIt => {}
            }
        }
        match listed {
            Ok(mut listed) => {
                slot.answered(0);
                for failure in listed.failures.drain(..) {
                    outcome.unlisted = true;
                    context.tell(unlistable(place, &failure));
                    let named_by = context.brief.plan.named_by;
                    let part = Root::of(named_by, &home.bucket, failure.target.clone());
                    survey.unlisted.push((part, failure));
                }
                outcome.strays.merge(mem::take(&mut listed.strays));
                digests.merge(listed);
            }
            Err(error) => {
                outcome.unlisted = true;
                context.tell(unlistable(place, &error));
                survey.unlisted.push((Root::of_digests(context.brief.plan.named_by, &home, place), error));
            }
        }
    }
    Ok(digests)
}

/// Lists the digests of a home that the window needs, or the newest that it has.
async fn list_home(
    context: &Context,
    home: &Location,
    place: &AccountRegion,
    sweep: &Sweep,
) -> Result<Digests, StoreError> {
    match listing::digests(&context.store, home, place, sweep).await {
        Ok(mut listed) if listed.is_empty() => edges::newest_day(context, home, place).await.map(|newest| {
            listed.merge(Digests { strays: Strays::default(), ..newest });
            listed
        }),
        other => other,
    }
}

/// What the chains of a site are held to.
pub(super) fn terms(
    brief: &Brief,
    site: &Site,
    unlisted: &[(Root, StoreError)],
    earlier: BTreeMap<ChainId, Time>,
) -> Terms {
    let unlisted = unlisted.iter().map(|(part, _)| part.clone()).collect();
    let roots = site.locations().map(|home| Root::of_digests(brief.plan.named_by, home, &site.place));
    Terms { listed: roots.collect(), unlisted, earlier, ..brief.terms() }
}

/// Judges the log files that lie in the site's homes and that no digest names; where they may be named by digests after the
/// window, reads those too, once.
async fn judge_present(
    context: &Arc<Context>,
    reading: &mut Reading,
    terms: &Terms,
    folders: &mut HashMap<Location, Task<LogFolder>>,
    outcome: &mut Outcome,
) {
    let place = outcome.site.place.clone();
    let mut found: Vec<(Location, Unnamed)> = Vec::new();
    for home in outcome.site.locations().cloned().collect::<Vec<_>>() {
        if chain::is_copy(&home, &outcome.copies, &reading.entries) {
            continue;
        }
        let usual = match folders.remove(&home) {
            Some(walk) => walk.await,
            None => log_folder(context, &home, &RegionFolder::of(&home, &place, LOG_FOLDER)).await,
        };
        let settled = settled(context, &home, &reading.entries, &outcome.linked);
        let held_to =
            present_terms(context, &place, &settled, listing::read_to(&context.brief.window), outcome.newest);
        let teller = teller(context, &place, &home, &reading.entries, Unnamed::default());
        let unnamed = presence::unnamed(&teller, &home, usual, &reading.attestation, &held_to).await;
        found.push((home, unnamed));
    }
    let until = found.iter().filter_map(|(_, unnamed)| unnamed.until).max();
    if let Some(until) = until {
        read_beyond(context, reading, &outcome.site, until).await;
        let linked = chain::link_all(&mut reading.entries, terms);
        for (home, unnamed) in &mut found {
            let settled = settled(context, home, &reading.entries, &linked);
            // Nothing is put off again: what was not read keeps its time open.
            let held_to = present_terms(context, &place, &settled, Time::MAX_UTC, outcome.newest);
            let teller = teller(context, &place, home, &reading.entries, mem::take(unnamed));
            *unnamed = presence::judge_later(&teller, home, &reading.attestation, &held_to).await;
        }
    }
    for (home, unnamed) in found {
        take_unnamed(context, &home, unnamed, outcome);
    }
}

pub(super) fn settled(context: &Context, home: &Location, entries: &[Entry], linked: &[Linked]) -> Settled {
    Settled::of(home, context.brief.plan.named_by, entries, linked)
}

pub(super) fn present_terms<'a>(
    context: &Context,
    place: &'a AccountRegion,
    settled: &'a Settled,
    read_to: Time,
    newest: Option<Time>,
) -> PresentTerms<'a> {
    let clock = context.store.clock().into_iter().chain(newest).max();
    PresentTerms {
        place,
        settled,
        read_to,
        as_of: context.brief.as_of,
        now: clock.map_or(context.brief.plan.now, |clock| clock.max(context.brief.plan.now)),
        grace: context.brief.plan.grace,
        origin: context.brief.plan.origin,
    }
}

/// Reads the digests that end after those the window needs, up to `until`, for the log files they name.
async fn read_beyond(context: &Arc<Context>, reading: &mut Reading, site: &Site, until: Time) {
    let sweep = Sweep::beyond(&context.brief.window, until);
    let mut found = Vec::new();
    for home in site.locations() {
        let slot = context.slots.take().await;
        match listing::digests(&context.store, home, &site.place, &sweep).await {
            Ok(listed) => {
                slot.answered(0);
                found.extend(listed.found);
            }
            // What could not be listed settles nothing: the files stay open.
            Err(_) => return,
        }
    }
    let known = reading.known();
    found.retain(|digest| !known.contains(&context.brief.plan.named_by.handle(&digest.object)));
    found.sort_by(FoundDigest::newest_first);
    let Some(span) = reach(&found) else { return };
    let Some(ring) = context.ring(&site.place.region, span).await else { return };
    read(context, &ring, found, None, reading, None).await;
}

/// Tells of the log files in one home.
fn teller<'a>(
    context: &'a Context,
    place: &'a AccountRegion,
    home: &Location,
    entries: &[Entry],
    found: Unnamed,
) -> Teller<'a> {
    let here = |entry: &&Entry| {
        entry.key.prefix == home.prefix
            && (context.brief.plan.named_by == NamedBy::KeyOnly || entry.object.bucket == home.bucket)
    };
    let standard = |entry: &Entry| {
        entry.key.chain.kind == DigestKind::Standard && context.brief.window.overlaps(&entry.span())
    };
    let telling = match entries.iter().filter(here).any(standard) {
        true => Telling::Each,
        false => Telling::Once,
    };
    let softens = |entry: &Entry| {
        let finding = chain::digest_finding(&entry.key.chain, entry, context.brief.settled_by())?;
        Some((entry.object.clone(), finding))
    };
    let out_of_scope = entries.iter().filter(|entry| !context.brief.plan.scope.holds_chain(&entry.key.chain));
    let softeners = out_of_scope.filter_map(softens).collect();
    let unproven = match entries.iter().any(|entry| chain::keys_refused(entry).is_some()) {
        // The keys that are not at hand are told of, and stand for what follows.
        true => Telling::Once,
        false => Telling::Each,
    };
    Teller { context, place, telling, unproven, softeners, found: Mutex::new(found) }
}

/// Takes over what lies in one home's log folders.
fn take_unnamed(context: &Context, home: &Location, unnamed: Unnamed, outcome: &mut Outcome) {
    let place = &outcome.site.place;
    outcome.strays.merge(unnamed.strays);
    outcome.unlisted |= !unnamed.failures.is_empty();
    context.tell_all(unnamed.failures.iter().map(|failure| unlistable(place, failure)));
    outcome.loose_logs.merge(&unnamed.tally);
    // One word for the whole region; a finding for each of its files would say the same a thousand times.
    if let Some(first) = unnamed.first {
        outcome.absent = true;
        context.tell(region_absent(place, home, &context.brief.window, &first));
    }
}

/// Adds the home a link leads to, if it is a new one.
fn follow(object: &ObjectName, place: &AccountRegion, homes: &mut Vec<Home>) -> bool {
    let Some(home) = inspection::home_of(object, place) else { return false };
    if homes.iter().all(|known| known.location != home) {
        homes.push(Home::unseen(home));
    }
    true
}

/// A linked digest of a part that could not be listed: it is there or not, nobody can tell.
fn inaccessible(object: ObjectName, unlisted: &[(Root, StoreError)]) -> Option<Entry> {
    let key = DigestKey::parse(&object.key)?;
    let (_, error) = unlisted.iter().find(|(part, _)| part.holds(&object))?;
    Some(Entry { key, object, state: State::Unseen(unseen(error)) })
}

/// A folder of `scope` that could not be listed, or not wholly.
pub(super) fn unlistable(scope: impl Into<Scope>, error: &StoreError) -> Finding {
    let message = format!("cannot {} {}: {}", error.action, error.target, error.detail);
    let mut finding = Finding::new(Code::ListingUnreadable, scope, message);
    finding.cause = Some(Cause::Unseen(unseen(error)));
    finding
}

/// The time that digests were signed in.
fn reach(found: &[FoundDigest]) -> Option<Span> {
    let ends = || found.iter().map(|found| found.key.end);
    Some(Span { start: ends().min()?, end: ends().max()? })
}

/// What may be said although the run did not get to everything: nothing that rests on something being absent.
pub(super) fn proven_although_interrupted(finding: &Finding) -> bool {
    !finding.code.rests_on_absence() && finding.cause != Some(Cause::Unseen(Unseen::Interrupted))
}
