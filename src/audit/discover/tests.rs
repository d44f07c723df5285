//! Searches of buckets that have nothing but names.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::Bound as End;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::audit::Stopper;
use crate::digest::NamedBy;
use crate::inspection::Bounds;
use crate::report::Hint;
use crate::store::{Admission, Object, Page, StoreErrorKind, Take};
use crate::trail::AccountRegion;
use crate::trail::{ObjectName, Time};
use crate::verdict::what::{NotListed, SearchEnd, What};

const A: &str = "111122223333";
const B: &str = "444455556666";
const O: &str = "o-exampleorgid";

type Refuses = fn(&str) -> bool;

/// A bucket of keys without bodies.
struct Names {
    keys: BTreeSet<String>,
    page: usize,
    /// Listings of prefixes that it says yes to are refused.
    refuses: Refuses,
    /// The prefixes that were asked for.
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = keys.into_iter().map(Into::into).collect();
        Self { keys, page: 1000, refuses: |_| false, asked: Mutex::default() }
    }

    /// Each listing once, whatever the number of its pages.
    fn asked(&self) -> Vec<String> {
        let asked: BTreeSet<String> = self.asked.lock().unwrap().drain(..).collect();
        asked.into_iter().collect()
    }
}

fn refused(target: &str) -> StoreError {
    let (kind, detail) = (StoreErrorKind::Denied, "AccessDenied".to_owned());
    StoreError::new(kind, "list", target.to_owned(), detail)
}

#[async_trait]
impl ObjectStore for Names {
    async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.asked.lock().unwrap().push(listing.prefix.clone());
        // Answers do not come in the order of the questions.
        for _ in 0..listing.prefix.bytes().map(usize::from).sum::<usize>() % 7 {
            tokio::task::yield_now().await;
        }
        if (self.refuses)(&listing.prefix) {
            return Err(refused(&listing.prefix));
        }
        let mut page = Page::default();
        let mut from = match &listing.token {
            Some(token) => End::Excluded(token.clone()),
            None => End::Included(listing.prefix.clone()),
        };
        while let Some(key) = self.keys.range((from, End::Unbounded)).next() {
            let Some(rest) = key.strip_prefix(&listing.prefix) else { break };
            if page.objects.len() + page.folders.len() == self.page {
                let object = page.objects.last().map(|object| object.key.to_string());
                let folder = page.folders.last().map(|folder| format!("{folder}\u{10ffff}"));
                page.next = object.max(folder);
                break;
            }
            match rest.split_once('/') {
                Some((folder, _)) => {
                    let folder = format!("{}{folder}/", listing.prefix);
                    from = End::Excluded(format!("{folder}\u{10ffff}"));
                    page.folders.push(folder);
                }
                None => {
                    from = End::Excluded(key.clone());
                    page.objects.push(Listed {
                        key: key.as_str().into(),
                        size: Some(1),
                        ..Listed::default()
                    });
                }
            }
        }
        Ok(page)
    }

    async fn get(&self, object: &ObjectName, _: &Admission) -> Result<Object, StoreError> {
        Err(refused(&object.key))
    }

    async fn stream(&self, object: &ObjectName, _: &mut Take<'_>) -> Result<(), StoreError> {
        Err(refused(&object.key))
    }
}

fn plan(source: &str) -> Plan {
    let named = Named::parse(source);
    Plan {
        prefix: named.prefix,
        within: named.within,
        ..Plan::new(String::new(), "b".into(), NamedBy::BucketAndKey, Time::UNIX_EPOCH)
    }
}

async fn search(store: &Names, plan: &Plan) -> Result<Found, AuditError> {
    let (_stopper, stop) = Stopper::new();
    sites(store, plan, &stop).await
}

async fn found(store: &Names, plan: &Plan) -> Found {
    search(store, plan).await.unwrap()
}

/// `PREFIX ORGANIZATION/ACCOUNT/REGION KIND…` for every home of every site.
fn told(found: &Found) -> Vec<String> {
    let homes = found.sites.iter().flat_map(|site| site.homes.iter().map(move |home| (&site.place, home)));
    homes
        .map(|(place, home)| {
            let organization = place.organization.as_ref().map(|it| format!("{it}/")).unwrap_or_default();
            let kinds: Vec<&str> = home.kinds.iter().map(|kind| &**kind).collect();
            let (AccountRegion { account, region, .. }, prefix) = (place, &home.location.prefix);
            format!("{prefix} {organization}{account}/{region} {}", kinds.join(" ")).trim_start().to_owned()
        })
        .collect()
}

