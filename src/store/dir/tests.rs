//! What only shows at page sizes and bounds that no caller can choose.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::{Listing, ListingDepth, Page};
use super::walk::Bounds;
use super::*;

const DAY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01";

fn folder(keys: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for key in keys {
        let path = folder.path().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, key).unwrap();
    }
    folder
}

fn below(prefix: &str, reach: ListingDepth) -> Listing {
    Listing { bucket: "".into(), prefix: prefix.into(), after: None, reach, token: None }
}

/// All pages of a listing in one, and how many there were.
fn all(folder: &Path, mut listing: Listing, bounds: Bounds) -> (Page, usize) {
    let store = DirStore::open(folder).unwrap();
    let (mut whole, mut pages) = (Page::default(), 0);
    loop {
        let page = store.page(&listing, bounds).unwrap();
        assert!(page.objects.len() + page.folders.len() <= bounds.names);
        whole.objects.extend(page.objects);
        whole.folders.extend(page.folders);
        whole.unlisted.extend(page.unlisted);
        pages += 1;
        match page.next {
            Some(next) => listing.token = Some(next),
            None => return (whole, pages),
        }
    }
}

fn names(most: usize) -> Bounds {
    Bounds { names: most, ..Bounds::USUAL }
}

fn keys(page: &Page) -> Vec<&str> {
    page.objects.iter().map(|object| &*object.key).collect()
}

fn unlisted(page: &Page) -> Vec<String> {
    page.unlisted.iter().map(ToString::to_string).collect()
}

#[test]
fn pages_of_every_size_and_start_give_the_same_sorted_keys() {
    let relative = ["a", "a.b", "a-/c", "b/a/1", "b/a/2", "b/a.json", "b/b/1", "b/b/2", "b/b/3", "c/1", "d"];
    let mut sorted = relative.map(|key| format!("p/{key}"));
    sorted.sort();
    let folder = folder(&sorted.each_ref().map(String::as_str));
    fs::create_dir_all(folder.path().join("p/empty/empty")).unwrap();
    for most in 1..=sorted.len() + 1 {
        let whole = all(folder.path(), below("p/", ListingDepth::Whole), names(most)).0;
        assert_eq!(keys(&whole), sorted);
        for (at, after) in sorted.iter().enumerate() {
            let listing = Listing { after: Some(after.clone()), ..below("p/", ListingDepth::Whole) };
            assert_eq!(keys(&all(folder.path(), listing, names(most)).0), sorted[at + 1..]);
        }
        let (level, pages) = all(folder.path(), below("p/", ListingDepth::Folder), names(most));
        let mut both: Vec<&str> = keys(&level);
        both.extend(level.folders.iter().map(String::as_str));
        both.sort_unstable();
        assert_eq!(both, ["p/a", "p/a-/", "p/a.b", "p/b/", "p/c/", "p/d", "p/empty/"]);
        assert_eq!(pages, 7 / most + 1);
    }
}

