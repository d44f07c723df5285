//! What seals are called: by the place that the record was delivered to, and a number.

use std::fmt;

use crate::trail::token::{Within, escaped, unescaped};
use crate::trail::{Location, Prefix};

/// The folder of one origin's seals.
const FOLDER: &str = "/seal/";
/// Digits of a number in a name: as many as the largest has, so that names sort as numbers do.
const DIGITS: usize = 20;

/// What a seal speaks of, as one word: `BUCKET`, or `BUCKET/PREFIX` without the slash before `AWSLogs/`; each part escaped,
/// so that it can stand in a line and in a path. Two places never share a word.
pub fn origin(place: &Location) -> String {
    let mut word = escaped(&place.bucket, Within::Path);
    if let Some(parts) = place.prefix.strip_suffix('/') {
        for part in parts.split('/') {
            word.push('/');
            word.push_str(&escaped(part, Within::Path));
        }
    }
    word
}

/// The place of such a word.
pub fn place(word: &str) -> Option<Location> {
    let mut parts = word.split('/');
    let bucket = unescaped(parts.next()?, Within::Path)?;
    let prefix: Option<String> = parts.map(|part| Some(unescaped(part, Within::Path)? + "/")).collect();
    Some(Location::new(bucket, Prefix::from(prefix?)))
}

/// What a witness keeps a seal under: `ORIGIN/seal/NUMBER`, the number in 20 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealName {
    /// What the seal speaks of.
    pub origin: Location,
    /// Its number.
    pub number: u64,
}

impl SealName {
    /// What the names of all seals of an origin begin with; those of other origins may too.
    pub fn folder(origin: &Location) -> String {
        self::origin(origin) + FOLDER
    }

    /// Reads a name; none, where a seal is not called so.
    pub fn parse(name: &str) -> Option<Self> {
        let (origin, number) = name.rsplit_once(FOLDER)?;
        let digits = number.len() == DIGITS && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits)?;
        Some(Self { origin: place(origin)?, number })
    }
}

impl fmt::Display for SealName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{:0DIGITS$}", Self::folder(&self.origin), self.number)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_has_a_word_of_its_own(bucket in "[a-z.-]{0,4}|.{0,4}", prefix in "[a-z/.%-]{0,6}|.{0,6}", number: u64) {
            let origin = Location::new(bucket, &*prefix);
            prop_assert_eq!(place(&super::origin(&origin)), Some(origin.clone()));
            let name = SealName { origin, number };
            prop_assert_eq!(SealName::parse(&name.to_string()), Some(name.clone()));
            prop_assert!(!name.to_string().contains("/../") && !name.to_string().contains("//"));
        }
    }

    #[test]
    fn names_are_as_they_are_told() {
        let named = |bucket: &str, prefix: &str| {
            SealName { origin: Location::new(bucket, prefix), number: 7 }.to_string()
        };
        assert_eq!(named("logs", ""), "logs/seal/00000000000000000007");
        assert_eq!(
            named("logs", "audit trail/../a"),
            "logs/audit%20trail/%2E%2E/a/seal/00000000000000000007"
        );
        assert_eq!(named("logs", "a//b"), "logs/a/-/b/seal/00000000000000000007");
        assert_eq!(named("logs", "/"), "logs/-/seal/00000000000000000007");
    }

    #[test]
    fn what_no_seal_is_called_is_passed_over() {
        for name in [
            "logs/seal/7",
            "logs/seal/0000000000000000000a",
            "logs/seal/99999999999999999999",
            "logs/seal/+0000000000000000007",
            "logs/seal/00000000000000000007.tmp",
            "logs//seal/00000000000000000007",
            "/seal/00000000000000000007",
            "seal/00000000000000000007",
            "",
        ] {
            assert_eq!(SealName::parse(name), None, "{name}");
        }
    }
}
