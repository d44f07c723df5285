//! What each code means, how it comes about and what to do next, in words for somebody who has never read
//! CloudTrail's format. `trailseal explain`, the HTML report and the README say the same, because they all read here.

use super::Code;

mod coverage;
mod digests;
mod logs;

/// What there is to say about one code.
struct Page {
    /// What one of them and several of them are called after their number.
    counted: (&'static str, &'static str),
    title: &'static str,
    meaning: &'static str,
    causes: &'static [&'static str],
    next_steps: &'static [&'static str],
}

impl Code {
    fn page(self) -> &'static Page {
        match self {
            Self::DigestMissing => &digests::MISSING,
            Self::DigestSignatureInvalid => &digests::SIGNATURE_INVALID,
            Self::DigestMalformed => &digests::MALFORMED,
            Self::DigestRelocated => &digests::RELOCATED,
            Self::DigestLinkBroken => &digests::LINK_BROKEN,
            Self::DigestUnsigned => &digests::UNSIGNED,
            Self::DigestUnknownKey => &digests::UNKNOWN_KEY,
            Self::DigestUnreadable => &digests::UNREADABLE,
            Self::DigestAlgorithmUnsupported => &digests::ALGORITHM_UNSUPPORTED,
            Self::DigestPending => &digests::PENDING,
            Self::DigestUnpacked => &digests::UNPACKED,
            Self::RecordCopied => &digests::COPIED,
            Self::ChainRestarted => &coverage::RESTARTED,
            Self::ChainEnded => &coverage::ENDED,
            Self::LogMissing => &logs::MISSING,
            Self::LogModified => &logs::MODIFIED,
            Self::LogMalformed => &logs::MALFORMED,
            Self::LogUnlisted => &logs::UNLISTED,
            Self::LogUnreadable => &logs::UNREADABLE,
            Self::LogUnproven => &logs::UNPROVEN,
            Self::LogPending => &logs::PENDING,
            Self::LogUnpacked => &logs::UNPACKED,
            Self::StrayObjects => &logs::STRAY,
            Self::CoverageHead => &coverage::HEAD,
            Self::CoverageGap => &coverage::GAP,
            Self::CoverageTail => &coverage::TAIL,
            Self::RegionAbsent => &coverage::REGION_ABSENT,
            Self::ListingUnreadable => &coverage::LISTING_UNREADABLE,
            Self::StoreUnavailable => &coverage::STORE_UNAVAILABLE,
            Self::KeysUnavailable => &digests::KEYS_UNAVAILABLE,
            Self::KeyValidity => &digests::KEY_VALIDITY,
            Self::TrailChanged => &coverage::TRAIL_CHANGED,
            Self::BucketChanged => &coverage::BUCKET_CHANGED,
            Self::KeyChanged => &coverage::KEY_CHANGED,
        }
    }

    /// A heading of a few words.
    pub fn title(self) -> &'static str {
        self.page().title
    }

    /// What is so when this is found, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        self.page().meaning
    }

    /// How an attacker or an accident makes it, one sentence each, the likeliest first.
    pub fn causes(self) -> &'static [&'static str] {
        self.page().causes
    }

    /// What to do about it, in order.
    pub fn next_steps(self) -> &'static [&'static str] {
        self.page().next_steps
    }

    /// What so many of them are called after their number: `log files modified`.
    pub fn noun(self, count: u64) -> &'static str {
        let (one, several) = self.page().counted;
        if count == 1 { one } else { several }
    }
}
