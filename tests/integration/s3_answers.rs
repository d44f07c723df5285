//! What answers is not always S3. A page of a portal or proxy is a failure and no object, whatever headers it bears; an
//! object is judged by its bytes, whatever headers its writer chose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use trailseal::aws::RequestPolicy;
use trailseal::forge;
use trailseal::keys::{self, KeySource};
use trailseal::report::Class;
use trailseal::report::Report;
use trailseal::store::s3::S3Store;
use trailseal::store::{LARGEST, Listing, Object, ObjectStore, StoreError, StoreErrorKind, Streamed};
use trailseal::trail::{ObjectName, parse_time};

use crate::support::client::{self, brief, quick, session};
use crate::support::faults::{self, Action, Fault, alien, careful_login_page, login_page};
use crate::support::forged::{self, Encoding};
use crate::support::memory::room;
use crate::support::server::Server;
use crate::support::verify::plan;
use crate::support::world::{self, Bucket, World};

const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/a.json.gz";
const BODY: &[u8] = b"not gzip, but long enough to be cut in two, and to be sent in more than one chunk of a hundred bytes each";

fn small_world() -> World {
    let mut bucket = Bucket::new("us-east-1");
    bucket.put(KEY, BODY);
    World { buckets: [("logs".to_owned(), bucket)].into(), ..World::default() }
}

async fn get(store: &S3Store) -> Result<Object, StoreError> {
    store.get(&ObjectName::new("logs", KEY), &room(1 << 20)).await
}

async fn stream(store: &S3Store) -> Result<Vec<u8>, StoreError> {
    let mut shown = Vec::new();
    let mut take = |part: Streamed<'_>| {
        match part {
            Streamed::Anew => shown.clear(),
            Streamed::Piece(piece) => shown.extend_from_slice(piece),
        }
        ControlFlow::Continue(())
    };
    store.stream(&ObjectName::new("logs", KEY), &mut take).await?;
    Ok(shown)
}

/// Asks for the object with every store and in every way there is, whole and as a stream: with a store that leaves all to
/// the SDK, and with one that has asked before and takes the fast path. All come to the same.
async fn ask(server: &Server, fault: impl Fn() -> Option<Fault>) -> Result<Vec<u8>, StoreError> {
    let mut all = Vec::new();
    for is_at_work in [false, true] {
        let store = S3Store::new(&session(server, brief()));
        server.fail(faults::none());
        if is_at_work {
            get(&store).await.unwrap();
        }
        let own = fault();
        server.fail(faults::script(move |call| own.clone().filter(|_| call.action == Action::GetObject)));
        all.push(get(&store).await.map(|object| object.body.to_vec()));
        all.push(stream(&store).await);
    }
    let first = all.pop().unwrap();
    assert!(all.iter().all(|other| *other == first), "{first:?} and {all:?}");
    first
}

fn change(server: &Server, change: impl Fn(&mut world::Stored)) {
    server.change(|world| change(world.buckets.get_mut("logs").unwrap().objects.get_mut(KEY).unwrap()));
}

#[tokio::test]
async fn an_answer_without_any_mark_of_s3_is_not_s3s() {
    let server = Server::start(small_world());
    for (name, fault) in [
        ("login page", login_page()),
        ("plain page", alien("content-type: text/plain\r\n", "Sign in first.")),
        ("nothing at all", alien("", "")),
        ("the very bytes", alien("content-type: application/x-gzip\r\n", std::str::from_utf8(BODY).unwrap())),
    ] {
        let error = ask(&server, || Some(fault.clone())).await.expect_err(name);
        assert_eq!(error.kind, StoreErrorKind::Faltered, "{name}: {error}");
        assert!(error.detail.contains("what answered is not S3"), "{name}: {error}");
    }
    assert_eq!(ask(&server, || None).await.unwrap(), BODY);
}

#[tokio::test]
async fn each_of_s3s_marks_is_enough() {
    let server = Server::start(small_world());
    for mark in ["x-amz-request-id: A", "ETag: \"0\"", "Last-Modified: Sun, 01 Mar 2026 00:00:00 GMT"] {
        let fault = alien(&format!("{mark}\r\n"), "other bytes");
        assert_eq!(ask(&server, || Some(fault.clone())).await.unwrap(), b"other bytes", "{mark}");
    }
}

