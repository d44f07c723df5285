//! Each fault beside its control.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::crypto::Hash;
use crate::report::Class;
use crate::seal::{SealedRun, SigningKey};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("seals", [seed; 32]).unwrap()
}

fn origin() -> Location {
    Location::new("logs", "audit/")
}

/// Seals as one program made them, 0 to `last`, each naming the one before it.
fn seals(last: u64) -> Vec<Seal> {
    let first = crate::seal::text::tests::first(origin());
    let mut seals = vec![first];
    while seals.len() as u64 <= last {
        let previous = seals.last().unwrap();
        let run = crate::seal::text::tests::run(previous.next_number(), previous.hash());
        seals.push(Seal { run: Some(run), ..previous.clone() });
    }
    seals
}

fn file(number: u64, seal: &Seal, keys: &[&SigningKey]) -> WitnessFile {
    let bytes = seal.signed_by(keys).unwrap().to_string().into_bytes();
    WitnessFile { number, content: Content::Bytes(bytes) }
}

fn holdings(seals: &[Seal]) -> Holdings {
    let files = seals.iter().map(|seal| file(seal.number(), seal, &[&key(1)])).collect();
    let versions = Versions::Known { rewritten: BTreeSet::new() };
    Holdings { listed: Listed::Wholly, numbers: seals.iter().map(Seal::number).collect(), versions, files }
}

fn remembered(seal: &Seal) -> Option<Remembered> {
    Some(Remembered { number: seal.number(), hash: seal.hash() })
}

fn judged(holdings: &Holdings, remembered: Option<Remembered>) -> Witnessed {
    judge(holdings, &origin(), &[key(1).verifier()], remembered)
}

#[track_caller]
fn finds(holdings: &Holdings, memory: Option<Remembered>, faults: &[WitnessFault], newest: Option<u64>) {
    let found = judged(holdings, memory);
    assert_eq!(found.faults, faults);
    assert_eq!(found.newest.map(|seal| seal.number()), newest);
}

/// The same run, told otherwise.
fn other(seal: &Seal) -> Seal {
    Seal { source: "elsewhere".to_owned(), ..seal.clone() }
}

fn bytes(file: &mut WitnessFile) -> &mut Vec<u8> {
    match &mut file.content {
        Content::Bytes(bytes) => bytes,
        Content::Denied(why) => unreachable!("{why}"),
    }
}

#[test]
fn a_whole_witness_has_no_fault_however_much_of_it_is_read_and_remembered() {
    let seals = seals(3);
    let whole = holdings(&seals);
    for memory in [None, remembered(&seals[0]), remembered(&seals[2]), remembered(&seals[3])] {
        finds(&whole, memory, &[], Some(3));
    }
    let newest_alone = Holdings { files: whole.files[3..].to_vec(), ..whole.clone() };
    finds(&newest_alone, remembered(&seals[3]), &[], Some(3));
    let twice = Holdings { files: [&whole.files[..], &whole.files[3..]].concat(), ..whole };
    finds(&twice, None, &[], Some(3));
}

#[test]
fn a_signature_that_does_not_fit_is_tampering_and_one_by_a_stranger_is_not() {
    let seals = seals(2);
    let mut changed = holdings(&seals);
    let text = String::from_utf8(bytes(&mut changed.files[2]).clone()).unwrap();
    *bytes(&mut changed.files[2]) = text.replace("verdict tampered", "verdict intact").into_bytes();
    assert_ne!(text.as_bytes(), bytes(&mut changed.files[2]));
    let name = key(1).verifier().label().clone();
    finds(&changed, None, &[WitnessFault::SignatureFails { number: 2, key: name }], Some(1));
    let mut strange = holdings(&seals);
    strange.files[2] = file(2, &seals[2], &[&key(9)]);
    let keys = vec![key(9).verifier().label().clone()];
    finds(&strange, None, &[WitnessFault::UnknownKey { number: 2, keys: keys.clone() }], Some(1));
    // The same text as ever: only the key is missing. Another text in its place is another matter.
    finds(
        &strange,
        remembered(&seals[2]),
        &[WitnessFault::UnknownKey { number: 2, keys: keys.clone() }],
        Some(1),
    );
    strange.files[2] = file(2, &other(&seals[2]), &[&key(9)]);
    let faults = [WitnessFault::UnknownKey { number: 2, keys }, WitnessFault::Forgotten { number: 2 }];
    finds(&strange, remembered(&seals[2]), &faults, Some(1));
}

