//! JSON that is safe to look at: characters that act instead of being seen are written as escapes. A reader gets the
//! same text back.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::render::plain::acts;

/// Writes `value` over several lines, indented.
pub fn pretty(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Visible(PrettyFormatter::new())))?;
    Ok(())
}

/// Writes `value` in one line and ends the line.
pub fn line(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Visible(CompactFormatter)))?;
    writeln!(out)
}

/// Lays out like another formatter and writes text its own way.
struct Visible<F>(F);

/// Hands a step of the layout on.
macro_rules! hand_on {
    ($($step:ident($($first:ident)?)),* $(,)?) => {
        $(
            fn $step<W: ?Sized + io::Write>(&mut self, out: &mut W $(, $first: bool)?) -> io::Result<()> {
                self.0.$step(out $(, $first)?)
            }
        )*
    };
}

impl<F: Formatter> Formatter for Visible<F> {
    hand_on!(
        begin_array(),
        end_array(),
        begin_array_value(first),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| acts(*char)) {
            let (seen, after) = rest.split_at(at);
            out.write_all(seen.as_bytes())?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &after[char.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}
