//! Everything a run saw, in one order, and what follows from it. Nothing is printed here; every renderer and the
//! exit code are functions of a [`Report`].

use std::collections::BTreeSet;

use crate::trail::{ChainId, Depth, Identity, ObjectName, Region, SpanSet, Time, Window};

mod baseline;
mod findings;
mod hint;
mod proof;
mod readings;
mod request;
pub use crate::crypto::{Fingerprint, Hash};
pub use crate::verdict::{
    Cause, Class, Code, DigestTally, DigestVerdict, Evidence, Finding, LogTally, LogVerdict, Overruled,
    RecordedCall, Retries, RetryCause, Scope, Severity, Unseen, what, what::What,
};
pub use baseline::{Baseline, Head, HeldTo, SealedBy};
pub use findings::{Findings, MOST_OF_A_KIND, Omitted};
pub use hint::{Hint, NotProven};
pub use proof::{AttestedBy, Proof};
pub use readings::Readings;
pub use request::{NoChain, Part, Request, Uncovered};

/// Counts over the whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Digests by verdict.
    pub digests: DigestTally,
    /// Log files by verdict.
    pub logs: LogTally,
    /// Bytes of log files as stored.
    pub compressed: u64,
    /// Bytes of log files after inflation.
    pub inflated: u64,
    /// How often the store, or AWS's key list, had to be asked again.
    pub retries: Retries,
}

/// The newest authentic digest of a chain: what a later run, or a safe place, can hold this run to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its name.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    /// The end of the hour it covers.
    pub end: Time,
}

/// Whether all was asked for that there is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// It was; what could not be retrieved has findings of its own.
    Wholly,
    /// The run ended early: what was not found may be there.
    InPart,
}

/// One chain, as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Which one.
    pub id: ChainId,
    /// Its digests by verdict, those in the window.
    pub digests: DigestTally,
    /// The log files its digests name, by verdict.
    pub logs: LogTally,
    /// What authentic digests span, inside the window.
    pub coverage: SpanSet,
    /// The window's part that authentic digests don't span.
    pub gaps: SpanSet,
    /// Up to here, from the window's start on, coverage is unbroken.
    pub verified_through: Option<Time>,
    /// Its newest authentic digest.
    pub newest: Option<Newest>,
    /// What of it rests on an earlier reading.
    pub carried: Readings,
    /// Whether its account and region was done before the run ended.
    pub reached: Reached,
}

impl ChainReport {
    /// Whether each of its digests and log files is as AWS delivered it, or still to come.
    pub fn is_as_delivered(&self) -> bool {
        let (digests, logs) = (&self.digests, &self.logs);
        digests.total() == digests.authentic + digests.pending
            && logs.total() == logs.intact + logs.present + logs.pending
    }
}

/// One public key and what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// The region it is listed for.
    pub region: Option<Region>,
    /// The published window, advice only.
    pub valid_from: Option<Time>,
    /// The published window, advice only.
    pub valid_to: Option<Time>,
    /// How many digests it proved.
    pub digests: u64,
    /// Where the key came from: a file's path, or `ListPublicKeys`.
    pub origin: String,
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Everything in scope was verified and holds.
    Intact,
    /// At least one finding says tampering.
    Tampered,
    /// No tampering seen, but something could not be established.
    Incomplete,
    /// Nothing to verify in scope.
    Empty,
}

impl Outcome {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Tampered => "tampered",
            Self::Incomplete => "incomplete",
            Self::Empty => "empty",
        }
    }
}

/// Whether a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// Nobody stopped it: what could not be looked at is among the findings.
    Complete,
    /// Somebody stopped it.
    Interrupted,
}

/// All a run has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The version of trailseal that made it.
    pub tool_version: String,
    /// The source as the caller named it.
    pub source: String,
    /// The range asked for.
    pub window: Window,
    /// From here on digests were looked for, so that a chain which ended before the window is noticed; with an open start
    /// there is nothing before it.
    pub looked_back_to: Option<Time>,
    /// Which part of the record was asked for, and what had to be in it.
    pub request: Request,
    /// Who asked, as far as that is known; of a folder nobody is asked who reads it.
    pub identity: Option<Identity>,
    /// The plan that it was joined from the parts of; none of a run on one machine.
    pub planned: Option<Planned>,
    /// How closely log files were looked at.
    pub depth: Depth,
    /// The command line's words, for an auditor's file.
    pub arguments: Vec<String>,
    /// When the run began, by the caller's clock.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Time,
    /// Whether it came to its end.
    pub completion: Completion,
    /// Counts over all chains.
    pub totals: Totals,
    /// What of them rests on earlier readings.
    pub carried: Readings,
    /// What earlier runs saw, and how much of it was looked at.
    pub baselines: Vec<HeldTo>,
    /// Every chain, sorted.
    pub chains: Vec<ChainReport>,
    /// What should have a chain and has none, sorted.
    pub uncovered: Vec<Uncovered>,
    /// Every key that was used, sorted.
    pub keys: Vec<KeyUse>,
    /// Every finding, in [`Finding::order`]; of each code and class no more than [`MOST_OF_A_KIND`].
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub omitted: Omitted,
    /// What a reader should do or know beside the findings.
    pub hints: Vec<Hint>,
    /// What this run did not establish.
    pub not_proven: Vec<NotProven>,
}

