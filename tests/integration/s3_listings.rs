//! Listings that are none, and listings of others than S3: out of order, in circles, in another spelling. What makes no
//! sense is an error and never an absence; what can be made sense of gives the report that S3's own listing gives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use trailseal::aws::RequestPolicy;
use trailseal::forge::{self, Damage, WorldPlan};
use trailseal::keys::{self, KeySource};
use trailseal::render::json;
use trailseal::report::Report;
use trailseal::report::{Class, Code};
use trailseal::store::s3::S3Store;
use trailseal::store::{Listed, Listing, ListingDepth, ObjectStore, Page, StoreError, StoreErrorKind};
use trailseal::trail::parse_time;

use crate::support::client::{self, brief, session};
use crate::support::faults::{self, Action, Fault, alien, login_page};
use crate::support::forged::{self, Encoding};
use crate::support::server::{Behaviour, Listings, Server};
use crate::support::verify::plan;
use crate::support::world::{Bucket, World};

fn bucket(keys: &[&str]) -> Server {
    let mut bucket = Bucket::new("us-east-1");
    for key in keys {
        bucket.put(key, "x");
    }
    Server::start(World { buckets: [("logs".to_owned(), bucket)].into(), ..World::default() })
}

fn store(server: &Server) -> S3Store {
    S3Store::new(&session(server, RequestPolicy { answer_timeout: Duration::from_secs(20), ..brief() }))
}

async fn list(server: &Server, prefix: &str, reach: ListingDepth) -> Result<Page, StoreError> {
    let (prefix, after) = (prefix.to_owned(), None);
    store(server).list(&Listing { bucket: "logs".into(), prefix, after, reach, token: None }).await
}

/// What a store makes of an answer with these words inside of a listing of `a/`.
async fn read(words: &str, reach: ListingDepth) -> Result<Page, StoreError> {
    let document =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>{words}</ListBucketResult>\n");
    answered(alien("content-type: application/xml\r\n", &document), reach).await
}

async fn answered(fault: Fault, reach: ListingDepth) -> Result<Page, StoreError> {
    let server = bucket(&[]);
    server.fail(faults::script(move |call| (call.key == "a/").then(|| fault.clone())));
    list(&server, "a/", reach).await
}

fn keys(page: &Page) -> Vec<&str> {
    page.objects.iter().map(|object| &*object.key).collect()
}

const ONE: &str = "<Contents><Key>a/1</Key><Size>1</Size></Contents>";

#[tokio::test]
async fn a_listing_is_known_by_its_document() {
    for words in [
        "<Name>logs</Name>",
        "<Prefix>a/</Prefix>",
        "<Prefix>a%2F</Prefix><EncodingType>url</EncodingType>",
        "<MaxKeys>1000</MaxKeys>",
        "<KeyCount>1</KeyCount>",
        "<IsTruncated>false</IsTruncated>",
    ] {
        let page = read(&format!("{words}{ONE}"), ListingDepth::Whole).await.expect(words);
        assert_eq!((keys(&page), &page.next), (vec!["a/1"], &None), "{words}");
        assert_eq!(read(words, ListingDepth::Whole).await.expect(words), Page::default(), "{words}");
    }
}