#[tokio::test]
async fn an_answer_that_is_a_success_and_no_200_is_no_object() {
    let server = Server::start(small_world());
    for status in ["203 Non-Authoritative Information", "204 No Content", "206 Partial Content"] {
        let fault =
            Fault::Raw(format!("HTTP/1.1 {status}\r\netag: \"0\"\r\nconnection: close\r\n\r\n").into());
        let error = ask(&server, || Some(fault.clone())).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Faltered, "{status}: {error}");
    }
}

#[tokio::test]
async fn what_an_objects_writer_puts_into_its_headers_does_not_hide_it() {
    let server = Server::start(small_world());
    let head = b"HTTP/1.1 200 OK\r\nx-amz-request-id: A\r\ncontent-length: 1\r\nconnection: close\r\n";
    for header in [
        b"content-disposition: \xff\xfe\r\n".as_slice(),
        b"x-amz-meta-signature: \xff\r\n",
        b"content-encoding: gzip\r\n",
        b"content-encoding: br\r\ncontent-language: \xe4\r\n",
        b"expires: never\r\n",
        b"cache-control: no-store\r\nage: 7\r\n",
    ] {
        let fault = Fault::Raw([head, header, b"\r\nx"].concat().into());
        let name = String::from_utf8_lossy(header);
        assert_eq!(ask(&server, || Some(fault.clone())).await.expect(&name), b"x", "{name}");
    }
}

#[tokio::test]
async fn a_page_that_goes_away_is_waited_out() {
    let server = Server::start(small_world());
    let store = S3Store::new(&session(&server, quick()));
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: http://portal/\r\ncontent-length: 0\r\n\r\n";
    for fault in [login_page(), alien("", ""), careful_login_page(), Fault::Raw(elsewhere.into())] {
        let left = Mutex::new(2);
        server.fail(faults::script(move |call| {
            let mut left = left.lock().unwrap();
            (call.action == Action::GetObject && *left > 0).then(|| {
                *left -= 1;
                fault.clone()
            })
        }));
        assert_eq!(get(&store).await.unwrap().body, BODY);
    }
}

#[tokio::test]
async fn a_page_is_an_object_where_the_listing_has_it() {
    let server = Server::start(small_world());
    change(&server, |stored| stored.content_type = "text/html".into());
    // Its ETag is its MD5: nothing else need be asked when it is whole in memory.
    let store = S3Store::new(&session(&server, quick()));
    server.take_counts();
    assert_eq!(get(&store).await.unwrap().body, BODY);
    assert_eq!(server.take_counts(), [(Action::GetObject, 1)].into());
    assert_eq!(ask(&server, || None).await.unwrap(), BODY);
    // Under KMS it is not.
    change(&server, |stored| stored.etag = Some("0123456789abcdef0123456789abcdef".into()));
    server.take_counts();
    assert_eq!(get(&store).await.unwrap().body, BODY);
    assert_eq!(server.take_counts(), [(Action::ListObjectsV2, 1), (Action::GetObject, 1)].into());
    assert_eq!(ask(&server, || None).await.unwrap(), BODY);
}

#[tokio::test]
async fn a_page_is_no_object_where_the_listing_has_another_or_cannot_be_had() {
    let server = Server::start(small_world());
    let page = careful_login_page;
    let error = ask(&server, || Some(page())).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Faltered, "{error}");
    assert!(error.detail.contains("web page of 89 bytes"), "{error}");
    assert!(error.detail.contains(&format!("{} bytes", BODY.len())), "{error}");

    // As long as the object, and still another.
    change(&server, |stored| stored.body = vec![b'x'; 89].into());
    assert!(ask(&server, || Some(page())).await.unwrap_err().detail.contains("not S3"));
    // One whose listing cannot be retrieved.
    change(&server, |stored| stored.etag = Some("5f2b-1a".into()));
    assert!(ask(&server, || Some(page())).await.is_ok());
    server.change(|world| world.buckets.get_mut("logs").unwrap().listing = world::Listing::Denied);
    let error = ask(&server, || Some(page())).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Faltered, "{error}");
    assert!(error.detail.contains("AccessDenied"), "{error}");
    // One that it does not show, though it shows a longer key.
    server.change(|world| {
        let bucket = world.buckets.get_mut("logs").unwrap();
        bucket.listing = world::Listing::Granted;
        let stored = bucket.objects.remove(KEY).unwrap();
        bucket.objects.insert(format!("{KEY}.copy"), stored);
    });
    let store = S3Store::new(&session(&server, brief()));
    server.fail(faults::script(move |call| (call.action == Action::GetObject).then(page)));
    let error = get(&store).await.unwrap_err();
    assert!(error.detail.contains("does not show"), "{error}");
}

