//! Holds the record to what earlier runs saw: every head of theirs has to be there with the same bytes. What lawfully expired
//! is no crime, and a bucket that was wiped is no expiry.

use chrono::TimeDelta;

use crate::chain::Linked;
use crate::crypto::Hash;
use crate::digest::NamedBy;
use crate::inspection::{Brief, Plan, SiteView};
use crate::report::Head;
use crate::trail::key::DigestKey;
use crate::trail::{Location, ObjectName, Span, Time};
use crate::verdict::what::{HeadLoss, SeenHead, Unread, What};
use crate::verdict::{Cause, Finding, Unseen};

/// What is younger has not expired by itself, unless it was declared to.
const NO_EXPIRY: TimeDelta = TimeDelta::days(30);
/// A rule that deletes by age lets go of everything of one day within days: of what is older, nothing is left.
const EXPIRED_TOGETHER: TimeDelta = TimeDelta::days(3);

/// What lies in the place of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// What an earlier run saw.
    Same,
    /// Other bytes; their hash, where they inflate, and the authentic digest that names it, if the next one does.
    Other(Option<Hash>, Option<ObjectName>),
    /// Nothing: the store says so, and a complete listing does not show it.
    Gone,
    /// It could not be looked at.
    Unseen(Unseen),
}

/// Whether a head lies in what was asked for: in scope, and where the source or one of its sites lies.
pub fn is_asked_for(plan: &Plan, head: &Head, views: &[SiteView]) -> bool {
    let place = &head.chain.place;
    plan.scope.holds_account(place.account)
        && plan.scope.holds_region(&place.region)
        && plan.scope.holds_chain(&head.chain)
        && lies_under(plan, head, views)
}

/// Whether a head lies under the source, or where a site of it lies. Places are compared, never how a source is spelt; of a
/// folder the key alone is known.
pub fn lies_under(plan: &Plan, head: &Head, views: &[SiteView]) -> bool {
    let Some(key) = DigestKey::parse(&head.object.key) else { return false };
    let own = |bucket: &str| plan.named_by == NamedBy::KeyOnly || *bucket == *head.object.bucket;
    let comparable = |text: &str| plan.named_by.comparable(text).into_owned();
    let named = comparable(&head.object.key);
    let is_home = |home: &Location| own(&home.bucket) && comparable(&home.prefix) == comparable(&key.prefix);
    let under = |folder: String| own(&plan.bucket) && named.starts_with(&folder);
    plan.within.folders(&plan.prefix).into_iter().any(under)
        || views.iter().any(|view| view.place == key.chain.place && view.homes.iter().any(is_home))
}

/// Whether it has to be known what is left of the time when a head was young.
pub fn may_have_expired(brief: &Brief, head: &Head) -> bool {
    let before_the_window = brief.window.start().is_some_and(|start| head.end <= start);
    brief.plan.retention.is_none() && before_the_window && brief.plan.now - head.end > NO_EXPIRY
}

/// What there is to tell of a head; `oldest` is the end of the oldest digest of any chain that is left.
pub fn of_head(
    brief: &Brief,
    (head, seen_in): (&Head, &str),
    fate: &Fate,
    oldest: Option<Time>,
    views: &[SiteView],
) -> Option<Finding> {
    let seen = SeenHead { hash: head.hash, baseline: seen_in.into() };
    let mut finding = match fate {
        Fate::Same => return None,
        Fate::Other(actual, named_by) => {
            let mut changed = Finding::new(What::HeadChanged { seen, actual: *actual }, &head.chain);
            changed.digest = named_by.clone();
            changed
        }
        Fate::Gone => gone(brief, (head, seen), oldest, views),
        Fate::Unseen(unseen) => {
            let mut unread = Finding::new(What::DigestUnreadable(Unread::SeenBefore(seen)), &head.chain);
            unread.cause = Some(Cause::Unseen(unseen.clone()));
            unread
        }
    };
    finding.object = Some(head.object.clone());
    finding.at = Some(head.end);
    Some(finding)
}

fn gone(brief: &Brief, (head, seen): (&Head, SeenHead), oldest: Option<Time>, views: &[SiteView]) -> Finding {
    let age = brief.plan.now - head.end;
    let days = age.num_days();
    if let Some(retention) = brief.plan.retention.filter(|retention| age > *retention) {
        let retention_days = Some(retention.num_days());
        return Finding::new(What::HeadExpired { seen, days, retention_days }, &head.chain);
    }
    let nothing_older = oldest.is_none_or(|oldest| oldest >= head.end + EXPIRED_TOGETHER);
    if may_have_expired(brief, head) && nothing_older {
        return Finding::new(What::HeadExpired { seen, days, retention_days: None }, &head.chain);
    }
    lost(brief, (head, seen), views)
}

fn lost(brief: &Brief, (head, seen): (&Head, SeenHead), views: &[SiteView]) -> Finding {
    let chains = views.iter().flat_map(|view| &view.linked);
    let known = chains.filter(|linked| linked.id == head.chain).filter_map(newest).max();
    // A folder that was copied before that run cannot hold what was delivered since.
    let loss = if brief.is_as_of_its_newest_object() && brief.as_of < head.end {
        HeadLoss::CopyIsOlder
    } else {
        HeadLoss::Removed
    };
    let mut finding = Finding::new(What::HeadLost(seen, loss), &head.chain);
    finding.span =
        known.filter(|newest| *newest < head.end).map(|newest| Span { start: newest, end: head.end });
    finding
}

fn newest(linked: &Linked) -> Option<Time> {
    linked.chain.newest.as_ref().map(|newest| newest.end)
}
