//! Words of any content as words without spaces: what is no visible ASCII is written `%` and two hex digits, `%` itself too.
//! Each word has one spelling. Nothing at all is written `-`, and `-` alone `%2D`.

use std::fmt::Write as _;

/// What stands for an empty word.
const NOTHING: &str = "-";

/// Which signs stand for themselves.
#[derive(Debug, Clone, Copy)]
pub enum Within {
    /// In a line of words: every visible one but `%`.
    Line,
    /// In a part of a path: letters, digits and `-._~` (RFC 3986, 2.3). A part that is `.` or `..` is written out, for it
    /// would lead elsewhere.
    Path,
}

/// The word without spaces.
pub fn escaped(word: &str, within: Within) -> String {
    let plain = |byte: u8| match within {
        Within::Line => byte.is_ascii_graphic() && byte != b'%',
        Within::Path => byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
    };
    let whole = match (word, within) {
        ("", _) => return NOTHING.to_owned(),
        (NOTHING, _) | ("." | "..", Within::Path) => true,
        _ => false,
    };
    let mut escaped = String::with_capacity(word.len());
    for byte in word.bytes() {
        if plain(byte) && !whole {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The word itself; none, where it is not spelt as [`escaped`] does.
pub fn unescaped(token: &str, within: Within) -> Option<String> {
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = if token == NOTHING { &[] } else { token.as_bytes() };
    while let [first, after @ ..] = rest {
        (bytes, rest) = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let byte = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
                bytes.push(byte);
                (bytes, after)
            }
            (byte, after) => {
                bytes.push(*byte);
                (bytes, after)
            }
        };
    }
    let word = String::from_utf8(bytes).ok()?;
    (escaped(&word, within) == token).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_word_comes_back_and_has_no_other_spelling(word in ".{0,20}|[-.%/]{0,3}", token in "[-.%/0-9A-Fa-f]{0,6}") {
            for within in [Within::Line, Within::Path] {
                let spelt = escaped(&word, within);
                prop_assert!(!spelt.is_empty() && spelt.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(unescaped(&spelt, within), Some(word.clone()));
                if let Some(word) = unescaped(&token, within) {
                    prop_assert_eq!(escaped(&word, within), token.clone());
                }
            }
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for token in ["", "%", "%4", "%41", "%2d", "%zz", "%+1", "a b", "%FF", "ü", "%2e", "100%"] {
            assert_eq!(unescaped(token, Within::Line), None, "{token}");
        }
        for token in [".", "..", "a/b", "a:b", "a%2Db"] {
            assert_eq!(unescaped(token, Within::Path), None, "{token}");
        }
        assert_eq!(unescaped("-", Within::Line), Some(String::new()));
        assert_eq!(unescaped("%2D", Within::Line), Some("-".to_owned()));
        assert_eq!(escaped("..", Within::Path), "%2E%2E");
    }
}
