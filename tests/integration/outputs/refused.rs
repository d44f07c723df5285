//! What is refused at the start: places that cannot be written to, and two results for one place.

use std::fs;
use std::process::Command;

use super::{Desk, bucket, proven, shell};
use crate::binary::{code, refused, stderr, trailseal};

#[test]
fn an_output_that_cannot_be_written_is_told_before_the_work() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let refuse = |path: &str, words: &[&str]| {
        refused(&["verify", &bucket(), "--output", path], &[&[path][..], words].concat());
        // All that stands in the way is told at once.
        let report = format!("html={path}");
        let other = &["--report", "csv=/no/such/folder/x.csv"];
        let words = &[&[path, "/no/such/folder/x.csv"][..], words].concat();
        refused(&[&["verify", &bucket(), "--report", &report], &other[..]].concat(), words);
    };
    refuse(&path("no/such/folder/report.json"), &["No such file", "make the folder first"]);
    refuse(&path("no-such-folder/"), &["like a folder", "name a file"]);
    refuse(&path("."), &["irectory", "name a file"]);
    desk.old("file");
    refuse(&path("file/report.json"), &["ot a directory", "name a file"]);
    refused(&["verify", &bucket(), "--output", ""], &["--output"]);
    refused(&["verify", &bucket(), "--report", "json="], &["no path"]);
    assert_eq!(desk.names(), ["file"]);
    assert_eq!(desk.read("file"), "old");
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_not_be_written_to_is_told_before_the_work() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let closed = desk.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("ABSENT: this user may write everywhere; nothing proven");
        return;
    }
    let path = closed.join("report.json").display().to_string();
    refused(&["verify", &bucket(), "--output", &path], &[&path, "ermission denied", "may be written to"]);
}

#[test]
fn work_that_failed_leaves_nothing_behind() {
    let desk = Desk::new();
    desk.old("old.json");
    let path = |name: &str| desk.path(name).display().to_string();
    for more in [
        &["--output", &path("report.json")][..],
        &["--output", &path("table.csv"), "--format", "csv", "--objects"],
        &["--output", &path("old.json"), "--format", "jsonl", "--objects"],
        &["--report", &format!("json={}", path("old.json"))],
    ] {
        refused(&[&["verify", &format!("{}/nowhere", bucket())], more].concat(), &["nowhere"]);
    }
    assert_eq!(desk.names(), ["old.json"]);
    assert_eq!(desk.read("old.json"), "old");
    // Not even the head of a table.
    let output = trailseal(&["verify", &format!("{}/nowhere", bucket()), "--format", "csv", "--objects"]);
    assert_eq!((code(&output), output.stdout.len()), (2, 0));
}

#[test]
fn two_outputs_to_one_path_are_refused() {
    let desk = Desk::new();
    fs::create_dir(desk.path("folder")).unwrap();
    desk.old("there.json");
    let here = desk.folder.path().display().to_string();
    let together = |one: &str, other: &str| {
        refused(
            &["verify", &bucket(), "--report", &format!("json={one}"), "--report", &format!("html={other}")],
            &[&format!("json={one}"), &format!("html={other}"), "one place"],
        );
        refused(
            &["verify", &bucket(), "--output", one, "--report", &format!("html={other}")],
            &[&format!("--output {one}"), &format!("html={other}"), "one place"],
        );
    };
    for name in ["there.json", "new.json"] {
        for other in
            [format!("{here}/{name}"), format!("{here}/./{name}"), format!("{here}/folder/../{name}")]
        {
            together(&format!("{here}/{name}"), &other);
        }
    }
    together("-", "-");
    refused(&["verify", &bucket(), "--report", "csv=-"], &["the result", "csv=-", "one place"]);
    assert_eq!(desk.names(), ["folder", "there.json"]);
    assert_eq!(desk.read("there.json"), "old");
}

#[test]
#[cfg(unix)]
fn two_outputs_to_one_path_are_refused_however_it_is_reached() {
    let desk = Desk::new();
    let there = desk.old("there.json");
    fs::hard_link(&there, desk.path("twin.json")).unwrap();
    std::os::unix::fs::symlink(".", desk.path("here")).unwrap();
    assert!(Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap().success());
    let refuse = |redirection: &str, more: &[&str]| {
        let line = format!("cd '{}'; exec \"$@\" {redirection}", desk.folder.path().display());
        let output = shell(&line, &proven(), more);
        assert_eq!(code(&output), 2, "{more:?} {redirection}");
        assert!(stderr(&output).contains("are one place"), "{more:?} {redirection}: {}", stderr(&output));
    };
    refuse("", &["--report", "json=there.json", "--report", "csv=twin.json"]);
    refuse("", &["--report", "json=there.json", "--report", "csv=here/there.json"]);
    refuse("", &["--report", "json=new.json", "--report", "csv=here/new.json"]);
    // Nobody reads the pipe; that is not waited for.
    refuse("", &["--report", "json=pipe", "--report", "csv=here/pipe"]);
    refuse("", &["--report", "json=/dev/stdout"]);
    refuse("", &["--output", "-", "--report", "json=/dev/fd/1"]);
    refuse("| cat >&2; exit 2", &["--report", "json=/dev/stdout"]);
    // What stdout was redirected to is a place like any other.
    refuse(">> there.json", &["--report", "json=there.json"]);
    refuse("3>> there.json", &["--report", "json=/dev/fd/3", "--report", "csv=there.json"]);
    assert_eq!(desk.read("there.json"), "old");
    assert_eq!(desk.names(), ["here", "pipe", "there.json", "twin.json"]);
    // What is thrown away may be thrown away twice.
    let to_null = &["--report", "json=/dev/null", "--report", "csv=/dev/null"];
    assert_eq!(code(&shell("exec \"$@\" > /dev/null", &proven(), to_null)), 0);
}