#[tokio::test]
async fn what_is_no_listing_is_an_error_and_no_empty_one() {
    let xml = |document: &str| alien("content-type: application/xml\r\n", document);
    for (name, fault) in [
        ("nothing", alien("", "")),
        ("nothing from S3", alien("x-amz-request-id: A\r\netag: \"0\"\r\n", "")),
        ("a page", login_page()),
        ("another document", xml("<ListAllMyBucketsResult><Name>logs</Name></ListAllMyBucketsResult>")),
        ("an empty document", xml("<ListBucketResult/>")),
        ("an empty document in two words", xml("<ListBucketResult></ListBucketResult>")),
        ("one without its end", xml("<ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated>")),
        ("JSON", alien("content-type: application/json\r\n", "{}")),
    ] {
        let error = answered(fault, ListingDepth::Whole).await.expect_err(name);
        assert!(matches!(error.kind, StoreErrorKind::Faltered | StoreErrorKind::CutOff), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_listing_that_contradicts_itself_is_an_error() {
    use ListingDepth::{Folder, Whole};
    for (words, reach) in [
        ("<Name>logs</Name><Prefix>b/</Prefix>", Whole),
        ("<Name>logs</Name><Prefix/>", Whole),
        ("<Name>logs</Name><Contents><Key>b/1</Key><Size>1</Size></Contents>", Whole),
        ("<Name>logs</Name><Contents><Size>1</Size></Contents>", Whole),
        ("<EncodingType>url</EncodingType><Name>l</Name><Contents><Key>%FF</Key></Contents>", Whole),
        ("<Name>logs</Name><IsTruncated>true</IsTruncated>", Whole),
        ("<Name>logs</Name><IsTruncated>true</IsTruncated><NextContinuationToken/>", Whole),
        ("<MaxKeys>1</MaxKeys><Contents><Key>a/1</Key><Size>1</Size></Contents>", Whole),
        ("<Name>logs</Name><CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes>", Whole),
        ("<Name>logs</Name><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>", Folder),
        ("<Name>logs</Name><CommonPrefixes><Prefix>a/b</Prefix></CommonPrefixes>", Folder),
        ("<Name>logs</Name><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>", Folder),
        ("<Name>logs</Name><Contents><Key>a/b/1</Key><Size>1</Size></Contents>", Folder),
    ] {
        let error = read(words, reach).await.expect_err(words);
        assert!(matches!(error.kind, StoreErrorKind::Failed | StoreErrorKind::Faltered), "{words}: {error}");
    }
    // Folders that were made by hand have a key of their own.
    let page =
        read("<Name>logs</Name><Contents><Key>a/</Key><Size>0</Size></Contents>", Folder).await.unwrap();
    assert_eq!(keys(&page), ["a/"]);
}

#[tokio::test]
async fn an_object_is_read_however_a_server_writes_it() {
    let one = Listed {
        key: "a/1&2".into(),
        size: Some(7),
        modified: Some(parse_time("2026-03-01T10:13:20Z").unwrap()),
        etag: Some("0af".into()),
        storage_class: Some("GLACIER".into()),
    };
    let as_s3_writes_it = "<Key>a/1&amp;2</Key><LastModified>2026-03-01T10:13:20.000Z</LastModified>\
                           <ETag>&quot;0af&quot;</ETag><Size>7</Size><StorageClass>GLACIER</StorageClass>";
    let read = async |words: &str| {
        let words = format!("<Name>logs</Name><Contents>{words}</Contents>");
        read(&words, ListingDepth::Whole).await.map(|page| page.objects)
    };
    for (written, otherwise) in [
        ("", ""),
        ("&amp;", "&#38;"),
        ("&amp;", "&#x26;"),
        ("20.000Z", "20Z"),
        ("20.000Z", "20.519Z"),
        ("T10:13:20.000Z", "T11:13:20.5+01:00"),
        ("&quot;0af&quot;", "\"0af\""),
        ("&quot;0af&quot;", "0af"),
        ("&quot;0af&quot;", " W/&#34;0af&#34;"),
        ("<Size>", "\n<Owner><ID>1</ID><Size><Key>2</Key></Size></Owner><ChecksumType/><Size at=\"1\">"),
        ("<Key>", "<!-- the first --><Key>"),
    ] {
        let words = as_s3_writes_it.replace(written, otherwise);
        assert_eq!(read(&words).await.expect(&words), std::slice::from_ref(&one), "{words}");
    }
    let prefixed = as_s3_writes_it.replace("</", "</s3:").replace("<", "<s3:").replace("<s3:/s3:", "</s3:");
    assert_eq!(read(&prefixed).await.expect(&prefixed), std::slice::from_ref(&one), "{prefixed}");
    let sparse = Listed { key: "a/1".into(), ..Listed::default() };
    assert_eq!(read("<Key>a/1</Key>").await.unwrap(), std::slice::from_ref(&sparse));
    assert_eq!(read("<Key>a/1</Key><Size>-1</Size>").await.unwrap(), std::slice::from_ref(&sparse));
    let unnamed = Listed { etag: Some("".into()), ..sparse };
    assert_eq!(read("<Key>a/1</Key><ETag>&quot;&quot;</ETag>").await.unwrap(), [unnamed]);
}

#[tokio::test]
async fn a_listing_that_cannot_be_meant_is_an_error() {
    for words in [
        "<Size>many</Size>",
        "<Size/>",
        "<LastModified>yesterday</LastModified>",
        "<LastModified>2026-13-01T00:00:00.000Z</LastModified>",
        "<ETag>&quot</ETag>",
        "<ETag>&none;</ETag>",
        "<ETag><Size>1</Size></ETag>",
        "<Size>1</ETag>",
        "<Size>1</s3:Size>",
        "</Contents></ListBucketResult><Contents>",
    ] {
        let words = format!("<Name>logs</Name><Contents><Key>a/1</Key>{words}</Contents>");
        let error = read(&words, ListingDepth::Whole).await.expect_err(&words);
        assert!(matches!(error.kind, StoreErrorKind::Faltered | StoreErrorKind::CutOff), "{words}: {error}");
    }
    for words in ["<MaxKeys>all</MaxKeys>", "<KeyCount/>", "<IsTruncated>perhaps</IsTruncated>"] {
        let error = read(&format!("<Name>logs</Name>{words}"), ListingDepth::Whole).await.expect_err(words);
        assert_eq!(error.kind, StoreErrorKind::Faltered, "{words}: {error}");
    }
}

#[tokio::test]
async fn a_token_goes_on_unless_the_listing_says_that_it_ends() {
    let token = "<NextContinuationToken>t</NextContinuationToken>";
    for (words, next) in [
        (String::new(), None),
        (token.to_owned(), Some("t")),
        (format!("<IsTruncated>true</IsTruncated>{token}"), Some("t")),
        (format!("<IsTruncated>false</IsTruncated>{token}"), None),
    ] {
        let page = read(&format!("<Name>logs</Name>{words}"), ListingDepth::Whole).await.expect(&words);
        assert_eq!(page.next.as_deref(), next, "{words}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_no_shorter_listing() {
    let server = bucket(&["a/1", "a/2", "a/3"]);
    let whole = list(&server, "a/", ListingDepth::Whole).await.unwrap();
    assert_eq!(keys(&whole), ["a/1", "a/2", "a/3"]);
    assert_eq!(whole.objects[0].modified, Some(parse_time("2026-03-01T10:13:20Z").unwrap()));
    for fault in [Fault::Unframed, Fault::Chunked] {
        server.fail(faults::script(move |_| Some(fault.clone())));
        assert_eq!(list(&server, "a/", ListingDepth::Whole).await.unwrap(), whole);
    }
    let mut broken = 0;
    for cut in (0..1500).step_by(11) {
        server.fail(faults::script(move |call| (call.key == "a/").then_some(Fault::UnframedCutAt(cut))));
        match list(&server, "a/", ListingDepth::Whole).await {
            Ok(page) => assert_eq!(page, whole, "cut after {cut} bytes"),
            Err(_) => broken += 1,
        }
    }
    assert!(0 < broken && broken < 1500 / 11, "{broken} of the cuts broke it");
}

#[tokio::test]
async fn names_are_read_as_they_were_meant() {
    let awkward = ["p+q/a b+c&d<e>%20.gz", "p+q/ä", "p+q/100%", "p+q/%zz", "p q/1", "p%2Bq/1"];
    for listings in [Listings::AsS3, Listings::Unencoded] {
        let server = bucket(&awkward);
        server.behave(Behaviour { listings, ..Behaviour::default() });
        for prefix in ["p+q/", "p q/", "p%2Bq/"] {
            let mut expected: Vec<&str> =
                awkward.iter().copied().filter(|key| key.starts_with(prefix)).collect();
            expected.sort_unstable();
            let page = list(&server, prefix, ListingDepth::Whole).await.unwrap();
            assert_eq!(keys(&page), expected, "{listings:?} {prefix}");
        }
    }
    // A prefix that is the same either way does not tell; a name that makes no sense as one does.
    let server = bucket(&["a/1", "a/100%", "a/%zz"]);
    server.behave(Behaviour { listings: Listings::Unencoded, ..Behaviour::default() });
    assert_eq!(keys(&list(&server, "a/", ListingDepth::Whole).await.unwrap()), ["a/%zz", "a/1", "a/100%"]);
}

static WHOLE: LazyLock<forge::World> = LazyLock::new(|| {
    forge::World::forge(&WorldPlan {
        accounts: 2,
        regions: 3,
        prefix: "team+a/b".into(),
        ..WorldPlan::default()
    })
    .unwrap()
});
static DAMAGED: LazyLock<forge::World> = LazyLock::new(|| {
    let mut world = WHOLE.clone();
    for damage in [Damage::LogDeleted, Damage::LogForged, Damage::DigestDeleted] {
        world.apply(damage).unwrap();
    }
    world
});

fn audit(world: &forge::World, behaviour: Behaviour) -> Report {
    let server = Server::start(forged::world(world, Encoding::Mixed));
    server.behave(behaviour);
    let ring = keys::parse(&world.keys().json(), "keys.json").unwrap();
    let load = RequestPolicy { answer_timeout: Duration::from_secs(20), ..brief() };
    client::run(&server, plan(&world.truth()), KeySource::Files(Arc::new(ring)), load).report
}

fn text(report: &Report) -> String {
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn listings_of_other_servers_give_the_report_that_s3s_give() {
    for world in [&*WHOLE, &*DAMAGED] {
        let expected = audit(world, Behaviour::default());
        assert_eq!(expected.exit_code(), world.truth().exit_code);
        let expected = text(&expected);
        for listings in [Listings::Unordered, Listings::Unencoded, Listings::TokenAlone, Listings::Doubled] {
            for page_size in [2, 7, 1000] {
                let report = audit(world, Behaviour { listings, page_size, ..Behaviour::default() });
                assert!(text(&report) == expected, "{listings:?} by {page_size}: {:#?}", report.findings);
            }
        }
    }
}

/// Some listings of one region's log files and digests.
fn of_a_region(call: &faults::Call) -> bool {
    call.action == Action::ListObjectsV2 && call.key.contains("/us-east-1/")
}

#[test]
fn listings_that_are_none_are_no_crime() {
    let aliens = [
        login_page(),
        alien("", ""),
        alien("content-type: application/xml\r\n", "<ListBucketResult/>"),
        alien(
            "content-type: application/xml\r\n",
            "<ListBucketResult><Name>b</Name><Prefix>elsewhere/</Prefix><IsTruncated>false</IsTruncated></ListBucketResult>",
        ),
        alien(
            "content-type: application/xml\r\n",
            "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated></ListBucketResult>",
        ),
        Fault::UnframedCutAt(400),
    ];
    for fault in aliens {
        let own = fault.clone();
        let script = faults::script(move |call| of_a_region(call).then(|| own.clone()));
        let report = audit(&WHOLE, Behaviour { script, ..Behaviour::default() });
        no_crime(&report, &format!("{fault:?}"));
    }
    for page_size in [2, 1000] {
        let (listings, listings_of) = (Listings::Circling, "/us-east-1/");
        let report = audit(&WHOLE, Behaviour { listings, listings_of, page_size, ..Behaviour::default() });
        no_crime(&report, "in circles");
    }
}

fn no_crime(report: &Report, name: &str) {
    let crimes: Vec<_> = report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
    assert!(crimes.is_empty(), "{name}: {crimes:#?}");
    assert_eq!(report.exit_code(), 3, "{name}");
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code()).collect();
    assert!(codes.contains(&Code::ListingUnreadable), "{name}: {codes:?}");
}
