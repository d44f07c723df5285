//! Keys by name, as signed notes have them (C2SP signed-note; Go's `golang.org/x/mod/sumdb/note` writes the same).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::crypto::Hash;
use crate::crypto::ed25519::{Public, Secret};

/// Ed25519 over the note's text; the other kinds of signatures are not read.
const ED25519: u8 = 1;
/// Begins a signing key.
const PRIVATE: &str = "PRIVATE+KEY+";
/// Longest name of a key, in bytes.
const NAME_LIMIT: usize = 255;
/// Sets the secrets derived for trailseal apart from any other program's.
const SALT: &[u8] = b"trailseal/v1";

/// Why a word is no key. None of them repeats what was read: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// A name that notes cannot hold.
    #[error(
        "a key's name has at least one character and at most 255 bytes, and neither spaces nor + nor control characters"
    )]
    Name,
    /// Not built like a verifier key.
    #[error("a verifier key reads NAME+ID+KEY, the ID in 8 hex digits and the KEY in base64")]
    Verifier,
    /// Not built like a signing key.
    #[error("a signing key reads PRIVATE+KEY+NAME+ID+KEY, the ID in 8 hex digits and the KEY in base64")]
    Signing,
    /// A signing key, where a verifier key is asked for.
    #[error(
        "this is a signing key, which is a secret; the verifier key that belongs to it does not begin with PRIVATE"
    )]
    Secret,
    /// A key of another kind.
    #[error("the key is of kind {0}, and only Ed25519 keys (kind 1) are read")]
    Kind(u8),
    /// The id is another key's.
    #[error("its ID belongs to another name or key: it was mistyped or cut short")]
    OtherId,
    /// No Ed25519 key.
    #[error("its bytes are no Ed25519 key")]
    Bytes,
}

/// What a key is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let legal = |sign: char| !(sign.is_whitespace() || sign.is_control() || sign == '+');
        let fits = (1..=NAME_LIMIT).contains(&text.len()) && text.chars().all(legal);
        if fits { Ok(Self(text.into())) } else { Err(NotAKey::Name) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Stands for a key in signatures: four bytes of a hash over its name and itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    fn of(name: &KeyName, public: &Public) -> Self {
        let hashed = [name.as_str().as_bytes(), &[b'\n', ED25519], public.bytes()].concat();
        let [first, second, third, fourth, ..] = *Hash::of(&hashed).bytes();
        Self([first, second, third, fourth])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What signatures call a key by, `NAME+ID`. No proof of anything: ids are four bytes long, and anybody may write them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyLabel {
    /// The key's name.
    pub name: KeyName,
    /// The key's id.
    pub id: KeyId,
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}+{}", self.name, self.id)
    }
}

impl KeyLabel {
    /// Several of them in a sentence.
    pub(crate) fn list<'l>(labels: impl IntoIterator<Item = &'l Self>) -> String {
        labels.into_iter().map(Self::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// A line of a note: a signature, and the key it claims to be by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    label: KeyLabel,
    bytes: Box<[u8]>,
}

impl Signature {
    /// Begins its line.
    pub(super) const MARK: &str = "— ";

    /// The key it claims to be by.
    pub fn label(&self) -> &KeyLabel {
        &self.label
    }

    /// Reads its line, without the LF.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(Self::MARK)?.split_once(' ')?;
        let signature = BASE64.decode(signature).ok()?;
        let (id, bytes) = signature.split_first_chunk::<4>().filter(|(_, bytes)| !bytes.is_empty())?;
        let label = KeyLabel { name: name.parse().ok()?, id: KeyId(*id) };
        Some(Self { label, bytes: bytes.into() })
    }
}

impl fmt::Display for Signature {
    /// Its line, without the LF.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = BASE64.encode([&self.label.id.0[..], &self.bytes].concat());
        write!(out, "{}{} {signature}", Self::MARK, self.label.name)
    }
}

/// A key that verifies, `NAME+ID+KEY`. No secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    label: KeyLabel,
    public: Public,
}

