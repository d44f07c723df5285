//! A digest's content, written exactly as CloudTrail writes it: one line, its fields in AWS's order, every `/` escaped.

use std::fmt::Write as _;

use crate::crypto::{Hash, Signature};
use crate::trail::{ObjectName, Span, Time, format_time};

/// The algorithms of every digest seen so far.
pub(super) const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
pub(super) const HASH_ALGORITHM: &str = "SHA-256";

/// What stands in a digest. Texts, not types, where a damage must be able to write nonsense.
#[derive(Debug, Clone)]
pub struct Body {
    pub(super) account: String,
    pub(super) start: Time,
    pub(super) end: Time,
    pub(super) place: ObjectName,
    pub(super) fingerprint: String,
    pub(super) algorithm: String,
    pub(super) previous: Option<Previous>,
    /// The log files it names.
    pub(super) logs: Vec<Entry>,
    /// Fields nobody knows yet, after all others: name and JSON value.
    pub(super) extra: Vec<(String, String)>,
    pub(super) hex: HexCase,
}

/// How hashes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HexCase {
    Lower,
    Upper,
}

/// What a digest records of the one before.
#[derive(Debug, Clone)]
pub(super) struct Previous {
    pub(super) place: ObjectName,
    pub(super) hash: Hash,
    pub(super) algorithm: String,
    pub(super) signature: Signature,
}

/// A log file as its digest names it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it was delivered.
    pub object: ObjectName,
    /// SHA-256 of its inflated bytes.
    pub hash: Hash,
    pub(super) algorithm: String,
    pub(super) newest: Option<Time>,
    pub(super) oldest: Option<Time>,
}

impl Body {
    /// The time it says it covers.
    pub(super) fn span(&self) -> Span {
        Span { start: self.start, end: self.end }
    }

    /// The bytes that are hashed and compressed.
    pub(super) fn json(&self) -> String {
        let mut out = Writer { json: String::from("{"), hex: self.hex };
        let newest = self.logs.iter().filter_map(|log| log.newest).max();
        let oldest = self.logs.iter().filter_map(|log| log.oldest).min();
        let previous = self.previous.as_ref();
        out.text("awsAccountId", Some(&self.account));
        out.text("digestStartTime", Some(&format_time(self.start)));
        out.text("digestEndTime", Some(&format_time(self.end)));
        out.text("digestS3Bucket", Some(&self.place.bucket));
        out.text("digestS3Object", Some(&self.place.key));
        out.text("digestPublicKeyFingerprint", Some(&self.fingerprint));
        out.text("digestSignatureAlgorithm", Some(&self.algorithm));
        out.text("newestEventTime", newest.map(format_time).as_deref());
        out.text("oldestEventTime", oldest.map(format_time).as_deref());
        out.text("previousDigestS3Bucket", previous.map(|it| &*it.place.bucket));
        out.text("previousDigestS3Object", previous.map(|it| &*it.place.key));
        out.hash("previousDigestHashValue", previous.map(|it| it.hash));
        out.text("previousDigestHashAlgorithm", previous.map(|it| it.algorithm.as_str()));
        out.text("previousDigestSignature", previous.map(|it| it.signature.to_string()).as_deref());
        out.json.push_str(r#""logFiles":["#);
        for log in &self.logs {
            out.json.push('{');
            out.text("s3Bucket", Some(&log.object.bucket));
            out.text("s3Object", Some(&log.object.key));
            out.hash("hashValue", Some(log.hash));
            out.text("hashAlgorithm", Some(&log.algorithm));
            out.text("newestEventTime", log.newest.map(format_time).as_deref());
            out.text("oldestEventTime", log.oldest.map(format_time).as_deref());
            out.close("},");
        }
        out.close("],");
        for (name, value) in &self.extra {
            // Writing to a String cannot fail.
            let _ = write!(out.json, r#""{name}":{value},"#);
        }
        out.close("}");
        out.json
    }

    /// What is signed (CloudTrail User Guide, "Custom implementations of log file integrity validation").
    pub(super) fn string_to_sign(&self, json: &str) -> String {
        let previous = match &self.previous {
            Some(previous) => previous.signature.to_string(),
            None => "null".into(),
        };
        let ObjectName { bucket, key } = &self.place;
        format!("{}\n{bucket}/{key}\n{}\n{previous}", format_time(self.end), Hash::of(json.as_bytes()))
    }
}

struct Writer {
    json: String,
    hex: HexCase,
}

impl Writer {
    fn text(&mut self, name: &str, value: Option<&str>) {
        // Writing to a String cannot fail.
        let _ = write!(self.json, r#""{name}":"#);
        match value {
            Some(text) => {
                self.json.push('"');
                for letter in text.chars() {
                    match letter {
                        '/' => self.json.push_str(r"\/"),
                        '"' | '\\' => self.json.extend(['\\', letter]),
                        _ => self.json.push(letter),
                    }
                }
                self.json.push_str("\",");
            }
            None => self.json.push_str("null,"),
        }
    }

    fn hash(&mut self, name: &str, value: Option<Hash>) {
        let text = value.map(|hash| match self.hex {
            HexCase::Lower => hash.to_string(),
            HexCase::Upper => hash.to_string().to_ascii_uppercase(),
        });
        self.text(name, text.as_deref());
    }

    /// Ends a list or an object whose last item left a comma behind.
    fn close(&mut self, end: &str) {
        if self.json.ends_with(',') {
            self.json.pop();
        }
        self.json.push_str(end);
    }
}
