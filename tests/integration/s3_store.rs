//! The S3 store against a server that fails on purpose: every fault comes back under its own name, those that pass
//! are waited out, and a body is whole or it is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use trailseal::aws::{RequestPolicy, Session};
use trailseal::store::s3::S3Store;
use trailseal::store::{
    Listing, ListingDepth, Metadata, Object, ObjectStore, Page, StoreError, StoreErrorKind, UserMetadata,
};
use trailseal::trail::ObjectName;

use crate::support::client::{brief, config, quick, session, timeless, wired};
use crate::support::faults::{self, Action, Fault};
use crate::support::memory::room;
use crate::support::server::{Behaviour, Server};
use crate::support::world::{self, Bucket, StorageClass, World};

const KEY: &str = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/a.json.gz";
const BODY: &[u8] = b"not gzip, but long enough to be cut in two";

fn small_world() -> World {
    let mut bucket = Bucket::new("us-east-1");
    bucket
        .put(KEY, BODY)
        .with("signature", "ab12")
        .with("signature-algorithm", "SHA256withRSA")
        .with("unrelated", "x");
    World { buckets: [("logs".to_owned(), bucket)].into(), ..World::default() }
}

fn store(server: &Server) -> S3Store {
    S3Store::new(&session(server, quick()))
}

async fn get(store: &S3Store, key: &str) -> Result<Object, StoreError> {
    store.get(&ObjectName::new("logs", key), &room(1 << 20)).await
}

fn listing(prefix: &str, reach: ListingDepth) -> Listing {
    Listing { bucket: "logs".into(), prefix: prefix.into(), after: None, reach, token: None }
}

async fn list_all(store: &S3Store, mut listing: Listing) -> Result<(Page, usize), StoreError> {
    let (mut whole, mut pages) = (Page::default(), 0);
    loop {
        let page = store.list(&listing).await?;
        pages += 1;
        whole.objects.extend(page.objects);
        whole.folders.extend(page.folders);
        listing.token = page.next;
        if listing.token.is_none() {
            return Ok((whole, pages));
        }
    }
}

#[tokio::test]
async fn an_object_comes_with_its_metadata() {
    let server = Server::start(small_world());
    let object = get(&store(&server), KEY).await.unwrap();
    assert_eq!(object.body, BODY);
    let kept = Metadata::Kept(UserMetadata {
        signature: Some("ab12".into()),
        signature_algorithm: Some("SHA256withRSA".into()),
        backfill_generation_timestamp: None,
    });
    assert_eq!(object.metadata, kept);
    assert_eq!(server.take_counts(), [(Action::GetObject, 1)].into());
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let server = Server::start(small_world());
    server.change(|world| {
        world.buckets.get_mut("logs").unwrap().put("empty", "");
    });
    assert!(get(&store(&server), "empty").await.unwrap().body.is_empty());
}