impl VerifierKey {
    fn new(name: KeyName, public: Public) -> Self {
        let id = KeyId::of(&name, &public);
        Self { label: KeyLabel { name, id }, public }
    }

    /// What signatures call it by.
    pub fn label(&self) -> &KeyLabel {
        &self.label
    }

    /// Whether `signature` is its own, over `text`.
    pub fn verifies(&self, text: &str, signature: &Signature) -> bool {
        self.label == signature.label && self.public.verifies(text.as_bytes(), &signature.bytes)
    }
}

impl FromStr for VerifierKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        if text.starts_with(PRIVATE) {
            return Err(NotAKey::Secret);
        }
        let (name, id, key) = parts(text).ok_or(NotAKey::Verifier)?;
        let key = Self::new(name.parse()?, Public::new(key_bytes(key, NotAKey::Verifier)?));
        if key.label.id.to_string() == id { Ok(key) } else { Err(NotAKey::OtherId) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}+{}", self.label, encoded(self.public.bytes()))
    }
}

/// A key that signs. A secret: neither `Debug` nor any error shows it, and only [`to_secret_text`](Self::to_secret_text)
/// writes it.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: Secret,
}

impl SigningKey {
    /// The key of this name that `seed` makes. Whoever can guess the seed can sign.
    ///
    /// # Errors
    ///
    /// Where a note could not hold the name.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, NotAKey> {
        let name = name.parse()?;
        let secret = Secret::from_seed(seed).map_err(|_| NotAKey::Bytes)?;
        Ok(Self { verifier: VerifierKey::new(name, secret.public()), secret })
    }

    /// Reads `PRIVATE+KEY+NAME+ID+KEY`.
    ///
    /// # Errors
    ///
    /// Where it is not that; the error does not repeat it.
    pub fn from_secret_text(text: &str) -> Result<Self, NotAKey> {
        let (name, id, seed) = text.strip_prefix(PRIVATE).and_then(parts).ok_or(NotAKey::Signing)?;
        let key = Self::from_seed(name, key_bytes(seed, NotAKey::Signing)?)?;
        if key.verifier.label.id.to_string() == id { Ok(key) } else { Err(NotAKey::OtherId) }
    }

    /// The key as it is kept, `PRIVATE+KEY+NAME+ID+KEY`, without a LF.
    pub fn to_secret_text(&self) -> String {
        format!("{PRIVATE}{}+{}", self.verifier.label, encoded(self.secret.seed()))
    }

    /// The key that verifies what this one signs.
    pub fn verifier(&self) -> VerifierKey {
        self.verifier.clone()
    }

    /// Signs a text; the same text always the same way.
    pub fn sign(&self, text: &str) -> Signature {
        Signature { label: self.verifier.label.clone(), bytes: self.secret.sign(text.as_bytes()) }
    }

    /// A secret for one purpose, named by `info`: HKDF-SHA-256 of the seed, salted with `trailseal/v1`. It tells neither
    /// the key nor the secret of another purpose.
    pub fn derive(&self, info: &[u8]) -> [u8; 32] {
        self.secret.derive(SALT, info)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.verifier.label)
    }
}

/// Name, id and key. Base64 has `+` of its own, and neither names nor ids have.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let mut parts = text.splitn(3, '+');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn encoded(key: &[u8; 32]) -> String {
    BASE64.encode([&[ED25519][..], key].concat())
}

/// The bytes of an Ed25519 key; `malformed` is told where there is no key of any kind.
fn key_bytes(text: &str, malformed: NotAKey) -> Result<[u8; 32], NotAKey> {
    let bytes = BASE64.decode(text).map_err(|_| malformed)?;
    match bytes.split_first() {
        None => Err(malformed),
        Some((&ED25519, key)) => key.try_into().map_err(|_| NotAKey::Bytes),
        Some((&kind, _)) => Err(NotAKey::Kind(kind)),
    }
}

#[cfg(test)]
mod tests;
