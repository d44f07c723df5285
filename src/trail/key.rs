//! The only grammar of S3 keys: what CloudTrail writes is parsed here, and formatted here, and nowhere else.
//!
//! `[PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/KIND/REGION/YYYY/MM/DD/NAME` (CloudTrail User Guide, "Getting and viewing
//! your log files" and "Digest file structure"). Trail names may hold `_`, `-`, `.` and even the name of a region,
//! so a digest's name is read from its right end.

use std::fmt;

use super::{
    AccountId, AccountRegion, ChainId, DigestKind, Location, OrganizationId, Prefix, Region, Time, TrailName,
    time_as, written_as,
};

/// The folder all of it lies under.
pub const ROOT: &str = "AWSLogs/";
/// The folder of digests, beside those of log files.
pub const DIGEST_FOLDER: &str = "CloudTrail-Digest";
/// The kind of log file every trail delivers.
pub const LOG_FOLDER: &str = "CloudTrail";

const DIGEST_SUFFIX: &str = ".json.gz";
const BACKFILL_SUFFIX: &str = "_backfill.json.gz";
const DIGEST_TIME: &str = "YYYYMMDDThhmmssZ";
const LOG_TIME: &str = "YYYYMMDDThhmmZ";
const DAY: &str = "%Y/%m/%d";
const DAY_FOLDERS: &str = "YYYY/MM/DD";

/// Splits a path at the last of its parts that reads `AWSLogs`: what stands before it, empty or ending in a slash, and
/// what follows, without the slash between.
pub(super) fn split_at_root(path: &str) -> Option<(&str, &str)> {
    let root = ROOT.trim_end_matches('/');
    path.rmatch_indices(root).find_map(|(at, _)| {
        let (prefix, rest) = (&path[..at], &path[at + root.len()..]);
        let whole = prefix.is_empty() || prefix.ends_with('/');
        let below = if rest.is_empty() { Some("") } else { rest.strip_prefix('/') };
        below.filter(|_| whole).map(|below| (prefix, below))
    })
}

/// A key under `AWSLogs/` that CloudTrail could have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectKey {
    /// A digest.
    Digest(DigestKey),
    /// A log file of any kind.
    Log(LogKey),
}

impl ObjectKey {
    /// Parses a whole key; `None` is a key that is neither a digest's nor a log file's.
    pub fn parse(key: &str) -> Option<Self> {
        let folder = DayFolder::parse(key)?;
        match folder.kind {
            DIGEST_FOLDER => DigestKey::from_folder(&folder).map(Self::Digest),
            _ => LogKey::from_folder(&folder).map(Self::Log),
        }
    }
}

/// The folder of one account, one region and one kind: where its days lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionFolder {
    /// What stands before `AWSLogs/`.
    pub prefix: Prefix,
    /// Whose folder it is.
    pub place: AccountRegion,
    /// The name of the folder: `CloudTrail-Digest`, `CloudTrail`, …
    pub kind: Box<str>,
}

impl RegionFolder {
    /// The folder of `kind` in one home.
    pub fn of(home: &Location, place: &AccountRegion, kind: &str) -> Self {
        Self { prefix: home.prefix.clone(), place: place.clone(), kind: kind.into() }
    }

    /// The folder in which the digests or log files of `day` lie, ending in a slash.
    pub fn day(&self, day: chrono::NaiveDate) -> String {
        format!("{self}{}/", day.format(DAY))
    }
}

impl fmt::Display for RegionFolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        region_folder(out, &self.prefix, &self.place, &self.kind)
    }
}

fn region_folder(
    out: &mut fmt::Formatter<'_>,
    prefix: &str,
    place: &AccountRegion,
    kind: &str,
) -> fmt::Result {
    write!(out, "{prefix}{ROOT}")?;
    if let Some(organization) = &place.organization {
        write!(out, "{organization}/")?;
    }
    let AccountRegion { account, region, .. } = place;
    write!(out, "{account}/{kind}/{region}/")
}

/// A digest's key. Its date folders and the time in its name are both those of its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestKey {
    /// What stands before `AWSLogs/`.
    pub prefix: Prefix,
    /// The chain it belongs to.
    pub chain: ChainId,
    /// The end of the hour it covers.
    pub end: Time,
}

impl DigestKey {
    /// Parses a whole key.
    pub fn parse(key: &str) -> Option<Self> {
        match ObjectKey::parse(key)? {
            ObjectKey::Digest(digest) => Some(digest),
            ObjectKey::Log(_) => None,
        }
    }

    /// Parses a key that differs in its time alone from `own`, the text that this one was parsed from; `None` is any other.
    /// In a listing nearly every key is such, and shares its names with the one before it.
    pub fn of_sibling(&self, own: &str, key: &str) -> Option<Self> {
        let (names, day, end) = apart_from_time(key)?;
        apart_from_time(own).filter(|(own, ..)| *own == names)?;
        holds(day, end).then_some(())?;
        Some(Self { end: time_as(end, DIGEST_TIME)?, ..self.clone() })
    }

