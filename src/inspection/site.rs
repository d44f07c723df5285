//! What is to be told of a site as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::Brief;
use crate::chain::{self, Item, Linked, Terms};
use crate::trail::key::DigestKey;
use crate::trail::{AccountRegion, ChainId, DigestKind, Location, ObjectName, SpanSet};
use crate::verdict::what::{AbsentPart, What};
use crate::verdict::{Cause, Finding, Scope, Unseen};

impl Brief {
    /// What chains are held to, as far as it is the same for every site.
    pub fn terms(&self) -> Terms {
        Terms {
            window: self.window,
            as_of: self.as_of,
            grace: self.plan.grace,
            named_by: self.plan.named_by,
            listed: Vec::new(),
            unlisted: Vec::new(),
            unread: SpanSet::default(),
            earlier: BTreeMap::new(),
            ended: self.plan.ended.clone(),
        }
    }
}

/// The home that a digest named by a link lies in, if it is one of this account and region.
pub fn home_of(linked: &ObjectName, place: &AccountRegion) -> Option<Location> {
    let key = DigestKey::parse(&linked.key).filter(|key| key.chain.place == *place)?;
    Some(Location::new(linked.bucket.clone(), key.prefix))
}

/// One word for all digests whose keys could not be retrieved; the same for every account of the region.
pub fn keys_unavailable(brief: &Brief, items: &[Item]) -> Option<Finding> {
    let unproven = |item: &&Item| brief.window.overlaps(&item.span());
    let (item, detail) =
        items.iter().filter(unproven).find_map(|item| Some((item, chain::keys_refused(item)?)))?;
    let region = &item.key.chain.place.region;
    let scope = Scope { region: Some(region.clone()), ..Scope::default() };
    let mut finding = Finding::new(What::KeysUnavailable, scope);
    finding.cause = Some(Cause::Unseen(Unseen::Failed(detail.into())));
    Some(finding)
}

/// Chains whose backfill digests are here and whose standard digests are not: backfill digests name late log files and
/// cover no hour, so the chain is absent.
pub fn backfill_alone(brief: &Brief, items: &[Item], linked: &[Linked]) -> Vec<Finding> {
    let in_window = |linked: &Linked| {
        let any = |item: &Item| brief.window.overlaps(&item.span());
        linked.chain.digests.total() > 0 || items[linked.items.clone()].iter().any(any)
    };
    let told =
        |linked: &Linked| in_window(linked) || linked.chain.ended.is_some() || !linked.chain.gaps.is_empty();
    let standard = |backfill: &ChainId| ChainId { kind: DigestKind::Standard, ..backfill.clone() };
    let told: BTreeSet<&ChainId> =
        linked.iter().filter(|linked| told(linked)).map(|linked| &linked.id).collect();
    linked
        .iter()
        .filter(|linked| linked.id.kind == DigestKind::Backfill && in_window(linked))
        .filter(|linked| brief.plan.scope.holds_chain(&linked.id))
        .filter(|backfill| !told.contains(&standard(&backfill.id)))
        .map(|backfill| {
            let first = items[backfill.items.start].object.to_string().into();
            let what = What::RegionAbsent(AbsentPart::BackfillAlone { first });
            let mut finding = Finding::new(what, &backfill.id);
            finding.at = brief.window.start();
            finding.cause = Some(Cause::Unexplained);
            finding
        })
        .collect()
}
