//! Ed25519 (RFC 8032), and one secret's children (RFC 5869).

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// Bytes that are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no Ed25519 key")]
pub struct NoKey;

/// The public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Public([u8; 32]);

impl Public {
    /// The key of these bytes. Bytes that are no point of the curve verify nothing.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

/// The secret half. Shown to nobody by accident: it is not in what `Debug` writes.
pub struct Secret {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: Public,
}

impl Secret {
    /// The key that `seed` makes.
    ///
    /// # Errors
    ///
    /// Where the library refuses it.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, NoKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoKey)?;
        let public = pair.public_key().as_ref().try_into().map(Public).map_err(|_| NoKey)?;
        Ok(Self { seed, pair, public })
    }

    /// The seed, for whoever keeps the key.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The public half.
    pub fn public(&self) -> Public {
        self.public
    }

    /// Its signature over `message`; the same message always has the same.
    pub fn sign(&self, message: &[u8]) -> Box<[u8]> {
        self.pair.sign(message).as_ref().into()
    }

    /// A secret for one purpose, from which neither the seed nor another purpose's can be told: HKDF with SHA-256, the seed
    /// as key material, of the 32 bytes that one round gives.
    pub fn derive(&self, salt: &[u8], info: &[u8]) -> [u8; 32] {
        let extracted = hmac(salt, &[&self.seed]);
        hmac(&extracted, &[info, &[1]])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secret").field("public", &self.public).finish_non_exhaustive()
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    let mut value = [0; 32];
    value.copy_from_slice(context.sign().as_ref());
    value
}

/// A seed that nobody can guess; none, where the system has no randomness to give.
#[cfg(feature = "cli")]
pub fn random_seed() -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).ok().map(|()| seed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_lc_rs::hkdf;

    use super::*;

    fn bytes<const LENGTH: usize>(hex: &str) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        assert!(crate::crypto::unhex(hex, &mut bytes), "{hex}");
        bytes
    }

    /// RFC 8032, section 7.1, tests 1 to 3.
    #[test]
    fn the_standards_own_signatures_are_made_and_verified() {
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                &[][..],
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                &[0x72],
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                &[0xaf, 0x82],
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let secret = Secret::from_seed(bytes(seed)).unwrap();
            assert_eq!(secret.public(), Public::new(bytes(public)));
            let signature: [u8; 64] = bytes(signature);
            assert_eq!(*secret.sign(message), signature);
            assert!(secret.public().verifies(message, &signature));
            for byte in 0..64 {
                let mut other = signature;
                other[byte] ^= 1;
                assert!(!secret.public().verifies(message, &other), "byte {byte}");
            }
            assert!(!secret.public().verifies(b"another", &signature));
            assert!(!secret.public().verifies(message, &signature[..63]));
        }
    }

    #[test]
    fn children_are_those_of_the_librarys_own_derivation() {
        let secret = Secret::from_seed([7; 32]).unwrap();
        for (salt, info) in [(&b""[..], &b""[..]), (b"salt", b"info"), (b"trailseal/v1", &[9; 200])] {
            let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&[7; 32]);
            let mut other = [0; 32];
            extracted.expand(&[info], hkdf::HKDF_SHA256).unwrap().fill(&mut other).unwrap();
            assert_eq!(secret.derive(salt, info), other);
        }
        assert_ne!(secret.derive(b"salt", b"one"), secret.derive(b"salt", b"two"));
    }

    #[test]
    fn the_seed_is_not_shown() {
        let shown = format!("{:?}", Secret::from_seed([0xab; 32]).unwrap());
        assert!(shown.contains("public") && !shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
    }
}
