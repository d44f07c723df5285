//! Reads the digests of one account and region, newest first, so that every digest's successor is known when its turn
//! comes, and the log files they name as soon as they are named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::answers::Answers;
use super::fetch::{self, Tried, Try};
use super::hasher::{self, JudgedLog};
use super::listing::FoundDigest;
use super::presence::Listed;
use super::task::{Task, unwound};
use super::{Context, Event};
use crate::chain::{Found, Item};
use crate::crypto::KeyRing;
use crate::inspection::{Entry, Reading, Said};
use crate::logs::LogWork;
use crate::report::{Findings, MOST_OF_A_KIND};
use crate::store::Object;
use crate::trail::{ChainId, Day};
use crate::verdict::{DigestVerdict, LogTally, RecordedCall};

/// Log files named and not yet asked for.
const WAITING_LOGS: usize = 512;
/// Log files of one site, judged.
#[derive(Default)]
pub(super) struct JudgedLogs {
    /// By the days of the digests that name them.
    pub(super) days: BTreeMap<Day, DayLogs>,
    /// Findings that came in since they were last thinned out.
    fresh: usize,
}

/// Log files that the digests of one day name.
#[derive(Default)]
pub(super) struct DayLogs {
    pub(super) by_chain: HashMap<Arc<ChainId>, LogTally>,
    pub(super) compressed: u64,
    pub(super) inflated: u64,
    pub(super) recorded_calls: BTreeSet<RecordedCall>,
    pub(super) findings: Findings,
}

impl JudgedLogs {
    fn take(&mut self, context: &Context, judged: JudgedLog) {
        let day = self.days.entry(judged.work.day).or_default();
        day.by_chain.entry(judged.work.chain).or_default().add(judged.verdict);
        day.compressed += judged.compressed;
        day.inflated += judged.inflated;
        day.recorded_calls.extend(judged.recorded_calls);
        if let Some(finding) = judged.finding {
            let finding = context.brief.in_its_light(finding);
            context.observer.on(Event::Finding(&finding));
            day.findings.push(finding);
            self.fresh += 1;
        }
        if self.fresh > 2 * MOST_OF_A_KIND {
            Findings::thin_out(self.days.values_mut().map(|day| &mut day.findings));
            self.fresh = 0;
        }
    }
}

/// The log files of one site on their way: those that digests name go in, verdicts come out.
pub(super) struct LogFiles {
    named: mpsc::Sender<LogWork>,
    sink: mpsc::UnboundedSender<JudgedLog>,
    requests: Task<()>,
    verdicts: Task<JudgedLogs>,
    answers: Option<Arc<Answers>>,
}

impl LogFiles {
    /// None yet. They are read from the moment they are named, while further digests are; what the store says of each is noted
    /// in `answers`.
    pub(super) fn open(context: &Arc<Context>, answers: Option<Arc<Answers>>) -> Self {
        let (named, receiver) = mpsc::channel(WAITING_LOGS);
        let (sink, mut judged) = mpsc::unbounded_channel();
        let verdicts = {
            let context = Arc::clone(context);
            Task::spawn(async move {
                let mut logs = JudgedLogs::default();
                while let Some(log) = judged.recv().await {
                    logs.take(&context, log);
                }
                logs
            })
        };
        let to = (sink.clone(), answers.clone());
        let requests = Task::spawn(request_all(Arc::clone(context), receiver, to));
        Self { named, sink, requests, verdicts, answers }
    }

    /// Takes in a named log file; one that a listing told all about is not read.
    async fn take(&self, context: &Context, work: LogWork, listed: Option<&Listed>) {
        match listed.and_then(|listed| listed.observe(&work)) {
            Some(observation) => {
                let grace_cutoff = context.brief.grace_cutoff();
                context.hasher.tell(hasher::observed(work, &observation, 0, grace_cutoff), &self.sink);
            }
            // The receiver outlives this side.
            None => drop(self.named.send(work).await),
        }
    }

    /// All verdicts, once the last file has one.
    pub(super) async fn finish(self) -> JudgedLogs {
        let Self { named, sink, requests, verdicts, .. } = self;
        drop((named, sink));
        requests.await;
        verdicts.await
    }
}

