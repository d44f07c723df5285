//! What digests and log files come to, one by one, and how many of them come to what.

use serde::{Deserialize, Serialize};

use crate::trail::text::count;

/// The verdict on one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestVerdict {
    /// AWS signed exactly these bytes for exactly this place.
    Authentic,
    /// The signature does not fit the bytes.
    SignatureInvalid,
    /// Not one gzip member holding a digest.
    Malformed,
    /// A digest of another place.
    Relocated,
    /// No signature is at hand.
    Unsigned,
    /// Signed, it says, with a key that is not at hand.
    UnknownKey,
    /// Its algorithms are not the ones known.
    AlgorithmUnsupported,
    /// The store did not give it.
    Unreadable,
    /// A link points to it and it is not there.
    Missing,
    /// A link points to it, and it may still be under way.
    Pending,
    /// The run ended before it was read.
    NotReached,
}

/// The verdict on one log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogVerdict {
    /// Byte for byte what AWS delivered.
    Intact,
    /// Inflates to other bytes than AWS delivered.
    Modified,
    /// Not exactly one gzip member within the limit.
    Malformed,
    /// Attested and not there.
    Missing,
    /// The store did not give it.
    Unreadable,
    /// Named only by digests that are not authentic.
    Unproven,
    /// There, and named by no authentic digest.
    Unlisted,
    /// Too young to be in a digest yet, or named by one and not there yet.
    Pending,
    /// Attested and listed, its bytes not asked for.
    Present,
    /// Attested; the run ended before it was read.
    NotReached,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Defines a count per verdict.
macro_rules! tally {
    ($(#[$doc:meta])* $tally:ident of $verdict:ident { $($field:ident: $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $tally {
            $(
                #[serde(skip_serializing_if = "is_zero", deserialize_with = "count::deserialize")]
                #[doc = concat!("How many are [`", stringify!($verdict), "::", stringify!($variant), "`].")]
                pub $field: u64,
            )*
        }

        impl $tally {
            /// Counts one more.
            pub fn add(&mut self, verdict: $verdict) {
                self.add_many(verdict, 1);
            }

            /// Counts so many more.
            pub fn add_many(&mut self, verdict: $verdict, count: u64) {
                match verdict {
                    $($verdict::$variant => self.$field += count,)*
                }
            }

            /// Takes over another tally's counts.
            pub fn merge(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }

            /// Each count with its name in reports, in the order of the verdicts.
            pub fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($field), self.$field),)*]
            }

            /// How many there are of all verdicts.
            pub fn total(&self) -> u64 {
                0 $(+ self.$field)*
            }
        }

        impl $verdict {
            /// The verdict's name in reports.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($field),)*
                }
            }
        }
    };
}

tally!(
    /// Digests by verdict.
    DigestTally of DigestVerdict {
        authentic: Authentic,
        signature_invalid: SignatureInvalid,
        malformed: Malformed,
        relocated: Relocated,
        unsigned: Unsigned,
        unknown_key: UnknownKey,
        algorithm_unsupported: AlgorithmUnsupported,
        unreadable: Unreadable,
        missing: Missing,
        pending: Pending,
        not_reached: NotReached,
    }
);
tally!(
    /// Log files by verdict.
    LogTally of LogVerdict {
        intact: Intact,
        modified: Modified,
        malformed: Malformed,
        missing: Missing,
        unreadable: Unreadable,
        unproven: Unproven,
        unlisted: Unlisted,
        pending: Pending,
        present: Present,
        not_reached: NotReached,
    }
);

/// Why a store, or whoever else was asked, had to be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetryCause {
    /// It asked to slow down.
    Throttled,
    /// No answer came in time.
    TimedOut,
    /// The connection or the answer broke off.
    CutOff,
    /// It failed in another way that may pass: a 5xx, nobody there.
    Failed,
}

tally!(
    /// Failures after which the same was asked again, by what they were.
    Retries of RetryCause {
        throttled: Throttled,
        timed_out: TimedOut,
        cut_off: CutOff,
        failed: Failed,
    }
);
