//! What a ledger remembers: scenes in acts, a run in each. A run that remembers says what one that reads everything says, but for what
//! it says of that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use trailseal::audit::Plan;
use trailseal::forge::Damage;
use trailseal::render::{self, Format};
use trailseal::report::what::AbsentPart;
use trailseal::report::{Class, Code, NotProven, What};
use trailseal::store::{Metadata, ObjectStore, StoreErrorKind};
use trailseal::trail::ObjectName;
use trailseal::trail::key::{DigestKey, LogKey};

use crate::render_formats::written;
use crate::render_worlds::mostly_carried;
use crate::support::judged::{counted, holds, is_digest};
use crate::support::memory::{Ask, Faulty, Memory};
use crate::support::notebook::{
    DAYS, DELIVERED, Notebook, OF_THE_LAST_HOUR, WORLD, afterwards, at, beside_carrying, closed, log_of,
    memory, moment, same, two_acts, without,
};
use crate::support::verify;

#[test]
fn a_second_run_reads_one_digest_and_one_log_file_of_each_region() {
    let (_notebook, store) = two_acts();
    let got = store.take_got();
    let drawn: Vec<_> = got.iter().filter(|object| moment(object) < at("2026-03-05T00:00:00Z")).collect();
    let (digests, logs): (Vec<&ObjectName>, Vec<&ObjectName>) =
        drawn.into_iter().partition(|object| is_digest(&object.key));
    assert!(digests.len() <= 2 && logs.len() <= 2 + 2, "{got:#?}");
    assert!(got.len() < 15, "{got:#?}");
}

#[test]
fn what_is_carried_is_told_first_and_counted_apart() {
    let (notebook, store) = two_acts();
    let report = notebook.run(closed(), &store);
    let (digests, logs) = (report.totals.digests.total(), report.totals.logs.total());
    let (digests_read, logs_read) = OF_THE_LAST_HOUR;
    assert_eq!((report.carried.digests, report.carried.logs), (digests - digests_read, logs - logs_read));
    assert!(report.carried.bytes.is_some_and(|bytes| bytes == report.totals.compressed));
    let sum: u64 = report.chains.iter().map(|chain| chain.carried.verdicts()).sum();
    assert_eq!(sum, report.carried.verdicts());
    let told = render::headline(&report).sentence;
    assert!(
        told.contains(&format!("{sum} of {} verdicts are of an earlier reading", digests + logs)),
        "{told}"
    );
    assert!(report.not_proven.contains(&NotProven::CarriedAsListed));
    assert!(report.not_proven.contains(&NotProven::UnsealedLedger));
}

#[test]
fn every_format_says_how_much_is_carried() {
    let report = mostly_carried();
    let told = "2,120 of 2,554 verdicts are of an earlier reading of the same objects, the oldest of 2026-02-11 03:00 UTC.";
    for format in [Format::Human, Format::Html, Format::Markdown] {
        let text = written(format, &report).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(told), "{format}: {text}");
    }
    let json = written(Format::Json, &report);
    let read = render::json::read(json.as_bytes()).unwrap();
    assert_eq!((read.carried, read.chains[0].carried), (report.carried, report.chains[0].carried));
    assert_eq!(written(Format::Json, &read), json);
}

#[test]
fn what_changed_is_read_and_told_as_ever() {
    type Change = fn(&mut Memory, ObjectName);
    let changes: [(&str, Change); 7] = [
        ("replaced by one of the same size", |store, log| {
            let (body, metadata) = store.objects()[&log].clone();
            let mut body = body.to_vec();
            *body.last_mut().unwrap() ^= 1;
            store.objects().insert(log, (body.into(), metadata));
        }),
        ("deleted", |store, log| drop(store.objects().remove(&log))),
        ("written again", |store, log| {
            let written = store.modified()[&log] + TimeDelta::days(1);
            store.modified().insert(log, written);
        }),
        ("a forged one beside it", |store, log| {
            let mut key = LogKey::parse(&log.key).unwrap();
            key.unique = "Forged0000000000".into();
            let forged = ObjectName::new(log.bucket.clone(), key.to_string());
            store.modified().insert(forged.clone(), key.delivered + TimeDelta::minutes(5));
            store.objects().insert(forged, (vec![1, 2, 3].into(), Metadata::NotKept(None)));
        }),
        ("something below its folder", |store, log| {
            let (folder, _) = log.key.rsplit_once('/').unwrap();
            let odd = ObjectName::new(log.bucket.clone(), format!("{folder}/deeper/file.json.gz"));
            store.modified().insert(odd.clone(), WORLD.plan().start);
            store.objects().insert(odd, (vec![1, 2, 3].into(), Metadata::NotKept(None)));
        }),
        ("its digest deleted", |store, log| {
            let digest = digest_of(store, &log);
            store.objects().remove(&digest);
        }),
        ("its digest replaced by another one", |store, log| {
            let digest = digest_of(store, &log);
            let key = DigestKey::parse(&digest.key).unwrap();
            let earlier = DigestKey { end: key.end - TimeDelta::hours(3), ..key };
            let other = store.objects()[&ObjectName::new(digest.bucket.clone(), earlier.to_string())].clone();
            store.objects().insert(digest, other);
        }),
    ];
    for (what, change) in changes {
        let (notebook, mut store) = two_acts();
        let log = log_of(&mut store, "2026-03-02");
        change(&mut store, log);
        let reading = without(closed(), &store);
        for night in 0..3 {
            store.take_got();
            let remembering = notebook.run(closed(), &store);
            same(&remembering, &reading);
            assert!(remembering.carried.days >= DAYS - 3, "{what}, night {night}: {:?}", remembering.carried);
        }
    }
}

