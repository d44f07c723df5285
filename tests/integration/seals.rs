//! Seals as files: the commands as a newcomer runs them, one committed seal that others verify too, and notes of every
//! hostile kind. `TRAILSEAL_REFORGE=1 cargo test --release --test integration seals` writes the committed files anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

use trailseal::report::{Code, Hash, Outcome};
use trailseal::seal::{
    Carried, HeadName, NotANote, Note, ObjectCounts, Seal, SealedHead, SealedPart, SealedRun, SigningKey,
    Softened, Tool, Unverified, VerifierKey,
};
use trailseal::trail::key::DigestKey;
use trailseal::trail::{Depth, Location, ObjectName, Window, parse_time};

use crate::binary::{code, program, refused, stderr, trailseal};
use crate::support::python::Python;

/// A throw-away key: whoever reads this can sign with it.
fn signing_key() -> SigningKey {
    SigningKey::from_seed("example.org/trailseal", [7; 32]).unwrap()
}

fn stranger() -> SigningKey {
    SigningKey::from_seed("example.org/trailseal", [8; 32]).unwrap()
}

fn head(key: &str, seen: u64) -> SealedHead {
    let end = DigestKey::parse(key).unwrap().end;
    let seen = NonZeroU64::new(seen).unwrap();
    SealedHead {
        object: ObjectName::new("example-trail-bucket", key),
        hash: Hash::of(key.as_bytes()),
        end,
        seen,
    }
}

/// A seal with a line of every kind.
fn golden() -> Seal {
    let digest = |region: &str, day: &str| {
        format!(
            "audit trail/AWSLogs/111122223333/CloudTrail-Digest/{region}/2026/11/{day}/111122223333_CloudTrail-Digest_\
             {region}_management-events_us-east-1_202611{day}T021728Z.json.gz"
        )
    };
    let time = |text: &str| parse_time(text).unwrap();
    let gone = digest("eu-west-1", "19");
    let run = SealedRun {
        number: NonZeroU64::new(7).unwrap(),
        window: Window::new(Some(time("2026-11-20T00:00:00Z")), time("2026-11-27T02:58:00Z")).unwrap(),
        part: SealedPart {
            accounts: ["111122223333".parse().unwrap()].into(),
            regions: ["eu-west-1", "us-east-1"].map(|region| region.parse().unwrap()).into(),
            trails: BTreeSet::new(),
        },
        depth: Depth::Full,
        softened: [
            Softened::Accept(Code::LogUnlisted),
            Softened::Ended("111122223333/ap-south-1@2026-10-01T10:17:28Z".parse().unwrap()),
            Softened::Retention(400),
        ]
        .into(),
        released: [HeadName { key: gone.as_str().into(), hash: Hash::of(gone.as_bytes()) }].into(),
        outcome: Outcome::Tampered,
        exit: 1,
        read: ObjectCounts { digests: 168, logs: 3360 },
        carried: Carried {
            objects: ObjectCounts { digests: 1, logs: 20 },
            oldest_read_at: Some(time("2026-11-26T03:00:00Z")),
        },
        keys: Hash::of(b"the public keys"),
        report: Hash::of(b"the JSON report"),
        previous: Hash::of(b"the text of seal 6"),
        heads: [head(&digest("eu-west-1", "26"), 6), head(&digest("us-east-1", "27"), 7)].into(),
    };
    Seal {
        origin: Location::new("example-trail-bucket", "audit trail/"),
        source: "s3://example-trail-bucket/audit trail".to_owned(),
        time: time("2026-11-27T03:00:00Z"),
        tool: Tool { version: "0.1.0".to_owned(), rules: 1 },
        new_keys: [stranger().verifier()].into(),
        run: Some(run),
    }
}

/// Where the committed seal lies, and its verifier key, written anew first if that is asked for.
static GOLDEN: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/seals");
    let files = ["seven.seal", "seven.vkey"].map(|name| folder.join(name));
    if std::env::var_os("TRAILSEAL_REFORGE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&files[0], golden().signed_by(&[&signing_key()]).unwrap().to_string()).unwrap();
        fs::write(&files[1], format!("{}\n", signing_key().verifier())).unwrap();
    }
    files
});

