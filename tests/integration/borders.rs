//! What happens at midnight: digests that vouch for each other across it, files that are named across it, and chains that
//! break there. Each world has its right answer, and a run in parts gives the same one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use chrono::TimeDelta;
use serde_json::json;
use trailseal::audit::Ended;
use trailseal::audit::{Days, Plan};
use trailseal::forge::{Turn, World};
use trailseal::render::message;
use trailseal::report::Report;
use trailseal::report::{Class, Code};
use trailseal::trail::key::{DigestKey, ObjectKey};
use trailseal::trail::{AccountRegion, Day, DigestKind, ObjectName, Time, format_time};

use crate::support::judged::{accuses_nobody, counted, far_place, holds};
use crate::support::memory::{Keeps, Memory};
use crate::support::parts::{
    Case, FIRST, LAST, WORLD, at, days_long, digests, logs, memory, midnights, remove,
};
use crate::support::resigned::{
    begin_anew, end, ends_at, fork, name, put, record, rewrite, sign_anew, text, unsign,
};

static BACKFILL: LazyLock<World> = LazyLock::new(|| days_long(&[Turn::Backfill]));

fn folder(world: &World) -> Memory {
    Memory::new(world, Keeps::BodiesOnly, 1000)
}

/// A folder, asked for a window that ends long before the newest digest: nothing in it waits for a voucher.
fn in_folder(store: Memory) -> Case {
    let case = Case::of(&WORLD, Keeps::BodiesOnly, store);
    Case { plan: Plan { end: Some(at("2026-03-01T18:00:00Z")), ..case.plan.clone() }, ..case }
}

fn in_bucket(store: Memory) -> Case {
    Case::of(&WORLD, Keeps::Metadata, store)
}

fn put_here(store: &mut Memory, named: &str, unique: &str) -> serde_json::Value {
    put(store, &WORLD.plan().bucket, &far_place(&WORLD), at(named), unique)
}

/// Where the only finding of a code is.
#[track_caller]
fn object_of(report: &Report, code: Code) -> &ObjectName {
    let mut found = report.findings.iter().filter(|finding| finding.code() == code);
    let (Some(finding), None) = (found.next(), found.next()) else { panic!("{:#?}", report.findings) };
    finding.object.as_ref().unwrap()
}

// Border.

#[test]
fn last_digest_of_a_day_is_vouched_by_the_next_days_first() {
    let digests = digests(&WORLD);
    let whole = in_bucket(memory(&WORLD)).told();
    holds(&whole, 0, &[]);
    let mut store = memory(&WORLD);
    unsign(&mut store, &digests[LAST]);
    let report = in_bucket(store).told();
    holds(&report, 1, &[("tamper digest-unsigned", 1)]);
    assert_eq!(report.totals.logs, whole.totals.logs);

    // A folder keeps no signatures at all, and every digest has its word in the one after it.
    holds(&in_folder(folder(&WORLD)).told(), 0, &[]);
    let mut store = folder(&WORLD);
    remove(&mut store, [digests[FIRST].clone()]);
    holds(
        &in_folder(store).told(),
        1,
        &[
            ("tamper digest-missing", 1),
            ("incomplete digest-unsigned", 1),
            ("incomplete coverage-gap", 1),
            ("incomplete log-unproven", logs(&WORLD, [LAST]).len()),
            ("incomplete log-unlisted", logs(&WORLD, [FIRST]).len()),
        ],
    );
}

/// The world as it was when the first digest of 1 March had come, in both regions.
fn cut_after_midnight(mut store: Memory) -> Memory {
    let midnight = at("2026-03-01T00:00:00Z");
    for chain in WORLD.chains() {
        for digest in chain.digests.iter().skip(FIRST + 1) {
            remove(&mut store, digest.logs().iter().map(|log| log.object.clone()));
            remove(&mut store, [digest.object().clone()]);
        }
        assert!(
            end(chain.digests[LAST].object()) < midnight && midnight < end(chain.digests[FIRST].object())
        );
    }
    store
}

fn all_logs(at: usize) -> usize {
    WORLD.chains().iter().map(|chain| chain.digests[at].logs().len()).sum()
}

