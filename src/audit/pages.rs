//! Walks a listing page by page, and holds it to what everybody takes it for: that its keys ascend, and that it ends.
//!
//! Where keys do not ascend, what comes last says nothing of what is still to come, and "after this key" may leave out
//! anything: such a listing is read from its beginning to its end, whatever its reader has seen. Where too few keys came
//! to show any order, nothing rests on it either.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};

use futures_util::stream::{self, StreamExt};

use crate::store::{Listing, ObjectStore, Page, StoreError, StoreErrorKind, is_directory_bucket};
use crate::trail::address;

/// Whether a listing goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// To the next page.
    On,
    /// All that is wanted comes before, if keys ascend; otherwise it goes on all the same.
    Past,
    /// Nobody wants to know.
    Stop,
}

/// What a walk found.
#[derive(Debug)]
pub(super) struct Walked<Found> {
    pub(super) found: Found,
    /// Parts that could not be listed: nothing is known of what lies in them.
    pub(super) unlisted: Vec<StoreError>,
}

/// Hands every page of a listing to `take`, which gathers what it wants in what `begin` makes. A walk that shows to have
/// begun in the wrong place begins anew, with nothing found.
pub(super) async fn fold<Found>(
    store: &dyn ObjectStore,
    mut listing: Listing,
    begin: impl Fn() -> Found,
    mut take: impl FnMut(&mut Found, Page) -> Walk,
) -> Result<Walked<Found>, StoreError> {
    let mut order = Order::Assumed;
    if is_directory_bucket(&listing.bucket) {
        (order, listing.after) = (Order::None, None);
    }
    let mut kept = None;
    'anew: loop {
        let (mut walked, mut track) = (Walked { found: begin(), unlisted: Vec::new() }, Track::new(order));
        listing.token = None;
        loop {
            let mut page = store.list(&listing).await?;
            order = track.follow(&page);
            match (order, kept.take()) {
                (Order::None, _) if listing.after.take().is_some() => continue 'anew,
                (Order::Shown, Some(kept)) => return Ok(kept),
                (Order::Assumed, still) => kept = still,
                (Order::Shown | Order::None, _) => {}
            }
            walked.unlisted.append(&mut page.unlisted);
            let next = page.next.take();
            match (take(&mut walked.found, page), order, next) {
                (Walk::Stop, _, _) => return Ok(walked),
                (Walk::Past, Order::Shown, _) | (_, _, None) => break,
                (_, _, Some(token)) if track.leads_on(&token) => listing.token = Some(token),
                (_, _, Some(_)) => return Err(comes_back(&listing)),
            }
        }
        if order != Order::Assumed || listing.after.take().is_none() {
            return Ok(walked);
        }
        // It holds if the store lists in order, which a page from the start may show.
        kept = Some(walked);
    }
}

/// Lists each of `parts`, some at once, and gives what came of them in their order. What failed for a cause that may pass
/// is listed once more after all others.
pub(super) async fn each<Part: Clone, Found, Listing>(
    parts: Vec<Part>,
    at_once: usize,
    list: impl Fn(Part) -> Listing,
) -> Vec<Result<Found, StoreError>>
where
    Listing: Future<Output = Result<Found, StoreError>>,
{
    let mut listed = as_they_come(parts.iter().cloned().enumerate().collect(), at_once, &list).await;
    listed.sort_unstable_by_key(|(at, _)| *at);
    let mut once_more = Vec::new();
    for ((at, listed), part) in listed.iter().zip(parts) {
        if listed.as_ref().is_err_and(|error: &StoreError| error.kind.may_pass()) {
            once_more.push((*at, part));
        }
    }
    for (at, again) in as_they_come(once_more, at_once, &list).await {
        listed[at].1 = again;
    }
    listed.into_iter().map(|(_, listed)| listed).collect()
}

/// Lists numbered parts, and gives what came of each with its number.
async fn as_they_come<Part, Found, Listing>(
    parts: Vec<(usize, Part)>,
    at_once: usize,
    list: &impl Fn(Part) -> Listing,
) -> Vec<(usize, Result<Found, StoreError>)>
where
    Listing: Future<Output = Result<Found, StoreError>>,
{
    stream::iter(parts)
        .map(|(at, part)| {
            let listing = list(part);
            async move { (at, listing.await) }
        })
        .buffer_unordered(at_once)
        .collect()
        .await
}

