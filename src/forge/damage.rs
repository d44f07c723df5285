//! Damages by name.

use super::ForgeError;
use super::world::World;

/// A damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {}

impl World {
    /// Applies a damage.
    pub fn apply(&mut self, damage: Damage) -> Result<(), ForgeError> {
        match damage {}
    }
}
