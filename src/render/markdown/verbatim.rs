//! Text that Markdown must not read.

use std::fmt::{self, Display};

use crate::render::plain::Plain;

/// A code span: nothing in it is markup, a link or a mention.
pub struct Verbatim<T>(pub T);

/// A code span in a table, where a bar would end the cell even so.
pub struct Cell<T>(pub T);

/// Words that stand as they are, and a code span for anything that could be more than words.
pub struct Words<T>(pub T);

impl<T: Display> Display for Verbatim<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Plain(&self.0).to_string();
        // A fence must be longer than any run of backticks in the text (CommonMark, code spans).
        let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
        write!(out, "{fence}{pad}{text}{pad}{fence}")
    }
}

impl<T: Display> Display for Cell<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&Verbatim(&self.0).to_string().replace('|', "\\|"))
    }
}

impl<T: Display> Display for Words<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let harmless = |char: char| char.is_alphanumeric() || " .,:;()-/%'_".contains(char);
        let only_words = text.starts_with(char::is_alphanumeric)
            && text.chars().all(harmless)
            && !["://", "www.", "__", "_ ", " _"].iter().any(|sign| text.contains(sign));
        if only_words { out.write_str(&text) } else { write!(out, "{}", Verbatim(&text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_span() {
        assert_eq!(Verbatim("a`b``c").to_string(), "```a`b``c```");
        assert_eq!(Verbatim("`x`").to_string(), "`` `x` ``");
        assert_eq!(Cell("a|b").to_string(), "`a\\|b`");
        assert_eq!(Words("six hours, nothing else").to_string(), "six hours, nothing else");
        for text in
            ["<img>", "[a](b)", "@team", "https://example.com", "*a*", "# a", "a\nb", "www.example.com"]
        {
            assert!(Words(text).to_string().starts_with('`'), "{text}");
        }
    }
}
