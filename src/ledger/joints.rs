//! Where days that were read at different times meet. A row keeps of the signatures on both sides of a midnight what stands for
//! them; where a link fits by that, neither side is needed any more, and where it does not, both days are read: so every
//! signature in a report is one that its run has read.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::chain::{Found, Item, Link, Own};
use crate::crypto::{Hash, Signature};
use crate::digest::{NamedBy, Previous};
use crate::inspection::{DayRecord, SiteRecord};
use crate::trail::key::DigestKey;
use crate::trail::{Day, ObjectName, Time};

/// A signature's stand-in is as long as a hash: no signature is so short.
const STAND_IN: usize = 32;

/// What stands for a signature.
fn stand_in(signature: &Signature) -> Signature {
    match signature.bytes().len() {
        STAND_IN => signature.clone(),
        _ => Hash::of(signature.bytes()).bytes().to_vec().into(),
    }
}

/// Puts what stands for them in place of a day's signatures.
pub(super) fn without_signatures(record: &DayRecord) -> DayRecord {
    let mut record = record.clone();
    for item in record.chains.values_mut().flat_map(|chain| &mut chain.items) {
        let Found::Authentic(proven) = &mut item.found else { continue };
        if let Link::To(previous) = &mut proven.link {
            previous.signature = stand_in(&previous.signature);
        }
        if let Some(own) = &mut proven.own {
            own.signature = own.signature.as_ref().map(stand_in);
        }
    }
    record
}

fn fits(own: &Own, recorded: &Previous) -> bool {
    let other = |own: &Signature| stand_in(own) != stand_in(&recorded.signature);
    own.hash == recorded.hash && !own.signature.as_ref().is_some_and(other)
}

/// Where a digest stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// In its day.
    InADay,
    /// Around the window, read for what it says of others.
    Around,
}

/// A digest's place in a record.
type At<'a> = (Day, Stands, &'a Item);

/// All digests of a record.
fn items(record: &SiteRecord) -> impl Iterator<Item = At<'_>> {
    let of_days = record.days.iter().flat_map(|(day, of_day)| {
        let items = of_day.chains.values().flat_map(|chain| &chain.items);
        items.map(move |item| (*day, Stands::InADay, item))
    });
    let around = record.edges.values().chain(record.beyond.values());
    of_days.chain(around.map(|item| (Day::of_digest(item.key.end), Stands::Around, item)))
}

/// The days of digests whose links do not hold in a record, each with that of the digest it leads to. A link to before `from`
/// leads to what was not looked at.
pub fn unsure(record: &SiteRecord, named_by: NamedBy, from: Time) -> BTreeSet<Day> {
    let mut unsure = BTreeSet::new();
    joints(record, named_by, from, |(day, ..), target, holds| {
        if !holds {
            unsure.insert(day);
            unsure.extend(target);
        }
    });
    unsure
}

/// Closes the joints of a record, those of whose links that hold: of days that are carried, no signature is left in it.
pub fn close(record: &mut SiteRecord, named_by: NamedBy, from: Time) {
    let mut held: HashSet<ObjectName> = HashSet::new();
    let mut linked: HashSet<ObjectName> = HashSet::new();
    joints(record, named_by, from, |(_, stands, item), target, holds| {
        if let (true, Some(_), Some(previous)) = (holds, target, item.previous()) {
            held.insert(item.object.clone());
            // What lies around the window may not be there the next time it is linked.
            if stands == Stands::InADay {
                linked.insert(named_by.handle(&previous.object));
            }
        }
    });
    let close = |item: &mut Item| {
        if let Found::Authentic(proven) = &mut item.found
            && matches!(proven.link, Link::To(_))
            && held.contains(&item.object)
        {
            proven.link = Link::Holds;
        }
    };
    record.edges.values_mut().chain(record.beyond.values_mut()).for_each(close);
    for (day, of_day) in &mut record.days {
        let is_carried = record.carried.contains_key(day);
        for item in of_day.chains.values_mut().flat_map(|chain| &mut chain.items) {
            close(item);
            let Found::Authentic(proven) = &mut item.found else { continue };
            if is_carried && proven.own.is_some() && linked.contains(&named_by.handle(&item.object)) {
                proven.own = None;
            }
        }
    }
}

/// Shows every link that was not closed within its day: whose it is, the day it leads to where that was looked at, and whether it
/// holds.
fn joints<'r>(
    record: &'r SiteRecord,
    named_by: NamedBy,
    from: Time,
    mut show: impl FnMut(At<'r>, Option<Day>, bool),
) {
    let name = |object: &'r ObjectName| match named_by {
        NamedBy::BucketAndKey => (&*object.bucket, Cow::Borrowed(&*object.key)),
        NamedBy::KeyOnly => ("", named_by.comparable(&object.key)),
    };
    let linking: Vec<(At<'r>, &Previous)> =
        items(record).filter_map(|at @ (.., item)| Some((at, item.previous()?))).collect();
    // Few: the others were closed within their days.
    let mut led_to: HashMap<(&str, Cow<'_, str>), Option<&Item>> =
        linking.iter().map(|(_, previous)| (name(&previous.object), None)).collect();
    for (.., item) in items(record) {
        if let Some(found) = led_to.get_mut(&name(&item.object)) {
            *found = Some(item);
        }
    }
    for ((day, stands, item), previous) in linking {
        let end = DigestKey::parse(&previous.object.key).map(|key| key.end);
        match led_to.get(&name(&previous.object)).copied().flatten() {
            None => show((day, stands, item), None, end.is_some_and(|end| end < from)),
            Some(found) => {
                let own = found.authentic().and_then(|proven| proven.own.as_ref());
                let holds = own.is_some_and(|own| fits(own, previous));
                show((day, stands, item), end.map(Day::of_digest), holds);
            }
        }
    }
}
