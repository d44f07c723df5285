//! The lines that `aws cloudtrail validate-logs --verbose` prints, for scripts that read them: one block for each trail,
//! account and region, sorted, as if validate-logs had been called for each of them.
//!
//! Where it differs from the AWS CLI, and why:
//! - What the AWS CLI writes to stderr stands among the rest, in its place: one stream tells one story.
//! - An object that could not be looked at, or whose proof is not at hand, is `UNREADABLE`, with the cause. The AWS CLI
//!   either calls that INVALID or dies of it. It counts among all files of its kind, so that `12/12` never hides one.
//! - Tampering that the AWS CLI does not look for is INVALID in words of its own.
//! - Where nothing in scope has a digest, no trail is known, and the source stands in the ARN's place.
//!
//! The lines are grouped by digest and newest first, so they cannot be written while the run goes on, and a report
//! does not name what holds. This format alone keeps a line for every object in memory until the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use crate::crypto::Hash;
use crate::gzip;
use crate::report::Report;
use crate::trail::key::DigestKey;
use crate::trail::{ChainId, DigestKind, ObjectName, Span, Time, partition};
use crate::verdict::{Code, DigestVerdict, Finding, LogVerdict};

mod block;
mod words;

use block::{Block, Row};

/// Everything that was judged, as far as these lines need it.
#[derive(Debug, Default)]
pub struct Transcript {
    digests: BTreeMap<ObjectName, Digest>,
    logs: HashMap<(ObjectName, Hash), Log>,
}

#[derive(Debug)]
struct Digest {
    span: Span,
    verdict: DigestVerdict,
    logs: Vec<(ObjectName, Hash)>,
}

#[derive(Debug)]
struct Log {
    verdict: LogVerdict,
    fault: Option<gzip::Fault>,
}

impl Transcript {
    /// Notes a digest, and the log files it attests in its own order.
    pub fn digest(
        &mut self,
        object: &ObjectName,
        span: Span,
        verdict: DigestVerdict,
        logs: Vec<(ObjectName, Hash)>,
    ) {
        self.digests.insert(object.clone(), Digest { span, verdict, logs });
    }

    /// Notes a log file that a digest names with this hash, and why it could not be inflated, if so.
    pub fn log(
        &mut self,
        object: &ObjectName,
        hash: &Hash,
        verdict: LogVerdict,
        fault: Option<&gzip::Fault>,
    ) {
        self.logs.insert((object.clone(), *hash), Log { verdict, fault: fault.copied() });
    }

    /// Writes all lines of the run that ended in `report`.
    ///
    /// # Errors
    ///
    /// Where `out` cannot be written to.
    pub fn write(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let mut blocks: BTreeMap<ChainId, Block<'_>> = BTreeMap::new();
        for chain in &report.chains {
            let id = standard(&chain.id);
            blocks.entry(id.clone()).or_insert_with(|| Block::new(arn(&id), id.home_region));
        }
        let told = Told::new(report);
        self.place_digests(&told, report, &mut blocks);
        place_unlisted(report, &mut blocks);
        if blocks.is_empty() {
            return block::nothing(&report.source, &report.window, out);
        }
        blocks.values_mut().try_for_each(|block| block.write(self, &told, report, out))
    }

    /// Gives every digest of the window to the block of its trail: those that were read, and those that are known by
    /// a finding alone.
    fn place_digests<'a>(
        &'a self,
        told: &Told<'a>,
        report: &Report,
        blocks: &mut BTreeMap<ChainId, Block<'a>>,
    ) {
        let read = self.digests.iter().filter(|(_, digest)| report.window.overlaps(&digest.span)).map(
            |(object, digest)| {
                let chain = DigestKey::parse(&object.key).map(|key| key.chain);
                (object, chain, digest.span, digest.verdict, &digest.logs[..])
            },
        );
        let unread = told.lost.iter().filter(|finding| {
            finding.object.as_ref().is_some_and(|object| !self.digests.contains_key(object))
        });
        let unread = unread.filter_map(|finding| {
            let (object, end) = (finding.object.as_ref()?, finding.at.unwrap_or(report.window.end()));
            // Where its own key does not say which chain it is of, the digest that links to it does.
            let names = [Some(object), finding.digest.as_ref()];
            let chain = names.into_iter().flatten().find_map(|name| DigestKey::parse(&name.key));
            let verdict = match finding.code() {
                Code::DigestMissing => DigestVerdict::Missing,
                _ => DigestVerdict::Unreadable,
            };
            Some((object, chain.map(|key| key.chain), Span { start: end, end }, verdict, &[][..]))
        });
        for (object, chain, span, verdict, logs) in read.chain(unread) {
            let Some(chain) = chain else { continue };
            if let Some(block) = blocks.get_mut(&standard(&chain)) {
                block.rows.push(Row { kind: chain.kind, object, span, verdict, logs });
            }
        }
    }
}

/// Trails share log folders: a log file that none of them names is told in the first block of its account and region.
fn place_unlisted<'a>(report: &'a Report, blocks: &mut BTreeMap<ChainId, Block<'a>>) {
    for finding in report.findings.iter().filter(|finding| finding.code() == Code::LogUnlisted) {
        let scope = &finding.scope;
        let block = blocks.iter_mut().find(|(id, _)| {
            Some(id.place.account) == scope.account
                && Some(&id.place.region) == scope.region.as_ref()
                && id.place.organization == scope.organization
        });
        if let (Some((_, block)), Some(object)) = (block, &finding.object) {
            block.unlisted.push((object, finding));
        }
    }
}

/// A report's findings, by what these lines ask of them.
struct Told<'a> {
    by_object: BTreeMap<&'a ObjectName, Vec<&'a Finding>>,
    /// Digests that may be known by these findings alone; each once.
    lost: Vec<&'a Finding>,
}

impl<'a> Told<'a> {
    fn new(report: &'a Report) -> Self {
        let mut told = Self { by_object: BTreeMap::new(), lost: Vec::new() };
        let mut lost = BTreeSet::new();
        for finding in &report.findings {
            let Some(object) = &finding.object else { continue };
            told.by_object.entry(object).or_default().push(finding);
            if matches!(finding.code(), Code::DigestMissing | Code::DigestUnreadable) && lost.insert(object) {
                told.lost.push(finding);
            }
        }
        told
    }

    fn of(&self, object: &ObjectName) -> &[&'a Finding] {
        self.by_object.get(object).map_or(&[], Vec::as_slice)
    }

    /// When a chain began anew with this digest, if it did.
    fn restart(&self, object: &ObjectName) -> Option<Time> {
        self.of(object).iter().find(|finding| finding.code() == Code::ChainRestarted)?.at
    }
}

/// Standard and backfill digests of a trail are told together.
fn standard(id: &ChainId) -> ChainId {
    ChainId { kind: DigestKind::Standard, ..id.clone() }
}

/// The trail's ARN. Keys do not tell who manages an organization's trail: the account whose activity is recorded
/// stands for it.
fn arn(id: &ChainId) -> String {
    let (home, account) = (&id.home_region, id.place.account);
    format!("arn:{}:cloudtrail:{home}:{account}:trail/{}", partition(home).name, id.trail)
}
