//! Where results go: whole or not at all, each for itself, and never where they were not sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use trailseal::forge::{self, Damage};

use crate::binary::{PROGRAM, WHOLE, WORLD, code, program, stderr, trailseal};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;

mod killed;
mod metrics;
mod refused;
mod unwritten;

/// Where the whole world lies if it is served.
const BUCKET: &str = "s3://example-trail-bucket";

fn serve() -> Server {
    Server::start(forged::world(&WORLD, Encoding::Mixed))
}

/// A folder for results.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `FORMAT=PATH` of a file on it.
    fn report(&self, format: &str, name: &str) -> String {
        format!("{format}={}", self.path(name).display())
    }

    /// Puts a file there.
    fn old(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "old").unwrap();
        path
    }

    /// What lies there, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

fn bucket() -> String {
    WHOLE.0.path().join("bucket").display().to_string()
}

/// The whole world proven: exit 0, and short results.
fn proven() -> Vec<String> {
    let (world, truth) = &*WHOLE;
    let keys = world.path().join("keys.json").display().to_string();
    let words = ["verify", &bucket(), "--keys", &keys, "--start", &truth.window.start, "--end"];
    words.iter().map(ToString::to_string).chain([truth.window.end.clone()]).collect()
}

/// The keys of another world.
static FOREIGN: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    forge::write_world(&forge::WorldPlan { seed: 2, ..forge::WorldPlan::default() }, folder.path(), &[])
        .unwrap();
    folder
});

/// The whole world without its keys: exit 3, and long results: each of more than 100 kB but for `markdown` and `prometheus`,
/// which take less than 30 kB.
fn unproven() -> Vec<String> {
    let keys = FOREIGN.path().join("keys.json").display().to_string();
    vec!["verify".to_owned(), bucket(), "--keys".to_owned(), keys]
}

/// Runs the words with more of them, and gives exit code, stdout and stderr.
fn run(words: &[String], more: &[&str]) -> (i32, String, String) {
    let output = program().args(words).args(more).output().unwrap();
    let (code, said) = (code(&output), stderr(&output));
    assert!(!said.contains("panicked"), "{said}");
    (code, String::from_utf8(output.stdout).unwrap(), said)
}

/// Runs the words after a line of shell that ends in `exec "$@"` with redirections, if any.
#[cfg(unix)]
fn shell(line: &str, words: &[String], more: &[&str]) -> std::process::Output {
    let mut command = assert_cmd::Command::new("sh");
    command.timeout(std::time::Duration::from_secs(120)).args(["-c", line, "sh", PROGRAM]);
    command.args(words).args(more).output().unwrap()
}

/// A gauge of the run that says what it exited with.
fn told_exit_code(metrics: &str) -> &str {
    let line = metrics.lines().find(|line| line.starts_with("trailseal_exit_code{")).expect(metrics);
    line.rsplit_once(' ').unwrap().1
}

// Whole or not at all.

#[test]
fn an_output_is_written_whole_in_its_place() {
    let desk = Desk::new();
    desk.old("report.json");
    let (code, stdout, said) =
        run(&proven(), &["--format", "json", "--output", desk.path("report.json").to_str().unwrap()]);
    assert_eq!((code, &*stdout), (0, ""));
    assert!(said.starts_with("INTACT ") && said.lines().count() == 1, "{said}");
    let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    assert_eq!(report["exit_code"], 0);
    assert_eq!(desk.names(), ["report.json"]);
}

#[test]
fn every_command_writes_its_output_so() {
    let desk = Desk::new();
    let (world, _) = &*WHOLE;
    run(&proven(), &["--report", &desk.report("json", "saved.json")]);
    let log = WORLD.chains().iter().flat_map(|chain| &chain.digests).find_map(|digest| digest.logs().first());
    let log = world.path().join("bucket").join(&*log.unwrap().object.key).display().to_string();
    let keys = world.path().join("keys.json").display().to_string();
    let saved = desk.path("saved.json").display().to_string();
    let prove = ["prove", &log, "--keys", &keys, "--format", "json"];
    let again = ["report", &saved, "--format", "json"];
    for (command, name) in [(&prove[..], "proof.json"), (&again, "saved.json")] {
        let path = desk.path(name).display().to_string();
        let output = trailseal(&[command, &["--output", &path]].concat());
        assert_eq!((code(&output), output.stdout.len()), (0, 0), "{}", stderr(&output));
        let written = desk.read(name);
        assert!(serde_json::from_str::<Value>(&written).is_ok(), "{written}");
        let output = trailseal(&[command, &["--output", "-"]].concat());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), written);
    }
    assert_eq!(desk.names(), ["proof.json", "saved.json"]);
}

