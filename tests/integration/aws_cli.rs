//! The AWS CLI as judge: the real `aws cloudtrail validate-logs` and trailseal look at the same worlds on the same server,
//! and have to agree on every object. Where they differ on purpose, the reason stands in a table here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use trailseal::forge::{Damage, Turn, World, WorldPlan};
use trailseal::keys::{self, KeySource};
use trailseal::trail::key::ObjectKey;
use trailseal::trail::{AccountRegion, format_time};

use crate::support::aws_cli::{AwsCli, Question, Word};
use crate::support::client::{self, quick};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;
use crate::support::verify;

/// A difference that is meant.
struct Difference {
    /// What the AWS CLI says; none where it says nothing of the object.
    cli: Option<Word>,
    /// The codes trailseal gives, none for an object that holds; none at all where it says nothing.
    ours: Option<&'static [&'static str]>,
    /// Where it may show: at places with these damages, or everywhere.
    at: &'static [Damage],
    /// Why.
    reason: &'static str,
}

const fn differs(
    cli: Option<Word>,
    ours: Option<&'static [&'static str]>,
    at: &'static [Damage],
    reason: &'static str,
) -> Difference {
    Difference { cli, ours, at, reason }
}

/// Everything in which the two differ over damaged worlds. Each row has to show in them.
const DIFFERENCES: &[Difference] = &[
    differs(
        None,
        Some(&["log-unlisted"]),
        &[],
        "The AWS CLI checks what digests name; a log file that none names is never looked at.",
    ),
    differs(
        None,
        Some(&["unlisted"]),
        &[Damage::RegionDigestsDeleted],
        "Without any digest the AWS CLI prints `No digests found` and exits with 0.",
    ),
    differs(
        None,
        Some(&["log-unproven"]),
        &[],
        "Log files of a digest that fails are never looked at; they are there, and nothing proves them.",
    ),
    differs(
        None,
        Some(&["digest-missing"]),
        &[Damage::DigestRunDeleted, Damage::DigestMisfiled],
        "Of several digests missing in a row the AWS CLI names the first, then goes on with what is listed.",
    ),
    differs(
        None,
        Some(&["digest-relocated"]),
        &[Damage::DigestMoved],
        "The AWS CLI follows links; a digest beside the chain is never looked at.",
    ),
    differs(
        None,
        Some(&["digest-malformed"]),
        &[Damage::LogBesideGhost],
        "The AWS CLI looks at one trail; what is named as another's digest is never looked at.",
    ),
    differs(
        Some(Word::InvalidFormat),
        Some(&[]),
        &[Damage::LogUnzipped, Damage::DigestUnzipped],
        "What was unpacked on the way has the recorded hash or signature all the same.",
    ),
    differs(
        None,
        Some(&[]),
        &[Damage::DigestUnzipped],
        "Named by a digest that is authentic here and not there.",
    ),
    differs(
        None,
        Some(&[]),
        &[
            Damage::DigestUnsigned,
            Damage::SignatureReplaced,
            Damage::SignatureNotHex,
            Damage::SignatureOddHex,
        ],
        "The next digest records the signature, so the log files named here are proven all the same.",
    ),
    differs(
        None,
        Some(&[]),
        &[Damage::DigestMisfiled],
        "The AWS CLI starts at the last key listed, here the misfiled one, and never sees what is newer.",
    ),
    differs(
        Some(Word::Moved),
        None,
        &[Damage::DigestMisfiled],
        "In the folder of another day it is no digest's key; the one that is missing is told.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["digest-algorithm-unsupported"]),
        &[
            Damage::MetadataAlgorithm,
            Damage::SignedAlgorithm,
            Damage::SignedLogAlgorithm,
            Damage::SignedLinkAlgorithm,
        ],
        "The AWS CLI never reads the names of algorithms.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["digest-link-broken"]),
        &[Damage::DigestRolledBack],
        "The AWS CLI never holds a digest against the hash and signature its successor recorded.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["digest-malformed"]),
        &[Damage::DigestTrailingBytes, Damage::DigestSecondMember],
        "The AWS CLI ignores what follows the gzip member of a digest.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["digest-relocated"]),
        &[Damage::SignedWrongAccount, Damage::SignedWrongEnd],
        "The AWS CLI compares a digest's bucket and key with its place, not its account and end.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["log-unlisted"]),
        &[
            Damage::SignedLogAlgorithm,
            Damage::SignedLinkAlgorithm,
            Damage::SignedAlgorithm,
            Damage::DigestTrailingBytes,
            Damage::DigestSecondMember,
        ],
        "Named by a digest that is valid there and not here.",
    ),
    differs(
        Some(Word::Valid),
        Some(&["log-unproven"]),
        &[Damage::SignedWrongAccount, Damage::SignedWrongEnd],
        "Named by a digest that is valid there and not here.",
    ),
    differs(
        Some(Word::SignatureFailed),
        Some(&["digest-malformed"]),
        &[Damage::JsonFieldTwice],
        "A field that is given twice can mean two things: no digest.",
    ),
    differs(
        Some(Word::SignatureFailed),
        Some(&["digest-unsigned"]),
        &[Damage::DigestUnsigned, Damage::NewestUnsigned],
        "There is no signature that could fail; that is said.",
    ),
    differs(
        Some(Word::HashDiffers),
        Some(&[]),
        &[Damage::SignedUpperCase],
        "A hash is the same in upper case.",
    ),
    differs(
        Some(Word::HashDiffers),
        Some(&["log-malformed"]),
        &[Damage::LogBomb, Damage::LogEmptied, Damage::LogTruncated],
        "What is not one whole gzip member within the limit is called that.",
    ),
    differs(
        Some(Word::Stumbled),
        Some(&["digest-malformed"]),
        &[Damage::JsonArray, Damage::JsonNested],
        "The AWS CLI prints the text of a Python exception.",
    ),
    differs(
        Some(Word::Stumbled),
        Some(&["digest-signature-invalid"]),
        &[Damage::SignatureNotHex, Damage::SignatureOddHex],
        "The AWS CLI prints the text of a Python exception.",
    ),
];