async fn request_all(
    context: Arc<Context>,
    mut named: mpsc::Receiver<LogWork>,
    to: (mpsc::UnboundedSender<JudgedLog>, Option<Arc<Answers>>),
) {
    let mut tasks = JoinSet::new();
    let mut once_more = Vec::new();
    while let Some(work) = named.recv().await {
        let slot = context.slots.take().await;
        tasks.spawn(fetch::log(Arc::clone(&context), work, slot, to.clone(), Try::First));
        while let Some(done) = tasks.try_join_next() {
            once_more.extend(unwound(done));
        }
    }
    while let Some(done) = tasks.join_next().await {
        once_more.extend(unwound(done));
    }
    for work in once_more {
        let slot = context.slots.take().await;
        tasks.spawn(fetch::log(Arc::clone(&context), work, slot, to.clone(), Try::Last));
    }
    while let Some(done) = tasks.join_next().await {
        unwound(done);
    }
}

/// Reads digests, newest first, and hands on the log files they name.
pub(super) async fn read(
    context: &Arc<Context>,
    ring: &Arc<KeyRing>,
    found: Vec<FoundDigest>,
    listed: Option<&Listed>,
    reading: &mut Reading,
    logs: Option<&LogFiles>,
) {
    context.observer.on(Event::DigestsListed(found.len() as u64));
    let once_more = pass(context, ring, found, listed, reading, logs, Try::First).await;
    pass(context, ring, once_more, listed, reading, logs, Try::Last).await;
}

/// Reads digests, and gives back those that are to be tried once more: what the store did not give for a cause that may
/// pass, and what may want the word of one of these.
async fn pass(
    context: &Arc<Context>,
    ring: &Arc<KeyRing>,
    found: Vec<FoundDigest>,
    listed: Option<&Listed>,
    reading: &mut Reading,
    logs: Option<&LogFiles>,
    round: Try,
) -> Vec<FoundDigest> {
    let mut once_more = Vec::new();
    let (under_way, mut arriving) = mpsc::channel(context.brief.plan.load.requests.get());
    let supply = async {
        // Owned here, so that the other side ends with the last digest.
        let under_way = under_way;
        for found in found {
            // In their order, so that the one whose turn is next always has its room.
            let room = context.unfolding.admit(found.unfolded()).await;
            let FoundDigest { object, key, shown } = found;
            let (context, ring) = (Arc::clone(context), Arc::clone(ring));
            let answers = logs.and_then(|logs| logs.answers.clone()).map(|all| (all, Arc::clone(&shown)));
            let task = Task::spawn(async move {
                let end = key.end;
                let seen = |given: &Object| {
                    if let Some((answers, shown)) = answers {
                        answers.digest(end, &shown.stamp(), given);
                    }
                };
                fetch::begin_digest(&context, &ring, object, key, seen).await
            });
            // The receiver outlives this side.
            let _ = under_way.send((task, shown, room)).await;
        }
    };
    let digests = async {
        while let Some((task, shown, _room)) = arriving.recv().await {
            let begun = task.await;
            let may_pass = matches!(begun, Tried::MayPass(_));
            // In their order: until the log files of a large one have been handed on.
            let (tried, _alone) = begun.taken_as_it_is().finish(context, ring).await;
            if may_pass && round == Try::First {
                let Entry { key, object, .. } = tried;
                once_more.push(FoundDigest { object, key, shown });
                continue;
            }
            let key = tried.key.clone();
            let (item, said) = reading.vouched(ring, tried);
            if !once_more.is_empty() && wants_a_word(&item) {
                once_more.push(FoundDigest { object: item.object, key, shown });
                continue;
            }
            announce(context, &item, &said);
            let named = reading.settle(&context.brief, item, said);
            // Digests that are read for what they name alone have no log files to read.
            let Some(logs) = logs else { continue };
            context.observer.on(Event::LogsNamed(named.logs.len() as u64));
            for work in named.works() {
                logs.take(context, work, listed).await;
            }
        }
    };
    tokio::join!(supply, digests);
    once_more
}

/// Whether what a later digest recorded could prove this one.
fn wants_a_word(item: &Item) -> bool {
    let Found::Rejected(refused) = &item.found else { return false };
    let verdict = refused.fault.verdict();
    matches!(verdict, DigestVerdict::Unsigned | DigestVerdict::SignatureInvalid | DigestVerdict::Relocated)
}

fn announce(context: &Context, item: &Item, said: &Said) {
    let (brief, span) = (&context.brief, item.span());
    let logs = item.authentic().map_or(&[][..], |_| &said.logs);
    let verdict = item.verdict_by(brief.grace_cutoff());
    let part = brief.part(&item.key.chain, &span);
    context.observer.on(Event::Digest { object: &item.object, verdict, span, logs, part });
}
