//! Buckets whose owner is the adversary: what each attack costs, and what four times as much of it costs. Resident memory
//! must stay within the budget of any run, and time must grow no faster than the bucket.

use std::path::Path;

use super::contest::{self, Sample};
use super::serve::{Server, Trick};

mod plant;

/// What a run may take, whatever the bucket holds: 150 MiB.
const BUDGET: u64 = 150 << 20;

/// How a record is damaged, and where it is read from.
struct Attack {
    name: &'static str,
    /// What is counted.
    unit: &'static str,
    /// One size; the other is four times that.
    size: usize,
    /// The genuine record.
    record: fn(usize) -> plant::Size,
    plant: fn(&plant::Record, usize),
    from: From,
    arguments: &'static [&'static str],
}

enum From {
    Folder,
    Server(Trick),
}

/// The genuine record has digests for two days.
const TWO_DAYS: plant::Size = plant::Size { regions: 1, hours: 48, logs_per_hour: 10 };

const THE_FIRST_DAY: &[&str] = &["--start", "2026-03-01T00:00:00Z", "--end", "2026-03-02T00:00:00Z"];

const fn folder(
    name: &'static str,
    unit: &'static str,
    size: usize,
    plant: fn(&plant::Record, usize),
) -> Attack {
    Attack { name, unit, size, record: |_| TWO_DAYS, plant, from: From::Folder, arguments: &[] }
}

const fn server(name: &'static str, unit: &'static str, size: usize, trick: Trick) -> Attack {
    let record = match trick {
        Trick::EndlessPages => |size| plant::Size { regions: size, hours: 2, logs_per_hour: 1 },
        _ => |size| plant::Size { regions: 1, hours: size, logs_per_hour: 1 },
    };
    Attack { name, unit, size, record, plant: plant::nothing, from: From::Server(trick), arguments: &[] }
}

const ATTACKS: [Attack; 13] = [
    folder("unsigned digests with fields of 60 kB", "digests", 500, plant::long_fields),
    folder("names that unsigned digests claim", "names", 500_000, plant::claimed_names),
    folder("forged log files in one folder", "files", 75_000, plant::log_files),
    Attack {
        record: |_| TWO_DAYS,
        plant: plant::log_files,
        ..server("the same files in a bucket", "files", 75_000, Trick::None)
    },
    Attack {
        arguments: THE_FIRST_DAY,
        ..folder("the same in a folder, where later digests may name them", "files", 75_000, plant::log_files)
    },
    folder("digests that are none", "digests", 10_000, plant::digests),
    folder("ghost trails", "trails", 2_500, plant::ghost_trails),
    folder("objects under odd names", "objects", 75_000, plant::odd_objects),
    folder("folders under odd names", "folders", 2_500, plant::odd_folders),
    server("digests without an end", "hours", 12, Trick::EndlessDigests),
    server("log files without an end", "hours", 12, Trick::EndlessLogFiles),
    server("refusals without an end", "hours", 240, Trick::EndlessRefusals),
    server("pages of listings without an end", "regions", 4, Trick::EndlessPages),
];

pub fn run() {
    println!(
        "{:56} {:>20} {:>5} {:>9} {:>9} {:>7} {:>14}",
        "", "", "exit", "wall", "CPU", "memory", "× 4 takes"
    );
    let mut over = Vec::new();
    for attack in &ATTACKS {
        let mut first: Option<Sample> = None;
        for size in [attack.size, 4 * attack.size] {
            let (sample, exit) = suffer(attack, size);
            let exit = exit.unwrap_or_else(|| panic!("{}: ended by a signal", attack.name));
            let ratio = first.map_or(String::new(), |first| {
                format!("× {:.1} CPU", sample.cpu.as_secs_f64() / first.cpu.as_secs_f64())
            });
            println!(
                "{:56} {:>20} {exit:>5} {:>7.2} s {:>7.2} s {:>4} MB {ratio:>14}",
                if first.is_none() { attack.name } else { "" },
                format!("{size} {}", attack.unit),
                sample.wall.as_secs_f64(),
                sample.cpu.as_secs_f64(),
                sample.memory / 1_000_000,
            );
            if sample.memory > BUDGET {
                over.push(attack.name);
            }
            first = Some(sample);
        }
    }
    assert!(over.is_empty(), "more than 150 MiB: {over:?}");
}

fn suffer(attack: &Attack, size: usize) -> (Sample, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let record = plant::Record::forge(folder.path(), (attack.record)(size));
    (attack.plant)(&record, size);
    let mut verify = contest::quiet(Path::new(env!("CARGO_BIN_EXE_trailseal")));
    verify.arg("verify").args(["--no-progress", "--quiet", "--output", "json"]);
    verify.arg("--keys").arg(folder.path().join("keys.json")).args(attack.arguments);
    match &attack.from {
        From::Folder => contest::measure(attack.name, verify.arg(record.bucket())),
        From::Server(trick) => {
            let server = Server::start(folder.path(), 0, *trick);
            verify.args(["--endpoint-url", server.url(), "s3://example-trail-bucket"]);
            contest::measure(attack.name, &mut verify)
        }
    }
}
