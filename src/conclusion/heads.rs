//! Holds the record to what earlier runs saw: every head of theirs has to be there with the same bytes. What lawfully expired
//! is no crime, and a bucket that was wiped is no expiry.

use chrono::TimeDelta;

use crate::chain::Linked;
use crate::crypto::Hash;
use crate::digest::NamedBy;
use crate::inspection::{Brief, Plan, SiteView};
use crate::report::Head;
use crate::trail::key::DigestKey;
use crate::trail::{Location, ObjectName, Span, Time, format_time};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, Unseen};

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
    let mut finding = match fate {
        Fate::Same => return None,
        Fate::Other(actual, named_by) => changed(head, *actual, named_by.as_ref()),
        Fate::Gone => gone(brief, head, oldest, views),
        Fate::Unseen(unseen) => {
            let message =
                format!("this digest, which an earlier run saw, could not be read: {}", unseen.detail());
            let mut finding = Finding::new(Code::DigestUnreadable, &head.chain, message);
            finding.cause = Some(Cause::Unseen(unseen.clone()));
            finding
        }
    };
    finding.object = Some(head.object.clone());
    finding.at = Some(head.end);
    finding.evidence =
        finding.evidence.with("expected_hash", head.hash.to_string()).with("baseline", seen_in);
    Some(finding)
}

fn changed(head: &Head, actual: Option<Hash>, named_by: Option<&ObjectName>) -> Finding {
    let but = match named_by {
        Some(_) => "; the authentic digest that follows names the new content, so AWS signed both",
        None => "",
    };
    let message = format!("its content is not what an earlier run saw and AWS had signed{but}");
    let mut finding = Finding::new(Code::HeadChanged, &head.chain, message);
    finding.digest = named_by.cloned();
    if let Some(actual) = actual {
        finding.evidence = Evidence::none().with("actual_hash", actual.to_string());
    }
    finding
}

fn gone(brief: &Brief, head: &Head, oldest: Option<Time>, views: &[SiteView]) -> Finding {
    let plan = &brief.plan;
    let age = plan.now - head.end;
    let days = age.num_days();
    if let Some(retention) = plan.retention.filter(|retention| age > *retention) {
        let message = format!(
            "this digest, which an earlier run saw, is {days} days old and is not there any more: older than the {} days \
             that --retention names",
            retention.num_days()
        );
        let mut finding = Finding::new(Code::HeadExpired, &head.chain, message);
        finding.class = Class::Notice;
        return finding;
    }
    let nothing_older = oldest.is_none_or(|oldest| oldest >= head.end + EXPIRED_TOGETHER);
    if may_have_expired(brief, head) && nothing_older {
        let message = format!(
            "this digest, which an earlier run saw, is {days} days old and is not there any more, nor is any digest that is \
             as old: it expired, or everything up to then was removed; if the bucket lets go of what is old, say after how \
             many days: --retention DAYS"
        );
        return Finding::new(Code::HeadExpired, &head.chain, message);
    }
    lost(brief, head, views)
}

fn lost(brief: &Brief, head: &Head, views: &[SiteView]) -> Finding {
    let chains = views.iter().flat_map(|view| &view.linked);
    let known = chains.filter(|linked| linked.id == head.chain).filter_map(newest).max();
    let hours = known.filter(|newest| *newest < head.end).map(|newest| Span { start: newest, end: head.end });
    let since = match hours {
        Some(hours) => format!(
            "; the chain's newest digest here ends at {}, and that run saw it whole up to {}",
            format_time(hours.start),
            format_time(hours.end)
        ),
        None => String::new(),
    };
    // A folder that was copied before that run cannot hold what was delivered since.
    let older_copy = brief.is_as_of_its_newest_object() && brief.as_of < head.end;
    let message = match older_copy {
        true => "an earlier run saw this digest, and it is not in this copy, whose newest object is older"
            .to_owned(),
        false => format!("an earlier run saw this digest, authentic, and it is not there any more{since}"),
    };
    let mut finding = Finding::new(Code::HeadLost, &head.chain, message);
    if older_copy {
        finding.class = Class::Incomplete;
    }
    finding.span = hours;
    finding
}

fn newest(linked: &Linked) -> Option<Time> {
    linked.chain.newest.as_ref().map(|newest| newest.end)
}
