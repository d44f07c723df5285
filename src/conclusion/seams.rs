//! What is seen only where two accounts' or organizations' folders are looked at together: links from one into the other,
//! and chains that go on there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::chain::{self, Linked, Loss, Lost, Seam};
use crate::crypto::Hash;
use crate::inspection::{Brief, SiteView};
use crate::report::Reached;
use crate::trail::key::DigestKey;
use crate::trail::{
    AccountId, AccountRegion, ChainId, DigestKind, Location, ObjectName, Region, Span, Time, TrailName,
};
use crate::verdict::Finding;
use crate::verdict::what::{Differs, Due, EndOfChain, Folder, Sought, What};

/// The accounts and regions that signed links lead to and that nobody has looked at yet, each with where it lies.
pub fn unknown_places(views: &[SiteView]) -> BTreeMap<AccountRegion, BTreeSet<Location>> {
    let known: BTreeSet<&AccountRegion> = views.iter().map(|view| &view.place).collect();
    let mut unknown: BTreeMap<AccountRegion, BTreeSet<Location>> = BTreeMap::new();
    for seam in views.iter().flat_map(|view| &view.linked).flat_map(|linked| &linked.chain.seams) {
        let place = &seam.chain.place;
        if let Some(home) = home_of(seam).filter(|_| !known.contains(place)) {
            unknown.entry(place.clone()).or_default().insert(home);
        }
    }
    unknown
}

fn home_of(seam: &Seam) -> Option<Location> {
    let key = DigestKey::parse(&seam.previous.object.key)?;
    Some(Location::new(Arc::clone(&seam.previous.object.bucket), key.prefix))
}

/// Makes one chain of what signed links join.
pub fn join(brief: &Brief, views: &mut [SiteView]) {
    let seams: Vec<(ChainId, Seam)> = views
        .iter()
        .flat_map(|view| &view.linked)
        .flat_map(|linked| linked.chain.seams.iter().map(|seam| (linked.id.clone(), seam.clone())))
        .collect();
    let mut chains = Chains::of(views);
    for (newer, seam) in seams {
        join_one(brief, &mut chains, &newer, &seam);
    }
}

/// A chain that has ended, and one that may be its sequel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaySequel {
    /// The chain that has ended.
    pub ended: ChainId,
    /// The end of its last digest.
    pub end: Time,
    /// A chain of the same account, region and trail name under another organization's folder, or none, with authentic
    /// digests in the window. It goes on from the other if it began about when that one ended.
    pub sequel: ChainId,
    /// Where that chain lies.
    pub homes: Vec<Location>,
}

/// The chains that have ended and that nobody has acknowledged, each with those that may be its sequel.
pub fn sequels(views: &[SiteView]) -> Vec<MaySequel> {
    let alike = Alike::of(views);
    let mut sequels = Vec::new();
    for linked in views.iter().flat_map(|view| &view.linked) {
        let Some(last) = linked.chain.ended.as_ref().filter(|last| last.word.is_none()) else { continue };
        for (sequel, homes) in alike.elsewhere(&linked.id) {
            let (ended, sequel, homes) = (linked.id.clone(), sequel.clone(), homes.to_vec());
            sequels.push(MaySequel { ended, end: last.end, sequel, homes });
        }
    }
    sequels
}

/// The chains of all sites, to be found by what they are.
struct Chains<'a> {
    views: &'a mut [SiteView],
    /// Of each: its site, and its place among the site's.
    at: BTreeMap<ChainId, (usize, usize)>,
}

impl<'a> Chains<'a> {
    fn of(views: &'a mut [SiteView]) -> Self {
        let mut at = BTreeMap::new();
        for (site, view) in views.iter().enumerate() {
            for (place, linked) in view.linked.iter().enumerate() {
                at.entry(linked.id.clone()).or_insert((site, place));
            }
        }
        Self { views, at }
    }

    fn get_mut(&mut self, id: &ChainId) -> Option<&mut Linked> {
        let (site, place) = *self.at.get(id)?;
        self.views.get_mut(site)?.linked.get_mut(place)
    }
}

