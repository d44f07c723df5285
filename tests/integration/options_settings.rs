//! Where options come from: the command line, the environment, a file; and what is told of each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Output;

use crate::binary::{WHOLE, code, program, stderr};
use crate::options::{report, verify, whole};
use crate::options_words::says;

/// The program's options from a file and the environment, and nothing else of the caller's.
fn configured(text: &str, variables: &[(&str, &str)], more: &[&str]) -> Output {
    let (_, truth) = &*WHOLE;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let mut command = verify();
    command.args(["--end", &truth.window.end]).arg("--config").arg(file.path()).args(more);
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn options_come_from_the_command_line_the_environment_a_file_in_this_order() {
    let truth = &WHOLE.1;
    let start = format!("start = \"{}\"\n", truth.window.start);
    let format = |output: &Output| match output.stdout.first() {
        Some(b'{') => "json",
        Some(b'<') => "junit",
        _ => "human",
    };
    let text = format!("{start}format = \"json\"\n");
    let by_file = configured(&text, &[], &[]);
    assert_eq!((code(&by_file), format(&by_file)), (0, "json"), "{}", stderr(&by_file));
    assert_eq!(report(&by_file)["window"]["start"], truth.window.start);
    let by_environment = configured(&text, &[("TRAILSEAL_FORMAT", "junit")], &[]);
    assert_eq!((code(&by_environment), format(&by_environment)), (0, "junit"));
    let by_words = configured(&text, &[("TRAILSEAL_FORMAT", "junit")], &["--format", "json"]);
    assert_eq!((code(&by_words), format(&by_words)), (0, "json"));
    // What says the same thing in another way is not in the way.
    let last = "last = \"1h\"\nformat = \"csv\"\n";
    let output =
        configured(last, &[("TRAILSEAL_QUIET", "yes")], &["--start", &truth.window.start, "--json", "-v"]);
    assert_eq!((code(&output), format(&output)), (0, "json"), "{}", stderr(&output));
    assert_eq!(report(&output)["window"]["start"], truth.window.start);
    // An empty file says nothing.
    let empty = configured("", &[], &["--start", &truth.window.start]);
    assert_eq!((code(&empty), format(&empty)), (0, "human"), "{}", stderr(&empty));
}

#[test]
fn what_the_environment_or_the_file_lowers_is_told() {
    let text = "accept = [\"log-unlisted\", \"coverage-gap\"]\nconcurrency = 8\n";
    let output =
        configured(text, &[("TRAILSEAL_LOOK_BACK", "2d"), ("TRAILSEAL_FAIL_ON", "key-changed")], &["--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let hints = report(&output)["hints"].to_string();
    assert!(hints.contains("--accept log-unlisted,coverage-gap comes from the file "), "{hints}");
    assert!(hints.contains("--look-back 2d comes from the environment (TRAILSEAL_LOOK_BACK)"), "{hints}");
    assert!(
        hints.contains("--fail-on") && !hints.contains("concurrency") && !hints.contains("--end"),
        "{hints}"
    );
}

#[test]
fn files_that_are_none_are_refused() {
    for (text, words) in [
        ("format = ", &["line 1", "TOML"][..]),
        ("# one\nformat = \"pdf\"\n", &["format: ", "pdf", "there are: human, json"]),
        ("look-bak = \"3d\"\n", &["look-bak", "did you mean look-back?"]),
        ("since = \"3d\"\n", &["since", "did you mean start?"]),
        ("everything = true\n", &["everything", "--help"]),
        ("last = [\"3d\", \"4d\"]\n", &["last", "not a list"]),
        ("[accept]\n", &["accept", "a text"]),
        ("config = \"other\"\n", &["config"]),
    ] {
        let output = configured(text, &[], &[]);
        assert_eq!(code(&output), 2, "{text}: {}", stderr(&output));
        for word in words {
            assert!(stderr(&output).contains(word), "{text}: {word} is not in {}", stderr(&output));
        }
    }
    let absent = program().args(["verify", ".", "--config", "/no/such/file"]).output().unwrap();
    assert!(code(&absent) == 2 && stderr(&absent).contains("/no/such/file"));
    let wrong = with_variable("TRAILSEAL_CONCURRENCY", "many");
    assert!(code(&wrong) == 2 && stderr(&wrong).contains("TRAILSEAL_CONCURRENCY"), "{}", stderr(&wrong));
    let both = whole(&["--start", "1d", "--last", "1d"]);
    assert!(code(&both) == 2 && stderr(&both).contains("--start and --last"), "{}", stderr(&both));
}

fn with_variable(variable: &str, value: &str) -> Output {
    program().args(["verify", "."]).env(variable, value).output().unwrap()
}

#[test]
fn every_option_says_where_it_comes_from() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "last = \"26h\"\nexpect-region = \"us-east-1,eu-west-1\"\nquiet = true\n")
        .unwrap();
    let path = file.path().display().to_string();
    let show = |path: &str| {
        let mut command = program();
        command.args(["config", "show", "--config", path]).env("TRAILSEAL_ACCEPT", "log-unlisted");
        command.output().unwrap()
    };
    let output = show(&path);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |setting: &str| {
        text.lines().find(|line| line.starts_with(setting)).unwrap_or_else(|| panic!("{text}"))
    };
    assert!(line("last = \"26h\" ").ends_with(&format!("# the file {path}")));
    assert!(line("expect-region = [\"us-east-1\", \"eu-west-1\"]").contains("# the file"));
    assert!(line("quiet = true ").contains("# the file"));
    assert!(line("accept = [\"log-unlisted\"] ").ends_with("# the environment (TRAILSEAL_ACCEPT)"));
    assert!(line("look-back = \"35d\" ").ends_with("# the default"));
    assert!(line("concurrency = 256 ").ends_with("# the default"));
    // What it prints is a configuration file, which says the same.
    let printed = tempfile::NamedTempFile::new().unwrap();
    fs::write(printed.path(), &text).unwrap();
    let again = show(&printed.path().display().to_string());
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    let settings = |text: &str| {
        text.lines().map(|line| line.split(" #").next().unwrap().trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(settings(&String::from_utf8(again.stdout).unwrap()), settings(&text));
}

#[test]
fn a_variable_that_means_nothing_is_not_passed_over() {
    let output = program()
        .args(["verify", "no-matter-what"])
        .env("TRAILSEAL_EXPECT_REGIONS", "eu-west-3")
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("TRAILSEAL_EXPECT_REGIONS is set"), "{}", stderr(&output));
}

#[test]
fn a_wrong_value_is_told_by_the_name_it_was_given_under() {
    let told = |text: &str, variables: &[(&str, &str)]| {
        let output = configured(text, variables, &[]);
        assert_eq!(code(&output), 2, "{text} {variables:?}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(!said.contains("--") && said.lines().count() == 1, "{said}");
        said
    };
    let file = |text: &str, words: &[&str]| says(&told(text, &[]), words);
    file("accept = [\"log-unlistd\"]", &[": accept: ", "'log-unlistd'", "did you mean log-unlisted?"]);
    file("grace = \"x\"", &[": grace: ", "'x'", "not a duration"]);
    file("expect-region = \"nowhere\"", &["expect-region in /", "nowhere"]);
    file("trail = \"a b\"", &["trail in /", "a b"]);
    file("ended = \"x\"", &["ended in /"]);
    let variable = |name: &str, value: &str, words: &[&str]| says(&told("", &[(name, value)]), words);
    variable("TRAILSEAL_FAIL_ON", "stray-object", &["TRAILSEAL_FAIL_ON: ", "did you mean stray-objects?"]);
    variable("TRAILSEAL_LOOK_BACK", "many", &["TRAILSEAL_LOOK_BACK: ", "'many'", "not a duration"]);
    variable("TRAILSEAL_DEPTH", "half", &["TRAILSEAL_DEPTH: ", "there are: chain, presence, full"]);
    variable("TRAILSEAL_EXPECT_REGION", "nowhere", &["TRAILSEAL_EXPECT_REGION: ", "nowhere"]);
    variable("TRAILSEAL_START", "2030-01-01", &["give TRAILSEAL_START a time that has passed"]);
    // What is wrong on the command line itself is told as always.
    let output = with_words(&["--accept", "log-unlistd"]);
    says(&stderr(&output), &["--accept <CODE>", "log-unlisted"]);
}

fn with_words(more: &[&str]) -> Output {
    program().args(["verify", "."]).args(more).env("TRAILSEAL_ACCEPT", "also-wrong").output().unwrap()
}
