//! Gauges for node_exporter's textfile collector: no timestamps, one HELP and TYPE to a metric, no object names in
//! labels. Every series names its source, so that files of several sources can lie side by side. A run that could not
//! begin has gauges too, for an alert on what is not there is one that nobody writes.

use std::fmt::{self, Display, Write as _};
use std::io;

use super::plain::Plain;
use super::words::Share;
use crate::report::{ChainReport, Outcome, Report, Uncovered};
use crate::trail::Time;
use crate::verdict::{Class, Code, Scope};

/// One metric: its name, what it tells, and its series.
struct Gauge {
    name: &'static str,
    help: &'static str,
    series: Vec<(Vec<(&'static str, String)>, f64)>,
}

/// Writes the gauges of a run that ended with `exit_code`: the report's own, unless a result could not be written.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, exit_code: u8, out: &mut dyn io::Write) -> io::Result<()> {
    let gauges = run_gauges(report, exit_code).into_iter().chain(chain_gauges(report));
    write_all(&report.source, gauges, out)
}

/// Writes the gauges of a run that could not begin: when that was, and its exit code. All others are absent, because
/// nothing is known that they could say.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write_without_report(
    source: &str,
    ended_at: Time,
    exit_code: u8,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    write_all(source, [ended(ended_at), exited(exit_code)], out)
}

fn write_all(
    source: &str,
    gauges: impl IntoIterator<Item = Gauge>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for Gauge { name, help, series } in gauges {
        if series.is_empty() {
            continue;
        }
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
        for (labels, value) in series {
            let source = [("source", source.to_owned())];
            let labels: Vec<String> = source
                .into_iter()
                .chain(labels)
                .map(|(label, text)| format!("{label}=\"{}\"", Label(&text)))
                .collect();
            writeln!(out, "{name}{{{}}} {value}", labels.join(","))?;
        }
    }
    Ok(())
}

fn one(value: f64) -> Vec<(Vec<(&'static str, String)>, f64)> {
    vec![(Vec::new(), value)]
}

fn ended(at: Time) -> Gauge {
    Gauge {
        name: "trailseal_last_run_timestamp_seconds",
        help: "When the last run ended.",
        series: one(at.timestamp() as f64),
    }
}

fn exited(code: u8) -> Gauge {
    Gauge {
        name: "trailseal_exit_code",
        help: "What the last run exited with: 0 intact, 1 tampered, 2 could not run or write its results, \
               3 incomplete, 4 empty, 130 interrupted.",
        series: one(f64::from(code)),
    }
}

fn run_gauges(report: &Report, exit_code: u8) -> Vec<Gauge> {
    let by_verdict = |counts: Vec<(&'static str, u64)>| {
        let series = counts.into_iter();
        series.map(|(verdict, count)| (vec![("verdict", verdict.to_owned())], count as f64)).collect()
    };
    let outcomes = [Outcome::Intact, Outcome::Tampered, Outcome::Incomplete, Outcome::Empty];
    let verdict = |outcome: Outcome| {
        (vec![("verdict", outcome.as_str().to_owned())], f64::from(u8::from(outcome == report.outcome())))
    };
    let millis = (report.finished_at - report.started_at).num_milliseconds();
    vec![
        ended(report.finished_at),
        Gauge {
            name: "trailseal_last_run_duration_seconds",
            help: "How long the last run took.",
            series: one(millis as f64 / 1000.0),
        },
        exited(exit_code),
        Gauge {
            name: "trailseal_verdict",
            help: "1 for the verdict of the last run, 0 for the others.",
            series: outcomes.map(verdict).into(),
        },
        Gauge {
            name: "trailseal_digests",
            help: "Digests by verdict.",
            series: by_verdict(report.totals.digests.counts()),
        },
        Gauge {
            name: "trailseal_log_files",
            help: "Log files by verdict.",
            series: by_verdict(report.totals.logs.counts()),
        },
        Gauge {
            name: "trailseal_retries",
            help: "Requests that were sent again, by cause.",
            series: report
                .totals
                .retries
                .counts()
                .into_iter()
                .map(|(cause, count)| (vec![("cause", cause.to_owned())], count as f64))
                .collect(),
        },
        Gauge { name: "trailseal_findings", help: "Findings by code and class.", series: findings(report) },
    ]
}

/// Every code stands there, with a nought where there is none: an alert needs the series before the trouble.
fn findings(report: &Report) -> Vec<(Vec<(&'static str, String)>, f64)> {
    let mut series = Vec::new();
    for code in Code::ALL {
        for class in [Class::Tamper, Class::Incomplete, Class::Notice] {
            let count = report.count(class, code);
            if count > 0 || class == code.class() {
                let labels = vec![("code", code.to_string()), ("class", class.as_str().to_owned())];
                series.push((labels, count as f64));
            }
        }
    }
    series
}

fn chain_gauges(report: &Report) -> Vec<Gauge> {
    let each = |value: fn(&ChainReport) -> Option<f64>| {
        report.chains.iter().filter_map(|chain| Some((labels(chain), value(chain)?))).collect()
    };
    let none = report.uncovered.iter().map(|part| (part_labels(part), part.seconds() as f64)).collect();
    vec![
        Gauge {
            name: "trailseal_uncovered_seconds",
            help: "How much of the window a part of the record would have to cover that has no chain of digests, by why.",
            series: none,
        },
        Gauge {
            name: "trailseal_covered_ratio",
            help: "How much of the time that should be covered is covered, of all chains and of what has none.",
            series: Share::of_report(report).ratio().map_or(Vec::new(), one),
        },
        Gauge {
            name: "trailseal_chain_verified_through_timestamp_seconds",
            help: "Up to when the chain's coverage is unbroken from the window's start on.",
            series: each(|chain| Some(chain.verified_through?.timestamp() as f64)),
        },
        Gauge {
            name: "trailseal_chain_newest_digest_end_timestamp_seconds",
            help: "The end of the hour that the chain's newest authentic digest covers.",
            series: each(|chain| Some(chain.newest.as_ref()?.end.timestamp() as f64)),
        },
        Gauge {
            name: "trailseal_chain_gap_seconds",
            help: "How much of the window the chain does not cover.",
            series: each(|chain| Some(Share::of(&chain.coverage, &chain.gaps).open as f64)),
        },
    ]
}

fn part_labels(part: &Uncovered) -> Vec<(&'static str, String)> {
    let Scope { account, region, trail, organization } = &part.scope;
    let text = |name: &'static str, text: Option<String>| text.map(|text| (name, text));
    [
        text("account", account.map(|account| account.to_string())),
        text("region", region.as_ref().map(ToString::to_string)),
        text("trail", trail.as_ref().map(ToString::to_string)),
        text("organization", organization.as_ref().map(ToString::to_string)),
        text("why", Some(part.why.as_str().to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn labels(chain: &ChainReport) -> Vec<(&'static str, String)> {
    let place = &chain.id.place;
    let organization = place.organization.as_ref().map(|name| ("organization", name.to_string()));
    let mut labels = vec![
        ("account", place.account.to_string()),
        ("region", place.region.to_string()),
        ("trail", chain.id.trail.to_string()),
        ("home_region", chain.id.home_region.to_string()),
        ("kind", chain.id.kind.as_str().to_owned()),
    ];
    labels.extend(organization);
    labels
}

/// A label's value: backslash, quote and line feed escaped, as the text format asks.
struct Label<'a>(&'a str);

impl Display for Label<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Plain(self.0).to_string().chars().try_for_each(|char| match char {
            '\\' => out.write_str("\\\\"),
            '"' => out.write_str("\\\""),
            _ => out.write_char(char),
        })
    }
}
