//! Tells of chains that lie here and were delivered elsewhere: which place that is, and what to type.

use std::collections::BTreeMap;

use crate::chain::Copied;
use crate::digest::NamedBy;
use crate::inspection::{Brief, SiteView};
use crate::trail::{ChainId, DigestKind, Location};
use crate::verdict::{Cause, Class, Code, Evidence, Finding, Scope};

/// One finding for each copy, however many chains it has.
pub(super) fn findings(brief: &Brief, views: &[SiteView]) -> Vec<Finding> {
    let mut copies: BTreeMap<(&Location, &Location), Vec<&Copied>> = BTreeMap::new();
    for copied in views.iter().flat_map(|view| &view.copies) {
        let in_window = copied.hours.iter().any(|hour| brief.window.overlaps(hour));
        if in_window && brief.plan.scope.holds_chain(&copied.chain) {
            copies.entry((&copied.copy, &copied.delivered)).or_default().push(copied);
        }
    }
    copies
        .into_iter()
        .map(|((copy, delivered), chains)| told(brief, views, copy, delivered, &chains))
        .collect()
}

fn told(
    brief: &Brief,
    views: &[SiteView],
    copy: &Location,
    delivered: &Location,
    chains: &[&Copied],
) -> Finding {
    let digests: usize = chains.iter().map(|copied| copied.hours.len()).sum();
    let what = format!(
        "{digests} digests of {} chains here say that they were delivered to {delivered}, and AWS signed them for there",
        chains.len()
    );
    let whole = chains.iter().all(|copied| has_original(brief, views, &copied.chain, delivered));
    let (class, message) = match whole {
        true => (Class::Notice, format!("{what}: a copy beside its original, which was judged by itself")),
        false => (
            Class::Incomplete,
            format!("{what}: this is a copy, and was not judged; {}", advice(brief, copy, delivered)),
        ),
    };
    let mut finding = Finding::new(Code::RecordCopied, Scope::default(), message);
    finding.class = class;
    finding.evidence = Evidence::none()
        .with("copy", copy.to_string())
        .with("delivered", delivered.to_string())
        .with("chains", chains.len() as u64)
        .with("digests", digests as u64);
    finding.cause = Some(Cause::Unexplained);
    finding
}

/// Whether the chain lies in its place of delivery too, with authentic digests in the window.
fn has_original(brief: &Brief, views: &[SiteView], id: &ChainId, delivered: &Location) -> bool {
    let bucket = |home: &Location| brief.plan.named_by == NamedBy::KeyOnly || home.bucket == delivered.bucket;
    let home = |home: &Location| home.prefix == delivered.prefix && bucket(home);
    views
        .iter()
        .filter(|view| view.place == id.place && view.homes.iter().any(home))
        .flat_map(|view| &view.linked)
        .any(|linked| {
            linked.id == *id && (!linked.chain.coverage.is_empty() || id.kind == DigestKind::Backfill)
        })
}

/// What to type so that the copy is judged as one.
fn advice(brief: &Brief, copy: &Location, delivered: &Location) -> String {
    let Location { bucket, prefix } = delivered;
    match brief.plan.named_by {
        NamedBy::KeyOnly if prefix.is_empty() || copy.prefix.ends_with(&**prefix) => {
            let above = copy.prefix.strip_suffix(&**prefix).unwrap_or(&copy.prefix).trim_end_matches('/');
            format!(
                "name the folder that stands for the bucket: {}/{above}",
                brief.plan.source.trim_end_matches('/')
            )
        }
        NamedBy::KeyOnly | NamedBy::BucketAndKey => {
            format!("name where it was delivered: --copied-from s3://{bucket}/{prefix}")
        }
    }
}