/// What is known of the order of a store's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// So few keys ascend that it may be chance.
    Assumed,
    /// They ascend.
    Shown,
    /// They do not.
    None,
}

/// So many keys of a store that has no order ascend once in 479 million listings.
const ENOUGH_TO_SHOW: usize = 12;

/// The most tokens of a listing that are remembered, in a few dozen MiB: they stand for a billion keys.
const MOST_TOKENS: usize = 1_000_000;

/// Where a listing has been.
#[derive(Debug)]
struct Track {
    order: Order,
    seen: usize,
    last_object: Option<Box<str>>,
    last_folder: Option<String>,
    tokens: HashSet<u64>,
    hasher: RandomState,
}

impl Track {
    /// Nowhere yet.
    fn new(order: Order) -> Self {
        let (last_object, last_folder) = (None, None);
        let (tokens, hasher) = (HashSet::new(), RandomState::new());
        Self { order, seen: 0, last_object, last_folder, tokens, hasher }
    }

    /// Looks at one more page. Folders and objects ascend each by themselves; one listed twice is no step back.
    fn follow(&mut self, page: &Page) -> Order {
        let keys = || page.objects.iter().map(|object| &*object.key);
        let folders = || page.folders.iter().map(String::as_str);
        let ascends = self.last_object.as_deref().into_iter().chain(keys()).is_sorted()
            && self.last_folder.as_deref().into_iter().chain(folders()).is_sorted();
        self.last_object = keys().next_back().map(Into::into).or(self.last_object.take());
        self.last_folder = folders().next_back().map(Into::into).or(self.last_folder.take());
        self.seen += page.objects.len().max(page.folders.len());
        self.order = match (self.order, ascends) {
            (Order::None, _) | (_, false) => Order::None,
            (Order::Assumed, true) if self.seen < ENOUGH_TO_SHOW => Order::Assumed,
            (Order::Assumed | Order::Shown, true) => Order::Shown,
        };
        self.order
    }

    /// Whether a token leads to where the listing has not been.
    fn leads_on(&mut self, token: &str) -> bool {
        if self.tokens.len() >= MOST_TOKENS {
            // A circle is noticed the next time round.
            self.tokens.clear();
        }
        self.tokens.insert(self.hasher.hash_one(token))
    }
}

