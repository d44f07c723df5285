//! What can be wrong with a witness, and how much that says.

use crate::crypto::Hash;
use crate::report::Class;
use crate::seal::key::KeyLabel;
use crate::seal::text::NotASeal;
use crate::trail::Location;

/// What is wrong with what a witness holds, or could not be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessFault {
    /// A signature in the name of a trusted key is not that key's.
    #[error("seal {number}: the signature in the name of {key} does not fit the text")]
    SignatureFails {
        /// The number it is kept under.
        number: u64,
        /// The key.
        key: KeyLabel,
    },
    /// Numbers between others are not there.
    #[error("seals {first} to {last} are not there, and later ones are")]
    Hole {
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// A signed seal under another number than its own.
    #[error("under number {number} lies the seal of number {says}")]
    OtherNumber {
        /// The number it is kept under.
        number: u64,
        /// The number in its text.
        says: u64,
    },
    /// A signed seal of another place.
    #[error("seal {number} speaks of {says}, which is another place")]
    OtherOrigin {
        /// The number it is kept under.
        number: u64,
        /// The place in its text.
        says: Location,
    },
    /// The caller remembers a seal, and the witness no longer has it.
    #[error("seal {number} was here and is not any more")]
    Forgotten {
        /// The number remembered.
        number: u64,
    },
    /// Two signed seals of one number: the one there, and one that the caller, a later seal or another version of the file
    /// knows.
    #[error("of seal {number} there are two: one hashes to {one}, the other to {other}")]
    SecondVersion {
        /// Their number.
        number: u64,
        /// The hash of the one that was known before.
        one: Hash,
        /// The hash of the other.
        other: Hash,
    },
    /// The place keeps an earlier version of a seal, or the mark that it was deleted, and it is not among the lowest.
    #[error("seal {number} was written over or deleted: the place keeps an earlier version of it")]
    Rewritten {
        /// Its number.
        number: u64,
    },
    /// What lies below later seals is no note: it was one when the next seal was made.
    #[error("what lies under number {number} is no seal, and later ones are there: {why}")]
    Replaced {
        /// The number it is kept under.
        number: u64,
        /// Why it is none.
        why: String,
    },
    /// The lowest numbers are gone, as retention takes them.
    #[error("the oldest seal there is number {lowest}: those before it are gone")]
    LowestGone {
        /// The lowest number that is there.
        lowest: u64,
    },
    /// All seals were deleted; retention may have done that, where no run was sealed for as long.
    #[error("its seals were deleted, the last of them number {last}, and none is left")]
    NoneLeft {
        /// The highest number that was deleted.
        last: u64,
    },
    /// Nobody whose key was given signed it.
    #[error("seal {number} is signed by {}, and no such key is trusted", KeyLabel::list(.keys))]
    UnknownKey {
        /// The number it is kept under.
        number: u64,
        /// Whom its signatures name.
        keys: Vec<KeyLabel>,
    },
    /// The newest file is no whole note: writing it may have been cut short.
    #[error("the newest file, number {number}, is no whole seal: {why}")]
    Unfinished {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A trusted key signed a text that this version cannot read.
    #[error("seal {number} is signed, and this version of trailseal cannot read it: {why}")]
    NotUnderstood {
        /// The number it is kept under.
        number: u64,
        /// What it cannot read.
        why: NotASeal,
    },
    /// The witness could not be listed wholly.
    #[error("not all of its seals could be listed: {0}")]
    Denied(String),
    /// Whether a seal was written over could not be told.
    #[error("whether its seals were written over could not be told: {0}")]
    VersionsDenied(String),
    /// A seal that matters was not read.
    #[error("seal {number} could not be read: {why}")]
    Unread {
        /// Its number.
        number: u64,
        /// What came back.
        why: String,
    },
    /// It holds nothing, and nothing is known of it.
    #[error("it holds no seal yet")]
    Empty,
}

impl WitnessFault {
    /// What it says about the witness.
    pub fn class(&self) -> Class {
        match self {
            Self::SignatureFails { .. }
            | Self::Hole { .. }
            | Self::OtherNumber { .. }
            | Self::OtherOrigin { .. }
            | Self::Forgotten { .. }
            | Self::SecondVersion { .. }
            | Self::Rewritten { .. }
            | Self::Replaced { .. } => Class::Tamper,
            Self::LowestGone { .. }
            | Self::NoneLeft { .. }
            | Self::VersionsDenied(_)
            | Self::UnknownKey { .. }
            | Self::Unfinished { .. }
            | Self::NotUnderstood { .. }
            | Self::Denied(_)
            | Self::Unread { .. } => Class::Incomplete,
            Self::Empty => Class::Notice,
        }
    }
}
