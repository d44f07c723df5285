//! Tells of chains that lie here and were delivered elsewhere: which place that is, and what to type.

use std::collections::BTreeMap;

use crate::chain::Copied;
use crate::digest::NamedBy;
use crate::inspection::{Brief, SiteView};
use crate::trail::{ChainId, DigestKind, Location};
use crate::verdict::what::{Original, What};
use crate::verdict::{Cause, Finding, Scope};

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
    let whole = chains.iter().all(|copied| has_original(brief, views, &copied.chain, delivered));
    let original = if whole { Original::Here } else { folder_above(brief, copy, delivered) };
    let what = What::RecordCopied {
        copy: copy.clone(),
        delivered: delivered.clone(),
        chains: chains.len() as u64,
        digests: digests as u64,
        original,
    };
    let mut finding = Finding::new(what, Scope::default());
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

/// The folder to name so that the copy is judged as one, if there is one.
fn folder_above(brief: &Brief, copy: &Location, delivered: &Location) -> Original {
    let prefix = &delivered.prefix;
    match brief.plan.named_by {
        NamedBy::KeyOnly if prefix.is_empty() || copy.prefix.ends_with(&**prefix) => {
            let above = copy.prefix.strip_suffix(&**prefix).unwrap_or(&copy.prefix).trim_end_matches('/');
            Original::FolderAbove(format!("{}/{above}", brief.plan.source.trim_end_matches('/')).into())
        }
        NamedBy::KeyOnly | NamedBy::BucketAndKey => Original::Elsewhere,
    }
}