#[test]
fn a_hole_is_tampering_and_lowest_numbers_that_are_gone_are_not() {
    let seals = seals(5);
    let without = |gone: &[u64]| {
        let kept: Vec<Seal> = seals.iter().filter(|seal| !gone.contains(&seal.number())).cloned().collect();
        holdings(&kept)
    };
    finds(&without(&[2, 3]), None, &[WitnessFault::Hole { first: 2, last: 3 }], Some(5));
    finds(&without(&[0, 1]), None, &[WitnessFault::LowestGone { lowest: 2 }], Some(5));
    finds(&without(&[0, 1]), remembered(&seals[1]), &[WitnessFault::LowestGone { lowest: 2 }], Some(5));
    let two = [WitnessFault::LowestGone { lowest: 1 }, WitnessFault::Hole { first: 4, last: 4 }];
    finds(&without(&[0, 4]), None, &two, Some(5));
    // Where not all could be listed, nothing is missed.
    let in_part = Holdings { listed: Listed::InPart("a page was refused".into()), ..without(&[0, 4]) };
    finds(&in_part, remembered(&seals[4]), &[WitnessFault::Denied("a page was refused".into())], Some(5));
    let end = Holdings { numbers: [0, u64::MAX].into(), ..holdings(&seals[..1]) };
    let faults = judged(&end, None).faults;
    assert_eq!(faults[0], WitnessFault::Hole { first: 1, last: u64::MAX - 1 });
}

#[test]
fn what_its_versions_tell_counts_from_the_lowest_number_up() {
    let seals = seals(5);
    let rewritten = |from: u64, numbers: &[u64]| Holdings {
        versions: Versions::Known { rewritten: numbers.iter().copied().collect() },
        ..holdings(&seals[usize::try_from(from).unwrap()..])
    };
    let gone = WitnessFault::LowestGone { lowest: 2 };
    finds(&rewritten(2, &[0, 1]), None, std::slice::from_ref(&gone), Some(5));
    finds(
        &rewritten(2, &[1, 2, 4]),
        None,
        &[gone, WitnessFault::Rewritten { number: 2 }, WitnessFault::Rewritten { number: 4 }],
        Some(5),
    );
    // The newest was deleted, and nobody remembers it.
    let cut = Holdings { versions: rewritten(0, &[5]).versions, ..holdings(&seals[..5]) };
    finds(&cut, None, &[WitnessFault::Rewritten { number: 5 }], Some(4));
    assert_eq!(WitnessFault::Rewritten { number: 5 }.class(), Class::Tamper);
    let all = Holdings { versions: rewritten(0, &[4, 5]).versions, ..holdings(&[]) };
    finds(&all, None, &[WitnessFault::NoneLeft { last: 5 }], None);
    assert_eq!(WitnessFault::NoneLeft { last: 5 }.class(), Class::Incomplete);
    let denied = Holdings { versions: Versions::Denied("403".into()), ..holdings(&seals) };
    finds(&denied, remembered(&seals[5]), &[WitnessFault::VersionsDenied("403".into())], Some(5));
}

#[test]
fn a_seal_is_only_one_under_its_own_number_and_of_its_own_place() {
    let seals = seals(2);
    let mut wrong = holdings(&seals);
    wrong.files[2] = file(2, &seals[1], &[&key(1)]);
    finds(&wrong, None, &[WitnessFault::OtherNumber { number: 2, says: 1 }], Some(1));
    let says = Location::new("logs", "");
    wrong.files[2] = file(2, &Seal { origin: says.clone(), ..seals[2].clone() }, &[&key(1)]);
    finds(&wrong, None, &[WitnessFault::OtherOrigin { number: 2, says }], Some(1));
}

#[test]
fn what_the_caller_remembers_has_to_be_there_still() {
    let seals = seals(3);
    finds(&holdings(&seals[..3]), remembered(&seals[3]), &[WitnessFault::Forgotten { number: 3 }], Some(2));
    finds(&holdings(&[]), remembered(&seals[3]), &[WitnessFault::Forgotten { number: 3 }], None);
    finds(&holdings(&[]), None, &[WitnessFault::Empty], None);
    let closed = Holdings { listed: Listed::Denied("403".into()), ..holdings(&[]) };
    finds(&closed, remembered(&seals[3]), &[WitnessFault::Denied("403".into())], None);
    finds(&closed, None, &[WitnessFault::Denied("403".into())], None);
}

#[test]
fn of_each_number_there_is_one_seal() {
    let seals = seals(3);
    let two = |number: u64| {
        let one = seals[number as usize].hash();
        WitnessFault::SecondVersion { number, one, other: other(&seals[number as usize]).hash() }
    };
    let mut changed = holdings(&seals);
    changed.files[3] = file(3, &other(&seals[3]), &[&key(1)]);
    // By the caller's memory; without it, the newest is what it is.
    finds(&changed, remembered(&seals[3]), &[two(3)], Some(3));
    finds(&changed, None, &[], Some(3));
    // By the seal after it.
    let mut changed = holdings(&seals);
    changed.files[2] = file(2, &other(&seals[2]), &[&key(1)]);
    finds(&changed, None, &[two(2)], Some(3));
    // By two versions of one file.
    let mut both = holdings(&seals);
    both.files.push(file(3, &other(&seals[3]), &[&key(1)]));
    finds(&both, None, &[two(3)], Some(3));
}

