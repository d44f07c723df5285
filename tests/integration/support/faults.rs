//! What may go wrong, and when.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    ListObjectsV2,
    ListObjects,
    ListObjectVersions,
    GetObject,
    PutObject,
    HeadObject,
    HeadBucket,
    GetBucketLocation,
    /// A setting of a bucket, or of an object.
    GetSetting,
    ListPublicKeys,
    DescribeTrails,
    GetTrail,
    GetTrailStatus,
    GetEventSelectors,
    DescribeKey,
    GetCallerIdentity,
    AssumeRole,
    ListRegions,
    DescribeOrganization,
    Unknown,
}

/// A request as a script sees it.
#[derive(Debug, Clone)]
pub struct Call {
    pub action: Action,
    /// Empty for all but S3.
    pub bucket: String,
    /// The key, or a listing's prefix.
    pub key: String,
    /// The region the request was signed for.
    pub region: String,
    /// Every header of the request, in lower case.
    pub headers: Vec<(String, String)>,
    /// How often this very question was asked before: 0 at first.
    pub repeat: usize,
    /// How many requests the server saw before this one.
    pub number: usize,
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An error answer with this status, code and message.
    Refuse(u16, &'static str, &'static str),
    /// The connection breaks before any answer.
    Reset,
    /// No answer comes, and the connection stands.
    Silence,
    /// The body breaks off after so many bytes, its Content-Length promising all.
    CutAt(usize),
    /// The body stops after so many bytes, the connection standing.
    StallAt(usize),
    /// The body comes one byte at a time, so far apart.
    Drip(Duration),
    /// The right answer, its body in chunks.
    Chunked,
    /// The same, ending after so many bytes without a last chunk.
    ChunkedCutAt(usize),
    /// The right answer, its body ended by nothing but the connection's own end.
    Unframed,
    /// The same, ending after so many bytes.
    UnframedCutAt(usize),
    /// Other bytes than any answer's, and the end of the connection.
    Raw(Bytes),
}

impl Fault {
    pub const DENIED: Self = Self::Refuse(403, "AccessDenied", "Access Denied");
    pub const NO_SUCH_KEY: Self = Self::Refuse(404, "NoSuchKey", "The specified key does not exist.");
    pub const SLOW_DOWN: Self = Self::Refuse(503, "SlowDown", "Please reduce your request rate.");
    pub const INTERNAL: Self =
        Self::Refuse(500, "InternalError", "We encountered an internal error. Please try again.");
    pub const EXPIRED: Self = Self::Refuse(400, "ExpiredToken", "The provided token has expired.");
    pub const KMS_DENIED: Self = Self::Refuse(
        403,
        "AccessDenied",
        "User: arn:aws:iam::111122223333:user/a is not authorized to perform: kms:Decrypt on resource: \
         arn:aws:kms:us-east-1:111122223333:key/k because no identity-based policy allows the kms:Decrypt action",
    );
    pub const KMS_DISABLED: Self =
        Self::Refuse(400, "KMS.DisabledException", "arn:aws:kms:::key/k is disabled.");
}

/// An answer of somebody else's, with these lines of headers and this body.
pub fn alien(headers: &str, body: &str) -> Fault {
    let length = body.len();
    let closing = format!("content-length: {length}\r\nconnection: close\r\n");
    Fault::Raw(format!("HTTP/1.1 200 OK\r\n{headers}{closing}\r\n{body}").into())
}

/// What a portal says to everybody who has not paid for the network yet.
pub fn login_page() -> Fault {
    alien(
        "content-type: text/html; charset=utf-8\r\nserver: portal\r\n",
        "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>",
    )
}

/// The same from a server that says of its pages all that S3 says of its objects.
pub fn careful_login_page() -> Fault {
    alien(
        "content-type: TEXT/HTML;charset=utf-8\r\netag: \"5f2b-1a\"\r\nlast-modified: Sun, 01 Mar 2026 00:00:00 GMT\r\n",
        "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>",
    )
}

/// Decides for every request whether, and how, it fails.
pub type Script = Arc<dyn Fn(&Call) -> Option<Fault> + Send + Sync>;

/// Nothing fails.
pub fn none() -> Script {
    Arc::new(|_| None)
}

/// What `script` says, put in the shape the server takes.
pub fn script(script: impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static) -> Script {
    Arc::new(script)
}

/// A share of all S3 requests, in thousandths, fails in one of these ways. Which ones depends on the seed and on the
/// question alone, never on the order requests come in; every question is answered at the third try.
pub fn at_random(seed: u64, thousandths: u64, faults: Vec<Fault>) -> Script {
    Arc::new(move |call| {
        let mut hasher = DefaultHasher::new();
        (seed, call.action, &call.bucket, &call.key, call.repeat).hash(&mut hasher);
        let draw = hasher.finish();
        let fails = !call.bucket.is_empty() && call.repeat < 2 && draw % 1000 < thousandths;
        fails.then(|| faults[(draw / 1000) as usize % faults.len()].clone())
    })
}
