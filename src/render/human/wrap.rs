//! Breaks sentences into lines.

/// `text` broken at spaces so that no line is longer than `width`, where words allow it; every line after the first
/// is indented. The first is taken to begin at the indent already.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used == 0 {
            used = length;
        } else if used + 1 + length <= room {
            lines.push(' ');
            used += 1 + length;
        } else {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            used = length;
        }
        lines.push_str(word);
    }
    lines
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
