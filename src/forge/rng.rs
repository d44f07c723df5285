//! Chance that repeats: everything random in a world comes from its seed and a label, never from the order of work.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::crypto::Hash;

/// A source of chance for one labelled thing in one world.
pub(super) struct Rng(ChaCha8Rng);

impl Rng {
    /// The same seed and label always throw the same.
    pub(super) fn new(seed: u64, label: &str) -> Self {
        Self(ChaCha8Rng::from_seed(*Hash::of(format!("{seed}/{label}").as_bytes()).bytes()))
    }

    /// The generator itself, for keys.
    pub(super) fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }

    /// A number below `limit`, or 0 where there is none. The bias of the remainder does not matter here.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit.max(1)
    }

    /// Sixteen letters and digits, as in a log file's name.
    pub(super) fn unique(&mut self) -> String {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..16).map(|_| char::from(ALPHABET[self.below(62) as usize])).collect()
    }

    /// A random UUID.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}
