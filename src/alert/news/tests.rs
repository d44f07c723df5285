//! Scenes: what is news, what was told, and what is gone, run after run.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::alert::scenes::{SOURCE, chain, found, homeless, tell, told, whole};
use crate::alert::{Kind, Message, Sent};
use crate::report::{Completion, Reached};
use crate::trail::{Depth, Region, SpanSet};
use crate::verdict::{Class, Code, Overruled};

const START: &str = "2026-03-01T00:00:00Z";
const END: &str = "2026-03-05T00:00:00Z";

/// A run over four days that found these.
fn run(found: &[(Code, &str, &str)]) -> Report {
    let mut report = whole(START, END);
    report.findings = found.iter().map(|(code, at, name)| self::found(*code, at, name)).collect();
    report
}

const ONE: (Code, &str, &str) = (Code::LogModified, "2026-03-02T10:00:00Z", "one");

fn kind(report: &Report, state: &State) -> Option<Kind> {
    let news = News::of(report, SOURCE, state);
    Message::of(report, &news, &Sent::default()).map(|message| message.kind)
}

fn gone(report: &Report, state: &State) -> Vec<Code> {
    News::of(report, SOURCE, state).gone.iter().map(|(_, told)| told.code).collect()
}

#[test]
fn a_red_run_is_news_once_and_then_still_red_until_it_is_mended() {
    let red = run(&[ONE]);
    let mut state = State::default();
    assert_eq!(kind(&red, &state), Some(Kind::Red));
    tell(&mut state, &red);
    assert_eq!(kind(&red, &state), Some(Kind::StillRed));
    let still = News::of(&red, SOURCE, &state);
    assert_eq!((still.fresh(), still.since), (0, Some(red.finished_at)));
    // It was first told when it was first told, however often it is told.
    let mut later = red.clone();
    later.finished_at += chrono::TimeDelta::days(1);
    tell(&mut state, &later);
    assert_eq!(News::of(&later, SOURCE, &state).since, Some(red.finished_at));
    let mended = run(&[]);
    assert_eq!(kind(&mended, &state), Some(Kind::Recovered));
    assert_eq!(gone(&mended, &state), [Code::LogModified]);
    tell(&mut state, &mended);
    assert_eq!(kind(&mended, &state), None, "it is told once");
    assert_eq!(kind(&red, &state), Some(Kind::Red), "and is news if it comes back");
}

#[test]
fn one_more_is_news_on_another_day_of_another_kind_and_of_the_same() {
    let state = told(&run(&[ONE]));
    for (more, standing) in [
        ((Code::LogModified, "2026-03-03T10:00:00Z", "two"), Standing::New),
        ((Code::LogMissing, "2026-03-02T10:00:00Z", "two"), Standing::New),
        ((Code::LogModified, "2026-03-02T11:00:00Z", "two"), Standing::More(1)),
    ] {
        let report = run(&[ONE, more]);
        let news = News::of(&report, SOURCE, &state);
        assert_eq!((news.matters[0].1, news.fresh()), (standing, 1), "{more:?}");
        assert_eq!(kind(&report, &state), Some(Kind::Red));
    }
    // Fewer of a day are no news, and not gone.
    let two = told(&run(&[ONE, (Code::LogModified, "2026-03-02T11:00:00Z", "two")]));
    assert_eq!(kind(&run(&[ONE]), &two), Some(Kind::StillRed));
    assert!(gone(&run(&[ONE]), &two).is_empty());
}

#[test]
fn what_moved_out_of_sight_is_never_gone() {
    let state = told(&run(&[ONE]));
    let green = run(&[]);
    assert_eq!(gone(&green, &state), [Code::LogModified], "else the rest proves nothing");
    let narrowed = |change: fn(&mut Report)| {
        let mut report = green.clone();
        change(&mut report);
        report
    };
    for (why, report) in [
        ("the window moved on", whole("2026-03-02T11:00:00Z", "2026-03-06T00:00:00Z")),
        ("the window ends before", whole(START, "2026-03-02T10:30:00Z")),
        ("its own hour is cut", whole("2026-03-02T10:00:00Z", END)),
        (
            "another account",
            narrowed(|report| report.request.accounts = ["999999999999".parse().unwrap()].into()),
        ),
        ("another region", narrowed(|report| report.request.regions = [elsewhere()].into())),
        ("another trail", narrowed(|report| report.request.trails = ["other".parse().unwrap()].into())),
        ("contents were not read", narrowed(|report| report.depth = Depth::Presence)),
        ("it was interrupted", narrowed(|report| report.completion = Completion::Interrupted)),
        ("its chain was not reached", narrowed(|report| report.chains[0].reached = Reached::InPart)),
        ("its chain is gone", narrowed(|report| report.chains.clear())),
        ("its hours are not covered", narrowed(|report| report.chains[0].coverage = SpanSet::default())),
        (
            "findings were left out",
            narrowed(|report| report.omitted = [((Class::Tamper, Code::LogUnlisted), 1)].into()),
        ),
    ] {
        assert!(gone(&report, &state).is_empty(), "{why}");
    }
    assert!(News::of(&green, "s3://other", &state).gone.is_empty(), "another source");
}

