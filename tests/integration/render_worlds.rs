//! Reports built by hand, for the tests of every format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::TimeDelta;
use trailseal::report::what::Saved;
use trailseal::report::{
    Cause, Class, Code, DigestTally, DigestVerdict, Evidence, Finding, LogTally, LogVerdict, Readings,
    RecordedCall, Scope, Unseen,
};
use trailseal::report::{ChainReport, KeyUse, Newest, NoChain, Reached, Report, Totals, Uncovered};
use trailseal::report::{Hash, Hint, NotProven, Overruled, What};
use trailseal::trail::{AccountRegion, ChainId, DigestKind, ObjectName, Span, Time, Window};

/// A finding in words of its own, as a report says it that was written before.
pub fn told(code: Code, scope: impl Into<Scope>, message: impl Into<String>) -> Finding {
    Finding::new(What::saved(code, message), scope)
}

/// The words of such a finding.
pub fn words(finding: &mut Finding) -> &mut Saved {
    match &mut finding.what {
        What::Saved(saved) => saved,
        what => panic!("{what:?} has no words of its own"),
    }
}

pub const BUCKET: &str = "example-trail-logs";

pub fn time(text: &str) -> Time {
    text.parse().unwrap()
}

pub fn span(start: &str, end: &str) -> Span {
    Span { start: time(start), end: time(end) }
}

fn chain_id(account: &str, region: &str, trail: &str) -> ChainId {
    ChainId {
        place: AccountRegion {
            account: account.parse().unwrap(),
            region: region.parse().unwrap(),
            organization: None,
        },
        trail: trail.parse().unwrap(),
        home_region: "us-east-1".parse().unwrap(),
        kind: DigestKind::Standard,
    }
}

fn digest(id: &ChainId, end: Time) -> ObjectName {
    let ChainId { place: AccountRegion { account, region, .. }, trail, home_region, .. } = id;
    ObjectName::new(
        BUCKET,
        format!(
            "AWSLogs/{account}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{trail}_{home_region}_{}.json.gz",
            end.format("%Y/%m/%d"),
            end.format("%Y%m%dT%H%M%SZ")
        )
        .as_str(),
    )
}

fn log(id: &ChainId, delivered: &str, unique: &str) -> ObjectName {
    let AccountRegion { account, region, .. } = &id.place;
    let delivered = time(delivered);
    ObjectName::new(
        BUCKET,
        format!(
            "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{unique}.json.gz",
            delivered.format("%Y/%m/%d"),
            delivered.format("%Y%m%dT%H%MZ")
        )
        .as_str(),
    )
}

fn chain(
    id: &ChainId,
    coverage: &[Span],
    gaps: &[Span],
    digests: DigestTally,
    logs: LogTally,
) -> ChainReport {
    let newest = coverage.last().map(|span| Newest {
        object: digest(id, span.end),
        hash: Hash::of(id.place.region.as_str().as_bytes()),
        end: span.end,
    });
    ChainReport {
        id: id.clone(),
        digests,
        logs,
        coverage: coverage.iter().copied().collect(),
        gaps: gaps.iter().copied().collect(),
        verified_through: coverage.first().map(|span| span.end),
        newest,
        carried: Default::default(),
        reached: Reached::Wholly,
    }
}

fn digests(counts: &[(DigestVerdict, u64)]) -> DigestTally {
    let mut tally = DigestTally::default();
    for (verdict, count) in counts {
        (0..*count).for_each(|_| tally.add(*verdict));
    }
    tally
}

fn logs(counts: &[(LogVerdict, u64)]) -> LogTally {
    let mut tally = LogTally::default();
    for (verdict, count) in counts {
        (0..*count).for_each(|_| tally.add(*verdict));
    }
    tally
}

