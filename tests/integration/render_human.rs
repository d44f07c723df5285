//! What a person sees at the terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use trailseal::render::human::{self, Colour, Options, Verbosity};
use trailseal::render::plain::acts;
use trailseal::report::Code;
use trailseal::report::{Completion, Report};
use trailseal::trail::Depth;

use crate::render_worlds::{accepted, clean, damaged, every_code, year_of_an_organization};

fn shown(report: &Report, options: Options) -> String {
    let mut out = Vec::new();
    human::write(report, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn first_line(report: &Report) -> String {
    let quiet = Options { width: 240, verbosity: Verbosity::Quiet, ..Options::default() };
    let text = shown(report, quiet);
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_damaged_world_on_a_narrow_terminal() {
    insta::assert_snapshot!(shown(&damaged(), Options { width: 64, ..Options::default() }));
}

#[test]
fn a_damaged_world_told_in_full() {
    insta::assert_snapshot!(shown(
        &damaged(),
        Options { verbosity: Verbosity::Verbose, ..Options::default() }
    ));
}

#[test]
fn a_clean_world() {
    insta::assert_snapshot!(shown(&clean(), Options::default()));
}

#[test]
fn a_year_of_an_organization_stays_readable() {
    let text = shown(&year_of_an_organization(), Options::default());
    assert!(text.lines().count() < 160, "{} lines", text.lines().count());
    insta::assert_snapshot!(text);
}

#[test]
fn the_first_line_answers_whether_the_logs_were_touched() {
    assert!(first_line(&damaged()).starts_with("TAMPERED  The record was changed: 1 digest missing, "));
    assert!(first_line(&clean()).starts_with("INTACT  No sign of tampering: "));

    let mut open = damaged();
    open.findings.retain(|finding| finding.code() == Code::LogUnreadable);
    assert_eq!(
        first_line(&open),
        "INCOMPLETE  No sign of tampering, but the record could not be fully proven: 1 log file unreadable."
    );

    let mut empty = clean();
    empty.chains.clear();
    empty.totals = Default::default();
    assert!(first_line(&empty).starts_with("EMPTY  There is nothing to verify"));
}

#[test]
fn no_line_claims_more_than_was_looked_at() {
    let mut chain_only = clean();
    chain_only.depth = Depth::Chain;
    assert!(first_line(&chain_only).contains("log files were not looked at"));

    let mut stopped = clean();
    stopped.completion = Completion::Interrupted;
    assert!(first_line(&stopped).starts_with("INCOMPLETE  The run was interrupted"));

    let all: Vec<Code> = Code::ALL.to_vec();
    let lowered = first_line(&accepted(damaged(), &all));
    assert!(
        lowered.starts_with("INTACT  Nothing was found beyond what the caller accepted (1 digest missing"),
        "{lowered}"
    );
}

#[test]
fn no_line_is_wider_than_the_page_but_for_names() {
    for width in [60, 80, 100, 160] {
        let text = shown(&damaged(), Options { width, ..Options::default() });
        let long = |line: &&str| line.chars().count() > width;
        let name = |line: &str| line.split(' ').any(|word| word.len() > 30);
        for line in text.lines().filter(long) {
            assert!(name(line), "{width}: {line}");
        }
    }
}

#[test]
fn nothing_from_the_bucket_acts_on_the_terminal() {
    let verbose = Options { verbosity: Verbosity::Verbose, ..Options::default() };
    for report in [damaged(), every_code()] {
        let text = shown(&report, verbose);
        assert!(!text.chars().any(|char| acts(char) && char != '\n'), "{text}");
    }
    // With colour, every escape sequence is one of trailseal's own.
    let coloured = shown(&damaged(), Options { colour: Colour::Always, ..verbose });
    let own = ["[1m", "[31m", "[33m", "[32m", "[2m", "[0m"];
    for rest in coloured.split('\u{1b}').skip(1) {
        assert!(own.iter().any(|sequence| rest.starts_with(sequence)), "{rest}");
    }
}

#[test]
fn every_code_has_a_text_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.title()) && seen.insert(code.meaning()), "{code}");
        assert!(!code.causes().is_empty() && !code.next_steps().is_empty(), "{code}");
        for sentence in [code.meaning()].iter().chain(code.causes()).chain(code.next_steps()) {
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{code}: {sentence}");
        }
    }
}
