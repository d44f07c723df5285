//! Runs by chance: whatever a store fails to give, nobody is accused; whatever somebody with write access does to the part of
//! the record that was looked at, the run does not end in 0.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use bytes::Bytes;
use chrono::TimeDelta;
use trailseal::audit::NamedBy;
use trailseal::audit::Plan;
use trailseal::forge::{self, Turn, World};
use trailseal::report::Class;
use trailseal::store::{Metadata, StoreErrorKind, UserMetadata};
use trailseal::trail::key::DigestKey;
use trailseal::trail::{AccountRegion, ChainId, Depth, DigestKind, ObjectName, Origin, Prefix, Time};

use crate::support::judged::{counted, plant};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::verify::{attempt, plan, run};

/// Numbers that look random and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Worlds of every kind of history.
static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
    let organization = || Some("o-exampleorgid".parse().unwrap());
    let two_trails = || ["management-events", "data-events"].map(|name| name.parse().unwrap()).into();
    let plan = |change: fn(&mut forge::WorldPlan)| {
        let mut plan = forge::WorldPlan {
            accounts: 1,
            regions: 2,
            hours: 36,
            logs_per_hour: 1,
            events_per_log: 2,
            ..forge::WorldPlan::default()
        };
        change(&mut plan);
        plan
    };
    let mut plans = vec![
        plan(|_| {}),
        plan(|plan| plan.turns = [Turn::Backfill, Turn::Redelivery].into()),
        plan(|plan| plan.turns = [Turn::Restart].into()),
        // With a second bucket, a region whose digests there are all gone would have left no trace where was looked.
        plan(|plan| plan.turns = [Turn::PrefixChange].into()),
        plan(|plan| plan.turns = [Turn::OrganizationChange].into()),
        plan(|plan| plan.turns = [Turn::LateRegion].into()),
    ];
    plans.push(forge::WorldPlan { organization: organization(), ..plan(|plan| plan.accounts = 2) });
    plans.push(forge::WorldPlan { trails: two_trails(), turns: [Turn::Restart].into(), ..plan(|_| {}) });
    plans.iter().map(|plan| World::forge(plan).unwrap()).collect()
});

/// Some question about a world: a window inside it, with a closed or an open end, of a bucket or a folder.
fn question(chance: &mut Chance, world: &World) -> Plan {
    let hours = world.plan().hours;
    let at = |hour: u32| world.plan().start + TimeDelta::hours(i64::from(hour));
    let start = 1 + chance.below(hours as usize / 2) as u32;
    let end = start + 6 + chance.below((hours - start - 6) as usize) as u32;
    let now = at(hours) + TimeDelta::minutes(100);
    let depth = *chance.pick(&[Depth::Full, Depth::Full, Depth::Presence, Depth::Chain]);
    let (named_by, origin) = *chance.pick(&[
        (NamedBy::BucketAndKey, Origin::Delivered),
        (NamedBy::BucketAndKey, Origin::Delivered),
        (NamedBy::KeyOnly, Origin::Folder),
    ]);
    Plan {
        start: Some(at(start)),
        end: (chance.below(3) > 0).then(|| at(end)),
        now,
        depth,
        named_by,
        origin,
        prefix: Prefix::default(),
        ..plan(&world.truth())
    }
}

fn memory(world: &World, plan: &Plan) -> Memory {
    let mut store = Memory::new(world, Keeps::Metadata, 1000);
    if plan.origin == Origin::Folder {
        store.modified().clear();
        let bucket = plan.bucket.clone();
        // A folder holds what one bucket held.
        store.objects().retain(|object, _| object.bucket == bucket);
    }
    store
}

const OUTAGES: [StoreErrorKind; 9] = [
    StoreErrorKind::Denied,
    StoreErrorKind::Archived,
    StoreErrorKind::KeyRefused,
    StoreErrorKind::Throttled,
    StoreErrorKind::CredentialsExpired,
    StoreErrorKind::CutOff,
    StoreErrorKind::TimedOut,
    StoreErrorKind::NoSuchBucket,
    StoreErrorKind::Failed,
];

