//! The hours next to days that are read, in days that are not: a log file that a day's digests name may lie there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Context;
use super::answers::Answers;
use super::folders::Asked;
use super::listing::{Shown, first_log_at};
use super::pages::{Walk, each, fold};
use crate::inspection::LogFolder;
use crate::ledger::{self, Extent, FolderListing, LogRegion, Side, near_midnight};
use crate::store::{Listing, StoreError};
use crate::trail::key::RegionFolder;
use crate::trail::{Day, ObjectName};

/// Listings of one site at once.
const AT_ONCE: usize = 16;

/// Lists the hours of one folder that lie next to days which are read: those with these folders, and those of which there are
/// digests. What cannot be listed is taken for empty: the days beside it are not remembered, or not carried.
pub(super) async fn list(
    context: &Context,
    (folder, region): (&LogFolder, &RegionFolder),
    asked: Asked<'_>,
    days: &[&String],
    answers: &Answers,
) -> FolderListing {
    let there: BTreeSet<Day> = days.iter().filter_map(|name| Day::of_folder(name)).collect();
    let looked_into = |day: &Day| ledger::extent(&context.brief, *day) == Extent::Everything;
    let read = asked.read.keys().copied().filter(|day| asked.days.hold(*day));
    let fresh: BTreeSet<Day> = there.iter().copied().chain(read).filter(looked_into).collect();
    let beside = fresh.iter().flat_map(|day| {
        let side = |near: Day| if near < *day { (near, Side::Late) } else { (near, Side::Early) };
        day.neighbours().map(side)
    });
    let parts: BTreeSet<(Day, Side)> = beside.filter(|(near, _)| !fresh.contains(near)).collect();
    let mut shown = FolderListing::default();
    for listed in each(parts.into_iter().collect(), AT_ONCE, |(day, side)| {
        one(context, (folder, region), (day, side), answers)
    })
    .await
    {
        shown.join(listed.unwrap_or_default());
    }
    shown
}

async fn one(
    context: &Context,
    (folder, region): (&LogFolder, &RegionFolder),
    (day, side): (Day, Side),
    answers: &Answers,
) -> Result<FolderListing, StoreError> {
    let _slot = context.slots.take().await;
    let home = &folder.home;
    let after = match side {
        Side::Early => None,
        Side::Late => Some(first_log_at(home, &region.place, &folder.kind, side.begins(day))),
    };
    let listing = Listing::whole(Arc::clone(&home.bucket), region.day(day.date())).after(after);
    let log_region = LogRegion::from(region.clone());
    let walked = fold(&context.store, listing, FolderListing::default, |shown, page| {
        let mut walk = Walk::On;
        for listed in page.objects {
            let (key, listed) = Shown::apart(listed);
            match near_midnight(&key) {
                Some(found) if found == side => {
                    shown.log(&log_region, &key, &listed.stamp());
                    answers.note(&ObjectName::new(Arc::clone(&home.bucket), key), &listed.stamp());
                }
                _ if side == Side::Early => walk = Walk::Past,
                _ => {}
            }
        }
        walk
    });
    Ok(walked.await?.found)
}