#[test]
fn a_newest_file_that_was_cut_short_is_an_outage_and_anything_else_is_not() {
    let seals = seals(3);
    let whole = bytes(&mut holdings(&seals).files[3]).len();
    for length in [0, 1, 100, whole - 1] {
        let mut cut = holdings(&seals);
        bytes(&mut cut.files[3]).truncate(length);
        let found = judged(&cut, remembered(&seals[2]));
        assert!(
            matches!(&found.faults[..], [WitnessFault::Unfinished { number: 3, .. }]),
            "{:?}",
            found.faults
        );
        assert_eq!(found.newest.unwrap().number(), 2);
        // The caller has seen it whole.
        finds(&cut, remembered(&seals[3]), &[WitnessFault::Forgotten { number: 3 }], Some(2));
        // A later seal was made when it was whole.
        let mut below = holdings(&seals);
        bytes(&mut below.files[2]).truncate(length.min(300));
        let found = judged(&below, None);
        assert!(
            matches!(&found.faults[..], [WitnessFault::Replaced { number: 2, .. }]),
            "{:?}",
            found.faults
        );
    }
}

#[test]
fn what_could_not_be_read_is_no_crime() {
    let seals = seals(3);
    let mut denied = holdings(&seals);
    denied.files[3].content = Content::Denied("403 AccessDenied".into());
    let unread = |number: u64, why: &str| WitnessFault::Unread { number, why: why.into() };
    for memory in [None, remembered(&seals[3])] {
        finds(&denied, memory, &[unread(3, "403 AccessDenied")], Some(2));
    }
    denied.files.remove(3);
    for memory in [None, remembered(&seals[3])] {
        finds(&denied, memory, &[unread(3, "nobody asked for it")], Some(2));
    }
    let mut middle = holdings(&seals);
    middle.files.remove(1);
    finds(&middle, None, &[], Some(3));
    finds(&middle, remembered(&seals[1]), &[unread(1, "nobody asked for it")], Some(3));
}

#[test]
fn a_signed_text_of_a_later_version_is_not_tampering() {
    let seals = seals(1);
    let mut later = holdings(&seals);
    let text = seals[1].text().replace("trailseal/seal/v1", "trailseal/seal/v2");
    let signature = key(1).sign(&text);
    *bytes(&mut later.files[1]) = Note::new(text, vec![signature]).unwrap().to_string().into_bytes();
    let found = judged(&later, None);
    assert!(
        matches!(&found.faults[..], [WitnessFault::NotUnderstood { number: 1, .. }]),
        "{:?}",
        found.faults
    );
    assert_eq!(found.faults[0].class(), Class::Incomplete);
}

#[test]
fn a_new_key_counts_once_a_trusted_one_has_named_it() {
    let seals = seals(3);
    let (old, new) = (key(1), key(2));
    let naming = Seal { new_keys: [new.verifier()].into(), ..seals[2].clone() };
    let run = SealedRun { previous: naming.hash(), ..seals[3].run.clone().unwrap() };
    let after = Seal { run: Some(run), ..seals[3].clone() };
    let mut turned = holdings(&[seals[0].clone(), seals[1].clone(), naming.clone(), after.clone()]);
    turned.files[3] = file(3, &after, &[&new]);
    finds(&turned, None, &[], Some(3));
    assert_eq!(judged(&turned, None).keys, [old.verifier(), new.verifier()]);
    // Without the seal that names it nobody vouches for the new key, nor does a seal that it signed itself.
    let keys = vec![new.verifier().label().clone()];
    let mut unnamed = turned.clone();
    unnamed.files.remove(2);
    finds(&unnamed, None, &[WitnessFault::UnknownKey { number: 3, keys: keys.clone() }], Some(1));
    let mut by_itself = turned.clone();
    by_itself.files[2] = file(2, &naming, &[&new]);
    let faults = [2, 3].map(|number| WitnessFault::UnknownKey { number, keys: keys.clone() });
    finds(&by_itself, None, &faults, Some(1));
    // Both may sign.
    turned.files[3] = file(3, &after, &[&new, &old]);
    finds(&turned, None, &[], Some(3));
}

#[test]
fn only_what_somebody_must_have_done_is_tampering() {
    let hash = Hash::of(b"");
    let tamper = [
        WitnessFault::Forgotten { number: 1 },
        WitnessFault::SecondVersion { number: 1, one: hash, other: hash },
    ];
    assert!(tamper.iter().all(|fault| fault.class() == Class::Tamper));
    let incomplete = [WitnessFault::LowestGone { lowest: 1 }, WitnessFault::Denied(String::new())];
    assert!(incomplete.iter().all(|fault| fault.class() == Class::Incomplete));
    assert_eq!(WitnessFault::Empty.class(), Class::Notice);
}