fn digest(below: &str, region: &str) -> String {
    format!("{below}/CloudTrail-Digest/{region}/2026/03/01/x.json.gz")
}

fn log(below: &str, region: &str) -> String {
    format!("{below}/CloudTrail/{region}/2026/03/01/x.json.gz")
}

#[tokio::test]
async fn an_ordinary_bucket_costs_a_listing_for_each_folder_on_the_way() {
    let (a, b) = (format!("AWSLogs/{A}"), format!("AWSLogs/{B}"));
    let insight = format!("{b}/CloudTrail-Insight/us-east-1/2026/03/01/x.json.gz");
    let mut store = Names::new([
        digest(&a, "us-east-1"),
        digest(&a, "eu-west-1"),
        log(&a, "us-east-1"),
        log(&b, "us-east-1"),
        insight,
        format!("{a}/Config/us-east-1/2026/3/1/x.json.gz"),
        "readme.txt".to_owned(),
    ]);
    let whole = found(&store, &plan("")).await;
    assert_eq!(
        told(&whole),
        [
            format!("{A}/eu-west-1 CloudTrail-Digest"),
            format!("{A}/us-east-1 CloudTrail CloudTrail-Digest"),
            format!("{B}/us-east-1 CloudTrail CloudTrail-Insight"),
        ]
    );
    let asked = [
        String::new(),
        "AWSLogs/".into(),
        format!("{a}/"),
        format!("{a}/CloudTrail-Digest/"),
        format!("{a}/CloudTrail/"),
        format!("{b}/"),
        format!("{b}/CloudTrail-Insight/"),
        format!("{b}/CloudTrail/"),
    ];
    let mut once = store.asked.lock().unwrap().clone();
    once.sort();
    assert_eq!(once, asked);
    // What is found does not depend on pages, nor on how many requests are under way.
    for page in [1, 2, 3] {
        for requests in [1, 3] {
            store.page = page;
            let mut plan = plan("");
            plan.load.requests = NonZeroUsize::new(requests).unwrap();
            assert_eq!(format!("{:?}", found(&store, &plan).await), format!("{whole:?}"));
        }
    }
}

#[tokio::test]
async fn records_are_found_wherever_they_are_delivered_to() {
    for prefix in [
        "",
        "audit/",
        "a/b/c/d/e/f/g/h/i/j/k/",
        "audit//",
        "/",
        "us-east-1/2026/",
        "AWSLogs/team/",
        "AWSLogs/AWSLogs/",
        "AWSLogs-archive/",
        "AWSLogs/o-exampleorgid/team/",
        "AWSLogs/111122223333/",
        "AWSLogs/111122223333/team/",
        "AWSLogs/111122223333/CloudTrail_old/team/",
        "AWSLogs/o-exampleorgid/111122223333/team/x/",
    ] {
        for below in [format!("{prefix}AWSLogs/{A}"), format!("{prefix}AWSLogs/{O}/{A}")] {
            let store = Names::new([digest(&below, "us-east-1")]);
            let everything = found(&store, &plan("")).await;
            let place = below.strip_prefix(&format!("{prefix}AWSLogs/")).unwrap();
            let expected = format!("{prefix} {place}/us-east-1 CloudTrail-Digest");
            assert_eq!(told(&everything), [expected.trim_start()], "{below}");
            assert!(everything.findings(&plan("")).is_empty() && everything.passed_over.count == 0);
            assert_eq!(told(&found(&store, &plan(prefix)).await), told(&everything), "{prefix}");
        }
    }
}

