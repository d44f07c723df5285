//! Colour, by the sixteen that every terminal has and its owner chose.

use std::fmt::{self, Display};

use super::Colour;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The record was changed.
    Alarm,
    /// Something is open.
    Caution,
    /// It holds.
    Good,
    /// Headings.
    Strong,
    /// What stands in the background.
    Faint,
}

impl Ink {
    fn sequence(self) -> &'static str {
        match self {
            Self::Alarm => "\x1b[1;31m",
            Self::Caution => "\x1b[1;33m",
            Self::Good => "\x1b[1;32m",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
        }
    }
}

/// Colours text, or leaves it plain.
#[derive(Debug, Clone, Copy)]
pub struct Painter(pub Colour);

impl Painter {
    /// `text` in that ink.
    pub fn ink<T: Display>(self, ink: Ink, text: T) -> Painted<T> {
        let sequence = match self.0 {
            Colour::Always => Some(ink.sequence()),
            Colour::Never => None,
        };
        Painted { sequence, text }
    }
}

/// Text with its colour.
pub struct Painted<T> {
    sequence: Option<&'static str>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            Some(sequence) => write!(out, "{sequence}{}\x1b[0m", self.text),
            None => write!(out, "{}", self.text),
        }
    }
}