#[test]
fn unsigned_newest_stays_unsigned_however_cut() {
    let bucket = in_bucket(cut_after_midnight(memory(&WORLD)));
    let now = at("2026-03-01T02:30:00Z");
    holds(&Case { plan: Plan { end: None, now, ..bucket.plan.clone() }, ..bucket }.told(), 0, &[]);

    let folder = in_folder(cut_after_midnight(folder(&WORLD)));
    let folder = Case { plan: Plan { end: None, ..folder.plan.clone() }, ..folder };
    let unsigned = [("incomplete digest-unsigned", 2), ("incomplete log-unproven", all_logs(FIRST))];
    for cuts in [&midnights()[..], &midnights()[1..2], &midnights()[..1]] {
        let report = folder.holds(cuts, 7, 0);
        holds(&report, 3, &unsigned);
        for finding in report.findings.iter().filter(|finding| finding.code() == Code::DigestUnsigned) {
            let named = finding.object.as_ref().unwrap();
            assert_eq!(Day::of_digest(end(named)).to_string(), "2026-03-01");
        }
    }
}

#[test]
fn a_claimed_successor_does_not_accuse_across_midnight() {
    let digests = digests(&WORLD);
    let garbled = |store: &mut Memory| {
        rewrite(store, &digests[FIRST], |digest| digest["previousDigestSignature"] = json!("00".repeat(256)));
    };
    // Nobody vouches for the newest, which says that the one before it has another signature.
    let mut store = cut_after_midnight(folder(&WORLD));
    garbled(&mut store);
    let case = in_folder(store);
    let report = Case { plan: Plan { end: None, ..case.plan.clone() }, ..case }.told();
    accuses_nobody(&report, 3);
    let unproven = all_logs(FIRST) + logs(&WORLD, [LAST]).len();
    holds(&report, 3, &[("incomplete digest-unsigned", 3), ("incomplete log-unproven", unproven)]);

    // An authentic one accuses.
    let mut store = folder(&WORLD);
    rewrite(&mut store, &digests[LAST], |digest| digest["note"] = json!("edited"));
    let edited = [
        ("tamper digest-link-broken", 1),
        ("incomplete coverage-gap", 1),
        ("incomplete log-unproven", logs(&WORLD, [LAST]).len()),
    ];
    let report = in_folder(store.clone()).told();
    holds(&report, 1, &[&edited[..], &[("tamper digest-signature-invalid", 1)]].concat());

    // One that is itself vouched for by a digest which the day before does not hear of does not speak there; that it
    // recorded another content is seen where the chain is linked.
    let recorded = text(&mut store, &digests[FIRST]);
    sign_anew(&mut store, &digests[FIRST..], |place, digest| match place {
        0 => begin_anew(digest),
        1 => record(digest, &recorded),
        _ => {}
    });
    let unproven = logs(&WORLD, LAST..=FIRST).len();
    holds(
        &in_folder(store).told(),
        1,
        &[
            ("tamper digest-link-broken", 1),
            ("incomplete digest-unsigned", 2),
            ("incomplete coverage-gap", 1),
            ("incomplete log-unproven", unproven),
        ],
    );
}

#[test]
fn sparse_backfill_is_vouched_across_days() {
    let ends = ["2026-02-27T23:30:10Z", "2026-02-28T12:00:10Z", "2026-03-01T17:00:10Z"].map(at);
    let chain = BACKFILL.chains().iter().find(|chain| chain.id.kind == DigestKind::Backfill).unwrap();
    let backfill: Vec<ObjectName> = chain.digests.iter().map(|digest| digest.object().clone()).collect();
    let sparse = |mut store: Memory| {
        sign_anew(&mut store, &backfill, |place, digest| ends_at(digest, ends[place]));
        store
    };
    holds(&Case::of(&BACKFILL, Keeps::Metadata, sparse(memory(&BACKFILL))).told(), 0, &[]);
    // The first is vouched for half a day later, the second a day later, the third not at all; what that says of files of
    // other days is not heard there.
    let case = Case::of(&BACKFILL, Keeps::BodiesOnly, sparse(folder(&BACKFILL)));
    let plan = Plan { end: Some(at("2026-03-01T18:00:00Z")), ..case.plan.clone() };
    let report = Case { plan, ..case }.told();
    let unheard = chain.digests[2].logs().len();
    holds(&report, 3, &[("incomplete digest-unsigned", 1), ("incomplete log-unlisted", unheard)]);
    assert_eq!(end(object_of(&report, Code::DigestUnsigned)), ends[2]);
}

