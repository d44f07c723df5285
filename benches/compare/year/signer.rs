//! Signs the digests that are asked for: no others ever exist.

use std::io::{Read as _, Write as _};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use sha2::Sha256;
use trailseal::trail::{Metadata, UserMetadata};

/// A key of this process.
pub struct Signer {
    pair: RsaKeyPair,
    fingerprint: String,
}

impl Signer {
    pub fn new() -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let fingerprint = hex(&Md5::digest(pair.public_key().as_ref()));
        Self { pair, fingerprint }
    }

    /// A key list, with this key in it.
    pub fn beside(&self, list: &[u8]) -> Vec<u8> {
        let mut list: Value = serde_json::from_slice(list).unwrap();
        list["PublicKeyList"].as_array_mut().unwrap().push(json!({
            "Value": STANDARD.encode(self.pair.public_key().as_ref()),
            "ValidityStartTime": "2024-01-01T00:00:00+00:00",
            "ValidityEndTime": "2030-01-01T00:00:00+00:00",
            "Fingerprint": self.fingerprint,
        }));
        list.to_string().into_bytes()
    }

    /// A digest, as it would be of this account and in this place.
    pub fn sign(&self, like: &[u8], account: &str, bucket: &str, key: &str) -> (Bytes, Metadata) {
        let mut inflated = Vec::new();
        GzDecoder::new(like).read_to_end(&mut inflated).unwrap();
        let mut digest: Value = serde_json::from_slice(&inflated).unwrap();
        digest["awsAccountId"] = account.into();
        digest["digestS3Object"] = key.into();
        digest["digestPublicKeyFingerprint"] = self.fingerprint.as_str().into();
        let text = digest.to_string();
        let end = digest["digestEndTime"].as_str().unwrap();
        let previous = digest["previousDigestSignature"].as_str().unwrap_or("null");
        let hash = hex(&Sha256::digest(&text));
        let message = format!("{end}\n{bucket}/{key}\n{hash}\n{previous}");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        let mut member = GzEncoder::new(Vec::new(), Compression::fast());
        member.write_all(text.as_bytes()).unwrap();
        let metadata = UserMetadata {
            signature: Some(hex(&signature).into()),
            signature_algorithm: Some("SHA256withRSA".into()),
            backfill_generation_timestamp: None,
        };
        (member.finish().unwrap().into(), Metadata::Kept(metadata))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
