//! Signed notes (C2SP signed-note): a text, an empty line, and lines of signatures over the text. What a note says is
//! taken from [`Note::verified_by`] and nowhere else.

use std::fmt;

use super::key::{KeyLabel, Signature, VerifierKey};

/// Parts text and signatures: the text's own last LF, and an empty line.
const BORDER: &str = "\n\n";
/// More signatures than this are not read: each may cost a verification.
const MOST_SIGNATURES: usize = 100;

/// Why bytes are no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANote {
    /// It stops before a note would.
    #[error("it ends where a signed note goes on: it was cut short, or never signed")]
    Unfinished,
    /// More than any seal holds.
    #[error("it is larger than {} MiB", Note::LIMIT >> 20)]
    TooLarge,
    /// No text.
    #[error("it is not UTF-8")]
    NotText,
    /// Signs that a note may not hold.
    #[error(
        "it holds the control character {0:?}; a signed note has LF at the ends of its lines and no other"
    )]
    Control(char),
    /// A line after the text that is no signature.
    #[error("after the empty line it holds a line that is no signature: {0:?}")]
    Line(String),
    /// More signatures than are read.
    #[error("it has more than {MOST_SIGNATURES} signatures")]
    Signatures,
}

/// Why nobody vouches for a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A key that was given is named, and did not sign this text.
    #[error("the signature in the name of {0} is not that key's over this text")]
    Fails(KeyLabel),
    /// None of the keys given is named.
    #[error("no key given signed it; it names {}", KeyLabel::list(.0))]
    Unknown(Vec<KeyLabel>),
}

/// A text and the signatures under it. That it was read says nothing about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// The most bytes that are read: some tens of thousands of chains.
    pub const LIMIT: usize = 16 << 20;

    /// Puts signatures under a text.
    ///
    /// # Errors
    ///
    /// Where that would be no note: the text does not end in LF or holds another control character, or there is no signature.
    pub fn new(text: String, signatures: Vec<Signature>) -> Result<Self, NotANote> {
        if signatures.is_empty() || !text.ends_with('\n') {
            return Err(NotANote::Unfinished);
        }
        if signatures.len() > MOST_SIGNATURES {
            return Err(NotANote::Signatures);
        }
        match text.chars().find(|sign| sign.is_control() && *sign != '\n') {
            Some(sign) => Err(NotANote::Control(sign)),
            None => Ok(Self { text, signatures }),
        }
    }

    /// Reads a note.
    ///
    /// # Errors
    ///
    /// Where it is none, or larger than [`LIMIT`](Self::LIMIT).
    pub fn parse(bytes: &[u8]) -> Result<Self, NotANote> {
        if bytes.len() > Self::LIMIT {
            return Err(NotANote::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
            None => NotANote::Unfinished,
            Some(_) => NotANote::NotText,
        })?;
        if let Some(sign) = note.chars().find(|sign| sign.is_control() && *sign != '\n') {
            return Err(NotANote::Control(sign));
        }
        // A text may hold empty lines; the last one ends it.
        let border = note.rfind(BORDER).ok_or(NotANote::Unfinished)?;
        let (text, signed) = (&note[..=border], &note[border + BORDER.len()..]);
        let signed = signed.strip_suffix('\n').ok_or(NotANote::Unfinished)?;
        if signed.lines().count() > MOST_SIGNATURES {
            return Err(NotANote::Signatures);
        }
        let signature = |line: &str| {
            Signature::parse(line).ok_or_else(|| NotANote::Line(line.chars().take(120).collect()))
        };
        let signatures = signed.split('\n').map(signature).collect::<Result<_, _>>()?;
        Self::new(text.to_owned(), signatures)
    }

    /// The text, its last LF included; nobody has vouched for it.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signatures, as they claim to be.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The text, and which of `keys` signed it: at least one. Signatures that name no key of these are passed over.
    ///
    /// # Errors
    ///
    /// Where a signature names one of the keys and is not by it, whoever else signed; and where none of them is named.
    pub fn verified_by<'k>(
        &self,
        keys: &'k [VerifierKey],
    ) -> Result<(&str, Vec<&'k VerifierKey>), Unverified> {
        let mut signers: Vec<&VerifierKey> = Vec::new();
        for key in keys {
            let mut own =
                self.signatures.iter().filter(|signature| signature.label() == key.label()).peekable();
            let named = own.peek().is_some();
            if !own.all(|signature| key.verifies(&self.text, signature)) {
                return Err(Unverified::Fails(key.label().clone()));
            }
            if named && !signers.contains(&key) {
                signers.push(key);
            }
        }
        if signers.is_empty() {
            let labels = self.signatures.iter().map(|signature| signature.label().clone());
            return Err(Unverified::Unknown(labels.collect()));
        }
        Ok((&self.text, signers))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(out, "{signature}"))
    }
}