#[tokio::test]
async fn a_body_without_an_end_is_whole_where_the_listed_size_fits() {
    let server = Server::start(small_world());
    change(&server, |stored| stored.etag = Some("of KMS".into()));
    assert_eq!(ask(&server, || Some(Fault::Chunked)).await.unwrap(), BODY);
    assert_eq!(ask(&server, || Some(Fault::Unframed)).await.unwrap(), BODY);
    for cut in [0, 1, 20, BODY.len() - 1] {
        for fault in [Fault::UnframedCutAt(cut), Fault::ChunkedCutAt(cut), Fault::CutAt(cut)] {
            let error = ask(&server, || Some(fault.clone())).await.expect_err(&format!("{fault:?}"));
            assert_eq!(error.kind, StoreErrorKind::CutOff, "{fault:?}: {error}");
        }
    }
    server.change(|world| world.buckets.get_mut("logs").unwrap().listing = world::Listing::Denied);
    let error = ask(&server, || Some(Fault::Unframed)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::CutOff, "{error}");
    // Only bodies without an end need the listing.
    assert_eq!(ask(&server, || Some(Fault::Chunked)).await.unwrap(), BODY);
}

#[tokio::test]
async fn a_listing_asked_for_on_the_way_is_throttled_like_any_other() {
    let server = Server::start(small_world());
    change(&server, |stored| {
        stored.content_type = "text/html".into();
        stored.etag = Some("of KMS".into());
    });
    let store = S3Store::new(&session(&server, brief()));
    server.fail(faults::script(|call| {
        (call.action == Action::ListObjectsV2 && call.key == KEY).then_some(Fault::SLOW_DOWN)
    }));
    assert_eq!(get(&store).await.unwrap_err().kind, StoreErrorKind::Throttled);
    assert!(server.take_counts()[&Action::ListObjectsV2] > 2);
}