#[tokio::test]
async fn every_refusal_comes_under_its_own_name() {
    use StoreErrorKind::{
        CredentialsExpired, CutOff, Denied, Failed, Faltered, KeyRefused, NoCredentials, NoSuchBucket,
        NotFound, Throttled, TimedOut,
    };
    let server = Server::start(small_world());
    let new_store = || S3Store::new(&session(&server, brief()));
    let cases = [
        (Fault::DENIED, Denied),
        (Fault::NO_SUCH_KEY, NotFound),
        (Fault::SLOW_DOWN, Throttled),
        (Fault::Refuse(503, "ServiceUnavailable", "later"), Throttled),
        (Fault::Refuse(429, "TooManyRequests", "later"), Throttled),
        (Fault::INTERNAL, Faltered),
        (Fault::EXPIRED, CredentialsExpired),
        (Fault::Refuse(403, "RequestExpired", "expired"), CredentialsExpired),
        (Fault::Refuse(400, "TokenRefreshRequired", "refresh"), CredentialsExpired),
        (Fault::KMS_DENIED, KeyRefused),
        (Fault::KMS_DISABLED, KeyRefused),
        (Fault::Refuse(400, "KMS.NotFoundException", "no such key"), KeyRefused),
        (Fault::Refuse(400, "KMS.ThrottlingException", "slowly"), Throttled),
        (Fault::Refuse(404, "NoSuchBucket", "no bucket"), NoSuchBucket),
        (Fault::Refuse(403, "InvalidAccessKeyId", "unknown key"), NoCredentials),
        (Fault::Refuse(403, "SignatureDoesNotMatch", "wrong secret"), NoCredentials),
        (Fault::Refuse(403, "RequestTimeTooSkewed", "your clock"), Faltered),
        (Fault::Refuse(400, "RequestTimeout", "idle"), TimedOut),
        (Fault::Refuse(404, "GatewayLost", "not S3's word"), Failed),
        (Fault::Refuse(418, "Teapot", "short and stout"), Failed),
        (Fault::Reset, CutOff),
        (Fault::CutAt(0), CutOff),
        (Fault::CutAt(20), CutOff),
        (Fault::StallAt(20), TimedOut),
    ];
    for (fault, kind) in cases {
        // One store has read from the bucket before and takes the fast path; the other leaves all to the SDK.
        let (store, store_at_work) = (new_store(), new_store());
        server.fail(faults::script(|_| None));
        get(&store_at_work, KEY).await.unwrap();
        let always = fault.clone();
        // All but what shows that the store is there.
        server.fail(faults::script(move |call| (!call.key.is_empty()).then(|| always.clone())));
        server.take_counts();
        let error_at_work = get(&store_at_work, KEY).await.expect_err(&format!("{fault:?} passed"));
        let sent_at_work = server.take_counts();
        let error = get(&store, KEY).await.expect_err(&format!("{fault:?} passed"));
        let sent = server.take_counts();
        assert_eq!(error.kind, kind, "{fault:?} came back as {error}");
        assert_eq!(error_at_work, error, "{fault:?} is told otherwise by a store at work");
        if kind.may_pass() {
            assert!(
                sent[&Action::GetObject] > 1 && sent_at_work[&Action::GetObject] > 1,
                "{fault:?}: {sent:?}, {sent_at_work:?}"
            )
        } else {
            assert_eq!(sent, [(Action::GetObject, 1)].into(), "{fault:?}");
            assert_eq!(sent_at_work, sent, "{fault:?}");
        }
        assert_eq!((error.action, error.target.as_str()), ("get", format!("s3://logs/{KEY}").as_str()));
        if let Fault::Refuse(_, code, message) = fault {
            assert!(error.detail.contains(code) && error.detail.contains(message), "{}", error.detail);
        }
        let error = store.list(&listing("AWSLogs/", ListingDepth::Folder)).await;
        let Err(error) = error else { panic!("a listing passed {fault:?}") };
        let expected = match kind {
            // No key was asked for: a listing cannot say that one is absent.
            NotFound => Failed,
            kind => kind,
        };
        assert_eq!(error.kind, expected, "{fault:?} came back as {error}");
    }
}

#[tokio::test]
async fn what_passes_is_waited_out() {
    let server = Server::start(small_world());
    let store = store(&server);
    for fault in [
        Fault::SLOW_DOWN,
        Fault::INTERNAL,
        Fault::Reset,
        Fault::CutAt(0),
        Fault::CutAt(20),
        Fault::StallAt(20),
        Fault::Refuse(403, "RequestTimeTooSkewed", "your clock"),
    ] {
        server.behave(Behaviour::default());
        server.take_counts();
        let passing = fault.clone();
        let first = std::sync::atomic::AtomicUsize::new(0);
        server.fail(faults::script(move |_| {
            let number = first.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            (number < 2).then(|| passing.clone())
        }));
        let object = get(&store, KEY).await.unwrap_or_else(|error| panic!("{fault:?} did not heal: {error}"));
        assert_eq!(object.body, BODY, "after {fault:?}");
        assert_eq!(server.take_counts(), [(Action::GetObject, 3)].into(), "after {fault:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_asked_once() {
    let server = Server::start(small_world());
    let store = store(&server);
    for fault in [Fault::DENIED, Fault::NO_SUCH_KEY, Fault::EXPIRED, Fault::KMS_DENIED] {
        server.fail(faults::script(move |_| Some(fault.clone())));
        get(&store, KEY).await.unwrap_err();
        assert_eq!(server.take_counts(), [(Action::GetObject, 1)].into());
    }
}

#[tokio::test]
async fn a_dripping_body_is_given_up() {
    let server = Server::start(small_world());
    server.fail(faults::script(|call| {
        (call.action == Action::GetObject).then_some(Fault::Drip(Duration::from_millis(100)))
    }));
    let store = S3Store::new(&session(&server, brief()));
    let error = get(&store, KEY).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::TimedOut, "{error}");
}

#[tokio::test]
async fn an_absent_key_is_absent_only_where_listing_is_granted() {
    let server = Server::start(small_world());
    let store = store(&server);
    assert_eq!(get(&store, "nowhere").await.unwrap_err().kind, StoreErrorKind::NotFound);
    server.change(|world| world.buckets.get_mut("logs").unwrap().listing = world::Listing::Denied);
    assert_eq!(get(&store, "nowhere").await.unwrap_err().kind, StoreErrorKind::Denied);
    let refused = store.list(&listing("", ListingDepth::Whole)).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Denied);
}

