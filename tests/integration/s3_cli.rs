//! The program itself against the server: what an AWS user types, and what comes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::{Value, json};
use trailseal::forge::{Damage, World, WorldPlan};
use trailseal::trail::format_time;

use crate::support::faults::{self, Action, Fault};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;
use crate::support::world;

static WORLD: LazyLock<World> =
    LazyLock::new(|| World::forge(&WorldPlan { prefix: "audit".into(), ..WorldPlan::default() }).unwrap());
const BUCKET: &str = "s3://example-trail-bucket/audit";

fn serve(world: &World) -> Server {
    Server::start(forged::world(world, Encoding::Mixed))
}

/// The program with nothing of the caller's own AWS configuration.
pub fn program(server: &Server) -> Command {
    let mut command = Command::cargo_bin("trailseal").unwrap();
    command
        .env_clear()
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn verify(server: &Server, source: &str) -> Command {
    let window = WORLD.plan().window();
    let mut command = program(server);
    command.args(["verify", source, "--format", "json", "--no-progress"]);
    command.args(["--start", &format_time(window.start), "--end", &format_time(window.end)]);
    command
}

/// Runs it, and gives exit code, report (null if there is none) and stderr.
fn run(command: &mut Command) -> (i32, Value, String) {
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
}

fn codes(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|one| (one["code"].as_str().unwrap(), one["class"].as_str().unwrap())).collect()
}

#[test]
fn a_bucket_is_verified_with_awss_own_keys() {
    let server = serve(&WORLD);
    let (code, report, stderr) = run(&mut verify(&server, BUCKET));
    assert_eq!((code, report["verdict"].as_str()), (0, Some("intact")), "{report:#} {stderr}");
    assert_eq!(report["keys"][0]["origin"], "ListPublicKeys");
    let account = forged::world(&WORLD, Encoding::Mixed).account;
    let caller = json!({ "kind": "caller", "arn": format!("arn:aws:iam::{account}:user/test") });
    assert_eq!(report["identity"], caller);
    let counts = server.take_counts();
    assert_eq!(counts[&Action::ListPublicKeys], 3, "once for each region: {counts:?}");
}

#[test]
fn a_trail_is_found_by_its_arn() {
    let server = serve(&WORLD);
    let arn = forged::world(&WORLD, Encoding::Mixed).trails[0].arn.clone();
    let account = arn.split(':').nth(4).unwrap().to_owned();
    let (code, report, stderr) = run(verify(&server, &arn).args(["--account", &account]));
    assert_eq!(code, 0, "{report:#} {stderr}");
    let absent = arn.replace("management-events", "absent");
    let (code, _, stderr) = run(&mut verify(&server, &absent));
    assert!(
        code == 2 && stderr.contains("trail/absent") && stderr.contains("check the ARN"),
        "{code} {stderr}"
    );
}

#[test]
fn a_trail_without_validation_says_so() {
    let server = serve(&WORLD);
    server.change(|world| {
        for trail in &mut world.trails {
            trail.description["LogFileValidationEnabled"] = false.into();
        }
        world.buckets.values_mut().for_each(|bucket| bucket.objects.retain(|key, _| !key.contains("Digest")));
    });
    let arn = forged::world(&WORLD, Encoding::Mixed).trails[0].arn.clone();
    let output = verify(&server, &arn).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(output.status.code(), Some(3), "log files without digests are not verified, and no crime");
    assert!(String::from_utf8(said).unwrap().contains("validation is off"), "nothing says why");
}

#[test]
fn a_bucket_in_another_region_and_a_role_are_no_obstacle() {
    let server = serve(&WORLD);
    server.change(|world| {
        world.buckets.values_mut().for_each(|bucket| bucket.region = "eu-central-2".into());
    });
    let role = "arn:aws:iam::111122223333:role/auditor";
    let (code, _, stderr) = run(verify(&server, BUCKET).args(["--assume-role", role]));
    assert_eq!(code, 0, "{stderr}");
    let counts = server.take_counts();
    assert_eq!(counts[&Action::AssumeRole], 1, "{counts:?}");
}

