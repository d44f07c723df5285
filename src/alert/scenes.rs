//! Reports to tell of, for the tests of this room.

use chrono::TimeDelta;

use super::{Message, News, Sent, State};
use crate::report::{ChainReport, Reached, Readings, Report};
use crate::trail::{ChainId, DigestKind, ObjectName, Span, Time, Window, parse_time};
use crate::verdict::{Code, DigestTally, Finding, LogTally, Scope, What};

pub const SOURCE: &str = "s3://example-trail-bucket";

pub fn time(text: &str) -> Time {
    parse_time(text).unwrap_or_default()
}

/// A run over four days that found all of one chain whole, ended at the window's end.
pub fn whole(start: &str, end: &str) -> Report {
    let (start, end) = (time(start), time(end));
    let mut report = Report::new(SOURCE, Window::reaching(Some(start), end), end);
    let digests = DigestTally { authentic: 1, ..DigestTally::default() };
    report.totals.digests = digests;
    report.chains = vec![ChainReport {
        id: chain(),
        digests,
        logs: LogTally::default(),
        coverage: [Span { start, end }].into_iter().collect(),
        gaps: Vec::new().into(),
        verified_through: Some(end),
        newest: None,
        carried: Readings::default(),
        reached: Reached::Wholly,
    }];
    report
}

/// The chain that is in every report.
pub fn chain() -> ChainId {
    serde_json::from_value(serde_json::json!({
        "place": { "account": "111122223333", "region": "us-east-1" },
        "trail": "management-events",
        "home_region": "us-east-1",
        "kind": DigestKind::Standard,
    }))
    .unwrap_or_else(|error| unreachable!("{error}"))
}

/// A finding on a file of that chain.
pub fn found(code: Code, at: &str, name: &str) -> Finding {
    let mut finding = Finding::new(What::saved(code, "what it says"), &chain());
    finding.at = Some(time(at));
    finding.object = Some(ObjectName::new("example-trail-bucket", name));
    finding
}

/// A finding of no account.
pub fn homeless(code: Code) -> Finding {
    Finding::new(What::saved(code, "what it says"), Scope::default())
}

/// Three days, as they are told next: the state after a report was told.
pub fn told(report: &Report) -> State {
    let mut state = State::default();
    tell(&mut state, report);
    state
}

/// Notes that a report was told.
pub fn tell(state: &mut State, report: &Report) {
    let news = News::of(report, SOURCE, state);
    let (matters, gone) = (news.matters, news.gone);
    state.tell(
        SOURCE,
        matters.iter().map(|(matter, _)| matter),
        gone.iter().map(|(key, _)| key),
        report.finished_at,
    );
}

/// The message of a report, where nothing was told before.
pub fn message_of(report: &Report) -> Message {
    let news = News::of(report, SOURCE, &State::default());
    let sent = Sent { reports: vec!["/reports/one.json".to_owned()] };
    Message::of(report, &news, &sent).unwrap_or_else(|| unreachable!("it has something to tell"))
}

/// Signs that act somewhere: on a terminal, in a chat, in mail, in a shell.
pub const PAYLOADS: [&str; 8] = [
    "<!channel> <@U1|you> <https://evil.example/|click> &lt;",
    "@channel @here @everyone https://evil.example/x www.evil.example evil.example",
    "`code` ```block``` *bold* _it_ ~no~",
    "a\u{1b}[2J\u{9b}2Jb\u{202e}gz.nosj\u{2066}\u{200b}\u{feff}",
    "line\r\nBcc: everybody\n.\nMAIL FROM:<x>",
    "$(touch /tmp/x) `id` ; rm -rf / | x && y 'q' \"q\" \\",
    "\",\"kind\":\"recovered\",\"x\":{\"",
    "日本🦀\0\u{fffd}",
];

/// A day of damage under names that an attacker chose, all of it as long as it may be.
pub fn hostile() -> Report {
    let mut report = whole("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z");
    for number in 0..40 {
        for (turn, payload) in PAYLOADS.iter().enumerate() {
            let day = time("2026-03-02T00:00:00Z") + TimeDelta::hours(12 * number + turn as i64);
            let mut finding =
                found(Code::LogModified, "2026-03-02T00:00:00Z", &payload.repeat(1024 / payload.len()));
            finding.what = What::saved(Code::LogModified, payload.repeat(100));
            finding.at = Some(day);
            report.findings.push(finding);
        }
    }
    report
}
