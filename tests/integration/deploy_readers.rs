//! The templates of `trailseal deploy`, judged by those who know their languages: cfn-lint, Kubernetes' schemas, the schema of
//! workflows, systemd, shellcheck, and an imitation of AWS Batch. Where one of them is not to be had, that is said on stderr.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::binary::PROGRAM;
use crate::support::batch;
use crate::support::deployed::{self, deploy, documents, given};
use crate::support::python::Python;

/// What is given stands in single quotes so that no shell expands it.
const MEANT: &[&str] = &["--exclude=SC2016"];

/// Has a program of the Python environment read the template, with all options and with none.
fn read_by(program: &str, words: &[&str], target: &str, extension: &str) {
    let Some(python) = Python::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    for options in [Vec::new(), given(target)] {
        let text = deploy(target, &options);
        accepts(&python.program(program), words, &folder.path().join(format!("template.{extension}")), &text);
    }
}

#[track_caller]
fn accepts(program: &Path, words: &[&str], file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    let output = Command::new(program).args(words).arg(file).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}: {}\n{text}", program.display(), String::from_utf8_lossy(&said));
}

#[test]
fn cfn_lint_has_no_word_against_the_stacks() {
    for target in ["aws-batch", "lambda"] {
        read_by("cfn-lint", &["--template"], target, "yaml");
    }
}

#[test]
fn kubernetes_own_schemas_allow_the_manifests() {
    read_by("kubernetes-validate", &["--strict"], "kubernetes", "yaml");
}

#[test]
fn the_schema_of_workflows_allows_the_workflow() {
    read_by("check-jsonschema", &["--builtin-schema", "vendor.github-workflows"], "github-actions", "yaml");
}

#[test]
fn shellcheck_has_no_word_against_the_scripts() {
    for target in ["slurm", "systemd"] {
        read_by("shellcheck", MEANT, target, "sh");
    }
    let Some(python) = Python::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script.sh");
    for options in [Vec::new(), given("lambda")] {
        let bootstrap = deployed::bootstrap(&deploy("lambda", &options));
        accepts(&python.program("shellcheck"), MEANT, &file, &bootstrap);
    }
    for options in [Vec::new(), given("github-actions")] {
        let Some(workflow) = documents(&deploy("github-actions", &options)) else { return };
        for run in workflow[0]["jobs"]["verify"]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|step| step["run"].as_str())
        {
            accepts(
                &python.program("shellcheck"),
                &["--shell=bash"],
                &file,
                &run.replace("${{ '${{' }}", "${{"),
            );
        }
    }
}

#[test]
fn systemd_takes_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        writeln!(std::io::stderr(), "SKIPPED: systemd-analyze is not here, and did not read the units").ok();
        return;
    }
    for options in [Vec::new(), given("systemd")] {
        let folder = tempfile::tempdir().unwrap();
        let units = deployed::units(&deploy("systemd", &options), folder.path());
        assert_eq!(units.len(), 5, "{units:?}");
        // It looks whether the program is there.
        let service = fs::read_to_string(&units[0]).unwrap();
        assert!(service.contains("=/usr/local/bin/trailseal "), "{service}");
        fs::write(&units[0], service.replace("/usr/local/bin/trailseal", PROGRAM)).unwrap();
        let output =
            Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // Other units of the machine, which it reads too, are nobody's business here.
        let of_ours = said.lines().any(|line| line.contains("trailseal"));
        assert!(output.status.success() && !of_ours, "{said}\n{service}");
    }
}

#[test]
fn a_batch_takes_the_plan_the_array_and_the_merge_of_one_run() {
    let Some(jobs) = batch::submitted(&deploy("aws-batch", &given("aws-batch"))) else { return };
    let [plan, shards, merge] = &jobs[..] else { panic!("{} jobs", jobs.len()) };
    assert_eq!([plan.size, shards.size, merge.size], [None, Some(40), None]);
    let after = |words: &[String], option: &str| {
        let at =
            words.iter().position(|word| word == option).unwrap_or_else(|| panic!("{option}: {words:?}"));
        words[at + 1].clone()
    };
    let run = "s3://state-bucket/runs/night-1";
    assert_eq!(after(&plan.words, "--output"), format!("{run}/plan.json"));
    assert_eq!(after(&plan.words, "--shards"), "40");
    for job in [shards, merge] {
        assert_eq!(after(&job.words, "--plan"), format!("{run}/plan.json"));
        assert_eq!(after(&job.words, "--parts"), format!("{run}/parts"));
    }
    assert_eq!(after(&shards.words, "--shard"), "auto");
}

#[test]
fn the_image_has_no_shell_and_nobodys_privileges() {
    let text = deploy("container", &[]);
    let (_, last) = text.rsplit_once("\nFROM ").unwrap();
    assert!(last.starts_with("gcr.io/distroless/"), "{last}");
    let user = last.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    let entry = last.lines().find_map(|line| line.strip_prefix("ENTRYPOINT ")).unwrap();
    let entry: Vec<String> = serde_json::from_str(entry).unwrap();
    let copied = last.lines().find_map(|line| line.strip_prefix("COPY --from=build ")).unwrap();
    assert_eq!(copied.split(' ').nth(1), Some(entry[0].as_str()));
}
