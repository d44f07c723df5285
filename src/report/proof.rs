//! What is known of one log file, for the spot check.

use crate::crypto::{Fingerprint, Hash};
use crate::trail::{AccountRegion, ChainId, ObjectName, Span};
use crate::verdict::{Class, Finding, LogVerdict};

/// What is proven of one log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The file.
    pub object: ObjectName,
    /// Whose activity it records, and where.
    pub place: AccountRegion,
    /// The verdict on it; none if it is not there and nothing names it.
    pub verdict: Option<LogVerdict>,
    /// The authentic digest that names it.
    pub attested_by: Option<AttestedBy>,
    /// What is wrong with the file and with the chain around it, in the order of reports.
    pub findings: Vec<Finding>,
}

/// An authentic digest that names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedBy {
    /// The digest.
    pub digest: ObjectName,
    /// Its chain.
    pub chain: ChainId,
    /// The hour it covers.
    pub span: Span,
    /// What the file's inflated bytes have to hash to.
    pub hash: Hash,
    /// The key that signed the digest.
    pub fingerprint: Fingerprint,
    /// The time around it that the chain covers without a break, as far as was looked.
    pub unbroken: Span,
}

impl Proof {
    /// Whether something says that the file itself, and not only the chain around it, was tampered with.
    pub fn accuses_the_file(&self) -> bool {
        let about_it = |finding: &&Finding| finding.object.as_ref() == Some(&self.object);
        self.findings.iter().filter(about_it).any(|finding| finding.class() == Class::Tamper)
    }

    /// The exit code: 0 if the file is proven intact, 1 if it or the chain at its hour was tampered with, 4 if there is
    /// no such file and nothing names it, 3 otherwise.
    pub fn exit_code(&self) -> u8 {
        let tampered = self.findings.iter().any(|finding| finding.class() == Class::Tamper);
        match self.verdict {
            _ if tampered => 1,
            Some(LogVerdict::Intact) => 0,
            None => 4,
            Some(_) => 3,
        }
    }
}
