//! A run over more than one machine: lists what there is to be read, reads one shard of it, joins what all shards read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    AuditError, Context, Event, Ledger, Phase, Ports, discovered, opened, report_on, site, survey_all, went,
};
use crate::conclusion;
use crate::inspection::{Brief, Days, Site, SiteRecord, SiteView};
use crate::report::Report;
use crate::shard::{Part, Piece, ShardPlan};
use crate::store::ObjectStore as _;
use crate::trail::{AccountRegion, Time};
use crate::verdict::what::{LostPart, What};
use crate::verdict::{Code, Finding, Retries};

mod outline;

pub use outline::{Outline, outline};

/// Reads some days of some accounts and regions, and judges nothing. What another shard reads of the same days of a site is put
/// beside it by [`merge`].
///
/// # Errors
///
/// Where it was to end before all was read, and where the store stopped answering: half a part is none. Where the ledger cannot
/// be read, or not be written.
pub async fn shard(
    brief: Brief,
    pieces: Vec<(Site, Days)>,
    ledger: Option<Ledger>,
    ports: Ports,
) -> Result<Part, AuditError> {
    let ledger = opened(ledger, &brief.plan).await?;
    ports.observer.on(Event::Phase(Phase::Verifying { sites: pieces.len() }));
    let mut by_days: BTreeMap<Days, Vec<Site>> = BTreeMap::new();
    for (site, days) in pieces {
        by_days.entry(days).or_default().push(site);
    }
    let mut records: Vec<SiteRecord> = Vec::new();
    let (mut told, mut retries, mut last_answer) = (Vec::new(), Retries::default(), None);
    for (days, sites) in by_days {
        let context = Context::new(brief.clone(), (days, ledger.clone()), ports.clone());
        records.extend(survey_all(&context, sites, |_, record| record).await);
        if context.stop.is_set() {
            return Err(AuditError::Interrupted);
        }
        let went = went(&context, Vec::new(), Vec::new());
        if let Some(conclusion::Outage { bucket, detail }) = went.outages.into_iter().next() {
            return Err(AuditError::Outage { bucket, detail });
        }
        told.append(&mut context.take_findings().into_sorted().0);
        (retries, last_answer) = (went.retries, went.last_answer);
    }
    records.sort_by(|one, other| {
        let first_day = |record: &SiteRecord| record.days.keys().next().copied();
        one.place.cmp(&other.place).then_with(|| first_day(one).cmp(&first_day(other)))
    });
    Ok(Part { records, told, retries, last_answer })
}

/// The report on what the shards of a plan read: what one run over all of it comes to. `read` gives the part of a shard, or says
/// why there is none. Lists accounts and regions, and reads only what lies beyond the records.
///
/// # Errors
///
/// As for [`run`](super::run).
pub async fn merge(
    brief: Brief,
    plan: &ShardPlan,
    read: impl AsyncFn(usize) -> Result<Part, String>,
    ledger: Option<Ledger>,
    ports: Ports,
) -> Result<Report, AuditError> {
    ports.observer.on(Event::Phase(Phase::Discovering));
    let (found, ledger) = tokio::join!(discovered(&brief.plan, &ports), opened(ledger, &brief.plan));
    let (found, ledger) = (found?, ledger?);
    let context = Context::new(brief, (Days::default(), ledger), ports);
    let sites = found.sites.len();
    context.observer.on(Event::Phase(Phase::Verifying { sites }));
    let mut joining = Joining::of(&context, plan);
    for (shard, pieces) in plan.shards.iter().enumerate() {
        match read(shard).await {
            Ok(part) => joining.take(shard, part),
            Err(why) => joining.miss(shard, pieces, &why),
        }
        joining.finish(pieces);
    }
    let Joining { mut views, retries, .. } = joining;
    let planned: BTreeSet<&AccountRegion> = plan.sites.iter().map(|planned| &planned.site.place).collect();
    for site in found.sites.iter().filter(|site| !planned.contains(&site.place)) {
        context.tell(Finding::new(What::PartMissing(LostPart::NewerThanThePlan), &site.place));
        let nothing = site::unread(&context, site);
        views.push(site::judge_as_of(&context, nothing, None, is_no_part));
    }
    let mut report = report_on(&context, &found, views).await;
    report.totals.retries.merge(&retries);
    Ok(report)
}

