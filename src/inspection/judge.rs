//! Judges the record of one account and region: everything that reaches further than a day. Its digests are linked, what
//! lies in its folders is held against what they settle, and what there is to tell is told.

use std::collections::{BTreeMap, BTreeSet};

use super::Brief;
use super::loose::{self, Ground};
use super::record::{HomeRecord, KeyCount, ListingFailure, SiteRecord};
use super::site::{backfill_alone, home_of, keys_unavailable};
use super::view::{SiteView, Told};
use crate::chain::{self, Found, Item, Linked, Root, Terms};
use crate::crypto::Fingerprint;
use crate::report::{Completion, Reached, Readings};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, LOG_FOLDER};
use crate::trail::{AccountRegion, ChainId, Depth, Location, ObjectName, SpanSet, Time};
use crate::verdict::what::{LostPart, Unread, What};
use crate::verdict::{Cause, DigestVerdict, Finding, Unseen};

/// Judges the record of one account and region; `clock` is the latest moment the store has named.
pub fn judge(brief: &Brief, record: SiteRecord, clock: Option<Time>, tell: &mut dyn FnMut(Told)) -> SiteView {
    let mut view = SiteView::begun(&record);
    let unread = record.looked.complement(brief.reach());
    if !unread.is_empty() {
        view.reached = Reached::InPart;
        tell(Told::Finding(not_read(&record.place, &unread)));
    }
    let SiteRecord { place, homes, days, earlier, edges, beyond, far, keys, heard, carried, .. } = record;
    let unlisted: Vec<(Root, ListingFailure)> =
        homes.values().flat_map(|home| home.unlisted.iter().cloned()).collect();
    for (_, failure) in &unlisted {
        tell(Told::Finding(failure.finding(&place)));
    }
    let mut ground = Ground { far, ..Ground::default() };
    let mut items: Vec<Item> = edges.into_values().collect();
    let mut counts: BTreeMap<Fingerprint, KeyCount> = BTreeMap::new();
    for (day, record) in days {
        let read_at = carried.get(&day).copied();
        if read_at.is_some() {
            let bytes = Some(record.compressed);
            view.carried.merge(&Readings { bytes, days: 1, oldest_read_at: read_at, ..Readings::default() });
        }
        for (chain, of_chain) in record.chains {
            if read_at.is_some() {
                let in_window = of_chain.items.iter().filter(|item| brief.window.overlaps(&item.span()));
                let (digests, logs) = (in_window.count() as u64, of_chain.logs.total());
                let read = Readings { digests, logs, days: 1, oldest_read_at: read_at, bytes: None };
                view.carried_by_chain.entry(chain.clone()).or_default().merge(&read);
            }
            items.extend(of_chain.items);
            view.logs_by_chain.entry(chain).or_default().merge(&of_chain.logs);
        }
        view.compressed += record.compressed;
        view.inflated += record.inflated;
        view.recorded_calls.extend(record.recorded_calls);
        for (fingerprint, count) in record.keys {
            let sum = counts.entry(fingerprint).or_default();
            sum.digests += count.digests;
            sum.outside_window += count.outside_window;
        }
        record.findings.into_iter().for_each(|finding| tell(Told::Again(finding)));
        record.omitted.into_iter().for_each(|((class, code), count)| tell(Told::Counted(class, code, count)));
        ground.far.extend(record.far);
        ground.kinds.extend(record.kinds);
        ground.days.insert(day, record.folders);
    }
    view.keys = counts
        .into_iter()
        .filter_map(|(fingerprint, count)| {
            Some((fingerprint.clone(), (keys.get(&fingerprint)?.clone(), count)))
        })
        .collect();
    view.recorded_calls.extend(heard);
    let roots = unlisted.iter().map(|(root, _)| root.clone()).collect();
    let terms = Terms { unread: unread.clone(), ..terms(brief, &place, homes.keys(), roots, earlier) };
    link(brief, &mut view, &mut items, &terms, &unlisted, tell);
    ground.kinds.insert(LOG_FOLDER.into());
    view.unread_kinds = unread_kinds(&homes, &ground.kinds);
    // Digests of days that were not looked at may name any of it.
    let looks = unread.is_empty()
        && unlisted.is_empty()
        && view.completion == Completion::Complete
        && brief.plan.depth != Depth::Chain;
    if looks {
        ground.homes = homes;
        loose::judge(brief, &mut view, ground, (items, beyond), (&terms, clock), tell);
    }
    view
}

