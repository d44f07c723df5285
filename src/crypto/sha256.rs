//! SHA-256 (FIPS 180-4) as bytes come, of one stream or of two at once. One stream leaves half of a core's SHA units
//! idle, because every round waits for the one before; two, side by side, fill the gaps.

use sha2::block_api::compress256;

use super::Hash;

#[cfg(target_arch = "x86_64")]
mod pair;

/// A block that is hashed at once.
type Block = [u8; 64];

/// The state before the first block (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A hash under way.
#[derive(Debug, Clone)]
pub struct Hasher {
    state: [u32; 8],
    /// Bytes that do not fill a block yet; as many as `length` leaves over.
    open: Block,
    length: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { state: INITIAL, open: [0; 64], length: 0 }
    }
}

impl Hasher {
    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (blocks, left) = self.fill(bytes).as_chunks();
        compress256(&mut self.state, blocks);
        self.keep(left);
    }

    /// Takes in the next bytes of two streams, whole blocks of both side by side.
    pub fn update_both(hashers: [&mut Self; 2], bytes: [&[u8]; 2]) {
        let [one, other] = hashers;
        let (one_blocks, one_left) = one.fill(bytes[0]).as_chunks();
        let (other_blocks, other_left) = other.fill(bytes[1]).as_chunks();
        let both = one_blocks.len().min(other_blocks.len());
        let (one_blocks, one_more) = one_blocks.split_at(both);
        let (other_blocks, other_more) = other_blocks.split_at(both);
        compress_both([&mut one.state, &mut other.state], [one_blocks, other_blocks]);
        compress256(&mut one.state, one_more);
        compress256(&mut other.state, other_more);
        one.keep(one_left);
        other.keep(other_left);
    }

    /// The hash of all bytes taken in.
    pub fn finish(mut self) -> Hash {
        let bits = self.length.wrapping_mul(8).to_be_bytes();
        let held = self.held();
        let mut last = [[0; 64]; 2];
        last[0][..held].copy_from_slice(&self.open[..held]);
        last[0][held] = 0x80;
        let blocks = if held < 56 { 1 } else { 2 };
        last[blocks - 1][56..].copy_from_slice(&bits);
        compress256(&mut self.state, &last[..blocks]);
        let mut hash = [0; 32];
        for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        Hash::from(hash)
    }

    /// How many bytes wait for the rest of their block.
    fn held(&self) -> usize {
        (self.length % 64) as usize
    }

    /// Fills up the open block, if there is one, and gives what is left of `bytes`; counts all of them.
    fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let held = self.held();
        self.length += bytes.len() as u64;
        if held == 0 {
            return bytes;
        }
        let (first, rest) = bytes.split_at(bytes.len().min(64 - held));
        self.open[held..held + first.len()].copy_from_slice(first);
        if held + first.len() == 64 {
            compress256(&mut self.state, &[self.open]);
        }
        rest
    }

    /// Keeps what does not fill a block.
    fn keep(&mut self, left: &[u8]) {
        if let Some(open) = self.open.get_mut(..left.len()).filter(|_| !left.is_empty()) {
            open.copy_from_slice(left);
        }
    }
}

/// Hashes as many blocks of one stream as of the other.
fn compress_both(states: [&mut [u32; 8]; 2], blocks: [&[Block]; 2]) {
    #[cfg(target_arch = "x86_64")]
    if pair::is_available() {
        return pair::compress(states, blocks);
    }
    for (state, blocks) in states.into_iter().zip(blocks) {
        compress256(state, blocks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn bytes(length: usize, seed: u8) -> Vec<u8> {
        (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed) ^ (at >> 8) as u8).collect()
    }

    fn reference(bytes: &[u8]) -> Hash {
        Hash::from(<[u8; 32]>::from(Sha256::digest(bytes)))
    }

    #[test]
    fn every_length_around_a_block_is_padded_as_the_standard_says() {
        for length in 0..300 {
            let bytes = bytes(length, 7);
            let mut hasher = Hasher::default();
            hasher.update(&bytes);
            assert_eq!(hasher.finish(), reference(&bytes), "{length} bytes");
        }
    }

    #[test]
    fn two_streams_side_by_side_hash_as_each_alone_however_they_are_cut() {
        for (step, other_step) in
            [(1, 1), (63, 64), (64, 64), (65, 200), (1000, 7), (4096, 4096), (9000, 100)]
        {
            let streams = [bytes(10_000, 1), bytes(7_777, 2)];
            let mut hashers = [Hasher::default(), Hasher::default()];
            let [mut one, mut other] = [&streams[0][..], &streams[1][..]];
            while !one.is_empty() || !other.is_empty() {
                let (now, later) = one.split_at(step.min(one.len()));
                let (other_now, other_later) = other.split_at(other_step.min(other.len()));
                let [first, second] = &mut hashers;
                Hasher::update_both([first, second], [now, other_now]);
                (one, other) = (later, other_later);
            }
            assert_eq!(hashers.map(Hasher::finish), [reference(&streams[0]), reference(&streams[1])]);
        }
    }

    #[test]
    fn the_kernel_and_its_portable_twin_agree() {
        for blocks in 0..40 {
            let streams = [bytes(64 * blocks, 3), bytes(64 * blocks, 4)];
            let [one, other] = [streams[0].as_chunks().0, streams[1].as_chunks().0];
            let mut states = [INITIAL, [blocks as u32; 8]];
            let mut expected = states;
            compress256(&mut expected[0], one);
            compress256(&mut expected[1], other);
            let [first, second] = &mut states;
            compress_both([first, second], [one, other]);
            assert_eq!(states, expected, "{blocks} blocks");
        }
    }
}
