//! The page in ASCII, for a terminal or a mail that knows nothing else.

use std::fmt::Write as _;

/// The text with each sign of the page as one of ASCII, and any other character by its number.
pub fn spelled(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '█' => spelled.push('#'),
            '░' => spelled.push('.'),
            '▄' => spelled.push('='),
            '·' => spelled.push('_'),
            '✗' => spelled.push('X'),
            '–' => spelled.push('-'),
            '…' => spelled.push_str(".."),
            '\u{a0}' => spelled.push(' '),
            _ if sign.is_ascii() => spelled.push(sign),
            _ => {
                let _ = write!(spelled, "\\u{{{:x}}}", u32::from(sign));
            }
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_has_its_own_and_no_text_is_lost() {
        assert_eq!(spelled("█░▄·✗-?  … – é"), "#.=_X-?  .. - \\u{e9}");
    }
}