#[tokio::test]
async fn folders_of_other_services_are_counted_and_not_opened() {
    let others = [
        format!("AWSLogs/{A}/Config/us-east-1/2026/3/1/ConfigHistory/"),
        format!("AWSLogs/{A}/elasticloadbalancing/us-east-1/2026/03/01/"),
        format!("AWSLogs/{A}/CloudTrail-Lake/Query/2026/03/01/"),
        format!("AWSLogs/{O}/{A}/vpcflowlogs/us-east-1/2026/03/01/"),
        format!("AWSLogs/aws-account-id={A}/aws-service=vpcflowlogs/aws-region=us-east-1/"),
        // Of services that are not known yet: opened as far as their layout shows.
        format!("AWSLogs/{A}/NewService/us-east-1/2026/03/01/"),
        format!("AWSLogs/{A}/NewService/access/eu-west-1/2026/03/01/"),
        format!("AWSLogs/{A}/NewService/resource/2026/03/01/"),
    ];
    let keys = others.iter().map(|folder| format!("{folder}AWSLogs/{B}/CloudTrail/us-east-1/x.json.gz"));
    let store = Names::new(keys.chain([log(&format!("AWSLogs/{A}"), "us-east-1")]));
    let all = found(&store, &plan("")).await;
    assert_eq!(told(&all), [format!("{A}/us-east-1 CloudTrail")]);
    assert!(all.findings(&plan("")).is_empty());
    assert_eq!(all.passed_over.count, others.len() as u64);
    let Some(Hint::PassedOver { count: 8, folders }) = all.passed_over() else {
        panic!("{:?}", all.passed_over())
    };
    assert!(folders.iter().any(|folder| folder.contains("CloudTrail-Lake")), "{folders:?}");
    let opened = store.asked();
    assert!(opened.contains(&format!("AWSLogs/{A}/NewService/resource/")), "{opened:?}");
    assert!(opened.iter().all(|folder| !folder.contains("2026") && !folder.ends_with("/us-east-1/")));
    // The same names mean nothing elsewhere.
    let store =
        Names::new([digest(&format!("Config/us-east-1/2026/aws-account-id={A}/AWSLogs/{A}"), "us-east-1")]);
    let elsewhere = found(&store, &plan("")).await;
    assert_eq!((told(&elsewhere).len(), elsewhere.passed_over()), (1, None));
}

#[tokio::test]
async fn what_lies_beside_the_folders_of_regions_is_handed_on() {
    let kind = format!("AWSLogs/{O}/{A}/CloudTrail/");
    let mut store = Names::new(
        ["US-EAST-1/2026/x", "foo/x", "/x", "us-east-1/2026/03/01/x", "x.json.gz", "marker"]
            .map(|name| format!("{kind}{name}")),
    );
    store.keys.insert(kind.clone());
    for page in [1, 1000] {
        store.page = page;
        let all = found(&store, &plan("")).await;
        assert_eq!(told(&all), [format!("{O}/{A}/us-east-1 CloudTrail")]);
        let of = KindFolder {
            home: Location::new("b", ""),
            organization: Some(O.parse().unwrap()),
            account: A.parse().unwrap(),
            kind: "CloudTrail".into(),
        };
        let odd = |name: &str, region: Option<&str>| OddFolder {
            of: of.clone(),
            key: format!("{kind}{name}/").into(),
            region: region.map(|region| region.parse().unwrap()),
        };
        assert_eq!(
            all.odd_folders.first,
            [odd("", None), odd("US-EAST-1", Some("us-east-1")), odd("foo", None)]
        );
        assert_eq!(all.odd_folders.count, 3);
        let objects: Vec<&str> = all.odd_objects.first.iter().map(|odd| &*odd.listed.key).collect();
        // Its size says that the first one is no marker.
        assert_eq!(objects, [kind.clone(), format!("{kind}marker"), format!("{kind}x.json.gz")]);
        assert!(all.odd_objects.first.iter().all(|odd| odd.of == of) && all.odd_objects.count == 3);
    }
    // Another region's, in whatever letters, is not in scope.
    let mut narrow = plan("");
    narrow.scope.regions = ["eu-west-1".parse().unwrap()].into();
    let odd = found(&store, &narrow).await.odd_folders;
    assert_eq!(odd.first.iter().map(|odd| odd.region.clone()).collect::<Vec<_>>(), [None, None]);
}

#[tokio::test]
async fn odd_ones_without_number_are_bounded_and_told_of() {
    let kind = format!("AWSLogs/{A}/CloudTrail/");
    let store = Names::new(
        (0..1200)
            .flat_map(|at| [format!("{kind}odd-{at:04}/x"), format!("{kind}{at:04}.json.gz")])
            .chain([log(&format!("AWSLogs/{A}"), "us-east-1")]),
    );
    let all = found(&store, &plan("")).await;
    assert_eq!((all.odd_folders.first.len(), all.odd_folders.count), (1000, 1200));
    assert_eq!((all.odd_objects.first.len(), all.odd_objects.count), (1000, 1200));
    let findings = all.findings(&plan(""));
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].what, What::ListingUnreadable(NotListed::AmongRegions { count: 1200, left: 200 }));
    assert_eq!(told(&all), [format!("{A}/us-east-1 CloudTrail")]);
}

