//! What the options of `verify` say is what they do, over a folder: times, lists, codes, aliases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Read as _;
use std::process::Output;

use serde_json::Value;
use trailseal::forge::Damage;

use crate::binary::{WHOLE, WORLD, code, program, stderr};

/// `verify` over the whole world, with its keys.
fn verify() -> assert_cmd::Command {
    let (folder, _) = &*WHOLE;
    let mut command = program();
    command
        .arg("verify")
        .arg(folder.path().join("bucket"))
        .arg("--keys")
        .arg(folder.path().join("keys.json"));
    command
}

/// The same over its window, with more words.
fn whole(more: &[&str]) -> Output {
    let (_, truth) = &*WHOLE;
    let mut command = verify();
    if !more.iter().any(|word| ["--start", "--since", "--last"].contains(word)) {
        command.args(["--start", &truth.window.start, "--end", &truth.window.end]);
    }
    command.args(more).output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", stderr(output)))
}

#[test]
fn times_are_read_as_people_and_aws_write_them() {
    let window = WORLD.plan().window();
    let [start, end] = [window.start, window.end];
    let spelt = |format: &str| [start.format(format).to_string(), end.format(format).to_string()];
    for [since, until] in [
        spelt("%Y-%m-%dT%H:%M:%S+0000"),
        spelt("%Y-%m-%dT%H:%MZ"),
        spelt("%Y%m%dT%H%M%SZ"),
        spelt("%Y-%m-%d %H:%M:%S+00:00"),
    ] {
        let output = whole(&["--since", &since, "--until", &until, "--json"]);
        assert_eq!(code(&output), 0, "{since}: {}", stderr(&output));
        let report = report(&output);
        assert_eq!(report["window"]["start"], start.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "{since}");
        assert_eq!(report["hints"].as_array().map_or(0, Vec::len), 0, "{report:#}");
    }
    // A time of day is today's, so it can lie in the future, which is refused.
    let today = whole(&["--start", "00:00", "--json"]);
    assert!(code(&today) != 2, "{}", stderr(&today));
    let midnight = chrono::Utc::now().format("%Y-%m-%dT00:00:00Z").to_string();
    assert_eq!(report(&today)["window"]["start"], midnight);
    assert!(report(&today)["hints"].to_string().contains("read as UTC"));
}

#[test]
fn lists_take_commas() {
    let mut accounts: Vec<String> =
        WORLD.chains().iter().map(|chain| chain.id.place.account.to_string()).collect();
    accounts.dedup();
    let mut regions: Vec<String> =
        WORLD.chains().iter().map(|chain| chain.id.place.region.to_string()).collect();
    regions.sort();
    regions.dedup();
    let (accounts, regions) = (accounts.join(","), regions.join(","));
    for more in [
        ["--account", &accounts],
        ["--region", &regions],
        ["--trail", "management-events,management-events"],
        ["--expect-region", &regions],
        ["--expect-account", &accounts],
        ["--accept", "log-unlisted,log-missing"],
        ["--fail-on", "trail-changed,key-changed"],
    ] {
        let output = whole(&[&more[..], &["--json"]].concat());
        assert_eq!(code(&output), 0, "{more:?}: {} {:#}", stderr(&output), report(&output)["findings"]);
    }
    let file = WHOLE.0.path().join("keys.json").display().to_string();
    let twice = format!("{file},{file}");
    assert_eq!(code(&whole(&["--keys", &twice])), 0);
    let absent = whole(&["--region", &format!("{regions},ca-west-1"), "--json"]);
    assert_eq!(code(&absent), 3);
}

#[test]
fn a_code_to_fail_on_is_the_mirror_of_one_to_accept() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    // As some tools store what they copied.
    let name = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let log = folder.path().join("bucket").join(&*name.key);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(&log).unwrap()).read_to_end(&mut unpacked).unwrap();
    fs::write(&log, unpacked).unwrap();
    let verify = |more: &[&str]| {
        let output = program()
            .arg("verify")
            .arg(folder.path().join("bucket"))
            .arg("--keys")
            .arg(folder.path().join("keys.json"))
            .args(["--start", &truth.window.start, "--end", &truth.window.end, "--json"])
            .args(more)
            .output()
            .unwrap();
        (code(&output), report(&output))
    };
    assert_eq!(verify(&[]).0, 0);
    let (exit, report) = verify(&["--fail-on", "log-unpacked"]);
    assert_eq!(exit, 3);
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["class"] == "incomplete" && it["code"] == "log-unpacked")
    );
    assert!(report["hints"].to_string().contains("--fail-on"), "{}", report["hints"]);
    assert_eq!(verify(&["--fail-on", "log-pending"]).0, 0);
}

