//! Looks at what only links between the folders of organizations lead to: accounts and regions that nobody has searched for,
//! and chains that go on there.

use std::sync::Arc;

use chrono::TimeDelta;

use super::listing::{self, FoundDigest, Sweep};
use super::{Context, fetch};
use crate::conclusion::{self, MaySequel};
use crate::inspection::{EntryState, SiteView};
use crate::inspection::{Home, Site};
use crate::trail::key::DigestKey;
use crate::trail::{Span, Time};

/// A trail that goes on under another organization's folder begins there within so much of its end here.
const HANDOVER: TimeDelta = TimeDelta::hours(26);
/// How far before that is looked for signs that it had begun there long ago.
const LONG_AGO: TimeDelta = TimeDelta::days(35);

/// The accounts and regions that signed links lead to and that nobody has looked at yet.
pub(super) fn unknown_sites(views: &[SiteView]) -> Vec<Site> {
    let unknown = conclusion::unknown_places(views).into_iter();
    unknown
        .map(|(place, homes)| Site { place, homes: homes.into_iter().map(Home::unseen).collect() })
        .collect()
}

/// Makes one chain of what signed links join, and says of chains that have ended where they go on.
pub(super) async fn join(context: &Arc<Context>, views: &mut [SiteView]) {
    conclusion::join(&context.brief, views);
    let mut noted = Vec::new();
    for may in conclusion::sequels(views) {
        if noted.contains(&may.ended) {
            continue;
        }
        if let Some(began) = began(context, &may).await {
            conclusion::note_sequel(views, &may.ended, &may.sequel, began);
            noted.push(may.ended);
        }
    }
}

/// When a chain began, if that is about `end`: its oldest digest since long before is authentic and ends nothing earlier.
async fn began(context: &Arc<Context>, may: &MaySequel) -> Option<Time> {
    let MaySequel { end, sequel: id, homes, .. } = may;
    let end = *end;
    let span = Span { start: end - LONG_AGO, end: end + HANDOVER + TimeDelta::hours(1) };
    let mut oldest: Option<FoundDigest> = None;
    for home in homes {
        let listed = listing::digests(&context.store, home, &id.place, &Sweep::only(span)).await.ok()?;
        let own = listed.found.into_iter().filter(|digest| digest.key.chain == *id);
        oldest = oldest.into_iter().chain(own).min_by_key(|digest| digest.key.end);
    }
    let oldest = oldest?;
    let ring = context.ring(&id.place.region, span).await?;
    let entry = fetch::digest(context, &ring, oldest.object, oldest.key).await.taken_as_it_is();
    let EntryState::Authentic(digest) = &entry.state else { return None };
    let began = digest.span().start;
    let starts = digest.previous().is_none_or(|previous| {
        DigestKey::parse(&previous.object.key)
            .is_some_and(|key| key.chain.place.organization != id.place.organization)
    });
    (starts && (began - end).abs() <= HANDOVER).then_some(began)
}