/// The digest that names what was delivered then.
fn digest_of(store: &mut Memory, log: &ObjectName) -> ObjectName {
    let key = LogKey::parse(&log.key).unwrap();
    let digests = store
        .objects()
        .keys()
        .filter(|object| DigestKey::parse(&object.key).is_some_and(|digest| digest.chain.place == key.place));
    digests
        .filter(|digest| moment(digest) >= key.delivered)
        .min_by_key(|digest| moment(digest))
        .unwrap()
        .clone()
}

#[test]
fn a_good_version_put_for_the_length_of_a_run_vouches_for_nothing() {
    // The store lists what lies there, and gives something else.
    let (notebook, mut store) = (Notebook::new(), memory());
    let log = log_of(&mut store, "2026-03-02");
    let listed = store.clone();
    store.etags().insert(log.clone(), "another".into());
    let two_faced = Listing { listed, given: store };
    let first = notebook.run_over(closed(), Arc::new(two_faced.clone()));
    holds(&first, 0, &[]);
    let second = notebook.run_over(closed(), Arc::new(two_faced));
    assert_eq!(second.carried.days, DAYS - 1);
    same(&second, &first);
}

/// A store that lists one thing and gives another.
#[derive(Clone)]
struct Listing {
    listed: Memory,
    given: Memory,
}

#[async_trait::async_trait]
impl ObjectStore for Listing {
    async fn list(
        &self,
        listing: &trailseal::store::Listing,
    ) -> Result<trailseal::store::Page, trailseal::store::StoreError> {
        self.listed.list(listing).await
    }

    async fn get(
        &self,
        object: &ObjectName,
        admission: &trailseal::store::Admission,
    ) -> Result<trailseal::store::Object, trailseal::store::StoreError> {
        self.given.get(object, admission).await
    }

    async fn stream(
        &self,
        object: &ObjectName,
        take: &mut trailseal::store::Take<'_>,
    ) -> Result<(), trailseal::store::StoreError> {
        self.given.stream(object, take).await
    }
}

#[test]
fn young_days_and_days_in_part_are_not_remembered() {
    let (notebook, store) = (Notebook::new(), memory());
    let whole = closed();
    let window = |start: i64, end: i64| Plan {
        start: Some(whole.start.unwrap() + TimeDelta::hours(start)),
        end: Some(whole.start.unwrap() + TimeDelta::hours(end)),
        ..whole.clone()
    };
    // From the middle of the first day to the middle of the last.
    notebook.run(window(12, 84), &store);
    let report = notebook.run(whole.clone(), &store);
    assert_eq!(report.carried.days, 4, "{:?}", report.carried);
    let notebook = Notebook::new();
    let early = Plan { now: whole.end.unwrap() + TimeDelta::hours(3), ..whole.clone() };
    notebook.run(early.clone(), &store);
    // Of the days that are over, two are older than 48 hours, and the hours before them.
    assert_eq!(notebook.run(early, &store).carried.days, 6);
}

#[test]
fn withdrawn_rights_and_another_encryption_key_are_noticed() {
    let (notebook, store) = two_acts();
    let denied = Faulty {
        store: store.clone(),
        script: |ask: Ask<'_>| matches!(ask, Ask::Get(..)).then_some(StoreErrorKind::Denied),
        late: None,
    };
    let report = notebook.run_over(closed(), Arc::new(denied));
    assert_eq!((report.carried.days, report.exit_code()), (0, 3));
    let (notebook, mut store) = (Notebook::new(), memory());
    let all: Vec<ObjectName> = store.objects().keys().cloned().collect();
    store.kms().extend(all.iter().map(|object| (object.clone(), "key/one".to_owned())));
    notebook.run(closed(), &store);
    assert_eq!(notebook.run(closed(), &store).carried.days, DAYS);
    store.kms().extend(all.iter().map(|object| (object.clone(), "key/two".to_owned())));
    assert_eq!(notebook.run(closed(), &store).carried.days, 0);
    assert_eq!(notebook.run(closed(), &store).carried.days, DAYS, "the new key is known now");
}

