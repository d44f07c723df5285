//! Keys as words, and words that are none.
#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn both_halves_round_trip() {
    for name in ["seals", "example.org/audit", "日本", "a"] {
        for seed in 0..40 {
            let key = SigningKey::from_seed(name, [seed; 32]).unwrap();
            let again = SigningKey::from_secret_text(&key.to_secret_text()).unwrap();
            assert_eq!(again.verifier(), key.verifier());
            let verifier: VerifierKey = key.verifier().to_string().parse().unwrap();
            assert_eq!(verifier, key.verifier());
            let signature = again.sign("text\n");
            assert_eq!(Signature::parse(&signature.to_string()), Some(signature.clone()));
            assert!(verifier.label() == signature.label() && verifier.verifies("text\n", &signature));
            assert!(!verifier.verifies("test\n", &signature));
        }
    }
}

#[test]
fn an_error_and_debug_show_no_secret() {
    let key = SigningKey::from_seed("seals", [5; 32]).unwrap();
    let text = key.to_secret_text();
    let secret = text.rsplit_once('+').unwrap().1;
    let shown = format!("{key:?}");
    assert!(shown.contains("seals+") && !shown.contains(secret), "{shown}");
    assert_eq!(text.parse::<VerifierKey>(), Err(NotAKey::Secret));
    for error in [
        SigningKey::from_secret_text(&text[..text.len() - 4]).unwrap_err(),
        SigningKey::from_secret_text(&text.replace("seals", "sales")).unwrap_err(),
        SigningKey::from_secret_text(&text[1..]).unwrap_err(),
    ] {
        assert!(!error.to_string().contains(secret), "{error}");
    }
}

#[test]
fn names_that_a_note_cannot_hold_are_refused() {
    let long = "x".repeat(256);
    for name in ["", " ", "a b", "a+b", "a\n", "a\u{2003}b", "a\u{0}", "a\u{9b}", "\t", &long] {
        assert_eq!(SigningKey::from_seed(name, [1; 32]).unwrap_err(), NotAKey::Name, "{name:?}");
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    let good = SigningKey::from_seed("seals", [5; 32]).unwrap().verifier().to_string();
    let (rest, key) = good.split_at(good.len() - 44);
    let kind = |kind: u8| {
        let mut bytes = BASE64.decode(key).unwrap();
        bytes[0] = kind;
        format!("{rest}{}", BASE64.encode(bytes))
    };
    for (text, why) in [
        ("", NotAKey::Verifier),
        ("seals", NotAKey::Verifier),
        ("seals+00000000", NotAKey::Verifier),
        ("seals+00000000+", NotAKey::Verifier),
        ("seals+00000000+%%%", NotAKey::Verifier),
        ("seals+00000000+AQ==", NotAKey::Bytes),
        (&kind(4), NotAKey::Kind(4)),
        (&good.replacen("seals", "sales", 1), NotAKey::OtherId),
        (&good.replacen("seals", "", 1), NotAKey::Name),
        (&format!("{good}\n"), NotAKey::Verifier),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(why), "{text:?}");
    }
}
