//! The message of a run: what it came to, what of that is news, and where to read the rest. All text in it is plain, and each piece
//! of it bounded, whoever wrote it.

use super::matter::{Key, Matter};
use super::news::{News, Standing};
use super::state::Told;
use crate::render;
use crate::render::plain::Plain;
use crate::report::{Completion, Outcome, Report};
use crate::trail::{Time, Window};
use crate::verdict::{Class, Code, Scope};

/// As many matters as one reads before one reads the report.
const FIRST: usize = 10;
/// As many characters of a sentence, of a name and of a place; S3's keys have up to 1,024 bytes.
const SENTENCE: usize = 600;
const NAME: usize = 1200;

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The run is not well, and something of that is news.
    Red,
    /// The run is not well, and all of that was told before.
    StillRed,
    /// The run is well, and something that was told is gone.
    Recovered,
}

impl Kind {
    /// The word used in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::StillRed => "still-red",
            Self::Recovered => "recovered",
        }
    }
}

/// What is known, beside the report, of the run that a message tells of.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The files that the caller had the report written to.
    pub reports: Vec<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Why it is sent.
    pub kind: Kind,
    /// The source, without anything that signs a request.
    pub source: String,
    /// The range asked for.
    pub window: Window,
    /// When the run ended.
    pub ended: Time,
    /// What it came to.
    pub outcome: Outcome,
    /// The same as a word to shout, and as a sentence.
    pub word: &'static str,
    /// The sentence.
    pub sentence: String,
    /// The code for it that the program ends with, unless a result could not be written.
    pub exit_code: u8,
    /// How many findings there are of each class and code, notices left out.
    pub counts: Vec<(Class, Code, u64)>,
    /// How many matters that makes, and how many of them are news.
    pub matters: usize,
    /// How many of them are news.
    pub new: usize,
    /// Since when any of the others has been told.
    pub since: Option<Time>,
    /// The first of them.
    pub first: Vec<Item>,
    /// What was told before and is gone: the first of it.
    pub gone: Vec<Gone>,
    /// How many more are gone.
    pub gone_left_out: usize,
    /// The files that the report was written to.
    pub reports: Vec<String>,
}

/// One matter in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its key.
    pub key: Key,
    /// Whether it is news.
    pub standing: Standing,
    /// What it says of the record.
    pub class: Class,
    /// What it is.
    pub code: Code,
    /// Account, region, trail and day, as far as they are known.
    pub place: String,
    /// How many findings it has.
    pub count: u64,
    /// The sentence of the first.
    pub sentence: String,
    /// The object of the first.
    pub object: Option<String>,
}

/// A matter that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its key.
    pub key: Key,
    /// What it was.
    pub code: Code,
    /// Where and when.
    pub place: String,
    /// When it was first told.
    pub first_told: Time,
}

impl Message {
    /// The message of a run, if it has one: of a run that is not well, and of one that finds something mended. A run that was
    /// interrupted tells nobody anything, because what it did not reach is not known.
    pub fn of(report: &Report, news: &News<'_>, sent: &Sent) -> Option<Self> {
        if report.completion == Completion::Interrupted {
            return None;
        }
        let is_red = matches!(report.outcome(), Outcome::Tampered | Outcome::Incomplete);
        let kind = match (is_red, news.fresh(), news.gone.is_empty()) {
            (true, 0, _) => Kind::StillRed,
            (true, ..) => Kind::Red,
            (false, _, false) => Kind::Recovered,
            (false, _, true) => return None,
        };
        let headline = render::headline(report);
        let first = match kind {
            Kind::Red => {
                in_turn(&news.matters).take(FIRST).map(|(one, standing)| item(one, *standing)).collect()
            }
            Kind::StillRed | Kind::Recovered => Vec::new(),
        };
        Some(Self {
            kind,
            source: plain(&without_query(&report.source), NAME),
            window: report.window,
            ended: report.finished_at,
            outcome: report.outcome(),
            word: headline.word,
            sentence: plain(&headline.sentence, SENTENCE),
            exit_code: report.exit_code(),
            counts: counts(report),
            matters: news.matters.len(),
            new: news.fresh(),
            since: news.since,
            first,
            gone: news.gone.iter().take(FIRST).map(|(key, told)| gone(key, told)).collect(),
            gone_left_out: news.gone.len().saturating_sub(FIRST),
            reports: sent.reports.iter().map(|path| plain(path, NAME)).collect(),
        })
    }

    /// How many matters it does not name.
    pub fn left_out(&self) -> usize {
        self.matters.saturating_sub(self.first.len())
    }
}

/// A source as it is known to alerts: without the query of an address, which may sign requests.
pub fn without_query(source: &str) -> String {
    source.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn counts(report: &Report) -> Vec<(Class, Code, u64)> {
    let classes = [Class::Tamper, Class::Incomplete];
    let all = classes.into_iter().flat_map(|class| Code::ALL.map(|code| (class, code)));
    let counted = all.map(|(class, code)| (class, code, report.count(class, code)));
    counted.filter(|(.., count)| *count > 0).collect()
}

fn item(matter: &Matter<'_>, standing: Standing) -> Item {
    Item {
        key: matter.key.clone(),
        standing,
        class: matter.class,
        code: matter.code,
        place: place(matter.scope, matter.day.map(|day| day.to_string())),
        count: matter.count,
        sentence: plain(&render::message(matter.first), SENTENCE),
        object: matter.first.object.as_ref().map(|object| plain(&object.to_string(), NAME)),
    }
}

fn gone(key: &Key, told: &Told) -> Gone {
    let day = told.extent.map(|extent| extent.start.format("%Y-%m-%d").to_string());
    Gone { key: key.clone(), code: told.code, place: place(&told.scope, day), first_told: told.first_told }
}

/// Names that follow their grammars, and so are plain.
fn place(scope: &Scope, day: Option<String>) -> String {
    let Scope { account, region, trail, organization: _ } = scope;
    let parts = [
        account.map(|account| account.to_string()),
        region.as_ref().map(ToString::to_string),
        trail.as_ref().map(ToString::to_string),
        day,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The first of each code, then the second of each, news and the worst before all else: a hundred of one code hide no other.
fn in_turn<'n, 'r>(
    matters: &'n [(Matter<'r>, Standing)],
) -> impl Iterator<Item = &'n (Matter<'r>, Standing)> {
    let is_told = |standing: Standing| standing == Standing::Told;
    let kinds = matters.chunk_by(|(one, own), (other, theirs)| {
        (is_told(*own), one.class, one.code) == (is_told(*theirs), other.class, other.code)
    });
    let turns = kinds.flat_map(|kind| kind.iter().enumerate());
    let mut turns: Vec<_> = turns
        .map(|(turn, one)| {
            let (matter, standing) = one;
            ((is_told(*standing), matter.class, turn), one)
        })
        .collect();
    turns.sort_by_key(|(rank, _)| *rank);
    turns.into_iter().map(|(_, one)| one)
}

/// Text as one line without characters that act, in at most so many characters.
pub fn plain(text: &str, most: usize) -> String {
    let whole = Plain(text).to_string();
    match whole.char_indices().nth(most) {
        None => whole,
        Some((end, _)) => format!("{}…", &whole[..end]),
    }
}
