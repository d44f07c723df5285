//! What the readers of each machine format demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trailseal::render::{Format, Heartbeat, emf, headline, prometheus};
use trailseal::report::{Class, Code, Evidence};
use trailseal::report::{Completion, Report};
use trailseal::trail::Depth;

use crate::render_formats::written;
use crate::render_worlds::{accepted, clean, damaged, every_code, words, year_of_an_organization};

fn worlds() -> [Report; 4] {
    [clean(), damaged(), every_code(), year_of_an_organization()]
}

fn lines(format: Format, report: &Report) -> Vec<Value> {
    written(format, report).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An attribute of the first tag of that name.
fn attribute(markup: &str, name: &str) -> String {
    let (_, rest) = markup.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn junit_counts_what_it_lists() {
    for report in worlds() {
        let xml = written(Format::Junit, &report);
        let mut totals = [0; 4];
        let suites: Vec<&str> = xml.split("<testsuite ").skip(1).collect();
        assert!(suites.len() >= report.chains.len());
        let mut names = BTreeSet::new();
        for suite in suites {
            let suite = format!("<testsuite {suite}");
            assert!(names.insert(attribute(&suite, "name")));
            let listed =
                ["<testcase ", "<failure ", "<error ", "<skipped "].map(|tag| suite.matches(tag).count());
            let said = ["tests", "failures", "errors", "skipped"]
                .map(|name| attribute(&suite, name).parse::<usize>().unwrap());
            assert_eq!(listed, said);
            for (total, count) in totals.iter_mut().zip(said) {
                *total += count;
            }
            for case in suite.split("<testcase ").skip(1) {
                assert!(case.starts_with("name=\"") && case.contains(" classname=\""));
            }
        }
        let said = ["tests", "failures", "errors", "skipped"]
            .map(|name| attribute(&xml, name).parse::<usize>().unwrap());
        assert_eq!(totals, said);
        let of = |class| report.findings.iter().filter(|finding| finding.class() == class).count();
        assert_eq!([totals[1], totals[2]], [of(Class::Tamper), of(Class::Incomplete)]);
    }
}

#[test]
fn junit_is_never_green_without_proof() {
    let mut empty = clean();
    empty.chains.clear();
    empty.totals = Default::default();
    let mut stopped = clean();
    stopped.completion = Completion::Interrupted;
    for report in [empty, stopped] {
        assert_eq!(attribute(&written(Format::Junit, &report), "errors"), "1");
    }
    assert_eq!(attribute(&written(Format::Junit, &clean()), "errors"), "0");
}

/// The text format as node_exporter's parser has it: `name{label="value",…} number`.
fn series(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, rest) = line.split_once('{').unwrap();
    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
    let mut labels = BTreeMap::new();
    let mut chars = rest.chars();
    loop {
        let label: String = chars.by_ref().take_while(|char| *char != '=').collect();
        assert!(label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{label}");
        assert_eq!(chars.next(), Some('"'));
        let mut value = String::new();
        loop {
            match chars.next().unwrap() {
                '"' => break,
                '\\' => match chars.next().unwrap() {
                    'n' => value.push('\n'),
                    escaped @ ('\\' | '"') => value.push(escaped),
                    other => panic!("an unknown escape {other:?}"),
                },
                char => value.push(char),
            }
        }
        assert!(labels.insert(label, value).is_none());
        match chars.next().unwrap() {
            ',' => {}
            '}' => break,
            other => panic!("{other:?} after a label"),
        }
    }
    // A space, a number, and no timestamp after it.
    let number = chars.as_str().strip_prefix(' ').unwrap();
    (name.to_owned(), labels, number.parse().unwrap())
}

#[test]
fn prometheus_of_a_run_without_a_report_is_some_of_the_usual() {
    let mut report = clean();
    report.source = "s3://b/\"quoted\"".to_owned();
    let usual = written(Format::Prometheus, &report);
    let mut text = Vec::new();
    prometheus::write_without_report(&report.source, report.finished_at, 2, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (comments, told): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    assert!(comments.iter().all(|line| usual.lines().any(|other| other == *line)), "{text}");
    let told: Vec<_> = told.into_iter().map(series).collect();
    let source = BTreeMap::from([("source".to_owned(), report.source.clone())]);
    let ended = report.finished_at.timestamp() as f64;
    assert_eq!(
        told,
        [
            ("trailseal_last_run_timestamp_seconds".to_owned(), source.clone(), ended),
            ("trailseal_exit_code".to_owned(), source, 2.0),
        ]
    );
}

/// The embedded metric format's specification: a root object with `_aws`; each target of a directive is a member of the root, metrics
/// numbers, dimensions text of 1 to 1,024 ASCII characters.
#[track_caller]
fn follows_the_embedded_metric_format(document: &Value) {
    let aws = &document["_aws"];
    assert!(aws["Timestamp"].as_i64().unwrap() > 1_500_000_000_000, "in milliseconds: {aws}");
    for directive in aws["CloudWatchMetrics"].as_array().unwrap() {
        let namespace = directive["Namespace"].as_str().unwrap();
        assert!((1..=1024).contains(&namespace.len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let names = set.as_array().unwrap();
            assert!(names.len() <= 30);
            for name in names {
                let value = document[name.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1024).contains(&value.len()) && !value.starts_with(':'), "{value}");
                assert!(value.chars().all(|char| (' '..='~').contains(&char)), "{value}");
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            assert!(document[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
            assert!(["Count", "Seconds", "None"].contains(&metric["Unit"].as_str().unwrap()), "{metric}");
        }
    }
}

#[test]
fn cloudwatch_reads_the_metrics_whatever_the_source_is_called() {
    let long = "ü".repeat(2000);
    for source in ["s3://b", "", "   ", ":colon", "a\u{1b}[2J\u{202e}\"\n", &long] {
        let mut report = damaged();
        report.source = source.to_owned();
        let [document] = &lines(Format::Emf, &report)[..] else { panic!("one line") };
        follows_the_embedded_metric_format(document);
        let number = |name: &str| document[name].as_f64().unwrap();
        assert_eq!(
            (number("ExitCode"), document["_aws"]["CloudWatchMetrics"][0]["Namespace"].as_str()),
            (1.0, Some("trailseal"))
        );
        let counted = number("Tamper") + number("Incomplete") + number("Notice");
        assert_eq!(counted, report.found() as f64);
        assert_eq!(number("DigestsVerified"), report.totals.digests.authentic as f64);
        let mut text = Vec::new();
        emf::write_without_report(source, report.finished_at, 2, &mut text).unwrap();
        let unbegun: Value = serde_json::from_slice(&text).unwrap();
        follows_the_embedded_metric_format(&unbegun);
        assert_eq!((&unbegun["ExitCode"], unbegun.get("Tamper")), (&2.0.into(), None));
    }
}

#[test]
fn prometheus_reads_every_series_once() {
    for mut report in worlds() {
        report.source = "s3://b/\"quoted\\\"\n".to_owned();
        let text = written(Format::Prometheus, &report);
        assert!(text.ends_with('\n'));
        let (mut helped, mut typed, mut seen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                assert!(helped.insert(help.split_once(' ').unwrap().0.to_owned()));
            } else if let Some(metric) = line.strip_prefix("# TYPE ") {
                assert!(typed.insert(metric.strip_suffix(" gauge").unwrap().to_owned()));
            } else {
                let (name, labels, value) = series(line);
                assert!(typed.contains(&name) && value.is_finite());
                assert!(labels["source"].starts_with("s3://b/\"quoted\\\""));
                assert!(
                    labels.values().all(|value| !value.contains(".json.gz")),
                    "an object's name in a label"
                );
                assert!(seen.insert((name, labels)));
            }
        }
        assert_eq!(helped, typed);
        let exit = text.lines().find(|line| line.starts_with("trailseal_exit_code")).unwrap();
        assert_eq!(series(exit).2, f64::from(report.exit_code()));
    }
}

#[test]
fn ocsf_events_have_what_their_class_requires() {
    for report in worlds() {
        let events = lines(Format::Ocsf(Heartbeat::Silent), &report);
        assert_eq!(events.len(), report.findings.len());
        let mut uids = BTreeSet::new();
        for (event, finding) in events.iter().zip(&report.findings) {
            let class = event["class_uid"].as_u64().unwrap();
            assert_eq!(class, if finding.class() == Class::Tamper { 2004 } else { 2003 });
            assert_eq!(event["category_uid"], 2);
            assert_eq!(event["activity_id"], 1);
            assert_eq!(event["type_uid"].as_u64().unwrap(), class * 100 + 1);
            assert!((1..=5).contains(&event["severity_id"].as_u64().unwrap()));
            assert_eq!(event["time"].as_i64().unwrap(), report.finished_at.timestamp_millis());
            assert_eq!(event["metadata"]["version"], "1.8.0");
            assert_eq!(event["metadata"]["product"]["name"], "trailseal");
            assert_eq!(event["cloud"]["provider"], "AWS");
            uids.insert(event["finding_info"]["uid"].as_str().unwrap().to_owned());
            assert!(!event["finding_info"]["title"].as_str().unwrap().is_empty());
            assert_eq!(event.get("compliance").is_some(), class == 2003);
            if class == 2003 {
                assert!(!event["compliance"]["standards"].as_array().unwrap().is_empty());
                assert!((1..=3).contains(&event["compliance"]["status_id"].as_u64().unwrap()));
            }
            for evidence in event.get("evidences").iter().flat_map(|list| list.as_array().unwrap()) {
                assert!(evidence.get("file").is_some() || evidence.get("data").is_some());
                if let Some(file) = evidence.get("file") {
                    assert!(!file["name"].as_str().unwrap().is_empty());
                    assert_eq!(file["type_id"], 1);
                    for hash in file.get("hashes").iter().flat_map(|list| list.as_array().unwrap()) {
                        assert_eq!(hash["algorithm_id"], 3);
                        assert_eq!(hash["value"].as_str().unwrap().len(), 64);
                    }
                }
            }
            for resource in event["resources"].as_array().unwrap() {
                assert!(resource["uid"].is_string() && resource["type"].is_string());
            }
        }
    }
    let uid =
        |report: &Report| lines(Format::Ocsf(Heartbeat::Silent), report)[0]["finding_info"]["uid"].clone();
    let mut later = damaged();
    later.finished_at += chrono::TimeDelta::hours(1);
    assert_eq!(uid(&damaged()), uid(&later), "the same finding has the same name in a later run");
    let all: BTreeSet<String> = lines(Format::Ocsf(Heartbeat::Silent), &year_of_an_organization())
        .iter()
        .map(|event| event["finding_info"]["uid"].to_string())
        .collect();
    assert_eq!(all.len(), year_of_an_organization().findings.len());
}

#[test]
fn ocsf_tells_a_whole_record_only_if_asked_and_only_if_whole() {
    let beating = |report: &Report| lines(Format::Ocsf(Heartbeat::Beating), report);
    assert_eq!(lines(Format::Ocsf(Heartbeat::Silent), &clean()), Vec::<Value>::new());
    let [event] = &beating(&clean())[..] else { panic!("one event") };
    assert_eq!((&event["class_uid"], &event["type_uid"]), (&2003.into(), &200_301.into()));
    assert_eq!(event["compliance"]["status"], "Pass");
    assert_eq!(event["time"].as_i64().unwrap(), clean().finished_at.timestamp_millis());
    assert_eq!(event["message"].as_str().unwrap(), headline(&clean()).sentence);
    let mut later = clean();
    later.finished_at += chrono::TimeDelta::hours(1);
    assert_eq!(beating(&later)[0]["finding_info"]["uid"], event["finding_info"]["uid"]);
    let mut digests_alone = clean();
    digests_alone.depth = Depth::Chain;
    let event = &beating(&digests_alone)[0];
    assert_eq!(event["compliance"]["control"], "digests-whole");
    assert!(event["finding_info"]["title"].as_str().unwrap().contains("not looked at"), "{event:#}");
    let codes: Vec<Code> = Code::ALL.to_vec();
    let all_accepted = accepted(damaged(), &codes);
    assert_eq!(all_accepted.exit_code(), 0);
    let event = beating(&all_accepted).pop().unwrap();
    assert_eq!(event["compliance"]["status"], "Warning", "{event:#}");
    for report in worlds().into_iter().filter(|report| report.exit_code() != 0) {
        assert_eq!(beating(&report), lines(Format::Ocsf(Heartbeat::Silent), &report));
    }
}

#[test]
fn asff_batches_are_ready_to_import() {
    let mut long = damaged();
    for finding in &mut long.findings {
        let said = words(finding);
        said.message = "ü".repeat(3000);
        said.evidence = Evidence::none();
        for number in 0..80 {
            said.evidence.0.insert(format!("{number}{}", "n".repeat(300)).into(), "v".repeat(5000).into());
        }
    }
    for report in worlds().into_iter().chain([long]) {
        let batches = lines(Format::Asff, &report);
        let mut imported = 0;
        for batch in &batches {
            let batch = batch.as_array().unwrap();
            assert!((1..=100).contains(&batch.len()));
            let places: BTreeSet<_> =
                batch.iter().map(|finding| finding["ProductArn"].as_str().unwrap()).collect();
            assert_eq!(places.len(), 1, "one call imports for one account and region");
            batch.iter().for_each(assert_importable);
            imported += batch.len();
        }
        assert_eq!(imported, report.findings.len());
    }
    assert!(lines(Format::Asff, &clean()).is_empty());
}

fn assert_importable(finding: &Value) {
    let text = |name: &str| finding[name].as_str().unwrap_or_else(|| panic!("{name}")).to_owned();
    let length = |name: &str| text(name).chars().count();
    let (account, region) = (text("AwsAccountId"), text("Region"));
    assert_eq!(text("SchemaVersion"), "2018-10-08");
    assert!((1..=512).contains(&length("Id")));
    assert_eq!(
        text("ProductArn"),
        format!("arn:aws:securityhub:{region}:{account}:product/{account}/default")
    );
    assert!(account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    assert!((1..=512).contains(&length("GeneratorId")));
    assert!((1..=256).contains(&length("Title")));
    assert!((1..=1024).contains(&length("Description")));
    for time in ["CreatedAt", "UpdatedAt"] {
        chrono::DateTime::parse_from_rfc3339(&text(time)).unwrap();
    }
    let label = finding["FindingProviderFields"]["Severity"]["Label"].as_str().unwrap();
    assert!(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(&label));
    let types = finding["FindingProviderFields"]["Types"].as_array().unwrap();
    let namespaces = ["Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors"];
    for one in types {
        let one = one.as_str().unwrap();
        assert!(namespaces.iter().any(|namespace| one.starts_with(&format!("{namespace}/"))), "{one}");
        assert!(one.split('/').count() <= 3);
    }
    let recommendation = finding["Remediation"]["Recommendation"]["Text"].as_str().unwrap();
    assert!((1..=512).contains(&recommendation.chars().count()));
    let fields = finding["ProductFields"].as_object().unwrap();
    assert!(fields.len() <= 50);
    for (name, value) in fields {
        assert!(name.chars().count() <= 128 && value.as_str().unwrap().chars().count() <= 2048);
    }
    let resources = finding["Resources"].as_array().unwrap();
    assert!((1..=32).contains(&resources.len()));
    assert!(resources.iter().all(|resource| resource["Type"].is_string() && resource["Id"].is_string()));
    if let Some(compliance) = finding.get("Compliance") {
        let status = compliance["Status"].as_str().unwrap();
        assert!(["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"].contains(&status));
    }
}