fn comes_back(listing: &Listing) -> StoreError {
    let target = address(&listing.bucket, &listing.prefix);
    StoreError::new(StoreErrorKind::Failed, "list", target, "the listing comes back to where it was")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::ready;
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::store::{Admission, Listed, Object, Take};
    use crate::trail::ObjectName;

    /// A store that lists what its function says, and notes what it was asked.
    struct Told<F> {
        pages: F,
        asked: Mutex<Vec<(Option<String>, Option<String>)>>,
    }

    #[async_trait]
    impl<F: Fn(&Listing) -> Page + Send + Sync + 'static> ObjectStore for Told<F> {
        async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
            self.asked.lock().unwrap().push((listing.after.clone(), listing.token.clone()));
            Ok((self.pages)(listing))
        }

        async fn get(&self, object: &ObjectName, _: &Admission) -> Result<Object, StoreError> {
            Err(nothing(object))
        }

        async fn stream(&self, object: &ObjectName, _: &mut Take<'_>) -> Result<(), StoreError> {
            Err(nothing(object))
        }
    }

    fn nothing(object: &ObjectName) -> StoreError {
        let (kind, target, detail) = (StoreErrorKind::Failed, object.to_string(), String::new());
        StoreError::new(kind, "get", target, detail)
    }

    fn page(keys: &[&str], next: Option<&str>) -> Page {
        let object = |key: &&str| Listed { key: (*key).into(), size: Some(1), ..Listed::default() };
        Page { objects: keys.iter().map(object).collect(), next: next.map(Into::into), ..Page::default() }
    }

    /// The pages of a store that goes on from each to the next, whatever it is asked to begin after.
    fn in_turn(
        pages: &'static [&'static [&'static str]],
    ) -> impl Fn(&Listing) -> Page + Send + Sync + 'static {
        |listing| {
            let at: usize = listing.token.as_deref().map_or(0, |token| token.parse().unwrap());
            let next = (at + 1 < pages.len()).then(|| (at + 1).to_string());
            page(pages[at], next.as_deref())
        }
    }

    /// What a walk finds whose reader has seen enough at the first key beyond `past`, and the requests it took.
    async fn walk(
        bucket: &str,
        after: Option<&str>,
        past: &str,
        pages: impl Fn(&Listing) -> Page + Send + Sync + 'static,
    ) -> (Result<Vec<String>, StoreError>, Vec<(Option<String>, Option<String>)>) {
        let store = Told { pages, asked: Mutex::default() };
        let listing = Listing::whole(bucket, "").after(after.map(Into::into));
        let found = fold(&store, listing, Vec::new, |found, page| {
            let mut walk = Walk::On;
            for key in page.objects.iter().map(|object| object.key.to_string()) {
                if *key > *past { walk = Walk::Past } else { found.push(key) }
            }
            walk
        })
        .await;
        (found.map(|walked| walked.found), store.asked.into_inner().unwrap())
    }

    fn asked(questions: &[(Option<&str>, Option<&str>)]) -> Vec<(Option<String>, Option<String>)> {
        let owned = |word: Option<&str>| word.map(str::to_owned);
        questions.iter().map(|(after, token)| (owned(*after), owned(*token))).collect()
    }

    const MANY: &[&str] = &["a", "b", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "c"];

    #[tokio::test]
    async fn an_ordered_listing_ends_where_its_reader_has_seen_enough() {
        let (found, questions) = walk("b", Some("a"), "d", in_turn(&[MANY, &["c", "d", "e"], &["f"]])).await;
        assert_eq!(found.unwrap(), [MANY, &["c", "d"]].concat());
        assert_eq!(questions, asked(&[(Some("a"), None), (Some("a"), Some("1"))]));
    }

    #[tokio::test]
    async fn an_unordered_one_is_begun_anew_and_read_to_its_end() {
        let pages = in_turn(&[&["z", "b"], &["c", "a"], &["x"], &["d"]]);
        let (found, questions) = walk("b", Some("a"), "d", pages).await;
        assert_eq!(found.unwrap(), ["b", "c", "a", "d"]);
        let all = [(None, None), (None, Some("1")), (None, Some("2")), (None, Some("3"))];
        assert_eq!(questions, asked(&[&[(Some("a"), None)], all.as_slice()].concat()));
    }

    /// A store that answers one thing to whoever asks for what comes after a key, and another from the start.
    fn after_and_from_start(
        after: &'static [&'static str],
        from_start: &'static [&'static str],
    ) -> impl Fn(&Listing) -> Page + Send + Sync + 'static {
        move |listing| match (&listing.after, listing.token.is_some()) {
            (Some(_), _) => page(after, None),
            (None, false) => page(from_start, Some("more")),
            (None, true) => page(&["d"], None),
        }
    }

    #[tokio::test]
    async fn a_few_keys_show_no_order_and_nothing_rests_on_it() {
        // In order from the start: what came after the key is all there is.
        let (found, questions) = walk("b", Some("b8"), "d", after_and_from_start(&["b9", "c"], MANY)).await;
        assert_eq!(found.unwrap(), ["b9", "c"]);
        assert_eq!(questions, asked(&[(Some("b8"), None), (None, None)]));
        // In no order, or still too few to tell: nothing of it is believed.
        for from_start in [["c", "b"], ["b", "c"]] {
            let pages = move |listing: &Listing| match (&listing.after, listing.token.is_some()) {
                (Some(_), _) => page(&[], None),
                (None, false) => page(&from_start, Some("more")),
                (None, true) => page(&["d"], None),
            };
            let (found, questions) = walk("b", Some("a"), "b9", pages).await;
            assert_eq!(found.unwrap(), ["b"]);
            assert_eq!(questions, asked(&[(Some("a"), None), (None, None), (None, Some("more"))]));
        }
    }

    #[tokio::test]
    async fn disorder_between_pages_is_disorder_and_what_began_at_the_start_goes_on() {
        let (found, questions) = walk("b", None, "d", in_turn(&[&["c"], &["b", "z"], &["d"]])).await;
        assert_eq!(found.unwrap(), ["c", "b", "d"]);
        assert_eq!(questions, asked(&[(None, None), (None, Some("1")), (None, Some("2"))]));
    }

    #[tokio::test]
    async fn a_directory_bucket_has_no_order_from_the_start() {
        let pages = in_turn(&[&["b", "z"], &["c"]]);
        let (found, questions) = walk("b--use1-az4--x-s3", Some("a"), "d", pages).await;
        assert_eq!(found.unwrap(), ["b", "c"]);
        assert_eq!(questions, asked(&[(None, None), (None, Some("1"))]));
    }

    #[tokio::test]
    async fn a_listing_in_circles_is_an_error() {
        for length in [1, 2, 7] {
            let circle = move |listing: &Listing| {
                let at: usize = listing.token.as_deref().map_or(0, |token| token.parse().unwrap());
                page(&["a"], Some(&((at + 1) % length).to_string()))
            };
            let (found, questions) = walk("b", None, "d", circle).await;
            assert_eq!(found.unwrap_err().detail, "the listing comes back to where it was");
            assert_eq!(questions.len(), length + 1);
        }
    }

    #[tokio::test]
    async fn what_may_pass_is_listed_once_more_after_all_others() {
        let asked = Mutex::new(Vec::new());
        let came = each(vec!["a", "passing", "lasting", "denied", "b"], 2, |part| {
            let again = asked.lock().unwrap().contains(&part);
            asked.lock().unwrap().push(part);
            let failed = |kind| {
                let (target, detail) = (part.to_owned(), String::new());
                Err(StoreError::new(kind, "list", target, detail))
            };
            ready(match (part, again) {
                ("passing", false) | ("lasting", _) => failed(StoreErrorKind::Throttled),
                ("denied", _) => failed(StoreErrorKind::Denied),
                (part, _) => Ok(part),
            })
        })
        .await;
        let came: Vec<_> = came.into_iter().map(|came| came.map_err(|error| error.target)).collect();
        assert_eq!(came, [Ok("a"), Ok("passing"), Err("lasting".into()), Err("denied".into()), Ok("b")]);
        let asked = asked.into_inner().unwrap();
        assert_eq!(asked, ["a", "passing", "lasting", "denied", "b", "passing", "lasting"]);
    }

    #[tokio::test]
    async fn nobody_is_waited_for_and_nothing_unlisted_is_lost() {
        let pages = |listing: &Listing| {
            let error = comes_back(listing);
            Page { unlisted: vec![error], ..page(&["a"], (listing.token.is_none()).then_some("1")) }
        };
        let store = Told { pages, asked: Mutex::default() };
        let listing = |bucket: &str| Listing::whole(bucket, "");
        let walked = fold(&store, listing("b"), || (), |(), _| Walk::On).await.unwrap();
        assert_eq!(walked.unlisted.len(), 2);
        let walked = fold(&store, listing("b--x-s3"), || (), |(), _| Walk::Stop).await.unwrap();
        assert_eq!(walked.unlisted.len(), 1);
    }

    #[test]
    fn folders_and_objects_ascend_each_by_themselves() {
        let folders = |keys: &[&str], folders: &[&str]| {
            let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
            Page { folders, ..page(keys, None) }
        };
        let mut track = Track::new(Order::Assumed);
        assert_eq!(track.follow(&folders(&["m", "n"], &["a/", "b/"])), Order::Assumed);
        assert_eq!(track.follow(&folders(&[], &["c/"])), Order::Assumed);
        assert_eq!(track.follow(&folders(&["o"], &[])), Order::Assumed);
        assert_eq!(track.follow(&folders(&["p"], &["b/"])), Order::None);
        assert_eq!(track.follow(&folders(&["q"], &["d/"])), Order::None);
        assert_eq!(Track::new(Order::Assumed).follow(&page(MANY, None)), Order::Shown);
        assert_eq!(Track::new(Order::Assumed).follow(&page(&["a", "c", "b"], None)), Order::None);
    }
}
