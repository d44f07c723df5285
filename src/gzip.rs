//! Inflates exactly one gzip member and hashes what comes out. The bucket's owner may be the adversary:
//! every size is bounded, and bytes after the member are a fault, because most readers (zcat, SIEMs) would
//! go on and read them while the record's hash covers the first member only.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

use crate::crypto::Hash;
use crate::crypto::sha256::Hasher;

mod pushed;
pub use pushed::{Pushed, Shown};

/// The most bytes a member may inflate to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub usize);

impl Limit {
    /// For log files: ten times the 50 MB before compression that AWS names (Quotas in AWS CloudTrail). Their bytes pass
    /// by and are not kept, so a file is not accused of being larger than a quota that AWS may change.
    pub const LOG: Self = Self(512 << 20);
    /// For digests: 100,000 log files in one hour come to about 40 MB of JSON.
    pub const DIGEST: Self = Self(64 << 20);
    /// What nearly every digest stays within: 2,500 log files in one hour.
    pub const USUAL_DIGEST: Self = Self(1 << 20);
}

/// Why bytes are not one whole gzip member (RFC 1952).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// No bytes at all.
    #[error("the object is empty")]
    Empty,
    /// The first bytes are not a gzip header.
    #[error("not gzip data")]
    NotGzip,
    /// Some readers refuse the header.
    #[error("the gzip header is not sound: {0}")]
    Header(Unsound),
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

/// What some readers refuse in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Unsound {
    /// The extra field.
    #[error("its extra field is too long")]
    ExtraField,
    /// The original name, or a comment.
    #[error("its name or comment is too long")]
    Text,
    /// The header's own checksum.
    #[error("its checksum does not fit")]
    Checksum,
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
///
/// # Errors
///
/// Where the bytes are not one whole member within the limit.
pub fn inflate(member: &[u8], limit: Limit) -> Result<Vec<u8>, Fault> {
    let mut whole = Vec::with_capacity(claimed_length(member).min(limit.0).min(member.len() * 16));
    LANES.with_borrow_mut(|[lane, _]| {
        let mut stream = Stream::open(member, limit, lane);
        while let Some(chunk) = stream.next() {
            whole.extend_from_slice(chunk);
        }
        stream.end()
    })?;
    Ok(whole)
}

/// Inflates and hashes `member`, showing each stretch of inflated bytes to `look` on the way. Computes all the while and
/// never waits: a few milliseconds for each megabyte that comes out.
///
/// # Errors
///
/// Where the bytes are not one whole member within the limit.
pub fn inflate_hashed(member: &[u8], limit: Limit, mut look: impl FnMut(&[u8])) -> Result<Inflated, Fault> {
    let mut hasher = Hasher::default();
    let length = LANES.with_borrow_mut(|[lane, _]| {
        let mut stream = Stream::open(member, limit, lane);
        while let Some(chunk) = stream.next() {
            hasher.update(chunk);
            look(chunk);
        }
        stream.end()
    })?;
    Ok(Inflated { hash: hasher.finish(), length })
}

/// The same for two members at once: what comes of each is what [`inflate_hashed`] says of it alone, and both together
/// take less time than one after the other.
pub fn inflate_hashed_both(
    members: [&[u8]; 2],
    limit: Limit,
    mut looks: [impl FnMut(&[u8]); 2],
) -> [Result<Inflated, Fault>; 2] {
    let mut hashers = [Hasher::default(), Hasher::default()];
    let ends = LANES.with_borrow_mut(|[first, second]| {
        let [one, other] = &mut hashers;
        let mut streams = [Stream::open(members[0], limit, first), Stream::open(members[1], limit, second)];
        loop {
            let [first, second] = streams.each_mut().map(Stream::next);
            if first.is_none() && second.is_none() {
                break;
            }
            let chunks = [first.unwrap_or_default(), second.unwrap_or_default()];
            Hasher::update_both([&mut *one, &mut *other], chunks);
            for (chunk, look) in chunks.iter().zip(&mut looks) {
                look(chunk);
            }
        }
        streams.map(Stream::end)
    });
    let [one, other] = hashers;
    let hashed = |hasher: Hasher, end: Result<u64, Fault>| {
        end.map(|length| Inflated { hash: hasher.finish(), length })
    };
    let [end, other_end] = ends;
    [hashed(one, end), hashed(other, other_end)]
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

/// What inflating takes, made once for each thread.
struct Lane {
    inflater: Decompress,
    chunk: Box<[u8]>,
}

impl Lane {
    fn new() -> Self {
        Self { inflater: Decompress::new(false), chunk: vec![0; CHUNK].into() }
    }
}

thread_local! {
    static LANES: RefCell<[Lane; 2]> = RefCell::new([Lane::new(), Lane::new()]);
}

/// A member on its way through a lane.
struct Stream<'m> {
    lane: &'m mut Lane,
    rest: &'m [u8],
    limit: Limit,
    checksum: flate2::Crc,
    length: usize,
    end: Option<Result<u64, Fault>>,
}

