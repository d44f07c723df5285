//! What a path below a bucket names: a prefix to be searched, or one part of a record, from `AWSLogs/` down to a day.
//!
//! The same grammar reads what a caller types and what a listing shows. It only ever cuts between slashes:
//! `AWSLogs-archive` and `AWSLogs/team` are prefixes like any other, and a trail may deliver below them.

use std::fmt;

use chrono::{Days, Months, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::key::{DIGEST_FOLDER, LOG_FOLDER, ROOT, RegionFolder, split_at_root};
use super::{AccountId, AccountRegion, OrganizationId, Prefix, Span};

/// Which part of what lies below a prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// Every `AWSLogs/` there is, however deep.
    #[default]
    Everything,
    /// The one `AWSLogs/` right below the prefix.
    Home,
    /// One organization's folder in it.
    Organization(OrganizationId),
    /// One account's folder.
    Account {
        /// Present where the folder lies in an organization's.
        organization: Option<OrganizationId>,
        /// The account.
        account: AccountId,
    },
    /// One region of one account: the folders of its digests and of its log files.
    Region(AccountRegion),
}

impl Within {
    /// The folders that hold it below `prefix`: one, or the two halves of a region.
    pub fn folders(&self, prefix: &Prefix) -> Vec<String> {
        let home = format!("{prefix}{ROOT}");
        let inside = |organization: &Option<OrganizationId>| match organization {
            Some(organization) => format!("{home}{organization}/"),
            None => home.clone(),
        };
        match self {
            Self::Everything => vec![prefix.to_string()],
            Self::Home => vec![home],
            Self::Organization(organization) => vec![format!("{home}{organization}/")],
            Self::Account { organization, account } => vec![format!("{}{account}/", inside(organization))],
            Self::Region(place) => [DIGEST_FOLDER, LOG_FOLDER]
                .map(|kind| RegionFolder { prefix: prefix.clone(), place: place.clone(), kind: kind.into() })
                .map(|folder| folder.to_string())
                .into(),
        }
    }
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What stands before `AWSLogs/`, or before the folders to be searched.
    pub prefix: Prefix,
    /// The part that is named; all there is where the path does not follow CloudTrail's grammar to its end.
    pub within: Within,
    /// The folder of a kind that the path goes through: `CloudTrail`, `CloudTrail-Digest`, …
    pub kind: Option<Box<str>>,
    /// The year, month or day in UTC that the path ends with.
    pub days: Option<Calendar>,
}

impl Named {
    /// Reads a path, with or without its last slash. The last of its parts that reads `AWSLogs` counts, because a
    /// trail's prefix may hold that word too.
    pub fn parse(path: &str) -> Self {
        let folder = path.strip_suffix('/').unwrap_or(path);
        // After a second slash there is a folder without a name, which is no part of a record.
        let named = split_at_root(folder).filter(|_| !folder.ends_with('/'));
        named.and_then(|(prefix, below)| Self::below(prefix, below)).unwrap_or_else(|| Self {
            prefix: match path {
                "" => "".into(),
                path if path.ends_with('/') => path.into(),
                path => format!("{path}/").into(),
            },
            within: Within::Everything,
            kind: None,
            days: None,
        })
    }

    /// Reads what follows `AWSLogs/`: `[ORGANIZATION/][ACCOUNT[/KIND[/REGION[/YYYY[/MM[/DD]]]]]]`.
    fn below(prefix: &str, path: &str) -> Option<Self> {
        let parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        let organization = parts.first().and_then(|first| first.parse::<OrganizationId>().ok());
        let parts = &parts[usize::from(organization.is_some())..];
        let (within, kind, days) = match *parts {
            [] => (organization.map_or(Within::Home, Within::Organization), None, &[][..]),
            [account] => (Within::Account { organization, account: account.parse().ok()? }, None, &[][..]),
            [account, kind] if is_kind(kind) => {
                (Within::Account { organization, account: account.parse().ok()? }, Some(kind), &[][..])
            }
            [account, kind, region, ref days @ ..] if is_kind(kind) => {
                let (account, region) = (account.parse().ok()?, region.parse().ok()?);
                (Within::Region(AccountRegion { account, region, organization }), Some(kind), days)
            }
            _ => return None,
        };
        let days = if days.is_empty() { None } else { Some(Calendar::parse(days)?) };
        Some(Self { prefix: prefix.into(), within, kind: kind.map(Into::into), days })
    }
}

