//! `trailseal deploy`: every target prints a template; whoever reads it gets the values that were given, and nothing else; what
//! was not given stands out and is named; what a template could not hold is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use trailseal::render::plain::Plain;

use crate::binary::{code, program, refused, stderr};
use crate::support::deployed::{self, GIVEN, Given, TARGETS, deploy, given};

#[test]
fn every_target_prints_with_and_without_options() {
    for target in TARGETS {
        for more in [&[][..], &given(target)] {
            let text = deploy(target, more);
            assert!(!text.contains("@@"), "{target}: {text}");
            assert!(
                text.contains(&format!("trailseal deploy {target}")) || target == "container",
                "{target}"
            );
            assert!(text.contains("trailseal") && text.ends_with('\n'), "{target}");
        }
    }
}

#[test]
fn what_was_not_given_is_named_in_the_template_and_on_stderr() {
    for (target, placeholders) in [
        ("aws-batch", &["TrailBucket", "Image"][..]),
        ("lambda", &["TrailBucket"]),
        (
            "kubernetes",
            &["s3://TRAIL-BUCKET", "REGISTRY/trailseal:TAG", "s3://STATE-BUCKET/trailseal", ":TOPIC"],
        ),
        ("slurm", &["s3://TRAIL-BUCKET", "/SHARED-FOLDER/trailseal", ":TOPIC"]),
        ("systemd", &["s3://TRAIL-BUCKET", ":TOPIC"]),
        ("cron", &["s3://TRAIL-BUCKET", ":TOPIC"]),
        (
            "github-actions",
            &[
                "s3://TRAIL-BUCKET",
                "REGISTRY/trailseal:TAG",
                "role/ROLE",
                "s3://STATE-BUCKET/trailseal",
                ":TOPIC",
            ],
        ),
        ("container", &[]),
    ] {
        let output = program().args(["deploy", target]).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let head: Vec<&str> = text.lines().filter(|line| line.contains("# Fill in: ")).collect();
        assert_eq!(head.len(), placeholders.len(), "{target}: {head:#?}");
        assert_eq!(stderr(&output).lines().count(), placeholders.len(), "{target}");
        for placeholder in placeholders {
            assert!(
                head.iter().any(|line| line.contains(placeholder)),
                "{target}: {placeholder} is not in {head:#?}"
            );
            assert!(stderr(&output).contains(placeholder), "{target}: {placeholder}");
            assert!(text.matches(placeholder).count() > 1, "{target}: {placeholder} is named and not used");
        }
        let all = program().args(["deploy", target]).args(given(target)).output().unwrap();
        assert_eq!((code(&all), stderr(&all).as_str()), (0, ""), "{target}: nothing is missing");
        assert!(!String::from_utf8(all.stdout).unwrap().contains("Fill in: "), "{target}");
    }
}

/// The words that a target's runs are started with, as its reader takes them: the values are the hardest there are.
#[test]
fn whoever_reads_a_template_gets_the_values_that_were_given() {
    for target in TARGETS.into_iter().filter(|target| *target != "container") {
        let options = given(target);
        let Some(commands) = deployed::commands(target, &options) else { continue };
        let Given { source, alerts, .. } = Given::of(target);
        let started: Vec<&str> = commands.iter().map(|words| words[0].as_str()).collect();
        let right: &[&str] = match target {
            "aws-batch" | "slurm" => &["plan", "verify", "merge"],
            "kubernetes" => &["verify", "plan", "verify", "merge"],
            _ => &["verify"],
        };
        assert_eq!(started, right, "{target}");
        for words in &commands {
            let reads = words[0] == "plan"
                || words[0] == "verify" && !words.iter().any(|word| word.starts_with("--plan"));
            if reads {
                assert_eq!(words[1].trim_end_matches('/'), source, "{target}: {words:?}");
            }
            if words[0] == "merge" || right.len() == 1 || reads && words[0] == "verify" {
                let told: Vec<String> = words
                    .iter()
                    .filter_map(|word| word.strip_prefix("--notify="))
                    .map(str::to_owned)
                    .collect();
                // A stack tells its own topic first.
                assert!(told.ends_with(&alerts), "{target}: {told:?}");
            }
            deployed::is_understood(target, words);
        }
    }
}

#[test]
fn the_time_of_day_is_written_as_each_engine_wants_it() {
    for (target, usual, asked) in [
        ("aws-batch", "cron(17 3 * * ? *)", "cron(5 23 * * ? *)"),
        ("lambda", "cron(17 3 * * ? *)", "cron(5 23 * * ? *)"),
        ("kubernetes", "schedule: '17 3 * * *'", "schedule: '5 23 * * *'"),
        ("slurm", "#   17 3 * * * bash", "#   5 23 * * * bash"),
        ("systemd", "OnCalendar=*-*-* 03:17:00 UTC", "OnCalendar=*-*-* 23:05:00 UTC"),
        ("cron", "\n17 3 * * * trailseal ", "\n5 23 * * * trailseal "),
        ("github-actions", "- cron: '17 3 * * *'", "- cron: '5 23 * * *'"),
    ] {
        assert!(deploy(target, &[]).contains(usual), "{target}");
        assert!(deploy(target, &["--schedule".into(), "23:05".into()]).contains(asked), "{target}");
    }
}