    /// The key that ends then in the chain of this one, whose text is `own`, and its text.
    pub fn sibling(&self, own: &str, end: Time) -> (Self, String) {
        let sibling = Self { end, ..self.clone() };
        let text = match apart_from_time(own).filter(|_| self.chain.kind == DigestKind::Standard) {
            Some(([folder, name], ..)) => {
                let (day, end) = (written_as(end, DAY_FOLDERS), written_as(end, DIGEST_TIME));
                [folder, &day, "/", name, "_", &end, DIGEST_SUFFIX].concat()
            }
            None => sibling.to_string(),
        };
        (sibling, text)
    }

    /// The folder of its region.
    pub fn folder(&self) -> RegionFolder {
        RegionFolder {
            prefix: self.prefix.clone(),
            place: self.chain.place.clone(),
            kind: DIGEST_FOLDER.into(),
        }
    }

    fn from_folder(folder: &DayFolder<'_>) -> Option<Self> {
        let rest = folder.named()?;
        let (rest, kind) = match rest.strip_suffix(BACKFILL_SUFFIX) {
            Some(rest) => (rest, DigestKind::Backfill),
            None => (rest.strip_suffix(DIGEST_SUFFIX)?, DigestKind::Standard),
        };
        let (rest, end) = rest.rsplit_once('_')?;
        let (trail, home_region) = rest.rsplit_once('_')?;
        holds(folder.day, end).then_some(())?;
        let end = time_as(end, DIGEST_TIME)?;
        Some(Self {
            prefix: folder.prefix.into(),
            chain: ChainId {
                place: folder.place.clone(),
                trail: trail.parse::<TrailName>().ok()?,
                home_region: home_region.parse::<Region>().ok()?,
                kind,
            },
            end,
        })
    }
}

impl fmt::Display for DigestKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChainId { place, trail, home_region, kind } = &self.chain;
        let AccountRegion { account, region, .. } = place;
        let suffix = match kind {
            DigestKind::Standard => DIGEST_SUFFIX,
            DigestKind::Backfill => BACKFILL_SUFFIX,
        };
        region_folder(out, &self.prefix, place, DIGEST_FOLDER)?;
        let (day, end) = (written_as(self.end, DAY_FOLDERS), written_as(self.end, DIGEST_TIME));
        write!(out, "{day}/{account}_{DIGEST_FOLDER}_{region}_{trail}_{home_region}_{end}{suffix}")
    }
}

/// A log file's key. It carries no trail: trails that share a bucket and prefix share log folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey {
    /// What stands before `AWSLogs/`.
    pub prefix: Prefix,
    /// Whose activity, and where.
    pub place: AccountRegion,
    /// The name of its folder: `CloudTrail`, `CloudTrail-Insight`, …
    pub kind: Box<str>,
    /// When it was delivered, to the minute; AWS rounds up to the next five.
    pub delivered: Time,
    /// Sixteen letters and digits without meaning.
    pub unique: Box<str>,
}

impl LogKey {
    /// Parses a whole key.
    pub fn parse(key: &str) -> Option<Self> {
        match ObjectKey::parse(key)? {
            ObjectKey::Log(log) => Some(log),
            ObjectKey::Digest(_) => None,
        }
    }

    /// The folder of its region.
    pub fn folder(&self) -> RegionFolder {
        RegionFolder { prefix: self.prefix.clone(), place: self.place.clone(), kind: self.kind.clone() }
    }

    /// Whether it belongs to this region's folder, and not to one that lies below it.
    pub fn lies_in(&self, folder: &RegionFolder) -> bool {
        self.prefix == folder.prefix && self.kind == folder.kind && self.place == folder.place
    }

    fn from_folder(folder: &DayFolder<'_>) -> Option<Self> {
        let rest = folder.named()?.strip_suffix(".json.gz")?;
        let (delivered, unique) = rest.split_once('_')?;
        let plain = !unique.is_empty() && unique.bytes().all(|b| b.is_ascii_alphanumeric());
        (plain && holds(folder.day, delivered)).then_some(())?;
        let delivered = time_as(delivered, LOG_TIME)?;
        Some(Self {
            prefix: folder.prefix.into(),
            place: folder.place.clone(),
            kind: folder.kind.into(),
            delivered,
            unique: unique.into(),
        })
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, place, kind, delivered, unique } = self;
        let AccountRegion { account, region, .. } = place;
        region_folder(out, prefix, place, kind)?;
        let (day, delivered) = (written_as(*delivered, DAY_FOLDERS), written_as(*delivered, LOG_TIME));
        write!(out, "{day}/{account}_{kind}_{region}_{delivered}_{unique}.json.gz")
    }
}

/// A key split at its folders, its name still unread.
struct DayFolder<'key> {
    prefix: &'key str,
    account: &'key str,
    place: AccountRegion,
    kind: &'key str,
    day: &'key str,
    name: &'key str,
}