#[test]
fn a_code_to_fail_on_changes_no_crime() {
    let mut world = WORLD.clone();
    world.apply(Damage::LogDeleted).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let truth = world.write(folder.path()).unwrap();
    let plain = crate::binary::verify(folder.path(), &truth, &[]);
    let raised = crate::binary::verify(folder.path(), &truth, &["--fail-on", "log-missing,log-unpacked"]);
    assert_eq!((plain.code, raised.code), (1, 1));
    assert_eq!(plain.told, raised.told);
}

#[test]
fn what_may_have_been_meant_is_said() {
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let stands = folder.path();
    let say = |source: &str, words: &[&str]| {
        let output = program().current_dir(stands).args(["verify", source]).output().unwrap();
        assert_eq!(code(&output), 2, "{source}: {}", stderr(&output));
        for word in words {
            assert!(stderr(&output).contains(word), "{source}: {word} is not in {}", stderr(&output));
        }
    };
    say("my-bucket", &["s3://my-bucket"]);
    say("my-bucket/audit", &["s3://my-bucket/audit"]);
    say("./my-bucket", &["./my-bucket"]);
    say("https://example.com/x", &["s3://BUCKET"]);
    say("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/audit/x", &["access point", "--copied-from"]);
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    say(&format!("bucket/{}", log.key), &["one log file", "trailseal prove bucket/AWSLogs/"]);
    let digest = WORLD.chains()[0].digests[0].object();
    say(&format!("bucket/{}", digest.key), &["one digest"]);
    fs::rename(stands.join("bucket/AWSLogs"), stands.join("deep")).unwrap();
    say("deep", &["mkdir deep/AWSLogs && mv deep/", "and run again"]);
    let misspelt = program().args(["verfy", "x"]).output().unwrap();
    assert!(code(&misspelt) == 2 && stderr(&misspelt).contains("verify"), "{}", stderr(&misspelt));
}