#[test]
fn uncut_run_knows_no_more_than_the_day() {
    let digests = digests(&WORLD);
    let begun_anew = |link: usize| {
        let mut store = folder(&WORLD);
        let recorded = text(&mut store, &digests[FIRST]);
        sign_anew(&mut store, &digests[FIRST..], |place, digest| match FIRST + place {
            FIRST => begin_anew(digest),
            place if place == link => record(digest, &recorded),
            _ => {}
        });
        in_folder(store).told()
    };
    // The day's last digest is recorded by one that is too late for the day to hear of, and by no other.
    let late = FIRST + 5;
    let report = begun_anew(late);
    holds(
        &report,
        3,
        &[
            ("notice chain-restarted", 1),
            ("incomplete digest-unsigned", 2),
            ("incomplete coverage-gap", 2),
            ("incomplete log-unproven", logs(&WORLD, [LAST, late - 1]).len()),
        ],
    );
    // By one that the day hears of.
    holds(
        &begun_anew(FIRST + 1),
        3,
        &[
            ("incomplete digest-unsigned", 1),
            ("incomplete coverage-gap", 1),
            ("incomplete log-unproven", logs(&WORLD, [FIRST]).len()),
        ],
    );
}

/// The far region's chain with digests that end on the hour.
fn on_the_hour() -> (Memory, Vec<ObjectName>) {
    let mut store = memory(&WORLD);
    let digests = digests(&WORLD);
    let signed = sign_anew(&mut store, &digests, |place, digest| {
        let seconds = end(&digests[place]).timestamp();
        ends_at(digest, Time::from_timestamp(seconds - seconds.rem_euclid(3600), 0).unwrap());
    });
    (store, signed)
}

#[test]
fn digest_ending_at_midnight() {
    let (mut store, digests) = on_the_hour();
    let midnight = at("2026-03-01T00:00:00Z");
    assert_eq!(end(&digests[FIRST]), midnight);
    let case = in_bucket(store.clone());
    holds(&case.told(), 0, &[]);
    // It belongs to the day that it covers, although its folder is that of the day after.
    assert!(digests[FIRST].key.contains("/2026/03/01/"));
    let records = case.records(Days::default(), 1000, 8);
    let record = records.iter().find(|record| record.place == far_place(&WORLD)).unwrap();
    let last_of = |day: &str| {
        let chains = &record.days[&day.parse::<Day>().unwrap()].chains;
        chains.values().next().unwrap().items.last().unwrap().key.end
    };
    assert_eq!(last_of("2026-02-28"), midnight);
    assert_eq!(last_of("2026-02-27"), midnight - TimeDelta::days(1));

    remove(&mut store, [digests[FIRST].clone()].into_iter().chain(logs(&WORLD, [FIRST])));
    let report = in_bucket(store).told();
    holds(&report, 1, &[("tamper digest-missing", 1), ("incomplete coverage-gap", 1)]);
    assert_eq!(object_of(&report, Code::DigestMissing), &digests[FIRST]);
}

#[test]
fn first_digest_names_yesterdays_files() {
    let digests = digests(&WORLD);
    // In a folder the newest digest, which nobody vouches for, may name anything.
    let unnamed = [(1, "tamper log-unlisted"), (3, "incomplete log-unlisted")];
    for (in_folders, (exit, unlisted)) in unnamed.into_iter().enumerate() {
        let case = [in_bucket, in_folder][in_folders];
        let mut store = [memory, folder][in_folders](&WORLD);
        let whole = case(store.clone()).told();
        let files =
            ["2026-02-28T23:50:00Z", "2026-02-28T23:55:00Z"].map(|time| put_here(&mut store, time, "Late"));
        holds(&case(store.clone()).told(), exit, &[(unlisted, 2)]);
        // By the first digest of the day, and by the second: without signatures of their own, the day before hears the word
        // on the first, and not that on the second.
        sign_anew(&mut store, &digests[FIRST..], |place, digest| {
            if let Some(file) = files.get(place) {
                name(digest, file);
            }
        });
        let report = case(store).told();
        holds(&report, 0, &[]);
        assert_eq!(report.totals.logs.intact, whole.totals.logs.intact + 2);
    }
}

#[test]
fn file_in_neighbouring_digests_counts_once() {
    let digests = digests(&WORLD);
    let whole = in_bucket(memory(&WORLD)).told().totals.logs.intact;
    let named_by = |namers: [usize; 2]| {
        let mut store = memory(&WORLD);
        let file = put_here(&mut store, "2026-02-28T23:50:00Z", "Twice");
        sign_anew(&mut store, &digests, |place, digest| {
            if namers.contains(&place) {
                name(digest, &file);
            }
        });
        let report = in_bucket(store).told();
        holds(&report, 0, &[]);
        report.totals.logs.intact - whole
    };
    assert_eq!(named_by([LAST, FIRST]), 1);
    assert_eq!(named_by([FIRST, FIRST + 1]), 1);
    // Days that do not hear of each other's digests each count it.
    assert_eq!(named_by([LAST - 4, FIRST + 9]), 2);
}