#[tokio::test]
async fn bytes_are_asked_for_as_stored_in_a_header_that_no_signature_rests_on() {
    let server = Server::start(small_world());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let own = seen.clone();
    server.fail(faults::script(move |call| {
        own.lock().unwrap().push(call.headers.clone());
        None
    }));
    let store = S3Store::new(&session(&server, quick()));
    for _ in 0..3 {
        get(&store).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    for headers in &*seen {
        let all = |name: &str| -> Vec<&str> {
            headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
        };
        assert_eq!(all("accept-encoding"), ["identity"]);
        let [authorization] = all("authorization")[..] else { panic!("not signed: {headers:?}") };
        assert!(authorization.contains("SignedHeaders=host;"), "{authorization}");
        assert!(!authorization.contains("accept-encoding"), "{authorization}");
    }
}

#[tokio::test]
async fn the_clock_is_s3s_own_and_no_proxys() {
    let server = Server::start(small_world());
    let dated = |date: &str, marks: &str| {
        let fault = alien(&format!("date: {date}\r\n{marks}"), "x");
        faults::script(move |_| Some(fault.clone()))
    };
    for is_at_work in [false, true] {
        let store = S3Store::new(&session(&server, brief()));
        assert_eq!(store.clock(), None);
        if is_at_work {
            server.fail(dated("Sun, 01 Mar 2026 00:00:00 GMT", "x-amz-request-id: A\r\n"));
            get(&store).await.unwrap();
        }
        server.fail(dated("Mon, 02 Mar 2026 10:20:30 GMT", "x-amz-request-id: A\r\n"));
        get(&store).await.unwrap();
        let heard = Some(parse_time("2026-03-02T10:20:30Z").unwrap());
        assert_eq!(store.clock(), heard);
        server.fail(dated("Thu, 01 Jan 2099 00:00:00 GMT", ""));
        get(&store).await.unwrap_err();
        assert_eq!(store.clock(), heard);
    }
    server.fail(faults::none());
    let listing = Listing::whole("logs", "");
    let store = S3Store::new(&session(&server, brief()));
    store.list(&listing).await.unwrap();
    assert!(store.clock() > Some(parse_time("2026-03-02T10:20:30Z").unwrap()));
}

#[tokio::test]
async fn what_memory_does_not_hold_is_refused_and_can_be_streamed() {
    let server = Server::start(small_world());
    let length = usize::try_from(LARGEST).unwrap() + 1;
    change(&server, |stored| stored.body = vec![b'x'; length].into());
    let patient = RequestPolicy { answer_timeout: Duration::from_secs(20), ..brief() };
    let store = S3Store::new(&session(&server, patient));
    for fault in [None, Some(Fault::Chunked)] {
        let own = fault.clone();
        server.fail(faults::script(move |call| own.clone().filter(|_| call.action == Action::GetObject)));
        let error = get(&store).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Oversized, "{fault:?}: {error}");
        assert_eq!(stream(&store).await.unwrap().len(), length, "{fault:?}");
        let mut seen = 0;
        let mut take = |part: Streamed<'_>| match part {
            Streamed::Anew => ControlFlow::Continue(()),
            Streamed::Piece(piece) => {
                seen += piece.len();
                ControlFlow::Break(())
            }
        };
        store.stream(&ObjectName::new("logs", KEY), &mut take).await.unwrap();
        assert!(0 < seen && seen < length, "{seen}");
    }
    // A page so large is nobody's object until the listing says so.
    server.fail(faults::script(|call| {
        let headers =
            format!("content-type: text/html\r\netag: \"0\"\r\ncontent-length: {}\r\n", LARGEST + 2);
        let page = Fault::Raw(format!("HTTP/1.1 200 OK\r\n{headers}\r\n<html>").into());
        (call.action == Action::GetObject).then_some(page)
    }));
    assert_eq!(get(&store).await.unwrap_err().kind, StoreErrorKind::Faltered);
    assert_eq!(stream(&store).await.unwrap_err().kind, StoreErrorKind::Faltered);
}

/// An answer with this status and a document that is padded to so many bytes.
fn padded(status: &str, document: &str, length: usize) -> Fault {
    let padding = " ".repeat(length.saturating_sub(document.len()));
    let headers =
        format!("content-type: application/xml\r\ncontent-length: {}\r\n", document.len() + padding.len());
    Fault::Raw(format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n{document}{padding}").into())
}

#[tokio::test]
async fn refusals_and_pages_larger_than_any_of_s3s_are_not_read_to_their_end() {
    let server = Server::start(small_world());
    let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let asked = async |status: &'static str, length: usize| {
        ask(&server, || Some(padded(status, denied, length))).await.unwrap_err()
    };
    let told = |error: &StoreError| error.detail.contains("Access Denied");
    let whole = asked("403 Forbidden", 60_000).await;
    assert!(whole.kind == StoreErrorKind::Denied && told(&whole), "{whole}");
    // Of a longer one the status alone is read: it would be as long the next time.
    for (status, kind) in [
        ("403 Forbidden", StoreErrorKind::Denied),
        ("404 Not Found", StoreErrorKind::Failed),
        ("500 Internal Server Error", StoreErrorKind::Faltered),
        ("503 Slow Down", StoreErrorKind::Throttled),
    ] {
        let cut = asked(status, 70_000).await;
        assert!(cut.kind == kind && !told(&cut), "{status}: {cut}");
    }

    let page = "<ListBucketResult><Name>logs</Name><Prefix></Prefix><IsTruncated>false</IsTruncated></ListBucketResult>";
    let listing = Listing::whole("logs", "");
    for (length, is_read) in [(8_000_000, true), (9_000_000, false)] {
        server.fail(faults::script(move |_| Some(padded("200 OK", page, length))));
        let store = S3Store::new(&session(&server, brief()));
        assert_eq!(store.list(&listing).await.is_ok(), is_read, "{length}");
    }
}