/// A run over several machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// SHA-256 of the plan's content.
    pub plan: Hash,
    /// How many shards it has.
    pub shards: u64,
}

impl Report {
    /// A report on `source` that says nothing yet, begun and ended at `started_at`.
    pub fn new(source: impl Into<String>, window: Window, started_at: Time) -> Self {
        Self {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            source: source.into(),
            window,
            looked_back_to: None,
            request: Request::default(),
            identity: None,
            planned: None,
            depth: Depth::default(),
            arguments: Vec::new(),
            started_at,
            finished_at: started_at,
            completion: Completion::Complete,
            totals: Totals::default(),
            carried: Readings::default(),
            baselines: Vec::new(),
            chains: Vec::new(),
            uncovered: Vec::new(),
            keys: Vec::new(),
            findings: Vec::new(),
            omitted: Omitted::new(),
            hints: Vec::new(),
            not_proven: Vec::new(),
        }
    }

    /// What the run comes to. An interrupted run is never called intact or empty.
    pub fn outcome(&self) -> Outcome {
        let any = |class| {
            self.findings.iter().any(|finding| finding.class() == class)
                || self.omitted.keys().any(|(omitted, _)| *omitted == class)
        };
        if any(Class::Tamper) {
            Outcome::Tampered
        } else if any(Class::Incomplete) || self.completion == Completion::Interrupted {
            Outcome::Incomplete
        } else if self.totals.digests.total() == 0 {
            Outcome::Empty
        } else {
            Outcome::Intact
        }
    }

    /// The exit code the run ends with. The numbers are a contract; 2 is not among them: a run that could not begin has no
    /// report, and whether the report could be written stands in none.
    pub fn exit_code(&self) -> u8 {
        match (self.completion, self.outcome()) {
            // Found before the run was stopped, and found for all that.
            (_, Outcome::Tampered) => 1,
            (Completion::Interrupted, _) => 130,
            (_, Outcome::Intact) => 0,
            (_, Outcome::Incomplete) => 3,
            (_, Outcome::Empty) => 4,
        }
    }

    /// How many findings of a code and class there were, those not kept included.
    pub fn count(&self, class: Class, code: Code) -> u64 {
        let kept = self.findings.iter().filter(|finding| finding.kind() == (class, code)).count();
        kept as u64 + self.omitted.get(&(class, code)).copied().unwrap_or_default()
    }

    /// How many findings there were in all.
    pub fn found(&self) -> u64 {
        self.findings.len() as u64 + self.omitted.values().sum::<u64>()
    }

    /// Lowers findings of the accepted codes to notices, as the caller asked.
    pub fn accept(&mut self, accepted: &BTreeSet<Code>) {
        let counts_less = |class, code| class != Class::Notice && accepted.contains(&code);
        self.overrule(counts_less, Overruled::Accepted);
    }

    /// Raises notices of these codes to incomplete, as the caller asked. What is worse stays what it is.
    pub fn raise(&mut self, raised: &BTreeSet<Code>) {
        let counts_more = |class, code| class == Class::Notice && raised.contains(&code);
        self.overrule(counts_more, Overruled::Raised);
    }

    fn overrule(&mut self, applies: impl Fn(Class, Code) -> bool, word: Overruled) {
        for finding in &mut self.findings {
            if applies(finding.class(), finding.code()) {
                finding.overruled = Some(word);
            }
        }
        for ((class, code), count) in std::mem::take(&mut self.omitted) {
            let class = if applies(class, code) { word.class() } else { class };
            *self.omitted.entry((class, code)).or_default() += count;
        }
    }

    /// Puts everything into its one order, so that the same bucket gives the same report.
    pub fn sort(&mut self) {
        self.findings.sort_by(Finding::order);
        self.chains.sort_by(|one, other| one.id.cmp(&other.id));
        self.keys
            .sort_by(|one, other| (&one.fingerprint, &one.region).cmp(&(&other.fingerprint, &other.region)));
    }
}