/// The one difference over a world that was never damaged, in which the first trail moved and then restarted.
const AFTER_A_RESTART: Difference = differs(
    None,
    Some(&[]),
    &[],
    "Past a restart the AWS CLI goes on with its listing, which ends where bucket or prefix changed.",
);

/// What both mean by their words.
const AGREEMENTS: &[(Word, &[&str])] = &[
    (Word::Valid, &[]),
    (Word::Moved, &["digest-relocated"]),
    (Word::InvalidFormat, &["digest-malformed"]),
    (Word::InvalidFormat, &["log-malformed"]),
    (Word::NotFound, &["digest-missing"]),
    (Word::NotFound, &["log-missing"]),
    (Word::KeyNotFound, &["digest-unknown-key"]),
    (Word::SignatureFailed, &["digest-signature-invalid"]),
    (Word::HashDiffers, &["log-modified"]),
    (Word::TrailingData, &["log-malformed"]),
];

type Ours = BTreeSet<&'static str>;

/// An object about which the two say different things.
#[derive(Debug)]
struct Dispute {
    #[expect(dead_code, reason = "for the reader of a failure")]
    object: String,
    place: Option<AccountRegion>,
    cli: Option<Word>,
    ours: Option<Ours>,
}

impl Dispute {
    fn is(&self, difference: &Difference) -> bool {
        let ours = self.ours.as_ref().map(|ours| ours.iter().copied().collect::<Vec<_>>());
        self.cli == difference.cli && ours.as_deref() == difference.ours
    }
}

/// Asks both about the same places of a world, and gives every object about which they differ.
fn disputes(
    cli: &AwsCli,
    forged: &World,
    encoding: Encoding,
    places: &BTreeSet<AccountRegion>,
) -> Vec<Dispute> {
    let server = Server::start(forged::world(forged, encoding));
    let ring = keys::parse(&forged.keys().json(), "keys.json").unwrap();
    let mut ours =
        client::run(&server, verify::plan(&forged.truth()), KeySource::Files(Arc::new(ring)), quick())
            .objects;
    for codes in ours.values_mut() {
        // Said beside what is wrong with the digest itself: that its successor recorded another.
        if codes.len() > 1 {
            codes.remove("digest-link-broken");
        }
    }
    let theirs = ask(cli, &server, forged, places);
    let named: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let mut disputes = Vec::new();
    for object in named {
        let place = place(object);
        let (said, found) = (theirs.get(object).copied(), ours.get(object).cloned());
        let agreed = AGREEMENTS.iter().any(|(word, codes)| {
            said == Some(*word) && found.as_ref().is_some_and(|found| found.iter().eq(codes.iter()))
        });
        if !agreed && place.as_ref().is_none_or(|place| places.contains(place)) {
            disputes.push(Dispute { object: object.clone(), place, cli: said, ours: found });
        }
    }
    disputes
}

/// Everything the AWS CLI says of the places, asked about one by one, four at a time.
fn ask(
    cli: &AwsCli,
    server: &Server,
    forged: &World,
    places: &BTreeSet<AccountRegion>,
) -> BTreeMap<String, Word> {
    let (said, waiting) = (Mutex::default(), Mutex::new(questions(forged, places)));
    let window = forged.plan().window();
    let (start, end) = (format_time(window.start), format_time(window.end));
    let next = || waiting.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some([arn, account, region]) = next() {
                    let question = Question {
                        trail_arn: &arn,
                        account: &account,
                        region: &region,
                        start: &start,
                        end: &end,
                    };
                    let answer = cli.validate_logs(server, &question);
                    let ran =
                        matches!(answer.exit_code, 0 | 1) && answer.stdout.contains("Results requested for");
                    assert!(ran, "{question:?}: {} {}", answer.stdout, answer.stderr);
                    let mut said: std::sync::MutexGuard<'_, BTreeMap<_, _>> = said.lock().unwrap();
                    said.extend(answer.objects);
                }
            });
        }
    });
    said.into_inner().unwrap()
}

