//! Names of log files by the million, in sixteen bytes each with what is known of them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use sha2::{Digest as _, Sha256};

use crate::digest::NamedBy;
use crate::trail::ObjectName;

/// Stands for a name: the first 96 bits of its SHA-256. To hide a forged file behind an attested one, its name would
/// have to fall on that of one that AWS has named: with a million of those, some 2⁷⁶ tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ShortName([u32; 3]);

impl ShortName {
    /// The short name of an object, by what of it can be compared.
    pub fn of(named_by: NamedBy, object: &ObjectName) -> Self {
        let mut hasher = Sha256::new();
        if named_by == NamedBy::BucketAndKey {
            hasher.update(object.bucket.as_bytes());
            hasher.update(b"/");
        }
        hasher.update(named_by.comparable(&object.key).as_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        let mut short = [0; 3];
        for (word, bytes) in short.iter_mut().zip(hash.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self(short)
    }
}

impl Hash for ShortName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0[0]) << 32 | u64::from(self.0[1]));
    }
}

/// What is known by short names.
pub type Names<V> = HashMap<ShortName, V, BuildHasherDefault<AlreadyHashed>>;

/// Short names are hashes; hashing them again would only cost time.
#[derive(Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first));
    }

    fn write_u64(&mut self, short: u64) {
        self.0 = short;
    }
}
