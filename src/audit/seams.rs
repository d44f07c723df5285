//! What is seen only where two accounts' or organizations' folders are looked at together: links from one into the other,
//! and chains that go on there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use super::discover::{Home, Site};
use super::listing::{self, FoundDigest, Sweep};
use super::{Context, fetch};
use crate::chain::{self, Linked, Loss, Lost, Seam};
use crate::digest::Previous;
use crate::inspection::{SiteView, State};
use crate::report::Reached;
use crate::trail::key::DigestKey;
use crate::trail::{
    AccountId, AccountRegion, ChainId, DigestKind, Location, Region, Span, Time, TrailName, format_time,
};
use crate::verdict::{Class, Code, Evidence, Finding};

/// A trail that goes on under another organization's folder begins there within so much of its end here.
const HANDOVER: TimeDelta = TimeDelta::hours(26);
/// How far before that is looked for signs that it had begun there long ago.
const LONG_AGO: TimeDelta = TimeDelta::days(35);

/// The accounts and regions that signed links lead to and that nobody has looked at yet.
pub(super) fn unknown_places(views: &[SiteView]) -> Vec<Site> {
    let known: BTreeSet<&AccountRegion> = views.iter().map(|view| &view.place).collect();
    let mut sites: Vec<Site> = Vec::new();
    for seam in views.iter().flat_map(|view| &view.linked).flat_map(|linked| &linked.chain.seams) {
        let place = &seam.chain.place;
        if known.contains(place) {
            continue;
        }
        let Some(home) = home_of(seam) else { continue };
        match sites.iter_mut().find(|site| site.place == *place) {
            Some(site) if site.locations().any(|known| *known == home) => {}
            Some(site) => site.homes.push(Home::unseen(home)),
            None => sites.push(Site { place: place.clone(), homes: vec![Home::unseen(home)] }),
        }
    }
    sites
}

fn home_of(seam: &Seam) -> Option<Location> {
    let key = DigestKey::parse(&seam.previous.object.key)?;
    Some(Location::new(Arc::clone(&seam.previous.object.bucket), key.prefix))
}

/// Makes one chain of what signed links join, and says of chains that have ended where they go on.
pub(super) async fn join(context: &Arc<Context>, views: &mut [SiteView]) {
    let seams: Vec<(ChainId, Seam)> = views
        .iter()
        .flat_map(|view| &view.linked)
        .flat_map(|linked| linked.chain.seams.iter().map(|seam| (linked.id.clone(), seam.clone())))
        .collect();
    let ended: Vec<ChainId> = views
        .iter()
        .flat_map(|view| &view.linked)
        .filter(|linked| linked.chain.ended.as_ref().is_some_and(|last| last.word.is_none()))
        .map(|linked| linked.id.clone())
        .collect();
    let mut chains = Chains::of(views);
    for (newer, seam) in seams {
        join_one(context, &mut chains, &newer, &seam);
    }
    let alike = Alike::of(&chains);
    for id in ended {
        if let Some(sequel) = sequel(context, &chains, &alike, &id).await {
            note_sequel(&mut chains, &id, &sequel);
        }
    }
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

    fn get(&self, id: &ChainId) -> Option<(&SiteView, &Linked)> {
        let (site, place) = *self.at.get(id)?;
        let view = self.views.get(site)?;
        Some((view, view.linked.get(place)?))
    }

    fn get_mut(&mut self, id: &ChainId) -> Option<&mut Linked> {
        let (site, place) = *self.at.get(id)?;
        self.views.get_mut(site)?.linked.get_mut(place)
    }
}

