//! What CloudTrail itself says of a trail, and an account of its regions. Context for a run, never a proof:
//! whoever can stop a trail can also change what these answers say.

use std::fmt;
use std::str::FromStr;

use aws_sdk_cloudtrail::types::Trail as SdkTrail;

use super::failure::{Failure, FailureKind};
use super::{Session, sdk_region};
use crate::trail::{AccountId, ArnParts, Location, Malformed, Prefix, Region, Time, TrailName};

mod settings;

/// Listings longer than this are no listings.
const MOST_PAGES: usize = 1000;

/// A trail's full name: `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrailArn {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: Box<str>,
    /// The trail's home region.
    pub region: Region,
    /// The account that owns it; of an organization's trail its management account.
    pub account: AccountId,
    /// Its name.
    pub name: TrailName,
}

impl FromStr for TrailArn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed {
            expected: "a trail's ARN such as arn:aws:cloudtrail:us-east-1:111122223333:trail/NAME",
            found: text.chars().take(200).collect(),
        };
        let arn = ArnParts::of(text).filter(|arn| arn.service == "cloudtrail").ok_or_else(malformed)?;
        let name = arn.resource.strip_prefix("trail/").ok_or_else(malformed)?;
        Ok(Self {
            partition: arn.partition.into(),
            region: arn.region.parse()?,
            account: arn.account.parse()?,
            name: name.parse()?,
        })
    }
}

impl fmt::Display for TrailArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(out, "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")
    }
}

/// Where a trail delivers, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The bucket.
    pub bucket: Box<str>,
    /// What keys begin with before `AWSLogs/`.
    pub prefix: Prefix,
    /// Where it was created.
    pub home_region: Region,
    /// Whose activity it records.
    pub owner: Owner,
    /// Where activity is recorded.
    pub reach: TrailRegions,
    /// Whether it delivers digests.
    pub validation: Validation,
}

impl Trail {
    /// Where it delivers.
    pub fn place(&self) -> Location {
        Location::new(&*self.bucket, self.prefix.clone())
    }
}

/// Whose activity a trail records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// One account's.
    Account,
    /// Every account's of an organization.
    Organization,
}

/// In which regions a trail records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrailRegions {
    /// Only where it was created.
    HomeRegion,
    /// In every region the account has enabled.
    AllRegions,
}

/// Whether a trail delivers digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Validation {
    /// It does.
    On,
    /// It does not: what it delivers now can never be verified.
    Off,
}

/// How a trail is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether it records now.
    pub logging: Logging,
    /// When a digest was last delivered.
    pub latest_digest_delivery: Option<Time>,
    /// Why the last digest could not be delivered.
    pub digest_error: Option<Box<str>>,
    /// Why the last log files could not be delivered.
    pub delivery_error: Option<Box<str>>,
}

/// Whether a trail records now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logging {
    /// It does.
    On,
    /// It was stopped.
    Off,
}

/// A question about trails or regions that got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} {target}: {failure}")]
pub struct TrailError {
    /// The API asked.
    pub action: &'static str,
    /// About what.
    pub target: String,
    /// What came back.
    pub failure: Failure,
}

/// CloudTrail and the account, ready to be asked.
#[derive(Debug, Clone)]
pub struct Trails {
    session: Session,
}

impl Trails {
    /// Asks through `session`.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Where `arn` delivers. Asks GetTrail, and DescribeTrails where the caller may only do that.
    ///
    /// # Errors
    ///
    /// Where AWS cannot be asked, or refuses.
    pub async fn resolve(&self, arn: &TrailArn) -> Result<Trail, TrailError> {
        let client = self.cloudtrail(&arn.region);
        let named = arn.to_string();
        let wrap = |action, failure| TrailError { action, target: named.clone(), failure };
        let first = match client.get_trail().name(arn.to_string()).send().await {
            Ok(answer) => match answer.trail() {
                Some(trail) => return read(arn, trail).map_err(|failure| wrap("GetTrail", failure)),
                None => Failure::nonsense("GetTrail answered without a trail"),
            },
            Err(error) => Failure::read(&error),
        };
        if !matches!(first.kind, FailureKind::Denied | FailureKind::NotFound) {
            return Err(wrap("GetTrail", first));
        }
        match client.describe_trails().trail_name_list(arn.to_string()).send().await {
            // Whoever answers with other trails, too, is not to lead to another trail's bucket.
            Ok(answer) => match answer.trail_list().iter().find(|trail| trail.trail_arn() == Some(&named)) {
                Some(trail) => read(arn, trail).map_err(|failure| wrap("DescribeTrails", failure)),
                None => Err(wrap("DescribeTrails", Failure::not_found("there is no such trail"))),
            },
            Err(error) => Err(match first.kind {
                FailureKind::NotFound => wrap("GetTrail", first),
                _ => wrap("DescribeTrails", Failure::read(&error)),
            }),
        }
    }

