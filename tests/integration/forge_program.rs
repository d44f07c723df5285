//! `trailseal forge`: the lab is what it says it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Output;

use trailseal::forge::Damage;

use crate::binary::{code, refused, stderr, trailseal};

#[test]
fn a_world_forged_by_the_program_verifies_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world").display().to_string();
    let output = trailseal(&[
        "forge",
        &world,
        "--accounts",
        "1",
        "--regions",
        "2",
        "--hours",
        "12",
        "--damage",
        "log-deleted",
        "--seed",
        "5",
    ]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let (command, said) = what_forge_says(&output);
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    assert_eq!((code(&trailseal(&words)), said), (1, 1));
    refused(&["forge", &world], &["not empty"]);
}

/// The command that forge prints, and the exit code that it is to end with.
fn what_forge_says(output: &Output) -> (String, i32) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let command = text.lines().find(|line| line.contains("trailseal verify")).unwrap().trim().to_owned();
    let (_, after) = text.split_once("The right answer is exit code ").unwrap_or_else(|| panic!("{text}"));
    let said = after.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap();
    (command, said)
}

#[test]
fn forge_says_what_its_folder_comes_to_and_a_bucket_where_that_differs() {
    let mut less = Vec::new();
    let mut complaints = Vec::new();
    for damage in Damage::ALL {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("world").display().to_string();
        let small = ["--accounts", "1", "--regions", "2", "--hours", "12", "--turn", "backfill"];
        let output = trailseal(&[&["forge", &world, "--damage", damage.as_str()][..], &small].concat());
        assert_eq!(code(&output), 0, "{damage}: {}", stderr(&output));
        let (command, said) = what_forge_says(&output);
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let ends = code(&trailseal(&words));
        if ends != said {
            complaints.push(format!("{damage}: forge says {said}, and it is {ends}"));
        }
        let text = String::from_utf8(output.stdout).unwrap();
        if text.contains("for a bucket with these objects it is ") {
            less.push(damage.as_str());
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let expected = [
        "digest-unsigned",
        "newest-unsigned",
        "signature-replaced",
        "signature-not-hex",
        "signature-odd-hex",
        "metadata-algorithm",
        "backfill-undated",
    ];
    assert_eq!(less, expected);
}
