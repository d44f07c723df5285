//! How rows are kept: a file for each month of an account and region, a header and a line for each day. Every line ends in a seal
//! over itself, the account and region and where the record was delivered, so that none can be moved. A line that does not hold is
//! passed over: its day is read.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::Datelike as _;
use serde::{Deserialize, Serialize};

use super::row::{DayPart, LedgerKey, Row, SCHEMA, organization};
use crate::crypto::short::Short;
use crate::trail::token::{Within, escaped};
use crate::trail::{AccountRegion, Day, Location, Malformed};

/// What stands between a line and its seal.
const SEAL: &[u8] = b",\"seal\":\"";
/// A seal in base64, with what follows it.
const SEALED: usize = 44 + 2;
/// Rows of a month: its days, and some that were looked at in part. Whatever else a file holds is no row of it.
const MOST_ROWS: usize = 128;

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// That of a day.
    pub fn of(day: Day) -> Self {
        Self { year: day.date().year(), month: day.date().month() }
    }

    /// Its first day.
    pub fn first(self) -> Option<Day> {
        chrono::NaiveDate::from_ymd_opt(self.year, self.month, 1).map(Day::from)
    }
}

impl FromStr for Month {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let first: Day = format!("{text}-01").parse()?;
        Ok(Self::of(first))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}

/// The folder of all that is remembered of one record.
pub fn origin_folder(delivered: &Location) -> String {
    escaped(&delivered.to_string(), Within::Path) + "/"
}

/// The folder of one account and region in it.
pub fn site_folder(delivered: &Location, place: &AccountRegion) -> String {
    let AccountRegion { account, region, .. } = place;
    format!("{}{}/{account}/{region}/", origin_folder(delivered), organization(place))
}

/// The accounts and regions that files with these names are of.
pub fn places<'n>(
    delivered: &Location,
    names: impl Iterator<Item = &'n str>,
) -> Vec<(AccountRegion, String)> {
    let folder = origin_folder(delivered);
    names
        .filter_map(|name| {
            let mut parts = name.strip_prefix(&folder)?.split('/');
            let (organization, account, region) = (parts.next()?, parts.next()?, parts.next()?);
            let organization = match organization {
                "-" => None,
                organization => Some(organization.parse().ok()?),
            };
            let place =
                AccountRegion { account: account.parse().ok()?, region: region.parse().ok()?, organization };
            parts.next()?.ends_with(".jsonl").then(|| (place, name.to_owned()))
        })
        .collect()
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    origin: String,
    tool: String,
}

/// Whose rows a file holds, and who vouches for them.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// Where the record was delivered.
    pub delivered: &'a Location,
    /// The account and region.
    pub place: &'a AccountRegion,
    /// What rows are sealed with.
    pub key: &'a LedgerKey,
}

/// A month of one account and region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthFile {
    /// Its days.
    pub rows: BTreeMap<DayPart, Arc<Row>>,
}

impl MonthFile {
    /// Where it is kept.
    pub fn name(delivered: &Location, place: &AccountRegion, month: Month) -> String {
        format!("{}{month}.jsonl", site_folder(delivered, place))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes, as far as its lines hold for `whose`, and says how many do not; of a file
    /// that is another's, or of another version, none does.
    pub fn read(bytes: &[u8], month: Month, whose: Whose<'_>) -> (Self, u64) {
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let header = lines.next().and_then(|line| serde_json::from_slice::<Header>(line).ok());
        let own = |header: &Header| header.schema == SCHEMA && header.origin == whose.delivered.to_string();
        if header.filter(own).is_none() {
            return (Self::default(), 1 + lines.count() as u64);
        }
        let (mut file, mut rejected) = (Self::default(), 0);
        for line in lines {
            match row(line, whose).filter(|row| Month::of(row.day) == month) {
                Some(row) if file.rows.len() < MOST_ROWS => file.take(Arc::new(row)),
                _ => rejected += 1,
            }
        }
        (file, rejected)
    }

    /// Takes in a row; of two of the same the one that was read later. Where there are too many, a part goes.
    pub fn take(&mut self, row: Arc<Row>) {
        let key = (row.day, row.part);
        if self.rows.get(&key).is_some_and(|known| known.read_at > row.read_at) {
            return;
        }
        self.rows.insert(key, row);
        if self.rows.len() > MOST_ROWS {
            let parts = self.rows.values().filter(|row| row.part.is_some());
            let oldest = parts.min_by_key(|row| row.read_at).map(|row| (row.day, row.part));
            oldest.map(|oldest| self.rows.remove(&oldest));
        }
    }

    /// The file as it is kept.
    pub fn to_bytes(&self, whose: Whose<'_>) -> Vec<u8> {
        let mut bytes = written(&Header {
            schema: SCHEMA.to_owned(),
            origin: whose.delivered.to_string(),
            tool: concat!("trailseal/", env!("CARGO_PKG_VERSION")).to_owned(),
        });
        for row in self.rows.values() {
            bytes.push(b'\n');
            let mut line = written(&**row);
            line.pop();
            let seal = whose.key.seal(&whose.delivered.to_string(), whose.place, &line);
            bytes.extend(line);
            bytes.extend_from_slice(SEAL);
            bytes.extend_from_slice(Short(seal).to_text().as_bytes());
            bytes.extend_from_slice(b"\"}");
        }
        bytes.push(b'\n');
        bytes
    }
}

/// As JSON. Every row can be written; a line that could not be would not hold, and its day would be read.
fn written(line: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(line).unwrap_or_default()
}

/// The row of a line, if its seal holds.
fn row(line: &[u8], whose: Whose<'_>) -> Option<Row> {
    let (sealed, seal) = line.split_at_checked(line.len().checked_sub(SEALED)?)?;
    let sealed = sealed.strip_suffix(SEAL)?;
    let Short(seal) = Short::parse(seal.strip_suffix(b"\"}")?)?;
    if whose.key.seal(&whose.delivered.to_string(), whose.place, sealed) != seal {
        return None;
    }
    serde_json::from_slice(&[sealed, b"}"].concat()).ok()
}