#[test]
fn unpacked_files_and_sidecars_are_told_apart_at_every_page_size() {
    let name =
        |minute: u32| format!("{DAY}/111122223333_CloudTrail_us-east-1_20260301T00{minute:02}Z_a.json");
    let both = [name(0), name(0) + ".gz", name(0) + ".gz.head.json", name(0) + ".head.json"];
    let unpacked = [name(5), name(5) + "-between", name(5) + ".gz.head.json", name(5) + ".head.json"];
    let orphans = [name(10) + ".gz.head.json", name(10) + ".gz.head.json.head.json", name(10) + ".head.json"];
    let other = [format!("{DAY}/notes.json"), format!("{DAY}/notes.json.head.json")];
    let written: Vec<&String> = both.iter().chain(&unpacked).chain(&orphans).chain(&other).collect();
    let folder = folder(&written.iter().map(|key| key.as_str()).collect::<Vec<_>>());
    let mut expected = vec![name(0), name(0) + ".gz", name(5) + "-between", name(5) + ".gz"];
    expected.extend(orphans);
    expected.push(other[0].clone());
    for most in 1..=expected.len() + 1 {
        let whole = all(folder.path(), below("AWSLogs/", ListingDepth::Whole), names(most)).0;
        assert_eq!(keys(&whole), expected, "{most} a page");
        assert_eq!(unlisted(&whole), [""; 0]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_read_takes_nothing_else_with_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let deep = "d".repeat(200);
    let folder = folder(&["b/1", "locked/1", "z/1", &format!("moved/{deep}/{deep}/1")]);
    // Nobody can read what lies at the end of a path that is too long; another user's folder would not stop root.
    let long = (0..19).fold(folder.path().to_owned(), |path, _| path.join(&deep));
    fs::create_dir_all(&long).unwrap();
    for part in ["b", "locked", "z", "moved"] {
        fs::rename(folder.path().join(part), long.join(part)).unwrap();
    }
    let told = |page: &Page, at: &str| {
        unlisted(page).into_iter().filter(|unlisted| unlisted.contains(at)).collect::<Vec<_>>()
    };
    for most in 1..4 {
        let whole = all(&long, below("", ListingDepth::Whole), names(most)).0;
        assert!(keys(&whole).starts_with(&["b/1"]) && keys(&whole).ends_with(&["z/1"]), "{:?}", keys(&whole));
        let too_long = format!("list moved/{deep}/{deep}/: File name too long (os error 36)");
        assert_eq!(told(&whole, "moved/"), [too_long], "{most} a page");
    }
    let store = DirStore::open(&long).unwrap();
    assert!(
        store.page(&below(&format!("moved/{deep}/{deep}/"), ListingDepth::Whole), Bounds::USUAL).is_err()
    );
    let set_mode = |mode| fs::set_permissions(long.join("locked"), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o000);
    let whole = all(&long, below("", ListingDepth::Whole), names(9)).0;
    let locked = match fs::read_dir(long.join("locked")) {
        Ok(_) => vec![],
        Err(_) => vec!["list locked/: Permission denied (os error 13)".to_owned()],
    };
    assert_eq!(told(&whole, "locked"), locked);
    set_mode(0o700);
}

#[test]
fn no_key_is_deeper_than_s3_has_them() {
    let deep = "d/".repeat(511);
    let folder = folder(&[&format!("{deep}1"), &format!("{deep}d/2")]);
    let whole = all(folder.path(), below("", ListingDepth::Whole), Bounds::USUAL).0;
    assert_eq!(keys(&whole), [format!("{deep}1")]);
    let told = "deeper than any key of S3 reaches, which has 1024 bytes at most";
    assert_eq!(unlisted(&whole), [format!("list {deep}d/: {told}")]);
}

#[cfg(target_os = "linux")]
mod links {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_walked_or_told_of_once_at_every_page_size() {
        let outside = folder(&["secret"]);
        let folder = folder(&["a/1", "a/2", "b/c/3", "d"]);
        let at = |key: &str| folder.path().join(key);
        symlink("a", at("b/a")).unwrap();
        symlink("../a", at("b/inside")).unwrap();
        symlink("../d", at("b/file")).unwrap();
        symlink(outside.path(), at("a/out")).unwrap();
        symlink(outside.path().join("secret"), at("e")).unwrap();
        symlink("..", at("b/c/up")).unwrap();
        symlink("self", at("self")).unwrap();
        symlink("b", at("around")).unwrap();
        symlink("../around", at("b/round")).unwrap();
        fs::write(at("a").join(OsStr::from_bytes(b"\xff")), "").unwrap();
        fs::write(at("a").join(OsStr::from_bytes(b"\xfe")), "").unwrap();
        let out = outside.path().display();
        let inner = ["1", "2"];
        let mut expected: Vec<String> = vec!["d".into(), "b/c/3".into(), "b/file".into()];
        for prefix in ["a/", "b/inside/", "around/inside/"] {
            expected.extend(inner.map(|key| format!("{prefix}{key}")));
        }
        expected.extend(["around/c/3", "around/file"].map(String::from));
        expected.sort();
        let mut told = vec![
            format!("list e: a link to {out}/secret, which lies outside of the folder"),
            "list self: a link to self, which cannot be followed: Too many levels of symbolic links (os error 40)"
                .into(),
        ];
        for prefix in ["a/", "b/inside/", "around/inside/"] {
            told.push(format!("list {prefix}out: a link to {out}, which lies outside of the folder"));
            told.push(format!("list {prefix}\u{fffd}: its name is not UTF-8"));
        }
        for prefix in ["b/", "around/"] {
            told.push(format!("list {prefix}a: a link to a, which cannot be followed: Too many levels of symbolic links (os error 40)"));
            told.push(format!(
                "list {prefix}c/up: a link to .., which leads back to a folder that it lies in"
            ));
            told.push(format!(
                "list {prefix}round: a link to ../around, which leads back to a folder that it lies in"
            ));
        }
        told.sort();
        let twice = tempfile::tempdir().unwrap();
        let linked = twice.path().join("linked");
        symlink(folder.path(), &linked).unwrap();
        for root in [folder.path(), &linked] {
            for most in 1..=expected.len() + 1 {
                let whole = all(root, below("", ListingDepth::Whole), names(most)).0;
                assert_eq!(keys(&whole), expected, "{most} a page");
                let mut found = unlisted(&whole);
                found.sort();
                assert_eq!(found, told, "{most} a page");
            }
        }
    }

    #[test]
    fn links_that_multiply_are_bounded_for_all_pages_together() {
        let folder = folder(&[]);
        for level in 0..30 {
            let path = folder.path().join(format!("{level:02}"));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("file"), "").unwrap();
            symlink(format!("../{:02}", level + 1), path.join("x")).unwrap();
            symlink(format!("../{:02}", level + 1), path.join("y")).unwrap();
        }
        fs::create_dir(folder.path().join("30")).unwrap();
        let bounds = Bounds { linked: 100, unlisted: 1_000, names: 1 << 17 };
        let whole = all(folder.path(), below("00/", ListingDepth::Whole), bounds).0;
        assert!((50..=101).contains(&whole.objects.len()), "{}", whole.objects.len());
        let told = "behind more than 100 linked folders in one listing";
        assert!(unlisted(&whole).iter().any(|unlisted| unlisted.ends_with(told)), "{:?}", unlisted(&whole));
        for most in [1, 7, 60] {
            let paged =
                all(folder.path(), below("00/", ListingDepth::Whole), Bounds { names: most, ..bounds }).0;
            assert_eq!(paged, whole, "{most} a page");
        }
    }

    #[test]
    fn parts_that_cannot_be_listed_are_bounded_and_said_to_be() {
        let folder = folder(&["p/z"]);
        for link in 0..20 {
            symlink("nowhere", folder.path().join(format!("p/{link:02}"))).unwrap();
        }
        let whole =
            all(folder.path(), below("p/", ListingDepth::Whole), Bounds { unlisted: 5, ..Bounds::USUAL }).0;
        assert_eq!(keys(&whole), ["p/z"]);
        let told = unlisted(&whole);
        assert_eq!(
            told[4..],
            [
                "list p/04: a link to nowhere, which leads nowhere",
                "list p/: more than 5 of its parts could not be listed"
            ]
        );
    }
}
