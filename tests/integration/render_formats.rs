//! Every format from one report of a damaged world.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use trailseal::render::human::Options;
use trailseal::render::{self, Format, Judged, Seen, csv, jsonl, markdown};
use trailseal::report::{Code, DigestVerdict, LogVerdict};
use trailseal::report::{Part, Report};
use trailseal::trail::ObjectName;

use crate::render_worlds::{clean, damaged, year_of_an_organization};

pub fn written(format: Format, report: &Report) -> String {
    let mut out = Vec::new();
    render::write(format, report, &Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_damaged_world_in_every_format() {
    for format in Format::ALL {
        insta::assert_snapshot!(format!("damaged_{format}"), written(format, &damaged()));
    }
}

#[test]
fn every_format_has_a_name_and_tells_every_tampering() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse::<Format>().unwrap(), format);
        let text = written(format, &damaged());
        for code in [Code::DigestMissing, Code::LogMissing, Code::LogModified, Code::LogUnlisted] {
            assert!(text.contains(code.as_str()), "{format}: {code}");
        }
    }
    assert!("pdf".parse::<Format>().is_err());
}

#[test]
fn a_year_of_an_organization_is_a_page_that_opens() {
    let page = written(Format::Html, &year_of_an_organization());
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("<tr").count() - page.matches("<tr>").count(), 30, "a row begins each account");
    assert!(page.matches("<svg").count() >= 300);
}

#[test]
fn the_page_names_the_json_report_it_was_made_from() {
    let report = damaged();
    let hash = trailseal::report::Hash::of(written(Format::Json, &report).as_bytes()).to_string();
    assert!(written(Format::Html, &report).contains(&hash));
    let again = render::json::read(written(Format::Json, &report).as_bytes()).unwrap();
    assert_eq!(written(Format::Html, &again), written(Format::Html, &report));
}

#[test]
fn objects_are_told_while_they_are_judged() {
    let digest = ObjectName::new("b", "AWSLogs/d.json.gz");
    let log = ObjectName::new("b", "=evil,\"\n.json.gz");
    let seen = [
        Seen {
            object: &digest,
            judged: Judged::Digest(DigestVerdict::Authentic),
            part: Part::Beside,
            compressed: Some(700),
            inflated: Some(1200),
        },
        Seen {
            object: &log,
            judged: Judged::Log(LogVerdict::Missing),
            part: Part::Asked,
            compressed: None,
            inflated: None,
        },
    ];
    let mut stream = jsonl::Stream::new(Vec::new());
    let mut table = csv::Objects::new(Vec::new()).unwrap();
    for one in &seen {
        stream.object(one).unwrap();
        table.object(one).unwrap();
    }
    let lines = String::from_utf8(stream.finish(&clean()).unwrap()).unwrap();
    insta::assert_snapshot!(lines);
    insta::assert_snapshot!(String::from_utf8(table.finish().unwrap()).unwrap());
}

#[test]
fn every_code_is_explained() {
    let mut pages = BTreeSet::new();
    for code in Code::ALL {
        let mut out = Vec::new();
        render::explain(code, 88, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.starts_with(&format!("{code}: ")) && page.contains("What to do next"), "{page}");
        // Without the words, its form is the one that the reader's own configuration says.
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.matches("head-object").count(), words.matches("--output json").count(), "{page}");
        assert!(pages.insert(page));
    }
    let mut out = Vec::new();
    markdown::codes(&mut out).unwrap();
    let table = String::from_utf8(out).unwrap();
    assert_eq!(table.lines().count(), Code::ALL.len() + 2);
    assert!(table.lines().all(|row| row.matches('|').count() == 4), "{table}");
}

#[test]
fn one_code_at_length() {
    let mut out = Vec::new();
    render::explain(Code::LogUnlisted, 88, &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
