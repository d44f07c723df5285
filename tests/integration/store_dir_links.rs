//! Links in a folder that stands for a bucket: those that lead to what lies inside it are followed, and what is behind others is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use trailseal::forge::Damage;
use trailseal::render::message;
use trailseal::report::{Code, Finding};
use trailseal::store::{Metadata, StoreErrorKind};

use crate::support::folder::{Evidence, WORLD, damaged, get, list, streamed};
use crate::support::judged::{accuses_nobody, counted};
use crate::support::verify::{attempt, right, told};

/// Puts what lies at `key` somewhere else, and a link in its place.
fn moved(evidence: &Evidence<'_>, key: &str, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(evidence.at(key), to).unwrap();
    symlink(to, evidence.at(key)).unwrap();
}

/// Every part of a digest's and of a log file's path.
fn parts(evidence: &Evidence<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    for key in [&evidence.digests()[0], &evidence.logs()[0]] {
        parts.extend(key.match_indices('/').map(|(slash, _)| key[..slash].to_owned()));
        parts.push(key.clone());
    }
    parts.sort();
    parts.dedup();
    parts
}

#[test]
fn what_is_linked_inside_is_as_if_it_were_there_and_damage_in_it_is_told() {
    let worlds = [None, Some(Damage::LogEventEdited), Some(Damage::LogForged), Some(Damage::DigestDeleted)];
    for damage in worlds {
        let world = damage.map_or_else(|| WORLD.clone(), damaged);
        for part in parts(&Evidence::of(&world)) {
            let evidence = Evidence::of(&world);
            moved(&evidence, &part, &evidence.at("kept/elsewhere"));
            let report = evidence.judged();
            assert_eq!(told(&report), right(&world.truth()), "{damage:?}, {part}");
            assert_eq!(report.exit_code(), world.truth().exit_code, "{damage:?}, {part}");
        }
    }
}

#[test]
fn what_leads_out_nowhere_or_around_is_told_by_listings_and_reads_and_never_absent() {
    for part in parts(&Evidence::of(&WORLD)) {
        for way in ["out", "nowhere", "around"] {
            let evidence = Evidence::of(&WORLD);
            let outside = tempfile::tempdir().unwrap();
            let (target, leads) = match way {
                "out" => {
                    let target = outside.path().join("elsewhere");
                    moved(&evidence, &part, &target);
                    (target.display().to_string(), "lies outside of the folder")
                }
                "nowhere" => {
                    fs::rename(evidence.at(&part), outside.path().join("gone")).unwrap();
                    symlink("nothing", evidence.at(&part)).unwrap();
                    ("nothing".to_owned(), "leads nowhere")
                }
                _ => {
                    fs::rename(evidence.at(&part), outside.path().join("gone")).unwrap();
                    symlink(".", evidence.at(&part)).unwrap();
                    (".".to_owned(), "leads back to a folder that it lies in")
                }
            };
            let told = format!("a link to {target}, which {leads}");
            let store = evidence.store();
            let page = list(&store, "").unwrap();
            let unlisted: Vec<String> = page.unlisted.iter().map(ToString::to_string).collect();
            assert_eq!(unlisted, [format!("list {part}: {told}")]);
            let below = |key: &&String| key.starts_with(&format!("{part}/")) || **key == part;
            let listed = |key: &str| page.objects.iter().any(|object| *object.key == *key);
            for key in evidence.digests().iter().chain(&evidence.logs()).filter(below) {
                // A name of the record is listed: it is there, and can't be read.
                assert_eq!(listed(key), *key == part, "{key}");
                for error in [get(&store, key).unwrap_err(), streamed(&store, key).unwrap_err()] {
                    assert_eq!(error.kind, StoreErrorKind::Failed, "{error}");
                    assert!(error.detail.ends_with(&told), "{error}");
                }
            }
            let (folder, _) = part.rsplit_once('/').unwrap_or_default();
            assert_eq!(list(&store, &format!("{folder}/")).unwrap().unlisted.len(), 1);
            let error = list(&store, &format!("{part}/")).unwrap_err();
            assert!(error.detail.ends_with(&told), "{error}");
        }
    }
}

#[test]
fn a_folder_that_leads_out_is_not_listed_and_nothing_in_it_is_called_missing() {
    let outside = tempfile::tempdir().unwrap();
    for (number, part) in
        parts(&Evidence::of(&WORLD)).iter().filter(|part| !part.ends_with(".gz")).enumerate()
    {
        let evidence = Evidence::of(&WORLD);
        moved(&evidence, part, &outside.path().join(number.to_string()));
        let Ok(report) = attempt(evidence.asked(), evidence.store(), &WORLD) else {
            assert!(!part.contains("CloudTrail"), "{part}");
            continue;
        };
        accuses_nobody(&report, 3);
        let told = |finding: &Finding| message(finding).contains("lies outside of the folder");
        assert!(report.findings.iter().any(told), "{part}: {:#?}", report.findings);
        // The truly damaged twin: what is gone from what the link leaves in reach is missing.
        let gone = evidence.digests().into_iter().rev().nth(3).unwrap();
        if !gone.starts_with(part) {
            fs::remove_file(evidence.at(&gone)).unwrap();
            assert_eq!(evidence.judged().exit_code(), 1, "{part}");
        }
    }
}

#[test]
fn a_file_that_leads_out_is_unreadable_and_one_that_is_gone_is_missing() {
    let outside = tempfile::tempdir().unwrap();
    let evidence = Evidence::of(&WORLD);
    for (key, code, gone) in [
        (&evidence.logs()[0], Code::LogUnreadable, Code::LogMissing),
        (&evidence.digests()[4], Code::DigestUnreadable, Code::DigestMissing),
    ] {
        let evidence = Evidence::of(&WORLD);
        moved(&evidence, key, &outside.path().join("elsewhere"));
        let report = evidence.judged();
        accuses_nobody(&report, 3);
        assert!(report.findings.iter().any(|finding| finding.code() == code), "{:?}", counted(&report));
        fs::remove_file(evidence.at(key)).unwrap();
        let report = evidence.judged();
        assert_eq!(report.exit_code(), 1);
        assert!(report.findings.iter().any(|finding| finding.code() == gone), "{:?}", counted(&report));
    }
}

#[test]
fn links_to_files_are_sized_and_read_as_what_they_lead_to() {
    let evidence = Evidence::of(&WORLD);
    let digest = &evidence.digests()[0];
    let length = fs::metadata(evidence.at(digest)).unwrap().len();
    moved(&evidence, digest, &evidence.at("kept/digest"));
    let page = list(&evidence.store(), "").unwrap();
    let listed = page.objects.iter().find(|object| *object.key == **digest).unwrap();
    assert_eq!(listed.size, Some(length));
    assert_eq!(get(&evidence.store(), digest).unwrap().body.len() as u64, length);
}

#[test]
fn a_sidecar_that_leads_out_is_none() {
    let outside = tempfile::tempdir().unwrap();
    let evidence = Evidence::of(&WORLD);
    let digest = &evidence.digests()[0];
    moved(&evidence, &format!("{digest}.head.json"), &outside.path().join("elsewhere"));
    let Metadata::NotKept(Some(why)) = get(&evidence.store(), digest).unwrap().metadata else {
        panic!("it was read")
    };
    assert!(why.contains("could not be read: a link to") && why.contains("outside"), "{why}");
}