fn report(source: &str, window: Window, chains: Vec<ChainReport>, findings: Vec<Finding>) -> Report {
    let mut totals = Totals { compressed: 1_234_567_890, inflated: 12_345_678_900, ..Totals::default() };
    for chain in &chains {
        totals.digests.merge(&chain.digests);
        totals.logs.merge(&chain.logs);
    }
    let key = |fingerprint: &str, region: &str, digests| KeyUse {
        fingerprint: fingerprint.parse().unwrap(),
        region: Some(region.parse().unwrap()),
        valid_from: Some(time("2026-02-20T00:00:00Z")),
        valid_to: Some(time("2026-03-22T00:00:00Z")),
        digests,
        origin: "ListPublicKeys".to_owned(),
    };
    let mut report = Report::new(source, window, time("2026-03-04T06:00:00.25Z"));
    report.tool_version = "0.1.0".to_owned();
    report.arguments = vec!["verify".to_owned(), source.to_owned(), "--last".to_owned(), "3d".to_owned()];
    report.finished_at = time("2026-03-04T06:00:03.5Z");
    report.totals = totals;
    report.chains = chains;
    report.keys = vec![
        key("0123456789abcdef0123456789abcdef", "us-east-1", 140),
        key("fedcba9876543210fedcba9876543210", "eu-west-1", 72),
    ];
    report.findings = findings;
    report.not_proven = [
        "That CloudTrail recorded every event: only what it delivered can be proven.",
        "Who changed or deleted an object.",
    ]
    .map(|limit| NotProven::Said(limit.to_owned()))
    .into();
    report.sort();
    report
}

fn three_days() -> Window {
    Window::new(Some(time("2026-03-01T00:00:00Z")), time("2026-03-04T00:00:00Z")).unwrap()
}

/// Nothing wrong anywhere.
pub fn clean() -> Report {
    let whole = [span("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z")];
    let chains = ["us-east-1", "eu-west-1"].map(|region| {
        chain(
            &chain_id("111122223333", region, "management-events"),
            &whole,
            &[],
            digests(&[(DigestVerdict::Authentic, 73)]),
            logs(&[(LogVerdict::Intact, 1204)]),
        )
    });
    report("s3://example-trail-logs", three_days(), chains.into(), Vec::new())
}

/// A clean report most of whose verdicts are of earlier readings.
pub fn mostly_carried() -> Report {
    let mut report = clean();
    let oldest_read_at = Some(span("2026-02-11T03:00:00Z", "2026-02-12T00:00:00Z").start);
    for chain in &mut report.chains {
        chain.carried = Readings { digests: 60, logs: 1000, bytes: None, days: 2, oldest_read_at };
        report.carried.merge(&chain.carried);
    }
    report.carried.bytes = Some(report.totals.compressed / 2);
    report
}

