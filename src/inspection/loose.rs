//! Judges the log files that lie in the folders of an account and region and that no authentic digest names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Brief;
use super::record::{Crowd, FarName, FolderDay, FolderRecord, HomeRecord, LogFolder, Loose, LooseFile};
use super::view::{SiteView, Told};
use crate::chain::{self, Item, JointCoverage, Linked, Terms};
use crate::digest::NamedBy;
use crate::logs::{Candidate, PresentTerms, ShortName, odd_file, region_absent};
use crate::trail::{AccountRegion, Day, DigestKind, Location, ObjectName, Time};
use crate::verdict::what::{self, NotListed, PendingLog, UnlistedLog, UnprovenLog, What};
use crate::verdict::{Class, Code, Finding, LogVerdict};

/// What is known of the folders of log files.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) homes: BTreeMap<Location, HomeRecord>,
    pub(super) days: BTreeMap<Day, BTreeMap<LogFolder, FolderDay>>,
    /// Names in digests of other days.
    pub(super) far: BTreeSet<FarName>,
    /// Kinds that digests name any of.
    pub(super) kinds: BTreeSet<Box<str>>,
}

/// How often the same is told of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Of each file.
    Each,
    /// Once for all, where one thing is the matter with all of them.
    Once,
}

/// What is known of one home while its files are judged.
struct Teller<'a> {
    brief: &'a Brief,
    place: &'a AccountRegion,
    telling: Telling,
    /// How often it is told that only digests which are not authentic name a file.
    unproven: Telling,
    /// Digests out of scope that keep a verdict from being one of tampering.
    softeners: &'a HashMap<ObjectName, Finding>,
    /// The first by name of those that are told of once for all.
    first: Option<ObjectName>,
    /// How many those are.
    count: u64,
}

/// Judges what lies in all homes. Files that may be named by digests after the window are held against those that were read
/// for them, too.
pub(super) fn judge(
    brief: &Brief,
    view: &mut SiteView,
    ground: Ground,
    (items, beyond): (Vec<Item>, BTreeMap<ObjectName, Item>),
    (terms, clock): (&Terms, Option<Time>),
    tell: &mut dyn FnMut(Told),
) {
    let Ground { homes, mut days, far, kinds } = ground;
    let beyond = linked_on(&items, beyond, terms);
    let softeners = softeners(brief, &items);
    let unproven = match items.iter().any(|item| chain::keys_refused(item).is_some()) {
        // The keys that are not at hand are told of, and stand for what follows.
        true => Telling::Once,
        false => Telling::Each,
    };
    let place = view.place.clone();
    for (home, record) in homes {
        if chain::is_copy(&home, &view.copies, &items) {
            continue;
        }
        let named_by = brief.plan.named_by;
        let coverage = JointCoverage::of(&home, named_by, &items, &view.linked);
        let coverage_on =
            beyond.as_ref().map(|(all, linked)| JointCoverage::of(&home, named_by, all, linked));
        let present = present_terms(brief, &place, &coverage, clock, view.newest);
        let later = coverage_on.as_ref().map(|coverage| PresentTerms { coverage, ..present });
        let mut teller = Teller {
            brief,
            place: &place,
            telling: telling(brief, &home, &items),
            unproven,
            softeners: &softeners,
            first: None,
            count: 0,
        };
        let too_many = record.kinds.iter().filter(|kind| kinds.contains(*kind));
        for kind in too_many.filter(|kind| !record.log_folders.contains_key(*kind)) {
            view.unlisted = true;
            tell(Told::Finding(not_looked_into(&place, &home, kind)));
        }
        for (kind, folder) in record.log_folders.into_iter().filter(|(kind, _)| kinds.contains(kind)) {
            teller.beside(view, folder, tell);
            let folder = LogFolder { home: home.clone(), kind };
            for (day, folders) in &mut days {
                let Some(FolderDay { loose, beside }) = folders.remove(&folder) else { continue };
                teller.beside(view, beside, tell);
                teller.loose(view, (*day, &folder, loose), &far, (&present, later.as_ref()), tell);
            }
        }
        // One word for the whole region; a finding for each of its files would say the same a thousand times.
        if let Some(first) = teller.first {
            view.absent = true;
            tell(Told::Finding(region_absent(&place, &home, &brief.window, (&first, teller.count))));
        }
    }
}

/// The chains with the digests that follow the window, where any were read.
fn linked_on(
    items: &[Item],
    beyond: BTreeMap<ObjectName, Item>,
    terms: &Terms,
) -> Option<(Vec<Item>, Vec<Linked>)> {
    if beyond.is_empty() {
        return None;
    }
    let known: HashSet<&ObjectName> = items.iter().map(|item| &item.object).collect();
    let later = beyond.into_values().filter(|item| !known.contains(&item.object));
    let mut all: Vec<Item> = items.iter().cloned().chain(later).collect();
    let linked = chain::link_all(&mut all, terms);
    Some((all, linked))
}

/// What log files that are there are held to.
pub fn present_terms<'a>(
    brief: &Brief,
    place: &'a AccountRegion,
    coverage: &'a JointCoverage,
    clock: Option<Time>,
    newest: Option<Time>,
) -> PresentTerms<'a> {
    let clock = clock.into_iter().chain(newest).max();
    PresentTerms {
        place,
        coverage,
        as_of: brief.as_of,
        now: clock.map_or(brief.plan.now, |clock| clock.max(brief.plan.now)),
        grace: brief.plan.grace,
        origin: brief.plan.origin,
    }
}