#[test]
fn a_folder_one_too_high_is_taken() {
    let (folder, truth) = &*WHOLE;
    let output = program()
        .arg("verify")
        .arg(folder.path())
        .arg("--keys")
        .arg(folder.path().join("keys.json"))
        .args(["--start", &truth.window.start, "--end", &truth.window.end, "--json"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{} {:#}", stderr(&output), report(&output)["findings"]);
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let place = &WORLD.chains()[0].id.place;
    for (more, words) in [
        (
            ["--trail", "main"],
            ["there is no trail main here; found: ".to_owned(), "management-events".to_owned()],
        ),
        (
            ["--account", "999999999999"],
            ["there is no account 999999999999 here; found: ".to_owned(), place.account.to_string()],
        ),
        (
            ["--region", "mx-central-1"],
            ["there is no region mx-central-1 here; found: ".to_owned(), place.region.to_string()],
        ),
    ] {
        let output = whole(&[&more[..], &["--json"]].concat());
        let told = report(&output)["findings"].to_string();
        assert_eq!(code(&output), 3, "{more:?}");
        assert!(words.iter().all(|word| told.contains(word)), "{more:?}: {told}");
    }
    // What is there in other windows is not said to be nowhere.
    let later = whole(&["--since", "1d", "--trail", "management-events", "--json"]);
    assert!(!report(&later)["findings"].to_string().contains("there is no trail"));
}

#[test]
fn whoever_wants_to_hear_little_hears_what_is_not_well() {
    let said = |more: &[&str]| {
        let output = whole(more);
        (code(&output), String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
    };
    assert_eq!(said(&["-q"]), (0, String::new(), String::new()));
    let (exit, stdout, stderr) = said(&["-q", "--expect-region", "mx-central-1"]);
    assert!(exit == 3 && stderr.is_empty());
    assert!(stdout.starts_with("INCOMPLETE") && stdout.contains("  region-absent  "), "{stdout}");
    assert!(stdout.lines().count() < 20, "{stdout}");
    // With the result in a file, one line says what came of it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json").display().to_string();
    let elsewhere = ["--json", "--output", &file];
    let (exit, stdout, stderr) = said(&elsewhere);
    assert!(exit == 0 && stdout.is_empty() && stderr.starts_with("INTACT "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
    assert_eq!(said(&[&elsewhere[..], &["-q"]].concat()), (0, String::new(), String::new()));
    let (exit, stdout, stderr) = said(&[&elsewhere[..], &["-q", "--expect-region", "mx-central-1"]].concat());
    assert!(exit == 3 && stdout.is_empty() && stderr.starts_with("INCOMPLETE "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}

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
    let wrong = whole_with("TRAILSEAL_CONCURRENCY", "many");
    assert!(code(&wrong) == 2 && stderr(&wrong).contains("TRAILSEAL_CONCURRENCY"), "{}", stderr(&wrong));
    let both = whole(&["--start", "1d", "--last", "1d"]);
    assert!(code(&both) == 2 && stderr(&both).contains("--start and --last"), "{}", stderr(&both));
}

fn whole_with(variable: &str, value: &str) -> Output {
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
fn the_manual_has_a_page_for_every_command_with_every_option() {
    let man = |words: &[&str]| {
        let output = program().arg("man").args(words).output().unwrap();
        assert_eq!(code(&output), 0, "{words:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap().replace("\\-", "-")
    };
    let page = man(&["verify"]);
    for option in
        ["expect-region", "fail-on", "request-payer", "no-sign-request", "config", "look-back", "since"]
    {
        assert!(page.contains(&format!("--{option}")), "{option} is not on the page");
    }
    assert!(page.contains("trailseal-verify") && !page.contains("list-damages"), "{page}");
    assert!(man(&["keys", "fetch"]).contains("trailseal-keys-fetch"));
    let all = man(&[]);
    assert!(
        all.contains("--list-damages") && all.contains("--fail-on") && all.contains("trailseal-keys-fetch")
    );
    let folder = tempfile::tempdir().unwrap();
    man(&["--dir", &folder.path().join("man1").display().to_string()]);
    let mut names: Vec<String> = fs::read_dir(folder.path().join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["trailseal.1", "trailseal-verify.1", "trailseal-keys-fetch.1", "trailseal-config-show.1"] {
        assert!(names.iter().any(|own| own == name), "{name} is not among {names:?}");
    }
    let output = program().args(["man", "verfy"]).output().unwrap();
    assert!(code(&output) == 2 && stderr(&output).contains("verify"), "{}", stderr(&output));
}

#[test]
fn help_says_ordinary_things_first_on_two_screens() {
    let help = |words: &[&str]| {
        let output = program().args(words).output().unwrap();
        assert_eq!(code(&output), 0, "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = help(&["verify", "--help"]);
    assert_eq!(text, help(&["verify", "-h"]));
    assert!(text.lines().count() <= 105, "{} lines:\n{text}", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is not in {text}"));
    let order = [
        "Which time:",
        "--start",
        "What to look at:",
        "--account",
        "What to expect of it:",
        "The result:",
        "AWS:",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    for words in
        [&["help"][..], &["help", "verify"], &["help", "help"], &["help", "keys", "fetch"], &["--help"]]
    {
        assert!(help(words).contains("Usage"), "{words:?}");
    }
}

#[test]
fn completions_know_codes_and_formats() {
    for shell in ["bash", "zsh", "fish"] {
        let output = program().args(["completions", shell]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["log-unlisted", "fail-on", "prometheus", "presence", "expect-region"] {
            assert!(text.contains(word), "{shell} does not complete {word}");
        }
    }
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

/// What the program says on stderr, where it does not begin, from a folder that holds `lab`.
fn said_beside_a_lab(words: &[&str]) -> String {
    static LAB: std::sync::LazyLock<tempfile::TempDir> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        WORLD.write(&folder.path().join("lab")).unwrap();
        folder
    });
    let output = program().current_dir(LAB.path()).args(words).output().unwrap();
    assert_eq!(code(&output), 2, "{words:?}: {}", stderr(&output));
    stderr(&output)
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}

#[test]
fn a_path_that_is_not_there_is_answered_with_what_is() {
    let said = |source: &str| said_beside_a_lab(&["verify", source]);
    let there = "lab holds: bucket, keys-by-region.json, keys.json, truth.json";
    says(&said("lab/bukcet"), &["no folder lab/bukcet; did you mean lab/bucket?", there]);
    says(&said("lab/bukcet/AWSLogs"), &["did you mean lab/bucket/AWSLogs?", there]);
    says(&said("lab/photos"), &["no folder lab/photos; lab holds: "]);
    assert!(!said("lab/bukcet").contains("s3://"));
    let place = &WORLD.chains()[0].id.place;
    let kind = format!("lab/bucket/AWSLogs/{}/CloudTrail", place.account);
    let region = &place.region;
    says(
        &said(&format!("{kind}/{region}/2026/01/02")),
        &[&format!("; {kind}/{region}/2026 holds: "), "/2026/01/02"],
    );
    says(&said(&format!("{kind}/mx-central-1")), &[&format!("; {kind} holds: "), region.as_str()]);
    assert!(!said(&format!("{kind}/mx-central-1")).contains("did you mean"));
    // Nothing that was named is there: it may be a bucket, or the folder that is.
    says(&said("my-bucket"), &["no folder my-bucket here; a bucket is named s3://my-bucket"]);
    says(&said("lba"), &["a bucket is named s3://lba"]);
    says(&said("s3:/my-bucket/x"), &["did you mean s3://my-bucket/x?"]);
    says(&said("s3//my-bucket"), &["did you mean s3://my-bucket?"]);
}

#[test]
fn what_is_no_file_to_be_proven_is_told_for_what_it_is() {
    let said = |file: &str| said_beside_a_lab(&["prove", file]);
    says(&said("nosuch"), &["no file nosuch here", "s3://BUCKET/KEY"]);
    says(&said("lab/key.json"), &["no file lab/key.json; did you mean lab/keys.json?"]);
    says(&said("lab/bucket/AWSLogs/x"), &["no file lab/bucket/AWSLogs/x; lab/bucket/AWSLogs holds: "]);
    says(&said("lab"), &["lab is a folder", "trailseal verify lab"]);
    says(&said("lab/keys.json"), &["does not lie in a folder with keys", "--root"]);
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    says(
        &said(&format!("lab/bukcet/{}", log.key)),
        &["there is no file lab/bukcet/", "did you mean lab/bucket"],
    );
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
    let output = whole_with_words(&["--accept", "log-unlistd"]);
    says(&stderr(&output), &["--accept <CODE>", "log-unlisted"]);
}

fn whole_with_words(more: &[&str]) -> Output {
    program().args(["verify", "."]).args(more).env("TRAILSEAL_ACCEPT", "also-wrong").output().unwrap()
}

#[test]
fn a_duration_back_may_have_a_minus() {
    let start = |more: &[&str]| {
        let output = whole(&[&["--start", "-2d", "--json"], more].concat());
        assert!(code(&output) != 2, "{}", stderr(&output));
        report(&output)["window"]["start"].as_str().unwrap()[..13].to_owned()
    };
    let ago = chrono::Utc::now() - chrono::TimeDelta::days(2);
    let near = [ago, ago - chrono::TimeDelta::minutes(5)].map(|time| time.format("%Y-%m-%dT%H").to_string());
    let (end, last) = (["--end", "-1h"], ["--last", "-2d"]);
    assert!(near.contains(&start(&[])) && near.contains(&start(&end)));
    let output = verify().args(last).arg("--json").output().unwrap();
    assert!(near.contains(&report(&output)["window"]["start"].as_str().unwrap()[..13].to_owned()));
}

#[test]
fn a_window_that_ends_in_the_future_says_so() {
    let (_, truth) = &*WHOLE;
    let hints = |end: &str| {
        let output =
            verify().args(["--start", &truth.window.start, "--end", end, "--json"]).output().unwrap();
        report(&output)["hints"].to_string()
    };
    let future = hints("2199-01-01T00:00:00Z");
    assert!(
        future.contains("The window ends at 2199-01-01T00:00:00Z") && future.contains("nothing can be said")
    );
    assert!(!hints(&truth.window.end).contains("The window ends at"));
}

#[test]
fn a_folder_ends_with_its_newest_object_whatever_of_it_is_in_scope() {
    let end = |more: &[&str]| {
        let output = verify().args(more).arg("--json").output().unwrap();
        report(&output)["window"]["end"].as_str().unwrap().to_owned()
    };
    let whole = end(&[]);
    let place = &WORLD.chains()[0].id.place;
    assert!(whole.starts_with("2026-03-0"), "{whole}");
    for more in [
        ["--account", "999999999999"],
        ["--region", "mx-central-1"],
        ["--account", &place.account.to_string()],
        ["--region", place.region.as_str()],
    ] {
        assert_eq!(end(&more), whole, "{more:?}");
    }
}

#[test]
fn a_window_after_a_folders_newest_object_is_told_with_its_date() {
    let output = verify().args(["--last", "26h", "--json"]).output().unwrap();
    let report = report(&output);
    assert_eq!(output.status.code(), Some(3), "{report:#}");
    let told = report["findings"].as_array().unwrap();
    let dated = |finding: &Value| {
        let message = finding["message"].as_str().unwrap();
        message.contains("the newest object of this folder is of 2026-03-0") && !message.contains("--last")
    };
    assert!(told.iter().any(dated), "{told:#?}");
    assert!(
        report["hints"].to_string().contains("The newest object of this folder is older than"),
        "{report:#}"
    );
}

#[test]
fn a_broken_copy_is_offered_for_what_looks_like_one_alone() {
    let hints = |damages: &[Damage]| {
        let mut world = WORLD.clone();
        damages.iter().for_each(|damage| world.apply(*damage).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let truth = world.write(folder.path()).unwrap();
        crate::binary::verify(folder.path(), &truth, &[]).report["hints"].to_string()
    };
    let offered = "A copy that was broken off";
    for damage in
        [Damage::LogEventEdited, Damage::LogTrailingBytes, Damage::LogSecondMember, Damage::DigestEdited]
    {
        assert!(!hints(&[damage]).contains(offered), "{damage}");
    }
    for (damage, code) in [
        (Damage::LogDeleted, "(log-missing)"),
        (Damage::LogTruncated, "(log-malformed)"),
        (Damage::LogEmptied, "(log-malformed)"),
        (Damage::DigestTruncated, "(digest-malformed)"),
        (Damage::DigestDeleted, "(digest-missing)"),
    ] {
        let hints = hints(&[damage]);
        assert!(hints.contains(offered) && hints.contains(code), "{damage}: {hints}");
        assert!(!hints.contains("No broken copy"), "{damage}: {hints}");
    }
    let both = hints(&[Damage::LogDeleted, Damage::LogEventEdited]);
    says(
        &both,
        &["(log-missing)", "No broken copy looks like the other findings of tampering (log-modified)"],
    );
}

#[test]
fn what_lies_under_odd_names_leads_and_is_counted_with_what_is_not_held() {
    let folder = tempfile::tempdir().unwrap();
    let truth = WORLD.write(folder.path()).unwrap();
    let log = WORLD.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let day = folder.path().join("bucket").join(&*log.key).parent().unwrap().to_owned();
    let brief = || {
        let output = program()
            .arg("verify")
            .arg(folder.path().join("bucket"))
            .arg("--keys")
            .arg(folder.path().join("keys.json"))
            .args(["--start", &truth.window.start, "--end", &truth.window.end, "-q"])
            .output()
            .unwrap();
        assert_eq!(code(&output), 3, "{}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.to_lowercase().contains("no sign of tampering"), "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    fs::write(day.join("planted.json.gz"), "x").unwrap();
    says(&brief(), &["INCOMPLETE 1 object lies under a name that CloudTrail never writes"]);
    // More than a report holds.
    (0..4010).for_each(|number| fs::write(day.join(format!("planted-{number}.json.gz")), "x").unwrap());
    says(
        &brief(),
        &["INCOMPLETE At least 4,000 objects lie under names that CloudTrail never writes", "and 4006 more"],
    );
}

#[test]
#[cfg(unix)]
fn a_folder_from_inside_of_its_record_is_answered_with_what_to_type() {
    let account = WORLD.chains()[0].id.place.account;
    for from in ["AWSLogs".to_owned(), format!("AWSLogs/{account}")] {
        let folder = tempfile::tempdir().unwrap();
        WORLD.write(folder.path()).unwrap();
        let copy = folder.path().join("a copy");
        fs::rename(folder.path().join("bucket").join(&from), &copy).unwrap();
        let run = |source: &str| {
            let mut command = program();
            command.current_dir(folder.path()).args(["verify", source, "--keys", "keys.json", "--json"]);
            command.output().unwrap()
        };
        let refused = run("a copy");
        assert_eq!(code(&refused), 2, "{}", stderr(&refused));
        let said = stderr(&refused);
        let (_, typed) = said.split_once("under the bucket: ").unwrap();
        let typed = typed.split(", and ").next().unwrap();
        let done = std::process::Command::new("sh").args(["-c", typed]).current_dir(folder.path()).status();
        assert!(done.unwrap().success(), "{typed}");
        let source = if said.contains("a copy.record") { "a copy.record" } else { "a copy" };
        let proven = run(source);
        assert_eq!(code(&proven), 0, "{}", stderr(&proven));
        assert!(!report(&proven)["chains"].as_array().unwrap().is_empty());
    }
}
