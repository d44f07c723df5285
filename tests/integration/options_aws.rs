//! What the options that concern AWS say is what they do, against the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};

use assert_cmd::Command;
use aws_sdk_s3::config::http::HttpRequest;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value;
use trailseal::forge::{World, WorldPlan};
use trailseal::store::s3::S3Store;
use trailseal::store::{Listing, ObjectStore as _};
use trailseal::trail::format_time;

use crate::s3_cli::program;
use crate::support::faults::{self, Action, Call, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;
use crate::support::tls::Tls;

pub static WORLD: LazyLock<World> =
    LazyLock::new(|| World::forge(&WorldPlan { prefix: "audit".into(), ..WorldPlan::default() }).unwrap());
pub const BUCKET: &str = "s3://example-trail-bucket/audit";

pub fn serve() -> Server {
    Server::start(forged::world(&WORLD, Encoding::Mixed))
}

pub fn verify(server: &Server, source: &str, more: &[&str]) -> Command {
    let window = WORLD.plan().window();
    let mut command = program(server);
    command.args(["verify", source, "--json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]).args(more);
    command
}

pub struct Ran {
    pub code: i32,
    pub report: Value,
    pub said: String,
}

pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        report: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The regions that findings call absent.
fn absent(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let absent = findings.filter(|finding| finding["code"] == "region-absent");
    absent.map(|finding| finding["region"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn enabled_regions_are_expected_of_a_bucket_a_trail_and_a_folder() {
    let server = serve();
    server.change(|world| world.enabled_regions.push("eu-south-2".into()));
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let copy = folder.path().join("bucket").display().to_string();
    let keys = folder.path().join("keys.json").display().to_string();
    let expected = BTreeSet::from(["eu-south-2".to_owned()]);
    for (source, more) in [(BUCKET, &[][..]), (&copy, &["--keys", &keys])] {
        server.take_counts();
        let ran = run(&mut verify(&server, source, &[&["--expect-region", "enabled"], more].concat()));
        assert_eq!((ran.code, absent(&ran.report)), (3, expected.clone()), "{source}: {}", ran.said);
        assert_eq!(server.take_counts()[&Action::ListRegions], 1);
        // Of them, those in scope; and a region by name beside them.
        let scoped = ["--expect-region", "enabled,us-east-1", "--region", "us-east-1"];
        let ran = run(&mut verify(&server, source, &[&scoped, more].concat()));
        assert_eq!(ran.code, 0, "{source}: {} {:#}", ran.said, ran.report["findings"]);
    }
    let ran = run(&mut verify(&server, BUCKET, &["--expect-region", "us-east-1"]));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let ran = run(&mut verify(&server, BUCKET, &["--expect-region", "everywhere"]));
    assert!(ran.code == 2 && ran.said.contains("everywhere"), "{}", ran.said);
}

/// Has every request noted.
pub fn noted(server: &Server) -> Arc<Mutex<Vec<Call>>> {
    let calls = Arc::<Mutex<Vec<Call>>>::default();
    let own = Arc::clone(&calls);
    server.fail(faults::script(move |call| {
        own.lock().unwrap().push(call.clone());
        None
    }));
    calls
}

pub fn header<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    call.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// Whose credentials a request was signed with.
pub fn signed_by(call: &Call) -> Option<&str> {
    header(call, "authorization")?.split_once("Credential=")?.1.split('/').next()
}

pub fn config(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_bucket_whose_name_no_bucket_has_is_asked_for_and_then_doubted() {
    let server = serve();
    let doubted = |source: &str| {
        let ran = run(&mut verify(&server, source, &[]));
        assert_eq!(ran.code, 2, "{source}: {}", ran.said);
        ran.said.contains(
            "spelt right? Names of buckets are 3 to 63 lower case letters, digits, dots and hyphens",
        )
    };
    assert!(doubted("s3://My_Bucket") && doubted("s3://MyBucket/audit"));
    assert!(!doubted("s3://no-such-bucket"));
    // Some of before 2018 have such names.
    server.change(|world| {
        let bucket = world.buckets.remove("example-trail-bucket").unwrap();
        world.buckets.insert("Old_Bucket".to_owned(), bucket);
    });
    let ran = run(&mut verify(&server, "s3://Old_Bucket/audit", &["--copied-from", BUCKET]));
    assert_eq!(ran.code, 0, "{}", ran.said);
}

#[test]
fn the_requester_pays_for_every_request_to_the_bucket_and_signs_it() {
    let server = serve();
    let calls = noted(&server);
    let ran = run(&mut verify(&server, BUCKET, &["--request-payer", "requester"]));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let calls = calls.lock().unwrap();
    let of_s3 = || calls.iter().filter(|call| !call.bucket.is_empty());
    for call in of_s3() {
        assert_eq!(header(call, "x-amz-request-payer"), Some("requester"), "{call:?}");
        let (_, signed) = header(call, "authorization").unwrap().split_once("SignedHeaders=").unwrap();
        assert!(signed.split(',').next().unwrap().contains("x-amz-request-payer"), "{signed}");
    }
    // Most objects are got without the SDK, whose requests bear this.
    let by_the_fast_path =
        of_s3().filter(|call| call.action == Action::GetObject && header(call, "amz-sdk-request").is_none());
    assert!(by_the_fast_path.count() > 50);
}

#[test]
fn without_the_fast_path_the_sdk_asks_for_every_object() {
    let server = serve();
    let calls = noted(&server);
    let usual = run(&mut verify(&server, BUCKET, &[]));
    let by_the_sdk = |calls: &[Call]| calls.iter().all(|call| header(call, "amz-sdk-request").is_some());
    assert!(!by_the_sdk(&calls.lock().unwrap()));
    calls.lock().unwrap().clear();
    let ran = run(&mut verify(&server, BUCKET, &["--no-fast-path"]));
    assert_eq!((ran.code, &ran.report["totals"]), (0, &usual.report["totals"]), "{}", ran.said);
    let calls = calls.lock().unwrap();
    assert!(calls.iter().filter(|call| call.action == Action::GetObject).count() > 50);
    assert!(by_the_sdk(&calls));
}

#[test]
fn a_bucket_that_refuses_its_listing_may_want_to_be_paid() {
    let server = serve();
    server.fail(faults::script(|call| (call.action == Action::ListObjectsV2).then_some(Fault::DENIED)));
    let ran = run(&mut verify(&server, BUCKET, &[]));
    assert!(ran.code == 2 && ran.said.contains("--request-payer requester"), "{}", ran.said);
    let ran = run(&mut verify(&server, BUCKET, &["--request-payer", "requester"]));
    assert!(ran.code == 2 && !ran.said.contains("--request-payer"), "{}", ran.said);
}

#[test]
fn public_buckets_are_read_without_credentials() {
    let server = serve();
    server.change(|world| world.public = true);
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let keys = folder.path().join("keys.json").display().to_string();
    let calls = noted(&server);
    let mut command = verify(&server, BUCKET, &["--no-sign-request", "--keys", &keys]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = run(&mut command);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(calls.lock().unwrap().iter().all(|call| header(call, "authorization").is_none()));
    let ran = run(&mut verify(&server, BUCKET, &["--no-sign-request"]));
    assert!(ran.code == 2 && ran.said.contains("--keys"), "{}", ran.said);
    let ran = run(program(&server).args(["keys", "fetch", "--no-sign-request"]));
    assert!(ran.code == 2 && ran.said.contains("--no-sign-request"), "{}", ran.said);
    server.change(|world| world.public = false);
    let ran = run(&mut verify(&server, BUCKET, &["--no-sign-request", "--keys", &keys]));
    assert!(ran.code == 2 && ran.said.contains("not public"), "{}", ran.said);
}

#[test]
fn an_endpoint_may_have_a_path() {
    let server = serve();
    for path in ["/storage", "/storage/", "/two/deep"] {
        let endpoint = format!("{}{path}", server.url());
        server.mount(path.trim_end_matches('/'));
        let ran = run(&mut verify(&server, BUCKET, &["--endpoint-url", &endpoint]));
        assert_eq!(ran.code, 0, "{path}: {}", ran.said);
        server.mount("");
    }
}

#[test]
fn where_aws_is_asked_first_is_not_what_is_looked_at() {
    let server = serve();
    let calls = noted(&server);
    let first = |more: &[&str], configured: Option<&str>| {
        calls.lock().unwrap().clear();
        let mut command = verify(&server, BUCKET, more);
        command.env_remove("AWS_REGION");
        if let Some(region) = configured {
            command.env("AWS_REGION", region);
        }
        run(&mut command);
        calls.lock().unwrap()[0].region.clone()
    };
    assert_eq!(first(&[], None), "us-east-1");
    assert_eq!(first(&["--region", "us-west-2"], None), "us-west-2");
    assert_eq!(first(&["--region", "us-west-2"], Some("eu-west-1")), "eu-west-1");
    assert_eq!(
        first(&["--region", "us-west-2", "--aws-region", "eu-north-1"], Some("eu-west-1")),
        "eu-north-1"
    );
}

#[test]
fn certificates_that_are_none_are_refused() {
    let server = serve();
    let file = config("certificates\n");
    let path = file.path().display().to_string();
    let ran = run(verify(&server, BUCKET, &[]).env("AWS_CA_BUNDLE", &path));
    assert!(ran.code == 2 && ran.said.contains(&path) && ran.said.contains("AWS_CA_BUNDLE"), "{}", ran.said);
    let profile = config(&format!("[profile p]\nca_bundle = {path}\n"));
    let ran = run(verify(&server, BUCKET, &["--profile", "p"]).env("AWS_CONFIG_FILE", profile.path()));
    assert!(ran.code == 2 && ran.said.contains("ca_bundle of the profile p"), "{}", ran.said);
}

#[test]
fn no_proxy_is_kept_to() {
    let server = serve();
    // Nobody listens there.
    let proxy = "http://127.0.0.1:9";
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    for rule in
        ["*".to_owned(), "127.0.0.1".to_owned(), "127.0.0.0/8".to_owned(), format!("127.0.0.1:{port}")]
    {
        let ran = run(verify(&server, BUCKET, &[]).env("HTTP_PROXY", proxy).env("NO_PROXY", &rule));
        assert_eq!(ran.code, 0, "{rule}: {}", ran.said);
    }
}

#[test]
fn keys_that_came_are_kept() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let window = WORLD.plan().window();
    let fetch = |more: &[&str]| {
        let mut command = program(&server);
        command.args([
            "keys",
            "fetch",
            "--start",
            &format_time(window.start),
            "--end",
            &format_time(window.end),
        ]);
        run(command.arg("--output").arg(&file).args(more))
    };
    let regions = WORLD.plan().region_names();
    let denied = regions[1].to_string();
    let refused = denied.clone();
    server.fail(faults::script(move |call| {
        let refused = call.action == Action::ListPublicKeys && call.region == refused;
        refused.then_some(Fault::Refuse(400, "AccessDeniedException", "an explicit deny"))
    }));
    let ran = fetch(&[]);
    assert_eq!(ran.code, 3, "{}", ran.said);
    assert!(ran.said.contains(&denied) && ran.said.contains("explicit deny"), "{}", ran.said);
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept.as_object().unwrap().len(), regions.len() - 1);
    assert!(kept.get(&denied).is_none());
    // Nothing at all is no file.
    std::fs::remove_file(&file).unwrap();
    let ran = fetch(&["--region", &denied]);
    assert!(ran.code == 2 && !file.exists(), "{}", ran.said);
    let ran = fetch(&["--region", "ap-south-2"]);
    assert!(ran.code == 4 && ran.said.contains("ap-south-2") && !file.exists(), "{}", ran.said);
    let ran = fetch(&["--region", &format!("ap-south-2,{}", regions[0])]);
    assert!(ran.code == 0 && ran.said.contains("no keys of that time in ap-south-2"), "{}", ran.said);
}

#[test]
fn an_access_point_is_asked_and_its_bucket_is_believed() {
    let server = serve();
    let alias = "audit-aqf4nd6jn3wbcd4pm9nq7c3h3drzeuse1a-s3alias";
    server.change(|world| {
        let bucket = world.buckets.remove("example-trail-bucket").unwrap();
        world.buckets.insert(alias.to_owned(), bucket);
    });
    let source = format!("s3://{alias}/audit");
    let ran = run(&mut verify(&server, &source, &[]));
    assert!(
        ran.code == 2
            && ran
                .said
                .contains("--copied-from s3://BUCKET/audit, where BUCKET is what this prints: aws s3control")
            && ran.said.contains(alias),
        "{}",
        ran.said
    );
    assert!(server.take_counts().is_empty());
    let ran = run(&mut verify(&server, &source, &["--copied-from", "s3://example-trail-bucket/audit"]));
    assert_eq!(ran.code, 0, "{} {:#}", ran.said, ran.report["findings"]);
}

#[test]
fn a_bucket_is_understood_however_it_is_spelt() {
    let server = serve();
    for source in [
        "S3://example-trail-bucket/audit",
        "arn:aws:s3:::example-trail-bucket/audit",
        "https://example-trail-bucket.s3.us-east-1.amazonaws.com/audit/",
        "https://us-east-1.console.aws.amazon.com/s3/buckets/example-trail-bucket?region=us-east-1&prefix=audit/",
    ] {
        let ran = run(&mut verify(&server, source, &[]));
        assert_eq!(ran.code, 0, "{source}: {}", ran.said);
    }
}

/// What a bucket that nobody can be reached under comes to, by somebody with little patience.
async fn unreached(endpoint: &str) -> String {
    let credentials = aws_credential_types::Credentials::new("A", "s", None, None, "test");
    let settings = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .build();
    let session = trailseal::aws::Session::over(settings, None, crate::support::client::brief());
    let listing = Listing::folder("bucket", "");
    S3Store::new(&session).list(&listing).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_says_what_to_look_at() {
    let refused = unreached("http://127.0.0.1:9").await;
    assert!(refused.contains("nobody listens there"), "{refused}");
    let unknown = unreached("http://no-such-host.invalid").await;
    assert!(unknown.contains("there is no such name"), "{unknown}");
}

#[test]
fn certificates_of_ones_own_are_trusted_where_they_are_named() {
    let server = serve();
    let Some(tls) = Tls::before(&server.url()) else {
        eprintln!("ABSENT: openssl; nothing proven");
        return;
    };
    let over_tls = |more: &[&str]| {
        let mut command = verify(&server, BUCKET, more);
        command.env("AWS_ENDPOINT_URL", tls.url());
        command
    };
    // A certificate that is not trusted stays so: nobody waits for another.
    let ran = run(&mut over_tls(&[]));
    assert!(ran.code == 2 && ran.said.contains("AWS_CA_BUNDLE"), "{}", ran.said);
    assert!(ran.said.lines().count() == 1 && server.take_counts().is_empty(), "{}", ran.said);
    let ran = run(over_tls(&[]).env("AWS_CA_BUNDLE", tls.certificate()));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let keys = "aws_access_key_id = A\naws_secret_access_key = s\n";
    let file = config(&format!("[profile p]\nca_bundle = {}\n{keys}", tls.certificate().display()));
    let ran = run(over_tls(&["--profile", "p"]).env("AWS_CONFIG_FILE", file.path()));
    assert_eq!(ran.code, 0, "{}", ran.said);
}

/// Notes where requests go, and gives no answer.
#[derive(Debug, Clone, Default)]
struct Addresses(Arc<Mutex<Vec<String>>>);

impl HttpConnector for Addresses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().unwrap().push(request.uri().to_owned());
        HttpConnectorFuture::ready(Err(ConnectorError::io("nobody".into())))
    }
}

impl HttpClient for Addresses {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[tokio::test]
async fn an_access_points_arn_leads_to_the_access_point() {
    let addresses = Addresses::default();
    let credentials = aws_credential_types::Credentials::new("A", "s", None, None, "test");
    let settings = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .http_client(addresses.clone())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .build();
    let session = trailseal::aws::Session::over(settings, None, crate::support::client::brief());
    let bucket = "arn:aws:s3:eu-west-1:111122223333:accesspoint/audit";
    let listing = Listing::folder(bucket, "team/");
    S3Store::new(&session).list(&listing).await.unwrap_err();
    let asked = addresses.0.lock().unwrap()[0].clone();
    let host = "https://audit-111122223333.s3-accesspoint.eu-west-1.amazonaws.com/?";
    assert!(asked.starts_with(host) && asked.contains("prefix=team"), "{asked}");
}