/// Where one home has no standard digest in the window, one thing is the matter with all of its files.
fn telling(brief: &Brief, home: &Location, items: &[Item]) -> Telling {
    let here = |item: &&Item| {
        item.key.prefix == home.prefix
            && (brief.plan.named_by == NamedBy::KeyOnly || item.object.bucket == home.bucket)
    };
    let standard =
        |item: &Item| item.key.chain.kind == DigestKind::Standard && brief.window.overlaps(&item.span());
    if items.iter().filter(here).any(standard) { Telling::Each } else { Telling::Once }
}

fn softeners(brief: &Brief, items: &[Item]) -> HashMap<ObjectName, Finding> {
    let softens = |item: &Item| {
        let finding = chain::digest_finding(&item.key.chain, item, brief.grace_cutoff())?;
        Some((item.object.clone(), finding))
    };
    items.iter().filter(|item| !brief.plan.scope.holds_chain(&item.key.chain)).filter_map(softens).collect()
}

impl Teller<'_> {
    /// What lies beside log files and days.
    fn beside(&mut self, view: &mut SiteView, folder: FolderRecord, tell: &mut dyn FnMut(Told)) {
        let FolderRecord { odd, more_odd, strays, unlisted } = folder;
        for object in odd {
            self.tell(view, LogVerdict::Unlisted, odd_file(self.place, object, None), tell);
        }
        view.loose_logs.add_many(LogVerdict::Unlisted, more_odd);
        match self.is_told_once(LogVerdict::Unlisted) {
            true => self.count += more_odd,
            false if more_odd > 0 => tell(Told::Counted(Class::Incomplete, Code::LogUnlisted, more_odd)),
            false => {}
        }
        view.strays.merge(strays);
        view.unlisted |= !unlisted.is_empty();
        unlisted.iter().for_each(|failure| tell(Told::Finding(failure.finding(self.place))));
    }

    /// The files of one day.
    fn loose(
        &mut self,
        view: &mut SiteView,
        (day, folder, loose): (Day, &LogFolder, Loose),
        far: &BTreeSet<FarName>,
        (terms, later): (&PresentTerms<'_>, Option<&PresentTerms<'_>>),
        tell: &mut dyn FnMut(Told),
    ) {
        for (name, LooseFile { modified, claimant }) in loose.kept {
            let named = name.named;
            let object = folder.object(self.place, &name);
            let far_name = FarName { day, name: ShortName::of(self.brief.plan.named_by, &object) };
            if far.contains(&far_name) {
                continue;
            }
            let candidate = Candidate { object, named, modified };
            let may_come_later = terms.covers_the_name_of(&candidate)
                && self.brief.reach().end < candidate.named_by(terms.origin).min(terms.as_of);
            let terms = later.filter(|_| may_come_later).unwrap_or(terms);
            let (verdict, finding) = terms.judge(&candidate, claimant.as_deref());
            self.tell(view, verdict, finding, tell);
        }
        for (claims, mut crowd) in loose.more {
            // Those that digests of other days name are no part of it.
            let named = crowd.short.iter().filter(|name| far.contains(&FarName { day, name: **name }));
            crowd.count = crowd.count.saturating_sub(named.count() as u64);
            if crowd.count == 0 {
                continue;
            }
            let verdict = terms.judge_many(crowd.oldest, claims);
            view.loose_logs.add_many(verdict, crowd.count);
            if self.is_told_once(verdict) {
                self.count += if verdict == LogVerdict::Unlisted { crowd.count } else { 0 };
            } else {
                let finding = crowded(self.place, folder, verdict, &crowd);
                let (class, code) = finding.kind();
                tell(Told::Finding(finding));
                tell(Told::Counted(class, code, crowd.count - 1));
            }
        }
    }

    fn is_told_once(&self, verdict: LogVerdict) -> bool {
        match verdict {
            LogVerdict::Unlisted => self.telling == Telling::Once,
            LogVerdict::Unproven => self.unproven == Telling::Once,
            _ => false,
        }
    }

    fn tell(
        &mut self,
        view: &mut SiteView,
        verdict: LogVerdict,
        finding: Finding,
        tell: &mut dyn FnMut(Told),
    ) {
        let Some(object) = &finding.object else { return };
        tell(Told::LooseLog(object.clone(), verdict));
        view.loose_logs.add(verdict);
        if self.is_told_once(verdict) {
            if verdict == LogVerdict::Unlisted {
                self.count += 1;
                if self.first.as_ref().is_none_or(|first| object < first) {
                    self.first = Some(object.clone());
                }
            }
            return;
        }
        // What softens a verdict is told, also where it lies out of scope.
        let softener = finding.digest.as_ref().filter(|_| finding.code() == Code::LogUnlisted);
        if let Some(softener) = softener.and_then(|digest| self.softeners.get(digest)) {
            tell(Told::Finding(softener.clone()));
        }
        tell(Told::Finding(finding));
    }
}

/// One word for many files, and no accusation: what is known of them is how many they are, and the oldest time in their
/// names.
fn crowded(place: &AccountRegion, folder: &LogFolder, verdict: LogVerdict, crowd: &Crowd) -> Finding {
    let many = what::Crowd { files: crowd.count, home: folder.home.clone(), kind: folder.kind.clone() };
    let what = match verdict {
        LogVerdict::Unproven => What::LogUnproven(UnprovenLog::Crowd(many)),
        LogVerdict::Pending => What::LogPending(PendingLog::Crowd(many)),
        _ => What::LogUnlisted(UnlistedLog::Crowd(many)),
    };
    let mut finding = Finding::new(what, place);
    finding.at = Some(crowd.oldest);
    finding
}

/// A folder of a kind that digests name, beyond the first of those that are there.
fn not_looked_into(place: &AccountRegion, home: &Location, kind: &str) -> Finding {
    let not_listed = NotListed::TooManyKinds { home: home.clone(), kind: kind.into() };
    Finding::new(What::ListingUnreadable(not_listed), place)
}