/// That the search came to a bound.
fn ended(at: SearchEnd, first: &str) -> What {
    What::ListingUnreadable(NotListed::SearchEnded { at, first: first.into(), bucket: Some("b".into()) })
}

fn bounded(bounds: Bounds) -> Plan {
    Plan { bounds, ..plan("") }
}

#[tokio::test]
async fn depth_is_bounded_and_the_bound_is_told() {
    let bounds = Bounds { levels: 3, ..Bounds::default() };
    let at = |prefix: &str| Names::new([digest(&format!("{prefix}AWSLogs/{A}"), "us-east-1")]);
    let near = found(&at("a/b/c/"), &bounded(bounds)).await;
    assert_eq!((near.sites.len(), near.findings(&plan("")).len()), (1, 0));
    let deep = at("a/b/c/d/");
    let far = found(&deep, &bounded(bounds)).await;
    assert_eq!(far.sites.len(), 0);
    let findings = far.findings(&bounded(bounds));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].what, ended(SearchEnd::Levels(3), "a/b/c/d/"));
    // Pointed deeper, it is found.
    let deeper = Plan { bounds, ..plan("a/b/c/d") };
    assert_eq!(found(&deep, &deeper).await.sites.len(), 1);
}

#[tokio::test]
async fn breadth_is_bounded_below_the_first_levels_alone() {
    let bounds = Bounds { near: 2, far: 10, ..Bounds::default() };
    // As many as there are in the near levels.
    let near = Names::new((0..50).map(|at| digest(&format!("t/{at:02}/AWSLogs/{A}"), "us-east-1")));
    let all = found(&near, &bounded(bounds)).await;
    assert_eq!((all.sites[0].homes.len(), all.findings(&plan("")).len()), (50, 0));
    // As many as the bound says below.
    let mut far = Names::new((0..50).map(|at| digest(&format!("t/x/{at:02}/AWSLogs/{A}"), "us-east-1")));
    far.keys.insert(digest(&format!("AWSLogs/{B}"), "us-east-1"));
    let mut outcomes = BTreeSet::new();
    for (page, requests) in [(1, 1), (7, 3), (1000, 256)] {
        far.page = page;
        let mut plan = bounded(bounds);
        plan.load.requests = NonZeroUsize::new(requests).unwrap();
        let some = found(&far, &plan).await;
        assert_eq!(some.sites[0].homes.len(), 10);
        assert_eq!(some.sites[1].place.account.to_string(), B, "what lies near is found all the same");
        let findings = some.findings(&plan);
        assert_eq!(findings.len(), 1);
        let (folders, levels) = (bounds.far as u64, bounds.near as u64);
        assert_eq!(findings[0].what, ended(SearchEnd::Far { folders, levels }, "t/x/10/"));
        outcomes.insert(format!("{:?}", some));
    }
    assert_eq!(outcomes.len(), 1, "the same for any page and any number of requests");
    // Exactly as many are no bound reached.
    let all = found(&far, &bounded(Bounds { far: 50, ..bounds })).await;
    assert!(all.findings(&plan("")).is_empty());
}

#[tokio::test]
async fn the_room_for_names_is_bounded_and_a_records_own_folders_come_first() {
    let junk = (0..500).map(|at| format!("junk-{at:03}/x"));
    let store = Names::new(junk.chain([digest(&format!("AWSLogs/{A}"), "us-east-1")]));
    let mut outcomes = BTreeSet::new();
    for requests in [1, 256] {
        let mut plan = bounded(Bounds { names: 100 * 49, ..Bounds::default() });
        plan.load.requests = NonZeroUsize::new(requests).unwrap();
        let some = found(&store, &plan).await;
        assert_eq!(told(&some), [format!("{A}/us-east-1 CloudTrail-Digest")]);
        let findings = some.findings(&plan);
        assert_eq!(findings[0].what, ended(SearchEnd::Names(100 * 49), "junk-099/"));
        outcomes.insert(format!("{some:?}"));
    }
    assert_eq!(outcomes.len(), 1);
}

#[tokio::test]
async fn a_hundred_thousand_tenants_are_all_found() {
    let tenants = 0..100_000;
    let store = Names::new(tenants.flat_map(|tenant| {
        let below = format!("tenant-{tenant:06}/AWSLogs/{:012}", 100_000_000_000_u64 + tenant);
        [digest(&below, "us-east-1"), log(&below, "us-east-1")]
    }));
    let all = found(&store, &plan("")).await;
    assert_eq!(all.sites.len(), 100_000);
    assert!(all.findings(&plan("")).is_empty());
    assert!(all.sites.iter().all(|site| site.homes.len() == 1 && site.homes[0].kinds.len() == 2));
}