#[tokio::test]
async fn an_archived_object_names_its_archive() {
    let server = Server::start(small_world());
    let store = store(&server);
    for (class, name) in [(StorageClass::Glacier, "GLACIER"), (StorageClass::DeepArchive, "DEEP_ARCHIVE")] {
        server.change(|world| {
            world.buckets.get_mut("logs").unwrap().objects.get_mut(KEY).unwrap().storage_class = class;
        });
        let error = get(&store, KEY).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Archived);
        assert!(error.detail.contains(name) && error.detail.contains("restore"), "{}", error.detail);
    }
}

#[tokio::test]
async fn a_missing_bucket_is_not_a_missing_object() {
    let server = Server::start(small_world());
    let store = store(&server);
    let error = store.get(&ObjectName::new("elsewhere", KEY), &room(1)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NoSuchBucket);
}

#[tokio::test]
async fn a_bucket_elsewhere_is_found_once() {
    let server = Server::start(small_world());
    server.change(|world| world.buckets.get_mut("logs").unwrap().region = "eu-central-2".into());
    let store = store(&server);
    for _ in 0..5 {
        assert_eq!(get(&store, KEY).await.unwrap().body, BODY);
    }
    store.list(&listing("", ListingDepth::Whole)).await.unwrap();
    let expected = [(Action::GetObject, 6), (Action::ListObjectsV2, 1)].into();
    assert_eq!(server.take_counts(), expected);
}

#[tokio::test]
async fn no_credentials_are_no_credentials() {
    let server = Server::start(small_world());
    #[derive(Debug)]
    struct Nobody;
    impl aws_credential_types::provider::ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let error =
                aws_credential_types::provider::error::CredentialsError::not_loaded("none configured");
            aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
        }
    }
    let config = config(&server, SharedCredentialsProvider::new(Nobody));
    let error = get(&S3Store::new(&Session::over(config, None, quick())), KEY).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NoCredentials, "{error}");
    assert!(server.take_counts().is_empty());
}

#[tokio::test]
async fn nobody_listening_is_a_failure_and_no_verdict() {
    let server = Server::start(small_world());
    let session = session(&server, brief());
    drop(server);
    let error = get(&S3Store::new(&session), KEY).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    assert!(error.detail.contains("refused"), "{}", error.detail);
}

#[tokio::test]
async fn listings_are_the_same_for_every_page_size() {
    let server = Server::start(World::default());
    let awkward =
        ["a b+c&d<e>%20", "ä/ö", "a/1", "a/2/x", "a/2/y", "a/3", "b/\u{1}", "b/\u{1}/z", "c//d", "d"];
    server.change(|world| {
        let mut bucket = Bucket::new("us-east-1");
        for key in awkward {
            bucket.put(key, "x");
        }
        for number in 0..40 {
            bucket.put(&format!("many/{number:03}/a"), "xy");
            bucket.put(&format!("many/{number:03}/b"), "xyz");
        }
        world.buckets.insert("logs".into(), bucket);
    });
    let store = store(&server);
    let mut expected: Option<Vec<(Page, usize)>> = None;
    for page_size in [1, 2, 3, 7, 1000] {
        server.behave(Behaviour { page_size, ..Behaviour::default() });
        let mut found = Vec::new();
        for prefix in ["", "a/", "b/", "c/", "many/", "nothing/"] {
            for reach in [ListingDepth::Whole, ListingDepth::Folder] {
                let (page, pages) = list_all(&store, listing(prefix, reach)).await.unwrap();
                let items = page.objects.len() + page.folders.len();
                assert_eq!(pages, items.div_ceil(page_size).max(1), "{prefix} by {page_size}");
                found.push((page, 0));
            }
        }
        let after = Listing { after: Some("many/019/a".into()), ..listing("many/", ListingDepth::Whole) };
        let (page, _) = list_all(&store, after).await.unwrap();
        assert_eq!(page.objects.len(), 41);
        assert_eq!(&*page.objects[0].key, "many/019/b");
        found.push((page, 0));
        assert!(expected.as_ref().is_none_or(|expected| *expected == found), "page size {page_size}");
        expected = Some(found);
    }
    let (page, _) = list_all(&store, listing("", ListingDepth::Whole)).await.unwrap();
    let keys: Vec<&str> = page.objects.iter().map(|listed| &*listed.key).collect();
    let mut sorted = awkward.to_vec();
    sorted.sort_unstable();
    assert_eq!(keys.iter().copied().filter(|key| !key.starts_with("many/")).collect::<Vec<_>>(), sorted);
    assert!(keys.is_sorted());
    let (page, _) = list_all(&store, listing("a/", ListingDepth::Folder)).await.unwrap();
    assert_eq!(page.folders, ["a/2/"]);
    assert_eq!(page.objects[0].size, Some(1));
    // The MD5 of "x".
    assert_eq!(page.objects[0].etag.as_deref(), Some("9dd4e461268c8034f5c8564e155c67a6"));
    assert_eq!(page.objects[0].storage_class.as_deref(), Some("STANDARD"));
}