/// One of nearly everything that can be wrong, with a forged file whose name is written to do harm.
pub fn damaged() -> Report {
    let virginia = chain_id("111122223333", "us-east-1", "management-events");
    let ireland = chain_id("111122223333", "eu-west-1", "management-events");
    let sydney = chain_id("444455556666", "ap-southeast-2", "management-events");
    let whole = chain_id("444455556666", "us-east-1", "management-events");
    let day = span("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z");
    let stopped = span("2026-03-02T04:17:28Z", "2026-03-02T10:17:28Z");
    let lost = span("2026-03-03T10:04:04Z", "2026-03-03T11:04:04Z");
    let tail = span("2026-03-03T18:31:00Z", "2026-03-04T00:00:00Z");
    let mut findings = log_findings(&virginia);
    findings.extend(digest_findings(&ireland, lost));
    findings.extend(coverage_findings(&virginia, stopped, &sydney, tail));
    let chains = vec![
        chain(
            &virginia,
            &[Span { end: stopped.start, ..day }, Span { start: stopped.end, ..day }],
            &[stopped],
            digests(&[(DigestVerdict::Authentic, 67)]),
            logs(&[
                (LogVerdict::Intact, 1201),
                (LogVerdict::Modified, 2),
                (LogVerdict::Missing, 1),
                (LogVerdict::Unlisted, 1),
                (LogVerdict::Pending, 1),
            ]),
        ),
        chain(
            &ireland,
            &[Span { end: lost.start, ..day }, Span { start: lost.end, ..day }],
            &[lost],
            digests(&[(DigestVerdict::Authentic, 71), (DigestVerdict::Missing, 1)]),
            logs(&[(LogVerdict::Intact, 340), (LogVerdict::Unreadable, 1)]),
        ),
        chain(
            &sydney,
            &[Span { end: tail.start, ..day }],
            &[tail],
            digests(&[(DigestVerdict::Authentic, 66)]),
            logs(&[(LogVerdict::Intact, 12)]),
        ),
        chain(
            &whole,
            &[day],
            &[],
            digests(&[(DigestVerdict::Authentic, 72)]),
            logs(&[(LogVerdict::Intact, 512)]),
        ),
    ];
    let absent = chain_id("444455556666", "eu-west-1", "management-events").place;
    findings.push(region_absent(&absent));
    let mut report = report("s3://example-trail-logs", three_days(), chains, findings);
    report.uncovered = vec![Uncovered { scope: Scope::from(&absent), why: NoChain::Absent, time: Some(day) }];
    report.request.expected_regions = ["us-east-1", "eu-west-1"].map(|name| name.parse().unwrap()).into();
    report.hints =
        ["Two S3 objects answered 403: grant s3:GetObject on the bucket and run again to settle them."]
            .map(|hint| Hint::Said(hint.to_owned()))
            .into();
    report
}

fn region_absent(place: &AccountRegion) -> Finding {
    let message = "this region has to be there, and has not one standard digest in the window";
    let mut finding = told(Code::RegionAbsent, place, message);
    finding.at = three_days().start();
    finding.cause = Some(Cause::Unexplained);
    finding
}

