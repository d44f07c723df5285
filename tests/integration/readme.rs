//! The README's tables are what the program does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use trailseal::forge::Damage;
use trailseal::render::{Format, markdown};
use trailseal::report::{Completion, Report};

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The lines between two marks.
fn between(begin: &str, end: &str) -> &'static str {
    let from = README.find(begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let to = from + README[from..].find(end).unwrap_or_else(|| panic!("no {end}"));
    README[from..to].trim()
}

#[test]
fn the_finding_table_is_the_codes_own() {
    let mut table = Vec::new();
    markdown::codes(&mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert_eq!(between("<!-- codes -->", "<!-- /codes -->"), table.trim(), "the table should read:\n{table}");
}

#[test]
fn the_exit_table_is_the_reports_own() {
    let table = between("<!-- exits -->", "<!-- /exits -->");
    let told: BTreeSet<&str> =
        table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).collect();
    for code in ["0", "1", "2", "3", "4", "130"] {
        assert!(told.contains(code), "exit code {code} is not told");
    }
    let report: Report = trailseal::render::json::read(include_bytes!("empty-report.json")).unwrap();
    assert_eq!(report.exit_code(), 4);
    let mut interrupted = report;
    interrupted.completion = Completion::Interrupted;
    assert_eq!(interrupted.exit_code(), 130);
    // What was found before a run was stopped was found.
    let mut found = crate::render_worlds::damaged();
    found.completion = Completion::Interrupted;
    assert_eq!(found.exit_code(), 1);
}

#[test]
fn every_format_and_every_command_is_told() {
    for format in Format::ALL {
        assert!(README.contains(&format!("`{format}`")), "{format} is not told");
    }
    for command in [
        "verify",
        "keys fetch",
        "prove",
        "explain",
        "report",
        "forge",
        "demo",
        "deploy",
        "completions",
        "man",
        "config show",
        "config show",
    ] {
        assert!(README.contains(&format!("trailseal {command}")), "{command} is not told");
    }
}

#[test]
fn the_number_of_damages_is_true() {
    assert!(README.contains(&format!("{} damages", Damage::ALL.len())));
}

/// What the README has people paste, pasted.
#[test]
#[cfg(unix)]
fn the_first_five_minutes_are_as_they_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let block = between("<!-- rehearse -->", "<!-- /rehearse -->");
    let script = block.trim_start_matches("```sh").trim_end_matches("```");
    let programs = std::path::Path::new(crate::binary::PROGRAM).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(programs).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = std::process::Command::new("sh")
        .args(["-e", "-c", script])
        .env("PATH", path.unwrap())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    for name in ["trailseal.prom", "march.json", "march.html", "march.csv", "march.md", "crime.json"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

/// What the README shows of a template is what the program prints.
#[test]
fn the_template_it_shows_is_the_one_that_is_printed() {
    let block = between("<!-- deploy -->", "<!-- /deploy -->")
        .trim_start_matches("```console")
        .trim_end_matches("```");
    let (asked, shown) = block.split_once("$ grep -v '^#' /etc/cron.d/trailseal\n").unwrap();
    let asked = asked.replace("\\\n", " ");
    let (words, _) = asked.trim().strip_prefix("$ trailseal ").unwrap().split_once(" > ").unwrap();
    let output = crate::binary::program().args(words.split_whitespace()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(shown.trim(), printed.join("\n"));
}

/// Every metric of the alert rules is written.
#[test]
fn the_alert_rules_ask_for_metrics_that_are_there() {
    let rules = between("```yaml", "```");
    let mut metrics = Vec::new();
    let mut report: Report = crate::render_worlds::damaged();
    report.sort();
    trailseal::render::write(Format::Prometheus, &report, &Default::default(), &mut metrics).unwrap();
    let metrics = String::from_utf8(metrics).unwrap();
    let names: BTreeSet<&str> = rules
        .split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'))
        .filter(|word| word.starts_with("trailseal_"))
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        assert!(metrics.contains(&format!("# TYPE {name} gauge")), "{name}");
    }
}

#[test]
fn the_configuration_it_shows_is_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), between("<!-- config -->\n```toml", "```")).unwrap();
    let output =
        crate::binary::program().args(["config", "show", "--config"]).arg(file.path()).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("last = \"26h\"") && shown.contains("accept = [\"log-unlisted\"]"), "{shown}");
}

#[test]
fn the_policy_it_shows_is_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), between("<!-- policy -->\n```toml", "```")).unwrap();
    let output =
        crate::binary::program().args(["posture", ".", "--policy"]).arg(file.path()).output().unwrap();
    // The policy is read first.
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("has no settings"), "{told}");
}

/// The guides lead where they say.
#[test]
fn every_path_that_the_guides_name_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guides = [
        "README.md",
        "benches/README.md",
        "testdata/README.md",
        "testdata/vectors/README.md",
        ".github/CHANGELOG.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
    ];
    let places = ["src/", "tests/", "testdata/", "benches/", ".ci/", ".github/"];
    let mut seen = 0;
    for guide in guides {
        let text =
            std::fs::read_to_string(root.join(guide)).unwrap_or_else(|error| panic!("{guide}: {error}"));
        // Between backticks, and where links lead.
        for path in text.split(['`', '(', ')', '\n']) {
            let named = places.iter().any(|place| path.starts_with(place)) && !path.contains([' ', '*', '…']);
            if named {
                assert!(root.join(path).exists(), "{guide} names {path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "reads nothing: {seen}");
}
