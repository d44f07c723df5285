//! What a report comes to, in the words every format for people shares.

use std::borrow::Cow;
use std::fmt::{self, Display};

use chrono::TimeDelta;
use serde_json::Value;

use crate::report::{Asked, Completion, Depth, NoChain, Outcome, Report};
use crate::trail::{Span, Time};
use crate::verdict::{Cause, Class, Code, Finding, Scope, Severity, Testimony};

/// The verdict in one word and one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// `TAMPERED`, `INCOMPLETE`, `INTACT`, `EMPTY`.
    pub word: &'static str,
    /// The answer to "were the logs touched?".
    pub sentence: String,
}

/// Says what the report comes to.
pub fn headline(report: &Report) -> Headline {
    let outcome = report.outcome();
    let (word, sentence) = match outcome {
        Outcome::Tampered => {
            ("TAMPERED", format!("The record was changed: {}.", tally(report, Class::Tamper)))
        }
        Outcome::Incomplete => ("INCOMPLETE", incomplete(report)),
        Outcome::Intact => ("INTACT", intact(report)),
        Outcome::Empty => {
            ("EMPTY", "There is nothing to verify: no digest was found in the range asked for.".to_owned())
        }
    };
    let sentence = match (report.completion, outcome) {
        (Completion::Interrupted, Outcome::Tampered) => {
            format!("{sentence} The run was interrupted: there may be more.")
        }
        (Completion::Interrupted, _) | (Completion::Complete, _) => sentence,
    };
    Headline { word, sentence }
}

fn incomplete(report: &Report) -> String {
    let open = tally(report, Class::Incomplete);
    match (report.completion, open.is_empty()) {
        (Completion::Interrupted, true) => {
            "The run was interrupted; no sign of tampering was seen until then.".to_owned()
        }
        (Completion::Interrupted, false) => {
            format!("The run was interrupted; no sign of tampering was seen until then, but: {open}.")
        }
        (Completion::Complete, _) => match logging_stopped(report) {
            Some(call) => format!(
                "Logging was stopped: {} by {} at {}. Beside that no sign of tampering, but the record could not be fully \
                 proven: {open}.",
                call.event_name,
                call.actor,
                moment(call.time)
            ),
            None => format!("No sign of tampering, but the record could not be fully proven: {open}."),
        },
    }
}

/// The first recorded call that ended the logging of a time which is not covered.
fn logging_stopped(report: &Report) -> Option<&Testimony> {
    let calls =
        report.findings.iter().filter(|finding| finding.class != Class::Notice).filter_map(|finding| {
            match &finding.cause {
                Some(Cause::Event(call)) => Some(&**call),
                _ => None,
            }
        });
    let stopped = |call: &&Testimony| {
        call.error_code.is_none() && matches!(&*call.event_name, "StopLogging" | "DeleteTrail")
    };
    calls.filter(stopped).min_by_key(|call| call.time)
}

fn intact(report: &Report) -> String {
    let digests = counted(report.totals.digests.authentic, "digest", "digests");
    let logs = |count| counted(count, "log file", "log files");
    let looked_at = match report.depth {
        Depth::Chain => "log files were not looked at".to_owned(),
        Depth::Presence => {
            format!(
                "{} are where they belong; their content was not looked at",
                logs(report.totals.logs.present)
            )
        }
        Depth::Full => {
            format!("{} are byte for byte what AWS delivered", logs(report.totals.logs.intact))
        }
    };
    let accepted = accepted(report);
    match accepted.is_empty() {
        true => format!("No sign of tampering: {digests} authentic, every link holds, {looked_at}."),
        false => format!(
            "Nothing was found beyond what the caller accepted ({accepted}): {digests} authentic, {looked_at}."
        ),
    }
}

/// Findings that count less than they would by themselves, because the caller said so.
fn accepted(report: &Report) -> String {
    by_code(|code| match code.class() {
        Class::Notice => 0,
        Class::Tamper | Class::Incomplete => report.count(Class::Notice, code),
    })
}

