//! Breaks sentences into lines.

use textwrap::{Options, WordSeparator, WordSplitter};

/// `text` broken at spaces so that no line is longer than `width`, where words allow it; every line after the first
/// is indented. The first is taken to begin at the indent already.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    // Keys and commands stay in one piece: they are there to be copied.
    let options = Options::new(room)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).join(&format!("\n{}", " ".repeat(indent)))
}

/// `text` in at most `width` characters, its middle left out where it is longer.
pub fn shortened(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_the_width_and_long_words_stay_whole() {
        let text =
            "one two three four five six seven eight s3://bucket/a-key-that-is-longer-than-a-line nine";
        let lines = wrapped(text, 30, 4);
        assert_eq!(
            lines,
            "one two three four five\n    six seven eight\n    s3://bucket/a-key-that-is-longer-than-a-line\n    nine"
        );
    }

    #[test]
    fn shortening_keeps_both_ends() {
        assert_eq!(shortened("management-events", 9), "mana…ents");
        assert_eq!(shortened("short", 9), "short");
    }
}
