#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::trail::{AccountRegion, DigestKind};

fn chain(trail: &str) -> ChainId {
    ChainId {
        place: AccountRegion {
            account: "111122223333".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            organization: None,
        },
        trail: trail.parse().unwrap(),
        home_region: "us-east-1".parse().unwrap(),
        kind: DigestKind::Standard,
    }
}

/// A trail's digest that ends at this hour; `content` makes its hash.
fn saw(trail: &str, hour: i64, content: &str) -> Head {
    let end = Time::UNIX_EPOCH + TimeDelta::hours(500_000 + hour);
    let key = DigestKey { prefix: Prefix::default(), chain: chain(trail), end }.to_string();
    Head {
        chain: chain(trail),
        object: ObjectName::new("logs", key),
        hash: Hash::of(content.as_bytes()),
        end,
    }
}

fn sealed(trail: &str, hour: i64, seen: u64) -> SealedHead {
    let Head { object, hash, end, .. } = saw(trail, hour, "");
    SealedHead { object, hash, end, seen: NonZeroU64::new(seen).unwrap() }
}

fn names(heads: &[SealedHead]) -> BTreeSet<HeadName> {
    heads.iter().map(SealedHead::name).collect()
}

/// What the seal `number` remembers.
#[track_caller]
fn remembers(
    number: u64,
    previous: &[SealedHead],
    seen: &[Head],
    [kept, released]: [&[SealedHead]; 2],
    expected: &[SealedHead],
) {
    let number = NonZeroU64::new(number).unwrap();
    let previous = previous.iter().cloned().collect();
    let found = accumulate(number, &previous, seen, &names(kept), &names(released));
    assert_eq!(found, expected.iter().cloned().collect());
}

#[test]
fn of_each_chain_the_newest_is_remembered_also_where_nobody_looked() {
    let (one, two) = ([saw("one", 1, "")], [saw("one", 1, ""), saw("one", 3, ""), saw("two", 2, "")]);
    remembers(1, &[], &one, [&[], &[]], &[sealed("one", 1, 1)]);
    remembers(2, &[sealed("one", 1, 1)], &two, [&[], &[]], &[sealed("one", 3, 2), sealed("two", 2, 2)]);
    let both = [sealed("one", 3, 2), sealed("two", 2, 2)];
    remembers(3, &both, &[], [&[], &[]], &both);
    remembers(3, &both, &[saw("two", 9, "")], [&[], &[]], &[sealed("one", 3, 2), sealed("two", 9, 3)]);
    // Seen again as it was.
    remembers(3, &both, &[saw("two", 2, "")], [&[], &[]], &[sealed("one", 3, 2), sealed("two", 2, 3)]);
}

#[test]
fn a_run_over_an_earlier_time_takes_nothing_back() {
    let newest = [sealed("one", 5, 2)];
    remembers(3, &newest, &[saw("one", 4, "")], [&[], &[]], &newest);
    remembers(3, &newest, &[saw("one", 4, ""), saw("one", 5, "")], [&[], &[]], &[sealed("one", 5, 3)]);
}

#[test]
fn what_was_lost_stays_until_it_is_seen_again_or_released() {
    let lost = sealed("one", 5, 2);
    // Found lost, and the chain goes on, later or earlier than it.
    for hour in [3, 6] {
        let now = sealed("one", hour, 3);
        let both = [lost.clone(), now.clone()];
        remembers(
            3,
            std::slice::from_ref(&lost),
            &[saw("one", hour, "")],
            [std::slice::from_ref(&lost), &[]],
            &both,
        );
        // The next run finds it lost again; another does not look so far back. It stays with both.
        for kept in [&both[..1], &[]] {
            let then = [lost.clone(), sealed("one", 8, 4)];
            remembers(4, &both, &[saw("one", 8, "")], [kept, &[]], &then);
        }
        remembers(4, &both, &[], [&[], &[]], &both);
        // Back again.
        let seen = [saw("one", 5, ""), saw("one", 8, "")];
        remembers(4, &both, &seen, [&[], &[]], &[sealed("one", 8, 4)]);
        // Let go.
        remembers(4, &both, &[saw("one", 8, "")], [&[], std::slice::from_ref(&lost)], &[sealed("one", 8, 4)]);
        remembers(4, &both, &[], [&[], std::slice::from_ref(&lost)], &[now]);
    }
}

#[test]
fn what_was_changed_stays_beside_what_is_there_now() {
    let before = sealed("one", 5, 2);
    let now = saw("one", 5, "other bytes");
    let after = SealedHead { hash: now.hash, ..sealed("one", 5, 3) };
    let expected = [before.clone(), after];
    // Whether or not the caller says so: two digests of one name are two facts.
    for kept in [&expected[..1], &[]] {
        remembers(3, std::slice::from_ref(&before), std::slice::from_ref(&now), [kept, &[]], &expected);
    }
}

#[test]
fn a_key_that_is_no_digest_speaks_for_itself_alone() {
    let odd = |key: &str| SealedHead { object: ObjectName::new("logs", key), ..sealed("one", 1, 1) };
    let before = [odd("a"), odd("b")];
    let after = [odd("a"), odd("b"), sealed("one", 9, 2)];
    remembers(2, &before, &[saw("one", 9, "")], [&[], &[]], &after);
}

#[test]
fn heads_are_sorted_by_key_and_then_by_end() {
    let mut heads = vec![sealed("two", 1, 1), sealed("one", 2, 1), sealed("one", 1, 2)];
    let later = SealedHead { end: heads[0].end + TimeDelta::hours(1), ..heads[0].clone() };
    heads.insert(0, later.clone());
    heads.sort();
    assert_eq!(heads, [sealed("one", 1, 2), sealed("one", 2, 1), sealed("two", 1, 1), later]);
}

proptest! {
    /// Runs of any kind one after another: what a chain's newest head was is only outdone by a later one, and a loss is not
    /// forgotten by looking elsewhere.
    #[test]
    fn no_run_makes_a_chain_forgotten(runs in proptest::collection::vec((0i64..9, any::<bool>()), 1..12)) {
        let mut heads = BTreeSet::new();
        for (number, (hour, loses)) in (1u64..).zip(runs) {
            let lost = if loses { heads.iter().map(SealedHead::name).collect() } else { BTreeSet::new() };
            let now = accumulate(NonZeroU64::new(number).unwrap(), &heads, &[saw("one", hour, "")], &lost, &BTreeSet::new());
            let newest = |heads: &BTreeSet<SealedHead>| heads.iter().map(|head| head.end).max();
            prop_assert!(newest(&now) >= newest(&heads));
            let again = HeadName::of(&saw("one", hour, "").object, Hash::of(b""));
            let kept: BTreeSet<HeadName> = now.iter().map(SealedHead::name).collect();
            prop_assert!(lost.iter().all(|lost| *lost == again || kept.contains(lost)));
            let none = accumulate(NonZeroU64::new(number + 1).unwrap(), &now, &[], &BTreeSet::new(), &BTreeSet::new());
            prop_assert_eq!(&none, &now);
            heads = now;
        }
    }
}