/// `3 log files modified, 1 digest missing`: the findings of a class, counted by code.
pub fn tally(report: &Report, class: Class) -> String {
    by_code(|code| report.count(class, code))
}

fn by_code(count: impl Fn(Code) -> u64) -> String {
    let mut codes: Vec<Code> = Code::ALL.to_vec();
    codes.sort_by_key(|code| consequence(*code));
    let told: Vec<String> = codes
        .into_iter()
        .map(|code| (code, count(code)))
        .filter(|(_, count)| *count > 0)
        .map(|(code, count)| format!("{} {}", thousands(count), code.noun(count)))
        .collect();
    told.join(", ")
}

/// Findings of one code and class.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// What they are.
    pub code: Code,
    /// What they say about the record.
    pub class: Class,
    /// In the report's order; never empty.
    pub findings: Vec<&'a Finding>,
    /// How many more there were.
    pub omitted: u64,
}

impl Group<'_> {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.findings.len() as u64 + self.omitted
    }

    /// The sentence that all of several say alike.
    pub fn common_message(&self) -> Option<&str> {
        let [first, others @ ..] = &self.findings[..] else { return None };
        let alike = !others.is_empty() && others.iter().all(|other| other.message == first.message);
        alike.then_some(&*first.message)
    }

    /// The cause that all of several have alike.
    pub fn common_cause(&self) -> Option<&Cause> {
        let [first, others @ ..] = &self.findings[..] else { return None };
        let alike = !others.is_empty() && others.iter().all(|other| other.cause == first.cause);
        first.cause.as_ref().filter(|_| alike)
    }

    /// How urgently they want a person.
    pub fn severity(&self) -> Severity {
        Severity::of(self.code, self.class)
    }
}

/// The findings by code and class, worst first.
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in &report.findings {
        let same = |group: &&mut Group<'_>| (group.code, group.class) == (finding.code, finding.class);
        match groups.iter_mut().find(same) {
            Some(group) => group.findings.push(finding),
            None => {
                let (code, class) = (finding.code, finding.class);
                let omitted = report.omitted.get(&(class, code)).copied().unwrap_or_default();
                groups.push(Group { code, class, findings: vec![finding], omitted });
            }
        }
    }
    groups.sort_by_key(|group| (group.class, consequence(group.code), group.severity(), group.code));
    groups
}

/// What comes of other findings follows them: a store that is gone, keys that could not be had and folders that could not
/// be listed stand before what was not proven for that; a digest's fault stands before its hour's gap and its log files.
fn consequence(code: Code) -> u8 {
    match code {
        Code::StoreUnavailable | Code::KeysUnavailable | Code::ListingUnreadable => 0,
        Code::CoverageHead | Code::CoverageGap | Code::CoverageTail => 2,
        Code::LogUnproven => 3,
        _ => 1,
    }
}

