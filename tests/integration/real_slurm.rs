//! Shards on a real engine: Slurm kills nothing by itself, so a node of it is killed in the middle of a shard.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use trailseal::forge::{self, Damage, WorldPlan};

use crate::support::judged::same_text;
use crate::support::slurm::Slurm;

/// The lines of a report from its window on, behind the command line's words, without what is a run's own.
fn lines(report: &str) -> Vec<&str> {
    let mut lines = report.lines().skip_while(|line| !line.contains("\"window\""));
    let mut kept = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim() == "\"run\": {" {
            lines.find(|line| line.trim() == "},");
        } else if !["\"started_at\"", "\"finished_at\""].iter().any(|own| line.contains(own)) {
            kept.push(line);
        }
    }
    kept
}

#[test]
fn a_node_that_is_killed_costs_its_shard_another_try_and_nothing_else() {
    let Some(slurm) = Slurm::start() else { return };
    let home = slurm.home();
    let plan = WorldPlan { hours: 60, ..WorldPlan::default() };
    forge::write_world(&plan, &home.join("lab"), &[Damage::LogDeleted, Damage::DigestEdited]).unwrap();
    let trailseal = env!("CARGO_BIN_EXE_trailseal");
    let run = |words: &[&str]| {
        let output = Command::new(trailseal).args(words).current_dir(&home).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let planned = ["plan", "lab/bucket", "--keys", "lab/keys.json", "--shards", "4", "--output", "plan.json"];
    assert_eq!(run(&planned).0, 0);
    // One shard waits, in its first try, to be killed.
    let shard = format!(
        "#!/bin/sh\nif [ \"$SLURM_ARRAY_TASK_ID\" = 1 ] && [ -z \"$SLURM_RESTART_COUNT\" ]; then\n  \
         echo $SLURMD_NODENAME $PPID $$ > held.new; mv held.new held; sleep 3600\nfi\n\
         exec {trailseal} verify --plan plan.json --shard auto --parts parts\n"
    );
    let merge = format!(
        "#!/bin/sh\nexec {trailseal} merge --plan plan.json --parts parts --format json --output merged.json --no-progress\n"
    );
    let shards = slurm.queue("shard.sh", &shard, &["--requeue", "--array=0-3"]);
    slurm.queue("merge.sh", &merge, &[&format!("--dependency=afterok:{shards}")]);
    let held = slurm.hears("held");
    let [node, step, script] = held.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{held}") };
    slurm.kill(node, &[step, script]);
    slurm.runs_dry();
    let merged = fs::read_to_string(home.join("merged.json")).unwrap();
    let (code, single) = run(&["verify", "lab/bucket", "--keys", "lab/keys.json", "--json", "--no-progress"]);
    assert_eq!(code, 1);
    assert!(merged.contains("\"run\": {"));
    let (merged, single) = (lines(&merged), lines(&single));
    assert!(single.len() > 100);
    same_text(&merged.join("\n"), &single.join("\n"));
}