/// Joins two chains at a link, if the digest it leads to is there; says so if it is not, or is another.
fn join_one(context: &Context, chains: &mut Chains<'_>, newer: &ChainId, seam: &Seam) {
    let Some(older) = chains.get_mut(&seam.chain) else {
        missing(context, chains, newer, seam);
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
        let finding = broken(&seam.chain, &head.object, &seam.previous, head.hash.to_string(), seam);
        older.chain.findings.push(finding);
        return;
    }
    if !is_there {
        missing(context, chains, newer, seam);
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

fn broken(
    id: &ChainId,
    object: &crate::trail::ObjectName,
    recorded: &Previous,
    actual: String,
    seam: &Seam,
) -> Finding {
    let message = "its content is not what the digest after it, in another organization's folder, recorded";
    let mut finding = Finding::new(Code::DigestLinkBroken, id, message);
    finding.object = Some(object.clone());
    finding.digest = Some(seam.from.clone());
    finding.evidence =
        Evidence::none().with("expected_hash", recorded.hash.to_string()).with("actual_hash", actual);
    finding
}

/// A digest that a link across the seam leads to and that its folder, which was listed, does not hold.
fn missing(context: &Context, chains: &mut Chains<'_>, newer: &ChainId, seam: &Seam) {
    let Some(key) = DigestKey::parse(&seam.previous.object.key) else { return };
    let hour = Span { start: key.end - TimeDelta::hours(1), end: key.end };
    let listed = chains.views.iter().any(|view| {
        let here =
            view.place == seam.chain.place && home_of(seam).is_some_and(|home| view.homes.contains(&home));
        here && view.reached == Reached::Wholly && !view.unlisted
    });
    if !listed || !context.brief.window.overlaps(&hour) {
        return;
    }
    let pending = key.end > context.brief.settled_by();
    let (code, message) = match pending {
        true => (
            Code::DigestPending,
            "the digest after it, in another organization's folder, links to it, and it is not there yet",
        ),
        false => (
            Code::DigestMissing,
            "the digest after it, in another organization's folder, links to it, and it is not there",
        ),
    };
    let mut finding = Finding::new(code, &seam.chain, message);
    finding.object = Some(seam.previous.object.clone());
    finding.digest = Some(seam.from.clone());
    finding.at = Some(key.end);
    if let Some(newer) = chains.get_mut(newer) {
        newer.chain.findings.push(finding);
    }
}

/// Where an ended chain goes on.
struct Sequel {
    chain: ChainId,
    began: Time,
}

/// Standard chains with authentic digests in the window, by account, region and trail name.
struct Alike(BTreeMap<(AccountId, Region, TrailName), Vec<ChainId>>);

impl Alike {
    fn of(chains: &Chains<'_>) -> Self {
        let mut alike = BTreeMap::<_, Vec<_>>::new();
        for linked in chains.views.iter().flat_map(|view| &view.linked) {
            if linked.id.kind == DigestKind::Standard && !linked.chain.coverage.is_empty() {
                alike.entry(Self::key(&linked.id)).or_default().push(linked.id.clone());
            }
        }
        Self(alike)
    }

    fn key(id: &ChainId) -> (AccountId, Region, TrailName) {
        (id.place.account, id.place.region.clone(), id.trail.clone())
    }

    /// Those that lie under another organization's folder, or under none.
    fn elsewhere(&self, id: &ChainId) -> impl Iterator<Item = &ChainId> {
        let alike = self.0.get(&Self::key(id)).into_iter().flatten();
        alike.filter(|own| own.place.organization != id.place.organization)
    }
}

/// A chain of the same account, region, kind and trail name under another organization's folder, or none, that has
/// authentic digests in the window and begins about when this one ends.
async fn sequel(context: &Arc<Context>, chains: &Chains<'_>, alike: &Alike, id: &ChainId) -> Option<Sequel> {
    let (_, last) = chains.get(id)?;
    let end = last.chain.ended.as_ref()?.end;
    for own in alike.elsewhere(id) {
        let Some((view, _)) = chains.get(own) else { continue };
        if let Some(began) = began(context, view, own, end).await {
            return Some(Sequel { chain: own.clone(), began });
        }
    }
    None
}

/// When a chain began, if that is about `end`: its oldest digest since long before is authentic and ends nothing earlier.
async fn began(context: &Arc<Context>, view: &SiteView, id: &ChainId, end: Time) -> Option<Time> {
    let span = Span { start: end - LONG_AGO, end: end + HANDOVER + TimeDelta::hours(1) };
    let mut oldest: Option<FoundDigest> = None;
    for home in view.homes.iter() {
        let listed = listing::digests(&context.store, home, &view.place, &Sweep::only(span)).await.ok()?;
        let own = listed.found.into_iter().filter(|digest| digest.key.chain == *id);
        oldest = oldest.into_iter().chain(own).min_by_key(|digest| digest.key.end);
    }
    let oldest = oldest?;
    let ring = context.ring(&id.place.region, span).await?;
    let entry = fetch::digest(context, &ring, oldest.object, oldest.key).await.taken_as_it_is();
    let State::Authentic(digest) = &entry.state else { return None };
    let began = digest.span().start;
    let starts = digest.previous().is_none_or(|previous| {
        DigestKey::parse(&previous.object.key)
            .is_some_and(|key| key.chain.place.organization != id.place.organization)
    });
    (starts && (began - end).abs() <= HANDOVER).then_some(began)
}

fn note_sequel(chains: &mut Chains<'_>, id: &ChainId, sequel: &Sequel) {
    let Some(linked) = chains.get_mut(id) else { return };
    let Some(last) = linked.chain.ended.take() else { return };
    linked.chain.gaps.clear();
    let folder = match &sequel.chain.place.organization {
        Some(organization) => format!("AWSLogs/{organization}/"),
        None => "AWSLogs/".to_owned(),
    };
    let message = format!(
        "the chain's last digest ended at {}; it goes on under {folder}{}/, where it began at {}",
        format_time(last.end),
        id.place.account,
        format_time(sequel.began)
    );
    let mut finding = Finding::new(Code::ChainEnded, id, message);
    finding.class = Class::Notice;
    finding.object = Some(last.object);
    finding.at = Some(last.end);
    linked.chain.findings.push(finding);
}
