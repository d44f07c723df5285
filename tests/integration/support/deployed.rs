//! Templates of `trailseal deploy`, and their readers: the words that each would start the program with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::python::Python;
use crate::binary::{code, program, stderr};

pub const TARGETS: [&str; 8] =
    ["aws-batch", "lambda", "kubernetes", "slurm", "systemd", "cron", "github-actions", "container"];

/// A prefix of all signs that mean something to somebody.
pub const GIVEN: &str = r#"it's 100% "$HOME" `id` \n #: [a] {b: c} ${{ github.token }} %d & ; é"#;
/// The same, less those that policies interpret.
const GIVEN_TO_A_STACK: &str = r#"it's 100% "x" `id` \n #: [a] {b: c} & ; é"#;

/// What a target is given in tests.
pub struct Given {
    pub source: String,
    pub alerts: Vec<String>,
    options: Vec<(&'static str, String)>,
}

impl Given {
    pub fn of(target: &str) -> Self {
        let stack = matches!(target, "aws-batch" | "lambda");
        let source = format!("s3://my-trail/{}", if stack { GIVEN_TO_A_STACK } else { GIVEN });
        let mut alerts = vec![
            "sns:arn:aws:sns:us-east-1:111122223333:alerts",
            "slack+https://hooks.slack.com/services/T'/%20$B&x=(1)",
            "eventbridge:default",
            "securityhub",
        ];
        if matches!(target, "slurm" | "systemd" | "cron") {
            alerts.push("file:/var/log/it's 100% \"alerts\".jsonl");
            alerts.push(r#"exec:mail -s "it's 100%" $ADMIN \ ${{ x }}"#);
        }
        let mut options = vec![("--schedule", "23:05".to_owned()), ("--last", "30d".to_owned())];
        options.push(("--role", "arn:aws:iam::111122223333:role/audit/trailseal".into()));
        if matches!(target, "aws-batch" | "kubernetes" | "github-actions") {
            options.push(("--image", "registry.example.org:5000/trailseal@sha256:ab".into()));
        }
        if matches!(target, "aws-batch" | "kubernetes" | "slurm") {
            options.push(("--shards", "40".into()));
        }
        match target {
            "kubernetes" | "github-actions" => {
                options.push(("--state", "s3://my-state/it's ${{ x }}".into()))
            }
            "slurm" => options.push(("--state", "/nowhere/trailseal".into())),
            _ => {}
        }
        if !stack {
            options.push(("--witness", "s3://my-witness/it's 100%".into()));
        }
        Self { source, alerts: alerts.into_iter().map(str::to_owned).collect(), options }
    }
}

/// All options of a target.
pub fn given(target: &str) -> Vec<String> {
    if target == "container" {
        return Vec::new();
    }
    let Given { source, alerts, options } = Given::of(target);
    let mut words = vec!["--source".to_owned(), source];
    words.extend(alerts.into_iter().flat_map(|alert| ["--alert".to_owned(), alert]));
    words.extend(options.into_iter().flat_map(|(option, value)| [option.to_owned(), value]));
    words
}

#[track_caller]
pub fn deploy(target: &str, options: &[String]) -> String {
    let output = program().args(["deploy", target]).args(options).output().unwrap();
    assert_eq!(code(&output), 0, "{target} {options:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with programs that note the words they are called with.
pub struct Stage(PathBuf);

/// A line for each word, and an empty one.
const NOTES: &str =
    "#!/bin/sh\n{ for word; do printf '%s\\n' \"$word\"; done; echo; } >> \"$0.said\"\nexit \"${ENDS:-0}\"\n";
/// Runs the job at once, and gives its number.
const SBATCH: &str = "#!/bin/sh\nbash -s >&2\necho 7\n";

impl Stage {
    pub fn new(folder: &Path) -> Self {
        let programs = folder.join("programs");
        fs::create_dir_all(&programs).unwrap();
        for (name, text) in [("trailseal", NOTES), ("docker", NOTES), ("scontrol", NOTES), ("sbatch", SBATCH)]
        {
            let path = programs.join(name);
            fs::write(&path, text).unwrap();
            executable(&path);
        }
        Self(programs)
    }

    /// Runs a script with these programs before all others.
    pub fn run(&self, script: &str, environment: &[(&str, &str)]) {
        let path = std::env::join_paths(
            std::iter::once(self.0.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let file = self.0.with_extension("script");
        fs::write(&file, script).unwrap();
        let slurm = [("SLURM_ARRAY_JOB_ID", "7"), ("SLURM_ARRAY_TASK_ID", "3"), ("RUNNER_TEMP", "/tmp")];
        let output = Command::new("bash")
            .arg(&file)
            .env("PATH", path.unwrap())
            .envs(slurm)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    }

    /// Where the programs lie.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The words of each call.
    pub fn said(&self, program: &str) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.0.join(format!("{program}.said"))).unwrap_or_default();
        let call = |call: &str| call.lines().map(str::to_owned).collect();
        text.split("\n\n")
            .map(|call| call.trim_start_matches('\n'))
            .filter(|call| !call.is_empty())
            .map(call)
            .collect()
    }
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The words after `trailseal` of every run that a target's template starts, as its reader takes them. None where its reader
/// is written in Python and there is none.
pub fn commands(target: &str, options: &[String]) -> Option<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path());
    match target {
        "slurm" => {
            let mut options = options.to_vec();
            let at = options.iter().position(|word| word == "--state").unwrap();
            options[at + 1] = folder.path().join("it's 100% \"shared\"").display().to_string();
            stage.run(&deploy(target, &options), &[]);
            Some(stage.said("trailseal"))
        }
        "cron" => {
            let text = deploy(target, options);
            let line = text.lines().find(|line| line.contains(" trailseal trailseal verify ")).unwrap();
            let command = line.splitn(7, ' ').last().unwrap();
            assert!(!command.replace("\\%", "").contains('%'), "cron ends a command there: {command}");
            stage.run(&command.replace("\\%", "%"), &[]);
            Some(stage.said("trailseal"))
        }
        "lambda" => {
            let bootstrap = bootstrap(&deploy(target, options));
            let source = Given::of(target).source;
            let folder = stage.folder().to_str().unwrap();
            let environment = [("SOURCE", &*source), ("STATE", "s3://state"), ("LAMBDA_TASK_ROOT", folder)];
            stage.run(
                &bootstrap,
                &[&environment[..], &[("TOPIC", "arn:aws:sns:us-east-1:123456789012:own")]].concat(),
            );
            let mut words = stage.said("trailseal").remove(0);
            assert_eq!(words.remove(0), "lambda");
            // What follows it are the words of its runs.
            let at = words.iter().position(|word| word == "--").unwrap();
            words.remove(at);
            words.insert(0, "verify".to_owned());
            Some(vec![words])
        }
        "systemd" => {
            let unit = &units(&deploy(target, options), folder.path())[0];
            let text = fs::read_to_string(unit).unwrap().replace("\\\n", " ");
            let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap().to_owned();
            Some(vec![words_of_a_unit(&line)[1..].to_vec()])
        }
        "github-actions" => {
            let workflow = documents(&deploy(target, options))?.remove(0);
            let steps = workflow["jobs"]["verify"]["steps"].as_array().unwrap();
            let step = steps.iter().find(|step| step["name"] == "Verify").unwrap();
            let run = step["run"].as_str().unwrap();
            let said = "${{ '${{' }}";
            assert!(!run.replace(said, "").contains("${{"), "an expression that nobody meant: {run}");
            stage.run(&run.replace(said, "${{"), &[]);
            let calls = stage.said("docker").into_iter();
            let after_the_image = |words: Vec<String>| {
                let at = words.iter().position(|word| word.starts_with("registry.example.org")).unwrap();
                words[at + 1..].to_vec()
            };
            Some(calls.map(after_the_image).collect())
        }
        "kubernetes" => {
            let documents = documents(&deploy(target, options))?;
            let pods = documents.iter().filter_map(|document| match document["kind"].as_str() {
                Some("CronJob") => Some(&document["spec"]["jobTemplate"]["spec"]["template"]["spec"]),
                Some("Job") => Some(&document["spec"]["template"]["spec"]),
                _ => None,
            });
            Some(pods.map(|pod| strings(&pod["containers"][0]["args"])).collect())
        }
        "aws-batch" => {
            let jobs = super::batch::submitted(&deploy(target, options))?;
            Some(jobs.iter().map(|job| job.words.clone()).collect())
        }
        _ => panic!("{target}"),
    }
}

/// The script in the comments of Lambda's stack.
pub fn bootstrap(stack: &str) -> String {
    let lines = stack.lines().filter_map(|line| line.strip_prefix("#|"));
    lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}

/// The units that the script of systemd writes, the service first.
pub fn units(script: &str, folder: &Path) -> Vec<PathBuf> {
    let (file, units) = (folder.join("install.sh"), folder.join("units"));
    fs::create_dir_all(&units).unwrap();
    fs::write(&file, script).unwrap();
    assert!(Command::new("sh").arg(&file).arg(&units).status().unwrap().success());
    let mut written: Vec<PathBuf> =
        fs::read_dir(&units).unwrap().map(|entry| entry.unwrap().path()).collect();
    written.sort_by_key(|path| (!path.ends_with("trailseal.service"), path.clone()));
    written
}

/// A command line as systemd takes it apart: systemd.service(5), "Command lines".
fn words_of_a_unit(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => word.extend(letters.next()),
            '%' | '$' => match letters.next() {
                Some(twice) if twice == letter => word.push(letter),
                // The folder of credentials.
                Some('d') if letter == '%' => word.push_str("/run/credentials"),
                other => panic!("{letter}{other:?} means something else: {line}"),
            },
            ' ' if !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

/// YAML as others read it.
pub fn documents(text: &str) -> Option<Vec<Value>> {
    let said = python(include_str!("manifests.py"), text)?;
    Some(serde_json::from_str(&said).unwrap())
}

/// What a script in Python says to this input.
pub fn python(script: &str, input: &str) -> Option<String> {
    use std::io::Write as _;
    let mut process = Command::new(Python::get()?.program("python"))
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

pub fn strings(list: &Value) -> Vec<String> {
    let word = |word: &Value| word.as_str().unwrap_or_else(|| panic!("{word} is no text")).to_owned();
    list.as_array().unwrap().iter().map(word).collect()
}

/// Whether the program understands these words, by its own parser.
#[track_caller]
pub fn is_understood(target: &str, words: &[String]) {
    // Help is printed if nothing before it is wrong.
    let asked = |more: &[&str]| program().args(words).args(more).arg("--help").output().unwrap();
    let output = asked(&[]);
    assert_eq!(code(&output), 0, "{target}: {words:?}: {}", stderr(&output));
    assert_eq!(code(&asked(&["--no-such-option"])), 2, "{target}: this asks nobody");
}
