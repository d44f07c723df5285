//! Holds the walls of the house: which room may know which, and which of them may touch the world outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const VOCABULARY: &[&str] = &["trail", "crypto", "gzip", "json", "settings"];
const JUDGEMENT: &[&str] = &["verdict", "digest", "chain", "logs", "events", "report"];
const PORTS: &[&str] = &["store", "keys", "aws"];
/// Rooms of the program; their `crate::` is not the library's.
const PROGRAM: &[&str] = &["main", "cli"];

/// What each room may know besides itself.
fn allowed(room: &str) -> Vec<&'static str> {
    match room {
        _ if VOCABULARY.contains(&room) => VOCABULARY.to_vec(),
        _ if JUDGEMENT.contains(&room) => [VOCABULARY, JUDGEMENT].concat(),
        _ if PORTS.contains(&room) => [VOCABULARY, PORTS].concat(),
        "inspection" => [VOCABULARY, JUDGEMENT].concat(),
        "ledger" => [VOCABULARY, JUDGEMENT, &["inspection"]].concat(),
        "conclusion" => [VOCABULARY, JUDGEMENT, &["inspection"]].concat(),
        "posture" => VOCABULARY.to_vec(),
        "seal" => [VOCABULARY, &["report", "verdict"]].concat(),
        "shard" => [VOCABULARY, JUDGEMENT, &["inspection"]].concat(),
        "audit" => {
            [VOCABULARY, JUDGEMENT, &["inspection", "ledger", "conclusion", "seal", "shard"], PORTS].concat()
        }
        "render" => [VOCABULARY, &["report", "verdict", "posture"]].concat(),
        "alert" => [VOCABULARY, &["report", "verdict", "render"]].concat(),
        "forge" => VOCABULARY.to_vec(),
        _ => panic!("{room} is a new room: give it its place in the house"),
    }
}

/// Words that reach out of the program, and the only places that may use them.
const OUTSIDE: &[(&str, &[&str])] = &[
    // A signature carries the moment it was made at.
    ("Utc::now", &["cli", "store/s3/fast_path"]),
    ("Local::now", &[]),
    ("SystemTime::now", &[]),
    // How long answers take decides how many requests are under way and how long they are waited for, and nothing else.
    ("Instant::now", &["aws/health", "aws/pace", "aws/retry", "store/s3", "audit/slots", "cli"]),
    ("clap::", &["cli", "main"]),
    ("indicatif::", &["cli"]),
    ("aws_sdk_s3::", &["store/s3"]),
    ("aws_sdk_cloudtrail::", &["keys/aws", "keys/source", "aws"]),
    ("aws_sdk_account::", &["aws"]),
    ("aws_config::", &["aws", "store/s3", "cli/verify/aws"]),
    ("aws_lc_rs::", &["crypto", "forge"]),
    ("tokio::", &["audit", "store", "keys", "aws", "cli"]),
    ("futures_util::", &["audit", "store", "keys", "aws", "cli"]),
    ("rayon::", &["audit", "forge"]),
    ("std::fs", &["store", "keys", "forge", "cli", "aws/connect"]),
    // Addresses are read there, and nobody is spoken to.
    ("std::net", &["aws/bypass", "alert/target"]),
    ("std::env", &["cli", "aws"]),
    ("tracing::", &[]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("process::exit", &["cli"]),
];

/// A source file: its path below `src` without `.rs`, and its text without comments.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap()
    }

    /// Rooms it names: by `crate::`, by `super::` up to the crate, in groups or alone.
    fn rooms(&self) -> BTreeSet<String> {
        let depth = self.path.split('/').count();
        let to_the_crate = "super::".repeat(depth);
        let mut rooms = names_after(&self.text, "crate::");
        rooms.extend(names_after(&self.text, &to_the_crate));
        rooms.retain(|room| room.starts_with(|first: char| first.is_ascii_lowercase()));
        rooms
    }
}

/// What stands right below `root` in the paths of a text. A longer way up, and a name that ends like it, are not it.
fn names_after(text: &str, root: &str) -> BTreeSet<String> {
    let whole = |at: usize| {
        let before = &text[..at];
        let longer = root.starts_with("super::") && before.ends_with("super::");
        !longer && !before.ends_with(|last: char| last.is_alphanumeric() || last == '$')
    };
    let paths = text.match_indices(root).filter(|(at, _)| whole(*at));
    paths.flat_map(|(at, _)| heads(&text[at + root.len()..])).collect()
}

/// The first words of what a path goes on with: one, or those of a group.
fn heads(rest: &str) -> Vec<String> {
    let word =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut words, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                words.push(word(&group[from..at]));
                from = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    words
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&root).unwrap().with_extension("");
        let text = fs::read_to_string(&path).unwrap();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        Source { path: below.to_str().unwrap().replace('\\', "/"), text: code.join("\n") }
    };
    found.into_iter().map(source).filter(|source| source.path != "lib").collect()
}