fn golden_words() -> [String; 2] {
    GOLDEN.each_ref().map(|path| path.to_str().unwrap().to_owned())
}

fn golden_note() -> String {
    fs::read_to_string(&GOLDEN[0]).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_committed_seal_is_what_is_written_and_says_what_it_says() {
    let note = golden_note();
    assert_eq!(golden().signed_by(&[&signing_key()]).unwrap().to_string(), note);
    let note = Note::parse(note.as_bytes()).unwrap();
    let keys = [signing_key().verifier()];
    let (text, signers) = note.verified_by(&keys).unwrap();
    assert_eq!((Seal::parse(text), signers), (Ok(golden()), vec![&keys[0]]));
}

#[test]
fn others_verify_the_committed_seal_too() {
    let Some(python) = Python::get() else { return };
    let [_, vkey] = GOLDEN.each_ref().map(|path| fs::read_to_string(path).unwrap());
    let verify = |path: &std::path::Path| {
        let script = ["-c", include_str!("support/note.py"), vkey.trim()];
        Command::new(python.program("python")).args(script).arg(path).output().unwrap()
    };
    let output = verify(&GOLDEN[0]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output).trim(), golden().hash().to_string());
    // The judge is one.
    let changed = tempfile::NamedTempFile::new().unwrap();
    fs::write(changed.path(), golden_note().replace("exit 1", "exit 0")).unwrap();
    let output = verify(changed.path());
    assert!(!output.status.success() && stderr(&output).contains("InvalidSignature"), "{}", stderr(&output));
}

/// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`, which wrote the format first.
#[test]
fn the_notes_of_others_are_read() {
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let keys = [key.parse::<VerifierKey>().unwrap()];
    let read = Note::parse(note.as_bytes()).unwrap();
    let (text, _) = read.verified_by(&keys).unwrap();
    let secret = SigningKey::from_secret_text(secret).unwrap();
    assert_eq!((secret.verifier(), secret.verifier().to_string()), (keys[0].clone(), key.to_owned()));
    assert_eq!(Note::new(text.to_owned(), vec![secret.sign(text)]).unwrap().to_string(), note);
}

