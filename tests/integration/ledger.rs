//! What a ledger remembers: scenes in acts, a run in each. A run that remembers says what one that reads everything says, but for what
//! it says of that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use tempfile::TempDir;
use trailseal::audit::{self, Carries, Days, Ledger, LedgerKey, Plan, Reread, Silent, Stopper};
use trailseal::forge::{self, Damage, World};
use trailseal::keys::{self, KeySource};
use trailseal::render::{self, Format};
use trailseal::report::{
    Class, Code, Hash, NotProven, Report, What,
    what::{AbsentPart, LedgerFault},
};
use trailseal::store::state::DirState;
use trailseal::store::{Metadata, ObjectStore, StoreErrorKind};
use trailseal::trail::key::{DigestKey, LogKey, ObjectKey};
use trailseal::trail::{Day, ObjectName, Time};

use crate::render_formats::written;
use crate::render_worlds::mostly_carried;
use crate::support::judged::{counted, holds, is_digest, quiet};
use crate::support::memory::{Ask, Faulty, Keeps, Memory};
use crate::support::parts::Case;
use crate::support::verify::{self, plan};

/// Four days of one account in two regions, and some hours around them.
static WORLD: LazyLock<World> = LazyLock::new(|| quiet(120, |plan| plan.start = at("2026-02-28T12:00:00Z")));
/// The first region's file of March, among all in their order.
const OF_MARCH: usize = 1;
/// Days of both regions: four, and the hours before and after them.
const DAYS: u64 = 12;
/// The digest that ends after the window covers an hour of it and belongs to the next day; and what it names.
const OF_THE_LAST_HOUR: (u64, u64) = (0, 0);

fn at(text: &str) -> Time {
    trailseal::trail::parse_time(text).unwrap()
}

fn memory() -> Memory {
    Memory::new(&WORLD, Keeps::Metadata, 1000)
}

/// Those days, a week after their end.
fn closed() -> Plan {
    Plan {
        start: Some(at("2026-03-01T00:00:00Z")),
        end: Some(at("2026-03-05T00:00:00Z")),
        now: at("2026-03-12T00:00:00Z"),
        ..plan(&WORLD.truth())
    }
}

/// A place to remember in, and how.
struct Notebook {
    folder: TempDir,
    key: LedgerKey,
    carries: Carries,
    reread: Reread,
}

impl Notebook {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            key: LedgerKey::Nobody,
            carries: Carries::Days,
            reread: Reread::After(TimeDelta::days(30)),
        }
    }

    /// One that knows the same.
    fn copy(&self) -> Self {
        let copy = Self::new();
        for file in self.files() {
            let to = copy.folder.path().join(file.strip_prefix(self.folder.path()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, to).unwrap();
        }
        copy
    }

    fn open(&self) -> Ledger {
        Ledger {
            state: Arc::new(DirState::open(self.folder.path()).unwrap()),
            key: self.key.clone(),
            carries: self.carries,
            reread: self.reread,
        }
    }

    fn run(&self, plan: Plan, store: &Memory) -> Report {
        self.run_over(plan, Arc::new(store.clone()))
    }

    fn run_over(&self, plan: Plan, store: Arc<dyn ObjectStore>) -> Report {
        self.run_with(plan, store, &WORLD.keys().json())
    }

    fn run_with(&self, plan: Plan, store: Arc<dyn ObjectStore>, keys: &[u8]) -> Report {
        let ring = keys::parse(keys, "keys.json").unwrap();
        let keys = KeySource::Files(Arc::new(ring));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (_stopper, stop) = Stopper::new();
        let run = audit::run_with_ledger(plan, self.open(), store, Arc::new(keys), Arc::new(Silent), stop);
        runtime.block_on(run).unwrap()
    }

    /// The files of rows.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found.sort();
        found
    }

    fn edit(&self, file: usize, edit: impl FnOnce(String) -> String) {
        let path = &self.files()[file];
        fs::write(path, edit(fs::read_to_string(path).unwrap())).unwrap();
    }
}

/// What a run that remembers nothing says.
fn without(plan: Plan, store: &Memory) -> Report {
    verify::run(plan, store.clone(), &WORLD)
}

