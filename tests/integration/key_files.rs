//! Key files as tools write them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use serde_json::{Value, json};
use trailseal::forge::{World, WorldPlan};
use trailseal::keys;
use trailseal::keys::KeyRing;

static WORLD: LazyLock<World> = LazyLock::new(|| World::forge(&WorldPlan::default()).unwrap());

/// What a ring holds: fingerprints and regions.
fn held(ring: &KeyRing) -> BTreeSet<(String, Option<String>)> {
    let region = |key: &trailseal::keys::PublicKey| key.region.as_ref().map(ToString::to_string);
    ring.iter().map(|key| (key.fingerprint.to_string(), region(key))).collect()
}

fn read(bytes: &[u8]) -> Result<BTreeSet<(String, Option<String>)>, String> {
    keys::parse(bytes, "keys.json").map(|ring| held(&ring)).map_err(|error| error.to_string())
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn every_encoding_holds_the_same_keys() {
    let text = String::from_utf8(WORLD.keys().json()).unwrap();
    let expected = read(text.as_bytes()).unwrap();
    assert!(!expected.is_empty());
    for text in [text.clone(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
        for bytes in
            [text.clone().into_bytes(), utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)]
        {
            assert_eq!(read(&bytes), Ok(expected.clone()));
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("keys.json"), &bytes).unwrap();
            let ring = keys::read_file(&folder.path().join("keys.json")).unwrap();
            assert_eq!(held(&ring), expected);
        }
    }
}

#[test]
fn documents_one_after_another_are_merged() {
    let whole: Value = serde_json::from_slice(&WORLD.keys().json()).unwrap();
    let list = whole["PublicKeyList"].as_array().unwrap();
    let one_by_one: Vec<String> =
        list.iter().map(|key| json!({ "PublicKeyList": [key] }).to_string()).collect();
    let expected = read(&WORLD.keys().json());
    for between in ["", "\n", "\r\n\u{feff}"] {
        assert_eq!(read(one_by_one.join(between).as_bytes()), expected);
    }
    let regions = WORLD.plan().region_names();
    let by_region = String::from_utf8(WORLD.keys().json_by_region(&regions)).unwrap();
    let both = read(format!("{by_region}\n{whole}").as_bytes()).unwrap();
    assert_eq!(both, &read(by_region.as_bytes()).unwrap() | &expected.unwrap());
}

#[test]
fn what_is_no_key_file_is_called_by_its_name() {
    let again = ", not JSON: run the command again with --output json";
    for (text, told) in [
        ("", "keys.json is empty".to_owned()),
        ("PublicKeyList:\n- Fingerprint: 00\n  Value: MII\n", format!("keys.json is YAML{again}")),
        ("us-east-1:\n  PublicKeyList: []\n", format!("keys.json is YAML{again}")),
        ("PUBLICKEYLIST\t00\t2026\n", format!("keys.json is tab-separated text{again}")),
        ("------------\n|  ListPublicKeys  |\n", format!("keys.json is a table{again}")),
    ] {
        assert_eq!(read(text.as_bytes()), Err(told));
    }
    let whole = String::from_utf8(WORLD.keys().json()).unwrap();
    for (text, told) in [
        (
            format!("{whole}{{\"PublicKeyList\": 1}}"),
            "keys.json: in its document 2, PublicKeyList: not a list of keys",
        ),
        (format!("{whole}{{\"Public"), "keys.json is not JSON: in its document 2, EOF"),
        (format!("{whole}null"), "keys.json: in its document 2, the whole: not an object"),
        ("{}".to_owned(), "keys.json: PublicKeyList: not there"),
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(error.starts_with(told), "{error}");
    }
}

#[test]
fn the_program_says_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    WORLD.write(folder.path()).unwrap();
    let yaml = folder.path().join("keys.yaml");
    fs::write(&yaml, "PublicKeyList:\n- Value: MII\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trailseal"))
        .arg("verify")
        .arg(folder.path().join("bucket"))
        .arg("--keys")
        .arg(&yaml)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("keys.yaml is YAML") && said.contains("--output json"), "{said}");
}