#[test]
fn a_new_key_signs_what_its_other_half_verifies() {
    let made = || {
        let output = trailseal(&["seal", "keygen", "example.org/audit"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    let [(secret, public), (other, _)] = [made(), made()];
    assert!(secret.starts_with("PRIVATE+KEY+example.org/audit+") && secret.ends_with('\n'), "{public}");
    assert!(secret != other && secret.lines().count() == 1 && public.lines().count() == 1);
    let key = SigningKey::from_secret_text(secret.trim_end()).unwrap();
    assert_eq!(format!("{}\n", key.verifier()), public);
    // As the help has people keep them.
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("seal.vkey"), &public).unwrap();
    fs::write(path("7.seal"), golden().signed_by(&[&key]).unwrap().to_string()).unwrap();
    for vkey in [path("seal.vkey"), public.trim_end().to_owned()] {
        let output = trailseal(&["seal", "verify", &path("7.seal"), "--vkey", &vkey]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let told = stdout(&output);
        assert!(
            told.starts_with("VERIFIED") && told.contains("seal 7 of s3://example-trail-bucket/audit trail/"),
            "{told}"
        );
    }
}

#[test]
fn names_that_no_key_can_have_are_refused() {
    for name in ["", "two words", "a+b", "a\u{9b}b"] {
        refused(&["seal", "keygen", name], &["name", "example.org/trailseal"]);
    }
    refused(&["seal", "keygen"], &["NAME"]);
}

#[test]
fn a_seal_is_shown_and_whether_it_was_checked_is_said_first() {
    let [seal, vkey] = golden_words();
    let shown = |more: &[&str], exit: i32| {
        let output = trailseal(&[&["seal", "show", &seal], more].concat());
        assert_eq!(code(&output), exit, "{more:?}: {}", stderr(&output));
        stdout(&output)
    };
    insta::assert_snapshot!("seal_show", shown(&[], 0));
    let plain = shown(&[], 0);
    let second_fact = plain.lines().nth(2).unwrap();
    assert!(second_fact.contains("signature not checked") && second_fact.contains("--vkey"), "{plain}");
    assert!(shown(&["--vkey", &vkey], 0).contains("example.org/trailseal+f7282548: verified\n"));
    let other = stranger().verifier().to_string();
    assert!(shown(&["--vkey", &other], 3).contains("NOT VERIFIED, for none of these keys was given"));
    let piped = program().args(["seal", "show", "-"]).write_stdin(golden_note()).output().unwrap();
    assert_eq!(stdout(&piped), plain);
    let first = Seal { run: None, new_keys: BTreeSet::new(), ..golden() };
    let first = first.signed_by(&[&signing_key()]).unwrap().to_string();
    let first = program().args(["seal", "show", "-"]).write_stdin(first).output().unwrap();
    assert!(stdout(&first).contains("SEAL 0 of") && stdout(&first).contains("this is the first seal"));
}

#[test]
fn what_verify_says_is_in_its_exit_code() {
    let [seal, vkey] = golden_words();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let verify = |seal: &str, vkeys: &[&str]| {
        let vkeys = vkeys.iter().flat_map(|vkey| ["--vkey", vkey]);
        let output = program().args(["seal", "verify", seal]).args(vkeys).output().unwrap();
        (code(&output), stdout(&output) + &stderr(&output))
    };
    let other = stranger().verifier().to_string();
    assert_eq!(verify(&seal, &[&vkey]).0, 0);
    assert_eq!(verify(&seal, &[&other, &vkey]).0, 0);
    let (exit, told) = verify(&seal, &[&other]);
    assert!(exit == 3 && told.starts_with("UNVERIFIED") && told.contains("--vkey"), "{exit}: {told}");
    fs::write(path("changed.seal"), golden_note().replace("verdict tampered", "verdict intact")).unwrap();
    let (exit, told) = verify(&path("changed.seal"), &[&vkey]);
    assert!(exit == 1 && told.starts_with("BROKEN") && told.contains("changed after"), "{exit}: {told}");
    assert_eq!(verify(&path("changed.seal"), &[&other]).0, 3);
    let shown = trailseal(&["seal", "show", &path("changed.seal"), "--vkey", &vkey]);
    assert!(code(&shown) == 1 && stdout(&shown).contains("BROKEN") && stdout(&shown).contains("INTACT"));
    // Changed so that it is no seal any more.
    fs::write(path("spoilt.seal"), golden_note().replace("verdict tampered", "verdict clean")).unwrap();
    for command in ["verify", "show"] {
        let told = trailseal(&["seal", command, &path("spoilt.seal"), "--vkey", &vkey]);
        assert!(code(&told) == 1 && stdout(&told).starts_with("BROKEN"), "{command}");
        assert_eq!(
            code(&trailseal(&["seal", command, &path("spoilt.seal"), "--vkey", &other])),
            2,
            "{command}"
        );
    }
    // One good signature does not make up for a false one.
    let [mine, theirs] = [signing_key(), stranger()];
    let text = golden().text();
    let both = Note::new(text.clone(), vec![mine.sign(&text), theirs.sign("other\n")]).unwrap();
    fs::write(path("both.seal"), both.to_string()).unwrap();
    assert_eq!(verify(&path("both.seal"), &[&vkey]).0, 0);
    assert_eq!(verify(&path("both.seal"), &[&vkey, &other]).0, 1);
}

#[test]
fn what_is_no_seal_or_no_key_is_told_with_the_next_step() {
    let [seal, vkey] = golden_words();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let write = |name: &str, text: &[u8]| {
        fs::write(path(name), text).unwrap();
        path(name)
    };
    let refuse = |seal: &str, words: &[&str]| {
        refused(&["seal", "verify", seal, "--vkey", &vkey], words);
        refused(&["seal", "show", seal], words);
    };
    refuse(&path("nowhere"), &["cannot read the seal", &path("nowhere"), "No such file"]);
    refuse(&path(""), &["cannot read the seal"]);
    let note = golden_note();
    refuse(&write("cut", &note.as_bytes()[..900]), &["is not a seal", "cut short", "anew"]);
    refuse(
        &write("windows", note.replace('\n', "\r\n").as_bytes()),
        &["control character '\\r'", "byte for byte"],
    );
    refuse(&write("large", &vec![b'a'; Note::LIMIT + 1]), &["larger than 16 MiB"]);
    let sign = |text: &str| Note::new(text.to_owned(), vec![signing_key().sign(text)]).unwrap().to_string();
    refuse(
        &write("other", sign("a checkpoint\n").as_bytes()),
        &["not a seal", "begins with \"a checkpoint\""],
    );
    let (unsorted, line) = (golden().text().replace("eu-west-1,us-east-1", "us-east-1,eu-west-1"), "line 9");
    refuse(&write("unsorted", sign(&unsorted).as_bytes()), &["not a seal", line, "not sorted"]);
    let verify = |vkey: &str, words: &[&str]| {
        refused(&["seal", "verify", &seal, "--vkey", vkey], words);
        refused(&["seal", "show", &seal, "--vkey", vkey], words);
    };
    verify("nowhere.vkey", &["--vkey nowhere.vkey", "no such file", "seal keygen"]);
    let key = signing_key().verifier().to_string();
    verify(&key.replace("example", "exemple"), &["its ID belongs to another"]);
    verify(&write("empty.vkey", b"# none\n\n"), &["holds no key"]);
    verify(&write("two.vkey", format!("{key}\nnonsense\n").as_bytes()), &["line 2", "NAME+ID+KEY"]);
    let secret = signing_key().to_secret_text();
    for words in [
        ["verify", &seal, "--vkey", &secret],
        ["verify", &seal, "--vkey", &write("seal.key", secret.as_bytes())],
    ] {
        let output = program().arg("seal").args(words).output().unwrap();
        assert!(code(&output) == 2 && stderr(&output).contains("is a secret"), "{}", stderr(&output));
        assert!(!stderr(&output).contains(secret.rsplit_once('+').unwrap().1));
    }
    refused(&["seal", "verify", &seal], &["--vkey"]);
}

#[test]
fn what_a_seal_says_does_nothing_to_a_terminal() {
    let hostile = Seal { source: "\u{1b}[2Jx\n\u{202e}".to_owned(), ..golden() };
    let note = hostile.signed_by(&[&signing_key()]).unwrap().to_string();
    assert!(note.contains("source %1B[2Jx%0A%E2%80%AE\n"));
    let output = program().args(["seal", "show", "-"]).write_stdin(note).output().unwrap();
    assert!(stdout(&output).contains("\\u{1b}[2Jx\\n\\u{202e}"), "{}", stdout(&output));
    assert!(!stdout(&output).contains('\u{1b}'));
}

/// What comes of bytes: a seal that this key signed, or none.
fn accepted(bytes: &[u8]) -> Option<Seal> {
    let keys = [signing_key().verifier()];
    let note = Note::parse(bytes).ok()?;
    let (text, _) = note.verified_by(&keys).ok()?;
    Seal::parse(text).ok()
}

#[test]
fn a_seal_that_was_cut_or_changed_anywhere_is_not_accepted() {
    let note = golden_note().into_bytes();
    assert_eq!(accepted(&note), Some(golden()));
    for length in 0..note.len() {
        assert_eq!(Note::parse(&note[..length]), Err(NotANote::Unfinished), "cut at {length}");
    }
    for at in 0..note.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = note.clone();
            changed[at] ^= flip;
            assert_eq!(accepted(&changed), None, "byte {at} with {flip:#x}");
        }
        let mut longer = note.clone();
        longer.insert(at, b'\n');
        assert_eq!(accepted(&longer), None, "LF at {at}");
    }
    for more in ["\n", " ", "x", "\r\n", "\u{2014} x\n"] {
        assert_eq!(accepted(&[&note, more.as_bytes()].concat()), None, "{more:?}");
    }
}

#[test]
fn hostile_notes_are_refused() {
    let note = golden_note();
    let (text, line) = note.rsplit_once("\n\n").unwrap();
    let signature = line.trim_end().rsplit_once(' ').unwrap().1;
    for hostile in [
        note.replace('\n', "\r\n"),
        note.replacen('\n', "\r\n", 1),
        note.replacen("source ", "source \u{0}", 1),
        note.replacen("source ", "source \t", 1),
        note.replacen("source ", "source \u{85}", 1),
        note.replacen("\n\n", "\n\n\n", 1),
        note.replacen("\n\n", "\n", 1),
        note.replacen("— ", "- ", 1),
        note.replacen("— ", "—", 1),
        note.replacen("— ", "—  ", 1),
        note.replacen("trailseal ", "trailseal  ", 1),
        format!("{text}\n\n— example.org/trailseal AAAA\n"),
        format!("{text}\n\n— example.org/trailseal AAAAAA==\n"),
        format!("{text}\n\n— example.org/trailseal {}\n", signature.trim_end_matches('=')),
        format!("{text}\n\n— example.org/trailseal {signature} \n"),
        format!("{text}\n\n— a+b {signature}\n"),
        format!("{text}\n\n—  {signature}\n"),
        format!("{text}\n\n— {signature}\n"),
        format!("{text}\n\n{line}\n\n"),
        format!("\u{feff}{note}"),
        String::new(),
        "\n".to_owned(),
        "\n\n".to_owned(),
        "\n\n\n".to_owned(),
    ] {
        assert_eq!(accepted(hostile.as_bytes()), None, "{hostile}");
    }
    for bytes in [&b"\xff\xfe"[..], b"a\n\n\xe2\x80\x94 n \xff\n", &[0; 4096]] {
        assert_eq!(accepted(bytes), None);
    }
    assert_eq!(Note::parse(&vec![b'\n'; Note::LIMIT + 1]), Err(NotANote::TooLarge));
    // As much as is read, and as slow as it gets.
    assert!(Note::parse(&vec![b'\n'; Note::LIMIT]).is_err());
}

#[test]
fn many_may_sign_and_one_false_signature_of_a_key_given_spoils_it() {
    let text = golden().text();
    let keys: Vec<SigningKey> =
        (0..20).map(|seed| SigningKey::from_seed(&format!("key-{seed}"), [seed; 32]).unwrap()).collect();
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(&text)).collect();
    let note = Note::new(text.clone(), signatures.clone()).unwrap().to_string();
    let note = Note::parse(note.as_bytes()).unwrap();
    for key in &keys {
        let trusted = [stranger().verifier(), key.verifier()];
        assert_eq!(note.verified_by(&trusted).unwrap().1, [&trusted[1]]);
    }
    let all: Vec<VerifierKey> = keys.iter().map(SigningKey::verifier).collect();
    assert_eq!(note.verified_by(&all).unwrap().1.len(), 20);
    assert!(matches!(note.verified_by(&[]), Err(Unverified::Unknown(named)) if named.len() == 20));
    // The same line twice is one signer; a second line of the same key that is false is a false one.
    let key = &keys[3];
    let trusted = [key.verifier(), key.verifier()];
    let twice = Note::new(text.clone(), vec![signatures[3].clone(); 2]).unwrap();
    assert_eq!(
        Note::parse(twice.to_string().as_bytes()).unwrap().verified_by(&trusted).unwrap().1,
        [&trusted[0]]
    );
    let spoilt = Note::new(text.clone(), vec![signatures[3].clone(), key.sign("other\n")]).unwrap();
    assert_eq!(spoilt.verified_by(&trusted), Err(Unverified::Fails(key.verifier().label().clone())));
    // Of the same name, and another key: another id, and so a stranger.
    let namesake = Note::new(text.clone(), vec![stranger().sign(&text)]).unwrap();
    assert!(matches!(namesake.verified_by(&[signing_key().verifier()]), Err(Unverified::Unknown(_))));
    let crowd = Note::new(text.clone(), vec![signatures[0].clone(); 100]).unwrap();
    assert!(Note::parse(crowd.to_string().as_bytes()).is_ok());
    assert_eq!(Note::new(text, vec![signatures[0].clone(); 101]), Err(NotANote::Signatures));
}
