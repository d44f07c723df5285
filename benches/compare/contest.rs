//! Runs commands in turn, so that a machine that slows down slows down all, and measures each by the system's own
//! accounting of the finished process.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use trailseal::trail::{Time, format_time};
use wait4::Wait4;

/// What one run took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    pub wall: Duration,
    /// User and system time together.
    pub cpu: Duration,
    /// Peak of resident memory, in bytes.
    pub memory: u64,
}

pub struct Contest {
    runs: usize,
    contestants: Vec<(String, Vec<Command>)>,
}

impl Contest {
    pub fn new(runs: usize) -> Self {
        Self { runs: runs.max(1), contestants: Vec::new() }
    }

    /// Enters a contestant that needs these commands, one after another, for the whole record.
    pub fn enter(&mut self, name: &str, commands: Vec<Command>) {
        self.contestants.push((name.to_owned(), commands));
    }

    /// One uncounted run of each, then the counted ones, in turn.
    pub fn run(mut self) -> Results {
        let mut samples = vec![Vec::new(); self.contestants.len()];
        for round in 0..=self.runs {
            for ((name, commands), samples) in self.contestants.iter_mut().zip(&mut samples) {
                let sample = commands.iter_mut().map(|command| succeeds(name, command)).fold(
                    Sample::default(),
                    |sum, next| Sample {
                        wall: sum.wall + next.wall,
                        cpu: sum.cpu + next.cpu,
                        memory: sum.memory.max(next.memory),
                    },
                );
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
        let medians = samples.into_iter().map(|samples| Sample {
            wall: median(samples.iter().map(|sample| sample.wall)),
            cpu: median(samples.iter().map(|sample| sample.cpu)),
            memory: median(samples.iter().map(|sample| sample.memory)),
        });
        Results { rows: self.contestants.into_iter().map(|(name, _)| name).zip(medians).collect() }
    }
}

fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values[values.len() / 2]
}

fn succeeds(name: &str, command: &mut Command) -> Sample {
    let (sample, exit) = measure(name, command);
    assert_eq!(exit, Some(0), "{name} failed: {command:?}");
    sample
}

/// Runs a command; gives what it took, and its exit code if it has one.
pub fn measure(name: &str, command: &mut Command) -> (Sample, Option<i32>) {
    let started = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said).unwrap();
    }
    let used = child.wait4().unwrap();
    let wall = started.elapsed();
    let sample = Sample {
        // One that measures itself says so.
        wall: said.trim().parse().map_or(wall, Duration::from_secs_f64),
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    };
    (sample, used.status.code())
}

pub struct Results {
    rows: Vec<(String, Sample)>,
}

impl Results {
    /// The contestants and their medians.
    pub fn rows(&self) -> &[(String, Sample)] {
        &self.rows
    }

    /// Prints a row for each; ratios are to the first.
    pub fn print(&self, more: impl Fn(&Sample) -> String) {
        let Some((_, first)) = self.rows.first() else { return };
        println!("{:32} {:>10} {:>10} {:>9} {:>8} {:>8}", "", "wall", "CPU", "memory", "× wall", "× CPU");
        for (name, sample) in &self.rows {
            println!(
                "{name:32} {:>8.3} s {:>8.3} s {:>6} MB {:>8.2} {:>8.2} {}",
                sample.wall.as_secs_f64(),
                sample.cpu.as_secs_f64(),
                sample.memory / 1_000_000,
                sample.wall.as_secs_f64() / first.wall.as_secs_f64(),
                sample.cpu.as_secs_f64() / first.cpu.as_secs_f64(),
                more(sample)
            );
        }
    }
}

/// A program that meets nothing of the caller's AWS configuration, and whose output is thrown away.
pub fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.ends_with("_proxy"))
    {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", "AKIDBENCH").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

/// This program in another role; it may print how long it took.
pub fn this_program(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(role).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

pub fn time(time: Time) -> String {
    format_time(time)
}
