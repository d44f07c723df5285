//! Two SHA-256 streams on one x86-64 core, with its SHA instructions (Intel SHA Extensions). The rounds of one stream
//! are written between those of the other; which of them runs when is the processor's business.
//!
//! The one place with `unsafe` code: it reads and writes whole registers, and calls code made for instructions that it
//! has found to be there. [`compress256`](sha2::block_api::compress256) is its twin for every other machine.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi64x,
    _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_storeu_si128,
};

use super::Block;

/// The constants of the rounds (FIPS 180-4, 4.2.2), four to a register.
const ROUNDS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// Whether this processor has the instructions.
pub(super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("sha")
        && std::arch::is_x86_feature_detected!("sse4.1")
        && std::arch::is_x86_feature_detected!("ssse3")
}

/// Hashes as many blocks of one stream as of the other, the fewer of the two; only where [`is_available`].
pub(super) fn compress(states: [&mut [u32; 8]; 2], blocks: [&[Block]; 2]) {
    assert!(is_available());
    // SAFETY: the instructions have been found to be there.
    unsafe { compress_there(states, blocks) }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress_there(states: [&mut [u32; 8]; 2], blocks: [&[Block]; 2]) {
    let [one, other] = states;
    let mut streams = [Stream::open(one), Stream::open(other)];
    for (one_block, other_block) in blocks[0].iter().zip(blocks[1]) {
        let before = streams;
        let mut words = [schedule(one_block), schedule(other_block)];
        // Written out sixteen times: a loop would keep the words in memory, not in registers.
        macro_rules! four_rounds {
            ($group:literal) => {
                let constants = load(&ROUNDS[$group]);
                for (stream, words) in streams.iter_mut().zip(&mut words) {
                    if $group >= 4 {
                        words[$group % 4] = next_words(
                            words[$group % 4],
                            words[($group + 1) % 4],
                            words[($group + 2) % 4],
                            words[($group + 3) % 4],
                        );
                    }
                    stream.four_rounds(_mm_add_epi32(words[$group % 4], constants));
                }
            };
        }
        four_rounds!(0);
        four_rounds!(1);
        four_rounds!(2);
        four_rounds!(3);
        four_rounds!(4);
        four_rounds!(5);
        four_rounds!(6);
        four_rounds!(7);
        four_rounds!(8);
        four_rounds!(9);
        four_rounds!(10);
        four_rounds!(11);
        four_rounds!(12);
        four_rounds!(13);
        four_rounds!(14);
        four_rounds!(15);
        for (stream, before) in streams.iter_mut().zip(before) {
            stream.abef = _mm_add_epi32(stream.abef, before.abef);
            stream.cdgh = _mm_add_epi32(stream.cdgh, before.cdgh);
        }
    }
    let [first, second] = streams;
    first.close(one);
    second.close(other);
}

/// A state in the order that the instructions ask for.
#[derive(Clone, Copy)]
struct Stream {
    abef: __m128i,
    cdgh: __m128i,
}

impl Stream {
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn open(state: &[u32; 8]) -> Self {
        let ([dcba, hgfe], []) = state.as_chunks::<4>() else {
            return Self { abef: _mm_setzero_si128(), cdgh: _mm_setzero_si128() };
        };
        let cdab = _mm_shuffle_epi32(load(dcba), 0xb1);
        let efgh = _mm_shuffle_epi32(load(hgfe), 0x1b);
        Self { abef: _mm_alignr_epi8(cdab, efgh, 8), cdgh: _mm_blend_epi16(efgh, cdab, 0xf0) }
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn close(self, state: &mut [u32; 8]) {
        let feba = _mm_shuffle_epi32(self.abef, 0x1b);
        let dchg = _mm_shuffle_epi32(self.cdgh, 0xb1);
        if let ([dcba, hgfe], []) = state.as_chunks_mut::<4>() {
            store(dcba, _mm_blend_epi16(feba, dchg, 0xf0));
            store(hgfe, _mm_alignr_epi8(dchg, feba, 8));
        }
    }

    /// Four rounds; `words` are four words of the schedule with the rounds' constants added.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn four_rounds(&mut self, words: __m128i) {
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, words);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32(words, 0x0e));
    }
}

/// The first sixteen words of a block's schedule: the block itself, big-endian.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn schedule(block: &Block) -> [__m128i; 4] {
    let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut words = [_mm_setzero_si128(); 4];
    for (words, bytes) in words.iter_mut().zip(block.as_chunks::<16>().0) {
        *words = _mm_shuffle_epi8(load(bytes), swap);
    }
    words
}

/// The four words of the schedule that follow these sixteen (FIPS 180-4, 6.2.2, step 1).
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn next_words(first: __m128i, second: __m128i, third: __m128i, fourth: __m128i) -> __m128i {
    let seven_back = _mm_alignr_epi8(fourth, third, 4);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), seven_back);
    _mm_sha256msg2_epu32(sum, fourth)
}

/// Values that fill one register.
trait Register {}
impl Register for [u8; 16] {}
impl Register for [u32; 4] {}

#[target_feature(enable = "sse4.1")]
fn load<T: Register>(values: &T) -> __m128i {
    const { assert!(size_of::<T>() == 16) };
    // SAFETY: the reference covers sixteen bytes, and this load asks for no alignment.
    unsafe { _mm_loadu_si128(std::ptr::from_ref(values).cast()) }
}

#[target_feature(enable = "sse4.1")]
fn store(values: &mut [u32; 4], register: __m128i) {
    // SAFETY: the reference covers sixteen bytes, and this store asks for no alignment.
    unsafe { _mm_storeu_si128(std::ptr::from_mut(values).cast(), register) }
}