/// Whether a folder of this name in an account's holds digests or log files of a trail, region by region.
/// `CloudTrail-Lake` holds the results of queries (CloudTrail User Guide, "Save query results").
fn is_kind(name: &str) -> bool {
    match name.strip_prefix(LOG_FOLDER) {
        Some("") => true,
        Some(rest) => {
            rest.len() > 1
                && rest.starts_with('-')
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && rest != "-Lake"
        }
        None => false,
    }
}

/// A year, a month or a day, in UTC, as folders are named by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    first: NaiveDate,
    parts: Parts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    Year,
    Month,
    Day,
}

impl Calendar {
    /// Reads `YYYY`, `MM` and `DD`, or the first of them.
    fn parse(parts: &[&str]) -> Option<Self> {
        let (year, month, day, parts) = match parts {
            [year] => (*year, "01", "01", Parts::Year),
            [year, month] => (*year, *month, "01", Parts::Month),
            [year, month, day] => (*year, *month, *day, Parts::Day),
            _ => return None,
        };
        let digits = |text: &str, length| {
            let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<u32>().ok()).flatten()
        };
        let year = i32::try_from(digits(year, 4)?).ok()?;
        let first = NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?)?;
        Some(Self { first, parts })
    }

    /// All of its time.
    pub fn span(&self) -> Span {
        let next = match self.parts {
            Parts::Year => self.first.checked_add_months(Months::new(12)),
            Parts::Month => self.first.checked_add_months(Months::new(1)),
            Parts::Day => self.first.checked_add_days(Days::new(1)),
        };
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        // Years have four digits, so the next day is never beyond the calendar.
        Span { start: midnight(self.first), end: midnight(next.unwrap_or(self.first)) }
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = match self.parts {
            Parts::Year => "%Y",
            Parts::Month => "%Y-%m",
            Parts::Day => "%Y-%m-%d",
        };
        self.first.format(pattern).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::trail::format_time;

    const O: &str = "o-exampleorgid";
    const A: &str = "111122223333";

    /// `PREFIX | PART | KIND | DAYS`, as a path is read.
    fn read(path: &str) -> String {
        let Named { prefix, within, kind, days } = Named::parse(path);
        let part = match within {
            Within::Everything => "everything".to_owned(),
            Within::Home => "home".to_owned(),
            Within::Organization(organization) => organization.to_string(),
            Within::Account { organization, account } => format!("{account} of {organization:?}"),
            Within::Region(AccountRegion { account, region, organization }) => {
                format!("{account} of {organization:?} in {region}")
            }
        };
        let part = part.replace("Some(OrganizationId(\"o-exampleorgid\"))", "o").replace(" of None", "");
        let days = days.map(|days| days.to_string()).unwrap_or_default();
        [&*prefix, &part, kind.as_deref().unwrap_or_default(), &days].join("|")
    }

    #[test]
    fn a_path_is_cut_at_whole_parts_alone() {
        let cases = [
            ("", "|everything||"),
            ("audit", "audit/|everything||"),
            ("audit/", "audit/|everything||"),
            ("audit//", "audit//|everything||"),
            ("/", "/|everything||"),
            ("AWSLogs-archive", "AWSLogs-archive/|everything||"),
            ("my-AWSLogs/x", "my-AWSLogs/x/|everything||"),
            ("awslogs", "awslogs/|everything||"),
            ("AWSLogs", "|home||"),
            ("AWSLogs/", "|home||"),
            ("audit/AWSLogs", "audit/|home||"),
            ("audit//AWSLogs/", "audit//|home||"),
            ("/AWSLogs/", "/|home||"),
            ("AWSLogs//", "AWSLogs//|everything||"),
            ("AWSLogs/111122223333//", "AWSLogs/111122223333//|everything||"),
            ("AWSLogs/team", "AWSLogs/team/|everything||"),
            ("AWSLogs/o-short", "AWSLogs/o-short/|everything||"),
        ];
        for (path, expected) in cases {
            assert_eq!(read(path), expected, "{path:?}");
        }
    }

    #[test]
    fn the_last_of_several_counts() {
        assert_eq!(read("AWSLogs/AWSLogs"), "AWSLogs/|home||");
        assert_eq!(read(&format!("AWSLogs/team/AWSLogs/{A}")), format!("AWSLogs/team/|{A}||"));
        assert_eq!(read(&format!("AWSLogs/{A}/AWSLogs/{A}")), format!("AWSLogs/{A}/|{A}||"));
        assert_eq!(read("AWSLogs/team/AWSLogs/x"), "AWSLogs/team/AWSLogs/x/|everything||");
        assert_eq!(
            read(&format!("AWSLogs/{A}/x/AWSLogs-old")),
            format!("AWSLogs/{A}/x/AWSLogs-old/|everything||")
        );
    }

    #[test]
    fn a_narrower_path_names_a_part() {
        let below = |rest: &str| read(&format!("p/AWSLogs/{rest}"));
        assert_eq!(below(O), format!("p/|{O}||"));
        assert_eq!(below(A), format!("p/|{A}||"));
        assert_eq!(below(&format!("{O}/{A}/")), format!("p/|{A} of o||"));
        assert_eq!(below(&format!("{A}/CloudTrail")), format!("p/|{A}|CloudTrail|"));
        assert_eq!(below(&format!("{A}/CloudTrail-Digest")), format!("p/|{A}|CloudTrail-Digest|"));
        let region = format!("{O}/{A}/CloudTrail/us-gov-east-1");
        assert_eq!(below(&region), format!("p/|{A} of o in us-gov-east-1|CloudTrail|"));
        for (days, read) in [
            ("2026", "2026"),
            ("2026/11", "2026-11"),
            ("2026/11/24", "2026-11-24"),
            ("2024/02/29/", "2024-02-29"),
        ] {
            assert_eq!(
                below(&format!("{region}/{days}")),
                format!("p/|{A} of o in us-gov-east-1|CloudTrail|{read}")
            );
        }
    }

    #[test]
    fn what_does_not_follow_the_grammar_is_a_prefix() {
        for rest in [
            "11112222333",
            "111122223333/Config",
            "111122223333/CloudTrail-",
            "111122223333/CloudTrail_old",
            "111122223333/CloudTrail-Lake",
            "111122223333/CloudTrail/US-EAST-1",
            "111122223333/CloudTrail/us-east-1/26",
            "111122223333/CloudTrail/us-east-1/2026/13",
            "111122223333/CloudTrail/us-east-1/2026/1",
            "111122223333/CloudTrail/us-east-1/2026/02/30",
            "111122223333/CloudTrail/us-east-1/2026/+2/01",
            "111122223333/CloudTrail/us-east-1/2026/02/01/x.json.gz",
            "111122223333//CloudTrail",
            "o-exampleorgid/o-exampleorgid",
            "o-exampleorgid/team",
        ] {
            assert_eq!(read(&format!("AWSLogs/{rest}")), format!("AWSLogs/{rest}/|everything||"));
        }
    }

    #[test]
    fn a_part_lies_in_folders_that_name_it() {
        for path in [
            "p/".to_owned(),
            "p/AWSLogs/".to_owned(),
            format!("p/AWSLogs/{O}/"),
            format!("p/AWSLogs/{A}/"),
            format!("p/AWSLogs/{O}/{A}/"),
            format!("p/AWSLogs/{O}/{A}/CloudTrail-Digest/us-east-1/"),
        ] {
            let named = Named::parse(&path);
            let folders = named.within.folders(&named.prefix);
            assert_eq!(folders[0], path);
            for folder in folders {
                assert_eq!(Named::parse(&folder).within, named.within);
            }
        }
    }

    #[test]
    fn days_are_whole_and_in_utc() {
        let span = |path: &str| {
            let named = Named::parse(&format!("AWSLogs/{A}/CloudTrail/us-east-1/{path}"));
            let Span { start, end } = named.days.unwrap().span();
            format!("{} {}", format_time(start), format_time(end))
        };
        assert_eq!(span("2026"), "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
        assert_eq!(span("2026/12"), "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z");
        assert_eq!(span("2024/02/29"), "2024-02-29T00:00:00Z 2024-03-01T00:00:00Z");
        assert_eq!(span("9999/12/31"), "9999-12-31T00:00:00Z +10000-01-01T00:00:00Z");
    }
}