/// Every finding is.
fn is_news(_: &Finding) -> bool {
    true
}

/// Whether a finding is no missing part: those are told with what is known of them.
fn is_no_part(finding: &Finding) -> bool {
    finding.code() != Code::PartMissing
}

/// Parts, as they come in. Of a site that is cut, records wait until all its parts are here; others are judged at once.
struct Joining<'r> {
    context: &'r Arc<Context>,
    plan: &'r ShardPlan,
    /// How many pieces of each site are still to come.
    to_come: Vec<usize>,
    waiting: BTreeMap<usize, (SiteRecord, Option<Time>)>,
    /// Sites of which a part is missing, which has been told.
    lacking: BTreeSet<usize>,
    views: Vec<SiteView>,
    retries: Retries,
}

impl<'r> Joining<'r> {
    fn of(context: &'r Arc<Context>, plan: &'r ShardPlan) -> Self {
        let mut to_come = vec![0; plan.sites.len()];
        for piece in plan.shards.iter().flatten() {
            if let Some(count) = to_come.get_mut(piece.site) {
                *count += 1;
            }
        }
        Self {
            context,
            plan,
            to_come,
            waiting: BTreeMap::new(),
            lacking: BTreeSet::new(),
            views: Vec::new(),
            retries: Retries::default(),
        }
    }

    fn take(&mut self, shard: usize, part: Part) {
        let Part { records, told, retries, last_answer } = part;
        self.retries.merge(&retries);
        self.context.tell_all(told);
        let pieces = self.plan.shards.get(shard).map(Vec::as_slice).unwrap_or_default();
        for record in records {
            let of_site = |piece: &&Piece| {
                self.plan.sites.get(piece.site).is_some_and(|own| own.site.place == record.place)
            };
            // A part that was made for this shard has no others.
            let Some(piece) = pieces.iter().find(of_site) else { continue };
            let Some((known, clock)) = self.waiting.get_mut(&piece.site) else {
                self.waiting.insert(piece.site, (record, last_answer));
                continue;
            };
            match known.absorb(record) {
                Ok(()) => *clock = (*clock).max(last_answer),
                Err(why) => self.lack(shard, piece, &why.to_string()),
            }
        }
        for piece in pieces {
            if !self.waiting.contains_key(&piece.site) {
                self.lack(shard, piece, "it holds nothing of this account and region");
            }
        }
    }

    fn miss(&mut self, shard: usize, pieces: &[Piece], why: &str) {
        pieces.iter().for_each(|piece| self.lack(shard, piece, why));
    }

    fn lack(&mut self, shard: usize, piece: &Piece, why: &str) {
        let Some(planned) = self.plan.sites.get(piece.site) else { return };
        self.lacking.insert(piece.site);
        let lost = LostPart::Shard { shard: shard as u64, from: piece.from, to: piece.to, why: why.into() };
        self.context.tell(Finding::new(What::PartMissing(lost), &planned.site.place));
    }

    /// Judges the sites of which nothing more is to come.
    fn finish(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let (Some(to_come), Some(planned)) =
                (self.to_come.get_mut(piece.site), self.plan.sites.get(piece.site))
            else {
                continue;
            };
            *to_come -= 1;
            if *to_come == 0 {
                let nothing = || (site::unread(self.context, &planned.site), None);
                let (record, clock) = self.waiting.remove(&piece.site).unwrap_or_else(nothing);
                let clock = clock.max(self.context.store.clock());
                let news = if self.lacking.contains(&piece.site) { is_no_part } else { is_news };
                self.views.push(site::judge_as_of(self.context, record, clock, news));
            }
        }
    }
}
