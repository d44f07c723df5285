//! Inflates exactly one gzip member and hashes what comes out. The bucket's owner may be the adversary:
//! every size is bounded, and bytes after the member are a fault, because most readers (zcat, SIEMs) would
//! go on and read them while the record's hash covers the first member only.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest as _, Sha256};

use crate::crypto::Hash;

/// The most bytes a member may inflate to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub usize);

impl Limit {
    /// For log files: CloudTrail delivers at most 50 MB before compression (Quotas in AWS CloudTrail).
    pub const LOG: Self = Self(64 << 20);
    /// For digests: 100,000 log files in one hour come to about 40 MB of JSON.
    pub const DIGEST: Self = Self(64 << 20);
}

/// Why bytes are not one whole gzip member (RFC 1952).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No bytes at all.
    #[error("the object is empty")]
    Empty,
    /// The first bytes are not a gzip header.
    #[error("not gzip data")]
    NotGzip,
    /// The data ends before the member does.
    #[error("the gzip data ends too early")]
    Truncated,
    /// The compressed data, its checksum or its length is wrong.
    #[error("the gzip data is corrupt")]
    Corrupt,
    /// Something follows the member.
    #[error("{0} bytes follow the end of the gzip member")]
    Trailing(usize),
    /// The member inflates to more than the limit.
    #[error("the gzip data inflates to more than {0} bytes")]
    TooLarge(usize),
}

/// What one member held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inflated {
    /// SHA-256 of the inflated bytes.
    pub hash: Hash,
    /// How many there were.
    pub length: u64,
}

/// Inflates `member` into memory; meant for digests, whose bytes are needed afterwards.
pub fn inflate(member: &[u8], limit: Limit) -> Result<Vec<u8>, Fault> {
    let mut whole = Vec::with_capacity(claimed_length(member).min(limit.0).min(member.len() * 16));
    inflate_chunks(member, limit, |chunk| whole.extend_from_slice(chunk))?;
    Ok(whole)
}

/// Inflates and hashes `member`, showing each stretch of inflated bytes to `look` on the way.
pub fn inflate_hashed(member: &[u8], limit: Limit, mut look: impl FnMut(&[u8])) -> Result<Inflated, Fault> {
    let mut hasher = Sha256::new();
    let length = inflate_chunks(member, limit, |chunk| {
        hasher.update(chunk);
        look(chunk);
    })?;
    Ok(Inflated { hash: Hash::from(<[u8; 32]>::from(hasher.finalize())), length })
}

/// The length the trailer claims: a hint for allocation, never believed.
fn claimed_length(member: &[u8]) -> usize {
    match member.last_chunk::<4>() {
        Some(&trailer) => u32::from_le_bytes(trailer) as usize,
        None => 0,
    }
}

/// Large enough that per-call costs vanish, small enough to stay in the second-level cache while it is hashed.
const CHUNK: usize = 128 << 10;

thread_local! {
    static INFLATER: RefCell<(Decompress, Box<[u8]>)> =
        RefCell::new((Decompress::new(false), vec![0; CHUNK].into()));
}

fn inflate_chunks(member: &[u8], limit: Limit, mut sink: impl FnMut(&[u8])) -> Result<u64, Fault> {
    let header = header_length(member)?;
    INFLATER.with_borrow_mut(|(inflater, chunk)| {
        inflater.reset(false);
        let mut checksum = flate2::Crc::new();
        let mut rest = &member[header..];
        let mut length = 0usize;
        loop {
            let (read, written) = (inflater.total_in(), inflater.total_out());
            let status =
                inflater.decompress(rest, chunk, FlushDecompress::None).map_err(|_| Fault::Corrupt)?;
            let taken = (inflater.total_in() - read) as usize;
            let made = (inflater.total_out() - written) as usize;
            rest = &rest[taken..];
            length += made;
            if length > limit.0 {
                return Err(Fault::TooLarge(limit.0));
            }
            checksum.update(&chunk[..made]);
            sink(&chunk[..made]);
            match status {
                Status::StreamEnd => break,
                _ if taken == 0 && made == 0 => return Err(Fault::Truncated),
                _ => {}
            }
        }
        let (trailer, after) = rest.split_first_chunk::<8>().ok_or(Fault::Truncated)?;
        let expected = u64::from(checksum.sum()) | (length as u64 & 0xffff_ffff) << 32;
        match u64::from_le_bytes(*trailer) == expected {
            false => Err(Fault::Corrupt),
            true if !after.is_empty() => Err(Fault::Trailing(after.len())),
            true => Ok(length as u64),
        }
    })
}

/// How many bytes the member's header takes (RFC 1952, 2.3).
fn header_length(member: &[u8]) -> Result<usize, Fault> {
    const HAS_CRC: u8 = 2;
    const HAS_EXTRA: u8 = 4;
    const HAS_NAME: u8 = 8;
    const HAS_COMMENT: u8 = 16;
    const RESERVED: u8 = 0b1110_0000;

    let flags = match member {
        [] => return Err(Fault::Empty),
        [0x1f, 0x8b, 8, flags, ..] if flags & RESERVED == 0 => *flags,
        [0x1f] | [0x1f, 0x8b] | [0x1f, 0x8b, 8] => return Err(Fault::Truncated),
        _ => return Err(Fault::NotGzip),
    };
    let mut at = 10;
    if flags & HAS_EXTRA != 0 {
        let size = member.get(at..at + 2).ok_or(Fault::Truncated)?;
        at += 2 + usize::from(u16::from_le_bytes([size[0], size[1]]));
    }
    for field in [HAS_NAME, HAS_COMMENT] {
        if flags & field != 0 {
            let text = member.get(at..).ok_or(Fault::Truncated)?;
            at += memchr::memchr(0, text).ok_or(Fault::Truncated)? + 1;
        }
    }
    if flags & HAS_CRC != 0 {
        at += 2;
    }
    match at <= member.len() {
        true => Ok(at),
        false => Err(Fault::Truncated),
    }
}