#[test]
fn a_profile_brings_credentials_region_and_endpoint() {
    let server = serve(&WORLD);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let profile = "[profile auditor]\nregion = us-east-1\naws_access_key_id = A\naws_secret_access_key = s\n";
    std::fs::write(&file, format!("{profile}endpoint_url = {}\n", server.url())).unwrap();
    let mut command = verify(&server, BUCKET);
    for name in ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(name);
    }
    let (code, _, stderr) = run(command.env("AWS_CONFIG_FILE", &file).args(["--profile", "auditor"]));
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn an_endpoint_for_s3_leaves_the_keys_with_aws() {
    let (storage, aws) = (serve(&WORLD), serve(&WORLD));
    aws.change(|world| world.buckets.clear());
    storage.change(|world| world.keys.clear());
    let (code, _, stderr) = run(verify(&aws, BUCKET).args(["--endpoint-url", &storage.url()]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        aws.take_counts().keys().collect::<Vec<_>>(),
        [&Action::ListPublicKeys, &Action::GetCallerIdentity]
    );
}

#[test]
fn who_asks_is_named_as_far_as_it_can_be_known() {
    let server = serve(&WORLD);
    server.fail(faults::script(|call| (call.action == Action::GetCallerIdentity).then_some(Fault::DENIED)));
    let (code, report, stderr) = run(&mut verify(&server, BUCKET));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(report["identity"], json!({ "kind": "access-key", "ending": "TEST" }));

    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let keys = folder.path().join("keys.json").display().to_string();
    server.take_counts();
    let (_, report, _) = run(verify(&server, BUCKET).args(["--keys", &keys]));
    assert_eq!(report["identity"]["kind"], "access-key", "these credentials are another store's");
    assert_eq!(server.take_counts().get(&Action::GetCallerIdentity), None);
    server.change(|world| world.public = true);
    let (_, report, _) = run(verify(&server, BUCKET).args(["--keys", &keys, "--no-sign-request"]));
    assert_eq!(report["identity"], json!({ "kind": "anonymous" }));

    let bucket = folder.path().join("bucket").display().to_string();
    let (_, report, _) = run(verify(&server, &bucket).args(["--keys", &keys]));
    assert_eq!(report.get("identity"), None, "nobody is asked who reads a folder");
}

#[test]
fn what_cannot_begin_says_what_to_do() {
    let server = serve(&WORLD);
    let without_credentials = &mut verify(&server, BUCKET);
    without_credentials.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let (code, _, stderr) = run(without_credentials);
    assert!(code == 2 && stderr.contains("credentials"), "{code} {stderr}");
    let (code, _, stderr) = run(&mut verify(&server, "s3://no-such-bucket-anywhere"));
    assert!(code == 2 && stderr.contains("no-such-bucket-anywhere"), "{code} {stderr}");
    let (code, _, stderr) = run(&mut verify(&server, "s3://example-trail-bucket/elsewhere"));
    assert!(matches!(code, 2 | 4) && stderr.contains("elsewhere"), "{code} {stderr}");
    server.change(|world| {
        world.buckets.values_mut().for_each(|bucket| bucket.listing = world::Listing::Denied);
    });
    let (code, _, stderr) = run(&mut verify(&server, BUCKET));
    assert!(code == 2 && stderr.contains("AccessDenied"), "{code} {stderr}");
}

#[test]
fn a_region_whose_keys_are_refused_is_unverifiable_and_nothing_more() {
    let server = serve(&WORLD);
    server.fail(faults::script(|call| {
        let refused = call.action == Action::ListPublicKeys && call.region == "us-west-2";
        refused.then_some(Fault::Refuse(
            400,
            "AccessDeniedException",
            "an explicit deny in a service control policy",
        ))
    }));
    let (code, report, stderr) = run(&mut verify(&server, BUCKET));
    assert_eq!(code, 3, "{stderr}");
    assert!(codes(&report).iter().all(|(_, class)| *class != "tamper"), "{:?}", codes(&report));
    assert!(report.to_string().contains("service control policy"), "{report:#}");
    assert!(report["totals"]["digests"]["authentic"].as_u64().unwrap() > 0);
}

#[test]
fn a_key_that_aws_does_not_list_is_a_crime() {
    let mut world = WORLD.clone();
    world.apply(Damage::DigestResignedUnknownKey).unwrap();
    let server = serve(&world);
    let (code, report, _) = run(&mut verify(&server, BUCKET));
    assert_eq!(code, 1);
    assert!(codes(&report).contains(&("digest-unknown-key", "tamper")), "{:?}", codes(&report));
}

#[test]
fn fetched_keys_spare_the_call() {
    let server = serve(&WORLD);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    fetch_keys(&server, &file);
    server.take_counts();
    let (code, _, stderr) = run(verify(&server, BUCKET).args(["--keys".as_ref(), file.as_os_str()]));
    assert_eq!(code, 0, "{stderr}");
    assert!(!server.take_counts().contains_key(&Action::ListPublicKeys));
}

fn fetch_keys(server: &Server, file: &Path) {
    let window = WORLD.plan().window();
    let mut command = program(server);
    command.args(["keys", "fetch", "--start", &format_time(window.start), "--end", &format_time(window.end)]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.take_counts()[&Action::ListPublicKeys], 3);
    std::fs::write(file, output.stdout).unwrap();
}

/// Long after a signal that is heard, and long before patience with a silent store ends.
const SOON: Duration = Duration::from_secs(20);

#[test]
#[cfg(unix)]
fn a_signal_is_heard_at_once_whatever_the_program_waits_for() {
    let arn = forged::world(&WORLD, Encoding::Mixed).trails[0].arn.clone();
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap().to_string();
    let cases: [(&[&str], Action); 6] = [
        (&["verify", &arn], Action::GetTrail),
        (&["verify", &arn], Action::ListRegions),
        (&["verify", BUCKET], Action::ListObjectsV2),
        (&["verify", BUCKET], Action::ListPublicKeys),
        (&["verify", BUCKET], Action::GetObject),
        (&["prove", &log], Action::GetObject),
    ];
    for (words, action) in cases {
        for signal in ["-INT", "-TERM"] {
            let server = serve(&WORLD);
            server.fail(faults::script(move |call| (call.action == action).then_some(Fault::Silence)));
            let command = program(&server);
            let mut child = Process::new(command.get_program())
                .env_clear()
                .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .args(words)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let started = Instant::now();
            let mut seen = 0;
            while seen == 0 {
                assert!(started.elapsed() < SOON, "{words:?} never asked for {action:?}");
                std::thread::sleep(Duration::from_millis(20));
                seen += server.take_counts().get(&action).copied().unwrap_or(0);
            }
            let signalled = Instant::now();
            assert!(Process::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            let status = child.wait().unwrap();
            assert_eq!(status.code(), Some(130), "{words:?} while waiting for {action:?}");
            assert!(signalled.elapsed() < SOON, "{words:?} while waiting for {action:?}");
        }
    }
}
