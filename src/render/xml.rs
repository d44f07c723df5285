//! Text for XML and HTML. Both escape the same signs, so that neither depends on where it is put.

use std::fmt::{self, Display, Write as _};

use super::plain::Plain;

/// Text between tags; line feeds stay.
pub struct Text<T>(pub T);

/// Text in an attribute's double quotes, or in one line between tags.
pub struct Attribute<T>(pub T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let mut lines = text.split('\n');
        if let Some(first) = lines.next() {
            write!(out, "{}", Attribute(first))?;
        }
        lines.try_for_each(|line| write!(out, "\n{}", Attribute(line)))
    }
}

impl<T: Display> Display for Attribute<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(out), "{}", Plain(&self.0))
    }
}

struct Escaping<'out, 'buffer>(&'out mut fmt::Formatter<'buffer>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            _ => self.0.write_char(char),
        })
    }
}