fn elsewhere() -> Region {
    "eu-west-1".parse().unwrap()
}

#[test]
fn nothing_is_gone_where_something_else_is_not_well() {
    let state = told(&run(&[ONE]));
    for (code, at) in [
        (Code::ListingUnreadable, START),
        (Code::LogUnreadable, "2026-03-02T10:30:00Z"),
        (Code::DigestMissing, "2026-03-02T11:00:00Z"),
        (Code::KeysUnavailable, START),
    ] {
        assert!(gone(&run(&[(code, at, "other")]), &state).is_empty(), "{code}");
        // What is merely accepted is there for all that.
        let mut accepted = run(&[(code, at, "other")]);
        accepted.findings[0].overruled = Some(Overruled::Accepted);
        assert!(gone(&accepted, &state).is_empty(), "{code}");
    }
    for code in [Code::ListingUnreadable, Code::StoreUnavailable] {
        let mut report = run(&[]);
        report.findings = vec![homeless(code)];
        assert!(gone(&report, &state).is_empty(), "{code}");
    }
    // On another day and in another region it may be as it likes.
    let mut other = run(&[(Code::LogUnreadable, "2026-03-03T10:30:00Z", "other")]);
    assert_eq!(gone(&other, &state), [Code::LogModified]);
    other.findings = vec![found(Code::ListingUnreadable, START, "other")];
    other.findings[0].scope.region = Some(elsewhere());
    assert_eq!(gone(&other, &state), [Code::LogModified]);
}

#[test]
fn what_is_accepted_is_not_red_and_not_gone() {
    let state = told(&run(&[ONE]));
    let mut accepted = run(&[ONE]);
    accepted.findings[0].overruled = Some(Overruled::Accepted);
    assert_eq!(kind(&accepted, &state), None);
}

#[test]
fn what_other_runs_and_witnesses_remember_is_never_gone() {
    for code in [Code::HeadLost, Code::HeadChanged, Code::WitnessBroken, Code::ChainEnded, Code::RecordCopied]
    {
        let state = told(&run(&[(code, "2026-03-02T10:00:00Z", "one")]));
        assert!(gone(&run(&[]), &state).is_empty(), "{code}");
    }
}

#[test]
fn a_tail_and_an_absent_region_are_one_matter_while_the_window_moves() {
    let absent = |start: &str, end: &str| {
        let mut report = whole(start, end);
        report.findings = vec![found(Code::RegionAbsent, start, "")];
        report.findings[0].object = None;
        report
    };
    let mut state = told(&absent(START, END));
    let next = absent("2026-03-02T00:00:00Z", "2026-03-06T00:00:00Z");
    assert_eq!(kind(&next, &state), Some(Kind::StillRed));
    tell(&mut state, &next);
    let tail = |end: &str| {
        let mut report = whole(START, end);
        let mut finding = found(Code::CoverageTail, START, "");
        (finding.at, finding.object) = (None, None);
        finding.span = Some(crate::trail::Span {
            start: crate::alert::scenes::time("2026-03-04T05:00:00Z"),
            end: report.window.end(),
        });
        report.findings = vec![finding];
        report
    };
    let state = told(&tail(END));
    assert_eq!(kind(&tail("2026-03-06T00:00:00Z"), &state), Some(Kind::StillRed));
    // Once digests come again, and the window still holds all of it, the tail is gone.
    assert_eq!(gone(&whole(START, "2026-03-07T00:00:00Z"), &state), [Code::CoverageTail]);
    assert!(gone(&whole("2026-03-05T00:00:00Z", "2026-03-07T00:00:00Z"), &state).is_empty());
}

#[test]
fn an_interrupted_run_tells_nothing_and_an_empty_one_neither() {
    let mut interrupted = run(&[ONE]);
    interrupted.completion = Completion::Interrupted;
    assert_eq!(kind(&interrupted, &State::default()), None);
    let mut empty = run(&[]);
    empty.totals.digests = crate::verdict::DigestTally::default();
    empty.chains.clear();
    assert_eq!((empty.exit_code(), kind(&empty, &told(&run(&[ONE])))), (4, None));
}

#[test]
fn a_hundred_of_one_code_hide_no_other() {
    let mut report = whole(START, "2026-06-30T00:00:00Z");
    for day in 0..100 {
        let at = report.window.start().unwrap() + chrono::TimeDelta::days(day);
        let mut finding = found(Code::LogModified, START, "many");
        finding.at = Some(at);
        report.findings.push(finding);
    }
    report.findings.push(found(Code::CoverageGap, START, "gap"));
    report.findings.push(found(Code::LogUnlisted, START, "forged"));
    let news = News::of(&report, SOURCE, &State::default());
    let message = Message::of(&report, &news, &Sent::default()).unwrap();
    let codes: Vec<Code> = message.first.iter().map(|item| item.code).take(3).collect();
    assert_eq!(codes, [Code::LogModified, Code::LogUnlisted, Code::LogModified]);
    assert_eq!((message.matters, message.first.len(), message.left_out()), (102, 10, 92));
    assert_eq!(message.counts.iter().map(|(.., count)| count).sum::<u64>(), 102);
    assert_eq!(chain().trail.as_str(), "management-events");
}