    /// How `arn` is doing in its home region.
    ///
    /// # Errors
    ///
    /// Where AWS cannot be asked, or refuses.
    pub async fn status(&self, arn: &TrailArn) -> Result<TrailStatus, TrailError> {
        let answer = self.cloudtrail(&arn.region).get_trail_status().name(arn.to_string()).send().await;
        let status = answer.map_err(|error| TrailError {
            action: "GetTrailStatus",
            target: arn.to_string(),
            failure: Failure::read(&error),
        })?;
        let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(Into::into);
        let time = status.latest_digest_delivery_time();
        Ok(TrailStatus {
            logging: match status.is_logging() {
                Some(true) => Logging::On,
                _ => Logging::Off,
            },
            latest_digest_delivery: time
                .and_then(|time| Time::from_timestamp(time.secs(), time.subsec_nanos())),
            digest_error: said(status.latest_digest_delivery_error()),
            delivery_error: said(status.latest_delivery_error()),
        })
    }

    /// The regions enabled for `account`, or for the caller's own, sorted: where a trail of all regions must deliver.
    ///
    /// # Errors
    ///
    /// Where AWS cannot be asked, or refuses.
    pub async fn enabled_regions(&self, account: Option<AccountId>) -> Result<Vec<Region>, TrailError> {
        use aws_sdk_account::types::RegionOptStatus::{Disabling, Enabled, EnabledByDefault};
        let wrap = |failure| TrailError {
            action: "ListRegions",
            target: account.map_or("this account".to_owned(), |account| account.to_string()),
            failure,
        };
        let client = aws_sdk_account::Client::new(&self.session.config);
        let mut regions = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = client
                .list_regions()
                .set_account_id(account.map(|account| account.to_string()))
                .set_region_opt_status_contains(Some(vec![Enabled, EnabledByDefault, Disabling]))
                .set_next_token(token.take())
                .send()
                .await
                .map_err(|error| wrap(Failure::read(&error)))?;
            let names = answer.regions().iter().filter_map(|region| region.region_name());
            for name in names {
                let name = name.parse().map_err(|_| wrap(Failure::nonsense("a region without a name")))?;
                regions.push(name);
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                regions.sort();
                return Ok(regions);
            }
        }
        Err(wrap(Failure::nonsense("the list of regions does not end")))
    }

    fn cloudtrail(&self, region: &Region) -> aws_sdk_cloudtrail::Client {
        let settings = aws_sdk_cloudtrail::config::Builder::from(&self.session.config);
        aws_sdk_cloudtrail::Client::from_conf(settings.region(sdk_region(region)).build())
    }
}

fn read(arn: &TrailArn, trail: &SdkTrail) -> Result<Trail, Failure> {
    let bucket = trail.s3_bucket_name().ok_or_else(|| Failure::nonsense("a trail without a bucket"))?;
    let prefix = trail.s3_key_prefix().unwrap_or_default().trim_end_matches('/');
    Ok(Trail {
        bucket: bucket.into(),
        prefix: prefix.into(),
        home_region: match trail.home_region() {
            Some(region) => region.parse().map_err(|_| Failure::nonsense("a home region that is none"))?,
            None => arn.region.clone(),
        },
        // Some regions leave the flag out of their answers: then it is no organization's trail.
        owner: match trail.is_organization_trail() {
            Some(true) => Owner::Organization,
            _ => Owner::Account,
        },
        reach: match trail.is_multi_region_trail() {
            Some(true) => TrailRegions::AllRegions,
            _ => TrailRegions::HomeRegion,
        },
        validation: match trail.log_file_validation_enabled() {
            Some(true) => Validation::On,
            _ => Validation::Off,
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_arn_reads_and_writes_in_every_partition() {
        for text in [
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
            "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/a_b-c.d",
            "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/main",
        ] {
            assert_eq!(text.parse::<TrailArn>().unwrap().to_string(), text);
        }
        for text in [
            "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/main",
            "arn:aws:s3:us-east-1:111122223333:trail/main",
            "arn:aws:cloudtrail:us-east-1:1111:trail/main",
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/",
            "s3://bucket",
        ] {
            assert!(text.parse::<TrailArn>().is_err(), "{text} passed for an ARN");
        }
    }
}
