//! Alerts: whom a run that is not well tells, what of it is news, and that nobody who is told changes the verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::{Damage, Truth, World};
use trailseal::render::plain::acts;

use crate::binary::{WORLD, code, program, stderr};
use crate::support::http::Answer;
use crate::support::post_box::PostBox;

/// A world in a folder, which a test changes as it goes, and room for files beside it.
pub struct Scene {
    folder: TempDir,
    truth: Truth,
}

/// A run: its exit code, its report, and what it said beside it.
pub struct Run {
    pub code: i32,
    pub report: Value,
    pub said: String,
}

impl Scene {
    pub fn of(damages: &[Damage]) -> Self {
        let mut world: World = WORLD.clone();
        damages.iter().for_each(|damage| world.apply(*damage).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let truth = world.write(folder.path()).unwrap();
        Self { folder, truth }
    }

    /// Writes another world over it.
    pub fn become_of(&mut self, damages: &[Damage]) {
        fs::remove_dir_all(self.path("bucket")).unwrap();
        let mut world: World = WORLD.clone();
        damages.iter().for_each(|damage| world.apply(*damage).unwrap());
        self.truth = world.write(self.folder.path()).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self, more: &[&str]) -> assert_cmd::Command {
        let mut command = program();
        for variable in ["AWS_PROFILE", "AWS_CA_BUNDLE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        {
            command.env_remove(variable);
        }
        command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
        command.env("AWS_EC2_METADATA_DISABLED", "true").current_dir(self.folder.path());
        command.args(["verify", "bucket", "--keys", "keys.json", "--format", "json"]);
        if !more.contains(&"--start") {
            command.args(["--start", &self.truth.window.start]);
        }
        command.args(["--end", &self.truth.window.end]).args(more);
        command
    }

    pub fn run(&self, more: &[&str]) -> Run {
        let output = self.verify(more).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Run { code: code(&output), report, said: stderr(&output) }
    }

    /// The messages in a file, and the file emptied.
    pub fn told(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        fs::remove_file(self.path(name)).ok();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const EDITED: Damage = Damage::LogEventEdited;

#[test]
fn a_red_run_adds_a_line_to_a_file_and_a_green_one_does_not() {
    let scene = Scene::of(&[EDITED]);
    let run = scene.run(&["--notify", "file:alerts.jsonl", "--report", "html=page.html"]);
    assert_eq!(run.code, 1, "{}", run.said);
    assert!(run.said.contains("the alert was sent to file:alerts.jsonl"), "{}", run.said);
    let [message] = &scene.told("alerts.jsonl")[..] else { panic!("one message") };
    assert_eq!(message["schema"], "trailseal/alert/v1");
    assert_eq!(
        (&message["kind"], &message["verdict"], &message["exit_code"]),
        (&"red".into(), &"tampered".into(), &1.into())
    );
    assert_eq!((&message["source"], &message["window"]), (&run.report["source"], &run.report["window"]));
    assert_eq!(message["reports"], serde_json::json!(["page.html"]));
    assert_eq!(message["first"][0]["code"], "log-modified");
    assert_eq!(message["first"][0]["object"], run.report["findings"][0]["object"]);
    assert_eq!(
        message["counts"][0],
        serde_json::json!({ "class": "tamper", "code": "log-modified", "count": 1 })
    );
    let whole = Scene::of(&[]);
    let run = whole.run(&["--notify", "file:alerts.jsonl"]);
    assert_eq!((run.code, &*run.said, whole.told("alerts.jsonl").len()), (0, "", 0));
}

#[test]
fn what_was_told_before_is_no_news_and_what_is_mended_is_told_once() {
    let mut scene = Scene::of(&[EDITED]);
    let words = ["--notify", "file:alerts.jsonl", "--notify-state", "state/told.jsonl"];
    let kinds = |scene: &Scene, more: &[&str]| {
        scene.run(&[&words[..], more].concat());
        scene
            .told("alerts.jsonl")
            .iter()
            .map(|told| told["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&scene, &[]), ["red"]);
    let run = scene.run(&words);
    let [still] = &scene.told("alerts.jsonl")[..] else { panic!("one message") };
    assert_eq!((run.code, &still["kind"], &still["new"]), (1, &"still-red".into(), &0.into()));
    assert!(still["red_since"].is_string() && still["first"].as_array().unwrap().is_empty(), "{still}");
    // One more is news, and stands first.
    scene.become_of(&[EDITED, Damage::LogDeleted]);
    scene.run(&words);
    let [more] = &scene.told("alerts.jsonl")[..] else { panic!("one message") };
    assert_eq!(
        (&more["kind"], &more["new"], &more["matters"]),
        (&"red".into(), &1.into(), &2.into()),
        "{more:#}"
    );
    assert_eq!(
        (&more["first"][0]["standing"], &more["first"][1]["standing"]),
        (&"new".into(), &"told".into())
    );
    // A narrower run finds nothing, and says nothing of what it does not look at.
    let later = scene.truth.window.end.clone();
    let later = (trailseal::trail::parse_time(&later).unwrap() - chrono::TimeDelta::hours(2)).to_rfc3339();
    scene.become_of(&[]);
    assert_eq!(kinds(&scene, &["--start", &later]), [""; 0]);
    assert_eq!(kinds(&scene, &["--depth", "chain"]), [""; 0]);
    let run = scene.run(&words);
    let [recovered] = &scene.told("alerts.jsonl")[..] else { panic!("one message: {}", run.said) };
    assert_eq!(
        (run.code, &recovered["kind"], &recovered["verdict"]),
        (0, &"recovered".into(), &"intact".into())
    );
    let codes: Vec<&str> = recovered["recovered"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gone| gone["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["log-missing", "log-modified"], "{recovered:#}");
    assert_eq!(kinds(&scene, &[]), [""; 0]);
}

#[test]
fn nobody_who_was_not_told_is_taken_to_know() {
    let scene = Scene::of(&[EDITED]);
    let state = ["--notify-state", "told.jsonl"];
    let run = scene.run(&[&["--notify", "exec:exit 7"], &state[..]].concat());
    assert_eq!(run.code, 1);
    assert!(
        run.said.contains("exec:exit … was not told") && run.said.contains("exit status: 7"),
        "{}",
        run.said
    );
    assert!(!scene.path("told.jsonl").exists());
    // One of two is enough.
    let both = ["--notify", "exec:exit 7", "--notify", "file:alerts.jsonl"];
    assert_eq!(scene.run(&[&both, &state[..]].concat()).code, 1);
    assert!(scene.path("told.jsonl").exists());
    scene.run(&[&["--notify", "file:alerts.jsonl"], &state[..]].concat());
    let kinds: Vec<Value> = scene.told("alerts.jsonl").iter().map(|told| told["kind"].clone()).collect();
    assert_eq!(kinds, ["red", "still-red"]);
    // What is no state is not written over, and the alert is sent all the same.
    fs::write(scene.path("told.jsonl"), "precious\n").unwrap();
    let run = scene.run(&[&["--notify", "file:alerts.jsonl"], &state[..]].concat());
    assert!(
        run.said.contains("what was told before is not known") && run.said.contains("told.jsonl"),
        "{}",
        run.said
    );
    assert_eq!(scene.told("alerts.jsonl")[0]["kind"], "red");
    assert_eq!(fs::read_to_string(scene.path("told.jsonl")).unwrap(), "precious\n");
}

/// A file in a folder of log files under a name that an attacker chose.
#[cfg(unix)]
fn hostile(name: &str) -> Scene {
    let scene = Scene::of(&[EDITED]);
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let day = scene.path("bucket").join(&*log.key);
    fs::write(day.parent().unwrap().join(name), "x").unwrap();
    scene
}

#[test]
#[cfg(unix)]
fn a_chat_reads_hostile_names_as_words() {
    let chat = PostBox::friendly();
    let [web, slack] = ["", "slack+"].map(|kind| format!("{kind}{}/services/secret", chat.url()));
    for (name, shown) in [
        ("<!channel> @here *x*.json.gz", "&lt;!channel&gt; ＠here *x*.json.gz`"),
        (
            "`@everyone` & <https:evil.example|x>.json.gz",
            "'＠everyone' &amp; &lt;https:evil.example|x&gt;.json.gz`",
        ),
        ("\u{1b}]0;owned\u{7}\u{202e}.json.gz", "\\u{1b}]0;owned\\u{7}\\u{202e}.json.gz`"),
        ("line\nBcc: all\r.json.gz", "line\\nBcc: all\\r.json.gz`"),
    ] {
        let run = hostile(name).run(&["--notify", &web, "--notify", &slack]);
        assert_eq!(run.code, 1, "{}", run.said);
        assert_eq!(run.said.matches("the alert was sent to ").count(), 2, "{}", run.said);
        // Whoever knows the address may post there.
        assert!(!run.said.contains("services/secret"), "{}", run.said);
        assert!(!run.report.to_string().contains("services/secret"), "{:#}", run.report["arguments"]);
        let posted = chat.take();
        assert_eq!(posted.len(), 2);
        for request in &posted {
            assert_eq!((&*request.method, &*request.path), ("POST", "/services/secret"));
            assert_eq!(request.header("content-type"), Some("application/json"));
            assert_eq!(request.header("authorization"), None);
            let text = String::from_utf8(request.body.to_vec()).unwrap();
            assert_eq!(text.chars().find(|char| acts(*char)), None, "{text}");
        }
        let bodies = posted.iter().map(|request| serde_json::from_slice::<Value>(&request.body).unwrap());
        let (slack, web): (Vec<Value>, Vec<Value>) = bodies.partition(|body| body.get("text").is_some());
        assert_eq!(web[0]["schema"], "trailseal/alert/v1");
        let text = slack[0]["text"].as_str().unwrap();
        assert!(text.starts_with("TAMPERED  ") && text.contains("log-unlisted"), "{text}");
        assert!(!text.contains(['<', '>', '@']) && text.contains(shown), "{text}");
    }
}

#[test]
#[cfg(unix)]
fn a_command_is_given_the_message_and_no_shell_reads_a_name() {
    let scene = hostile("$(touch owned)`touch owned`;touch owned;'\".json.gz");
    let run = scene.run(&["--notify", "exec:cat > \"$PWD/got.json\" && echo heard && echo said >&2"]);
    assert_eq!(run.code, 1, "{}", run.said);
    assert!(run.said.contains("heard\n") && run.said.contains("said\n"), "{}", run.said);
    assert!(run.said.contains("the alert was sent to exec:cat …"), "{}", run.said);
    let [message] = &scene.told("got.json")[..] else { panic!("one message") };
    assert!(message.to_string().contains("$(touch owned)`touch owned`"), "{message:#}");
    assert!(!scene.path("owned").exists());
}

#[test]
fn a_target_that_fails_is_asked_again_and_the_verdict_stays() {
    let scene = Scene::of(&[EDITED]);
    let busy = PostBox::start(|number, _| Answer::new(if number < 2 { 503 } else { 204 }, "text/plain", ""));
    let run = scene.run(&["--notify", &busy.url()]);
    assert_eq!((run.code, busy.take().len()), (1, 3), "{}", run.said);
    assert!(run.said.contains("the alert was sent to "), "{}", run.said);
    let broken = PostBox::start(|_, _| Answer::new(500, "text/plain", "out of \u{1b}[31morder"));
    let run = scene.run(&["--notify", &broken.url(), "--quiet"]);
    assert_eq!((run.code, broken.take().len()), (1, 3), "{}", run.said);
    assert_eq!(run.report["exit_code"], 1);
    assert!(run.said.contains("was not told, and the verdict is what it is: "), "{}", run.said);
    assert!(run.said.contains("status 500") && run.said.contains("tried 3 times"), "{}", run.said);
    assert!(!run.said.contains('\u{1b}'), "{}", run.said);
    // Nobody is asked again who has said no, and nobody is followed elsewhere.
    for (status, more) in [(403, "no"), (302, "over there")] {
        let other = PostBox::start(move |_, _| {
            Answer::new(status, "text/plain", more).with("location", "http://127.0.0.1:9/")
        });
        let run = scene.run(&["--notify", &other.url()]);
        assert_eq!(run.code, 1);
        assert!(run.said.contains(&format!("status {status}")), "{}", run.said);
        assert_eq!(other.take().len(), if status == 403 { 1 } else { 3 });
    }
}

#[test]
fn a_dead_endpoint_holds_up_neither_the_run_nor_the_others() {
    let scene = Scene::of(&[EDITED]);
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = format!("http://127.0.0.1:{port}/");
    let run = scene.run(&["--notify", &dead, "--notify", "file:alerts.jsonl"]);
    assert_eq!((run.code, scene.told("alerts.jsonl").len()), (1, 1), "{}", run.said);
    assert!(run.said.contains(&format!("http://127.0.0.1:{port}/… was not told")), "{}", run.said);
}

#[test]
fn whom_to_tell_stands_in_the_configuration_file_too() {
    let scene = Scene::of(&[EDITED]);
    let slack = "slack+https://hooks.example.com/services/secret";
    let text = format!("notify = [\"file:alerts.jsonl\", \"{slack}\"]\nnotify-state = \"told.jsonl\"\n");
    fs::write(scene.path("shown.toml"), &text).unwrap();
    fs::write(scene.path("config.toml"), text.replace(slack, "file:second.jsonl")).unwrap();
    for (file, kind) in [("alerts.jsonl", "red"), ("second.jsonl", "still-red")] {
        assert_eq!(scene.run(&["--config", "config.toml"]).code, 1);
        assert_eq!(scene.told(file).pop().unwrap()["kind"], kind);
    }
    let show = program().args(["config", "show", "--config"]).arg(scene.path("shown.toml")).output().unwrap();
    let shown = String::from_utf8(show.stdout).unwrap();
    assert!(
        shown.contains("notify = [\"file:alerts.jsonl\", \"slack+https://hooks.example.com/…\"]"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn what_names_nobody_is_refused_before_the_work_and_shows_no_secret() {
    let scene = Scene::of(&[]);
    for (word, said) in [
        ("pigeon:secret", "names none of sns:ARN"),
        ("http://hooks.example.com/secret", "http:// goes to this machine alone"),
        ("https://me:secret@hooks.example.com/", "a name and a password"),
        ("sns:alerts", "a topic's ARN"),
        ("exec:", "name a command"),
    ] {
        let metrics = scene.path("metrics.prom");
        let report = format!("prometheus={}", metrics.display());
        let run = scene.run(&["--notify", word, "--report", &report]);
        assert_eq!((run.code, &run.report), (2, &Value::Null), "{word}: {}", run.said);
        assert!(run.said.contains(said) && run.said.contains("--notify"), "{word}: {}", run.said);
        assert!(!run.said.contains("secret"), "{word}: {}", run.said);
        assert!(fs::read_to_string(metrics).unwrap().contains("trailseal_exit_code"));
    }
    let unsigned = scene.run(&["--notify", "eventbridge:default", "--no-sign-request"]);
    assert!(unsigned.code == 2 && unsigned.said.contains("--no-sign-request"), "{}", unsigned.said);
    for state in ["bucket", "state/", "s3://b", "s3://b/", "/dev/null/told"] {
        let run = scene.run(&["--notify", "file:alerts.jsonl", "--notify-state", state]);
        assert!(run.code == 2 && run.said.contains("--notify-state"), "{state}: {}", run.said);
    }
}