#[test]
fn no_room_knows_more_than_it_may() {
    let mut seen = BTreeMap::new();
    for source in sources().iter().filter(|source| !PROGRAM.contains(&source.room())) {
        let room = source.room();
        let allowed = allowed(room);
        let known = source.rooms();
        *seen.entry(room.to_owned()).or_insert(0) += known.len();
        for other in known {
            assert!(
                other == room || allowed.contains(&other.as_str()),
                "src/{}.rs knows {other}, which {room} must not",
                source.path
            );
        }
    }
    // If reading the sources found nothing, it would hold no wall.
    for room in [
        VOCABULARY,
        JUDGEMENT,
        PORTS,
        &["inspection", "conclusion", "seal", "audit", "render", "alert", "forge"],
    ]
    .concat()
    {
        assert!(seen.contains_key(room), "{room} is gone");
    }
    assert!(seen["audit"] > 20 && seen["chain"] > 3, "{seen:?}");
}

#[test]
fn only_the_rooms_meant_for_it_touch_the_world_outside() {
    for source in sources() {
        for (word, places) in OUTSIDE {
            let uses = source.text.match_indices(word).any(|(at, _)| {
                !source.text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
            });
            let within = places
                .iter()
                .any(|place| source.path == *place || source.path.starts_with(&format!("{place}/")));
            assert!(!uses || within, "src/{}.rs uses {word}", source.path);
        }
    }
}

#[test]
fn the_program_is_a_table_of_contents() {
    let main = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 40);
}

#[test]
fn groups_and_climbing_paths_are_read() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let rooms = |path, text| source(path, text).rooms().into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(rooms("chain/tell", "use crate::{store::{A, B}, trail, crypto::Hash};"), "crypto store trail");
    assert_eq!(rooms("chain/tell", "use super::super::store::A;"), "store");
    assert_eq!(rooms("chain/tell", "use super::store::A;"), "");
    assert_eq!(rooms("chain", "use super::store::A;"), "store");
}

/// The parts of a room, each a file right in it with all below it, and which of them name which.
fn parts(sources: &[Source]) -> BTreeMap<(String, String), BTreeSet<String>> {
    let part = |path: &str| path.split('/').nth(1).map(str::to_owned);
    let mut known: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let (room, Some(own)) = (source.room(), part(&source.path)) else { continue };
        let depth = source.path.split('/').count();
        let to_the_room = "super::".repeat(depth - 1);
        let by_name = format!("crate::{room}::");
        let named = known.entry((room.to_owned(), own.clone())).or_default();
        // Tests of a part may look at its neighbours.
        let text = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for root in [&to_the_room, &by_name] {
            named.extend(names_after(text, root).into_iter().filter(|name| *name != own));
        }
    }
    let all: BTreeSet<(String, String)> = known.keys().cloned().collect();
    for ((room, _), named) in &mut known {
        named.retain(|name| all.contains(&(room.clone(), name.clone())));
    }
    known
}

#[test]
fn no_room_goes_round_in_a_circle() {
    let sources: Vec<Source> =
        sources().into_iter().filter(|source| !source.path.ends_with("/tests")).collect();
    let parts = parts(&sources);
    assert!(parts.values().filter(|named| !named.is_empty()).count() > 40, "reads nothing");
    for (room, part) in parts.keys() {
        let mut reached = BTreeSet::new();
        let mut next = vec![part.clone()];
        while let Some(from) = next.pop() {
            for to in &parts[&(room.clone(), from.clone())] {
                assert_ne!(to, part, "src/{room}: {part} leads back to itself, through {from}");
                if reached.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
    }
}

#[test]
fn both_maps_of_the_house_name_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let map = readme.split("## The house").nth(1).unwrap().split("```").nth(1).unwrap();
    let library = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let story = library.split("The house, from the ground up").nth(1).unwrap().split("```").next().unwrap();
    let rooms: BTreeSet<String> = sources().iter().map(|source| source.room().to_owned()).collect();
    for room in &rooms {
        assert!(map.contains(&format!("{room}.rs")), "README's map lacks {room}");
        let told = PROGRAM.contains(&room.as_str()) || story.contains(&format!("`{room}`"));
        assert!(told, "the crate's story lacks {room}");
    }
    let words = map.split_whitespace().map(|word| word.trim_start_matches("src/").trim_end_matches(','));
    let named = words.filter_map(|word| word.strip_suffix(".rs"));
    for named in named {
        assert!(
            rooms.contains(named) || named == "lib",
            "README's map has {named}, and there is no such room"
        );
    }
}