/// A report without what it says of earlier readings.
fn beside_carrying(report: &Report) -> String {
    let mut report = report.clone();
    report.carried = Default::default();
    report.chains.iter_mut().for_each(|chain| chain.carried = Default::default());
    report
        .not_proven
        .retain(|limit| !matches!(limit, NotProven::CarriedAsListed | NotProven::UnsealedLedger));
    let mut json = Vec::new();
    render::write(Format::Json, &report, &render::human::Options::default(), &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

#[track_caller]
fn same(remembering: &Report, reading: &Report) {
    let (remembering, reading) = (beside_carrying(remembering), beside_carrying(reading));
    let lines = remembering.lines().zip(reading.lines());
    let differing: Vec<_> = lines.filter(|(one, other)| one != other).take(8).collect();
    assert!(remembering == reading, "{differing:#?}");
}

fn moment(object: &ObjectName) -> Time {
    match ObjectKey::parse(&object.key).unwrap() {
        ObjectKey::Digest(digest) => digest.end,
        ObjectKey::Log(log) => log.delivered,
    }
}

/// A log file of that day.
fn log_of(store: &mut Memory, day: &str) -> ObjectName {
    let day: Day = day.parse().unwrap();
    let of = |object: &&ObjectName| {
        LogKey::parse(&object.key)
            .is_some_and(|log| Day::holding(log.delivered - TimeDelta::hours(12)) == day)
    };
    store.objects().keys().find(of).unwrap().clone()
}

/// First and second act: all is whole, and remembered.
fn two_acts() -> (Notebook, Memory) {
    let (notebook, store) = (Notebook::new(), memory());
    let first = notebook.run(closed(), &store);
    holds(&first, 0, &[]);
    assert_eq!(first.carried.verdicts(), 0);
    store.take_got();
    let second = notebook.run(closed(), &store);
    same(&second, &without(closed(), &memory()));
    assert_eq!(second.carried.days, DAYS);
    assert_eq!((second.read().digests, second.read().logs), OF_THE_LAST_HOUR);
    (notebook, store)
}

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
fn other_terms_are_read_anew() {
    let (notebook, store) = two_acts();
    let grace = Plan { grace: TimeDelta::hours(5), ..closed() };
    assert_eq!(notebook.run(grace, &store).carried.days, 0);
    assert_eq!(
        notebook.run(closed(), &store).carried.days,
        0,
        "the rows of the other grace period stand now"
    );
    let (notebook, store) = two_acts();
    // A stranger's keys, under the names of AWS's.
    let other = quiet(120, |plan| (plan.start, plan.seed) = (at("2026-02-28T12:00:00Z"), 77));
    let report = notebook.run_with(closed(), Arc::new(store.clone()), &other.keys().json());
    assert_eq!(report.carried.days, 0);
    assert_ne!(report.exit_code(), 0);
    // And what it found out is not believed under AWS's.
    same(&notebook.run(closed(), &store), &without(closed(), &memory()));
}

#[test]
fn edited_moved_and_broken_rows_are_passed_over_with_a_notice() {
    type Edit = fn(String) -> String;
    let edits: [(&str, Edit); 5] = [
        ("edited", |text| text.replacen("\"intact\":", "\"intact\":1", 1)),
        ("moved to another day", |text| text.replace("\"day\":\"2026-03-02\"", "\"day\":\"2026-03-03\"")),
        ("cut short", |text| text[..text.len() - 40].to_owned()),
        ("of another version", |text| text.replace("trailseal/ledger/v1", "trailseal/ledger/v0")),
        ("garbage", |_| "\0\u{1}{".to_owned()),
    ];
    for (what, edit) in edits {
        let (notebook, store) = two_acts();
        notebook.edit(OF_MARCH, edit);
        let report = notebook.run(closed(), &store);
        assert_eq!(report.count(Class::Notice, Code::LedgerRejected), 1, "{what}: {:?}", counted(&report));
        assert_eq!(report.exit_code(), 0, "{what}");
        assert!((7..DAYS).contains(&report.carried.days), "{what}: {:?}", report.carried);
        // They are written anew.
        let next = notebook.run(closed(), &store);
        assert_eq!(next.carried.days, DAYS, "{what}");
        assert_eq!(next.count(Class::Notice, Code::LedgerRejected), 0, "{what}");
    }
}

#[test]
fn rows_of_another_region_and_another_bucket_are_nobodys() {
    let (notebook, store) = two_acts();
    let files = notebook.files();
    fs::copy(&files[1], &files[3]).unwrap();
    let report = notebook.run(closed(), &store);
    assert_eq!((report.carried.days, report.exit_code()), (7, 0));
    let rejected = report.findings.iter().find(|finding| finding.code() == Code::LedgerRejected).unwrap();
    assert!(matches!(
        &rejected.what,
        trailseal::report::What::LedgerRejected { fault: LedgerFault::Lines(5), .. }
    ));
}

#[test]
fn with_a_key_no_other_row_is_believed() {
    let (mut notebook, store) = two_acts();
    notebook.key = LedgerKey::Secret([7; 32]);
    let report = notebook.run(closed(), &store);
    assert_eq!((report.carried.days, report.exit_code()), (0, 0));
    let report = notebook.run(closed(), &store);
    assert_eq!(report.carried.days, DAYS);
    assert!(!report.not_proven.contains(&NotProven::UnsealedLedger));
    notebook.key = LedgerKey::Secret([8; 32]);
    assert_eq!(notebook.run(closed(), &store).carried.days, 0);
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
fn a_run_within_a_site_uses_rows_and_writes_none() {
    let (notebook, store) = two_acts();
    let kept: Vec<String> = notebook.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let trail = trailseal::audit::TrailFilter { name: WORLD.plan().trails[0].clone(), home_region: None };
    let mut narrow = closed();
    narrow.scope.trails = vec![trail];
    let report = notebook.run(narrow.clone(), &store);
    assert_eq!(report.carried.days, DAYS);
    same(&report, &without(narrow, &store));
    let now: Vec<String> = notebook.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(kept, now);
}

#[test]
fn a_row_takes_few_bytes() {
    let (notebook, _store) = two_acts();
    for file in notebook.files() {
        let text = fs::read_to_string(file).unwrap();
        let longest = text.lines().skip(1).map(str::len).max().unwrap();
        assert!(longest <= 1200, "{longest} bytes: {}", text.lines().nth(1).unwrap());
    }
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let (notebook, store) = (Notebook::new(), memory());
    let half = |from: i64, to: i64| {
        let start = closed().start.unwrap();
        Plan {
            start: Some(start + TimeDelta::days(from)),
            end: Some(start + TimeDelta::days(to)),
            ..closed()
        }
    };
    std::thread::scope(|scope| {
        for (from, to) in [(0, 2), (2, 4), (0, 2), (2, 4)] {
            let (notebook, store) = (&notebook, &store);
            scope.spawn(move || notebook.run(half(from, to), store));
        }
    });
    assert_eq!(notebook.run(closed(), &store).carried.days, DAYS);
    let days: BTreeSet<String> = notebook
        .files()
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    // With what each half saw of the other.
    assert_eq!(days.len() as u64, DAYS + 4);
}

/// A small organization with all its turns, and what a ledger knows of it as it was delivered.
static DELIVERED: LazyLock<(World, Plan, Notebook)> = LazyLock::new(|| {
    let world = quiet(96, |plan| {
        plan.turns = forge::WorldPlan::default().turns;
        plan.accounts = 2;
    });
    let truth = plan(&world.truth());
    let plan = Plan { now: truth.end.unwrap() + TimeDelta::days(40), ..truth };
    let notebook = Notebook::new();
    let store = Memory::new(&world, Keeps::Metadata, 1000);
    notebook.run_with(plan.clone(), Arc::new(store), &world.keys().json());
    (world, plan, notebook)
});

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
        let mut store = Memory::new(&world, Keeps::Metadata, 1000);
        for (object, stored) in world.objects() {
            // S3 changes metadata by a copy, and dates it so.
            if delivered.objects().get(object).is_some_and(|before| before.metadata != stored.metadata) {
                store.modified().insert(object.clone(), plan.now - TimeDelta::days(3));
            }
        }
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

/// What all forged records come to, by the number of the rules they were judged by: SHA-256 of the records of every damage.
const JUDGED: (u32, &str) = (1, "a0fa72c90e90eadcc5130a8db5468d387f6fa173f74f386449c1dc01ce327c38");

#[test]
fn whoever_changes_what_a_record_says_raises_the_number_of_the_rules() {
    let mut all = Vec::new();
    for damage in Damage::ALL {
        let mut world = DELIVERED.0.clone();
        if world.apply(*damage).is_ok() {
            let mut records = Case::new(&world, Keeps::Metadata).records(Days::default(), 1000, 64);
            records.sort_by(|one, other| one.place.cmp(&other.place));
            all.extend(records.iter().flat_map(|record| record.to_json().unwrap()));
        }
    }
    let (rules, known) = JUDGED;
    let found = Hash::of(&all).to_string();
    assert_eq!(
        found, known,
        "records of the same bytes say something else: raise RULES in src/ledger/row.rs, so that rows of the old rules are read \
         again, and note both here"
    );
    let (notebook, _store) = two_acts();
    let row = fs::read_to_string(&notebook.files()[OF_MARCH]).unwrap();
    assert!(row.contains(&format!("\"rules\":{rules},")), "{row}");
}
