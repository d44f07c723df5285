//! Inflates, hashes and judges log files: two at a time where two are at hand, because a core hashes two side by side
//! in little more than half the time. Works on the run's own threads, right where a body arrived: handing each to
//! another thread and back costs more than most files take.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::Event;
use super::observer::Observer;
use crate::crypto::Hash;
use crate::events::{self, Scanner};
use crate::gzip::{self, Inflated, Limit};
use crate::logs::{self, LogWork, Observation};
use crate::store::Object;
use crate::trail::{ObjectName, Time};
use crate::verdict::{Finding, LogVerdict, RecordedCall};

/// A log file with its verdict.
pub(super) struct JudgedLog {
    pub(super) work: LogWork,
    pub(super) verdict: LogVerdict,
    pub(super) finding: Option<Finding>,
    /// Why it could not be inflated, if so.
    pub(super) fault: Option<gzip::Fault>,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    /// Telling calls it records; only those of an intact file count.
    pub(super) recorded_calls: Vec<RecordedCall>,
}

/// A log file's body on its way to a verdict.
pub(super) struct FetchedLog {
    pub(super) work: LogWork,
    pub(super) stored: Object,
    /// Where the verdict goes.
    pub(super) judged: UnboundedSender<JudgedLog>,
}

/// Bodies that wait for a second one.
pub(super) struct LogHasher {
    waiting: Mutex<Vec<FetchedLog>>,
    observer: Arc<dyn Observer>,
    grace_cutoff: Time,
}

impl LogHasher {
    /// An empty one. What was delivered after `grace_cutoff` may still be under way.
    pub(super) fn new(observer: Arc<dyn Observer>, grace_cutoff: Time) -> Self {
        Self { waiting: Mutex::default(), observer, grace_cutoff }
    }

    /// Sees to it that `fetched` is judged: by this task together with another's, or by another's together with its own.
    /// Every body is followed by a turn of the hasher that takes up to two, so none is left behind.
    pub(super) async fn hash(&self, fetched: FetchedLog) {
        let alone = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(fetched);
            waiting.len() < 2
        };
        if alone {
            // Whatever else is ready goes first: it may bring the second one.
            tokio::task::yield_now().await;
        }
        let (first, second) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            (waiting.pop(), waiting.pop())
        };
        match (first, second) {
            (Some(one), Some(other)) => self.both([one, other]),
            (Some(one), None) => self.one(one),
            (None, _) => {}
        }
    }

    fn one(&self, fetched: FetchedLog) {
        let mut scanner = Scanner::new(&fetched.work.object.bucket);
        let inflated = gzip::inflate_hashed(&fetched.stored.body, Limit::LOG, |chunk| scanner.look(chunk));
        let telling = scanner.telling();
        self.judge(fetched, inflated, telling);
    }

    fn both(&self, pair: [FetchedLog; 2]) {
        let mut scanners = pair.each_ref().map(|fetched| Scanner::new(&fetched.work.object.bucket));
        let bodies = pair.each_ref().map(|fetched| &fetched.stored.body[..]);
        let looks = scanners.each_mut().map(|scanner| |chunk: &[u8]| scanner.look(chunk));
        let inflated = gzip::inflate_hashed_both(bodies, Limit::LOG, looks);
        let telling = scanners.map(|scanner| scanner.telling());
        for ((fetched, inflated), telling) in pair.into_iter().zip(inflated).zip(telling) {
            self.judge(fetched, inflated, telling);
        }
    }

    fn judge(&self, fetched: FetchedLog, inflated: Result<Inflated, gzip::Fault>, telling: bool) {
        let FetchedLog { work, stored, judged } = fetched;
        let observation = match inflated {
            Ok(inflated) => Observation::Inflated(inflated),
            Err(gzip::Fault::NotGzip) => Observation::Plain(plain(&stored.body)),
            Err(fault) => Observation::Malformed(fault),
        };
        let mut log = observed(work, &observation, stored.body.len() as u64, self.grace_cutoff);
        if telling && log.verdict == LogVerdict::Intact {
            log.recorded_calls = heard(&stored.body, &log.work.object);
        }
        self.tell(log, &judged);
    }

    /// Announces a verdict and hands it over.
    pub(super) fn tell(&self, log: JudgedLog, judged: &UnboundedSender<JudgedLog>) {
        self.observer.on(Event::Log {
            object: &log.work.object,
            verdict: log.verdict,
            hash: Some(&log.work.hash),
            fault: log.fault.as_ref(),
            compressed: log.compressed,
            inflated: log.inflated,
        });
        // A receiver that is gone belongs to a run that was stopped.
        let _ = judged.send(log);
    }
}

/// What bytes that are no gzip data come to as they are.
fn plain(body: &[u8]) -> Inflated {
    Inflated { hash: Hash::of(body), length: body.len() as u64 }
}

/// Judges an observation that is at hand.
pub(super) fn observed(
    work: LogWork,
    observation: &Observation,
    compressed: u64,
    grace_cutoff: Time,
) -> JudgedLog {
    let (verdict, finding) = logs::judge(&work, observation, grace_cutoff);
    let (inflated, fault) = match observation {
        Observation::Inflated(inflated) => (inflated.length, None),
        Observation::Plain(plain) if verdict == LogVerdict::Intact => (plain.length, None),
        Observation::Plain(_) => (0, Some(gzip::Fault::NotGzip)),
        Observation::Malformed(fault) => (0, Some(*fault)),
        Observation::Listed | Observation::Gone | Observation::Unseen(_) => (0, None),
    };
    JudgedLog { work, verdict, finding, fault, compressed, inflated, recorded_calls: Vec::new() }
}

/// The telling calls of a file that is intact. Few files hold any, so inflating those again costs less than keeping
/// the bytes of all.
fn heard(stored: &[u8], log_file: &ObjectName) -> Vec<RecordedCall> {
    match gzip::inflate(stored, Limit::LOG) {
        Ok(body) => events::recorded_calls(&body, log_file),
        Err(_) => Vec::new(),
    }
}