#[tokio::test]
async fn a_narrower_source_lists_nothing_above_or_beside_it() {
    let (a, b) = (format!("p/AWSLogs/{A}"), format!("p/AWSLogs/{O}/{B}"));
    let keys = [
        digest(&a, "us-east-1"),
        log(&a, "us-east-1"),
        log(&a, "eu-west-1"),
        digest(&b, "us-east-1"),
        digest(&format!("AWSLogs/{A}"), "us-east-1"),
        digest(&format!("p/AWSLogs/team/AWSLogs/{A}"), "us-east-1"),
    ];
    let mut store = Names::new(keys);
    let digests = format!("{a}/CloudTrail-Digest/us-east-1/");
    let cases: [(&str, usize, Refuses); 7] = [
        ("p/AWSLogs", 4, |folder| !folder.starts_with("p/AWSLogs/")),
        ("p/AWSLogs/o-exampleorgid", 1, |folder| !folder.starts_with("p/AWSLogs/o-exampleorgid/")),
        ("p/AWSLogs/o-exampleorgid/444455556666", 1, |folder| {
            !folder.starts_with("p/AWSLogs/o-exampleorgid/444455556666/")
        }),
        ("p/AWSLogs/111122223333", 2, |folder| !folder.starts_with("p/AWSLogs/111122223333/")),
        ("p/AWSLogs/team", 1, |folder| !folder.starts_with("p/AWSLogs/team/")),
        ("p/AWSLogs/team/AWSLogs/111122223333", 1, |folder| {
            !folder.starts_with("p/AWSLogs/team/AWSLogs/111122223333/")
        }),
        ("p/AWSLogs/111122223333/CloudTrail/us-east-1", 1, |folder| {
            !matches!(
                folder,
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/"
                    | "p/AWSLogs/111122223333/CloudTrail-Digest/us-east-1/"
            )
        }),
    ];
    for (source, sites, elsewhere) in cases {
        store.refuses = elsewhere;
        let some = found(&store, &plan(source)).await;
        let homes: usize = some.sites.iter().map(|site| site.homes.len()).sum();
        assert_eq!((homes, some.failures.count), (sites, 0), "{source}: {:?}", told(&some));
        assert!(!store.asked().iter().any(|folder| elsewhere(folder)), "{source}");
    }
    // Both halves, whichever is named.
    let region = found(&store, &plan(&digests)).await;
    assert_eq!(told(&region), [format!("p/ {A}/us-east-1 CloudTrail CloudTrail-Digest")]);
}

#[tokio::test]
async fn a_region_that_is_named_is_there_with_either_half_or_when_nobody_can_tell() {
    let source = format!("AWSLogs/{A}/CloudTrail/us-east-1");
    let mut store = Names::new([digest(&format!("AWSLogs/{A}"), "us-east-1")]);
    let half = found(&store, &plan(&source)).await;
    assert_eq!(told(&half), [format!("{A}/us-east-1 CloudTrail-Digest")]);
    store.refuses = |folder| folder.contains("/CloudTrail/");
    let half = found(&store, &plan(&source)).await;
    assert_eq!(told(&half), [format!("{A}/us-east-1 CloudTrail CloudTrail-Digest")]);
    assert_eq!(half.findings(&plan("")).len(), 1);
    store.refuses = |_| true;
    assert!(matches!(search(&store, &plan(&source)).await, Err(AuditError::Store(_))));
    // Nothing is there: a claim not met, which is not for discovery to judge.
    let none = found(&Names::new(["x"]), &plan(&source)).await;
    assert_eq!((none.sites.len(), none.findings(&plan("")).len()), (0, 0));
}

#[tokio::test]
async fn a_folder_that_is_refused_is_a_failure_and_others_go_on() {
    let mut store = Names::new([A, B].map(|account| digest(&format!("AWSLogs/{account}"), "us-east-1")));
    for refuses in [(|folder| folder == "AWSLogs/111122223333/") as Refuses, |folder| {
        folder == "AWSLogs/111122223333/CloudTrail-Digest/"
    }] {
        store.refuses = refuses;
        let some = found(&store, &plan("")).await;
        assert_eq!(told(&some), [format!("{B}/us-east-1 CloudTrail-Digest")]);
        let findings = some.findings(&plan(""));
        assert_eq!(findings.len(), 1);
        let What::ListingUnreadable(NotListed::Failed(said)) = &findings[0].what else {
            panic!("{findings:?}")
        };
        assert!(said.contains("AccessDenied") && said.contains(A));
    }
    store.refuses = |folder| folder.is_empty();
    assert!(matches!(search(&store, &plan("")).await, Err(AuditError::Store(_))));
    store.refuses = |folder| folder == "AWSLogs/";
    let none = found(&store, &plan("")).await;
    assert_eq!((none.sites.len(), none.findings(&plan("")).len()), (0, 1));
}