#[test]
#[cfg(unix)]
fn names_beside_a_result_are_nobodys_to_guess() {
    let desk = Desk::new();
    let victim = desk.old("victim");
    let plant = format!(
        "for name in report.json.$$.partial .trailseal-$$.partial; do ln -s '{}' '{}'/$name; done; exec \"$@\"",
        victim.display(),
        desk.folder.path().display()
    );
    let output = shell(&plant, &proven(), &["--output", desk.path("report.json").to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(desk.read("victim"), "old");
    assert_eq!(desk.names().len(), 4, "{:?}", desk.names());
}

// What is at the target.

#[test]
#[cfg(unix)]
fn a_link_at_the_target_is_replaced_and_not_followed() {
    use std::os::unix::fs::symlink;
    let desk = Desk::new();
    let victim = desk.old("victim");
    symlink(&victim, desk.path("live")).unwrap();
    symlink(desk.path("nothing"), desk.path("dangling")).unwrap();
    symlink("loop", desk.path("loop")).unwrap();
    let reports = ["live", "dangling", "loop"].map(|name| desk.report("csv", name));
    // A link and the file it leads to are two places.
    let own = desk.report("json", "victim");
    let more: Vec<&str> = reports.iter().chain([&own]).flat_map(|report| ["--report", report]).collect();
    let (code, _, said) = run(&proven(), &more);
    assert_eq!((code, &*said), (0, ""));
    for name in ["live", "dangling", "loop"] {
        assert!(fs::symlink_metadata(desk.path(name)).unwrap().is_file(), "{name}");
        assert!(desk.read(name).starts_with("\"code\""), "{name}");
    }
    assert!(desk.read("victim").starts_with('{'));
    assert_eq!(desk.names(), ["dangling", "live", "loop", "victim"]);
}

#[test]
#[cfg(unix)]
fn the_targets_mode_is_kept_and_a_new_file_has_the_usual_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o7777;
    for (before, after) in [(0o600, 0o600), (0o644, 0o644), (0o666, 0o666), (0o444, 0o444), (0o6750, 0o750)] {
        fs::set_permissions(desk.old("kept"), fs::Permissions::from_mode(before)).unwrap();
        std::os::unix::fs::symlink("kept", desk.path("link")).unwrap();
        let more = ["kept", "new", "link"].map(|name| desk.report("csv", name));
        let more: Vec<&str> = more.iter().flat_map(|report| ["--report", report]).collect();
        let output = shell("umask 027; exec \"$@\"", &proven(), &more);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(mode("kept"), after, "{before:o}");
        // Of what a link leads to nothing is kept.
        assert_eq!((mode("new"), mode("link")), (0o640, 0o640));
        for name in ["kept", "new", "link"] {
            fs::remove_file(desk.path(name)).unwrap();
        }
    }
}

#[test]
#[cfg(unix)]
fn descriptors_devices_and_pipes_are_written_as_they_are() {
    let desk = Desk::new();
    let (_, expected, _) = run(&proven(), &["--format", "csv"]);
    let to = |redirection: &str, path: &str| {
        let line = format!("cd '{}'; exec \"$@\" {redirection}", desk.folder.path().display());
        let output = shell(&line, &proven(), &["--format", "csv", "-q", "--output", path]);
        assert_eq!((code(&output), &*stderr(&output)), (0, ""), "{path} {redirection}");
        String::from_utf8(output.stdout).unwrap()
    };
    std::os::unix::fs::symlink("/dev/stdout", desk.path("link")).unwrap();
    for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"] {
        if path.starts_with("/proc") && !Path::new(path).exists() {
            eprintln!("ABSENT: {path}");
            continue;
        }
        assert_eq!(to("", path), expected, "{path}");
        assert_eq!(to("| cat", path), expected, "{path}");
        to("> file", path);
        assert_eq!(desk.read("file"), expected, "{path}");
        desk.old("file");
        to(">> file", path);
        assert_eq!(desk.read("file"), format!("old{expected}"), "{path}");
    }
    desk.old("file");
    to("3>> file", "/dev/fd/3");
    assert_eq!(desk.read("file"), format!("old{expected}"));
    to("2> file", "/dev/stderr");
    assert_eq!(desk.read("file"), expected);
    to("", "/dev/null");
    assert!(!fs::metadata("/dev/null").unwrap().is_file(), "a device stays one");
    assert_eq!(desk.names(), ["file", "link"]);
    assert!(fs::symlink_metadata(desk.path("link")).unwrap().is_symlink());
}

#[test]
#[cfg(unix)]
fn named_pipes_and_those_of_a_shell_are_written_as_they_are() {
    use std::os::unix::fs::FileTypeExt as _;
    let desk = Desk::new();
    let (_, expected, _) = run(&proven(), &["--format", "csv"]);
    let pipe = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = Command::new(PROGRAM)
        .args(proven())
        .args(["--format", "csv", "--output", pipe.to_str().unwrap()])
        .spawn()
        .unwrap();
    assert_eq!(fs::read_to_string(&pipe).unwrap(), expected);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo(), "a pipe stays one");
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("ABSENT: no bash; what it puts in the place of >(…) is not proven");
        return;
    }
    // The reader's own stdout is the shell's, which ends when both have.
    let mut bash = assert_cmd::Command::new("bash");
    bash.args(["-c", "\"$@\" --output >(cat)", "bash", PROGRAM]).args(proven()).args(["--format", "csv"]);
    let output = bash.output().unwrap();
    assert_eq!((code(&output), String::from_utf8(output.stdout).unwrap()), (0, expected));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = WORLD.clone();
    world.apply(Damage::LogEventEdited).unwrap();
    let truth = world.write(folder.path()).unwrap();
    let bucket = folder.path().join("bucket").display().to_string();
    let keys = folder.path().join("keys.json").display().to_string();
    let streams = [&["csv", "--objects"][..], &["jsonl", "--objects"], &["aws-cli"]];
    for format in [&["human"][..], &["json"], &["csv"], &["html"]].into_iter().chain(streams) {
        let mut child = Command::new(PROGRAM)
            .args(["verify", &bucket, "--keys", &keys, "--verbose", "--format"])
            .args(format)
            .args(["--start", &truth.window.start, "--end", &truth.window.end])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{format:?}");
        assert_eq!(said, "", "{format:?}");
    }
}