fn log_findings(chain: &ChainId) -> Vec<Finding> {
    let of = |code, message: &str, object: ObjectName, at: &str| {
        let mut finding = told(code, chain, message);
        finding.object = Some(object);
        finding.at = Some(time(at));
        finding
    };
    let hour = time("2026-03-02T14:17:28Z");
    let modified = |delivered: &str, unique: &str| {
        let mut finding = of(
            Code::LogModified,
            "its hash is not the one that the digest names",
            log(chain, delivered, unique),
            delivered,
        );
        finding.digest = Some(digest(chain, hour));
        words(&mut finding).evidence = Evidence::none()
            .with("expected_hash", Hash::of(b"as delivered").to_string())
            .with("actual_hash", Hash::of(unique.as_bytes()).to_string());
        finding
    };
    let mut missing = of(
        Code::LogMissing,
        "the digest names it, and it is not there",
        log(chain, "2026-03-02T13:50:00Z", "kT1mQ9xRw2Lp7ZsA"),
        "2026-03-02T13:50:00Z",
    );
    missing.digest = Some(digest(chain, hour));
    words(&mut missing).evidence = Evidence::none().with("expected_hash", Hash::of(b"missing").to_string());
    let planted = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/02/\u{1b}[2J=cmd|'/C calc'!A0<script>alert(1)</script>\"|`x`\u{202e}zg.nosj";
    let unlisted = of(
        Code::LogUnlisted,
        "its hour is covered, and no authentic digest names it",
        ObjectName::new(BUCKET, planted),
        "2026-03-02T15:20:00Z",
    );
    let pending = of(
        Code::LogPending,
        "delivered too recently to be in a digest",
        log(chain, "2026-03-03T23:55:00Z", "Zz81mWqPe03TnLdC"),
        "2026-03-03T23:55:00Z",
    );
    vec![
        modified("2026-03-02T13:25:00Z", "aB3dE5fG7hI9jK1l"),
        modified("2026-03-02T13:30:00Z", "Mn2oP4qR6sT8uV0w"),
        missing,
        unlisted,
        pending,
    ]
}

fn digest_findings(chain: &ChainId, lost: Span) -> Vec<Finding> {
    let mut missing =
        told(Code::DigestMissing, chain, "the digest after it links to it, and it is not there");
    missing.object = Some(digest(chain, lost.end));
    missing.digest = Some(digest(chain, lost.end + TimeDelta::hours(1)));
    missing.at = Some(lost.end);
    let mut gap = told(
        Code::CoverageGap,
        chain,
        "from 2026-03-03T10:04:04Z to 2026-03-03T11:04:04Z (1 h): this time is not covered by any authentic digest",
    );
    gap.span = Some(lost);
    gap.at = Some(lost.start);
    gap.cause = Some(Cause::Digests { missing: 1, rejected: 0, unauthenticated: 0, unreadable: 0 });
    let mut denied = told(Code::LogUnreadable, chain, "the log file could not be read: AccessDenied");
    denied.object = Some(log(chain, "2026-03-01T09:05:00Z", "Qw3rTy7uIo9pAs1d"));
    denied.digest = Some(digest(chain, time("2026-03-01T09:04:04Z")));
    denied.at = Some(time("2026-03-01T09:05:00Z"));
    denied.cause = Some(Cause::Unseen(Unseen::Denied("AccessDenied: Access Denied".into())));
    vec![missing, gap, denied]
}

fn coverage_findings(chain: &ChainId, stopped: Span, cut: &ChainId, tail: Span) -> Vec<Finding> {
    let event = Cause::Event(Box::new(RecordedCall {
        time: time("2026-03-02T04:02:11Z"),
        event_name: "StopLogging".into(),
        event_source: "cloudtrail.amazonaws.com".into(),
        target: "management-events".into(),
        actor: "arn:aws:sts::111122223333:assumed-role/deploy/session-7".into(),
        source_ip: "198.51.100.23".into(),
        event_id: "0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6".into(),
        error_code: None,
        log_file: log(chain, "2026-03-02T04:05:00Z", "Hj5kLz8xCv2bNm4q"),
    }));
    let mut gap = told(
        Code::CoverageGap,
        chain,
        "from 2026-03-02T04:17:28Z to 2026-03-02T10:17:28Z (6 h): this time is not covered by any authentic digest",
    );
    gap.span = Some(stopped);
    gap.at = Some(stopped.start);
    gap.cause = Some(event.clone());
    let mut restart = told(
        Code::ChainRestarted,
        chain,
        "the chain begins anew here with a starting digest; the digest before it ended at 2026-03-02T04:17:28Z",
    );
    restart.object = Some(digest(chain, stopped.end + TimeDelta::hours(1)));
    restart.at = Some(stopped.end);
    restart.cause = Some(event.clone());
    let mut changed = told(
        Code::TrailChanged,
        chain,
        "StopLogging was called on management-events by arn:aws:sts::111122223333:assumed-role/deploy/session-7 from 198.51.100.23",
    );
    changed.object = Some(log(chain, "2026-03-02T04:05:00Z", "Hj5kLz8xCv2bNm4q"));
    changed.at = Some(time("2026-03-02T04:02:11Z"));
    changed.cause = Some(event);
    let mut cut_off = told(
        Code::CoverageTail,
        cut,
        "from 2026-03-03T18:31:00Z to 2026-03-04T00:00:00Z (5 h 29 min): the window's end is not covered by any authentic digest",
    );
    cut_off.span = Some(tail);
    cut_off.at = Some(tail.start);
    cut_off.cause = Some(Cause::Unexplained);
    let mut absent = told(
        Code::RegionAbsent,
        &AccountRegion {
            account: "444455556666".parse().unwrap(),
            region: "sa-east-1".parse().unwrap(),
            organization: None,
        },
        "there are log files of this time and not one digest",
    );
    absent.at = Some(time("2026-03-01T00:00:00Z"));
    vec![gap, restart, changed, cut_off, absent]
}

/// 300 chains of an organization over a year: every tenth with a trouble of its own.
pub fn year_of_an_organization() -> Report {
    const REGIONS: [&str; 10] = [
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-central-1",
        "eu-west-1",
        "eu-west-3",
        "ap-northeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "sa-east-1",
    ];
    let start = time("2025-03-01T00:00:00Z");
    let end = time("2026-03-01T00:00:00Z");
    let mut chains = Vec::new();
    let mut findings = Vec::new();
    for number in 0..300_i64 {
        let account = format!("{:012}", 100_000_000_000 + number / 10 * 7_654_321);
        let mut id = chain_id(&account, REGIONS[(number % 10) as usize], "org-trail");
        id.place.organization = Some("o-exampleorgid".parse().unwrap());
        let at = |hours: i64| start + TimeDelta::hours(hours);
        let (mut coverage, mut gaps) = (vec![Span { start, end }], Vec::new());
        let (mut missing, mut modified) = (0, 0);
        match number % 30 {
            3 => {
                let gap = Span { start: at(number * 20), end: at(number * 20 + 30) };
                coverage = vec![Span { start, end: gap.start }, Span { start: gap.end, end }];
                gaps = vec![gap];
            }
            13 => modified = 40,
            // An hour lost every other day: the finest pattern a heat map has to bear.
            23 => {
                missing = 180;
                gaps = (0..180).map(|day| Span { start: at(day * 48 + 5), end: at(day * 48 + 6) }).collect();
                coverage = Vec::new();
                let mut from = start;
                for gap in &gaps {
                    coverage.push(Span { start: from, end: gap.start });
                    from = gap.end;
                }
                coverage.push(Span { start: from, end });
            }
            _ => {}
        }
        for gap in &gaps {
            let mut finding =
                told(Code::CoverageGap, &id, "this time is not covered by any authentic digest");
            finding.span = Some(*gap);
            finding.at = Some(gap.start);
            finding.cause = Some(match missing {
                0 => Cause::Unexplained,
                _ => Cause::Digests { missing: 1, rejected: 0, unauthenticated: 0, unreadable: 0 },
            });
            findings.push(finding);
        }
        for gap in gaps.iter().filter(|_| missing > 0) {
            let mut finding = told(
                Code::DigestMissing,
                &id,
                "the chain's hourly rhythm calls for it between two digests, and it is not there",
            );
            finding.object = Some(digest(&id, gap.end));
            finding.at = Some(gap.end);
            findings.push(finding);
        }
        for count in 0..modified {
            let delivered = at(2000 + count);
            let text = delivered.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mut finding = told(Code::LogModified, &id, "its hash is not the one that the digest names");
            finding.object = Some(log(&id, &text, "aB3dE5fG7hI9jK1l"));
            finding.digest = Some(digest(&id, delivered + TimeDelta::minutes(20)));
            finding.at = Some(delivered);
            words(&mut finding).evidence = Evidence::none()
                .with("expected_hash", Hash::of(b"as delivered").to_string())
                .with("actual_hash", Hash::of(text.as_bytes()).to_string());
            findings.push(finding);
        }
        chains.push(chain(
            &id,
            &coverage,
            &gaps,
            digests(&[(DigestVerdict::Authentic, 8760 - missing), (DigestVerdict::Missing, missing)]),
            logs(&[(LogVerdict::Intact, 9000), (LogVerdict::Modified, modified as u64)]),
        ));
    }
    report("s3://example-org-trail", Window::reaching(Some(start), end), chains, findings)
}

/// The same, with every finding of a code accepted.
pub fn accepted(mut report: Report, codes: &[Code]) -> Report {
    report.accept(&codes.iter().copied().collect());
    report
}

/// Every code once, each in its class and as a notice, so that no text is left untold.
pub fn every_code() -> Report {
    let id = chain_id("111122223333", "us-east-1", "management-events");
    let mut report = clean();
    for code in Code::ALL {
        for class in [code.class(), Class::Notice] {
            let mut finding = told(code, &id, format!("{code} as {}", class.as_str()));
            finding.overruled = (class != code.class()).then_some(Overruled::Accepted);
            report.findings.push(finding);
        }
    }
    report.sort();
    report
}