/// Joins two chains at a link, if the digest it leads to is there; says so if it is not, or is another.
fn join_one(brief: &Brief, chains: &mut Chains<'_>, newer: &ChainId, seam: &Seam) {
    let Some(older) = chains.get_mut(&seam.chain) else {
        missing(brief, chains, newer, seam);
        return;
    };
    let end = DigestKey::parse(&seam.previous.object.key).map(|key| key.end);
    let head = older.chain.newest.clone();
    let is_head = head.as_ref().is_some_and(|head| head.object == seam.previous.object);
    let inside = |end: Time| older.chain.spans.contains(end - TimeDelta::seconds(1));
    // One that could not be read, or proves nothing, is there.
    let proves_nothing = |lost: &Lost| lost.object == seam.previous.object && lost.why != Loss::Absent;
    let is_there = is_head || end.is_some_and(inside) || older.chain.lost.iter().any(proves_nothing);
    if let Some(head) = head.filter(|_| is_head)
        && head.hash != seam.previous.hash
    {
        older.chain.findings.push(broken(&head.object, head.hash, seam));
        return;
    }
    if !is_there {
        missing(brief, chains, newer, seam);
        return;
    }
    let mut joined = older.chain.clone();
    if let Some(newer) = chains.get_mut(newer) {
        chain::join(&mut joined, &mut newer.chain, seam.at);
    }
    if let Some(older) = chains.get_mut(&seam.chain) {
        older.chain = joined;
    }
}

/// A digest that holds other bytes than the digest after it recorded.
fn broken(object: &ObjectName, actual: Hash, seam: &Seam) -> Finding {
    let content = Some(Differs { expected: seam.previous.hash, actual });
    let what = What::DigestLinkBroken { content, signature: None, successor: Folder::OfAnotherOrganization };
    let mut finding = Finding::new(what, &seam.chain);
    finding.object = Some(object.clone());
    finding.digest = Some(seam.from.clone());
    finding
}

/// A digest that a link across the seam leads to and that its folder, which was listed, does not hold.
fn missing(brief: &Brief, chains: &mut Chains<'_>, newer: &ChainId, seam: &Seam) {
    let Some(key) = DigestKey::parse(&seam.previous.object.key) else { return };
    let hour = Span::of_digest(key.end);
    let listed = chains.views.iter().any(|view| {
        let here =
            view.place == seam.chain.place && home_of(seam).is_some_and(|home| view.homes.contains(&home));
        here && view.reached == Reached::Wholly && !view.unlisted
    });
    if !listed || !brief.window.overlaps(&hour) {
        return;
    }
    let sought = Sought::LinkedFromAnotherOrganization;
    let what = if key.end > brief.grace_cutoff() {
        What::DigestPending(sought, Due::StillDue)
    } else {
        What::DigestMissing(sought)
    };
    let mut finding = Finding::new(what, &seam.chain);
    finding.object = Some(seam.previous.object.clone());
    finding.digest = Some(seam.from.clone());
    finding.at = Some(key.end);
    if let Some(newer) = chains.get_mut(newer) {
        newer.chain.findings.push(finding);
    }
}

/// Standard chains with authentic digests in the window, by account, region and trail name.
struct Alike<'v>(BTreeMap<(AccountId, Region, TrailName), Vec<Placed<'v>>>);

/// A chain, and where it lies.
type Placed<'v> = (&'v ChainId, &'v [Location]);

impl<'v> Alike<'v> {
    fn of(views: &'v [SiteView]) -> Self {
        let mut alike = BTreeMap::<_, Vec<_>>::new();
        for view in views {
            for linked in &view.linked {
                if linked.id.kind == DigestKind::Standard && !linked.chain.coverage.is_empty() {
                    alike.entry(Self::key(&linked.id)).or_default().push((&linked.id, &view.homes[..]));
                }
            }
        }
        Self(alike)
    }

    fn key(id: &ChainId) -> (AccountId, Region, TrailName) {
        (id.place.account, id.place.region.clone(), id.trail.clone())
    }

    /// Those that lie under another organization's folder, or under none.
    fn elsewhere(&self, id: &ChainId) -> impl Iterator<Item = Placed<'v>> {
        let alike = self.0.get(&Self::key(id)).into_iter().flatten();
        alike.filter(|(own, _)| own.place.organization != id.place.organization).copied()
    }
}

/// Says of a chain that has ended where it goes on, and since when.
pub fn note_sequel(views: &mut [SiteView], id: &ChainId, sequel: &ChainId, began: Time) {
    let mut chains = Chains::of(views);
    let Some(linked) = chains.get_mut(id) else { return };
    let Some(last) = linked.chain.ended.take() else { return };
    linked.chain.gaps.clear();
    let AccountRegion { organization, account, .. } = sequel.place.clone();
    let how = EndOfChain::GoesOn { organization, account, began };
    let mut finding = Finding::new(What::ChainEnded { last: last.end, how }, id);
    finding.object = Some(last.object);
    finding.at = Some(last.end);
    linked.chain.findings.push(finding);
}
