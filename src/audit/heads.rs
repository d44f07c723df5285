//! Looks at what earlier runs saw: one request for each head, and a listing where the store says that it is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::Context;
use super::fetch::{self, get};
use super::listing;
use super::pages::{Walk, fold};
use super::unseen::{Absence, absence, unseen};
use crate::conclusion::{self, Fate};
use crate::crypto::Hash;
use crate::digest::NamedBy;
use crate::gzip::{self, Limit};
use crate::inspection::{EntryState, SiteView};
use crate::report::{Head, HeldTo};
use crate::store::{Listing, Object, StoreError};
use crate::trail::key::{DIGEST_FOLDER, DigestKey, RegionFolder};
use crate::trail::{DIGEST_HOUR, ObjectName, Span, Time};
use crate::verdict::{Finding, Unseen};

/// Heads looked at at once.
const AT_ONCE: usize = 32;

/// Holds the record to the baselines, and has told what does not fit. Once the run is to end, nothing more is looked at.
pub(super) async fn check(context: &Arc<Context>, views: &[SiteView]) -> Vec<HeldTo> {
    let brief = &context.brief;
    let mut wanted: BTreeMap<Head, String> = BTreeMap::new();
    let mut held = Vec::new();
    for baseline in &brief.plan.baselines {
        let asked_for: Vec<&Head> = if context.stop.is_set() {
            Vec::new()
        } else {
            let heads = baseline.heads.iter();
            heads.filter(|head| conclusion::is_asked_for(&brief.plan, head, views)).collect()
        };
        let start = brief.window.start();
        let ends = asked_for.iter().map(|head| head.end);
        held.push(HeldTo {
            place: baseline.place.clone(),
            hash: baseline.hash,
            sealed: baseline.sealed.clone(),
            unchanged: Vec::new(),
            heads: asked_for.len() as u64,
            not_checked: (baseline.heads.len() - asked_for.len()) as u64,
            before_the_window: ends
                .min()
                .zip(start)
                .filter(|(end, start)| end < start)
                .map(|(start, end)| Span { start, end }),
        });
        for head in asked_for {
            wanted.entry(head.clone()).or_insert_with(|| baseline.place.clone());
        }
    }
    // Their own, so that the run may be moved between threads.
    let heads: Vec<Head> = wanted.keys().cloned().collect();
    let fates: Vec<(Head, Fate)> = stream::iter(heads)
        .map(|head| async move {
            let fate = fate(context, &head, views).await;
            (head, fate)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for (held, baseline) in held.iter_mut().zip(&brief.plan.baselines) {
        let same = fates.iter().filter(|(head, fate)| *fate == Fate::Same && baseline.heads.contains(head));
        held.unchanged = same.map(|(head, _)| head.clone()).collect();
    }
    for finding in told(context, &wanted, fates, views).await {
        context.tell(finding);
    }
    held
}

async fn told(
    context: &Context,
    wanted: &BTreeMap<Head, String>,
    mut fates: Vec<(Head, Fate)>,
    views: &[SiteView],
) -> Vec<Finding> {
    let brief = &context.brief;
    let may_have_expired =
        |(head, fate): &(Head, Fate)| *fate == Fate::Gone && conclusion::may_have_expired(brief, head);
    let mut oldest = None;
    if fates.iter().any(may_have_expired) {
        match oldest_left(context, views).await {
            Ok(found) => oldest = found,
            // What is left is not known, and so not whether what is gone has expired.
            Err(error) => {
                for one in fates.iter_mut().filter(|one| may_have_expired(one)) {
                    one.1 = Fate::Unseen(unseen(&error));
                }
            }
        }
    }
    let place = |head: &Head| wanted.get(head).map_or("", String::as_str);
    let told =
        fates.iter().map(|(head, fate)| conclusion::of_head(brief, (head, place(head)), fate, oldest, views));
    told.flatten().collect()
}

/// What lies in the place of a head.
async fn fate(context: &Context, head: &Head, views: &[SiteView]) -> Fate {
    let object = here(context, head, views);
    let mut got = get(context, &object, context.slots.take().await).await;
    if got.as_ref().is_err_and(|error| error.kind.may_pass()) {
        got = get(context, &object, context.slots.take().await).await;
    }
    match got.map_err(|error| absence(&error)) {
        Ok(stored) => match hash(&stored) {
            Some(hash) if hash == head.hash => Fate::Same,
            Some(hash) => Fate::Other(Some(hash), named_by_the_next(context, head, hash).await),
            None => Fate::Other(None, None),
        },
        Err(Absence::Oversized) => Fate::Other(None, None),
        Err(Absence::Unseen(unseen)) => Fate::Unseen(unseen),
        Err(Absence::Gone) => is_listed(context, &object).await,
    }
}

/// The name that a head has in the store: a folder does not know its bucket.
fn here(context: &Context, head: &Head, views: &[SiteView]) -> ObjectName {
    match context.brief.plan.named_by {
        NamedBy::BucketAndKey => head.object.clone(),
        NamedBy::KeyOnly => {
            let home = views.iter().flat_map(|view| &view.homes).next();
            let bucket = home.map_or(&context.brief.plan.bucket, |home| &home.bucket);
            ObjectName { bucket: Arc::clone(bucket), key: head.object.key.clone() }
        }
    }
}

/// What the bytes of a digest hash to, unpacked; none, if they cannot be unpacked.
fn hash(stored: &Object) -> Option<Hash> {
    match gzip::inflate_hashed(&stored.body, Limit::DIGEST, |_| {}) {
        Ok(inflated) => Some(inflated.hash),
        Err(gzip::Fault::NotGzip) => Some(Hash::of(&stored.body)),
        Err(_) => None,
    }
}

/// What a listing says of an object that the store says is not there.
async fn is_listed(context: &Context, object: &ObjectName) -> Fate {
    let _slot = context.slots.take().await;
    match listing::alone(&context.store, object).await {
        Ok(None) => Fate::Gone,
        Ok(Some(_)) => {
            Fate::Unseen(Unseen::Failed("a listing shows it, and the store does not give it".into()))
        }
        Err(error) => Fate::Unseen(unseen(&error)),
    }
}

/// The authentic digest of the next hour, if it names this content for the head's place.
async fn named_by_the_next(context: &Context, head: &Head, hash: Hash) -> Option<ObjectName> {
    let own = DigestKey::parse(&head.object.key)?;
    let key = DigestKey { end: own.end + DIGEST_HOUR, ..own };
    let object = ObjectName { bucket: Arc::clone(&head.object.bucket), key: key.to_string().into() };
    let ring = context.ring(&key.chain.place.region, Span { start: key.end, end: key.end }).await?;
    let entry = fetch::digest(context, &ring, object, key).await.taken_as_it_is();
    let EntryState::Authentic(digest) = &entry.state else { return None };
    let named_by = context.brief.plan.named_by;
    let names = digest.previous().is_some_and(|previous| {
        previous.hash == hash && named_by.handle(&previous.object) == named_by.handle(&head.object)
    });
    names.then_some(entry.object)
}

/// The end of the oldest digest that is left, of any chain.
async fn oldest_left(context: &Context, views: &[SiteView]) -> Result<Option<Time>, StoreError> {
    let mut oldest: Option<Time> = None;
    for view in views {
        for home in &view.homes {
            let _slot = context.slots.take().await;
            let folder = RegionFolder::of(home, &view.place, DIGEST_FOLDER).to_string();
            let listing = Listing::whole(Arc::clone(&home.bucket), folder);
            let walked = fold(
                &context.store,
                listing,
                || None,
                |first: &mut Option<Time>, page| {
                    let ends =
                        page.objects.iter().filter_map(|listed| Some(DigestKey::parse(&listed.key)?.end));
                    *first = first.iter().copied().chain(ends).min();
                    // The first page holds the oldest day.
                    if first.is_some() { Walk::Past } else { Walk::On }
                },
            );
            oldest = oldest.into_iter().chain(walked.await?.found).min();
        }
    }
    Ok(oldest)
}
