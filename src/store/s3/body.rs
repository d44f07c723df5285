//! Reads bodies to their end, and no further than to the caller's answer_timeout. One that ends early is cut off, one that
//! stalls or drips is timed out, one that outgrows memory is refused; none of them is returned.

use std::ops::ControlFlow;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::refusal::Refusal;
use crate::aws::failure::Failure;
use crate::aws::retry::Service;

/// A body that comes slower than this many bytes a second is given up, however steadily it drips.
const SLOWEST: u64 = 4096;
/// Reserved ahead for a body, at most; a larger one grows as it comes.
const RESERVED: u64 = 64 << 20;

/// How far a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// To its end, after so many bytes.
    Whole(u64),
    /// Until enough of it was seen.
    Enough,
}

/// Reads a whole body of at most so many bytes.
pub(super) async fn read(
    stream: ByteStream,
    expected: Option<u64>,
    most: u64,
    service: &Service,
) -> Result<Bytes, Refusal> {
    let mut parts = Parts::None;
    let mut received = 0;
    let read = each_part(stream, expected, service, |part| {
        received += part.len() as u64;
        if received > most {
            return ControlFlow::Break(());
        }
        parts.push(part, expected);
        ControlFlow::Continue(())
    })
    .await
    .map_err(Refusal::in_body)?;
    match read {
        Read::Whole(_) => Ok(parts.whole()),
        Read::Enough => Err(Refusal::oversized(&format!("more than {most} bytes"))),
    }
}

/// Hands a body on part by part, until `take` has seen enough. A body that takes long shows with every part that the
/// service is alive; of others only the end does.
pub(super) async fn each_part(
    mut stream: ByteStream,
    expected: Option<u64>,
    service: &Service,
    mut take: impl FnMut(Bytes) -> ControlFlow<()>,
) -> Result<Read, Failure> {
    let answer_timeout = service.load().answer_timeout;
    let started = Instant::now();
    let mut received = 0;
    loop {
        let now = Instant::now();
        if now > started + answer_timeout {
            service.health().answered();
        }
        let at_this_rate = started + answer_timeout + Duration::from_secs(received / SLOWEST);
        let deadline = at_this_rate.min(now + answer_timeout);
        match timeout_at(deadline, stream.next()).await {
            Ok(Some(Ok(part))) => {
                received += part.len() as u64;
                if take(part).is_break() {
                    return Ok(Read::Enough);
                }
            }
            Ok(Some(Err(error))) => return Err(Failure::in_body(&error)),
            Ok(None) => break,
            Err(_) => {
                let of = expected.map_or(String::new(), |all| format!(" of {all}"));
                return Err(Failure::timed_out(format!("the body stalled after {received}{of} bytes")));
            }
        }
    }
    match expected {
        Some(expected) if expected != received => {
            Err(Failure::cut_off(format!("the body ended after {received} of {expected} bytes")))
        }
        _ => Ok(Read::Whole(received)),
    }
}

/// A body as it comes: most are one part, and then need no copy.
enum Parts {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Parts {
    fn push(&mut self, part: Bytes, expected: Option<u64>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(part),
            Self::One(first) => {
                let mut many = BytesMut::with_capacity(expected.unwrap_or(0).min(RESERVED) as usize);
                many.extend_from_slice(&first);
                many.extend_from_slice(&part);
                Self::Many(many)
            }
            Self::Many(mut many) => {
                many.extend_from_slice(&part);
                Self::Many(many)
            }
        };
    }

    fn whole(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(part) => part,
            Self::Many(parts) => parts.freeze(),
        }
    }
}