/// A small record, and the key of a log file and of a digest in it.
static RECORD: LazyLock<forge::World> = LazyLock::new(|| {
    forge::World::forge(&forge::WorldPlan { regions: 1, ..forge::WorldPlan::default() }).unwrap()
});

fn some_log(key: &str) -> bool {
    key.contains("_CloudTrail_") && key.contains("T03")
}

fn some_digest(key: &str) -> bool {
    key.contains("/CloudTrail-Digest/") && key.contains("T06")
}

fn audit(server: &Server) -> Report {
    let world = &*RECORD;
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    let load = RequestPolicy { answer_timeout: Duration::from_secs(20), ..brief() };
    client::run(server, plan(&world.truth()), KeySource::Files(Arc::new(ring)), load).report
}

fn serve(change: impl Fn(&str, &mut world::Stored)) -> Server {
    let server = Server::start(forged::world(&RECORD, Encoding::Mixed));
    server.change(|world| {
        for (key, stored) in world.buckets.values_mut().flat_map(|bucket| &mut bucket.objects) {
            change(key, stored);
        }
    });
    server
}

#[test]
fn an_intact_object_is_intact_under_any_content_type_and_a_changed_one_is_changed() {
    let as_page = |key: &str, stored: &mut world::Stored| {
        if some_log(key) || some_digest(key) {
            stored.content_type = "text/html; charset=utf-8".into();
        }
    };
    let under_kms = |key: &str, stored: &mut world::Stored| {
        as_page(key, stored);
        stored.etag = Some(format!("{:032x}", stored.body.len()));
    };
    assert_eq!(audit(&serve(as_page)).exit_code(), 0);
    assert_eq!(audit(&serve(under_kms)).exit_code(), 0);
    for dress in [&as_page as &dyn Fn(&str, &mut world::Stored), &under_kms] {
        let report = audit(&serve(|key, stored| {
            if some_log(key) || some_digest(key) {
                stored.body = b"<html>Not what was delivered.</html>".as_slice().into();
            }
            dress(key, stored);
        }));
        assert_eq!(report.exit_code(), 1);
        assert!(report.totals.digests.unreadable == 0 && report.totals.logs.unreadable == 0);
        let bad = report.totals.logs.malformed + report.totals.logs.modified;
        assert!(bad > 0 && report.totals.digests.total() > report.totals.digests.authentic, "{report:#?}");
    }
}

#[test]
fn pages_of_somebody_else_and_broken_bodies_are_no_crime() {
    let aliens = [
        login_page(),
        careful_login_page(),
        alien("", ""),
        alien("content-type: application/json\r\n", "{\"error\":\"sign in\"}"),
        Fault::Raw(
            "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>".into(),
        ),
        Fault::UnframedCutAt(60),
        Fault::ChunkedCutAt(60),
    ];
    for fault in aliens {
        let server = serve(|_, _| {});
        let own = fault.clone();
        server.fail(faults::script(move |call| {
            let chosen = call.action == Action::GetObject && (some_log(&call.key) || some_digest(&call.key));
            chosen.then(|| own.clone())
        }));
        let report = audit(&server);
        let crimes: Vec<_> =
            report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
        assert!(crimes.is_empty(), "{fault:?}: {crimes:#?}");
        assert_eq!(report.exit_code(), 3, "{fault:?}");
        assert!(report.totals.digests.unreadable > 0 && report.totals.logs.unreadable > 0, "{fault:?}");
    }
    // The same bodies to their end.
    for fault in [Fault::Unframed, Fault::Chunked] {
        let server = serve(|_, _| {});
        let own = fault.clone();
        server.fail(faults::script(move |call| (call.action == Action::GetObject).then(|| own.clone())));
        assert_eq!(audit(&server).exit_code(), 0, "{fault:?}");
    }
}