/// An outage of its own for each seed: some questions fail, always the same ones.
fn outage(seed: u64) -> impl Fn(Ask<'_>) -> Option<StoreErrorKind> + Send + Sync + 'static {
    let mut chance = Chance(seed);
    let (gets, lists) = (chance.below(60) as u64, chance.below(40) as u64);
    move |ask| {
        let (text, share) = match ask {
            Ask::Get(_, key) => (key, gets),
            Ask::List(_, prefix) => (prefix, lists),
        };
        let hash =
            text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut chance = Chance(hash);
        (chance.next() % 100 < share).then(|| *chance.pick(&OUTAGES))
    }
}

#[test]
fn outages_by_chance_accuse_nobody() {
    for seed in 0..400 {
        let mut chance = Chance(seed);
        let world = chance.pick(&WORLDS);
        let plan = question(&mut chance, world);
        let told = format!("seed {seed}: {:?} {:?} {:?}", plan.depth, plan.start, plan.end);
        let store = Faulty { store: memory(world, &plan), script: outage(seed), late: None };
        // The first listing of all decides whether a run can begin.
        let Ok(report) = attempt(plan, store, world) else { continue };
        let crime = report.findings.iter().find(|finding| finding.class() == Class::Tamper);
        assert!(crime.is_none(), "{told}: {crime:#?}");
    }
}

/// What somebody does to the record, where the window looks.
struct Attack<'a> {
    chance: &'a mut Chance,
    world: &'a World,
    from: Time,
    to: Time,
}

impl Attack<'_> {
    /// The standard digests whose hour lies in the window, and not in the time that may still be under way.
    fn digests(&self, store: &mut Memory) -> Vec<(ObjectName, DigestKey)> {
        store
            .objects()
            .keys()
            .filter_map(|object| Some((object.clone(), DigestKey::parse(&object.key)?)))
            .filter(|(_, key)| key.chain.kind == DigestKind::Standard)
            .filter(|(_, key)| self.from + TimeDelta::hours(1) <= key.end && key.end <= self.to)
            .collect()
    }

    /// Log files that digests of the window name.
    fn logs(&self, store: &mut Memory) -> Vec<ObjectName> {
        let window: Vec<ObjectName> = self.digests(store).into_iter().map(|(object, _)| object).collect();
        let digests = self.world.chains().iter().flat_map(|chain| &chain.digests);
        digests
            .filter(|digest| window.contains(digest.object()))
            .flat_map(|digest| digest.logs())
            .map(|log| log.object.clone())
            .filter(|object| store.objects().contains_key(object))
            .collect()
    }

    fn places(&self, store: &mut Memory) -> Vec<AccountRegion> {
        let mut places: Vec<_> = self.digests(store).into_iter().map(|(_, key)| key.chain.place).collect();
        places.dedup();
        places
    }

    /// Does one thing, if there is something to do it to, and says what.
    fn strike(&mut self, store: &mut Memory, depth: Depth) -> Option<String> {
        let digests = self.digests(store);
        let logs = self.logs(store);
        let (digest, key) = self.chance.pick(non_empty(&digests)?).clone();
        let digests_alone = depth == Depth::Chain;
        Some(match self.chance.below(12) {
            0 => {
                store.objects().remove(&digest);
                format!("deleted {digest}")
            }
            1 => {
                let other = self.chance.pick(&digests).0.clone();
                if other == digest {
                    return None;
                }
                let stolen = store.objects()[&other].clone();
                store.objects().insert(digest.clone(), stolen);
                format!("put {other} in the place of {digest}")
            }
            2 => {
                let (body, metadata) = store.objects()[&digest].clone();
                let at = self.chance.below(body.len().max(1));
                let mut bytes = body.to_vec();
                bytes.truncate(at.max(1));
                store.objects().insert(digest.clone(), (bytes.into(), metadata));
                format!("cut {digest} short")
            }
            3 => {
                let from = key.end;
                let gone: Vec<ObjectName> = of_chain(store, &key.chain)
                    .into_iter()
                    .filter(|(_, end)| *end >= from)
                    .map(|(object, _)| object)
                    .collect();
                gone.iter().for_each(|object| drop(store.objects().remove(object)));
                format!("cut {}'s tail off from {from}", key.chain.trail)
            }
            4 => {
                // All standard digests but what lies before the window.
                let place = key.chain.place.clone();
                let from = self.from;
                store.objects().retain(|object, _| {
                    DigestKey::parse(&object.key).is_none_or(|key| {
                        key.chain.place != place || key.chain.kind == DigestKind::Backfill || key.end <= from
                    })
                });
                format!("wiped the digests of {place:?}")
            }
            5 if !digests_alone => {
                let log = self.chance.pick(non_empty(&logs)?).clone();
                store.objects().remove(&log);
                format!("deleted {log}")
            }
            6 if depth == Depth::Full => {
                let log = self.chance.pick(non_empty(&logs)?).clone();
                let other = self.chance.pick(&logs).clone();
                if other == log {
                    return None;
                }
                let stolen = store.objects()[&other].clone();
                store.objects().insert(log.clone(), stolen);
                format!("put {other} in the place of {log}")
            }
            7 if depth == Depth::Full => {
                let log = self.chance.pick(non_empty(&logs)?).clone();
                store.objects().insert(log.clone(), (Bytes::from_static(b"<html>"), Metadata::NotKept(None)));
                format!("wrote over {log}")
            }
            8 | 9 if !digests_alone => {
                let places = self.places(store);
                let place = self.chance.pick(non_empty(&places)?).clone();
                let room = (self.to - self.from).num_minutes() - 30;
                if room <= 0 {
                    return None;
                }
                let time = self.from + TimeDelta::minutes(10 + self.chance.below(room as usize) as i64);
                let planted = plant(store, &place, time);
                let odd = self.chance.pick(&[".json.gz", "_2.json.gz", ".json", ".JSON.GZ.old"]).to_owned();
                let key = planted.key.replace(".json.gz", odd);
                let stored = store.objects().remove(&planted).unwrap();
                let object = ObjectName::new(planted.bucket, key);
                store.objects().insert(object.clone(), stored);
                format!("planted {object}")
            }
            10 => {
                let (body, _) = store.objects()[&digest].clone();
                let signature = Some("00".repeat(256).into());
                let metadata = Metadata::Kept(UserMetadata { signature, ..UserMetadata::default() });
                store.objects().insert(digest.clone(), (body, metadata));
                format!("signed {digest} anew")
            }
            _ => {
                let mut ghost = key.clone();
                ghost.chain.trail = "no-such-trail".parse().unwrap();
                let object = ObjectName::new(digest.bucket, ghost.to_string());
                store.objects().insert(object.clone(), (Bytes::new(), Metadata::NotKept(None)));
                format!("made up {object}")
            }
        })
    }
}