#[tokio::test]
async fn failures_without_number_are_told_in_one() {
    let mut store = Names::new((0..1100).map(|at| format!("junk-{at:04}/x")));
    store.keys.insert(digest(&format!("AWSLogs/{A}"), "us-east-1"));
    store.refuses = |folder| folder.starts_with("junk-");
    let findings = found(&store, &plan("")).await.findings(&plan(""));
    assert_eq!(findings.len(), 1001);
    assert_eq!(findings[1000].what, What::ListingUnreadable(NotListed::MoreFailed(100)));
}

#[tokio::test]
async fn nothing_of_cloudtrails_is_no_record() {
    for (keys, source) in [
        (&[][..], ""),
        (&["photos/2026/x.jpg", "x"], ""),
        (&["awslogs/111122223333/CloudTrail/us-east-1/x"], ""),
        (&["photos/2026/x.jpg"], "AWSLogs"),
        (&["AWSLogs/111122223333/x"], "AWSLogs/o-exampleorgid"),
        (&["AWSLogs/111122223333/x"], "AWSLogs/team"),
        (&["AWSLogs/111122223333/x"], "audit"),
    ] {
        let store = Names::new(keys.iter().copied());
        assert!(matches!(search(&store, &plan(source)).await, Err(AuditError::NoRecord { .. })), "{source}");
    }
    // A folder of that name is something.
    let store = Names::new(["AWSLogs/111122223333/Config/x"]);
    let none = found(&store, &plan("")).await;
    assert_eq!((none.sites.len(), none.passed_over.count), (0, 1));
}

#[tokio::test]
async fn what_is_out_of_scope_is_not_opened() {
    let store = Names::new([A, B].map(|account| digest(&format!("AWSLogs/{account}"), "us-east-1")));
    let mut narrow = plan("");
    narrow.scope.accounts = [B.parse().unwrap()].into();
    assert_eq!(told(&found(&store, &narrow).await), [format!("{B}/us-east-1 CloudTrail-Digest")]);
    assert!(!store.asked().contains(&format!("AWSLogs/{A}/")));
    narrow.scope.regions = ["eu-west-1".parse().unwrap()].into();
    assert!(found(&store, &narrow).await.sites.is_empty());
}

#[tokio::test]
async fn parts_that_a_store_could_not_list_are_failures() {
    /// A folder in which a link leads nowhere.
    struct Broken(Names);
    #[async_trait]
    impl ObjectStore for Broken {
        async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
            let mut page = self.0.list(listing).await?;
            if listing.prefix == "AWSLogs/" {
                page.unlisted.push(refused("AWSLogs/linked"));
            }
            Ok(page)
        }

        async fn get(&self, object: &ObjectName, admission: &Admission) -> Result<Object, StoreError> {
            self.0.get(object, admission).await
        }

        async fn stream(&self, object: &ObjectName, take: &mut Take<'_>) -> Result<(), StoreError> {
            self.0.stream(object, take).await
        }
    }
    let store = Broken(Names::new([digest(&format!("AWSLogs/{A}"), "us-east-1")]));
    let (_stopper, stop) = Stopper::new();
    let some = sites(&store, &plan(""), &stop).await.unwrap();
    let findings = some.findings(&plan(""));
    assert_eq!((some.sites.len(), findings.len()), (1, 1));
    let What::ListingUnreadable(NotListed::Failed(said)) = &findings[0].what else { panic!("{findings:?}") };
    assert!(said.contains("AWSLogs/linked"));
}

#[tokio::test]
async fn a_run_that_is_stopped_looks_no_further() {
    let store = Names::new([digest(&format!("AWSLogs/{A}"), "us-east-1")]);
    let (stopper, stop) = Stopper::new();
    stopper.stop();
    let none = sites(&store, &plan(""), &stop).await.unwrap();
    assert!(none.sites.is_empty() && store.asked().is_empty());
}
