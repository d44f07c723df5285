//! A row: one day of one account and region, as it was read, with what its word rests on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::joints::without_signatures;
use super::listing::{DayListing, Extent, KeptListing};
use crate::crypto::short::Short;
use crate::crypto::{Fingerprint, Hash, KeyRing, Lookup, hmac_sha256};
use crate::inspection::{Brief, DayRecord, MARGIN};
use crate::trail::text::moment;
use crate::trail::{AccountRegion, Day, Depth, Span, Time};

/// What a file of rows says that it is, and what their seals are made for.
pub const SCHEMA: &str = "trailseal/ledger/v1";
/// The number of the rules by which days are judged. Rows of another number are read again: it is raised with every change of
/// what a record says of the same bytes, and a test over forged records fails where that is forgotten.
pub const RULES: u32 = 1;

/// A day, and what of the window it can tell of, where that does not hold all of it.
pub type DayPart = (Day, Option<Span>);

/// The part of a day that a run looks at; none, where its window ends far from it.
pub fn part(brief: &Brief, day: Day) -> Option<DayPart> {
    let window = &brief.window;
    let whole = day.span();
    if window.start().is_none_or(|start| start <= whole.start) && whole.end <= window.end() {
        return Some((day, None));
    }
    let reach =
        Span { start: whole.start.checked_sub_signed(MARGIN)?, end: whole.end.checked_add_signed(MARGIN)? };
    let start = window.start().map_or(reach.start, |start| start.max(reach.start));
    let end = window.end().min(reach.end);
    (start < end).then_some((day, Some(Span { start, end })))
}

/// What a day's listing has to show, for a run over `brief`'s window: around it, nothing is looked at but digests.
pub fn extent(brief: &Brief, day: Day) -> Extent {
    let before = brief.window.start().is_some_and(|start| day < Day::holding(start));
    let after = brief.plan.end.is_some() && Day::holding(brief.window.end()) < day;
    if before || after { Extent::Digests } else { Extent::Everything }
}

/// What a day was held to when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The rules of judgement.
    pub rules: u32,
    /// How closely log files were looked at.
    pub depth: Depth,
    /// The grace period, in seconds.
    pub grace: i64,
    /// The keys that proved its digests, by name, each with the SHA-256 of its encoded bytes.
    pub keys: BTreeMap<Fingerprint, Short>,
}

impl Terms {
    /// Those of a run, for a day whose digests these keys proved; nothing, where the ring lacks one.
    pub fn of<'k>(
        brief: &Brief,
        place: &AccountRegion,
        ring: &KeyRing,
        keys: impl Iterator<Item = &'k Fingerprint>,
    ) -> Option<Self> {
        let known = |fingerprint: &Fingerprint| match ring.find(fingerprint, &place.region) {
            Lookup::Known(key) => Some((fingerprint.clone(), Short(Hash::of(&key.encoded)))),
            Lookup::Unknown(_) => None,
        };
        Some(Self {
            rules: RULES,
            depth: brief.plan.depth,
            grace: brief.plan.grace.num_seconds(),
            keys: keys.map(known).collect::<Option<_>>()?,
        })
    }

    /// Whether they are those of a run with these keys.
    pub fn hold(&self, brief: &Brief, place: &AccountRegion, ring: &KeyRing) -> bool {
        Self::of(brief, place, ring, self.keys.keys()).as_ref() == Some(self)
    }
}

/// One day, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The day.
    pub day: Day,
    /// What of the window it can tell of, where that does not hold all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Span>,
    /// When its bytes were read.
    #[serde(with = "moment")]
    pub read_at: Time,
    /// What it was held to.
    pub terms: Terms,
    /// What the listing showed of all that was read for it.
    pub listing: KeptListing,
    /// Stands for the KMS keys that its objects were encrypted with: the first digits of the SHA-256 of each id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kms: BTreeSet<String>,
    /// What it came to.
    pub record: DayRecord,
}

impl Row {
    /// A day as it was read by now.
    pub fn new(
        (day, part): DayPart,
        read_at: Time,
        terms: Terms,
        (listing, kms): (&DayListing, BTreeSet<String>),
        record: &DayRecord,
    ) -> Self {
        Self { day, part, read_at, terms, listing: listing.into(), kms, record: without_signatures(record) }
    }

    /// Whether the listing shows today what it showed then.
    pub fn fits(&self, listing: &DayListing) -> bool {
        self.listing == KeptListing::from(listing)
    }
}

/// Whose trail it is; of an account's own, `-`.
pub(super) fn organization(place: &AccountRegion) -> &str {
    place.organization.as_ref().map_or("-", |organization| organization.as_str())
}

/// What rows are sealed with.
#[derive(Clone)]
pub enum LedgerKey {
    /// A SHA-256: against accidents alone. Whoever may write there may write anything.
    Nobody,
    /// An HMAC-SHA-256 under a key that only the caller has.
    Secret([u8; 32]),
}

impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Secret(_) => "Secret(…)",
        })
    }
}

impl LedgerKey {
    /// The seal of a line of an account and region whose record was delivered to `origin`.
    pub(super) fn seal(&self, origin: &str, place: &AccountRegion, line: &[u8]) -> Hash {
        let (organization, AccountRegion { account, region, .. }) = (organization(place), place);
        let mut message = format!("{SCHEMA}\n{origin}\n{organization}\n{account}\n{region}\n").into_bytes();
        message.extend_from_slice(line);
        match self {
            Self::Nobody => Hash::of(&message),
            Self::Secret(key) => hmac_sha256(key, &message),
        }
    }

    /// A number that nobody can foresee who does not know the key, nor `salt`, if there is no key.
    pub fn draw(&self, salt: &[u8], what: &[u8]) -> u64 {
        let key = match self {
            Self::Nobody => Sha256::digest(salt).into(),
            Self::Secret(key) => *key,
        };
        let hash = hmac_sha256(&key, what);
        hash.bytes().first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
    }
}