fn non_empty<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn of_chain(store: &mut Memory, chain: &ChainId) -> Vec<(ObjectName, Time)> {
    let keys =
        store.objects().keys().filter_map(|object| Some((object.clone(), DigestKey::parse(&object.key)?)));
    keys.filter(|(_, key)| key.chain == *chain).map(|(object, key)| (object, key.end)).collect()
}

#[test]
fn nothing_that_is_done_to_the_record_ends_in_success() {
    let mut struck = 0;
    for seed in 0..500 {
        let mut chance = Chance(seed ^ 0xa77ac4);
        let world = chance.pick(&WORLDS);
        let plan = question(&mut chance, world);
        let mut store = memory(world, &plan);
        let due = plan.now - plan.grace;
        let (from, to) = (plan.start.unwrap(), plan.end.unwrap_or(plan.now).min(due));
        let depth = plan.depth;
        let strikes = 1 + chance.below(3);
        let mut deeds = Vec::new();
        let mut attack = Attack { chance: &mut chance, world, from, to };
        for _ in 0..strikes {
            deeds.extend(attack.strike(&mut store, depth));
        }
        if deeds.is_empty() {
            continue;
        }
        struck += 1;
        let told = format!("seed {seed}: {deeds:#?} {depth:?} {:?} {from} to {to}", plan.named_by);
        let hidden = chance.below(4) == 0;
        let report = match hidden {
            // Behind an outage too.
            true => {
                let faulty = Faulty { store, script: outage(seed), late: None };
                match attempt(plan, faulty, world) {
                    Ok(report) => report,
                    Err(_) => continue,
                }
            }
            false => run(plan, store, world),
        };
        assert_ne!(report.exit_code(), 0, "{told}: {:?}", counted(&report));
        assert_ne!(report.exit_code(), 4, "{told}: {:?}", counted(&report));
    }
    assert!(struck > 400, "only {struck} seeds did anything");
}

#[test]
fn nothing_done_is_success_by_chance_too() {
    for seed in 0..120 {
        let mut chance = Chance(seed);
        let world = chance.pick(&WORLDS[..2]);
        let plan = Plan {
            end: None,
            start: Some(world.plan().start + TimeDelta::hours(2)),
            ..question(&mut chance, world)
        };
        let store = memory(world, &plan);
        let report = run(plan, store, world);
        let lawful = report.findings.iter().all(|finding| finding.class() == Class::Notice);
        assert!(lawful && report.exit_code() == 0, "seed {seed}: {:?}", counted(&report));
    }
}