#[test]
fn same_file_two_hashes_two_days() {
    let digests = digests(&WORLD);
    let whole = in_bucket(memory(&WORLD)).told().totals.logs;
    let mut store = memory(&WORLD);
    let file = put_here(&mut store, "2026-02-28T23:20:00Z", "Disputed");
    let mut other = file.clone();
    other["hashValue"] = json!("0".repeat(64));
    sign_anew(&mut store, &digests[LAST..], |place, digest| match place {
        0 => name(digest, &file),
        1 => name(digest, &other),
        _ => {}
    });
    let report = in_bucket(store).told();
    holds(&report, 1, &[("tamper log-modified", 1)]);
    assert_eq!(report.totals.logs.intact, whole.intact + 1);
    assert_eq!(report.findings[0].digest.as_ref(), Some(&digests[FIRST]));
}

// Chain.

#[test]
fn rollback_of_a_days_last_digest() {
    let digests = digests(&WORLD);
    let mut store = memory(&WORLD);
    let file = put_here(&mut store, "2026-02-28T23:00:00Z", "Dropped");
    sign_anew(&mut store, &digests[LAST..], |place, digest| {
        if place == 0 {
            name(digest, &file);
        }
    });
    holds(&in_bucket(store.clone()).told(), 0, &[]);
    // AWS signed an earlier version of the hour, too.
    sign_anew(&mut store, &digests[LAST..=LAST], |_, digest| {
        digest["logFiles"].as_array_mut().unwrap().pop();
    });
    let report = in_bucket(store).told();
    holds(&report, 1, &[("tamper digest-link-broken", 1), ("tamper log-unlisted", 1)]);
    assert_eq!(object_of(&report, Code::DigestLinkBroken), &digests[LAST]);
}

#[test]
fn missing_run_over_two_midnights() {
    let digests = digests(&WORLD);
    let mut store = memory(&WORLD);
    let (first, last) = (1, FIRST + 1);
    let run = first + 1..=last;
    assert!(end(&digests[first]) < midnights()[0].start() && midnights()[1].start() < end(&digests[last]));
    remove(&mut store, digests[run.clone()].to_vec());
    let report = in_bucket(store).told();
    holds(
        &report,
        1,
        &[
            ("tamper digest-missing", run.clone().count()),
            ("incomplete coverage-gap", 1),
            ("incomplete log-unlisted", logs(&WORLD, run.clone()).len()),
        ],
    );
    let mut missing: Vec<&ObjectName> = report
        .findings
        .iter()
        .filter(|finding| finding.code() == Code::DigestMissing)
        .map(|finding| finding.object.as_ref().unwrap())
        .collect();
    missing.sort();
    assert_eq!(missing, digests[run].iter().collect::<Vec<_>>());
}

#[test]
fn restart_at_midnight() {
    let digests = digests(&WORLD);
    let begun_anew = |silent: usize| {
        let mut store = memory(&WORLD);
        let hours = FIRST - silent..FIRST;
        remove(&mut store, digests[hours.clone()].iter().cloned().chain(logs(&WORLD, hours)));
        sign_anew(&mut store, &digests[FIRST..], |place, digest| {
            if place == 0 {
                begin_anew(digest);
            }
        });
        let report = in_bucket(store).told();
        let told = report.findings.iter().find(|finding| finding.code() == Code::ChainRestarted).unwrap();
        let before = format_time(end(&digests[FIRST - silent - 1]));
        assert!(message(told).contains(&before), "{}", message(told));
        assert_eq!(told.object.as_ref(), Some(&digests[FIRST]));
        report
    };
    holds(&begun_anew(0), 0, &[("notice chain-restarted", 1)]);
    let silence = [("notice chain-restarted", 1), ("incomplete coverage-gap", 1)];
    holds(&begun_anew(2), 3, &silence);
    // Silent for the whole day before.
    holds(&begun_anew(24), 3, &silence);
}

