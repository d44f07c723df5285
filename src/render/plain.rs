//! Text from the bucket is hostile. Whatever reaches a person's eyes goes through here first.

use std::fmt::{self, Display, Write as _};

/// Shows any value as one line without characters that act instead of being seen: control characters (ESC and the
/// C1 range with them), line and paragraph separators, bidirectional overrides, zero-width and other format
/// characters. Each is written as its escape.
#[derive(Debug, Clone, Copy)]
pub struct Plain<T>(pub T);

impl<T: Display> Display for Plain<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(out), "{}", self.0)
    }
}

struct Escaping<'out, 'buffer>(&'out mut fmt::Formatter<'buffer>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '\n' | '\r' | '\t' => write!(self.0, "{}", char.escape_default()),
            _ if acts(char) => write!(self.0, "{}", char.escape_unicode()),
            _ => self.0.write_char(char),
        })
    }
}

/// Whether a character does something to its surroundings, or nothing that an eye could notice: the general
/// categories Cc, Cf, Zl and Zp of Unicode 16, the letters and selectors that have no shape of their own,
/// and what no XML document may hold.
pub fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{0600}'..='\u{0605}' | '\u{06DD}' | '\u{070F}'
            | '\u{0890}'..='\u{0891}' | '\u{08E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}'..='\u{FFFF}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_out_and_the_rest_is_left_alone() {
        let shown = |text: &str| Plain(text).to_string();
        assert_eq!(shown("AWSLogs/1_ü日本🦀"), "AWSLogs/1_ü日本🦀");
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown("a\u{9b}2J"), "a\\u{9b}2J");
        assert_eq!(shown("gz.\u{202e}nosj"), "gz.\\u{202e}nosj");
        assert_eq!(shown("one\r\ntwo\tthree"), "one\\r\\ntwo\\tthree");
        assert_eq!(shown("\u{2066}\u{200b}\u{feff}\u{e0041}"), "\\u{2066}\\u{200b}\\u{feff}\\u{e0041}");
    }
}