impl<'m> Stream<'m> {
    fn open(member: &'m [u8], limit: Limit, lane: &'m mut Lane) -> Self {
        lane.inflater.reset(false);
        let (rest, end) = match header_length(member) {
            Ok(header) => (&member[header..], None),
            Err(fault) => (member, Some(Err(fault))),
        };
        Self { lane, rest, limit, checksum: flate2::Crc::new(), length: 0, end }
    }

    /// The next inflated bytes; none at the end, or where something is wrong.
    fn next(&mut self) -> Option<&[u8]> {
        if self.end.is_some() {
            return None;
        }
        match self.inflate() {
            Ok(made) => Some(&self.lane.chunk[..made]),
            Err(fault) => {
                self.end = Some(Err(fault));
                None
            }
        }
    }

    /// How many bytes came, and whether the member ended with them.
    fn inflate(&mut self) -> Result<usize, Fault> {
        let Lane { inflater, chunk } = &mut *self.lane;
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let status =
            inflater.decompress(self.rest, chunk, FlushDecompress::None).map_err(|_| Fault::Corrupt)?;
        let taken = (inflater.total_in() - read) as usize;
        let made = (inflater.total_out() - written) as usize;
        self.rest = &self.rest[taken..];
        self.length += made;
        if self.length > self.limit.0 {
            return Err(Fault::TooLarge(self.limit.0));
        }
        self.checksum.update(&chunk[..made]);
        match status {
            Status::StreamEnd => self.end = Some(self.trailer()),
            _ if taken == 0 && made == 0 => return Err(Fault::Truncated),
            _ => {}
        }
        Ok(made)
    }

    /// Holds the member's trailer against what came out, and looks for anything after it.
    fn trailer(&self) -> Result<u64, Fault> {
        let (trailer, after) = self.rest.split_first_chunk::<8>().ok_or(Fault::Truncated)?;
        let expected = u64::from(self.checksum.sum()) | (self.length as u64 & 0xffff_ffff) << 32;
        match u64::from_le_bytes(*trailer) == expected {
            false => Err(Fault::Corrupt),
            true if !after.is_empty() => Err(Fault::Trailing(after.len())),
            true => Ok(self.length as u64),
        }
    }

    /// The member's length, or what is wrong with it; only known once [`next`](Self::next) gives nothing more.
    fn end(self) -> Result<u64, Fault> {
        self.end.unwrap_or(Err(Fault::Truncated))
    }
}

/// The longest text in a header that every reader takes, its end included: Go's refuses longer ones.
const LONGEST_TEXT: usize = 512;
/// More than any extra field that is known.
const LONGEST_EXTRA: usize = 4096;

/// How many bytes the member's header takes (RFC 1952, 2.3). What some readers refuse is refused: what they cannot read
/// would be missing for them.
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
        let size = usize::from(u16::from_le_bytes([size[0], size[1]]));
        if size > LONGEST_EXTRA {
            return Err(Fault::Header(Unsound::ExtraField));
        }
        at += 2 + size;
    }
    for field in [HAS_NAME, HAS_COMMENT] {
        if flags & field != 0 {
            let text = member.get(at..).ok_or(Fault::Truncated)?;
            let text = &text[..text.len().min(LONGEST_TEXT)];
            at += match memchr::memchr(0, text) {
                Some(end) => end + 1,
                None if text.len() == LONGEST_TEXT => {
                    return Err(Fault::Header(Unsound::Text));
                }
                None => return Err(Fault::Truncated),
            };
        }
    }
    if flags & HAS_CRC != 0 {
        let (header, rest) = member.split_at_checked(at).ok_or(Fault::Truncated)?;
        let recorded = rest.first_chunk::<2>().ok_or(Fault::Truncated)?;
        let mut checksum = flate2::Crc::new();
        checksum.update(header);
        if checksum.sum() & 0xffff != u32::from(u16::from_le_bytes(*recorded)) {
            return Err(Fault::Header(Unsound::Checksum));
        }
        at += 2;
    }
    if at <= member.len() { Ok(at) } else { Err(Fault::Truncated) }
}