/// What is said of each place that has no chain: whose it is, as far as that is known.
pub fn part(scope: &Scope) -> String {
    let Scope { account, region, trail, .. } = scope;
    let parts = [
        account.map(|account| account.to_string()),
        region.as_ref().map(ToString::to_string),
        trail.as_ref().map(ToString::to_string),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// One finding for all those of a code and class that the report counts and does not hold, for formats that tell every
/// finding and no number.
pub fn not_held(report: &Report) -> Vec<Finding> {
    let one = |((class, code), count): (&(Class, Code), &u64)| {
        let message =
            format!("{} more findings like this were counted and are not listed", thousands(*count));
        Finding { class: *class, ..Finding::new(*code, Scope::default(), message) }
    };
    report.omitted.iter().map(one).collect()
}

/// What a chart of time does not show, because the report does not hold it.
pub fn not_marked(report: &Report) -> Option<String> {
    let told = report.omitted.iter().filter(|((class, _), _)| *class != Class::Notice);
    let count: u64 = told.map(|(_, count)| count).sum();
    (count > 0).then(|| {
        format!("{} that are counted and not listed are not marked.", counted(count, "finding", "findings"))
    })
}

/// How much of the time a report should have covered is covered, in how many chains, and what has none.
pub fn covered(report: &Report) -> String {
    let share = Share::of_report(report);
    let with_gaps = report.chains.iter().filter(|chain| !chain.gaps.is_empty()).count() as u64;
    let chains = counted(report.chains.len() as u64, "chain", "chains");
    let told = match (report.chains.len(), with_gaps) {
        (0, _) => "no chain of digests was found".to_owned(),
        (_, 0) => format!("{share} of the time, in {chains} without a gap"),
        (1, _) => format!("{share} of the time, in 1 chain with gaps"),
        (_, gaps) => format!("{share} of the time; {gaps} of {chains} with gaps"),
    };
    let none = |why: NoChain, one: &str, several: &str| {
        let count = report.uncovered.iter().filter(|part| part.why == why).count() as u64;
        (count > 0).then(|| counted(count, one, several))
    };
    let parts = [
        none(NoChain::Absent, "absent part counted as 0 %", "absent parts counted as 0 %"),
        none(NoChain::Unlisted, "part not listed, counted as 0 %", "parts not listed, counted as 0 %"),
        none(NoChain::NotReached, "part not reached, counted as 0 %", "parts not reached, counted as 0 %"),
    ];
    parts.into_iter().flatten().fold(told, |told, part| format!("{told}; {part}"))
}

/// Why a part of the record has no chain, in words.
pub fn no_chain(why: NoChain) -> &'static str {
    match why {
        NoChain::Absent => "no standard digest",
        NoChain::Unlisted => "could not be listed",
        NoChain::NotReached => "not reached",
    }
}

/// Whose record was asked for.
pub fn scope(asked: &Asked) -> String {
    let part = |one: &str, several: &str, names: Vec<String>| match names.len() {
        0 => None,
        1 => Some(format!("{one} {}", names.join(", "))),
        _ => Some(format!("{several} {}", names.join(", "))),
    };
    let parts: Vec<String> = [
        part("account", "accounts", asked.accounts.iter().map(ToString::to_string).collect()),
        part("region", "regions", asked.regions.iter().map(ToString::to_string).collect()),
        part("trail", "trails", asked.trails.iter().map(ToString::to_string).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    match parts.is_empty() {
        true => "all accounts, regions and trails found".to_owned(),
        false => format!("{}; nothing else was looked at", parts.join(", ")),
    }
}

/// What had to be there and whether it was; none, if nothing had to.
pub fn expected(report: &Report) -> Option<String> {
    let asked = &report.asked;
    let list = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let accounts = list(asked.expected_accounts.iter().map(ToString::to_string).collect());
    let regions = list(asked.expected_regions.iter().map(ToString::to_string).collect());
    let parts: Vec<String> = [
        accounts.map(|names| format!("accounts {names}")),
        regions.map(|names| format!("in every account regions {names}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let unmet = report.uncovered.iter().any(|part| match part.scope {
        Scope { account: Some(account), region: None, .. } => asked.expected_accounts.contains(&account),
        Scope { region: Some(ref region), .. } => asked.expected_regions.contains(region),
        Scope { account: None, region: None, .. } => false,
    });
    let met = match (unmet, report.completion) {
        (true, _) => "not all there",
        (false, Completion::Complete) => "all there",
        (false, Completion::Interrupted) => "none known to be absent",
    };
    (!parts.is_empty()).then(|| format!("{}: {met}", parts.join("; ")))
}

/// How much of the time its chains have to cover is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Seconds that authentic digests span.
    pub covered: i64,
    /// Seconds they don't.
    pub open: i64,
}

impl Share {
    /// Of these covered spans and these gaps.
    pub fn of(coverage: &[Span], gaps: &[Span]) -> Self {
        let seconds = |spans: &[Span]| spans.iter().map(|span| span.length().num_seconds()).sum();
        Self { covered: seconds(coverage), open: seconds(gaps) }
    }

    /// Of all that a report should have covered: its chains, and what has none.
    pub fn of_report(report: &Report) -> Self {
        let chains = report.chains.iter().map(|chain| Self::of(&chain.coverage, &chain.gaps));
        let none = report.uncovered.iter().map(|part| Self { covered: 0, open: part.seconds() });
        chains.chain(none).fold(Self::default(), Self::plus)
    }

    /// The covered part of all of it, from 0 to 1; none, where there is no time to cover.
    pub fn ratio(&self) -> Option<f64> {
        let all = self.covered + self.open;
        (all > 0).then(|| self.covered as f64 / all as f64)
    }

    /// The two together.
    pub fn plus(self, other: Self) -> Self {
        Self { covered: self.covered + other.covered, open: self.open + other.open }
    }
}

impl Display for Share {
    /// In percent, and never 100 % while anything is open, nor 0 % while anything is covered.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.covered + self.open;
        let tenths = match whole {
            0 => return out.pad("–"),
            _ => self.covered * 1000 / whole,
        };
        let text = match (tenths, self.covered, self.open) {
            (_, _, 0) => "100 %".to_owned(),
            (0, covered, _) if covered > 0 => "<0.1 %".to_owned(),
            (tenths, _, _) => format!("{}.{} %", tenths / 10, tenths % 10),
        };
        out.pad(&text)
    }
}

/// A piece of evidence as it is shown: text without JSON's quotes.
pub fn fact(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The verdicts that were given at all, each with how often: `1,004 authentic`.
pub fn verdicts(counts: &[(&str, u64)]) -> Vec<String> {
    counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{} {}", thousands(*count), verdict_word(verdict)))
        .collect()
}

/// A verdict for a person, by its name in reports.
pub fn verdict_word(verdict: &str) -> String {
    match verdict {
        // It says nothing against the digest.
        "unknown_key" => "unauthenticated".to_owned(),
        _ => verdict.replace('_', " "),
    }
}

/// `1 log file`, `20,310 log files`.
pub fn counted(count: u64, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{} {several}", thousands(count)),
    }
}

/// `20,310`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2 GB`: decimal units, as AWS bills them.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut scaled = count as f64;
    let mut unit = "B";
    for larger in UNITS {
        if scaled < 999.95 {
            break;
        }
        scaled /= 1000.0;
        unit = larger;
    }
    match unit {
        "B" => format!("{count} B"),
        _ => format!("{scaled:.1} {unit}"),
    }
}

/// `2026-03-01 10:17:28`, without the seconds where they are nought.
pub fn moment(time: Time) -> String {
    match time.timestamp() % 60 {
        0 => time.format("%Y-%m-%d %H:%M").to_string(),
        _ => time.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

/// `2026-03-01 10:00 to 16:30`, naming the day again only where it is another one.
pub fn range(span: Span) -> String {
    let end = moment(span.end);
    let end = match span.start.date_naive() == span.end.date_naive() {
        true => end.split_once(' ').map_or(&*end, |(_, clock)| clock).to_owned(),
        false => end,
    };
    format!("{} to {end}", moment(span.start))
}

/// `6 h 30 min`, `3 d 4 h`: the two largest units.
pub fn length(span: Span) -> String {
    lasting(span.length())
}

/// The same of any time that something lasts.
pub fn lasting(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let told: Vec<String> = units
        .into_iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    match told.is_empty() {
        true => "0 s".to_owned(),
        false => told.join(" "),
    }
}

/// `42 ms`, `3.2 s`, `6 min 4 s`: how long the run took by the caller's clock.
pub fn took(report: &Report) -> String {
    let elapsed = report.finished_at - report.started_at;
    match elapsed.num_milliseconds() {
        under @ 0..1000 => format!("{under} ms"),
        under @ 1000..10_000 => format!("{}.{} s", under / 1000, under % 1000 / 100),
        _ => length(Span { start: report.started_at, end: report.finished_at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_into_a_claim() {
        let share = |covered, open| Share { covered, open }.to_string();
        assert_eq!(share(3600, 0), "100 %");
        assert_eq!(share(999_999, 1), "99.9 %");
        assert_eq!(share(1, 999_999), "<0.1 %");
        assert_eq!(share(0, 3600), "0.0 %");
        assert_eq!(share(0, 0), "–");
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(11_800_000_000), "11.8 GB");
    }
}