#[test]
fn two_digests_in_one_hour() {
    let digests = digests(&WORLD);
    let noon = FIRST + 12;
    let beside = |change: fn(&mut serde_json::Value)| {
        let mut store = memory(&WORLD);
        fork(&mut store, &digests[noon], end(&digests[noon]) + TimeDelta::seconds(40), change);
        in_bucket(store).told()
    };
    let report = beside(|_| {});
    holds(&report, 0, &[]);
    let whole = in_bucket(memory(&WORLD)).told();
    assert_eq!(report.totals.digests.authentic, whole.totals.digests.authentic + 1);
    assert_eq!(report.totals.logs, whole.totals.logs);
    // What both lead to is missing once.
    let mut store = memory(&WORLD);
    fork(&mut store, &digests[noon], end(&digests[noon]) + TimeDelta::seconds(40), |_| {});
    remove(&mut store, [digests[noon - 1].clone()]);
    let report = in_bucket(store).told();
    assert_eq!((report.totals.digests.missing, report.count(Class::Tamper, Code::DigestMissing)), (1, 1));
    // Both record the digest before them, and one of them records another.
    let report = beside(|digest| digest["previousDigestHashValue"] = json!("0".repeat(64)));
    holds(&report, 1, &[("tamper digest-link-broken", 1)]);
    assert_eq!(object_of(&report, Code::DigestLinkBroken), &digests[noon - 1]);
}

#[test]
fn fork_into_an_earlier_segment() {
    let digests = digests(&WORLD);
    let (morning, next_noon) = (LAST - 15, FIRST + 12);
    let mut store = memory(&WORLD);
    let recorded = text(&mut store, &digests[morning + 1]);
    let linked = end(&digests[next_noon]) + TimeDelta::seconds(40);
    fork(&mut store, &digests[next_noon], linked, |digest| record(digest, &recorded));
    holds(&in_bucket(store.clone()).told(), 0, &[]);
    // The digest that both lead to is missed, from whichever day it is looked at.
    remove(&mut store, [digests[morning].clone()]);
    let report = in_bucket(store).told();
    assert_eq!(report.exit_code(), 1);
    let missing: Vec<_> = report.findings.iter().filter(|finding| finding.class() == Class::Tamper).collect();
    assert!(missing.iter().all(|finding| finding.object.as_ref() == Some(&digests[morning])), "{missing:#?}");
    assert_eq!(counted(&report)["incomplete coverage-gap"], 1);
}

fn moment(key: &str) -> Option<(AccountRegion, Time)> {
    Some(match ObjectKey::parse(key)? {
        ObjectKey::Digest(digest) => (digest.chain.place, digest.end),
        ObjectKey::Log(log) => (log.place, log.delivered),
    })
}

#[test]
fn chain_ended_before_the_window() {
    let place = far_place(&WORLD);
    let mut store = memory(&WORLD);
    let cut_off = at("2026-02-28T06:00:00Z");
    store
        .objects()
        .retain(|object, _| moment(&object.key).is_none_or(|(of, moment)| of != place || moment < cut_off));
    let last = digests(&WORLD).into_iter().rfind(|digest| end(digest) < cut_off).unwrap();
    for start in ["2026-02-28T14:00:00Z", "2026-03-01T01:00:00Z", "2026-03-01T00:00:00Z"] {
        let case = in_bucket(store.clone());
        let case = Case { plan: Plan { start: Some(at(start)), ..case.plan.clone() }, ..case };
        let report = case.told();
        holds(&report, 3, &[("incomplete chain-ended", 1)]);
        assert_eq!(object_of(&report, Code::ChainEnded), &last);
        let ended = vec![Ended::of(&DigestKey::parse(&last.key).unwrap().chain, end(&last))];
        let acknowledged = Case { plan: Plan { ended, ..case.plan.clone() }, ..case };
        holds(&acknowledged.told(), 0, &[("notice chain-ended", 1)]);
    }
}

#[test]
fn backfill_without_standard() {
    let mut store = memory(&BACKFILL);
    let backfill = BACKFILL.chains().iter().find(|chain| chain.id.kind == DigestKind::Backfill).unwrap();
    holds(&Case::of(&BACKFILL, Keeps::Metadata, store.clone()).told(), 0, &[]);
    store.objects().retain(|object, _| {
        DigestKey::parse(&object.key)
            .is_none_or(|key| key.chain.place != backfill.id.place || key.chain.kind == DigestKind::Backfill)
    });
    // Once for the trail, and once for its log files of all days.
    let report = Case::of(&BACKFILL, Keeps::Metadata, store).told();
    holds(&report, 3, &[("incomplete region-absent", 2)]);
}
