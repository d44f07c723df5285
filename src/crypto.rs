//! Hashes, signatures and the keys that check them. Holds no secret and decides nothing about files.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use aws_lc_rs::{hmac, rand, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::trail::text::as_text;
use crate::trail::{Malformed, Region, Time};

pub mod ed25519;
pub mod sha256;

/// Longest signature believed, in bytes: RSA-8192. AWS's own are 256.
const SIGNATURE_LIMIT: usize = 1024;
/// Longest fingerprint believed, in characters. AWS's own are 32 hex digits.
const FINGERPRINT_LIMIT: usize = 128;

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The value itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The HMAC-SHA-256 of a message (RFC 2104).
pub fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> Hash {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    Hash(bytes)
}

/// 32 bytes that nobody can foresee; none, if the system has none to give.
pub fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Hash {
    type Err = Malformed;

    /// Reads 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut bytes = [0; 32];
        if unhex(text, &mut bytes) {
            Ok(Self(bytes))
        } else {
            Err(Malformed {
                expected: "a SHA-256 hash of 64 hex digits",
                found: text.chars().take(80).collect(),
            })
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

as_text!(Hash, Fingerprint);

/// Hashes in base64, where every byte of a file counts.
pub(crate) mod short {
    use base64::Engine as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{BASE64, Hash};

    /// A hash that is written so.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Short(pub(crate) Hash);

    impl Short {
        /// As it is written.
        pub(crate) fn to_text(self) -> String {
            BASE64.encode(self.0.bytes())
        }

        /// Reads one.
        pub(crate) fn parse(text: &[u8]) -> Option<Self> {
            let bytes: [u8; 32] = BASE64.decode(text).ok()?.try_into().ok()?;
            Some(Self(bytes.into()))
        }
    }

    impl Serialize for Short {
        fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
            out.serialize_str(&self.to_text())
        }
    }

    impl<'de> Deserialize<'de> for Short {
        fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
            use serde::de::Error as _;
            let text = <std::borrow::Cow<'de, str>>::deserialize(text)?;
            Self::parse(text.as_bytes()).ok_or_else(|| D::Error::custom("not a SHA-256 hash in base64"))
        }
    }
}

/// An RSA signature: bytes that somebody claims AWS made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(Arc<[u8]>);

impl Signature {
    /// The value itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Signature {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl serde::Serialize for Signature {
    /// As base64, which is shorter than hex.
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(text)?;
        match BASE64.decode(text.as_bytes()).map_err(D::Error::custom)? {
            bytes if bytes.len() <= SIGNATURE_LIMIT => Ok(bytes.into()),
            _ => Err(D::Error::custom("a signature is too long")),
        }
    }
}

impl FromStr for Signature {
    type Err = Malformed;

