//! Opens the record that the caller points at: what is asked of it, where it lies, and what it is read from.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{Asked, ExpectedRegion};
use super::asked::{Manner, plan};
use super::exit::Failure;
use super::reach::Reach;
use super::source::{self, Reached, Source};
use crate::audit::Plan;
use crate::shard::{Lies, RecordAt};
use crate::store::ObjectStore;
use crate::trail::source::Named;
use crate::trail::{Location, Origin, Time, UNKNOWN_BUCKET};

/// A record, and what is asked of it.
pub struct Record {
    /// What is asked.
    pub plan: Plan,
    /// Where it lies.
    pub at: RecordAt,
    /// What it is read from.
    pub store: Arc<dyn ObjectStore>,
}

/// Opens what the source names.
pub async fn open(
    asked: &Asked,
    source: Source,
    manner: Manner,
    reach: &Reach<'_>,
    now: Time,
) -> Result<Record, Failure> {
    let delivered = asked.copied_from.as_deref().map(source::delivered).transpose()?;
    let (mut plan, at) = match source {
        Source::Folder { root, named } => folder(asked, manner, now, (root, named), delivered)?,
        Source::Bucket { place, named, reached } => {
            if reached == Reached::ThroughAccessPoint && delivered.is_none() {
                return Err(source::behind_access_point(&asked.source, &place));
            }
            bucket(asked, manner, now, (place, named), delivered)?
        }
        Source::Trail(arn) => trail(asked, manner, reach, now, &arn).await?,
    };
    expect_enabled_regions(asked, &mut plan, reach).await?;
    let store = reach.store(&at).await?;
    Ok(Record { plan, at, store })
}

fn folder(
    asked: &Asked,
    manner: Manner,
    now: Time,
    (root, named): (PathBuf, Named),
    delivered: Option<Location>,
) -> Result<(Plan, RecordAt), Failure> {
    let (root, prefix) = match delivered {
        None => source::raise(root, &named.within),
        Some(_) => (root, String::new()),
    };
    let here = Location::new(UNKNOWN_BUCKET, prefix);
    let mut plan = plan(asked, manner, now, delivered.clone().unwrap_or(here), Origin::Folder)?;
    source::narrow(&mut plan, &named, asked)?;
    // A plan is followed from elsewhere.
    let root = std::path::absolute(&root).unwrap_or(root);
    Ok((plan, RecordAt { lies: Lies::InFolder { root }, delivered }))
}

fn bucket(
    asked: &Asked,
    manner: Manner,
    now: Time,
    (place, named): (Location, Named),
    delivered: Option<Location>,
) -> Result<(Plan, RecordAt), Failure> {
    let origin = match delivered {
        Some(_) => Origin::Copied,
        None => Origin::Delivered,
    };
    let mut plan = plan(asked, manner, now, delivered.clone().unwrap_or_else(|| place.clone()), origin)?;
    source::narrow(&mut plan, &named, asked)?;
    Ok((plan, RecordAt { lies: Lies::InBucket { place }, delivered }))
}

#[cfg(feature = "aws")]
async fn trail(
    asked: &Asked,
    manner: Manner,
    reach: &Reach<'_>,
    now: Time,
    arn: &str,
) -> Result<(Plan, RecordAt), Failure> {
    let trail = reach.aws().await?.trail(arn).await?;
    let place = trail.place();
    let mut plan = plan(asked, manner, now, place.clone(), Origin::Delivered)?;
    plan.within = trail.within();
    trail.bind(&mut plan);
    Ok((plan, RecordAt { lies: Lies::InBucket { place }, delivered: None }))
}

#[cfg(not(feature = "aws"))]
async fn trail(_: &Asked, _: Manner, _: &Reach<'_>, _: Time, _: &str) -> Result<(Plan, RecordAt), Failure> {
    Err(super::reach::without_aws())
}

/// Even of a folder the account can be asked which regions it has enabled, if the caller says so.
#[cfg(feature = "aws")]
async fn expect_enabled_regions(asked: &Asked, plan: &mut Plan, reach: &Reach<'_>) -> Result<(), Failure> {
    if asked.expect_regions.contains(&ExpectedRegion::Enabled) {
        reach.aws().await?.expect_enabled_regions(plan).await?;
    }
    Ok(())
}

#[cfg(not(feature = "aws"))]
async fn expect_enabled_regions(asked: &Asked, _: &mut Plan, _: &Reach<'_>) -> Result<(), Failure> {
    if asked.expect_regions.contains(&ExpectedRegion::Enabled) {
        return Err(Failure::new(
            "--expect-region enabled asks AWS, and this trailseal was built without the feature `aws`: name the regions",
        ));
    }
    Ok(())
}
