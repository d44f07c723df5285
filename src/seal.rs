//! Seals: what a run saw, signed, so that a later run can be held to it from a place that the bucket's owner cannot write
//! to. A seal is a text ([`Seal`]) under signatures ([`Note`], a C2SP signed note); seals of one place are numbered, each
//! names the one before it by hash, and a witness keeps them. [`witness::judge`] says what such a place holds, and what has
//! been done to it.
//!
//! Pure: no clock, no disk, no randomness. A text or a signature of another spelling is refused, not repaired. An outage is
//! no crime here either: what a witness could not be asked, or a file that was cut short in writing, is never called tampering.

mod heads;
mod key;
mod name;
mod note;
mod sealing;
mod text;
pub mod witness;

pub use heads::{HeadName, SealedHead};
pub use key::{KeyId, KeyLabel, KeyName, NotAKey, Signature, SigningKey, VerifierKey};
pub use name::SealName;
pub use note::{NotANote, Note, Unverified};
pub use sealing::Sealing;
pub use text::{Carried, NotASeal, ObjectCounts, SCHEMA, Seal, SealedPart, SealedRun, Softened, Tool};