    /// Reads hex digits of either case, at most 2048 of them.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let length = text.len() / 2;
        let mut bytes = vec![0; length.min(SIGNATURE_LIMIT)];
        if length > 0 && unhex(text, &mut bytes) {
            Ok(Self(bytes.into()))
        } else {
            Err(Malformed { expected: "a signature in hex", found: text.chars().take(80).collect() })
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Reads hex digits into `bytes`; false, if they are not as many as that takes, or not all hex digits.
fn unhex(text: &str, bytes: &mut [u8]) -> bool {
    if text.len() != 2 * bytes.len() {
        return false;
    }
    // Gathered over the whole text and looked at once: a digest holds a signature of 512 digits.
    let mut wrong = 0;
    for (byte, &[high, low]) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        let (high, low) = (NIBBLES[usize::from(high)], NIBBLES[usize::from(low)]);
        wrong |= high | low;
        *byte = high << 4 | low & 0x0f;
    }
    wrong & NOT_HEX == 0
}

/// Marks bytes that are no hex digit.
const NOT_HEX: u8 = 0x80;

/// What each byte is worth as a hex digit of either case.
const NIBBLES: [u8; 256] = {
    let mut values = [NOT_HEX; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// The name of a key: by AWS's rule the lower-case hex MD5 of the key's bytes as ListPublicKeys returned them.
/// Matched as text, because a keyring made for tests may carry labels instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Arc<str>);

impl Fingerprint {
    /// The fingerprint AWS gives to a key with these encoded bytes.
    pub fn of(encoded: &[u8]) -> Self {
        let hex = Md5::digest(encoded).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self(hex.into())
    }

    /// The fingerprint as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let legal =
            (1..=FINGERPRINT_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if legal {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(Malformed { expected: "a key's fingerprint", found: text.chars().take(80).collect() })
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One of the keys AWS signs digests with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name in digests.
    pub fingerprint: Fingerprint,
    /// The region it signs for; absent in a key file that does not say.
    pub region: Option<Region>,
    /// First moment of the published window. Advice only: AWS's own samples break it.
    pub valid_from: Option<Time>,
    /// End of the published window. Advice only.
    pub valid_to: Option<Time>,
    /// The encoded key as AWS returned it.
    pub encoded: Box<[u8]>,
    /// Where it came from: a file's path, or `ListPublicKeys`.
    pub origin: Arc<str>,
    prepared: Prepared,
}

/// A key made ready once: that takes as long as a quarter of a verification. Decoded from `encoded` and nothing else,
/// so it has no say in whether two keys are the same.
#[derive(Clone)]
struct Prepared(Arc<ParsedPublicKey>);

impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Prepared {}

impl fmt::Debug for Prepared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Prepared")
    }
}

/// Why bytes are not a usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a PKCS#1 nor an X.509 RSA public key of 2048 bits or more")]
pub struct NotAKey;

/// A shorter key proves nothing.
const SHORTEST_KEY: usize = 2048;

/// How long a key's modulus is. The library tells it of keys that encrypt, in the one encoding that those have.
fn bits(key: &rsa::PublicKey) -> Option<usize> {
    let encoded = key.as_der().ok()?;
    Some(rsa::PublicEncryptingKey::from_der(encoded.as_ref()).ok()?.key_size_bits())
}

impl PublicKey {
    /// Reads a key in either encoding AWS has used: PKCS#1 `RSAPublicKey`, as documented,
    /// or X.509 `SubjectPublicKeyInfo`, as some published keys are.
    ///
    /// # Errors
    ///
    /// Where the bytes are no RSA key in either of AWS's encodings, or one too short to prove anything.
    pub fn decode(fingerprint: Fingerprint, encoded: &[u8]) -> Result<Self, NotAKey> {
        // Reads both encodings.
        let key = rsa::PublicKey::from_der(encoded).map_err(|_| NotAKey)?;
        (bits(&key).ok_or(NotAKey)? >= SHORTEST_KEY).then_some(()).ok_or(NotAKey)?;
        let prepared =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref()).map_err(|_| NotAKey)?;
        Ok(Self {
            fingerprint,
            region: None,
            valid_from: None,
            valid_to: None,
            encoded: encoded.into(),
            origin: Arc::from(""),
            prepared: Prepared(Arc::new(prepared)),
        })
    }

    /// Whether `signature` is this key's RSASSA-PKCS1-v1_5 SHA-256 signature (RFC 8017, 8.2) over `message`.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        self.prepared.0.verify_sig(message, signature.bytes()).is_ok()
    }
}

/// Who answered for a region's keys, and so how much an absent key means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// A key file: it may simply lack the key.
    File,
    /// AWS's own list, asked for the time in question: a key it does not know was never AWS's.
    Aws,
    /// AWS was asked and would not or could not answer.
    Refused(Box<str>),
    /// Nobody: no key was given at all.
    Nobody,
}

/// All public keys at hand, and whose word they are.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<Fingerprint, Vec<PublicKey>>,
    authorities: BTreeMap<Region, Authority>,
}

/// What a ring knows of a fingerprint in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<'ring> {
    /// The key.
    Known(&'ring PublicKey),
    /// No such key for that region, by the word of this authority.
    Unknown(&'ring Authority),
}

impl KeyRing {
    /// Adds a key. A second copy of the same key for the same region changes nothing.
    pub fn insert(&mut self, key: PublicKey) {
        let same = self.keys.entry(key.fingerprint.clone()).or_default();
        if !same.contains(&key) {
            same.push(key);
        }
    }

    /// Records who answered for `region`.
    pub fn set_authority(&mut self, region: Region, authority: Authority) {
        self.authorities.insert(region, authority);
    }

    /// Whose word holds in `region`.
    pub fn authority(&self, region: &Region) -> &Authority {
        let unasked = if self.keys.is_empty() { &Authority::Nobody } else { &Authority::File };
        self.authorities.get(region).unwrap_or(unasked)
    }

    /// Who answered for each region that was asked.
    pub fn authorities(&self) -> &BTreeMap<Region, Authority> {
        &self.authorities
    }

    /// The key of that name that may sign in `region`: one listed for the region, or one without a region.
    pub fn find(&self, fingerprint: &Fingerprint, region: &Region) -> Lookup<'_> {
        let fits = |key: &&PublicKey| key.region.as_ref().is_none_or(|own| own == region);
        let found = self.keys.get(fingerprint).and_then(|keys| keys.iter().find(fits));
        match found {
            Some(key) => Lookup::Known(key),
            None => Lookup::Unknown(self.authority(region)),
        }
    }

    /// Whether it holds a key that may sign in `region` and whose published window holds `moment`, or that has none.
    pub fn has_key_in_force(&self, region: &Region, moment: Time) -> bool {
        self.iter().any(|key| {
            key.region.as_ref().is_none_or(|own| own == region)
                && key.valid_from.is_none_or(|from| from <= moment)
                && key.valid_to.is_none_or(|to| moment <= to)
        })
    }

    /// Every key, by fingerprint.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.values().flatten()
    }

    /// Takes over all of another ring's keys and authorities.
    pub fn merge(&mut self, other: KeyRing) {
        for key in other.keys.into_values().flatten() {
            self.insert(key);
        }
        self.authorities.extend(other.authorities);
    }

    /// Whether it holds no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