/// The account and region an object's key names.
fn place(object: &str) -> Option<AccountRegion> {
    let (_, key) = object.strip_prefix("s3://")?.split_once('/')?;
    match ObjectKey::parse(key)? {
        ObjectKey::Digest(digest) => Some(digest.chain.place),
        ObjectKey::Log(log) => Some(log.place),
    }
}

/// Every trail's name, account and region to ask about.
fn questions(forged: &World, places: &BTreeSet<AccountRegion>) -> Vec<[String; 3]> {
    let plan = forged.plan();
    let home = &plan.region_names()[0];
    let mut questions = Vec::new();
    for place in places {
        let owner = match plan.organization {
            Some(_) => plan.account_ids()[0],
            None => place.account,
        };
        for trail in &plan.trails {
            let arn = format!("arn:aws:cloudtrail:{home}:{owner}:trail/{trail}");
            questions.push([arn, place.account.to_string(), place.region.to_string()]);
        }
    }
    questions
}

fn all_places(forged: &World) -> BTreeSet<AccountRegion> {
    forged.chains().iter().map(|chain| chain.id.place.clone()).collect()
}

#[test]
fn both_agree_on_every_damage() {
    let Some(cli) = AwsCli::get() else { return };
    let mut world = World::forge(&WorldPlan { accounts: 12, regions: 7, ..WorldPlan::default() }).unwrap();
    for damage in Damage::ALL {
        world.apply(*damage).unwrap();
    }
    let deeds = world.truth().damages;
    let damaged: BTreeMap<AccountRegion, Damage> = deeds
        .iter()
        .flat_map(|deed| deed.objects.iter().map(move |object| (place(object), deed)))
        .filter_map(|(place, deed)| Some((place?, deed.damage.parse().unwrap())))
        .collect();
    let mut unused: BTreeSet<usize> = (0..DIFFERENCES.len()).collect();
    let mut unexplained = Vec::new();
    for dispute in disputes(cli, &world, Encoding::Pkcs1, &damaged.keys().cloned().collect()) {
        let here = dispute.place.as_ref().and_then(|place| damaged.get(place));
        let row = DIFFERENCES.iter().position(|row| {
            dispute.is(row) && (row.at.is_empty() || here.is_none_or(|damage| row.at.contains(damage)))
        });
        match row {
            Some(row) => _ = unused.remove(&row),
            None => unexplained.push((here, dispute)),
        }
    }
    assert!(unexplained.is_empty(), "the two differ where they should not: {unexplained:#?}");
    let unused: Vec<&str> = unused.into_iter().map(|row| DIFFERENCES[row].reason).collect();
    assert!(unused.is_empty(), "these differences are gone: {unused:#?}");
}

#[test]
fn both_agree_on_worlds_with_a_history() {
    let Some(cli) = AwsCli::get() else { return };
    // The AWS CLI is asked for an account's trail or an organization's, not for one that was made the other.
    let turns = Turn::ALL.into_iter().filter(|turn| *turn != Turn::OrganizationChange).collect();
    let moved = WorldPlan { accounts: 1, turns, hours: 24, ..WorldPlan::default() };
    let world = World::forge(&moved).unwrap();
    let disputes = disputes(cli, &world, Encoding::Pkcs1, &all_places(&world));
    let unexplained: Vec<&Dispute> =
        disputes.iter().filter(|dispute| !dispute.is(&AFTER_A_RESTART)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(!disputes.is_empty(), "this difference is gone: {}", AFTER_A_RESTART.reason);
}

#[test]
fn both_agree_on_organizations_and_on_trails_that_share_a_bucket() {
    let Some(cli) = AwsCli::get() else { return };
    let organization = WorldPlan {
        organization: Some("o-exampleorgid".parse().unwrap()),
        prefix: "audit/logs".into(),
        ..WorldPlan::default()
    };
    let two_trails = WorldPlan {
        accounts: 1,
        regions: 2,
        trails: vec!["one".parse().unwrap(), "other_us-east-1".parse().unwrap()],
        ..WorldPlan::default()
    };
    for plan in [organization, two_trails] {
        let world = World::forge(&plan).unwrap();
        let disputes = disputes(cli, &world, Encoding::Pkcs1, &all_places(&world));
        assert!(disputes.is_empty(), "{disputes:#?}");
    }
}

/// AWS has published keys in both encodings. The AWS CLI reads PKCS#1 alone, and rejects what other keys signed.
#[test]
fn keys_in_x509_are_read_here_and_not_there() {
    let Some(cli) = AwsCli::get() else { return };
    let world = World::forge(&WorldPlan { accounts: 1, regions: 1, ..WorldPlan::default() }).unwrap();
    let disputes = disputes(cli, &world, Encoding::Mixed, &all_places(&world));
    let unreadable = disputes.iter().filter(|dispute| dispute.cli == Some(Word::KeyUnreadable)).count();
    assert!(unreadable > 0, "the AWS CLI reads X.509 now");
    for dispute in &disputes {
        let holds = dispute.ours.as_ref().is_some_and(BTreeSet::is_empty);
        assert!(holds && matches!(dispute.cli, None | Some(Word::KeyUnreadable)), "{dispute:?}");
    }
}