/// Days that were asked for, and of which there is no record: nothing that they may hold is missed.
fn not_read(place: &AccountRegion, unread: &SpanSet) -> Finding {
    let what = What::PartMissing(LostPart::NoRecord(unread.to_vec()));
    let mut finding = Finding::new(what, place);
    finding.cause = Some(Cause::Unseen(Unseen::Interrupted));
    finding.at = unread.first().map(|span| span.start);
    finding
}

/// What the chains of a site are held to.
pub fn terms<'a>(
    brief: &Brief,
    place: &AccountRegion,
    homes: impl Iterator<Item = &'a Location>,
    unlisted: Vec<Root>,
    earlier: BTreeMap<ChainId, Time>,
) -> Terms {
    let roots = homes.map(|home| Root::of_digests(brief.plan.named_by, home, place));
    Terms { listed: roots.collect(), unlisted, earlier, ..brief.terms() }
}

/// Links the digests, and tells what there is to tell of them and of their links.
fn link(
    brief: &Brief,
    view: &mut SiteView,
    items: &mut Vec<Item>,
    terms: &Terms,
    unlisted: &[(Root, ListingFailure)],
    tell: &mut dyn FnMut(Told),
) {
    view.copies = chain::set_apart(items);
    let mut linked = chain::link_all(items, terms);
    let wanted: Vec<ObjectName> =
        linked.iter().flat_map(|linked| linked.chain.wanted.iter().cloned()).collect();
    let hidden: Vec<Item> = wanted.iter().filter_map(|object| inaccessible(object, unlisted)).collect();
    if !hidden.is_empty() {
        items.extend(hidden);
        linked = chain::link_all(items, terms);
    }
    for finding in keys_unavailable(brief, items).into_iter().chain(backfill_alone(brief, items, &linked)) {
        tell(Told::Finding(finding));
    }
    for Linked { id, items: of, chain } in &mut linked {
        let of_links = std::mem::take(&mut chain.findings);
        if !brief.plan.scope.holds_chain(id) {
            continue;
        }
        let of = &items[of.clone()];
        for finding in chain::digest_findings(id, of, &brief.window, brief.grace_cutoff()) {
            tell(Told::Finding(finding));
        }
        for finding in of_links {
            if let Some((object, verdict)) = absent_digest(&finding) {
                tell(Told::AbsentDigest(object.clone(), verdict));
            }
            tell(Told::Finding(finding));
        }
        for object in chain.wanted.iter().filter(|object| home_of(object, &view.place).is_some()) {
            tell(Told::Finding(not_followed(id, object)));
        }
    }
    view.newest = items.iter().map(|item| item.key.end).max();
    view.linked = linked;
}

/// A linked digest of a part that could not be listed: it is there or not, nobody can tell.
fn inaccessible(object: &ObjectName, unlisted: &[(Root, ListingFailure)]) -> Option<Item> {
    let key = DigestKey::parse(&object.key)?;
    let (_, failure) = unlisted.iter().find(|(part, _)| part.holds(object))?;
    Some(Item { key, object: object.clone(), found: Found::Unseen(failure.cause.clone()) })
}

/// A link into a folder of the same account and region that was not looked into.
fn not_followed(id: &ChainId, object: &ObjectName) -> Finding {
    let mut finding = Finding::new(What::DigestUnreadable(Unread::NotFollowed), id);
    finding.object = Some(object.clone());
    finding.at = DigestKey::parse(&object.key).map(|key| key.end);
    finding
}

/// The digest that a finding says is not there, or not there yet.
fn absent_digest(finding: &Finding) -> Option<(&ObjectName, DigestVerdict)> {
    let verdict = match finding.what {
        What::DigestMissing(_) => DigestVerdict::Missing,
        What::DigestPending(..) => DigestVerdict::Pending,
        _ => return None,
    };
    Some((finding.object.as_ref()?, verdict))
}

fn unread_kinds(homes: &BTreeMap<Location, HomeRecord>, named: &BTreeSet<Box<str>>) -> BTreeSet<Box<str>> {
    let there = homes.values().flat_map(|home| &home.kinds);
    there.filter(|kind| !named.contains(*kind) && ***kind != *DIGEST_FOLDER).cloned().collect()
}
