//! JSON as tools write it: in any encoding, one document after another. What is another output of the AWS CLI is called
//! by its name, with what to type instead.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Deserializer, Value};

/// Why bytes are not the JSON they should be. Goes on from the name of what was read: "`keys.json` is empty".
#[derive(Debug, thiserror::Error)]
pub enum NotJson {
    /// Nothing but blanks.
    #[error("is empty")]
    Empty,
    /// Not text at all.
    #[error("is not {0} text")]
    Garbled(Encoding),
    /// What the AWS CLI prints when it is asked, or configured, to print something else.
    #[error("is {0}, not JSON: run the command again with --output json")]
    OtherOutput(Output),
    /// Neither.
    #[error("is not JSON: {}{error}", NthDocument(*document))]
    Syntax {
        /// Which of its documents, from 1.
        document: usize,
        /// Where in that document, and why; names line and column.
        error: serde_json::Error,
    },
}

/// How text is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The rule (RFC 8259, section 8.1).
    Utf8,
    /// What `>` makes of any text in Windows PowerShell.
    Utf16,
}

impl fmt::Display for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
        })
    }
}

/// The AWS CLI's other outputs (AWS CLI User Guide, "Setting the output format").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// `--output yaml` and `yaml-stream`
    Yaml,
    /// `--output text`
    Text,
    /// `--output table`
    Table,
}

impl Output {
    /// Which of them some text is, by its first line; none, if it begins as JSON does.
    fn of(text: &str) -> Option<Self> {
        let line = text.trim_start().lines().next()?.trim_end();
        if line.starts_with(['{', '[', '"']) {
            return None;
        }
        let framed = |frame: char| line.len() > 3 && line.chars().all(|letter| letter == frame);
        if framed('-') || line.starts_with(['|', '+']) {
            return Some(Self::Table);
        }
        if line.contains('\t') {
            return Some(Self::Text);
        }
        let item = line.strip_prefix("- ").unwrap_or(line);
        let (name, value) = item.split_once(':').unwrap_or_default();
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let mapping = named && (value.is_empty() || value.starts_with(' '));
        (mapping || line == "---").then_some(Self::Yaml)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Yaml => "YAML",
            Self::Text => "tab-separated text",
            Self::Table => "a table",
        })
    }
}

struct NthDocument(usize);

impl fmt::Display for NthDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            more => write!(out, "in its document {more}, "),
        }
    }
}

/// What may stand before a document: blanks, and what is left of a byte order mark where files were put together.
const BETWEEN: &[char] = &[' ', '\t', '\r', '\n', '\u{feff}'];

/// Decodes UTF-8 and UTF-16, with a byte order mark or without: JSON begins with two ASCII characters, of which UTF-16
/// writes every other byte as zero (RFC 4627, section 3).
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, NotJson> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => Err(NotJson::Garbled(Encoding::Utf8)),
        },
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, NotJson> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let decoded: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match decoded {
        Ok(text) if odd.is_empty() => Ok(Cow::Owned(text)),
        _ => Err(NotJson::Garbled(Encoding::Utf16)),
    }
}

/// The documents in a text: one, or an error, at least. An error is the last.
pub fn documents(text: &str) -> Documents<'_> {
    Documents { rest: Some(text), read: 0 }
}

/// See [`documents`].
#[derive(Debug)]
pub struct Documents<'t> {
    /// What has not been read; none after an error.
    rest: Option<&'t str>,
    read: usize,
}

impl Iterator for Documents<'_> {
    type Item = Result<Value, NotJson>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?.trim_start_matches(BETWEEN);
        let first = self.read == 0;
        if rest.is_empty() {
            return first.then_some(Err(NotJson::Empty));
        }
        if let (true, Some(output)) = (first, Output::of(rest)) {
            return Some(Err(NotJson::OtherOutput(output)));
        }
        self.read += 1;
        let mut values = Deserializer::from_str(rest).into_iter();
        let value = values.next()?;
        let end = values.byte_offset();
        Some(match value {
            Ok(value) => {
                self.rest = rest.get(end..);
                Ok(value)
            }
            Err(error) => Err(NotJson::Syntax { document: self.read, error }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Value>, NotJson> {
        documents(&text(bytes)?).collect()
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_says_the_same() {
        let plain = "{\"Größe\": [1, \"\u{1f512}\"]}\r\n";
        let marked = format!("\u{feff}{plain}");
        let expected: Value = serde_json::from_str(plain).unwrap_or_default();
        for text in [plain, &marked] {
            for bytes in
                [text.as_bytes().to_vec(), utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)]
            {
                assert_eq!(read(&bytes).ok(), Some(vec![expected.clone()]), "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn documents_follow_each_other_with_or_without_anything_between_them() {
        for between in ["", " ", "\n", "\r\n\u{feff}"] {
            let text = format!("{{\"a\":1}}{between}[2]{between}");
            let documents = read(text.as_bytes()).unwrap_or_default();
            assert_eq!(documents, [serde_json::json!({"a": 1}), serde_json::json!([2])], "{between:?}");
        }
    }

    #[test]
    fn what_is_not_json_is_called_by_its_name() {
        let again = ", not JSON: run the command again with --output json";
        for (bytes, expected) in [
            (&b""[..], "is empty".to_owned()),
            (b"\xef\xbb\xbf \r\n", "is empty".to_owned()),
            (b"{\"a\": \"\xff\"}", "is not UTF-8 text".to_owned()),
            (b"\xff\xfe{\0\"", "is not UTF-16 text".to_owned()),
            (b"\xff\xfe\x00\xd8", "is not UTF-16 text".to_owned()),
            (b"AcceptRanges: bytes\nMetadata:\n  signature: 00\n", format!("is YAML{again}")),
            (b"PublicKeyList:\n- Fingerprint: 00\n", format!("is YAML{again}")),
            (b"- PublicKeyList: []\n", format!("is YAML{again}")),
            (b"---\nPublicKeyList: []\n", format!("is YAML{again}")),
            (b"bytes\tapplication/json\nMETADATA\t00\n", format!("is tab-separated text{again}")),
            (b"2048\tapplication/json\n", format!("is tab-separated text{again}")),
            (b"----------\n|  HeadObject  |\n", format!("is a table{again}")),
            (b"{\"a\": 1", "is not JSON: EOF while parsing an object at line 1 column 7".to_owned()),
            (b"hello", "is not JSON: expected value at line 1 column 1".to_owned()),
            (b"<?xml version=\"1.0\"?>", "is not JSON: expected value at line 1 column 1".to_owned()),
            (b"{}\n{]", "is not JSON: in its document 2, key must be a string at line 1 column 2".to_owned()),
        ] {
            let told = read(bytes).map_err(|error| error.to_string());
            assert_eq!(told, Err(expected), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_was_read_before_an_error_is_not_lost() {
        let text = "{\"a\":1} {";
        let read: Vec<bool> = documents(text).map(|document| document.is_ok()).collect();
        assert_eq!(read, [true, false]);
    }
}