#[test]
fn what_was_put_in_several_pieces_is_not_carried_and_that_is_told() {
    let (notebook, mut store) = (Notebook::new(), memory());
    let log = log_of(&mut store, "2026-03-02");
    store.etags().insert(log, "0123456789abcdef0123456789abcdef-2".into());
    for carried in [0, DAYS - 1, DAYS - 1] {
        let report = notebook.run(closed(), &store);
        holds(&report, 0, &[("notice multipart-upload", 1)]);
        let told = report.findings.iter().find(|finding| finding.code() == Code::MultipartUpload).unwrap();
        assert_eq!(told.what, What::MultipartUpload { days: 1, first: "2026-03-02".parse().unwrap() });
        assert_eq!(report.carried.days, carried);
    }
}

#[test]
fn days_are_read_again_after_a_while_but_not_out_of_an_archive() {
    let (notebook, mut store) = two_acts();
    let later = |days: i64| Plan { now: closed().now + TimeDelta::days(days), ..closed() };
    assert_eq!(notebook.run(later(14), &store).carried.days, DAYS);
    let some = notebook.run(later(22), &store);
    assert!(
        some.carried.days > 0 && some.carried.days < DAYS,
        "nobody can tell whose turn it is: {:?}",
        some.carried
    );
    let all: Vec<ObjectName> = store.objects().keys().cloned().collect();
    store.classes().extend(all.into_iter().map(|object| (object, "DEEP_ARCHIVE")));
    assert_eq!(notebook.run(later(100), &store).carried.days, DAYS);
    store.classes().clear();
    assert_eq!(notebook.run(later(100), &store).carried.days, 0);
}

#[test]
fn a_gap_that_stays_is_told_every_night_and_costs_no_reading_of_the_rest() {
    let (notebook, mut store) = (Notebook::new(), memory());
    let (from, to) = (at("2026-03-02T06:00:00Z"), at("2026-03-03T18:00:00Z"));
    store.objects().retain(|object, _| !(is_digest(&object.key) && (from..to).contains(&moment(object))));
    let reading = without(closed(), &store);
    assert_eq!(reading.exit_code(), 1);
    same(&notebook.run(closed(), &store), &reading);
    let first = store.take_got().len();
    for _night in 0..2 {
        let report = notebook.run(closed(), &store);
        same(&report, &reading);
        // All but the day whose first digest links into it.
        assert_eq!(report.carried.days, DAYS - 2, "{:?}", report.carried);
        let read = store.take_got().len();
        assert!(read < first / 2, "{read} of {first}");
    }
}

#[test]
fn a_file_that_comes_late_into_a_kept_day_has_that_day_read_and_no_other() {
    let (notebook, mut store) = two_acts();
    let log = log_of(&mut store, "2026-03-03");
    let mut key = LogKey::parse(&log.key).unwrap();
    key.unique = "Late000000000000".into();
    let late = ObjectName::new(log.bucket.clone(), key.to_string());
    let (body, metadata) = store.objects()[&log].clone();
    store.modified().insert(late.clone(), closed().now - TimeDelta::hours(1));
    store.objects().insert(late.clone(), (body, metadata));
    let report = notebook.run(closed(), &store);
    same(&report, &without(closed(), &store));
    assert_eq!(report.carried.days, DAYS - 1);
    // And again when it is another one.
    store.etags().insert(late, "another".into());
    let report = notebook.run(closed(), &store);
    same(&report, &without(closed(), &store));
    assert_eq!(report.carried.days, DAYS - 1);
}

#[test]
fn a_region_that_an_earlier_run_read_is_missed() {
    let (notebook, mut store) = two_acts();
    let gone = WORLD.plan().region_names()[1].to_string();
    store.objects().retain(|object, _| !object.key.contains(&format!("/{gone}/")));
    let report = notebook.run(closed(), &store);
    assert_eq!(report.count(Class::Incomplete, Code::RegionAbsent), 1, "{:?}", counted(&report));
    assert_eq!(report.exit_code(), 3);
    holds(&without(closed(), &store), 0, &[]);
}

#[test]
fn every_damage_that_comes_after_a_reading_is_told_as_by_a_run_that_reads_everything() {
    let (delivered, plan, notebook) = &*DELIVERED;
    let (mut carried, mut noticed) = (0, BTreeSet::new());
    for damage in Damage::ALL {
        let mut world = delivered.clone();
        if world.apply(*damage).is_err() {
            // This world has no room for it.
            continue;
        }
        let store = afterwards(delivered, &world, plan.now - TimeDelta::days(3));
        let keys = world.keys().json();
        let own = notebook.copy();
        let reading = verify::run(plan.clone(), store.clone(), &world);
        for night in 0..2 {
            let remembering = own.run_with(plan.clone(), Arc::new(store.clone()), &keys);
            if remembering
                .findings
                .iter()
                .any(|finding| finding.what == What::RegionAbsent(AbsentPart::Remembered))
            {
                noticed.insert(damage.as_str());
                continue;
            }
            assert_eq!(
                beside_carrying(&remembering),
                beside_carrying(&reading),
                "{damage}, night {night}: {:?}",
                remembering.carried
            );
            carried += remembering.carried.days;
        }
    }
    assert!(carried > 500, "{carried} days");
    assert_eq!(Vec::from_iter(noticed), ["region-deleted"], "what nobody notices who remembers nothing");
}
