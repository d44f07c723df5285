//! The program as a function of AWS Lambda: its bootstrap as `deploy` prints it, the runtime's API imitated, the record over S3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use chrono::DurationRound as _;
use trailseal::forge::{Damage, World};
use trailseal::trail::format_time;
use trailseal::trail::key::DigestKey;

use crate::s3_cli::program;
use crate::support::deployed::{bootstrap, deploy};
use crate::support::forged::{self, Encoding};
use crate::support::judged::quiet;
use crate::support::runtime::answers;
use crate::support::server::Server;
use crate::support::world::Bucket;

/// Half a day of one account in two regions.
static WORLD: LazyLock<World> = LazyLock::new(|| quiet(12, |_| {}));

struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new(world: &World) -> Self {
        let mut world = forged::world(world, Encoding::Mixed);
        world.buckets.insert("state-bucket".into(), Bucket::new(forged::BUCKET_REGION));
        Self { server: Server::start(world), folder: tempfile::tempdir().unwrap() }
    }

    /// What is answered to these events, where earlier runs put their seals, if they did.
    fn answers(&self, witness: Option<(&Path, &str)>, events: &[String]) -> Vec<String> {
        let like = program(&self.server);
        let root = Path::new(like.get_program()).parent().unwrap();
        let file = self.folder.path().join("bootstrap");
        fs::write(&file, bootstrap(&deploy("lambda", &[]))).unwrap();
        let mut function = Command::new("/bin/sh");
        function.arg(file).env_clear();
        function.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        function.env("LAMBDA_TASK_ROOT", root).envs([
            ("SOURCE", "s3://example-trail-bucket/"),
            ("STATE", "s3://state-bucket"),
            ("TOPIC", "arn:aws:sns:us-east-1:123456789012:own"),
        ]);
        let (witness, key) = witness.unwrap_or((Path::new(""), ""));
        function.env("WITNESS", witness).env("VERIFIER_KEY", key);
        function.stdout(fs::File::create(self.folder.path().join("log")).unwrap());
        answers(function, events)
    }

    /// What the function said.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// The digests of a region, oldest first.
fn digests(world: &World, region: usize) -> Vec<String> {
    world.chains()[region].digests.iter().map(|digest| digest.object().key.to_string()).collect()
}

/// What EventBridge tells of an object.
fn came(key: &str) -> String {
    serde_json::json!({
        "source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": "example-trail-bucket"}, "object": {"key": key}},
    })
    .to_string()
}

#[test]
fn whole_is_the_functions_success_and_all_else_its_error() {
    let scene = Scene::new(&WORLD);
    let digest = &digests(&WORLD, 0)[5];
    // The record ended long ago, and its chains did not: that is not whole.
    let answered = scene.answers(None, &["{}".to_owned(), came(digest), came("AWSLogs/something")]);
    assert_eq!(
        answered,
        [
            "/event-0/error {\"errorMessage\":\"exit code 3; the log of this function has the report\",\"errorType\":\"NotWhole\"}",
            "/event-1/response {\"exit_code\":0,\"runs\":1}",
            "/event-2/response {\"exit_code\":0,\"runs\":0}",
        ]
    );
    let key = DigestKey::parse(digest).unwrap();
    let log = scene.log();
    let hour = log.rsplit("trailseal ").next().unwrap();
    assert!(hour.contains(&format_time(key.end)) && hour.contains(key.chain.place.region.as_str()), "{log}");
}

#[test]
fn an_hour_that_has_just_ended_is_whole() {
    let now = chrono::Utc::now();
    let hour = now.duration_trunc(chrono::TimeDelta::hours(1)).unwrap();
    let world = quiet(12, |plan| plan.start = hour - chrono::TimeDelta::hours(12));
    let scene = Scene::new(&world);
    let newest = digests(&world, 0).pop().unwrap();
    let end = DigestKey::parse(&newest).unwrap().end;
    assert!(now - end < chrono::TimeDelta::hours(3), "{newest}");
    assert_eq!(
        scene.answers(None, &[came(&newest)]),
        ["/event-0/response {\"exit_code\":0,\"runs\":1}"],
        "{}",
        scene.log()
    );
}

#[test]
fn the_hour_of_a_damaged_log_file_is_an_error_and_every_other_hour_is_none() {
    let mut world = WORLD.clone();
    world.apply(Damage::LogDeleted).unwrap();
    let scene = Scene::new(&world);
    let all: Vec<String> = [digests(&world, 0), digests(&world, 1)].concat();
    let failed: Vec<bool> = scene
        .answers(None, &all.iter().map(|key| came(key)).collect::<Vec<_>>())
        .iter()
        .map(|answer| match answer.split_once('/').unwrap().1 {
            told if told.contains("/response") => false,
            told => {
                assert!(told.contains("exit code 1;"), "{told}");
                true
            }
        })
        .collect();
    assert_eq!(failed.iter().filter(|failed| **failed).count(), 1, "{failed:?}\n{}", scene.log());
}

#[test]
fn an_hour_is_held_to_the_seals_of_runs_elsewhere() {
    let scene = Scene::new(&WORLD);
    let (key, witness) = (scene.folder.path().join("seal.key"), scene.folder.path().join("witness"));
    let made = program(&scene.server).args(["seal", "keygen", "example.org/trailseal"]).output().unwrap();
    fs::write(&key, made.stdout).unwrap();
    let verifier = String::from_utf8(made.stderr).unwrap();
    let window = WORLD.plan().window();
    let sealed = program(&scene.server)
        .args(["verify", "s3://example-trail-bucket", "--seal-key", key.to_str().unwrap(), "--quiet"])
        .args(["--start", &format_time(window.start), "--end", &format_time(window.end)])
        .args(["--witness", witness.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(sealed.status.code(), Some(0), "{}", String::from_utf8_lossy(&sealed.stderr));
    let held = Some((&*witness, verifier.trim()));
    let events: Vec<String> = [0, 1].map(|region| came(&digests(&WORLD, region)[5])).into();
    let is_whole =
        |answers: Vec<String>| answers.iter().map(|told| told.contains("/response")).collect::<Vec<_>>();
    assert_eq!(is_whole(scene.answers(held, &events)), [true, true], "{}", scene.log());
    // The newest digest of one region is gone, hours later than the one that has come.
    let newest = digests(&WORLD, 0).pop().unwrap();
    scene.server.change(|world| {
        world.buckets.get_mut("example-trail-bucket").unwrap().objects.remove(&newest);
    });
    assert_eq!(is_whole(scene.answers(held, &events)), [false, true], "{}", scene.log());
    assert_eq!(is_whole(scene.answers(None, &events)), [true, true], "{}", scene.log());
}
