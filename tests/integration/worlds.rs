//! Every damage the forge knows is told right, with no false word about anything else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::sync::LazyLock;

use trailseal::forge::{Damage, World, WorldPlan};

use crate::support::memory::{Keeps, Memory};
use crate::support::verify::{plan, right, run, told};

static WORLD: LazyLock<World> = LazyLock::new(|| World::forge(&WorldPlan::default()).unwrap());

/// What is wrong with the report on a world, in words; empty if nothing is.
fn complaints(name: &str, world: &World) -> String {
    let truth = world.truth();
    let report = run(plan(&truth), Memory::new(world, Keeps::Metadata, 1000), world);
    let (told, right) = (told(&report), right(&truth));
    let mut complaints = String::new();
    for finding in told.difference(&right) {
        writeln!(complaints, "{name}: false: {finding:?}").unwrap();
    }
    for finding in right.difference(&told) {
        writeln!(complaints, "{name}: untold: {finding:?}").unwrap();
    }
    if report.exit_code() != truth.exit_code {
        writeln!(complaints, "{name}: exit {} instead of {}", report.exit_code(), truth.exit_code).unwrap();
    }
    complaints
}

#[test]
fn a_clean_world_is_whole() {
    assert_eq!(complaints("clean", &WORLD), "");
}

#[test]
fn every_damage_is_told_right() {
    let complaints: String = Damage::ALL
        .iter()
        .map(|damage| {
            let mut world = WORLD.clone();
            world.apply(*damage).unwrap();
            complaints(damage.as_str(), &world)
        })
        .collect();
    assert!(complaints.is_empty(), "\n{complaints}");
}
