//! Colour, by the sixteen that every terminal has and its owner chose.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

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
    fn style(self) -> Style {
        match self {
            Self::Alarm => AnsiColor::Red.on_default().bold(),
            Self::Caution => AnsiColor::Yellow.on_default().bold(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Colours text, or leaves it plain.
#[derive(Debug, Clone, Copy)]
pub struct Painter(pub Colour);

impl Painter {
    /// `text` in that ink.
    pub fn ink<T: Display>(self, ink: Ink, text: T) -> Painted<T> {
        let style = match self.0 {
            Colour::Always => ink.style(),
            Colour::Never => Style::new(),
        };
        Painted { style, text }
    }
}

/// Text with its colour.
pub struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}{:#}", self.style, self.text, self.style)
    }
}
