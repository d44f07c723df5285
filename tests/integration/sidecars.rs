//! What was saved beside digests in a folder: read as tools write it, believed only of the bytes that it describes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use trailseal::render::message;
use trailseal::report::{Code, Finding};

use crate::support::folder::{Evidence, WORLD, list};
use crate::support::judged::{accuses_nobody, counted};

#[test]
fn sidecars_are_read_as_tools_write_them() {
    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let changed = |bytes: Vec<u8>, change: fn(&mut Value)| {
        let mut head: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut head);
        serde_json::to_vec(&head).unwrap()
    };
    type Change<'c> = &'c dyn Fn(Vec<u8>) -> Vec<u8>;
    let changes: [(&str, Change<'_>); 9] = [
        ("with a byte order mark", &|bytes| [b"\xef\xbb\xbf".to_vec(), bytes].concat()),
        ("as UTF-16", &|bytes| utf16(&format!("\u{feff}{}", text(bytes)), u16::to_le_bytes)),
        ("as UTF-16, big end first", &|bytes| utf16(&format!("\u{feff}{}", text(bytes)), u16::to_be_bytes)),
        ("as UTF-16 without a mark", &|bytes| utf16(&text(bytes), u16::to_le_bytes)),
        ("after another document", &|bytes| [b"{\"Owner\":1}\n".to_vec(), bytes].concat()),
        ("before half a document", &|bytes| [bytes, b"\n{\"Metadata\"".to_vec()].concat()),
        ("of get-object", &|bytes| changed(bytes, |head| head["ChecksumType"] = "FULL_OBJECT".into())),
        ("in other letters", &|bytes| {
            changed(bytes, |head| {
                let saved = head["Metadata"].as_object().unwrap().clone();
                let louder = saved.into_iter().map(|(name, value)| (name.to_uppercase(), value));
                head["Metadata"] = Value::Object(louder.collect());
            })
        }),
        ("with S3's own names", &|bytes| {
            changed(bytes, |head| {
                let saved = head["Metadata"].as_object().unwrap().clone();
                let longer = saved.into_iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value));
                *head = json!({ "metadata": Value::Object(longer.collect()) });
            })
        }),
    ];
    for (name, change) in changes {
        let evidence = Evidence::of(&WORLD);
        evidence.change_sidecars(change);
        let report = evidence.judged();
        assert_eq!((counted(&report), report.exit_code()), (BTreeMap::new(), 0), "{name}");
    }
}

#[test]
fn a_bad_sidecar_is_no_sidecar() {
    let again = "run the command again with --output json";
    let chains = WORLD.chains().len();
    for (bytes, told) in [
        (&b""[..], "its .head.json is empty"),
        (b"Metadata:\n  signature: 00\n", again),
        (b"bytes\tapplication/json\nMETADATA\t00\n", again),
        (b"--------\n| Head |\n", again),
        (b"hello", "its .head.json is not JSON"),
        (b"[1, 2", "its .head.json is not JSON"),
        (b"[1, 2]", "its .head.json holds no Metadata"),
        (b"{\"Metadata\": {}}", "its .head.json holds Metadata without a signature"),
        (b"{\"Metadata\": {\"signature\": 12}}", "its .head.json holds Metadata without a signature"),
        (b"{\"Metadata\": {\"signature\": \"zz\"}}", "what was saved as its signature is not one"),
        (b"{\"Metadata\": {\"signature\": \"00ff\"}}", "of other bytes"),
        (&[b'{'; 100_000], "its .head.json is larger than 65536 bytes"),
        (b"\xff\xfe{\0\"", "its .head.json is not UTF-16 text"),
    ] {
        let evidence = Evidence::of(&WORLD);
        evidence.change_sidecars(|_| bytes.to_vec());
        let report = evidence.judged();
        accuses_nobody(&report, 3);
        let unsigned: Vec<_> =
            report.findings.iter().filter(|finding| finding.code() == Code::DigestUnsigned).collect();
        // All but the newest of each chain have a successor that vouches for them.
        assert_eq!(unsigned.len(), chains, "{told}");
        for finding in unsigned {
            assert!(message(finding).contains(told), "{}", message(finding));
        }
    }
    let evidence = Evidence::of(&WORLD);
    for digest in evidence.digests() {
        let path = evidence.at(&format!("{digest}.head.json"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    let report = evidence.judged();
    assert_eq!(report.exit_code(), 3);
    let told = |finding: &Finding| message(finding).contains("could not be read: not a plain file");
    assert!(report.findings.iter().any(told), "{:#?}", report.findings);
}

#[test]
fn a_sidecar_of_another_digest_accuses_nobody_and_a_changed_one_is_told() {
    // Each digest has the sidecar of the next.
    let evidence = Evidence::of(&WORLD);
    let digests = evidence.digests();
    let sidecar = |digest: &String| evidence.at(&format!("{digest}.head.json"));
    let saved: Vec<Vec<u8>> = digests.iter().map(|digest| fs::read(sidecar(digest)).unwrap()).collect();
    for (at, digest) in digests.iter().enumerate() {
        fs::write(sidecar(digest), &saved[(at + 1) % saved.len()]).unwrap();
    }
    let report = evidence.judged();
    accuses_nobody(&report, 3);

    // A signature that was changed beside what singles the bytes out.
    let evidence = Evidence::of(&WORLD);
    let newest = WORLD.chains()[0].digests.last().unwrap().object().key.to_string();
    let path = evidence.at(&format!("{newest}.head.json"));
    let mut head: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    head["Metadata"]["signature"] = "00ff".repeat(128).into();
    fs::write(&path, head.to_string()).unwrap();
    let report = evidence.judged();
    assert_eq!(counted(&report)["tamper digest-signature-invalid"], 1);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn sidecars_are_hidden_beside_what_they_describe_and_nowhere_else() {
    let evidence = Evidence::of(&WORLD);
    let (digest, log) = (evidence.digests()[0].clone(), evidence.logs()[0].clone());
    let keys = || -> Vec<String> {
        list(&evidence.store(), "").unwrap().objects.iter().map(|object| object.key.to_string()).collect()
    };
    let before = keys();
    fs::write(evidence.at(&format!("{log}.head.json")), "{}").unwrap();
    assert_eq!(keys(), before);
    fs::remove_file(evidence.at(&digest)).unwrap();
    fs::remove_file(evidence.at(&log)).unwrap();
    let after = keys();
    assert_eq!(after.len(), before.len());
    for gone in [digest, log] {
        assert!(!after.contains(&gone) && after.contains(&format!("{gone}.head.json")), "{gone}");
    }
}
