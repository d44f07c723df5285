//! Seals for tests, and what holds for all of them.
#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::trail::{DigestKind, ObjectName};

fn at(second: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + second)
}

/// Seal 0 of a place.
pub fn first(origin: Location) -> Seal {
    Seal {
        origin,
        source: "s3://logs/audit".to_owned(),
        time: at(0),
        tool: Tool { version: "0.1.0".to_owned(), rules: 1 },
        new_keys: BTreeSet::new(),
        run: None,
    }
}

/// A run that found tampering.
pub fn run(number: NonZeroU64, previous: Hash) -> SealedRun {
    SealedRun {
        number,
        window: Window::new(None, at(3600)).unwrap(),
        part: SealedPart::default(),
        depth: Depth::Full,
        softened: BTreeSet::new(),
        released: BTreeSet::new(),
        outcome: Outcome::Tampered,
        exit: 1,
        read: ObjectCounts { digests: 24, logs: 480 },
        carried: Carried::default(),
        keys: Hash::of(b"keys"),
        report: Hash::of(b"report"),
        previous,
        heads: BTreeSet::new(),
    }
}

fn time() -> impl Strategy<Value = Time> {
    (0i64..100_000_000, prop_oneof![Just(0u32), 0..1_000_000_000u32])
        .prop_map(|(second, nanos)| at(second) + TimeDelta::nanoseconds(i64::from(nanos)))
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from)
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", "[a-z0-9/._-]{0,30}", Just("-".to_owned()), Just("none".to_owned())]
}

fn name() -> impl Strategy<Value = HeadName> {
    (word(), hash()).prop_map(|(key, hash)| HeadName { key: key.into(), hash })
}

fn head(number: u64) -> impl Strategy<Value = SealedHead> {
    (word(), word(), hash(), time(), 1..=number).prop_map(|(bucket, key, hash, end, seen)| SealedHead {
        object: ObjectName::new(bucket, key),
        hash,
        end,
        seen: NonZeroU64::new(seen).unwrap(),
    })
}

fn part() -> impl Strategy<Value = SealedPart> {
    use proptest::collection::btree_set;
    (
        btree_set("[0-9]{12}", 0..3),
        btree_set("[a-z]{2}-[a-z]{4}-[1-9]", 0..3),
        btree_set("[a-z][a-z._-]{2,9}[a-z]", 0..3),
    )
        .prop_map(|(accounts, regions, trails)| SealedPart {
            accounts: accounts.iter().map(|word| word.parse().unwrap()).collect(),
            regions: regions.iter().map(|word| word.parse().unwrap()).collect(),
            trails: trails.iter().map(|word| word.parse().unwrap()).collect(),
        })
}

fn softened() -> impl Strategy<Value = Softened> {
    prop_oneof![
        (0..Code::ALL.len()).prop_map(|at| Softened::Accept(Code::ALL[at])),
        any::<u32>().prop_map(Softened::Retention),
        ("[0-9]{12}(/us-east-1(/a-trail)?)?", 0i64..100_000_000).prop_map(|(chains, second)| {
            let last = crate::trail::format_time(at(second));
            Softened::Ended(format!("{chains}@{last}").parse().unwrap())
        }),
    ]
}

fn counts() -> impl Strategy<Value = ObjectCounts> {
    any::<(u64, u64)>().prop_map(|(digests, logs)| ObjectCounts { digests, logs })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    (0usize..4).prop_map(|at| [Outcome::Intact, Outcome::Tampered, Outcome::Incomplete, Outcome::Empty][at])
}

fn sealed_run() -> impl Strategy<Value = SealedRun> {
    use proptest::collection::btree_set;
    let asked =
        (proptest::option::of(time()), time(), part(), btree_set(softened(), 0..4), btree_set(name(), 0..3));
    let found =
        (outcome(), any::<u8>(), counts(), counts(), proptest::option::of(time()), [hash(), hash(), hash()]);
    (1..=u64::MAX, asked, found, 0usize..3).prop_flat_map(|(number, asked, found, depth)| {
        btree_set(head(number), 0..6).prop_map(move |heads| {
            let (start, end, part, softened, released) = asked.clone();
            let (outcome, exit, read, objects, oldest_read_at, [keys, report, previous]) = found;
            SealedRun {
                number: NonZeroU64::new(number).unwrap(),
                window: Window::reaching(start, end),
                part,
                depth: [Depth::Full, Depth::Presence, Depth::Chain][depth],
                softened,
                released,
                outcome,
                exit,
                read,
                carried: Carried { objects, oldest_read_at },
                keys,
                report,
                previous,
                heads,
            }
        })
    })
}

fn seal() -> impl Strategy<Value = Seal> {
    let place = (word(), word()).prop_map(|(bucket, prefix)| Location::new(bucket, &*prefix));
    let keys = proptest::collection::btree_set((0u8..9, "[a-zé]{1,9}"), 0..3);
    let tool = (word(), any::<u32>()).prop_map(|(version, rules)| Tool { version, rules });
    let run = proptest::option::of(sealed_run());
    (place, word(), time(), tool, keys, run).prop_map(|(origin, source, time, tool, keys, run)| {
        let key = |(seed, name): &(u8, String)| SigningKey::from_seed(name, [*seed; 32]).unwrap().verifier();
        Seal { origin, source, time, tool, new_keys: keys.iter().map(key).collect(), run }
    })
}

proptest! {
    #[test]
    fn a_seal_comes_back_from_its_text(seal in seal()) {
        let text = seal.text();
        prop_assert!(text.ends_with('\n') && !text.contains("\n\n"));
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\n'));
        prop_assert_eq!(Seal::parse(&text), Ok(seal));
    }

    #[test]
    fn a_text_that_is_read_is_the_text_that_is_written(seal in seal(), at: prop::sample::Index, sign in "[ -~\n]{0,2}") {
        let mut text = seal.text();
        let at = at.index(text.len());
        text.replace_range(at..=at, &sign);
        if let Ok(other) = Seal::parse(&text) {
            prop_assert_eq!(other.text(), text);
        }
    }
}

#[test]
fn what_a_baseline_holds_to_are_the_heads_that_are_digests() {
    let digest = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/\
                  111122223333_CloudTrail-Digest_us-east-1_trail_eu-west-1_20260301T101728Z.json.gz";
    let head = |key: &str| SealedHead {
        object: ObjectName::new("logs", key),
        hash: Hash::of(key.as_bytes()),
        end: at(0),
        seen: NonZeroU64::MIN,
    };
    let run =
        SealedRun { heads: [head(digest), head("notes.txt")].into(), ..run(NonZeroU64::MIN, Hash::of(b"")) };
    let seal = Seal { run: Some(run), ..first(Location::new("logs", "")) };
    let baseline = seal.baseline("witness", Hash::of(b"note"));
    assert_eq!((&*baseline.place, baseline.hash, baseline.heads.len()), ("witness", Hash::of(b"note"), 1));
    let held = &baseline.heads[0];
    assert_eq!((&*held.object.key, held.chain.kind, held.end), (digest, DigestKind::Standard, at(0)));
    assert_eq!(held.chain.home_region.as_str(), "eu-west-1");
}
