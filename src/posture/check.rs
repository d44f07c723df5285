//! What a check came to.

use super::control::Control;
use super::policy::Weight;
use super::table::CheckId;
use crate::settings::{Setting, Unread};
use crate::trail::Time;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// What it asks for holds.
    Pass,
    /// It does not hold.
    Fail,
    /// Nobody can tell: it was refused, or it is not understood. Never passed.
    Unknown,
    /// Nobody can tell from this source.
    BeyondTheSource,
}

impl State {
    /// The word that documents use; from one source more is unknown than from another.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Unknown | Self::BeyondTheSource => "UNKNOWN",
        }
    }
}

/// A check, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which check.
    pub id: CheckId,
    /// Of what: a bucket or a trail.
    pub subject: String,
    /// What it came to.
    pub state: State,
    /// What was read, in words.
    pub value: String,
    /// How much it counts.
    pub weight: Weight,
    /// When it was read.
    pub read_at: Time,
}

impl Check {
    /// What it asks for.
    pub fn rule(&self) -> &'static str {
        self.id.about().rule
    }

    /// What to do next; nothing, where it holds.
    pub fn next(&self) -> Option<&'static str> {
        (self.state == State::Fail).then(|| self.id.about().next)
    }

    /// The controls that it supports.
    pub fn controls(&self) -> &'static [Control] {
        self.id.about().controls
    }

    /// Whether it keeps the whole from passing.
    pub fn counts(&self) -> bool {
        self.weight == Weight::Required && matches!(self.state, State::Fail | State::Unknown)
    }
}

/// A state, and what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) state: State,
    pub(super) value: String,
}

impl Reading {
    pub(super) fn pass(value: &str) -> Self {
        Self { state: State::Pass, value: value.to_owned() }
    }

    pub(super) fn fail(value: &str) -> Self {
        Self { state: State::Fail, value: value.to_owned() }
    }

    /// It was read, and says nothing that can be told.
    pub(super) fn unclear(value: &str) -> Self {
        Self { state: State::Unknown, value: value.to_owned() }
    }

    /// What a setting comes to: `absent` where AWS says that there is none, and not known where it was not read.
    pub(super) fn of<T>(
        setting: &Setting<T>,
        absent: impl FnOnce() -> Self,
        given: impl FnOnce(&T) -> Self,
    ) -> Self {
        match setting.known() {
            Ok(Some(value)) => given(value),
            Ok(None) => absent(),
            Err(why) => Self::unread(why),
        }
    }

    /// It was not read.
    pub(super) fn unread(why: &Unread) -> Self {
        match why {
            Unread::Denied { right, detail } => {
                Self { state: State::Unknown, value: format!("not read: {detail}; grant {right}") }
            }
            Unread::Failed(detail) => Self { state: State::Unknown, value: format!("not read: {detail}") },
            Unread::BeyondTheSource(why) => Self { state: State::BeyondTheSource, value: (*why).to_owned() },
        }
    }
}

/// A check by its name alone, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) id: CheckId,
    pub(super) reading: Reading,
}

impl Judged {
    pub(super) fn new(id: CheckId, reading: Reading) -> Self {
        Self { id, reading }
    }
}