#[tokio::test]
async fn a_storm_of_slow_downs_slows_the_run_and_fails_nothing() {
    let server = Server::start(small_world());
    server.fail(faults::at_random(
        7,
        300,
        vec![Fault::SLOW_DOWN, Fault::Reset, Fault::CutAt(5), Fault::INTERNAL],
    ));
    server.change(|world| {
        let bucket = world.buckets.get_mut("logs").unwrap();
        for number in 0..300 {
            bucket.put(&format!("k{number}"), format!("body {number}"));
        }
    });
    let store = Arc::new(store(&server));
    let mut running = tokio::task::JoinSet::new();
    for number in 0..300 {
        let store = store.clone();
        running.spawn(async move { (number, get(&store, &format!("k{number}")).await) });
    }
    while let Some(done) = running.join_next().await {
        let (number, object) = done.unwrap();
        assert_eq!(object.unwrap().body, format!("body {number}"));
    }
    let asked = server.take_counts()[&Action::GetObject];
    assert!(asked > 340, "only {asked} requests: the faults did not happen");
}

/// How long it takes to get so many objects at once from each of these buckets, at 100 requests a second.
fn hundred_a_second(objects: usize, buckets: &[&str]) -> Duration {
    let server = Server::start(World::default());
    server.change(|world| {
        for name in buckets {
            let mut bucket = Bucket::new("us-east-1");
            bucket.put(KEY, BODY);
            world.buckets.insert((*name).to_owned(), bucket);
        }
    });
    let load = RequestPolicy { requests_per_second: NonZeroU32::new(100), ..quick() };
    timeless().block_on(async {
        let store = S3Store::new(&wired(&server, load));
        let room = room(1 << 20);
        let names: Vec<ObjectName> = buckets.iter().map(|bucket| ObjectName::new(*bucket, KEY)).collect();
        let started = tokio::time::Instant::now();
        let all = (0..objects).flat_map(|_| &names).map(|name| store.get(name, &room));
        for got in futures_util::future::join_all(all).await {
            got.unwrap();
        }
        started.elapsed()
    })
}

#[test]
fn requests_keep_to_the_callers_limit_for_each_bucket_by_itself() {
    for buckets in [&["logs"][..], &["logs", "logs-of-last-year", "another"]] {
        let took = hundred_a_second(31, buckets);
        let late = Duration::from_millis(10);
        assert!(took >= Duration::from_millis(300) && took < Duration::from_millis(300) + late, "{took:?}");
    }
}

/// Refuses what comes faster than so many requests a second, a tenth of a second's worth at once left aside.
fn bears(requests_a_second: f64) -> faults::Script {
    let bucket = std::sync::Mutex::new((0.0_f64, None::<tokio::time::Instant>));
    faults::script(move |_| {
        let now = tokio::time::Instant::now();
        let mut bucket = bucket.lock().unwrap();
        let (level, last) = &mut *bucket;
        let since = last.replace(now).map_or(0.0, |last| (now - last).as_secs_f64());
        *level = (*level - since * requests_a_second).max(0.0);
        if *level < requests_a_second / 10.0 {
            *level += 1.0;
            None
        } else {
            Some(Fault::SLOW_DOWN)
        }
    })
}

#[test]
fn a_store_that_bears_less_than_it_is_asked_for_is_asked_for_what_it_bears() {
    use futures_util::stream::{self, StreamExt};
    for (bearable, refused_at_most) in [(200.0, 0.4), (1000.0, 0.1), (3000.0, 0.02)] {
        let server = Server::start(small_world());
        server.behave(Behaviour {
            script: bears(bearable),
            latency: Duration::from_millis(20),
            ..Behaviour::default()
        });
        let asked = (bearable * 20.0) as usize;
        let (took, refused) = timeless().block_on(async {
            let store = S3Store::new(&wired(&server, RequestPolicy::default()));
            let room = room(1 << 30);
            let name = ObjectName::new("logs", KEY);
            let began = tokio::time::Instant::now();
            let mut all = stream::iter(0..asked).map(|_| store.get(&name, &room)).buffer_unordered(256);
            while let Some(got) = all.next().await {
                got.unwrap();
            }
            (began.elapsed(), store.condition().retries.throttled)
        });
        // Twenty seconds' worth.
        assert!(took < Duration::from_secs(25), "{bearable} a second: {asked} took {took:?}");
        let share = refused as f64 / asked as f64;
        assert!(share < refused_at_most, "{bearable} a second: {refused} refused of {asked}");
    }
}