#[test]
fn every_target_says_how_silence_is_noticed() {
    for target in TARGETS {
        let text = deploy(target, &[]);
        let told = if target == "container" { "night without a run" } else { "dead man's switch" };
        assert!(text.contains(told), "{target}");
        let hours = ["26 hours", "26 * 3600"].iter().any(|hours| text.contains(hours));
        assert!(hours || target == "container", "{target}");
    }
}

#[test]
fn what_a_template_could_not_hold_is_refused_with_what_to_give_instead() {
    let topic = "sns:arn:aws:sns:us-east-1:111122223333:alerts";
    for (words, said) in [
        (&["lambda", "--shards", "4"][..], &["no use for --shards", "one run", "leave it out"][..]),
        (&["cron", "--image", "a/b:1"], &["no use for --image", "without a container"]),
        (&["systemd", "--state", "/srv/x"], &["no use for --state", "/var/lib/trailseal"]),
        (&["aws-batch", "--state", "s3://my-state"], &["no use for --state", "bucket that its stack makes"]),
        (
            &["aws-batch", "--witness", "s3://my-witness"],
            &["no use for --witness", "seal with a run elsewhere"],
        ),
        (&["container", "--alert", topic], &["no use for --alert", "where it is started"]),
        (&["kubernetes", "--state", "/srv/x"], &["cannot keep its state in /srv/x", "--state s3://BUCKET"]),
        (
            &["slurm", "--state", "s3://my-state"],
            &["cannot keep its state in s3://my-state", "every node sees"],
        ),
        (
            &["github-actions", "--witness", "/srv/x"],
            &["cannot keep seals in /srv/x", "--witness s3://BUCKET"],
        ),
        (&["kubernetes", "--alert", "exec:mail root"], &["cannot tell exec:mail root", "no other program"]),
        (&["lambda", "--source", "s3://my-trail/a*b"], &["a*b", "policy"]),
        (&["cron", "--source", "my-trail"], &["--source", "s3://BUCKET[/PREFIX]"]),
        (&["cron", "--source", "s3://my-trail/a\nb"], &["cannot be written on one line"]),
        (&["cron", "--schedule", "17 3 * * *"], &["--schedule", "a time of day in UTC, such as 03:17"]),
        (&["cron", "--role", "trailseal"], &["--role", "arn:aws:iam::111122223333:role/trailseal"]),
        (&["cron", "--alert", "mail:root"], &["--alert", "names none of sns:ARN"]),
        (&["cron", "--last", "+2d"], &["--last", "such as 2d or 400d"]),
        (&["kubernetes", "--image", "a b"], &["--image", "not a container image"]),
        (&["aws-batch", "--shards", "1"], &["--shards", "2..=10000"]),
        (&["aws-batch", "--shards", "10001"], &["--shards", "2..=10000"]),
        (&["nomad"], &["nomad", "kubernetes"]),
    ] {
        refused(&[&["deploy"], words].concat(), said);
    }
    let long = format!("exec:{}", "x".repeat(1_000));
    refused(&["deploy", "cron", "--alert", &long], &["cron reads lines of at most 998 bytes", "systemd"]);
}

#[test]
fn values_that_end_a_line_or_hide_reach_no_template() {
    for sign in ["\n", "\r", "\u{85}", "\u{2028}", "\u{202e}", "\t", "\u{1b}"] {
        for (option, value) in [
            ("--source", format!("s3://my-trail/a{sign}b")),
            ("--alert", format!("exec:a{sign}b")),
            ("--alert", format!("https://example.org/a{sign}b")),
            ("--role", format!("arn:aws:iam::111122223333:role/a{sign}b")),
            ("--schedule", format!("03:17{sign}")),
            ("--witness", format!("/srv/a{sign}b")),
            ("--last", format!("2{sign}d")),
        ] {
            let output = program().args(["deploy", "cron", option, &value]).output().unwrap();
            assert_eq!(code(&output), 2, "{option} {}", Plain(&value));
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn a_secret_is_called_one() {
    for target in TARGETS.into_iter().filter(|target| *target != "container") {
        let with = |alert: &str| deploy(target, &["--alert".into(), alert.into()]);
        assert!(with("slack+https://hooks.slack.com/services/x").contains("is a secret"), "{target}");
        assert!(!with("securityhub").contains("is a secret"), "{target}");
    }
}

#[test]
fn templates_to_the_byte() {
    for target in ["cron", "slurm", "github-actions"] {
        insta::assert_snapshot!(format!("deployed_{target}"), deploy(target, &given(target)));
    }
    assert!(GIVEN.contains("${{"), "expressions are tried");
}

/// Slurm's own words for where a shard failed: put back into the queue if it could not be read, and never for a verdict.
#[test]
fn a_shard_that_could_not_be_read_is_put_back_into_the_queue_three_times() {
    for (ends, restarts, requeued) in
        [(0, 0, false), (2, 0, true), (130, 2, true), (2, 3, false), (1, 0, false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state").display().to_string();
        let text = deploy("slurm", &["--state".into(), state]);
        let stage = deployed::Stage::new(folder.path());
        stage.run(&text, &[("ENDS", &ends.to_string()), ("SLURM_RESTART_COUNT", &restarts.to_string())]);
        let asked = stage.said("scontrol");
        assert_eq!(!asked.is_empty(), requeued, "exit {ends} after {restarts}: {asked:?}");
    }
}