impl<'key> DayFolder<'key> {
    /// The prefix may itself hold `AWSLogs/`: the last that stands between slashes counts.
    fn parse(key: &'key str) -> Option<Self> {
        let (prefix, path) = split_at_root(key)?;
        let (first, after_first) = path.split_once('/')?;
        let organization = first.parse::<OrganizationId>().ok();
        let path = match organization {
            Some(_) => after_first,
            None => path,
        };
        let (account, path) = path.split_once('/')?;
        let (kind, path) = path.split_once('/')?;
        let (region, path) = path.split_once('/')?;
        let (day, name) = path.rsplit_once('/')?;
        let plain = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then_some(Self {
            prefix,
            account,
            place: AccountRegion {
                account: account.parse::<AccountId>().ok()?,
                region: region.parse().ok()?,
                organization,
            },
            kind,
            day,
            name,
        })
    }

    /// What the name of an object here goes on with after saying where it is.
    fn named(&self) -> Option<&'key str> {
        let words = [self.account, self.kind, self.place.region.as_str()];
        words.iter().try_fold(self.name, |rest, word| rest.strip_prefix(word)?.strip_prefix('_'))
    }
}

/// Whether an object with this time, `YYYYMMDDT…`, belongs in this day's folder, `YYYY/MM/DD`.
fn holds(day: &str, time: &str) -> bool {
    let slashes = matches!(day.as_bytes(), [_, _, _, _, b'/', _, _, b'/', _, _]);
    let rest = day.split('/').try_fold(time, |rest, part| rest.strip_prefix(part));
    slashes && rest.is_some_and(|rest| rest.starts_with('T'))
}

/// The key of a standard digest, split into what all of its chain share, its day and its time.
fn apart_from_time(key: &str) -> Option<([&str; 2], &str, &str)> {
    let (path, name) = key.strip_suffix(DIGEST_SUFFIX)?.rsplit_once('/')?;
    let (name, end) = name.rsplit_once('_')?;
    let (folder, day) = path.split_at_checked(path.len().checked_sub(DAY_FOLDERS.len())?)?;
    Some(([folder, name], day, end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/\
                       111122223333_CloudTrail_us-east-1_20260301T1035Z_0123456789abcdef.json.gz";
    const DIGEST: &str = "AWSLogs/o-exampleorgid/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/\
                          111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20260301T101728Z.json.gz";

    #[test]
    fn a_prefix_may_hold_slashes_and_the_folders_own_name() {
        for prefix in [
            "",
            "audit/",
            "audit//",
            "/",
            "//",
            "AWSLogs/",
            "AWSLogs//",
            "AWSLogs/team/",
            "AWSLogs/AWSLogs/",
            "AWSLogs-archive/",
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/",
        ] {
            let key = format!("{prefix}{LOG}");
            let log = LogKey::parse(&key).unwrap();
            assert_eq!((&*log.prefix, log.to_string()), (prefix, key));
            let key = format!("{prefix}{DIGEST}");
            let digest = DigestKey::parse(&key).unwrap();
            assert_eq!((&*digest.prefix, digest.to_string()), (prefix, key));
        }
    }

    #[test]
    fn a_key_is_a_siblings_where_its_time_alone_differs() {
        let own = DigestKey::parse(DIGEST).unwrap();
        let later = DIGEST.replace("/03/01/", "/12/31/").replace("20260301T101728Z", "20261231T235960Z");
        let sibling = DigestKey::parse(&later).unwrap();
        assert_eq!(own.of_sibling(DIGEST, &later), Some(sibling.clone()));
        assert_eq!(own.sibling(DIGEST, sibling.end), (sibling, later.clone()));
        for key in [
            LOG.to_owned(),
            later.replace("/12/31/", "/12/30/"),
            later.replace("/12/31/", "/12-31/"),
            later.replace("20261231T", "20261331T").replace("/12/", "/13/"),
            later.replace("Z.json.gz", "Z_backfill.json.gz"),
            later.replace("_trail_", "_other_"),
            later.replace("Digest/us-east-1/", "Digest/us-east-2/"),
            later.replace("111122223333/", "111122223334/"),
            format!("x/{later}"),
        ] {
            assert_eq!(own.of_sibling(DIGEST, &key), None, "{key}");
        }
        let backfill = DIGEST.replace("Z.json.gz", "Z_backfill.json.gz");
        let own = DigestKey::parse(&backfill).unwrap();
        assert_eq!(own.of_sibling(&backfill, &later), None);
        assert_eq!(own.sibling(&backfill, own.end), (own.clone(), backfill));
    }

    #[test]
    fn the_folders_name_is_a_whole_part() {
        for prefix in ["x", "my-", "AWSLogs", "AWSLogs/x"] {
            assert_eq!(ObjectKey::parse(&format!("{prefix}{LOG}")), None, "{prefix}");
        }
        assert_eq!(ObjectKey::parse(&LOG.replace("AWSLogs/", "AWSLogs//")), None);
        assert_eq!(ObjectKey::parse(&LOG.replace("AWSLogs/", "AWSLogs-old/")), None);
        assert_eq!(ObjectKey::parse(&LOG.replace("/01/", "/01/AWSLogs/")), None);
    }
}
