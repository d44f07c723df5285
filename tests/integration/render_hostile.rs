//! Names and texts from a hostile bucket try to break out of every format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use trailseal::render::plain::acts;
use trailseal::render::{Format, Heartbeat, json};
use trailseal::report::{Cause, Evidence, RecordedCall, Unseen};
use trailseal::report::{Hint, NotProven, Report};
use trailseal::trail::ObjectName;

use crate::render_formats::written;
use crate::render_worlds::{damaged, time, words};

const PAYLOADS: [&str; 22] = [
    "<script>alert(1)</script>",
    "</title></style></td></main><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onload='alert(1)",
    "]]></failure><testcase name=\"x\"/>",
    "<!-- --> <![CDATA[",
    "&lt;&amp;&#60;&",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "\u{202e}gz.nosj\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}",
    "\u{0}\u{1}\u{8}\u{b}\u{c}\u{7f}\u{85}\u{fffe}\u{ffff}",
    "=cmd|'/C calc'!A0",
    "+1;=2,\"=3\n=4\r=5\t=6",
    "@SUM(1+1)",
    "-2+3",
    "a\",\"b\r\n\"=1\",\"c",
    "x\"} 1\ntrailseal_exit_code{source=\"x\"} 0\n# TYPE y gauge",
    "back\\slash\\",
    "| a | b |\n| --- | --- |",
    "`` ` ``` <b>",
    "[link](https://evil.example) ![i](http://evil.example/x) @team #1 www.evil.example",
    "\n## INTACT\n\n- nothing found",
    "{\"type\":\"summary\",\"verdict\":\"intact\"}\n",
];

/// A damaged world in which every text that could come from the bucket, the store or the caller is `text`.
fn world(text: &str) -> Report {
    let mut report = damaged();
    let object = || ObjectName::new(text, text);
    report.source = text.to_owned();
    report.arguments = vec![text.to_owned()];
    report.hints = vec![Hint::Said(text.to_owned())];
    report.not_proven = vec![NotProven::Said(text.to_owned())];
    for key in &mut report.keys {
        key.origin = text.to_owned();
    }
    for (number, finding) in (0..).zip(&mut report.findings) {
        let said = words(finding);
        said.message = text.to_owned();
        said.evidence = Evidence::none().with("found", text);
        said.evidence.0.insert(text.to_owned().into(), Value::from(vec![text]));
        finding.object = Some(object());
        finding.digest = Some(object());
        finding.cause = Some(match number % 2 {
            0 => Cause::Unseen(Unseen::Failed(text.into())),
            _ => Cause::Event(Box::new(RecordedCall {
                time: time("2026-03-02T04:02:11Z"),
                event_name: text.into(),
                event_source: text.into(),
                target: text.into(),
                actor: text.into(),
                source_ip: text.into(),
                event_id: text.into(),
                error_code: Some(text.into()),
                log_file: object(),
            })),
        });
    }
    report
}

/// Every tag with its attributes' names; fails on what is neither a tag nor text.
fn tags(markup: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = markup;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(
            !text.contains('>') || text.contains("<style>") || tags.last().is_some_and(|tag| tag == "style"),
            "{text}"
        );
        let (tag, after) = after.split_once('>').unwrap();
        let mut name = String::new();
        for (index, part) in tag.split('"').enumerate() {
            if index % 2 == 0 {
                name.push_str(part);
            }
        }
        tags.push(name);
        rest = after;
    }
    tags
}

#[test]
fn no_name_adds_a_tag_or_an_attribute_to_html_or_xml() {
    for format in [Format::Html, Format::Junit] {
        let expected = tags(&written(format, &world("word")));
        assert!(expected.len() > 40);
        for payload in PAYLOADS {
            assert_eq!(tags(&written(format, &world(payload))), expected, "{format}: {payload:?}");
        }
    }
}

#[test]
fn no_name_acts_on_what_shows_it() {
    for format in Format::ALL {
        for payload in PAYLOADS {
            let text = written(format, &world(payload));
            let line_ends = if format == Format::Csv { "\r\n" } else { "\n" };
            let acting = text.chars().find(|char| acts(*char) && !line_ends.contains(*char));
            assert_eq!(acting, None, "{format}: {payload:?}");
        }
    }
}

/// A table read back as RFC 4180 has it.
fn cells(table: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = table.chars().peekable();
    while let Some(char) = chars.next() {
        let row = rows.last_mut().unwrap();
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            _ => {
                assert!(quoted, "a bare {char:?}");
                row.last_mut().unwrap().push(char);
            }
        }
    }
    assert_eq!(rows.pop().unwrap(), [""]);
    rows
}

#[test]
fn no_cell_of_the_table_is_a_formula_or_leaves_its_row() {
    for payload in PAYLOADS {
        let rows = cells(&written(Format::Csv, &world(payload)));
        assert_eq!(rows.len(), damaged().findings.len() + 1);
        for cell in rows.iter().inspect(|row| assert_eq!(row.len(), 15)).flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{payload:?}: {cell:?}");
        }
    }
}

#[test]
fn no_name_leaves_its_line_of_markdown() {
    let lines = |text: &str| text.lines().count();
    let expected = lines(&written(Format::Markdown, &world("word")));
    for payload in PAYLOADS {
        let page = written(Format::Markdown, &world(payload));
        assert_eq!(lines(&page), expected, "{payload:?}");
        for line in page.lines() {
            let bare = outside_code(line).replace("<br>", "");
            let table = line.starts_with('|');
            let markup = |char: char| "<>[]*!@~&\\`".contains(char) || (char == '|' && !table);
            assert!(!bare.contains(markup) && !bare.contains("://"), "{payload:?}: {bare}");
            assert!(!table || bare.matches('|').count() == 3, "{payload:?}: {line}");
        }
    }
}

/// The line without its code spans, read as CommonMark has them; in a table an escaped bar is part of its cell.
fn outside_code(line: &str) -> String {
    let line = if line.starts_with('|') { line.replace("\\|", " ") } else { line.to_owned() };
    let mut bare = String::new();
    let mut rest = line.as_str();
    while let Some(at) = rest.find('`') {
        bare.push_str(&rest[..at]);
        let run = rest[at..].chars().take_while(|char| *char == '`').count();
        let after = &rest[at + run..];
        let mut from = 0;
        let end = loop {
            let open = after[from..].find('`').expect("a closed code span") + from;
            let close = after[open..].chars().take_while(|char| *char == '`').count();
            if close == run {
                break open + close;
            }
            from = open + close;
        };
        rest = &after[end..];
    }
    bare + rest
}

#[test]
fn lines_of_json_stay_lines() {
    for format in [Format::Jsonl, Format::Ocsf(Heartbeat::Silent), Format::Asff] {
        let expected = written(format, &world("word")).lines().count();
        for payload in PAYLOADS {
            let text = written(format, &world(payload));
            assert_eq!(text.lines().count(), expected, "{format}: {payload:?}");
            assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
        }
    }
}

#[test]
fn the_json_report_keeps_every_text_exactly() {
    for payload in PAYLOADS.into_iter().filter(|payload| !payload.contains('/')) {
        let report = world(payload);
        assert_eq!(json::read(written(Format::Json, &report).as_bytes()).unwrap(), report, "{payload:?}");
    }
}
