//! Inflates and hashes a member that comes piece by piece, for objects too large to be held.

use std::ops::ControlFlow;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{CHUNK, Fault, Inflated, Limit, header_length};
use crate::crypto::sha256::Hasher;

/// The longest header that is sound: its fixed part, an extra field, a name, a comment and a checksum.
const LONGEST_HEADER: usize = 16 << 10;

/// What came of an object that was shown piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// One whole member.
    Member(Inflated),
    /// No gzip data, and what its bytes hash to as they are.
    Plain(Inflated),
}

/// An object on its way.
pub struct Pushed {
    limit: Limit,
    state: State,
    fault: Option<Fault>,
    length: u64,
    hasher: Hasher,
    checksum: Crc,
    inflater: Decompress,
    chunk: Box<[u8]>,
}

enum State {
    /// The header, as far as it has come.
    Header(Vec<u8>),
    Body,
    /// The trailer, as far as it has come.
    Trailer(Vec<u8>),
    Plain,
}

impl Pushed {
    /// Nothing yet of an object that may inflate to `limit`.
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            state: State::Header(Vec::new()),
            fault: None,
            length: 0,
            hasher: Hasher::default(),
            checksum: Crc::new(),
            inflater: Decompress::new(false),
            chunk: vec![0; CHUNK].into(),
        }
    }

    /// Takes the next piece; breaks where nothing that follows can change what is known.
    pub fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        if self.fault.is_none()
            && let Err(fault) = self.next(piece)
        {
            self.fault = Some(fault);
        }
        match self.fault {
            None => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        }
    }

    /// What all pieces together were.
    ///
    /// # Errors
    ///
    /// Where the bytes are not one whole member within the limit.
    pub fn end(self) -> Result<Shown, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let inflated = Inflated { hash: self.hasher.finish(), length: self.length };
        match self.state {
            State::Plain => Ok(Shown::Plain(inflated)),
            State::Header(header) if header.is_empty() => Err(Fault::Empty),
            State::Header(_) | State::Body => Err(Fault::Truncated),
            State::Trailer(trailer) => match trailer.split_first_chunk::<8>() {
                None => Err(Fault::Truncated),
                Some((_, after)) if !after.is_empty() => Err(Fault::Trailing(after.len())),
                Some((trailer, _))
                    if u64::from_le_bytes(*trailer) == expected(&self.checksum, self.length) =>
                {
                    Ok(Shown::Member(inflated))
                }
                Some(_) => Err(Fault::Corrupt),
            },
        }
    }

    fn next(&mut self, piece: &[u8]) -> Result<(), Fault> {
        match &mut self.state {
            State::Header(header) => {
                header.extend_from_slice(piece);
                match header_length(header) {
                    Ok(length) => {
                        let rest = header.split_off(length);
                        self.state = State::Body;
                        self.inflate(&rest)
                    }
                    Err(Fault::NotGzip) => {
                        let beginning = std::mem::take(header);
                        self.state = State::Plain;
                        self.plain(&beginning)
                    }
                    Err(Fault::Truncated | Fault::Empty) if header.len() <= LONGEST_HEADER => Ok(()),
                    Err(fault) => Err(fault),
                }
            }
            State::Body => self.inflate(piece),
            State::Trailer(trailer) => {
                trailer.extend_from_slice(piece);
                match trailer.len() {
                    0..=8 => Ok(()),
                    more => Err(Fault::Trailing(more - 8)),
                }
            }
            State::Plain => self.plain(piece),
        }
    }

    fn plain(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.count(piece.len())?;
        self.hasher.update(piece);
        Ok(())
    }

    fn count(&mut self, more: usize) -> Result<(), Fault> {
        self.length += more as u64;
        if self.length > self.limit.0 as u64 { Err(Fault::TooLarge(self.limit.0)) } else { Ok(()) }
    }

    fn inflate(&mut self, mut piece: &[u8]) -> Result<(), Fault> {
        while !piece.is_empty() {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self
                .inflater
                .decompress(piece, &mut self.chunk, FlushDecompress::None)
                .map_err(|_| Fault::Corrupt)?;
            let taken = (self.inflater.total_in() - read) as usize;
            let made = (self.inflater.total_out() - written) as usize;
            piece = &piece[taken..];
            self.count(made)?;
            self.hasher.update(&self.chunk[..made]);
            self.checksum.update(&self.chunk[..made]);
            if status == Status::StreamEnd {
                self.state = State::Trailer(Vec::new());
                return self.next(piece);
            }
            if taken == 0 && made == 0 {
                return Err(Fault::Corrupt);
            }
        }
        Ok(())
    }
}

/// The trailer that fits what came out.
fn expected(checksum: &Crc, length: u64) -> u64 {
    u64::from(checksum.sum()) | (length & 0xffff_ffff) << 32
}
